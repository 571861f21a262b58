"""`python -m kbtools` is `kb`."""

import sys

from kbtools.cli.main import main

sys.exit(main())

"""Text from a vault -> text that is safe to print: a file's name commands no terminal and breaks no line.

Escaped are control characters, line separators, what reverses the direction of writing (a name must not look like another
one), and the surrogates that stand for bytes of a name that is not UTF-8.
"""

from __future__ import annotations

import re
from typing import Final

UNSEEN: Final = "\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
CONTROL: Final = re.compile(f"[\x00-\x1f{UNSEEN}]")
CONTROL_IN_JSON: Final = re.compile(f"[{UNSEEN}]")


def plain(text: str) -> str:
    r"""One line: what would not be seen is shown as in Python (`\x1b`, `\n`, `\u202e`, `\udcff`)."""
    if text.isprintable():  # nearly always, and ten times as fast; what is escaped here is never printable
        return text
    return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def plain_lines(text: str) -> str:
    """The same for text of several lines."""
    return "\n".join(plain(line) for line in text.split("\n"))


def plain_json(text: str) -> str:
    """JSON that `json.dumps(..., ensure_ascii=False)` gave; the escapes are JSON's, so that it reads back the same."""
    return CONTROL_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)

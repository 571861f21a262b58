"""Snippets and proofs that misbehave, each in one way, with the word by which that has to be reported.

`{name}` is the snippet's own. A proof that says nothing of its own is the usual one; so is a snippet.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent

from tests.proving.project import PROOF, SNIPPET


@dataclass(frozen=True)
class Culprit:
    """`reason` is the outcome's; "" for a strange one that passes. `says` has to occur in what is told of it, `line` is the
    snippet's that is named."""

    reason: str
    snippet: str = SNIPPET
    proof: str = PROOF
    says: str = ""
    line: int = 0

    def files(self, name: str) -> dict[str, str]:
        return {
            f"snippets/{name}.py": dedent(self.snippet),
            f"tests/snippets/test_{name}.py": dedent(self.proof).replace("{name}", name),
        }


def at_import(code: str) -> str:
    return f"{code}\n\n{SNIPPET}"


def in_test(code: str, before: str = "") -> str:
    """A proof with a test that runs `code` and then says what is true."""
    body = "\n    ".join(code.splitlines())
    return f"from snippets.{{name}} import twice\n{before}\n\ndef test_twice():\n    {body}\n    assert twice(3) == 6\n"


def as_program(code: str) -> str:
    body = "\n    ".join(code.splitlines())
    return f'{SNIPPET}\n\nif __name__ == "__main__":\n    {body}\n'


SEGFAULT = "import ctypes; ctypes.string_at(0)"
LAST_WORD = "import ctypes\nclass Last:\n    def __del__(self, crash={crash}):\n        crash(0)\nlast = Last()\n"
FIXTURE = "import pytest\n@pytest.fixture(autouse=True)\ndef around():\n    {before}\n    yield\n    {after}\n"

WRONG = {
    "assertion": Culprit("assertion", "def twice(x):\n    return 3 * x\n", says="test_twice: AssertionError: assert 9 == 6"),
    "error": Culprit("error", "def twice(x):\n    return x / 0\n", says="ZeroDivisionError", line=2),
    "syntax": Culprit("error", "def twice(x):\n    return 2 *\n", says="SyntaxError", line=2),
    "name_gone": Culprit("error", "def thrice(x):\n    return 3 * x\n", says="cannot import name 'twice'"),
    "imports_nothing": Culprit("error", "import no_such_module\n", says="No module named 'no_such_module'", line=1),
    "interrupt": Culprit("exit", proof=in_test("raise KeyboardInterrupt"), says="test_twice: KeyboardInterrupt"),
    "assert_at_import": Culprit("assertion", at_import("assert 1 == 2"), line=1),
    "in_fixture": Culprit("error", proof=in_test("", FIXTURE.format(before="1 / 0", after="")), says="setting up test_twice"),
    "after_fixture": Culprit("error", proof=in_test("", FIXTURE.format(before="", after="1 / 0")), says="taking down test_twice"),
    "thread_raises": Culprit(
        "error", proof=in_test("import threading\nt = threading.Thread(target=lambda: 1 / 0)\nt.start()\nt.join()")
    ),
}
ENDS = {
    "exits_in_snippet": Culprit(
        "exit", at_import("import sys; sys.exit(3)"), says="importing it: it exits with status 3", line=1
    ),
    "exits_in_proof": Culprit("exit", proof="import sys; sys.exit(0)\n" + PROOF, says="it exits with status 0"),
    "exits_in_test": Culprit("exit", proof=in_test("raise SystemExit(0)"), says="test_twice: it exits with status 0"),
    "exits_pytest": Culprit("exit", proof=in_test("import pytest; pytest.exit('enough')"), says="test_twice: Exit: enough"),
    "leaves_in_test": Culprit("exit", proof=in_test("import os; os._exit(0)"), says="status 0, in test_twice"),
    "leaves_in_snippet": Culprit(
        "exit", at_import("import os; os._exit(0)"), says="status 0, while tests/snippets/test_{name}.py"
    ),
    "leaves_in_thread": Culprit(
        "exit", proof=in_test("import os, threading\nt = threading.Thread(target=lambda: os._exit(0))\nt.start()\nt.join()")
    ),
    "leaves_at_exit": Culprit(
        "exit", proof=in_test("import atexit, os; atexit.register(os._exit, 0)"), says="while its process ended"
    ),
    "leaves_as_program": Culprit("exit", as_program("import os; os._exit(0)"), says="status 0, while it ran alone"),
    "exits_as_program": Culprit(
        "exit", as_program("import sys; sys.exit('no data')"), says="run alone: it exits with 'no data'", line=6
    ),
    "crashes_in_test": Culprit(
        "crash", proof=in_test(SEGFAULT), says="SIGSEGV ended it, in test_twice (tests/snippets/test_{name}.py"
    ),
    "crashes_in_snippet": Culprit("crash", at_import(SEGFAULT), says="was imported", line=1),
    "crashes_in_thread": Culprit(
        "crash", proof=in_test(f"import threading\ndef f():\n    {SEGFAULT}\nt = threading.Thread(target=f)\nt.start()\nt.join()")
    ),
    "crashes_in_fixture": Culprit("crash", proof=in_test("", FIXTURE.format(before="", after=SEGFAULT))),
    "crashes_at_exit": Culprit(
        "crash", proof=in_test("import atexit, ctypes; atexit.register(ctypes.string_at, 0)"), says="while its process ended"
    ),
    "crashes_when_taken_down": Culprit("crash", at_import(LAST_WORD.format(crash="ctypes.string_at")), says="its process ended"),
    "crashes_as_program": Culprit("crash", as_program(SEGFAULT), says="SIGSEGV ended it, while it ran alone", line=6),
    "aborts": Culprit("crash", proof=in_test("import os; os.abort()"), says="SIGABRT"),
    "kills_itself": Culprit("crash", proof=in_test("import os; os.kill(os.getpid(), 9)"), says="SIGKILL"),
    "recurses": Culprit("crash", "import sys\nsys.setrecursionlimit(10**8)\ndef twice(x):\n    return list(map(twice, [x]))\n"),
    "forks_in_test": Culprit("fork", proof=in_test("import os; os.fork()"), says="came back"),
    "forks_in_snippet": Culprit("fork", at_import("import os; os.fork()")),
    "forks_in_fixture": Culprit("fork", proof=in_test("", FIXTURE.format(before="import os; os.fork()", after=""))),
    "forks_and_stays": Culprit(
        "fork", proof=in_test("import os, time\nif os.fork() == 0:\n    time.sleep(1000)"), says="still running"
    ),
}
MEMORY = {
    "eats_bytes": Culprit("memory", proof=in_test("x = bytearray(1 << 30)"), says="MemoryError"),
    "eats_in_snippet": Culprit("memory", at_import("x = [0] * (1 << 28)"), line=1),
    "eats_slowly": Culprit("memory", proof=in_test("x = []\nwhile True:\n    x.append(bytes(1 << 20))")),
    "eats_in_numpy": Culprit("memory", proof=in_test("import numpy; numpy.ones(1 << 27)"), says="Unable to allocate"),
    "eats_as_program": Culprit("memory", as_program("x = bytearray(1 << 30)"), line=6),
    "eats_in_children": Culprit(
        "memory",
        proof=in_test(
            "import subprocess, sys\n"
            "code = 'import time; x = bytearray(150 << 20); time.sleep(1000)'\n"
            "c = [subprocess.Popen([sys.executable, '-c', code]) for _ in range(4)]\n[p.wait() for p in c]"
        ),
        says="more memory than it may",
    ),
}
HANGS = {
    "hangs_in_snippet": Culprit("timeout", at_import("import time; time.sleep(1000)"), says="was imported", line=1),
    "hangs_in_proof": Culprit("timeout", proof="import time; time.sleep(1000)\n" + PROOF),
    "hangs_holding_everything": Culprit(
        "timeout",
        proof=in_test("import ctypes; ctypes.PyDLL(None).sleep(1000)"),
        says="in test_twice (tests/snippets/test_{name}.py:5)",
    ),
    "hangs_deaf": Culprit(
        "timeout",
        proof=in_test(
            "import signal\nfor s in (signal.SIGTERM, signal.SIGALRM, signal.SIGINT):\n"
            "    signal.signal(s, signal.SIG_IGN)\nwhile True: pass"
        ),
    ),
    "hangs_in_thread": Culprit(
        "timeout", proof=in_test("import threading, time\nthreading.Thread(target=time.sleep, args=[1000]).start()")
    ),
    "hangs_at_exit": Culprit(
        "timeout", proof=in_test("import atexit, time; atexit.register(time.sleep, 1000)"), says="process ended"
    ),
    "hangs_as_program": Culprit("timeout", as_program("import time; time.sleep(1000)"), says="while it ran alone", line=6),
    "hangs_when_taken_down": Culprit(
        "timeout", at_import(LAST_WORD.format(crash="ctypes.CDLL(None).sleep").replace("(0)", "(1000)")), says="process ended"
    ),
    "stops_itself": Culprit("timeout", proof=in_test("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)")),
}
EMPTY = {
    "no_tests": Culprit("empty", proof="from snippets.{name} import twice\n", says="no tests"),
    "all_skipped": Culprit("empty", proof=in_test("import pytest; pytest.skip('no data')"), says="1 skipped (no data)"),
    "skipped_whole": Culprit(
        "empty", proof="import pytest\npytest.importorskip('no_such_module')\n" + PROOF, says="no_such_module"
    ),
    "all_expected_to_fail": Culprit(
        "empty", proof=in_test("assert False", "import pytest\n@pytest.mark.xfail"), says="1 xfailed"
    ),
    "fails_not_as_expected": Culprit(
        "assertion", proof=in_test("", "import pytest\n@pytest.mark.xfail(strict=True)"), says="XPASS"
    ),
}
STRANGE = {
    "prints_much": Culprit("", proof=in_test("for _ in range(1 << 8):\n    print('x' * (1 << 20))")),
    "closes_streams": Culprit(
        "", proof=in_test("import os, sys\nsys.stdout.close()\nsys.stderr.close()\nos.close(1)\nos.close(2)")
    ),
    "closes_everything": Culprit("error", proof=in_test("import os; os.closerange(3, 256)"), says="Bad file descriptor"),
    "changes_folder": Culprit("", at_import("import os; os.chdir('/')"), says=""),
    "changes_environment": Culprit("", at_import("import os; os.environ.clear(); os.environ['PATH'] = 'nowhere'")),
    "breaks_libraries": Culprit("", at_import("import json, statistics; json.loads = statistics.mean = None")),
    "breaks_pytest": Culprit("error", at_import("import json; json.dumps = None"), says="pytest itself: TypeError"),
    "leaves_a_program": Culprit("", proof=in_test("import subprocess; subprocess.Popen(['sleep', '1234.5'])")),
    "leaves_a_daemon": Culprit(
        "", proof=in_test("import subprocess; subprocess.Popen(['sleep', '1234.5'], start_new_session=True)")
    ),
    "some_skipped": Culprit(
        "", proof=PROOF + "\n\nimport pytest\ndef test_more():\n    pytest.skip('no data')\n", says="1 skipped (no data)"
    ),
    "leaves_an_idle_pool": Culprit(
        "",
        proof=in_test(
            "pool.submit(int).result()", "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(2)"
        ),
    ),
    "exits_well": Culprit("", as_program("import sys; sys.exit(0)")),
}
EVERY = {**WRONG, **ENDS, **MEMORY, **HANGS, **EMPTY, **STRANGE}

"""`invalid-code`: what is reported, where in the note, and that no text makes the compiler end the process."""

from __future__ import annotations

import ast
import subprocess
import sys
import time
import warnings

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kbtools.app import check_files
from kbtools.model import Fence, Finding, Span
from kbtools.snippets.block import is_python
from kbtools.snippets.compiling import LONGEST, find_problem, shift_lines


def findings(text: str) -> tuple[Finding, ...]:
    return check_files({"a.md": text}, select=["invalid-code"]).findings


def problem_of(code: str) -> str:
    problem = find_problem(code.split("\n"))
    return problem.text if problem else ""


@pytest.mark.parametrize(
    ("code", "row", "pointed", "text"),
    [
        ("print（1）", 0, "（", "invalid character '（' (U+FF08)"),
        ("甲 = [1，2]", 0, "，", "invalid character '，' (U+FF0C)"),
        ("x =　1", 0, "　", "invalid non-printable character U+3000"),
        ("甲甲 乙乙", 0, "乙乙", "invalid syntax"),
        ("甲 = 1\nx = (甲,\n2", 1, "(", "'(' was never closed"),
        ("甲甲 = 1\nf(甲=1, 甲=2)", 1, "甲=2", "keyword argument repeated: 甲"),
        ("def f(甲, 甲):\n    pass", 0, "甲", "duplicate argument '甲' in function definition"),
        ("if x:\n    y\n  z", 2, "z", "unindent does not match any outer indentation level"),
        ("if x:\n\ty\n        z", 2, "z", "inconsistent use of tabs and spaces in indentation"),
        ("x = 1\n  y = 2", 1, "y = 2", "unexpected indent"),
        ("class A:\n\n    def f():\nx", 3, "x", "expected an indented block after function definition on line 3"),
        ("    class A:\n    x", 1, "x", "expected an indented block after class definition on line 1"),
        ("x = 1\n\0", 1, "\0", "source code string cannot contain null bytes"),
        ("from __future__ import nothing", 0, "from __future__ import nothing", "future feature nothing is not defined"),
        ("x = 1 +", 0, "", "invalid syntax"),
    ],
)
def test_problem(code: str, row: int, pointed: str, text: str) -> None:
    problem = find_problem(code.split("\n"))
    assert problem is not None
    assert (problem.row, problem.text) == (row, text)
    assert code.split("\n")[row][problem.start : problem.end] == pointed


def test_problem_in_an_f_string_is_found_in_its_line() -> None:
    problem = find_problem(["甲 = 1", "x = f'甲{b c}'"])
    assert problem is not None
    assert problem.row == 1
    assert problem.start in (8, 9)  # which of the two words it is differs between versions of Python


@pytest.mark.parametrize(
    "code",
    [
        "",
        "# 只有注释",
        "    # 注释\nx = 1",
        "return x",
        "    yield x\n    return",
        "await f()\nasync with a as b:\n    [c async for c in b]",
        "if x:\n    break\nelse:\n    continue",
        "nonlocal x",
        "    def f(self):\n        ...",
        "        x = 1\n    return x\ny = 2",
        "\t\tx = 1\n\treturn x",
        "    x = '''\n  1\n'''\n    y = 1",
        "        x = '''\n  1\n'''\n    y = 1",
        "    x = (\n  1)\n    y = 1",
        "...",
        "%matplotlib inline\n!pip install 'x\nimport torch",
        "x = 1\n?x\nx?\ntorch.matmul??\n",
        "files = !ls\na, b = %time f()",
        "if x:\n    !ls",
        "%%bash\necho $HOME",
        "\n\n%%time\nx y",
        "# coding: no-such\nx = 1",
        "'\\d'\nx is 1\nassert (x, 'y')",
        "x" * LONGEST + " y",
    ],
)
def test_no_problem(code: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert problem_of(code) == ""


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("def f():\n    await x", "'await' outside async function"),
        ("%time\nx y", "invalid syntax"),
        ("x = 1 % 2 %\n", "invalid syntax"),
        ("    x = 1\n      y = 2", "unexpected indent"),
        (">>> x", "invalid syntax"),
        ("x?y", "invalid syntax"),
        ("return x y", "invalid syntax"),
    ],
)
def test_what_is_accepted_hides_nothing(code: str, text: str) -> None:
    assert problem_of(code) == text


def test_line_numbers_in_words_are_moved() -> None:
    assert (
        shift_lines("'(' on line 3, '[' (detected at line 12), line 5", 10) == "'(' on line 13, '[' (detected at line 22), line 5"
    )


WORDS = [
    "x",
    "甲",
    " ",
    "    ",
    "\n",
    "\n",
    "(",
    ")",
    "[",
    "=",
    ":",
    "if ",
    "def f",
    "return ",
    "'",
    '"""',
    "f'{",
    "}",
    "#",
    "1",
    ",",
    "\t",
    "\\",
]


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from([*WORDS, "%", "!", "?", "\0", "（", "\x0c"]), max_size=20).map("".join))
@example("\n\0")
@example("f'{x!y}'")
def test_total_and_inside(code: str) -> None:
    lines = code.split("\n")
    problem = find_problem(lines)
    assert problem is None or 0 <= problem.start <= problem.end <= len(lines[problem.row])


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=20).map("".join))
def test_unindented_code_is_judged_as_python_judges_it(code: str) -> None:
    first = next((line for line in code.split("\n") if line.strip() and not line.strip().startswith("#")), "")
    if first[:1] in (" ", "\t"):
        return
    words = ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(f"{code}\n", "<note>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        except SyntaxError as error:
            words = error.msg
    assert problem_of(code) == ("" if words == "'return' outside function" else words)


# ------------------------------------------------------------------------------------------------ in a note


@pytest.mark.parametrize(
    ("text", "pointed"),
    [
        ("```python\nx = 甲 乙\n```\n", "乙"),
        ("前文\r\n\r\n```py\r\n甲 = 1\r\nx = 甲 乙\r\n```\r\n", "乙"),
        ("- 项\n\n  ```python\n  x = 甲 乙\n  ```\n", "乙"),
        ("1. ```py\n   甲 = 1\n\n   x = 甲 乙\n   ```\n", "乙"),
        ("- 项\n\t```py\n\tif x:\n\t\ty = 甲 乙\n\t```\n", "乙"),
        ("-   ```py\n\tx = 甲 乙\n    ```\n", "乙"),
        ("> [!note]\n> ```python\n>\n> x = 甲 乙\n> ```\n", "乙"),
        ("> - ```py\n>   x = （1）\n>   ```\n", "（"),
        (">```py\n>x = 甲 乙\n>```\n", "乙"),
        ("~~~{.python title='a.py'}\nx = 甲 乙\n~~~\n", "乙"),
        ("``` { .python }\nx = 甲 乙\n```\n", "乙"),
        ('```Python3 title="a"\nx = 甲 乙\n```\n', "乙"),
        ("```py\nx = 甲 乙", "乙"),
        ('```python title="snippets/a.py"\n    return 甲 乙\n```\n', "乙"),
    ],
)
def test_place_in_a_note(text: str, pointed: str) -> None:
    (finding,) = findings(text)
    assert text[finding.span.start : finding.span.end] == pointed


NOTE = [
    "```py\n",
    "```\n",
    "> ",
    ">",
    "- ",
    "  ",
    "\t",
    "\n",
    "\r\n",
    "\r",
    "x = （",
    "甲 乙",
    "'''",
    "%%\n",
    "if x:",
    "\0",
    "    y",
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(NOTE), max_size=25).map("".join))
def test_no_note_is_too_strange(text: str) -> None:
    for finding in findings(f"- ```py\n{text}"):
        assert 0 <= finding.span.start <= finding.span.end <= len(text) + 8


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("print（1）", "write '(' for '（'"),
        ("f(1，2)", "write ',' for '，'"),
        ("if x：", "write ':' for '：'"),
        ("x = “a”", "write '\"' for '“'"),
        ("x = ‘a’", "write ''' for '‘'"),
        ("……", "write '...' for '…'"),
        ("x ≤ 1", "write '<=' for '≤'"),
        ("x = a − b", "write '-' for '−'"),
        ("x =　1", "put an ordinary space in its place"),
        ("x = 1 # 好\n\u200b", ""),
        ("print 1", "that is Python 2"),
        ('exec "x"', "that is Python 2"),
        (">>> 1 + 1", "a session belongs in a block marked 'pycon'"),
        ("def f():", "write '...' for what is left out"),
        ("if x:\n\ty\n        z", "indent with spaces alone"),
        ("x y", ""),
    ],
)
def test_hint(code: str, hint: str) -> None:
    (finding,) = findings(f"```python\n{code}\n```\n")
    assert finding.hint == hint


def test_lines_in_words_are_lines_of_the_note() -> None:
    (finding,) = findings("# 题\r\n\r\n- 项\r\n\r\n  ```py\r\n      def f():\r\n      x\r\n  ```\r\n")
    assert finding.message.endswith("after function definition on line 6")


@pytest.mark.parametrize(
    ("info", "is_it"),
    [
        *(
            (info, True)
            for info in ("python", "py", "Python3", 'py title="a"', "{.python}", "{ .python .annotate }", "{python}", "{.py}")
        ),
        *(
            (info, False)
            for info in ("", "{", "{}", "{ }", "pycon", "python-repl", "cython", "python:a.py", "c++", "text python")
        ),
    ],
)
def test_what_is_python(info: str, is_it: bool) -> None:
    words = info.split()
    fence = Fence(words[0] if words else "", info, "", "", Span(0, 0), Span(0, 0))
    assert is_python(fence) is is_it


def test_nothing_is_executed_and_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    assert findings("```python\nimport os\nprint('\\d')\nos._exit(3)\n```\n") == ()
    assert capfd.readouterr() == ("", "")


# ------------------------------------------------------------------------------------------------ hostile code

PIECES = {
    **{
        name: (piece, "1")
        for name, piece in {"minus": "-", "plus": "1+", "lambda": "lambda:", "not": "not ", "power": "2**"}.items()
    },
    **{
        name: (piece, "")
        for name, piece in {"paren": "(", "brace": "{1:", "call": "f(", "bracket": "[", "comma": "1,", "line": "x\n"}.items()
    },
    **{
        name: (piece, "")
        for name, piece in {
            "f-string": "f'{",
            "quote": "'''",
            "magic": "%time\n",
            "help": "x?\n",
            "star": "*",
            "null": "\0",
        }.items()
    },
    **{
        name: (piece, "x")
        for name, piece in {
            "ternary": "a if b else ",
            "compare": "a<",
            "assign": "x=",
            "one": "if 1: ",
            "await": "await ",
        }.items()
    },
    **{
        name: (piece, "")
        for name, piece in {
            "indent": " ",
            "blank": "\n",
            "backslash": "\\\n",
            "digits": "1",
            "full": "（",
            "with": "with a,",
        }.items()
    },
    **{
        name: (piece, "")
        for name, piece in {"function": "def f(): pass\n", "decorator": "@a\n", "except": "except A:pass\n"}.items()
    },
    "elif": ("elif x:pass\n", ""),
}
WHOLE = {
    "comprehension": f"[x {'for x in y ' * (LONGEST // 11 - 1)}]",
    "attributes": f"a{'.b' * (LONGEST // 2 - 1)}",
    "calls": f"a{'()' * (LONGEST // 2 - 1)}",
    "fields": f"f'{'{x}' * (LONGEST // 3 - 2)}'",
    "elif": f"if x:pass\n{'elif x:pass' * 1}\n" + "elif x:pass\n" * (LONGEST // 12 - 3),
    "indents": "\n".join(f"{' ' * depth}if 1:" for depth in range(300)),
    "outdents": "\n".join(f"{' ' * depth}x" for depth in range(300, 0, -1)),
    "long line": "x = " + "'甲' " * (LONGEST // 4 - 2),
}
HOSTILE = {
    **{name: piece * ((LONGEST - 1) // len(piece)) + end for name, (piece, end) in PIECES.items()},
    **WHOLE,
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_code_is_judged_in_time(name: str) -> None:
    code = HOSTILE[name]
    assert len(code) <= LONGEST
    program = "import sys; from kbtools.snippets.compiling import find_problem; find_problem(sys.stdin.read().split('\\n'))"
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", program], input=code, text=True, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert time.perf_counter() - started < 10


def test_too_deep_for_python_is_reported() -> None:
    assert "nested" in problem_of("(" * 10_000)
    assert problem_of("-" * 10_000 + "1") == "it is nested too deeply"


def test_a_note_of_a_megabyte_is_no_trouble() -> None:
    started = time.perf_counter()
    assert findings("```python\n" + "print('hello', x + y)\n" * 50_000 + "```\n") == ()
    assert len(findings("```python\nx y\n```\n\n" * 20_000)) == 20_000
    assert time.perf_counter() - started < 20

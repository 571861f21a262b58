"""Parts of a file by symbol and region, and replacing them."""

from __future__ import annotations

import time
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbtools.snippets.source import Part, Problem, code_of, find_part, list_parts, replace_part

FILE = '''\
"""一个文件。"""

import torch

EPS: float = 1e-6
ALPHA, BETA = 1, 2


@torch.no_grad()
def step(x):
    """一步。"""
    return x + EPS


# region 单元
class Cell:
    size = 3

    def forward(self, x):
        # region 门
        g = x

        h = g
        # endregion
        return h


# endregion


def step(x):
    return x
'''


def replaced(text: str, name: str, code: str) -> str:
    result = replace_part(text, name, code)
    assert isinstance(result, str), result
    return result


def problem(text: str, name: str, code: str | None = None) -> str:
    result = find_part(text, name) if code is None else replace_part(text, name, code)
    assert isinstance(result, Problem)
    return f"{result.message} ({result.hint})"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("EPS", "EPS: float = 1e-6\n"),
        ("BETA", "ALPHA, BETA = 1, 2\n"),
        ("step", "def step(x):\n    return x\n"),
        ("Cell.size", "size = 3\n"),
        ("Cell.forward", "def forward(self, x):\n    g = x\n\n    h = g\n    return h\n"),
        ("门", "g = x\n\nh = g\n"),
        ("单元", "class Cell:\n    size = 3\n\n    def forward(self, x):\n        g = x\n\n        h = g\n        return h\n"),
    ],
)
def test_parts_are_dedented_and_without_marks(name: str, code: str) -> None:
    assert code_of(FILE, name) == code


def test_the_whole_file_is_a_part() -> None:
    whole = code_of(FILE, "")
    assert whole == "".join(line for line in FILE.splitlines(keepends=True) if "region" not in line)


def test_decorators_belong_to_a_function() -> None:
    text = "@a\n@b(\n    1\n)\nasync def f():\n    pass\n"
    assert code_of(text, "f") == text


def test_rows_lead_back_to_the_file() -> None:
    part = find_part(FILE, "单元")
    assert isinstance(part, Part)
    lines = FILE.splitlines()
    assert [lines[row].strip() for row in part.rows] == [line.strip() for line in part.code.splitlines()]


def test_names_are_listed_in_order() -> None:
    assert list_parts(FILE) == ("EPS", "ALPHA", "BETA", "step", "Cell", "Cell.size", "Cell.forward", "门", "单元")


def test_a_misspelt_name_is_guessed() -> None:
    assert problem(FILE, "Cell.foward") == "has no 'Cell.foward' (did you mean 'Cell.forward'?)"
    assert problem("x = 1\n", "全错") == "has no '全错' (it has x)"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# region a\nx\n# endregion\n# region a\n# endregion\n", "has two regions named 'a'"),
        ("x = 1\n# region a\ny = 2\n", "never closes its region 'a'"),
        ("def f(:\n", "does not parse: invalid syntax"),
        ("x = '\0'\n", "does not parse: source code string cannot contain null bytes"),
    ],
)
def test_why_there_is_no_part(text: str, said: str) -> None:
    assert problem(text, "a").startswith(said)


def test_a_region_is_found_where_the_file_does_not_parse() -> None:
    assert code_of("def f(:\n# region a\nx\n# endregion\n", "a") == "x\n"


def test_python_says_nothing_about_escapes() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert code_of("x = '\\d'\n", "x") == "x = '\\d'\n"


def test_replacing_keeps_indent_marks_and_what_is_around() -> None:
    after = replaced(FILE, "Cell.forward", "def forward(self, x):\n    g = 2 * x\n\n    h = g\n    return h + 1\n")
    assert after == FILE.replace("g = x", "g = 2 * x").replace("return h\n", "return h + 1\n")


def test_marks_stay_at_their_neighbours() -> None:
    after = replaced(FILE, "单元", "class Cell:\n    def forward(self, x):\n        g = x\n        h = g\n        return h\n")
    assert code_of(after, "门") == "g = x\nh = g\n"


def test_marks_whose_neighbours_are_gone_stop_it() -> None:
    assert "region marks" in problem(FILE, "Cell.forward", "def forward(self, x):\n    return 2\n")


def test_line_ends_and_byte_order_mark_are_kept() -> None:
    text = "\ufeffx = 1\r\ny = 2\r\n"
    assert replaced(text, "x", "x = [\n    3,\n]\n") == "\ufeffx = [\r\n    3,\r\n]\r\ny = 2\r\n"
    assert replaced(text, "", "z = 1\n") == "\ufeffz = 1\r\n"


def test_a_last_line_without_end_stays_so() -> None:
    assert replaced("x = 1", "x", "x = 2\n") == "x = 2"


@pytest.mark.parametrize(("text", "after"), [("", "x = 1\n"), ("\n\n", "\n\nx = 1\n")])
def test_an_empty_file_is_filled(text: str, after: str) -> None:
    assert replaced(text, "", "x = 1\n") == after


def test_line_separators_in_strings_end_no_line() -> None:
    assert replaced("x = 1\n", "x", "x = 'a\u2028b\x0cc\x85d'\n") == "x = 'a\u2028b\x0cc\x85d'\n"


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("step", "", "the block is empty"),
        ("EPS", "EPSILON = 1\n", "the note's code no longer defines 'EPS'"),
        ("step", "def step(x):\n    return x\n\n\ny = 1\n", "the note's code is more than 'step'"),
        ("step", "def step(x:\n    return x\n", "with the note's code the file does not parse"),
        ("EPS", "EPS = 1\n# region 门\n# endregion\n", "the note's code is more than 'EPS'"),
    ],
)
def test_what_would_break_the_file_is_refused(name: str, code: str, said: str) -> None:
    assert problem(FILE, name, code).startswith(said)


def test_a_string_that_reaches_left_of_the_part_stops_it() -> None:
    text = 'class A:\n    def f(self):\n        return """\nx\n"""\n'
    assert "reaches left" in problem(text, "A.f", "def f(self):\n    return 1\n")


VALUES = ("1", "[\n    1,\n\n    2,\n]", "'''\n  文\n'''", "lambda x: x")


@given(st.lists(st.sampled_from(VALUES), min_size=1, max_size=4), st.integers(0, 3), st.sampled_from(VALUES), st.booleans())
@settings(max_examples=200, deadline=None)
def test_replacing_changes_the_part_and_nothing_else(values: list[str], at: int, value: str, is_windows: bool) -> None:
    text = "\n\n".join(f"n{number} = {code}" for number, code in enumerate(values)) + "\n"
    if is_windows:
        text = text.replace("\n", "\r\n")
    at = min(at, len(values) - 1)
    code = f"n{at} = {value}\n"
    after = replaced(text, f"n{at}", code)
    for number in range(len(values)):
        name = f"n{number}"
        assert code_of(after, name) == (code if number == at else code_of(text, name))
    before = code_of(text, f"n{at}")
    assert before is not None
    assert replaced(after, f"n{at}", before) == text


def test_hostile_files_take_time_in_proportion() -> None:
    texts = ["# region a" + " " * 40_000 + "b\nx = 1\n", "# region a\n" * 10_000, " " * 40_000 + "# endregionx\n"]
    start = time.process_time()
    for text in texts:
        find_part(text, "zzz")
    assert time.process_time() - start < 2

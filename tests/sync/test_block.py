"""The code of a block in lists, quotes and callouts, and putting other code in its place."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbtools.model import Fence, NotePath, Source
from kbtools.snippets.block import normal, read_code, replace_code, span_of_row
from kbtools.syntax.note import parse_note


def fences_of(text: str) -> list[Fence]:
    return list(parse_note(Source(NotePath("a.md"), text)).fences)


def replaced(text: str, code: str) -> str:
    """The text with other code in its only block, which must then be found there."""
    (fence,) = fences_of(text)
    after = replace_code(text, fence, code)
    (again,) = fences_of(after)
    assert read_code(after, again) == code
    return after


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("```py\nx = 1\n```", "x = 1\n"),
        ("```py\n```", ""),
        ("```py\n\n\n  \n```", ""),
        ("```py\n\nx\n\n\n```", "x\n"),
        ("- a\n  - ```py\n    x\n\n      y\n    ```\n", "x\n\n  y\n"),
        ("1. a\n\n\t```py\n\tif x:\n\t\ty\n\t```\n", "if x:\n\ty\n"),
        ("1. a\n\n\t```py\n    if x:\n        y\n\t```\n", "if x:\n    y\n"),
        ("> [!note] 提示\n> ```py\n> x\n>\n>   y\n> ```\n", "x\n\n  y\n"),
        (">```py\n>x\n> y\n>```\n", "x\ny\n"),
        ("> ```py\n>\tx\n>\t\ty\n> ```\n", "  x\n  \ty\n"),
        ("- 甲\n  > [!tip]\n  > 1. ```py\n  >    x\n  >      y\n  >    ```\n", "x\n  y\n"),
        ("   ```py\n   x\n y\n     z\n   ```\n", "x\ny\n  z\n"),
        ("```py\r\nx\r\n  y\r\n```\r\n", "x\n  y\n"),
    ],
)
def test_code_has_no_prefixes(text: str, code: str) -> None:
    (fence,) = fences_of(text)
    assert read_code(text, fence) == code


def test_indent_of_a_callout_in_a_list_is_kept() -> None:
    text = "- 甲\n  > [!tip]\n  > ```py\n  > x\n  > ```\n  > 后文\n- 乙\n"
    assert replaced(text, "if x:\n\n    y\n") == (
        "- 甲\n  > [!tip]\n  > ```py\n  > if x:\n  >\n  >     y\n  > ```\n  > 后文\n- 乙\n"
    )


def test_a_block_on_the_line_of_its_bullet_keeps_the_bullet() -> None:
    assert replaced("10. ```py\n    x\n    ```\n", "y\nz\n") == "10. ```py\n    y\n    z\n    ```\n"


def test_line_ends_are_kept() -> None:
    assert replaced("甲\r\n```py\r\nx\r\n```\r\n乙\r\n", "y\nz\n") == "甲\r\n```py\r\ny\r\nz\r\n```\r\n乙\r\n"


def test_an_empty_block_is_filled() -> None:
    assert replaced("> ```py\n> ```\n", "x\n") == "> ```py\n> x\n> ```\n"


def test_the_last_line_of_a_note_needs_no_line_end() -> None:
    assert replaced("```py\nx\n```", "y\n") == "```py\ny\n```"


@pytest.mark.parametrize(
    ("text", "code", "after"),
    [
        ("```py\nx\n```\n", '"""\n```\nx\n```\n"""\n', '````py\n"""\n```\nx\n```\n"""\n````\n'),
        ("```py\nx\n```\n", "a = '```'\n", "```py\na = '```'\n```\n"),
        ("~~~py\nx\n~~~~~\n", '"""\n  ~~~~\n"""\n', '~~~~~py\n"""\n  ~~~~\n"""\n~~~~~\n'),
        ("> ```py\n> x\n> ```  \n", '"""\n````\n"""\n', '> `````py\n> """\n> ````\n> """\n> `````  \n'),
        ("~~~py\nx\n~~~\n", '"""\n```\n"""\n', '~~~py\n"""\n```\n"""\n~~~\n'),
    ],
)
def test_the_fence_grows_when_the_code_holds_one(text: str, code: str, after: str) -> None:
    assert replaced(text, code) == after


def test_a_row_is_found_in_the_note() -> None:
    text = "> ```py\n>\n> x\n>   yy\n> ```\n"
    (fence,) = fences_of(text)
    places = [span_of_row(text, fence, row) for row in range(3)]
    assert [text[span.start : span.end] for span in places] == ["x", "yy", "> ```"]


OPENINGS = ("", "  ", "> ", "- ", "1. ", "> - ", "- > ", "> > ", "- a\n\n  ", "- a\n\n\t", "- > [!note]\n  > ", "10) > ")
lines = st.text(alphabet="xy =`~>#-1.\\'\"文\t", max_size=8).filter(lambda line: "\t" not in line.lstrip(" "))
codes = st.lists(lines, max_size=6).map(lambda rows: normal("\n".join(rows)))


@given(st.sampled_from(OPENINGS), codes, codes, st.sampled_from(["\n", "\r\n"]), st.sampled_from(["```", "~~~~"]))
@settings(max_examples=300, deadline=None)
def test_what_is_put_into_a_block_is_read_from_it(opening: str, old: str, new: str, end: str, marks: str) -> None:
    *above, prefix = opening.split("\n")
    bare = "".join(char if char in "> \t" else " " for char in prefix)
    head = [*above, prefix + marks + "py", bare + marks]
    text = end.join(["前", "", *head, "", "后", ""])
    fences = fences_of(text)
    assert len(fences) == 1
    first = replace_code(text, fences[0], old)
    assert read_code(first, fences_of(first)[0]) == old
    second = replace_code(first, fences_of(first)[0], new)
    assert [read_code(second, fence) for fence in fences_of(second)] == [new]
    assert second.startswith("前" + end) and second.endswith(end + "后" + end)

"""The quick way to find blocks gives what the line-by-line one gives, on lines that trip block parsers."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from kbtools.syntax.blocks import find_blocks
from kbtools.syntax.containers import parse_blocks

MARKS = [
    "",
    "",
    "",
    "  ",
    "   ",
    "    ",
    "\t",
    " \t",
    "> ",
    ">",
    ">\t",
    "- ",
    "* ",
    "1. ",
    "10. ",
    "-\t",
    "-   ",
    "-     ",
    "      ",
]
CONTENTS = [
    *(
        "text",
        "",
        "# h",
        "## h #",
        "#",
        "#\t",
        "#x",
        "===",
        "=",
        "--",
        "---",
        "- - -",
        "***",
        "___",
        "-",
        "1.",
        "* ",
        "- x",
        "2) x",
    ),
    *("```", "````", "~~~", "``` a`", "~~~ x`y", "```py", "`", "a `b", "<div>", "</div>", "<!-- c", "-->", "<!-- x -->", "<br>"),
    *(
        "<b> x",
        "<?p",
        "?>",
        "<!X",
        "<script>",
        "</pre>",
        "<a",
        "[x]: y",
        "[x]: <y",
        "[z]:",
        '"t"',
        "| a | b |",
        "|---|---|",
        "|-|",
    ),
    *(":-", "a | b", "| a", "a |", "> q", "    code", "\tcode", "text\\", "[[A]]", "$$", "%%", "[^1]: t", "\\# h"),
]


def lines() -> st.SearchStrategy[str]:
    marks = st.sampled_from(MARKS)
    return st.tuples(marks, marks, st.sampled_from(CONTENTS)).map("".join)


@given(st.lists(lines(), max_size=8).map("\n".join))
@settings(max_examples=2000, deadline=None)
def test_quick_and_slow_agree(text: str) -> None:
    quick, slow = find_blocks(text, 0), parse_blocks(text, 0)
    assert (quick.opaque, quick.headings, quick.fences) == (slow.opaque, slow.headings, slow.fences)

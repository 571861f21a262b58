"""Two texts -> few edits."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kbtools.change.edits import Edit, apply_edits
from kbtools.lsp import rewrites
from kbtools.lsp.rewrites import find_edits

TEXTS = st.lists(st.sampled_from(["a\n", "b\r\n", "[[x]]\n", "\r", "字\n", "😀 y", "\n", "a\u2028b\n"]), max_size=12).map("".join)


@given(TEXTS, TEXTS)
def test_the_edits_make_the_new_text(before: str, after: str) -> None:
    edits = find_edits(before, after)
    assert apply_edits(before, edits) == after
    assert all(one.end <= other.start for one, other in pairwise(edits))


@given(TEXTS, TEXTS)
def test_no_edit_parts_the_halves_of_a_line_end(before: str, after: str) -> None:
    for edit in find_edits(before, after):
        for at in (edit.start, edit.end):
            assert before[at - 1 : at + 1] != "\r\n" or at == 0


def test_a_renamed_link_is_one_short_edit_on_its_line() -> None:
    before = "# t\n\nsee [[old name]] here\n\nend\n"
    assert find_edits(before, before.replace("old name", "new name")) == [Edit(11, 14, "new")]


def test_a_large_text_is_one_edit() -> None:
    before = "line\n" * rewrites.MOST
    after = before.replace("line", "x", 1)
    assert find_edits(before, after) == [Edit(0, 4, "x")]

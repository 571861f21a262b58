"""Whatever is edited on either side: nobody's edit is lost, what is not left is equal, and syncing twice is syncing once."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from kbtools.model import NotePath, Shown, Snippet, Source
from kbtools.snippets.find import find_shown
from kbtools.snippets.moved import Agreed
from kbtools.snippets.source import code_of
from kbtools.snippets.sync import Plan, Prefer, plan_sync
from kbtools.syntax.note import parse_note

PATH = "snippets/a.py"
SOURCE = """\
import math

# region 甲
def f(x):
    return 0


# endregion
class C:
    size = 0

    def m(self):
        # region 乙
        y = 0
        # endregion
        return y


Z = 0
"""
PARTS = ("f", "C", "C.m", "C.size", "甲", "乙", "Z", "")
PREFIXES = ("", "> ", "- ", "  > ", "\t", "1. > ")


def note_of(blocks: list[tuple[str, str]], source: str, *, end: str) -> str:
    """A note that shows these parts, each behind its prefix."""
    pieces = ["# 标题\n"]
    for part, prefix in blocks:
        code = code_of(source, part) or ""
        bare = prefix.replace("-", " ").replace("1.", "  ")
        opening = f"- 甲\n\n{prefix}" if prefix in ("  > ", "\t") else prefix
        title = f"{PATH}#{part}" if part else PATH
        body = "".join(f"{bare}{line}\n" if line else f"{bare.rstrip()}\n" for line in code.split("\n")[:-1])
        pieces.append(f'{opening}```python title="{title}"\n{body}{bare}```\n\n后文\n')
    return "\n".join(pieces).replace("\n", end)


def shown_in(notes: Mapping[NotePath, str]) -> list[Shown]:
    return [block for path, text in sorted(notes.items()) for block in find_shown(parse_note(Source(path, text)), "snippets")]


def sync(notes: dict[NotePath, str], files: dict[str, str], agreed: Agreed, prefer: Prefer = "") -> Plan:
    snippets = {path: Snippet(path, text, "", "") for path, text in files.items()}
    plan = plan_sync(shown_in(notes), snippets, notes, agreed, folder="snippets", prefer=prefer)
    notes.update(plan.notes)
    files.update(plan.files)
    return plan


def edit(text: str, places: list[int], numbers: count[int], how: list[str]) -> tuple[str, list[str]]:
    """The text with the zeros at the given places edited; what was written there."""
    pieces, written = text.split(" 0"), []
    result = pieces[0]
    for number, piece in enumerate(pieces[1:]):
        value = " 0"
        if number in places:
            token = f"{next(numbers):05d}"
            kind = how[number % len(how)]
            value = {"value": f" 1{token}", "call": f' g("``` {token}")', "broken": f" (1{token}"}[kind]
            written.append(token)
        result += value + piece
    return result, written


places = st.lists(st.integers(0, 9), max_size=3)
blocks = st.lists(st.tuples(st.sampled_from(PARTS), st.sampled_from(PREFIXES)), min_size=1, max_size=4)
kinds = st.lists(st.sampled_from(["value", "value", "value", "call", "call", "broken"]), min_size=1, max_size=3)
ends = st.sampled_from(["\n", "\r\n"])
preferences: st.SearchStrategy[Prefer] = st.sampled_from(["", "", "note", "file"])


@given(
    st.lists(blocks, min_size=1, max_size=3),
    st.lists(places, min_size=3, max_size=3),
    places,
    kinds,
    ends,
    st.booleans(),
    preferences,
)
@settings(max_examples=400, deadline=None)
def test_sync(
    shown: list[list[tuple[str, str]]],
    in_notes: list[list[int]],
    in_file: list[int],
    how: list[str],
    end: str,
    is_known: bool,
    prefer: Prefer,
) -> None:
    notes = {NotePath(f"{number}.md"): note_of(parts, SOURCE, end=end) for number, parts in enumerate(shown)}
    files = {PATH: SOURCE.replace("\n", end)}
    first = sync(notes, files, {})
    assert (first.notes, first.files, first.left) == ({}, {}, ())
    agreed: Agreed = first.agreed if is_known else {}

    numbers, written = count(1), []
    for path, where in zip(list(notes), in_notes, strict=False):
        notes[path], tokens = edit(notes[path], where, numbers, how)
        written += tokens
    files[PATH], tokens = edit(files[PATH], in_file, numbers, how)
    written += tokens
    before = dict(notes), dict(files)

    plan = sync(notes, files, agreed, prefer)
    everything = "".join([*notes.values(), *files.values()])
    if not prefer:
        assert [token for token in written if token not in everything] == []
    left = {left.block.title for left in plan.left}
    for block in shown_in(notes):
        assert block.title in left or block.code == code_of(files[PATH], block.part)
    assert [len(text.split("后文")) for text in notes.values()] == [len(text.split("后文")) for text in before[0].values()]

    settled = dict(notes), dict(files)
    again = sync(notes, files, plan.agreed, prefer)
    assert (notes, files) == settled
    assert [entry.block.title for entry in again.left] == [entry.block.title for entry in plan.left]
    assert again.agreed == plan.agreed


@given(blocks, places, st.booleans(), ends)
@settings(max_examples=150, deadline=None)
def test_a_snippet_that_is_edited_and_edited_back_leaves_the_notes_as_they_were(
    shown: list[tuple[str, str]], where: list[int], grows: bool, end: str
) -> None:
    before = note_of(shown, SOURCE, end=end)
    notes, files = {NotePath("n.md"): before}, {PATH: SOURCE}
    agreed = sync(notes, files, {}).agreed
    files[PATH], _ = edit(SOURCE, where, count(1), ["call" if grows else "value"])
    there = sync(notes, files, agreed)
    assert there.left == ()
    assert all(block.code == code_of(files[PATH], block.part) for block in shown_in(notes))
    files[PATH] = SOURCE
    assert sync(notes, files, there.agreed).left == ()
    assert notes == {NotePath("n.md"): before}

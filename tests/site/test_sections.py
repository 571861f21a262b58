"""Headings and blocks of a note: their ids and the lines they stand for."""

from __future__ import annotations

from kbtools import app
from kbtools.model import NotePath, Source
from kbtools.site.sections import find_places
from kbtools.syntax.note import parse_note


def sections(text: str) -> list[tuple[str, int, int, int]]:
    return [
        (one.anchor, one.level, one.start, one.end) for one in find_places(parse_note(Source(NotePath("a.md"), text))).sections
    ]


def shown(text: str, anchor: str) -> str:
    """The lines that are shown for a place."""
    found = next(one for one in find_places(parse_note(Source(NotePath("a.md"), text))).sections if one.anchor == anchor)
    return "\n".join(text.split("\n")[found.start : found.end])


def test_a_section_goes_on_to_the_next_heading_of_its_level() -> None:
    text = "前\n# 甲\n一\n## 乙\n二\n### 丙\n三\n## 丁\n四\n# 戊"
    assert sections(text) == [("甲", 1, 1, 9), ("乙", 2, 3, 7), ("丙", 3, 5, 7), ("丁", 2, 7, 9), ("戊", 1, 9, 10)]


def test_lines_are_counted_from_the_files_first() -> None:
    assert sections("---\na: 1\n---\n# 甲\n")[0] == ("甲", 1, 3, 5)


def test_equal_headings_have_different_ids() -> None:
    assert [one[0] for one in sections("# 门\n## 门\n# 门\n")] == ["门", "门-1", "门-2"]


def test_a_heading_is_told_without_markup() -> None:
    text = "## **粗** $\\sigma$ [[a|乙]] ^id"
    assert next(one.text for one in find_places(parse_note(Source(NotePath("a.md"), text))).sections if one.level) == "粗 σ 乙"


def test_what_is_code_is_no_heading() -> None:
    assert sections("```\n# 甲\n```\n") == []


def test_an_id_at_a_paragraphs_end_names_the_paragraph() -> None:
    assert shown("前\n\n一\n二 ^p\n三", "^p") == "一\n二 ^p"


def test_an_id_on_a_line_of_its_own_names_what_stands_before() -> None:
    assert shown("前\n\n| a |\n|---|\n| b |\n\n^t\n", "^t") == "| a |\n|---|\n| b |"


def test_an_items_id_names_it_with_what_is_below() -> None:
    assert shown("- 一\n- 二 ^i\n  - 三\n  四\n- 五", "^i") == "- 二 ^i\n  - 三\n  四"


def test_an_id_below_a_heading_does_not_take_the_heading() -> None:
    assert shown("# 甲\n文 ^p", "^p") == "文 ^p"


def test_the_id_of_each_anchor_is_found_by_its_offset() -> None:
    note = parse_note(Source(NotePath("a.md"), "# 甲\n\n文 ^q\n"))
    places = find_places(note)
    assert [places.ids[anchor.span.start] for anchor in note.anchors] == ["甲", "^q"]


def test_links_to_places_lead_to_these_ids() -> None:
    snapshot = app.snapshot_of({"a.md": "[[b#甲#乙]] [[b#^q]] [[b#无]]", "b.md": "# 乙\n# 甲\n## 乙\n\n文 ^Q\n"})
    places = {path: find_places(snapshot.notes[path]) for path in snapshot.notes}
    found = [
        places["b.md"].id_of(edge.to.anchor, edge.link.subpath) if hasattr(edge.to, "anchor") else None
        for edge in snapshot.iter_edges()
    ]
    assert found == ["乙-1", "^q", None]

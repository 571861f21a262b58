"""Where links lead, who links, outlines, names, hovers and hints."""

from __future__ import annotations

import pytest

from kbtools import app
from kbtools.lsp.hover import hover_of
from kbtools.lsp.inlays import iter_inlays
from kbtools.lsp.navigation import find_definition, find_symbols, iter_references, outline
from kbtools.lsp.spots import find_spot
from kbtools.model import NotePath
from kbtools.snippets.record import Record
from kbtools.suggest import Lookup
from tests.lsp.cursors import PROJECT, look

TARGET = (
    "---\naliases: [BP]\n---\n# 反向传播\n\n由输出向输入传梯度。\n第二行。\n\n"
    "## 链式法则\n\n逐层相乘。 ^chain\n\n注[^1]\n\n[^1]: 脚注。\n"
)


def definition(written: str) -> tuple[str, str] | None:
    """(path, the text that the definition's span covers)."""
    snapshot, path, offset = look({"反向传播.md": TARGET, "x.md": written})
    spot = find_spot(snapshot, path, offset)
    place = find_definition(snapshot, spot) if spot else None
    return (place.path, snapshot.text_of(place.path)[place.span.start : place.span.end]) if place else None


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("[[反¦向传播]]", ("反向传播.md", "")),
        ("¦[[反向传播]]", ("反向传播.md", "")),
        ("[[反向传播]]¦", ("反向传播.md", "")),
        ("[[反向传播#链¦式法则|x]]", ("反向传播.md", "链式法则")),
        ("[[反向传播#^ch¦ain]]", ("反向传播.md", "^chain")),
        ("[a¦](反向传播.md#链式法则)", ("反向传播.md", "链式法则")),
        ("[[反向传播#没¦有]]", ("反向传播.md", "")),
        ("# 一\n\n[[#¦一]]", ("x.md", "一")),
        ("[[没¦有]]", None),
        ("文¦字", None),
        ("[a](https://x¦.org)", None),
    ],
)
def test_definition(written: str, expected: tuple[str, str] | None) -> None:
    assert definition(written) == expected


def references(files: dict[str, str], *, declared: bool = False) -> list[tuple[str, str]]:
    snapshot, path, offset = look(files)
    spot = find_spot(snapshot, path, offset)
    found = iter_references(snapshot, path, spot, declared=declared)
    return [(place.path, snapshot.text_of(place.path)[place.span.start : place.span.end]) for place in found]


def test_references_of_a_heading_are_the_links_to_it() -> None:
    files = {"a.md": "# t¦\n\n## u\n", "b.md": "[[a#t]] [[a#u]] [[a]]", "c.md": "[[a#T|x]]"}
    assert references(files) == [("b.md", "[[a#t]]"), ("c.md", "[[a#T|x]]")]
    assert references(files, declared=True)[0] == ("a.md", "t")


def test_references_of_a_link_to_a_note_are_all_links_to_the_note() -> None:
    assert references({"a.md": "# t\n", "b.md": "[[a¦]]", "c.md": "[[a#t]] [[b]]"}) == [("b.md", "[[a]]"), ("c.md", "[[a#t]]")]


def test_references_of_nothing_are_the_backlinks_of_the_note() -> None:
    assert references({"a.md": "te¦xt\n", "b.md": "![[a]]"}) == [("b.md", "![[a]]")]


def test_references_of_a_dead_link_are_its_fellows() -> None:
    assert references({"a.md": "[[没有¦]]", "b.md": "[[没有]] [[别的]]"}) == [("a.md", "[[没有]]"), ("b.md", "[[没有]]")]


def test_references_of_a_tag() -> None:
    found = references({"a.md": "#标¦签", "b.md": "---\ntags: [标签]\n---\n", "c.md": "#标签/子"})
    assert [path for path, _ in found] == ["a.md", "b.md"]


def test_the_marks_before_a_heading_are_the_heading() -> None:
    assert references({"a.md": "¦## t\n", "b.md": "[[a#t]]"}) == [("b.md", "[[a#t]]")]


def test_outline_is_a_tree() -> None:
    text = "# a\n\n### b\n\n## c\n\n# d\n"
    snapshot = app.snapshot_of({"x.md": text})
    one, two = outline(snapshot.note("x.md").anchors, len(text))
    assert [child.anchor.text for child in one.children] == ["b", "c"]
    assert (one.anchor.text, two.anchor.text) == ("a", "d")
    assert (one.span.end, two.span.end) == (two.span.start, len(text))


def test_symbols_are_notes_aliases_and_headings() -> None:
    snapshot = app.snapshot_of({"k/反向传播.md": TARGET, "BPTT.md": ""})
    found = find_symbols(snapshot, Lookup(snapshot), "bp")
    assert [(symbol.name, symbol.kind, symbol.around) for symbol in found] == [("BPTT", "note", ""), ("BP", "alias", "反向传播")]
    [heading] = find_symbols(snapshot, Lookup(snapshot), "链式")
    assert (heading.name, heading.kind, heading.around) == ("链式法则", "heading", "反向传播")


def hover(written: str) -> str | None:
    snapshot, path, offset = look({"反向传播.md": TARGET, "x.md": written})
    spot = find_spot(snapshot, path, offset)
    found = hover_of(snapshot, spot, {}) if spot else None
    return found.text if found else None


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("[[反¦向传播]]", "**反向传播.md**\n\n由输出向输入传梯度。\n第二行。"),
        ("[[反向传播#链¦式法则]]", "**反向传播.md** › 链式法则\n\n逐层相乘。 ^chain"),
        ("[[反向传播#^ch¦ain]]", "**反向传播.md** › chain\n\n逐层相乘。"),
        ("[[没¦有]]", "nothing is named `没有`"),
        ("[[反向传播#没¦有]]", "`反向传播.md` has no `#没有`"),
        ("#标¦签", "**#标签**: 1 note"),
        ("文¦字", None),
    ],
)
def test_hover(written: str, expected: str | None) -> None:
    assert hover(written) == expected


CODE = {
    "notes/x.md": 'a\n\n```python title="snippets/a.py#f"¦\ndef f(): ...\n```\n\n```python title="snippets/b.py"\n```\n',
    "snippets/a.py": "def f(): ...\n",
    "snippets/b.py": "",
    "tests/snippets/test_a.py": "def test_f(): ...\n",
}
KNOWN = Record("snippets/a.py", "cpu", "x86", "2026-11-20", "d", ())


def test_inlays_say_what_is_known_of_a_proof() -> None:
    snapshot, path, offset = look(CODE, PROJECT)
    for evidence, said in (
        ({}, "not proven here yet"),
        ({"snippets/a.py": [(KNOWN, "current")]}, "proven on cpu"),
        ({"snippets/a.py": [(KNOWN, "out of date")]}, "proof on cpu out of date"),
    ):
        first, second = iter_inlays(snapshot, path, evidence)
        assert (first.offset, first.text, second.text) == (offset, said, "no proof")


def test_a_title_leads_to_the_part() -> None:
    snapshot, path, offset = look({**CODE, "snippets/a.py": "import x\n\n\ndef f(): ...\n"}, PROJECT)
    spot = find_spot(snapshot, path, offset)
    assert spot is not None
    place = find_definition(snapshot, spot)
    assert place is not None
    assert (place.path, place.span.start, place.is_code) == ("snippets/a.py", 11, True)


def test_a_file_that_is_no_note_has_no_spots() -> None:
    snapshot = app.snapshot_of({"x.png": ""})
    assert find_spot(snapshot, NotePath("x.png"), 0) is None

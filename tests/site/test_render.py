"""The renderer: what it shows of each construct of Obsidian's Markdown, and how a page is put together."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from kbtools import app
from kbtools.site.binding import Wish, bind, meaning_of
from kbtools.site.book import Book, Listing, Meaning, Page, Proof
from kbtools.site.callouts import LOOKS, TITLES
from kbtools.site.marks import prepare
from kbtools.site.render import TocEntry, render_page, render_part
from kbtools.site.sections import find_places
from tests.site.constructs import AROUND, CONSTRUCTS, Construct
from tests.site.rendering import book_of, html_of, render

OUR_VAULT = Path(__file__).parents[2]


@pytest.mark.parametrize("construct", CONSTRUCTS, ids=[construct.name for construct in CONSTRUCTS])
def test_shows(construct: Construct) -> None:
    html = html_of(construct.source, AROUND)
    place = 0
    for piece in construct.shown:
        found = html.find(piece, place)
        assert found >= 0, f"{piece!r} is not in {html[place:]!r}"
        place = found + len(piece)
    for piece in construct.absent:
        assert piece not in html


def test_the_page_of_constructs_is_long_and_its_names_are_unique() -> None:
    assert len({construct.name for construct in CONSTRUCTS}) == len(CONSTRUCTS) >= 60


@pytest.mark.parametrize("name", sorted(TITLES))
def test_every_type_of_callout_has_a_look_and_a_title(name: str) -> None:
    look = LOOKS.get(name, name)
    title = f'<p class="admonition-title">{TITLES[name]}</p>'
    assert f'<div class="admonition {look}" data-callout="{name}">\n{title}' in html_of(f"> [!{name}]\n> 文")
    assert f'<details class="{look}"' in html_of(f"> [!{name}]-\n> 文")


@pytest.mark.parametrize(
    ("text", "kind", "latex"),
    [
        ("文 $x_1 * y_1$ 末", "math", "x_1 * y_1"),
        ("$$\na\n\nb\n$$", "display", "a\n\nb"),
        ("> $$\n> a > b\n> c\n> $$", "display", "a > b\n c"),
        ("- 一\n  $$\n  a\n  $$", "display", "a"),
        ("> > $a\n> > b$", "math", "a\n b"),
        ("| $a | b$ |\n|---|", "math", "a | b"),
        ("$$a$$ 文", "display", "a"),
    ],
)
def test_a_formula_reaches_its_renderer_without_what_stands_around_it(text: str, kind: str, latex: str) -> None:
    marks = [mark for mark in prepare(text).marks if mark.kind in {"math", "display"}]
    assert [(mark.kind, mark.target) for mark in marks] == [(kind, latex)]


def test_display_formulas_are_blocks_and_others_are_not() -> None:
    html = html_of("前\n$$a$$\n后 $b$ 末")
    assert html.startswith('<p>前</p>\n<div class="kb-math">')
    assert "</div>\n<p>后 " in html and html.endswith(" 末</p>\n")
    assert "$" not in html


def test_a_pipe_in_a_formula_parts_no_cells() -> None:
    html = html_of("| a | b |\n|---|---|\n| $|x|$ | [[Note|n]] |", AROUND)
    assert html.count("<td>") == 2


def test_code_keeps_what_looks_like_markup() -> None:
    html = html_of("```text\n[[Note]] %%a%% #b $c$ ^d\n```\n\n> ```\n> [[Note]]\n> ```\n\n1. 一\n\n   ```\n   ==x==\n   ```")
    assert "internal-link" not in html and "kb-unresolved" not in html and "<mark>" not in html
    for written in ("[[Note]] %%a%% #b $c$ ^d", "==x=="):
        assert written in html


def test_a_diagram_is_no_code() -> None:
    html = html_of("```mermaid\nflowchart LR\n  甲 --> 乙\n```")
    assert "language-mermaid" not in html and "甲" in html


# ------------------------------------------------------------------------------------------------ a page


def test_contents_are_the_headings_in_order() -> None:
    found = render("## 甲 `f` [[Note|n]] ^a\n\n### $x$\n\n> ## 引\n\n## 甲 f n", AROUND).toc
    assert [(entry.level, entry.name) for entry in found] == [(2, "甲 f n"), (3, "x"), (2, "引"), (2, "甲 f n")]
    assert len({entry.id for entry in found}) == 4


def test_headings_have_the_ids_that_links_use() -> None:
    text = "---\na: 1\n---\n%%\n暗\n\n## 暗\n%%\n## 甲\n\n$$\na\n\nb\n$$\n\n## 乙\n[[#乙]] [[#甲]]\n"
    book = book_of({"x.md": text})
    page = book.pages["x.md"]
    sections = tuple(replace(section, anchor=f"id-{section.text}") for section in page.sections)
    html = render_page(text, replace(page, sections=sections), book).html
    assert '<h2 id="id-甲">' in html and '<h2 id="id-乙">' in html


@pytest.mark.parametrize("cut", ["", "\n", "\n\n"])
@pytest.mark.parametrize("end", ["", "\n"])
def test_a_text_without_its_properties_has_the_same_page(cut: str, end: str) -> None:
    body = "## 甲\n\n文 ^a\n\n## 甲\n" + end
    whole = f"---\ntags: [x]\n---\n{cut}{body}"
    book = book_of({"x.md": whole})
    page = book.pages["x.md"]
    assert render_page(body, page, book) == render_page(whole, page, book)
    assert render_page(body.rstrip("\n"), page, book).toc == render_page(whole, page, book).toc


def test_windows_line_ends_change_nothing() -> None:
    text = "---\na: 1\n---\n## 甲\n\n一\n二 ^q\n\n$$\na\n$$\n"
    assert html_of(text.replace("\n", "\r\n")) == html_of(text)


def test_a_heading_that_repeats_the_title_stays_when_it_links() -> None:
    found = render("# [[Note|x]]\n\n## 乙", AROUND)
    assert found.toc == (TocEntry(2, "x", "x"), TocEntry(3, "乙", "乙"))
    assert [meaning.path for meaning in found.links] == ["Note.md"]


def test_links_are_counted_once_and_in_order() -> None:
    text = (
        "---\nup: '[[Note]]'\n---\n[[Note#推导]] ![[Note]] %%[[Note]]%% [a](无.md) [b](https://x.org) [c][r] [d][r] "
        "![[图.png]]\n\n[r]: dir/v1.2.md\n\n文[^1] [[x#^无]]\n\n[^1]: [[板.canvas]]\n"
    )
    assert render(text, AROUND).links == (
        Meaning("Note.md", "推导"),
        Meaning("Note.md"),
        Meaning("", "", "missing-file"),
        Meaning("图.png"),
        Meaning("dir/v1.2.md"),
        Meaning("x.md", "", "missing-anchor"),
        Meaning("板.canvas"),
    )


def test_a_file_that_is_not_published_is_named_only() -> None:
    book = Book("v", {"x.md": Page("x.md", "x/", "x", links={"秘": Meaning("秘.md"), "秘.png": Meaning("秘.png")}, lines=1)})
    html = render_page("[[秘]] ![[秘.png]]", book.pages["x.md"], book).html
    assert html.count('<span class="kb-unresolved" title="这个文件没有发布">') == 2


def test_tags_are_found_however_they_are_spelled() -> None:
    assert html_of("#Ai 与 #aI").count('href="../tags/Ai/"') == 2


def test_a_tag_without_a_page_is_no_link() -> None:
    book = Book("v", {"x.md": Page("x.md", "x/", "x", lines=1)})
    assert '<span class="kb-tag">#猫</span>' in render_page("#猫", book.pages["x.md"], book).html


def test_our_own_vault_shows_each_edge_of_its_graph_once() -> None:
    snapshot = app.scan(app.open_project(str(OUR_VAULT / "notes"), OUR_VAULT))
    book = bind(snapshot, Wish("kb"))
    places = {path: find_places(snapshot.notes[path]) for path in snapshot.notes}
    edges = [edge for edge in snapshot.iter_edges() if edge.link.form != "property" and not edge.link.hidden]
    assert edges
    for path, page in book.pages.items():
        wanted = [meaning_of(edge, places) for edge in edges if edge.source == path]
        rendered = render_page(snapshot.notes[path].source.text, page, book)
        assert Counter(rendered.links) == Counter(meaning for meaning in wanted if meaning.status != "external")
        shown = rendered.html.count('class="internal-link"') + rendered.html.count('class="kb-unresolved"')
        assert shown + rendered.html.count("<img ") == len(rendered.links)


# ------------------------------------------------------------------------------------------------ proofs


def badge(*proofs: Proof, fence: str = 'python title="snippets/a.py#f"') -> str:
    listing = Listing(
        "snippets/a.py",
        "tests/test_a.py",
        "torch.nn",
        "1e-6",
        proofs,
        source_url="https://x.org/a.py",
        proof_url="https://x.org/t.py",
        url="proofs/a/",
        code="def f(): ...",
    )
    page = Page("x.md", "x/", "x", lines=3)
    book = Book("v", {"x.md": page}, snippets={listing.path: listing}, snippets_folder="snippets", snippets_url="proofs/")
    html = render_page(f"```{fence}\nx = 1\n```", page, book).html
    return html[html.find('class="kb-proof"') :] if "kb-proof" in html else ""


def test_code_of_a_snippet_says_where_it_is_proven() -> None:
    found = badge(Proof("cpu", "proven", versions={"torch": "2.9"}), Proof("cuda", "proven", versions={"torch": "2.9"}))
    assert found.startswith('class="kb-proof" data-state="proven"><summary>已在 CPU、CUDA 上证明</summary>')
    for name, text in (("对照", "torch.nn"), ("容差", "1e-6"), ("CPU", "已证明 · torch 2.9"), ("CUDA", "已证明 · torch 2.9")):
        assert f"<dt>{name}</dt><dd>{text}</dd>" in found
    addresses = (
        "../proofs/a/#f",
        "../proofs/a/#%E8%AF%81%E6%98%8E",
        "https://x.org/a.py",
        "https://x.org/t.py",
        "../proofs/#snippets%2Fa.py",
    )
    for address in addresses:
        assert f'href="{address}"' in found


def test_a_part_that_is_not_in_the_file_leads_to_the_file() -> None:
    assert 'href="../proofs/a/#%E6%BA%90%E7%A0%81"' in badge(fence='python title="snippets/a.py#g"')


def test_a_proof_that_is_out_of_date_is_said_to_be() -> None:
    assert 'data-state="stale"><summary>CPU 上的证明已过期</summary>' in badge(Proof("cpu", "stale"), Proof("cuda", "none"))
    both = badge(Proof("cpu", "proven"), Proof("cuda", "stale"))
    assert 'data-state="proven"><summary>已在 CPU 上证明；CUDA 上的证明已过期</summary>' in both
    assert 'data-state="none"><summary>尚未证明</summary>' in badge(Proof("cpu", "none"))
    assert 'data-state="none"><summary>尚未证明</summary>' in badge()


@pytest.mark.parametrize("fence", ["python", 'python title="演示"', 'py title="snippets/none.py"'])
def test_python_that_is_no_snippet_is_illustrative(fence: str) -> None:
    assert badge(fence=fence) == 'class="kb-proof" data-state="illustrative">示意代码，没有证明</p>\n'


def test_other_languages_and_vaults_without_proofs_have_no_badge() -> None:
    assert badge(fence="bash") == badge(fence='text title="out"') == ""
    assert "kb-proof" not in html_of("```python\nx = 1\n```")


# ------------------------------------------------------------------------------------------------ parts


def test_a_part_has_no_ids_and_its_links_count_from_its_page() -> None:
    files = {"a.md": "## 甲\n\n[[b]] ^q\n\n注[^1] <b id='i'>x</b>\n\n## 乙\n\n[^1]: 文\n", "b.md": ""}
    book = book_of(files)
    html = render_part(files["a.md"], book.pages["a.md"], book, start=0, end=6, base="deep/down/")
    assert "id=" not in html and "乙" not in html
    assert 'href="../../b/"' in html and 'href="../../a/#fn:1"' in html
    assert html.startswith("<h2>甲</h2>")


@pytest.mark.parametrize(
    ("lines", "shown", "absent"),
    [
        ((0, 1), ("一",), ("二", "三")),
        ((1, 2), ("<p>二</p>",), ("一", "三", "四")),
        ((1, 3), ("<li>二\n<ul>\n<li>三",), ("一", "四")),
        ((2, 3), ("<ul>\n<li>三",), ("二", "四")),
        ((4, 6), ("<blockquote>", "五", "六"), ("四", "七")),
        ((7, 9), ('<div class="admonition', "七"), ("六",)),
        ((0, 99), ("一", "七"), ()),
        ((50, 60), (), ("一", "七")),
    ],
)
def test_a_part_is_made_of_whole_blocks(lines: tuple[int, int], shown: tuple[str, ...], absent: tuple[str, ...]) -> None:
    text = "一\n- 二\n  - 三\n- 四\n> 五\n> 六\n\n> [!note]\n> 七"
    book = book_of({"x.md": text})
    html = render_part(text, book.pages["x.md"], book, start=lines[0], end=lines[1], base="x/")
    for piece in shown:
        assert piece in html
    for piece in absent:
        assert piece not in html

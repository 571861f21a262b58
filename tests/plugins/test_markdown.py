"""The extension in plain Python-Markdown, as any site generator would use it: the book comes from a file."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from markdown import Markdown, markdown
from markdown.preprocessors import Preprocessor

from kbtools.site.book import write_book
from tests.site.rendering import book_of

FILES = {
    "a.md": "---\nkind: concept\n---\n# 甲\n\n见[[深/b#节|乙]]与[[无]]。\n\n## 一 & 二\n\n> [!tip] 好\n> ==亮==\n\n"
    "### 三\n\n## 四",
    "深/b.md": "## 节\n\n见[[a]]。",
}
NAME = "kbtools.plugins.markdown"


@pytest.fixture
def book(tmp_path: Path) -> str:
    file = tmp_path / "book.json"
    file.write_text(write_book(book_of(FILES)), "utf-8")
    return str(file)


def convert(text: str, book: object, **options: object) -> str:
    return markdown(text, extensions=[NAME], extension_configs={NAME: {"book": book, **options}})


def test_a_page_of_the_book_is_rendered_as_obsidian_shows_it(book: str) -> None:
    html = convert(FILES["a.md"], book, page="a.md")
    assert '<a class="internal-link" href="../%E6%B7%B1/b/#%E8%8A%82">乙</a>' in html
    assert 'class="kb-unresolved"' in html
    assert 'class="admonition tip"' in html and "<mark>亮</mark>" in html
    assert "kind: concept" not in html


def test_a_text_without_its_properties_is_the_same_page(book: str) -> None:
    whole = convert(FILES["a.md"], book, page="a.md")
    assert convert(FILES["a.md"].partition("---\n# ")[2].join(("# ", "")), book, page="a.md") == whole


def test_what_stands_around_the_note_can_be_left_to_others(book: str) -> None:
    assert "kb-around" in convert(FILES["a.md"], book, page="a.md")
    assert "kb-around" not in convert(FILES["a.md"], book, page="a.md", around=False)


def test_the_book_may_be_given_itself_and_what_was_rendered_is_kept() -> None:
    pages: dict[str, object] = {}
    convert(FILES["a.md"], book_of(FILES), page="a.md", pages=pages)
    assert list(pages) == ["a.md"]


def test_what_is_no_page_of_the_book_is_left_to_python_markdown(book: str) -> None:
    assert convert("见[[a]]，*斜*", book, page="别的.md") == "<p>见[[a]]，<em>斜</em></p>"
    assert convert("*斜*", "") == "<p><em>斜</em></p>"


def test_the_contents_are_those_of_the_page(book: str) -> None:
    parser = Markdown(extensions=[NAME, "toc"], extension_configs={NAME: {"book": book, "page": "a.md"}})
    parser.convert(FILES["a.md"])
    found = [(top["id"], top["name"], [below["id"] for below in top["children"]]) for top in parser.toc_tokens]  # type: ignore[attr-defined]
    assert found[0][:2] == ("甲", "甲")
    (inner,) = [top["children"] for top in parser.toc_tokens if top["children"]]  # type: ignore[attr-defined]
    assert [(one["id"], one["name"]) for one in inner] == [("一-二", "一 &amp; 二"), ("四", "四")]
    assert [below["id"] for below in inner[0]["children"]] == ["三"]


def test_one_parser_converts_page_after_page(book: str) -> None:
    parser = Markdown(extensions=[NAME], extension_configs={NAME: {"book": book}})
    files = {path: SimpleNamespace(src_uri=path) for path in (*FILES, "别的.md")}
    relpath = _Relpath(parser)
    parser.treeprocessors.register(relpath, "relpath", 0)  # type: ignore[arg-type]  # MkDocs' way to say which page it is
    shown = {}
    for path, file in files.items():
        relpath.file = file
        parser.reset()
        shown[path] = parser.convert(FILES.get(path, "*别的*"))
    assert "../%E6%B7%B1/b/" in shown["a.md"]
    assert 'href="../../a/"' in shown["深/b.md"]
    assert shown["别的.md"] == "<p><em>别的</em></p>"


class _Relpath:
    """What MkDocs registers under that name."""

    file: SimpleNamespace

    def __init__(self, md: Markdown) -> None:
        self.md = md

    def run(self, root: object) -> None:
        """Nothing: the real one checks links that Python-Markdown wrote."""


def test_zensical_says_by_its_context_which_page_it_is(book: str) -> None:
    class Context(Preprocessor):
        page = SimpleNamespace(path="深/b.md")

        def run(self, lines: list[str]) -> list[str]:
            return lines

    parser = Markdown(extensions=[NAME], extension_configs={NAME: {"book": book}})
    parser.preprocessors.register(Context(parser), "context", 0)
    assert 'href="../a/"' in parser.convert(FILES["深/b.md"])  # as it counts from the file: Zensical makes it count from the page


def test_other_extensions_do_not_touch_the_page(book: str) -> None:
    others = ["abbr", "attr_list", "footnotes", "md_in_html", "smarty", "tables", "toc"]
    alone = convert(FILES["a.md"], book, page="a.md")
    assert markdown(FILES["a.md"], extensions=[*others, NAME], extension_configs={NAME: {"book": book, "page": "a.md"}}) == alone


@pytest.mark.parametrize("text", ["{", "{}", "[]"])
def test_a_file_that_is_no_book_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "book.json").write_text(text)
    with pytest.raises((ValueError, KeyError, TypeError)):
        convert("文", str(tmp_path / "book.json"), page="a.md")

"""A vault -> its book: titles, meanings, backlinks, tags, what comes before and after, and what is published at all."""

from __future__ import annotations

import json
from pathlib import Path

from kbtools import app
from kbtools.config import Config
from kbtools.site.binding import Wish, bind
from kbtools.site.book import Backlink, Book, Meaning, Proof
from tests.site.rendering import book_of

CANVAS = json.dumps(
    {
        "nodes": [
            {"id": "a", "type": "text", "text": "先\n见[[b|乙]]，好。", "x": 0, "y": 0, "width": 9, "height": 9},
            {"id": "b", "type": "file", "file": "深/b.md", "subpath": "#节", "x": 0, "y": 0, "width": 9, "height": 9},
        ]
    },
    ensure_ascii=False,
)


def titles(files: dict[str, str], name: str = "知识库") -> dict[str, str]:
    book = bind(app.snapshot_of(files), Wish(name))
    return {path: page.title for path, page in book.pages.items()}


def test_a_page_is_called_as_its_file_a_folders_index_as_the_folder() -> None:
    assert titles({"深/LSTM 网络.md": "# 别的", "深/index.md": "", "图.canvas": "{}"}) == {
        "深/LSTM 网络.md": "LSTM 网络",
        "深/index.md": "深",
        "图.canvas": "图",
    }


def test_the_front_page_is_called_as_the_site() -> None:
    assert titles({"index.md": "---\naliases: [首页]\npermalink: home\n---\n"}) == {"index.md": "知识库"}
    assert titles({"Index.md": "", "a.md": "[[Index]]"})["Index.md"] == "知识库"


def test_links_mean_what_the_vault_says() -> None:
    files = {
        "a.md": "[[深/b#节]] [[b#^q]] [[b#无]] [[没有]] [外](https://x.org) [[图.png]] ![](图.png)",
        "深/b.md": "## 节\n\n文 ^q",
    }
    assert book_of({**files, "图.png": ""}).pages["a.md"].links == {
        "深/b#节": Meaning("深/b.md", "节"),
        "b#^q": Meaning("深/b.md", "^q"),
        "b#无": Meaning("深/b.md", "", "missing-anchor"),
        "没有": Meaning("", "", "missing-file"),
        "图.png": Meaning("图.png"),
    }


def test_of_several_files_the_first_is_meant() -> None:
    files = {"一/b.md": "", "二/b.md": "", "a.md": "[[b]]"}
    assert book_of(files).pages["a.md"].links["b"] == Meaning("一/b.md")


def backlinks(files: dict[str, str], path: str) -> tuple[Backlink, ...]:
    return book_of(files).pages[path].backlinks


def test_a_backlink_has_its_sentence_and_its_heading() -> None:
    text = "前[[b]]。\n\n## 一节\n\n先。再看[[b|乙]]的门。后。"
    assert backlinks({"a.md": text, "b.md": ""}, "b.md") == (
        Backlink("a.md", "前", "b", "。"),
        Backlink("a.md", "再看", "乙", "的门。", "一节"),
    )


def test_a_canvas_links_back_with_what_its_card_says() -> None:
    assert backlinks({"图.canvas": CANVAS, "深/b.md": "## 节"}, "深/b.md") == (
        Backlink("图.canvas", "见", "乙", "，好。"),
        Backlink("图.canvas", "", "b › 节", ""),
    )


def test_links_in_properties_in_comments_and_to_oneself_are_no_backlinks() -> None:
    files = {"a.md": '---\nup: "[[b]]"\n---\n%%[[b]]%% [[a]]', "b.md": ""}
    assert backlinks(files, "b.md") == backlinks(files, "a.md") == ()


def test_what_is_embedded_or_lies_on_a_canvas_is_kept_as_text() -> None:
    book = book_of({"a.md": "![[c]] [[d]]", "c.md": "丙", "d.md": "丁", "深/b.md": "乙", "图.canvas": CANVAS})
    assert book.texts == {"c.md": "丙", "深/b.md": "乙"}


def test_tags_are_gathered_with_those_above_them_and_spelled_as_first() -> None:
    book = book_of({"a.md": "#Seq/rnn #x", "b.md": "---\ntags: [seq]\n---\n"})
    assert book.tags == {"Seq": ("a.md", "b.md"), "Seq/rnn": ("a.md",), "x": ("a.md",)}
    assert book.tag_urls["Seq/rnn"] == "tags/Seq/rnn/"


def test_a_tag_that_is_no_address_has_no_page() -> None:
    book = book_of({"a.md": '---\ntags: ["../../x", "a//b", "好"]\n---\n'})
    assert set(book.tags) == {"a", "好"}
    assert all(".." not in url for url in book.tag_urls.values())


def test_what_to_read_first_and_what_that_opens() -> None:
    def after(*paths: str) -> str:
        return "---\nprerequisites: [" + ", ".join(f'"[[{path}]]"' for path in paths) + "]\nminutes: 5\n---\n"

    book = book_of({"a.md": after(), "b.md": after("a"), "c.md": after("b", "没有")})
    assert book.pages["c.md"].prerequisites == ("b.md",)
    assert book.pages["c.md"].before == ("a.md", "b.md")
    assert book.pages["a.md"].unlocks == ("b.md",)
    assert book.pages["a.md"].minutes == 5


def test_minutes_are_a_number_or_nothing() -> None:
    for value, minutes in {"12.4": 12, "-3": 0, "true": 0, "多": 0, ".inf": 0, "1e9": 0, "'5'": 0}.items():
        assert book_of({"a.md": f"---\nminutes: {value}\n---\n"}).pages["a.md"].minutes == minutes


# ------------------------------------------------------------------------------------------------ what is published


def published(files: dict[str, str]) -> set[str]:
    book = book_of(files)
    return {*book.pages, *book.files}


def test_settings_and_what_is_hidden_are_not_published() -> None:
    hidden = (".obsidian/app.json", ".obsidian/workspace.md", ".trash/a.md", ".git/config", "深/.x/a.md", ".env")
    settings = ("kb.toml", "mkdocs.yml", "pyproject.toml")
    shown = ("a.md", "深/图.png", "深/论文.pdf", "说明.txt", "kb.toml.md", "深/kb.toml")
    assert published(dict.fromkeys((*hidden, *settings, *shown), "")) == set(shown)


def test_what_the_settings_exclude_is_not_published_and_a_link_to_it_says_so(tmp_path: Path) -> None:
    for path, text in {
        "a.md": "[[模板/日记]] [[草稿/b]] [[没有]]",
        "模板/日记.md": "{{date}}",
        "草稿/b.md": "",
        "草稿/图.png": "",
        ".obsidian/templates.json": '{"folder": "模板"}',
        ".obsidian/app.json": '{"userIgnoreFilters": ["草稿/"]}',
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    book: Book = bind(app.scan(app.Project(Config(vault=tmp_path, root=tmp_path))), Wish("x"))
    assert {*book.pages, *book.files} == {"a.md"}
    assert book.pages["a.md"].links["模板/日记"] == Meaning("模板/日记.md")
    assert book.url_of(Meaning("模板/日记.md")) == ""


def test_snippets_are_listed_with_who_shows_them() -> None:
    config = Config(vault=Path("p/notes"), root=Path("p"), snippets="snippets", proofs="tests")
    files = {
        "notes/a.md": '```python title="snippets/x.py"\nx = 1\n```\n',
        "snippets/x.py": "x = 1\n",
        "tests/test_x.py": '"""对照手算。\n\n细节"""\n',
    }
    proof = Proof("cpu", "proven")
    wish = Wish("v", source_url="https://x.org/", evidence={"snippets/x.py": (proof,)})
    book = bind(app.snapshot_of(files, config), wish)
    (listing,) = book.snippets.values()
    assert (listing.path, listing.shown, listing.oracle, listing.proofs) == ("snippets/x.py", ("a.md",), "对照手算", (proof,))
    assert (listing.source_url, listing.proof_url) == ("https://x.org/snippets/x.py", "https://x.org/tests/test_x.py")
    assert (book.snippets_folder, book.snippets_url) == ("snippets", "proofs/")
    assert book_of({"a.md": ""}).snippets_url == ""

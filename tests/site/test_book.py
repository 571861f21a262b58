"""The book: through JSON and back, and addresses as they are written on a page."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbtools.site.book import (
    Backlink,
    Book,
    Listing,
    Meaning,
    Page,
    Proof,
    Section,
    link_key,
    parse_book,
    relative,
    write_book,
)
from tests.site.rendering import book_of

TEXT = st.text(max_size=6)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
NUMBER = st.integers(0, 999)
MEANING = st.builds(Meaning, TEXT, TEXT, st.sampled_from(["ok", "missing-file", "missing-anchor", "external"]))
PAGE = st.builds(
    Page,
    path=TEXT,
    url=TEXT,
    title=TEXT,
    kind=st.sampled_from(["note", "canvas", "notebook"]),
    description=TEXT,
    note_kind=TEXT,
    aliases=TEXTS,
    tags=TEXTS,
    minutes=NUMBER,
    sections=st.lists(st.builds(Section, TEXT, NUMBER, TEXT, NUMBER, NUMBER), max_size=3).map(tuple),
    links=st.dictionaries(TEXT, MEANING, max_size=3),
    backlinks=st.lists(st.builds(Backlink, TEXT, TEXT, TEXT, TEXT, TEXT), max_size=3).map(tuple),
    prerequisites=TEXTS,
    unlocks=TEXTS,
    before=TEXTS,
    lines=NUMBER,
)
PROOF = st.builds(Proof, TEXT, st.sampled_from(["proven", "stale", "none"]), TEXT, st.dictionaries(TEXT, TEXT, max_size=2), TEXT)
LISTING = st.builds(
    Listing,
    path=TEXT,
    proof=TEXT,
    oracle=TEXT,
    tolerance=TEXT,
    proofs=st.lists(PROOF, max_size=2).map(tuple),
    shown=TEXTS,
    source_url=TEXT,
    proof_url=TEXT,
)
NAMED = st.dictionaries(TEXT, TEXT, max_size=3)
BOOK = st.builds(
    Book,
    name=TEXT,
    pages=st.dictionaries(TEXT, PAGE, max_size=3),
    files=NAMED,
    texts=NAMED,
    tags=st.dictionaries(TEXT, TEXTS, max_size=3),
    tag_urls=NAMED,
    snippets=st.dictionaries(TEXT, LISTING, max_size=3),
    snippets_folder=TEXT,
    snippets_url=TEXT,
    graph_url=TEXT,
    tags_url=TEXT,
    redirects=NAMED,
    problems=TEXTS,
)


@given(BOOK)
def test_a_book_comes_back_from_its_json(book: Book) -> None:
    assert parse_book(write_book(book)) == book


def test_a_vaults_book_comes_back_and_is_written_the_same_twice() -> None:
    book = book_of({"a.md": "---\nredirects: [x]\n---\n# 甲\n\n[[b#乙|b]] #标签 $x$ ^q", "b.md": "## 乙\n\n![[a]]", "图.png": ""})
    assert parse_book(write_book(book)) == book
    assert write_book(parse_book(write_book(book))) == write_book(book)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"pages": {"a": {}}}', "{"])
def test_what_is_no_book_is_refused(text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
        parse_book(text)


PLACE = st.lists(st.sampled_from(["a", "b c", "图", "d.html"]), max_size=3).map("/".join)
URL = st.tuples(PLACE, st.sampled_from(["", "/"])).map(lambda found: found[0] + found[1] if found[0] else "")


@given(URL, URL, st.sampled_from(["", "#甲"]))
def test_a_relative_address_leads_there_from_the_page(url: str, base: str, anchor: str) -> None:
    written = relative(url + anchor, base)
    assert urljoin("http://x/" + base, written) == "http://x/" + url + anchor
    assert urljoin(f"http://x/in/a/folder/{base}", written) == f"http://x/in/a/folder/{url}{anchor}"


def test_addresses_look_as_one_would_write_them() -> None:
    assert relative("", "") == "./"
    assert relative("a/#x", "a/") == "#x"
    assert relative("b/", "a/") == "../b/"
    assert relative("图.png", "深/a/") == "../../图.png"


def test_a_meaning_has_an_address_where_its_file_is_published() -> None:
    book = book_of({"a.md": "## 甲", "图 1.png": ""})
    assert book.url_of(Meaning("a.md", "甲")) == "a/#%E7%94%B2"
    assert book.url_of(Meaning("图 1.png")) == "%E5%9B%BE%201.png"
    assert book.url_of(Meaning("草稿.md")) == book.url_of(Meaning("")) == ""


def test_the_key_of_a_link_holds_its_place() -> None:
    assert (link_key("a", ""), link_key("a", "b"), link_key("", "b")) == ("a", "a#b", "#b")

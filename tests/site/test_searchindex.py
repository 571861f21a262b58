"""Sections -> files of the search index, read back by a reader of their own and compared with a plain search of the texts."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from kbtools.site.searchindex import DIGITS, PIECE, Entry, encode, iter_search_files
from kbtools.site.searchterms import PREFIX
from kbtools.words import WORD, fold

CALL = re.compile(r'__kb_search\("(?P<version>[0-9a-f]{8})","(?P<name>\w+)",(?P<data>.*)\);\n', re.DOTALL)

Key = tuple[int, int]
Hits = dict[Key, list[int] | None]


class Reader:
    """The index as it is written in its files; `loaded` are the names of the files that a question needed."""

    def __init__(self, files: dict[str, bytes]) -> None:
        calls = [CALL.fullmatch(data.decode()) for data in files.values()]
        self.sizes = {path.rpartition("/")[2]: len(data) for path, data in files.items()}
        self.data = {call["name"]: json.loads(call["data"]) for call in calls if call}
        self.versions = {call["version"] for call in calls if call}
        self.loaded = {"manifest"}
        manifest = self.data["manifest"]
        self.starts = [term.encode("utf-16-be") for term in manifest["terms"]]
        self.pages = [page for page, count in enumerate(numbers(manifest["pages"])) for _ in range(count)]
        self.counts = numbers(manifest["sections"])

    def posting(self, term: str) -> Hits:
        name = f"t{self.shard(term)}"
        self.loaded.add(name)
        return parse(self.data[name].get(term, ""))

    def shard(self, term: str) -> int:
        return max(bisect_right(self.starts, term.encode("utf-16-be")) - 1, 0)

    def section(self, number: int) -> list[str]:
        for shard, count in enumerate(self.counts):
            if number < count:
                self.loaded.add(f"s{shard}")
                return list(self.data[f"s{shard}"][number])
            number -= count
        raise IndexError(number)

    def hits(self, word: str) -> Hits:
        if WORD.fullmatch(word)["han"]:  # type: ignore[index]
            return self.han_hits(word)
        found = self.posting(word)
        if len(word) <= PREFIX:
            return found | self.posting(word + "*")
        for shard in range(self.shard(word), self.shard(word + "\uffff") + 1):
            self.loaded.add(f"t{shard}")
            for term, written in self.data[f"t{shard}"].items():
                found |= parse(written) if term.startswith(word) else {}
        return found

    def han_hits(self, word: str) -> Hits:
        if len(word) == 1:
            return self.posting(word)
        offsets = sorted({*range(0, len(word) - 1, 2), len(word) - 2})
        first, *others = [(offset, self.posting(word[offset : offset + 2])) for offset in offsets]
        hits: Hits = {}
        for key, places in first[1].items():
            starts = set(places or [])
            for offset, found in others:
                starts &= {place - offset for place in found.get(key) or []}
            if starts:
                hits[key] = sorted(starts)
        return hits

    def find(self, query: str) -> set[int]:
        words = [match[0] for match in WORD.finditer(fold(query))]
        return set.intersection(*({self.pages[section] for section, _ in self.hits(word)} for word in words))


def numbers(text: str) -> list[int]:
    found, value = [], 0
    for letter in text:
        digit = DIGITS.index(letter)
        value = value * 45 + digit % 45
        if digit < 45:
            found.append(value)
            value = 0
    return found


def parse(written: str) -> Hits:
    placeless = written.startswith("!")
    read = iter(numbers(written.removeprefix("!")))
    hits: Hits = {}
    section = 0
    for where in read:
        section += where // 2
        field = next(read) if where % 2 else 0
        hits[section, field] = None if placeless else list(places(read))
    return hits


def places(read: Iterator[int]) -> Iterator[int]:
    at = 0
    for step in read:
        at += step // 2
        yield at
        if step % 2:
            return


def index_of(entries: Sequence[Entry]) -> Reader:
    return Reader(dict(iter_search_files(entries)))


def plainly(pages: Sequence[Sequence[str]], query: str) -> set[int]:
    """The pages that have every word of the query in one of their texts, by looking at all of them."""
    words = list(WORD.finditer(fold(query)))

    def has(text: str, word: re.Match[str]) -> bool:
        if word["han"]:
            return word[0] in text
        return any(other[0].startswith(word[0]) for other in WORD.finditer(text) if other["word"])

    folded = [[fold(text) for text in page] for page in pages]
    return {number for number, page in enumerate(folded) if all(any(has(text, word) for text in page) for word in words)}


# ------------------------------------------------------------------------------------------------ what is found

TEXT = st.text("注意力机制反向传播门 ，a1tenＴé_", max_size=40)
QUERY = st.text("注意力机制反向传播门aten ", min_size=1, max_size=8).filter(str.strip)


@given(st.lists(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=3), min_size=1, max_size=5), QUERY)
@settings(deadline=None)
def test_the_index_finds_what_a_plain_search_finds(pages: list[list[tuple[str, str]]], query: str) -> None:
    entries = [
        Entry(f"{page}/#{number}" if number else f"{page}/", "", heading, text)
        for page, sections in enumerate(pages)
        for number, (heading, text) in enumerate(sections)
    ]
    texts = [[text for section in sections for text in section] for sections in pages]
    assert index_of(entries).find(query) == plainly(texts, query)


@given(st.lists(st.integers(0, 10**7)))
def test_numbers_are_read_as_they_were_written(values: list[int]) -> None:
    assert numbers("".join(map(encode, values))) == values


def test_a_word_is_found_in_the_middle_of_a_sentence() -> None:
    index = index_of([Entry("a/", "网络", "", "误差经由反向传播逐层回到输入"), Entry("b/", "其他", "", "反向与传播各自出现")])
    assert index.find("反向传播") == {0}
    assert index.find("传播 反向") == {0, 1}


def test_a_posting_says_field_and_place() -> None:
    entries = [
        Entry("a/", "门控", "", "无关", tags=("rnn/门控",), aliases=("gate", "门控单元")),
        Entry("a/#x", "门控", "论门控", "是门控"),
    ]
    index = index_of(entries)
    assert index.posting("门控") == {(0, 1): [4], (0, 3): [5], (0, 4): [0], (1, 0): [1], (1, 2): [1]}
    assert index.posting("=门控") == {(0, 4): None}
    assert index.posting("=gate") == {(0, 3): None}


def test_the_beginning_of_a_word_is_found() -> None:
    index = index_of([Entry("a/", "x", "", "Scaled dot-product Attention"), Entry("b/", "y", "", "content")])
    assert all(index.find(query) == {0} for query in ("a", "at", "atten", "ATTENTION", "dot-prod"))
    assert index.find("tention") == set()


def test_a_section_is_shown_with_its_page() -> None:
    index = index_of([Entry("a/", "甲", "", "头"), Entry("a/#b", "甲", "乙", "身", tags=("t",))])
    assert index.section(1) == ["a/#b", "甲", "乙", "身", "t"]


def test_a_long_section_is_cut_between_sentences() -> None:
    sentence = "误差经由反向传播逐层回到输入。"
    index = index_of([Entry("a/", "甲", "", sentence * 500 + "最末的词")])
    pieces = [index.section(number)[3] for number in range(len(index.pages))]
    assert len(pieces) > 4
    assert "".join(pieces) == sentence * 500 + "最末的词"
    assert all(len(piece) <= PIECE and piece.endswith("。") for piece in pieces[:-1])
    assert index.find("最末的词") == {0}


def test_files_are_scripts_of_one_version_that_need_no_escape() -> None:
    files = dict(iter_search_files([Entry("a/", "</script>", "", 'a"b\\c\u2028<!-- \ud800')]))
    assert {path.rpartition("/")[0] for path in files} == {"assets/kb/search"}
    assert len(Reader(files).versions) == 1
    other = Reader(dict(iter_search_files([Entry("a/", "b", "", "")])))
    assert Reader(files).versions != other.versions


def test_order_is_kept_and_nothing_is_by_chance() -> None:
    entries = [Entry(f"{number}/", f"页{number}", "", "同样的话") for number in range(300)]
    assert list(iter_search_files(entries)) == list(iter_search_files(entries))


def test_a_site_without_pages_has_an_index() -> None:
    assert [path for path, _ in iter_search_files([])] == ["assets/kb/search/manifest.js"]

"""The index on disk: what a query finds, after any history of changes, in company, and when the file is damaged."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kbtools.search.document import Prepared, pack, prepare, read_document, unpack
from kbtools.search.excerpt import find_hits, make_excerpt
from kbtools.search.query import parse_query
from kbtools.search.store import Index, with_index
from kbtools.vault.walk import Stamp

KEY = b"key"


def stamps_of(files: Mapping[str, str]) -> dict[str, Stamp]:
    return {path: (hash(text) & 0xFFFFFFFF, 1, len(text), 1) for path, text in files.items()}


def update(index: Index, files: Mapping[str, str]) -> list[str]:
    """Bring an index up to date; the paths that were read."""
    read: list[str] = []

    def documents(paths: Sequence[str]) -> Iterable[Prepared]:
        read.extend(paths)
        return [prepare(read_document(path, files[path])) for path in paths]

    index.update(stamps_of(files), documents, lambda stamp: True)
    return read


def find(file: Path, files: Mapping[str, str], query: str, limit: int = 20) -> list[str]:
    """The paths that a query finds in an index of these files."""

    def job(index: Index) -> list[str]:
        update(index, files)
        return [document.path for document in index.search(parse_query(query), limit).documents]

    return with_index(file, KEY, job)


NOTES = {
    "概念/反向传播.md": "---\naliases: [BP, 误差反传]\ntags: [概念/训练]\nkind: concept\n---\n"
    "# 反向传播\n\n用链式法则求梯度，从损失走回输入。",
    "概念/梯度消失.md": "---\ntags: 概念\n---\n# 梯度消失\n\n沿时间反向传播时梯度越乘越小；LSTM缓解之。",
    "概念/LSTM.md": "# LSTM\n\n三个门。Gates, gating and the vanishing gradient. 見計算圖。",
    "日记/一.md": "今天读了LSTM的论文，学的是反向与传播。 #读书",
    "地图.canvas": '{"nodes": [{"id": "1", "type": "text", "text": "## 路线\\n先学反向传播"}], "edges": []}',
    "实验.ipynb": '{"cells": [{"cell_type": "code", "source": ["loss.backward()\\n", "# 梯度"], "outputs": [{"text": "秘密"}]}], '
    '"nbformat": 4, "metadata": {}}',
}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("反向传播", ["概念/反向传播.md", "概念/梯度消失.md", "地图.canvas"]),
        ("向传", ["概念/反向传播.md", "概念/梯度消失.md", "地图.canvas"]),
        ("链式", ["概念/反向传播.md"]),
        ("損失", ["概念/反向传播.md"]),
        ("计算图", ["概念/LSTM.md"]),
        ("门", ["概念/LSTM.md"]),
        ("gat", ["概念/LSTM.md"]),
        ('"gate"', []),
        ("ga", []),
        ("bp", ["概念/反向传播.md"]),
        ("误差反传", ["概念/反向传播.md"]),
        ("lstm -梯度", ["日记/一.md", "概念/LSTM.md"]),
        ("反向 传播 -tag:概念", ["地图.canvas", "日记/一.md"]),
        ("tag:概念", ["概念/反向传播.md", "概念/梯度消失.md"]),
        ("tag:概念/训练", ["概念/反向传播.md"]),
        ("tag:概", []),
        ("梯度 path:概念/梯", ["概念/梯度消失.md"]),
        ("kind:concept", ["概念/反向传播.md"]),
        ("kind:canvas", ["地图.canvas"]),
        ("梯度 -kind:note", ["实验.ipynb"]),
        ("backward", ["实验.ipynb"]),
        ("秘密", []),
        ("-反向 -lstm", ["实验.ipynb"]),
    ],
)
def test_found(tmp_path: Path, query: str, found: list[str]) -> None:
    assert sorted(find(tmp_path / "s.db", NOTES, query)) == sorted(found)


def test_the_note_of_that_name_comes_first_then_the_alias_then_a_heading(tmp_path: Path) -> None:
    notes = {
        "a.md": "文中的门控",
        "b.md": "# 门控\n\nx",
        "c.md": "---\naliases: [门控]\n---\nx",
        "门控.md": "x",
        "门控循环单元.md": "x",
    }
    assert find(tmp_path / "s.db", notes, "门控") == ["门控.md", "c.md", "门控循环单元.md", "b.md", "a.md"]


def test_a_whole_word_comes_before_what_begins_with_it(tmp_path: Path) -> None:
    notes = {"a.md": "graduate graduate", "b.md": "grad student", "c.md": "other"}
    assert find(tmp_path / "s.db", notes, "grad") == ["b.md", "a.md"]


def test_limit_and_total(tmp_path: Path) -> None:
    notes = {f"{number}.md": "词语" for number in range(30)}

    def job(index: Index) -> tuple[int, int]:
        update(index, notes)
        found = index.search(parse_query("词语"), 4)
        return len(found.documents), found.total

    assert with_index(tmp_path / "s.db", KEY, job) == (4, 30)


def test_only_what_changed_is_read(tmp_path: Path) -> None:
    file = tmp_path / "s.db"
    assert with_index(file, KEY, lambda index: update(index, NOTES)) == sorted(NOTES)
    assert with_index(file, KEY, lambda index: update(index, NOTES)) == []
    assert with_index(file, KEY, lambda index: update(index, {**NOTES, "日记/一.md": "别的"})) == ["日记/一.md"]


def test_a_young_stamp_is_looked_at_again(tmp_path: Path) -> None:
    reads: list[list[str]] = []

    def read(paths: list[str]) -> list[Prepared]:
        reads.append(paths)
        return [prepare(read_document(path, "文字")) for path in paths]

    for _ in range(2):
        with_index(tmp_path / "s.db", KEY, lambda index: index.update({"a.md": (1, 1, 1, 1)}, read, lambda stamp: False))
    assert reads == [["a.md"], ["a.md"]]


words = st.sampled_from(["反向", "传播", "反向传播", "门", "lstm", "LSTMs", "# 门控\n", "的", " ", "，", "\n", "#概念 ", "播"])
contents = st.lists(words, max_size=8).map("".join)
vaults = st.dictionaries(st.sampled_from(["a.md", "门控.md", "x/b.md", "x/反向.md"]), contents, max_size=4)
queries = st.sampled_from(
    ["反向", "反向传播", "播", "门", "lstm", "反向 lstm", "传播 -门", '"反向 传播"', "tag:概念", "向传", "-lstm"]
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(vaults, min_size=1, max_size=4), queries)
def test_any_history_gives_what_a_new_index_gives(
    tmp_path_factory: pytest.TempPathFactory, history: list[dict[str, str]], query: str
) -> None:
    folder = tmp_path_factory.mktemp("history")
    for files in history:
        found = find(folder / "old.db", files, query)
    assert found == find(folder / "new.db", history[-1], query)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(vaults, queries.filter(lambda query: "tag:" not in query))
def test_the_index_finds_what_reading_everything_finds(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, str], query: str
) -> None:
    parsed = parse_query(query)

    def has(path: str) -> bool:
        document = read_document(path, files[path])
        fields = (document.title, document.text, document.properties)
        there = [any(find_hits(field, [phrase]) for field in fields) for phrase in (*parsed.wanted, *parsed.unwanted)]
        return all(there[: len(parsed.wanted)]) and not any(there[len(parsed.wanted) :])

    assert sorted(find(tmp_path_factory.mktemp("all") / "s.db", files, query)) == sorted(filter(has, files))


# ------------------------------------------------------------------------------------------------ the file


@pytest.mark.parametrize("damage", ["cut", "text", "empty", "foreign", "tables", "middle", "documents"])
def test_a_damaged_file_is_made_anew(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "s.db"
    notes = {**NOTES, **{f"{number}.md": f"词{number} " * 200 for number in range(60)}}
    expected = find(file, notes, "反向传播")
    data = file.read_bytes()
    if damage == "foreign":
        file.unlink()
        sqlite3.connect(file).execute("CREATE TABLE files (x)")
    elif damage == "tables":
        with sqlite3.connect(file) as connection:
            connection.execute("DROP TABLE files")
    elif damage == "documents":
        with sqlite3.connect(file) as connection:
            connection.execute("UPDATE files SET document = substr(document, 3)")
    else:
        changed = {"cut": data[:5000], "text": b"no database", "empty": b"", "middle": data[:4096] + b"\xff" * (len(data) - 4096)}
        file.write_bytes(changed[damage])
    assert find(file, notes, "反向传播") == expected
    assert find(file, notes, "链式") == ["概念/反向传播.md"]


def test_an_index_of_another_kb_is_made_anew(tmp_path: Path) -> None:
    file = tmp_path / "s.db"
    find(file, NOTES, "门")
    assert with_index(file, b"other", lambda index: update(index, NOTES)) == sorted(NOTES)
    assert with_index(file, b"other", lambda index: update(index, NOTES)) == []


def test_a_folder_that_cannot_be_made_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert find(tmp_path / "file" / "s.db", NOTES, "链式") == ["概念/反向传播.md"]
    (tmp_path / "folder" / "s.db").mkdir(parents=True)
    assert find(tmp_path / "folder" / "s.db", NOTES, "链式") == ["概念/反向传播.md"]


def test_a_run_that_fails_leaves_the_index_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "s.db"
    expected = find(file, NOTES, "梯度")

    def read(paths: Sequence[str]) -> Iterable[Prepared]:
        yield prepare(read_document("概念/LSTM.md", "别的"))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        with_index(file, KEY, lambda index: index.update({"概念/LSTM.md": (9, 9, 9, 9)}, read, lambda stamp: True))
    assert with_index(file, KEY, lambda index: update(index, NOTES)) == []
    assert find(file, NOTES, "梯度") == expected


def test_two_at_once_find_the_same(tmp_path: Path) -> None:
    notes = {**NOTES, **{f"{number}.md": f"反向传播 {number} " * 50 for number in range(200)}}
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(find(tmp_path / "s.db", notes, "反向传播 7"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert found[0]
    assert all(paths == found[0] for paths in found)


# ------------------------------------------------------------------------------------------------ documents and excerpts


@pytest.mark.parametrize("path", NOTES)
def test_a_document_is_unpacked_as_it_was(path: str) -> None:
    document = read_document(path, NOTES[path])
    assert unpack(pack(document)) == document


def test_the_place_is_where_the_words_stand_together() -> None:
    text = "---\ntags: x\n---\n# 一\n\n梯度。\n\n" + "填充。" * 60 + "\n\n## 二\n\n梯度会消失。\n"
    place = make_excerpt(read_document("a.md", text), parse_query("梯度 消失").wanted)
    assert (place.line, place.column, place.heading) == (12, 1, "二")
    assert [place.text[start:end] for start, end in place.hits] == ["梯度", "消失"]


def test_the_place_counts_lines_that_end_in_any_way() -> None:
    place = make_excerpt(read_document("a.md", "---\r\na: 1\r\n---\r\n一\r\n二\r三 门\r\n"), parse_query("门").wanted)
    assert (place.line, place.column) == (6, 3)


def test_the_place_in_a_notebook_is_the_line_of_the_file() -> None:
    notebook = '{\n "cells": [\n  {"cell_type": "markdown",\n   "source": [\n    "# 题\\n",\n    "梯度"\n   ]}\n ]\n}'
    place = make_excerpt(read_document("a.ipynb", notebook), parse_query("梯度").wanted)
    assert (place.line, place.heading) == (6, "题")


def test_a_note_found_by_its_name_shows_its_beginning() -> None:
    place = make_excerpt(read_document("门控.md", "\n\n别的。"), parse_query("门控").wanted)
    assert (place.line, place.text, place.hits) == (3, "别的。", ())


def test_words_in_properties_are_shown_there() -> None:
    place = make_excerpt(read_document("a.md", "---\nx: 1\nauthor: Hochreiter\n---\n文。"), parse_query("hochreiter").wanted)
    assert (place.line, place.column, place.text) == (3, 9, "x: 1 author: Hochreiter"[5:])


@given(contents, queries.filter(lambda query: "tag:" not in query))
def test_marks_are_the_words(text: str, query: str) -> None:
    wanted = parse_query(query).wanted
    place = make_excerpt(read_document("a.md", text), wanted)
    for start, end in place.hits:
        assert 0 <= start < end <= len(place.text)
        assert find_hits(place.text[start:end], wanted)

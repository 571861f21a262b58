"""Our own vault keeps its habits: what pages say about the vault is what the vault is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from kbtools import app, graph
from kbtools.config import find_config
from kbtools.model import Note
from kbtools.vault.snapshot import Snapshot

ROOT = Path(__file__).parents[1]
HEADINGS = ("一句话", "为什么需要", "直觉", "定义与公式", "代码", "证明", "误区与勘误", "自测", "练习", "延伸")
PATHS = ("深度学习7天速成", "深度学习综合指南", "工程应用路径", "机器学习理论入门")
TEST = re.compile(r"`(?:tests/)?(?:snippets/)?(?P<file>test_\w+\.py)::(?P<name>test_\w+)`")
QUESTION = re.compile(r"^> \[!question\]-", re.MULTILINE)
HOURS_A_WEEK = 12


@cache
def vault() -> Snapshot:
    return app.scan(app.Project(find_config(ROOT, ROOT)))


def notes(kind: str) -> Mapping[str, Note]:
    found = {path: vault().notes[path] for path in vault().notes}
    return {path: note for path, note in found.items() if note.properties.get("kind") == kind}


def text(name: str) -> str:
    return vault().notes[find(name)].source.text


def find(name: str) -> str:
    return next(path for path in vault().notes if path.rpartition("/")[2] in {f"{name}.md", name})


def rows(page: str, below: str) -> list[list[str]]:
    """The cells of the first table below a line that has `below` in it, without its head."""
    lines = page.partition(below)[2].split("\n")
    start = next(number for number, line in enumerate(lines) if line.startswith("|"))
    table = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split("|")])
    return table[2:]


def linked(cell: str) -> list[str]:
    return re.findall(r"\[\[([^\]|#]+)", cell)


def layers() -> dict[str, int]:
    """How many notes stand on the longest way from a root to each concept and model."""
    asked = graph.prerequisites_of(vault())
    depth: dict[str, int] = {}
    for path in sorted({**notes("concept"), **notes("model")}):
        for one in graph.learning_path(asked, path):
            depth[one] = 1 + max((depth[before] for before in asked.get(one, ())), default=-1)
    return depth


def test_the_table_of_layers_is_the_graph_of_prerequisites() -> None:
    said = {find(name): int(row[0]) for row in rows(text("学习路径总览"), "test_our_vault") for name in linked(row[1])}
    assert said == layers()


@pytest.mark.parametrize("name", PATHS)
def test_the_hours_of_a_path_are_the_sum_of_its_notes(name: str) -> None:
    row = next(row for row in rows(text("学习安排"), "各路线要几周") if linked(row[0]) == [name])
    read = {
        path
        for link in vault().notes[find(name)].links
        if (path := target(link.target)) in {**notes("concept"), **notes("model")}
    }
    minutes = sum(int(str(vault().notes[path].properties["minutes"])) for path in read)
    assert [int(row[1]), float(row[2]), float(row[3])] == [
        len(read),
        round(minutes / 60, 1),
        round(minutes / 60 / HOURS_A_WEEK, 1),
    ]


def target(name: str) -> str:
    return next((path for path in vault().notes if path.rpartition("/")[2] == f"{name}.md"), "")


def pages() -> Iterator[tuple[str, Note]]:
    yield from {**notes("concept"), **notes("model")}.items()


@pytest.mark.parametrize("path", sorted(dict(pages())))
def test_a_note_that_teaches_has_every_part(path: str) -> None:
    note = vault().notes[path]
    headings = [anchor.text for anchor in note.anchors if anchor.kind == "heading" and anchor.level == 2]
    assert [heading for heading in headings if heading in HEADINGS] == list(HEADINGS)
    assert len(QUESTION.findall(note.source.text)) >= 3
    assert note.properties.get("sources")
    assert note.properties.get("permalink")
    assert note.properties.get("minutes")


def test_the_tests_that_notes_name_are_there() -> None:
    missing = []
    for path in vault().notes:
        for found in TEST.finditer(vault().notes[path].source.text):
            files = list((ROOT / "tests").rglob(found["file"]))
            if not any(f"def {found['name']}(" in file.read_text("utf-8") for file in files):
                missing.append((path, found[0]))
    assert missing == []


def test_every_erratum_of_code_names_a_test_and_every_source_is_dated() -> None:
    page = text("勘误表")
    assert len(TEST.findall(page)) >= 20
    assert "T:" not in page
    assert all(row[3] for row in rows(page, "## 年代、人物与出处") if row[0] != "E89")


def test_every_tag_is_in_the_glossary() -> None:
    listed = set(re.findall(r"`#?([\w/-]+)`", text("术语表").partition("## 标签")[2]))
    used = {tag.name for path in vault().notes for tag in vault().notes[path].tags}
    assert used - listed == set()
    assert listed - used == set()


def test_every_note_is_on_a_map() -> None:
    mapped = {target(link.target) for path in notes("map") for link in vault().notes[path].links}
    assert sorted(path for path, _note in pages() if path not in mapped) == []


def test_the_measure_sees_a_page_that_is_wrong() -> None:
    assert rows("甲\n\n| a | b |\n|---|---|\n| 1 | [[x]] |\n\n| c |\n", "甲") == [["1", "[[x]]"]]
    assert linked("[[x|y]]、[[z#h]]") == ["x", "z"]

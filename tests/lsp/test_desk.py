"""What a desk knows after any edits is what a check of the same texts says."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kbtools import app
from kbtools.config import find_config
from kbtools.lsp.desk import Desk
from kbtools.lsp.shelf import Shelf
from kbtools.model import Finding

KB_TOML = 'vault = "notes"\nsnippets = "snippets"\nproofs = "tests/snippets"\n[rules]\norphan-note = "warning"\n'
BLOCK = '```python title="snippets/a.py#f"\ndef f():\n    return {}\n```\n'
FILES = {
    "kb.toml": KB_TOML,
    "notes/a.md": "# 甲\n\n[[b]] [[b#乙]] [[没有]]\n\n" + BLOCK.format(1),
    "notes/b.md": "---\nprerequisites: ['[[a]]']\n---\n# 乙\n\n[[a#甲]] [[a]]\n",
    "notes/sub/c.md": "[[a#丙]] ![[p.png]] $x\n",
    "notes/p.png": "",
    "snippets/a.py": "def f():\n    return 1\n",
    "tests/snippets/test_a.py": "from snippets.a import f\n\ndef test_f(): assert f() == 1\n",
}
TEXTS = st.lists(
    st.sampled_from(
        [
            "# 甲\n",
            "# 丙\n",
            "## 乙\n",
            "[[a#甲]] ",
            "[[a#丙]]\n",
            "[[b#乙]]\n",
            "[[没有]] ",
            "![[p.png]]\n",
            "[[new]]\n",
            "$x\n",
            BLOCK.format(1),
            BLOCK.format(2),
            "---\nprerequisites: ['[[b]]']\n---\n",
            "---\naliases: [没有]\n---\n",
            "字 ^id\n",
        ]
    ),
    max_size=5,
).map("".join)
MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from(["a.md", "b.md", "sub/c.md", "new.md"]), TEXTS),
        st.tuples(st.just("code"), st.just("a.py"), st.sampled_from(["def f():\n    return 2\n", "def g(): ...\n", "def f(:\n"])),
        st.tuples(st.just("drop"), st.sampled_from(["a.md", "b.md", "sub/c.md", "new.md"]), st.just("")),
        st.tuples(st.just("write"), st.sampled_from(["a.md", "sub/c.md", "disk.md"]), TEXTS),
        st.tuples(st.just("delete"), st.sampled_from(["b.md", "disk.md", "p.png"]), st.just("")),
        st.tuples(st.just("look"), st.just(""), st.just("")),
    ),
    max_size=8,
)  # fmt: skip


def make(root: Path, files: Mapping[str, str] = FILES) -> Desk:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return Desk(Shelf(find_config(None, root)))


def known(desk: Desk) -> list[tuple[object, ...]]:
    """All that a desk knows, once it has looked around."""
    desk.settle()
    while desk.is_behind:
        desk.accept(desk.look_around())
    return sorted(_facts(found) for path in desk.paths for found in desk.findings_of(path))


def _facts(found: Finding) -> tuple[object, ...]:
    return found.path, found.span, found.rule, found.message, found.hint, found.severity


def checked(files: Mapping[str, str]) -> list[tuple[object, ...]]:
    return sorted(_facts(found) for found in app.check_files(files).findings)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_CACHE_DIR", str(tmp_path / "cache"))


def test_what_is_known_at_first_is_what_a_check_says(tmp_path: Path) -> None:
    desk = make(tmp_path / "p")
    assert known(desk) == checked(FILES)
    assert {rule for _, _, rule, *_ in known(desk)} >= {"broken-link", "broken-anchor", "orphan-note", "invalid-math"} - {
        "invalid-math"
    }


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES)
def test_whatever_happens_the_desk_knows_what_a_check_says(
    tmp_path_factory: pytest.TempPathFactory, moves: list[tuple[str, str, str]]
) -> None:
    root = tmp_path_factory.mktemp("p")
    desk = make(root)
    disk, unsaved = dict(FILES), {}
    for kind, name, text in moves:
        path = f"snippets/{name}" if kind == "code" else f"notes/{name}"
        if kind in ("put", "code"):
            desk.shelf.put(root / path, text)
            unsaved[path] = text
        elif kind == "drop":
            desk.shelf.drop(root / path)
            unsaved.pop(path, None)
        elif kind == "write":
            (root / path).write_text(text, encoding="utf-8")
            disk[path] = text
            desk.shelf.touch(root / path)
        elif kind == "delete":
            (root / path).unlink(missing_ok=True)
            disk.pop(path, None)
            desk.shelf.touch(root / path)
        else:
            desk.settle()
            around = desk.look_around()
            desk.shelf.put(root / "notes/a.md", "# 变\n")  # typed while it looked
            unsaved["notes/a.md"] = "# 变\n"
            desk.settle()
            desk.accept(around)
        desk.settle()
    assert known(desk) == checked(disk | unsaved)


def test_a_keystroke_tells_of_its_note_at_once(tmp_path: Path) -> None:
    desk = make(tmp_path / "p")
    known(desk)
    desk.shelf.put(tmp_path / "p/notes/b.md", "# 乙\n\n[[LSMT]]\n")
    assert desk.settle() == {"b.md"}
    assert [found.message for found in desk.findings_of("b.md")] == ["nothing is named 'LSMT'"]


def test_a_lost_heading_is_told_at_once_in_an_open_note_and_later_in_others(tmp_path: Path) -> None:
    desk = make(tmp_path / "p")
    desk.shelf.put(tmp_path / "p/notes/b.md", FILES["notes/b.md"])
    known(desk)
    assert not [found for found in desk.findings_of("b.md") if found.rule == "broken-anchor"]
    desk.shelf.put(tmp_path / "p/notes/a.md", "# 丙\n")
    assert desk.settle() == {"a.md", "b.md"}
    assert [found.rule for found in desk.findings_of("b.md")] == ["broken-anchor"]
    assert [found.rule for found in desk.findings_of("sub/c.md") if found.rule == "broken-anchor"] == ["broken-anchor"]
    assert "sub/c.md" in desk.accept(desk.look_around())
    assert not [found for found in desk.findings_of("sub/c.md") if found.rule == "broken-anchor"]


def test_what_only_the_vault_tells_moves_with_the_text_until_it_is_asked_again(tmp_path: Path) -> None:
    files = {**FILES, "notes/a.md": "---\nprerequisites: ['[[b]]']\n---\n", "notes/b.md": "---\nprerequisites: ['[[a]]']\n---\n"}
    desk = make(tmp_path / "p", files)
    file = tmp_path / "p/notes/a.md"
    desk.shelf.put(file, files["notes/a.md"])
    known(desk)
    [cycle] = [found for found in desk.findings_of("a.md") if found.rule == "prerequisite-cycle"]
    desk.shelf.put(file, files["notes/a.md"].replace("---\n", "---\nkind: map\n", 1))
    desk.settle()
    [moved] = [found for found in desk.findings_of("a.md") if found.rule == "prerequisite-cycle"]
    assert moved.span.start == cycle.span.start + len("kind: map\n")


def test_nothing_is_written_to_the_vault(tmp_path: Path) -> None:
    desk = make(tmp_path / "p")
    before = {file: file.read_bytes() for file in (tmp_path / "p").rglob("*") if file.is_file()}
    desk.shelf.put(tmp_path / "p/notes/a.md", "changed")
    known(desk)
    assert {file: file.read_bytes() for file in (tmp_path / "p").rglob("*") if file.is_file()} == before


def test_a_keystroke_in_a_large_vault_costs_little(tmp_path: Path) -> None:
    files = {".obsidian/app.json": "{}"} | {
        f"n{number}.md": f"# n{number}\n\n[[n{number + 1}]] [[n{number + 2}#n{number + 2}]] [[gone{number}]]\n"
        for number in range(1500)
    }
    desk = make(tmp_path / "p", files)
    known(desk)
    file, text, times = tmp_path / "p/n700.md", files["n700.md"], []
    for letter in "see [[n70 and [[gnoe12]] ":
        text += letter
        desk.shelf.put(file, text)
        started = time.perf_counter()
        assert desk.settle() == {"n700.md"}
        times.append(time.perf_counter() - started)
    assert sorted(times)[len(times) // 2] < 0.05

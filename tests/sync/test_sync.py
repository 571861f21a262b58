"""`kb sync` on a project on disk: which side is written, what is left, what is kept."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from kbtools import app
from kbtools.errors import KbError
from tests.sync.project import block, complaints, put, steps, text_of, write_project

CODE = "def f(x):\n    return x\n"
OTHER = "def f(x):\n    return 2 * x\n"
THIRD = "def f(x):\n    return 3 * x\n"
REST = "\n\ndef g():\n    pass\n"
TITLE = "snippets/a.py#f"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KB_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def agreed_project(root: Path, **others: str) -> app.Project:
    """A note and a snippet that were equal once, and are known to have been."""
    project = write_project(root, {"notes/n.md": f"# 甲\n\n{block(TITLE, CODE)}\n后文\n", "snippets/a.py": CODE + REST, **others})
    synced = app.sync(project)
    assert (steps(synced), complaints(synced), synced.kept) == ([], [], None)
    return project


def test_only_the_snippet_moved(root: Path) -> None:
    project = agreed_project(root)
    put(root, "snippets/a.py", OTHER + REST)
    synced = app.sync(project)
    assert steps(synced) == [("note", "n.md", TITLE)]
    assert text_of(root, "notes/n.md") == f"# 甲\n\n{block(TITLE, OTHER)}\n后文\n"
    assert text_of(root, "snippets/a.py") == OTHER + REST


def test_only_the_block_moved(root: Path) -> None:
    project = agreed_project(root)
    put(root, "notes/n.md", block(TITLE, OTHER))
    synced = app.sync(project)
    assert steps(synced) == [("file", "n.md", TITLE)]
    assert text_of(root, "snippets/a.py") == OTHER + REST
    assert text_of(root, "notes/n.md") == block(TITLE, OTHER)


def test_both_moved(root: Path) -> None:
    project = agreed_project(root)
    put(root, "notes/n.md", block(TITLE, OTHER))
    put(root, "snippets/a.py", THIRD + REST)
    synced = app.sync(project)
    assert steps(synced) == []
    assert complaints(synced) == [f"n.md: this block and '{TITLE}' were both edited"]
    assert text_of(root, "notes/n.md") == block(TITLE, OTHER)
    assert text_of(root, "snippets/a.py") == THIRD + REST


@pytest.mark.parametrize(("prefer", "code"), [("note", OTHER), ("file", THIRD)])
def test_both_moved_and_one_is_preferred(root: Path, prefer: str, code: str) -> None:
    project = agreed_project(root)
    put(root, "notes/n.md", block(TITLE, OTHER))
    put(root, "snippets/a.py", THIRD + REST)
    assert complaints(app.sync(project, prefer="note" if prefer == "note" else "file")) == []
    assert text_of(root, "notes/n.md") == block(TITLE, code)
    assert text_of(root, "snippets/a.py") == code + REST


def test_both_moved_to_the_same(root: Path) -> None:
    project = agreed_project(root)
    put(root, "notes/n.md", block(TITLE, OTHER))
    put(root, "snippets/a.py", OTHER + REST)
    assert (steps(synced := app.sync(project)), complaints(synced)) == ([], [])
    put(root, "snippets/a.py", CODE + REST)
    assert steps(app.sync(project)) == [("note", "n.md", TITLE)]


def test_a_preference_overrides_nothing_that_is_known(root: Path) -> None:
    project = agreed_project(root)
    put(root, "notes/n.md", block(TITLE, OTHER))
    assert steps(app.sync(project, prefer="file")) == [("file", "n.md", TITLE)]


def test_who_moved_is_not_known_without_a_memory(root: Path) -> None:
    project = write_project(root, {"notes/n.md": block(TITLE, CODE), "snippets/a.py": OTHER})
    assert complaints(app.sync(project)) == [f"n.md: this block differs from '{TITLE}', and which was edited is not known"]


def test_check_remembers_what_agrees(root: Path) -> None:
    project = write_project(root, {"notes/n.md": block(TITLE, CODE), "snippets/a.py": CODE})
    app.check(project, app.Request(run=False))
    put(root, "snippets/a.py", OTHER)
    (finding,) = app.check(project, app.Request(run=False, select=("stale-snippet",))).findings
    assert finding.message == f"'{TITLE}' was edited, this block was not"
    assert steps(app.sync(project)) == [("note", "n.md", TITLE)]


def test_a_damaged_memory_is_none(root: Path, cache: Path) -> None:
    project = agreed_project(root)
    (memory,) = cache.rglob("agreed.json")
    memory.write_bytes(memory.read_bytes()[:-20])
    put(root, "snippets/a.py", OTHER + REST)
    assert len(complaints(app.sync(project))) == 1


def test_an_empty_block_asks_for_the_code(root: Path) -> None:
    project = write_project(
        root, {"notes/n.md": f'- 甲\n\n  > ```python title="{TITLE}"\n  > ```\n', "snippets/a.py": CODE + REST}
    )
    assert steps(app.sync(project)) == [("note", "n.md", TITLE)]
    assert text_of(root, "notes/n.md") == f'- 甲\n\n  > ```python title="{TITLE}"\n  > def f(x):\n  >     return x\n  > ```\n'


# ------------------------------------------------------------------------------------------------ several blocks


def test_an_edited_block_reaches_the_other_notes(root: Path) -> None:
    project = agreed_project(root, **{"notes/m.md": f"> {block(TITLE, CODE)}".replace("\n", "\n> ")})
    put(root, "notes/n.md", block(TITLE, OTHER))
    assert steps(app.sync(project)) == [("file", "n.md", TITLE), ("note", "m.md", TITLE)]
    assert "> def f(x):\n>     return 2 * x\n> ```\n" in text_of(root, "notes/m.md")
    assert steps(app.sync(project)) == []


def test_two_blocks_edited_alike(root: Path) -> None:
    project = agreed_project(root, **{"notes/m.md": block(TITLE, CODE)})
    for note in ("notes/n.md", "notes/m.md"):
        put(root, note, block(TITLE, OTHER))
    assert steps(app.sync(project)) == [("file", "m.md", TITLE), ("file", "n.md", TITLE)]
    assert text_of(root, "snippets/a.py") == OTHER + REST


@pytest.mark.parametrize("prefer", ["", "note"])
def test_two_blocks_edited_differently_are_left(root: Path, prefer: str) -> None:
    project = agreed_project(root, **{"notes/m.md": block(TITLE, CODE)})
    put(root, "notes/n.md", block(TITLE, OTHER))
    put(root, "notes/m.md", block(TITLE, THIRD))
    synced = app.sync(project, prefer="note" if prefer else "")
    assert complaints(synced) == [f"{note}: the blocks that show '{TITLE}' differ" for note in ("m.md", "n.md")]
    assert text_of(root, "snippets/a.py") == CODE + REST


def test_a_new_block_with_other_code_holds_an_edit_back(root: Path) -> None:
    project = agreed_project(root)
    put(root, "notes/n.md", block(TITLE, OTHER))
    put(root, "notes/new.md", block(TITLE, THIRD))
    synced = app.sync(project)
    assert complaints(synced) == [
        "n.md: another block that shows these lines is not decided",
        f"new.md: this block differs from '{TITLE}', and which was edited is not known",
    ]
    assert text_of(root, "snippets/a.py") == CODE + REST


def test_two_blocks_of_one_note_do_not_vouch_for_each_other(root: Path) -> None:
    project = agreed_project(root)
    twice = block(TITLE, CODE) + "\n" + block(TITLE, CODE)
    put(root, "notes/n.md", twice)
    app.sync(project)
    put(root, "notes/n.md", block(TITLE, CODE) + "\n" + block(TITLE, OTHER))
    put(root, "snippets/a.py", THIRD + REST)
    for _ in range(2):
        assert complaints(app.sync(project)) == [f"n.md: this block and '{TITLE}' were both edited"]
    assert text_of(root, "snippets/a.py") == THIRD + REST
    assert text_of(root, "notes/n.md") == block(TITLE, THIRD) + "\n" + block(TITLE, OTHER)


def test_an_edit_around_an_undecided_part_waits_for_it(root: Path) -> None:
    cell = "class C:\n    size = 1\n\n    def a(self):\n        return 1\n"
    method = "def a(self):\n    return 1\n"
    files = {"notes/n.md": block("snippets/c.py#C", cell), "snippets/c.py": cell}
    project = write_project(root, files)
    app.sync(project)
    put(root, "notes/n.md", block("snippets/c.py#C", cell.replace("size = 1", "size = 2")))
    put(root, "notes/m.md", block("snippets/c.py#C.a", method.replace("1", "3")))
    assert complaints(app.sync(project)) == [
        "m.md: this block differs from 'snippets/c.py#C.a', and which was edited is not known",
        "n.md: another block that shows these lines is not decided",
    ]
    assert text_of(root, "snippets/c.py") == cell


def test_parts_in_parts_follow(root: Path) -> None:
    cell = "class C:\n    def a(self):\n        return 1\n\n    def b(self):\n        return 2\n"
    method = "def a(self):\n    return 1\n"
    files = {
        "notes/n.md": block("snippets/c.py#C", cell),
        "notes/m.md": block("snippets/c.py#C.a", method),
        "snippets/c.py": cell,
    }
    project = write_project(root, files)
    app.sync(project)
    put(root, "notes/m.md", block("snippets/c.py#C.a", method.replace("1", "10")))
    assert steps(app.sync(project)) == [("file", "m.md", "snippets/c.py#C.a"), ("note", "n.md", "snippets/c.py#C")]
    assert text_of(root, "snippets/c.py") == cell.replace("1", "10")
    assert text_of(root, "notes/n.md") == block("snippets/c.py#C", cell.replace("1", "10"))


def test_parts_in_parts_that_contradict_are_left(root: Path) -> None:
    cell = "class C:\n    def a(self):\n        return 1\n"
    method = "def a(self):\n    return 1\n"
    files = {
        "notes/n.md": block("snippets/c.py#C", cell),
        "notes/m.md": block("snippets/c.py#C.a", method),
        "snippets/c.py": cell,
    }
    project = write_project(root, files)
    app.sync(project)
    put(root, "notes/m.md", block("snippets/c.py#C.a", method.replace("1", "2")))
    put(root, "notes/n.md", block("snippets/c.py#C", cell.replace("1", "3")))
    synced = app.sync(project)
    assert complaints(synced) == [f"{note}: another edited block shows the same lines differently" for note in ("m.md", "n.md")]
    assert text_of(root, "snippets/c.py") == cell


def test_edits_of_two_parts_of_a_file_both_arrive(root: Path) -> None:
    files = {"notes/n.md": block(TITLE, CODE) + block("snippets/a.py#g", "def g():\n    pass\n"), "snippets/a.py": CODE + REST}
    project = write_project(root, files)
    app.sync(project)
    put(root, "notes/n.md", block(TITLE, OTHER) + block("snippets/a.py#g", "def g():\n    return 1\n"))
    assert len(steps(app.sync(project))) == 2
    assert text_of(root, "snippets/a.py") == OTHER + REST.replace("pass", "return 1")


# ------------------------------------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def h(x):\n    return x\n", "the note's code no longer defines 'f'"),
        ("def f(x:\n", "with the note's code the file does not parse: '(' was never closed"),
        (CODE + "\n\nx = 1\n", "the note's code is more than 'f'"),
    ],
)
def test_an_edit_that_would_break_the_snippet_is_left(root: Path, code: str, said: str) -> None:
    project = agreed_project(root)
    put(root, "notes/n.md", block(TITLE, code))
    assert complaints(app.sync(project)) == [f"n.md: {said}"]
    assert text_of(root, "snippets/a.py") == CODE + REST


def test_a_block_that_is_never_closed_swallows_nothing(root: Path) -> None:
    project = agreed_project(root)
    put(root, "notes/n.md", f'```python title="{TITLE}"\n{OTHER}\n\n更多文字\n')
    assert complaints(app.sync(project)) == ["n.md: the block is never closed"]
    assert text_of(root, "snippets/a.py") == CODE + REST


def test_a_snippet_that_does_not_parse_reaches_no_note(root: Path) -> None:
    region = "# region 甲\nx = 1\n# endregion\n"
    project = write_project(root, {"notes/n.md": block("snippets/a.py#甲", "x = 1\n"), "snippets/a.py": region})
    app.sync(project)
    put(root, "snippets/a.py", region.replace("1", "[1"))
    assert complaints(app.sync(project)) == ["n.md: 'snippets/a.py' does not parse: '[' was never closed"]
    assert text_of(root, "notes/n.md") == block("snippets/a.py#甲", "x = 1\n")


def test_a_symbol_that_is_gone_is_said(root: Path) -> None:
    project = agreed_project(root)
    put(root, "snippets/a.py", CODE.replace("f(", "ff(") + REST)
    synced = app.sync(project)
    assert complaints(synced) == ["n.md: 'snippets/a.py' has no 'f'"]
    assert synced.findings[0].hint == "did you mean 'ff'?"


def test_a_read_only_snippet_stops_everything(root: Path) -> None:
    project = agreed_project(root, **{"notes/m.md": block("snippets/b.py", "y = 1\n"), "snippets/b.py": "y = 1\n"})
    put(root, "notes/n.md", block(TITLE, OTHER))
    put(root, "snippets/b.py", "y = 2\n")
    (root / "snippets" / "a.py").chmod(0o444)
    with pytest.raises(KbError, match=r"a\.py' is read-only"):
        app.sync(project)
    assert text_of(root, "notes/m.md") == block("snippets/b.py", "y = 1\n")
    (root / "snippets" / "a.py").chmod(0o644)
    assert len(steps(app.sync(project))) == 2


def test_without_snippets_there_is_nothing_to_sync(root: Path) -> None:
    put(root, "kb.toml", 'vault = "."\n')
    with pytest.raises(KbError, match="no snippets are configured"):
        app.sync(app.open_project(None, root))


# ------------------------------------------------------------------------------------------------ new files


def test_blocks_make_a_snippet(root: Path) -> None:
    path = "snippets/新/甲.py"
    project = write_project(
        root,
        {
            "notes/a.md": block(f"{path}#f", "@cache\ndef f():\n    pass\n")
            + block(f"{path}#开头", "from functools import cache\n"),
            "notes/b.md": f"- {block(f'{path}#f', '@cache' + chr(10) + 'def f():' + chr(10) + '    pass' + chr(10))}".replace(
                "\n", "\n  "
            ),
            "notes/c.md": block(f"{path}#C.m", "def m(self):\n    pass\n")
            + block(f"{path}#C", "class C:\n    def m(self):\n        pass\n"),
        },
    )
    synced = app.sync(project)
    assert complaints(synced) == []
    assert [what for what, *_ in steps(synced)] == ["new"] * 5
    assert text_of(root, path) == (
        "@cache\ndef f():\n    pass\n\n\n# region 开头\nfrom functools import cache\n# endregion\n\n\n"
        "class C:\n    def m(self):\n        pass\n"
    )
    assert steps(app.sync(project)) == []


def test_an_empty_block_of_a_new_snippet_is_filled(root: Path) -> None:
    project = write_project(root, {"notes/a.md": block(TITLE, CODE), "notes/b.md": block(TITLE, "")})
    assert steps(app.sync(project)) == [("new", "a.md", TITLE), ("note", "b.md", TITLE)]
    assert text_of(root, "notes/b.md") == block(TITLE, CODE)


@pytest.mark.parametrize(
    ("title", "code", "said"),
    [
        ("snippets/../evil.py", "x = 1\n", "'snippets/../evil.py' is no plain path"),
        ("snippets/a.txt", "x = 1\n", "'snippets/a.txt' is no Python file"),
        ("snippets/_a.py", "x = 1\n", "'snippets/_a.py' is shared by snippets and none itself"),
        ("snippets/a.py#f", "def f(:\n", "the block does not parse: invalid syntax"),
        ("snippets/a.py#f", "import x\n\n\ndef f():\n    pass\n", "the block is more than 'f'"),
        ("snippets/a.py#C.f", "def f():\n    pass\n", "no block shows the class of 'snippets/a.py#C.f'"),
        ("snippets/a.py#f", "", "'snippets/a.py' does not exist"),
    ],
)
def test_no_file_is_made(root: Path, title: str, code: str, said: str) -> None:
    project = write_project(root, {"notes/n.md": block(title, code)})
    assert complaints(app.sync(project)) == [f"n.md: {said}"]
    assert not (root / "snippets").exists()
    assert not (root / "evil.py").exists()


def test_blocks_of_a_new_snippet_that_contradict_make_none(root: Path) -> None:
    project = write_project(root, {"notes/n.md": block(TITLE, CODE) + block(TITLE, OTHER) + block("snippets/a.py#g", "g = 1\n")})
    synced = app.sync(project)
    assert complaints(synced) == [
        "n.md: another block stands in the way of 'snippets/a.py'",
        f"n.md: another block that shows '{TITLE}' differs",
        "n.md: another block stands in the way of 'snippets/a.py'",
    ]
    assert not (root / "snippets").exists()


def test_a_file_beside_which_a_part_stands_is_whole(root: Path) -> None:
    project = write_project(root, {"notes/n.md": block(TITLE, CODE) + block("snippets/a.py", OTHER)})
    assert len(complaints(app.sync(project))) == 2


def test_a_moved_snippet_is_not_written_again(root: Path) -> None:
    project = agreed_project(root)
    os.rename(root / "snippets" / "a.py", root / "snippets" / "b.py")
    synced = app.sync(project)
    assert complaints(synced) == ["n.md: 'snippets/a.py' is gone, and 'snippets/b.py' has this code"]
    assert not (root / "snippets" / "a.py").exists()
    app.sync(project, prefer="note")
    assert text_of(root, "snippets/a.py") == CODE


def test_a_misspelt_path_makes_no_copy(root: Path) -> None:
    project = write_project(root, {"notes/n.md": block("snippets/aa.py#f", CODE), "snippets/a.py": CODE})
    assert complaints(app.sync(project)) == ["n.md: 'snippets/aa.py' does not exist, and 'snippets/a.py' has this code"]


def test_a_linked_folder_leads_nowhere(root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (root / "snippets").mkdir()
    (root / "snippets" / "x").symlink_to(tmp_path / "outside")
    project = write_project(root, {"notes/n.md": block("snippets/x/a.py", "x = 1\n")})
    with pytest.raises(KbError, match="leads out of the snippets folder"):
        app.sync(project)
    assert list((tmp_path / "outside").iterdir()) == []


# ------------------------------------------------------------------------------------------------ the files themselves


def test_marks_line_ends_and_modes_stay(root: Path) -> None:
    note = "\ufeff" + f"# 甲\n{block(TITLE, CODE)}".replace("\n", "\r\n")
    project = write_project(root, {"notes/n.md": note, "snippets/a.py": "\ufeff" + (CODE + REST).replace("\n", "\r\n")})
    app.sync(project)
    (root / "snippets" / "a.py").chmod(0o755)
    put(root, "notes/n.md", note.replace("return x", "return 2 * x"))
    app.sync(project)
    assert text_of(root, "snippets/a.py") == "\ufeff" + (OTHER + REST).replace("\n", "\r\n")
    assert (root / "snippets" / "a.py").stat().st_mode & 0o777 == 0o755
    put(root, "snippets/a.py", text_of(root, "snippets/a.py").replace("2 *", "3 *"))
    app.sync(project)
    assert text_of(root, "notes/n.md") == note.replace("return x", "return 3 * x")


def test_a_linked_note_is_followed(root: Path, tmp_path: Path) -> None:
    project = agreed_project(root)
    os.rename(root / "notes" / "n.md", tmp_path / "elsewhere.md")
    (root / "notes" / "n.md").symlink_to(tmp_path / "elsewhere.md")
    put(root, "snippets/a.py", OTHER + REST)
    app.sync(project)
    assert (root / "notes" / "n.md").is_symlink()
    assert OTHER in (tmp_path / "elsewhere.md").read_text()


def test_what_was_overwritten_is_kept(root: Path) -> None:
    project = agreed_project(root)
    before = text_of(root, "notes/n.md")
    put(root, "snippets/a.py", OTHER + REST)
    synced = app.sync(project)
    assert synced.kept is not None
    assert (synced.kept / "notes" / "n.md").read_bytes().decode() == before
    assert app.sync(project).kept is None
    assert (synced.kept / "notes" / "n.md").exists()


def test_a_dry_run_writes_nothing(root: Path, cache: Path) -> None:
    project = agreed_project(root)
    put(root, "snippets/a.py", OTHER + REST)
    put(root, "notes/new.md", block("snippets/b.py", "x = 1\n"))
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    (memory,) = cache.rglob("agreed.json")
    known = memory.read_bytes()
    synced = app.sync(project, dry_run=True)
    assert steps(synced) == [("new", "new.md", "snippets/b.py"), ("note", "n.md", TITLE)]
    assert {rewrite.path: rewrite.after for rewrite in synced.rewrites}["snippets/b.py"] == "x = 1\n"
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before
    assert memory.read_bytes() == known


@pytest.mark.parametrize(
    ("paths", "written"),
    [(("n.md",), ["n.md"]), (("sub",), ["sub/m.md"]), (("snippets/a.py",), ["n.md"]), (("snippets",), ["n.md", "sub/m.md"])],
)
def test_paths_bound_what_is_written(root: Path, paths: tuple[str, ...], written: list[str]) -> None:
    project = agreed_project(root, **{"notes/sub/m.md": block("snippets/b.py", "y = 1\n"), "snippets/b.py": "y = 1\n"})
    put(root, "snippets/a.py", OTHER + REST)
    put(root, "snippets/b.py", "y = 2\n")
    assert [note for _, note, _ in steps(app.sync(project, paths))] == written


def test_check_after_sync_is_clean(root: Path) -> None:
    project = agreed_project(root)
    put(root, "snippets/a.py", OTHER + REST)
    assert [found.rule for found in app.check(project, app.Request(run=False, select=("stale-snippet",))).findings] == [
        "stale-snippet"
    ]
    app.sync(project)
    assert app.check(project, app.Request(run=False, select=("stale-snippet",))).findings == ()


def test_findings_are_found_by_the_snippet_they_speak_of(root: Path) -> None:
    project = agreed_project(root)
    put(root, "snippets/a.py", OTHER + REST)
    for paths, count in ((("snippets/a.py",), 1), (("snippets",), 1), (("n.md",), 1), (("snippets/b.py",), 0)):
        request = app.Request(run=False, select=("stale-snippet",), paths=paths)
        assert len(app.check(project, request).findings) == count


@pytest.mark.slow
def test_a_remembered_answer_is_not_given_about_changed_code(root: Path, cache: Path) -> None:
    project = agreed_project(
        root, **{"tests/snippets/test_a.py": "from snippets.a import f\n\n\ndef test_f(device):\n    assert f(device)\n"}
    )
    request = app.Request(run=False)
    app.check(project, request)
    time.sleep(2.1)  # files that are younger are never remembered
    assert app.check(project, request).findings == app.check(project, request).findings == ()
    put(root, "snippets/a.py", OTHER + REST)
    assert [found.rule for found in app.check(project, request).findings] == ["stale-snippet"]
    put(root, "snippets/a.py", CODE + REST)
    assert app.check(project, request).findings == ()
    (root / "tests" / "snippets" / "test_a.py").unlink()
    assert "unproven-snippet" in [found.rule for found in app.check(project, request).findings]
    put(root, "snippets/a.py", OTHER + REST)
    stale = app.Request(run=False, select=("stale-snippet",))
    time.sleep(2.1)
    for _ in range(2):
        assert [found.message for found in app.check(project, stale).findings] == [f"'{TITLE}' was edited, this block was not"]
    (memory,) = cache.rglob("agreed.json")
    memory.unlink()
    assert ["is not known" in found.message for found in app.check(project, stale).findings] == [True]

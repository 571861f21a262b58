"""Which files a vault has: whatever lies in its folders, the walk ends, and says the same on every file system."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from kbtools.errors import VaultError
from kbtools.vault.walk import list_files


def lay(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    return root


def sources(root: Path) -> list[str]:
    return sorted(list_files(str(root)).sources)


def test_sources_and_others(tmp_path: Path) -> None:
    lay(tmp_path, "b.md", "A.MD", "d/c.canvas", "d/n.ipynb", "p.png", "d/.md.bak", "README", "x.markdown", "d/e/f.Md")
    found = list_files(str(tmp_path))
    assert sorted(found.sources) == ["A.MD", "b.md", "d/c.canvas", "d/e/f.Md", "d/n.ipynb"]
    assert found.others == ["README", "p.png", "x.markdown"]


def test_a_stamp_tells_what_the_file_is(tmp_path: Path) -> None:
    lay(tmp_path, "a.md")
    status = (tmp_path / "a.md").stat()
    assert list_files(str(tmp_path)).sources == {"a.md": (status.st_mtime_ns, status.st_ctime_ns, 1, status.st_ino)}


def test_what_begins_with_a_dot_is_not_there(tmp_path: Path) -> None:
    lay(tmp_path, ".obsidian/app.json", ".git/a.md", ".hidden.md", "d/.trash/b.md", "a.md")
    assert list_files(str(tmp_path)) == ({"a.md": list_files(str(tmp_path)).sources["a.md"]}, [])


def test_an_empty_vault(tmp_path: Path) -> None:
    assert list_files(str(tmp_path)) == ({}, [])


def test_no_folder(tmp_path: Path) -> None:
    lay(tmp_path, "a.md")
    for name in ("missing", "a.md"):
        with pytest.raises(VaultError, match=name):
            list_files(str(tmp_path / name))


def test_what_is_no_regular_file_is_passed_over(tmp_path: Path) -> None:
    lay(tmp_path, "a.md")
    os.mkfifo(tmp_path / "pipe.md")
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(tmp_path / "socket.md"))
        (tmp_path / "zero.md").symlink_to("/dev/zero")
        (tmp_path / "null").symlink_to("/dev/null")
        (tmp_path / "dead.md").symlink_to("nowhere.md")
        (tmp_path / "dead").symlink_to("nowhere")
        (tmp_path / "self.md").symlink_to("self.md")
        (tmp_path / "one").symlink_to("two")
        (tmp_path / "two").symlink_to("one")
        assert (sources(tmp_path), list_files(str(tmp_path)).others) == (["a.md"], [])


def test_a_folder_named_like_a_note_is_a_folder(tmp_path: Path) -> None:
    lay(tmp_path / "v", "x.md/y.md", "a.md")
    lay(tmp_path / "out", "z.md")
    (tmp_path / "v/link.md").symlink_to(tmp_path / "out")
    assert sources(tmp_path / "v") == ["a.md", "link.md/z.md", "x.md/y.md"]


def test_a_link_to_a_file_is_that_file(tmp_path: Path) -> None:
    lay(tmp_path / "v", "d/a.md")
    lay(tmp_path, "out.md", "p.png")
    (tmp_path / "v/in.md").symlink_to("d/a.md")
    (tmp_path / "v/out.md").symlink_to(tmp_path / "out.md")
    (tmp_path / "v/q.png").symlink_to(tmp_path / "p.png")
    assert sources(tmp_path / "v") == ["d/a.md", "in.md", "out.md"]
    assert list_files(str(tmp_path / "v")).others == ["q.png"]


def test_a_link_to_a_folder_elsewhere_is_followed(tmp_path: Path) -> None:
    lay(tmp_path / "out", "a.md", "d/b.md")
    lay(tmp_path / "far", "c.md")
    (tmp_path / "v").mkdir()
    (tmp_path / "v/o").symlink_to(tmp_path / "out")
    (tmp_path / "out/d/far").symlink_to(tmp_path / "far")  # and from there on
    assert sources(tmp_path / "v") == ["o/a.md", "o/d/b.md", "o/d/far/c.md"]


def test_links_to_folders_that_obsidian_ignores(tmp_path: Path) -> None:
    """To the vault, to what holds it, and from one folder in it to another."""
    lay(tmp_path / "v", "a/x.md", "b/y.md")
    (tmp_path / "v/a/b").symlink_to(tmp_path / "v/b")
    (tmp_path / "v/b/a").symlink_to(tmp_path / "v/a")
    (tmp_path / "v/a/self").symlink_to(tmp_path / "v/a")
    (tmp_path / "v/vault").symlink_to(".")
    (tmp_path / "v/above").symlink_to("..")
    (tmp_path / "v/root").symlink_to("/")
    assert sources(tmp_path / "v") == ["a/x.md", "b/y.md"]


def test_of_links_to_one_folder_the_first_by_path_is_followed(tmp_path: Path) -> None:
    lay(tmp_path / "out", "a.md", "d/b.md")
    (tmp_path / "v/m").mkdir(parents=True)
    for name in ("z", "c", "m/a", "x"):
        (tmp_path / "v" / name).symlink_to(tmp_path / "out")
    (tmp_path / "v/d").symlink_to(tmp_path / "out/d")  # a part of what `c` leads to
    assert sources(tmp_path / "v") == ["c/a.md", "c/d/b.md"]


def test_folders_that_link_to_each_other_outside_end(tmp_path: Path) -> None:
    lay(tmp_path / "one", "a.md")
    lay(tmp_path / "two", "b.md")
    (tmp_path / "one/two").symlink_to(tmp_path / "two")
    (tmp_path / "two/one").symlink_to(tmp_path / "one")
    (tmp_path / "v").mkdir()
    (tmp_path / "v/one").symlink_to(tmp_path / "one")
    assert sources(tmp_path / "v") == ["one/a.md", "one/two/b.md"]


def test_a_vault_named_through_a_link(tmp_path: Path) -> None:
    lay(tmp_path / "v", "a/x.md")
    (tmp_path / "link").symlink_to("v")
    (tmp_path / "v/back").symlink_to(tmp_path / "link")
    assert sources(tmp_path / "link") == ["a/x.md"]


STRANGE = (
    "new\nline.md",
    "tab\t.md",
    "bell\x07.md",
    "esc\x1b[31m.md",
    "CON.md",
    "aux.md",
    "a:b*c?.md",
    " .md",
    "trailing .md",
    "-rf.md",
    "caf\u00e9.md",
    "cafe\u0301.md",
    "case.md",
    "CASE.md",
    "🎓.md",
    "\u202egpj.md",
    "back\\slash.md",
    "d/" + "x" * 252 + ".md",
    os.fsdecode(b"not-\xff-utf8.md"),
    os.fsdecode(b"d\xe9/gb\xb7\xb4.md"),
)


def test_strange_names_are_names(tmp_path: Path) -> None:
    lay(tmp_path, *STRANGE)
    assert sources(tmp_path) == sorted(STRANGE)


def test_a_path_too_long_for_the_system_ends_the_walk_there(tmp_path: Path) -> None:
    """Deeper folders than a path may name can be made step by step; kb does not see what is in them."""
    lay(tmp_path, "a.md")
    here = os.getcwd()
    try:
        os.chdir(tmp_path)
        for _ in range(30):
            os.mkdir("x" * 200)
            os.chdir("x" * 200)
        Path("deep.md").write_text("x")
        assert sources(tmp_path) == ["a.md"]
    finally:
        os.chdir(here)


def test_a_folder_that_vanishes_meanwhile_is_not_there(tmp_path: Path) -> None:
    lay(tmp_path, *(f"{folder}/{file}.md" for folder in range(20) for file in range(20)))
    child = os.fork()
    if not child:
        try:
            for folder in sorted(tmp_path.iterdir(), reverse=True):
                for file in folder.iterdir():
                    file.unlink()
                folder.rmdir()
        finally:
            os._exit(0)
    counts = [len(sources(tmp_path)) for _ in range(20)]
    os.waitpid(child, 0)
    assert counts == sorted(counts, reverse=True)
    assert sources(tmp_path) == []

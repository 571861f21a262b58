"""What the command line names: which vault, which part of it, which note; and how paths are printed from where one stands."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kbtools.cli.main import main
from tests.cli.run import write

FILES = {
    "top.md": "[[nobody1]]",
    "概念/LSTM.md": "[[nobody2]]",
    "概念/深/GRU.md": "[[nobody3]]",
    "图/门.svg": "",
    "空/图.png": "",
}
Check = Callable[..., "list[str]"]


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A vault, found by its `.obsidian`, with a broken link in each of its notes; the working directory is around it."""
    monkeypatch.chdir(tmp_path)
    return write(tmp_path / "vault", {".obsidian/app.json": "{}", **FILES})


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Check:
    """`kb check` with these arguments -> the places of its findings, as they are printed."""

    def run(*arguments: str) -> list[str]:
        code = main(["check", *arguments])
        printed = capsys.readouterr()
        places = [line.partition(":")[0] for line in printed.out.splitlines() if "nobody" in line]
        assert code == (1 if places else 0), printed.err
        return places

    return run


EVERYTHING = ["top.md", "概念/LSTM.md", "概念/深/GRU.md"]


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        (["vault"], EVERYTHING),
        (["vault/"], EVERYTHING),
        (["./vault//"], EVERYTHING),
        (["vault/概念"], EVERYTHING[1:]),
        (["vault/概念/"], EVERYTHING[1:]),
        (["vault/概念/../概念/深"], EVERYTHING[2:]),
        (["vault/概念/LSTM.md"], ["概念/LSTM.md"]),
        (["vault/概念/LSTM.md", "vault/top.md"], ["top.md", "概念/LSTM.md"]),
        (["vault/概念/LSTM.md", "vault"], EVERYTHING),
        (["vault/概念", "vault/概念/LSTM.md"], EVERYTHING[1:]),
        (["vault/图/门.svg"], []),
        (["vault/空"], []),
    ],
)
def test_paths_from_outside(vault: Path, check: Check, paths: list[str], found: list[str]) -> None:
    assert check(*paths) == [f"vault/{path}" for path in found]
    absolute = [str(vault.parent / path) for path in paths]
    assert check(*absolute) == [f"vault/{path}" for path in found]


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        ([], ["../top.md", "LSTM.md", "深/GRU.md"]),
        (["."], ["LSTM.md", "深/GRU.md"]),
        (["./"], ["LSTM.md", "深/GRU.md"]),
        ([".."], ["../top.md", "LSTM.md", "深/GRU.md"]),
        (["深"], ["深/GRU.md"]),
        (["LSTM.md"], ["LSTM.md"]),
        (["../top.md"], ["../top.md"]),
    ],
)
def test_paths_from_a_folder_inside(
    vault: Path, check: Check, monkeypatch: pytest.MonkeyPatch, paths: list[str], found: list[str]
) -> None:
    monkeypatch.chdir(vault / "概念")
    assert sorted(check(*paths)) == sorted(found)
    for place in check(*paths):
        assert Path(place).is_file(), "a terminal can open it"


def test_printed_places_can_be_opened_from_everywhere(vault: Path, check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = vault.parent / "elsewhere"
    elsewhere.mkdir()
    for folder in (vault.parent, vault, vault / "概念" / "深", elsewhere, Path("/")):
        monkeypatch.chdir(folder)
        for place in check(str(vault)):
            assert Path(place).is_file(), (folder, place)


def test_links_to_folders_and_notes(vault: Path, check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    here = vault.parent
    (here / "link").symlink_to(vault)
    write(here / "other", {"far.md": "[[nobody4]]"})
    (vault / "linked").symlink_to(here / "other")
    (vault / "same.md").symlink_to(here / "other" / "far.md")
    assert len(check("link")) == len(check("link/")) == 5
    assert [os.path.basename(place) for place in check("link/概念/LSTM.md")] == ["LSTM.md"]
    assert check("vault/linked") == check("vault/linked/far.md") == ["vault/linked/far.md"]
    assert [place.rpartition("/")[2] for place in check("link/linked/far.md")] == ["far.md"]
    assert check("vault/same.md") == ["vault/same.md"]
    monkeypatch.chdir(vault)
    assert check("linked") == ["linked/far.md"]


def test_a_linked_vault_with_a_configuration(vault: Path, check: Check) -> None:
    write(vault, {"kb.toml": ""})
    (vault.parent / "link").symlink_to(vault)
    assert len(check("link")) == 3
    assert len(check("link/概念")) == 2
    assert len(check("--vault", "link", "link/概念")) == 2


def test_the_working_directory_is_a_link(vault: Path, check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    (vault.parent / "link").symlink_to(vault / "概念")
    monkeypatch.chdir(vault.parent / "link")
    monkeypatch.setenv("PWD", str(vault.parent / "link"))
    assert check(".") == ["LSTM.md", "深/GRU.md"]


def test_a_folder_outside_of_the_vault_around_here_is_a_vault(vault: Path, check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    write(vault.parent / "plain", {"x.md": "[[nobody5]] [[LSTM]]"})
    monkeypatch.chdir(vault)
    (place,) = check("../plain")
    assert Path(place).samefile(vault.parent / "plain" / "x.md")


def test_a_folder_without_configuration_is_checked_and_nothing_in_it_is_executed(vault: Path, check: Check) -> None:
    trap = f"open({str(vault.parent / 'sprung')!r}, 'w')\n"
    write(
        vault.parent / "plain",
        {
            "x.md": f'[[nobody6]]\n\n```python title="snippets/a.py"\n{trap}```\n',
            "snippets/a.py": trap,
            "tests/snippets/test_a.py": trap,
            "tests/snippets/conftest.py": trap,
            "conftest.py": trap,
            "sitecustomize.py": trap,
        },
    )
    assert check("plain") == ["plain/x.md"]
    assert not (vault.parent / "sprung").exists()


def test_a_part_with_the_vault_named(vault: Path, check: Check) -> None:
    assert check("--vault", "vault", "vault/概念") == ["vault/概念/LSTM.md", "vault/概念/深/GRU.md"]
    assert check("--vault", "vault", "概念/LSTM.md") == ["vault/概念/LSTM.md"]


def test_snippets_are_a_part_too(vault: Path, check: Check) -> None:
    write(vault.parent, {"kb.toml": "vault = 'vault'\nsnippets = 'code'\n", "code/nn/x.py": "x = 1\n"})
    assert check("--no-run", "code") == check("--no-run", "code/nn/x.py") == []
    assert check("--no-run", "code", "vault/top.md") == ["vault/top.md"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check"], "no vault around '{here}' (name one with --vault DIR, or kb check DIR)"),
        (["check", "valt"], "no file or folder 'valt' (did you mean 'vault'?)"),
        (["check", "vault/概念/LSTM"], "no file or folder 'vault/概念/LSTM' (did you mean 'vault/概念/LSTM.md'?)"),
        (["check", "no/where"], "no file or folder 'no/where' (name one that exists)"),
        (["check", "vault/top.md", "two"], "'two' is not in the vault '{here}/vault' (one vault at a time)"),
        (["check", "vault", "two"], "'two' is not in the vault '{here}/vault' (one vault at a time)"),
        (["check", "lonely.md"], "no vault around 'lonely.md' (name its vault: kb check --vault DIR)"),
        (["check", "--vault", "vault", "lonely.md"], "'lonely.md' is not in the vault '{here}/vault' (one vault at a time)"),
        (["links", "LSTM"], "no vault around '{here}' (name one with --vault DIR, or kb check DIR)"),
        (["links", "--vault", "vault", "LSMT"], "the vault has no note 'LSMT' (did you mean 概念/LSTM.md?)"),
    ],
)
def test_what_is_said_of_a_wrong_path(
    vault: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    here = vault.parent
    write(here, {"lonely.md": "", "two/.obsidian/app.json": "{}", "two/x.md": ""})
    assert main(arguments) == 2
    assert capsys.readouterr().err == f"kb: {message.format(here=here)}\n"


def test_an_empty_vault_is_said_to_be_empty(vault: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (vault.parent / "bare").mkdir()
    for arguments in (["check", "bare"], ["orphans", "--vault", "bare"], ["check", "bare", "--format", "json"]):
        assert main(arguments) == 0
        assert (
            capsys.readouterr().err == f"kb: no notes in '{vault.parent / 'bare'}' (notes are .md files; is this the folder?)\n"
        )


# ------------------------------------------------------------------------------------------------ notes

NOTES = {
    "LSTM.md": "---\naliases: [长短期记忆]\n---\n",
    "a/总结.md": "",
    "b/总结.md": "",
    "c/d/总结.md": "",
    "Note.md": "",
    "z/Note.md": "",
    "图/门.svg": "",
    "v1.2.md": "",
    "a#b.md": "",
    "out/hidden.md": "",
    "地图.canvas": "{}",
}


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("LSTM", "LSTM.md"),
        ("lstm", "LSTM.md"),
        ("LSTM.md", "LSTM.md"),
        ("./LSTM.md", "LSTM.md"),
        ("/LSTM", "LSTM.md"),
        ("[[LSTM]]", "LSTM.md"),
        ("![[LSTM#门|别名]]", "LSTM.md"),
        ("LSTM#门", "LSTM.md"),
        ("a#b", "a#b.md"),
        ("a/总结", "a/总结.md"),
        ("d/总结", "c/d/总结.md"),
        ("Note", "Note.md"),
        ("z/Note", "z/Note.md"),
        ("v1.2", "v1.2.md"),
        ("门.svg", "图/门.svg"),
        ("地图.canvas", "地图.canvas"),
        ("总结", "'总结' may mean 3 files (write one of: a/总结.md, b/总结.md, c/d/总结.md)"),
        ("LSMT", "the vault has no note 'LSMT' (did you mean LSTM.md?)"),
        ("长短期记忆", "the vault has no note '长短期记忆' (it is an alias of LSTM.md)"),
        ("长短期记意", "the vault has no note '长短期记意' (did you mean LSTM.md?)"),
        ("四元数", "the vault has no note '四元数' (name it by its path in the vault)"),
        ("", "the vault has no note '' (name it by its path in the vault)"),
        (".", "the vault has no note '.' (name it by its path in the vault)"),
        ("[[]]", "the vault has no note '[[]]' (name it by its path in the vault)"),
        ("out/hidden", "'out/hidden.md' is excluded (by 'ignore' in the configuration, or by Obsidian's own settings)"),
    ],
)
def test_a_note_is_named_as_one_likes(
    vault: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, written: str, path: str
) -> None:
    monkeypatch.chdir(write(vault.parent / "named", {"kb.toml": "ignore = ['out/**']", **NOTES}))
    write(Path("."), {"asks.md": f"[[{path}]]\n"})
    code = main(["backlinks", written])
    printed = capsys.readouterr()
    if code:
        assert printed.err == f"kb: {path}\n"
    else:
        assert printed.err == ""
        assert main(["backlinks", path]) == 0
        assert printed.out == capsys.readouterr().out
        assert "#" in path or printed.out.startswith("asks.md:1:1 ")


def test_a_note_is_named_from_the_working_directory(
    vault: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write(vault.parent / "named", {"kb.toml": "", **NOTES}) / "b")
    assert main(["outline", "总结"]) == 0
    assert main(["outline", "../a/总结.md"]) == 0
    assert main(["outline", str(vault.parent / "named" / "c" / "d" / "总结.md")]) == 0
    assert main(["outline", "LSTM"]) == 0
    assert capsys.readouterr().err == ""


def test_an_attachment_has_no_links_and_no_headings(vault: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("links", "outline"):
        assert main([command, "--vault", "vault", "门.svg"]) == 0
    assert capsys.readouterr() == ("", "")

"""`kb init` and `kb new` as a first-time user meets them."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest

from kbtools.cli.main import load_command, main, parser_of
from tests.cli.run import kb, write

COMMAND = re.compile(r"(?m)(?:^  |all of them: |, )(kb [^,\n]+)")


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    files = {f"{number}.md": f"[[无{number}]] [x]() [[{number}#h]] $x$ #a，b" for number in range(6)}
    vault = write(tmp_path / "我的 笔记", {".obsidian/app.json": "{}", **files})
    monkeypatch.chdir(vault)
    return vault


def test_what_is_found_is_counted_explained_and_bounded(vault: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init"]) == 0
    printed = capsys.readouterr().out
    assert "broken-link: 6 errors\n  A link names a file that does not exist.\n" in printed
    assert "  what to do: correct the name" in printed
    assert printed.count(" broken-link nothing is named ") == 3
    assert main(["check"]) == 1, "the same is found again"


def test_every_command_it_offers_is_one(vault: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["init"])
    offered = COMMAND.findall(capsys.readouterr().out)
    assert len(offered) >= 5
    for line in offered:
        _, name, *rest = shlex.split(line.replace("; kb --help lists all commands", ""))
        parser_of(name, load_command(name)).parse_intermixed_args(rest)


@pytest.mark.parametrize("folder", ["", "我的 笔记"])
def test_the_baseline_it_offers_makes_the_next_check_pass(vault: Path, capsys: pytest.CaptureFixture[str], folder: str) -> None:
    os.chdir(vault.parent if folder else vault)
    main(["init", *([folder] if folder else [])])
    (line,) = [line for line in COMMAND.findall(capsys.readouterr().out) if "--write-baseline" in line]
    words = shlex.split(line)[1:]
    assert main(words) == 0
    assert (vault / "kb-baseline.json").is_file()
    assert main([word for word in words if word != "--write-baseline"]) == 0


def test_nothing_but_the_configuration_is_written(vault: Path) -> None:
    before = {path: path.read_bytes() for path in vault.rglob("*") if path.is_file()}
    assert kb(vault, "init").returncode == 0
    after = {path: path.read_bytes() for path in vault.rglob("*") if path.is_file()}
    assert after.pop(vault / "kb.toml")
    assert after == before


def test_from_elsewhere_commands_name_the_folder(vault: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.chdir(vault.parent)
    assert main(["init", vault.name]) == 0
    printed = capsys.readouterr().out
    assert f"  kb check '{vault.name}'\n" in printed
    assert f"    {vault.name}/0.md:1:1 broken-link" in printed


def test_a_folder_that_cannot_be_written_is_told(vault: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if os.geteuid() == 0:
        os.symlink("nowhere/kb.toml", vault / "kb.toml")  # for root every folder can be written, a dead link can not
    else:
        vault.chmod(0o500)
    assert main(["init"]) == 2
    assert capsys.readouterr().err.endswith(")\n")
    vault.chmod(0o700)


def test_the_path_of_a_new_note_can_be_opened_from_here(vault: Path) -> None:
    (vault / "日记").mkdir()
    done = kb(vault, "new", "日记/x")
    assert done.stdout.decode() == "日记/x.md\n"
    os.chdir(vault / "日记")
    assert main(["new", "./y"]) == 0
    assert (vault / "日记" / "y.md").read_text() == ""


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["a", "b"],
        ["snippet", "nn/x"],
        ["snippet", "nn/x", "--template", "t"],
        ["x", "--note", "0"],
        ["x", "--template", "none"],
        ["0"],
        ["snippet", "nn/x", "more"],
    ],
)
def test_wrong_requests_write_nothing_and_say_what_to_do(
    vault: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    before = sorted(vault.rglob("*"))
    assert main(["new", *arguments]) == 2
    assert capsys.readouterr().err.endswith(")\n")
    assert sorted(vault.rglob("*")) == before

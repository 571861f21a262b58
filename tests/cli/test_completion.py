"""What a shell offers after `kb`: asked of kb itself, and of the shells that are installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kbtools.cli.completing import complete
from kbtools.cli.main import command_names, main
from tests.cli.pages import sample_vault
from tests.cli.run import REPOSITORY, environment, write

KB = f'kb() {{ "{sys.executable}" -m kbtools "$@"; }}\n'


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    vault = write(
        tmp_path / "vault",
        {
            **sample_vault(),
            "概念/a b.md": "",
            "模板/概念.md": "",
            ".obsidian/templates.json": '{"folder": "模板"}',
            "100% 'x' $y.md": "",
        },
    )
    monkeypatch.chdir(vault)
    return vault


def values(*words: str) -> list[str]:
    return [candidate.value for candidate in complete(["kb", *words])]


def test_commands(vault: Path) -> None:
    assert values("") == command_names()
    assert values("un") == ["undo", "unresolved"]
    assert values("--v") == ["--vault", "--version"]


def test_options_and_their_values(vault: Path) -> None:
    assert values("tags", "--f") == ["--format"]
    assert values("tags", "--format", "") == ["text", "json", "tsv"]
    assert values("tags", "--format=j") == ["json"]
    assert values("tags", "--format", "=", "j") == ["json"]
    assert values("tags", "--format", "=") == ["text", "json", "tsv"]
    assert values("check", "--select", "broken-l") == ["broken-link"]


def test_notes_by_name_and_by_path(vault: Path) -> None:
    assert values("links", "反") == ["反向传播"]
    assert values("links", "lst") == ["LSTM"], "case does not matter, as in kb itself"
    assert values("links", "概念/反") == ["概念/反向传播"]
    assert "index" not in values("links", ""), "two notes have that name"
    assert values("links", "论文/") == ["论文/index"]
    assert values("links", "LSTM", "") == [], "it takes one"


def test_what_other_arguments_may_be(vault: Path) -> None:
    assert values("rules", "orphan") == ["orphan-note"]
    assert values("new", "x", "--template", "") == ["概念"]
    assert values("new", "s") == ["snippet"]
    assert values("move", "LSTM", "概") == ["概念/"]
    assert values("move", "图/") == ["图/门控.svg"]
    assert values("check", "") == [":files"]
    assert values("init", "") == [":folders"]
    assert values("completion", "z") == ["zsh"]


def test_the_vault_that_is_named_counts(vault: Path, tmp_path: Path) -> None:
    write(tmp_path / "other", {"别处.md": ""})
    assert values("links", "--vault", "../other", "") == ["别处"]
    assert values("--vault", "../other", "links", "") == ["别处"]
    assert values("--vault", "") == [":folders"]


def test_every_argument_of_every_command_can_be_completed(vault: Path) -> None:
    for name in command_names():
        complete(["kb", name, ""])
        assert "--vault" in values(name, "--")


@pytest.mark.parametrize(
    "words", ["kb", "kb\x1fnothing\x1f", "kb\x1flinks\x1f--nothing\x1fx", "", "kb\x1flinks\x1f--vault\x1fno\x1f"]
)
def test_whatever_is_typed_nothing_is_said(vault: Path, capsys: pytest.CaptureFixture[str], words: str) -> None:
    assert main(["completion", "--for", words]) == 0
    assert capsys.readouterr().err == ""


# ------------------------------------------------------------------------------------------------ shells


def run(shell: str, script: str, vault: Path) -> list[str]:
    """The lines that a script prints in a shell; the test is skipped where there is none."""
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    variables = environment(vault.parent / "cache", {"LC_ALL": "C.UTF-8", "HOME": str(vault.parent), "XDG_CONFIG_HOME": None})
    done = subprocess.run([shell, "-c", script], cwd=vault, env=variables, capture_output=True, timeout=60, check=False)
    assert done.stderr == b""
    return done.stdout.decode("utf-8").splitlines()


def in_bash(vault: Path, *words: str) -> list[str]:
    quoted = " ".join(f"'{word}'" if "'" not in word else f'"{word}"' for word in ("kb", *words))
    source = (REPOSITORY / "kbtools/cli/shells/kb.bash").read_text(encoding="utf-8")
    ask = f'COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; compopt() {{ :; }}; _kb; printf "%s\\n" "${{COMPREPLY[@]}}"'
    return run("bash", f"{KB}{source}{ask}", vault)


def test_bash(vault: Path) -> None:
    assert in_bash(vault, "un") == ["undo", "unresolved"]
    assert in_bash(vault, "links", "反") == ["反向传播"]
    assert in_bash(vault, "check", "首") == ["首页.md"]
    assert in_bash(vault, "links", "nothing") == [""]


def test_bash_quotes_what_a_shell_would_read(vault: Path) -> None:
    assert in_bash(vault, "links", "a") == ["a\\ b"]
    (word,) = in_bash(vault, "links", "1")
    assert run("bash", f"printf '%s\\n' {word}", vault) == ["100% 'x' $y"]
    assert in_bash(vault, "links", "'a") == ["a b"], "inside quotes it stays as it is"


def test_zsh(vault: Path) -> None:
    source = (REPOSITORY / "kbtools/cli/shells/kb.zsh").read_text(encoding="utf-8")
    ask = 'compadd() { print -l -- "${shown[@]}"; }\n_files() { print files; }\n'
    for words, shown in (
        ("kb un", ["undo  -- take the last change back", "unresolved"]),
        ("kb links 反", ["反向传播  -- 概念"]),
        ("kb tags --format ''", ["text", "json", "tsv"]),
        ("kb check ''", ["files"]),
    ):
        count = len(words.split(" "))
        lines = run("zsh", f"{KB}{ask}{source}\nwords=({words}); CURRENT={count}; _kb; true", vault)
        assert len(lines) == len(shown)
        assert all(line.startswith(start.partition("  --")[0]) for line, start in zip(lines, shown, strict=True)), lines


def test_fish(vault: Path) -> None:
    (vault.parent / "bin").mkdir()
    program = vault.parent / "bin" / "kb"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m kbtools "$@"\n')
    program.chmod(0o755)
    script = (REPOSITORY / "kbtools/cli/shells/kb.fish").read_text(encoding="utf-8")
    write(vault.parent, {".config/fish/completions/kb.fish": script})  # fish has one of its own, for another kb

    def ask(line: str) -> list[str]:
        return run("fish", f"set -x PATH {program.parent} $PATH; complete -C '{line}'", vault)

    assert [line.partition("\t")[0] for line in ask("kb un")] == ["undo", "unresolved"]
    assert ask("kb links 反") == ["反向传播\t概念"]
    assert ask("kb tags --format ") == ["json", "text", "tsv"]
    assert any(line.startswith("首页.md") for line in ask("kb check 首"))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_that_is_printed_is_one_the_shell_reads(vault: Path, capsys: pytest.CaptureFixture[str], shell: str) -> None:
    assert main(["completion", shell]) == 0
    file = vault.parent / f"kb.{shell}"
    file.write_text(capsys.readouterr().out, encoding="utf-8")
    assert run(shell, f"{shell} -n {file}", vault) == []
    assert os.path.getsize(file) > 200

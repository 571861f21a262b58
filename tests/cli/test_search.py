"""`kb search` as a person uses it: marks on a terminal, rows in a pipe, a vault that changes, two at once."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from kbtools.cli.main import main
from tests.cli.pages import sample_vault
from tests.cli.run import KB, environment, kb_on_terminal, write


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    vault = write(tmp_path / "vault", sample_vault())
    monkeypatch.chdir(vault)
    return vault


def found(capsys: pytest.CaptureFixture[str], *query: str) -> list[str]:
    assert main(["search", *query, "--format", "json"]) == 0
    return [row["path"] for row in json.loads(capsys.readouterr().out)["search"]]


def test_hits_are_bold_on_a_terminal_and_plain_elsewhere(vault: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed, code = kb_on_terminal(vault, "search", "仿射")
    assert code == 0
    assert "一层是\x1b[1m仿射\x1b[0m变换".encode() in printed
    assert b"\x1b[1m" not in kb_on_terminal(vault, "search", "仿射", NO_COLOR="1")[0]
    assert main(["search", "仿射"]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_hits_name_the_words_in_the_snippet(vault: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["search", "展开 梯度", "--format", "json"])
    (row,) = json.loads(capsys.readouterr().out)["search"]
    spans = [tuple(map(int, hit.split("-"))) for hit in row["hits"]]
    assert [row["snippet"][start:end] for start, end in spans] == ["展开", "梯度"]


def test_what_changes_is_found_at_once(vault: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert found(capsys, "四元数") == []
    write(vault, {"新.md": "四元数"})
    assert found(capsys, "四元数") == ["新.md"]
    write(vault, {"新.md": "别的"})
    assert found(capsys, "四元数") == []
    os.rename(vault / "新.md", vault / "旧.md")
    assert found(capsys, "别的") == ["旧.md"]
    os.unlink(vault / "旧.md")
    assert found(capsys, "别的") == []


def test_excluded_notes_are_not_found(vault: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "概念/LSTM.md" in found(capsys, "遗忘门")
    write(vault, {".obsidian/app.json": '{"userIgnoreFilters": ["概念/"]}'})
    assert found(capsys, "遗忘门") == []


def test_names_that_are_no_utf8_are_found(vault: Path) -> None:
    with open(os.fsencode(vault) + b"/\xff.md", "w", encoding="utf-8") as file:
        file.write("四元数")
    done = subprocess.run(
        [*KB, "search", "四元数"],
        cwd=vault,
        env=environment(vault.parent / "cache", {}),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    assert done.stdout == b"\\udcff.md:1:1 \xe5\x9b\x9b\xe5\x85\x83\xe6\x95\xb0\n"


def test_two_at_once_on_a_new_vault(vault: Path) -> None:
    write(vault, {f"{number}.md": f"四元数 {number}\n" * 40 for number in range(300)})
    variables = environment(vault.parent / "cache", {})
    runs = [
        subprocess.Popen([*KB, "search", "四元数 7", "--format", "json"], cwd=vault, env=variables, stdout=-1, stderr=-1)
        for _ in range(3)
    ]
    printed = [process.communicate(timeout=120) for process in runs]
    assert [process.returncode for process in runs] == [0, 0, 0]
    assert printed == [printed[0]] * 3
    assert json.loads(printed[0][0])["search"][0]["path"] == "7.md"


@pytest.mark.parametrize("arguments", [["--limit", "0", "x"], ["--limit", "x", "x"], ["，"], ["tag:"], []])
def test_wrong_requests_say_what_to_do(vault: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    if arguments == ["tag:"]:
        assert main(["search", *arguments]) == 0, "a word with a colon behind it is a word"
        return
    assert main(["search", *arguments]) == 2
    assert capsys.readouterr().err.endswith(")\n")

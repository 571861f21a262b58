"""Exit codes, one line on stderr for a wrong request, and what happens when the world around kb fails."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from kbtools import __version__
from kbtools.cli import commands
from kbtools.cli.main import BUG, CLOSED_PIPE, INTERRUPTED, OK, OTHER_WORDS, WRONG_REQUEST, command_names, main
from tests.cli.run import KB, environment, kb, kb_process, write

BUGGY = '''"""A command with a bug."""
HELP = "breaks"
EXAMPLE = "kb buggy"

def add_arguments(parser):
    pass

def run(options):
    raise ZeroDivisionError("\\x1b[31m in a file")
'''


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    vault = tmp_path / "vault"
    write(vault, {".obsidian/app.json": "{}", "a.md": "[[b]]", "b.md": "[[a]]"})
    monkeypatch.chdir(vault)
    return vault


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["check"], OK),
        (["--vault", ".", "check"], OK),
        (["check", "--vault", "."], OK),
        (["--version"], OK),
        (["--help"], OK),
        (["--vault", ".", "--help"], OK),
        (["check", "-h"], OK),
        (["links", "a", "--help"], OK),
        (["outline", "a", "--format=tsv"], OK),
        (["outline", "--format", "tsv", "a"], OK),
        ([], WRONG_REQUEST),
        (["nothing"], WRONG_REQUEST),
        (["__init__"], WRONG_REQUEST),
        (["../commands/check"], WRONG_REQUEST),
        ([""], WRONG_REQUEST),
        (["--no-such"], WRONG_REQUEST),
        (["check", "--no-such"], WRONG_REQUEST),
        (["check", "--form", "json"], WRONG_REQUEST),
        (["check", "--vault"], WRONG_REQUEST),
        (["links", ""], WRONG_REQUEST),
    ],
)
def test_exit_code(vault: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int) -> None:
    assert main(arguments) == code
    printed = capsys.readouterr()
    assert bool(printed.out) == (code == OK)
    assert bool(printed.err) == (code != OK)
    if arguments and code != OK:
        assert printed.err.startswith("kb: ")
        assert printed.err.count("\n") == 1
        assert printed.err.endswith(")\n"), "says what to do"


def test_findings_are_exit_code_1_and_warnings_only_with_strict(vault: Path) -> None:
    write(vault, {"a.md": "[[nobody]]"})
    assert main(["check"]) == 1
    write(vault, {"a.md": "[x]()", "b.md": ""})
    assert main(["check"]) == 0
    assert main(["check", "--strict"]) == 1


def test_main_help_lists_every_command_and_options_may_stand_before_it(vault: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--help"], ["--vault", "x", "-h"], []):
        main(arguments)
        printed = capsys.readouterr()
        for name in command_names():
            assert f"\n  {name} " in printed.out + printed.err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"kb {__version__}\n"


def test_a_bug_is_said_to_be_one(vault: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    write(vault.parent, {"commands/buggy.py": BUGGY})
    monkeypatch.setattr(commands, "__path__", [*commands.__path__, str(vault.parent / "commands")])
    assert main(["buggy"]) == BUG
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Traceback" in printed.err
    assert "ZeroDivisionError: \\x1b[31m in a file" in printed.err
    assert f"bug in kb {__version__} (Python " in printed.err.splitlines()[-1]
    assert "report it" in printed.err.splitlines()[-1]


def test_names_in_messages_command_no_terminal(vault: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "\x1b[2J\u202egnp.md\n"]) == WRONG_REQUEST
    assert capsys.readouterr().err.startswith("kb: no file or folder '\\x1b[2J\\u202egnp.md\\n' (")


def test_a_reader_that_leaves_ends_kb_quietly(vault: Path) -> None:
    write(vault, {f"{number}.md": "[[a]]\n" * 500 for number in range(200)})
    with kb_process(vault, "links", "--all", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"0.md:1:1 a -> a.md\n"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == CLOSED_PIPE


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_full_disk_is_no_bug(vault: Path) -> None:
    with open("/dev/full", "wb") as full, kb_process(vault, "check", stdout=full.fileno(), stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert process.stderr.read() == b"kb: cannot write: No space left on device\n"
        assert process.wait(timeout=60) == WRONG_REQUEST


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_closed_streams_change_nothing(vault: Path, closed: str) -> None:
    write(vault, {"a.md": "[[nobody]]"})
    line = f"{' '.join(KB)} check {closed}"
    done = subprocess.run(
        ["bash", "-c", line], cwd=vault, env=environment(vault.parent / "cache", {}), capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stderr == b""
    assert (b"nobody" in done.stdout) == (closed == "2>&-")


def test_ctrl_c_ends_at_once_without_a_traceback(vault: Path) -> None:
    os.mkfifo(vault.parent / "never")
    write(vault.parent, {"commands/waiting.py": BUGGY.replace("raise ZeroDivisionError(", "open('../never').read() and (")})
    script = f"""
from kbtools.cli import commands
from kbtools.cli.main import main
commands.__path__.append({str(vault.parent / "commands")!r})
raise SystemExit(main(["waiting"]))
"""
    command, variables = [KB[0], "-c", script], environment(vault.parent / "cache", {})
    with (
        subprocess.Popen(command, cwd=vault, env=variables, stdout=-1, stderr=-1) as process,
        open(vault.parent / "never", "wb"),  # opens when the command does, which then waits for a first byte
    ):
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        printed, error = process.communicate(timeout=60)
    assert time.monotonic() - started < 2
    assert (printed, error) == (b"", b"kb: interrupted\n")
    assert process.returncode == INTERRUPTED


def test_python_m_kbtools_is_kb(vault: Path) -> None:
    done = kb(vault, "stats", "--format", "tsv")
    assert done.returncode == 0
    assert done.stdout.startswith(b"what\tkind\tnumber\n")


def test_the_other_words_for_a_command_lead_to_one(vault: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for word, name in OTHER_WORDS.items():
        assert word not in command_names()
        assert name in command_names()
        assert main([word]) == WRONG_REQUEST
        assert f"did you mean kb {name}?" in capsys.readouterr().err

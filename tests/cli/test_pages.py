"""The pages of docs/cli are tests: every transcript prints what its page shows, and no command or option is left out."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from kbtools.cli.main import command_names, load_command, main, parser_of
from tests.cli.pages import PAGES, README, VAULT, Transcript, page_paths, parse_page, play, rewrite, sample_vault

NAMES = command_names()
PATHS = page_paths()
TRANSCRIPTS = [transcript for path in PATHS for transcript in parse_page(path)]


def settle(vault: Path, patch: pytest.MonkeyPatch) -> Path:
    """Make a folder for the vault of a transcript the working directory, with nothing remembered from elsewhere."""
    vault.mkdir(parents=True)
    patch.chdir(vault)
    patch.setenv("KB_CACHE_DIR", str(vault.parent / ".cache" / "kb"))
    patch.setenv("COLUMNS", "100")
    return vault.parent


def test_pages_and_transcripts_are_found() -> None:
    assert len(NAMES) >= 12
    assert len(TRANSCRIPTS) >= 25
    assert len(sample_vault()) >= 8


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=str)
def test_transcript(transcript: Transcript, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rewrite_pages: bool) -> None:
    if rewrite_pages:
        pytest.skip("rewriting")
    for step, printed in play(transcript, settle(tmp_path / "you" / VAULT, monkeypatch)):
        assert printed == step.expected, step.line


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_rewrite(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rewrite_pages: bool) -> None:
    if not rewrite_pages:
        pytest.skip("only with --rewrite-pages")
    printed = {}
    for number, transcript in enumerate(parse_page(path)):
        home = settle(tmp_path / str(number) / VAULT, monkeypatch)
        printed |= {step.place: text for step, text in play(transcript, home)}
    rewrite(path, printed)


@pytest.mark.parametrize("name", NAMES)
def test_command_has_a_page_with_a_transcript(name: str) -> None:
    assert (PAGES / f"{name}.md").is_file(), f"write docs/cli/{name}.md"
    steps = [part for transcript in TRANSCRIPTS if transcript.page == name for part in transcript.parts]
    assert any(re.match(rf"kb (--vault \S+ )?{name}\b", getattr(step, "line", "")) for step in steps)


@pytest.mark.parametrize("path", [path for path in PATHS if path != README], ids=lambda path: path.stem)
def test_page_belongs_to_a_command(path: Path) -> None:
    assert path.stem in NAMES
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"# kb {path.stem}\n")
    assert "Exit" in text, "say the exit codes"


@pytest.mark.parametrize("name", NAMES)
def test_page_names_every_argument(name: str) -> None:
    text = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    for action in parser_of(name, load_command(name))._actions:
        if isinstance(action, argparse._HelpAction):
            continue
        written = action.option_strings[-1] if action.option_strings else str(action.metavar)
        assert re.search(rf"`[^`]*{re.escape(written)}\b", text), f"{written} is not on the page"
        for choice in action.choices or ():
            assert choice in text, f"{written} {choice} is not on the page"


@pytest.mark.parametrize("name", NAMES)
def test_page_names_every_key(name: str) -> None:
    """The fields of a command's rows are JSON keys and TSV columns: a contract, which the page spells out."""
    command = load_command(name)
    kinds = [kind for kind in vars(command).values() if isinstance(kind, type) and hasattr(kind, "_fields")]
    if name in ("links", "backlinks"):
        from kbtools.cli.rows import LinkRow

        kinds = [LinkRow]
    text = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    for field in (field for kind in kinds if kind.__module__.startswith("kbtools.cli") for field in kind._fields):
        assert f"`{field}`" in text, field


@pytest.mark.parametrize("name", NAMES)
def test_help_shows_an_example_that_parses(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    printed = capsys.readouterr().out
    command = load_command(name)
    assert f"example: {command.EXAMPLE}" in printed
    assert "--vault DIR" in printed
    program, first, *rest = command.EXAMPLE.split()
    assert (program, first) == ("kb", name)
    parser_of(name, command).parse_intermixed_args(rest)


def test_every_command_is_listed() -> None:
    text = README.read_text(encoding="utf-8")
    assert [name for name in NAMES if f"({name}.md)" not in text] == []

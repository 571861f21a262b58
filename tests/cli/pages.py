"""The pages of docs/cli as tests: their vaults, their transcripts, and what running these prints. See docs/cli/README.md."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from kbtools.cli.main import main
from kbtools.model import Span

PAGES = Path(__file__).parents[2] / "docs" / "cli"
README = PAGES / "README.md"
HOME = "/home/you"
VAULT = "深度学习"
BLOCK = re.compile(r"^(?P<fence>`{3,5})(?P<info>[^`\n]*)\n(?P<body>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL)
TITLE = re.compile(r'title="(?P<path>[^"]+)"')
SECTION = re.compile(r"^## (?P<title>.+)$", re.MULTILINE)
COMMAND = re.compile(r"^\$ (?P<line>.+)\n(?P<output>(?:(?!\$ ).*\n)*)", re.MULTILINE)
EXIT = re.compile(r"^\(exit (?P<code>\d+)\)\n\Z", re.MULTILINE)
SECONDS = re.compile(r"(?<= in )\d+\.\d\d(?= s)|(?<=\"seconds\": )\d+\.\d+(?:e-\d+)?")
REMEMBERED = re.compile(r"(?<=/)[0-9a-f]{20}(?=/)")
CACHE = re.compile(r"(?<=/\.cache/kb/)[0-9a-f]{20}(?=/)")
SHELL = re.compile(r"[|<>;&$]|^(?!kb )")


@dataclass(frozen=True)
class Step:
    """A command as typed, and what the page shows below it; `place` is where that stands in the page."""

    line: str
    expected: str
    place: Span


@dataclass(frozen=True)
class Transcript:
    """A section of a page: files that are written and commands that are typed, in order."""

    page: str
    title: str
    parts: tuple[Mapping[str, str] | Step, ...]

    def __str__(self) -> str:
        return f"{self.page}: {self.title}"


def page_paths() -> list[Path]:
    return sorted(PAGES.glob("*.md"))


def parse_page(path: Path) -> list[Transcript]:
    """The sections of a page that have a console block. A section without files of its own begins with the README's vault."""
    text = path.read_text(encoding="utf-8")
    blocks = list(BLOCK.finditer(text))
    hidden = BLOCK.sub(lambda block: " " * len(block[0]), text)
    starts = [0, *(found.start() for found in SECTION.finditer(hidden)), len(text)]
    transcripts = []
    for start, end in pairwise(starts):
        heading = SECTION.match(hidden, start)
        inside = [block for block in blocks if start <= block.start() < end]
        parts = tuple(part for block in inside for part in _read_block(block))
        if any(isinstance(part, Step) for part in parts):
            first = () if isinstance(parts[0], Mapping) else (sample_vault(),)
            transcripts.append(Transcript(path.stem, heading["title"] if heading else "top", (*first, *parts)))
    return transcripts


def sample_vault() -> dict[str, str]:
    """The vault that README.md shows before its first transcript."""
    files: dict[str, str] = {}
    for block in BLOCK.finditer(README.read_text(encoding="utf-8")):
        for part in _read_block(block):
            if isinstance(part, Step):
                return files
            files |= part
    return files


def _read_block(block: re.Match[str]) -> Iterator[dict[str, str] | Step]:
    title = TITLE.search(block["info"])
    if block["fence"] == "````" and title:
        yield {title["path"]: block["body"]}
    if block["info"].strip() == "console":
        for found in COMMAND.finditer(block["body"]):
            offset = block.start("body")
            yield Step(found["line"], found["output"], Span(offset + found.start("output"), offset + found.end("output")))


def play(transcript: Transcript, folder: Path) -> Iterator[tuple[Step, str]]:
    """Each step of a transcript with what it prints, in a vault that lies in `folder`; the caller has changed into it."""
    for part in transcript.parts:
        if isinstance(part, Step):
            yield part, _normalise(_run(part.line), folder)
            continue
        for path, text in part.items():
            file = folder / VAULT / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")


def _run(line: str) -> str:
    """What a command prints, on both streams, and its exit code where that is not 0."""
    if SHELL.search(line):
        path = os.pathsep.join((os.path.dirname(sys.executable), os.environ.get("PATH", "")))
        shell = ["bash", "-c", line]
        done = subprocess.run(shell, env={**os.environ, "PATH": path}, stdout=-1, stderr=-2, timeout=60, check=False)
        printed, code = done.stdout.decode("utf-8"), done.returncode
    else:
        both = io.StringIO()
        with contextlib.redirect_stdout(both), contextlib.redirect_stderr(both):
            code = main(shlex.split(line)[1:])
        printed = both.getvalue()
    return f"{printed}(exit {code})\n" if code else printed


def _normalise(printed: str, folder: Path) -> str:
    printed = printed.replace(os.environ["KB_CACHE_DIR"], f"{HOME}/.cache/kb").replace(str(folder), HOME)
    return SECONDS.sub("0.01", REMEMBERED.sub("5e8c2f0a71b9d3465e8c", printed))


def rewrite(path: Path, printed: Mapping[Span, str]) -> None:
    """Put what was printed in the place of what a page shows."""
    text = path.read_text(encoding="utf-8")
    for place in sorted(printed, reverse=True):
        text = text[: place.start] + printed[place] + text[place.end :]
    path.write_text(text, encoding="utf-8")

"""A rule's page -> its cases: a few small files and the findings they must give.

A case is a `## Fires: …` or `## Silent: …` heading and the blocks of four backticks below it; a block's title is a file's
path, the block `outcomes` says what running the proofs gave, the block `answers` what asking the web did, and the block
`findings` is what must come out. See docs/rules/README.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from kbtools.model import Answer, Outcome, Report, Span
from kbtools.report.text import render_finding

PAGES = Path(__file__).parents[2] / "docs" / "rules"
HEADING = re.compile(r"^## (?P<kind>Fires|Silent): (?P<title>.+)$|^## .+$", re.MULTILINE)
BLOCK = re.compile(r"^````(?P<info>[^`\n]*)\n(?P<body>.*?)^````$", re.MULTILINE | re.DOTALL)
TITLE = re.compile(r'title="(?P<path>[^"]+)"')
OUTCOME = re.compile(
    r"(?P<path>[^\s:]+)(?::(?P<line>\d+))? (?P<device>\w+) (?P<status>passed|failed|skipped)(?: (?P<reason>\w+) (?P<detail>.+))?"
)
ANSWER = re.compile(r"(?P<url>\S+) (?P<kind>alive|dead|unknown)(?:: (?P<detail>.+)|, moved to (?P<moved>\S+))?")
BYTES = re.compile(r"\bencoding=(?P<name>[\w-]+)")


@dataclass(frozen=True)
class Case:
    """One case of a page. `expected` is the text of its findings block and `place` where that text stands in the page."""

    rule: str
    kind: str
    title: str
    files: Mapping[str, str | bytes]
    expected: str
    place: Span
    outcomes: tuple[Outcome, ...] = ()
    answers: Mapping[str, Answer] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.rule}: {self.kind.lower()} {self.title}"


def page_paths() -> list[Path]:
    return sorted(path for path in PAGES.glob("*.md") if path.name != "README.md")


def parse_page(path: Path) -> list[Case]:
    """The cases of a page, in order. Raises ValueError where a case has no findings block or an unknown heading's blocks."""
    text = path.read_text(encoding="utf-8")
    outside = BLOCK.sub(lambda block: " " * len(block[0]), text)
    headings = list(HEADING.finditer(outside))
    cases = []
    for heading, after in zip(headings, [*headings[1:], None], strict=True):
        if heading["kind"]:
            end = after.start() if after else len(text)
            blocks = list(BLOCK.finditer(text, heading.end(), end))
            cases.append(_read_case(path.stem, heading, blocks))
    return cases


def _read_case(rule: str, heading: re.Match[str], blocks: list[re.Match[str]]) -> Case:
    results = [block for block in blocks if block["info"].strip() == "findings"]
    if len(results) != 1:
        raise ValueError(f"{rule}: the case '{heading['title']}' needs exactly one findings block")
    files: dict[str, str | bytes] = {}
    for block in blocks:
        title = TITLE.search(block["info"])
        if title:
            files[title["path"]] = _contents(block)
    place = Span(results[0].start("body"), results[0].end("body"))
    outcomes = tuple(_read_outcome(rule, line) for line in _lines_of(blocks, "outcomes"))
    answers = dict(_read_answer(rule, line) for line in _lines_of(blocks, "answers"))
    return Case(rule, heading["kind"], heading["title"], files, results[0]["body"], place, outcomes, answers)


def _lines_of(blocks: list[re.Match[str]], name: str) -> list[str]:
    return [line for block in blocks if block["info"].strip() == name for line in block["body"].splitlines()]


def _read_answer(rule: str, line: str) -> tuple[str, Answer]:
    """`url dead: it answers 404`, `url alive, moved to url`."""
    found = ANSWER.fullmatch(line)
    if found is None:
        raise ValueError(f"{rule}: no answer: '{line}'")
    return found["url"], Answer(found["kind"], found["detail"] or "", found["moved"] or "")  # type: ignore[arg-type]


def _read_outcome(rule: str, line: str) -> Outcome:
    """`path:line device status reason detail`; the last two only for what failed, the line only where it is known."""
    found = OUTCOME.fullmatch(line)
    if found is None:
        raise ValueError(f"{rule}: no outcome: '{line}'")
    status: Literal["passed", "failed", "skipped"] = found["status"]  # type: ignore[assignment]
    path, device, reason, detail = found["path"], found["device"], found["reason"] or "", found["detail"] or ""
    return Outcome(path, device, status, reason, 0.0, detail=detail, line=int(found["line"] or 0))


def _contents(block: re.Match[str]) -> str | bytes:
    encoding = BYTES.search(block["info"])
    return block["body"].encode(encoding["name"]) if encoding else block["body"]


def render(report: Report) -> str:
    """The findings as `kb check` prints them, one a line."""
    return "".join(f"{render_finding(finding)}\n" for finding in report.findings)


def rewrite(path: Path, found: Mapping[Span, str]) -> None:
    """Put the given texts in the place of a page's findings blocks."""
    text = path.read_text(encoding="utf-8")
    for place in sorted(found, reverse=True):
        text = text[: place.start] + found[place] + text[place.end :]
    path.write_text(text, encoding="utf-8")

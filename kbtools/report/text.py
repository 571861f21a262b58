"""A report for people: `path:line:column rule message (hint)`, grouped by file, then one line that sums up."""

from __future__ import annotations

import re
from itertools import groupby
from typing import Final

from kbtools.model import Finding, Outcome, Report
from kbtools.report.places import address

CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
BOLD, RED, YELLOW, GREEN, DIM, PLAIN = "\033[1m", "\033[31m", "\033[33m", "\033[32m", "\033[2m", "\033[0m"


def render(report: Report, *, prefix: str = "", project: str = "", colour: bool = False) -> str:
    """The findings and the summary. `prefix` goes before each path of the vault and `project` before each of the
    project, so that a terminal can open it."""
    groups = [
        "\n".join(render_finding(found, prefix=prefix, project=project, colour=colour) for found in group)
        for _, group in groupby(report.findings, key=lambda found: found.path)
    ]
    return "\n\n".join([*groups, render_summary(report, colour=colour)]) + "\n"


def render_finding(found: Finding, *, prefix: str = "", project: str = "", colour: bool = False) -> str:
    """One line."""
    line, column = found.where[:2] if found.where else (1, 1)
    place = plain(f"{address(found, prefix, project)}:{line}:{column}")
    message = plain(found.message)
    hint = plain(f" ({found.hint})") if found.hint else ""
    second = plain(f" [{project}{found.place}]") if found.place else ""
    if not colour:
        return f"{place} {found.rule} {message}{hint}{second}"
    tone = RED if found.severity == "error" else YELLOW
    return f"{BOLD}{place}{PLAIN} {tone}{found.rule}{PLAIN} {message}{DIM}{hint}{second}{PLAIN}"


def plain(text: str) -> str:
    """The text with control characters shown by their escapes: a name in a vault commands no terminal."""
    return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def render_summary(report: Report, *, colour: bool = False) -> str:
    """`120 notes, 1,800 links, 60 snippets: 1 error, 0 warnings in 0.41 s`."""
    counts = [_count(report.notes, "note"), _count(report.links, "link")]
    if report.snippets:
        counts.append(_count(report.snippets, "snippet"))
    verdict = f"{_count(report.errors, 'error')}, {_count(report.warnings, 'warning')}"
    if colour:
        verdict = f"{RED if report.errors else YELLOW if report.warnings else GREEN}{verdict}{PLAIN}"
    proofs = _render_proofs(report.outcomes)
    return f"{', '.join(counts)}: {verdict} in {report.seconds:.2f} s{proofs}"


def _render_proofs(outcomes: tuple[Outcome, ...]) -> str:
    """What was proven: `; proofs: 8 passed on cpu (6 from the cache), 8 skipped on cuda`."""
    parts = []
    for device in sorted({outcome.device for outcome in outcomes}):
        here = [outcome for outcome in outcomes if outcome.device == device]
        for status in ("passed", "failed", "skipped"):
            some = [outcome for outcome in here if outcome.status == status]
            if some:
                cached = sum(outcome.cached for outcome in some)
                parts.append(f"{len(some)} {status} on {device}" + (f" ({cached} from the cache)" if cached else ""))
    return f"; proofs: {', '.join(parts)}" if parts else ""


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"

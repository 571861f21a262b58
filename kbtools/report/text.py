"""A report for people: `path:line:column rule message (hint)`, grouped by file, then one line that sums up."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import Final

from kbtools.model import Finding, Outcome, Report
from kbtools.report.escapes import plain
from kbtools.report.numbers import counted
from kbtools.report.places import address, seen_from

MANY: Final = 20
NAMED: Final = 3
BOLD, RED, YELLOW, GREEN, DIM, PLAIN = "\033[1m", "\033[31m", "\033[33m", "\033[32m", "\033[2m", "\033[0m"


def render(report: Report, *, prefix: str = "", project: str = "", here: str = "", colour: bool = False) -> str:
    """The findings and the summary. `prefix` goes before each path of the vault and `project` before each of the
    project, so that a terminal in the folder `here` can open it."""
    groups = [
        "\n".join(render_finding(found, prefix=prefix, project=project, here=here, colour=colour) for found in group)
        for _, group in groupby(report.findings, key=lambda found: found.path)
    ]
    told = [text for outcome in report.outcomes if (text := _render_failure(outcome, project))]
    again = _render_again(report.outcomes, project)
    return "\n\n".join([*groups, *told, *([again] if again else []), render_summary(report, colour=colour)]) + "\n"


def render_finding(found: Finding, *, prefix: str = "", project: str = "", here: str = "", colour: bool = False) -> str:
    """One line."""
    line, column = found.where[:2] if found.where else (1, 1)
    place = plain(f"{seen_from(here, address(found, prefix, project))}:{line}:{column}")
    message = plain(found.message)
    hint = plain(f" ({found.hint})") if found.hint else ""
    second = plain(f" [{seen_from(here, project + found.place)}]") if found.place else ""
    if not colour:
        return f"{place} {found.rule} {message}{hint}{second}"
    tone = RED if found.severity == "error" else YELLOW
    return f"{BOLD}{place}{PLAIN} {tone}{found.rule}{PLAIN} {message}{DIM}{hint}{second}{PLAIN}"


def render_summary(report: Report, *, colour: bool = False) -> str:
    """`120 notes, 1,800 links, 60 snippets: 1 error, 0 warnings in 0.41 s`."""
    counts = [counted(report.notes, "note"), counted(report.links, "link")]
    if report.snippets:
        counts.append(counted(report.snippets, "snippet"))
    verdict = f"{counted(report.errors, 'error')}, {counted(report.warnings, 'warning')}"
    if colour:
        verdict = f"{RED if report.errors else YELLOW if report.warnings else GREEN}{verdict}{PLAIN}"
    by_rule, proofs = _render_rules(report.findings), _render_proofs(report.outcomes)
    return f"{', '.join(counts)}: {verdict}{by_rule} in {report.seconds:.2f} s{proofs}"


def _render_rules(findings: tuple[Finding, ...]) -> str:
    """Which rules found them, where there are more than a person counts: ` (412 broken-link, 88 glued-tag)`."""
    if len(findings) <= MANY:
        return ""
    counts = Counter(finding.rule for finding in findings)
    parts = [f"{number:,} {rule}" for rule, number in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    return f" ({', '.join(parts)})"


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


def _render_failure(outcome: Outcome, project: str) -> str:
    """What was printed about a proof that failed, below the snippet's path; "" where nothing was."""
    _, _, printed = outcome.detail.partition("\n")
    if outcome.status != "failed" or not printed.strip():
        return ""
    head = plain(f"{project}{outcome.path} on {outcome.device}:")
    return "\n".join([head, *(f"    {plain(line)}".rstrip() for line in printed.splitlines())])


def _render_again(outcomes: tuple[Outcome, ...], project: str) -> str:
    """Why what was proven before ran again: `ran again: snippets/seq/gru.py (its proof changed)`, a line for each reason."""
    lines = []
    for why in sorted({outcome.why for outcome in outcomes if outcome.why}):
        paths = sorted({outcome.path for outcome in outcomes if outcome.why == why})
        shown = ", ".join(f"{project}{path}" for path in paths[:NAMED])
        more = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
        lines.append(plain(f"ran again: {shown}{more} ({why})"))
    return "\n".join(lines)

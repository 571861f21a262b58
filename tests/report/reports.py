"""Reports to render: an empty one, one with everything in it, and what a vault of hostile names gives."""

from __future__ import annotations

from kbtools.model import Finding, Fix, Outcome, Report, Span

HOSTILE = "a%b,c:d\ne\x1b[31m\u202ef\udcffg\x9b.md"


def finding(**changes: object) -> Finding:
    values: dict[str, object] = {
        "rule": "broken-link",
        "severity": "error",
        "path": "概念/rnn.md",
        "span": Span(10, 18),
        "message": "nothing is named 'LSMT'",
        "hint": "did you mean [[LSTM]]?",
        "target": "LSMT",
        "fix": Fix(Span(10, 18), "[[LSTM]]"),
        "where": (12, 5, 12, 13),
    }
    return Finding(**{**values, **changes})  # type: ignore[arg-type]


FINDINGS = (
    finding(),
    finding(where=(12, 40, 14, 2), span=Span(50, 90), hint="", fix=None, target="", severity="warning", rule="invalid-code"),
    finding(
        path="snippets/nn/x.py",
        rule="unused-snippet",
        severity="warning",
        message="no note shows it",
        hint="",
        fix=None,
        target="",
        where=(1, 1, 1, 1),
    ),
    finding(rule="failing-snippet", path="概念/门.md", message="assert 1 == 2", hint="", fix=None, place="snippets/nn/x.py:12"),
    finding(path=HOSTILE, message=f"nothing is named '{HOSTILE}'", hint=f"100% of, a: b::\r\n{HOSTILE}", where=None),
)
OUTCOMES = (
    Outcome("snippets/nn/x.py", "cpu", "failed", "assertion", 0.0211, detail="assert 1 == 2"),
    Outcome("snippets/nn/x.py", "cuda", "skipped", "no such device", 0.0),
    Outcome("snippets/nn/y.py", "cpu", "passed", "", 1.5, cached=True),
)


def report(findings: tuple[Finding, ...] = FINDINGS, outcomes: tuple[Outcome, ...] = OUTCOMES, snippets: int = 2) -> Report:
    return Report(
        vault="notes",
        notes=1200,
        links=18000,
        snippets=snippets,
        seconds=0.41234,
        findings=findings,
        outcomes=outcomes,
        text_of=lambda path: "",
    )


EMPTY = Report("notes", 0, 0, 0, 0.0, (), (), lambda path: "")

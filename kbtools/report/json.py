"""A report as JSON, version 1 (`docs/cli/check.md`): keys are relied on by others and only ever added to."""

from __future__ import annotations

import json

from kbtools.model import Finding, Outcome, Report
from kbtools.report.escapes import plain_json

VERSION = 1


def render(report: Report) -> str:
    """One object: summary, findings, snippets."""
    whole = {
        "version": VERSION,
        "vault": report.vault,
        "summary": {
            "notes": report.notes,
            "links": report.links,
            "snippets": report.snippets,
            "errors": report.errors,
            "warnings": report.warnings,
            "seconds": round(report.seconds, 3),
        },
        "findings": [_finding(found) for found in report.findings],
        "snippets": [_snippet(outcome) for outcome in report.outcomes],
    }
    return plain_json(json.dumps(whole, ensure_ascii=False, indent=2)) + "\n"


def _finding(found: Finding) -> dict[str, object]:
    line, column, end_line, end_column = found.where or (1, 1, 1, 1)
    return {
        "rule": found.rule,
        "severity": found.severity,
        "path": found.path,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "message": found.message,
        "hint": found.hint,
        "target": found.target,
        "place": found.place,
        "fixable": found.fix is not None,
    }


def _snippet(outcome: Outcome) -> dict[str, object]:
    return {
        "path": outcome.path,
        "device": outcome.device,
        "status": outcome.status,
        "reason": outcome.reason,
        "cached": outcome.cached,
        "seconds": round(outcome.seconds, 3),
        "detail": outcome.detail,
        "line": outcome.line,
        "why": outcome.why,
    }

"""A report as SARIF 2.1.0, for code scanning. https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Protocol
from urllib.parse import quote

from kbtools import __version__
from kbtools.model import Finding, Report
from kbtools.report.escapes import plain_json
from kbtools.report.places import address, sentence

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


class Described(Protocol):
    """A rule, as far as a report tells of it."""

    @property
    def name(self) -> str: ...
    @property
    def doc(self) -> str: ...


def render(report: Report, *, prefix: str = "", project: str = "", rules: Sequence[Described] = ()) -> str:
    """One run; `rules` are described as far as they found something."""
    found = sorted({finding.rule for finding in report.findings})
    numbers = {name: number for number, name in enumerate(found)}
    described = {rule.name: rule for rule in rules}
    run = {
        "tool": {
            "driver": {
                "name": "kb",
                "semanticVersion": __version__,
                "rules": [_rule(name, described.get(name)) for name in found],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(finding, numbers[finding.rule], address(finding, prefix, project), sentence(finding, project))
            for finding in report.findings
        ],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return plain_json(json.dumps(log, ensure_ascii=False, indent=2)) + "\n"


def _rule(name: str, described: Described | None) -> dict[str, object]:
    if described is None:
        return {"id": name}
    first, _, rest = described.doc.partition("\n\n")
    rule: dict[str, object] = {"id": name, "shortDescription": {"text": " ".join(first.split())}}
    if rest.strip():
        rule["help"] = {"text": rest.strip()}
    return rule


def _result(finding: Finding, number: int, file: str, message: str) -> dict[str, object]:
    line, column, end_line, end_column = finding.where or (1, 1, 1, 1)
    return {
        "ruleId": finding.rule,
        "ruleIndex": number,
        "level": finding.severity,
        "message": {"text": message},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(file)},
                    "region": {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column},
                }
            }
        ],
    }


def _uri(file: str) -> str:
    """Relative to the repository; `file://` for a file outside of it."""
    return ("file://" if file.startswith("/") else "") + quote(file, errors="surrogateescape")

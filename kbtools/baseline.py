"""The findings of yesterday, as a file: what stands in it is tolerated, and one more of a kind is not.

A finding is known by its rule, its path and its target (or, where it names none, its message), so that it stays known when
lines above it come or go, and each kind by how often it occurs in its file.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from kbtools.errors import KbError
from kbtools.model import Finding
from kbtools.report.escapes import plain_json

VERSION: Final = 1


class Known(NamedTuple):
    """One kind of finding; `about` is its target or its message."""

    path: str
    rule: str
    about: str


Baseline = Mapping[Known, int]
"""How often each kind occurs."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Findings beside a baseline: those that are new, how many are tolerated, and what no longer occurs (so often)."""

    new: tuple[Finding, ...]
    tolerated: int
    gone: int


def know(finding: Finding) -> Known:
    """The kind of a finding."""
    return Known(finding.path, finding.rule, finding.target or finding.message)


def compare(findings: Iterable[Finding], baseline: Baseline, *, seen: Iterable[Known] | None = None) -> Compared:
    """Of each kind the first ones are tolerated, as many as there were. Only kinds that were looked for (`seen`; None: all)
    can be gone."""
    left = Counter(dict(baseline))
    new, tolerated = [], 0
    for finding in findings:
        kind = know(finding)
        if left[kind] > 0:
            left[kind] -= 1
            tolerated += 1
        else:
            new.append(finding)
    gone = sum(left[kind] for kind in (baseline if seen is None else seen))
    return Compared(tuple(new), tolerated, gone)


def count(findings: Iterable[Finding], kept: Baseline) -> Baseline:
    """A new baseline: what is found now, and what is kept of an old one because nobody looked."""
    return Counter(know(finding) for finding in findings) + Counter(dict(kept))


def render(baseline: Baseline) -> str:
    """The file's text: sorted, a line for each kind, so that two versions of it can be compared and merged."""
    lines = [
        json.dumps({"path": kind.path, "rule": kind.rule, "about": kind.about, "count": number}, ensure_ascii=False)
        for kind, number in sorted(baseline.items())
    ]
    body = ",\n".join(f"  {plain_json(line)}" for line in lines)
    return f'{{"version": {VERSION}, "findings": [\n{body}\n]}}\n' if lines else f'{{"version": {VERSION}, "findings": []}}\n'


def parse(text: str, name: str) -> Baseline:
    """The baseline that a file holds. Raises KbError, which names the file, for anything else."""
    try:
        data = json.loads(text)
        if not isinstance(data, dict) or data.get("version") != VERSION:
            raise ValueError(f"no baseline of version {VERSION}")
        found: Counter[Known] = Counter()
        for entry in data["findings"]:
            path, rule, about, number = entry["path"], entry["rule"], entry["about"], entry["count"]
            if not all(isinstance(part, str) for part in (path, rule, about)) or type(number) is not int or number < 1:
                raise ValueError(f"{json.dumps(entry, ensure_ascii=False)} is no entry")
            found[Known(path, rule, about)] += number
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise KbError(
            f"'{name}' is no baseline: {_describe(error)}", "kb check --baseline FILE --write-baseline makes one"
        ) from error
    return found


def _describe(error: Exception) -> str:
    match error:
        case json.JSONDecodeError():
            return f"no JSON at line {error.lineno}"
        case KeyError():
            return f"{error} is missing"
        case TypeError() | RecursionError():
            return "it has another shape"
        case _:
            return str(error)

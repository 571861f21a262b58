"""Findings and the comments of their notes -> the findings that nobody silenced, and the comments that silence nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from difflib import get_close_matches
from typing import Protocol

from kbtools.model import Finding, Ignore


class Ignoring(Protocol):
    """A vault, as far as its comments count."""

    def ignores_in(self, path: str) -> tuple[Ignore, ...]: ...
    def iter_ignores(self) -> Iterator[Ignore]: ...


def silence(findings: Iterable[Finding], vault: Ignoring) -> tuple[list[Finding], set[Ignore]]:
    """(the findings that no comment silences, the comments that silenced one). Findings have their places."""
    kept, used = [], set()
    for finding in findings:
        line = finding.where[0] if finding.where else 1
        meant = [one for one in vault.ignores_in(finding.path) if _is_meant(one, finding.rule, line)]
        used.update(meant)
        if not meant:
            kept.append(finding)
    return kept, used


def _is_meant(ignore: Ignore, rule: str, line: int) -> bool:
    return not ignore.problem and ignore.rule == rule and ignore.line in (0, line)


def find_idle(vault: Ignoring, used: set[Ignore], spoke: frozenset[str], known: frozenset[str]) -> Iterator[Ignore]:
    """The comments that silence nothing, with the reason: wrong ones, unknown rules, and rules that `spoke` and had nothing to
    say there. Of a rule that was not asked nobody knows."""
    for ignore in vault.iter_ignores():
        if ignore.problem:
            yield replace(ignore, hint="kb rules unused-ignore tells more")
        elif ignore.rule not in known:
            near = get_close_matches(ignore.rule, sorted(known), n=1)
            hint = f"did you mean {near[0]}?" if near else "kb rules lists them"
            yield replace(ignore, problem=f"no rule is named '{ignore.rule}'", hint=hint)
        elif ignore.rule in spoke and ignore not in used:
            where = f"on line {ignore.line}" if ignore.line else "in this note"
            yield replace(ignore, problem=f"there is no {ignore.rule} {where}", hint="remove it")

"""Which rules are on, and what they say: rules × vault -> findings, sorted, with severities and places.

Note rules run where a note is read (in a worker process, text at hand) and their findings are remembered with it; edge and
vault rules run over a snapshot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kbtools.checks import Rule, edge_check, load_rules, note_check, vault_check
from kbtools.config import Config, Level
from kbtools.errors import KbError
from kbtools.ignoring import find_idle, silence
from kbtools.lines import LineIndex
from kbtools.model import Finding, Fix, Note, Span

if TYPE_CHECKING:
    from kbtools.suggest import Lookup
    from kbtools.vault.snapshot import Snapshot

NEVER_STORED = frozenset({"broken-url", "failing-snippet"})
"""Rules about what was just run or asked: their findings are made anew each time."""
ABOUT_IGNORES = "unused-ignore"
"""The rule that has to hear all others."""

RawFinding = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules that are on, by scope, and the level each was given by the configuration (if it was). `overheard` run for the
    rule about comments that silence them, and nobody else is told."""

    notes: tuple[Rule, ...]
    edges: tuple[Rule, ...]
    vault: tuple[Rule, ...]
    levels: Mapping[str, Level]
    overheard: frozenset[str] = frozenset()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(rule.name for rule in (*self.notes, *self.edges, *self.vault))


def open_rulebook(config: Config, select: Sequence[str] = (), ignore: Sequence[str] = ()) -> Rulebook:
    """The rules that are on. A rule that is off but selected is on. Raises KbError for a name no rule has."""
    rules = {rule.name: rule for rule in load_rules()}
    file = f"{config.file}: " if config.file else ""
    for names, where in ((config.rules, file), (select, "--select "), (ignore, "--ignore ")):
        for name in names:
            if name not in rules:
                raise KbError(f"{where}no rule is named '{name}'", _nearest(name, rules))
    chosen = [rule for rule in rules.values() if _is_on(rule, config, select) and rule.name not in ignore]
    overheard: frozenset[str] = frozenset()
    if select and ABOUT_IGNORES in (rule.name for rule in chosen):
        more = [rule for rule in rules.values() if rule not in chosen and _is_on(rule, config, ()) and rule.name not in ignore]
        overheard = frozenset(rule.name for rule in more)
        chosen = sorted([*chosen, *more], key=lambda rule: rule.name)
    return Rulebook(
        notes=tuple(rule for rule in chosen if rule.scope == "check_note"),
        edges=tuple(rule for rule in chosen if rule.scope == "check_edge"),
        vault=tuple(rule for rule in chosen if rule.scope == "check"),
        levels={name: level for name, level in config.rules.items() if level != "off"},
        overheard=overheard,
    )


def _is_on(rule: Rule, config: Config, select: Sequence[str]) -> bool:
    if select:
        return rule.name in select
    return level_of(rule, config) != "off"


def level_of(rule: Rule, config: Config) -> Level:
    """The level a rule has in a project: what the configuration says, else its default where what it needs is there."""
    configured = config.rules.get(rule.name)
    if configured is not None:
        return configured
    needs = {"": True, "snippets": bool(config.snippets), "proofs": bool(config.proofs), "site": config.site}
    return rule.severity if needs[rule.needs] else "off"


def _nearest(name: str, rules: Iterable[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, list(rules), n=1)
    return f"did you mean {near[0]}?" if near else "kb rules lists them"


def note_checks(rulebook: Rulebook) -> list[Callable[[Note], Iterator[Finding]]]:
    """The generators of the note rules that are on."""
    return [note_check(rule) for rule in rulebook.notes]


def examine_note(note: Note, checks: Sequence[Callable[[Note], Iterator[Finding]]]) -> list[RawFinding]:
    """What the note rules say of one note, as plain tuples that can be stored."""
    found = [finding for check in checks for finding in check(note)]
    if not found:
        return []
    lines = LineIndex(note.source.text)
    return [pack(replace(finding, where=lines.place(finding.span))) for finding in found]


def judge(
    snapshot: Snapshot,
    rulebook: Rulebook,
    *,
    skip: frozenset[str] = frozenset(),
    only: frozenset[str] | None = None,
    lookup: Lookup | None = None,
) -> list[Finding]:
    """Every finding about the snapshot that no comment silences, placed and sorted; rules in `skip` are left out, with `only`
    all others are."""

    def wanted(name: str) -> bool:
        return name not in skip and (only is None or name in only)

    findings: list[Finding] = []
    local = {rule.name for rule in rulebook.notes if wanted(rule.name)}
    if local:
        for path in snapshot.paths:
            findings += [unpack(raw) for raw in snapshot.local_findings(path) if raw[0] in local]
    edges = [edge_check(rule) for rule in rulebook.edges if wanted(rule.name)]
    if edges:
        from kbtools.suggest import add_hints

        trouble = [found for edge in snapshot.iter_trouble() for check in edges for found in check(edge, snapshot)]
        findings += add_hints(trouble, snapshot, lookup)
    for rule in rulebook.vault:
        if wanted(rule.name) and rule.name != ABOUT_IGNORES:
            findings += vault_check(rule)(snapshot)
    findings, used = silence(_placed(findings, snapshot), snapshot)
    for rule in rulebook.vault:
        if wanted(rule.name) and rule.name == ABOUT_IGNORES:
            spoke = frozenset(name for name in rulebook.names if wanted(name)) - NEVER_STORED
            snapshot.idle_ignores = tuple(find_idle(snapshot, used, spoke, frozenset(rule.name for rule in load_rules())))
            findings += _placed(vault_check(rule)(snapshot), snapshot)
    told = [finding for finding in findings if finding.rule not in rulebook.overheard]
    return sort_findings(graded(told, rulebook.levels))


def graded(findings: Iterable[Finding], levels: Mapping[str, Level]) -> list[Finding]:
    """The findings with the severity that the configuration gives their rules."""
    result = []
    for finding in findings:
        level = levels.get(finding.rule, finding.severity)
        result.append(finding if level == finding.severity or level == "off" else replace(finding, severity=level))
    return result


def _placed(findings: Iterable[Finding], snapshot: Snapshot) -> list[Finding]:
    """The findings with lines and columns."""
    return [
        finding if finding.where is not None else replace(finding, where=snapshot.place_of(finding.path, finding.span))
        for finding in findings
    ]


def sort_findings(findings: Iterable[Finding]) -> list[Finding]:
    """By path, place, rule, message: two runs print the same."""
    return sorted(findings, key=lambda found: (found.path, found.span, found.rule, found.message))


def pack(finding: Finding) -> RawFinding:
    """A finding as a plain tuple."""
    fix = (finding.fix.span.start, finding.fix.span.end, finding.fix.text) if finding.fix else None
    return (
        finding.rule,
        finding.severity,
        finding.path,
        finding.span.start,
        finding.span.end,
        finding.message,
        finding.hint,
        finding.target,
        finding.place,
        fix,
        finding.where,
    )


def unpack(raw: RawFinding) -> Finding:
    """The finding of such a tuple."""
    rule, severity, path, start, end, message, hint, target, second, fix, where = raw
    mend = Fix(Span(fix[0], fix[1]), fix[2]) if fix else None
    return Finding(rule, severity, path, Span(start, end), message, hint, target, second, mend, where)

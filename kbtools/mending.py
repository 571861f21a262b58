"""Findings that know their repair -> the repairs that are proven, as one change of the vault.

A repair is proven in the vault as it will be: its finding is gone, no finding is new, and every link that it does not touch
means what it meant. Repairs are tried together; where that is not so, those in which something new is found are left out,
else halves are tried, until those at fault are found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from kbtools import app, scanning
from kbtools.change.edits import Edit, apply_edits
from kbtools.change.harm import find_harm, span_after
from kbtools.change.plan import Plan, Rewrite
from kbtools.changing import Change, view_of
from kbtools.model import Finding, Span
from kbtools.rulebook import Rulebook, judge, open_rulebook
from kbtools.showing import is_within
from kbtools.vault.cache import Blob
from kbtools.vault.snapshot import Snapshot

ROUNDS: Final = 4
"""How often the mended vault is looked at again: one repair can show the way to the next."""

Key = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Mended:
    """What is repaired, each with what stands there now, and the change that does it. `left` is what is then still found, proofs
    and web addresses aside; of these `refused` have a repair that is not proven."""

    change: Change
    fixed: tuple[tuple[Finding, str], ...]
    left: tuple[Finding, ...]
    refused: tuple[Finding, ...]


def plan_fixes(project: app.Project, request: app.Request) -> Mended:
    """The proven repairs of what a check with this request finds; nothing is written. Raises KbError as a check does."""
    config = project.config
    rulebook = open_rulebook(config, request.select, request.ignore)
    first = _look(project, request, rulebook)
    world = first
    fixed: list[tuple[Finding, str]] = []
    refused: dict[Key, Finding] = {}
    for _ in range(ROUNDS):
        wanted = _choose(world, request.paths, refused)
        if not wanted:
            break
        proven = _find_proven(world, wanted)
        texts = {finding: world.snapshot.text_of(finding.path) for finding in proven}
        fixed += [(finding, _written(finding, texts[finding])) for finding in proven]
        refused |= {_key(finding): finding for finding in wanted if finding not in proven}
        world = world.after(proven)
    rewrites = tuple(Rewrite(path, path, first.snapshot.text_of(path), text, 0) for path, text in sorted(world.texts.items()))
    title = f"fix {len(fixed)} finding{'' if len(fixed) == 1 else 's'}"
    left = tuple(finding for finding in world.findings if is_within(finding.path, request.paths))
    return Mended(
        Change(title, config, Plan({}, rewrites)),
        tuple(sorted(fixed, key=lambda found: (found[0].path, found[0].span))),
        left,
        tuple(finding for finding in left if finding.fix and _key(finding) in refused),
    )


@dataclass(frozen=True)
class _World:
    """The vault at one moment of the mending: `texts` are those that differ from the disk's."""

    disk: scanning.Disk
    blobs: Mapping[str, Blob]
    rulebook: Rulebook
    examine: Callable[[Mapping[str, str]], Callable[[str], Blob]]
    texts: Mapping[str, str]
    snapshot: Snapshot
    findings: tuple[Finding, ...] = field(default=())

    def after(self, repairs: Sequence[Finding]) -> _World:
        """The vault with these repairs made."""
        if not repairs:
            return self
        texts = {path: apply_edits(self.snapshot.text_of(path), edits) for path, edits in _edits_of(repairs).items()}
        return _build(self.disk, self.blobs, self.rulebook, self.examine, {**self.texts, **texts}, list(texts))


def _look(project: app.Project, request: app.Request, rulebook: Rulebook) -> _World:
    disk = scanning.look(project.config)
    usual = {rule.name for rule in open_rulebook(project.config).notes}
    storable = all(rule.name in usual for rule in rulebook.notes)
    blobs, _ = scanning.read_changed(disk, () if storable else request.select, None, reuse=storable)

    def examine(texts: Mapping[str, str]) -> Callable[[str], Blob]:
        select = () if storable else request.select
        return scanning.examiner_of(scanning.reader(disk.config, texts), disk.names, disk.config, select)

    return _build(disk, blobs, rulebook, examine, {}, [])


def _build(
    disk: scanning.Disk,
    blobs: Mapping[str, Blob],
    rulebook: Rulebook,
    examine: Callable[[Mapping[str, str]], Callable[[str], Blob]],
    texts: Mapping[str, str],
    changed: Sequence[str],
) -> _World:
    look = examine(texts)
    blobs = {**blobs, **{path: look(path) for path in changed}}
    snapshot = scanning.build_snapshot(disk, blobs, texts)
    return _World(disk, blobs, rulebook, examine, texts, snapshot, tuple(judge(snapshot, rulebook)))


# ------------------------------------------------------------------------------------------------ proof


def _choose(world: _World, paths: Sequence[str], refused: Mapping[Key, Finding]) -> list[Finding]:
    """The findings that can be repaired at once: no two repairs overlap."""
    chosen: list[Finding] = []
    end: dict[str, int] = {}
    for finding in sorted(world.findings, key=lambda found: (found.path, found.fix.span if found.fix else found.span)):
        fix = finding.fix
        if fix is None or _key(finding) in refused or finding.path not in world.blobs or not is_within(finding.path, paths):
            continue
        if fix.span.start >= end.get(finding.path, 0):
            chosen.append(finding)
            end[finding.path] = fix.span.end
    return chosen


def _find_proven(world: _World, repairs: Sequence[Finding], others: Sequence[Finding] = ()) -> list[Finding]:
    """Of the repairs those that are right together, and together with the `others`, which are."""
    if not repairs:
        return []
    trial = _try(world, [*others, *repairs])
    if trial.is_proven:
        return list(repairs)
    guiltless = [repair for repair in repairs if repair not in trial.blamed]
    if len(guiltless) < len(repairs):
        return _find_proven(world, guiltless, others)
    if len(repairs) == 1:
        return []
    middle = len(repairs) // 2
    first = _find_proven(world, repairs[:middle], others)
    return first + _find_proven(world, repairs[middle:], [*others, *first])


class _Trial(NamedTuple):
    """Whether some repairs are right together; `blamed` are those that plainly are not, for something new is found in them."""

    is_proven: bool
    blamed: frozenset[Finding] = frozenset()


def _try(world: _World, repairs: Sequence[Finding]) -> _Trial:
    mended, edits = world.after(repairs), _edits_of(repairs)
    before = Counter(_key(finding) for finding in world.findings)
    before.subtract(_key(finding) for finding in repairs)
    after = Counter(_key(finding) for finding in mended.findings)
    new = {key for key, count in after.items() if count > before[key]}
    if new:
        found = [finding for finding in mended.findings if _key(finding) in new]
        return _Trial(False, frozenset(_iter_blamed(repairs, found, edits)))
    config = world.disk.config
    return _Trial(find_harm(view_of(world.snapshot, config), view_of(mended.snapshot, config), edits) is None)


def _iter_blamed(repairs: Sequence[Finding], found: Sequence[Finding], edits: Mapping[str, list[Edit]]) -> Iterator[Finding]:
    """The repairs in whose new text one of the findings stands."""
    spans: dict[str, list[Span]] = {}
    for finding in found:
        spans.setdefault(finding.path, []).append(finding.span)
    for repair in repairs:
        if repair.path in spans and repair.fix is not None:
            made = Edit(repair.fix.span.start, repair.fix.span.end, repair.fix.text)
            start, end = span_after(made, edits[repair.path])
            if any(span.start < end and start < span.end for span in spans[repair.path]):
                yield repair


def _edits_of(repairs: Sequence[Finding]) -> dict[str, list[Edit]]:
    edits: dict[str, list[Edit]] = {}
    for finding in repairs:
        if finding.fix is not None:
            edits.setdefault(finding.path, []).append(Edit(finding.fix.span.start, finding.fix.span.end, finding.fix.text))
    return edits


def _written(finding: Finding, text: str) -> str:
    return text[finding.fix.span.start : finding.fix.span.end] if finding.fix else ""


def _key(finding: Finding) -> Key:
    return finding.rule, finding.path, finding.target, finding.message

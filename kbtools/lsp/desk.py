"""A shelf and the rules -> what is wrong with each file, kept true while somebody types.

What changed is judged at once (`settle`), alone, in the vault around it. What it means for other notes, and what only the
whole vault can tell, is found when the editor rests (`look_around`, which may run in a thread). The rules are those of
`kb check`; nothing is executed.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from kbtools.lsp.rewrites import shared_head
from kbtools.lsp.shelf import News, Shelf
from kbtools.model import Finding, NotePath, Span
from kbtools.rulebook import NEVER_STORED, judge, open_rulebook
from kbtools.suggest import Lookup
from kbtools.vault.blob import load_watched
from kbtools.vault.snapshot import Snapshot

ABOUT_BLOCKS: Final = frozenset({"missing-snippet", "stale-snippet"})
"""Rules that see the vault but speak of one note's blocks: they are asked about a changed note at once."""

Findings = tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Around:
    """What a look around found: findings by path, of notes judged whole (`notes`) and of the rules that see the whole vault
    (`wide`); which files the links of each note name a place in, None where that was known. `when` and `era` say what it
    was a look at."""

    when: int
    era: int
    notes: Mapping[str, Findings]
    wide: Mapping[str, Findings]
    lookup: Lookup
    named: Mapping[str, frozenset[str]] | None


class Desk:
    """Where a vault is worked on. Raises KbError when it is opened and the configuration is wrong."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self._rulebook = open_rulebook(shelf.config)
        self._wide_rules = frozenset(rule.name for rule in self._rulebook.vault) - ABOUT_BLOCKS - NEVER_STORED
        self._own_rules = frozenset(self._rulebook.names) - self._wide_rules - NEVER_STORED
        self._own: dict[str, Findings] = {}
        self._wide: dict[str, Findings] = {}
        self._named: dict[str, frozenset[str]] | None = None
        self._judged_at: dict[str, int] = {}
        self._later: dict[str, int] = {}
        self._moved: set[str] = set()
        self._era = 0
        self._when, self._looked_at = 0, -1
        self._lookup: Lookup | None = None
        self._has_same_names = False
        self._seen: dict[str, str] = {}

    @property
    def snapshot(self) -> Snapshot:
        """Everything known about the vault when it was settled last."""
        return self.shelf.snapshot

    @property
    def lookup(self) -> Lookup:
        """The names of the vault, to be found loosely; made anew when the editor rests."""
        if self._lookup is None:
            self._lookup = Lookup(self.snapshot)
        return self._lookup

    @property
    def paths(self) -> frozenset[str]:
        """The paths that something is known to be wrong with."""
        return frozenset(path for known in (self._own, self._wide) for path, found in known.items() if found)

    def findings_of(self, path: str) -> Findings:
        """What is known to be wrong with a file."""
        return (*self._own.get(path, ()), *self._wide.get(path, ()))

    def file_of(self, found: Finding) -> Path:
        """The file that a finding speaks of."""
        config = self.shelf.config
        is_code = found.path.endswith(".py") and found.rule.endswith("-snippet")
        return (config.root if is_code else config.vault) / found.path

    # ------------------------------------------------------------------------------------------ at once

    def settle(self) -> frozenset[str]:
        """Read what changed, and judge it: the paths whose findings may differ now."""
        news = self.shelf.settle()
        if news == News():
            return frozenset()
        self._when += 1
        opened = frozenset(self.shelf.texts)
        judged = set(news.notes)
        if self._named is not None:
            self._named |= {path: _named_in(self.snapshot, path) for path in news.notes}
        if news.everything:
            self._era += 1
            self._lookup, self._named = None, None
            judged |= opened
        if news.snippets:
            showing = {block.note for block in self.snapshot.shown}
            self._put_off(showing)
            judged |= showing & opened
        self._has_same_names &= not (news.everything or news.aliases)
        self._moved |= news.places
        depending = self._depending(news.places)
        self._put_off(depending)
        judged |= depending & opened
        for path in judged & self.snapshot.blobs.keys():
            self._judge(path)
        return frozenset(judged)

    def _put_off(self, paths: Iterable[str]) -> None:
        self._later |= dict.fromkeys(paths, self._when)

    def _judge(self, path: str) -> None:
        self._judged_at[path] = self._when
        self._own[path] = self._judge_in(self.snapshot, path, self.lookup)
        text = self.shelf.texts.get(path)
        if text is not None:
            before = self._seen.get(path, text)
            self._wide[path] = tuple(_moved(found, before, text) for found in self._wide.get(path, ()))
            self._seen[path] = text

    def _judge_in(self, snapshot: Snapshot, path: str, lookup: Lookup) -> Findings:
        """What the rules say of one note, in the vault around it."""
        if path in snapshot.excluded:
            return ()
        _ = snapshot.notes  # those of the whole vault are kept by the copy, whose paths are narrowed
        alone = copy.copy(snapshot)
        alone.paths = (NotePath(path),)
        alone.shown = tuple(block for block in snapshot.shown if block.note == path)
        return tuple(judge(alone, self._rulebook, only=self._own_rules, lookup=lookup))

    def _depending(self, changed: Iterable[str]) -> frozenset[str]:
        """The notes whose links name a place in one of those that changed (every open one, as long as that is not known)."""
        targets = frozenset(changed)
        if not targets or self._named is None:
            return frozenset(self.shelf.texts) if targets else frozenset()
        return frozenset(path for path, named in self._named.items() if not named.isdisjoint(targets))

    # ------------------------------------------------------------------------------------------ when there is time

    @property
    def is_behind(self) -> bool:
        """Whether there is something to look around for."""
        return self._looked_at < self._when

    def look_around(self) -> Around:
        """Judge what was put off, and ask the rules that see the whole vault. Changes nothing, so that it may run in a thread
        while somebody types."""
        snapshot, when, era, later = self.snapshot, self._when, self._era, frozenset(self._later)
        lookup, named = self._lookup if self._has_same_names else None, None
        if lookup is None:
            lookup = Lookup(snapshot)
            _ = lookup.names  # made here, so that no keystroke waits for it
        if self._named is None:
            found = judge(snapshot, self._rulebook, only=self._own_rules, lookup=lookup)
            notes = _by_path(found, snapshot.paths)
            named = {str(path): _named_in(snapshot, path) for path in snapshot.paths}
        else:
            notes = {path: self._judge_in(snapshot, path, lookup) for path in later & snapshot.blobs.keys()}
        wide = judge(snapshot, self._rulebook, only=self._wide_rules)
        return Around(when, era, notes, _by_path(wide), lookup, named)

    def accept(self, around: Around) -> frozenset[str]:
        """Take over what a look around found: the paths whose findings may differ now. What it says of notes that changed
        meanwhile is left out, and asked again."""
        if around.era != self._era:
            return frozenset()
        old = {path: self.findings_of(path) for path in {*self._own, *self._wide, *around.notes, *around.wide}}
        fresh = {path: found for path, found in around.notes.items() if self._judged_at.get(path, 0) <= around.when}
        if around.named is not None:
            self._own = {path: found for path, found in self._own.items() if path in self.snapshot.blobs}
            self._named = dict(around.named)
            self._put_off(self._depending(self._moved) if self._when > around.when else ())
        self._later = {path: when for path, when in self._later.items() if when > around.when}
        self._own |= fresh
        self._lookup = around.lookup
        if self._when == around.when:
            self._has_same_names = True
            self._looked_at = around.when
            self._wide = dict(around.wide)
            self._seen = dict(self.shelf.texts)
            self._moved.clear()
        return frozenset(path for path in old if old[path] != self.findings_of(path))


def _named_in(snapshot: Snapshot, path: str) -> frozenset[str]:
    """The files that links of a note name a place in."""
    resolve = snapshot.index.resolve
    found = (resolve(raw[1], path) for raw, _ in load_watched(snapshot.blobs[path]) if raw[2])
    return frozenset(target.path for target in found if target is not None)


def _by_path(findings: Iterable[Finding], paths: Iterable[str] = ()) -> dict[str, Findings]:
    """The findings by path; of `paths` also those that have none."""
    found: dict[str, list[Finding]] = {path: [] for path in paths}
    for finding in findings:
        found.setdefault(finding.path, []).append(finding)
    return {path: tuple(group) for path, group in found.items()}


def _moved(finding: Finding, before: str, after: str) -> Finding:
    """A finding about a text that was edited meanwhile, where it stands now."""
    if before == after or finding.span.end == 0:
        return finding
    same = shared_head(before, after)
    shift = len(after) - len(before)
    start, end = (at if at <= same else max(at + shift, same) for at in (finding.span.start, finding.span.end))
    return replace(finding, span=Span(start, end), where=None, fix=None)

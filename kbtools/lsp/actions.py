"""A finding -> what an editor can do about it: the rule's own fix, a name of "did you mean", the missing note, `kb sync`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

from kbtools.change.written import find_written
from kbtools.model import Finding, Fix, Link, NotePath, Shown, Span
from kbtools.snippets.sync import Plan, Prefer, plan_sync
from kbtools.syntax.names import BAD_IN_NAMES
from kbtools.vault.snapshot import Snapshot

OFFERED: Final = re.compile(r"!?\[\[(?P<target>[^\]|#\[]*)(?P<subpath>#[^\]|\[]*)?(?:\|[^\]\[]*)?\]\]")
QUOTED: Final = re.compile(r"(?:did you mean|,|or) '(?P<name>[^']+)'")
OTHER_FILE: Final = re.compile(r"\.(?:[a-z]{1,6}|mp[34]|m4a|3gp|7z)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Action:
    """A title for a menu, and what it does: fixes by path in the vault, new texts of files of the project (`code`), files to
    create. `is_preferred` where it is the one right thing to do."""

    title: str
    fixes: Mapping[str, tuple[Fix, ...]] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    code: Mapping[str, str] = field(default_factory=dict)
    create: tuple[str, ...] = ()
    is_preferred: bool = False


def iter_actions(snapshot: Snapshot, finding: Finding, *, snippets: str = "", new_notes: str = "") -> Iterator[Action]:
    """What can be done about a finding in a note. `snippets` is the folder of snippets, `new_notes` that of new notes."""
    if finding.path not in snapshot.blobs:
        return
    written = snapshot.text_of(finding.path)[finding.span.start : finding.span.end]
    if finding.fix is not None:
        title = f"write {finding.fix.text}" if len(finding.fix.text) < 80 else "mend it"
        yield Action(title, {finding.path: (finding.fix,)}, is_preferred=True)
    link = next((link for link in snapshot.note(finding.path).links if link.span == finding.span), None)
    if link is not None and finding.hint:
        known = finding.fix.text if finding.fix else written
        for fix in _iter_suggestions(snapshot, finding, link):
            if finding.fix is None or fix.text != known:
                yield Action(f"write {_after(written, finding.span, fix)}", {finding.path: (fix,)})
    if link is not None and finding.rule == "broken-link":
        yield from _create_note(link, new_notes)
    if finding.rule in ("stale-snippet", "missing-snippet") and snippets:
        yield from _sync(snapshot, finding, snippets)


def _after(written: str, span: Span, fix: Fix) -> str:
    start, end = fix.span.start - span.start, fix.span.end - span.start
    return written[:start] + fix.text + written[end:]


def _iter_suggestions(snapshot: Snapshot, finding: Finding, link: Link) -> Iterator[Fix]:
    """The names that a hint offers, each as the edit of the link that names it; display text and size stay."""
    if finding.fix is not None:
        return
    written = find_written(finding.path, snapshot.text_of(finding.path), link)
    if written is None:
        return
    for found in OFFERED.finditer(finding.hint):
        subpath = (found["subpath"] or "").removeprefix("#")
        if subpath and written.subpath is not None:
            edit = written.with_subpath(subpath)
        else:
            edit = written.with_target(found["target"])
        if edit is not None:
            yield Fix(Span(edit.start, edit.end), edit.text)
    for found in QUOTED.finditer(finding.hint):
        target, _, subpath = found["name"].partition("#")
        edit = written.with_subpath(subpath) if subpath else written.with_target(target)
        if edit is not None:
            yield Fix(Span(edit.start, edit.end), edit.text)


def _create_note(link: Link, folder: str) -> Iterator[Action]:
    """The note that a link names and nobody wrote, where Obsidian would put it."""
    target = link.target.strip().strip("/")
    parts = PurePosixPath(target).parts
    if not target or "://" in target or any(BAD_IN_NAMES.search(part) or part.startswith(".") for part in parts):
        return
    if not target.lower().endswith(".md"):
        if OTHER_FILE.search(target):
            return
        target += ".md"
    path = target if "/" in target or not folder else f"{folder}/{target}"
    yield Action(f"create the note '{path}'", create=(path,))


# ------------------------------------------------------------------------------------------------ snippets


def _sync(snapshot: Snapshot, finding: Finding, folder: str) -> Iterator[Action]:
    """What `kb sync` would do with the block: in the direction that it knows, or in both where it does not."""
    block = next((block for block in snapshot.shown if _holds(block, finding)), None)
    if block is None:
        return
    plan = _plan(snapshot, block, folder, "")
    if plan.notes or plan.files:
        yield _as_action(plan, block, is_preferred=True)
        return
    if finding.rule == "stale-snippet":
        prefers: tuple[Prefer, ...] = ("file", "note")
        for prefer in prefers:
            plan = _plan(snapshot, block, folder, prefer)
            if plan.notes or plan.files:
                yield _as_action(plan, block, is_preferred=False)


def _holds(block: Shown, finding: Finding) -> bool:
    span = block.fence.span
    return block.note == finding.path and span.start <= finding.span.start <= span.end


def _plan(snapshot: Snapshot, block: Shown, folder: str, prefer: Prefer) -> Plan:
    texts = {NotePath(block.note): snapshot.text_of(block.note)}
    return plan_sync([block], snapshot.snippets, texts, dict(snapshot.agreed), folder=folder, prefer=prefer)


def _as_action(plan: Plan, block: Shown, *, is_preferred: bool) -> Action:
    title = f"take the code of '{block.title}'" if plan.notes else f"write this code to '{block.path}'"
    return Action(
        title, texts={str(path): text for path, text in plan.notes.items()}, code=dict(plan.files), is_preferred=is_preferred
    )

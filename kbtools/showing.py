"""A vault and its project's snippets, brought together: which block shows what, what agrees, and what sync writes."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kbtools.config import Config
from kbtools.errors import KbError
from kbtools.lines import LineIndex
from kbtools.model import Finding, Note, NotePath, Shown, Snippet
from kbtools.snippets.agreed import read_agreed, write_agreed
from kbtools.snippets.block import is_python
from kbtools.snippets.find import File, build_snippets, find_shown
from kbtools.snippets.moved import Agreed, find_agreed
from kbtools.snippets.read import read_code
from kbtools.snippets.source import code_of
from kbtools.syntax.note import parse_note
from kbtools.vault.read import decode
from kbtools.vault.snapshot import Snapshot

if TYPE_CHECKING:
    from kbtools.snippets.sync import Left, Plan, Prefer
    from kbtools.snippets.write import Change


def build_code(config: Config, files: Mapping[str, File], shown: Iterable[Shown]) -> dict[str, Snippet]:
    """The snippets among the project's files, with the blocks that show them."""
    return build_snippets(files, shown, snippets=config.snippets, proofs=config.proofs)


def find_all_shown(config: Config, notes: Iterable[Note]) -> tuple[Shown, ...]:
    """Every block of the notes whose title names a file below the snippets folder."""
    return tuple(block for note in notes for block in find_shown(note, config.snippets)) if config.snippets else ()


def show(snapshot: Snapshot, config: Config, files: Mapping[str, File], agreed: Agreed) -> None:
    """Tell a snapshot of the project's snippets."""
    if config.snippets:
        snapshot.shown = find_all_shown(config, snapshot.iter_notes_with(f"{config.snippets}/"))
        snapshot.snippets = build_code(config, files, snapshot.shown)
        snapshot.agreed = agreed


def remember_agreed(snapshot: Snapshot, file: Path) -> None:
    """Write down which blocks are equal to their snippets now. A folder that cannot be written is no error."""
    now = find_agreed(snapshot.shown, snapshot.snippets, snapshot.agreed)
    if now != snapshot.agreed:
        with contextlib.suppress(OSError):
            write_agreed(file, now)


def count_blocks(snapshot: Snapshot) -> dict[str, int]:
    """How many blocks of code there are: `proven` (the snippet they show exists and has a proof), `unproven` (it has none),
    `missing` (it does not exist), `illustrative` (Python that shows no snippet), `other` (other languages)."""
    counts = dict.fromkeys(("proven", "unproven", "missing", "illustrative", "other"), 0)
    for block in snapshot.shown:
        snippet = snapshot.snippets.get(block.path)
        there = snippet is not None and code_of(snippet.text, block.part) is not None
        counts["missing" if not there else "proven" if snippet and snippet.proof_text else "unproven"] += 1
    for note in snapshot.notes.values():
        for fence in note.fences:
            counts["illustrative" if is_python(fence) else "other"] += 1
    counts["illustrative"] -= len(snapshot.shown)
    return counts


# ------------------------------------------------------------------------------------------------ sync


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A file's text before (None: there was no file) and after. `path` is counted from the vault for a note, else from the
    project."""

    path: str
    is_note: bool
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class Synced:
    """What sync did, or with nothing written would do. `lines` says where the blocks of the plan's steps stood, `findings`
    stand beside `left`, one each; `kept` is the folder that holds what was overwritten, None when nothing was."""

    plan: Plan
    rewrites: tuple[Rewrite, ...]
    looked_at: int
    lines: Mapping[Shown, int]
    findings: tuple[Finding, ...]
    kept: Path | None

    @property
    def left(self) -> tuple[Left, ...]:
        return self.plan.left


def sync(
    config: Config,
    paths: Iterable[NotePath],
    *,
    within: Sequence[str],
    prefer: Prefer,
    dry_run: bool,
    agreed_file: Path,
    kept: Path,
) -> Synced:
    """Make the blocks of the notes at `paths` and the snippets equal. `within` names notes, snippets and folders (none: all);
    what is overwritten is copied below `kept`. Raises KbError when a file cannot be written or changed meanwhile."""
    from kbtools.snippets.sync import plan_sync
    from kbtools.snippets.write import read_bytes, write_all

    raw = {path: data for path in paths if (data := read_bytes(config.vault / path)) is not None}
    sources = {path: decode(path, data, config.max_note) for path, data in raw.items()}
    texts = {path: source.text for path, source in sources.items() if not source.problem}
    shown = find_all_shown(config, (parse_note(sources[path]) for path in texts))
    snippets = build_code(config, read_code(config.root, config.code_folders), shown)
    wanted = [block for block in shown if is_within(block.note, within) or is_within(block.path, within)]
    agreed = read_agreed(agreed_file)
    plan = plan_sync(wanted, snippets, texts, agreed, folder=config.snippets, prefer=prefer)

    rewrites = [
        *(Rewrite(path, False, snippets[path].text if path in snippets else None, text) for path, text in plan.files.items()),
        *(Rewrite(path, True, texts[path], text) for path, text in plan.notes.items()),
    ]
    saved = None
    if not dry_run:
        saved = write_all([_change(config, rewrite, raw) for rewrite in rewrites], kept, config.root)
        if plan.agreed != agreed:
            with contextlib.suppress(OSError):
                write_agreed(agreed_file, plan.agreed)
    indexes = {path: LineIndex(texts[path]) for path in {block.note for block in wanted}}
    lines = {step.block: indexes[step.block.note].position(step.block.fence.span.start)[0] for step in plan.steps}
    findings = tuple(_finding(left, indexes[left.block.note]) for left in plan.left)
    return Synced(plan, tuple(rewrites), len(wanted), lines, findings, saved)


def is_within(path: str, paths: Sequence[str]) -> bool:
    """Whether a path is one of the given files or below one of the given folders; with none given, everything is."""
    return not paths or any(path == other or path.startswith(other.rstrip("/") + "/") for other in paths)


def _change(config: Config, rewrite: Rewrite, raw: Mapping[NotePath, bytes]) -> Change:
    from kbtools.snippets.write import Change

    after = rewrite.after.encode()
    if rewrite.before is None:
        folder, file = os.path.realpath(config.root / config.snippets), os.path.realpath(config.root / rewrite.path)
        if not file.startswith(folder + os.sep):
            raise KbError(f"'{rewrite.path}' leads out of the snippets folder", "nothing was written: remove the link")
        return Change(config.root / rewrite.path, None, after)
    before = rewrite.before.encode()
    if not rewrite.is_note:
        return Change(config.root / rewrite.path, before, after)
    data = raw[NotePath(rewrite.path)]
    mark = data[: len(data) - len(before)]  # a byte order mark is no part of a note's text
    return Change(config.vault / rewrite.path, data, mark + after)


def _finding(left: Left, lines: LineIndex) -> Finding:
    block, problem = left.block, left.problem
    rule = "missing-snippet" if left.theirs is None else "stale-snippet"
    where = lines.place(block.fence.span)
    return Finding(rule, "error", block.note, block.fence.span, problem.message, problem.hint, block.title, where=where)

"""Blocks, snippets, and when they last agreed -> what must be written so that they are equal again. Pure: no disk.

Three things are compared, the block, the part of the file, and the digest of the code they last agreed on; only when one
side alone has moved is the other written. Nobody's edit is dropped without being told to: what cannot be decided is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from kbtools.model import NotePath, Shown, Snippet, Source
from kbtools.snippets.block import replace_code
from kbtools.snippets.extract import Misfit, explain_path, find_twins, join_blocks
from kbtools.snippets.find import find_shown
from kbtools.snippets.merge import LATER, Edit, merge_edits
from kbtools.snippets.moved import Agreed, Moved, explain_moved, find_agreed, what_moved
from kbtools.snippets.source import Part, Problem, code_of, find_part, parse
from kbtools.syntax.note import parse_note

Prefer = Literal["", "note", "file"]

NOT_CLOSED: Final = Problem("the block is never closed", "close it")
MISPLACED: Final = Problem("the code cannot stand in this block", "move the block out of its list or quote")


@dataclass(frozen=True, slots=True)
class Step:
    """Something that is written: `what` names the side, `new` is a file that does not exist yet."""

    what: Literal["note", "file", "new"]
    block: Shown


@dataclass(frozen=True, slots=True)
class Left:
    """A block that is left as it is, and why. `theirs` is the code of the file's part, None where there is none."""

    block: Shown
    problem: Problem
    theirs: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """New texts of snippets and of notes, the steps they consist of, what is left, and what agrees once all is written."""

    files: Mapping[str, str]
    notes: Mapping[NotePath, str]
    steps: tuple[Step, ...]
    left: tuple[Left, ...]
    agreed: Agreed


def plan_sync(
    shown: Sequence[Shown],
    snippets: Mapping[str, Snippet],
    notes: Mapping[NotePath, str],
    agreed: Agreed,
    *,
    folder: str,
    prefer: Prefer = "",
) -> Plan:
    """What makes the blocks and the project's snippets equal. `notes` are the texts of the blocks' notes, `folder` is where
    snippets are; `prefer` decides where both sides have moved or nobody knows."""
    agreed = find_agreed(shown, snippets, agreed)
    work = _Work()
    by_path: dict[str, list[Shown]] = {}
    for block in shown:
        by_path.setdefault(block.path, []).append(block)
    for path, blocks in sorted(by_path.items()):
        snippet = snippets.get(path)
        for block in blocks:
            if not block.fence.closed:
                work.leave([block], NOT_CLOSED, code_of(snippet.text, block.part) if snippet else None)
        blocks = [block for block in blocks if block.fence.closed]
        if snippet is None:
            _plan_new(work, path, blocks, snippets, agreed, prefer)
        elif snippet.problem:
            work.leave(blocks, Problem(f"'{path}' {snippet.problem}", "mend the file"))
        else:
            _plan_file(work, path, snippet.text, blocks, agreed, prefer)
    texts = dict(_rewrite_notes(work, notes, folder))
    final = {path: Snippet(path, text, "", "") for path, text in work.files.items()}
    after = [block for path, text in texts.items() for block in _blocks_of(path, text, folder)]
    same = [block for block in shown if block.note not in texts]
    order = {id(block): number for number, block in enumerate(shown)}
    return Plan(
        files=work.files,
        notes=texts,
        steps=tuple(sorted(work.steps, key=lambda step: (step.what == "note", order[id(step.block)]))),
        left=tuple(sorted(work.left, key=lambda left: order[id(left.block)])),
        agreed=find_agreed([*same, *after], {**snippets, **final}, agreed),
    )


@dataclass(slots=True)
class _Work:
    """A plan while it is made; `codes` are the blocks to rewrite with their new code."""

    files: dict[str, str] = field(default_factory=dict)
    codes: list[tuple[Shown, str]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)

    def leave(self, blocks: Iterable[Shown], problem: Problem, theirs: str | None = None) -> None:
        self.left += [Left(block, problem, theirs) for block in blocks]


# ------------------------------------------------------------------------------------------------ a file that exists


def _plan_file(work: _Work, path: str, text: str, blocks: Sequence[Shown], agreed: Agreed, prefer: Prefer) -> None:
    """Decide about the blocks that show parts of one file: first what changes the file, then which blocks follow it."""
    tree = parse(text)
    if isinstance(tree, Problem):
        broken = [block for block in blocks if code_of(text, block.part) != block.code]
        work.leave(broken, Problem(f"'{path}' {tree.message}", tree.hint, tree.line))
        return
    groups: dict[str, list[Shown]] = {}
    for block in blocks:
        groups.setdefault(block.part, []).append(block)
    edits: list[Edit] = []
    followers: list[Shown] = []
    contested: list[Part] = []
    for name, group in groups.items():
        part = find_part(text, name)
        if isinstance(part, Problem):
            work.leave(group, Problem(f"'{path}' {part.message}", part.hint))
            continue
        edited, following = _decide(work, group, part.code, agreed, prefer)
        followers += following
        if edited:
            edits.append(Edit(part, edited))
        if len(edited) + len(following) < len(group):
            contested.append(part)
    merged = merge_edits(text, edits, contested)
    if merged.text != text:
        work.files[path] = merged.text
    work.steps += [Step("file", block) for edit in merged.made for block in edit.blocks]
    for edit, problem in merged.held:
        work.leave(edit.blocks, problem, edit.part.code)
    for block in followers:
        part = find_part(merged.text, block.part)
        if isinstance(part, Problem):
            work.leave([block], Problem(f"'{path}' {part.message}", part.hint))
        elif part.code != block.code:
            work.codes.append((block, part.code))


def _decide(work: _Work, group: Sequence[Shown], code: str, agreed: Agreed, prefer: Prefer) -> tuple[list[Shown], list[Shown]]:
    """(the blocks whose code the file must take, those that follow the file) of the blocks that show one part."""
    moved: dict[str, list[Shown]] = {}
    for block in group:
        side = what_moved(block, code, agreed)
        moved.setdefault(prefer if prefer and side in ("both", "unknown") else side, []).append(block)
    edited = moved.get("note", [])
    following = [*moved.get("neither", []), *moved.get("file", [])]
    undecided: tuple[Moved, ...] = ("both", "unknown")
    for side in undecided:
        for block in moved.get(side, []):
            work.leave([block], explain_moved(block, side), code)
    if edited and not moved.keys().isdisjoint(undecided):
        work.leave(edited, LATER, code)
        return [], following
    if len({block.code for block in edited}) > 1:
        places = ", ".join(dict.fromkeys(block.note for block in edited))
        work.leave(edited, Problem(f"the blocks that show '{edited[0].title}' differ", f"make them equal: {places}"), code)
        return [], following
    return edited, following


# ------------------------------------------------------------------------------------------------ a file that does not


def _plan_new(
    work: _Work, path: str, blocks: Sequence[Shown], snippets: Mapping[str, Snippet], agreed: Agreed, prefer: Prefer
) -> None:
    """Make a file of the blocks that show parts of it: of all of them or of none."""
    wrong = explain_path(path)
    if wrong is not None:
        work.leave(blocks, wrong)
        return
    written = [block for block in blocks if block.code]
    twin = next(iter(find_twins(written, snippets)), "")
    gone = any((block.note, block.title) in agreed for block in written)
    text: str | Misfit = ""
    if (twin or gone) and prefer != "note":
        fact = f"'{path}' {'is gone' if gone else 'does not exist'}" + (f", and '{twin}' has this code" if twin else "")
        work.leave(written, Problem(fact, "change the title, or kb sync --prefer note writes the file"))
    elif written:
        text = join_blocks(written)
    if isinstance(text, Misfit):
        others = Problem(f"another block stands in the way of '{path}'", "mend that one first")
        for block in written:
            work.leave([block], text.problem if block is text.block else others)
    elif text:
        work.files[path] = text
        work.steps += [Step("new", block) for block in written]
    for block in blocks:
        if not block.code:
            code = code_of(work.files.get(path, ""), block.part)
            if code:
                work.codes.append((block, code))
            else:
                work.leave([block], Problem(f"'{path}' does not exist", "write the code"))


# ------------------------------------------------------------------------------------------------ the notes


def _rewrite_notes(work: _Work, notes: Mapping[NotePath, str], folder: str) -> Iterator[tuple[NotePath, str]]:
    by_note: dict[NotePath, list[tuple[Shown, str]]] = {}
    for block, code in work.codes:
        by_note.setdefault(block.note, []).append((block, code))
    for path, changes in sorted(by_note.items()):
        text = notes[path]
        for block, code in sorted(changes, key=lambda change: change[0].fence.span, reverse=True):
            rewritten = replace_code(text, block.fence, code)
            if _is_right(path, text, rewritten, block, code, folder):
                text = rewritten
                work.steps.append(Step("note", block))
            else:
                work.leave([block], MISPLACED, code)
        if text != notes[path]:
            yield path, text


def _is_right(path: NotePath, before: str, after: str, block: Shown, code: str, folder: str) -> bool:
    """Whether the block now has the code, and every other block of the note is what it was."""
    old, new = _blocks_of(path, before, folder), _blocks_of(path, after, folder)
    if len(old) != len(new):
        return False
    return all(
        then.title == now.title and now.code == (code if then.fence.span.start == block.fence.span.start else then.code)
        for then, now in zip(old, new, strict=True)
    )


def _blocks_of(path: NotePath, text: str, folder: str) -> list[Shown]:
    return list(find_shown(parse_note(Source(path, text)), folder))

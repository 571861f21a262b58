"""The edits that notes ask of one snippet -> its new text, and the edits that must wait. Pure: no disk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from kbtools.model import Shown
from kbtools.snippets.source import Part, Problem, code_of, replace_part

LATER: Final = Problem("another block that shows these lines is not decided", "decide that one first")
CLASH: Final = Problem("another edited block shows the same lines differently", "make them equal")


@dataclass(frozen=True, slots=True)
class Edit:
    """A part of the file, and the edited blocks, all with the same code, that it must become equal to."""

    part: Part
    blocks: Sequence[Shown]

    @property
    def code(self) -> str:
        return self.blocks[0].code

    def overlaps(self, parts: Iterable[Part]) -> bool:
        """Whether it changes lines of one of the parts."""
        return any(self.part.first < other.last and other.first < self.part.last for other in parts)


@dataclass(frozen=True, slots=True)
class Merged:
    """The file's new text, the edits it holds, and those that are held back, each with the reason."""

    text: str
    made: Sequence[Edit]
    held: Sequence[tuple[Edit, Problem]]


def merge_edits(text: str, edits: Sequence[Edit], contested: Sequence[Part]) -> Merged:
    """The text with all edits but those that cannot be made, and those of lines that are `contested` or that a held edit
    changes too: half of a decision would decide the other half."""
    undecided = list(contested)
    held: list[tuple[Edit, Problem]] = []
    while True:
        blocked = next((edit for edit in edits if edit.overlaps(undecided)), None)
        if blocked is not None:
            failed = [(blocked, LATER)]
        else:
            changed, failed = _apply(text, edits)
            if not failed:
                return Merged(changed, edits, held)
        held += failed
        undecided += [edit.part for edit, _ in failed]
        edits = [edit for edit in edits if all(edit is not other for other, _ in failed)]


def _apply(text: str, edits: Sequence[Edit]) -> tuple[str, list[tuple[Edit, Problem]]]:
    """The text with all edits, and those that cannot be made or contradict one another."""
    waiting = list(edits)
    while waiting:
        failed: list[tuple[Edit, Problem]] = []
        for edit in waiting:
            replaced = replace_part(text, edit.part.name, edit.code)
            if isinstance(replaced, Problem):
                failed.append((edit, replaced))
            else:
                text = replaced
        if len(failed) == len(waiting):
            return text, failed
        waiting = [edit for edit, _ in failed]  # an edit of one part may be what another waits for
    wrong = [edit.part for edit in edits if code_of(text, edit.part.name) != edit.code]
    return text, [(edit, CLASH) for edit in edits if edit.overlaps(wrong)]

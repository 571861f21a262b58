"""The blocks of a note that show snippets -> a word beside each on its proof. Nothing is run: it is what is remembered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kbtools.lsp.hover import Evidence, state_of_proof
from kbtools.vault.snapshot import Snapshot


class Inlay(NamedTuple):
    """A text shown behind an offset of the note."""

    offset: int
    text: str


def iter_inlays(snapshot: Snapshot, path: str, evidence: Evidence) -> Iterator[Inlay]:
    """The state of each block's proof, at the end of the block's header."""
    text = snapshot.text_of(path)
    for block in snapshot.shown:
        if block.note == path:
            header = text[block.fence.span.start : block.fence.body_span.start].rstrip("\r\n")
            yield Inlay(block.fence.span.start + len(header), state_of_proof(snapshot, block.path, evidence))

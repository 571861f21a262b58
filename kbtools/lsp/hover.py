"""What stands at a place of a note -> what a reader is told about it, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from kbtools.lsp.excerpts import first_paragraph, paragraph_at
from kbtools.lsp.spots import AnchorSpot, LinkSpot, Spot, TagSpot, TitleSpot
from kbtools.model import Ambiguous, Edge, External, Found, MissingAnchor, MissingFile, Span
from kbtools.report.numbers import counted
from kbtools.snippets.record import Record, State
from kbtools.vault.snapshot import Snapshot

Evidence = Mapping[str, Sequence[tuple[Record, State]]]
"""What is known of the proofs, by snippet (`proving.list_evidence`)."""


class Hover(NamedTuple):
    """A text in Markdown, and the span of the note it is about."""

    text: str
    span: Span


def hover_of(snapshot: Snapshot, spot: Spot, evidence: Evidence) -> Hover | None:
    """What is said about a spot; None where there is nothing to say."""
    match spot:
        case LinkSpot(edge=edge):
            return Hover(_about_link(snapshot, edge), edge.link.span)
        case TagSpot(tag=tag):
            name = tag.name.lower()
            count = sum(any(other[0].lower() == name for other in snapshot.columns(path).tags) for path in snapshot.paths)
            return Hover(f"**#{tag.name}**: {counted(count, 'note')}", tag.span)
        case TitleSpot(block=block):
            text = f"`{block.title}`: {state_of_proof(snapshot, block.path, evidence)}"
            return Hover(text, Span(block.fence.span.start, block.fence.body_span.start))
        case AnchorSpot():
            return None


def _about_link(snapshot: Snapshot, edge: Edge) -> str:
    match edge.to:
        case Found(path=path, anchor=anchor):
            return _about_file(snapshot, path, anchor.text if anchor else "", edge)
        case Ambiguous(paths=paths):
            others = ", ".join(f"`{path}`" for path in paths[1:4])
            return _about_file(snapshot, paths[0], "", edge) + (f"\n\nnot: {others}" if others else "")
        case MissingAnchor(path=path):
            return f"`{path}` has no `#{edge.link.subpath}`"
        case MissingFile():
            return f"nothing is named `{edge.link.target}`"
        case External(url=url):
            return url


def _about_file(snapshot: Snapshot, path: str, place: str, edge: Edge) -> str:
    head = f"**{path}**" + (f" › {place}" if place else "")
    if path not in snapshot.blobs or not path.lower().endswith(".md"):
        return head
    note = snapshot.note(path)
    anchor = edge.to.anchor if isinstance(edge.to, Found) else None
    text = paragraph_at(note, anchor) if anchor else first_paragraph(note)
    return f"{head}\n\n{text}" if text else head


def state_of_proof(snapshot: Snapshot, path: str, evidence: Evidence) -> str:
    """What is known of a snippet's proof, in a few words."""
    snippet = snapshot.snippets.get(path)
    if snippet is None:
        return "no such snippet"
    if not snippet.proof_text.strip():
        return "no proof"
    known = evidence.get(path, ())
    if not known:
        return "not proven here yet"
    return ", ".join(_iter_states(known))


def _iter_states(known: Sequence[tuple[Record, State]]) -> Iterator[str]:
    proven = sorted({record.device for record, state in known if state == "current"})
    old = sorted({record.device for record, state in known if state != "current"} - set(proven))
    if proven:
        yield f"proven on {' and '.join(proven)}"
    if old:
        yield f"proof on {' and '.join(old)} out of date"

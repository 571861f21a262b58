"""What stands at a place, and a new name -> the proven plan that renames it, with every link following; unsaved texts count.

The plans are those of `kb rename`: a link that would change its meaning is a reason to refuse.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import NamedTuple

from kbtools import app, changing
from kbtools.change.plan import Plan, Wish, make_plan
from kbtools.change.view import View
from kbtools.config import Config
from kbtools.errors import KbError
from kbtools.lines import LineIndex
from kbtools.lsp.spots import AnchorSpot, LinkSpot, Spot, TagSpot
from kbtools.model import Ambiguous, Anchor, Edge, Found, MissingAnchor, Span
from kbtools.vault.settings import read_link_format
from kbtools.vault.snapshot import Snapshot

WHAT = "put the cursor on a link, a heading, a block id or a tag"


class Renamable(NamedTuple):
    """Where the name stands that would be replaced, and the name as it is now."""

    span: Span
    name: str


def find_renamable(spot: Spot | None) -> Renamable:
    """What a rename at a spot would be of. Raises KbError where there is nothing to rename."""
    match spot:
        case LinkSpot(edge=Edge(to=Found(anchor=Anchor() as anchor)), half="subpath", span=Span() as span):
            _refuse_footnote(anchor)
            return Renamable(span, f"^{anchor.text}" if anchor.kind == "block" else anchor.text)
        case LinkSpot(edge=Edge(to=Found() | Ambiguous() | MissingAnchor() as to), half="target", span=Span() as span):
            return Renamable(span, PurePosixPath(to.path).name.removesuffix(".md"))
        case LinkSpot():
            raise KbError("this link leads to nothing that could be renamed", WHAT)
        case AnchorSpot(anchor=anchor):
            _refuse_footnote(anchor)
            start = anchor.span.end - len(anchor.text)
            return Renamable(Span(start, anchor.span.end) if anchor.kind == "block" else anchor.span, anchor.text)
        case TagSpot(tag=tag):
            return Renamable(Span(tag.span.end - len(tag.name), tag.span.end), tag.name)
        case _:
            raise KbError("nothing to rename stands here", WHAT)


def _refuse_footnote(anchor: Anchor) -> None:
    if anchor.kind == "footnote":
        raise KbError("a footnote cannot be renamed", WHAT)


def plan_rename(snapshot: Snapshot, config: Config, path: str, spot: Spot | None, name: str) -> Plan:
    """The plan that gives what stands at a spot of the note at `path` the new name. Raises KbError with the reason where that
    is not possible, or would change what a link means."""
    find_renamable(spot)
    project, view = app.Project(config), changing.view_of(snapshot, config)
    match spot:
        case TagSpot(tag=tag):
            change = changing.plan_tag_rename(project, tag.name, name.removeprefix("#"), view=view)
        case AnchorSpot(anchor=anchor):
            change = changing.plan_place(project, path, _subpath_of(view, path, anchor), name, view=view)
        case LinkSpot(edge=Edge(to=Found(path=target, anchor=Anchor() as anchor)), half="subpath"):
            change = changing.plan_place(project, target, _subpath_of(view, target, anchor), name, view=view)
        case LinkSpot(edge=Edge(to=Found() | Ambiguous() | MissingAnchor() as to)):
            change = changing.plan_move(project, to.path, _renamed(to.path, name), view=view)
        case _:
            raise KbError("nothing to rename stands here", WHAT)
    _refuse_trouble(change.plan, view)
    return change.plan


def plan_moves(snapshot: Snapshot, config: Config, wanted: Mapping[str, str]) -> Plan:
    """The plan that lets links follow files and folders which an editor is about to rename (old path to new)."""
    view = changing.view_of(snapshot, config)
    moves: dict[str, str] = {}
    for src, dst in wanted.items():
        moves |= {name: dst + name[len(src) :] for name in view.names if name == src or name.startswith(f"{src}/")}
    moves = {src: dst for src, dst in moves.items() if src != dst}
    plan = make_plan(view, Wish(moves, adopt=True, format=read_link_format(config.vault)))
    _refuse_trouble(plan, view)
    return plan


def _subpath_of(view: View, path: str, anchor: Anchor) -> str:
    """The subpath that names an anchor: of a heading, with the headings above it where others have its text."""
    from kbtools.change.plan import link_text_of
    from kbtools.resolve import find_anchor
    from kbtools.syntax.note import make_anchor

    if anchor.kind == "block":
        return f"^{anchor.text}"
    anchors = view.anchors(path)
    written = link_text_of(anchor.text)
    above: list[Anchor] = []
    for raw in anchors:
        other = make_anchor(raw)
        if other == anchor:
            break
        if other.kind == "heading":
            above = [head for head in above if head.level < other.level] + [other]
    parents = [link_text_of(head.text) for head in above if head.level < anchor.level]
    for depth in range(len(parents) + 1):
        subpath = "#".join([*parents[len(parents) - depth :], written])
        found = find_anchor(anchors, subpath) if written else None
        if found is not None and make_anchor(found) == anchor:
            return subpath
    raise KbError(f"another heading '{anchor.text}' comes first", "no link can name this one: change its text by hand")


def _renamed(path: str, name: str) -> str:
    """The path of a file under a new name: in its folder, or where the name is a path, there."""
    old = PurePosixPath(path)
    name = name.strip()
    if not name.lower().endswith(old.suffix.lower()):
        name += old.suffix
    return name.removeprefix("/") if "/" in name else old.with_name(name).as_posix() if name else name


def _refuse_trouble(plan: Plan, view: View) -> None:
    if not plan.trouble:
        return
    first = plan.trouble[0]
    line, column = LineIndex(view.text_of(first.path)).position(first.span.start)
    more = f", and {len(plan.trouble) - 1} more" if len(plan.trouble) > 1 else ""
    raise KbError(f"{first.path}:{line}:{column} {first.message}{more}", first.hint or "nothing was changed")

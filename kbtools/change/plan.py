"""What somebody wants renamed -> what must be written in which file, or why that would change what a link means.

The plan is made by reading links and proven by reading them again: the future vault is scanned, and every link of the old
one must be there, in its place, with the meaning it had. A plan with `trouble` must not be carried out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from kbtools.change.edits import Edit, apply_edits
from kbtools.change.spelling import Sight, respell
from kbtools.change.view import NOWHERE, Meaning, View
from kbtools.change.written import Written, find_written
from kbtools.model import Link, Span
from kbtools.syntax.inline import CANVAS, RawLink
from kbtools.syntax.names import fold_heading
from kbtools.syntax.note import make_link
from kbtools.syntax.scan import BLOCK, HEADING, RawAnchor, scan
from kbtools.vault.settings import LinkFormat

ROUNDS: Final = 4
"""How often headings may change because links in them do."""
UNFIT: Final = re.compile(r"[:#|^\\]|%%|\[\[|\]\]|\]$|[\r\n]")
BLOCK_ID: Final = re.compile(r"\s\^[A-Za-z0-9-]+$")


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be renamed: `moves` from old path to new, `edits` of texts by old path (a heading, a block id), whether
    links that were dead may come to life, and how Obsidian is set to write links."""

    moves: Mapping[str, str] = field(default_factory=dict)
    edits: Mapping[str, tuple[Edit, ...]] = field(default_factory=dict)
    adopt: bool = False
    format: LinkFormat = "shortest"


class Trouble(NamedTuple):
    """Why a plan must not be carried out; `span` is a place in the file's text as it is now."""

    path: str
    span: Span
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A file whose text changes: its path now and then, its text now and then, how many links are rewritten."""

    path: str
    to: str
    before: str
    after: str
    links: int


@dataclass(frozen=True, slots=True)
class Plan:
    """`adopted` are the links that were dead and will not be: (source, what is written)."""

    moves: Mapping[str, str]
    rewrites: tuple[Rewrite, ...]
    adopted: tuple[tuple[str, Link], ...] = ()
    trouble: tuple[Trouble, ...] = ()

    @property
    def links(self) -> int:
        return sum(rewrite.links for rewrite in self.rewrites)


def make_plan(old: View, wish: Wish) -> Plan:
    """The plan for a wish, proven; everything that speaks against it is in its `trouble`."""
    planner = _Planner(old, wish)
    planner.follow_files()
    for _ in range(ROUNDS):
        if not planner.follow_places():
            break
    return planner.finish()


def link_text_of(heading: str) -> str:
    """A heading as it is written in a link."""
    return " ".join(UNFIT.sub(" ", BLOCK_ID.sub("", heading)).split())


class _Planner:
    def __init__(self, old: View, wish: Wish) -> None:
        self.old, self.wish = old, wish
        self.edits: dict[str, list[Edit]] = {path: list(edits) for path, edits in wish.edits.items()}
        self.links: dict[str, set[int]] = {}
        self.trouble: list[Trouble] = []
        self.index = old.after(wish.moves, {}).index if wish.moves else old.index

    def to(self, path: str) -> str:
        return self.wish.moves.get(path, path)

    # ------------------------------------------------------------------------------------------ files

    def follow_files(self) -> None:
        """Rewrite the targets that would no longer mean what they mean."""
        if not self.wish.moves:
            return
        for source in self.old.sources:
            for raw in self.old.columns(source).links:
                if not raw[1]:
                    continue
                meaning = self.old.mean(raw, source)
                if meaning.path and self._must_follow(raw, source, meaning):
                    self._follow(raw, source, meaning)

    def _must_follow(self, raw: RawLink, source: str, meaning: Meaning) -> bool:
        new = self.to(meaning.path)
        if raw[0] & 7 == CANVAS:
            return new != meaning.path
        found = self.index.resolve(raw[1], self.to(source))
        if found is None or found.path != new or (found.fragile and not meaning.fragile):
            return True
        name, becomes = PurePosixPath(meaning.path).name, PurePosixPath(new).name
        said = raw[1].rpartition("/")[2]
        return name != becomes and said in (name, name[:-3] if name[-3:].lower() == ".md" else name)

    def _follow(self, raw: RawLink, source: str, meaning: Meaning) -> None:
        new = self.to(meaning.path)
        written = self._written(raw, source)
        if written is None:
            return
        if raw[0] & 7 == CANVAS:
            name: str | None = new
        else:
            before = Sight(self.old.index, source, meaning.path)
            name = respell(raw[1], before, Sight(self.index, self.to(source), new), self.wish.format)
        edit = written.with_target(name) if name else None
        if edit is None or name is None:
            self._complain(source, raw, f"no link of this form can name '{new}'", "choose another name")
            return
        self._add(source, raw, edit)
        if written.display is not None:
            shown = _follow_display(written.display.text.strip(), raw[1], name, meaning.path, new)
            if shown:
                self._add(source, raw, written.with_display(shown))

    # ------------------------------------------------------------------------------------------ places

    def follow_places(self) -> bool:
        """Rewrite the subpaths that name headings and blocks whose text changes; whether any was found."""
        changed = self._changed_places()
        if not changed:
            return False
        more = False
        for source in self.old.sources:
            for raw in self.old.columns(source).links:
                if not raw[2]:
                    continue
                meaning = self.old.mean(raw, source)
                if meaning.path not in changed or meaning.place < 0:
                    continue
                old, new = self.old.anchors(meaning.path), changed[meaning.path]
                subpath = _respell_subpath(raw[2], old, new)
                written = self._written(raw, source) if subpath != raw[2] else None
                if written is None:
                    continue
                edit = written.with_subpath(subpath)
                if edit is None:
                    self._complain(source, raw, f"no link of this form can name '{subpath}'", "choose another name")
                    continue
                more |= self._add(source, raw, edit)
                text = link_text_of(old[meaning.place][2])
                if written.display is not None and written.display.text.strip() == text:
                    more |= self._add(source, raw, written.with_display(link_text_of(new[meaning.place][2])))
        return more

    def _changed_places(self) -> dict[str, tuple[RawAnchor, ...]]:
        """The anchors, as they will be, of the notes in which one of them changes."""
        changed = {}
        for path in self.edits:
            old, new = self.old.anchors(path), scan(path, self._text_after(path)).anchors
            if len(old) == len(new) and [anchor[1] for anchor in old] != [anchor[1] for anchor in new]:
                changed[path] = new
        return changed

    # ------------------------------------------------------------------------------------------ proof

    def finish(self) -> Plan:
        texts = {path: self._text_after(path) for path in self.edits}
        texts = {path: text for path, text in texts.items() if text != self.old.text_of(path)}
        rewrites = tuple(
            Rewrite(path, self.to(path), self.old.text_of(path), text, len(self.links.get(path, ())))
            for path, text in sorted(texts.items())
        )
        future = self.old.after(self.wish.moves, texts)
        adopted = []
        for source, raw, trouble in iter_changes(self.old, future, self.wish.moves):
            if trouble:
                self._complain(source, raw, trouble)
            else:
                adopted.append((source, make_link(raw)))
        if adopted and not self.wish.adopt:
            for source, link in adopted:
                self.trouble.append(Trouble(source, link.span, "this dead link would come to mean it", "--adopt lets it"))
        return Plan(dict(self.wish.moves), rewrites, tuple(adopted), tuple(dict.fromkeys(self.trouble)))

    # ------------------------------------------------------------------------------------------ parts

    def _text_after(self, path: str) -> str:
        return apply_edits(self.old.text_of(path), self.edits[path])

    def _written(self, raw: RawLink, source: str) -> Written | None:
        written = find_written(source, self.old.text_of(source), make_link(raw))
        if written is None:
            self._complain(source, raw, "this link cannot be rewritten in place", "write it on one line, in quotes")
        return written

    def _add(self, source: str, raw: RawLink, edit: Edit | None) -> bool:
        if edit is None:
            return False
        edits = self.edits.setdefault(source, [])
        self.links.setdefault(source, set()).add(raw[4])
        if edit in edits:
            return False
        edits[:] = [other for other in edits if (other.start, other.end) != (edit.start, edit.end)]
        edits.append(edit)
        return True

    def _complain(self, source: str, raw: RawLink, message: str, hint: str = "") -> None:
        self.trouble.append(Trouble(source, Span(raw[4], raw[5]), message, hint))


def _follow_display(shown: str, written: str, name: str, old: str, new: str) -> str:
    """The display text of a link whose target is renamed; "" where it stays."""
    if shown == written:
        return name
    for old_name, new_name in (
        (PurePosixPath(old).stem, PurePosixPath(new).stem),
        (PurePosixPath(old).name, PurePosixPath(new).name),
    ):
        if shown == old_name and old_name != new_name:
            return new_name
    return ""


def _respell_subpath(subpath: str, old: tuple[RawAnchor, ...], new: tuple[RawAnchor, ...]) -> str:
    """A subpath with the new texts of the headings (or the block) on its way."""
    parts = subpath.split("#")
    level, at = 0, 0
    for number, part in enumerate(parts):
        if not part.strip():
            continue
        if part.strip().startswith("^"):
            wanted = part.strip()[1:].lower()
            place = next((at for at, anchor in enumerate(old) if anchor[0] == BLOCK and anchor[1] == wanted), -1)
            if place >= 0 and new[place][1] != old[place][1]:
                parts[number] = part.replace(part.strip(), f"^{new[place][2]}")
            continue
        wanted = fold_heading(part)
        while at < len(old):
            anchor = old[at]
            at += 1
            if anchor[0] == HEADING and anchor[3] > level and wanted in (anchor[1], fold_heading(BLOCK_ID.sub("", anchor[2]))):
                level = anchor[3]
                if new[at - 1][1] != anchor[1] and link_text_of(new[at - 1][2]) != link_text_of(anchor[2]):
                    parts[number] = link_text_of(new[at - 1][2])
                break
    return "#".join(parts)


def iter_changes(old: View, new: View, moves: Mapping[str, str]) -> Iterator[tuple[str, RawLink, str]]:
    """(source, link, what changes) for every link that would not mean what it means; "" for one that was dead and would mean
    something. Links are told apart by their order."""
    for source in old.sources:
        target = moves.get(source, source)
        before, after = old.columns(source).links, new.columns(target).links
        if len(before) != len(after):
            first = before[0] if before else (after[0] if after else (0, "", "", "", 0, 0))
            yield source, first, f"the file would hold {len(after)} links, not {len(before)}"
            continue
        for link, becomes in zip(before, after, strict=True):
            meant, means = old.mean(link, source), new.mean(becomes, target)
            expected = moves.get(meant.path, meant.path)
            if link[0] != becomes[0]:
                yield source, link, "the link would change its form"
            elif (expected, meant.place) == (means.path, means.place):
                continue
            elif (not meant.path and means.path) or (meant.place == NOWHERE and means.path == expected):
                yield source, link, ""
            elif not means.path:
                yield source, link, f"this link to '{meant.path}' would be dead"
            elif means.path != expected:
                yield source, link, f"this link to '{meant.path}' would lead to '{means.path}'"
            else:
                yield source, link, f"this link to '{meant.path}#{link[2]}' would lead to another place"


def rename_heading(old: View, path: str, place: int, text: str) -> Edit:
    """The edit that gives a heading a new text; its block id stays. Raises ValueError where the text makes no heading."""
    _kind, _key, written, _level, start, end = old.anchors(path)[place]
    kept = BLOCK_ID.search(written)
    edit = Edit(start, end, text.strip() + (kept[0] if kept else ""))
    if not text.strip():
        raise ValueError("a heading needs a text")
    after = scan(path, apply_edits(old.text_of(path), [edit])).anchors
    if len(after) != len(old.anchors(path)) or after[place][0] != HEADING or after[place][2] != edit.text:
        raise ValueError(f"'{text}' would not be read as this heading")
    return edit


def rename_block(old: View, path: str, place: int, name: str) -> Edit:
    """The edit that gives a block a new id. Raises ValueError where the id is none, or taken."""
    _kind, _key, written, _level, _start, end = old.anchors(path)[place]
    if not re.fullmatch(r"[A-Za-z0-9-]+", name):
        raise ValueError(f"'{name}' is no block id: letters, digits and '-' only")
    others: Iterable[RawAnchor] = (anchor for at, anchor in enumerate(old.anchors(path)) if at != place)
    if any(anchor[0] == BLOCK and anchor[1] == name.lower() for anchor in others):
        raise ValueError(f"'^{name}' is there already")
    return Edit(end - len(written), end, name)

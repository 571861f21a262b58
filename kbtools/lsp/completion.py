"""What stands before the cursor -> what could be written there: notes, aliases, headings, blocks, tags, snippets and their parts.

Candidates are found loosely (case, width, blanks and hyphens count for nothing), at most `MOST` of them: an editor asks again
with the next letter.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import Final, Literal, NamedTuple
from urllib.parse import unquote

from kbtools.change.plan import link_text_of
from kbtools.change.spelling import Sight, spell
from kbtools.change.written import encode_destination
from kbtools.lines import line_start
from kbtools.lsp.excerpts import paragraph_at
from kbtools.model import NotePath, Span
from kbtools.nearest import loosen
from kbtools.resolve import find_anchor
from kbtools.snippets.source import list_parts
from kbtools.suggest import Lookup
from kbtools.syntax.inline import SCHEME, TAG_CHARS
from kbtools.syntax.note import make_anchor
from kbtools.syntax.scan import BLOCK, HEADING
from kbtools.vault.settings import LinkFormat
from kbtools.vault.snapshot import Snapshot

MOST: Final = 200
LINK: Final = re.compile(r"(?P<embed>!?)\[\[(?P<body>(?:(?!\[\[|\]\])[^|\r\n])*)$")
MARKDOWN: Final = re.compile(r"\]\((?:<(?P<angled>[^<>\r\n]*)|(?P<bare>[^()<>\s]*))$")
CLOSED: Final = re.compile(r"""\)|[ \t]++["']""")
TAG: Final = re.compile(rf"(?:^|(?<=\s))#(?P<name>(?:{TAG_CHARS})*)$")
TITLE: Final = re.compile(r"""^[ \t>]*+(?:`{3,}+|~{3,}+).*\btitle=["'](?P<path>[^"'#]*)(?P<mark>#?)(?P<part>[^"'#]*)$""")
TAGS_KEY: Final = re.compile(r"(?:^|\n)tags?:[ \t]*(?:\[[^\]\n]*|(?:\n[ \t]*-[^\n]*)*\n?[ \t]*-[ \t]*|)$")
WORD: Final = re.compile(r"""[^\s,\[\]"']*$""")


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something to write: `text` in the place of `span`; `label` is what a list shows, `detail` what stands beside it."""

    label: str
    kind: Literal["note", "alias", "file", "heading", "block", "tag", "snippet", "symbol"]
    text: str
    span: Span
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Candidates:
    """What is offered, best first, and whether that is all."""

    found: tuple[Candidate, ...] = ()
    is_all: bool = True


class _Form(NamedTuple):
    """How a link is written: what must be put behind it, what parts a target from its display text ("" where nothing does),
    whether a note goes without suffix, how a name is encoded there, and decoded."""

    closing: str
    bar: str
    bare: bool
    encode: Callable[[str], str] = str
    decode: Callable[[str], str] = str


def complete(snapshot: Snapshot, lookup: Lookup, path: str, offset: int, wish: LinkFormat = "shortest") -> Candidates:
    """What could be written at an offset of a note; `wish` is how Obsidian is set to write links."""
    if path not in snapshot.blobs or not path.lower().endswith(".md"):
        return Candidates()
    text = snapshot.text_of(path)
    start = line_start(text, offset)
    before = text[start:offset]
    title = TITLE.match(before)
    if title:
        return _limited(_iter_snippets(snapshot, title, start, offset))
    note = snapshot.note(path)
    if any(fence.body_span.start <= offset <= fence.body_span.end and fence.span.start < start for fence in note.fences):
        return Candidates()
    properties = note.properties_span
    if properties.start < offset <= properties.end and TAGS_KEY.search(WORD.sub("", text[properties.start : offset])):
        word = WORD.search(text, properties.start, offset)
        written = word[0] if word else ""
        return _limited(_iter_tags(snapshot, written.removeprefix("#"), Span(offset - len(written.removeprefix("#")), offset)))
    link = LINK.search(before)
    if link:
        form = _wikilink(text, start + link.start("body"), offset)
        return _limited(_iter_links(snapshot, lookup, path, wish, form, link["body"], offset))
    markdown = MARKDOWN.search(before)
    if markdown and "[" in before[: markdown.start()]:
        body = markdown[markdown.lastgroup or 0]
        form = _markdown_link(text, offset, angle=markdown.lastgroup == "angled")
        return Candidates() if SCHEME.match(body) else _limited(_iter_links(snapshot, lookup, path, wish, form, body, offset))
    tag = TAG.search(before)
    if tag:
        return _limited(_iter_tags(snapshot, tag["name"], Span(start + tag.start("name"), offset)))
    return Candidates()


def _limited(candidates: Iterable[Candidate]) -> Candidates:
    found: list[Candidate] = []
    for candidate in candidates:
        if len(found) == MOST:
            return Candidates(tuple(found), is_all=False)
        found.append(candidate)
    return Candidates(tuple(found), is_all=len(found) < MOST)


def _ranked(names: Iterable[tuple[str, str]], written: str) -> list[str]:
    """Of (folded name, thing) the things whose name holds what is written: those that begin with it first, then the shortest."""
    wanted = loosen(written)
    hits = [(not key.startswith(wanted), len(key), key, thing) for key, thing in names if wanted in key]
    return [thing for *_, thing in sorted(hits)]


# ------------------------------------------------------------------------------------------------ links


def _wikilink(text: str, start: int, end: int) -> _Form:
    closing = "" if text.startswith("]]", end) else "]]"
    return _Form(closing, "\\|" if _stands_in_table(text, start) else "|", bare=True)


def _markdown_link(text: str, end: int, *, angle: bool) -> _Form:
    closing = "" if CLOSED.match(text, end) else ")"
    if angle:
        closing = "" if text.startswith(">", end) else f">{closing}"
    return _Form(closing, "", bare=False, encode=partial(encode_destination, angle=angle), decode=unquote)


def _iter_links(
    snapshot: Snapshot, lookup: Lookup, path: str, wish: LinkFormat, form: _Form, body: str, end: int
) -> Iterator[Candidate]:
    target, mark, subpath = body.partition("#")
    said = form.decode(target)
    if mark:
        found = snapshot.resolve_name(said, path) if said.strip() else NotePath(path)
        if found is not None and found in snapshot.blobs:
            yield from _iter_places(snapshot, found, subpath, end, form)
        return
    folder, _, written = said.rpartition("/")
    relative = said.startswith(("./", "../"))
    span = Span(end - len(body), end)
    names = [(key, f"0\0{place}") for key, paths in lookup.by_key.items() for place in paths]
    names += [(key, f"1{key}\0{place}") for key, paths in lookup.by_alias.items() for place in paths]
    for thing in dict.fromkeys(_ranked(names, written)):
        key, _, place = thing[1:].rpartition("\0")
        if folder and loosen(folder.lstrip("./")) not in loosen(place.rpartition("/")[0]):
            continue
        name = spell(Sight(snapshot.index, path, place), "relative" if relative else wish, bare=form.bare)
        if name is None:
            continue
        if thing[0] == "0":
            kind: Literal["note", "file"] = "note" if place.lower().endswith(".md") else "file"
            yield Candidate(name, kind, form.encode(name) + form.closing, span, place)
            continue
        alias = next((alias for alias in snapshot.note(place).aliases if loosen(alias) == key), "")
        if alias and not set(alias) & set("[]|\r\n"):
            shown = f"{form.bar}{alias}" if form.bar else ""
            yield Candidate(alias, "alias", f"{form.encode(name)}{shown}{form.closing}", span, name)


def _stands_in_table(text: str, offset: int) -> bool:
    """Whether a line looks like a row of a table, where a plain bar would end the cell."""
    start = text.rfind("\n", 0, offset) + 1
    return text[start:offset].lstrip(" \t>").startswith("|")


def _iter_places(snapshot: Snapshot, path: str, written: str, end: int, form: _Form) -> Iterator[Candidate]:
    """The headings of a note, or after a `^` its blocks."""
    anchors = snapshot.anchors_of(path)
    before, _, last = written.rpartition("#")
    span = Span(end - len(last), end)
    before, last = form.decode(before), form.decode(last)
    if last.startswith("^"):
        note = snapshot.note(path)
        for raw in anchors:
            if raw[0] == BLOCK and raw[1].startswith(last[1:].lower()):
                detail = " ".join(paragraph_at(note, make_anchor(raw)).split())[:80]
                yield Candidate(f"^{raw[2]}", "block", f"^{raw[2]}{form.closing}", span, detail)
        return
    wanted = loosen(last)
    for raw in anchors:
        text = link_text_of(raw[2]) if raw[0] == HEADING else ""
        if text and wanted in loosen(text) and find_anchor(anchors, f"{before}#{text}") == raw:
            yield Candidate(text, "heading", form.encode(text) + form.closing, span, "#" * raw[3])


# ------------------------------------------------------------------------------------------------ tags, snippets


def _iter_tags(snapshot: Snapshot, written: str, span: Span) -> Iterator[Candidate]:
    counts = Counter(name for path in snapshot.paths for name in {tag[0] for tag in snapshot.columns(path).tags})
    here = {written}
    for name in _ranked(((loosen(name), name) for name in counts if name not in here or counts[name] > 1), written):
        yield Candidate(f"#{name}", "tag", name, span, f"{counts[name]:,}")


def _iter_snippets(snapshot: Snapshot, title: re.Match[str], start: int, offset: int) -> Iterator[Candidate]:
    if not title["mark"]:
        span = Span(start + title.start("path"), offset)
        for path in _ranked(((loosen(path), path) for path in snapshot.snippets), title["path"]):
            yield Candidate(path, "snippet", path, span, snapshot.snippets[path].proof)
        return
    snippet = snapshot.snippets.get(title["path"])
    span = Span(start + title.start("part"), offset)
    for part in list_parts(snippet.text) if snippet else ():
        if loosen(title["part"]) in loosen(part):
            yield Candidate(part, "symbol", part, span, PurePosixPath(title["path"]).name)

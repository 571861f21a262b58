"""Columns -> nouns, on demand: a `Note` whose parts are made when somebody asks for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from kbtools.model import Anchor, Fence, Link, LinkForm, Note, NotePath, Source, Span, Tag
from kbtools.syntax.frontmatter import Frontmatter, parse_properties
from kbtools.syntax.inline import EMBED, FORMS, HIDDEN, PROPERTY, RawLink
from kbtools.syntax.scan import ANCHOR_KINDS, Columns, Parsed, RawAnchor, RawFence, parse_markdown

TITLE = re.compile(r"""(?:^|[ \t{])title=(?:"([^"]*+)"|'([^']*+)')""")
FORM_NAMES: tuple[LinkForm, ...] = ("wiki", "markdown", "reference", "property", "canvas")
assert FORM_NAMES == FORMS


class LazyNote(Note):
    """A Note read from its columns; its text and what only the text tells are fetched when asked for."""

    __slots__ = ("_columns", "_frontmatter", "_parsed", "_path", "_read", "_source")

    _path: NotePath
    _columns: Columns
    _read: Callable[[], Source]
    _source: Source | None
    _parsed: Parsed | None
    _frontmatter: Frontmatter | None

    def __init__(
        self,
        path: str,
        columns: Columns,
        read: Callable[[], Source],
        parsed: Parsed | None = None,
    ) -> None:
        put = object.__setattr__
        put(self, "_path", NotePath(path))
        put(self, "_columns", columns)
        put(self, "_read", read)
        put(self, "_source", None)
        put(self, "_parsed", parsed)
        put(self, "_frontmatter", parsed.frontmatter if parsed else None)

    @property
    def path(self) -> NotePath:
        return self._path

    @property
    def source(self) -> Source:
        source = self._source
        if source is None:
            source = self._read()
            object.__setattr__(self, "_source", source)
        return source

    def _properties(self) -> Frontmatter:
        found = self._frontmatter
        if found is None:
            found = parse_properties(self.source.text if self._path[-3:].lower() == ".md" else "")
            object.__setattr__(self, "_frontmatter", found)
        return found

    @property
    def properties(self) -> Mapping[str, object]:
        return self._properties().properties

    @property
    def properties_problem(self) -> str:
        return self._properties().problem

    @property
    def properties_span(self) -> Span:
        found = self._properties()
        return Span(found.start, found.end)

    @property
    def aliases(self) -> tuple[str, ...]:
        return self._columns.aliases

    @property
    def tags(self) -> tuple[Tag, ...]:
        return tuple(Tag(name, Span(start, end)) for name, start, end in self._columns.tags)

    @property
    def anchors(self) -> tuple[Anchor, ...]:
        return tuple(make_anchor(raw) for raw in self._columns.anchors)

    @property
    def links(self) -> tuple[Link, ...]:
        return tuple(make_link(raw) for raw in self._columns.links)

    @property
    def fences(self) -> tuple[Fence, ...]:
        return tuple(make_fence(raw) for raw in self._columns.fences)

    def _parse(self) -> Parsed:
        parsed = self._parsed
        if parsed is None:
            parsed = parse_markdown(self.source.text if self._path[-3:].lower() == ".md" else "")
            object.__setattr__(self, "_parsed", parsed)
        return parsed

    @property
    def math(self) -> tuple[Span, ...]:
        return tuple(Span(start, end) for start, end in self._parse().inline.math)

    @property
    def opaque(self) -> tuple[Span, ...]:
        parsed = self._parse()
        inline = parsed.inline
        merged: list[tuple[int, int]] = []
        for start, end in sorted(parsed.blocks.opaque + inline.opaque + inline.math + inline.comments):
            if merged and start < merged[-1][1]:
                start, end = merged[-1][0], max(end, merged.pop()[1])
            merged.append((start, end))
        return tuple(Span(start, end) for start, end in merged)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LazyNote) and (self._path, self._columns) == (other._path, other._columns)

    def __hash__(self) -> int:
        return hash(self._path)

    def __repr__(self) -> str:
        return f"Note({self._path!r})"


def make_link(raw: RawLink) -> Link:
    """The noun of a link's columns."""
    bits, target, subpath, display, start, end = raw
    key = ""
    form = FORM_NAMES[bits & 7]
    if bits & 7 == PROPERTY:
        key, _, display = display.partition("\n")
    return Link(form, target, subpath, display, bool(bits & EMBED), bool(bits & HIDDEN), Span(start, end), key)


def make_anchor(raw: RawAnchor) -> Anchor:
    """The noun of an anchor's columns."""
    kind, key, text, level, start, end = raw
    return Anchor(ANCHOR_KINDS[kind], key, text, level, Span(start, end))


def make_fence(raw: RawFence) -> Fence:
    """The noun of a fence's columns."""
    info, prefix, body_start, body_end, start, end, closed = raw
    words = info.split(None, 1)
    title = TITLE.search(info)
    written = "" if title is None else title[1] if title[1] is not None else title[2]
    lang = words[0] if words else ""
    return Fence(lang, info, written, prefix, Span(body_start, body_end), Span(start, end), closed)


def parse_note(source: Source) -> Note:
    """A source, understood; total: every text gives a Note."""
    if source.path[-3:].lower() != ".md":
        from kbtools.syntax.scan import scan

        return LazyNote(source.path, scan(source.path, source.text), lambda: source)
    parsed = parse_markdown(source.text)
    return LazyNote(source.path, parsed.columns, lambda: source, parsed)

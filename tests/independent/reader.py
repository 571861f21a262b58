"""Reads the links of a vault the slow and obvious way, as an oracle for the fast implementation.

In: a mapping of vault-relative path to content. Out: one `LinkRow` a link. Written from
`design/links.md` alone (its sections are quoted as "section n"); block structure comes from
markdown-it-py, inline text is read here character by character. Nothing of `kbtools` is used.

Decisions where links.md is silent (the reading that reports less) and CommonMark is too:

 1. Frontmatter: the text between the two `---` lines is never Markdown, even when it is no
    mapping; `---` may have trailing blanks; left open, it is no frontmatter. A property's link is
    the whole string, nothing trimmed; every scalar is text (a bad date spoils nothing), whatever
    its tag. Anything may be a key, as in YAML 1.2 (`created: {{date}}`); a tab behind a word is a
    blank; of two equal keys the last counts.
 2. `%%` and `$$` first on a line of a paragraph or table (also in quotes, lists) run to the next
    `%%`/`$$` in later running text, over blank lines, whatever the container; left open, to the
    end of the note. Elsewhere (inside a line, in an ATX heading or a table's cell) they close in
    the same paragraph, heading or row or are plain text. Code and HTML blocks inside them stay what they
    are, and close nothing. Inside a comment, code and math are read as usual, up to its end: the
    next `%%` closes it, whatever it stands in.
 3. `$x$`: the opener has no white space and no `$` behind it; the closer has no white space before
    it, no digit behind it, no backslash or dollar before it; it may span the lines of one
    paragraph.
 4. Tables are GFM tables; a row (not a cell) is read as one line of text.
 5. Inline HTML tags, inline HTML comments and autolinks are skipped whole, as CommonMark does. A
    comment that is not closed in its paragraph runs on to the next `-->` before the next block of
    code or HTML; when there is none, it is text.
 6. `[[[x]]]` is `[` and the link `x`. A wikilink whose target is empty (`[[]]`, `[[ |x]]`) is
    none; `[[#]]` is the note itself. The target is split at its first `#`, the path trimmed, the
    subpath kept as written. One trailing backslash is dropped, in and outside tables.
 7. Markdown links: `[^1](x)` is a footnote and none; empty targets are none; `//` anywhere in the
    target makes it external; a target is decoded as a whole (left alone when the result is no
    UTF-8), then split at `#`; rows show it decoded (backslash escapes and entities too). One that
    has a scheme or `//` only once it is decoded, and finds no file, is external too.
 8. A Markdown link around a wikilink is the Markdown link alone; around embeds, both; an image's
    alternative text holds nothing. Markdown inside Markdown is as in CommonMark: the inner link.
 9. `[x]: [[y]]` is the wikilink `y`; every other reference definition is a link, used or not,
    also a second one of the same name. `[^x]:` is a footnote and its text an ordinary paragraph
    (so an indented line after a blank one is code).
10. `./` and `../` paths are normalised as a whole. "The source's folder" ends at a `/`. Lengths
    and path order are those of the path as stored. Canvas file nodes match whole paths only.
11. Headings are compared after NFC, as names are. Subpaths: a last part `^id` or `[^id]` (the
    last `]` may be missing, for `[[a#[^1]]]`) decides alone. Every heading, also in quotes and
    comments, counts; one that ends in a block id may be named with or without it. A block id may
    end any line of a paragraph, heading or table.
12. Notes that are not UTF-8 have no links, and any anchor in them is believed.
13. Links in canvas text and notebooks have their Markdown form ('wiki', 'markdown', 'reference');
    'canvas' is a file node (embed false).
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

import yaml
from markdown_it import MarkdownIt
from markdown_it.common.html_re import HTML_TAG_RE
from markdown_it.common.utils import normalizeReference
from markdown_it.helpers import parseLinkDestination, parseLinkTitle
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.reference import reference as commonmark_reference
from markdown_it.rules_inline.autolink import AUTOLINK_RE, EMAIL_RE
from markdown_it.token import Token

ASCII_PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
HEADING_SEPARATORS = '!"#$%&()*+,.:;<=>?@^`{|}~/[]\\\r\n'  # section 4
BLOCK_ID_RE = re.compile(r"(?:^|\s|(?<=\]\]))\^([A-Za-z0-9-]+)$")
FOOTNOTE_RE = re.compile(r"\[\^([^\]\s]+)\]:")
FOOTNOTE_REFERENCE_RE = re.compile(r"\[\^[^\[\]\s]+\]")
LATER_TABS_RE = re.compile(r"(?<=\S)\s*\t\s*")
SCHEME_RE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
OPAQUE = {"fence", "code_block", "html_block"}
REFERENCE_TO_WIKILINK_RE = re.compile(r"\[[^\]]*\]:\s*!?\[\[")


class LinkRow(NamedTuple):
    """One link and what it turned out to mean."""

    source: str
    start: int
    form: str
    target: str
    subpath: str
    embed: bool
    hidden: bool
    resolved: str | None
    status: str


class RawLink(NamedTuple):
    """A link as written; `target` still has its subpath."""

    start: int
    form: str
    target: str
    embed: bool
    hidden: bool


class Unit(NamedTuple):
    """Running text of one paragraph, heading or table row, or one reference definition."""

    kind: str  # 'paragraph' | 'heading' | 'row' | 'reference'
    text: str
    offsets: list[int]  # of each character of text, in the note
    line: int


class Document(NamedTuple):
    """What one piece of Markdown says."""

    links: list[RawLink]
    headings: list[tuple[int, set[str]]]  # level, its normalised texts
    blocks: set[str]
    footnotes: set[str]


# --------------------------------------------------------------------------------- the vault


def read_vault(files: Mapping[str, bytes | str]) -> list[LinkRow]:
    """Every link of the vault, by source path, then place."""
    visible = {path: content for path, content in files.items() if not is_hidden(path)}
    index = Index(sorted(visible))
    texts = {path: decode(content) for path, content in visible.items()}
    notes: dict[str, Document] = {}
    for path, text in texts.items():
        if is_note(path) and text is not None:
            notes[path] = read_note(text)
    rows = []
    for source in sorted(visible):
        text = texts[source]
        if text is not None:
            for link in iter_links(source, text, notes):
                rows.append(resolve_row(source, link, index, notes))
    return rows


def is_hidden(path: str) -> bool:
    return any(part.startswith(".") for part in path.split("/"))


def is_note(path: str) -> bool:
    return path.lower().endswith(".md")


def decode(content: bytes | str) -> str | None:
    if isinstance(content, bytes):
        try:
            content = content.decode("utf-8")
        except UnicodeDecodeError:
            return None
    return content.removeprefix("\ufeff")


def iter_links(source: str, text: str, notes: Mapping[str, Document]) -> Iterator[RawLink]:
    if source in notes:
        yield from notes[source].links
    elif source.lower().endswith(".canvas"):
        yield from canvas_links(text)
    elif source.lower().endswith(".ipynb"):
        yield from notebook_links(text)


def resolve_row(source: str, link: RawLink, index: Index, notes: Mapping[str, Document]) -> LinkRow:
    path, _, subpath = link.target.partition("#")
    path = path.strip()
    if link.form == "canvas":
        resolved = index.exactly(path)
    else:
        resolved = index.resolve(path, source)
    if resolved is None and link.form in {"markdown", "reference"} and leads_out(path):
        status = "external"
    elif resolved is None:
        status = "missing-file"
    elif resolved in notes and not has_anchor(notes[resolved], subpath):
        status = "missing-anchor"
    else:
        status = "ok"
    return LinkRow(source, link.start, link.form, path, subpath, link.embed, link.hidden, resolved, status)


def canvas_links(text: str) -> Iterator[RawLink]:
    data = load_json(text)
    for node in list_of_dicts(data, "nodes"):
        if node.get("type") == "file":
            file, subpath = node.get("file"), node.get("subpath", "")
            if isinstance(file, str) and file:
                subpath = subpath.removeprefix("#") if isinstance(subpath, str) else ""
                target = file + ("#" + subpath if subpath else "")
                yield RawLink(-1, "canvas", target, embed=False, hidden=False)
        elif node.get("type") == "text" and isinstance(node.get("text"), str):
            yield from without_place(read_markdown(str(node["text"])))


def notebook_links(text: str) -> Iterator[RawLink]:
    data = load_json(text)
    for cell in list_of_dicts(data, "cells"):
        if cell.get("cell_type") != "markdown":
            continue
        source = cell.get("source", "")
        if isinstance(source, list):
            source = "".join(part for part in source if isinstance(part, str))
        if isinstance(source, str):
            yield from without_place(read_markdown(source))


def load_json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def list_of_dicts(data: object, key: str) -> list[dict[str, object]]:
    items = data.get(key) if isinstance(data, dict) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def without_place(document: Document) -> list[RawLink]:
    return [link._replace(start=-1) for link in document.links]


# ------------------------------------------------------------------- which file (section 3)


@cache
def comparable(path: str) -> str:
    """Section 1: NFC, two odd spaces as a space, lower case."""
    composed = unicodedata.normalize("NFC", path)
    return composed.replace("\u00a0", " ").replace("\u202f", " ").lower()


def folder_of(path: str) -> str:
    return path.rpartition("/")[0]


class Index:
    """All files of a vault, by comparable file name."""

    def __init__(self, paths: list[str]) -> None:
        self.paths = paths
        self.by_name: dict[str, list[str]] = {}
        for path in paths:
            self.by_name.setdefault(comparable(path.rpartition("/")[2]), []).append(path)

    def exactly(self, path: str) -> str | None:
        wanted = comparable(path)
        return next((found for found in self.paths if comparable(found) == wanted), None)

    def resolve(self, path: str, source: str) -> str | None:
        """The six steps of section 3, in order."""
        if path == "":
            return source
        wanted = comparable(path)
        name = wanted.rpartition("/")[2]
        candidates = self.by_name.get(name, []) if "." in name else []
        if not candidates:
            wanted, name = wanted + ".md", name + ".md"
            candidates = self.by_name.get(name, [])
        if not candidates:
            return None
        if "/" not in wanted and len(candidates) == 1:
            return candidates[0]
        if wanted.startswith(("./", "../")):
            wanted = join(comparable(folder_of(source)), wanted)
        rooted = wanted.startswith("/")
        wanted = wanted.removeprefix("/")
        equal = [found for found in candidates if comparable(found) == wanted]
        if equal:
            return equal[0]
        if rooted:
            return None
        return nearest([c for c in candidates if comparable(c).endswith(wanted)], source)


def join(folder: str, relative: str) -> str:
    """`relative` seen from `folder`; climbing above the root stays at the root."""
    parts = folder.split("/") if folder else []
    for part in relative.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)


def nearest(candidates: list[str], source: str) -> str | None:
    folder = comparable(folder_of(source))
    inside = folder + "/" if folder else ""

    def rank(path: str) -> tuple[bool, int, str]:
        return (not comparable(path).startswith(inside), len(path), path)

    return min(candidates, key=rank, default=None)


# ------------------------------------------------------------------ which place (section 4)


def has_anchor(note: Document, subpath: str) -> bool:
    parts = [part.strip() for part in subpath.split("#") if part.strip()]
    if not parts:
        return True
    last = parts[-1]
    if last.startswith("^"):
        return last[1:].lower() in note.blocks
    if last.startswith("[^"):
        return last[2:].removesuffix("]").lower() in note.footnotes
    return has_heading(note.headings, parts)


def has_heading(headings: list[tuple[int, set[str]]], parts: list[str]) -> bool:
    """Walk down: each part takes the next deeper heading of that text."""
    place, depth = 0, 0
    for part in parts:
        wanted = normalise_heading(part)
        while place < len(headings):
            level, names = headings[place]
            place += 1
            if level > depth and wanted in names:
                depth = level
                break
        else:
            return False
    return True


def normalise_heading(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    for separator in HEADING_SEPARATORS:
        text = text.replace(separator, " ")
    return " ".join(text.split()).casefold()


# -------------------------------------------------------------------------------- one note


def read_note(text: str) -> Document:
    """A whole note: its properties, then its Markdown."""
    properties, body_line = split_frontmatter(text)
    document = read_markdown(text, body_line)
    document.links.extend(RawLink(-1, "property", target, embed=False, hidden=False) for target in property_targets(properties))
    return document


def split_frontmatter(text: str) -> tuple[object, int]:
    """The properties (None if there are none) and the line where Markdown begins."""
    lines = [line.rstrip(" \t") for line in split_lines(text)]
    if lines[0] != "---" or "---" not in lines[1:]:
        return None, 0
    end = lines.index("---", 1)
    try:
        data = yaml.load("".join(LATER_TABS_RE.sub(" ", line) + "\n" for line in split_lines(text)[1:end]), Loader=AnyKeyLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        data = None
    return (data if isinstance(data, dict) else None), end + 1


class AnyKeyLoader(yaml.BaseLoader):
    """YAML 1.2 in two more points: anything may be a key (`{{date}}`), and tags say nothing."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        if not isinstance(node, yaml.MappingNode):
            raise yaml.constructor.ConstructorError(None, None, "no mapping", node.start_mark)
        names = [key.value if isinstance(key, yaml.ScalarNode) else key.start_mark.index for key, _ in node.value]
        values = [self.construct_object(value, deep=deep) for _, value in node.value]
        return dict(zip(names, values, strict=True))


def property_targets(value: object, above: tuple[int, ...] = ()) -> Iterator[str]:
    if isinstance(value, str):
        found = wikilink_at(value, 0) if value.startswith("[[") else None
        if found is not None and found[1] == len(value):
            yield found[0]
    elif isinstance(value, dict | list) and id(value) not in above:
        for item in value.values() if isinstance(value, dict) else value:
            yield from property_targets(item, (*above, id(value)))


def split_lines(text: str) -> list[str]:
    return re.split(r"\r\n|\r|\n", text)


def line_offsets(text: str) -> list[int]:
    return [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", text))]


# ------------------------------------------------------------------------ block structure


def build_block_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": 200})
    parser.enable("table").disable(["inline", "text_join"])
    parser.block.ruler.at("reference", reference_rule)
    return parser


def reference_rule(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """CommonMark's rule, less footnotes and wikilinks (decision 9); notes down what it takes."""
    head = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
    if head.startswith("[^") or REFERENCE_TO_WIKILINK_RE.match(head):
        return False
    if not commonmark_reference(state, start, end, silent):
        return False
    lines = range(start, state.line)
    text = "\n".join(state.src[state.bMarks[n] + state.tShift[n] : state.eMarks[n]] for n in lines)
    state.env.setdefault("definitions", []).append((start, text))
    return True


BLOCK_PARSER = build_block_parser()


def read_markdown(text: str, first_line: int = 0) -> Document:
    """Read Markdown, leaving out the lines before `first_line`."""
    text = text.replace("\0", "\ufffd")
    lines = split_lines(text)
    env: dict[str, object] = {}
    body = [""] * first_line + lines[first_line:]
    tokens = BLOCK_PARSER.parse("\n".join(body), env)
    units = list(iter_units(tokens, lines, line_offsets(text)))
    for start, definition in env.get("definitions", []):  # type: ignore[attr-defined]
        place = line_offsets(text)[start] + lines[start].index("[")
        units.append(Unit("reference", definition, [place], start))
    units.sort(key=lambda unit: unit.line)
    references = set(env.get("references", {}))  # type: ignore[call-overload]
    barriers = [line_offsets(text)[token.map[0]] for token in tokens if token.type in OPAQUE and token.map]
    comments = HtmlComments(text, barriers)
    return Document(
        links=list(links_of_units(units, references, comments)),
        headings=list(iter_headings(tokens)),
        blocks={found.lower() for unit in units for found in iter_block_ids(unit)},
        footnotes={found.lower() for unit in units for found in iter_footnotes(unit)},
    )


def iter_units(tokens: list[Token], lines: list[str], offsets: list[int]) -> Iterator[Unit]:
    """Every stretch of running text; the cells of a table row come as one."""
    inside_row = False
    kind = "paragraph"
    for token in tokens:
        if token.type in {"tr_open", "tr_close"}:
            inside_row = token.type == "tr_open"
        if token.map is None:
            continue
        if token.type in {"heading_open", "paragraph_open"}:
            kind = "heading" if token.markup.startswith("#") else "paragraph"
        start, end = token.map
        if token.type == "tr_open":
            here = range(offsets[start], offsets[start] + len(lines[start]))
            yield Unit("row", lines[start], list(here), start)
        elif token.type == "inline" and not inside_row and token.content:
            yield place_text(kind, token.content, start, lines[start:end], offsets)


def place_text(kind: str, content: str, start: int, sources: list[str], offsets: list[int]) -> Unit:
    """Find the lines of running text in the note's own lines, less what containers put before."""
    contents = [line.lstrip() for line in content.split("\n")]
    skipped = 0
    while not fits(kind, contents, sources[skipped:]):
        skipped += 1
        assert skipped < len(sources), (contents, sources)
    text = ""
    places: list[int] = []
    for number, line in enumerate(contents, start + skipped):
        source = sources[number - start]
        after_marks = source.find("#") if kind == "heading" else source.rindex(line)
        place = offsets[number] + source.index(line, after_marks)
        text += line + "\n"
        places += range(place, place + len(line) + 1)
    return Unit(kind, text[:-1], places[:-1], start)


def fits(kind: str, contents: list[str], sources: list[str]) -> bool:
    if len(contents) > len(sources):
        return False
    pairs = zip(contents, sources, strict=False)
    if kind == "heading":
        return all(content in source for content, source in pairs)
    return all(source.rstrip().endswith(content.rstrip()) for content, source in pairs)


def iter_headings(tokens: list[Token]) -> Iterator[tuple[int, set[str]]]:
    for opening, content in pairwise(tokens):
        if opening.type == "heading_open":
            text = content.content.rstrip()
            names = {normalise_heading(text), normalise_heading(BLOCK_ID_RE.sub("", text))}
            yield int(opening.tag[1:]), names


def iter_block_ids(unit: Unit) -> Iterator[str]:
    if unit.kind != "reference":
        for line in unit.text.split("\n"):
            found = BLOCK_ID_RE.search(line.rstrip())
            if found:
                yield found[1]


def iter_footnotes(unit: Unit) -> Iterator[str]:
    if unit.kind == "paragraph":
        for line in unit.text.split("\n"):
            found = FOOTNOTE_RE.match(line)
            if found:
                yield found[1]


# ----------------------------------------------------------- running text: comments and math


class HtmlComments:
    """Where an HTML comment ends that begins inside a line and is not closed in its paragraph (decision 5)."""

    def __init__(self, text: str, barriers: list[int]) -> None:
        self.text = text
        self.barriers = barriers
        self.end = 0  # everything before is inside a comment already read

    def begins(self, offset: int) -> bool:
        barrier = min((barrier for barrier in self.barriers if barrier > offset), default=len(self.text))
        close = self.text.find("-->", offset + 2, barrier)
        if close >= 0:
            self.end = close + 3
        return close >= 0


def links_of_units(units: list[Unit], references: set[str], comments: HtmlComments) -> Iterator[RawLink]:
    """All links in document order; an open `%%` or `$$` is carried from unit to unit."""
    still_open = ""
    for unit in units:
        if unit.kind == "reference":
            if still_open != "$$" and unit.offsets[0] >= comments.end:
                yield from reference_link(unit, hidden=still_open == "%%")
            continue
        links: list[RawLink] = []
        still_open = read_unit(unit, still_open, references, links, comments)
        yield from links


def read_unit(unit: Unit, still_open: str, references: set[str], links: list[RawLink], comments: HtmlComments) -> str:
    """Read one unit; in and out: the `%%` or `$$` that is open at its edge, or ''."""
    place = sum(offset < comments.end for offset in unit.offsets)
    if still_open:
        end = find_delimiter(unit.text, still_open, place)
        if still_open == "%%":
            inside = unit.text if end < 0 else unit.text[:end]
            Scanner(unit, inside, references, links, hidden=True).scan(place)
        if end < 0:
            return still_open
        place = end + 2
    return Scanner(unit, unit.text, references, links, comments).scan(place)


def reference_link(unit: Unit, *, hidden: bool) -> Iterator[RawLink]:
    """A text that CommonMark has already found to be a definition."""
    place = 1
    while unit.text[place] != "]":
        place += 2 if unit.text[place] == "\\" else 1
    place = skip_white(unit.text, place + 2)
    target = local_target(parseLinkDestination(unit.text, place, len(unit.text)).str)
    if target:
        yield RawLink(unit.offsets[0], "reference", target, embed=False, hidden=hidden)


# --------------------------------------------------------------- running text: left to right


class MarkdownLink(NamedTuple):
    """A Markdown link or image; `target` is '' when it is external or by reference."""

    label_end: int
    end: int
    target: str


class Scanner:
    """Reads a text, the beginning of a unit's, from left to right; what opens first wins."""

    def __init__(
        self,
        unit: Unit,
        text: str,
        references: set[str],
        links: list[RawLink],
        comments: HtmlComments | None = None,
        *,
        hidden: bool = False,
        embeds_only: bool = False,
    ) -> None:
        self.unit = unit
        self.text = text
        self.references = references
        self.links = links
        self.comments = comments  # None: a part of a text, which nothing leaves
        self.hidden = hidden
        self.embeds_only = embeds_only
        self.known: dict[tuple[int, bool], MarkdownLink | None] = {}

    def scan(self, place: int) -> str:
        """Note all links from `place` on; returns the `%%` or `$$` left open, or ''."""
        while place < len(self.text):
            opener = self.text[place : place + 2]
            if opener == "<!" and self.opens_comment(place):
                return ""
            if opener not in {"%%", "$$"}:
                place = self.step(place)
                continue
            closing = find_delimiter(self.text, opener, place + 2)
            if closing < 0 and self.opens_block(place):
                if opener == "%%":
                    self.inside(place + 2, len(self.text), hidden=True)
                return opener
            if closing >= 0 and opener == "%%":
                self.inside(place + 2, closing, hidden=True)
            place = (place if closing < 0 else closing) + 2
        return ""

    def inside(self, start: int, end: int, *, hidden: bool, embeds_only: bool = False) -> None:
        Scanner(
            self.unit,
            self.text[:end],
            self.references,
            self.links,
            hidden=hidden,
            embeds_only=embeds_only or self.embeds_only,
        ).scan(start)

    def opens_block(self, place: int) -> bool:
        marks = " \t>" if self.unit.kind == "row" else " \t"
        first_on_line = not self.text[:place].rpartition("\n")[2].strip(marks)
        nested = self.hidden or self.embeds_only
        return self.unit.kind in {"paragraph", "row"} and first_on_line and not nested

    def opens_comment(self, place: int) -> bool:
        """Whether an HTML comment begins here that is closed in a later paragraph only."""
        if not self.text.startswith("<!--", place) or skip_angle(self.text, place) is not None:
            return False
        return self.comments is not None and self.comments.begins(self.unit.offsets[place])

    def step(self, place: int) -> int:
        """Read one construct or one character; returns where the next begins."""
        opaque = skip_opaque(self.text, place)
        if opaque is not None:
            return opaque
        if self.text[place] == "$":
            return skip_inline_math(self.text, place)
        embed = self.text[place] == "!"
        bracket = place + 1 if embed else place
        wikilink = wikilink_at(self.text, bracket)
        if wikilink is not None:
            self.note("wiki", wikilink[0], place, embed=embed)
            return wikilink[1]
        link = self.markdown_link(bracket, image=embed)
        if link is None:
            return place + 1
        if link.target:
            self.note("markdown", link.target, place, embed=embed)
        if not embed:
            self.inside(bracket + 1, link.label_end, hidden=self.hidden, embeds_only=True)
        return link.end

    def note(self, form: str, target: str, place: int, *, embed: bool) -> None:
        if embed or not self.embeds_only:
            offset = self.unit.offsets[place]
            self.links.append(RawLink(offset, form, target, embed, self.hidden))

    def markdown_link(self, place: int, *, image: bool) -> MarkdownLink | None:
        """The link or image whose `[` is at `place`; the answers are kept."""
        if not self.text.startswith("[", place):
            return None
        if not self.known:  # from the last bracket back, so that no question goes deep
            for bracket in reversed(range(len(self.text))):
                if self.text[bracket] == "[":
                    self.known[bracket, True] = self.find_markdown_link(bracket, image=True)
                    self.known[bracket, False] = self.find_markdown_link(bracket, image=False)
        return self.known[place, image]

    def find_markdown_link(self, place: int, *, image: bool) -> MarkdownLink | None:
        if not image and FOOTNOTE_REFERENCE_RE.match(self.text, place):
            return None
        label_end = self.find_label_end(place, links_allowed=image)
        if label_end < 0:
            return None
        inline = inline_destination(self.text, label_end + 1)
        if inline is not None:
            return MarkdownLink(label_end, inline[1], local_target(inline[0]))
        label, end = self.text[place + 1 : label_end], label_end + 1
        if self.text.startswith("[", end):
            second_end = self.find_label_end(end, links_allowed=True)
            if second_end >= 0:
                label = self.text[end + 1 : second_end] or label
                end = second_end + 1
        if normalizeReference(label) in self.references:
            return MarkdownLink(label_end, end, "")
        return None

    def find_label_end(self, place: int, *, links_allowed: bool) -> int:
        """The `]` that belongs to the `[` at `place`, or -1."""
        depth = 1
        place += 1
        while place < len(self.text):
            if self.text[place : place + 2] in {"%%", "$$"} and self.opens_block(place):
                return -1
            opaque = skip_opaque(self.text, place)
            image = self.text[place] == "!"
            bracket = place + 1 if image else place
            wikilink = wikilink_at(self.text, bracket)
            link = None if wikilink else self.markdown_link(bracket, image=image)
            if opaque is not None:
                place = opaque
            elif wikilink is not None:
                place = wikilink[1]
            elif link is not None:
                if not image and not links_allowed:
                    return -1
                place = link.end
            else:
                depth += {"[": 1, "]": -1}.get(self.text[place], 0)
                if depth == 0:
                    return place
                place += 1
        return -1


# -------------------------------------------------------------------------- single constructs


def wikilink_at(text: str, place: int) -> tuple[str, int] | None:
    """Target (with subpath) and end of the wikilink whose `[[` is at `place`."""
    if not text.startswith("[[", place) or text.startswith("[[[", place):
        return None
    end = text.find("]]", place)
    body = text[place + 2 : end]
    if end < 0 or "\n" in body or "[[" in body:
        return None
    bar = body.find("|")
    target = (body[:bar] if bar > 0 else body).strip()
    target = target.removesuffix("\\").strip()
    return (target, end + 2) if target else None


def skip_opaque(text: str, place: int) -> int | None:
    """The end of the escape, code span, autolink or HTML that opens here, else None."""
    if text[place] == "\\":
        escaped = text[place + 1 : place + 2]
        return place + 2 if escaped and escaped in ASCII_PUNCTUATION else place + 1
    if text[place] == "`":
        return skip_backticks(text, place)
    if text[place] == "<":
        return skip_angle(text, place)
    return None


def skip_backticks(text: str, place: int) -> int:
    """Past the closing run of equal length; past the opening run when there is none."""
    inner = run_end(text, place)
    length = inner - place
    at = text.find("`", inner)
    while at >= 0:
        end = run_end(text, at)
        if end - at == length:
            return end
        at = text.find("`", end)
    return inner


def run_end(text: str, place: int) -> int:
    while place < len(text) and text[place] == "`":
        place += 1
    return place


def skip_angle(text: str, place: int) -> int | None:
    tag = HTML_TAG_RE.match(text, place)
    if tag:
        return tag.end()
    end = text.find(">", place)
    inside = text[place + 1 : end]
    if end >= 0 and (AUTOLINK_RE.search(inside) or EMAIL_RE.search(inside)):
        return end + 1
    return None


def skip_inline_math(text: str, place: int) -> int:
    """Past the closing `$`; past the `$` itself when it opens nothing (decision 3)."""
    following = text[place + 1 : place + 2]
    if not following or following.isspace() or following == "$":
        return place + 1
    at = place + 1
    while at < len(text):
        if text[at] == "\\":
            at += 2
            continue
        before, behind = text[at - 1], text[at + 1 : at + 2]
        if text[at] == "$" and not before.isspace() and before != "$" and not behind.isdigit():
            return at + 1
        at += 1
    return place + 1


def find_delimiter(text: str, delimiter: str, place: int) -> int:
    """The next `%%` or `$$`, or -1; in math a backslash protects what follows it."""
    while place < len(text):
        if text.startswith(delimiter, place):
            return place
        place += 2 if delimiter == "$$" and text[place] == "\\" else 1
    return -1


def inline_destination(text: str, place: int) -> tuple[str, int] | None:
    """Destination and end of `(destination "title")` at `place`."""
    if not text.startswith("(", place):
        return None
    place = skip_white(text, place + 1)
    destination = parseLinkDestination(text, place, len(text))
    if destination.ok:
        place = skip_white(text, destination.pos)
        title = parseLinkTitle(text, place, len(text))
        if title.ok and place > destination.pos:
            place = skip_white(text, title.pos)
    return (destination.str, place + 1) if text.startswith(")", place) else None


def skip_white(text: str, place: int) -> int:
    while place < len(text) and text[place] in " \t\n":
        place += 1
    return place


def leads_out(target: str) -> bool:
    return bool(SCHEME_RE.match(target)) or "//" in target


def local_target(destination: str) -> str:
    """The decoded target of a Markdown link; '' when it leads out of the vault or nowhere."""
    if leads_out(destination):
        return ""
    try:
        decoded = unquote_to_bytes(destination).decode("utf-8")
    except UnicodeError:
        decoded = destination
    return decoded.strip()

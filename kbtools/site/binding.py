"""A vault -> its `Book`: everything the site says is looked up here, once, before a page is rendered."""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kbtools import graph
from kbtools.model import Ambiguous, Edge, External, Found, MissingAnchor, Note, NotePath, Snippet, Vault
from kbtools.site.addresses import build_addresses, page_address
from kbtools.site.book import Backlink, Book, Kind, Listing, Meaning, Page, Proof, link_key
from kbtools.site.context import describe, find_context
from kbtools.site.sections import Places, find_places

TAGS = "tags"
PROOFS = "proofs"
SETTINGS = frozenset({"kb.toml", "mkdocs.yml", "pyproject.toml"})
"""What is not published although it lies in the vault."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of the site: its name, whether pages are folders, where sources can be read (with a `/` at its end)."""

    name: str
    folders: bool = True
    source_url: str = ""
    evidence: Mapping[str, tuple[Proof, ...]] = field(default_factory=dict)


def bind(vault: Vault, wish: Wish) -> Book:
    """The book of a vault."""
    notes: dict[str, Note] = {path: vault.notes[path] for path in vault.notes}
    addresses = build_addresses(
        ((path, note.properties.get("permalink")) for path, note in notes.items()),
        (path for path in vault.attachments if path not in SETTINGS),
        folders=wish.folders,
    )
    places: dict[str, Places] = {path: find_places(note) for path, note in notes.items()}
    edges = list(vault.iter_edges())
    links, backlinks = _bind_links(edges, notes, places)
    asked = graph.prerequisites_of(vault)
    unlocks: dict[str, list[str]] = {}
    for path, before in asked.items():
        for one in before:
            unlocks.setdefault(one, []).append(path)
    pages: dict[str, Page] = {
        path: Page(
            path=path,
            url=addresses.urls[path],
            title=title_of(path),
            kind=_kind_of(path),
            description=describe(note) if path.lower().endswith(".md") else "",
            note_kind=str(note.properties.get("kind") or ""),
            aliases=note.aliases,
            tags=tuple(dict.fromkeys(tag.name for tag in note.tags)),
            minutes=_minutes(note.properties.get("minutes")),
            sections=places[path].sections,
            links=links.get(path, {}),
            backlinks=tuple(backlinks.get(path, ())),
            prerequisites=tuple(one for one in asked.get(NotePath(path), ()) if one in notes),
            unlocks=tuple(one for one in unlocks.get(path, ()) if one in notes),
            before=tuple(one for one in graph.learning_path(asked, NotePath(path))[:-1] if one in notes) if path in asked else (),
            lines=note.source.text.count("\n") + 1,
        )
        for path, note in notes.items()
    }
    embedded = {graph.path_of(edge) for edge in edges if edge.link.embed}
    tags = _bind_tags(pages)
    return Book(
        name=wish.name,
        pages=pages,
        files=addresses.files,
        texts={path: notes[path].source.text for path in sorted(path for path in embedded if path in notes)},
        tags=tags,
        tag_urls={tag: page_address(f"{TAGS}/{tag}", folders=wish.folders) for tag in tags},
        snippets=_bind_snippets(vault, wish),
        snippets_folder=_common_folder(vault.snippets),
        snippets_url=page_address(PROOFS, folders=wish.folders) if vault.snippets else "",
    )


def title_of(path: str) -> str:
    """A page's title: the file's name, as in Obsidian; a folder's index has the folder's."""
    stem = path.rpartition(".")[0]
    folder, _, name = stem.rpartition("/")
    return folder.rpartition("/")[2] if name.lower() == "index" and folder else name


def meaning_of(edge: Edge, places: Mapping[str, Places]) -> Meaning:
    """What an edge means on the site."""
    match edge.to:
        case Found(path, anchor):
            ids = places[path].ids if path in places else {}
            return Meaning(path, ids.get(anchor.span.start, "") if anchor else "")
        case Ambiguous(paths):
            return Meaning(paths[0])
        case MissingAnchor(path):
            return Meaning(path, "", "missing-anchor")
        case External():
            return Meaning("", "", "external")
        case _:
            return Meaning("", "", "missing-file")


def _bind_links(
    edges: Iterable[Edge], notes: Mapping[str, Note], places: Mapping[str, Places]
) -> tuple[dict[str, dict[str, Meaning]], dict[str, list[Backlink]]]:
    links: dict[str, dict[str, Meaning]] = {}
    backlinks: dict[str, list[Backlink]] = {}
    headings = {path: _Headings(note, places[path]) for path, note in notes.items()}
    for edge in edges:
        meaning = meaning_of(edge, places)
        links.setdefault(edge.source, {}).setdefault(link_key(edge.link.target, edge.link.subpath), meaning)
        shows = edge.source.lower().endswith(".md") and edge.link.form != "property" and not edge.link.hidden
        if not shows or not meaning.path or meaning.path == edge.source:
            continue
        text = notes[edge.source].source.text
        context = find_context(text, edge.link)
        anchor = headings[edge.source].above(edge.link.span.start)
        backlinks.setdefault(meaning.path, []).append(Backlink(edge.source, *context, anchor))
    return links, backlinks


class _Headings:
    """Which heading a place of a note stands under."""

    def __init__(self, note: Note, places: Places) -> None:
        starts = sorted(anchor.span.start for anchor in note.anchors if anchor.kind == "heading")
        self.starts = starts
        self.ids = [places.ids[start] for start in starts]

    def above(self, offset: int) -> str:
        at = bisect_right(self.starts, offset)
        return self.ids[at - 1] if at else ""


def _bind_tags(pages: Mapping[str, Page]) -> dict[str, tuple[str, ...]]:
    """Each tag, and each tag above it, with its pages; spelled as it was first."""
    spelled: dict[str, str] = {}
    found: dict[str, dict[str, None]] = {}
    for path, page in pages.items():
        for tag in page.tags:
            parts = tag.split("/")
            for count in range(1, len(parts) + 1):
                name = "/".join(parts[:count])
                found.setdefault(spelled.setdefault(name.lower(), name), {})[path] = None
    return {tag: tuple(found[tag]) for tag in sorted(found)}


def _bind_snippets(vault: Vault, wish: Wish) -> dict[str, Listing]:
    shown: dict[str, dict[str, None]] = {}
    for block in vault.shown:
        shown.setdefault(block.path, {})[block.note] = None
    return {path: _listing(snippet, tuple(shown.get(path, ())), wish) for path, snippet in sorted(vault.snippets.items())}


def _listing(snippet: Snippet, shown: tuple[str, ...], wish: Wish) -> Listing:
    url = wish.source_url
    return Listing(
        path=snippet.path,
        proof=snippet.proof,
        oracle=_first_line(snippet.proof_text),
        proofs=wish.evidence.get(snippet.path, ()),
        shown=shown,
        source_url=url and url + snippet.path,
        proof_url=url + snippet.proof if url and snippet.proof_text else "",
    )


def _first_line(code: str) -> str:
    """The first line of a module's docstring: what a proof says it compares with."""
    try:
        return (ast.get_docstring(ast.parse(code)) or "").partition("\n")[0]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""


def _common_folder(snippets: Mapping[str, Snippet]) -> str:
    return next((path.partition("/")[0] for path in snippets), "")


def _kind_of(path: str) -> Kind:
    suffix = path.rpartition(".")[2].lower()
    return "canvas" if suffix == "canvas" else "notebook" if suffix == "ipynb" else "note"


def _minutes(value: object) -> int:
    usable = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e6
    return round(value) if usable and isinstance(value, int | float) else 0

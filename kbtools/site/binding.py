"""A vault -> its `Book`: everything the site says is looked up here, once, before a page is rendered."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kbtools import graph
from kbtools.model import Ambiguous, Edge, External, Found, MissingAnchor, Note, NotePath, Snippet, Vault
from kbtools.site.addresses import is_fit, place_of
from kbtools.site.book import Backlink, Book, Kind, Listing, Meaning, Page, Proof, card_target, link_key
from kbtools.site.canvasfile import find_card
from kbtools.site.context import describe, describe_text
from kbtools.site.notebooktext import read_markdown
from kbtools.site.plan import make_plan
from kbtools.site.readers import PLAIN, Readers
from kbtools.site.sections import Places

SETTINGS = frozenset({"kb.toml", "mkdocs.yml", "pyproject.toml"})
"""What is not published although it lies in the vault."""
TITLE_OF_PROOF = re.compile(r"^[^：]{1,40}证明：(?:对照 ?)?")
"""What a proof's first line says before the oracle: `LSTM 的证明：对照 torch.nn.LSTM。`"""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of the site: its name, whether pages are folders, where sources can be read (with a `/` at its end).
    `tolerance` says how far proofs let numbers differ, in words; `sizes` are those of pictures."""

    name: str
    folders: bool = True
    source_url: str = ""
    evidence: Mapping[str, tuple[Proof, ...]] = field(default_factory=dict)
    tolerance: str = ""
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)


def bind(vault: Vault, wish: Wish, places: Mapping[str, Places] | None = None, readers: Readers = PLAIN) -> Book:
    """The book of a vault; `places` are those in its notes, where somebody found them before."""
    notes: dict[str, Note] = {path: vault.notes[path] for path in vault.notes}
    tags = _bind_tags(notes)
    files = (path for path in vault.attachments if path not in SETTINGS)
    plan = make_plan(notes, files, tags, vault.snippets, folders=wish.folders)
    places = places or {path: readers.find_places(note) for path, note in notes.items()}
    edges = list(vault.iter_edges())
    links, backlinks = _bind_links(edges, notes, places, readers)
    embeds = _find_embeds(edges, notes)
    asked = graph.prerequisites_of(vault)
    unlocks: dict[str, list[str]] = {}
    for path, before in asked.items():
        for one in before:
            unlocks.setdefault(one, []).append(path)
    pages: dict[str, Page] = {
        path: Page(
            path=path,
            url=plan.urls[path],
            title=wish.name if place_of(path) == "" else _title_of(note),
            kind=_kind_of(path),
            description=_describe(note),
            note_kind=str(note.properties.get("kind") or ""),
            aliases=note.aliases,
            tags=tuple(dict.fromkeys(tag.name for tag in note.tags)),
            minutes=_minutes(note.properties.get("minutes")),
            sources=_texts(note.properties.get("sources")),
            sections=places[path].sections,
            links=links.get(path, {}),
            backlinks=tuple(backlinks.get(path, ())),
            prerequisites=tuple(one for one in asked.get(NotePath(path), ()) if one in notes),
            unlocks=tuple(one for one in unlocks.get(path, ()) if one in notes),
            before=tuple(one for one in graph.learning_path(asked, NotePath(path))[:-1] if one in notes) if path in asked else (),
            lines=note.source.text.count("\n") + 1,
            embeds=tuple(sorted(embeds.get(path, ()))),
        )
        for path, note in notes.items()
    }
    return Book(
        name=wish.name,
        pages=pages,
        files=plan.files,
        sizes=wish.sizes,
        texts={path: notes[path].source.text for path in sorted(set().union(*embeds.values()))},
        tags=tags,
        tag_urls=plan.tag_urls,
        snippets=_bind_snippets(vault, wish, plan.snippet_urls),
        snippets_folder=_common_folder(vault.snippets),
        snippets_url=plan.proofs if vault.snippets else "",
        graph_url=plan.graph,
        tags_url=plan.tags,
        redirects=plan.redirects,
        problems=plan.problems,
    )


def _find_embeds(edges: Iterable[Edge], notes: Mapping[str, Note]) -> dict[str, set[str]]:
    """By page, the pages of which it shows something."""
    found: dict[str, set[str]] = {}
    for edge in edges:
        path = graph.path_of(edge)
        if path is not None and path in notes and (edge.link.embed or edge.link.form == "canvas"):
            found.setdefault(edge.source, set()).add(path)
    return found


def title_of(path: str) -> str:
    """A page's title: the file's name, as in Obsidian; a folder's index has the folder's."""
    stem = path.rpartition(".")[0]
    folder, _, name = stem.rpartition("/")
    return folder.rpartition("/")[2] if name.lower() == "index" and folder else name


def _title_of(note: Note) -> str:
    """A notebook is called what the heading at its top says: Obsidian, which shows no notebooks, has no name for it."""
    named = read_markdown(note.source.text).title if _kind_of(note.path) == "notebook" else ""
    return named or title_of(note.path)


def _describe(note: Note) -> str:
    match _kind_of(note.path):
        case "note":
            return describe(note)
        case "notebook":
            return describe_text(read_markdown(note.source.text).text)
        case "canvas":
            return ""


def meaning_of(edge: Edge, places: Mapping[str, Places]) -> Meaning:
    """What an edge means on the site."""
    match edge.to:
        case Found(path, anchor):
            return Meaning(path, places[path].id_of(anchor, edge.link.subpath) if path in places else "")
        case Ambiguous(paths):
            return Meaning(paths[0])
        case MissingAnchor(path):
            return Meaning(path, "", "missing-anchor")
        case External():
            return Meaning("", "", "external")
        case _:
            return Meaning("", "", "missing-file")


def _bind_links(
    edges: Iterable[Edge], notes: Mapping[str, Note], places: Mapping[str, Places], readers: Readers
) -> tuple[dict[str, dict[str, Meaning]], dict[str, list[Backlink]]]:
    links: dict[str, dict[str, Meaning]] = {}
    backlinks: dict[str, list[Backlink]] = {}
    headings = {path: _Headings(places[path]) for path in notes}
    for edge in edges:
        meaning = meaning_of(edge, places)
        target = card_target(edge.link.target) if edge.link.form == "canvas" else edge.link.target
        links.setdefault(edge.source, {}).setdefault(link_key(target, edge.link.subpath), meaning)
        shows = edge.link.form != "property" and not edge.link.hidden
        if not shows or not meaning.path or meaning.path == edge.source:
            continue
        text, link = notes[edge.source].source.text, edge.link
        if _kind_of(edge.source) == "notebook":
            notebook = read_markdown(text)
            text, link = notebook.text, notebook.locate(link)
        elif _kind_of(edge.source) == "canvas":
            text, link = find_card(text, link)
        context = readers.find_context(text, link)
        anchor = headings[edge.source].above(link.span.start)
        backlinks.setdefault(meaning.path, []).append(Backlink(edge.source, *context, anchor))
    return links, backlinks


class _Headings:
    """Which heading a place of a note stands under."""

    def __init__(self, places: Places) -> None:
        found = sorted((start, name) for start, name in places.ids.items() if not name.startswith("^"))
        self.starts = [start for start, _ in found]
        self.ids = [name for _, name in found]

    def above(self, offset: int) -> str:
        at = bisect_right(self.starts, offset)
        return self.ids[at - 1] if at else ""


def _bind_tags(notes: Mapping[str, Note]) -> dict[str, tuple[str, ...]]:
    """Each tag, and each tag above it, with its pages; spelled as it was first."""
    spelled: dict[str, str] = {}
    found: dict[str, dict[str, None]] = {}
    for path, note in notes.items():
        for tag in note.tags:
            parts = tag.name.split("/")
            for count in range(1, len(parts) + 1):
                name = "/".join(parts[:count])
                if not is_fit(name):  # a property may hold any text
                    break
                found.setdefault(spelled.setdefault(name.lower(), name), {})[path] = None
    return {tag: tuple(found[tag]) for tag in sorted(found)}


def _bind_snippets(vault: Vault, wish: Wish, urls: Mapping[str, str]) -> dict[str, Listing]:
    shown: dict[str, dict[str, None]] = {}
    for block in vault.shown:
        shown.setdefault(block.path, {})[block.note] = None
    found = sorted(vault.snippets.items())
    return {path: _listing(snippet, urls[path], tuple(shown.get(path, ())), wish) for path, snippet in found}


def _listing(snippet: Snippet, url: str, shown: tuple[str, ...], wish: Wish) -> Listing:
    outside = wish.source_url
    oracle, tolerance = read_proof(snippet.proof_text, wish.tolerance)
    return Listing(
        path=snippet.path,
        proof=snippet.proof if snippet.proof_text else "",
        url=url,
        code=snippet.text,
        proof_code=snippet.proof_text,
        oracle=oracle,
        tolerance=tolerance,
        proofs=wish.evidence.get(snippet.path, ()),
        shown=shown,
        source_url=outside and outside + snippet.path,
        proof_url=outside + snippet.proof if outside and snippet.proof_text else "",
    )


def read_proof(code: str, usual: str) -> tuple[str, str]:
    """(oracle, tolerance) of a proof: what the first line of its docstring says it compares with, and the `usual` tolerance where
    it compares by it, with the widest factor that it allows."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "", ""
    oracle = TITLE_OF_PROOF.sub("", (ast.get_docstring(tree) or "").partition("\n")[0]).rstrip("。. ")
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name_of(node.func) == "assert_close"]
    factors = [
        word.value.value
        for call in calls
        for word in call.keywords
        if word.arg == "factor" and isinstance(word.value, ast.Constant) and isinstance(word.value.value, int | float)
    ]
    widest = f"{max((1, *factors)):g}".replace("e+0", "e").replace("e+", "e")
    return oracle, "" if not calls else usual + (f"；个别断言再放宽 {widest} 倍" if usual and widest != "1" else "")


def _name_of(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else function.attr if isinstance(function, ast.Attribute) else ""


def _common_folder(snippets: Mapping[str, Snippet]) -> str:
    return next((path.partition("/")[0] for path in snippets), "")


def _kind_of(path: str) -> Kind:
    suffix = path.rpartition(".")[2].lower()
    return "canvas" if suffix == "canvas" else "notebook" if suffix == "ipynb" else "note"


def _minutes(value: object) -> int:
    usable = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e6
    return round(value) if usable and isinstance(value, int | float) else 0


def _texts(value: object) -> tuple[str, ...]:
    """A property that is a text or a list of texts."""
    values = value if isinstance(value, list | tuple) else [value]
    return tuple(text.strip() for text in values if isinstance(text, str) and text.strip())

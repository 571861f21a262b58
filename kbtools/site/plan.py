"""The addresses of a whole site: of notes and files, of its own pages, and of what leads on to a page that stands elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from kbtools.model import Note
from kbtools.site.addresses import (
    Addresses,
    Ground,
    build_addresses,
    build_redirects,
    find_free,
    find_permalink_problem,
    page_address,
    place_of,
)

GRAPH = "graph"
TAGS = "tags"
PROOFS = "proofs"


class Plan(NamedTuple):
    """Addresses from the site's root: pages and attachments by path, the pages of tags by name, of snippets by path, the site's
    own; `redirects` are addresses with the paths of pages; `problems` say in words what notes ask for and do not get."""

    urls: Mapping[str, str]
    files: Mapping[str, str]
    tag_urls: Mapping[str, str]
    snippet_urls: Mapping[str, str]
    graph: str
    tags: str
    proofs: str
    redirects: Mapping[str, str]
    problems: tuple[str, ...]


def make_plan(
    notes: Mapping[str, Note],
    attachments: Iterable[str],
    tags: Collection[str] = (),
    snippets: Collection[str] = (),
    *,
    folders: bool,
) -> Plan:
    """The addresses for a vault's notes, canvases and notebooks, its other files, its tags, and the files of its snippets. A note
    comes before a page of the site's own, and that before what only leads on."""
    permalinks = ((path, note.properties.get("permalink")) for path, note in notes.items())
    addresses = build_addresses(permalinks, attachments, folders=folders)
    graph, *_ = _take(GRAPH, (), addresses.ground, folders=folders)
    proofs, *of_snippets = _take(PROOFS, [name_of(path) for path in snippets], addresses.ground, folders=folders)
    of_tags = _take(TAGS, tags, addresses.ground, folders=folders)
    redirects = build_redirects(_iter_old_names(notes), addresses.urls, addresses.ground, folders=folders)
    return Plan(
        urls=addresses.urls,
        files=addresses.files,
        tag_urls=dict(zip(tags, of_tags[1:], strict=True)),
        snippet_urls=dict(zip(snippets, of_snippets, strict=True)),
        graph=graph,
        tags=of_tags[0] if tags else "",
        proofs=proofs,
        redirects=redirects,
        problems=tuple(_iter_problems(notes, addresses, redirects)),
    )


def name_of(path: str) -> str:
    """A snippet as its address names it: without the folder of all snippets and without `.py`."""
    return (path.partition("/")[2] or path).removesuffix(".py")


def _take(name: str, below: Collection[str], ground: Ground, *, folders: bool) -> list[str]:
    """The addresses of one of the site's own pages and of those below it."""
    name = find_free(name, below, ground, folders=folders)
    urls = [page_address(place, folders=folders) for place in (name, *(f"{name}/{one}" for one in below))]
    for url in urls:
        ground.take(url, "")
    return urls


def _iter_old_names(notes: Mapping[str, Note]) -> Iterator[tuple[str, Iterable[str]]]:
    """What a page may be looked for under: what the note says, then its place when it has a permalink, then its other names."""
    yield from ((path, redirects_of(note)) for path, note in notes.items())
    yield from ((path, (place_of(path),)) for path in notes)
    yield from ((path, note.aliases) for path, note in notes.items())


def redirects_of(note: Note) -> tuple[str, ...]:
    """The property `redirects`: addresses that the note had before."""
    value = note.properties.get("redirects")
    return tuple(str(one) for one in (value if isinstance(value, list) else [value]) if one is not None and str(one).strip("/ "))


def _iter_problems(notes: Mapping[str, Note], addresses: Addresses, redirects: Mapping[str, str]) -> Iterator[str]:
    for path, note in notes.items():
        if note.source.problem:
            yield f"'{path}': {note.source.problem}, so its page is empty"
        problem = find_permalink_problem(note.properties.get("permalink"))
        if problem:
            yield f"'{path}': {problem}"
        if path in addresses.taken:
            yield f"'{path}': its permalink is the address of '{addresses.taken[path]}'"
        asked = redirects_of(note)
        if asked and sum(there == path for there in redirects.values()) < len(asked):
            yield f"'{path}': something else stands at an address of its 'redirects', or it is none"

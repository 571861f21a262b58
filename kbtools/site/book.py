"""What the site knows of a vault, as plain data: where each page is, what its links mean, what stands around it.

A `Book` is made before anything is rendered (`binding.py`), can be written to a file and read back, and is all that the
Markdown extension and the generators of files are given: they open no note and resolve no name. Addresses are counted from
the site's root, percent-encoded, as they stand in an `href` ("lstm/", "attachments/a%20b.svg"); paths are vault paths.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal
from urllib.parse import quote

CARD = "\0"
Status = Literal["ok", "missing-file", "missing-anchor", "external"]
Kind = Literal["note", "canvas", "notebook"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a link means: a file of the vault ("" for none) and the id of the place in it ("" for its top)."""

    path: str
    anchor: str = ""
    status: Status = "ok"


@dataclass(frozen=True, slots=True)
class Backlink:
    """A link from another page with the sentence around it, in plain text but for formulas (see `context`); `anchor` is the id of
    the heading it stands under."""

    source: str
    before: str
    text: str
    after: str
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading or a block that links can name: its id on the page, its first line and the line after its last one (from 0, of
    the whole file). A heading's level is 1 to 6, a block's 0; `text` is the heading as it is read."""

    anchor: str
    level: int
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Page:
    """A note, canvas or notebook that is published. `links` says what each target means that is written in it, by `link_key`;
    `embeds` are the pages of which it shows something; `before` is what to read first, in order; `unlocks` are the pages that ask
    for this one directly."""

    path: str
    url: str
    title: str
    kind: Kind = "note"
    description: str = ""
    note_kind: str = ""
    aliases: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    minutes: int = 0
    sections: tuple[Section, ...] = ()
    links: Mapping[str, Meaning] = field(default_factory=dict)
    backlinks: tuple[Backlink, ...] = ()
    prerequisites: tuple[str, ...] = ()
    unlocks: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    lines: int = 0
    """How many lines the file has: a text that is given without its properties is known by being shorter."""
    sources: tuple[str, ...] = ()
    embeds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """What is known of a snippet on one device. `state`: proven as it is now, proven once (`stale`), never (`none`)."""

    device: str
    state: Literal["proven", "stale", "none"]
    device_name: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    date: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A snippet of the project: its proof file, the page that shows both, the oracle and tolerances that the proof names, its
    states by device, the pages that show parts of it, and where else its source can be read ("" where nowhere)."""

    path: str
    proof: str
    oracle: str = ""
    tolerance: str = ""
    proofs: tuple[Proof, ...] = ()
    shown: tuple[str, ...] = ()
    source_url: str = ""
    proof_url: str = ""
    url: str = ""
    code: str = ""
    proof_code: str = ""


@dataclass(frozen=True, slots=True)
class Book:
    """A vault, ready to be rendered. `sizes` are (width, height) of pictures; `texts` holds what other pages embed; `tags` the
    pages of each tag, its parents included; `redirects` say which other addresses lead to which page; `problems` what notes ask
    of the site and do not get."""

    name: str
    pages: Mapping[str, Page]
    files: Mapping[str, str] = field(default_factory=dict)
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tag_urls: Mapping[str, str] = field(default_factory=dict)
    snippets: Mapping[str, Listing] = field(default_factory=dict)
    snippets_folder: str = ""
    snippets_url: str = ""
    graph_url: str = ""
    tags_url: str = ""
    redirects: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def url_of(self, meaning: Meaning) -> str:
        """The address of a meaning, from the site's root; "" where there is none."""
        page = self.pages.get(meaning.path)
        url = page.url if page else self.files.get(meaning.path)
        if url is None or not meaning.path:
            return ""
        return url + ("#" + quote(meaning.anchor, safe="") if meaning.anchor else "")


def link_key(target: str, subpath: str) -> str:
    """The key of `Page.links` for a link as the reader of links gives it."""
    return f"{target}#{subpath}" if subpath else target


def card_target(path: str) -> str:
    """The target of a canvas's file card, as `link_key` takes it: it names a file by its whole path, as no link does."""
    return path + CARD


def relative(url: str, base: str) -> str:
    """An address as it is written on the page at `base`; both from the site's root."""
    path, mark, anchor = url.partition("#")
    if path == base and mark:
        return mark + anchor
    names, above = path.split("/"), base.split("/")[:-1]
    shared, most = 0, min(len(names) - 1, len(above))
    while shared < most and names[shared] == above[shared]:
        shared += 1
    return ("../" * (len(above) - shared) + "/".join(names[shared:]) or "./") + mark + anchor


def from_root(url: str, base: str) -> str:
    """The same back: an address that is written on the page at `base`, from the site's root."""
    path, mark, anchor = url.partition("#")
    if not path:
        return base + mark + anchor
    above = base.split("/")[:-1]
    while path.startswith("../"):
        path = path[3:]
        del above[-1:]
    if path.startswith(("/", ".")) or "/." in path or "//" in path or path == "..":
        path = posixpath.normpath("/" + "/".join((*above, path)) if path[:1] != "/" else path) + ("/" if _is_folder(path) else "")
        return path.lstrip("/") + mark + anchor
    return "/".join((*above, path)) + mark + anchor


def _is_folder(path: str) -> bool:
    return path.endswith("/") or path.rpartition("/")[2] in (".", "..")


def write_book(book: Book) -> str:
    """The book as JSON."""
    return json.dumps(asdict(book), ensure_ascii=False, sort_keys=True)


def parse_book(text: str) -> Book:
    """The book from its JSON. Raises ValueError, KeyError, TypeError when it is none."""
    data: dict[str, Any] = json.loads(text)
    pages = {path: _page(page) for path, page in data.pop("pages").items()}
    snippets = {path: _listing(found) for path, found in data.pop("snippets").items()}
    tags = {tag: tuple(paths) for tag, paths in data.pop("tags").items()}
    sizes = {path: (width, height) for path, (width, height) in data.pop("sizes").items()}
    return Book(pages=pages, snippets=snippets, tags=tags, sizes=sizes, problems=tuple(data.pop("problems")), **data)


def _page(data: dict[str, Any]) -> Page:
    links = {key: Meaning(**meaning) for key, meaning in data.pop("links").items()}
    backlinks = tuple(Backlink(**found) for found in data.pop("backlinks"))
    sections = tuple(Section(**found) for found in data.pop("sections"))
    plain: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
    return Page(links=links, backlinks=backlinks, sections=sections, **plain)


def _listing(data: dict[str, Any]) -> Listing:
    proofs = tuple(Proof(**found) for found in data.pop("proofs"))
    return Listing(proofs=proofs, shown=tuple(data.pop("shown")), **data)

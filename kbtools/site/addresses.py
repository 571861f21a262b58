"""Where each file of a vault stands on the site: permalinks, folders, and what happens when two want the same address."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from typing import NamedTuple
from urllib.parse import quote, unquote

INDEX = "index"
UNFIT = re.compile(r"[\x00-\x1f\\?#]|(?:^|/)(?:\.{1,2})?(?:/|$)")
LONGEST = 200
"""Bytes of a name between two slashes: file systems stop at 255."""
MADE = ("404.html", "sitemap.xml", "sitemap.xml.gz")
"""Files of the site generator."""


class Addresses(NamedTuple):
    """`urls` of pages and `files` of attachments, percent-encoded, from the site's root; `taken` says of a page that did not get
    its permalink who has it; `ground` is what they occupy."""

    urls: Mapping[str, str]
    files: Mapping[str, str]
    taken: Mapping[str, str]
    ground: Ground


class Ground:
    """The files of a site, case apart, each with its owner: a file cannot stand where another does, nor below or above it."""

    def __init__(self) -> None:
        self.owners: dict[str, str] = {}
        self.folders: dict[str, str] = {}

    def find_owner(self, url: str) -> str | None:
        """Whose file is in the way of one at an address."""
        file = file_of(url).casefold()
        above = (file[: found.start()] for found in re.finditer("/", file))
        return next((self.owners[one] for one in (file, *above) if one in self.owners), self.folders.get(file))

    def take(self, url: str, owner: str) -> None:
        """Put a file there."""
        file = file_of(url).casefold()
        self.owners[file] = owner
        for found in re.finditer("/", file):
            self.folders.setdefault(file[: found.start()], owner)


def build_addresses(pages: Iterable[tuple[str, object]], attachments: Iterable[str], *, folders: bool = True) -> Addresses:
    """Addresses of pages, given with their `permalink` property, and of attachments. With `folders` a page is `lstm/`, else
    `lstm.html`."""
    ground = Ground()
    urls: dict[str, str] = {}
    taken: dict[str, str] = {}
    files = {path: quote(path) for path in attachments}
    for path in (*MADE, *files):
        ground.take(quote(path), path)
    wanted = [(path, _permalink(value)) for path, value in pages]
    for path, permalink in sorted(wanted, key=lambda found: (not found[1], found[0])):  # who asks by name goes first
        owner = ground.find_owner(page_address(permalink, folders=folders)) if permalink else None
        if owner is not None:
            taken[path] = owner
        names = (page_address(place, folders=folders) for place in _iter_places(path, permalink))
        urls[path] = next(url for url in names if ground.find_owner(url) is None)
        ground.take(urls[path], path)
    return Addresses(urls, files, taken, ground)


def _iter_places(path: str, permalink: str) -> Iterator[str]:
    """Where a page may stand, the best place first; without end, so that one of them is free."""
    place, suffix = place_of(path), path.rpartition(".")[2]
    yield from (permalink, place) if permalink else (place,)
    yield f"{place.rstrip('/') or INDEX}-{suffix}"
    flat = place.strip("/").replace("/", "-")  # where a file's name, but for case, is that of a folder above
    yield from (f"{flat}-{number}" for number in count(2))


def build_redirects(
    old: Iterable[tuple[str, Iterable[str]]], urls: Mapping[str, str], ground: Ground, *, folders: bool = True
) -> dict[str, str]:
    """The addresses that lead on to a page, with its path. `old` are pages with the names they may be looked for under, the
    surest first, "" for the front page; where something stands already, or a name is no address, there is none. They are taken on
    the `ground`."""
    found: dict[str, str] = {}
    for path, names in old:
        for name in names:
            place = _permalink(name)
            if name and not place:
                continue
            url = quote(place) if place.endswith(".html") else page_address(place, folders=folders)
            if url != urls[path] and ground.find_owner(url) is None:
                found[url] = path
                ground.take(url, path)
    return found


def find_free(name: str, below: Iterable[str], ground: Ground, *, folders: bool) -> str:
    """A name for pages of the site's own, of which no file is in the way; `below` are the pages under it."""
    below = tuple(below)
    while any(
        ground.find_owner(page_address(place, folders=folders)) is not None
        for place in (name, *(f"{name}/{one}" for one in below))
    ):
        name += "-"
    return name


def page_address(place: str, *, folders: bool) -> str:
    """The percent-encoded address of a page at a place."""
    if not place or place.endswith("/"):
        return quote(place if folders else f"{place}index.html")
    return quote(f"{place}/" if folders else f"{place}.html")


def file_of(url: str) -> str:
    """The file of the site that is read at an address."""
    place = unquote(url)
    return f"{place}index.html" if not place or place.endswith("/") else place


def is_fit(place: str) -> bool:
    """Whether a text can be part of an address, and of a file's path below the site's folder."""
    return not UNFIT.search(place) and all(len(name.encode("utf-8", "replace")) <= LONGEST for name in place.split("/"))


def find_permalink_problem(value: object) -> str:
    """Why a `permalink` names no address, or ""."""
    if value is None or _permalink(value):
        return ""
    return "a permalink is a text such as 'lstm', without '?', '#', '\\' and '..'"


def _permalink(value: object) -> str:
    text = value.strip().strip("/") if isinstance(value, str) else ""
    return text if text and is_fit(text) else ""


def place_of(path: str) -> str:
    """Where a page stands that has no permalink."""
    stem, _, suffix = path.rpartition(".")
    if suffix.lower() == "canvas":
        return path
    folder, slash, name = stem.rpartition("/")
    return folder + slash if name.lower() == INDEX else stem

"""Where each file of a vault stands on the site: permalinks, folders, and what happens when two want the same address."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import quote

INDEX = "index"
PAGE_SUFFIXES = (".md", ".ipynb", ".canvas")
UNFIT = re.compile(r"[\x00-\x1f\\?#]|(?:^|/)\.{1,2}(?:/|$)")


class Addresses(NamedTuple):
    """`urls` of pages and `files` of attachments, percent-encoded, from the site's root; `taken` says of a page that did not get
    its permalink who has it."""

    urls: Mapping[str, str]
    files: Mapping[str, str]
    taken: Mapping[str, str]


def build_addresses(pages: Iterable[tuple[str, object]], attachments: Iterable[str], *, folders: bool = True) -> Addresses:
    """Addresses of pages, given with their `permalink` property, and of attachments. With `folders` a page is `lstm/`, else
    `lstm.html`."""
    owners: dict[str, str] = {}
    urls: dict[str, str] = {}
    taken: dict[str, str] = {}
    wanted = [(path, _permalink(value)) for path, value in pages]
    for path, permalink in sorted(wanted, key=lambda found: (not found[1], found[0])):  # who asks by name goes first
        place = permalink or _place(path)
        if permalink and place.casefold() in owners:
            taken[path] = owners[place.casefold()]
            place = _place(path)
        while place.casefold() in owners:
            place += "-" + path.rpartition(".")[2]
        owners[place.casefold()] = path
        urls[path] = quote(_address(place, folders))
    return Addresses(urls, {path: quote(path) for path in attachments}, taken)


def page_address(place: str, *, folders: bool) -> str:
    """The percent-encoded address of a page that no file stands behind."""
    return quote(_address(place, folders))


def find_permalink_problem(value: object) -> str:
    """Why a `permalink` names no address, or ""."""
    if value is None or _permalink(value):
        return ""
    return "a permalink is a text such as 'lstm', without '?', '#', '\\' and '..'"


def _permalink(value: object) -> str:
    text = value.strip().strip("/") if isinstance(value, str) else ""
    return "" if not text or UNFIT.search(text) else text


def _place(path: str) -> str:
    stem, _, suffix = path.rpartition(".")
    if suffix == "canvas":
        return path
    folder, slash, name = stem.rpartition("/")
    return folder + slash if name.lower() == INDEX else stem


def _address(place: str, folders: bool) -> str:
    if not place or place.endswith("/"):
        return place if folders else f"{place}index.html"
    return f"{place}/" if folders else f"{place}.html"

"""What tests of the renderer share: a note of a vault in memory, rendered."""

from __future__ import annotations

from collections.abc import Mapping

from kbtools import app
from kbtools.site.binding import Wish, bind
from kbtools.site.book import Book
from kbtools.site.render import Rendered, render_page


def book_of(files: Mapping[str, str]) -> Book:
    return bind(app.snapshot_of(dict(files)), Wish("vault"))


def render(text: str, around: Mapping[str, str] | None = None, path: str = "x.md") -> Rendered:
    """The page of a note with this text, beside other files."""
    book = book_of({**(around or {}), path: text})
    return render_page(text, book.pages[path], book)


def html_of(text: str, around: Mapping[str, str] | None = None) -> str:
    return render(text, around).html

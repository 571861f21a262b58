"""Links that the site itself writes: to a page by its title, to the page of a tag. `base` is the address they stand at."""

from __future__ import annotations

from html import escape

from kbtools.site.book import Book, Page, relative


def point_to_page(page: Page, base: str) -> str:
    """A link to a page."""
    return f'<a class="internal-link" href="{escape(relative(page.url, base))}">{escape(page.title)}</a>'


def point_to_tag(tag: str, book: Book, base: str) -> str:
    """A link to the page of a tag, which has one."""
    return f'<a class="kb-tag" href="{escape(relative(book.tag_urls[tag], base))}">#{escape(tag)}</a>'

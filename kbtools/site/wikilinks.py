"""Links -> HTML: inside the vault, out of it, to what is not there yet; and tags.

A link of the vault leads where `Page.links` says; no name is resolved here.
"""

from __future__ import annotations

from html import escape
from typing import NamedTuple
from urllib.parse import unquote

from kbtools.site.book import Meaning, relative
from kbtools.site.marks import Mark
from kbtools.site.rawhtml import is_absolute, runs_code
from kbtools.site.scene import Scene
from kbtools.syntax.inline import SCHEME

NO_NOTE = "还没有这篇笔记"
NO_FILE = "还没有这个文件"
NOT_PUBLISHED = "这个文件没有发布"
NO_ADDRESS = "这不是完整的网址"


class Ends(NamedTuple):
    """The tags around a link's text."""

    start: str
    end: str


def write_wikilink(mark: Mark, scene: Scene) -> str:
    """`[[target#place|text]]`."""
    start, end = open_link(scene.meaning(mark.target, mark.subpath), scene)
    return start + escape(mark.display or default_text(mark.target, mark.subpath), quote=False) + end


def default_text(target: str, subpath: str) -> str:
    """How a link reads that says no text: `Note > Heading`."""
    return " > ".join(part for part in (target, *(part.strip() for part in subpath.split("#"))) if part)


def open_link(meaning: Meaning, scene: Scene, title: str = "") -> Ends:
    """The tags of a link inside the vault."""
    if meaning.status == "missing-file":
        return Ends(f'<span class="kb-unresolved" title="{NO_NOTE}">', "</span>")
    url = scene.book.url_of(meaning)
    if not url and meaning.path not in scene.book.pages:
        return Ends(f'<span class="kb-unresolved" title="{NOT_PUBLISHED}">', "</span>")
    said = f' title="{escape(title)}"' if title else ""
    return Ends(f'<a class="internal-link" href="{escape(relative(url, scene.base))}"{said}>', "</a>")


def open_markdown_link(href: str, title: str, scene: Scene, *, counted: bool) -> Ends:
    """The tags of `[text](href "title")`, read as the reader of links reads it; `counted` as in `Scene.meaning`."""
    written = scene.document.prepared.restore(href)
    local = read_target(written)
    if local is None:
        return open_external(written, title)
    if not any(local) and "#" not in written:
        return Ends("", "")
    meaning = scene.meaning(*local, counted=counted)
    return open_external(written, title) if meaning.status == "external" else open_link(meaning, scene, title)


def open_external(url: str, title: str = "") -> Ends:
    """The tags of a link out of the vault; none where it would run code, and no link where it says no host."""
    if runs_code(url):
        return Ends("", "")
    if not is_absolute(url):
        return Ends(f'<span class="kb-unresolved" title="{NO_ADDRESS}">', "</span>")
    said = f' title="{escape(title)}"' if title else ""
    return Ends(f'<a class="external" href="{escape(url)}" rel="noopener"{said}>', "</a>")


def read_target(href: str) -> tuple[str, str] | None:
    """(target, subpath) of a Markdown link's address, None when it leads out of the vault."""
    if SCHEME.match(href):
        return None
    if "%" in href:
        decoded = unquote(href, errors="surrogateescape")
        href = href if any("\udc80" <= char <= "\udcff" for char in decoded) else decoded
    path, _, subpath = href.partition("#")
    return path.strip(), subpath


def write_tag(mark: Mark, scene: Scene) -> str:
    """`#tag`, a link to the tag's page where it has one."""
    url = scene.book.tag_urls.get(mark.target)
    if url is None:  # spelled otherwise than at first
        folded = mark.target.lower()
        url = next((url for tag, url in scene.book.tag_urls.items() if tag.lower() == folded), None)
    text = escape(mark.written, quote=False)
    if url is None:
        return f'<span class="kb-tag">{text}</span>'
    return f'<a class="kb-tag" href="{escape(relative(url, scene.base))}">{text}</a>'

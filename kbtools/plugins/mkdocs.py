"""MkDocs is told what kb knows: which files are pages and where, what their HTML is, and the files around them.

A translator: what is decided, is decided in `kbtools/site`. `plugins: [kb]` in mkdocs.yml is all that a vault needs.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote

from mkdocs.config import config_options
from mkdocs.config.base import Config as Options
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import BasePlugin
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

from kbtools import building, site
from kbtools.config import find_config
from kbtools.plugins.markdown import RAW
from kbtools.site import extracts, navigation, ownpages, previews, searchindex, verify
from kbtools.site.graphdata import iter_graph_files
from kbtools.site.render import Rendered, render_page

EXTENSION: Final = "kbtools.plugins.markdown"
ASSETS: Final = "assets/kb"
SITE: Final = Path(site.__file__).parent
MOST_SAID: Final = 20
log = logging.getLogger("mkdocs.plugins.kb")


class KbOptions(Options):  # type: ignore[no-untyped-call]  # MkDocs' own initialiser is not annotated
    """`source_url` is where the project's files can be read, with a `/` at its end."""

    source_url = config_options.Type(str, default="")


class KbPlugin(BasePlugin[KbOptions]):  # type: ignore[no-untyped-call]  # the same
    """The hooks, in the order in which MkDocs calls them."""

    def __init__(self) -> None:
        self.known: dict[str, Rendered] = {}
        self.entries: dict[str, list[searchindex.Entry]] = {}
        self.leads: dict[str, str] = {}
        self.written: dict[str, verify.Written] = {}

    def on_startup(self, *, command: str, dirty: bool) -> None:
        """Being here, the plugin lives on from one build of `serve` to the next, and what it rendered with it."""

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        project = find_config(config.docs_dir, Path(config.docs_dir))
        self.bound = building.bind_project(
            project, config.site_name, folders=config.use_directory_urls, source_url=self.config.source_url
        )
        self.book = self.bound.book
        self.rendered: dict[str, Rendered] = {}
        self.entries.clear()
        self.leads.clear()
        self.written.clear()
        config.markdown_extensions = [*(name for name in config.markdown_extensions if name != EXTENSION), EXTENSION]
        config.mdx_configs[EXTENSION] = {"book": self.book, "pages": self.rendered}
        config.theme.dirs.insert(0, str(SITE / "theme"))
        assets = sorted(file.name for file in (SITE / "assets").iterdir())
        config.extra_css = [*(f"{ASSETS}/{name}" for name in assets if name.endswith(".css")), *config.extra_css]
        config.extra_javascript = [*(f"{ASSETS}/{name}" for name in assets if name.endswith(".js")), *config.extra_javascript]
        links = [("首页", ""), ("图谱", self._own("graph"))]
        links += [("标签", self._own("tags"))] if self.book.tags else []
        links += [("代码证明", self.book.snippets_url)] if self.book.snippets else []
        config.extra.setdefault("kb", {})["links"] = [{"title": title, "url": url} for title, url in links]
        return config

    def on_files(self, files: Files, *, config: MkDocsConfig) -> Files:
        kept = Files([file for file in files if file.src_dir != config.docs_dir or self._keep(file)])
        taken = [page.url for page in self.book.pages.values()]
        for url, title, html in ownpages.iter_own_pages(self.book, self._own("tags"), self._own("graph")):
            kept.append(self._page(config, url, title, html))
            taken.append(url)
        if "" not in taken and "index.html" not in taken:
            kept.append(self._page(config, "" if config.use_directory_urls else "index.html", self.book.name, self._front()))
        for url, html in ownpages.iter_redirects(self.book, taken, {}):
            place = unquote(url) + "index.html"
            kept.append(File.generated(config, place, content=html, inclusion=InclusionLevel.NOT_IN_NAV))
        for asset in sorted((SITE / "assets").iterdir()):
            kept.append(File.generated(config, f"{ASSETS}/{asset.name}", abs_src_path=str(asset)))
        for place, data in (*iter_graph_files(self.book), *navigation.iter_nav_files(self.book)):
            kept.append(File.generated(config, place, content=data))
        return kept

    def on_nav(self, nav: Navigation, *, config: MkDocsConfig, files: Files) -> Navigation:
        nav.items = []  # the tree of folders is one file for the whole site (`navigation`)
        return nav

    def on_page_markdown(self, markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
        ours = self.book.pages.get(page.file.src_uri)
        if ours is None:
            return markdown
        page.title = ours.title
        page.meta.setdefault("description", ours.description)
        text = self.bound.snapshot.text_of(ours.path)
        key = self._key(ours.path, text)
        if key not in self.known:
            self.known[key] = render_page(text, ours, self.book)
        self.rendered[ours.path] = self.known[key]
        return text if text.strip() else "\N{ZERO WIDTH SPACE}"  # Python-Markdown calls nobody for a text of blanks

    def on_page_content(self, html: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
        ours = self.book.pages.get(page.file.src_uri)
        if ours is not None and ours.path in self.rendered:
            plain = self.rendered[ours.path].html
            self.entries[ours.path] = list(extracts.iter_entries(ours, plain))
            self.leads.update(extracts.iter_leads(ours, plain))
        return html

    def on_page_context(self, context: Any, *, page: Page, config: MkDocsConfig, nav: Navigation) -> Any:
        ours = self.book.pages.get(page.file.src_uri)
        context["kb_path"] = navigation.trail(ours, self.book) if ours is not None else ()
        return context

    def on_post_page(self, output: str, *, page: Page, config: MkDocsConfig) -> str:
        self.written[page.url.removeprefix("./")] = verify.read_page(output, page.url.removeprefix("./"))
        return output

    def on_post_build(self, *, config: MkDocsConfig) -> None:
        entries = (entry for path in sorted(self.entries) for entry in self.entries[path])
        folder = Path(config.site_dir)
        for place, data in (*searchindex.iter_search_files(entries), *previews.iter_preview_files(self.leads)):
            file = folder / place
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        self._say_what_is_untrue(folder)

    # -------------------------------------------------------------------------------------------- parts

    def _own(self, name: str) -> str:
        from kbtools.site.addresses import page_address

        return page_address(name, folders=not self.book.pages or self._folders)

    @property
    def _folders(self) -> bool:
        return not any(page.url.endswith(".html") for page in self.book.pages.values())

    def _keep(self, file: File) -> bool:
        """Whether a file is published; its address is the book's."""
        page = self.book.pages.get(file.src_uri)
        if page is None:
            return file.src_uri in self.book.files
        if page.kind != "note":
            return file.src_uri not in self.book.files
        place = unquote(page.url)
        file.dest_uri = place if place.endswith(".html") else place + "index.html"
        return True

    def _page(self, config: MkDocsConfig, url: str, title: str, html: str) -> File:
        place = unquote(url)
        file = File.generated(config, f"_kb/{hashlib.sha256(url.encode()).hexdigest()[:12]}.md", content=f"{RAW}{html}")
        file.dest_uri = place if place.endswith(".html") else place + "index.html"
        file.inclusion = InclusionLevel.NOT_IN_NAV
        self_title = title

        class _Titled(Page):
            title = property(lambda _: self_title, lambda _self, _value: None)

        file.page = _Titled(self_title, file, config)
        return file

    def _front(self) -> str:
        """The front page of a vault that has no index: its folders' first pages."""
        pages = sorted(self.book.pages.values(), key=lambda page: (page.path.count("/"), page.path))[:50]
        items = "".join(ownpages.render_link(page, "") for page in pages)
        return f"<ul>{items}</ul>"

    def _key(self, path: str, text: str) -> str:
        """What a page's HTML depends on."""
        page, book = self.book.pages[path], self.book
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass"))
        urls = [(key, meaning, book.url_of(meaning)) for key, meaning in page.links.items()]
        embedded = book.texts if "![[" in text else {}
        proofs = book.snippets if "```" in text or "~~~" in text else {}
        digest.update(
            repr((path, page.url, page.sections, urls, embedded, proofs, book.tag_urls)).encode("utf-8", "surrogatepass")
        )
        return digest.hexdigest()

    def _say_what_is_untrue(self, folder: Path) -> None:
        files = [found.relative_to(folder).as_posix() for found in folder.rglob("*") if found.is_file()]
        addresses = {unquote(url) for url in self.written}
        leading = [quote(path.removesuffix("index.html")) for path in files if path.endswith("index.html")]
        dead = verify.find_dead(
            self.written, [*(quote(path) for path in files), *(url for url in leading if url not in addresses)]
        )
        _warn(f"'{url or 'index'}' links to '{unquote(link)}', which is not on the site" for url, link in dead)
        rendered = {path: found.links for path, found in self.rendered.items()}
        untrue = verify.find_untrue(rendered, self.bound.snapshot.iter_edges(), self.bound.places())
        _warn(
            f"'{path}' shows {shown} links to '{meaning.path}#{meaning.anchor}' ({meaning.status}), the graph has {meant}"
            for path, meaning, shown, meant in untrue
        )


def _warn(problems: Iterable[str]) -> None:
    said = list(problems)
    for problem in said[:MOST_SAID]:
        log.warning(problem)
    if len(said) > MOST_SAID:
        log.warning("and %d more", len(said) - MOST_SAID)

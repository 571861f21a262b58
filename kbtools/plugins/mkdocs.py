"""MkDocs is told what kb knows: which files are pages and where, what their HTML is, and the files around them.

A translator: what is decided, is decided in `kbtools/site`. `plugins: [kb]` in mkdocs.yml is all that a vault needs.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from jinja2 import Environment
from mkdocs.config import config_options
from mkdocs.config.base import Config as Options
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page
from mkdocs.theme import Theme
from mkdocs.utils import markdown_extensions
from pathspec.gitignore import GitIgnoreSpec

from kbtools import building, site
from kbtools.config import find_config
from kbtools.model import NotePath
from kbtools.plugins.jupyter import read_look
from kbtools.plugins.output import Built, Late, Output, Templates, describe_frame, stamp_of
from kbtools.plugins.pages import LeafPage, Published, make_file, make_own_file
from kbtools.site import mathfont, navigation, ownpages, searchindex, sources, verify
from kbtools.site.addresses import file_of, page_address
from kbtools.site.ahead import Ahead
from kbtools.site.book import Book, Meaning
from kbtools.site.book import Page as BookPage
from kbtools.site.canvas import render_canvas
from kbtools.site.grounds import digest, renderer_key
from kbtools.site.notebook import Look, render_notebook
from kbtools.site.press import Press
from kbtools.site.readers import PLAIN, remembering
from kbtools.site.render import Rendered, render_page
from kbtools.site.whole import Whole
from kbtools.vault.store import Store

ASSETS: Final = "assets/kb"
SITE: Final = Path(site.__file__).parent
MOST_SAID: Final = 20
NO_MARKDOWN: Final = GitIgnoreSpec.from_lines(f"*{suffix}" for suffix in markdown_extensions)
"""What MkDocs is not to look at: the book says which notes there are, and a README.md beside an index.md is one."""
log = logging.getLogger("mkdocs.plugins.kb")


class KbOptions(Options):  # type: ignore[no-untyped-call]  # MkDocs' own initialiser is not annotated
    """`source_url` is where the project's files can be read, with a `/` at its end."""

    source_url = config_options.Type(str, default="")


class KbPlugin(BasePlugin[KbOptions]):  # type: ignore[no-untyped-call]  # the same
    """The hooks, in the order in which MkDocs calls them."""

    dirty = False
    is_served = False
    was_built = False
    ahead: Ahead | None = None
    late: Late | None = None
    readers = PLAIN

    def on_startup(self, *, command: str, dirty: bool) -> None:
        self.dirty = dirty
        self.is_served = command == "serve"
        self.readers = remembering() if self.is_served else PLAIN

    def on_shutdown(self) -> None:
        self._end()

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        self._end()
        if config.theme.name == "mkdocs":  # the one that nobody chose
            config.theme = Theme(**building.usual_theme())
            config.extra.setdefault("generator", False)
        if config.theme.name != "material":
            raise PluginError(f"the plugin 'kb' needs the theme 'material', not '{config.theme.name}'")
        project = find_config(config.docs_dir, Path(config.docs_dir))
        self.bound = building.bind_project(
            project,
            config.site_name,
            folders=config.use_directory_urls,
            source_url=self.config.source_url,
            readers=self.readers,
        )
        self.book = self.bound.book
        for problem in self.book.problems:
            log.info(problem)
        self.excluded, config.exclude_docs = config.exclude_docs, NO_MARKDOWN
        self.look = read_look(config)
        self.store = Store(building.store_folder(project))
        self.renderer = renderer_key(repr(self.look))
        self.press = Press(self.book, self.store, self.renderer)
        self.press.run(self.bound.snapshot.text_of, partial(_render, self.look), self._judge)
        self.whole = Whole(self.press, self.store, self.renderer)
        _, *jobs = self.whole.jobs
        self.ahead = self.whole.start(jobs if self.dirty and self.is_served and self.was_built else self.whole.jobs)
        self.ledger = verify.Ledger()
        self.folders = config.use_directory_urls
        config.theme.dirs.insert(0, str(SITE / "theme"))
        assets = sorted(file.name for file in (SITE / "assets").iterdir())
        styles = [mathfont.PLACE, *(f"{ASSETS}/{name}" for name in assets if name.endswith(".css"))]
        config.extra_css = [*styles, *config.extra_css]
        config.extra_javascript = [*(f"{ASSETS}/{name}" for name in assets if name.endswith(".js")), *config.extra_javascript]
        home = page_address("", folders=config.use_directory_urls)
        if home:  # without a server `./` is a list of files
            config.extra.setdefault("homepage", home)
        links = [("首页", home), ("图谱", self.book.graph_url)]
        links += [("标签", self.book.tags_url)] if self.book.tags else []
        links += [("代码证明", self.book.snippets_url)] if self.book.snippets else []
        config.extra.setdefault("kb", {})["links"] = [{"title": title, "url": url} for title, url in links]
        self.output = Output(config.site_dir, self.store, describe_frame(config))
        return config

    def on_pre_build(self, *, config: MkDocsConfig) -> None:
        if self.dirty:
            self.output.open()

    def on_files(self, files: Files, *, config: MkDocsConfig) -> Files:
        config.exclude_docs = self.excluded
        kept = Files([file for file in files if file.src_dir != config.docs_dir])
        for path, page in self.book.pages.items():
            file = Published(config, path, file_of(page.url), is_page=True)
            LeafPage(file, config, page, partial(self.press.leaf_of, path))
            said = (page.url, page.title, page.description, navigation.trail(page, self.book))
            file.grounds = digest(self.press.key_of(path), repr(said))
            kept.append(file)
        for path in self.book.files:
            file = Published(config, path, path, is_page=False)
            file.grounds = stamp_of(os.path.join(config.docs_dir, path))
            kept.append(file)
        taken = {file.dest_uri for file in kept} | {file_of(url) for url in self.book.redirects}
        for url, title, html in self._iter_own_pages(is_taken="index.html" in taken):
            kept.append(make_own_file(config, url, title, html))
            self.ledger.add(url, verify.read_page(html, url))
        for url, html in ownpages.iter_redirects(self.book):
            kept.append(make_file(config, file_of(url), html))
        assets = ((f"{ASSETS}/{asset.name}", asset.read_bytes()) for asset in sorted((SITE / "assets").iterdir()))
        for place, data in (*assets, *navigation.iter_nav_files(self.book)):
            kept.append(make_file(config, place, data))
        self.files = [file for file in kept if isinstance(file, Built)]
        for built in self.files if self.dirty else ():
            built.output = self.output
            if isinstance(built, Published) and built.is_page and built.is_modified():
                built.is_written = self.output.write_again(built, partial(self._html_of, built.src_uri))
        return kept

    def on_nav(self, nav: Navigation, *, config: MkDocsConfig, files: Files) -> Navigation:
        nav.items = []  # the tree of folders is one file for the whole site (`navigation`)
        return nav

    def on_page_context(self, context: Any, *, page: Page, config: MkDocsConfig, nav: Navigation) -> Any:
        ours = self.book.pages.get(page.file.src_uri)
        context["kb_path"] = navigation.trail(ours, self.book) if ours is not None else ()
        return context

    def on_post_page(self, output: str, *, page: Page, config: MkDocsConfig) -> str:
        url = page.url.removeprefix("./")  # what is in the article is known: the frame around it is read
        before, article, after = output.partition(page.content or "\0")
        self.ledger.add(url, verify.read_page(before + after, url))
        if self.dirty and article and isinstance(page.file, Published):
            self.output.keep_frame(page.file, before, after)
        return output

    def on_env(self, env: Environment, *, config: MkDocsConfig, files: Files) -> Environment:
        env.bytecode_cache = Templates(self.store)
        return env

    def on_post_build(self, *, config: MkDocsConfig) -> None:
        if self.ahead is not None:
            self.ahead.wait()
        search, *jobs = self.whole.jobs
        later = self.is_served and self.output.has(searchindex.FOLDER)
        for job in jobs if later else self.whole.jobs:
            for place, data in self.whole.read_files(job):
                self.output.put(place, data)
        for path, page in self.book.pages.items():
            self.ledger.add(page.url, self.press.facts_of(path).written)
            if page.kind == "notebook":
                for url, data in self.press.extract_of(path).files.items():
                    self.output.put(unquote(url), data)
        self.output.close(self.files)
        self._say_what_is_wrong(config.site_dir)
        self.store.sweep()
        self.was_built = True
        if later:  # nobody who saves a note waits for the search
            self.late = Late(self.whole, search, self.output)
            self.late.start()

    def on_build_error(self, *, error: Exception) -> None:
        self._end()

    # -------------------------------------------------------------------------------------------- parts

    def _end(self) -> None:
        """Stop what still goes on for the build before."""
        if self.ahead is not None:
            self.ahead.stop()
        if self.late is not None:
            self.late.stop()

    def _iter_own_pages(self, *, is_taken: bool) -> Iterator[tuple[str, str, str]]:
        yield from ownpages.iter_own_pages(self.book, sources.remembering(self.store, self.renderer))
        if not is_taken:
            yield ("" if self.folders else "index.html"), self.book.name, self._front()

    def _html_of(self, path: str) -> str:
        return self.press.leaf_of(path).html

    def _judge(self, path: str, links: Sequence[Meaning]) -> Iterable[verify.Untrue]:
        return verify.find_untrue(links, self.bound.snapshot.edges_of(NotePath(path)), self.bound.places)

    def _say_what_is_wrong(self, folder: str) -> None:
        facts = [(path, self.press.facts_of(path)) for path in self.book.pages]
        _warn(f"'{path}': {problem}" for path, found in facts for problem in found.problems)
        _warn(
            f"'{path}' shows {shown} links to '{meaning.path}#{meaning.anchor}' ({meaning.status}), the graph has {meant}"
            for path, found in facts
            for meaning, shown, meant in found.untrue
        )
        there = [os.path.relpath(os.path.join(above, name), folder) for above, _, names in os.walk(folder) for name in names]
        dead = self.ledger.find_dead([file.replace(os.sep, "/") for file in there])
        _warn(f"'{unquote(url) or 'index'}' links to '{unquote(link)}', which is not on the site" for url, link in dead)

    def _front(self) -> str:
        """The front page of a vault that has no index: its folders' first pages."""
        pages = sorted(self.book.pages.values(), key=lambda page: (page.path.count("/"), page.path))[:50]
        items = "".join(ownpages.render_link(page, "") for page in pages)
        return f"<ul>{items}</ul>"


def _render(look: Look, text: str, page: BookPage, book: Book) -> Rendered:
    if page.kind == "notebook":
        return render_notebook(text, page, book, look)
    return (render_canvas if page.kind == "canvas" else render_page)(text, page, book)


def _warn(problems: Iterable[str]) -> None:
    said = list(problems)
    for problem in said[:MOST_SAID]:
        log.warning(problem)
    if len(said) > MOST_SAID:
        log.warning("and %d more", len(said) - MOST_SAID)

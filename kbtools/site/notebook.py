"""A notebook -> the HTML of its page: its Markdown as notes have it, its code, and the outputs that are stored in it.

Nothing is executed. nbconvert, which mkdocs-jupyter stands on, walks the cells and leaves out what its settings say; what a cell
looks like is decided here. Total: a notebook that cannot be shown gives a page that says why, and `Rendered.problems` says where.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from html import escape, unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

from kbtools.site.blocks import BlockWriter, TocEntry
from kbtools.site.book import Book, Meaning, Page, relative
from kbtools.site.formula import find_macros
from kbtools.site.highlight import render_code
from kbtools.site.notebookfile import join, read_notebook
from kbtools.site.notebookoutputs import OutputWriter, write_html, write_notice
from kbtools.site.notebooktext import Cell, read_markdown
from kbtools.site.rawhtml import runs_code
from kbtools.site.render import Rendered, open_scene, render_part
from kbtools.site.scene import Scene

if TYPE_CHECKING:
    from nbconvert.exporters.templateexporter import TemplateExporter

TEMPLATE: Final = Path(__file__).with_name("notebook.html.j2")
ATTACHED: Final = re.compile(r' src="attachment:(?P<name>[^"]++)"')
MAGIC: Final = re.compile(r"\s*%%(?P<name>[\w!]+)")
LANGUAGES: Final = {"bash": "bash", "sh": "bash", "html": "html", "javascript": "js", "js": "js", "latex": "latex", "sql": "sql"}
"""Cells that begin with `%%name` are written in another language."""
MISSING: Final = "mkdocs-jupyter is not installed (pip install 'kbtools[site]')"


@dataclass(frozen=True, slots=True)
class Look:
    """What is left out of notebooks: all code, or what has one of these tags."""

    code: bool = True
    cells: tuple[str, ...] = ("remove-cell",)
    inputs: tuple[str, ...] = ("remove-input",)
    outputs: tuple[str, ...] = ("remove-output",)


def render_notebook(text: str, page: Page, book: Book, look: Look = Look()) -> Rendered:
    """The page of a notebook; `text` is its file."""
    problems: list[str] = []
    try:
        notebook = read_notebook(text, problems.append)
    except ValueError as error:
        return Rendered(write_notice(f"这个 Notebook 读不出来：{error}"), (), (), problems=(str(error),))
    writer = _Writer(text, notebook, page, book, problems)
    try:
        html = _export(_exporter(look), notebook, writer)
    except ImportError:
        problems.append(MISSING)
        html = write_notice(f"这里只有文字，没有代码和输出：{MISSING}") + "".join(writer.texts.values())
    files = {quote(page.path): text.encode("utf-8", "replace"), **writer.outputs.files}
    return Rendered(html + _write_download(page), tuple(writer.toc), tuple(writer.links), files, tuple(problems))


@lru_cache(maxsize=4)
def _exporter(look: Look) -> TemplateExporter:
    """Raises ImportError where nbconvert is not installed."""
    from nbconvert.exporters.templateexporter import TemplateExporter
    from traitlets.config import Config

    removed = {
        "enabled": True,
        "remove_cell_tags": set(look.cells),
        "remove_input_tags": set(look.inputs),
        "remove_all_outputs_tags": set(look.outputs),
    }
    settings = Config(TemplateExporter={"exclude_input": not look.code}, TagRemovePreprocessor=removed)
    return TemplateExporter(  # type: ignore[no-untyped-call]  # nbconvert is annotated in parts
        config=settings, template_name="base", template_file=TEMPLATE.name, extra_template_paths=[str(TEMPLATE.parent)]
    )


def _export(exporter: TemplateExporter, notebook: dict[str, Any], writer: _Writer) -> str:
    import nbformat

    filters = {"kb_text": writer.text, "kb_raw": writer.raw, "kb_code": writer.code, "kb_output": writer.output}
    for name, written in filters.items():
        exporter.register_filter(name, written)  # type: ignore[no-untyped-call]
    html, _ = exporter.from_notebook_node(nbformat.from_dict(notebook))  # type: ignore[no-untyped-call]
    return html


class _Writer:
    """Writes the cells of one notebook. Its Markdown is written first and whole: cells share ids, formulas and contents."""

    def __init__(self, text: str, notebook: dict[str, Any], page: Page, book: Book, problems: list[str]) -> None:
        self.links: list[Meaning] = []
        self.toc: list[TocEntry] = []
        self.language = str(notebook["metadata"]["kb"])
        attached = {cell["metadata"]["kb"]: cell["metadata"].get("attachments", {}) for cell in notebook["cells"]}
        self.outputs = OutputWriter(
            page.url, lambda said: render_part(said, _without_lines(page), book, start=0, end=1, base=page.url), problems=problems
        )
        self.texts = {
            number: _embed_attachments(html, attached.get(number, {}))
            for number, html in self._write_texts(read_markdown(text).cells, page, book)
        }

    def _write_texts(self, cells: Sequence[Cell], page: Page, book: Book) -> list[tuple[int, str]]:
        taken: set[str] = set()
        embeds: list[int] | None = None
        writers: list[BlockWriter] = []
        for cell in cells:
            own = _page_of(cell, page)
            scene = open_scene(cell.text, own, book, part=f"c{cell.number + 1}", links=self.links, taken=taken)
            scene.embeds = embeds = embeds or scene.embeds
            writers.append(BlockWriter(scene))
        macros = find_macros(latex for writer in writers for latex in _formulas(writer.scene))
        shift = max((writer.shift for writer in writers), default=0)
        written = []
        for cell, writer in zip(cells, writers, strict=True):
            writer.scene.macros, writer.shift = macros, shift
            html = writer.write(writer.scene.document.tokens) + writer.write_footnotes()
            self.toc += writer.toc
            written.append((cell.number, html))
        return written

    def text(self, cell: Mapping[str, Any]) -> str:
        return self.texts.get(cell["metadata"]["kb"], "")

    def raw(self, cell: Mapping[str, Any]) -> str:
        """What is meant for another program; HTML is meant for pages."""
        if cell["metadata"]["raw_mimetype"] == "text/html":
            return write_html(cell["source"])
        return render_code(cell["source"], "text", "") if cell["source"].strip() else ""

    def code(self, cell: Mapping[str, Any]) -> str:
        source: str = cell["source"]
        if not source.strip():
            return ""
        magic = MAGIC.match(source)
        html = render_code(source, LANGUAGES.get(magic["name"].lower(), self.language) if magic else self.language, "")
        if {"hide-input", "hide-cell"}.isdisjoint(cell["metadata"]["tags"]):
            return html
        return f'<details class="kb-fold">\n<summary>代码</summary>\n{html}</details>\n'

    def output(self, output: Mapping[str, Any], cell: Mapping[str, Any]) -> str:
        html = self.outputs.write(output, cell["metadata"]["kb"])
        if {"hide-output", "hide-cell"}.isdisjoint(cell["metadata"]["tags"]):
            return html
        return f'<details class="kb-fold">\n<summary>输出</summary>\n{html}</details>\n' if html else ""


def _page_of(cell: Cell, page: Page) -> Page:
    """The page as one cell sees it: its own headings, on its own lines. Only the first cell may repeat the page's title."""
    sections = tuple(
        replace(section, start=section.start - cell.line, end=section.end - cell.line)
        for section in page.sections
        if cell.line <= section.start < cell.line + cell.lines
    )
    return replace(page, sections=sections, lines=cell.lines, title=page.title if not cell.number else "")


def _without_lines(page: Page) -> Page:
    return replace(page, sections=(), lines=1)


def _formulas(scene: Scene) -> list[str]:
    return [mark.target for mark in scene.document.prepared.marks if mark.kind in {"math", "display"}]


def _embed_attachments(html: str, attached: Mapping[str, Any]) -> str:
    """HTML with the pictures that a cell brings with it."""

    def source(found: re.Match[str]) -> str:
        forms = attached.get(unquote(unescape(found["name"])))
        for form, value in forms.items() if isinstance(forms, Mapping) else ():
            url = f"data:{form};base64,{''.join((join(value) or '').split())}"
            if form.startswith("image/") and not runs_code(url):
                return f' src="{escape(url)}"'
        return ""

    return ATTACHED.sub(source, html) if "attachment:" in html else html


def _write_download(page: Page) -> str:
    href = escape(relative(quote(page.path), page.url))
    return f'<aside class="kb-notebook">想改一改、自己跑一遍：<a href="{href}" download>下载这份 Notebook</a></aside>\n'


__all__ = ["Look", "render_notebook"]

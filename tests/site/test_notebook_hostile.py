"""Notebooks that mean harm, or that no program should have written: nothing runs, nothing tears the page, nothing crashes."""

from __future__ import annotations

import json
import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbtools import app
from kbtools.site.binding import Wish, bind
from kbtools.site.notebook import render_notebook
from kbtools.site.notebooksvg import read_svg
from kbtools.site.render import Rendered
from tests.site.notebooks import code, markdown, notebook, printed, shown

RUNS = frozenset(("script", "iframe", "object", "embed", "foreignobject", "style", "base", "meta", "link", "template", "animate"))
ADDRESS = re.compile(r"\s*(?:javascript|vbscript):", re.IGNORECASE)


class Reader(HTMLParser):
    """What a browser would run of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.runs: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.runs += [tag] if tag in RUNS else []
        self.runs += [name for name, value in attrs if name.startswith("on") or name == "srcdoc" or ADDRESS.match(value or "")]

    handle_startendtag = handle_starttag


def render(text: str) -> Rendered:
    book = bind(app.snapshot_of({"n.ipynb": text}), Wish("vault"))
    return render_notebook(text, book.pages["n.ipynb"], book)


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>x",
        "<SCRIPT/src=//evil.org></SCRIPT >x",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)><script>alert(1)</script><animate attributeName=href values=javascript:alert(1) /></svg>",
        "<a href='java&#10;script:alert(1)'>x</a>",
        "<iframe src='https://evil.org' srcdoc='<script>alert(1)</script>'></iframe>",
        "<iframe src=javascript:alert(1)></iframe>x",
        "<style>@import 'https://evil.org'; * {display: none}</style>x",
        "<math><mtext></mtext><mglyph><style><img src=x onerror=alert(1)></style></mglyph></math>x",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>x",
        "<form><button formaction=javascript:alert(1)>x</button></form>",
        "<base href='https://evil.org/'><meta http-equiv=refresh content='0;url=//evil.org'>x",
        "<template><script>alert(1)</script></template>x",
        "<object data='data:text/html,<script>alert(1)</script>'></object>x",
    ],
)
@pytest.mark.parametrize("place", ["output", "raw", "markdown", "output markdown"])
def test_nothing_runs(html: str, place: str) -> None:
    cells = {
        "output": code("", shown(html=html)),
        "output markdown": code("", shown(text=html)),
        "raw": {"cell_type": "raw", "metadata": {"raw_mimetype": "text/html"}, "source": html},
    }
    runs = Reader(render(notebook(cells.get(place, markdown(html)))).html).runs
    allowed = {"iframe", "style"} if "markdown" in place else set()  # as in notes
    assert set(runs) - allowed == set()


def test_an_output_takes_no_id_and_leads_nowhere_inside_the_site() -> None:
    html = '<i id="题"><a name="题" href="data.csv">x</a><a href="https://a.org/">y</a></i><img src="../a.png" srcset="b.png 2x">'
    found = render(notebook(markdown("## 题"), code("", shown(html=html)))).html
    assert found.count('id="题"') == 1
    assert re.findall(r"(?:href|src|srcset|name)=\"([^\"]*)\"", found) == ["https://a.org/", "../n.ipynb"]


def test_a_frame_is_a_link() -> None:
    found = render(notebook(code("", shown(html='<iframe src="https://video.org/v?a=1&b=2"></iframe>')))).html
    assert (
        '<a class="external" rel="noopener" href="https://video.org/v?a=1&amp;b=2">https://video.org/v?a=1&amp;b=2</a>' in found
    )


@pytest.mark.parametrize("html", ["</div></main></body>", "<div><table><tr>", "<p title='", "<!-- ", "<td>", "<b><i></b></i>"])
def test_an_output_does_not_tear_the_page(html: str) -> None:
    found = render(notebook(code("", shown(html=html + "x")), markdown("后"))).html
    assert "<p>后</p>" in found
    assert found.count("<div") == found.count("</div>")
    assert found.count("<table") == found.count("</table>")


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        "<path onclick='alert(1)'/>",
        "<a href='javascript:alert(1)'><path/></a>",
        "<a xlink:href='java&#x0A;script:alert(1)' xmlns:xlink='http://www.w3.org/1999/xlink'/>",
        "<animate attributeName='xlink:href' values='x'/>",
        "<foreignObject><p xmlns='http://www.w3.org/1999/xhtml'/></foreignObject>",
        "<image href='https://evil.org/a.png'/>",
        "<use href='other.svg#a'/>",
        "<style>@import 'https://evil.org/a.css';</style>",
        "<path style='fill: url(https://evil.org/a.svg#b)'/>",
    ],
)
def test_a_drawing_that_could_do_something_is_no_file_of_the_site(inside: str) -> None:
    """In an `img` it runs nothing, and opened by itself a `data:` address is of no site."""
    drawing = f"<svg xmlns='http://www.w3.org/2000/svg'>{inside}</svg>"
    found = render(notebook(code("", shown(svg=drawing))))
    assert list(found.files) == ["n.ipynb"]
    assert '<img src="data:image/svg+xml;base64,' in found.html
    assert "<script" not in found.html


@pytest.mark.parametrize(
    "inside",
    [
        "<path d='M0 0' style='fill: url(#a)'/>",
        "<use href='#a'/>",
        "<style>.a{animation:b 1s infinite}@keyframes b{0%{opacity:1}}</style>",
        "<image href='data:image/png;base64,AA'/>",
        "<animate attributeName='x' values='1;2'/>",
    ],
)
def test_a_drawing_that_only_moves_is_a_file(inside: str) -> None:
    assert not read_svg(f"<svg xmlns='http://www.w3.org/2000/svg'>{inside}</svg>").is_active


def test_a_drawing_that_declares_entities_is_not_read() -> None:
    bomb = "<!DOCTYPE svg [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]><svg>&b;</svg>"
    with pytest.raises(ValueError, match="declares entities"):
        read_svg(bomb)


@pytest.mark.parametrize(
    "output",
    [
        printed("\x1b[" * 200_000),
        printed("\r" * 200_000),
        printed("a" * 2_000_000),
        shown(html="<iframe " * 50_000),
        shown(html="<style>" * 50_000),
        shown(html="<a href=" * 50_000),
        shown(html="<div>" * 30_000),
        shown(latex="$" * 100_001),
        shown(latex="$x" * 20_000),
        shown(svg="<svg>" + "<g>" * 50_000 + "</g>" * 50_000 + "</svg>"),
    ],
    ids=["escapes", "returns", "text", "frames", "styles", "attributes", "divs", "dollars", "formulas", "groups"],
)
def test_long_outputs_take_no_longer_than_they_are(output: dict[str, object]) -> None:
    start = time.process_time()
    render(notebook(code("", output)))
    assert time.process_time() - start < 4


FORMS = st.sampled_from(["text/plain", "text/html", "image/png", "image/svg+xml", "text/latex", "application/json", "x/y", ""])
SCRAPS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
OUTPUTS = st.fixed_dictionaries(
    {},
    optional={
        "output_type": st.sampled_from(["stream", "error", "display_data", "execute_result", "x"]) | SCRAPS,
        "data": st.dictionaries(FORMS, SCRAPS, max_size=3) | SCRAPS,
        "metadata": SCRAPS,
        "text": SCRAPS,
        "name": SCRAPS,
        "traceback": SCRAPS,
        "ename": SCRAPS,
    },
)
CELLS = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["markdown", "code", "raw"]) | SCRAPS,
        "source": st.text(max_size=30) | st.lists(st.text(max_size=10), max_size=3) | SCRAPS,
        "metadata": st.fixed_dictionaries({}, optional={"tags": SCRAPS, "jupyter": SCRAPS, "raw_mimetype": SCRAPS}) | SCRAPS,
        "outputs": st.lists(OUTPUTS, max_size=3) | SCRAPS,
        "attachments": SCRAPS,
        "id": SCRAPS,
    },
)
NOTEBOOKS = st.fixed_dictionaries(
    {},
    optional={
        "cells": st.lists(CELLS | SCRAPS, max_size=4) | SCRAPS,
        "metadata": SCRAPS,
        "nbformat": SCRAPS,
        "worksheets": SCRAPS,
    },
)


@settings(max_examples=200, deadline=None)
@given(NOTEBOOKS | SCRAPS)
def test_whatever_json_is_written_there_is_a_page(data: object) -> None:
    found = render(json.dumps(data))
    assert found.html
    assert Reader(found.html).runs == []

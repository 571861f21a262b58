"""Formulas, code and diagrams: what they become, and what becomes of wrong and hostile ones."""

from __future__ import annotations

import re
import time
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbtools.site.diagram import render_mermaid
from kbtools.site.formula import render_math
from kbtools.site.highlight import render_code

FORMULAS = [
    r"\frac{\partial L}{\partial W}=\delta x^\top",
    r"\begin{pmatrix}1&0\\0&1\end{pmatrix}",
    r"f(x)=\begin{cases}x&x>0\\0&\text{否则}\end{cases}",
    r"\begin{aligned}a&=b\\&=c\end{aligned}",
    r"\sum_{i=1}^{n}\underbrace{x_i}_{\text{输入}}",
]


@pytest.mark.parametrize("latex", FORMULAS)
@pytest.mark.parametrize("display", [True, False])
def test_a_formula_is_mathml(latex: str, display: bool) -> None:
    root = ElementTree.fromstring(render_math(latex, display=display))
    assert root.tag.rpartition("}")[2] == "math"
    assert (root.get("display") == "block") is display
    assert ("否则" in latex) == ("否则" in "".join(root.itertext()))


@pytest.mark.parametrize("latex", [r"\frac{a", r"\nosuchcommand", "(" * 50, "{" * 5000, "a_b_c"])
def test_a_broken_formula_says_why(latex: str) -> None:
    html = render_math(latex, display=False)
    assert re.fullmatch(r'<code class="kb-math-error" title="[^"<]+">[^<]*</code>', html, re.DOTALL)


@given(st.text(max_size=40))
def test_any_formula_gives_html(latex: str) -> None:
    assert render_math(latex, display=True).startswith(("<math", "<code"))


def test_code_is_highlighted_below_its_title() -> None:
    html = render_code("def f(x):\n    return x < 1\n", "python", "snippets/a.py#f")
    assert html.startswith(
        '<div class="language-python highlight"><span class="filename">snippets/a.py#f</span><pre><span></span><code>'
    )
    assert '<span class="k">def</span>' in html
    assert "&lt;" in html


def test_code_in_no_known_language_is_escaped() -> None:
    assert render_code("<b>&\n", "nosuch", "<i>") == (
        '<div class="language-text highlight"><span class="filename">&lt;i&gt;</span>'
        "<pre><span></span><code>&lt;b&gt;&amp;\n</code></pre></div>\n"
    )


@given(st.text(max_size=60), st.sampled_from(["python", "js", "", "md", "tex"]))
def test_any_code_keeps_its_text(code: str, lang: str) -> None:
    html = render_code(code.replace("\r", ""), lang, "")
    text = re.sub(r"<[^>]*>", "", html)
    assert "".join(text.split()).count("<") == 0


def test_a_diagram_is_drawn() -> None:
    html = render_mermaid("flowchart LR\n  a[旧记忆] --> b[新记忆]\n")
    assert html.startswith('<figure class="kb-diagram" role="img" aria-label="图示：旧记忆、新记忆">')
    assert "<svg" in html
    assert "merman" not in re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL)


def test_a_diagram_has_the_size_of_its_letters_and_carries_no_rule_that_it_does_not_need() -> None:
    html = render_mermaid("flowchart LR\n  a[旧记忆] --> b[新记忆]\n")
    width = re.search(r'<svg[^>]* width="(\d+)" height="\d+" style="--kb-width:(\d+)px">', html)
    assert width and width[1] == width[2] and int(width[1]) < 300
    assert len(html) < 6000
    assert ".cluster" not in html
    assert ".cluster" in render_mermaid("flowchart LR\n  subgraph 组\n  a --> b\n  end\n")


def test_a_diagram_may_say_itself_how_it_looks() -> None:
    own = render_mermaid("---\nconfig:\n  theme: forest\n---\nflowchart LR\n  a --> b\n")
    assert own.startswith("<figure")
    assert own.partition("<svg")[2] != render_mermaid("flowchart LR\n  a --> b\n").partition("<svg")[2]
    wide = render_mermaid('%%{init: {"flowchart": {"minNodeWidth": 400}}}%%\nflowchart LR\n  a --> b\n')
    assert int(re.findall(r' width="(\d+)" height', wide)[0]) > 800


@pytest.mark.parametrize(
    "kind",
    [
        "sequenceDiagram\n  甲->>乙: 好",
        "classDiagram\n  甲 <|-- 乙",
        "stateDiagram-v2\n  [*] --> 甲",
        'pie\n  "甲" : 3',
        "gantt\n  dateFormat YYYY-MM-DD\n  section 甲\n  读 :a, 2026-01-01, 3d",
        "mindmap\n  root((甲))\n    乙",
    ],
)
def test_other_kinds_of_diagrams_are_drawn(kind: str) -> None:
    html = render_mermaid(kind)
    assert html.startswith("<figure") and "甲" in html


def test_two_diagrams_share_no_id() -> None:
    ids = [set(re.findall(r'\sid="([^"]+)"', render_mermaid(f"flowchart LR\n a[{name}] --> b\n"))) for name in ("甲", "乙")]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_a_diagram_that_cannot_be_drawn_is_shown_with_the_reason() -> None:
    html = render_mermaid("flowchart LR\n a[未闭\n")
    assert html.startswith('<p class="kb-notice">这幅图画不出来：')
    assert "未闭" in html


@pytest.mark.parametrize("source", ["", "nosuch\n a", "flowchart LR\n" + "a-->" * 3000, "x" * 30_000, "pie\n" * 200, "\0\x01"])
def test_a_hostile_diagram_is_no_harm(source: str) -> None:
    started = time.process_time()
    html = render_mermaid(source)
    assert html.startswith(("<figure", "<p"))
    assert time.process_time() - started < 5


def test_a_diagram_runs_nothing() -> None:
    html = render_mermaid('flowchart LR\n a["<img src=x onerror=alert(1)>"] --> b\n click a "javascript:alert(1)"\n')
    assert "javascript:" not in html
    assert not re.search(r"<[^>]*\son\w+=", html)

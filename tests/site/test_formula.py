"""Formulas: what the browser is given to draw, and what it is given when nothing can be drawn."""

from __future__ import annotations

import re
import time
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbtools.site.dialect import SAME
from kbtools.site.formula import find_macros, render_math
from kbtools.syntax.mathcore import find_converter
from tests.site.rendering import html_of

BLANKS = str.maketrans({"\u2061": "", "\u2063": "", "\u00a0": " "})


def tags(html: str) -> list[str]:
    return [node.tag for node in ElementTree.fromstring(html.replace("&ApplyFunction;", "")).iter()]


def words(html: str) -> str:
    return "".join(ElementTree.fromstring(html.replace("&ApplyFunction;", "")).itertext())


@pytest.mark.parametrize(
    ("latex", "tag", "said"),
    [
        (r"x_1^2", "msubsup", "x12"),
        (r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", "mtable", "(1234)"),
        (r"f(x)=\begin{cases} x & x>0 \\ 0 & \text{否则} \end{cases}", "mtable", "f(x)={xx>00否则"),
        (r"\frac{\frac{a+b+c+d}{x_1+x_2}}{\sqrt{\frac{\partial J}{\partial W}}}", "msqrt", "a+b+c+dx1+x2∂J∂W"),
        (r"\begin{aligned} a &= b \\ &= c \end{aligned}", "mtable", "a=b=c"),
        (r"\text{若 $x>0$，则 } y", "mtext", "若 x>0，则 y"),
        (r"\sum_{\substack{i<n\\ j<m}} a_{ij}", "mtable", "∑i<nj<maij"),
        (r"\begin{split} a &= b \\ &= c \end{split}", "mtable", "a=b=c"),
        (r"\begin{eqnarray} a &=& b \\ c &\le& d \end{eqnarray}", "mtable", "a=bc≤d"),
        (r"\begin{alignat}{2} a &= b \end{alignat}", "mtable", "a=b"),
        (r"x = y \label{eq:one}", "math", "x=y"),
        (r"x = y \tag{3.1}", "mtable", "x=y(3.1)"),
        (r"\text{见 } \eqref{eq:one}", "mtext", "见 (???)"),
        (r"\mathbf{损失} + \operatorname{损失}", "math", "损失+损失"),
    ],
)
def test_drawn(latex: str, tag: str, said: str) -> None:
    html = render_math(latex, display=True)
    assert html.startswith('<math display="block">')
    assert tag in tags(html)
    assert words(html).translate(BLANKS) == said


def test_inline_is_bare() -> None:
    assert render_math("a", display=False) == "<math><mi>a</mi></math>"


def test_equations_are_not_numbered() -> None:
    html = render_math(r"\begin{align} a &= b \\ c &= d \end{align}", display=True)
    assert words(html) == "a=bc=d"


@pytest.mark.parametrize("latex", [r"\begin{equation}a\label{x}\end{equation}", r"\ref{x}", r"\eqref{y}"])
def test_no_anchor_and_no_link_comes_out_of_a_formula(latex: str) -> None:
    html = render_math(latex, display=True)
    assert "id=" not in html
    assert "href" not in html


@pytest.mark.parametrize(
    ("latex", "reason"),
    [
        (r"\frac{a", "括号没有闭合"),
        (r"\nosuchthing x", "没有这个命令"),
        (r"a_1_2", "两个上标或下标"),
        (r"a & b", "这里不能用它"),
        (r"\begin{nothing}x\end{nothing}", "没有这个环境"),
    ],
)
def test_broken_shows_its_source_and_why(latex: str, reason: str) -> None:
    html = render_math(latex, display=False)
    found = re.fullmatch(r'<code class="kb-math-error" title="([^"]+)">(.+)</code>', html)
    assert found is not None
    assert reason in found[1]
    assert words(html) == latex


@pytest.mark.parametrize(
    "latex", [r"\text{<script>alert(1)</script>}", r"\frac{<img src=x onerror=alert(1)>", "a<b>c", '\\"><b>', "&lt;"]
)
@pytest.mark.parametrize("display", [True, False])
def test_markup_is_escaped(latex: str, display: bool) -> None:
    html = render_math(latex, display=display)
    assert not {"script", "img", "b"} & set(tags(html))


def test_what_one_formula_defines_the_others_use() -> None:
    macros = find_macros(
        [r"\newcommand{\vx}{\mathbf{x}} \newcommand\norm[1]{\lVert #1 \rVert}", r"\DeclareMathOperator*{\best}{best}"]
    )
    assert words(render_math(r"\norm{\vx}", display=False, macros=macros)) == "‖𝐱‖"
    assert "munder" in tags(render_math(r"\best_x", display=True, macros=macros))
    assert render_math(r"\newcommand{\vx}{\mathbf{x}}", display=False, macros=macros) == "<math></math>"
    assert "kb-math-error" in render_math(r"\vx", display=False)


@pytest.mark.parametrize("name", SAME)
def test_a_command_that_only_others_know_is_drawn(name: str) -> None:
    count = max((int(digit) for digit in re.findall(r"#([1-9])", SAME[name])), default=0)
    assert "kb-math-error" not in render_math(rf"\{name}" + "{x}" * count + " y", display=True)


@pytest.mark.parametrize(
    ("latex", "definitions"),
    [
        ("(" * 40, ""),
        (r"\{ " * 40, ""),
        (r"\lfloor " * 5000, ""),
        ("{" * 5000, ""),
        (r"\sqrt{" * 900 + "}" * 900, ""),
        (r"\a " * 40, r"\newcommand\a{(}"),
        (r"\a\a\a\a\a\a\a\a(", r"\newcommand\a[1]{#1#1#1#1#1#1}"),
        (r"\a{\a{\a{(}}}", r"\newcommand\a[1]{#1#1#1#1#1#1}"),
        (r"\a", r"\newcommand\a{\a\a}"),
        (r"\let\a=( " + r"\a" * 40, ""),
        (r"\text{$" * 3000, ""),
        (r"\def\a{" * 3000, ""),
    ],
)
def test_monsters_show_their_source_at_once(latex: str, definitions: str) -> None:
    began = time.perf_counter()
    html = render_math(latex, display=True, macros=find_macros([definitions, latex]))
    assert "kb-math-error" in html
    assert time.perf_counter() - began < 2


def test_the_checker_survives_open_brackets() -> None:
    converter = find_converter([])
    assert converter is not None
    assert not converter.draws("(" * 40)
    assert converter.find_problem("(" * 40) is None
    assert converter.draws("f(g(h(x)))")


@given(st.text(alphabet="\\{}[]()^_&$#%ab 中<>frac\n", max_size=60), st.booleans())
def test_anything_gives_wellformed_html(latex: str, display: bool) -> None:
    tags(f"<p>{render_math(latex, display=display)}</p>")


def test_what_closes_a_sentence_stays_with_its_formula() -> None:
    html = html_of("（见 $x$），再说 $y$ 与 $z$。\n")
    assert [part.partition("</span>")[0][-2:] for part in html.split('<span class="kb-together">')[1:]] == ["），", ">。"]
    assert html.count("<math") == 3


def test_a_long_formula_may_scroll_in_its_line_and_a_short_one_need_not() -> None:
    html = html_of("短 $x+y$，长 $a_1+a_2+a_3+a_4+a_5+a_6+a_7+a_8+a_9$。\n")
    assert html.count('<span class="kb-long">') == 1
    assert '<span class="kb-together"><span class="kb-long"><math>' in html

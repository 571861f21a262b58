"""What is wrong with a formula: by structure, and by asking a converter."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbtools.app import check_files
from kbtools.syntax.latex import find_problem, iter_commands
from kbtools.syntax.mathcore import OTHERS_KNOW, find_converter


@pytest.mark.parametrize(
    ("latex", "offset", "text"),
    [
        (r"\frac{1}{2", 8, "'{' has no '}'"),
        (r"x}", 1, "'}' closes nothing"),
        (r"\left( x", 0, r"'\left' has no '\right'"),
        (r"x \right)", 2, r"'\right' closes nothing"),
        (r"{\left( x} \right)", 1, r"'\left' has no '\right'"),
        (r"\begin{matrix} 1 \end{pmatrix}", 17, r"'\begin{matrix}' is closed by '\end{pmatrix}'"),
        (r"\begin{cases} {x \end{cases}", 14, "'{' has no '}'"),
        (r"\begin{nothing} \end{nothing}", 0, "no environment is named 'nothing'"),
        (r"a & b", 2, "'&' outside an environment such as aligned or matrix"),
        (r"\text{50%}", 5, r"'{' has no '}' (a '%' hides the rest of its line: write '\%')"),
    ],
)
def test_problem(latex: str, offset: int, text: str) -> None:
    assert find_problem(latex) == (offset, text)


@pytest.mark.parametrize(
    "latex",
    [
        "",
        r"\{ x \} \left\{ y \right. \left( z \right]",
        r"\leftarrow \rightarrow \leftrightarrow",
        r"\\{x}\\[2pt]",
        r"\begin{array}{c|c} a & b \\ \hline c & d \end{array}",
        r"\begin {cases} a \end {cases}",
        r"\matrix{a & b \cr c & d}",
        r"\begin{aligned} \left( a \right. & b \\ \left. c \right) \end{aligned}",
        r"\begin{align*} a &= b \end{align*}",
        "a % } comment\n",
        r"\newcommand{\be}{\begin{equation}}",
        r"\def\x{{}",
        r"\verb|{|",
        "x % 注释",
        r"\text{若 \% 与 \& 与 \{}",
        r"\left. x \right| \left < x \right > \bigl |x\bigr | \big{(} \left\lbrace x \right\rbrace",
        r"\left( {a \middle| b} \right)",
        r"\color{#ff0000} x \# \href{https://x.org/#y}{x}",
        r"50\% \text{50\%} x = 1 % 注释",
        "x = 1%\n+ 2",
        r"\\1 \\，",
        r"\bigcup \bigoplus \leftharpoonup \middleware",
    ],
)
def test_no_problem(latex: str) -> None:
    assert find_problem(latex) is None


@given(st.text("\\{}&%x\nleft right begin{matrix} end{matrix}", max_size=60))
def test_total_and_inside(latex: str) -> None:
    problem = find_problem(latex)
    assert problem is None or 0 <= problem.offset <= len(latex)


def test_commands() -> None:
    assert list(iter_commands(r"\alpha\, \x \\beta \hat{x} % \no")) == [(0, "alpha"), (9, "x"), (19, "hat")]


@pytest.mark.parametrize(
    "piece",
    [
        "\\hat",
        "\\frac",
        "x^",
        "{",
        "\\left(",
        "\\begin{matrix}",
        "\\begin{",
        "%",
        "\\",
        "{}",
        "\\end{x}",
        "\\newcommand",
        "&",
        "$",
        "\\left(\\middle|{",
        "\\left(#",
        "1%",
        "\\bigl",
    ],
)
def test_linear(piece: str) -> None:
    def seconds(count: int) -> float:
        started = time.perf_counter()
        find_problem(piece * count)
        check_files({"mkdocs.yml": "", "a.md": f"$$\n{piece * count}\n$$\n"}, select=["invalid-math"])
        return time.perf_counter() - started

    seconds(100)
    assert seconds(20_000) < 3


FORMULAS = (
    r"\operatorname{softmax}(z)_i = \frac{e^{z_i}}{\sum_{j=1}^{K} e^{z_j}}",
    r"\operatorname*{arg\,min}_{\theta} \mathcal{L}(\theta) = \underset{\theta}{\arg\min}\; L",
    r"\mathbb{E}_{x \sim p_{\text{data}}}\bigl[\log D(x)\bigr] + \mathbb{E}_{z}\left[\log(1 - D(G(z)))\right]",
    r"\boldsymbol{\Sigma}^{-1/2}(\boldsymbol x - \bm{\mu}) \in \mathbb R^{d_{\text{模型}}}",
    r"\mathbf{h}_t = \tanh(\mathbf W_{\mathrm{hh}}\mathbf{h}_{t-1} + \mathbf{U}\mathbf{x}_t)",
    r"\lVert w \rVert_2^2 + \left\lVert \frac{\partial L}{\partial w} \right\rVert + \lvert x \rvert + \|x\|_1",
    r"\sum_{\substack{i=1 \\ i \neq j}}^{n} a_{ij} \prod\limits_{t} \int\nolimits_0^1",
    r"\begin{bmatrix} 1 & 0 \\ 0 & 1 \end{bmatrix}\begin{pmatrix} a \\[4pt] b \end{pmatrix}^{-1}\begin{vmatrix} a \end{vmatrix}",
    r"\left[\begin{array}{cc|c} 1 & 2 & 3 \\ \hline 4 & 5 & 6 \end{array}\right]",
    r"f(x) = \begin{cases} x, & \text{若 } x > 0, \\ 0, & \text{否则（$x \le 0$）} \end{cases}",
    r"\begin{aligned} a &= b + c \\ &= d \end{aligned}",
    r"\begin{align} a &= b \tag{1} \\ c &= d \notag \end{align}",
    r"\begin{equation*}\begin{split} a &= b \end{split}\end{equation*}",
    r"\left\{\begin{aligned} a &= b \\ c &= d \end{aligned}\right.",
    r"\underbrace{W^\top \cdots W^\top}_{t \text{ 次}} \overbrace{a + b}^{\text{和}} \overset{\text{iid}}{\sim}",
    r"x \stackrel{\text{def}}{=} y \xrightarrow{\text{训练}} z \xleftarrow[下]{上} w",
    r"D_{\mathrm{KL}}(p \,\|\, q) = \int p(x) \log \frac{p(x)}{q(x)} \,\mathrm{d}x",
    r"\nabla_\theta J \approx \tfrac1N \sum_{i=1}^N \nabla_\theta \log \pi_\theta(a_i \mid s_i)\, \hat{A}_i",
    r"\operatorname{Attention}(Q,K,V) = \operatorname{softmax}\!\left(\frac{QK^{\top}}{\sqrt{d_k}}\right)V",
    r"\tilde{C}_t = f_t \odot C_{t-1} \oplus i_t \otimes g_t, \; x_{1:T}, \; x_{<t}, \; W^{[l](k)}, \; x'_i, f''",
    r"\mathbf{1}\{x > 0\} \quad \mathbb{1}[y = k]_{\{x > 0\}}",
    r"\left. \frac{\partial f}{\partial x} \right|_{x=0} \bigg( \Big[ \big\{ x \big\} \Big] \bigg)",
    r"p\left( a \middle| b \right) \left\langle \phi(x), \phi(y) \right\rangle_{\mathcal H} \lfloor x \rfloor",
    r"\theta_{t+1} = \theta_t - \frac{\eta}{\sqrt{\hat v_t} + \epsilon} \hat m_t, \quad \sqrt{1 - \beta_2^t}",
    r"\hat{\boldsymbol\beta} = (\mathbf X^\top \mathbf X)^{-1} \mathbf X^{\mathsf T} \mathbf y",
    r"\text{准确率} = \frac{\text{TP} + \text{TN}}{\text{全部}} = 95\%",
    r"\forall x \exists y,\ x \ne y \implies y \iff z \therefore a \propto b \approx c \lesssim i \leqslant j",
    r"{\color{red} x} + \textcolor{blue}{y} + \boxed{z} \cancel{x} \phantom{x} \bcancel{y}",
    r"\bar x \vec{x} \dot x \ddot x \widehat{xy} \widetilde{xy} \overline{xy} \underline{x} \overrightarrow{AB}",
    r"\binom{n}{k} \dfrac12 \cfrac{1}{1 + x} {n \choose k} {a \over b} \frac1n \sqrt[3]{x} \sqrt2",
    r"\llbracket x \rrbracket \lbrace x \rbrace \lVert x \rVert \bra{x} \ket{y} a \bmod b \pmod{n}",
    r"x \coloneqq y \colon X \to Y \mapsto z \hookrightarrow w \rightsquigarrow v, \dots \cdots \vdots \ddots",
    r"α + β ≤ γ，其中 x ∈ ℝ",
)
"""As they stand in notes on deep learning; KaTeX 0.16 or MathJax 3 draws each."""


class TestConverter:
    """Needs the wheel `math-core`."""

    @pytest.fixture(autouse=True)
    def _converter(self) -> None:
        pytest.importorskip("math_core")

    @staticmethod
    def problem(formula: str, *others: str) -> str:
        converter = find_converter([formula, *others])
        assert converter is not None
        found = None if converter.draws(formula) else converter.find_problem(formula)
        return found.text if found else ""

    @pytest.mark.parametrize(
        ("formula", "text"),
        [
            (r"\alhpa + 1", r"no command is named '\alhpa'"),
            (r"\E[X]", r"no command is named '\E'"),
            (r"\sqrt[3", "a '[' has no ']'"),
            (r"\frac{1}", "an argument is missing"),
            (r"x^", "an argument is missing"),
            (r"x^1^2", "two subscripts or superscripts on one symbol"),
            (r"a_b_c", "two subscripts or superscripts on one symbol"),
        ],
    )
    def test_problem(self, formula: str, text: str) -> None:
        assert self.problem(formula) == text

    @pytest.mark.parametrize(
        "formula",
        [
            r"\ce{H2O} \pu{1 m}",
            r"\sum_{\substack{i \\ j}} \mbox{若} \href{https://x.org}{x}",
            r"x \tag{1} \label{eq:1} \eqref{eq:1}",
            r"\text{若 $x$}",
            r"\begin{split} a &= b \end{split}",
            r"\mathds{1} \mathbbm{1} \pmb{x} \rlap{/}{=}",
            r"x'^2 + \sum\nolimits_i^2 + \mathop{x}\limits_a",
            r"{\color{red} x} \colorbox{red}{x} \hdashline",
            r"a \over b",
            r"\R \N \Z",
            "损失 = \\hat y，",
            *FORMULAS,
        ],
    )
    def test_no_problem(self, formula: str) -> None:
        assert self.problem(formula) == ""

    def test_other_formulas_define_commands(self) -> None:
        assert self.problem(r"\KL{p}{q}", r"\newcommand{\KL}[2]{D(#1 \| #2)}") == ""
        assert self.problem(r"\sgn x", r"\DeclareMathOperator*{\sgn}{sgn}") == ""
        assert self.problem(r"\foo", r"\def\foo{x}") == ""
        assert self.problem(r"\E x", r"\newcommand{\E}{\mathbb{E}}") == ""

    def test_an_extension_may_bring_any_command(self) -> None:
        assert self.problem(r"\dv{f}{x}", r"\require{physics}") == ""
        assert self.problem(r"\frac{1}", r"\require{physics}") == "an argument is missing"

    @pytest.mark.parametrize("name", sorted(OTHERS_KNOW))
    def test_what_other_renderers_know_is_no_mistake(self, name: str) -> None:
        assert not self.problem(rf"\{name}").startswith("no command")

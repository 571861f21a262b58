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
    ],
)
def test_no_problem(latex: str) -> None:
    assert find_problem(latex) is None


@given(st.text("\\{}&%x\nleft right begin{matrix} end{matrix}", max_size=60))
def test_total_and_inside(latex: str) -> None:
    problem = find_problem(latex)
    assert problem is None or 0 <= problem.offset <= len(latex)


def test_commands() -> None:
    assert list(iter_commands(r"\alpha\, \x \\beta \hat{x} % \no")) == [(0, "alpha"), (19, "hat")]


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
        ],
    )
    def test_no_problem(self, formula: str) -> None:
        assert self.problem(formula) == ""

    def test_other_formulas_define_commands(self) -> None:
        assert self.problem(r"\KL{p}{q}", r"\newcommand{\KL}[2]{D(#1 \| #2)}") == ""
        assert self.problem(r"\sgn x", r"\DeclareMathOperator*{\sgn}{sgn}") == ""
        assert self.problem(r"\foo", r"\def\foo{x}") == ""

    @pytest.mark.parametrize("name", sorted(OTHERS_KNOW))
    def test_what_other_renderers_know_is_no_mistake(self, name: str) -> None:
        assert not self.problem(rf"\{name}").startswith("no command")

r"""LaTeX as MathJax takes it -> LaTeX as the wheel `math-core` takes it, and the macros that the formulas of a note define.

Obsidian draws formulas with MathJax: it numbers no equation, lets a `$x$` stand inside `\text{}`, takes `\tag` anywhere and keeps
a macro for the rest of the note. Whatever is not in these tables is handed on as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_SAME = r"""
KaTeX=\text{KaTeX} LaTeX=\text{LaTeX} TeX=\text{TeX} allowbreak={} nobreak={} break={} strut={} hfill=\quad hfil=\quad
dotsb=\cdots dotsc=\ldots dotsi=\cdots dotsm=\cdots dotso=\ldots dotsx=\ldots mathellipsis=\ldots enskip=\hspace{0.5em}
thickapprox=\approx thicksim=\sim varpropto=\propto smallfrown=\frown smallsmile=\smile smallsetminus=\setminus
shortmid=\mid shortparallel=\parallel centerdot=\cdot middot=\cdot sdot=\cdot ordinarycolon=: vcentercolon=: centercolon=:
ohm=\Omega micro=\mu lcm=\operatorname{lcm} varlimsup=\overline{\lim} varliminf=\underline{\lim}
varinjlim=\underrightarrow{\lim} varprojlim=\underleftarrow{\lim} adots=⋰ iddots=⋰ intop=\int smallint=\int
mathup=\mathrm{#1} mathnormal={#1} mathbfup=\mathbf{#1} mathbfit=\boldsymbol{#1} pmb=\boldsymbol{#1}
mathds=\mathbb{#1} mathbbm=\mathbb{#1} mbox=\text{#1} hbox=\text{#1} textnormal=\text{#1}
nicefrac={#1}/{#2} sfrac={#1}/{#2} substack=\begin{subarray}{c}#1\end{subarray}
smash={#1} clap={#1} llap={#1} rlap={#1} mathclap={#1} mathllap={#1} mathrlap={#1}
cancelto=\cancel{#2}^{#1} wideparen=\overset{\frown}{#1} ketbra=|#1\rangle\langle#2|
href=#2 htmlClass=#2 htmlId=#2 htmlStyle=#2 htmlData=#2 class=#2 cssId=#2 style=#2 colorbox=\boxed{#2} fcolorbox=\boxed{#3}
xlongrightarrow=\xrightarrow{#1} xlongleftarrow=\xleftarrow{#1} displaylines=\begin{gathered}#1\end{gathered}
argmax=\operatorname*{arg\,max} argmin=\operatorname*{arg\,min}
"""
SAME: Mapping[str, str] = dict(entry.split("=", 1) for entry in _SAME.split())
"""Commands of MathJax and KaTeX in the wheel's words."""

DEFINITION = re.compile(
    r"""
    \\(?:
       (?:(?:re)?newcommand|providecommand)\*?[ ]*\{?\\(?P<new>[A-Za-z]++)\}?[ ]*(?:\[[1-9]\])?[ ]*
      |def[ ]*\\(?P<def>[A-Za-z]++)[ ]*(?:\#[1-9])*[ ]*
      |DeclareMathOperator(?P<star>\*?)[ ]*\{?\\(?P<operator>[A-Za-z]++)\}?[ ]*
    )
    (?P<body>\{(?:[^{}]|\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*+\})*+\})*+\})*+\})
    """,
    re.VERBOSE,
)
ENVIRONMENTS = {
    "equation": "equation*",
    "align": "align*",
    "gather": "gather*",
    "multline": "multline*",
    "split": "aligned",
    "flalign": "align*",
    "flalign*": "align*",
    "eqnarray": "align*",
    "eqnarray*": "align*",
    "alignat": "align*",
    "alignat*": "align*",
    "xalignat": "align*",
    "displaymath": "equation*",
    "math": "aligned",
}
EDGE = re.compile(r"\\(?P<side>begin|end)[ ]*\{(?P<name>[A-Za-z]+\*?)\}")
COUNT = re.compile(r"(?P<begin>\\begin\{x?alignat\*?\})[ ]*\{[0-9]+\}")
COLUMNS = re.compile(r"&[ ]*(?P<relation>\\[A-Za-z]+|[=<>])[ ]*&")
LABEL = re.compile(r"\\label[ ]*\{[^{}]*\}")
REFERENCE = re.compile(r"\\(?:eq)?ref[ ]*\{[^{}]*\}")
TEXT = re.compile(r"\\(?P<name>text(?:rm|bf|it|normal)?|mbox|hbox)[ ]*\{(?P<inside>[^{}$]*(?:\$[^$]*\$[^{}$]*)+)\}")
NUMBERED = re.compile(r"\\begin\{(?:equation|align|gather|multline)\*?\}")


def find_macros(formulas: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """(name, body) of what the formulas of one note define, for all formulas of that note; the last definition of a name wins."""
    macros: dict[str, str] = {}
    for formula in formulas:
        for found in DEFINITION.finditer(formula):
            name, body = found["new"] or found["def"] or found["operator"], found["body"][1:-1]
            macros[name] = rf"\operatorname{found['star']}{{{body}}}" if found["operator"] else to_wheel(body, display=False)
    return tuple(sorted(macros.items()))


def to_wheel(latex: str, *, display: bool) -> str:
    """A formula in the wheel's words, without the definitions in it."""
    latex = DEFINITION.sub("", latex)
    if "\\" not in latex:
        return latex
    eqnarray = "eqnarray" in latex
    latex = COUNT.sub(r"\g<begin>", latex)
    latex = EDGE.sub(_edge, REFERENCE.sub(r"\\text{(???)}", LABEL.sub("", latex)))
    latex = TEXT.sub(_text, latex)
    if eqnarray:
        latex = COLUMNS.sub(r"&\g<relation> ", latex)
    if display and "\\tag" in latex and not NUMBERED.search(latex):
        latex = rf"\begin{{equation*}}{latex}\end{{equation*}}"
    return latex.strip()


def _edge(found: re.Match[str]) -> str:
    return rf"\{found['side']}{{{ENVIRONMENTS.get(found['name'], found['name'])}}}"


def _text(found: re.Match[str]) -> str:
    r"""`\text{若 $x$ 为正}` -> `\text{若 }x\text{ 为正}`."""
    pieces = found["inside"].split("$")
    texts = (rf"\{found['name']}{{{piece}}}" if piece else "" for piece in pieces[::2])
    formulas = [f"{{{piece}}}" for piece in pieces[1::2]]
    return "".join(text + formula for text, formula in zip(texts, [*formulas, ""], strict=True))

r"""LaTeX -> what a real converter (the wheel `math-core`, where it is installed) objects to: commands nobody knows,
arguments that are missing.

What that converter lacks and KaTeX or MathJax have is no mistake of the author: `OTHERS_KNOW` lists it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from kbtools.syntax.latex import DEFINES, UNREAD, Problem, iter_commands

_OTHERS_KNOW = """
    above abovewithdelims Aboxed accent adjustlimits adots allowbreak and ang arraystretch ArrowBetweenLines
    atopwithdelims bbox bdef begingroup bgroup blue brace brack break buildrel cancelto cases ce cellcolor
    celsius centercolon centerdot centernot centerOver char clap class colorbox columncolor cr crampedclap
    crampedllap crampedrlap crampedsubstack cs cssId data DeclareMathOperator DeclarePairedDelimiter
    DeclarePairedDelimiterX DeclarePairedDelimiterXPP definecolor displaylines dotsb dotsc dotsi dotsm dotso
    dotsx edef egroup enclose endgroup enskip eqalign eqalignno eqref euro expandafter fcolorbox framebox
    futurelet gdef global goodbreak gray green hbox hfil hfill hfilll href hskip htmlClass htmlData htmlId
    htmlStyle HUGE includegraphics intop KaTeX ket ketbra Ketbra LaTeX lcm leftroot leqalignno let linebreak
    llap long loose lower makebox math mathaccent mathbbm mathbbmss mathbbmtt mathbfcal mathbffrak mathbfit
    mathbfscr mathbfsf mathbfsfit mathbfsfup mathbfup mathclap mathds mathellipsis mathllap mathmakebox mathmbox
    mathnormal mathrlap mathsfit mathsfup mathtip mathtoolsset mathup mathversion matrix mbox micro middot mit
    mmlToken MoveEqLeft moveleft moveright ndownarrow newcolumntype newenvironment Newextarrow newline
    newtagform nicefrac nobreak noexpand nonscript nonumber notag notChar nshortmid nshortparallel nthroot
    nuparrow ohm ointop oldstyle or orange ordinarycolon overlinesegment overunderset overwithdelims parbox
    perthousand pink pmatrix pmb prescript providecommand pu purple raise red ref refeq Relbar relbar
    renewcommand renewenvironment require rlap root rotatebox rowcolor rule scalebox sdot sfrac shortmid
    shortparallel shortvdotswithin shoveleft shoveright sideset skew SMALL smallfrown smallint smallsetminus
    smallsmile smash splitdfrac splitfrac spreadlines stackbin standardstate strut style substack tag TeX
    thickapprox thicksim Tiny tmspace toggle tripledash ugly underlinesegment unicode unit unitfrac units uproot
    url usetagform varcoppa varinjlim varliminf varlimsup varprojlim varpropto varvdots vbox vcenter
    vcentercolon vdotswithin verb vtop wideparen xArrow xdef xleftequilibrium xLongleftarrow xlongleftarrow
    xlongrightarrow xLongrightarrow xmathstrut xrightequilibrium xrightleftarrows
"""
OTHERS_KNOW = frozenset(_OTHERS_KNOW.split())
FAMILIES = ("text", "sym", "up", "Up")
"""Names that begin so belong to large families (`\\textcircled`, `\\symbf`, `\\upalpha`) that renderers know in part."""
MOST_MARKS = 1000
"""Deeper nesting than this many braces and commands allow overflows the wheel's stack and ends the process."""
MOST_OPEN = 12
"""The wheel's time doubles with every bracket that is left open: 24 take 0.2 seconds, 40 take hours."""
BRACKET = re.compile(
    r"""
     (?P<opens>[(\[\u27e8\u2308\u230a\u27e6\u2987\u27ea\u2772\u23b0\u231c]
      |\\(?:\{|(?:lbrace|lbrack|langle|lAngle|lfloor|lceil|lvert|lVert|lgroup|lmoustache|lparen|lBrace|llbracket
              |llparenthesis|llcorner|ulcorner)(?![A-Za-z])))
    |(?P<closes>[)\]\u27e9\u2309\u230b\u27e7\u2988\u27eb\u2773\u23b1\u231d]
      |\\(?:\}|(?:rbrace|rbrack|rangle|rAngle|rfloor|rceil|rvert|rVert|rgroup|rmoustache|rparen|rBrace|rrbracket
              |rrparenthesis|lrcorner|urcorner)(?![A-Za-z])))
    """,
    re.VERBOSE,
)
TOLERATED = re.compile(r"\\middle(?![A-Za-z])|[0-9]%")
"""What the wheel draws although other renderers may not, or although it hides something."""
REASONS = {
    "Expected argument": "an argument is missing",
    'Expected closing token "]"': "a '[' has no ']'",
    "Duplicate subscript or superscript": "two subscripts or superscripts on one symbol",
}


class Converter:
    """The wheel, asked about the formulas of one note: what one of them defines, the others may use."""

    def __init__(self, formulas: Iterable[str]) -> None:
        from math_core import LatexToMathML

        self._strict, self._lenient = (
            LatexToMathML(
                fancy_error=False, allow_unreliable_rendering=True, ignore_unknown_commands=lenient
            ).convert_with_local_state
            for lenient in (False, True)
        )
        self._known = set(OTHERS_KNOW)
        self._extended = False
        for formula in formulas:
            self._known.update(found["name"] for found in DEFINES.finditer(formula))
            self._extended = self._extended or "\\require" in formula

    def draws(self, formula: str) -> bool:
        """Whether the formula can certainly be drawn as it is."""
        return not (is_monstrous(formula) or TOLERATED.search(formula) or _objection(self._strict, formula))

    def find_problem(self, formula: str) -> Problem | None:
        """The first thing in a formula of sound structure that nobody can draw, or None."""
        if is_monstrous(formula) or UNREAD.search(formula) or DEFINES.search(formula):
            return None
        for offset, name in iter_commands(formula):
            if name not in self._known and not self._extended and not name.startswith(FAMILIES):
                if "Unknown command" in _objection(self._strict, f"\\{name}"):
                    return Problem(offset, f"no command is named '\\{name}'")
                self._known.add(name)
        place, _, reason = _objection(self._lenient, formula).partition(": ")
        for start, words in REASONS.items():
            if reason.startswith(start):
                return Problem(min(int(place), len(formula)), words)
        return None


def find_converter(formulas: Iterable[str]) -> Converter | None:
    """A converter for a note's formulas; None where the wheel is not installed."""
    try:
        return Converter(formulas)
    except ImportError:
        return None


def is_monstrous(formula: str) -> bool:
    """Whether the wheel would die of a formula, or never come back."""
    if formula.count("{") + formula.count("\\") > MOST_MARKS:
        return True
    depth = deepest = 0
    for bracket in BRACKET.finditer(formula):
        depth = depth + 1 if bracket["opens"] else max(depth - 1, 0)
        deepest = max(deepest, depth)
    defines = deepest > 0 and DEFINES.search(formula)
    return bool(defines) or deepest > MOST_OPEN


def _objection(convert: Callable[..., str], formula: str) -> str:
    from math_core import LatexError

    try:
        convert(formula, displaystyle=True)
    except LatexError as error:
        return str(error)
    return ""

r"""LaTeX -> what a real converter (the wheel `math-core`, where it is installed) objects to: commands nobody knows,
arguments that are missing.

What that converter lacks and KaTeX or MathJax have is no mistake of the author: `OTHERS_KNOW` lists it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kbtools.syntax.latex import DEFINES, UNREAD, Problem, iter_commands

_OTHERS_KNOW = """
    above abovewithdelims Aboxed adjustlimits adots allowbreak and ang ArrowBetweenLines atopwithdelims bbox
    begingroup brace brack buildrel cancelto cases ce cellcolor celsius centerdot centernot centerOver char clap
    class colorbox columncolor cr cssId data DeclareMathOperator DeclarePairedDelimiter definecolor displaylines
    dotsb dotsc dotsi dotsm dotso edef enclose endgroup enskip eqalign eqalignno eqref euro fcolorbox framebox
    futurelet gdef global goodbreak hbox hfil hfill hfilll href hskip htmlClass htmlData htmlId htmlStyle
    includegraphics intop KaTeX ket ketbra Ketbra LaTeX lcm leftroot leqalignno let llap lower makebox
    mathaccent mathbbm mathbbmss mathbbmtt mathbfcal mathbffrak mathbfit mathbfscr mathbfsf mathclap mathds
    mathellipsis mathllap mathmakebox mathmbox mathnormal mathrlap mathsfit mathtip mathup mathversion matrix
    mbox micro middot mit mmlToken MoveEqLeft moveleft moveright newcolumntype newenvironment Newextarrow
    newtagform nicefrac nobreak nonscript nonumber notag notChar nthroot ohm ointop oldstyle or overlinesegment
    overunderset overwithdelims parbox perthousand pmatrix pmb prescript providecommand pu raise ref refeq
    renewcommand renewenvironment require rlap root rotatebox rowcolor rule scalebox sdot shortmid shortparallel
    shortvdotswithin shoveleft shoveright skew smallfrown smallint smallsetminus smallsmile smash splitdfrac
    splitfrac stackbin standardstate strut style substack tag TeX textclap textllap textmd textnormal textrlap
    textsc textsl texttip textup thickapprox thicksim toggle tripledash underlinesegment unicode unit unitfrac
    uproot url usetagform varinjlim varliminf varlimsup varprojlim varpropto vbox vcenter vdotswithin verb vtop
    wideparen xArrow xdef xmathstrut
"""
OTHERS_KNOW = frozenset(_OTHERS_KNOW.split())
MOST_MARKS = 1000
"""Deeper nesting than this many braces and commands allow overflows the wheel's stack and ends the process."""
REASONS = {
    "Expected argument": "an argument is missing",
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
        for formula in formulas:
            self._known.update(found["name"] for found in DEFINES.finditer(formula))

    def draws(self, formula: str) -> bool:
        """Whether the formula can certainly be drawn as it is."""
        return not _is_monstrous(formula) and not _objection(self._strict, formula)

    def find_problem(self, formula: str) -> Problem | None:
        """The first thing in a formula of sound structure that nobody can draw, or None."""
        if _is_monstrous(formula) or UNREAD.search(formula) or DEFINES.search(formula):
            return None
        for offset, name in iter_commands(formula):
            if name not in self._known:
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


def _is_monstrous(formula: str) -> bool:
    return formula.count("{") + formula.count("\\") > MOST_MARKS


def _objection(convert: Callable[..., str], formula: str) -> str:
    from math_core import LatexError

    try:
        convert(formula, displaystyle=True)
    except LatexError as error:
        return str(error)
    return ""

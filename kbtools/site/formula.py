r"""LaTeX -> MathML, by the wheel `math-core`: made when the site is built, so that a page needs no script for its formulas.

`render_math` never fails. A formula that the wheel refuses, or would die of, is shown as it is written, with the reason.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape

from math_core import LatexError, LatexToMathML

from kbtools.site.dialect import SAME, find_macros, to_wheel
from kbtools.syntax.mathcore import BRACKET, MOST_OPEN, is_monstrous

__all__ = ["Macros", "find_macros", "render_math", "without_tags"]

Macros = tuple[tuple[str, str], ...]
"""(name, body) of what the formulas of a note define, from `find_macros`."""
LONGEST = 20_000
MOST_EXPANSIONS = 200
PIECE = re.compile(rf"(?P<brace>(?<!\\)[{{}}])|{BRACKET.pattern}", re.VERBOSE)
TAG = re.compile(r"<[^<>]*+>")
REPEATED = re.compile(r"(?P<argument>#[1-9])(?s:.*)(?P=argument)")
REASONS = {
    "Unknown command": "没有这个命令",
    "Unknown environment": "没有这个环境",
    "Expected argument": "缺少参数",
    "Expected closing token": "括号没有闭合",
    "Duplicate subscript or superscript": "同一个符号有两个上标或下标",
    "Found": "这里不能用它",
}


@lru_cache(maxsize=8192)
def render_math(latex: str, *, display: bool, macros: Macros = ()) -> str:
    """A `<math>` element for a formula without its dollars; broken LaTeX gives a `<code class="kb-math-error">` that says why."""
    if len(latex) > LONGEST:
        return _write_error(latex, "太长")
    formula = to_wheel(latex, display=display)
    macros = tuple((name, body) for name, body in macros if not _leaves_open(body))
    if is_monstrous(formula) or (macros and _leaves_open(formula)):
        return _write_error(latex, "嵌套太深")
    try:
        return _converter(macros, _most_expansions(formula, macros)).convert_with_local_state(formula, displaystyle=display)
    except LatexError as error:
        return _write_error(latex, _read_reason(str(error)))


def without_tags(mathml: str) -> str:
    """The characters of a formula that was rendered, as they are written in HTML."""
    return TAG.sub("", mathml)


def _leaves_open(latex: str) -> bool:
    """Whether a group, or the whole, opens brackets that it does not close: a macro could repeat them beyond `MOST_OPEN`."""
    depths = [0]
    for piece in PIECE.finditer(latex):
        if piece["brace"] == "{":
            depths.append(0)
        elif piece["brace"]:
            if depths.pop() > 0:
                return True
            depths = depths or [0]
        elif piece["opens"]:
            depths[-1] += 1
        else:
            depths[-1] = max(depths[-1] - 1, 0)
    return any(depths)


def _most_expansions(formula: str, macros: Macros) -> int:
    """How many macros may be expanded: few where each can repeat a bracket that is its argument."""
    repeats = max((body.count("#") for _, body in macros if REPEATED.search(body)), default=0)
    return max(MOST_OPEN // repeats, 1) if repeats and BRACKET.search(formula) else MOST_EXPANSIONS


@lru_cache(maxsize=64)
def _converter(macros: Macros, most_expansions: int) -> LatexToMathML:
    return LatexToMathML(
        fancy_error=False,
        allow_unreliable_rendering=True,
        macros={**SAME, **dict(macros)},
        max_expansions=most_expansions,
    )


def _read_reason(error: str) -> str:
    """What the wheel objects to (`12: Unknown command "\\x".`), in the reader's words."""
    said = error.partition(": ")[2].rstrip(".") or error
    return next((f"{words}（{said}）" for start, words in REASONS.items() if said.startswith(start)), said)


def _write_error(latex: str, reason: str) -> str:
    return f'<code class="kb-math-error" title="公式排不出来：{escape(reason)}">{escape(latex)}</code>'

"""Code -> highlighted HTML in the markup that Material styles and hangs its copy button on."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape

from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

PLAIN = re.compile(r'<span class="[nw]">([^<]*+)</span>')
"""Names and blanks have the colour that code has anyhow: without their tags code takes a quarter less space."""
MOST: int = 200_000
"""Longer code is shown without colours: a lexer's time need not grow with the text alone."""


def render_code(code: str, lang: str, title: str) -> str:
    """A block of code; `title` stands above it, a language that nobody knows is plain text."""
    name = lang.strip("{}").lstrip(".").lower()
    lexer = _lexer_of(name) if len(code) <= MOST else None
    inner = PLAIN.sub(r"\1", highlight(code, lexer, _formatter())) if lexer else escape(code, quote=False)
    inner = inner.rstrip("\n")
    shown = escape(name if lexer else "text")
    above = f'<span class="filename">{escape(title)}</span>' if title else ""
    return f'<div class="language-{shown} highlight">{above}<pre><span></span><code>{inner}\n</code></pre></div>\n'


@lru_cache(maxsize=64)
def _lexer_of(name: str) -> Lexer | None:
    try:
        lexer: Lexer = get_lexer_by_name(name, stripnl=False)
    except ClassNotFound:
        return None
    return lexer


@lru_cache(maxsize=1)
def _formatter() -> HtmlFormatter[str]:
    return HtmlFormatter(nowrap=True)

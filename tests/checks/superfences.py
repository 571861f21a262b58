"""A note's text -> what Python-Markdown makes of it, with the extensions and settings a Material site uses."""

from __future__ import annotations

import re
from functools import cache
from html import unescape

from markdown import Markdown
from pymdownx.superfences import fence_code_format

SETTINGS = {
    "pymdownx.highlight": {"anchor_linenums": True, "line_spans": "__span", "pygments_lang_class": True},
    "pymdownx.superfences": {"custom_fences": [{"name": "mermaid", "class": "mermaid", "format": fence_code_format}]},
}
EXTENSIONS = ["attr_list", "admonition", "tables", "pymdownx.inlinehilite", *SETTINGS]
CODE = re.compile(r"<pre\b[^>]*+>(?:<span></span>)?<code>(?P<code>.*?)</code></pre>", re.DOTALL)
TAG = re.compile(r"<[^>]++>")
AFTER = "后文"
"""A paragraph that must come out as one, after the block that is looked at."""


@cache
def _converter() -> Markdown:
    return Markdown(extensions=EXTENSIONS, extension_configs=SETTINGS)


def render(text: str) -> str:
    return _converter().reset().convert(text)


def read_blocks(text: str) -> list[str] | None:
    """The code of each block of the page, blank lines around it left out; None where marks are left in its prose or the last
    paragraph is none."""
    html = render(f"{text}\n\n{AFTER}\n")
    prose = CODE.sub("", html)
    if f"<p>{AFTER}</p>" not in prose or "```" in prose or "~~~" in prose:
        return None
    return [unescape(TAG.sub("", found["code"])).strip("\n") for found in CODE.finditer(html)]


def draws(header: str) -> bool:
    """Whether marks with this header open a block on the site."""
    return read_blocks(f"前文\n\n```{header}\nx = 1\n```") == ["x = 1"]

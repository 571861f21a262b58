"""Mermaid -> SVG, by the wheel `mmdr` (Mermaid's layout in Rust): made when the site is built, so that a page needs no script.

What cannot be drawn is shown as it is written, with the reason. Labels are text in the page's own fonts; what a diagram could
run or fetch is taken out.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from html import escape
from typing import Final

import mmdr

from kbtools.site.highlight import render_code

MOST: Final = 20_000
"""Characters of a diagram that are tried: nobody draws more by hand."""
OWN_ID: Final = re.compile(r"(?<=[\"#])merman(?=[\"_ \-){.:,])")
UNSAFE: Final = re.compile(
    r"<script\b.*?</script>|\son\w+=(?:\"[^\"]*\"|'[^']*')|\s(?:xlink:)?href=(?:\"\s*javascript:[^\"]*\"|'\s*javascript:[^']*')"
    r"|@import[^;]*;|\sdata-merman[\w-]*=\"[^\"]*\"",
    re.DOTALL | re.IGNORECASE,
)


@lru_cache(maxsize=256)
def render_mermaid(source: str) -> str:
    """A figure with the diagram, or the source and why it cannot be drawn."""
    if len(source) > MOST:
        return _write_failure(source, f"超过 {MOST} 个字符")
    try:
        svg = mmdr.render(source).svg()
    except (ValueError, RuntimeError) as error:
        return _write_failure(source, str(error).partition("\n")[0])
    name = "kb-diagram-" + hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    svg = UNSAFE.sub("", OWN_ID.sub(name, svg))
    return f'<figure class="kb-diagram" role="img" aria-label="{escape(_label(source))}">{svg}</figure>\n'


def _label(source: str) -> str:
    """What a diagram is called by those who cannot see it: its kind and the texts in it."""
    words = dict.fromkeys(re.findall(r"[\[({|>\"]([^\[\](){}|\"<>]*[\u4e00-\u9fff\w][^\[\](){}|\"<>]*)[\])}|\"]", source))
    return "图示：" + "、".join(word.strip() for word in list(words)[:12])


def _write_failure(source: str, reason: str) -> str:
    return f'<p class="kb-notice">这幅图画不出来：{escape(reason)}</p>\n{render_code(source, "text", "mermaid")}'

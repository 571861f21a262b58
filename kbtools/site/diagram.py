"""Mermaid -> SVG, by the wheel `mmdr` (Mermaid's layout in Rust): made when the site is built, so that a page needs no script.

What cannot be drawn is shown as it is written, with the reason. Labels are text in the page's own fonts; what a diagram could
run or fetch is taken out. The drawing is a light one: `kb.css` turns it into a dark one.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import lru_cache
from html import escape
from typing import Final

import mmdr

from kbtools.site.highlight import render_code

MOST: Final = 20_000
"""Characters of a diagram that are tried: nobody draws more by hand."""
OWN_ID: Final = re.compile(r"(?<=[\"#])merman(?=[\"_ \-){:.,])")
UNSAFE: Final = re.compile(
    r"<script\b.*?</script>|\son\w+=(?:\"[^\"]*\"|'[^']*')|\s(?:xlink:)?href=(?:\"\s*javascript:[^\"]*\"|'\s*javascript:[^']*')"
    r"|@import[^;]*;|\sdata-merman[\w-]*=\"[^\"]*\"",
    re.DOTALL | re.IGNORECASE,
)
IDLE: Final = re.compile(r"\sdata-points=\"[^\"]*\"|(?<=[;\"])font-family:[^;\"]*;line-height:[^;\"]*")
"""What a drawing carries for Mermaid's own script, and the fonts that its labels would have instead of the page's."""
HEAD: Final = re.compile(
    r"""<svg\ id="(?P<id>[^"]*)"[^>]*?\ viewBox="[-\d.]+\ [-\d.]+\ (?P<width>[\d.]+)\ (?P<height>[\d.]+)"[^>]*>""", re.VERBOSE
)
STYLE: Final = re.compile(r"<style>(?P<rules>[^<]*)</style>")
RULE: Final = re.compile(r"(?<![^{}@])(?P<selectors>[^{}@]++)\{[^{}]*+\}")
DEFINED: Final = re.compile(
    r"""<(?P<tag>marker|filter|linearGradient)\ id="(?P<id>[^"]*)"[^>]*>.*?</(?P=tag)>""", re.VERBOSE | re.DOTALL
)
CLASS: Final = re.compile(r"\.(?P<name>[A-Za-z][\w-]*)")
OWN_SETTINGS: Final = re.compile(r"\A\s*---\s*$", re.MULTILINE)
COLOURS: Final = ("#8f86d6", "#62b0b0", "#d8b15f", "#d98585", "#84b384", "#7f9fd8", "#b690cf", "#a3a3ac")
SETTINGS: Final = {
    "look": "classic",
    "layout": "dagre",
    "theme": "base",
    "themeVariables": {
        "fontFamily": "inherit",
        "fontSize": "15px",
        "primaryColor": "#f4f3fb",
        "primaryTextColor": "#25252c",
        "primaryBorderColor": "#a9a4c9",
        "secondaryColor": "#eaf4f4",
        "tertiaryColor": "#faf8f0",
        "lineColor": "#5c5c68",
        "edgeLabelBackground": "#ffffff",
        "clusterBkg": "#fafafc",
        "clusterBorder": "#d0d0da",
        "noteBkgColor": "#fdf6e0",
        "noteBorderColor": "#d9c88a",
        "pieStrokeWidth": "1px",
        "pieOuterStrokeWidth": "1px",
        "xyChart": {"backgroundColor": "#ffffff", "plotColorPalette": ",".join(COLOURS)},
        **{f"pie{number}": colour for number, colour in enumerate(COLOURS, 1)},
    },
    "flowchart": {
        "curve": "basis",
        "diagramPadding": 4,
        "minNodeWidth": 20,
        "nodeSpacing": 28,
        "padding": 9,
        "rankSpacing": 36,
        "subGraphTitleMargin": {"top": 4, "bottom": 8},
        "wrappingWidth": 240,
    },
}
"""As Mermaid reads them; what a diagram says of itself counts more. Nodes as narrow as their text keep a chain legible."""


@lru_cache(maxsize=256)
def render_mermaid(source: str) -> str:
    """A figure with the diagram, or the source and why it cannot be drawn."""
    if len(source) > MOST:
        return _write_failure(source, f"超过 {MOST} 个字符")
    try:
        svg = mmdr.render(_with_settings(source)).svg()
    except (ValueError, RuntimeError) as error:
        return _write_failure(source, str(error).partition("\n")[0])
    name = "kb-diagram-" + hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    svg = _prune(_size(IDLE.sub("", UNSAFE.sub("", OWN_ID.sub(name, svg)))))
    return f'<figure class="kb-diagram" role="img" aria-label="{escape(_label(source))}">{svg}</figure>\n'


def _with_settings(source: str) -> str:
    """Properties at a diagram's top must stay there: a diagram that has some says itself how it looks."""
    return source if OWN_SETTINGS.match(source) else f"%%{{init: {json.dumps(SETTINGS)}}}%%\n{source}"


def _size(svg: str) -> str:
    """The drawing has the size of its text; how far it may shrink is for the style of the page to say."""
    head = HEAD.match(svg)
    if head is None:
        return svg
    width, height = float(head["width"]), float(head["height"])
    opening = re.sub(r'\s(?:width|height|style)="[^"]*"', "", head[0])[:-1]
    return f'{opening} width="{width:.0f}" height="{height:.0f}" style="--kb-width:{width:.0f}px">{svg[head.end() :]}'


def _prune(svg: str) -> str:
    """Leaves out the rules that style nothing in this drawing, and what is defined and not used: they are most of it."""
    svg = DEFINED.sub(lambda found: found[0] if f"#{found['id']})" in svg else "", svg)
    found = STYLE.search(svg)
    if found is None:
        return svg
    drawing = svg[: found.start()] + svg[found.end() :]
    classes = {name for value in re.findall(r'class="([^"]*)"', drawing) for name in value.split()}

    def kept(rule: re.Match[str]) -> str:
        selectors = rule["selectors"].split(",")
        needed = any(classes.issuperset(CLASS.findall(selector)) and _asks_for(selector, drawing) for selector in selectors)
        return rule[0] if needed else ""

    rules = RULE.sub(kept, found["rules"])
    return f"{svg[: found.start()]}<style>{rules}</style>{svg[found.end() :]}"


def _asks_for(selector: str, drawing: str) -> bool:
    """Whether a drawing has the attributes that a selector asks for."""
    return all(attribute in drawing for attribute in re.findall(r"\[([\w-]+=\"[^\"]*\")\]", selector))


def _label(source: str) -> str:
    """What a diagram is called by those who cannot see it: its kind and the texts in it."""
    words = dict.fromkeys(re.findall(r"[\[({|>\"]([^\[\](){}|\"<>]*[\u4e00-\u9fff\w][^\[\](){}|\"<>]*)[\])}|\"]", source))
    return "图示：" + "、".join(word.strip() for word in list(words)[:12])


def _write_failure(source: str, reason: str) -> str:
    return f'<p class="kb-notice">这幅图画不出来：{escape(reason)}</p>\n{render_code(source, "text", "mermaid")}'

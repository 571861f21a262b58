"""What a code cell said when it was run -> HTML: text, tables, pictures, formulas, errors. Nothing of it runs on the page.

An output comes in several forms; the first one is shown that a page can show without a script. Pictures become files beside the
page, so that a page stays small. HTML is written anew without scripts, styles, ids, frames and addresses that lead nowhere.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape, unescape
from typing import Any, Final

from kbtools.site.book import relative
from kbtools.site.formula import render_math
from kbtools.site.highlight import render_code
from kbtools.site.notebooksvg import read_svg
from kbtools.site.rawhtml import RawHtml

FOLDER: Final = "assets/kb/notebook"
PICTURES: Final = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif"}
ORDER: Final = ("image/svg+xml", *PICTURES, "text/html", "text/markdown", "text/latex", "application/json", "text/plain")
MOST: Final = 20_000
"""Characters of text that an output shows."""
ANSI: Final = re.compile(r"\x1b(?:\[[0-?]*+[ -/]*+[@-~]?|\][^\x07\x1b]*+(?:\x07|\x1b\\)?|[@-Z\\^_]?)")
SCRIPTED: Final = re.compile(r"<script\b|<style\b(?!\s+scoped\b)", re.IGNORECASE)
STYLE: Final = re.compile(r"<style>[^<]*+</style>")
FRAME: Final = re.compile(r"<iframe(?P<attributes>[^>]*+)></iframe>")
SOURCE: Final = re.compile(r' src="(?P<url>https?://[^"]++)"')
TAG: Final = re.compile(r"</?[a-z][^<>]*+>")
ADDRESS: Final = re.compile(r' (?P<name>[\w:.-]++)="(?P<value>[^"]*+)"')
ADDRESSES: Final = frozenset(("action", "background", "cite", "data", "formaction", "href", "poster", "src", "xlink:href"))
OUTSIDE: Final = re.compile(r"(?:https?|mailto|data):", re.IGNORECASE)
SEEN: Final = re.compile(r"<(?:img|svg|math|video|audio|hr|progress|meter)\b")
DOLLARS: Final = re.compile(r"(?P<mark>\$\$?)(?P<latex>[^$]*+)(?P=mark)")
NOT_SHOWN: Final = "这里的输出要靠脚本才能显示"
TOO_LONG: Final = "输出太长，后面的部分没有显示。"


@dataclass
class OutputWriter:
    """Writes the outputs of one notebook for the page at `base`. `files` are its pictures, by address; `problems` what could not
    be shown; `markdown` renders a text as a part of the page."""

    base: str
    markdown: Callable[[str], str]
    files: dict[str, bytes] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def write(self, output: Mapping[str, Any], number: int) -> str:
        """The HTML of an output of the cell with this number (from 0)."""
        kind = output["output_type"]
        if kind == "stream":
            return write_text(output["text"], look=f" kb-output--{escape(output['name'])}")
        if kind == "error":
            said = "\n".join(output["traceback"]) or f"{output['ename']}: {output['evalue']}"
            return write_text(said, look=" kb-output--error")
        data: Mapping[str, Any] = output["data"]
        form = choose_form(data)
        about = output["metadata"].get(form)
        look: Mapping[str, Any] = about if isinstance(about, Mapping) else {}
        try:
            return self._write_form(form, data.get(form), look, number)
        except ValueError as error:
            self.problems.append(f"cell {number + 1}: the output '{form}' cannot be shown: {error}")
            return write_notice(f"这里的输出读不出来（{form}）")

    def _write_form(self, form: str, value: Any, look: Mapping[str, Any], number: int) -> str:
        if form == "application/json":
            return render_code(_shorten(json.dumps(value, ensure_ascii=False, indent=2)), "json", "")
        if not isinstance(value, str) or form not in ORDER:
            return write_notice(NOT_SHOWN + (f"（{form}）" if form else ""))
        if form in PICTURES or form == "image/svg+xml":
            return self._write_picture(form, value, look, number)
        if form == "text/html":
            return write_html(value)
        if form == "text/markdown":
            return f'<div class="kb-output kb-output--html">\n{self.markdown(value)}</div>\n'
        return write_latex(value) if form == "text/latex" else write_text(value)

    def _write_picture(self, form: str, value: str, look: Mapping[str, Any], number: int) -> str:
        if form == "image/svg+xml":
            svg = read_svg(value)
            size, said, content = svg.size, svg.title, svg.text.encode("utf-8", "replace")
            src = f"data:{form};base64,{b64encode(content).decode()}" if svg.is_active else self._add(content, "svg")
        else:
            content, said = _decode(value), ""
            size, src = _size_of_png(content), self._add(content, PICTURES[form])
        size = (_pixels(look.get("width")) or size[0], _pixels(look.get("height")) or (0 if look.get("width") else size[1]))
        named = "".join(f' {name}="{pixels}"' for name, pixels in zip(("width", "height"), size, strict=True) if pixels)
        alt = look.get("alt") if isinstance(look.get("alt"), str) else said
        shown = escape(alt or f"第 {number + 1} 个单元格画的图")
        return f'<p class="kb-output kb-output--picture"><img src="{src}" alt="{shown}"{named} loading="lazy"></p>\n'

    def _add(self, content: bytes, suffix: str) -> str:
        url = f"{FOLDER}/{hashlib.sha256(content).hexdigest()[:16]}.{suffix}"
        self.files[url] = content
        return relative(url, self.base)


def choose_form(data: Mapping[str, Any]) -> str:
    """The form in which an output is shown, "" when there is none."""
    found = [form for form in ORDER if form in data]
    html = data.get("text/html")
    if len(found) > 1 and isinstance(html, str) and SCRIPTED.search(html):
        found.remove("text/html")  # what is left of it without its scripts and styles says less than the others
    return found[0] if found else next(iter(data), "")


def write_text(text: str, look: str = "") -> str:
    """Text as a terminal shows it, without its colours; of a line that was written over, what was written last."""
    plain = ANSI.sub("", text)
    if "\r" in plain:
        plain = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in plain.split("\n"))
    shown = escape(_shorten(plain), quote=False).rstrip("\n")
    cut = write_notice(TOO_LONG) if len(plain) > MOST else ""
    return f'<pre class="kb-output{look}" tabindex="0">{shown}</pre>\n{cut}' if shown else ""


def write_html(html: str) -> str:
    """HTML that a program wrote, made harmless."""
    raw = RawHtml(with_ids=False)
    raw.open_block()
    safe = STYLE.sub("", raw.write(html)) + raw.close_block()
    safe = TAG.sub(_keep_addresses, FRAME.sub(_link_frame, safe))
    if not SEEN.search(safe) and not TAG.sub("", safe).strip():
        return write_notice(NOT_SHOWN) if SCRIPTED.search(html) else ""
    return f'<div class="kb-output kb-output--html" tabindex="0">{safe}</div>\n'


def write_latex(latex: str) -> str:
    """Formulas, each between dollars, or one that has none."""
    found = [match["latex"] for match in DOLLARS.finditer(latex)] or [latex]
    shown = "".join(f'<div class="kb-math">{render_math(formula.strip(), display=True)}</div>' for formula in found)
    return f'<div class="kb-output">{shown}</div>\n'


def _keep_addresses(tag: re.Match[str]) -> str:
    """A tag with those of its addresses that lead out of the site: what is beside a notebook is not beside its page."""

    def keep(found: re.Match[str]) -> str:
        name = found["name"].lower()
        lost = name == "srcset" or (name in ADDRESSES and not OUTSIDE.match(found["value"]))
        return "" if lost else found[0]

    return ADDRESS.sub(keep, tag[0])


def _link_frame(frame: re.Match[str]) -> str:
    """A frame asks another host for a page that runs; a link lets the reader ask."""
    source = SOURCE.search(frame["attributes"])
    return f'<a class="external" rel="noopener" href="{source["url"]}">{escape(unescape(source["url"]))}</a>' if source else ""


def _decode(value: str) -> bytes:
    try:
        return b64decode("".join(value.split()), validate=True)
    except ValueError as error:
        raise ValueError("it is no base64") from error


def _size_of_png(content: bytes) -> tuple[int, int]:
    """Width and height, so that the page does not jump when the picture comes."""
    if not content.startswith(b"\x89PNG\r\n\x1a\n") or len(content) < 24:
        return 0, 0
    return int.from_bytes(content[16:20]), int.from_bytes(content[20:24])


def _pixels(value: object) -> int:
    text = str(value).removesuffix("px")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def _shorten(text: str) -> str:
    return text if len(text) <= MOST else text[:MOST] + "…"


def write_notice(text: str) -> str:
    """A remark in the place of what cannot be shown."""
    return f'<p class="kb-notice">{escape(text, quote=False)}</p>\n'


__all__ = ["FOLDER", "OutputWriter", "choose_form", "write_html", "write_latex", "write_notice", "write_text"]

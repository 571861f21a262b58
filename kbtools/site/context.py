"""A link -> the sentence around it, as it is read: what stands beside a backlink. And a note -> its first sentences.

No markup is left, but formulas: they stand as LaTeX between `OPEN` and `CLOSE`, so that whoever writes the sentence can set them.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Final, NamedTuple

from kbtools.model import Link, Note
from kbtools.site.formula import render_math, without_tags
from kbtools.site.marks import CLOSE, OPEN, STRAY

MOST: Final = 70
"""Characters kept on either side of a link; a formula counts as one."""
WINDOW: Final = 400
"""Characters of the link's line that are looked at."""
SENTENCE_END: Final = re.compile(r"[。！？!?；;\n]|\.(?=\s)")
HERE: Final = "\ufdd2"
"""Where the link stands: a character of no text, as `OPEN` is."""
LEAD: Final = re.compile(
    r"""^[ \t>]*(?:\#{1,6}[ ]
       |(?:[-*+]|\d{1,9}[.)])[ ](?:\[.\][ ])?
       |\|[ ]?
       |\[![^\]\n]*\][+-]?[ ]?)?""",
    re.VERBOSE | re.MULTILINE,
)
"""What stands at the beginning of a line and makes it a heading, an item, a cell or a callout."""
ATOM: Final = re.compile(
    r"""(?=[`$!\[%<\\\ \t])(?:
       (?<!`)(?P<ticks>`{1,9}+)(?P<code>[^\n]{1,400}?)(?<!`)(?P=ticks)(?!`)
       |\$\$(?P<display>[^$]+)\$\$
       |\$(?P<inline>(?![\s$])[^$\n]*[^\s$\\])\$(?!\d)
       |!?\[\[(?:[^\[\]|\n]*\|)?(?P<wiki>[^\[\]|\n]*)\]\]
       |!?\[(?P<text>[^\[\]\n]*)\]\((?:[^()\n]++|\([^()\n]*\))*+\)
       |(?P<nothing>^\[\^[^\[\]\s]++\]:[ ]?|\[\^[^\[\]\s]++\]|%%[^%\n]*%%|<!--(?:[^\n-]|-(?!->)){0,1000}+-->|</?[A-Za-z][^<>\n]*>
         |[ \t]\^[A-Za-z0-9-]+[ \t]*$)
       |\\(?P<escaped>[!-/:-@\[-`{-~]))""",
    re.VERBOSE | re.MULTILINE,
)
"""What is one thing, whatever it holds; what opens first wins. To look at the first character first makes it twice as fast."""
EMPHASIS: Final = re.compile(
    r"(?=[*=~_])(?:\*\*|==|~~|(?<![\w*])\*(?=[^\s*])|(?<=[^\s*])\*(?![\w*])|(?<!\w)_(?=[^\s_])|(?<=[^\s_])_(?!\w))"
)
SHIELD: Final = re.compile(f"{OPEN}(?P<number>[0-9]++){CLOSE}")
UNIT: Final = re.compile(f"{OPEN}[^{OPEN}{CLOSE}]*+{CLOSE}|.", re.DOTALL)
"""A character of what is read, or a formula."""
STACKED: Final = re.compile(r"[\^_&]|\\(?:[dtc]?frac|sqrt|begin|binom|over|stack)")
BLANKS: Final = re.compile(r"[ \t]{2,}")
THINGS: Final = ("code", "display", "inline", "wiki", "text", "escaped")


MEANT: Final = tuple(map(chr, STRAY))


class Context(NamedTuple):
    """What stands before and after a link in its sentence, and how the link reads."""

    before: str
    text: str
    after: str


def find_context(text: str, link: Link) -> Context:
    """The sentence around a link of a Markdown text."""
    start, end = link.span.start, link.span.end
    line = text.rfind("\n", max(0, start - WINDOW), start) + 1 or max(0, start - WINDOW)
    stop = text.find("\n", end, end + WINDOW)
    around = _Line(text[line:start].replace(HERE, "\ufffd") + HERE + text[end : end + WINDOW if stop < 0 else stop])
    before, _, after = _without_emphasis(LEAD.sub("", around.text)).partition(HERE)
    before, after = around.clean(_last_sentence(before)), around.clean(_first_sentence(after))
    return Context(cut_start(before, MOST), _reading(link), cut_end(after, MOST))


def describe(note: Note, most: int = 120) -> str:
    """The first sentences of a note that are prose, in plain text."""
    return describe_text(note.source.text[note.properties_span.end :], most)


def describe_text(markdown: str, most: int = 120) -> str:
    """The first sentences of a text that are prose."""
    for block in markdown.split("\n\n"):
        text = block.strip()
        if text and text[0] not in "#`|$<%~-!>":
            plain = re.sub(r"\s+", " ", read_plain(text)).strip()
            return plain if len(plain) <= most else plain[: most - 1] + "…"
    return ""


def plain_heading(text: str) -> str:
    """A heading as it is read."""
    return read_plain(text).strip()


def read_plain(markdown: str) -> str:
    """A text as it is read, formulas too."""
    line = _Line(markdown)
    units = UNIT.findall(line.clean(LEAD.sub("", line.text)))
    return "".join(read_math(unit[1:-1]) if unit[0] == OPEN else unit for unit in units)


def read_math(latex: str) -> str:
    """A formula in a line of text: its symbols where they stand in a row, else its LaTeX."""
    if STACKED.search(latex):
        return latex
    return unescape(without_tags(render_math(latex, display=False)))


def cut_start(text: str, most: int) -> str:
    """The end of a text, at most so many characters and formulas."""
    units = UNIT.findall(text)
    return text if len(units) <= most else "…" + "".join(units[-most:])


def cut_end(text: str, most: int) -> str:
    """The beginning of a text."""
    units = UNIT.findall(text)
    return text if len(units) <= most else "".join(units[:most]) + "…"


class _Line:
    """A Markdown text in which everything that is one thing (code, a formula, a link) is shielded by a number."""

    def __init__(self, text: str) -> None:
        self.things: list[str] = []
        if any(map(text.__contains__, MEANT)):  # translating is slow, and hardly ever needed
            text = text.translate(STRAY)
        self.text = ATOM.sub(self._shield, text)

    def clean(self, text: str) -> str:
        """A piece of the text, as it is read."""
        text = _without_emphasis(text)
        if "  " in text or "\t" in text:
            text = BLANKS.sub(" ", text)
        return SHIELD.sub(lambda found: self.things[int(found["number"])], text) if self.things else text

    def _shield(self, found: re.Match[str]) -> str:
        if found["nothing"] is not None:
            return ""
        name = next(name for name in THINGS if found[name] is not None)
        formula = name in {"display", "inline"}
        self.things.append(f"{OPEN}{' '.join(found[name].split())}{CLOSE}" if formula else found[name])
        return f"{OPEN}{len(self.things) - 1}{CLOSE}"


def _without_emphasis(text: str) -> str:
    return EMPHASIS.sub("", text) if any(map(text.__contains__, "*=~_")) else text


def _reading(link: Link) -> str:
    if link.display:
        return read_plain(link.display)
    name = link.target.rpartition("/")[2].removesuffix(".md")
    return f"{name} › {link.subpath.replace('#', ' › ')}".strip(" ›") if link.subpath else name


def _last_sentence(text: str) -> str:
    return text[max((found.end() for found in SENTENCE_END.finditer(text)), default=0) :]


def _first_sentence(text: str) -> str:
    found = SENTENCE_END.search(text)
    return (text if found is None else text[: found.end()]).rstrip(" \t|")

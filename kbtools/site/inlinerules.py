"""What CommonMark's inline parser learns for Obsidian: marks, `==highlight==`, bare addresses, images, footnotes.

Each rule is a markdown-it one: `(state, silent) -> whether it took something`. A picture's alternative text and a footnote's
text are kept as written, so that nesting them costs no time.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter

from kbtools.site.marks import MARK, OPEN

ADDRESS = re.compile(r"://[^\s<>\"'`|\\^{}\u3000-\u303f\uff00-\uff65\u2018-\u201d\ufdd0\ufdd1]+")
SCHEME = re.compile(r"(?<![A-Za-z0-9])https?$", re.IGNORECASE)
TRAILING = ".,:;!?*_~="
FOOTNOTE = re.compile(r"\[\^(?P<label>[^\[\]\s]++)\]")
BLANKS = re.compile(r"[ \t\n]*+")
EQUALS = ord("=")


def add_rules(parser: MarkdownIt) -> None:
    """Teach a parser these rules; images as they stand in CommonMark are replaced."""
    inline = parser.inline
    inline.ruler.after("text", "mark", mark)
    inline.ruler.after("mark", "address", address)
    inline.ruler.before("link", "footnote", footnote)
    inline.ruler.before("link", "inline_footnote", inline_footnote)
    inline.ruler.before("emphasis", "highlight", highlight)
    inline.ruler.at("image", image)
    inline.ruler2.before("emphasis", "highlight", pair_highlights)
    inline.add_terminator_char(OPEN)


def mark(state: StateInline, silent: bool) -> bool:
    """A mark that stands for something of Obsidian's; the token's content is its number."""
    if state.src[state.pos] != OPEN:
        return False
    found = MARK.match(state.src, state.pos)
    if found is None:
        return False
    if not silent:
        state.push("mark", "", 0).content = found["number"]
    state.pos = found.end()
    return True


def address(state: StateInline, silent: bool) -> bool:
    """`https://…` in running text. Its scheme was read as text before the colon was seen."""
    pos = state.pos
    if silent or state.src[pos] != ":" or state.linkLevel > 0:
        return False
    scheme = SCHEME.search(state.pending[-6:]) if state.src.startswith("://", pos) else None
    rest = ADDRESS.match(state.src, pos, state.posMax) if scheme else None
    if rest is None or scheme is None:
        return False
    url = _trim(rest[0])
    if len(url) <= len("://"):
        return False
    state.pending = state.pending[: -len(scheme[0])]
    token = state.push("link_open", "a", 1)
    token.attrs = {"href": scheme[0] + url}
    state.push("text", "", 0).content = scheme[0] + url
    state.push("link_close", "a", -1)
    state.pos += len(url)
    return True


def _trim(url: str) -> str:
    """An address without the punctuation of the sentence around it."""
    opened, closed = url.count("("), url.count(")")
    end = len(url)
    while end:
        if url[end - 1] in TRAILING:
            end -= 1
        elif url[end - 1] == ")" and closed > opened:
            closed -= 1
            end -= 1
        else:
            break
    return url[:end]


def highlight(state: StateInline, silent: bool) -> bool:
    """`==`: noted as a delimiter, paired when the whole text is read."""
    if silent or state.src[state.pos] != "=":
        return False
    scanned = state.scanDelims(state.pos, True)
    if scanned.length < 2:
        return False
    if scanned.length % 2:
        state.push("text", "", 0).content = "="
    for _ in range(scanned.length // 2):
        state.push("text", "", 0).content = "=="
        place = len(state.tokens) - 1
        state.delimiters.append(Delimiter(EQUALS, 0, place, -1, scanned.can_open, scanned.can_close))
    state.pos += scanned.length
    return True


def pair_highlights(state: StateInline) -> None:
    """Turn the delimiters that found each other into tokens."""
    inner = (meta["delimiters"] for meta in state.tokens_meta if meta and "delimiters" in meta)
    for delimiters in (state.delimiters, *inner):
        for opening in delimiters:
            if opening.marker == EQUALS and opening.end >= 0:
                start, end = state.tokens[opening.token], state.tokens[delimiters[opening.end].token]
                start.type, start.tag, start.nesting, start.content = "highlight_open", "mark", 1, ""
                end.type, end.tag, end.nesting, end.content = "highlight_close", "mark", -1, ""


def image(state: StateInline, silent: bool) -> bool:
    """`![alt](target "title")`, `![alt][label]`; the token's content is the alternative text as written."""
    pos = state.pos
    if not state.src.startswith("![", pos):
        return False
    end = state.md.helpers.parseLinkLabel(state, pos + 1, False)
    if end < 0:
        state.pos = pos
        return False
    alt = state.src[pos + 2 : end]
    label = ""
    found = _destination(state, end + 1)
    if found is None:
        label, after = _label(state, end + 1, alt)
        reference = state.env.get("references", {}).get(label)
        if reference is None:
            state.pos = pos
            return False
        found = reference["href"], reference["title"], after
    href, title, after = found
    if not silent:
        token = state.push("image", "img", 0)
        token.attrs = {"src": href, "title": title}
        token.content = alt
        token.meta = {"label": label}
    state.pos = after
    return True


def _destination(state: StateInline, pos: int) -> tuple[str, str, int] | None:
    """(target, title, end) of `(target "title")`."""
    src, end = state.src, state.posMax
    if pos >= end or src[pos] != "(":
        return None
    pos = _skip(src, pos + 1, end)
    title = ""
    target = state.md.helpers.parseLinkDestination(src, pos, end)
    if target.ok:
        pos = _skip(src, target.pos, end)
        found = state.md.helpers.parseLinkTitle(src, pos, end, None)
        if found.ok and pos > target.pos:
            title = found.str
            pos = _skip(src, found.pos, end)
    return (target.str, title, pos + 1) if pos < end and src[pos] == ")" else None


def _label(state: StateInline, pos: int, alt: str) -> tuple[str, int]:
    """The label of a picture by reference, and where it ends."""
    if state.src.startswith("[", pos):
        end = state.md.helpers.parseLinkLabel(state, pos)
        if end >= 0:
            return normalizeReference(state.src[pos + 1 : end] or alt), end + 1
    return normalizeReference(alt), pos


def _skip(src: str, pos: int, end: int) -> int:
    blanks = BLANKS.match(src, pos, end)
    return blanks.end() if blanks else pos


def footnote(state: StateInline, silent: bool) -> bool:
    """`[^label]`: a footnote if there is one of that name, text if there is none, never a link."""
    if not state.src.startswith("[^", state.pos):
        return False
    found = FOOTNOTE.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        if found["label"].lower() in state.env["labels"]:
            state.push("footnote", "", 0).content = found["label"]
        else:
            state.append_pending(found[0])
    state.pos = found.end()
    return True


def inline_footnote(state: StateInline, silent: bool) -> bool:
    """`^[text]`: the token's content is the text as written."""
    pos = state.pos
    if not state.src.startswith("^[", pos):
        return False
    end = state.md.helpers.parseLinkLabel(state, pos + 1)
    if end < 0:
        state.pos = pos
        return False
    if not silent:
        state.push("inline_footnote", "", 0).content = state.src[pos + 2 : end]
    state.pos = end + 1
    return True

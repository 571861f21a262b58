"""A link -> the sentence around it, in plain text: what stands beside a backlink. And a note -> its first sentence."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from kbtools.model import Link, Note

MOST: Final = 70
"""Characters kept on either side of a link."""
SENTENCE_END: Final = re.compile(r"[。！？!?；;\n]|\.(?=\s)")
MARKS: Final = re.compile(
    r"""(?P<lead>^[ \t>]*(?:\#{1,6}[ ]|[-*+][ ](?:\[.\][ ])?|\d{1,9}[.)][ ]|\[![^\]\n]*\][+-]?[ ]?)?)
       |!?\[\[(?:[^\[\]|\n]*\|)?(?P<wiki>[^\[\]|\n]*)\]\]
       |!?\[(?P<text>[^\[\]\n]*)\]\([^()\n]*\)
       |(?P<mark>\*\*|==|~~|`|\\(?=[|*_]))
       |[ \t]\^[A-Za-z0-9-]+[ \t]*$""",
    re.VERBOSE | re.MULTILINE,
)


class Context(NamedTuple):
    """What stands before and after a link in its sentence, and how the link reads."""

    before: str
    text: str
    after: str


def find_context(text: str, link: Link) -> Context:
    """The sentence around a link of a Markdown text."""
    start, end = link.span.start, link.span.end
    before = _last_sentence(text[max(0, start - 4 * MOST) : start])
    after = _first_sentence(text[end : end + 4 * MOST])
    return Context(_shorten_start(_clean(before)), _reading(link), _shorten_end(_clean(after, lead=False)))


def describe(note: Note, most: int = 120) -> str:
    """The first sentences of a note that are prose, in plain text."""
    for block in note.source.text[note.properties_span.end :].split("\n\n"):
        text = block.strip()
        if text and text[0] not in "#`|$<%~-!>":
            plain = re.sub(r"\s+", " ", _clean(text)).strip()
            return plain if len(plain) <= most else plain[: most - 1] + "…"
    return ""


def plain_heading(text: str) -> str:
    """A heading as it is read."""
    return _clean(text).strip()


def _reading(link: Link) -> str:
    if link.display:
        return _clean(link.display)
    name = link.target.rpartition("/")[2].removesuffix(".md")
    return f"{name} › {link.subpath.replace('#', ' › ')}".strip(" ›") if link.subpath else name


def _clean(text: str, *, lead: bool = True) -> str:
    def plain(found: re.Match[str]) -> str:
        if found["lead"] is not None:
            return "" if lead else found[0]
        return found["wiki"] or found["text"] or ""

    return MARKS.sub(plain, text)


def _last_sentence(text: str) -> str:
    ends = [found.end() for found in SENTENCE_END.finditer(text)]
    return text[ends[-1] :] if ends else text


def _first_sentence(text: str) -> str:
    found = SENTENCE_END.search(text)
    return text if found is None else text[: found.end()].rstrip("\n")


def _shorten_start(text: str) -> str:
    return text if len(text) <= MOST else "…" + text[-MOST:]


def _shorten_end(text: str) -> str:
    return text if len(text) <= MOST else text[:MOST] + "…"

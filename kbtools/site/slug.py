"""Heading text -> the id of the heading on its page: one function, used by whatever writes a heading or links to one.

Letters and digits of every script stay, so that `## 1.2 链式法则：推导` is `#12-链式法则推导` in the address bar; blanks become
hyphens, punctuation and markup go. Ids of blocks (`^abc`) and footnotes (`fn:1`) hold punctuation and so never meet these.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

MARKUP = re.compile(
    r"""`(?P<code>[^`\r\n]++)`                                      # what stands in code is no markup
       |!?\[\[(?:[^\[\]|\r\n]++\|)?(?P<wiki>[^\[\]|\r\n]*+)\]\]   # a wikilink is read as its display text
       |!?\[(?P<text>[^\[\]\r\n]*+)\]\([^()\r\n]*+\)              # a link as its text
       |<[A-Za-z/][^<>\r\n]*+>
       |%%[^%\r\n]*+%%""",
    re.VERBOSE,
)
BLOCK_ID = re.compile(r"(?:^|\s|(?<=\]\]))\^[A-Za-z0-9-]+[ \t]*$")
NAMELESS = "section"
"""The id of a heading in which nothing can be read."""


def make_ids(headings: Sequence[str]) -> list[str]:
    """The ids of a page's headings, in order, each once; `headings` are the texts as written or as read."""
    taken: set[str] = set()
    counts: dict[str, int] = {}
    ids: list[str] = []
    for heading in headings:
        slug = found = make_slug(heading)
        while found in taken:
            counts[slug] = counts.get(slug, 0) + 1
            found = f"{slug}-{counts[slug]}"
        taken.add(found)
        ids.append(found)
    return ids


@lru_cache(maxsize=1 << 14)
def make_slug(heading: str) -> str:
    """The id of one heading, without regard to others; never empty. Remembered: many notes have the same headings."""
    text = BLOCK_ID.sub("", MARKUP.sub(_shown, heading))
    text = unicodedata.normalize("NFC", text).lower()
    kept = "".join(char if char.isalnum() or _is_kept(char) else " " if char.isspace() else "" for char in text)
    return "-".join(kept.split()).strip("_") or NAMELESS


def _shown(found: re.Match[str]) -> str:
    return found["code"] or found["wiki"] or found["text"] or ""


def _is_kept(char: str) -> bool:
    return char in "-_" or unicodedata.category(char)[0] == "M"


__all__ = ["make_ids", "make_slug"]

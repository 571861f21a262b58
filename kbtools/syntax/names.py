"""How names are compared: file names, headings, block ids, tags. One place, used by every lookup."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

HEADING_BLANKS = str.maketrans(dict.fromkeys('!"#$%&()*+,.:;<=>?@^`{|}~/[]\\\n\r', " "))

BAD_IN_NAMES: Final = re.compile(r"[\x00-\x1f\\/:*?\"<>|#^\[\]]")


def fold_name(name: str) -> str:
    """The form under which Obsidian looks a file name up: NFC, lower case, no-break spaces as spaces."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", name).replace("\u00a0", " ").replace("\u202f", " ").lower()


@lru_cache(maxsize=1 << 14)
def fold_heading(text: str) -> str:
    """The form under which a heading is found: ASCII punctuation and line breaks blank, blanks single, no case. Remembered:
    many notes have the same headings."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.translate(HEADING_BLANKS).split()).casefold()


def find_name_problem(part: str) -> str:
    """What is in a file's or folder's name that breaks links, or another system; "" for a good name."""
    bad = BAD_IN_NAMES.search(part)
    if bad:
        return f"'{bad[0]}'"
    return "a dot or a blank at its edge" if part.startswith(".") or part != part.strip() or part.endswith(".") else ""

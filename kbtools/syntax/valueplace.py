"""A property's string value -> its place in the YAML it was read from, for YAML readers give values without places.

The place is searched: below the value's key, where the value stands alone. Comments and longer texts that hold the
same words are passed over; a value written in another way (folded, escaped, an alias) is found by its key.
"""

from __future__ import annotations

import re
from functools import lru_cache

from kbtools.lines import line_start

NEXT_ENTRY = re.compile(r"[\r\n](?=[^\s#-])")


def find_value(text: str, key: str, value: str, start: int, end: int, after: int) -> tuple[int, int]:
    """Where text[start:end] holds `value` under `key` (`up.0`), from offset `after` on; the key itself when nowhere."""
    key_start, key_end = _find_entry(text, key.partition(".")[0], start, end)
    at = text.find(value, max(after, key_end), end)
    while at >= 0:
        if _stands_alone(text, at, at + len(value)):
            return at, at + len(value)
        at = text.find(value, at + 1, end)
    following = NEXT_ENTRY.search(text, key_end, end)
    at = text.find(value[:2], key_end, following.start() if following else end)
    return (key_start, key_end) if at < 0 else (at, at + 2)


def _find_entry(text: str, name: str, start: int, end: int) -> tuple[int, int]:
    """Where a key at the top stands, with its colon; at `start` when nowhere."""
    if text.startswith(f"{name}:", start):
        return start, start + len(name) + 1
    plain = text.find(f"\n{name}:", start, end) + 1
    if plain:
        return plain, plain + len(name) + 1
    entry = _entry(name).search(text, start, end)
    return entry.span() if entry else (start, start)


@lru_cache(maxsize=256)
def _entry(name: str) -> re.Pattern[str]:
    """What begins the entry of a key at the top."""
    return re.compile(rf"""(?:^|(?<=\r))["']?{re.escape(name)}["']?[ \t]*:""", re.MULTILINE)


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether text[start:end] fills its quotes or its line, and is no comment."""
    line = text[line_start(text, start) : start].lstrip(" \t-")
    if not line:
        return True
    quote = line[-1]
    return quote in "\"'" and text.startswith(quote, end) and not line.startswith("#")

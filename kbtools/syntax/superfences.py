r"""The header of a code block -> what keeps `pymdownx.superfences`, which draws code blocks on the site, from taking it.

A header is what follows the opening marks: a language, then either attributes in braces or options (`title="…"`). With any
other header the marks open nothing there: the block becomes prose, and its closing marks open a block of what follows.
The grammar is that of pymdown-extensions 10.21 to 13.1; a test holds it to the version that is installed. Linear.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Final, NamedTuple

LANGUAGE: Final = re.compile(r"[ \t]*+(?P<name>[\w#.+-]++)(?![^ \t])")
OPTION: Final = re.compile(r"""(?P<key>[A-Za-z][A-Za-z0-9_]*+)(?:="(?P<double>[^"]*+)"|='(?P<single>[^']*+)')?+""")
OPTION_START: Final = re.compile(r"""[ \t]*+[A-Za-z][A-Za-z0-9_]*+(?:=(?P<quote>["']))?+""")
ATTRIBUTE: Final = re.compile(r"""[ \t]|(?P<key>[^ \t=}]++)(?P<value>=(?:"[^"]*+"|'[^']*+'|[^ \t=}]++))?+""")
BLANK_OR_END: Final = re.compile(r"(?=[ \t])|\Z")
WORD: Final = re.compile(r"""[^\s"'=]++=(?:"[^"]*+"|'[^']*+')(?![^ \t])|[^ \t]++""")
VALUES: Final = {
    "title": re.compile(r""),
    "title_mode": re.compile(r""),
    "hl_lines": re.compile(r"\d++(?:-\d++)?+(?:[ \t]++\d++(?:-\d++)?+)*+$"),
    "linenums": re.compile(r"\d"),
}
"""The options there are, and what their values begin with."""

_NAMES = "|".join(VALUES)
Repair = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]
REPAIRS: Final[tuple[Repair, ...]] = (
    (re.compile(r"[^\S \t]"), " "),
    (re.compile(rf"(?<![^ \t])({_NAMES})[ \t]*+[=＝][ \t]*+"), r"\1="),
    (re.compile(r'=["“”„＂]([^"“”„＂]++)["“”„＂]'), r'="\1"'),
    (re.compile(r"=['‘’＇]([^'‘’＇]++)['‘’＇]"), r"='\1'"),
    (re.compile(rf"(?<![^ \t])({_NAMES})=([^\s\"'“”‘’={{}}]++)(?![^ \t])"), r'\1="\2"'),
    (re.compile(r'hl_lines="[\d \t,，、-]++"'), lambda found: re.sub(r"[ \t]*+[,，、][ \t]*+", " ", found[0])),
)
"""What may have been meant: each is tried alone, then one after the other."""


class Problem(NamedTuple):
    """The part of a header that is wrong, and the header as it was meant, "" where that is not certain."""

    start: int
    end: int
    repaired: str


def find_problem(header: str) -> Problem | None:
    """What is wrong with a header (the rest of the line after its marks), or None."""
    return None if is_header(header) else Problem(*_find_culprit(header), _repair(header))


def is_header(header: str) -> bool:
    """Whether marks with this header open a code block."""
    _, rest = split_header(header)
    if not rest:
        return True
    if rest.startswith("{"):
        return len(rest) > 1 and rest.endswith("}") and _are_attributes(rest[1:-1])
    return all(_is_known(*option) for option in _read_options(rest).items()) and _reads_as_options(rest)


def split_header(header: str) -> tuple[str, str]:
    """(language, the options or the attributes in braces)."""
    found = LANGUAGE.match(header)
    name = found["name"] if found else ""
    return name[name.startswith(".") and len(name) > 1 :], header[found.end() if found else 0 :].strip(" \t")


def _is_known(key: str, value: str) -> bool:
    return key in VALUES and VALUES[key].match(value) is not None


def _are_attributes(text: str) -> bool:
    """Whether they do without an option that has no value; anything else is an attribute, and ignored at worst."""
    valued: dict[str, bool] = {}
    position = 0
    while found := ATTRIBUTE.match(text, position):
        position = found.end()
        if found["key"]:
            valued[found["key"]] = bool(found["value"])
    return valued.get("hl_lines", True) and valued.get("linenums", True)


def _read_options(text: str) -> dict[str, str]:
    """The options found anywhere in the text; one without a value has its name for it."""
    return {found["key"]: found["double"] or found["single"] or _empty(found) for found in OPTION.finditer(text)}


def _empty(option: re.Match[str]) -> str:
    return "" if option["double"] == "" or option["single"] == "" else option["key"]


def _reads_as_options(text: str) -> bool:
    """Whether the text is options from start to end. A value ends at its quote where a blank or the end follows, but not
    necessarily at the first such: every way to read the text counts."""
    reached, opened = {0}, dict[str, int]()
    for place in (0, *(found.start() for found in BLANK_OR_END.finditer(text))):
        if place not in reached and opened.get(text[place - 1 : place], place) >= place - 1:
            continue
        if place == len(text):
            return True
        start = OPTION_START.match(text, place)
        if start and start["quote"]:
            opened.setdefault(start["quote"], start.end() - 1)
        elif start:
            reached.add(start.end())
    return False


def _find_culprit(header: str) -> tuple[int, int]:
    language = LANGUAGE.match(header)
    start = language.end() if language else 0
    end = len(header.rstrip(" \t"))
    for word in WORD.finditer(header, start, end):
        if word[0].startswith("{"):
            return word.start(), end
        option = OPTION.fullmatch(word[0])
        if option is None or not _is_known(*next(iter(_read_options(word[0]).items()))):
            return word.span()
    return start + len(header[start:end]) - len(header[start:end].lstrip(" \t")), end


def _repair(header: str) -> str:
    meanings = dict.fromkeys(_iter_repairs(header))
    return next((meant.rstrip() for meant in meanings if meant != header and is_header(meant)), "")


def _iter_repairs(header: str) -> Iterator[str]:
    yield from (_apply(header, repair) for repair in REPAIRS)
    yield from accumulate(REPAIRS, _apply, initial=header)


def _apply(header: str, repair: Repair) -> str:
    return repair[0].sub(repair[1], header)

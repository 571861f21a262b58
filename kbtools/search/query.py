"""What a person types -> a `Query`: words that must all be there, phrases, words that must not, and filters.

    反向传播 lstm          both, in any order and anywhere in the note
    "chain rule" "门控"    the words next to each other, and whole
    -GRU -tag:草稿         what must not be there
    tag:概念  path:课程/  kind:concept

A word finds what begins with it, from its third letter on; in quotes it is meant as it is. Characters of a Chinese word stand
next to each other.
"""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple, get_args

from kbtools.errors import KbError
from kbtools.search.terms import find_terms
from kbtools.words import HAN

FilterKind = Literal["tag", "path", "kind"]
PART: Final = re.compile(
    r"""(?P<minus>[-－](?=\S))?
        (?:(?P<filter>tag|path|kind)[:：](?=\S))?
        (?:["“”](?P<quoted>[^"“”]*+)(?:["“”]|\Z)|(?P<word>[^\s"“”]++))""",
    re.VERBOSE | re.IGNORECASE,
)
BEGINNING: Final = 3
"""Letters that a word must have to find longer ones."""
IS_HAN: Final = re.compile(f"[{HAN}]")


class Phrase(NamedTuple):
    """Terms that follow each other; with `open`, what begins with the last one counts as it, with `exact` more than that."""

    written: str
    terms: tuple[str, ...]
    open: bool = False
    exact: bool = False


class Filter(NamedTuple):
    """A tag (or one above it), a part of the path, or a kind (note, canvas, notebook, or what the property `kind` says)."""

    kind: FilterKind
    value: str
    negated: bool = False


class Query(NamedTuple):
    """What is asked. `name` is all of it as a name, for the note that is called so."""

    wanted: tuple[Phrase, ...]
    unwanted: tuple[Phrase, ...]
    filters: tuple[Filter, ...]
    name: str


def parse_query(text: str) -> Query:
    """A query, understood. Raises KbError when there is nothing in it to look for."""
    wanted: list[Phrase] = []
    unwanted: list[Phrase] = []
    filters: list[Filter] = []
    for part in PART.finditer(text):
        quoted = part["quoted"] is not None
        written = part["quoted"] if quoted else part["word"]
        if part["filter"]:
            filters.append(_make_filter(part["filter"].lower(), written, negated=part["minus"] is not None))
            continue
        phrase = make_phrase(written, whole=quoted)
        if phrase is not None:
            (unwanted if part["minus"] else wanted).append(phrase)
    if not wanted and not unwanted and not filters:
        raise KbError(f"'{text}' has no letter and no digit to look for", "write a word: kb search 反向传播")
    return Query(tuple(wanted), tuple(unwanted), tuple(filters), " ".join(phrase.written for phrase in wanted))


def make_phrase(written: str, *, whole: bool) -> Phrase | None:
    """The terms of a word or a quoted phrase; None where it has none, as a comma."""
    terms = find_terms(written)
    if not terms:
        return None
    last = terms[-1].text
    if not IS_HAN.match(last):
        exact = not whole and len(last) >= BEGINNING
        return Phrase(written, tuple(term.text for term in terms), open=exact, exact=exact)
    if len(terms) > 1 and terms[-2].end == terms[-1].end:  # the character is a part of the pair before it, whatever follows
        return Phrase(written, tuple(term.text for term in terms[:-1]))
    return Phrase(written, tuple(term.text for term in terms), open=True)


def _make_filter(kind: str, value: str, *, negated: bool) -> Filter:
    for name in get_args(FilterKind):
        if name == kind and value.strip():
            return Filter(name, value.removeprefix("#") if name == "tag" else value, negated)
    raise KbError(f"'{kind}:' is followed by nothing", f"write {kind}: and what to look for, without a blank between")

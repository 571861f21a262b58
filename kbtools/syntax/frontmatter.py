"""Text -> properties: the YAML mapping at the top of a note, and the links, tags and aliases in it.

Plain blocks (`key: word`, lists of words) are read by a few patterns that know exactly which YAML they accept; all else
goes to PyYAML. `parse_properties` never fails: a block that is no mapping gives a problem in words.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple, TypeGuard

from kbtools.syntax import yamltext

Properties = Mapping[str, object]

OPENING = re.compile(r"---[ \t]*+(?:\r\n|\n|\r)")
CLOSING = re.compile(r"---[ \t]*+(?:\r\n|\n|\r|\Z)")
ENTRY = re.compile(r"(?P<key>[^\W\d][\w-]*+(?:[ ][\w-]++)*+):(?:[ \t]++(?P<value>[^\s#].*+))?[ \t]*+$")
ITEM = re.compile(r"[ \t]*+-[ \t]++(?P<value>[^\s#].*+)$")
QUOTED = re.compile(r"""(?:"(?P<double>[^"\\]*+)"|'(?P<single>[^']*+)')$""")
PLAIN = re.compile(r"(?!(?:y|yes|n|no|true|false|on|off|null)$)[^\W\d_](?:[^:#\r\n]|:(?=\S)|(?<=\S)#)*+$", re.IGNORECASE)
DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)$")
NUMBER = re.compile(r"(?:0|[1-9]\d{0,15})$")
FLOW_ITEM = re.compile(
    r"""[ \t]*+(?P<value>"[^"\\]*+"|'[^']*+'|[^\s\[\]{},"'&*!|>%@`#:?-][^\[\]{},"#:\r\n]*+)[ \t]*+(?P<end>,|$)"""
)
PROPERTY_LINK = re.compile(r"\[\[(?!\[)(?P<body>(?:[^\[\]\r\n]|\](?!\])|\[(?!\[))++)\]\]\Z")

CONTAINERS = (list, dict)


class Frontmatter(NamedTuple):
    """`start`, `end` bound the YAML between the marks (equal when there is none); the note's body starts at `body`."""

    properties: Properties
    problem: str
    start: int
    end: int
    body: int


NONE = Frontmatter({}, "", 0, 0, 0)


def parse_properties(text: str) -> Frontmatter:
    """The properties of a note's text; never fails."""
    start, end, body = find_frontmatter(text)
    if not body:
        return NONE
    yaml_text = text[start:end]
    plain = _parse_plain(yaml_text)
    if plain is not None:
        return Frontmatter(plain, "", start, end, body)
    properties, problem = _parse_yaml(yaml_text)
    return Frontmatter(properties, problem, start, end, body)


def find_frontmatter(text: str) -> tuple[int, int, int]:
    """(start of the YAML, its end, start of the body); three zeros when there is no frontmatter."""
    if not text.startswith("---"):
        return 0, 0, 0
    opening = OPENING.match(text)
    if opening is None:
        return 0, 0, 0
    at = opening.end()
    while True:
        closing = CLOSING.match(text, at)
        if closing is not None:
            return opening.end(), at, closing.end()
        found = text.find("\n---", at)
        carriage = text.find("\r---", at, found if found >= 0 else len(text))
        if carriage >= 0:
            found = carriage
        if found < 0:
            return 0, 0, 0
        at = found + 1


def _parse_plain(text: str) -> dict[str, object] | None:
    """The mapping when every line is of the plain kind, else None."""
    properties: dict[str, object] = {}
    items: list[object] | None = None
    key = ""
    for line in text.splitlines():
        if not line or line.isspace():
            continue
        said = _read_line(line)
        if said is None:
            return None
        name, value = said
        if name:
            if name in properties:
                return None
            key, items = name, [] if value is None else None
            properties[key] = list(value) if isinstance(value, tuple) else value
            continue
        if items is None:
            return None
        if not items:
            properties[key] = items
        items.append(value)
    return properties


@lru_cache(maxsize=4096)
def _read_line(line: str) -> tuple[str, object] | None:
    """(key, value) of one line, a list as a tuple, None for nothing; of an item the key is ""; None for no plain line.

    The notes of a vault say the same things over and over: most lines were read before.
    """
    entry = ENTRY.match(line)
    if entry is None:
        item = ITEM.match(line)
        value = None if item is None or line[0] == "\t" else _scalar(item["value"].rstrip())
        return None if value is None else ("", value)
    key, written = entry["key"], entry["value"]
    if PLAIN.match(key) is None:
        return None
    if written is None:
        return key, None
    written = written.rstrip()
    value = _flow_list(written) if written[0] == "[" else _scalar(written)
    return None if value is None else (key, value)


def _scalar(written: str) -> object:
    """The value of a scalar nobody could read otherwise; None for anything else."""
    quoted = QUOTED.match(written)
    if quoted:
        return quoted["double"] if quoted["double"] is not None else quoted["single"]
    if PLAIN.match(written):
        return written if not written.endswith(":") else None
    if NUMBER.match(written):
        return int(written)
    date = DATE.match(written)
    if date:
        try:
            return datetime.date(int(date[1]), int(date[2]), int(date[3]))
        except ValueError:
            return None
    return None


def _flow_list(written: str) -> tuple[object, ...] | None:
    if not written.endswith("]"):
        return None
    inner, at = written[1:-1], 0
    values: list[object] = []
    if not inner.strip():
        return ()
    while True:
        item = FLOW_ITEM.match(inner, at)
        if item is None:
            return None
        value = _scalar(item["value"].rstrip())
        if value is None:
            return None
        values.append(value)
        if not item["end"]:
            return tuple(values)
        at = item.end()


def _parse_yaml(text: str) -> tuple[Properties, str]:
    import yaml

    try:
        value = yamltext.load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" in line {mark.line + 2}" if mark else ""
        return {}, f"{error.problem or 'no YAML'}{where}"
    except (yaml.YAMLError, ValueError, TypeError, OverflowError, RecursionError) as error:
        return {}, " ".join(str(error).split()) or "no YAML"
    if value is None:
        return {}, ""
    if not isinstance(value, dict):
        return {}, f"a {'list' if isinstance(value, list) else 'text'} where a mapping belongs"
    return value, ""


def iter_bracketed(properties: Properties) -> Iterator[tuple[str, str]]:
    """(key, text) of every string value that begins with two brackets, at any depth (`up.0`); each container once, so that
    aliases end."""
    seen: set[int] = set()
    for key, value in properties.items():
        if isinstance(value, CONTAINERS):
            yield from _iter_inside(key, value, seen)
        elif _is_bracketed(value):
            yield key, value


def _iter_inside(key: str, value: object, seen: set[int]) -> Iterator[tuple[str, str]]:
    stack = [(key, value)]
    while stack:
        key, value = stack.pop()
        if _is_bracketed(value):
            yield key, value
        elif isinstance(value, CONTAINERS) and id(value) not in seen:
            seen.add(id(value))
            pairs = enumerate(value) if isinstance(value, list) else value.items()
            inner = [(part, item) for part, item in pairs if isinstance(item, CONTAINERS) or _is_bracketed(item)]
            stack += [(f"{key}.{part}", item) for part, item in reversed(inner)]


def _is_bracketed(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and value.startswith("[[")


def words_of(properties: Properties, *names: str) -> list[str]:
    """The texts of a list property under any of its names; a plain text counts as a list parted by commas."""
    words: list[str] = []
    for name in properties:
        if name.lower() not in names:
            continue
        value = properties[name]
        if isinstance(value, str):
            words += value.split(",")
        elif isinstance(value, list):
            words += [str(item) for item in value if isinstance(item, str | int | float | datetime.date)]
    return [word.strip() for word in words if word.strip()]

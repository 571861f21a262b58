"""JSON text -> its strings with their places: what canvases and notebooks need so that a link has a position."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

STRING = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
TOKEN = re.compile(r'[ \t\r\n]*+(?P<mark>[{}\[\]:,"]|[^\s{}\[\]:,"]++)')
LONE = re.compile(r"[\ud800-\udfff]")
"""Half of a character, as `"\\ud83d"` writes it: JSON allows it, no file can hold it."""
ESCAPE = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]", re.DOTALL)


class JsonString(NamedTuple):
    """A string value: `path` leads to it (names and numbers from the top), `start` is the offset of its first quote."""

    path: tuple[str | int, ...]
    value: str
    start: int
    end: int


def find_problem(text: str) -> str:
    """Why the text is no JSON document, or ""; an empty file counts as an empty one."""
    if not text.strip():
        return ""
    try:
        json.loads(text, parse_int=float)  # as JavaScript reads numbers; Python refuses long ones
    except json.JSONDecodeError as error:
        return f"it is no JSON: {error.msg.lower()} in line {error.lineno}"
    except RecursionError:
        return "nested too deeply"
    except ValueError as error:
        return str(error)
    return ""


def make_whole(value: str) -> str:
    """A string of the same length that can be written to a file."""
    return value if value.isascii() else LONE.sub("\N{REPLACEMENT CHARACTER}", value)


def iter_strings(text: str) -> Iterator[JsonString]:
    """Every string value of a valid JSON text, in the order of the text."""
    path: list[str | int] = []
    kinds: list[str] = []
    key: str | None = None
    position = 0
    while True:
        token = TOKEN.match(text, position)
        if token is None:
            return
        mark, position = token["mark"], token.end()
        if mark in "{[":
            kinds.append(mark)
            key = None
            path.append("" if mark == "{" else 0)
        elif mark in "}]":
            kinds.pop()
            path.pop()
            key = None
        elif mark == ",":
            key = None
            if kinds[-1] == "[":
                path[-1] = int(path[-1]) + 1
        elif mark == '"':
            start = token.start("mark")
            end = STRING.match(text, start)
            assert end is not None  # the text is valid JSON
            position = end.end()
            value = make_whole(json.loads(text[start:position], strict=False))
            if kinds and kinds[-1] == "{" and key is None:
                key = path[-1] = value
            else:
                yield JsonString(tuple(path), value, start, position)


def escape_as(said: str, text: str) -> str:
    """`said` as a string of this JSON text would hold it: a file that is all ASCII and escapes the rest stays so."""
    return json.dumps(said, ensure_ascii=text.isascii() and "\\u" in text)[1:-1]


def offsets(text: str, string: JsonString) -> list[int]:
    """For each character of the string's value, and for its end, the offset in the JSON text."""
    places: list[int] = []
    at = string.start + 1
    for piece in ESCAPE.finditer(text, at, string.end - 1):
        width = 1
        if piece.end() - piece.start() == 12:
            width = len(json.loads(f'"{piece[0]}"'))
        places += [piece.start()] * width
    places.append(string.end - 1)
    return places

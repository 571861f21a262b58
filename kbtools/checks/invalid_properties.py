"""Properties that Obsidian cannot read, or that do not mean what they should.

Frontmatter must be a YAML mapping; otherwise Obsidian shows it in red and ignores all of it. `tags`, `aliases` and
`cssclasses` are lists (a single text is read, but is on its way out: a warning). The keys this project gives a meaning,
`prerequisites`, `minutes`, `checked` and `permalink`, are checked only in notes whose `kind` is one of its own.

Example: `aliases: {en: LSTM}`, `prerequisites: [[循环神经网络]]` (without quotes YAML sees a list in a list).

Fix: `aliases: [LSTM]`, `prerequisites: ["[[循环神经网络]]"]`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from kbtools.model import Finding, Note, Severity, Span

SEVERITY: Final = "error"
NEEDS: Final = ""
LISTS: Final = ("tags", "aliases", "cssclasses")
KINDS: Final = ("concept", "model", "path", "book", "course", "resource", "project", "log", "map", "meta")
SLUG: Final = r"[a-z0-9]+(?:[-_./][a-z0-9]+)*\Z"


def check_note(note: Note) -> Iterator[Finding]:
    if not note.source.text.startswith("---") or not note.path.endswith(".md"):
        return
    if note.properties_problem:
        yield _finding(note, "", f"the properties are no YAML mapping: {note.properties_problem}", "")
        return
    properties = note.properties
    for key in LISTS:
        if key in properties:
            yield from _check_list(note, key, properties[key])
    kind = properties.get("kind")
    if kind in KINDS:
        for key, (is_right, wanted) in OURS.items():
            value = properties.get(key)
            if value is not None and not is_right(value):
                yield _finding(note, key, f"'{key}' must be {wanted}", _unquoted_link(key, value))
    elif kind is not None and not OURS.keys().isdisjoint(properties.keys() - {"permalink"}):
        yield _finding(note, "kind", f"no kind is named '{kind}'", f"one of {', '.join(KINDS)}")


def _check_list(note: Note, key: str, value: object) -> Iterator[Finding]:
    if isinstance(value, str) and value.strip():
        items = ", ".join(word.strip() for word in value.split(",") if word.strip())
        yield _finding(note, key, f"'{key}' is a text where a list belongs", f"write {key}: [{items}]", "warning")
    elif isinstance(value, list):
        if any(isinstance(item, list | dict) for item in value):
            yield _finding(note, key, f"'{key}' must be a list of texts", "")
    elif value is not None and not isinstance(value, str):
        yield _finding(note, key, f"'{key}' must be a list of texts", "")


def _is_link(value: object) -> bool:
    return isinstance(value, str) and value.strip().startswith("[[") and value.strip().endswith("]]")


def _are_links(value: object) -> bool:
    return all(_is_link(item) for item in value) if isinstance(value, list) else _is_link(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _is_date(value: object) -> bool:
    import datetime

    return isinstance(value, datetime.date)


def _is_slug(value: object) -> bool:
    return isinstance(value, str) and re.match(SLUG, value) is not None


OURS: Final[dict[str, tuple[Callable[[object], bool], str]]] = {
    "prerequisites": (_are_links, "a list of links"),
    "minutes": (_is_number, "a number"),
    "checked": (_is_date, "a date such as 2026-11-22"),
    "permalink": (_is_slug, "lower-case letters, digits and hyphens"),
}


def _unquoted_link(key: str, value: object) -> str:
    """A hint for `[[x]]` without quotes, which YAML reads as a list in a list."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
        if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
            return f'write {key}: ["[[{value[0]}]]"]'
    return ""


def _finding(note: Note, key: str, message: str, hint: str, severity: Severity = SEVERITY) -> Finding:
    within = note.properties_span
    line = re.compile(rf"^[\"']?{re.escape(key)}[\"']?[ \t]*:[^\r\n]*", re.MULTILINE) if key else None
    place = line.search(note.source.text, within.start, within.end) if line else None
    span = Span(*place.span()) if place else Span(0, 3)
    return Finding("invalid-properties", severity, note.path, span, message, hint=hint, target=key)

"""A tag and its new name -> edits of the notes that carry it, or tags below it; proven by reading the notes again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from kbtools.change.edits import Edit, apply_edits
from kbtools.change.plan import Plan, Rewrite, Trouble
from kbtools.change.view import View
from kbtools.model import Span
from kbtools.syntax.frontmatter import parse_properties
from kbtools.syntax.inline import TAG_CHARS
from kbtools.syntax.scan import scan
from kbtools.syntax.valueplace import NEXT_ENTRY

NAME: Final = re.compile(rf"(?!/)(?:{TAG_CHARS})++(?<!/)")
KEYS: Final = ("tags", "tag")
ENTRY: Final = re.compile(r"""^["']?tags?["']?[ \t]*:""", re.MULTILINE | re.IGNORECASE)


def find_tag_problem(name: str) -> str:
    """Why a name is no tag, or ""."""
    if NAME.fullmatch(name) is None or "//" in name:
        return f"'#{name}' is no tag: letters, digits, '-', '_' and '/' between them"
    return f"'#{name}' is no tag: it needs more than digits" if name.isdigit() else ""


def count_carriers(view: View, name: str) -> int:
    """How many notes carry a tag."""
    return sum(any(tag[0].lower() == name.lower() for tag in view.columns(path).tags) for path in view.sources)


def plan_tag(view: View, old: str, new: str) -> Plan:
    """The plan that makes `#old` `#new`, and `#old/x` `#new/x`."""
    rewrites, trouble = [], []
    for path in view.sources:
        tags = view.columns(path).tags
        if not any(_follows(tag[0], old) for tag in tags):
            continue
        text = view.text_of(path)
        edits = list(_iter_edits(view, path, text, old, new))
        after = apply_edits(text, edits)
        expected = [_renamed(tag[0], old, new) for tag in tags]
        future = scan(path, after)
        same = future.aliases == view.columns(path).aliases
        if [tag[0] for tag in future.tags] != expected or not same or not _keeps_the_rest(text, after):
            span = Span(tags[0][1], tags[0][2])
            trouble.append(Trouble(path, span, "its tags cannot be rewritten in place", "write them as a plain list"))
            continue
        rewrites.append(Rewrite(path, path, text, after, len(set(edits))))
    return Plan({}, tuple(rewrites), (), tuple(trouble))


def _follows(tag: str, old: str) -> bool:
    return tag.lower() == old.lower() or tag.lower().startswith(old.lower() + "/")


def _renamed(tag: str, old: str, new: str) -> str:
    return new + tag[len(old) :] if _follows(tag, old) else tag


def _iter_edits(view: View, path: str, text: str, old: str, new: str) -> Iterator[Edit]:
    body = parse_properties(text).body if path[-3:].lower() == ".md" else 0
    for name, _start, end in view.columns(path).tags:
        if _follows(name, old) and end > body:
            start = end - len(name)
            yield Edit(start, start + len(old), new)
    yield from _iter_property_edits(text, old, new)


def _iter_property_edits(text: str, old: str, new: str) -> Iterator[Edit]:
    """The tags below the key `tags` of the properties."""
    found = parse_properties(text)
    word = re.compile(rf"""(?<![^\s,\[\]"'#:]){re.escape(old)}(?![^\s,\]"'/])""", re.IGNORECASE)
    for entry in ENTRY.finditer(text, found.start, found.end):
        following = NEXT_ENTRY.search(text, entry.end(), found.end)
        for hit in word.finditer(text, entry.end(), following.start() if following else found.end):
            yield Edit(hit.start(), hit.end(), new)


def _keeps_the_rest(before: str, after: str) -> bool:
    """Whether the properties but for the tags are what they were."""

    def rest(text: str) -> dict[str, object]:
        return {key: value for key, value in parse_properties(text).properties.items() if key.lower() not in KEYS}

    return rest(before) == rest(after)

"""Something that was meant to be a link and is none, or a link that leads nowhere.

Chinese input methods turn brackets into full-width ones, and a space slips in between text and address: Obsidian then
shows the raw characters. A link with an empty target can be clicked and does nothing.

Example: `［［反向传播］］`, `[官网]（https://pytorch.org）`, `[官网] (https://pytorch.org)`, `[官网]()`, `[[ ]]`.

Fix: type ASCII brackets, no space in between, and a target.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import Final

from kbtools.model import Finding, Fix, Note, Span

SEVERITY: Final = "warning"
NEEDS: Final = ""
ADDRESS: Final = (
    r"(?:(?:https?|ftp)://|www\.|mailto:|\.{1,2}/)[^\s()（）]++|(?:[^\s().（）]++\.)++(?:md|png|jpe?g|gif|svg|webp|pdf|html?)"
)
LABEL: Final = r"\[(?<![\\\]A-Za-z0-9_]\[)(?P<label>[^\[\]\n\\]*+)"
SUSPECT: Final = r"\](?:[ \u3000]\(|（|\((?:[)< ]|[^\s()（）]*+）))|\[\[[\] \u3000]|［［|【【"
"""What a text must hold for any check to be worth its time; most notes do not."""
CHECKS: Final = (
    ("", r"［［(?P<body>[^［］\[\]\n]++)(?:］］|\]\])", "full-width brackets make no link"),
    ("", r"【【(?P<body>[^【】\[\]\n]++)】】", "full-width brackets make no link"),
    (LABEL, rf"\]（(?P<address>{ADDRESS})[)）]", "full-width parentheses make no link"),
    (LABEL, rf"\]\((?P<address>{ADDRESS})）", "full-width parentheses make no link"),
    (LABEL, rf"\][ \u3000]++\((?P<address>{ADDRESS})\)", "a space before '(' makes this no link"),
    (LABEL, r"\]\([ \t]*+(?:<[ \t]*+>)?+[ \t]*+\)", "this link has no target"),
    ("", r"\[\[(?<![\\\]A-Za-z0-9_\[]\[\[)[ \t\u3000]*+\]\](?![\]A-Za-z0-9_(])", "this link has no target"),
)
"""(what goes before, the tell-tale end, the message). The end alone is looked for first: it begins with characters that are
quickly found."""
DEFINITION: Final = r"(?m)^[ >]*+\[([^\[\]\n]++)\]:"


def check_note(note: Note) -> Iterator[Finding]:
    text = note.source.text
    if not note.path.endswith(".md") or not re.search(SUSPECT, text):
        return
    for before, end, message in CHECKS:
        if re.search(end, text):
            from kbtools.syntax.spans import iter_outside

            defined = frozenset(re.findall(DEFINITION, text)) if "]:" in text else frozenset()
            taken = chain(note.opaque, (link.span for link in note.links))
            for match in iter_outside(re.finditer(before + end, text), taken):
                if match.start() >= note.properties_span.end and _is_meant(match, defined):
                    yield Finding(
                        "malformed-link", SEVERITY, note.path, Span(*match.span()), message, hint=_hint(match), fix=_fix(match)
                    )


def _is_meant(match: re.Match[str], defined: frozenset[str]) -> bool:
    """Whether this was meant to be a link: text and an address, and no task box, footnote or reference."""
    found = match.groupdict()
    if not found.get("address"):
        return True
    label: str = found["label"].strip()
    return not (label in ("", "x", "X", "-", "/") or label.startswith("^") or label.isdigit() or label in defined)


def _hint(match: re.Match[str]) -> str:
    """What to write instead, "" when only the author knows."""
    found = match.groupdict()
    if found.get("body"):
        return f"write [[{found['body']}]]"
    return f"write [{found['label']}]({found['address']})" if found.get("address") else ""


def _fix(match: re.Match[str]) -> Fix | None:
    """The same in ASCII brackets; where a space stands in between, it may be no link at all."""
    hint = _hint(match)
    if not hint or re.search(r"\][ \u3000]++\(", match[0]):
        return None
    return Fix(Span(*match.span()), hint.removeprefix("write "))

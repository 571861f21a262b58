"""A tag that runs into the text around it.

Obsidian ends a tag at white space and at ASCII punctuation, but not at `，` or `。`: `#神经网络，其余` is one tag with a
long name. And a `#` that follows a word without a space starts no tag at all: `今天#复习` is plain text.

Example: `#优化，见下` (swallowed `，`), `今天#复习` (glued).

Fix: put a space where the tag ends, or before its `#`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import Final

from kbtools.model import Finding, Note, Span

SEVERITY: Final = "warning"
NEEDS: Final = ""
MARKS: Final = "，。、；：！？（）【】《》「」『』〈〉〔〕［］｛｝"
PAIRS: Final = frozenset({"（）", "【】", "《》", "「」", "『』", "〈〉", "〔〕", "［］", "｛｝"})
CANDIDATE: Final = rf"#(?:(?<=[\u3400-\u9fff]#)[A-Za-z\u3400-\u9fff]|[^\s#|\[\]{MARKS}]*+[{MARKS}])"
SWALLOWED: Final = f"[{MARKS}]"
GLUED: Final = r"#(?<=[\u3400-\u9fff]#)(?!号)(?P<name>[A-Za-z\u3400-\u9fff][\w/-]++)(?!#|\]\])"
COLOUR: Final = r"(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})\Z"
NO_TAG: Final = r"(?i:#|://|www\.|\.(?:com|cn|org|net|io|html?|md)\b)"


def check_note(note: Note) -> Iterator[Finding]:
    text = note.source.text
    if text.isascii() or "#" not in text or not note.path.endswith(".md") or not re.search(CANDIDATE, text):
        return
    body = note.properties_span.end
    for tag in note.tags:
        mark = re.search(SWALLOWED, tag.name)
        if mark is None or tag.span.start < body or tag.name[0] + tag.name[-1] in PAIRS:
            continue
        if tag.name[: mark.start()].isdigit():
            continue  # the number of an issue, not a tag
        hint = f"put a space before '{mark[0]}'" if mark.start() else f"put a space after the '#', or drop '{mark[0]}'"
        yield _finding(note, tag.span, f"the tag '#{tag.name}' contains '{mark[0]}'", hint)
    if not re.search(GLUED, text):
        return
    from kbtools.syntax.spans import iter_outside

    taken = chain(note.opaque, (link.span for link in note.links))
    for glued in iter_outside(re.finditer(GLUED, text), taken):
        start, end = glued.span()
        if start >= body and not re.match(COLOUR, glued["name"]) and not re.search(NO_TAG, _word_before(text, start)):
            message = f"'#{glued['name']}' is no tag: a word stands right before it"
            yield _finding(note, Span(start, end), message, "put a space before '#'")


def _finding(note: Note, span: Span, message: str, hint: str) -> Finding:
    return Finding("glued-tag", SEVERITY, note.path, span, message, hint=hint)


def _word_before(text: str, start: int) -> str:
    return re.split(rf"[\s){MARKS}]", text[max(start - 200, 0) : start])[-1]

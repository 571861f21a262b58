"""A note cannot be read: it is not UTF-8, or larger than the limit.

Obsidian reads notes as UTF-8; text saved by an old editor as GBK or UTF-16 shows as rubbish there, and nothing in such
a file can be checked: no link in it, and no heading that others link to.

Example: a note copied from an archive, in GB18030.

Fix: save it again as UTF-8 (`iconv -f GB18030 -t UTF-8`), split a file that is too large, or add it to `ignore`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kbtools.model import Finding, Note, Span

SEVERITY: Final = "error"
NEEDS: Final = ""


def check_note(note: Note) -> Iterator[Finding]:
    if note.source.problem:
        yield Finding("unreadable-note", SEVERITY, note.path, Span(0, 0), note.source.problem)

"""A block, the part of a snippet it shows, and the code they last agreed on -> which side has changed since. Pure: no disk."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Literal

from kbtools.model import Shown, Snippet
from kbtools.snippets.source import Problem, code_of

Agreed = Mapping[tuple[str, str], str]
"""(note, title) -> digest of the code"""
Moved = Literal["neither", "note", "file", "both", "unknown"]


def what_moved(block: Shown, code: str, agreed: Agreed) -> Moved:
    """Which side has changed since the block and the file's part, whose code is `code`, agreed."""
    if block.code == code:
        return "neither"
    known = agreed.get((block.note, block.title))
    if not block.code or known == digest_of(block.code):
        return "file"  # an empty block asks for the code
    if known is None:
        return "unknown"
    return "note" if known == digest_of(code) else "both"


def explain_moved(block: Shown, moved: Moved) -> Problem:
    """What to say of a block that differs."""
    if not block.code:
        return Problem("the block is empty", "kb sync fills it")
    title = block.title
    choose = "kb sync --prefer note, or --prefer file"
    problems = {
        "note": Problem(f"this block was edited, '{title}' was not", "kb sync writes it to the file"),
        "file": Problem(f"'{title}' was edited, this block was not", "kb sync writes it here"),
        "both": Problem(f"this block and '{title}' were both edited", choose),
        "unknown": Problem(f"this block differs from '{title}', and which was edited is not known", choose),
    }
    return problems[moved]


def find_agreed(shown: Iterable[Shown], snippets: Mapping[str, Snippet], agreed: Agreed) -> Agreed:
    """What is agreed once the blocks that are equal to their parts now are counted in. A note that shows a part twice agrees
    on it when both blocks do: what one of them says is nothing known of the other."""
    now = dict(agreed)
    differing: set[tuple[str, str]] = set()
    for block in sorted(shown, key=lambda block: block.path):
        key, snippet = (block.note, block.title), snippets.get(block.path)
        if snippet is not None and block.code and code_of(snippet.text, block.part) == block.code:
            now[key] = digest_of(block.code)
        else:
            differing.add(key)
    before = {key: agreed[key] for key in differing if key in agreed}
    return {key: digest for key, digest in now.items() if key not in differing} | before


def digest_of(code: str) -> str:
    """The digest by which code is known again."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()[:32]

"""Notes -> the snippets they show; snippet paths -> the proofs that belong to them. Pure: no disk."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from kbtools.model import Fence, Note, NotePath

PYTHON: Final = frozenset({"python", "py", "python3", "py3"})
LINE: Final = re.compile(r"(?P<text>[^\r\n]*+)(?P<end>\r\n|\n|\r|\Z)")
STEP: Final = re.compile(r">|[^>]+")
QUOTE: Final = re.compile(r"[ ]{0,3}>")


@dataclass(frozen=True, slots=True)
class Shown:
    """A block that shows a part of a snippet: `title="path#part"`. `part` is "" for the whole file; `code` has no prefixes."""

    path: str
    part: str
    note: NotePath
    fence: Fence
    code: str

    @property
    def title(self) -> str:
        return f"{self.path}#{self.part}" if self.part else self.path


def find_shown(note: Note, folder: str) -> Iterator[Shown]:
    """The blocks of a note whose title names a file below the snippets `folder`, in order."""
    text = note.source.text
    if not folder or f"{folder}/" not in text:
        return
    for fence in note.fences:
        if fence.title.startswith(f"{folder}/") and is_python(fence):
            path, _, part = fence.title.partition("#")
            yield Shown(path, part.strip(), note.path, fence, read_code(text, fence))


def is_python(fence: Fence) -> bool:
    """Whether a block is Python; `python`, `py`, and pymdownx's `{.python …}`."""
    return fence.lang.strip("{}").removeprefix(".").lower() in PYTHON


def read_code(text: str, fence: Fence) -> str:
    """The code of a block, without the prefixes of lists, quotes and callouts, lines ending in a line feed."""
    body = text[fence.body_span.start : fence.body_span.end]
    lines = [line for line, _ in split_lines(body)]
    return normal("\n".join(strip_prefix(line, fence.prefix) for line in lines)) if fence.prefix else normal("\n".join(lines))


def split_lines(text: str) -> list[tuple[str, str]]:
    """(line, its end) of a text; only CR, LF and CRLF end a line."""
    found = [(match["text"], match["end"]) for match in LINE.finditer(text)]
    return found[:-1] if found and found[-1] == ("", "") else found


def normal(code: str) -> str:
    """Code as it is compared: no blank lines at its end, none of blanks only, one line feed last; "" for none."""
    lines = [line if line.strip() else "" for line, _ in split_lines(code)]
    while lines and not lines[-1]:
        lines.pop()
    return "\n".join(lines) + "\n" if lines else ""


def strip_prefix(line: str, prefix: str) -> str:
    """A body line without what its fence's line has before the marks; a list's marker is as wide as its blanks."""
    if line.startswith(prefix):
        return line[len(prefix) :]
    for step in STEP.findall(prefix):
        if step == ">":
            quote = QUOTE.match(line)
            line = line[quote.end() :] if quote else line
            continue
        line = line[min(len(step), len(line) - len(line.lstrip(" "))) :]
    return line


def add_prefix(line: str, prefix: str) -> str:
    """A body line as it stands in the note."""
    blanks = "".join(char if char in "> \t" else " " for char in prefix)
    return blanks + line if line else blanks.rstrip()


def is_tidy(path: str, folder: str) -> bool:
    """Whether a title's path is a plain path of a Python file inside the snippets folder."""
    pieces = path.split("/")
    return path.startswith(f"{folder}/") and path.endswith(".py") and not {"", ".", ".."} & set(pieces) and "\\" not in path


def is_part_of_others(path: str) -> bool:
    """Whether a file is shared by snippets rather than one: its name begins with `_`."""
    return path.rsplit("/", 1)[-1].startswith("_")


def find_proofs(paths: Iterable[str], existing: Collection[str], *, snippets: str, proofs: str) -> dict[str, str]:
    """Where the proof of each snippet is or should be: snippets/a/b.py is proven by proofs/test_b.py, or by
    proofs/a/test_b.py where that exists or another snippet is named b.py."""
    paths = list(paths)
    names = [path.rsplit("/", 1)[-1] for path in paths]
    found = {}
    for path, name in zip(paths, names, strict=True):
        below = path.removeprefix(f"{snippets}/")[: -len(name)]
        nested, flat = f"{proofs}/{below}test_{name}", f"{proofs}/test_{name}"
        found[path] = nested if nested in existing or names.count(name) > 1 else flat
    return found

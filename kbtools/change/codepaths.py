"""A snippet and where it goes -> the titles in notes, the imports in code, and the name of its proof, that go with it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import NamedTuple

from kbtools.change.edits import Edit, apply_edits
from kbtools.lines import LINE_END
from kbtools.model import Note


class Moved(NamedTuple):
    """Files that move, the new texts of files by old path, and (path, why) of what cannot be rewritten."""

    moves: dict[str, str]
    texts: dict[str, str]
    trouble: list[tuple[str, str]]


def find_titles(note: Note, text: str, src: str, dst: str) -> tuple[Edit, ...]:
    """The edits of a note whose fences show the snippet."""
    edits = []
    for fence in note.fences:
        if fence.title.partition("#")[0] != src:
            continue
        at = text.find(src, fence.span.start, fence.body_span.start)
        if at >= 0:
            edits.append(Edit(at, at + len(src), dst))
    return tuple(edits)


def plan(src: str, dst: str, files: Mapping[str, str], proof: str) -> Moved:
    """What moves and changes among the project's Python files (texts by path)."""
    moved = Moved({src: dst}, {}, [])
    old_name, new_name = PurePosixPath(src).stem, PurePosixPath(dst).stem
    if proof in files and old_name != new_name:
        new_proof = str(PurePosixPath(proof).with_name(f"test_{new_name}.py"))
        if new_proof in files:
            moved.trouble.append((proof, f"'{new_proof}' is there already"))
        moved.moves[proof] = new_proof
    old, new = _module(src), _module(dst)
    for path, text in files.items():
        if old_name not in text:
            continue
        try:
            edits = list(_iter_imports(text, old, new))
        except SyntaxError:
            moved.trouble.append((path, "it does not compile, so its imports cannot be followed"))
            continue
        except ValueError as error:
            moved.trouble.append((path, str(error)))
            continue
        if edits:
            moved.texts[path] = apply_edits(text, edits)
    return moved


def _module(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".")


def _iter_imports(text: str, old: str, new: str) -> Iterator[Edit]:
    """The edits of one file; raises ValueError for an import that has no plain new form, SyntaxError for what is no Python."""
    package, _, name = old.rpartition(".")
    new_package, _, new_name = new.rpartition(".")
    starts = [0, *(found.end() for found in LINE_END.finditer(text))]

    def offset(line: int, column: int) -> int:
        """Where a place of the syntax tree, which counts bytes, lies in the text."""
        rest = text[starts[line - 1] : starts[line - 1] + column]
        return starts[line - 1] + len(rest.encode()[:column].decode("utf-8", "ignore"))

    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == old:
                    if alias.asname is None:
                        raise ValueError(f"line {node.lineno}: 'import {old}' is used by its whole name")
                    at = offset(alias.lineno, alias.col_offset)
                    yield Edit(at, at + len(old), new)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module in (old, package):
            start = offset(node.lineno, node.col_offset)
            if node.module == old:
                at = text.index(old, start)
                yield Edit(at, at + len(old), new)
                continue
            named = [alias for alias in node.names if alias.name == name]
            if not named:
                continue
            if len(node.names) > 1 and package != new_package:
                raise ValueError(f"line {node.lineno}: '{name}' is imported together with others")
            at = offset(named[0].lineno, named[0].col_offset)
            kept = f" as {name}" if named[0].asname is None and new_name != name else ""
            if new_name != name:
                yield Edit(at, at + len(name), new_name + kept)
            if package != new_package:
                at = text.index(package, start)
                yield Edit(at, at + len(package), new_package)

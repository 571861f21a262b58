"""Blocks that name a snippet that does not exist -> its text, or why there can be none. Pure: no disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kbtools.model import Shown, Snippet
from kbtools.snippets.find import is_snippet
from kbtools.snippets.source import Problem, code_of, find_part, parse


@dataclass(frozen=True, slots=True)
class Misfit:
    """The block because of which no file can be made."""

    block: Shown
    problem: Problem


def explain_path(path: str) -> Problem | None:
    """Why a path that a title gives can be no snippet's; None when it can."""
    folder, _, name = path.rpartition("/")
    if is_snippet(path, folder.split("/")[0]):
        return None
    if {".", "..", ""} & set(path.split("/")) or "\\" in path:
        return Problem(f"'{path}' is no plain path", "write it without '.', '..' and '//'")
    if not name.endswith(".py"):
        return Problem(f"'{path}' is no Python file", "a snippet's name ends in .py")
    return Problem(f"'{path}' is shared by snippets and none itself", "show a snippet, or give it another name")


def find_twins(blocks: Sequence[Shown], snippets: Mapping[str, Snippet]) -> list[str]:
    """The snippets that have the code of all blocks under the same names."""

    def has_all(text: str) -> bool:
        return all(code_of(text, block.part) == block.code for block in blocks)

    return [path for path, snippet in snippets.items() if blocks and has_all(snippet.text)]


def join_blocks(blocks: Sequence[Shown]) -> str | Misfit:
    """A text in which every block's part is found with the block's code: the blocks' code in their order, a name that the
    code does not define as a region."""
    text = ""
    for block in sorted(blocks, key=lambda block: (bool(block.part), "." in block.part)):
        grown = _append(text, block)
        if isinstance(grown, Problem):
            return Misfit(block, grown)
        text = grown
    for block in blocks:
        if code_of(text, block.part) != block.code:
            return Misfit(block, Problem("another block that shows the same file does not fit", "make them agree"))
    return text


def _append(text: str, block: Shown) -> str | Problem:
    there = code_of(text, block.part) if text else None
    if there == block.code:
        return text
    if there is not None:
        return Problem(f"another block that shows '{block.title}' differs", "make them equal")
    alone = not block.part or code_of(block.code, block.part) is not None
    if not alone and "." in block.part:
        return Problem(f"no block shows the class of '{block.title}'", "show the class too")
    code = block.code if alone else f"# region {block.part}\n{block.code}# endregion\n"
    grown = f"{text}\n\n{code}" if text else code
    tree, part = parse(grown), find_part(grown, block.part)
    if isinstance(tree, Problem):
        return Problem(f"the block {tree.message}", "mend it", tree.line)
    if isinstance(part, Problem) or part.code != block.code:
        return Problem(f"the block is more than '{block.part}'", "show the other lines in a block of their own")
    return grown

"""Notes -> the snippets they show; snippet paths -> the proofs that belong to them. Pure: no disk."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from kbtools.model import Fence, Note, NotePath, Shown, Snippet
from kbtools.snippets.block import is_python, read_code


class File(NamedTuple):
    """A file of the project as it was read. `problem` says why it could not be (its text is then empty)."""

    text: str
    problem: str = ""


def find_shown(note: Note, folder: str) -> Iterator[Shown]:
    """The blocks of a note whose title names a file below the snippets `folder`, in order. The note's text is read only
    when there are any."""
    for fence in note.fences if folder else ():
        if fence.title.startswith(f"{folder}/") and is_python(fence):
            path, _, part = fence.title.partition("#")
            yield Shown(path, part.strip(), note.path, fence, read_code(note.source.text, fence))


def build_snippets(files: Mapping[str, File], shown: Iterable[Shown], *, snippets: str, proofs: str) -> dict[str, Snippet]:
    """The snippets among a project's files (those of the folders `snippets` and `proofs`, by project path), in path order.

    A snippet's `proof` is where its proof is or should be; "" where no folder for proofs is configured.
    """
    blocks: dict[str, list[tuple[NotePath, Fence]]] = {}
    for block in shown:
        blocks.setdefault(block.path, []).append((block.note, block.fence))
    paths = sorted(path for path in files if is_snippet(path, snippets) and not (proofs and path.startswith(f"{proofs}/")))
    where = find_proofs(paths, files, snippets=snippets, proofs=proofs) if proofs else {}
    nothing = File("")
    return {
        path: Snippet(
            path,
            files[path].text,
            where.get(path, ""),
            files.get(where.get(path, ""), nothing).text,
            tuple(blocks.get(path, ())),
            files[path].problem,
        )
        for path in paths
    }


def is_tidy(path: str, folder: str) -> bool:
    """Whether a title's path is a plain path of a Python file inside the snippets folder."""
    pieces = path.split("/")
    return path.startswith(f"{folder}/") and path.endswith(".py") and not {"", ".", ".."} & set(pieces) and "\\" not in path


def is_snippet(path: str, folder: str) -> bool:
    """Whether a file of the project is a snippet: a Python file below `folder` that is neither a conftest.py nor shared by
    snippets (its name then begins with `_`)."""
    name = path.rsplit("/", 1)[-1]
    return bool(folder) and is_tidy(path, folder) and name[0] not in "_." and name != "conftest.py"


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

"""A name -> a snippet and its proof, neither of them done: both say what is to be written, and the proof fails until it is."""

from __future__ import annotations

import keyword
import os
from codecs import BOM_UTF8
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from kbtools.config import Config
from kbtools.errors import KbError
from kbtools.model import NotePath
from kbtools.scanning import kept_folder
from kbtools.snippets.find import is_snippet
from kbtools.snippets.write import Change, write_all

if TYPE_CHECKING:
    from kbtools.vault.snapshot import Snapshot

FUNCTION: Final = '''def {name}(x: Tensor) -> Tensor:
    """x (N, D) -> (N, D)."""
    raise NotImplementedError("write {path}")
'''
SNIPPET: Final = '''"""{name}: what it computes, in a sentence; what its letters mean; where it comes from (paper, equation)."""

from __future__ import annotations

from torch import Tensor


{function}'''
PROOF: Final = '''"""The proof of {path}: compared with what computes the same in another way."""

from __future__ import annotations

import pytest
import torch

from {module} import {name}


def expected_{name}(x):
    """What {name}(x) must be: a library's function, a closed form, a loop over elements, autograd."""
    pytest.fail("{proof}: write expected_{name}, then a broken variant that this proof must notice")


def test_{name}_is_what_is_expected(device, dtype, assert_close):
    x = torch.randn(5, 3, device=device, dtype=dtype)
    assert_close({name}(x), expected_{name}(x))
'''


class NewSnippet(NamedTuple):
    """The paths of a new snippet and its proof in the project, and the block that shows it in a note."""

    path: str
    proof: str
    block: str


def create_snippet(config: Config, vault: Snapshot, written: str, note: NotePath | None) -> NewSnippet:
    """Write a snippet and its proof, and append the block to `note` if there is one: all of it or nothing. Raises KbError."""
    if not config.snippets or not config.proofs:
        missing = "snippets" if not config.snippets else "proofs"
        example = {"snippets": "snippets", "proofs": "tests/snippets"}[missing]
        raise KbError(f"no folder for {missing} is configured", f"name one in kb.toml: {missing} = '{example}'")
    path = _find_path(config, written)
    name = path.rsplit("/", 1)[-1][:-3]
    proof = f"{config.proofs}/test_{name}.py"
    for file in (path, proof):
        if os.path.lexists(config.root / file):
            raise KbError(f"'{file}' is there already", "open it, or choose another name")
    twins = [there for there in vault.snippets if there.rsplit("/", 1)[-1] == f"{name}.py"]
    if twins:
        raise KbError(f"'{twins[0]}' has that name, and a proof is found by it", "choose another name")
    words = {"name": name, "path": path, "proof": proof, "module": path[:-3].replace("/", ".")}
    function = FUNCTION.format(**words)
    block = f'```python title="{path}#{name}"\n{function}```\n'
    changes = [
        Change(config.root / path, None, SNIPPET.format(function=function, **words).encode()),
        Change(config.root / proof, None, PROOF.format(**words).encode()),
    ]
    if note is not None:
        changes.append(_append(config.vault / note, block))
    write_all(changes, kept_folder(config), config.root)
    return NewSnippet(path, proof, block)


def _find_path(config: Config, written: str) -> str:
    """The project path of a snippet that is named `group/name`, or by its path."""
    below = written.strip().replace(os.sep, "/").removeprefix("./").removeprefix(f"{config.snippets}/").removesuffix(".py")
    *groups, name = below.split("/")
    if not groups:
        there = sorted(entry.name for entry in os.scandir(config.root / config.snippets) if _is_group(entry))
        known = f", one of: {', '.join(there)}" if there else ""
        raise KbError(f"'{written}' has no group", f"write GROUP/{name}{known}")
    for part in (*groups, name):
        if not part.isidentifier() or keyword.iskeyword(part) or not part.isascii():
            raise KbError(f"'{part}' is no name for a Python module", "write letters, digits and underscores, such as nn/softmax")
    path = f"{config.snippets}/{'/'.join(groups)}/{name}.py"
    if not is_snippet(path, config.snippets):
        raise KbError(f"'{path}' would be no snippet", "a name that begins with '_' is for what snippets share")
    return path


def _is_group(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir() and entry.name[0] not in "._"


def _append(file: Path, block: str) -> Change:
    """The change of a note that puts a block at its end, a blank line before it, with the note's own line ends."""
    before = file.read_bytes()
    end = b"\r\n" if b"\r\n" in before else b"\n"
    text = before.removeprefix(BOM_UTF8).rstrip()
    gap = end * 2 if text else b""
    kept = before[: len(before) - len(before.removeprefix(BOM_UTF8))]
    return Change(file, before, kept + text + gap + block.encode().replace(b"\n", end))

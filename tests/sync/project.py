"""A small project on disk, and what tests ask of it."""

from __future__ import annotations

from pathlib import Path

from kbtools import app
from kbtools.showing import Synced

FOLDER = "snippets"
CONFIG = 'vault = "notes"\nsnippets = "snippets"\nproofs = "tests/snippets"\n'


def write_project(root: Path, files: dict[str, str | bytes]) -> app.Project:
    """The project of these files and a kb.toml."""
    for path, text in {"kb.toml": CONFIG, "notes/index.md": "", **files}.items():
        put(root, path, text)
    return app.open_project(None, root)


def put(root: Path, path: str, text: str | bytes) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())


def text_of(root: Path, path: str) -> str:
    return (root / path).read_bytes().decode()


def block(title: str, code: str, *, fence: str = "```") -> str:
    return f'{fence}python title="{title}"\n{code}{fence}\n'


def steps(synced: Synced) -> list[tuple[str, str, str]]:
    return [(step.what, step.block.note, step.block.title) for step in synced.plan.steps]


def complaints(synced: Synced) -> list[str]:
    return [f"{finding.path}: {finding.message}" for finding in synced.findings]

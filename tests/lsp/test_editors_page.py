"""docs/editors.md: every configuration it shows can be read, and starts a server that answers."""

from __future__ import annotations

import json
import re
import shutil
import sys
import tomllib
from pathlib import Path

import pytest

from tests.lsp.editor import REPOSITORY, editing

PAGE = (REPOSITORY / "docs" / "editors.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(json|lua|toml)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
LUA_COMMAND = re.compile(r"cmd = \{ ((?:'[^']*'(?:, )?)+) \}")


def commands() -> list[tuple[str, ...]]:
    """The command lines that the page lets editors start."""
    found: list[tuple[str, ...]] = []
    for language, text in BLOCKS:
        if language == "json":
            settings = json.loads(text)
            found.append((settings["glspc.server.command"], *settings["glspc.server.commandArguments"]))
        elif language == "toml":
            server = tomllib.loads(text)["language-server"]["kb"]
            found.append((server["command"], *server["args"]))
        else:
            found += [tuple(re.findall(r"'([^']*)'", listed)) for listed in LUA_COMMAND.findall(text)]
    return found


def test_three_editors_are_configured() -> None:
    assert [language for language, _ in BLOCKS] == ["json", "lua", "lua", "lua", "toml"]
    assert len(commands()) == 4


@pytest.mark.asyncio
@pytest.mark.parametrize("command", sorted(set(commands())))
async def test_what_an_editor_starts_answers(tmp_path: Path, command: tuple[str, ...]) -> None:
    program = shutil.which(command[0], path=str(Path(sys.executable).parent))
    assert program is not None
    vault = {".obsidian/app.json": "{}", "x.md": "[[没有]]\n"}
    async with editing(tmp_path / "vault", vault, command=(program, *command[1:])) as editor:
        editor.open("x.md")
        assert await editor.diagnostics("x.md", bool) == ["nothing is named '没有'"]


@pytest.mark.asyncio
async def test_editors_may_insist_on_saying_stdio(tmp_path: Path) -> None:
    async with editing(tmp_path / "vault", {".obsidian/app.json": "{}", "x.md": "[[没有]]\n"}, "--stdio") as editor:
        editor.open("x.md")
        assert await editor.diagnostics("x.md", bool)

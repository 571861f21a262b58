"""What a command costs before it does anything: the modules it imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.pages import sample_vault
from tests.cli.run import environment, write

HEAVY = {
    "networkx",
    "yaml",
    "torch",
    "numpy",
    "rich",
    "pytest",
    "mkdocs",
    "math_core",
    "hypothesis",
    "multiprocessing",
    "asyncio",
}
SCRIPT = """
import sys
from kbtools.cli.main import main
code = main(sys.argv[1:])
print(*sorted(sys.modules), sep="\\n", file=sys.stderr)
raise SystemExit(code)
"""


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The vault of the examples, without prerequisites."""
    files = {path: text.replace("prerequisites:", "before:") for path, text in sample_vault().items()}
    return write(tmp_path_factory.mktemp("startup") / "vault", files)


def modules_of(vault: Path, *arguments: str) -> set[str]:
    """What is imported once a command has run."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        cwd=vault,
        env=environment(vault.parent / "cache", {}),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return set(done.stderr.decode("utf-8").split("\n"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["check", "--help"],
        ["check"],
        ["check"],  # and once more, with everything remembered
        ["check", "--format", "sarif"],
        ["links", "LSTM"],
        ["links", "--all", "--format", "json"],
        ["backlinks", "LSTM"],
        ["orphans"],
        ["deadends"],
        ["unresolved"],
        ["outline", "LSTM"],
        ["tags"],
        ["rules"],
        ["search", "LSTM"],
        ["completion", "--for", "kb\x1flinks\x1fL"],
        ["new", "x"],
    ],
    ids=str,
)
def test_nothing_heavy_is_imported(vault: Path, arguments: list[str]) -> None:
    imported = {name.partition(".")[0] for name in modules_of(vault, *arguments)}
    assert "kbtools" in imported
    assert sorted(imported & HEAVY) == []


def test_help_reads_no_part_of_kb_but_the_commands(vault: Path) -> None:
    imported = {name for name in modules_of(vault, "--help") if name.startswith("kbtools")}
    beyond = {name for name in imported if not name.startswith("kbtools.cli") and name not in ("kbtools", "kbtools.errors")}
    assert beyond == set()


def test_a_command_imports_no_other_command(vault: Path) -> None:
    commands = {name for name in modules_of(vault, "links", "LSTM") if name.startswith("kbtools.cli.commands.")}
    assert commands == {"kbtools.cli.commands.links"}

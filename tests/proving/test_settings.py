"""A project may have pytest set up as it likes: its proofs are run all the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kbtools.snippets.ini import read_settings
from tests.proving.project import PROOF, check, outcomes_of, pair, proven, put, write_project

PYPROJECT = """
[project]
name = "theirs"
version = "1"

[tool.kb]
vault = "notes"
snippets = "snippets"
proofs = "tests/snippets"

[tool.pytest.ini_options]
addopts = "-x -n 2 --cov=theirs -p no:xdist -p no:kb --strict-markers --maxfail=1 --no-such-option"
testpaths = ["elsewhere"]
pythonpath = ["src"]
filterwarnings = ["error"]
asyncio_default_fixture_loop_scope = "function"
markers = ["theirs: known"]
xfail_strict = true
"""
CONFTEST = """
import pytest


def pytest_addoption(parser):
    parser.addoption("--theirs", action="store_true")


@pytest.fixture
def three(request):
    return 4 if request.config.getoption("--theirs") else 3
"""
THEIR_PROOF = """
import pytest

import helper_beside
from helper_above import six
from theirs import SIX
from snippets.one import twice


@pytest.mark.theirs
def test_twice(three, tmp_path):
    assert twice(three) == SIX == six() == helper_beside.six()


def test_caught(capsys, recwarn):
    print("x")
    assert capsys.readouterr().out == "x\\n"
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_CACHE_DIR", str(tmp_path / "cache"))


def test_settings_count_and_options_do_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "pyproject.toml": PYPROJECT,
        "tests/conftest.py": CONFTEST,
        "tests/helper_above.py": "def six():\n    return 6\n",
        "tests/snippets/helper_beside.py": "def six():\n    return 6\n",
        "src/theirs.py": "SIX = 6\n",
        **pair("one", proof=THEIR_PROOF),
        **pair("two", proof=PROOF.format(name="two") + "    import warnings\n    warnings.warn('theirs')\n"),
        **pair("wrong", "def twice(x):\n    return 0\n"),
    }
    project = write_project(tmp_path, files)
    (tmp_path / "kb.toml").unlink()
    monkeypatch.setenv("PYTEST_ADDOPTS", "--nor-this-one")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    before = {path for path in tmp_path.rglob("*") if "cache" not in path.parts}
    assert proven(project) == {"one": "passed", "two": "error", "wrong": "assertion"}
    assert {path for path in tmp_path.rglob("*") if "cache" not in path.parts} == before, "nothing is left in the project"


MANY_DIFFERENCES = """
import random


def test_numbers():
    one, two = ([random.Random(seed).random() for _ in range(4000)] for seed in (1, 2))
    assert one == two
"""


def test_pytests_long_comparison_on_ci_does_not_hang_a_proof(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    project = write_project(tmp_path, pair("one", proof=MANY_DIFFERENCES))
    assert proven(project) == {"one": "assertion"}


def test_a_conftest_that_fails_is_said(tmp_path: Path) -> None:
    project = write_project(tmp_path, {**pair("one"), "tests/conftest.py": "import no_such_module\n"})
    outcome = outcomes_of(check(project))["one"]
    assert outcome.reason == "error"
    assert "No module named 'no_such_module'" in outcome.detail.partition("\n")[0]


def test_without_pytest_kb_says_what_to_install(tmp_path: Path) -> None:
    write_project(tmp_path / "project", pair("one"))
    import networkx
    import yaml

    import kbtools

    links = tmp_path / "links"
    links.mkdir()
    for module in (networkx, yaml, kbtools):
        folder = Path(str(module.__file__)).parent
        (links / folder.name).symlink_to(folder)
    code = f"import sys; sys.path.append({str(links)!r}); from kbtools.cli.main import main; sys.exit(main(sys.argv[1:]))"

    def kb(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-S", "-c", code, *arguments]
        return subprocess.run(command, cwd=tmp_path / "project", capture_output=True, text=True)

    done = kb("check")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "pytest is not installed" in done.stderr
    assert "pip install 'kbtools[snippets]'" in done.stderr
    assert kb("check", "--no-run").returncode == 0


@pytest.mark.parametrize(
    ("file", "text", "paths"),
    [
        ("pytest.ini", "[pytest]\npythonpath = a b\n", ("a", "b")),
        ("tox.ini", "[tox]\n[pytest]\npythonpath = a\n", ("a",)),
        ("setup.cfg", "[tool:pytest]\npythonpath =\n    a\n    b\n", ("a", "b")),
        ("pyproject.toml", "[tool.pytest.ini_options]\npythonpath = ['a']\n", ("a",)),
        ("pyproject.toml", "[tool.pytest]\npythonpath = ['a']\n", ("a",)),
        ("pytest.toml", "[pytest]\npythonpath = ['a']\n", ("a",)),
    ],
)
def test_settings_are_read_where_pytest_reads_them(file: str, text: str, paths: tuple[str, ...], tmp_path: Path) -> None:
    put(tmp_path, file, text)
    found = read_settings(tmp_path)
    assert (found.file, found.paths) == (str(tmp_path / file), paths)


@pytest.mark.parametrize("text", ["", "[tool.black]\n", "[tool\n", "[tool.pytest]\nini_options = 3\n", "tool = 3\n"])
def test_a_pyproject_without_settings_is_none(text: str, tmp_path: Path) -> None:
    put(tmp_path, "pyproject.toml", text)
    assert read_settings(tmp_path).paths == ()

"""The plugin in the hands of somebody who runs pytest: the tests of a project with snippets, with and without xdist."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.proving.project import pair, write_project

CHANGES = "import os\nos.chdir('/')\nos.environ['CHANGED'] = '1'\nimport random\nrandom.seed(7)\n"
FILES = {
    **pair("right"),
    **pair("fails_alone", "def twice(x):\n    return 2 * x\n\n\nif __name__ == '__main__':\n    open('no such file')\n"),
    **pair(
        "asks_network",
        "import socket\n\n\nif __name__ == '__main__':\n    socket.create_connection(('192.0.2.1', 80), 1)\n",
        "def test_it(): ...\n",
    ),
    "tests/snippets/test_a_changes.py": f"def test_changes():\n    {CHANGES.strip().replace(chr(10), chr(10) + '    ')}\n",
    "tests/snippets/test_b_clean.py": (
        "import os, random\n\n\ndef test_clean():\n"
        "    assert os.path.exists('kb.toml') and 'CHANGED' not in os.environ\n"
        "    assert random.random() == 0.8444218515250481, 'the seed is 0'\n"
    ),
    "tests/snippets/test_exits.py": "import sys\nsys.exit(0)\n",
    "tests/snippets/test_forks.py": (
        "import os, time\n\n\ndef test_forks():\n    if os.fork():\n        time.sleep(0.5)\n\n\ndef test_after(): ...\n"
    ),
    "tests/other/test_other.py": "def test_other(): ...\n",
    "snippets/_part.py": "raise ImportError('a part is not run by itself')\n",
}


def run_pytest(root: Path, *arguments: str, **environment: str) -> tuple[dict[str, str], str]:
    """(outcome by node id, everything that was printed)."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-v",
        "-p",
        "no:cacheprovider",
        "--color=no",
        "--continue-on-collection-errors",
        *arguments,
    ]
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, env={**env, **environment}, timeout=120)
    lines = re.findall(
        r"^(?:\[gw\d\] \[ *\d+%\] )?(?:(PASSED|FAILED|SKIPPED|ERROR) )?(\S+::\S+|\S+\.py)(?: (PASSED|FAILED|SKIPPED|ERROR))?",
        done.stdout,
        re.MULTILINE,
    )
    return {node: before or after for before, node, after in lines if before or after}, done.stdout + done.stderr


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plain")
    write_project(folder, FILES)
    return folder


@pytest.mark.parametrize("workers", ["0", "2"])
def test_plain_pytest_proves_too(workers: str, root: Path) -> None:
    found, printed = run_pytest(root, "-n", workers, KB_DEVICE="cpu")
    assert found == {
        "snippets/right.py::runs": "PASSED",
        "snippets/fails_alone.py::runs": "FAILED",
        "snippets/asks_network.py::runs": "FAILED",
        "tests/snippets/test_right.py::test_twice": "PASSED",
        "tests/snippets/test_fails_alone.py::test_twice": "PASSED",
        "tests/snippets/test_asks_network.py::test_it": "PASSED",
        "tests/snippets/test_a_changes.py::test_changes": "PASSED",
        "tests/snippets/test_b_clean.py::test_clean": "PASSED",
        "tests/snippets/test_forks.py::test_forks": "PASSED",
        "tests/snippets/test_forks.py::test_after": "PASSED",
        "tests/other/test_other.py::test_other": "PASSED",
        "tests/snippets/test_exits.py": "ERROR",
    }
    assert "it exits with status 0 while it is imported" in printed
    assert "a snippet reaches no network, and this one asked for '192.0.2.1'" in printed
    assert "No such file or directory: 'no such file'" in printed


def test_a_proof_named_alone_brings_its_snippet(root: Path) -> None:
    found, _ = run_pytest(root, "-n", "0", "tests/snippets/test_right.py", KB_DEVICE="cpu")
    assert found == {"tests/snippets/test_right.py::test_twice": "PASSED", "snippets/right.py::runs": "PASSED"}


def test_a_missing_gpu_skips_or_fails(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    write_project(tmp_path, pair("one", proof="def test_one(device): ...\n"))
    proof = "tests/snippets/test_one.py::test_one"
    arguments = ("-n", "0", "tests")
    assert run_pytest(tmp_path, *arguments, CUDA_VISIBLE_DEVICES="")[0][f"{proof}[cuda]"] == "SKIPPED"
    required = run_pytest(tmp_path, *arguments, CUDA_VISIBLE_DEVICES="", KB_REQUIRE_CUDA="1")[0]
    assert (required[f"{proof}[cpu]"], required[f"{proof}[cuda]"]) == ("PASSED", "ERROR")


def test_a_wrong_device_is_said(root: Path) -> None:
    _, printed = run_pytest(root, "-n", "0", KB_DEVICE="tpu")
    assert "KB_DEVICE is 'tpu' (it takes auto, cpu or cuda)" in printed

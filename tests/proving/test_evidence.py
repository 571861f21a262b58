"""What is proven stays proven until something it rests on changes, and kb says what that was."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kbtools import app
from kbtools.snippets import evidence
from tests.proving.project import PROOF, check, outcomes_of, pair, proven, put, write_project


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KB_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def why(project: app.Project) -> dict[str, str]:
    """Why each snippet ran again; snippets that did not are left out."""
    return {name: outcome.why for name, outcome in outcomes_of(check(project)).items() if not outcome.cached}


USES_PART = "from snippets._parts import factor\n\n\ndef twice(x):\n    return factor() * x\n"


@pytest.fixture
def project(tmp_path: Path) -> app.Project:
    files = {
        **pair("plain"),
        **pair("parted", USES_PART),
        "snippets/_parts.py": "from ._deeper import TWO\n\n\ndef factor():\n    return TWO\n",
        "snippets/_deeper.py": "TWO = 2\n",
        **pair("late", "import importlib\n\n\ndef twice(x):\n    return importlib.import_module('snippets._late').TWO * x\n"),
        "snippets/_late.py": "TWO = 2\n",
        **pair(
            "data",
            "from pathlib import Path\n\n\ndef twice(x):\n    return int(Path(__file__).with_name('two.txt').read_text()) * x\n",
        ),
        "snippets/two.txt": "2",
        **pair(
            "helped",
            proof=PROOF.replace("6", "six()").format(name="helped") + "\n\nfrom helpers import six\n",
        ),
        "tests/snippets/helpers.py": "def six():\n    return 6\n",
    }
    return write_project(tmp_path / "project", files)


def test_what_changed_is_proven_again_and_nothing_else(project: app.Project, tmp_path: Path) -> None:
    root = tmp_path / "project"
    every = {"plain", "parted", "late", "data", "helped"}
    assert proven(project) == dict.fromkeys(every, "passed")
    assert proven(project) == dict.fromkeys(every, "passed (cached)")

    put(root, "snippets/plain.py", "def twice(x):\n    return x + x\n")
    put(root, "snippets/_deeper.py", "TWO = 1 + 1\n")
    put(root, "snippets/_late.py", "TWO = 1 + 1\n")
    put(root, "snippets/two.txt", "2\n")
    put(root, "tests/snippets/helpers.py", "def six():\n    return 3 + 3\n")
    assert why(project) == {
        "plain": "it changed",
        "parted": "'snippets/_deeper.py' changed",
        "late": "'snippets/_late.py' changed",
        "data": "'snippets/two.txt' changed",
        "helped": "'tests/snippets/helpers.py' changed",
    }
    assert why(project) == {}

    put(root, "tests/snippets/test_plain.py", PROOF.format(name="plain") + "    assert twice(0) == 0\n")
    assert why(project) == {"plain": "its proof changed"}
    put(root, "tests/conftest.py", "import pytest\n")
    assert set(why(project).values()) == {"'tests/conftest.py' changed"}
    put(root, "pytest.ini", "[pytest]\nxfail_strict = true\naddopts = -q\n")
    assert set(why(project).values()) == {"pytest's settings changed"}
    put(root, "pytest.ini", "[pytest]\nxfail_strict = true\naddopts = -v\n")
    assert why(project) == {}


def test_failures_are_never_remembered(project: app.Project, tmp_path: Path) -> None:
    right = (tmp_path / "project/snippets/plain.py").read_text()
    proven(project)
    put(tmp_path / "project", "snippets/plain.py", "def twice(x):\n    return 3 * x\n")
    assert proven(project)["plain"] == "assertion"
    assert proven(project)["plain"] == "assertion"
    put(tmp_path / "project", "snippets/plain.py", right)
    assert proven(project)["plain"] == "passed (cached)", "what was proven of this text still is"


def test_a_file_that_changes_while_it_is_proven_is_not_proven(tmp_path: Path) -> None:
    moves = "from pathlib import Path\nPath(__file__).with_name('_part.py').write_text('TWO = 2  # new\\n')\n"
    snippet = "from snippets._part import TWO\n\n\ndef twice(x):\n    return TWO * x\n"
    files = {**pair("moving", snippet, PROOF.format(name="moving")), "snippets/_part.py": "TWO = 2\n"}
    files["tests/snippets/test_moving.py"] += (
        f"\n\n{moves.replace('__file__', repr(str(tmp_path / 'project/snippets/moving.py')))}"
    )
    project = write_project(tmp_path / "project", files)
    assert proven(project) == {"moving": "passed"}
    assert proven(project) == {"moving": "passed"}
    assert proven(project) == {"moving": "passed (cached)"}


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"version": 1}', b'{"version": 1, "entries": [{}]}', b"\xff\xfe"])
def test_damaged_memory_is_none(damage: bytes, tmp_path: Path) -> None:
    file = tmp_path / "evidence.json"
    file.write_bytes(damage)
    assert evidence.read_memory(file) == evidence.Memory()


def test_memory_comes_back_as_it_was_written(tmp_path: Path) -> None:
    grounds = evidence.Grounds("snippets/a.py", "tests/test_a.py", {"snippets/a.py": "00"}, {"python": "3.11.7"}, "a processor")
    entry = evidence.Entry("snippets/a.py", "cpu", grounds, 0.5, "2026-11-25")
    file = tmp_path / "deep" / "evidence.json"
    evidence.write_memory(file, evidence.Memory(), proven=[entry], known=["snippets/a.py"])
    assert evidence.read_memory(file).entries == {("snippets/a.py", "cpu"): entry}
    evidence.write_memory(file, evidence.Memory(), proven=[], known=[])
    assert evidence.read_memory(file).entries == {}


def test_two_kb_at_once_lose_nothing(tmp_path: Path) -> None:
    file = tmp_path / "evidence.json"
    names = [f"snippets/{letter}.py" for letter in "abcdefgh"]
    code = (
        "import sys\nfrom pathlib import Path\nfrom kbtools.snippets.evidence import *\n"
        "g = Grounds(sys.argv[2], '', {}, {}, '')\n"
        "write_memory(Path(sys.argv[1]), Memory(), proven=[Entry(sys.argv[2], 'cpu', g, 0.0, '')], known=sys.argv[3:])\n"
    )
    runs = [subprocess.Popen([sys.executable, "-c", code, str(file), name, *names]) for name in names]
    assert [run.wait() for run in runs] == [0] * len(runs)
    assert [path for path, _ in evidence.read_memory(file).entries] == names


GROUNDS = evidence.Grounds("s.py", "t.py", {"s.py": "1", "t.py": "1"}, {"python": "3.11.7", "torch": "2.12.0"}, "GPU 1")


@pytest.mark.parametrize(
    ("versions", "name", "said"),
    [
        ({"python": "3.11.7", "torch": "2.13.0"}, "GPU 1", "torch 2.12.0 is now 2.13.0"),
        ({"python": "3.12.0", "torch": "2.12.0"}, "GPU 1", "python 3.11.7 is now 3.12.0"),
        ({"python": "3.11.7"}, "GPU 1", "torch 2.12.0 is now not installed"),
        ({"python": "3.11.7", "torch": "2.12.0"}, "GPU 2", "the device was 'GPU 1'"),
        ({"python": "3.11.7", "torch": "2.12.0"}, "GPU 1", ""),
    ],
)
def test_versions_and_devices_are_part_of_it(versions: dict[str, str], name: str, said: str) -> None:
    assert evidence.why_again(GROUNDS, evidence.Grounds("s.py", "t.py", GROUNDS.files, versions, name)) == said


def test_moved_proof_is_said() -> None:
    moved = evidence.Grounds("s.py", "u.py", {"s.py": "1", "u.py": "1"}, GROUNDS.versions, "GPU 1")
    assert evidence.why_again(GROUNDS, moved) == "its proof changed"


def test_nothing_heavy_is_imported_when_all_is_fresh(project: app.Project, tmp_path: Path) -> None:
    proven(project)
    code = (
        "import sys\nfrom kbtools.cli.main import main\nmain(['check'])\n"
        "heavy = {'torch', 'numpy', 'pytest', 'subprocess', 'importlib.metadata', 'networkx'} & sys.modules.keys()\n"
        "print('heavy:', sorted(heavy))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path / "project", capture_output=True, text=True, check=True)
    assert "5 passed on cpu (5 from the cache)" in done.stdout
    assert "heavy: []" in done.stdout


# ------------------------------------------------------------------------------------------------ what travels


def record(root: Path) -> dict[str, object]:
    found = json.loads((root / "snippets/evidence.json").read_text())
    assert isinstance(found, dict)
    return found


@pytest.fixture
def small(tmp_path: Path) -> Iterator[app.Project]:
    yield write_project(tmp_path / "small", {**pair("one"), **pair("two"), **pair("wrong", "def twice(x):\n    return 0\n")})


def test_record_is_stable_and_keeps_what_others_wrote(small: app.Project, tmp_path: Path) -> None:
    file = tmp_path / "small/snippets/evidence.json"
    check(small, record=True)
    first = file.read_bytes()
    rows = json.loads(first)["evidence"]
    assert [(row["path"], row["device"]) for row in rows] == [("snippets/one.py", "cpu"), ("snippets/two.py", "cpu")]
    assert all(set(row) == {"path", "device", "name", "date", "digest", "versions"} for row in rows)
    assert rows[0]["versions"].keys() >= {"python", "pytest"}
    check(small, record=True)
    assert file.read_bytes() == first

    other = {**rows[0], "device": "cuda", "name": "NVIDIA H100 80GB HBM3", "date": "2026-01-01"}
    gone = {**rows[0], "path": "snippets/gone.py"}
    file.write_text(json.dumps({"version": 1, "evidence": [other, gone]}))
    check(small, record=True)
    again = json.loads(file.read_bytes())["evidence"]
    assert again == [rows[0], other, rows[1]]


def test_recorded_evidence_goes_out_of_date_and_stays(small: app.Project, tmp_path: Path) -> None:
    from kbtools.proving import count_evidence, read_record

    root = tmp_path / "small"
    check(small, record=True)
    put(root, "snippets/one.py", "def twice(x):\n    return x + x\n")
    snippets = app.read_snippets(small.config, {})
    states = [(one.path, state) for one, state in read_record(small.config, snippets)]
    assert states == [("snippets/one.py", "out of date"), ("snippets/two.py", "current")]
    assert count_evidence(small.config, snippets) == {"cpu": 1}
    check(small)
    assert count_evidence(small.config, snippets) == {"cpu": 2}
    assert len(json.loads((root / "snippets/evidence.json").read_bytes())["evidence"]) == 2


def test_record_of_another_machine_can_be_checked_here(small: app.Project, tmp_path: Path) -> None:
    from kbtools.proving import count_evidence, read_record
    from kbtools.snippets.evidence import digest_of, read_memory
    from kbtools.vault.cache import cache_folder

    check(small)
    (entry, _) = read_memory(cache_folder(small.config.vault) / "evidence.json").entries.values()
    versions = {"python": "3.13.1", "torch": "2.13.0+cu130"}
    digest = digest_of(entry.grounds.files, versions, "NVIDIA H200")
    row = {"path": "snippets/one.py", "device": "cuda", "name": "NVIDIA H200", "date": "2026-11-01", "digest": digest}
    put(tmp_path / "small", "snippets/evidence.json", json.dumps({"version": 1, "evidence": [{**row, "versions": versions}]}))
    snippets = app.read_snippets(small.config, {})
    assert [state for _, state in read_record(small.config, snippets)] == ["current"]
    assert count_evidence(small.config, snippets) == {"cpu": 2, "cuda": 1}


@pytest.mark.parametrize("damage", ["", "[]", '{"version": 2}', '{"version": 1, "evidence": [{}]}'])
def test_damaged_record_is_not_overwritten(damage: str, small: app.Project, tmp_path: Path) -> None:
    from kbtools.errors import KbError

    put(tmp_path / "small", "snippets/evidence.json", damage)
    with pytest.raises(KbError, match=r"evidence\.json"):
        check(small, record=True)
    assert (tmp_path / "small/snippets/evidence.json").read_text() == damage


def test_recording_without_running_is_refused(small: app.Project) -> None:
    from kbtools.errors import KbError

    with pytest.raises(KbError, match="nothing to record"):
        check(small, record=True, run=False)

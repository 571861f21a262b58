"""What is read off the files without running them: what a proof rests on, whether it uses a device, what its journal says."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from kbtools.snippets.imports import find_names, has_test, imports, may_use_device, mentions
from kbtools.snippets.job import Ending, Job, Setup, read_orders, write_orders
from kbtools.snippets.journal import Event
from kbtools.snippets.judge import judge
from kbtools.snippets.needs import Sources
from tests.proving.project import put

# ------------------------------------------------------------------------------------------------ imports


def test_names_that_a_text_mentions() -> None:
    names = find_names(
        "import a.b, c as d\nfrom e import f\nfrom . import g\nfrom ..h import i\n"
        "import importlib\nimportlib.import_module('j.k')\n__import__('l')\nopen('data/m.csv'); n = 'o p'\n"
    )
    assert {"a.b", "c", "e", "e.f", "importlib", "j.k", "l"} == {name for level, name in names.modules if level == 0}
    assert {(1, ""), (1, "g"), (2, "h"), (2, "h.i")} == {(level, name) for level, name in names.modules if level}
    assert names.strings == ("data/m.csv", "j.k")


@pytest.mark.parametrize("text", ["", "def f(:", "\0", "(" * 5000, "\ufeffimport torch"])
def test_any_text_can_be_read(text: str) -> None:
    assert has_test(text) is False
    assert imports(text, "torch") is ("torch" in text)
    assert may_use_device(text) is False


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def test_a(device): ...", True),
        ("async def test_a(*, device): ...", True),
        ("class TestA:\n    def test_a(self, device): ...", True),
        ("def test_a(theirs): ...", True),
        ("import pytest\n@pytest.mark.usefixtures('device')\ndef test_a(): ...", True),
        ("import pytest\n@pytest.fixture\ndef mine(device): ...\ndef test_a(mine): ...", True),
        ("def test_a(request):\n    request.getfixturevalue('device')", True),
        ("import pytest\n@pytest.mark.parametrize('device', ['cpu', 'cuda'])\ndef test_a(device): ...", True),
        ("def test_a(): ...", False),
        ("def test_a(dtype, assert_close, on_meta, tmp_path, monkeypatch, device='cpu'): ...", False),
        ("def check(device): ...\ndef test_a():\n    check('cpu')", False),
        ("import pytest\n@pytest.mark.parametrize(('n', 'm'), [(1, 2)])\ndef test_a(n, m): ...", False),
        ("import pytest\n@pytest.fixture\ndef mine(): ...\ndef test_a(mine): ...", False),
        ("# device\ndevice = 'device'\ndef test_a(): ...", False),
    ],
)
def test_whether_a_proof_may_use_a_device(code: str, expected: bool) -> None:
    assert may_use_device(code) is expected


def test_mentioning_is_importing_or_naming() -> None:
    assert mentions("from snippets.nn import losses", "losses")
    assert mentions("from snippets.nn.losses import mse", "losses")
    assert mentions("run('snippets/nn/losses.py')", "losses")
    assert not mentions("from snippets.nn import gains  # losses", "losses")


# ------------------------------------------------------------------------------------------------ needs


def test_files_and_modules_that_a_proof_rests_on(tmp_path: Path) -> None:
    files = {
        "snippets/a/one.py": "from . import _near\nfrom ..b import two\nimport numpy.linalg, os",
        "snippets/a/_near.py": "",
        "snippets/b/two.py": "import snippets.b._deep",
        "snippets/b/_deep.py": "from snippets.a import one  # round and round",
        "snippets/b/__init__.py": "",
        "snippets/unused.py": "",
        "tests/conftest.py": "import fixtures_of_ours",
        "tests/fixtures_of_ours.py": "import pytest",
        "tests/snippets/test_one.py": "import beside, yaml\nDATA = 'tests/data.csv'",
        "tests/snippets/beside.py": "OTHER = 'other.txt'",
        "tests/snippets/other.txt": "x",
        "tests/data.csv": "1",
        "conftest.py": "",
        "lib/far.py": "",
    }
    for path, text in files.items():
        put(tmp_path, path, text)
    needs = Sources(tmp_path, {}, ["lib"]).needs_of("snippets/a/one.py", "tests/snippets/test_one.py")
    assert set(needs.files) == set(files) - {"snippets/unused.py", "lib/far.py"}
    assert needs.modules >= {"numpy", "yaml", "pytest"}
    assert "os" not in needs.modules


def test_what_is_remembered_of_a_file_is_not_parsed_again(tmp_path: Path) -> None:
    put(tmp_path, "a.py", "import b")
    put(tmp_path, "b.py", "")
    first = Sources(tmp_path, {})
    first.needs_of("a.py", "")
    again = Sources(tmp_path, {digest: names for digest, names in first.names.items() if names.modules})
    assert set(again.needs_of("a.py", "").files) == {"a.py", "b.py"}
    assert again.names == first.names


def test_a_proof_that_is_not_there_is_left_out(tmp_path: Path) -> None:
    put(tmp_path, "a.py", "")
    sources = Sources(tmp_path, {})
    assert set(sources.needs_of("a.py", "tests/test_a.py").files) == {"a.py"}
    assert not sources.has("tests/test_a.py")
    assert not sources.has("")


# ------------------------------------------------------------------------------------------------ judging


def told(*events: Event, device: str = "cuda", **ending: object) -> tuple[str, str, str]:
    job = Job(0, "proof", "tests/test_a.py", device, "/nowhere")
    facts = {"status": 0, "seconds": 1.0, **ending}
    verdict = judge(job, events, Ending(**facts), root="/project", snippet="a.py")  # type: ignore[arg-type]
    return verdict.status, verdict.reason, verdict.cause


NODE = "tests/test_a.py::test_a"
START = {"event": "start", "nodeid": NODE}
PASS = {"event": "result", "nodeid": NODE, "when": "call", "outcome": "passed"}
DONE = {"event": "finished", "code": 0}, {"event": "gone"}


def test_verdicts_that_no_test_can_bring_about_here() -> None:
    assert told({"event": "no_gpu"}, *DONE) == ("skipped", "no CUDA device", "")
    assert told({"event": "finished", "code": 5}, {"event": "gone"})[:2] == ("skipped", "no test of its proof asks for a device")
    assert told(START, PASS, *DONE)[:2] == ("passed", "")
    assert told(START, status=-9, out_of_memory=True)[1] == "memory"
    assert told(START, status=-9)[1] == "crash"
    assert told(START, status=-6, output="terminate called after throwing an instance of 'std::bad_alloc'")[1] == "memory"
    assert told(START, PASS, *DONE, status=-11) == ("failed", "crash", "SIGSEGV ended it, while its process ended")
    assert told(START, PASS, killed="bound")[1] == "timeout"


def test_the_first_failure_is_the_one_that_is_told() -> None:
    fails = {**PASS, "outcome": "failed", "reason": "assertion", "cause": "AssertionError: no", "detail": "", "frames": []}
    assert told(START, fails, START, status=-11) == ("failed", "assertion", "test_a: AssertionError: no")


def test_orders_arrive_as_they_were_written() -> None:
    setup = Setup("/项目", 60.0, 1 << 32, 2, ("torch",), "/项目/pytest.ini", stays=False)
    jobs = [Job(0, "proof", "tests/test_甲.py", "cpu", "/tmp/0"), Job(1, "alone", "甲.py", "cpu", "/tmp/1")]
    assert read_orders(write_orders(setup, jobs)) == (setup, jobs)


def test_a_dump_is_shown_as_far_as_it_is_the_projects() -> None:
    output = dedent(
        """
        much that was printed
        Fatal Python error: Segmentation fault

        Current thread 0x00007f1f55ba66c0 (most recent call first):
          File "/usr/lib/python3.11/ctypes/__init__.py", line 519 in string_at
          File "/project/a.py", line 3 in inner
          File "/project/a.py", line 3 in inner
          File "/project/.venv/lib/python3.11/site-packages/torch/x.py", line 1 in call
          File "/project/tests/test_a.py", line 7 in test_a

        Extension modules: numpy (total: 1)
        """
    )
    job = Job(0, "proof", "tests/test_a.py", "cpu", "/nowhere")
    verdict = judge(job, [START], Ending(-11, 1.0, output=output), root="/project", snippet="a.py")
    assert (verdict.line, verdict.place) == (3, "a.py:3")
    assert verdict.detail.splitlines() == [
        "Fatal Python error: Segmentation fault",
        "Current thread 0x00007f1f55ba66c0 (most recent call first):",
        '  File "a.py", line 3 in inner',
        '  File "tests/test_a.py", line 7 in test_a',
    ]

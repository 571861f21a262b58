"""The pipeline over a folder: whatever was edited, however oddly, and whatever became of the cache, the answer is what a
first look would give; and no file, however strange, stops it."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from kbtools import app
from kbtools.model import Report
from kbtools.vault import cache

TICK_NS = 30_000_000
"""Our file systems tell changes apart that are 10 ms from each other; so tests need not wait for the two seconds of FAT."""


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "RACY_NS", TICK_NS)


def lay(root: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def settle() -> None:
    time.sleep(1.5 * TICK_NS / 1e9)


def check(root: Path) -> Report:
    return app.check(app.open_project(str(root), root), app.Request(run=False))


def answer(root: Path) -> tuple[object, ...]:
    """All that a check and a scan say of a vault."""
    report = check(root)
    snapshot = app.scan(app.open_project(str(root), root))
    files = (snapshot.paths, snapshot.attachments)
    return (report.findings, report.notes, report.links, files, tuple(snapshot.iter_edges()))


def fresh_answer(root: Path) -> tuple[object, ...]:
    """The same, by somebody who has never seen the vault."""
    before = os.environ["KB_CACHE_DIR"]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["KB_CACHE_DIR"] = folder
        try:
            return answer(root)
        finally:
            os.environ["KB_CACHE_DIR"] = before


def findings(root: Path) -> list[tuple[str, str, str]]:
    return [(found.rule, found.path, found.message) for found in check(root).findings]


# ------------------------------------------------------------------------------------------------ the cache is used


def count_reads() -> list[str]:
    """The paths of the notes that are opened from now on."""
    read: list[str] = []

    def listen(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str) and arguments[0].endswith(".md"):
            read.append(os.path.basename(arguments[0]))

    sys.addaudithook(listen)  # cannot be taken back: it only costs a comparison
    return read


def test_an_unchanged_vault_is_not_read_again(tmp_path: Path) -> None:
    root = lay(tmp_path / "v", {"a.md": "[[b]] [[gone]]", "b.md": "", "p.png": ""})
    settle()
    read = count_reads()
    first = answer(root)
    assert sorted(set(read)) == ["a.md", "b.md"]
    read.clear()
    assert answer(root) == first
    assert read == []
    lay(root, {"b.md": "[[nobody]]"})
    assert answer(root) != first
    assert "b.md" in read


def test_one_changed_note_costs_one_note(tmp_path: Path) -> None:
    root = lay(tmp_path / "v", {f"{n}.md": "fine" for n in range(10)})
    settle()
    check(root)
    lay(root, {"3.md": "also fine"})
    read = count_reads()
    check(root)
    assert read == ["3.md"]


def test_a_note_as_young_as_the_scan_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "RACY_NS", 10**12)
    root = lay(tmp_path / "v", {"a.md": "fine"})
    check(root)
    read = count_reads()
    check(root)
    assert read == ["a.md"]


# ------------------------------------------------------------------------------------------------ the cache is never wrong

NOTES = ("a.md", "b.md", "d/a.md", "d/c.md", "out.md", "x.canvas")
CONTENTS = ("[[a]]", "[[b]]", "[[c]]", "[[d]]", "#[[a", "$$$$$", "[[a#h]]\n# h", '---\nup: "[[b]]"\n---\n', "")
SETTINGS = (None, '{"userIgnoreFilters": ["d/"]}', '{"userIgnoreFilters": ["a"]}', "{")
CONFIGS = (None, "", "ignore = ['b.md']", "max-note = 5", "aliases-resolve = true", "[rules]\norphan-note = 'error'")
MANGLE: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda data: data[: len(data) // 2],
    "emptied": lambda data: b"",
    "first half lost": lambda data: data[len(data) // 2 :],
    "zeroed": lambda data: bytes(len(data)),
    "reversed": lambda data: data[::-1],
    "a byte in the middle": lambda data: data[: len(data) // 2] + b"\xff" + data[len(data) // 2 + 1 :],
    "grown": lambda data: data + data,
}


class Editing(RuleBasedStateMachine):
    """Edits of every kind between looks at the vault; `out` is a folder that a note and a folder link to."""

    @initialize()
    def start(self) -> None:
        self.base = Path(tempfile.mkdtemp(prefix="kb-editing-"))
        os.environ["KB_CACHE_DIR"] = str(self.base / "cache")
        self.root = lay(self.base / "v", {"a.md": "[[b]]", "b.md": "", "d/a.md": "[[gone]]", "p.png": ""})
        self.out = lay(self.base / "out", {"note.md": "[[a]]", "more/far.md": "[[p.png]]"})
        (self.root / "out.md").symlink_to(self.out / "note.md")
        (self.root / "far").symlink_to(self.out / "more")

    def teardown(self) -> None:
        if hasattr(self, "base"):
            shutil.rmtree(self.base)

    @rule()
    def wait(self) -> None:
        settle()

    @rule(name=st.sampled_from(NOTES), content=st.sampled_from(CONTENTS))
    def write(self, name: str, content: str) -> None:
        lay(self.root, {name: content})

    @rule(name=st.sampled_from(NOTES), content=st.sampled_from(CONTENTS))
    def write_unseen(self, name: str, content: str) -> None:
        """Put back what can be put back: the time of modification."""
        path = self.root / name
        before = path.stat() if path.exists() else None
        lay(self.root, {name: content})
        if before is not None:
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    @rule(name=st.sampled_from(NOTES), content=st.sampled_from(CONTENTS))
    def replace(self, name: str, content: str) -> None:
        """As editors save: a new file takes the place of the old one."""
        new = self.base / "new"
        new.write_text(content)
        (self.root / name).parent.mkdir(exist_ok=True)
        os.replace(new, self.root / name)

    @rule(name=st.sampled_from(NOTES), ahead=st.sampled_from([-(10**9), 0, 3600, 10**9]))
    def touch(self, name: str, ahead: int) -> None:
        if (self.root / name).exists():
            os.utime(self.root / name, (time.time() + ahead,) * 2)

    @rule(one=st.sampled_from(NOTES), other=st.sampled_from(NOTES))
    def swap(self, one: str, other: str) -> None:
        first, second = self.root / one, self.root / other
        if first.exists() and second.exists() and one != other:
            os.rename(first, self.base / "aside")
            os.rename(second, first)
            os.rename(self.base / "aside", second)

    @rule(name=st.sampled_from((*NOTES, "p.png")))
    def delete(self, name: str) -> None:
        (self.root / name).unlink(missing_ok=True)

    @rule(name=st.sampled_from(["p.png", "d/q.png", "c"]))
    def attach(self, name: str) -> None:
        lay(self.root, {name: ""})

    @rule(content=st.sampled_from(CONTENTS))
    def edit_behind_a_link(self, content: str) -> None:
        lay(self.out, {"note.md": content, "more/far.md": content})

    @rule()
    def rename_a_folder(self) -> None:
        here, there = self.root / "d", self.root / "e"
        for before, after in ((here, there), (there, here)):
            if before.is_dir() and not after.exists():
                os.rename(before, after)
                return

    @rule(text=st.sampled_from(SETTINGS))
    def set_obsidian(self, text: str | None) -> None:
        (self.root / ".obsidian" / "app.json").unlink(missing_ok=True)
        if text is not None:
            lay(self.root, {".obsidian/app.json": text})

    @rule(text=st.sampled_from(CONFIGS))
    def configure(self, text: str | None) -> None:
        (self.root / "kb.toml").unlink(missing_ok=True)
        if text is not None:
            lay(self.root, {"kb.toml": text})

    @rule(how=st.sampled_from(sorted(MANGLE)))
    def damage_the_cache(self, how: str) -> None:
        for file in (self.base / "cache").glob("*/vault.cache"):
            file.write_bytes(MANGLE[how](file.read_bytes()))

    @rule()
    def lose_the_cache(self) -> None:
        shutil.rmtree(self.base / "cache", ignore_errors=True)

    @invariant()
    def the_answer_is_a_first_looks(self) -> None:
        if hasattr(self, "base"):
            assert answer(self.root) == fresh_answer(self.root)


@pytest.mark.slow
def test_the_cache_is_never_wrong() -> None:
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        Editing,
        settings=settings(max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]),
    )


def test_a_cache_damaged_at_any_place_changes_no_answer(tmp_path: Path) -> None:
    root = lay(tmp_path / "v", {f"{n}.md": f"[[{n + 1}]] [[gone]]" for n in range(8)})
    settle()
    expected = answer(root)
    (file,) = (tmp_path / "cache").glob("*/vault.cache")
    data = file.read_bytes()
    for at in range(0, len(data), 41):
        file.write_bytes(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :])
        assert answer(root) == expected
        file.write_bytes(data[:at])
        assert answer(root) == expected


def test_another_vaults_cache_is_none(tmp_path: Path) -> None:
    one = lay(tmp_path / "one", {"a.md": "[[gone]]"})
    two = lay(tmp_path / "two", {"a.md": "[[lost]]"})
    settle()
    for root in (one, two):
        check(root)
    first, second = (tmp_path / "cache").glob("*/vault.cache")
    shutil.copy(first, tmp_path / "aside")
    shutil.copy(second, first)
    shutil.copy(tmp_path / "aside", second)
    assert findings(one) == [("broken-link", "a.md", "nothing is named 'gone'")]
    assert findings(two) == [("broken-link", "a.md", "nothing is named 'lost'")]


def test_without_a_place_for_the_cache_all_is_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = lay(tmp_path / "v", {"a.md": "[[gone]]"})
    (tmp_path / "blocked").write_text("a file")
    for place in (tmp_path / "blocked", tmp_path / "blocked" / "x", Path("/proc/nowhere")):
        monkeypatch.setenv("KB_CACHE_DIR", str(place))
        assert len(findings(root)) == 1


def in_a_child(work: Callable[[], object]) -> int:
    pid = os.fork()
    if not pid:
        try:
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return pid


def big_vault(root: Path) -> Path:
    text = "".join(f"[[{n}]] text text text\n" for n in range(30))
    return lay(root, {f"{n}.md": text for n in range(150)})


@pytest.mark.slow
def test_a_run_that_is_killed_leaves_a_cache_that_can_be_used(tmp_path: Path) -> None:
    root = big_vault(tmp_path / "v")
    settle()
    expected = answer(root)
    luck = random.Random(1)
    for number in range(15):
        lay(root, {"0.md": f"[[gone {number}]]"})
        expected = fresh_answer(root)

        def work() -> None:
            while True:
                os.utime(root / "1.md")  # so that there is something to remember
                check(root)

        pid = in_a_child(work)
        time.sleep(luck.uniform(0.001, 0.06))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        assert answer(root) == expected
        assert answer(root) == expected


def test_runs_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    root = big_vault(tmp_path / "v")
    pids = [in_a_child(lambda: [answer(root) for _ in range(8)]) for _ in range(3)]
    luck = random.Random(2)
    for number in range(20):
        lay(root, {f"{luck.randrange(150)}.md": f"[[gone {number}]] [[{luck.randrange(150)}]]"})
        time.sleep(0.01)
    assert [os.waitpid(pid, 0)[1] for pid in pids] == [0, 0, 0]
    assert answer(root) == fresh_answer(root)
    settle()
    assert answer(root) == fresh_answer(root)
    assert [path.name for path in (tmp_path / "cache").glob("*/*")] == ["vault.cache"]


# ------------------------------------------------------------------------------------------------ nothing stops it


def test_whatever_lies_in_a_vault_there_is_an_answer(tmp_path: Path) -> None:
    not_utf8 = os.fsdecode(b"n\xff.md")
    root = lay(
        tmp_path / "v",
        {
            "utf16.md": "反向".encode("utf-16"),
            "gbk.md": "反向".encode("gb18030"),
            "half.md": b"\xed\xa0\x80",
            "nul.md": b"\0[[a]]\0",
            "empty.md": b"",
            "empty.canvas": b"",
            "bad.canvas": b"{",
            "json5.canvas": b"{nodes: [],}",
            "deep.ipynb": b"[" * 100_000,
            "digits.canvas": b'{"nodes": [{"type": "file", "file": "empty.md", "x": ' + b"9" * 10_000 + b"}]}",
            "half.canvas": b'{"nodes": [{"type": "file", "file": "\\ud800.md"}]}',
            "new\nline\t\x1b[31m.md": b"[[new]]",
            not_utf8: b"[[gone]] [[n]]",
            "x.md/y.md": b"",
        },
    )
    os.mkfifo(root / "pipe.md")
    (root / "zero.md").symlink_to("/dev/zero")
    (root / "loop").symlink_to(".")
    settle()
    found = check(root)
    unreadable = sorted(finding.path for finding in found.findings if finding.rule == "unreadable-note")
    assert unreadable == ["bad.canvas", "deep.ipynb", "gbk.md", "half.md", "json5.canvas", "utf16.md"]
    broken = sorted(finding.path for finding in found.findings if finding.rule == "broken-link")
    assert broken == sorted(["half.canvas", "new\nline\t\x1b[31m.md", not_utf8, not_utf8, "nul.md"])
    assert answer(root) == fresh_answer(root)


@pytest.mark.parametrize("form", ["text", "json", "github", "sarif"])
def test_names_of_any_bytes_are_printed(tmp_path: Path, form: str) -> None:
    root = lay(
        tmp_path / "v", {os.fsdecode(b"d\xe9/n\xff.md"): b"[[\xf0\x9f\x8e\x93 gone]]", "new\nline\x1b[31m.md": b"[[a\tb]]"}
    )
    ran = subprocess.run(
        [sys.executable, "-m", "kbtools", "check", "--no-run", "--format", form, str(root)],
        capture_output=True,
        cwd=tmp_path,
        env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0"},
        timeout=60,
    )
    assert (ran.returncode, ran.stderr) == (1, b"")
    text = ran.stdout.decode()
    assert "\x1b" not in text
    if form in ("json", "sarif"):
        json.loads(text)


def test_a_place_in_a_note_that_is_kept_out(tmp_path: Path) -> None:
    root = lay(tmp_path / "v", {"kb.toml": "ignore = ['old']", "a.md": "[[b#no]] [[b#h]] [[gone]]", "old/b.md": "# h\n[[lost]]"})
    assert findings(root) == [
        ("broken-anchor", "a.md", "no heading 'no' in 'old/b.md'"),
        ("broken-link", "a.md", "nothing is named 'gone'"),
    ]


def test_a_note_that_vanishes_after_the_listing(tmp_path: Path) -> None:
    root = lay(tmp_path / "v", {"a.md": "[[b]]", "b.md": "[[gone]]"})

    class Vanishing:
        """Progress is told between listing and reading."""

        def start(self, total: int, what: str) -> None:
            (root / "b.md").unlink()

        def advance(self, count: int) -> None: ...
        def finish(self) -> None: ...

    report = app.check(app.open_project(str(root), root), app.Request(run=False), progress=Vanishing())
    assert [(found.rule, found.path, found.message) for found in report.findings] == [
        ("unreadable-note", "b.md", "cannot be read: No such file or directory")
    ]
    assert findings(root) == [("broken-link", "a.md", "nothing is named 'b'")]


def without_power() -> list[str]:
    """What goes before a command so that even root may not read what it is not allowed to."""
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("root may read everything, and setpriv is not installed")
    return [setpriv, "--inh-caps=-all", "--bounding-set=-dac_override,-dac_read_search"]


def check_as_anybody(root: Path) -> subprocess.CompletedProcess[str]:
    command = [*without_power(), sys.executable, "-m", "kbtools", "check", "--no-run", "--vault", str(root)]
    return subprocess.run(command, capture_output=True, text=True, cwd=root.parent, timeout=60)


def test_what_one_may_not_read_is_said(tmp_path: Path) -> None:
    root = lay(tmp_path / "v", {"a.md": "[[secret]] [[hidden]]", "secret.md": "x", "closed/hidden.md": "x"})
    (root / "secret.md").chmod(0)
    (root / "closed").chmod(0)
    try:
        ran = check_as_anybody(root)
        assert "unreadable-note cannot be read: Permission denied" in ran.stdout
        assert "nothing is named 'hidden'" in ran.stdout  # as in Obsidian, which cannot see it either
        assert "secret'" not in ran.stdout
        assert (ran.returncode, ran.stderr) == (1, "")
        root.chmod(0)
        ran = check_as_anybody(root)
        assert ran.returncode == 2
        assert "Permission denied" in ran.stderr
    finally:
        root.chmod(0o755)
        (root / "closed").chmod(0o755)


def test_a_configuration_one_may_not_read_is_said(tmp_path: Path) -> None:
    root = lay(tmp_path / "v", {"kb.toml": "", "a.md": ""})
    (root / "kb.toml").chmod(0)
    ran = check_as_anybody(root)
    assert ran.returncode == 2
    assert "kb.toml: cannot be read: Permission denied (make it readable)" in ran.stderr


def test_a_project_whose_vault_lies_elsewhere_can_be_named(tmp_path: Path) -> None:
    lay(tmp_path, {"p/kb.toml": "vault = '../notes'", "notes/a.md": "[[gone]]"})
    command = [sys.executable, "-m", "kbtools", "check", "--no-run", "p"]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert "a.md:1:1 broken-link nothing is named 'gone'" in ran.stdout


def test_reserved_names_twins_and_a_socket(tmp_path: Path) -> None:
    root = lay(tmp_path / "v", {"CON.md": "[[aux]]", "aux.md": "[[caf\u00e9]] [[case]]"})
    lay(root, {"cafe\u0301.md": "", "caf\u00e9.md": "", "case.md": "", "CASE.md": ""})
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(root / "socket.md"))
        rules = {rule for rule, _, _ in findings(root)}
    assert rules == {"duplicate-name"}


def test_a_line_of_fifty_megabytes(tmp_path: Path) -> None:
    root = lay(tmp_path / "v", {"a.md": (b"[[b]] " + b"word " * 200) * 50_000, "b.md": ""})
    assert findings(root) == [("unreadable-note", "a.md", "larger than the limit of 10,485,760 bytes")]
    lay(root, {"kb.toml": "max-note = '100 MiB'"})
    started = time.process_time()
    report = check(root)
    assert (report.findings, report.links) == ((), 50_000)
    assert time.process_time() - started < 60


HUNGRY = """
import sys
from kbtools.cli.main import main
print("started", flush=True)
sys.exit(main(["check", "--no-run", "--vault", sys.argv[1]]))
"""


def test_a_large_tree_is_left_at_once_when_interrupted(tmp_path: Path) -> None:
    """The whole file system, where it is large enough: listing it takes longer than the interrupt waits."""
    with subprocess.Popen(
        [sys.executable, "-c", HUNGRY, "/"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, text=True
    ) as running:
        assert running.stdout is not None and running.stderr is not None
        running.stdout.readline()
        time.sleep(0.5)
        running.send_signal(signal.SIGINT)
        started = time.monotonic()
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(20)
        running.kill()
        assert time.monotonic() - started < 8
        assert running.returncode in (0, 1, 130)
        assert "Traceback" not in running.stderr.read()

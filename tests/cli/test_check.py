"""What `kb check` does beyond one report: it watches, asks the web, mends, and knows what it was told to tolerate."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.run import KB, environment, kb, kb_process, write
from tests.web.server import always, serving

VAULT = {"kb.toml": "", "a.md": "[[LSMT]]\n", "LSTM.md": ""}


def vault_in(folder: Path, files: dict[str, str]) -> Path:
    return write(folder / "vault", {"kb.toml": "", **files})


# ------------------------------------------------------------------------------------------------ watch


def read_until(stream: int, wanted: bytes, seen: bytes = b"") -> bytes:
    until = time.monotonic() + 30
    while wanted not in seen:
        assert time.monotonic() < until, seen
        seen += os.read(stream, 65536)
    return seen


def test_watch_checks_again_and_ends_with_the_last_code(tmp_path: Path) -> None:
    vault = vault_in(tmp_path, VAULT)
    with kb_process(vault, "check", "--watch", stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        out = process.stdout.fileno()
        assert b"1 error" in read_until(out, b"Ctrl-C ends")
        (vault / "a.md").write_text("[[LSTM]]\n")
        assert b"0 errors" in read_until(out, b"Ctrl-C ends")
        (vault / "kb.toml").write_text("nonsense = 1\n")
        assert b"unknown key 'nonsense'" in read_until(out, b"Ctrl-C ends")
        (vault / "kb.toml").write_text("")
        assert b"0 errors" in read_until(out, b"Ctrl-C ends")
        (vault / "b.md").write_text("[[Nowhere]]\n")
        assert b"b.md:1:1 broken-link" in read_until(out, b"Ctrl-C ends")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 1


def on_own_terminal(vault: Path, *arguments: str) -> tuple[subprocess.Popen[bytes], int]:
    """A run whose terminal is its own, so that Ctrl-C typed there reaches it; and the other end of that terminal."""
    master, slave = pty.openpty()
    name = os.ttyname(slave)
    own = f"import os, sys; os.open({name!r}, os.O_RDWR); os.execv(sys.executable, {[*KB, *arguments]!r})"
    around = environment(vault.parent / "cache", {})
    streams = {"stdin": slave, "stdout": slave, "stderr": slave}
    process = subprocess.Popen([*KB[:1], "-c", own], cwd=vault, env=around, start_new_session=True, **streams)
    os.close(slave)
    return process, master


def test_watch_clears_a_terminal_and_rests_while_nothing_changes(tmp_path: Path) -> None:
    vault = vault_in(tmp_path, {"a.md": ""})
    process, master = on_own_terminal(vault, "check", "--watch")
    try:
        seen = read_until(master, b"Ctrl-C ends")
        assert b"\033[2J" in seen
        time.sleep(1)
        os.write(master, b"\x03")  # what Ctrl-C types
        assert process.wait(timeout=20) == 0
        rest = b""
        while True:
            try:
                rest += os.read(master, 65536)
            except OSError:  # how a terminal says that nobody writes any more
                break
        assert b"Ctrl-C ends" not in rest
        assert b"Traceback" not in rest
    finally:
        process.kill()
        os.close(master)


# ------------------------------------------------------------------------------------------------ the web


def test_external_asks_and_remembers(tmp_path: Path) -> None:
    with serving({"/old": always(301, Location="/new"), "/new": always(200), "/wall": always(403)}) as site:
        links = [site.url(path) for path in ("/old", "/new", "/gone", "/wall")]
        vault = vault_in(tmp_path, {"a.md": " ".join(links) + " `https://x.org`\n", "b.md": site.url("/b")})
        done = kb(vault, "check", "a.md", "--external", "--allow-private")
        text = done.stdout.decode()
        assert done.returncode == 1
        assert f"a.md:1:1 broken-url '{links[0]}' has moved for good (write {links[1]})" in text
        assert f"broken-url '{links[2]}' is dead: it answers 404 Not Found" in text
        assert "web: 4 addresses: 2 alive, 1 dead, 1 unknown\n" in text
        assert f"unknown: {links[3]}: it answers 403 Forbidden\n" in text
        assert "/b" not in {path for _, path, _, _ in site.asked}
        count = len(site.asked)
        again = kb(vault, "check", "a.md", "--external", "--allow-private", "--format", "json")
        assert len(site.asked) == count
        found = json.loads(again.stdout)["findings"]
        assert [(one["rule"], one["severity"], one["target"]) for one in found] == [
            ("broken-url", "warning", links[0]),
            ("broken-url", "error", links[2]),
        ]
        assert b"4 remembered" in again.stderr


def test_nobody_is_asked_unless_it_is_wanted(tmp_path: Path) -> None:
    with serving({}) as site:
        vault = vault_in(tmp_path, {"a.md": f"{site.url('/a')} %% kb: ignore broken-url %%\n"})
        assert kb(vault, "check").returncode == 0
        done = kb(vault, "check", "--external")
        assert b"1 private and not asked" in done.stdout
        off = write(vault, {"kb.toml": "[rules]\nbroken-url = 'off'\n"})
        assert b"web:" not in kb(off, "check", "--external", "--allow-private").stdout
        assert site.asked == []
        write(vault, {"kb.toml": ""})
        assert kb(vault, "check", "--external", "--allow-private").returncode == 0
        assert site.asked != []


# ------------------------------------------------------------------------------------------------ repairs and old findings


@pytest.mark.parametrize("form", ["json", "sarif", "github"])
def test_what_was_fixed_is_told_beside_what_programs_read(tmp_path: Path, form: str) -> None:
    vault = vault_in(tmp_path, VAULT)
    done = kb(vault, "check", "--fix", "--format", form)
    assert b"LSMT" not in done.stdout
    assert b"a.md:1:1 broken-link fixed: [[LSMT]] -> [[LSTM]]" in done.stderr
    assert (vault / "a.md").read_text() == "[[LSTM]]\n"
    assert done.returncode == 0


def test_dry_run_writes_nothing(tmp_path: Path) -> None:
    vault = vault_in(tmp_path, VAULT)
    done = kb(vault, "check", "--fix", "--dry-run")
    assert done.returncode == 0, "nothing would be left"
    assert "-[[LSMT]]\n+[[LSTM]]\n" in done.stdout.decode()
    assert (vault / "a.md").read_text() == "[[LSMT]]\n"
    assert not (vault / ".kb").exists()


def test_a_note_that_may_not_be_written_stops_all(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everything")
    vault = vault_in(tmp_path, {**VAULT, "b.md": "[[LSMT]]\n"})
    (vault / "b.md").chmod(0o444)
    done = kb(vault, "check", "--fix")
    assert done.returncode == 2
    assert (vault / "a.md").read_text() == "[[LSMT]]\n"


def test_a_baseline_of_a_part_keeps_the_rest(tmp_path: Path) -> None:
    vault = vault_in(tmp_path, {"a.md": "[[X]]\n", "b/c.md": "[[Y]] [[a#Z]]\n"})
    kb(vault, "check", "--baseline", "base.json", "--write-baseline")
    (vault / "b" / "c.md").write_text("[[a#Z]]\n")
    part = kb(vault, "check", "a.md", "--baseline", "base.json")
    assert (part.returncode, b"no longer" in part.stdout) == (0, False)
    rule = kb(vault, "check", "--select", "broken-anchor", "--baseline", "base.json")
    assert (rule.returncode, b"no longer" in rule.stdout) == (0, False)
    assert "1 finding in 'base.json' no longer occurs" in kb(vault, "check", "--baseline", "base.json").stdout.decode()
    kb(vault, "check", "b", "--baseline", "base.json", "--write-baseline")
    assert [entry["about"] for entry in json.loads((vault / "base.json").read_text())["findings"]] == ["X", "a#Z"]


def test_a_baseline_that_cannot_be_written_or_read(tmp_path: Path) -> None:
    vault = vault_in(tmp_path, VAULT)
    for arguments in (("--baseline", "a.md/base.json", "--write-baseline"), ("--baseline", "."), ("--baseline", "a.md")):
        done = kb(vault, "check", *arguments)
        assert (done.returncode, done.stdout) == (2, b"")
        assert done.stderr.count(b"\n") == 1
        assert b"Traceback" not in done.stderr
    (vault / "bytes.json").write_bytes(b"\xff\xfe\x00")
    assert kb(vault, "check", "--baseline", "bytes.json").returncode == 2

"""`kb build` and `kb serve` as one types them: what they make, how they say no, and how fast a saved note is seen."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kbtools.building import make_settings, place_site
from kbtools.config import Config

Kb = Callable[..., "subprocess.CompletedProcess[str]"]
MKDOCS = "site_name: 库\ntheme: {name: material, font: false}\nplugins: [kb]\ndocs_dir: notes\n"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "KB_CACHE_DIR": str(tmp_path / "cache"), "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def kb(tmp_path: Path, environment: dict[str, str]) -> Kb:
    """Runs `kb` in the folder `p` of the test."""

    def run(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "kbtools", *words]
        return subprocess.run(
            command, cwd=tmp_path / "p", env={**environment, **more}, capture_output=True, text=True, timeout=120
        )

    return run


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a vault of two notes."""
    root = tmp_path / "p"
    (root / "notes").mkdir(parents=True)
    (root / "kb.toml").write_text('vault = "notes"\n')
    (root / "mkdocs.yml").write_text(MKDOCS)
    (root / "notes/index.md").write_text("从[[甲]]开始。\n", "utf-8")
    (root / "notes/甲.md").write_text("## 节\n\n回[[index]]。\n", "utf-8")
    return root


def said(done: subprocess.CompletedProcess[str]) -> list[str]:
    return done.stderr.splitlines()


# ------------------------------------------------------------------------------------------------ build


def test_a_site_is_built_where_the_settings_say(kb: Kb, project: Path) -> None:
    done = kb("build", "--strict")
    assert (done.returncode, done.stdout) == (0, f"the site is in {project / 'site'}\n")
    assert 'href="%E7%94%B2/"' in (project / "site/index.html").read_text("utf-8")


def test_a_site_is_built_where_one_wishes(kb: Kb, project: Path, tmp_path: Path) -> None:
    assert kb("build", "--site-dir", "../out").returncode == 0
    assert (tmp_path / "out/甲/index.html").is_file()
    assert not (project / "site").exists()


def test_a_vault_without_any_settings_has_its_site_beside_it(kb: Kb, tmp_path: Path) -> None:
    vault = tmp_path / "p"
    (vault / ".obsidian").mkdir(parents=True)
    (vault / "一 note's: #1.md").write_text("[[图.canvas]]", "utf-8")
    (vault / "图.canvas").write_text("{}")
    for _ in range(2):  # what was built before is no part of the vault
        done = kb("build", "--strict")
        assert (done.returncode, done.stdout) == (0, f"the site is in {tmp_path / 'p-site'}\n")
    assert sorted(path.name for path in vault.iterdir()) == [".obsidian", "一 note's: #1.md", "图.canvas"]
    assert "<title>p</title>" in (tmp_path / "p-site/index.html").read_text("utf-8")


def test_the_place_of_a_site_is_in_its_project_but_not_in_the_vault(tmp_path: Path) -> None:
    assert place_site(Config(vault=tmp_path / "p/notes", root=tmp_path / "p")) == tmp_path / "p/site"
    assert place_site(Config(vault=tmp_path / "p", root=tmp_path / "p")) == tmp_path / "p-site"


@pytest.mark.parametrize("name", ["a: 'b' #c", "{x}", "1\n2", "&a *b", "是"])
def test_any_folder_name_gives_settings(name: str) -> None:
    import yaml

    found = yaml.safe_load(make_settings(Path("/v") / name))
    assert found["site_name"] == re.sub("\n", "", name)
    assert found["plugins"] == ["kb"]


def test_strict_fails_where_a_link_leads_nowhere_and_says_which(kb: Kb, project: Path) -> None:
    (project / "notes/甲.md").write_text('<a href="#nowhere">x</a>', "utf-8")
    assert kb("build").returncode == 0
    done = kb("build", "--strict")
    assert done.returncode == 2
    assert "'甲/' links to '甲/#nowhere', which is not on the site" in done.stderr
    assert said(done)[-1] == "kb: the site was not built: Aborted with 1 warnings in strict mode! (see the warnings above)"


def test_settings_that_are_strict_need_no_option(kb: Kb, project: Path) -> None:
    (project / "mkdocs.yml").write_text(MKDOCS + "strict: true\n")
    (project / "notes/甲.md").write_text('<a href="#nowhere">x</a>', "utf-8")
    assert kb("build").returncode == 2


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("site_name: [", "error parsing the configuration file"),
        (MKDOCS.replace("[kb]", "[kb, nope]"), 'The "nope" plugin is not installed'),
        (MKDOCS.replace("docs_dir: notes", "docs_dir: none"), "isn't an existing directory"),
        (MKDOCS.replace("material", "readthedocs"), "needs the theme 'material', not 'readthedocs'"),
        (MKDOCS.replace("[kb]", "[{kb: {source_url: 3}}]"), "source_url"),
        ("docs_dir: notes\n", "Required configuration not provided"),
    ],
)
@pytest.mark.parametrize("command", ["build", "serve"])
def test_bad_settings_are_told_in_a_line(kb: Kb, project: Path, settings: str, words: str, command: str) -> None:
    (project / "mkdocs.yml").write_text(settings)
    done = kb(command)
    assert done.returncode == 2
    lines = [line for line in said(done) if not line.startswith("INFO")]
    told = [line for line in lines if line.startswith("kb: ")]
    assert len(told) == 1 and words in told[0] and str(project / "mkdocs.yml") in told[0]
    assert "Traceback" not in done.stderr
    if command == "build":
        assert lines == told


def test_without_mkdocs_one_is_told_what_to_install(kb: Kb, project: Path, tmp_path: Path) -> None:
    (tmp_path / "mkdocs.py").write_text("raise ModuleNotFoundError(\"No module named 'mkdocs'\")\n")
    for command in ("build", "serve"):
        done = kb(command, PYTHONPATH=str(tmp_path))
        assert (done.returncode, said(done)) == (2, ["kb: MkDocs is not installed (pip install 'kbtools[site]')"])


def test_nothing_of_the_vault_is_run(kb: Kb, project: Path) -> None:
    (project / "kb.toml").write_text('vault = "notes"\nsnippets = "snippets"\nproofs = "proofs"\n')
    for place in ("snippets/x.py", "proofs/test_x.py", "notes/x.py", "notes/hooks.py"):
        (project / place).parent.mkdir(exist_ok=True)
        (project / place).write_text(f"open({str(project / 'ran')!r}, 'w')\n")
    (project / "notes/甲.md").write_text('```python title="snippets/x.py"\n```\n', "utf-8")
    assert kb("build").returncode == 0
    assert not (project / "ran").exists()


# ------------------------------------------------------------------------------------------------ serve


@pytest.fixture
def served(project: Path, environment: dict[str, str]) -> Iterator[str]:
    """The address of the project, served."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"127.0.0.1:{port}"
    command = [sys.executable, "-m", "kbtools", "serve", "--address", address]
    log = project.parent / "log"
    with log.open("w") as output:
        server = subprocess.Popen(command, cwd=project, env=environment, stdout=output, stderr=output)
    try:
        wait_for(lambda: server.poll() is not None or "Serving on" in log.read_text("utf-8"), 60)
        yield f"http://{address}/"
    finally:
        server.send_signal(signal.SIGINT)
        code = server.wait(20)
    assert code == 0, log.read_text("utf-8")
    assert "Traceback" not in log.read_text("utf-8")


def wait_for(condition: Callable[[], bool], seconds: float) -> float:
    """How long it took until something was so."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, "it did not happen in time"
        time.sleep(0.02)
    return time.monotonic() - begun


def read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return str(answer.read().decode())


def test_a_saved_note_is_served_within_two_seconds_and_ctrl_c_ends_it(served: str, project: Path) -> None:
    page = f"{served}%E7%94%B2/"
    assert "新的话" not in read(page)
    note = project / "notes/甲.md"
    note.write_text("## 节\n\n新的话，见[[乙]]。\n", "utf-8")
    assert wait_for(lambda: "新的话" in read(page), 10) < 2
    assert "kb-unresolved" in read(page)
    (project / "notes/乙.md").write_text("乙。\n", "utf-8")
    wait_for(lambda: "kb-unresolved" not in read(page), 10)
    assert 'href="../%E4%B9%99/"' in read(page)
    note.unlink()
    wait_for(lambda: '<span class="kb-unresolved"' in read(served), 10)


@pytest.mark.parametrize("address", ["nonsense", "203.0.113.9:8000"])
def test_an_address_that_cannot_be_served_is_told(kb: Kb, project: Path, address: str) -> None:
    done = kb("serve", "--address", address)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert len([line for line in said(done) if line.startswith("kb: ")]) == 1

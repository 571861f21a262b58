"""`--fix` on a disk: what is proven is written, byte for byte the rest stays, and what would change something else is left."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kbtools import app, changing, mending
from kbtools.app import Request, check_files
from tests.checks.test_fixes import vaults

RUN = Request(run=False)


def project_in(folder: Path, files: dict[str, str | bytes]) -> app.Project:
    for name, text in {"kb.toml": "", **files}.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
    return app.open_project(str(folder), folder)


def mend(project: app.Project, request: Request = RUN) -> mending.Mended:
    mended = mending.plan_fixes(project, request)
    if mended.fixed:
        changing.carry_out(mended.change)
    return mended


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))


def test_bytes_around_a_repair_stay(tmp_path: Path) -> None:
    before = b"\xef\xbb\xbf# \xe7\x94\xb2\r\n\r\n[[LSMT]]\r\n[[LSMT|x]]  \r\nend"
    project = project_in(tmp_path, {"a.md": before, "LSTM.md": ""})
    (tmp_path / "a.md").chmod(0o640)
    mended = mend(project)
    assert [written for _, written in mended.fixed] == ["[[LSMT]]", "[[LSMT|x]]"]
    assert (tmp_path / "a.md").read_bytes() == before.replace(b"LSMT", b"LSTM")
    assert (tmp_path / "a.md").stat().st_mode & 0o777 == 0o640
    changing.undo(project)
    assert (tmp_path / "a.md").read_bytes() == before


def test_full_width_brackets_become_a_link_where_the_note_is_there(tmp_path: Path) -> None:
    project = project_in(
        tmp_path, {"a.md": "［［LSTM］］ ［［Nowhere］］ 【【LSTM|门】】 [官网]（https://x.org/a）\n", "LSTM.md": ""}
    )
    mended = mend(project)
    assert (tmp_path / "a.md").read_text() == "[[LSTM]] ［［Nowhere］］ [[LSTM|门]] [官网](https://x.org/a)\n"
    assert len(mended.fixed) == 3
    assert [finding.message for finding in mended.refused] == ["full-width brackets make no link"]
    assert "Nowhere" in mended.refused[0].hint


def test_a_repair_that_would_change_another_link_is_left(tmp_path: Path) -> None:
    """The heading with full-width brackets is linked to by its text."""
    files = {"a.md": "# 见［［LSTM］］\n", "LSTM.md": "[[a#见［［LSTM］］]]\n[[LSMT]]\n"}
    project = project_in(tmp_path, dict(files))
    mended = mend(project)
    assert [finding.rule for finding, _ in mended.fixed] == ["broken-link"]
    assert (tmp_path / "a.md").read_text() == files["a.md"]
    assert (tmp_path / "LSTM.md").read_text() == files["LSTM.md"].replace("LSMT", "LSTM")
    assert [finding.rule for finding in mended.refused] == ["malformed-link"]


def test_one_repair_at_fault_does_not_keep_the_others_from_being_made(tmp_path: Path) -> None:
    notes = {f"{n}.md": "［［LSTM］］\n" for n in range(9)} | {"5.md": "［［Nowhere］］\n", "LSTM.md": ""}
    mended = mend(project_in(tmp_path, dict(notes)))
    assert sorted(finding.path for finding, _ in mended.fixed) == [f"{n}.md" for n in range(9) if n != 5]
    assert [finding.path for finding in mended.refused] == ["5.md"]


@pytest.mark.slow
def test_a_vault_full_of_repairs_at_fault_is_judged_a_few_times(tmp_path: Path) -> None:
    """Found one by one they would cost a look at the whole vault each: ten times as long."""
    notes = {f"{n}.md": f"[[LSMT]] ［［LSTM］］ ［［Nowhere{n}］］\n" for n in range(150)} | {"LSTM.md": ""}
    started = time.perf_counter()
    mended = mend(project_in(tmp_path, dict(notes)))
    assert time.perf_counter() - started < 8
    assert (len(mended.fixed), len(mended.refused)) == (300, 150)


def test_only_what_is_asked_for_is_mended(tmp_path: Path) -> None:
    files = {"a.md": "[[LSMT]] ［［LSTM］］\n", "b/c.md": "[[LSMT]]\n", "LSTM.md": ""}
    project = project_in(tmp_path, dict(files))
    assert len(mending.plan_fixes(project, RUN).fixed) == 3
    assert len(mending.plan_fixes(project, Request(paths=("b",), run=False)).fixed) == 1
    assert len(mending.plan_fixes(project, Request(select=("malformed-link",), run=False)).fixed) == 1
    assert len(mending.plan_fixes(project, Request(ignore=("malformed-link",), run=False)).fixed) == 2


def test_what_a_comment_silences_is_not_mended(tmp_path: Path) -> None:
    project = project_in(tmp_path, {"a.md": "[[LSMT]] %% kb: ignore broken-link %%\n", "LSTM.md": ""})
    assert mending.plan_fixes(project, RUN).fixed == ()


def test_a_rule_that_is_off_mends_when_it_is_selected(tmp_path: Path) -> None:
    project = project_in(tmp_path, {"kb.toml": "[rules]\nmalformed-link = 'off'\n", "a.md": "［［LSTM］］\n", "LSTM.md": ""})
    assert mending.plan_fixes(project, RUN).fixed == ()
    assert len(mend(project, Request(select=("malformed-link",), run=False)).fixed) == 1


def test_one_repair_can_show_the_way_to_the_next(tmp_path: Path) -> None:
    """The title names a snippet by a misspelt path; only mended does the block show what the file says."""
    files = {
        "kb.toml": 'vault = "notes"\nsnippets = "snippets"\n',
        "notes/a.md": '```python title="snippets/lsmt.py"\nx = 1\n```\n\n［［b］］\n',
        "notes/b.md": "",
        "snippets/lstm.py": "x = 1\n",
    }
    project = project_in(tmp_path, dict(files))
    mended = mend(project)
    again = mending.plan_fixes(project, RUN)
    assert again.fixed == ()
    assert "[[b]]" in (tmp_path / "notes/a.md").read_text()
    assert mended.left == again.left


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(vaults, st.sampled_from(["", "［［LSTM］］ 与 ［［无］］\n"]))
def test_twice_is_once_and_nothing_new_is_found(
    tmp_path_factory: pytest.TempPathFactory, notes: dict[str, str], more: str
) -> None:
    folder = tmp_path_factory.mktemp("vault")
    files = {path: more + text if not text.startswith("---") else text for path, text in notes.items() if path.endswith(".md")}
    folded = {path.lower() for path in files}
    project = project_in(folder, dict(files))
    before = check_files(files).findings
    mended = mend(project)
    after = {path: (folder / path).read_text() for path in files}
    found = check_files(after).findings
    keys = [(finding.path, finding.rule, finding.message) for finding in before]
    for finding in found:
        assert (finding.path, finding.rule, finding.message) in keys
        keys.remove((finding.path, finding.rule, finding.message))
    assert len(found) <= len(before) - len(mended.fixed)
    assert mending.plan_fixes(project, RUN).fixed == ()
    assert len(folded) == len(files)

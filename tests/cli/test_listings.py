"""What the commands that list find, against the graph and against what a reader would say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kbtools import app, graph
from kbtools.cli.main import main
from tests.cli.run import write

names = st.sampled_from(["a", "b", "甲", "乙", "x/a", "x/丙"])
links = st.builds(
    "{}[[{}]]".format, st.sampled_from(["", "!", "%%hidden%% "]), st.sampled_from(["a", "甲", "x/a", "无", "无2", "WU", "wu", ""])
)
texts = st.lists(links | st.just("[x](https://x.org)") | st.just("[[#h]]"), max_size=4).map("\n\n".join)
vaults = st.dictionaries(names.map("{}.md".format), texts, min_size=1, max_size=6)


def listing(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, object]]:
    assert main([*arguments, "--format", "json"]) == 0
    (rows,) = json.loads(capsys.readouterr().out).values()
    return list(rows)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(vaults)
def test_orphans_deadends_and_unresolved_agree_with_the_graph(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str], files: dict[str, str]
) -> None:
    vault = write(tmp_path_factory.mktemp("listing") / "vault", {**files, "图.png": ""})
    snapshot = app.scan(app.open_project(str(vault), vault))
    built = graph.build_graph(snapshot)
    for name, field, expected in (
        ("orphans", "path", graph.orphans(built)),
        ("deadends", "path", graph.deadends(built)),
        ("unresolved", "target", graph.unresolved(built)),
    ):
        rows = listing(capsys, name, "--vault", str(vault))
        assert [row[field] for row in rows] == expected
    for path in files:
        rows = listing(capsys, "backlinks", path, "--vault", str(vault))
        assert [(row["source"], row["target"]) for row in rows] == [
            (edge.source, edge.link.target) for edge in graph.backlinks(built, path)
        ]


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(write(tmp_path / "vault", {".obsidian/app.json": "{}"}))
    return tmp_path / "vault"


def test_tags_count_notes_not_uses(vault: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(vault, {"a.md": "---\ntags: [Seq, seq]\n---\n#seq #SEQ/rnn", "b.md": "#seq", "c.md": "# no tag"})
    assert listing(capsys, "tags") == [{"tag": "Seq", "notes": 2}, {"tag": "SEQ/rnn", "notes": 1}]


def test_unresolved_names_are_the_same_in_any_case(vault: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(vault, {"a.md": "[[Wu]] [[wu]] %%[[WU]]%%", "b.md": "[[wu]]"})
    assert listing(capsys, "unresolved") == [{"target": "Wu", "links": 4, "sources": ["a.md", "b.md"]}]


def test_stats_count_every_kind(vault: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(vault, {"a.md": "[[a]] [[b]] [[a#x]] [x](a.md)", "p.png": "", "c.canvas": "{}", "n.ipynb": '{"cells": []}'})
    counts = {(row["what"], row["kind"]): row["number"] for row in listing(capsys, "stats")}
    assert (
        counts["files", "attachment"] == counts["files", "canvas"] == counts["files", "note"] == counts["files", "notebook"] == 1
    )
    assert counts["links by form", "wiki"] == 3
    assert counts["links by form", "markdown"] == 1
    assert counts["links by status", "ok"] == 2
    assert counts["links by status", "missing-file"] == counts["links by status", "missing-anchor"] == 1
    assert (counts["graph", "nodes"], counts["graph", "edges"], counts["graph", "components"]) == (5, 2, 4)
    assert (counts["graph", "orphans"], counts["graph", "dead ends"], counts["graph", "unresolved"]) == (4, 0, 1)


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [("30", 30), ("1.5", 1.5), ("0", 0), ("-1", None), ("true", None), (".inf", None), ("about 3", None), ("", None)],
)
def test_minutes_of_a_path(vault: Path, capsys: pytest.CaptureFixture[str], minutes: str, expected: float | None) -> None:
    write(vault, {"a.md": f"---\nminutes: {minutes}\n---\n"})
    (row,) = listing(capsys, "path", "a")
    assert row == {"step": 1, "path": "a.md", "minutes": expected, "total": expected or 0, "week": None}


@pytest.mark.parametrize("hours", ["0", "-1", "169", "nan", "inf", "two"])
def test_hours_that_no_week_has(vault: Path, capsys: pytest.CaptureFixture[str], hours: str) -> None:
    write(vault, {"a.md": ""})
    assert main(["path", "a", "--hours-per-week", hours]) == 2
    assert "--hours-per-week" in capsys.readouterr().err


def test_the_levels_of_rules_follow_the_configuration(vault: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(vault, {"kb.toml": "rules = {orphan-note = 'error', broken-link = 'off'}\n"})
    levels = {row["rule"]: row["level"] for row in listing(capsys, "rules")}
    assert (levels["orphan-note"], levels["broken-link"], levels["broken-anchor"]) == ("error", "off", "error")
    write(vault, {"a.md": "[[nobody]]"})
    assert main(["check"]) == 1
    assert "orphan-note" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--select", "orphan-nte"], ["--ignore", "nonsense,broken-link"]])
def test_a_rule_that_does_not_exist(vault: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    write(vault, {"a.md": ""})
    assert main(["check"]) == 0
    assert main(["check", *arguments]) == 2, "although the vault is remembered"
    assert "no rule is named" in capsys.readouterr().err


def test_select_ignore_and_commas(vault: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(vault, {"a.md": "[[nobody]] ![[nothing.png]] [[#none]]"})

    def rules(*arguments: str) -> list[str]:
        main(["check", "--format", "json", *arguments])
        return sorted({found["rule"] for found in json.loads(capsys.readouterr().out)["findings"]})

    assert rules() == ["broken-anchor", "broken-embed", "broken-link"]
    assert rules("--select", "broken-link, broken-embed") == ["broken-embed", "broken-link"]
    assert rules("--select", "broken-link", "--select", "orphan-note") == ["broken-link", "orphan-note"]
    assert rules("--ignore", "broken-link", "--ignore=broken-anchor,") == ["broken-embed"]
    assert rules("--select", "broken-link", "--ignore", "broken-link") == []


def test_rules_outside_of_every_vault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["rules", "broken-link"]) == 0
    assert capsys.readouterr().out.startswith("broken-link (error here; by default error)\n\nA link names a file")
    assert main(["rules", "--vault", "nowhere"]) == 2

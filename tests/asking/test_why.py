"""Why a link means what it means: every rule of the lookup is named where it decides."""

from __future__ import annotations

import pytest

from kbtools.app import snapshot_of
from kbtools.asking.why import RULES, explain
from kbtools.model import NotePath

VAULT = {
    "Note.md": "# A\n## B\ntext ^id\n",
    "zzzz/Note.md": "",
    "b/Note.md": "",
    "a/xb/Deep.md": "",
    "solo.md": "---\naliases: [Only One]\n---\n",
    "zzzz/x.md": "",
    "p/Twin.md": "",
    "q/Twin.md": "",
}


@pytest.mark.parametrize(
    ("written", "source", "rule", "path"),
    [
        ("", "solo.md", "itself", "solo.md"),
        ("solo", "zzzz/x.md", "only", "solo.md"),
        ("SOLO", "zzzz/x.md", "only", "solo.md"),
        ("Note", "zzzz/x.md", "exact", "Note.md"),
        ("/Note", "zzzz/x.md", "exact", "Note.md"),
        ("zzzz/Note", "solo.md", "exact", "zzzz/Note.md"),
        ("./Note", "zzzz/x.md", "exact", "zzzz/Note.md"),
        ("b/Deep", "solo.md", "inside", "a/xb/Deep.md"),
        ("Twin", "solo.md", "first", "p/Twin.md"),
        ("Twin", "q/Twin.md", "below", "q/Twin.md"),
        ("/xb/Deep", "solo.md", "rooted", None),
        ("nope", "solo.md", "none", None),
    ],
)
def test_the_rule_that_decided(written: str, source: str, rule: str, path: str | None) -> None:
    answer = explain(snapshot_of(VAULT), written, NotePath(source))
    assert (answer.rule, getattr(answer.meaning, "path", None)) == (rule, path)
    assert answer.rule in RULES


def test_the_shortest_path_decides_without_an_exact_one() -> None:
    vault = {"long/folder/Note.md": "", "b/Note.md": "", "x.md": ""}
    answer = explain(snapshot_of(vault), "Note", NotePath("x.md"))
    assert (answer.rule, answer.candidates) == ("shortest", ("b/Note.md", "long/folder/Note.md"))
    assert answer.advice == (
        "without 'b/Note.md' it would mean 'long/folder/Note.md'",
        "[[b/Note]] means it whatever else is named so",
    )


def test_an_alias_is_no_name_and_the_answer_says_whose_it_is() -> None:
    answer = explain(snapshot_of(VAULT), "Only One", NotePath("Note.md"))
    assert answer.advice == ("it is an alias of 'solo.md': [[solo|Only One]]",)


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("Note#A#B", "heading 'B'"),
        ("Note#^ID", "block 'id'"),
        ("Note#C", "it has no heading that reads 'c' once punctuation and case are put aside; it has: A, B"),
        ("Note#^no", "it has no block '^no'"),
    ],
)
def test_the_place_that_a_subpath_means(written: str, place: str) -> None:
    assert explain(snapshot_of({"Note.md": VAULT["Note.md"]}), written, NotePath("Note.md")).place == place

"""A baseline as data: what it tolerates, what it keeps, and every file that is none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbtools.baseline import Known, compare, count, know, parse, render
from kbtools.errors import KbError
from kbtools.model import Finding, Span


def finding(path: str = "a.md", target: str = "x", message: str = "nothing is named 'x'", at: int = 0) -> Finding:
    return Finding("broken-link", "error", path, Span(at, at + 1), message, target=target)


def test_lines_may_move_and_words_may_change() -> None:
    known = count([finding(at=5)], {})
    found = compare([finding(at=99, message="there is no 'x'")], known)
    assert (found.new, found.tolerated, found.gone) == ((), 1, 0)


def test_one_more_of_a_kind_is_new() -> None:
    known = count([finding(at=1), finding(at=2)], {})
    found = compare([finding(at=at) for at in (1, 2, 3)], known)
    assert [new.span.start for new in found.new] == [3]
    assert found.tolerated == 2


def test_another_file_and_another_target_are_new() -> None:
    known = count([finding()], {})
    found = compare([finding(), finding("b.md"), finding(target="y")], known)
    assert [(new.path, new.target) for new in found.new] == [("b.md", "x"), ("a.md", "y")]


def test_without_a_target_the_message_counts() -> None:
    assert know(finding(target="")) == Known("a.md", "broken-link", "nothing is named 'x'")


def test_what_was_not_looked_for_is_not_gone() -> None:
    known = count([finding(), finding(), finding("b.md")], {})
    assert compare([], known).gone == 3
    assert compare([], known, seen=[know(finding())]).gone == 2
    assert count([], {know(finding("b.md")): 1}) == {know(finding("b.md")): 1}


texts = st.text(st.characters(codec=None, exclude_categories=()), max_size=8)
baselines = st.dictionaries(st.builds(Known, texts, texts, texts), st.integers(1, 99), max_size=6)


@given(baselines)
def test_written_and_read_it_is_the_same(known: dict[Known, int]) -> None:
    text = render(known)
    text.encode("utf-8")
    assert parse(text, "b.json") == known
    assert json.loads(text)["version"] == 1
    assert render(dict(reversed(list(known.items())))) == text


def test_a_line_for_each_kind_sorted() -> None:
    text = render(count([finding("b.md"), finding("a.md"), finding("a.md")], {}))
    assert text.splitlines() == [
        '{"version": 1, "findings": [',
        '  {"path": "a.md", "rule": "broken-link", "about": "x", "count": 2},',
        '  {"path": "b.md", "rule": "broken-link", "about": "x", "count": 1}',
        "]}",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        "{}",
        '{"version": 2, "findings": []}',
        '{"version": 1}',
        '{"version": 1, "findings": 3}',
        '{"version": 1, "findings": [3]}',
        '{"version": 1, "findings": [{"path": "a", "rule": "b", "about": "c"}]}',
        '{"version": 1, "findings": [{"path": "a", "rule": "b", "about": 7, "count": 1}]}',
        '{"version": 1, "findings": [{"path": "a", "rule": "b", "about": "c", "count": 0}]}',
        '{"version": 1, "findings": [{"path": "a", "rule": "b", "about": "c", "count": true}]}',
        "[" * 100_000,
    ],
)
def test_what_is_no_baseline_is_said(text: str) -> None:
    with pytest.raises(KbError, match=r"^'b\.json' is no baseline: .+ \(kb check --baseline"):
        parse(text, "b.json")

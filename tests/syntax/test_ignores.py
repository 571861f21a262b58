"""Which line a comment speaks of, and that no text is too much for it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbtools.syntax.ignores import find_ignores
from kbtools.syntax.scan import parse_markdown


def lines_of(text: str) -> list[tuple[str, int]]:
    return [(rule, line) for rule, _, _, line, problem in find_ignores(text, parse_markdown(text)) if not problem]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[[X]] %% kb: ignore r %%", 1),
        ("%% kb: ignore r %% [[X]]", 1),
        ("%% kb: ignore r %%\n[[X]]", 2),
        ("%% kb: ignore r %%\r\n\r\n[[X]]", 3),
        ("%% kb: ignore r %%\r[[X]]", 2),
        ("%%kb:ignore r%%\n\n\n[[X]]", 4),
        ("> %% kb: ignore r %%\n>\n> [[X]]", 3),
        ("%% kb: ignore r %%\n%% kb: ignore-file s %%\n[[X]]", 3),
        ("%% kb: ignore r %%", 1),
        ("- %% kb: ignore r %%\n- [[X]]", 1),
        ("---\na: b\n---\n%% kb: ignore r -- because: r, s %%\n[[X]]", 5),
        ("| a |\n|---|\n| [[X]] %% kb: ignore r %% |", 3),
    ],
)
def test_line(text: str, line: int) -> None:
    assert ("r", line) in lines_of(text)
    assert {rule for rule, _ in lines_of(text)} <= {"r", "s"}


@pytest.mark.parametrize("rules", ["a,b", "a b", "a, b", "a，b", "a、b", "a  b — 理由", "a b -- c, d"])
def test_several_rules(rules: str) -> None:
    assert lines_of(f"x %% kb: ignore {rules} %%") == [("a", 1), ("b", 1)]


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("%% kb: ignore-file r %%\n# x", True),
        ("---\na: b\n---\n\n%% 草稿 %%\n%% kb: ignore-file r %%", True),
        ("# x\n%% kb: ignore-file r %%", False),
        ("x %% kb: ignore-file r %%", False),
    ],
)
def test_only_at_the_top(text: str, counts: bool) -> None:
    assert (lines_of(text) == [("r", 0)]) == counts


@pytest.mark.parametrize(
    "text",
    [
        "`%% kb: ignore r %%`",
        "```\n%% kb: ignore r %%\n```",
        "$%% kb: ignore r %%$",
        "%% kb ignore r %%",
        "<!-- kb: ignore r -->",
    ],
)
def test_what_is_no_comment_of_ours(text: str) -> None:
    assert find_ignores(text, parse_markdown(text)) == ()


@given(
    st.lists(st.sampled_from(["%%", "kb:", " ", "ignore", "-file", "a", ",", "--", "\n", "\r\n", "`", ">", "---\n"]), max_size=30)
)
def test_every_text_is_fine(pieces: list[str]) -> None:
    text = "".join(pieces)
    for _, start, end, line, _ in find_ignores(text, parse_markdown(text)):
        assert 0 <= start <= end <= len(text)
        assert 0 <= line <= len(text) + 1


@pytest.mark.parametrize("piece", ["%% kb: ignore a %%\n", "%% kb: ignore a %%", "%% kb: ignore ", "%% kb: ignore-file a %%\n"])
def test_hostile_text_is_read_in_linear_time(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    started = time.perf_counter()
    find_ignores(text, parse_markdown(text))
    assert time.perf_counter() - started < 3

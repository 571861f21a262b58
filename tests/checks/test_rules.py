"""The rules as a body: what is loaded, what loading costs, and that no text makes a note rule slow or wrong."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbtools.checks import Rule, load_rules, note_check
from kbtools.model import NotePath, Source
from kbtools.syntax.note import parse_note

NOTE_RULES = [rule for rule in load_rules() if rule.scope == "check_note"]
PIECES = [
    *("[", "]", "(", "（", "）", "[a](", "[a]（", "] (", "［［", "【【", "[[", "[[ ]]", "[x]()", "<", "`", "%%", "\\"),
    *("#", "#标", "今天#", "#，", "#标签，", "$", "$$", "$\\a", "$x_1", "\\frac{", "&", "\n", "---\n", "tags: a\n", "[a]:"),
]


def test_rules_are_sorted_and_named_after_their_files() -> None:
    rules = load_rules()
    assert [rule.name for rule in rules] == sorted(rule.name for rule in rules)
    assert all(rule.module == f"kbtools.checks.{rule.name.replace('-', '_')}" for rule in rules)


def test_loading_rules_imports_nothing_heavy() -> None:
    code = (
        "import sys, kbtools.checks; kbtools.checks.load_rules();"
        "print([name for name in ('networkx', 'yaml', 'difflib', 'math_core', 'torch') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def run(rule: Rule, text: str) -> None:
    note = parse_note(Source(NotePath("a.md"), text))
    for finding in note_check(rule)(note):
        assert finding.rule == rule.name
        assert 0 <= finding.span.start <= finding.span.end <= len(text)


@pytest.mark.parametrize("rule", NOTE_RULES, ids=lambda rule: rule.name)
@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from([*PIECES, "a", "甲", " ", "1"]), max_size=30).map("".join))
def test_every_text_is_fine(rule: Rule, text: str) -> None:
    run(rule, text)


@pytest.mark.parametrize("rule", NOTE_RULES, ids=lambda rule: rule.name)
@pytest.mark.parametrize("piece", PIECES)
def test_hostile_text_is_read_in_linear_time(rule: Rule, piece: str) -> None:
    text = piece * (40_000 // len(piece)) + "x"
    started = time.perf_counter()
    run(rule, text)
    assert time.perf_counter() - started < 3

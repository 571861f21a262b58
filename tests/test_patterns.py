"""No regular expression of kb takes more than time in proportion to a text's length, whatever the text.

The patterns are collected from all modules, with the methods that the code calls on them, and are fed long repetitions of what
stands in them: each mark, each pair of neighbours, with and without a letter between.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import pkgutil
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest

import kbtools

SIZE: Final = 20_000
SUSPICIOUS_S: Final = 0.03
"""Linear patterns need a few milliseconds for so short a text; squared ones a tenth of a second and more."""
SQUARED: Final = 3.2
"""Twice the text, four times the time; linear: twice."""
SCANNING: Final = frozenset({"search", "finditer", "findall", "sub", "subn", "split"})
PIECES: Final = ("a", "1", " ", "\n", "\\", "甲", "a ", "a\n", "\n\n", "- ", "> ", "\t", "``", "[[", "](", "<!--", "${", "\r\n")


class Pattern(NamedTuple):
    """A compiled pattern, and whether the code searches with it or only asks whether it matches at a place."""

    name: str
    compiled: re.Pattern[str]
    scans: bool


def find_patterns() -> list[Pattern]:
    """The constants of all modules that are patterns, or texts that are given to a function of `re`."""
    modules = [module.name for module in pkgutil.walk_packages(kbtools.__path__, "kbtools.") if "__main__" not in module.name]
    methods: dict[tuple[str, str], set[str]] = {}
    texts: set[tuple[str, str]] = set()
    for use in (use for module in modules for use in _iter_uses(module)):
        methods.setdefault((use.module, use.constant), set()).add(use.method)
        if use.is_text:
            texts.add((use.module, use.constant))
    found = []
    for module in modules:
        for constant, value in vars(importlib.import_module(module)).items():
            called = methods.get((module, constant), set())
            if isinstance(value, re.Pattern) or (isinstance(value, str) and (module, constant) in texts):
                name = f"{module.removeprefix('kbtools.')}.{constant}"
                found.append(Pattern(name, re.compile(value), bool(called & SCANNING)))
    return found


class Use(NamedTuple):
    """`CONSTANT.method(…)` or, where it is a text, `re.method(CONSTANT, …)`; `module` is the one that defines it."""

    module: str
    constant: str
    method: str
    is_text: bool


def _iter_uses(module: str) -> Iterator[Use]:
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    tree = ast.parse(Path(spec.origin).read_text("utf-8"))
    origin = {
        alias.asname or alias.name: (str(node.module), alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            owner, is_text = node.func.value, node.func.value.id == "re"
            name = node.args[0] if is_text and node.args else owner
            if isinstance(name, ast.Name):
                yield Use(*origin.get(name.id, (module, name.id)), node.func.attr, is_text)


PATTERNS: Final = find_patterns()


def hostile_pieces(pattern: str) -> list[str]:
    """What a text for this pattern is made of: its marks, its neighbours, and what stands in any note."""
    source = re.sub(r"\\[A-Za-z]|\s+#[^\n]*|\s", "", pattern).replace("\\", "")
    marks = dict.fromkeys([*source, *(source[at : at + 2] for at in range(len(source) - 1)), *PIECES])
    return [form for mark in marks for form in (mark, f"{mark}a", f"a {mark}")]


def seconds(pattern: Pattern, text: str, *, rounds: int) -> float:
    """The best CPU time of some rounds."""
    best = float("inf")
    for _ in range(rounds):
        started = time.process_time()
        if pattern.scans:
            for _found in pattern.compiled.finditer(text):
                pass
        else:
            pattern.compiled.match(text)
        best = min(best, time.process_time() - started)
    return best


def is_squared(pattern: Pattern, piece: str) -> bool:
    """Whether the time grows as the square of the text's length, or worse."""
    text = piece * (SIZE // len(piece))
    first = seconds(pattern, text, rounds=1)
    if first < SUSPICIOUS_S:
        return False
    rounds = 3 if first < 10 * SUSPICIOUS_S else 1
    return seconds(pattern, text * 2, rounds=rounds) > SQUARED * seconds(pattern, text, rounds=rounds)


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.name)
def test_a_pattern_takes_time_in_proportion_to_the_text(pattern: Pattern) -> None:
    pieces = hostile_pieces(pattern.compiled.pattern)
    assert [piece for piece in pieces if all(is_squared(pattern, piece) for _try in range(3))] == []


@pytest.mark.parametrize("squared", [r"a*b", r"[^x]*x", r"<[^>]*>"])
def test_the_measure_sees_a_pattern_that_does_not(squared: str) -> None:
    pattern = Pattern("squared", re.compile(squared), scans=True)
    assert any(is_squared(pattern, piece) for _try in range(5) for piece in ["a", "<"])


def test_the_patterns_are_found() -> None:
    names = {pattern.name.rpartition(".")[2] for pattern in PATTERNS if pattern.scans}
    assert {"TOKEN", "EVENT", "GLUED", "LEFT_OPEN", "SUSPECT", "MATH_END"} <= names
    assert len(PATTERNS) > 60

"""Generated vaults: the same bytes on every machine, and wrong exactly where their truth says."""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest

from benchmarks.cases import LINK_RULES, NOT_HERE
from benchmarks.generate import File, complete, generate
from benchmarks.page import Flaw
from kbtools import app
from kbtools.checks import load_rules

NOTES = 400
DIGEST = "698a879c15acba2804e6d7e43bb3121e0271561d6169c0392d5ce927b4d7ce0d"
"""Of the vault of so many notes. Change it only together with the generator, and measure anew: old tables no longer hold."""
OTHER_RULES = [rule.name for rule in load_rules() if rule.needs not in NOT_HERE and rule.name not in LINK_RULES]


@pytest.fixture(scope="module")
def vault() -> list[File]:
    return list(generate(NOTES))


def digest_of(files: list[File]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.path}\0{len(file.data)}\0".encode() + file.data)
    return digest.hexdigest()


def truth_of(files: list[File]) -> list[Flaw]:
    linked = {path for file in files for path in file.linked}
    return complete([flaw for file in files for flaw in file.flaws], [file.path for file in files], linked)


def find(files: list[File], rules: list[str]) -> Counter[tuple[str, int, int, str, str]]:
    report = app.check_files({file.path: file.data for file in files}, select=rules)
    return Counter((found.path, *found.where[:2], found.rule, found.target) for found in report.findings if found.where)


def test_twice_the_same_bytes(vault: list[File]) -> None:
    assert digest_of(list(generate(NOTES))) == digest_of(vault)


def test_the_same_bytes_on_every_machine(vault: list[File]) -> None:
    assert digest_of(vault) == DIGEST


@pytest.mark.parametrize("rules", [sorted(LINK_RULES), [*sorted(LINK_RULES), *OTHER_RULES]], ids=["links", "every"])
def test_what_is_wrong_on_purpose_is_found_and_nothing_else(vault: list[File], rules: list[str]) -> None:
    known = Counter(tuple(flaw) for flaw in truth_of(vault) if flaw.rule in rules)
    found = find(vault, rules)
    assert found - known == Counter()
    assert known - found == Counter()


def test_every_kind_of_flaw_is_there(vault: list[File]) -> None:
    wrong = Counter(flaw.rule for flaw in truth_of(vault))
    assert wrong.keys() >= {*LINK_RULES, "malformed-link", "orphan-note", "unused-attachment"}
    assert wrong["broken-link"] > 20
    assert any(flaw.path.endswith(".canvas") for flaw in truth_of(vault))


def test_a_vault_is_like_a_vault(vault: list[File]) -> None:
    notes = [file for file in vault if file.path.endswith(".md")]
    assert len(notes) == NOTES
    assert len({file.path for file in vault}) == len(vault)
    assert 3_000 < sum(len(file.data) for file in notes) / NOTES < 5_000
    assert 10 < app.check_files({file.path: file.data for file in vault}).links / NOTES < 13
    assert any(not file.path.isascii() for file in notes)

"""The pages of docs/rules are tests: every case gives the findings its page shows."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from kbtools.app import check_files
from kbtools.checks import SCOPES, load_rules
from tests.checks.pages import PAGES, Case, page_paths, parse_page, render, rewrite

RULES = {rule.name: rule for rule in load_rules()}
PATHS = page_paths()
CASES = [case for path in PATHS for case in parse_page(path)]


def findings_of(case: Case) -> str:
    return render(check_files(case.files, select=[case.rule], outcomes=case.outcomes, answers=case.answers))


def test_rules_and_pages_are_found() -> None:
    assert len(RULES) >= 14
    assert len(CASES) >= 100


@pytest.mark.parametrize("name", sorted(RULES))
def test_rule_has_a_page_with_firing_and_silent_cases(name: str) -> None:
    path = PAGES / f"{name}.md"
    assert path.is_file(), f"write docs/rules/{name}.md"
    kinds = [case.kind for case in CASES if case.rule == name]
    assert kinds.count("Fires") >= 2
    assert kinds.count("Silent") >= 2


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_page_belongs_to_a_rule_and_names_it(path: Path) -> None:
    assert path.stem in RULES
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"# {path.stem}\n")
    assert re.search(rf'^{path.stem} = "(off|warning|error)"$', text, re.MULTILINE), "say how to switch it"


def test_every_page_is_listed() -> None:
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    assert [name for name in RULES if f"({name}.md)" not in index] == []


@pytest.mark.parametrize("case", CASES, ids=str)
def test_case(case: Case, rewrite_pages: bool) -> None:
    if rewrite_pages:
        pytest.skip("rewriting")
    assert findings_of(case) == case.expected


@pytest.mark.parametrize("case", CASES, ids=str)
def test_case_is_what_its_heading_says(case: Case) -> None:
    assert bool(case.expected) == (case.kind == "Fires")
    for line in case.expected.splitlines():
        assert f" {case.rule} " in line


@pytest.mark.parametrize("case", CASES[::7], ids=str)
def test_order_of_files_changes_nothing(case: Case) -> None:
    backwards = dict(reversed(list(case.files.items())))
    assert render(check_files(backwards, select=[case.rule], outcomes=case.outcomes, answers=case.answers)) == findings_of(case)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_rewrite(path: Path, rewrite_pages: bool) -> None:
    if not rewrite_pages:
        pytest.skip("only with --rewrite-pages")
    rewrite(path, {case.place: findings_of(case) for case in CASES if case.rule == path.stem})


@pytest.mark.parametrize("name", sorted(RULES))
def test_rule_file_keeps_its_contract(name: str) -> None:
    module = sys.modules[RULES[name].module]
    assert module.SEVERITY in ("error", "warning", "off")
    assert module.NEEDS in ("", "snippets", "proofs", "site")
    assert sum(hasattr(module, scope) for scope in SCOPES) == 1
    doc = RULES[name].doc
    assert "\nExample: " in doc
    assert "\nFix: " in doc

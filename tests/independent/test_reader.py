"""The independent reader gives what was reasoned by hand for every hostile case."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from tests.independent.reader import decode, read_vault
from tests.independent.vaults import Case, Expected, Files, hostile_notes, vaults

CASES = hostile_notes()


def test_there_are_many_cases_and_their_names_are_unique() -> None:
    names = [case.name for case in CASES]
    assert len(names) >= 120
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_hostile_case(case: Case) -> None:
    rows = read_vault(case.files)
    found = [Expected(row.target, row.subpath, row.status, row.resolved) for row in rows]
    assert sorted(found, key=repr) == sorted(case.expected, key=repr)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(vaults())
def test_places_are_where_links_begin(files: Files) -> None:
    for row in read_vault(files):
        if row.start >= 0:
            text = decode(files[row.source])
            assert text is not None
            assert text.startswith("![" if row.embed else "[", row.start)
        assert row.resolved is None or row.resolved in files

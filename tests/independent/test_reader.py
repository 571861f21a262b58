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


def test_the_other_columns() -> None:
    text = '---\nup: "[[p]]"\n---\n[[w]] ![[e]]\r\n%%[m](m)%% ![i](i.png)\n\n[r]: r\n'
    rows = read_vault({"x.md": b"\xef\xbb\xbf" + text.encode()})
    assert {(r.target, r.start, r.form, r.embed, r.hidden) for r in rows} == {
        ("p", -1, "property", False, False),
        ("w", text.index("[[w"), "wiki", False, False),
        ("e", text.index("![[e"), "wiki", True, False),
        ("m", text.index("[m]"), "markdown", False, True),
        ("i.png", text.index("![i]"), "markdown", True, False),
        ("r", text.index("[r]"), "reference", False, False),
    }


def test_a_canvas_file_node_has_its_own_form() -> None:
    nodes = '{"nodes": [{"type": "file", "file": "a.md"}, {"type": "text", "text": "![[b]]"}]}'
    rows = read_vault({"c.canvas": nodes})
    assert {(r.target, r.start, r.form, r.embed) for r in rows} == {
        ("a.md", -1, "canvas", False),
        ("b", -1, "wiki", True),
    }

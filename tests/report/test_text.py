"""What a person reads."""

from __future__ import annotations

import re

import pytest

from kbtools.report.escapes import plain, plain_json, plain_lines
from kbtools.report.places import seen_from
from kbtools.report.text import MANY, render
from tests.report.reports import EMPTY, HOSTILE, OUTCOMES, finding, report


def test_findings_are_grouped_by_file_and_summed_up_in_one_line() -> None:
    one, other = finding(path="a.md"), finding(path="b.md", severity="warning", rule="glued-tag", hint="")
    printed = render(report((one, one, other), outcomes=(), snippets=0), prefix="notes/")
    assert printed == (
        "notes/a.md:12:5 broken-link nothing is named 'LSMT' (did you mean [[LSTM]]?)\n"
        "notes/a.md:12:5 broken-link nothing is named 'LSMT' (did you mean [[LSTM]]?)\n"
        "\n"
        "notes/b.md:12:5 glued-tag nothing is named 'LSMT'\n"
        "\n"
        "1,200 notes, 18,000 links: 2 errors, 1 warning in 0.41 s\n"
    )


def test_nothing_found() -> None:
    assert render(EMPTY) == "0 notes, 0 links: 0 errors, 0 warnings in 0.00 s\n"


def test_snippets_and_their_proofs() -> None:
    printed = render(report((finding(rule="failing-snippet", place="snippets/x.py:3"),)), prefix="../notes/", project="../")
    first, _, summary, _ = printed.split("\n")
    assert first.endswith(" (did you mean [[LSTM]]?) [../snippets/x.py:3]")
    assert summary == (
        "1,200 notes, 18,000 links, 2 snippets: 1 error, 0 warnings in 0.41 s; "
        "proofs: 1 passed on cpu (1 from the cache), 1 failed on cpu, 1 skipped on cuda"
    )
    assert len(OUTCOMES) == 3


def test_a_snippet_is_addressed_from_the_project_and_a_note_from_the_vault() -> None:
    snippet = finding(path="snippets/x.py", rule="unused-snippet", hint="")
    python_in_the_vault = finding(path="snippets/x.py", rule="broken-link", hint="")
    lines = render(report((snippet, python_in_the_vault)), prefix="notes/", project="p/").split("\n")
    assert lines[0].startswith("p/snippets/x.py:")
    assert lines[1].startswith("notes/snippets/x.py:")


def test_of_many_findings_the_summary_counts_each_rule() -> None:
    few = tuple(finding() for _ in range(MANY))
    assert "(20 broken-link" not in render(report(few))
    many = (*few, *(finding(rule="glued-tag", severity="warning") for _ in range(1000)))
    assert ": 20 errors, 1,000 warnings (1,000 glued-tag, 20 broken-link) in 0.41 s" in render(report(many))


def test_colour_changes_nothing_else() -> None:
    coloured = render(report(), prefix="notes/", colour=True)
    assert "\x1b[31mbroken-link\x1b[0m" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == render(report(), prefix="notes/")


def test_names_are_tamed_in_colour_too() -> None:
    coloured = render(report((finding(path=HOSTILE, message=HOSTILE, hint=HOSTILE, place=HOSTILE),)), colour=True)
    assert re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\udcff]", re.sub(r"\x1b\[\d+m", "", coloured)) is None
    assert coloured.count("\n") == 3


@pytest.mark.parametrize(
    ("here", "path", "seen"),
    [
        ("", "a.md", "a.md"),
        ("/v/概念", "a.md", "a.md"),
        ("/v/概念", "../概念/a.md", "a.md"),
        ("/v/概念", "../概念/深/a.md", "深/a.md"),
        ("/v/概念", "../别/a.md", "../别/a.md"),
        ("/v/概念/深", "../../概念/深/a.md", "a.md"),
        ("/v/概念/深", "../../概念/浅/a.md", "../浅/a.md"),
        ("/v/概念/深", "../../a.md", "../../a.md"),
        ("/v/x", "../x", "../x"),
        ("/", "/v/a.md", "/v/a.md"),
        ("", "../a/b.md", "../a/b.md"),
    ],
)
def test_seen_from(here: str, path: str, seen: str) -> None:
    assert seen_from(here, path) == seen


def test_escapes() -> None:
    assert plain("a\tb\nc\x1bd\x9be\u2028f\u202eg\udcffh汉字🎉é") == "a\\tb\\nc\\x1bd\\x9be\\u2028f\\u202eg\\udcffh汉字🎉é"
    assert plain_lines("a\nb\x1b\n") == "a\nb\\x1b\n"
    assert plain_json('{\n "a\x9b\u2066\udcff"}') == '{\n "a\\u009b\\u2066\\udcff"}'


def test_bytes_are_the_same() -> None:
    assert render(report(), colour=True) == render(report(), colour=True)

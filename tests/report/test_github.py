"""GitHub's workflow commands, read back as GitHub's runner reads them."""

from __future__ import annotations

import re

import pytest

from kbtools.report.github import render
from tests.report.reports import EMPTY, HOSTILE, finding, report

COMMAND = re.compile(r"::(?P<name>error|warning) (?P<properties>[^\n]*?)::(?P<message>[^\n]*)")


def read(line: str) -> tuple[str, dict[str, str], str]:
    """(command, properties, message), unescaped: https://github.com/actions/runner, ActionCommand.cs."""
    found = COMMAND.fullmatch(line)
    assert found, line
    properties = dict(part.split("=", 1) for part in found["properties"].split(","))
    return found["name"], {key: unescape(value) for key, value in properties.items()}, unescape(found["message"])


def unescape(text: str) -> str:
    for mark, meant in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(mark, meant)
    return text


def test_every_finding_is_one_line_and_reads_back() -> None:
    rendered = report()
    *lines, summary = render(rendered, prefix="notes/", project="").removesuffix("\n").split("\n")
    assert len(lines) == len(rendered.findings)
    assert summary.startswith("1,200 notes, 18,000 links, 2 snippets: 3 errors, 2 warnings")
    name, properties, message = read(lines[0])
    assert name == "error"
    assert properties == {
        "file": "notes/概念/rnn.md",
        "line": "12",
        "endLine": "12",
        "col": "5",
        "endColumn": "13",
        "title": "broken-link",
    }
    assert message == "nothing is named 'LSMT' (did you mean [[LSTM]]?)"
    assert read(lines[3])[2] == "assert 1 == 2 [snippets/nn/x.py:12]"


def test_columns_are_left_out_of_a_range_of_lines() -> None:
    _, properties, _ = read(render(report()).split("\n")[1])
    assert (properties["line"], properties["endLine"]) == ("12", "14")
    assert "col" not in properties


@pytest.mark.parametrize(
    "name", ["a%b.md", "a,b.md", "a:b.md", "a::b.md", "a%2Cb.md", "a\nb.md", "a\r\nb.md", "100%25.md", "a=b.md"]
)
def test_names_survive(name: str) -> None:
    line, _ = render(report((finding(path=name, message=f"'{name}'", hint=""),))).removesuffix("\n").split("\n")
    _, properties, message = read(line)
    assert properties["file"] == name
    assert message == f"'{name}'"


def test_control_characters_do_not_reach_the_log() -> None:
    (line, _) = render(report((finding(path=HOSTILE, message=HOSTILE),))).removesuffix("\n").split("\n")
    assert "\x1b" not in line
    assert "\\x1b" in line


def test_nothing_found() -> None:
    assert render(EMPTY) == "0 notes, 0 links: 0 errors, 0 warnings in 0.00 s\n"

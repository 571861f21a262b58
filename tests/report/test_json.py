"""The JSON of a report keeps its contract: version 1, these keys, these types, nothing else."""

from __future__ import annotations

import json

import jsonschema
import pytest

from kbtools.app import check_files
from kbtools.model import Report
from kbtools.report.json import render
from tests.report.reports import EMPTY, HOSTILE, report

TEXT, COUNT, PLACE, SECONDS = (
    {"type": "string"},
    {"type": "integer", "minimum": 0},
    {"type": "integer", "minimum": 1},
    {"type": "number", "minimum": 0},
)


def record(**fields: object) -> dict[str, object]:
    """An object with exactly these keys."""
    return {"type": "object", "required": list(fields), "properties": fields, "additionalProperties": False}


SCHEMA = record(
    version={"const": 1},
    vault={"type": "string", "minLength": 1},
    summary=record(notes=COUNT, links=COUNT, snippets=COUNT, errors=COUNT, warnings=COUNT, seconds=SECONDS),
    findings={
        "type": "array",
        "items": record(
            rule={"type": "string", "pattern": "^[a-z]+(-[a-z]+)+$"},
            severity={"enum": ["error", "warning"]},
            path={"type": "string", "minLength": 1},
            line=PLACE,
            column=PLACE,
            end_line=PLACE,
            end_column=PLACE,
            message={"type": "string", "minLength": 1},
            hint=TEXT,
            target=TEXT,
            place=TEXT,
            fixable={"type": "boolean"},
        ),
    },
    snippets={
        "type": "array",
        "items": record(
            path={"type": "string", "minLength": 1},
            device={"enum": ["cpu", "cuda"]},
            status={"enum": ["passed", "failed", "skipped"]},
            reason=TEXT,
            cached={"type": "boolean"},
            seconds=SECONDS,
            detail=TEXT,
            line=COUNT,
            why=TEXT,
        ),
    },
)


@pytest.mark.parametrize("rendered", [report(), EMPTY], ids=["full", "empty"])
def test_schema(rendered: Report) -> None:
    whole = {**json.loads(render(rendered)), "vault": "notes"}
    jsonschema.validate(whole, SCHEMA)


def test_the_schema_refuses_what_is_not_in_the_contract() -> None:
    whole = json.loads(render(report()))
    whole["findings"][0]["more"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(whole, SCHEMA)
    del whole["findings"][0]["more"], whole["findings"][0]["fixable"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(whole, SCHEMA)


def test_what_a_check_gives_fits_the_schema() -> None:
    files = {"a.md": "[[nobody]] [[#无]] ![[x.png]] [x]() #标签，后", "b.md": "---\ntags: x\nx: [\n---\n"}
    checked = json.loads(render(check_files(files, select=["broken-link", "broken-anchor", "broken-embed", "glued-tag"])))
    assert len(checked["findings"]) >= 3
    jsonschema.validate({**checked, "vault": "x"}, SCHEMA)


def test_values() -> None:
    whole = json.loads(render(report()))
    assert whole["summary"] == {"notes": 1200, "links": 18000, "snippets": 2, "errors": 3, "warnings": 2, "seconds": 0.412}
    assert whole["findings"][0] == {
        "rule": "broken-link",
        "severity": "error",
        "path": "概念/rnn.md",
        "line": 12,
        "column": 5,
        "end_line": 12,
        "end_column": 13,
        "message": "nothing is named 'LSMT'",
        "hint": "did you mean [[LSTM]]?",
        "target": "LSMT",
        "place": "",
        "fixable": True,
    }
    assert whole["findings"][-1]["path"] == HOSTILE
    assert whole["snippets"][0] == {
        "path": "snippets/nn/x.py",
        "device": "cpu",
        "status": "failed",
        "reason": "assertion",
        "cached": False,
        "seconds": 0.021,
        "detail": "assert 1 == 2",
        "line": 0,
        "why": "",
    }


def test_bytes_are_the_same_and_encodable() -> None:
    assert render(report()) == render(report())
    assert json.loads(render(report()).encode("utf-8")) == json.loads(render(report()))

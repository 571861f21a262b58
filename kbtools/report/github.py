"""A report as GitHub's workflow commands: an annotation at the line of each finding.

https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from kbtools.model import Finding, Report
from kbtools.report.escapes import plain
from kbtools.report.places import address, sentence
from kbtools.report.text import render_summary


def render(report: Report, *, prefix: str = "", project: str = "") -> str:
    """One command a finding, then the summary as a plain line."""
    commands = [_command(found, address(found, prefix, project), sentence(found, project)) for found in report.findings]
    return "\n".join([*commands, render_summary(report)]) + "\n"


def _command(found: Finding, file: str, message: str) -> str:
    line, column, end_line, end_column = found.where or (1, 1, 1, 1)
    properties = {
        "file": file,
        "line": line,
        "endLine": end_line,
        "col": column,
        "endColumn": end_column,
        "title": found.rule,
    }
    if end_line != line:
        del properties["col"], properties["endColumn"]  # only understood within one line
    written = ",".join(f"{key}={_escape_property(str(value))}" for key, value in properties.items())
    return f"::{found.severity} {written}::{_escape(message)}"


def _escape(text: str) -> str:
    return plain(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")

"""Where a finding is, as its readers can open it: notes are counted from the vault, snippets from the project."""

from __future__ import annotations

from kbtools.model import Finding


def address(found: Finding, prefix: str, project: str) -> str:
    """The finding's file behind the prefix of what it belongs to; only rules about snippets speak of a Python file as
    one of the project."""
    if found.path.endswith(".py") and found.rule.endswith("-snippet"):
        return project + found.path
    return prefix + found.path

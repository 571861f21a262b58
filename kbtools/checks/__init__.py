"""The rules: each file of this package finds one kind of problem, and nothing lists them but the folder itself.

A rule file has a docstring (what `kb rules RULE` prints), `SEVERITY` (its default), `NEEDS` (what must be configured
for that default to hold, "" for nothing) and one generator whose name states what it has to see:

- `check_note(note)`: one note alone;
- `check_edge(edge, vault)`: one link that did not resolve cleanly, never a hidden one;
- `check(vault)`: everything.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Literal

from kbtools.model import Edge, Finding, Note, Vault

Scope = Literal["check", "check_note", "check_edge"]
Need = Literal["", "snippets", "proofs", "site"]

NoteCheck = Callable[[Note], Iterator[Finding]]
EdgeCheck = Callable[[Edge, Vault], Iterator[Finding]]
VaultCheck = Callable[[Vault], Iterator[Finding]]

SCOPES: tuple[Scope, ...] = ("check", "check_note", "check_edge")


@dataclass(frozen=True, slots=True)
class Rule:
    """What is known of a rule without running it. `severity` is its default where `needs` is configured."""

    name: str
    severity: Literal["error", "warning", "off"]
    needs: Need
    scope: Scope
    doc: str
    module: str


def load_rules() -> tuple[Rule, ...]:
    """Every rule of the package, by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return tuple(_load_rule(name) for name in names)


def _load_rule(name: str) -> Rule:
    path = f"{__name__}.{name}"
    module = import_module(path)
    (scope,) = (scope for scope in SCOPES if hasattr(module, scope))
    return Rule(name.replace("_", "-"), module.SEVERITY, module.NEEDS, scope, (module.__doc__ or "").strip(), path)


def note_check(rule: Rule) -> NoteCheck:
    """The generator of a rule whose scope is `check_note`."""
    check: NoteCheck = import_module(rule.module).check_note
    return check


def edge_check(rule: Rule) -> EdgeCheck:
    """The generator of a rule whose scope is `check_edge`."""
    check: EdgeCheck = import_module(rule.module).check_edge
    return check


def vault_check(rule: Rule) -> VaultCheck:
    """The generator of a rule whose scope is `check`."""
    check: VaultCheck = import_module(rule.module).check
    return check

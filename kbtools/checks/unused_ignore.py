"""A comment silences a rule that has nothing to say there.

`%% kb: ignore broken-link %%` keeps a rule quiet about its line, or about the next one when it stands alone;
`%% kb: ignore-file broken-link %%` at the top of a note, about the whole note. When the link is mended the comment stays
behind, and would one day hide a new mistake; and a misspelt rule silences nothing at all. Of rules that are off, of proofs
and of web addresses nobody knows, so nothing is said.

Example: `%% kb: ignore broken-links %%` (no such rule); `[[LSTM]] %% kb: ignore broken-link %%` where `LSTM.md` exists.

Fix: remove the comment, or correct the rule's name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kbtools.model import Finding, Vault

SEVERITY: Final = "warning"
NEEDS: Final = ""


def check(vault: Vault) -> Iterator[Finding]:
    for idle in vault.idle_ignores:
        yield Finding("unused-ignore", SEVERITY, idle.path, idle.span, idle.problem, hint=idle.hint, target=idle.rule)

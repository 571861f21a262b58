"""A web address that is dead, or has moved for good.

Only `kb check --external` asks, and only for http and https. Dead is what its server calls gone (404, 410), a host that does
not exist or refuses, a certificate that is not valid, and redirects without end. Where a server asks who you are, how
often, or has trouble of its own (401, 403, 429, 5xx, no answer in time), nobody knows, and nothing is found. A permanent
redirect (301, 308) is a warning: the old address works until it does not.

Example: `[论文](https://www.bioinf.jku.at/publications/older/2604.pdff)` where the server answers 404.

Fix: correct the address, or link to a copy (https://web.archive.org).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kbtools.model import Finding, Vault
from kbtools.syntax.addresses import find_addresses

SEVERITY: Final = "error"
NEEDS: Final = ""


def check(vault: Vault) -> Iterator[Finding]:
    if not vault.answers:
        return
    for note in vault.notes.values():
        for url, span in find_addresses(note):
            answer = vault.answers.get(url)
            if answer is None:
                continue
            if answer.kind == "dead":
                yield Finding("broken-url", SEVERITY, note.path, span, f"'{url}' is dead: {answer.detail}", target=url)
            elif answer.moved and answer.kind == "alive":
                message = f"'{url}' has moved for good"
                yield Finding("broken-url", "warning", note.path, span, message, f"write {answer.moved}", url)

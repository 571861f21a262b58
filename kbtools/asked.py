"""The web addresses of a vault, asked for: what is dead as findings, and what else there is to say of them as remarks."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from kbtools.config import Config
from kbtools.model import Answer, Finding
from kbtools.rulebook import judge, open_rulebook
from kbtools.showing import is_within
from kbtools.syntax.addresses import find_addresses
from kbtools.vault.cache import cache_folder
from kbtools.vault.snapshot import Snapshot
from kbtools.web.asking import Asked, ask_all
from kbtools.web.client import Manners, anywhere, is_public

RULE = "broken-url"


def judge_addresses(
    config: Config,
    snapshot: Snapshot,
    paths: Sequence[str],
    *,
    allow_private: bool,
    begin: Callable[[int], Callable[[int], None]],
) -> tuple[list[Finding], tuple[str, ...]]:
    """(findings about the addresses in the notes at `paths`, remarks). What was asked lately is not asked again.
    `begin` is told how many addresses there are, and gives somebody who is told of each."""
    notes = (note for path, note in snapshot.notes.items() if is_within(path, paths))
    urls = sorted({address.url for note in notes for address in find_addresses(note)})
    asked = ask_all(
        urls,
        cache_folder(config.vault),
        Manners(may_ask=anywhere if allow_private else is_public),
        now=time.time(),
        advance=begin(len(urls)),
    )
    snapshot.answers = asked.answers
    found = judge(snapshot, open_rulebook(config, (RULE,)), only=frozenset({RULE}))
    return found, tuple(_iter_remarks(asked, len(urls)))


def _iter_remarks(asked: Asked, total: int) -> Iterator[str]:
    if asked.offline:
        yield "no web address could be looked up: is this machine offline?"
        return
    kinds = Counter(answer.kind for answer in asked.answers.values())
    counts = [f"{kinds[kind]:,} {kind}" for kind in ("alive", "dead", "unknown") if kinds[kind]]
    if asked.private:
        counts.append(f"{asked.private:,} private and not asked (--allow-private asks)")
    known = f" ({asked.remembered:,} remembered)" if asked.remembered else ""
    yield f"web: {total:,} address{'' if total == 1 else 'es'}{known}{': ' if counts else ''}{', '.join(counts)}"
    yield from _iter_unknown(asked.answers)


def _iter_unknown(answers: Mapping[str, Answer]) -> Iterator[str]:
    """Why nobody knows, a line for each reason with one address."""
    reasons: dict[str, list[str]] = {}
    for url, answer in sorted(answers.items()):
        if answer.kind == "unknown":
            reasons.setdefault(answer.detail, []).append(url)
    for reason, urls in sorted(reasons.items()):
        more = f" and {len(urls) - 1:,} more" if len(urls) > 1 else ""
        yield f"unknown: {urls[0]}{more}: {reason}"

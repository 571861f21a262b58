"""A project's snippets, proven: which of them a check is about, what running their proofs found, what is recorded and counted."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from kbtools.config import Config
from kbtools.errors import KbError
from kbtools.model import Finding, Outcome, Shown, Snippet
from kbtools.rulebook import NEVER_STORED, judge, open_rulebook
from kbtools.snippets import evidence, prove, record
from kbtools.snippets.grounds import survey
from kbtools.snippets.terms import Begin, Terms
from kbtools.vault.cache import cache_folder
from kbtools.vault.snapshot import Snapshot

EVIDENCE_NAME = "evidence.json"


def choose(snippets: Mapping[str, Snippet], shown: Iterable[Shown], paths: Sequence[str]) -> dict[str, Snippet]:
    """The snippets among `paths`, and those which the notes among them show; all of them where no paths are given."""
    from kbtools.showing import is_within

    wanted = {block.path for block in shown if is_within(block.note, paths)}
    return {path: snippet for path, snippet in snippets.items() if path in wanted or is_within(path, paths)}


def run(
    config: Config, snippets: Mapping[str, Snippet], every: Iterable[str], device: str, *, begin: Begin | None = None
) -> list[Outcome]:
    """Prove what is not proven yet. Raises KbError when something has to run and nothing can."""
    terms = Terms(
        config.root,
        _evidence_file(config),
        device=device,
        timeout=config.timeout,
        memory=config.memory,
        requires_gpu=os.environ.get("KB_REQUIRE_CUDA") == "1",
    )
    return prove.prove(snippets, terms, every=every, begin=begin)


def find_failures(
    config: Config, outcomes: Sequence[Outcome], select: Sequence[str], ignore: Sequence[str], look: Callable[[], Snapshot]
) -> list[Finding]:
    """What the rules about running say; the vault is looked at only when something failed."""
    if all(outcome.status != "failed" for outcome in outcomes):
        return []
    snapshot = look()
    snapshot.outcomes = tuple(outcomes)
    return judge(snapshot, open_rulebook(config, select, ignore), only=NEVER_STORED)


# ------------------------------------------------------------------------------------------------ evidence


def write_record(config: Config, outcomes: Iterable[Outcome], every: Iterable[str]) -> None:
    """Record what passed in `evidence.json` beside the snippets. Raises KbError where that file cannot be read or written."""
    file = config.root / config.snippets / record.NAME
    old = record.read_records(file)
    entries = evidence.read_memory(_evidence_file(config)).entries
    passed = {(outcome.path, outcome.device): outcome.digest for outcome in outcomes if outcome.status == "passed"}
    new = [record.record_of(entry) for key, entry in entries.items() if entry.grounds.digest == passed.get(key)]
    if len(new) < len(passed):
        raise KbError(
            f"'{_evidence_file(config)}' does not hold what was just proven", "see KB_CACHE_DIR, and run kb check again"
        )
    record.write_records(file, record.merge(old, new, every))


def read_record(config: Config, snippets: Mapping[str, Snippet]) -> list[tuple[record.Record, record.State]]:
    """What is recorded, and whether it still holds for the snippets as they are. Raises KbError for a file that is no record."""
    if not config.snippets:
        return []
    found = record.read_records(config.root / config.snippets / record.NAME)
    surveyor = survey(config.root, evidence.read_memory(_evidence_file(config))) if found else None
    files = {}
    for path in {one.path for one in found} & snippets.keys():
        assert surveyor is not None
        files[path] = surveyor.grounds_of(snippets[path], "").files
    return [(one, record.state_of(one, files.get(one.path))) for one in found]


def list_evidence(config: Config, snippets: Mapping[str, Snippet]) -> dict[str, list[tuple[record.Record, record.State]]]:
    """What is known of each snippet, the best of each device: what is recorded, and what was proven on this machine."""
    found: dict[tuple[str, str], tuple[record.Record, record.State]] = {}
    for one, state in read_record(config, snippets):
        if state == "current" or (one.path, one.device) not in found:
            found[one.path, one.device] = one, state
    memory = evidence.read_memory(_evidence_file(config))
    surveyor = survey(config.root, memory)
    for key, entry in memory.entries.items():
        if key[0] in snippets and entry.status == "passed" and found.get(key, (None, ""))[1] != "current":
            grounds = surveyor.grounds_of(snippets[key[0]], entry.grounds.name)
            found[key] = record.record_of(entry), "current" if grounds.digest == entry.grounds.digest else "out of date"
    listed: dict[str, list[tuple[record.Record, record.State]]] = {}
    for key in sorted(found):
        if key[0] in snippets:
            listed.setdefault(key[0], []).append(found[key])
    return listed


def count_evidence(config: Config, snippets: Mapping[str, Snippet]) -> dict[str, int]:
    """How many snippets are proven as they are, by device: here or, as far as it is recorded, on another machine."""
    proven = {(one.path, one.device) for one, state in read_record(config, snippets) if state == "current"}
    memory = evidence.read_memory(_evidence_file(config))
    surveyor = survey(config.root, memory)
    for (path, device), entry in memory.entries.items():
        if path in snippets and entry.status == "passed":
            grounds = surveyor.grounds_of(snippets[path], entry.grounds.name)
            proven |= {(path, device)} if grounds.digest == entry.grounds.digest else set()
    return dict(sorted(Counter(device for _, device in proven).items()))


def _evidence_file(config: Config) -> Path:
    return cache_folder(config.vault) / EVIDENCE_NAME

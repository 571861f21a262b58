"""Snippets -> outcomes: what is proven already is remembered, the rest is run and judged.

A snippet has one outcome a device. On the CPU its proof has to pass and its file has to run alone; on a GPU, the tests of its
proof that ask for a device have to pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, Literal

from kbtools.model import Outcome, Snippet
from kbtools.snippets import devices, evidence
from kbtools.snippets.evidence import Entry, Grounds, Key, Memory
from kbtools.snippets.grounds import Surveyor, survey
from kbtools.snippets.terms import NO_DEVICE, NO_GPU, NO_PROOF, Begin, Terms

MANY: Final = 5000
"""Files whose names are remembered, before those of old versions are forgotten."""


def prove(
    snippets: Mapping[str, Snippet], terms: Terms, *, every: Iterable[str] = (), begin: Begin | None = None
) -> list[Outcome]:
    """One outcome for each snippet and device, by path. `every` names all snippets there are: evidence of others is dropped.

    Raises KbError when something has to run and nothing can.
    """
    memory = evidence.read_memory(terms.memory_file)
    gpus = memory.gpus
    surveyor = survey(terms.root, memory)
    gpu = _find_gpu(snippets.values(), surveyor, memory, terms)
    names = {"cpu": devices.cpu_name(), "cuda": gpu}
    done: dict[Key, Outcome] = {}
    stale: dict[Key, Grounds] = {}
    for path, snippet in snippets.items():
        for device in terms.devices:
            skipped = _skip(snippet, surveyor, terms, gpu=gpu) if device == "cuda" else None
            if skipped is not None:
                done[path, device] = skipped
                continue
            grounds = surveyor.grounds_of(snippet, names[device])
            entry = memory.entries.get((path, device))
            if entry is not None and entry.grounds.digest == grounds.digest:
                done[path, device] = _remembered(entry)
            else:
                stale[path, device] = grounds
    ran: Mapping[Key, Outcome] = {}
    if stale:
        from kbtools.snippets import renew

        ran = renew.run(stale, memory, surveyor, terms, begin)
    fresh = survey(terms.root, memory) if ran else surveyor  # what changed while it ran was not what ran
    proven = [
        _entry(outcome, stale[key])
        for key, outcome in ran.items()
        if (outcome.status == "passed" or outcome.reason == NO_PROOF)
        and fresh.grounds_of(snippets[key[0]], names[key[1]]).digest == stale[key].digest
    ]
    if _learn(memory, surveyor) or proven or memory.gpus != gpus:
        evidence.write_memory(terms.memory_file, memory, proven=proven, known={*every, *snippets})
    done |= {key: replace(outcome, why=_why(memory, stale[key], key)) for key, outcome in ran.items()}
    return [done[path, device] for path in sorted(snippets) for device in terms.devices]


# ------------------------------------------------------------------------------------------------ what is known


def _find_gpu(snippets: Iterable[Snippet], surveyor: Surveyor, memory: Memory, terms: Terms) -> str:
    """The GPU's name, "" for none: as remembered, else as torch says when it is asked."""
    key = devices.gpu_key(surveyor.torch) if surveyor.torch and "cuda" in terms.devices else ""
    if not key or not any(surveyor.asks_for_device(snippet) for snippet in snippets):
        return ""
    if key not in memory.gpus or (terms.requires_gpu and not memory.gpus[key]):
        from kbtools.snippets import renew

        memory.gpus = {key: renew.ask_gpu(surveyor, terms)}
    return memory.gpus[key]


def _skip(snippet: Snippet, surveyor: Surveyor, terms: Terms, *, gpu: str) -> Outcome | None:
    """Why a snippet is not proven on a GPU, if it is not."""
    if not surveyor.asks_for_device(snippet):
        reason = NO_DEVICE if surveyor.has_proof(snippet) else NO_PROOF
        return Outcome(snippet.path, "cuda", "skipped", reason, 0.0)
    if gpu:
        return None
    if terms.requires_gpu:
        return Outcome(snippet.path, "cuda", "failed", "device", 0.0, detail=f"{NO_GPU}, and KB_REQUIRE_CUDA=1")
    return Outcome(snippet.path, "cuda", "skipped", NO_GPU, 0.0)


def _remembered(entry: Entry) -> Outcome:
    status: Literal["passed", "skipped"] = "passed" if entry.status == "passed" else "skipped"
    digest = entry.grounds.digest
    return Outcome(entry.path, entry.device, status, entry.reason, entry.seconds, cached=True, detail=entry.detail, digest=digest)


def _why(memory: Memory, grounds: Grounds, key: Key) -> str:
    """Why something is run that was proven before."""
    entry = memory.entries.get(key)
    return "" if entry is None else evidence.why_again(entry.grounds, grounds)


def _entry(outcome: Outcome, grounds: Grounds) -> Entry:
    return Entry(
        outcome.path,
        outcome.device,
        grounds,
        outcome.seconds,
        datetime.now(UTC).date().isoformat(),
        outcome.detail,
        outcome.status,
        outcome.reason,
    )


def _learn(memory: Memory, surveyor: Surveyor) -> bool:
    """Take what the survey found out into the memory; False when it was known."""
    names = {**memory.names, **surveyor.sources.names}
    if names == memory.names and surveyor.installed == memory.installed:
        return False
    memory.names = surveyor.sources.names if len(names) > MANY else names
    memory.installed = surveyor.installed
    return True

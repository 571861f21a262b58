"""Evidence that is out of date -> outcomes: what has to run is run, and judged."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from kbtools.model import Outcome
from kbtools.snippets.evidence import Grounds, Key, Memory
from kbtools.snippets.grounds import Surveyor
from kbtools.snippets.job import Setup
from kbtools.snippets.judge import Verdict, judge
from kbtools.snippets.run import Ran, Task, count_cores, run_all
from kbtools.snippets.terms import NO_PROOF, Begin, Terms

SHARED: Final = ("numpy", "torch")
"""Imported before the first job, when one needs torch."""
SHARED_BY_MANY: Final = {
    "torch": ("torch.distributed.tensor", "torch._dynamo"),
    "scipy": ("scipy.stats",),
    "scikit-learn": ("sklearn.linear_model",),
}
"""What more than a few jobs import: of torch, what it needs when it first compares and first runs on the meta device; the
oracles. Each costs half a second or more."""
FEW: Final = 2


def run(
    stale: Mapping[Key, Grounds], memory: Memory, surveyor: Surveyor, terms: Terms, begin: Begin | None
) -> dict[Key, Outcome]:
    """Run and judge; what took longest the last time comes first."""
    tasks: dict[Task, float] = {}
    for (path, device), grounds in stale.items():
        entry = memory.entries.get((path, device))
        seconds = entry.seconds if entry is not None else terms.timeout
        tasks |= dict.fromkeys(_tasks(path, device, grounds), seconds)
    order = sorted(tasks, key=lambda task: (task.kind != "proof", -tasks[task], task.file, task.device))
    users = Counter(package for grounds in stale.values() for package in grounds.versions)
    modules = list(SHARED if users["torch"] else ())
    for package, shared in SHARED_BY_MANY.items():
        modules += shared if users[package] > FEW else ()
    setup = _setup(terms, surveyor, workers=min(count_cores(), len(order)), modules=tuple(modules))
    ran = run_all(order, setup, advance=begin(len(order)) if begin is not None else None)
    return {
        (path, device): _outcome(path, device, grounds, [ran[task] for task in _tasks(path, device, grounds)], setup.root)
        for (path, device), grounds in stale.items()
    }


def ask_gpu(surveyor: Surveyor, terms: Terms) -> str:
    """The name of torch's GPU, "" for none."""
    task = Task("gpu", "", "cuda")
    ran = run_all([task], _setup(terms, surveyor, workers=1, modules=()))[task]
    return next((str(event["name"]) for event in ran.events if event["event"] == "gpu"), "")


def _tasks(path: str, device: str, grounds: Grounds) -> list[Task]:
    proof = [Task("proof", grounds.proof, device)] if grounds.proof else []
    return [*proof, *([Task("alone", path, device)] if device == "cpu" else [])]


def _setup(terms: Terms, surveyor: Surveyor, *, workers: int, modules: tuple[str, ...]) -> Setup:
    return Setup(
        root=str(terms.root),
        timeout=terms.timeout,
        memory=terms.memory,
        workers=workers,
        modules=modules,
        ini=surveyor.settings.file,
        stays=sys.platform == "linux",
    )


def _outcome(path: str, device: str, grounds: Grounds, ran: Sequence[Ran], root: str) -> Outcome:
    """What the runs of one snippet on one device come to: the first that failed speaks for all."""
    verdicts = [judge(one.job, one.events, one.ending, root=root, snippet=path) for one in ran]
    verdict = next((verdict for verdict in verdicts if verdict.status == "failed"), verdicts[0])
    if verdict.status == "passed" and not grounds.proof:
        verdict = Verdict("skipped", NO_PROOF)
    seconds = sum(one.ending.seconds for one in ran)
    where = f" ({verdict.place})" if verdict.place and verdict.line == 0 else ""
    return Outcome(
        path,
        device,
        verdict.status,
        verdict.reason,
        seconds,
        detail=f"{verdict.cause}{where}\n{verdict.detail}".strip(),
        line=verdict.line,
        digest=grounds.digest if verdict.status == "passed" else "",
    )

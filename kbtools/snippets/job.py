"""The nouns of a run: what is to be executed, within which limits, and how it ended. They travel between processes as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

PACKAGES: Final = str(Path(__file__).parents[2])
"""Where kb itself is found, installed or not."""

Kind = Literal["proof", "alone", "gpu"]


@dataclass(frozen=True, slots=True)
class Job:
    """One process: pytest on a `file` that is a proof, a snippet's `file` as a program, or (no file) torch asked for its GPU.

    `folder` is the job's own; the journal and everything temporary is in it.
    """

    number: int
    kind: Kind
    file: str
    device: str
    folder: str

    @property
    def journal(self) -> str:
        return f"{self.folder}/journal"


@dataclass(frozen=True, slots=True)
class Setup:
    """What all jobs of a run share. `root` is the project's folder, `timeout` in seconds and `memory` in bytes bound one job,
    `ini` is pytest's configuration file ("" for none).

    `modules`, and with `plugins` what pytest imports, are imported once, before the first job; `stays` says that jobs are
    forked from the process that did so.
    """

    root: str
    timeout: float
    memory: int
    workers: int
    modules: tuple[str, ...] = ()
    plugins: bool = True
    ini: str = ""
    stays: bool = True


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job's process ended. `status` is its exit code, or minus the signal that ended it; `killed` says why kb ended it.

    `out_of_memory`: the kernel killed something meanwhile; `left`: a process forked from it was still there;
    `output`: the last lines it printed.
    """

    status: int
    seconds: float
    killed: Literal["", "timeout", "memory", "bound"] = ""
    peak: int = 0
    out_of_memory: bool = False
    left: bool = False
    output: str = ""


def write_orders(setup: Setup, jobs: Sequence[Job]) -> str:
    """One line that says everything the other process has to know."""
    return json.dumps({"setup": asdict(setup), "jobs": [asdict(job) for job in jobs]})


def read_orders(line: str | bytes) -> tuple[Setup, list[Job]]:
    """What `write_orders` wrote."""
    found = json.loads(line)
    setup = found["setup"]
    setup["modules"] = tuple(setup["modules"])
    return Setup(**setup), [Job(**job) for job in found["jobs"]]


def command_for(module: str, *arguments: str) -> list[str]:
    """The command line that calls a module's `main` in a fresh interpreter, which no file of the working directory can reach."""
    code = f"import sys; sys.path.append({PACKAGES!r}); from {module} import main; main(sys.argv[1:])"
    return [sys.executable, "-P", "-X", "utf8", "-c", code, *arguments]

"""One job, in a process of its own: bounds it, keeps what it does away from others, and runs it.

`begin` is called in a process just forked from the nursery, or in a fresh one (`main`).
"""

from __future__ import annotations

import atexit
import contextlib
import faulthandler
import gc
import importlib
import os
import runpy
import sys
import threading
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Final

from kbtools.snippets.alone import environment
from kbtools.snippets.job import Job, Setup, read_orders
from kbtools.snippets.journal import Journal, describe_error
from kbtools.snippets.prelude import refuse_network
from kbtools.snippets.session import set_threads

FIRST_FREE: Final = 3
MANY: Final = 4096
NAMES_OF_CI: Final = ("CI", "BUILD_NUMBER")
"""Where one is set, pytest writes out every difference between two values, which takes minutes for a few thousand numbers."""
KB: Final = __name__.partition(".")[0]
PLUGIN: Final = f"{KB}.plugins.pytest"


def begin(job: Job, setup: Setup, known: Collection[str], *, is_forked: bool) -> None:
    """Run a job and end the process as its program ends; `known` are the modules that a program may find imported already."""
    journal = Journal(job.journal, Path(setup.root))
    owner = os.getpid()

    def say_goodbye() -> None:
        if os.getpid() == owner:
            journal.write("gone")

    atexit.register(say_goodbye)  # the first to be registered is the last to run
    _bound(setup, job)
    runs: dict[str, Callable[[], int]] = {
        "gpu": lambda: _ask_gpu(journal),
        "alone": lambda: _run_alone(job, setup, journal, known),
        "proof": lambda: _run_proof(job, setup, journal),
    }
    code = runs[job.kind]()
    journal.write("finished", code=code)
    if is_forked:
        leave(code, setup.root)
    sys.exit(code)


def leave(code: int, root: str, end: Callable[[int], None] = os._exit) -> None:
    """End a forked process as Python would, less what was imported before it was forked: taking that down copies all the
    memory it shares, a quarter of a second for every job. Threads, exit handlers and what the project made come to their end.
    """
    vars(threading)["_shutdown"]()  # waits for threads and wakes idle pools, which no public function does
    atexit._run_exitfuncs()
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] not in ("__main__", KB) and _is_within(module, root):
            vars(module).update(dict.fromkeys(vars(module).keys() - {"__builtins__"}))
    gc.collect()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    end(code)


def _is_within(module: object, root: str) -> bool:
    """Whether it is a module of the project."""
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and file.startswith(f"{root}/") and "site-packages" not in file


def detach(output: int) -> None:
    """Make a forked process a session of its own, which reads nothing, writes to the pipe and holds nothing else open."""
    os.setsid()
    os.dup2(output, 1)
    os.dup2(output, 2)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.closerange(FIRST_FREE, MANY)


def _bound(setup: Setup, job: Job) -> None:
    """Memory, which a GPU's driver maps too freely for a limit, and a dump of where the process hangs."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if job.device == "cpu" and sys.platform == "linux":
        limit = setup.memory + _mapped()
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    errors = os.dup(2)
    faulthandler.enable(errors)
    faulthandler.dump_traceback_later(setup.timeout, file=errors)


def _mapped() -> int:
    """Bytes of writable memory that the process has mapped already."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[5]) * os.sysconf("SC_PAGE_SIZE")


# ------------------------------------------------------------------------------------------------ what is run


def _ask_gpu(journal: Journal) -> int:
    journal.write("gpu", name=_gpu_name())
    return 0


def _gpu_name() -> str:
    """The name of torch's GPU, "" for none."""
    try:
        torch = importlib.import_module("torch")
    except ImportError:
        return ""
    return str(torch.cuda.get_device_name(0)) if torch.cuda.is_available() else ""


def _run_proof(job: Job, setup: Setup, journal: Journal) -> int:
    """pytest on one file; where no GPU is, the tests for it are not even collected."""
    os.chdir(setup.root)
    for name in [name for name in os.environ if name.startswith("PYTEST_") or name in NAMES_OF_CI]:
        del os.environ[name]
    os.environ.update({"KB_DEVICE": job.device, "KB_PROOF_REPORT": job.journal, "KB_TIMEOUT": f"{setup.timeout:g}"})
    if job.device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    elif not _gpu_name():
        journal.write("no_gpu")
        return 0
    sys.dont_write_bytecode = True
    sys.path += _folders_beside(setup.root, job.file)
    import pytest

    from kbtools.snippets.streams import Streams

    usual, sys.stdout = sys.stdout, open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - a test may have closed it
    try:
        return int(pytest.main(_arguments(job, setup), plugins=[Streams(usual)]))
    except BaseException as error:  # somebody broke what pytest itself needs
        journal.write("broken", outcome="failed", **describe_error(error, f"{setup.root}/{job.file}"))
        return 1


def _folders_beside(root: str, proof: str) -> list[str]:
    """The folders from which pytest lets a proof import by default: its own, and those of the conftest.py files above it."""
    folders = [Path(root, proof).parent]
    while folders[-1] != Path(root):
        folders.append(folders[-1].parent)
    return [str(folder) for folder in folders if folder == folders[0] or (folder / "conftest.py").is_file()]


def _arguments(job: Job, setup: Setup) -> list[str]:
    """pytest as it is everywhere: the project's settings count, its options for the command line do not."""
    ini = setup.ini
    if not ini:
        ini = f"{job.folder}/pytest.ini"
        Path(ini).write_text("[pytest]\n", encoding="ascii")
    root = setup.root
    return [
        *("-c", ini, f"--rootdir={root}", f"--confcutdir={root}", "-p", "no:kb", "-p", PLUGIN),
        *("-o", "addopts=", "-o", f"cache_dir={job.folder}/cache", f"--basetemp={job.folder}/tmp"),
        *("--import-mode=importlib", "--capture=no", "--no-summary", "--tb=short", "--color=no", "-q"),
        *("-W", "ignore::pytest.PytestAssertRewriteWarning", "-W", "error::pytest.PytestUnhandledThreadExceptionWarning"),
        job.file,  # from the root, where this process is: pytest reads a '[' in a path as a parameter
    ]


def _run_alone(job: Job, setup: Setup, journal: Journal, known: Collection[str]) -> int:
    """A snippet as `__main__`: from an empty folder, without a network, and knowing nothing of kb and pytest."""
    file = f"{setup.root}/{job.file}"
    empty = Path(job.folder, "empty")
    empty.mkdir()
    os.chdir(empty)
    added = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    os.environ.clear()
    os.environ.update(environment())
    sys.path[:] = [setup.root, *(path for path in sys.path if path not in added)]
    sys.argv[:] = [file]
    sys.dont_write_bytecode = True
    sys.addaudithook(refuse_network)
    for name in sys.modules.keys() - set(known):
        del sys.modules[name]
    nodeid = f"{job.file}::runs"
    journal.write("start", nodeid=nodeid, device="cpu")
    code, failure = _run_program(file)
    if failure is not None:
        journal.write("result", nodeid=nodeid, when="call", outcome="failed", **describe_error(failure, file))
        return 1
    journal.write("result", nodeid=nodeid, when="call", outcome="passed", seconds=0.0)
    return code


def _run_program(file: str) -> tuple[int, BaseException | None]:
    try:
        runpy.run_path(file, run_name="__main__")
    except SystemExit as error:
        return 0, None if error.code in (None, 0) else error
    except BaseException as error:  # whatever a program raises is what is to be told
        return 1, error
    return 0, None


def main(arguments: Sequence[str]) -> None:
    """One job in a fresh interpreter, where none can be forked."""
    setup, (job,) = read_orders(arguments[0])
    set_threads()
    begin(job, setup, frozenset(sys.modules), is_forked=False)

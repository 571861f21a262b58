"""A job's journal and ending -> a verdict: what went wrong first, in whose line, or that everything was shown. Pure."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from kbtools.snippets.job import Ending, Job
from kbtools.snippets.journal import NO_MEMORY, SHOWN_LINES, SHOWN_WIDTH, Event, last_lines
from kbtools.snippets.terms import NO_DEVICE, NO_GPU

STACK: Final = re.compile(r'^  File "(?P<file>[^"\n]+)", line (?P<line>\d+)', re.MULTILINE)
DUMP: Final = re.compile(r"^(?:Timeout \(|Fatal Python error: |Current thread |Thread 0x)", re.MULTILINE)
ERROR: Final = re.compile(r"(?:E\s+)?[\w.]*(?:Error|Exception|Interrupt)\b")
KB: Final = __file__.rpartition("/snippets/")[0]
ALONE: Final = ".py::runs"
TESTS_MISSING: Final = 5

Frame = tuple[str, int]
Seen = tuple[str, str]
"""The snippet and its proof: a line in one of them is what a reader is sent to."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` is one of assertion, error, timeout, crash, memory, exit, fork, empty ("" for passed; for skipped, a text).

    `cause` says in a line what happened, and in which test; `detail` is the end of what was printed about it; `place` is
    where (project path, line), `line` the last line of the snippet on the way there, 0 for none.
    """

    status: Literal["passed", "failed", "skipped"]
    reason: str = ""
    cause: str = ""
    detail: str = ""
    place: str = ""
    line: int = 0


def judge(job: Job, events: Sequence[Event], ending: Ending, *, root: str, snippet: str) -> Verdict:
    """What a job showed about a snippet."""
    if any(event["event"] == "no_gpu" for event in events):
        return Verdict("skipped", NO_GPU)
    seen = (snippet, job.file)
    failure = _find_failure(events, seen)
    if failure is not None:
        return _from_root(failure, root)
    abrupt = _judge_ending(events, ending, root, seen)
    if abrupt is not None:
        return _from_root(abrupt, root)
    if job.device != "cpu" and not any(event["event"] == "start" or event.get("outcome") == "skipped" for event in events):
        return Verdict("skipped", NO_DEVICE)
    return _count(events)


def _find_failure(events: Sequence[Event], seen: Seen) -> Verdict | None:
    """The first thing that the journal says went wrong."""
    for event in events:
        if event["event"] == "forked":
            where = f" from {_test(event['nodeid'])}" if event.get("nodeid") else ""
            return Verdict("failed", "fork", f"a forked process came back{where} and was ended")
        if event.get("outcome") == "failed":
            frames = [(str(file), int(line)) for file, line in event.get("frames", ())]
            where = "pytest itself" if event["event"] == "broken" else _test(event.get("nodeid", "")) or "importing it"
            step = {"setup": "setting up ", "teardown": "taking down "}.get(str(event.get("when", "")), "")
            cause = f"{step}{where}: {event.get('cause') or event['reason']}{_others(events, event)}"
            return _failed(event["reason"], cause, event.get("detail", ""), frames, seen)
    return None


def _others(events: Iterable[Event], first: Event) -> str:
    """` (and 3 more)`: how many other tests failed."""
    failed = {event["nodeid"] for event in events if event.get("outcome") == "failed" and "nodeid" in event}
    others = len(failed - {first.get("nodeid")})
    return f" (and {others} more)" if others else ""


def _from_root(verdict: Verdict, root: str) -> Verdict:
    """With the project's own paths as the project names them."""
    return replace(verdict, cause=verdict.cause.replace(f"{root}/", ""), detail=verdict.detail.replace(f"{root}/", ""))


def _judge_ending(events: Sequence[Event], ending: Ending, root: str, seen: Seen) -> Verdict | None:
    """What the way the process ended says; None when it ended as it should."""
    where = _place_in(events)
    frames = _frames_in(ending.output, root)
    detail = _dump_in(ending.output, root)
    if ending.killed:
        causes = {
            "timeout": f"still running after {ending.seconds:.3g} s, {where}",
            "memory": f"it uses more memory than it may, {where}",
            "bound": f"the whole run took too long, {where}",
        }
        reason = "memory" if ending.killed == "memory" else "timeout"
        return _failed(reason, causes[ending.killed], detail, frames, seen)
    if ending.status < 0:
        name = _signal_name(-ending.status)
        if any(words in ending.output for words in NO_MEMORY) or (ending.status == -signal.SIGKILL and ending.out_of_memory):
            return _failed("memory", f"memory ran out, and {name} ended it, {where}", detail, frames, seen)
        return _failed("crash", f"{name} ended it, {where}", detail, frames, seen)
    finished = next((event for event in events if event["event"] == "finished"), None)
    if finished is None or not any(event["event"] == "gone" for event in events):
        cause = f"the process ended with status {ending.status}, {where}{_last_error(ending.output)}"
        return _failed("exit", cause, last_lines(ending.output), frames, seen)
    if ending.left:
        return _failed("fork", "a process forked from it was still running when it had ended", "", [], seen)
    code = int(finished["code"])
    where = _place_in(event for event in events if event["event"] != "finished")
    if code not in (0, TESTS_MISSING):
        known = {2: "the tests were interrupted", 3: "pytest failed", 4: "pytest refused to run it"}
        cause = f"{known.get(code, f'it ended with status {code}')}, {where}{_last_error(ending.output)}"
        return _failed("exit" if code == 2 else "error", cause, last_lines(ending.output), frames, seen)
    if ending.status not in (code, 0):
        return _failed("exit", f"the process ended with status {ending.status}, {where}", last_lines(ending.output), frames, seen)
    return None


def _count(events: Iterable[Event]) -> Verdict:
    """Passed when at least one test passed; nothing that was only skipped, or failed as expected, shows anything."""
    passed, others, why = 0, {"skipped": 0, "xfailed": 0, "xpassed": 0}, ""
    for event in events:
        outcome = event.get("outcome", "")
        if outcome == "passed" and event.get("when") == "call":
            passed += 1
        elif outcome in others:
            others[outcome] += 1
            why = why or str(event.get("detail", ""))
    told = ", ".join(f"{number} {name}" for name, number in others.items() if number) + (f" ({why})" if why else "")
    if passed:
        return Verdict("passed", cause=told)
    return Verdict("failed", "empty", f"none of its tests shows anything: {told}" if told else "it has no tests")


def _failed(reason: str, cause: str, detail: str, frames: Sequence[Frame], seen: Seen) -> Verdict:
    snippet, _ = seen
    own = [frame for frame in frames if frame[0] in seen] or frames
    lines = [line for file, line in own if file == snippet]
    place = f"{own[-1][0]}:{own[-1][1]}" if own else ""
    return Verdict("failed", reason, cause, detail, place, lines[-1] if lines else 0)


def _test(nodeid: str) -> str:
    """`test_x[cpu]` of `tests/snippets/test_a.py::test_x[cpu]`."""
    return "run alone" if nodeid.endswith(ALONE) else nodeid.partition("::")[2] or nodeid


def _place_in(events: Iterable[Event]) -> str:
    """What was going on when the journal broke off."""
    now = "before its tests"
    for event in events:
        match event["event"]:
            case "collect":
                now = f"while {event.get('path') or 'a file'} was imported"
            case "collected":
                now = "before its tests"
            case "start":
                now = "while it ran alone" if event["nodeid"].endswith(ALONE) else f"in {_test(event['nodeid'])}"
            case "result" if event["when"] == "teardown" or event["nodeid"].endswith(ALONE):
                now = f"after {_test(event['nodeid'])}"
            case "finished":
                now = "while its process ended"
    return now


def _dump_in(output: str, root: str) -> str:
    """The dump of where every thread was, as far as that is in the project; where there is none, the last lines."""
    start = DUMP.search(output)
    if start is None:
        return last_lines(output)
    lines: list[str] = []
    for line in output[start.start() :].splitlines():
        frame = STACK.match(line)
        told = _is_inside(frame["file"], root) if frame else bool(DUMP.match(line))
        if told and line not in lines[-1:]:
            lines.append(line)
    return "\n".join(lines[:SHOWN_LINES])


def _frames_in(output: str, root: str) -> list[Frame]:
    """The frames of the project in a dump, outermost first, as in a traceback."""
    start = DUMP.search(output)
    found = [(frame["file"], int(frame["line"])) for frame in STACK.finditer(output, start.start())] if start else []
    return [(file[len(root) + 1 :], line) for file, line in reversed(found) if _is_inside(file, root)]


def _is_inside(file: str, root: str) -> bool:
    """Whether a file is the project's own, and no package installed in it nor kb."""
    return file.startswith(f"{root}/") and "/site-packages/" not in file and not file.startswith(f"{KB}/")


def _last_error(output: str) -> str:
    """`: ImportError: …`, when that is what was printed last."""
    errors = [line for line in output.splitlines() if ERROR.match(line)]
    return f": {errors[-1].removeprefix('E').strip()[:SHOWN_WIDTH]}" if errors else ""


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

"""`--baseline FILE`: a report without the findings that are tolerated, and the file that says which ones these are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from kbtools import app, atomic, baseline
from kbtools.errors import KbError
from kbtools.model import Report
from kbtools.report.numbers import counted
from kbtools.rulebook import NEVER_STORED, open_rulebook
from kbtools.showing import is_within


def without_known(report: Report, file: str, project: app.Project, request: app.Request) -> Report:
    """The report with what is new alone, and a remark on the rest."""
    known = _read(file)
    found = baseline.compare(report.findings, known, seen=_seen(known, report, project, request))
    remarks = []
    if found.tolerated:
        remarks.append(f"{counted(found.tolerated, 'finding')} tolerated, as '{file}' says")
    if found.gone:
        occur = "occurs" if found.gone == 1 else "occur"
        remarks.append(f"{counted(found.gone, 'finding')} in '{file}' no longer {occur} (--write-baseline drops what is gone)")
    return replace(report, findings=found.new, remarks=(*report.remarks, *remarks))


def write(report: Report, file: str, project: app.Project, request: app.Request) -> str:
    """Write down what is found; of an old file what was not looked for is kept. Returns what to say."""
    old = _read(file) if Path(file).exists() else {}
    seen = set(_seen(old, report, project, request))
    new = baseline.count(report.findings, {kind: number for kind, number in old.items() if kind not in seen})
    try:
        atomic.replace(Path(file), baseline.render(new).encode("utf-8"))
    except OSError as error:
        raise KbError(f"'{file}' cannot be written: {error.strerror or error}", "name a file you may write") from error
    return f"{counted(sum(new.values()), 'finding')} written to '{file}'"


def _read(file: str) -> baseline.Baseline:
    try:
        text = Path(file).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise KbError(f"no file '{file}'", f"kb check --baseline {file} --write-baseline makes it") from None
    except OSError as error:
        raise KbError(f"'{file}' cannot be read: {error.strerror or error}", "name a baseline") from error
    except UnicodeDecodeError:
        raise KbError(f"'{file}' is no baseline: not UTF-8", "kb check --baseline FILE --write-baseline makes one") from None
    return baseline.parse(text, file)


def _seen(known: baseline.Baseline, report: Report, project: app.Project, request: app.Request) -> list[baseline.Known]:
    """The kinds that this check looked for."""
    rules = set(open_rulebook(project.config, request.select, request.ignore).names) - NEVER_STORED
    rules |= {"failing-snippet"} if report.outcomes else set()
    rules |= {"broken-url"} if request.external else set()
    return [kind for kind in known if kind.rule in rules and is_within(kind.path, request.paths)]

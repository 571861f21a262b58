"""Begin with a vault that kb has not seen: say what it is, write the smallest kb.toml beside it, check it without executing
anything, and explain what is found first. Nothing that is there is changed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from kbtools.errors import KbError

if TYPE_CHECKING:
    from pathlib import Path

    from kbtools.checks import Rule
    from kbtools.config import Config
    from kbtools.creating.start import Start
    from kbtools.model import Finding, Report

HELP = "begin with a vault of your own"
EXAMPLE = "kb init ~/notes"
EXAMPLES = 3
MOST_RULES = 6
BASELINE = "kb-baseline.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", metavar="DIR", help="the folder of the notes (default: the working directory)")


def run(options: argparse.Namespace) -> int:
    import os
    from pathlib import Path

    from kbtools import app
    from kbtools.cli.progress import progress_on
    from kbtools.creating import start
    from kbtools.report.escapes import plain_lines

    if options.folder is not None and options.vault is not None:
        raise KbError("--vault and DIR are the same", "kb init DIR")
    here = Path.cwd()
    written = options.folder or options.vault or "."
    begun = start.look(Path(os.path.abspath(here / os.path.expanduser(written))))
    file = start.write(begun)
    print(plain_lines("\n".join(_introduce(begun, str(file)))))
    sys.stdout.flush()
    project = app.open_project(str(begun.folder / begun.vault), here)
    with progress_on(sys.stderr) as progress:
        report = app.check(project, app.Request(run=False), progress=progress)
    _tell(report, project.config, "" if here.is_relative_to(begun.folder) else written, here)
    return 0


def _tell(report: Report, config: Config, written: str, here: Path) -> None:
    """Print what was found and what to do; `written` is how the folder is named from `here`, "" inside of it."""
    import os
    import shlex

    from kbtools.cli.find import prefixes_from
    from kbtools.cli.progress import wants_colour
    from kbtools.report import text

    colour, prefix = wants_colour(sys.stdout), prefixes_from(config, here).vault
    command = f"kb check {shlex.quote(written)}" if written else "kb check"
    baseline = shlex.quote(os.path.join(written, BASELINE))
    print(f"\n{text.render_summary(report, colour=colour)}")
    for lines in _explain(report, command, lambda found: text.render_finding(found, prefix=prefix, colour=colour)):
        print("\n" + "\n".join(lines))
    print("\n" + "\n".join(_advise(report, command, baseline)))


def _introduce(begun: Start, file: str) -> Iterator[str]:
    from kbtools.report.numbers import counted

    yield f"{begun.folder}: {counted(begun.notes, 'note')}"
    yield from (f"  {tool}" for tool in begun.tools)
    yield f"wrote {file}:"
    yield from (f"    {line}" for line in begun.text.splitlines())


def _explain(report: Report, command: str, render: Callable[[Finding], str]) -> Iterator[list[str]]:
    """For each rule, the ones that found most first: what it is about, the first findings, what to do."""
    from kbtools.checks import load_rules

    rules = {rule.name: rule for rule in load_rules()}
    found: dict[str, list[Finding]] = {}
    for finding in report.findings:
        found.setdefault(finding.rule, []).append(finding)
    order = sorted(found, key=lambda name: (found[name][0].severity != "error", -len(found[name]), name))
    for name in order[:MOST_RULES]:
        yield list(_explain_rule(rules[name], found[name], command, render))
    if order[MOST_RULES:]:
        yield [f"and of {', '.join(order[MOST_RULES:])}"]


def _explain_rule(rule: Rule, findings: list[Finding], command: str, render: Callable[[Finding], str]) -> Iterator[str]:
    severity = f"{findings[0].severity}{'' if len(findings) == 1 else 's'}"
    yield f"{rule.name}: {len(findings):,} {severity}"
    yield f"  {_paragraph(rule.doc.split(chr(10) * 2))}"
    yield from (f"    {render(finding)}" for finding in findings[:EXAMPLES])
    if len(findings) > EXAMPLES:
        yield f"    … all of them: {command} --select {rule.name}"
    fix = [part.removeprefix("Fix:") for part in rule.doc.split("\n\n") if part.startswith("Fix:")]
    if fix:
        yield f"  what to do: {_paragraph(fix)}"


def _paragraph(parts: Iterable[str]) -> str:
    return " ".join(next(iter(parts)).split())


def _advise(report: Report, command: str, baseline: str) -> Iterator[str]:
    """What to type next."""
    yield "next:"
    if any(finding.fix for finding in report.findings):
        yield f"  {command} --fix --dry-run"
        yield "      shows the repairs that are proven right; without --dry-run they are made, and kb undo takes them back"
    if report.findings:
        yield f"  {command} --baseline {baseline} --write-baseline"
        yield "      takes what is found now as known; with --baseline alone only new mistakes are told"
        yield "  kb rules RULE"
        yield "      explains a rule; [rules] in kb.toml sets it to off, warning or error"
    yield f"  {command}"
    yield "      checks again, in a fraction of the time: what did not change is remembered"
    yield "  kb search WORD, kb backlinks NOTE, kb move NOTE FOLDER/"
    yield "      find, ask, and rename with every link following; kb --help lists all commands"

"""The pipeline, read from top to bottom: open a project, scan its vault, check it, sync its snippets.

`check_files` takes texts, not a folder: tests, the site and the language server (unsaved buffers) use the same steps.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from kbtools import scanning
from kbtools.config import Config, find_config
from kbtools.errors import KbError
from kbtools.model import Answer, Finding, Note, NotePath, Outcome, Report, Snippet, Source
from kbtools.scanning import Progress
from kbtools.snippets.read import read_code
from kbtools.vault.ignore import find_excluded
from kbtools.vault.read import decode, read_source
from kbtools.vault.transaction import finish
from kbtools.vault.walk import SOURCE_SUFFIXES

if TYPE_CHECKING:
    from kbtools.rulebook import RawFinding, Rulebook
    from kbtools.showing import Synced
    from kbtools.snippets.sync import Prefer


Stored: TypeAlias = "tuple[str, list[RawFinding], int, int, int]"
"""The state of the code, packed findings, notes, links, snippets."""


@dataclass(frozen=True, slots=True)
class Project:
    """A vault with its configuration."""

    config: Config


@dataclass(frozen=True, slots=True)
class Request:
    """What a check is asked: paths (vault-relative files or folders; none: everything), rules, whether proofs run, whether web
    addresses are asked for (those in private networks, too)."""

    paths: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    run: bool = True
    device: str = "auto"
    record: bool = False
    external: bool = False
    allow_private: bool = False


def open_project(vault: str | None, start: Path) -> Project:
    """The project named by `--vault`, or the one around `start`; a change of it that was cut short is done first. Raises
    VaultError, ConfigError."""
    config = find_config(vault, start)
    finish(config.top)
    return Project(config)


# ------------------------------------------------------------------------------------------------ scan


def scan(project: Project, *, progress: Progress | None = None) -> Any:
    """The vault as it is now: a `Snapshot`."""
    disk = scanning.look(project.config)
    blobs, changed = scanning.read_changed(disk, (), progress)
    if changed:
        scanning.remember(disk, blobs, {})
    return scanning.build_snapshot(disk, blobs)


def read_snippets(config: Config, notes: Mapping[NotePath, Note]) -> Mapping[str, Snippet]:
    """The project's snippets as they are on disk, by project path, with the blocks of `notes` that show them."""
    from kbtools.showing import build_code, find_all_shown

    return build_code(config, read_code(config.root, config.code_folders), find_all_shown(config, notes.values()))


# ------------------------------------------------------------------------------------------------ check


def check(project: Project, request: Request, *, progress: Progress | None = None) -> Report:
    """Read, resolve, judge, prove. Raises KbError when the request is wrong."""
    started = time.perf_counter()
    disk = scanning.look(project.config)
    name = repr((request.select, request.ignore))
    stored = disk.cache.results.get(name) if disk.is_unchanged else None
    if stored is None or stored[0] != scanning.code_state(disk):
        stored = _judge(disk, request, name, progress)
    _, raw_findings, notes, links, snippets = stored
    from kbtools.rulebook import sort_findings, unpack

    findings = [unpack(raw) for raw in raw_findings]
    failures, outcomes = _prove(project, request, progress)
    dead, remarks = _ask_web(project, request, progress)
    findings = sort_findings([*findings, *failures, *dead])
    return Report(
        vault=project.config.prefix.rstrip("/") or project.config.vault.name,
        notes=notes,
        links=links,
        snippets=snippets,
        seconds=time.perf_counter() - started,
        findings=tuple(_within(findings, request.paths)),
        outcomes=tuple(outcomes),
        text_of=lambda path: read_source(str(project.config.vault), path, project.config.max_note).text,
        remarks=remarks,
    )


def _judge(disk: scanning.Disk, request: Request, name: str, progress: Progress | None) -> Stored:
    """What is found, remembered when the next run may be told the same."""
    from kbtools.rulebook import judge, open_rulebook, pack
    from kbtools.showing import remember_agreed

    config = disk.config
    rulebook = open_rulebook(config, request.select, request.ignore)
    usual = {rule.name for rule in open_rulebook(config).notes}
    storable = all(rule.name in usual for rule in rulebook.notes)
    blobs, _ = scanning.read_changed(disk, () if storable else request.select, progress, reuse=storable)
    stored = _carry(disk, name, rulebook, blobs) if storable else None
    if stored is None:
        snapshot = scanning.build_snapshot(disk, blobs)
        findings = judge(snapshot, rulebook)
        remember_agreed(snapshot, scanning.agreed_file(config))
        stored = (scanning.code_state(disk), [pack(finding) for finding in findings], *snapshot.counts, len(snapshot.snippets))
    if storable:
        results = dict(disk.cache.results) if disk.is_unchanged else {}
        scanning.remember(disk, blobs, {**results, name: stored} if disk.is_code_settled else results)
    return stored


def _carry(disk: scanning.Disk, name: str, rulebook: Rulebook, blobs: Mapping[str, bytes]) -> Stored | None:
    """What the same check would find, from what it found the last time; None where only looking at everything can tell."""
    stored = disk.cache.results.get(name)
    if stored is None or disk.is_unchanged or not disk.has_same_names or stored[0] != scanning.code_state(disk):
        return None
    from kbtools.carrying import carry
    from kbtools.rulebook import graded, pack, unpack

    state, findings, notes, links, snippets = stored
    local = frozenset(rule.name for rule in rulebook.notes)
    code = f"{disk.config.snippets}/" if disk.config.snippets else ""
    carried = carry(findings, disk.changed, disk.old_blobs, blobs, local=local, code=code)
    if carried is None:
        return None
    kept, fresh, more = carried
    if (fresh or more) and not disk.excluded.isdisjoint(disk.changed):
        return None
    told = [found for found in graded(map(unpack, fresh), rulebook.levels) if found.rule not in rulebook.overheard]
    return state, [*kept, *map(pack, told)], notes, links + more, snippets  # `check` sorts them


def _prove(project: Project, request: Request, progress: Progress | None) -> tuple[list[Finding], list[Outcome]]:
    """(what failing proofs give the rules to say, the outcomes): nothing where the request or the configuration has none run."""
    config = project.config
    if not (request.run and config.snippets and _tells_of("failing-snippet", config, request)):
        if request.record:
            raise KbError("nothing is run, so --record has nothing to record", "see --no-run, --select and 'snippets' in kb.toml")
        return [], []
    from kbtools import proving

    snapshot = scan(project) if request.paths else None
    snippets = read_snippets(config, {}) if snapshot is None else snapshot.snippets
    chosen = proving.choose(snippets, snapshot.shown if snapshot else (), request.paths)

    def begin(total: int) -> Callable[[int], None] | None:
        if progress is None:
            return None
        progress.start(total, "proving")
        return progress.advance

    outcomes = proving.run(config, chosen, snippets, request.device, begin=begin)
    if progress is not None:
        progress.finish()
    if request.record:
        proving.write_record(config, outcomes, snippets)
    failures = proving.find_failures(config, outcomes, request.select, request.ignore, lambda: scan(project))
    return failures, outcomes


def count_evidence(project: Project, snapshot: Any) -> dict[str, int]:
    """How many snippets are proven as they are, by device: on this machine, or as far as it is recorded on another."""
    if not snapshot.snippets:
        return {}
    from kbtools import proving

    return proving.count_evidence(project.config, snapshot.snippets)


def _ask_web(project: Project, request: Request, progress: Progress | None) -> tuple[list[Finding], tuple[str, ...]]:
    """(what dead addresses give the rules to say, remarks for the person): nothing unless it is asked for."""
    config = project.config
    if not (request.external and _tells_of("broken-url", config, request)):
        return [], ()
    from kbtools import asked

    def begin(total: int) -> Callable[[int], None]:
        if progress is None:
            return lambda count: None
        progress.start(total, "asking the web")
        return progress.advance

    found = asked.judge_addresses(config, scan(project), request.paths, allow_private=request.allow_private, begin=begin)
    if progress is not None:
        progress.finish()
    return found


def _tells_of(rule: str, config: Config, request: Request) -> bool:
    """Whether a finding of this rule would be told: else no proof is run, and no server asked."""
    named = rule in request.select if request.select else config.rules.get(rule) != "off"
    return named and rule not in request.ignore


def _within(findings: Iterable[Finding], paths: Sequence[str]) -> Iterable[Finding]:
    """The findings about the given files and folders (all, when none are given)."""
    if not paths:
        return findings
    from kbtools.showing import is_within

    return [found for found in findings if is_within(found.path, paths) or is_within(found.place.rpartition(":")[0], paths)]


# ------------------------------------------------------------------------------------------------ sync


def sync(
    project: Project, paths: Sequence[str] = (), *, prefer: Prefer = "", dry_run: bool = False, progress: Progress | None = None
) -> Synced:
    """Make the code in notes and the snippets equal again, in whichever direction changed; `paths` (of notes, snippets and
    folders, as in findings; none: all) bound what is looked at. Raises KbError when that is not possible."""
    from kbtools import showing

    config = project.config
    if not config.snippets:
        raise KbError("no snippets are configured", "name their folder in kb.toml: snippets = 'snippets'")
    snapshot = scan(project, progress=progress)
    return showing.sync(
        config,
        sorted({block.note for block in snapshot.shown}),
        within=paths,
        prefer=prefer,
        dry_run=dry_run,
        agreed_file=scanning.agreed_file(config),
        kept=scanning.kept_folder(config),
    )


# ------------------------------------------------------------------------------------------------ in memory


def snapshot_of(files: Mapping[str, str | bytes], config: Config | None = None, *, select: Sequence[str] = ()) -> Any:
    """The snapshot of a project given as texts by project path; without a configuration all of it is the vault."""
    from kbtools.resolve import Index
    from kbtools.showing import show
    from kbtools.snippets.read import decode as decode_code
    from kbtools.vault.snapshot import Snapshot

    config = config or Config(vault=Path("vault"), root=Path("vault"))
    prefix = config.prefix
    data = {path: text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text for path, text in files.items()}
    inside = {path.removeprefix(prefix): text for path, text in data.items() if path.startswith(prefix)}
    visible = {path: text for path, text in inside.items() if not path.startswith(".") and "/." not in path}
    sources = {
        path: decode(path, text, config.max_note) for path, text in visible.items() if path.lower().endswith(SOURCE_SUFFIXES)
    }
    names = Index(sorted(visible))
    examine = scanning.examiner_of(sources.__getitem__, names, config, select)
    snapshot = Snapshot(
        {path: examine(path) for path in sources},
        [path for path in visible if path not in sources],
        lambda path: sources.get(path) or Source(NotePath(path), ""),
        names=names,
        excluded=find_excluded(inside, config.ignore, ()),
        aliases_resolve=config.aliases_resolve,
    )
    folders = tuple(f"{folder}/" for folder in config.code_folders)
    code = {path: decode_code(text) for path, text in data.items() if path.endswith(".py") and path.startswith(folders)}
    show(snapshot, config, code, {})
    return snapshot


def check_files(
    files: Mapping[str, str | bytes],
    *,
    select: Sequence[str] = (),
    outcomes: Sequence[Outcome] = (),
    answers: Mapping[str, Answer] | None = None,
) -> Report:
    """Check a project given as texts by project path: `kb.toml` configures it. Nothing is executed and nobody asked: `outcomes`
    are what running its proofs is said to have given, `answers` what the web is."""
    from kbtools.config import parse_config_text
    from kbtools.rulebook import judge, open_rulebook

    config = parse_config_text(files.get("kb.toml", ""), site="mkdocs.yml" in files)
    snapshot = snapshot_of({path: text for path, text in files.items() if path != "kb.toml"}, config, select=select)
    snapshot.outcomes = tuple(outcomes)
    snapshot.answers = answers or {}
    findings = judge(snapshot, open_rulebook(config, select))
    notes, links = snapshot.counts
    return Report("", notes, links, len(snapshot.snippets), 0.0, tuple(findings), tuple(outcomes), snapshot.text_of)

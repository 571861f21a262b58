"""The pipeline, read from top to bottom: open a project, scan its vault, check it.

`check_files` takes texts, not a folder: tests, the site and the language server (unsaved buffers) use the same steps.
"""

from __future__ import annotations

import marshal
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from kbtools.config import Config, find_config
from kbtools.model import Finding, NotePath, Outcome, Report, Source
from kbtools.vault.cache import Blob, Cache, cache_folder, code_key, read_cache, write_cache
from kbtools.vault.read import decode, read_source
from kbtools.vault.settings import read_ignored
from kbtools.vault.shards import examine_all
from kbtools.vault.walk import SOURCE_SUFFIXES, Listing, compile_globs, list_files

CACHE_NAME = "vault.cache"


class Progress(Protocol):
    """Somebody who shows how far long work has come."""

    def start(self, total: int, what: str) -> None: ...
    def advance(self, count: int) -> None: ...
    def finish(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Project:
    """A vault with its configuration."""

    config: Config


@dataclass(frozen=True, slots=True)
class Request:
    """What a check is asked: paths (vault-relative files or folders; none: everything), rules, whether proofs run."""

    paths: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    run: bool = True
    device: str = "auto"
    record: bool = False


def open_project(vault: str | None, start: Path) -> Project:
    """The project named by `--vault`, or the one around `start`. Raises VaultError, ConfigError."""
    return Project(find_config(vault, start))


# ------------------------------------------------------------------------------------------------ scan


@dataclass(slots=True)
class _Disk:
    """A vault on disk before anything was parsed: what is there, and what is remembered of it."""

    project: Project
    listing: Listing
    excluded: frozenset[str]
    key: bytes
    cache: Cache
    started_ns: int

    @property
    def is_unchanged(self) -> bool:
        return self.cache.stamps == self.listing.sources and self.cache.others == self.listing.others


def _look(project: Project) -> _Disk:
    """List the vault and open its cache: nothing else happens when nothing changed."""
    config = project.config
    started = time.time_ns()
    listing = list_files(str(config.vault))
    patterns = (*config.ignore, *read_ignored(config.vault))
    excluded: frozenset[str] = frozenset()
    ignored = compile_globs(patterns)
    if ignored:
        every = (*listing.sources, *listing.others)
        excluded = frozenset(path for path in every if ignored.match(path))
    key = code_key(repr(config), repr(patterns))
    return _Disk(project, listing, excluded, key, read_cache(_cache_file(config), key), started)


def _cache_file(config: Config) -> Path:
    return cache_folder(config.vault) / CACHE_NAME


def scan(project: Project, *, progress: Progress | None = None) -> Any:
    """The vault as it is now: a `Snapshot`."""
    disk = _look(project)
    blobs, changed = _read_changed(disk, _examiner(project, ()), progress)
    snapshot = _snapshot(disk, blobs)
    if changed:
        _remember(disk, blobs, {})
    return snapshot


def _examiner(project: Project, select: Sequence[str]) -> Callable[[str], Blob]:
    """The function a worker calls: a path's columns and what the note rules say of it, as one blob."""
    config = project.config
    root, limit = str(config.vault), config.max_note
    return _examiner_of(lambda path: read_source(root, path, limit), config, select)


def _examiner_of(read: Callable[[str], Source], config: Config, select: Sequence[str]) -> Callable[[str], Blob]:
    from kbtools.rulebook import examine_note, note_checks, open_rulebook
    from kbtools.syntax.note import LazyNote
    from kbtools.syntax.scan import Columns, parse_markdown, scan

    checks = note_checks(open_rulebook(config, select))
    dumps = marshal.dumps

    def examine(path: str) -> Blob:
        source = read(path)
        parsed = None
        if path.endswith(".md") or path[-3:].lower() == ".md":
            parsed = parse_markdown(source.text)
            columns = parsed.columns
        else:
            columns = scan(path, source.text)
        if columns.problem:
            source = replace(source, problem=columns.problem)
        if source.problem:
            columns = Columns(problem=source.problem)
        note = LazyNote(path, columns, lambda: source, parsed)
        return dumps((tuple(columns), examine_note(note, checks)))

    return examine


def _read_changed(
    disk: _Disk, examine: Callable[[str], Blob], progress: Progress | None, *, reuse: bool = True
) -> tuple[dict[str, Blob], bool]:
    """(a blob for every file that can hold links, whether anything was read)."""
    known, stamps = disk.cache.stamps, disk.listing.sources
    old = disk.cache.read_blobs() if known and reuse else {}
    blobs = {path: old[path] for path, stamp in stamps.items() if known.get(path) == stamp and path in old}
    wanted = sorted(path for path in stamps if path not in blobs)
    if wanted:
        if progress is not None:
            progress.start(len(wanted), "reading")
        blobs.update(examine_all(wanted, examine, advance=progress.advance if progress else None))
        if progress is not None:
            progress.finish()
    return blobs, bool(wanted) or len(known) != len(stamps) or disk.cache.others != disk.listing.others


def _snapshot(disk: _Disk, blobs: Mapping[str, Blob]) -> Any:
    from kbtools.vault.snapshot import Snapshot

    config = disk.project.config
    root, limit = str(config.vault), config.max_note
    return Snapshot(
        blobs,
        disk.listing.others,
        lambda path: read_source(root, path, limit),
        excluded=disk.excluded,
        aliases_resolve=config.aliases_resolve,
    )


def _remember(disk: _Disk, blobs: Mapping[str, Blob], results: dict[str, Any]) -> None:
    write_cache(
        _cache_file(disk.project.config),
        disk.key,
        stamps=disk.listing.sources,
        others=disk.listing.others,
        results=results,
        blobs=dict(blobs),
        started_ns=disk.started_ns,
    )


# ------------------------------------------------------------------------------------------------ check


def check(project: Project, request: Request, *, progress: Progress | None = None) -> Report:
    """Read, resolve, judge, prove. Raises KbError when the request is wrong."""
    started = time.perf_counter()
    disk = _look(project)
    name = repr((request.select, request.ignore))
    stored = disk.cache.results.get(name) if disk.is_unchanged else None
    if stored is None:
        stored = _judge(disk, request, name, progress)
    raw_findings, notes, links = stored
    from kbtools.rulebook import unpack

    findings = [unpack(raw) for raw in raw_findings]
    return Report(
        vault=project.config.prefix.rstrip("/") or project.config.vault.name,
        notes=notes,
        links=links,
        snippets=0,
        seconds=time.perf_counter() - started,
        findings=tuple(_within(findings, request.paths)),
        outcomes=(),
        text_of=lambda path: read_source(str(project.config.vault), path).text,
    )


def _judge(disk: _Disk, request: Request, name: str, progress: Progress | None) -> tuple[Any, int, int]:
    from kbtools.rulebook import judge, open_rulebook, pack

    config = disk.project.config
    rulebook = open_rulebook(config, request.select, request.ignore)
    usual = {rule.name for rule in open_rulebook(config).notes}
    storable = all(rule.name in usual for rule in rulebook.notes)
    examine = _examiner(disk.project, () if storable else request.select)
    blobs, _ = _read_changed(disk, examine, progress, reuse=storable)
    snapshot = _snapshot(disk, blobs)
    findings = judge(snapshot, rulebook)
    stored = ([pack(finding) for finding in findings], *snapshot.counts)
    if storable:
        results = dict(disk.cache.results) if disk.is_unchanged else {}
        _remember(disk, blobs, {**results, name: stored})
    return stored


def _within(findings: Iterable[Finding], paths: Sequence[str]) -> Iterable[Finding]:
    """The findings about the given files and folders (all, when none are given)."""
    if not paths:
        return findings
    folders = tuple(path.rstrip("/") + "/" for path in paths)
    return [found for found in findings if found.path in paths or found.path.startswith(folders)]


# ------------------------------------------------------------------------------------------------ in memory


def snapshot_of(files: Mapping[str, str | bytes], config: Config | None = None, *, select: Sequence[str] = ()) -> Any:
    """The snapshot of a vault given as texts by vault-relative path."""
    from kbtools.vault.snapshot import Snapshot

    config = config or Config(vault=Path("vault"), root=Path("vault"))
    visible = {path: text for path, text in files.items() if not path.startswith(".") and "/." not in path}
    sources = {
        path: decode(path, text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text, config.max_note)
        for path, text in visible.items()
        if path.lower().endswith(SOURCE_SUFFIXES)
    }
    examine = _examiner_of(sources.__getitem__, config, select)
    ignored = compile_globs(config.ignore)
    return Snapshot(
        {path: examine(path) for path in sources},
        [path for path in visible if path not in sources],
        lambda path: sources.get(path) or Source(NotePath(path), ""),
        excluded=frozenset(path for path in files if ignored and ignored.match(path)),
        aliases_resolve=config.aliases_resolve,
    )


def check_files(files: Mapping[str, str | bytes], *, select: Sequence[str] = (), outcomes: Sequence[Outcome] = ()) -> Report:
    """Check a project given as texts: `kb.toml` configures it, all else is the vault. Nothing is executed."""
    from kbtools.config import parse_config_text
    from kbtools.rulebook import judge, open_rulebook

    config = parse_config_text(files.get("kb.toml", ""), site="mkdocs.yml" in files)
    snapshot = snapshot_of({path: text for path, text in files.items() if path != "kb.toml"}, config, select=select)
    findings = judge(snapshot, open_rulebook(config, select))
    notes, links = snapshot.counts
    return Report("", notes, links, 0, 0.0, tuple(findings), tuple(outcomes), snapshot.text_of)

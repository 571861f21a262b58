"""What is known to be proven, and by what: a digest of everything a proof rests on. Only what passed is remembered.

A digest covers the snippet and its proof with every file of the project that they import (`needs.py`), the code of kb
that proves, pytest's settings, the versions of Python and of the imported distributions, and the device's name. The
limits of a run (time, memory) are no part of it: they bound a proof, they are not what it shows.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, astuple, dataclass, field
from pathlib import Path
from typing import Any, Final

from kbtools.atomic import replace
from kbtools.snippets.names import Names
from kbtools.snippets.versions import Installed

VERSION: Final = 1
KB: Final = "<kb>"
PYTEST: Final = "<pytest>"
PACKAGE: Final = Path(__file__).parents[1]
PROVES: Final = (
    "plugins/pytest.py",
    *(f"snippets/{name}.py" for name in ("child", "journal", "judge", "prelude", "proof", "session", "state", "streams")),
)
"""The files of kb on which a verdict depends."""

Key = tuple[str, str]
"""(snippet, device)"""


@dataclass(frozen=True, slots=True)
class Grounds:
    """Everything that a proof rests on. `files` gives digests by project path, KB and PYTEST among them."""

    snippet: str
    proof: str
    files: Mapping[str, str]
    versions: Mapping[str, str]
    name: str

    @property
    def digest(self) -> str:
        return digest_of(self.files, self.versions, self.name)


@dataclass(frozen=True, slots=True)
class Entry:
    """A snippet that was proven on a device, by these grounds; `date` is the day. `detail` tells what was left out."""

    path: str
    device: str
    grounds: Grounds
    seconds: float
    date: str
    detail: str = ""
    status: str = "passed"
    reason: str = ""


@dataclass(slots=True)
class Memory:
    """What is kept between runs. `names` are those in files by the files' digests, `gpus` torch's answers by
    `devices.gpu_key`."""

    entries: dict[Key, Entry] = field(default_factory=dict)
    names: Mapping[str, Names] = field(default_factory=dict)
    installed: Installed = field(default_factory=Installed)
    gpus: dict[str, str] = field(default_factory=dict)


def digest_of(files: Mapping[str, str], versions: Mapping[str, str], name: str) -> str:
    """The digest of what a proof rests on."""
    text = json.dumps([sorted(files.items()), sorted(versions.items()), name], ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def digest_of_kb() -> str:
    """The digest of the code by which kb proves."""
    digest = hashlib.sha256()
    for file in PROVES:
        digest.update((PACKAGE / file).read_bytes())
    return digest.hexdigest()


def why_again(old: Grounds, new: Grounds) -> str:
    """What makes evidence out of date, in a few words; "" when nothing does."""
    if old.digest == new.digest:
        return ""
    if old.files.get(new.snippet) != new.files.get(new.snippet):
        return "it changed"
    if not new.proof and old.proof:
        return "its proof is gone"
    if old.proof != new.proof or old.files.get(new.proof) != new.files.get(new.proof):
        return "its proof changed"
    for file in sorted(old.files.keys() | new.files.keys()):
        if old.files.get(file) != new.files.get(file):
            return {KB: "kb changed", PYTEST: "pytest's settings changed"}.get(file, f"'{file}' changed")
    for name in sorted(old.versions.keys() | new.versions.keys()):
        before, now = old.versions.get(name, "not installed"), new.versions.get(name, "not installed")
        if before != now:
            return f"{name} {before} is now {now}"
    return f"the device was '{old.name}'"


# ------------------------------------------------------------------------------------------------ kept


def read_memory(file: Path) -> Memory:
    """What a file keeps; nothing when it is not there, or is no such file."""
    try:
        found = json.loads(file.read_bytes())
        if found["version"] != VERSION:
            return Memory()
        entries = [_read_entry(raw) for raw in found["entries"]]
        return Memory(
            {(entry.path, entry.device): entry for entry in entries},
            {
                digest: Names(tuple((int(level), str(name)) for level, name in modules), tuple(map(str, strings)), bool(device))
                for digest, (modules, strings, device) in found["names"].items()
            },
            Installed(tuple(found["installed"][0]), {name: tuple(texts) for name, texts in found["installed"][1].items()}),
            {str(key): str(name) for key, name in found["gpus"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return Memory()


def write_memory(file: Path, memory: Memory, *, proven: Iterable[Entry], known: Iterable[str]) -> None:
    """Keep `memory` with what was just `proven`, beside what another kb has written meanwhile, as far as the snippet is among
    those `known`. A folder that cannot be written is no error."""
    alive = frozenset(known)
    with contextlib.suppress(OSError), _locked(file):
        entries = read_memory(file).entries | {(entry.path, entry.device): entry for entry in proven}
        kept = {
            "version": VERSION,
            "entries": [asdict(entry) for key, entry in sorted(entries.items()) if entry.path in alive],
            "names": {digest: astuple(names) for digest, names in sorted(memory.names.items())},
            "installed": (memory.installed.key, memory.installed.modules),
            "gpus": memory.gpus,
        }
        replace(file, json.dumps(kept).encode())


def _read_entry(raw: dict[str, Any]) -> Entry:
    grounds = Grounds(**raw["grounds"])
    entry = Entry(**{**raw, "grounds": grounds})
    if not (isinstance(grounds.files, dict) and isinstance(grounds.versions, dict) and isinstance(entry.seconds, float)):
        raise TypeError("no entry")
    return entry


@contextlib.contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Alone among those who write `file`; where files cannot be locked, the last one to write wins."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        import fcntl
    except ImportError:
        yield
        return
    lock = os.open(file.with_name(f"{file.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)

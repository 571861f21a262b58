"""Evidence that travels: `evidence.json` beside the snippets says what was proven on which device, for those who have none.

Whether an entry still holds can be seen on any machine: its digest is made again from the files as they are, and from
the versions and the device that the entry names.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from kbtools.atomic import replace
from kbtools.errors import KbError
from kbtools.snippets.evidence import Entry, digest_of

NAME: Final = "evidence.json"
VERSION: Final = 1

State = Literal["current", "out of date"]


@dataclass(frozen=True, slots=True, order=True)
class Record:
    """A snippet was proven on a `device` ("cpu", "cuda") called `name`, on a `date`, with these `versions` installed."""

    path: str
    device: str
    name: str
    date: str
    digest: str
    versions: tuple[tuple[str, str], ...]


def state_of(record: Record, files: Mapping[str, str] | None) -> State:
    """Whether a record holds for a snippet that rests on these files now (`evidence.Grounds.files`; None: it is gone)."""
    if files is not None and record.digest == digest_of(files, dict(record.versions), record.name):
        return "current"
    return "out of date"


def record_of(entry: Entry) -> Record:
    """What is written down of an entry."""
    grounds = entry.grounds
    return Record(entry.path, entry.device, grounds.name, entry.date, grounds.digest, tuple(sorted(grounds.versions.items())))


def merge(old: Iterable[Record], new: Iterable[Record], known: Iterable[str]) -> list[Record]:
    """The old records with the new ones in their places: one a snippet, device and name. One whose digest is the same keeps
    its date; one of a snippet that is not `known` any more goes."""
    alive = frozenset(known)
    found = {(record.path, record.device, record.name): record for record in old}
    for record in new:
        key = record.path, record.device, record.name
        if key not in found or found[key].digest != record.digest:
            found[key] = record
    return sorted(record for record in found.values() if record.path in alive)


def read_records(file: Path) -> list[Record]:
    """What a file records; nothing where it is not there. Raises KbError for one that is no such file: it is not ours to lose."""
    try:
        found = json.loads(file.read_bytes())
        if found["version"] != VERSION:
            raise KbError(f"'{file}' has version {found['version']}", f"this kb reads version {VERSION}")
        return [
            Record(raw["path"], raw["device"], raw["name"], raw["date"], raw["digest"], tuple(sorted(raw["versions"].items())))
            for raw in found["evidence"]
        ]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise KbError(f"'{file}' is no record of evidence", "restore it, or delete it and record again") from error


def write_records(file: Path, records: Iterable[Record]) -> bool:
    """Write them, sorted; False when that is what the file holds already. Raises KbError where it cannot be written."""
    rows = [
        {
            "path": record.path,
            "device": record.device,
            "name": record.name,
            "date": record.date,
            "digest": record.digest,
            "versions": dict(record.versions),
        }
        for record in sorted(records)
    ]
    data = (json.dumps({"version": VERSION, "evidence": rows}, ensure_ascii=False, indent=2) + "\n").encode()
    try:
        if file.exists() and file.read_bytes() == data:
            return False
        replace(file, data)
    except OSError as error:
        raise KbError(f"'{file}' cannot be written: {error.strerror or error}", "make it writable") from error
    return True

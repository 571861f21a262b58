"""The index of a vault's documents: an SQLite database with full-text search (FTS5), kept in the cache folder.

It holds the words of every document and the documents themselves, packed, so that a query reads no file of the vault and a
document that changed is taken out exactly as it was put in. Two runs at once wait for each other; a run that is killed has
changed nothing. A file that is damaged, foreign, or of another version of kb is made anew, and where none can be written the
index lives in memory for one run.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from kbtools.errors import KbError
from kbtools.search.document import FIELDS, Document, Prepared, find_columns, unpack
from kbtools.search.query import Filter, Phrase, Query
from kbtools.search.terms import plain_name
from kbtools.syntax.names import fold_name
from kbtools.vault.cache import open_own
from kbtools.vault.walk import Stamp

T = TypeVar("T")

PATIENCE: Final = 120.0
"""Seconds to wait for another run that writes."""
WEIGHTS: Final = "10.0, 8.0, 4.0, 1.0, 0.5"
"""What a hit in each of `FIELDS` is worth."""
SCHEMA: Final = f"""
CREATE TABLE about (key BLOB);
CREATE TABLE files (id INTEGER PRIMARY KEY, path BLOB UNIQUE, stamp TEXT, folded BLOB, title TEXT, names TEXT, tags TEXT,
                    kinds TEXT, document BLOB);
CREATE VIRTUAL TABLE terms USING fts5({", ".join(FIELDS)}, content='', tokenize='ascii');
"""
COLUMNS: Final = ", ".join(FIELDS)
TRANSIENT: Final = ("locked", "busy")


class Found(NamedTuple):
    """The documents that a query finds, the best first, as many as were asked for; `total` is how many there are."""

    documents: tuple[Document, ...]
    total: int


class _ForeignError(Exception):
    """The file is none of ours."""


def with_index(file: Path, key: bytes, job: Callable[[Index], T]) -> T:
    """What `job` makes of the index at `file`. It is called again with an empty index when the file turns out to be damaged, or
    was written under another key, and with one in memory when there can be no file. Raises KbError when another run holds it."""
    for _ in range(2):
        try:
            with _connect(file) as connection:
                return job(Index(connection, key))
        except (_ForeignError, sqlite3.DatabaseError, zlib.error, ValueError) as error:
            if any(word in str(error) for word in TRANSIENT):
                raise KbError("another kb is writing the search index", "try again when it is done") from error
            if not _remove(file):
                break
        except OSError:
            break
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        return job(Index(connection, key))


@contextlib.contextmanager
def _connect(file: Path) -> Iterator[sqlite3.Connection]:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        open_own(file).close()
    with contextlib.closing(sqlite3.connect(file, timeout=PATIENCE, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA cache_size = -65536")
        yield connection


def _remove(file: Path) -> bool:
    """Whether the file is gone, with what SQLite keeps beside it."""
    with contextlib.suppress(OSError):
        for name in (file, Path(f"{file}-journal")):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
        return True
    return False


class Index:
    """An open index. `key` says what all of it depends on."""

    def __init__(self, connection: sqlite3.Connection, key: bytes) -> None:
        self._connection = connection
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
            with self._transaction():
                if connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
                    for statement in SCHEMA.split(";"):
                        connection.execute(statement)
                    connection.execute("INSERT INTO about VALUES (?)", (key,))
        try:
            known = connection.execute("SELECT key FROM about").fetchone()
        except sqlite3.OperationalError as error:  # a database, but not this one
            raise _ForeignError(str(error)) from error
        if known != (key,):
            raise _ForeignError("made by another kb")

    # -------------------------------------------------------------------------------------------- writing

    def update(
        self,
        stamps: Mapping[str, Stamp],
        read: Callable[[list[str]], Iterable[Prepared]],
        is_settled: Callable[[Stamp], bool],
    ) -> None:
        """Make the index that of the files with these stamps. `read` gives documents for those that are new or changed; a stamp
        that is not settled is looked at again next time."""
        if not any(self._find_changed(stamps)):
            return
        with self._transaction():
            gone, changed = self._find_changed(stamps)  # another run may have been quicker
            for path in gone:
                self._remove(path)
            for document in read(changed):
                stamp = stamps[document.path]
                self._put(document, _written(stamp) if is_settled(stamp) else "")

    def _find_changed(self, stamps: Mapping[str, Stamp]) -> tuple[list[str], list[str]]:
        """(paths that are gone, paths that are new or changed)."""
        rows = self._connection.execute("SELECT path, stamp FROM files")
        known = {os.fsdecode(path): stamp for path, stamp in rows}
        changed = [path for path, stamp in stamps.items() if known.get(path) != _written(stamp)]
        return sorted(known.keys() - stamps.keys()), sorted(changed)

    def _put(self, document: Prepared, stamp: str) -> None:
        """Add a document, in the place of what its path held before. What is the same already stays."""
        path = os.fsencode(document.path)
        if self._connection.execute("SELECT document FROM files WHERE path = ?", (path,)).fetchone() == (document.packed,):
            self._connection.execute("UPDATE files SET stamp = ? WHERE path = ?", (stamp, path))
            return
        self._remove(document.path)
        names = [plain_name(name) for name in document.names]
        values = (
            path,
            stamp,
            _fold_path(document.path),
            names[0],
            "\n" + "".join(f"{name}\n" for name in names),
            "\n" + "".join(f"{_fold(tag)}/\n" for tag in document.tags),
            "\n" + "".join(f"{_fold(kind)}\n" for kind in document.kinds),
            document.packed,
        )
        row = self._connection.execute(f"INSERT INTO files VALUES (NULL, {', '.join('?' * len(values))})", values).lastrowid
        self._connection.execute(
            f"INSERT INTO terms (rowid, {COLUMNS}) VALUES (?, {', '.join('?' * len(FIELDS))})", (row, *document.columns)
        )

    def _remove(self, path: str) -> None:
        row = self._connection.execute("SELECT id, document FROM files WHERE path = ?", (os.fsencode(path),)).fetchone()
        if row is None:
            return
        self._connection.execute(
            f"INSERT INTO terms (terms, rowid, {COLUMNS}) VALUES ('delete', ?, {', '.join('?' * len(FIELDS))})",
            (row[0], *find_columns(unpack(row[1]))),
        )
        self._connection.execute("DELETE FROM files WHERE id = ?", (row[0],))

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    # -------------------------------------------------------------------------------------------- asking

    def search(self, query: Query, limit: int) -> Found:
        """The documents that have all that is wanted, none of what is not, and pass the filters. The note of that name comes
        first, then one that has it as an alias, then by bm25 with names and headings counting more, then by path."""
        source, values = _from(query)
        name = plain_name(query.name)
        order = ["files.path"]
        names: tuple[object, ...] = ()
        if query.wanted:
            order.insert(0, f"bm25(terms, {WEIGHTS})")
        if name:
            order.insert(0, "CASE WHEN files.title = ? THEN 0 WHEN instr(files.names, ?) THEN 1 ELSE 2 END")
            names = (name, f"\n{name}\n")
        rows = self._connection.execute(
            f"SELECT files.id FROM {source} ORDER BY {', '.join(order)} LIMIT {int(limit)}", (*values, *names)
        ).fetchall()
        (total,) = self._connection.execute(f"SELECT count(*) FROM {source}", values).fetchone()
        return Found(tuple(self._load(row) for (row,) in rows), total)

    def _load(self, row: int) -> Document:
        (packed,) = self._connection.execute("SELECT document FROM files WHERE id = ?", (row,)).fetchone()
        return unpack(packed)

    def count(self, phrase: Phrase) -> int:
        """How many documents have this phrase."""
        (count,) = self._connection.execute("SELECT count(*) FROM terms WHERE terms MATCH ?", (_match(phrase),)).fetchone()
        return int(count)

    def names(self) -> list[str]:
        """The titles of all documents, in path order."""
        rows = self._connection.execute("SELECT path FROM files ORDER BY path")
        return [os.fsdecode(path).rpartition("/")[2].rpartition(".")[0] for (path,) in rows]


def _from(query: Query) -> tuple[str, tuple[object, ...]]:
    """What stands after FROM, and its values."""
    tests: list[str] = []
    values: list[object] = []
    source = "files"
    unwanted = " OR ".join(map(_match, query.unwanted))
    if query.wanted:
        source = "terms JOIN files ON files.id = terms.rowid"
        wanted = " AND ".join(map(_match, query.wanted))
        tests.append("terms MATCH ?")
        values.append(f"({wanted}) NOT ({unwanted})" if unwanted else wanted)
    elif unwanted:
        tests.append("files.id NOT IN (SELECT rowid FROM terms WHERE terms MATCH ?)")
        values.append(unwanted)
    for test in query.filters:
        column, value = _test(test)
        tests.append(f"instr({column}, ?) {'=' if test.negated else '>'} 0")
        values.append(value)
    return f"{source} WHERE {' AND '.join(tests)}", tuple(values)


def _match(phrase: Phrase) -> str:
    """A phrase in the language of FTS5. What a word is counts beside what begins with it, so that it comes first."""
    terms = " ".join(phrase.terms)
    if phrase.exact:
        return f'("{terms}" OR "{terms}" *)'
    return f'("{terms}" *)' if phrase.open else f'("{terms}")'


def _test(test: Filter) -> tuple[str, object]:
    """The column that a filter looks into, and what for."""
    match test.kind:
        case "tag":
            return "files.tags", f"\n{_fold(test.value).rstrip('/')}/"
        case "path":
            return "files.folded", _fold_path(test.value)
        case "kind":
            return "files.kinds", f"\n{_fold(test.value)}\n"


def _written(stamp: Stamp) -> str:
    return ",".join(map(str, stamp))


def _fold_path(path: str) -> bytes:
    return os.fsencode(fold_name(path))


def _fold(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())

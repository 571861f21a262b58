"""The files of a site that are made of all its pages: search, previews, the graph, the font of its formulas.

What each depends on is plain data, so that it is known without being made, and so that another process can make it.
"""

from __future__ import annotations

import hashlib
import io
import marshal
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Final, NamedTuple

from kbtools.site import graphdata, mathfont, previews, searchindex
from kbtools.site.ahead import Ahead
from kbtools.site.leaf import LEVEL, Extract, load_extract
from kbtools.site.press import Press
from kbtools.vault.store import Store

File = tuple[str, bytes]
Extracts = Callable[[], Iterator[Extract]]


class Job(NamedTuple):
    """Files that depend on these data alone."""

    name: str
    data: Any


class Whole:
    """The jobs of one book and their files, which are kept in the store. `renderer` is what makes them."""

    def __init__(self, press: Press, store: Store, renderer: str) -> None:
        self.jobs = list_jobs(press)
        self._press = press
        self._store = store
        self._renderer = renderer

    def start(self, jobs: Sequence[Job]) -> Ahead | None:
        """Let another process begin with what is not kept, while this one does something else."""
        missing = [tuple(job) for job in jobs if self._store.read(_name(job, self._renderer)) is None]
        if not missing:
            return None
        order = marshal.dumps((self._renderer, self._press.keys, missing))
        name = hashlib.sha256(order).hexdigest()
        self._store.write(name, order)
        return Ahead(__name__, str(self._store.folder), name)

    def read_files(self, job: Job) -> Iterator[File]:
        """The files (path and content) of a job, made now when they are not kept."""
        packed = self._store.read(_name(job, self._renderer))
        if packed is None:
            paths = sorted(self._press.book.pages)
            packed = _make(job, lambda: (self._press.extract_of(path) for path in paths))
            self._store.write(_name(job, self._renderer), packed)
        stream = io.BytesIO(zlib.decompress(packed))
        while (file := marshal.load(stream)) is not None:
            yield file


def list_jobs(press: Press) -> list[Job]:
    """What is to be made of a book's leaves; the first takes as long as all others."""
    book = press.book
    characters = {character for path in book.pages for character in press.facts_of(path).characters}
    graph = graphdata.build_graph(book)
    nodes = [(node.path, node.url, node.title, node.note_kind, node.tags, node.exists) for node in graph.nodes]
    return [
        Job("search", press.keys),
        Job("graph", (nodes, graph.edges, tuple(book.tags))),
        Job("math", "".join(sorted(characters))),
        Job("previews", press.keys),
    ]


def _make_search(_: Any, extracts: Extracts) -> Iterable[File]:
    return searchindex.iter_search_files(entry for extract in extracts() for entry in extract.entries)


def _make_graph(data: Any, _: Extracts) -> Iterable[File]:
    nodes, edges, tags = data
    graph = graphdata.Graph(tuple(graphdata.Node(*node) for node in nodes), edges)
    return [(graphdata.DATA_FILE, graphdata.render_data(graph, tags).encode())]


def _make_math(characters: Any, _: Extracts) -> Iterable[File]:
    return [(mathfont.PLACE, mathfont.build_math_style(characters))]


def _make_previews(_: Any, extracts: Extracts) -> Iterable[File]:
    return previews.iter_preview_files(dict(lead for extract in extracts() for lead in extract.leads))


MAKERS: Final[dict[str, Callable[[Any, Extracts], Iterable[File]]]] = {
    "search": _make_search,
    "graph": _make_graph,
    "math": _make_math,
    "previews": _make_previews,
}


def _make(job: Job, extracts: Extracts) -> bytes:
    """The files, packed one after the other: all of them at once would fill the memory."""
    packer = zlib.compressobj(LEVEL)
    files = chain(MAKERS[job.name](job.data, extracts), (None,))
    return b"".join([*(packer.compress(marshal.dumps(file)) for file in files), packer.flush()])


def _name(job: Job, renderer: str) -> str:
    return hashlib.sha256(marshal.dumps((renderer, *job))).hexdigest()


def work(folder: str, name: str) -> None:
    """What the other process does; it ends early where something is not as it was left."""
    store = Store(Path(folder))
    renderer, keys, jobs = marshal.loads(store.read(name) or b"")
    for job in (Job(*job) for job in jobs):
        made = _make(job, lambda: (load_extract(store.read(key) or b"") for key in keys))
        store.write(_name(job, renderer), made)


if __name__ == "__main__":
    work(*sys.argv[1:])

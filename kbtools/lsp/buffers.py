"""The texts that are open in an editor: by the URIs it writes, with the units in which it counts columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from kbtools.lsp.addresses import uri_of
from kbtools.lsp.desk import Desk
from kbtools.lsp.positions import Encoding, Lines, Position


@dataclass(slots=True)
class Buffer:
    """A text that is open."""

    text: str
    version: int
    file: Path | None


@dataclass(slots=True)
class Buffers:
    """What is open, by URI, and the encoding that was agreed on."""

    opened: dict[str, Buffer] = field(default_factory=dict)
    encoding: Encoding = "utf-16"

    def edit(self, uri: str, start: Position, end: Position, text: str) -> None:
        """Replace a part of an open text."""
        buffer = self.opened[uri]
        buffer.text = self.lines(buffer.text).changed(start, end, text)

    def uri_of(self, file: Path) -> str:
        """The URI of a file: as the editor writes it, where it has it open."""
        return next((uri for uri, buffer in self.opened.items() if buffer.file == file), uri_of(file))

    def version_of(self, uri: str) -> int | None:
        """The version of an open text."""
        buffer = self.opened.get(uri)
        return buffer.version if buffer else None

    def lines(self, text: str) -> Lines:
        """The lines of a text, for this editor."""
        return Lines(text, self.encoding)

    def lines_of(self, desk: Desk, path: str) -> Lines:
        """The lines of a file of a vault as the editor has it."""
        buffer = self.opened.get(self.uri_of(desk.shelf.config.vault / path))
        return self.lines(buffer.text if buffer else desk.snapshot.text_of(path))

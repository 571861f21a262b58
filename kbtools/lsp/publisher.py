"""Diagnostics, sent when they change: those of what was typed at once, those that need a look around when the editor rests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from lsprotocol import types

from kbtools.lsp import wire
from kbtools.lsp.addresses import path_of
from kbtools.lsp.buffers import Buffers
from kbtools.lsp.desk import Desk
from kbtools.model import Finding

REST: Final = 0.3
"""Seconds without a change after which the rest of the vault is looked at."""
SOON: Final = 1.0
"""Seconds after which an editor will have moved the files it was told to move."""


class Publisher:
    """Knows what was sent; `send` sends."""

    def __init__(self, buffers: Buffers, send: Callable[[types.PublishDiagnosticsParams], object]) -> None:
        self._buffers = buffers
        self._send = send
        self._published: set[str] = set()
        self._timers: dict[Desk, asyncio.TimerHandle] = {}
        self._looks: dict[Desk, asyncio.Task[None]] = {}

    def refresh(self, desk: Desk) -> None:
        """Bring a desk up to date, send what that says of its files, and look around when there is time."""
        self._publish(desk, desk.settle())
        if desk.is_behind:
            self._look_soon(desk)

    def expect_files(self, desk: Desk) -> None:
        """The editor was told to move files: look for them soon."""
        asyncio.get_running_loop().call_later(SOON, self._look_for_files, desk)

    def close(self, desk: Desk) -> None:
        """Take back what was said of a desk's files, and look at them no more."""
        for timer in (self._timers.pop(desk, None), self._looks.pop(desk, None)):
            if timer is not None:
                timer.cancel()
        config = desk.shelf.config
        for uri in sorted(self._published):
            file = path_of(uri)
            if file is not None and (file.is_relative_to(config.vault) or file.is_relative_to(config.root)):
                self._published.discard(uri)
                self._send(types.PublishDiagnosticsParams(uri, []))

    def _look_soon(self, desk: Desk) -> None:
        timer = self._timers.get(desk)
        if timer is not None:
            timer.cancel()
        self._timers[desk] = asyncio.get_running_loop().call_later(REST, self._look, desk)

    def _look(self, desk: Desk) -> None:
        running = self._looks.get(desk)
        if running is None or running.done():
            self._looks[desk] = asyncio.ensure_future(self._look_around(desk))

    async def _look_around(self, desk: Desk) -> None:
        self._publish(desk, desk.accept(await asyncio.to_thread(desk.look_around)))
        if desk.is_behind:
            self._look_soon(desk)

    def _look_for_files(self, desk: Desk) -> None:
        desk.shelf.list_again()
        self.refresh(desk)

    def _publish(self, desk: Desk, paths: Iterable[str]) -> None:
        config = desk.shelf.config
        for path in sorted(paths):
            groups: dict[Path, list[Finding]] = {config.vault / path: [], config.root / path: []}
            for found in desk.findings_of(path):
                groups[desk.file_of(found)].append(found)
            for file, findings in groups.items():
                self._publish_file(desk, path, file, findings)

    def _publish_file(self, desk: Desk, path: str, file: Path, findings: list[Finding]) -> None:
        uri = self._buffers.uri_of(file)
        if not findings and uri not in self._published and (uri not in self._buffers.opened or desk.shelf.path_of(file) != path):
            return
        (self._published.add if findings else self._published.discard)(uri)
        is_note = file == desk.shelf.config.vault / path
        snippet = None if is_note else desk.snapshot.snippets.get(path)
        lines = self._buffers.lines(snippet.text) if snippet else self._buffers.lines_of(desk, path)
        items = [wire.diagnostic_of(found, lines) for found in findings]
        self._send(types.PublishDiagnosticsParams(uri, items, self._buffers.version_of(uri)))

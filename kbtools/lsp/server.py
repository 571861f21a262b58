"""The state of a session with an editor: its open texts, the vaults they belong to, what it was told of them.

A vault is opened when the editor names a folder of it, or opens a note of it, in a thread; requests wait for that. Diagnostics
of what was typed go out at once, those that need more when the editor rests.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from lsprotocol import types
from pygls.exceptions import FeatureRequestError, JsonRpcException, PyglsError
from pygls.lsp.server import LanguageServer

from kbtools import __version__, app, proving
from kbtools.change.edits import Edit
from kbtools.config import Config
from kbtools.errors import KbError, VaultError
from kbtools.lsp import wire
from kbtools.lsp.addresses import path_of, uri_of
from kbtools.lsp.buffers import Buffers
from kbtools.lsp.desk import Desk
from kbtools.lsp.hover import Evidence
from kbtools.lsp.positions import Lines
from kbtools.lsp.protocol import Protocol
from kbtools.lsp.publisher import Publisher
from kbtools.lsp.shelf import Shelf
from kbtools.lsp.spots import Spot, find_spot
from kbtools.model import Span
from kbtools.snippets import record
from kbtools.snippets.read import stamp_of
from kbtools.vault.cache import cache_folder


class Here(NamedTuple):
    """A file of a vault that a request is about."""

    desk: Desk
    path: str
    lines: Lines

    @property
    def text(self) -> str:
        """The file's text."""
        return self.desk.snapshot.text_of(self.path)

    def offset(self, position: types.Position) -> int:
        """The offset of a position in it."""
        return self.lines.offset((position.line, position.character))


class Server(LanguageServer):
    """A language server for vaults; with `vault` for that one alone."""

    def __init__(self, vault: str | None = None) -> None:
        super().__init__("kb", __version__, protocol_cls=Protocol)
        self.vault = vault
        self.buffers = Buffers()
        self.publisher = Publisher(self.buffers, self.text_document_publish_diagnostics)
        self.desks: dict[Path, Desk] = {}
        self.was_shut_down = False
        self.watches = False
        self._opening: dict[Path, asyncio.Task[Desk | None]] = {}
        self._told: set[str] = set()
        self._evidence: dict[Path, tuple[object, Evidence]] = {}

    def report_server_error(self, error: Exception, source: type[PyglsError] | type[JsonRpcException]) -> None:
        """Tell the editor of a bug in what it did not ask for; garbage on the line is nobody's concern."""
        if source is not FeatureRequestError and source is not JsonRpcException:
            self.tell(f"kb: {error}", types.MessageType.Error)

    def tell(self, message: str, kind: types.MessageType = types.MessageType.Warning) -> None:
        """Show a line to the user, once."""
        if message not in self._told:
            self._told.add(message)
            self.window_show_message(types.ShowMessageParams(type=kind, message=message))

    # ------------------------------------------------------------------------------------------ vaults

    async def open_vault(self, folder: Path) -> Desk | None:
        """The desk of the vault around a folder; None where there is none, or it cannot be opened."""
        self.begin_opening(folder)
        return await asyncio.shield(self._opening[folder])

    async def vaults(self) -> list[Desk]:
        """The desks of all vaults that are open or being opened, up to date."""
        await asyncio.gather(*self._opening.values())
        desks = list(self.desks.values())
        for desk in desks:
            self.publisher.refresh(desk)
        return desks

    def begin_opening(self, folder: Path) -> None:
        """Open the vault around a folder, if it was not tried; nobody waits."""
        if folder not in self._opening:
            self._opening[folder] = asyncio.ensure_future(self._open(folder))

    def open_for(self, file: Path) -> None:
        """Open the vault around a file that the editor has opened; where there is none, the user is told."""
        self.begin_opening(file.parent)

        def complain(task: asyncio.Task[Desk | None]) -> None:
            if not task.cancelled() and task.result() is None and self.vault is None:
                self.tell(f"kb: no vault around '{file}' (a vault has a folder .obsidian or a kb.toml; or kb lsp --vault DIR)")

        self._opening[file.parent].add_done_callback(complain)

    async def _open(self, folder: Path) -> Desk | None:
        try:
            config = await asyncio.to_thread(self._find_config, folder)
            if config.vault in self.desks:
                return self.desks[config.vault]
            desk = await asyncio.to_thread(_open_desk, config)
        except KbError as error:
            if not isinstance(error, VaultError) or self.vault is not None:
                self.tell(f"kb: {error}")
            return None
        if config.vault in self.desks:  # another folder of the same vault was quicker
            return self.desks[config.vault]
        gc.collect()
        gc.freeze()
        self.desks[config.vault] = desk
        for buffer in self.buffers.opened.values():
            if buffer.file is not None:
                desk.shelf.put(buffer.file, buffer.text.removeprefix("\ufeff"))
        self.publisher.refresh(desk)
        return desk

    def _find_config(self, folder: Path) -> Config:
        return app.open_project(self.vault, Path.cwd() if self.vault is not None else folder).config

    def forget(self, desk: Desk) -> None:
        """Let a vault be opened anew: its configuration changed."""
        self.desks.pop(desk.shelf.config.vault, None)
        self.publisher.close(desk)
        self.try_again()

    def try_again(self) -> None:
        """Where no vault was found, one may be now."""
        self._opening.clear()
        self._told.clear()

    async def here(self, uri: str) -> Here | None:
        """The file of a request, with what is known of its vault brought up to date; None for one outside of every vault."""
        buffer = self.buffers.opened.get(uri)
        file = buffer.file if buffer else path_of(uri)
        if file is None:
            return None
        desk = self.desk_of(file) or await self.open_vault(file.parent)
        path = desk.shelf.path_of(file) if desk else None
        if desk is None or path is None:
            return None
        self.publisher.refresh(desk)
        return Here(desk, path, self.buffers.lines_of(desk, path))

    def desk_of(self, file: Path) -> Desk | None:
        """The open vault that a file belongs to, as a note or as a snippet: the innermost."""
        having = [desk for desk in self.desks.values() if desk.shelf.path_of(file) or desk.shelf.code_path_of(file)]
        return max(having, key=lambda desk: len(desk.shelf.config.vault.parts), default=None)

    # ------------------------------------------------------------------------------------------ what features share

    def location(self, desk: Desk, path: str, span: Span, *, is_code: bool = False) -> types.Location:
        """A span of a file of the vault, or of a snippet."""
        config = desk.shelf.config
        if is_code:
            lines = self.buffers.lines(desk.snapshot.snippets[path].text)
            return types.Location(self.buffers.uri_of(config.root / path), wire.range_of(lines, span))
        return types.Location(self.buffers.uri_of(config.vault / path), wire.range_of(self.buffers.lines_of(desk, path), span))

    def edit_of(
        self,
        desk: Desk,
        edits: Mapping[str, Iterable[Edit]],
        *,
        code: Mapping[str, list[types.TextEdit]] | None = None,
        creates: Iterable[str] = (),
        renames: Iterable[tuple[str, str]] = (),
    ) -> types.WorkspaceEdit:
        """Edits of the vault's files, as the editor can take them. Raises KbError where it cannot."""
        vault, can = desk.shelf.config.vault, self.client_capabilities.workspace
        edit_can = can.workspace_edit if can else None
        operations = (edit_can.resource_operations if edit_can else None) or ()
        created = [self.buffers.uri_of(vault / path) for path in creates]
        moved = [(self.buffers.uri_of(vault / old), uri_of(vault / new)) for old, new in renames]
        if moved and types.ResourceOperationKind.Rename not in operations:
            raise KbError("this editor lets no server rename a file", "kb rename does it in a terminal")
        if created and types.ResourceOperationKind.Create not in operations:
            raise KbError("this editor lets no server create a file", "create it there")
        by_uri = {
            self.buffers.uri_of(vault / path): wire.text_edits(found, self.buffers.lines_of(desk, path))
            for path, found in edits.items()
        }
        by_uri |= code or {}
        is_plain = not (edit_can and edit_can.document_changes) and not moved and not created
        return wire.workspace_edit(by_uri, self.buffers.version_of, creates=created, renames=moved, plain=is_plain)

    async def evidence_of(self, desk: Desk) -> Evidence:
        """What is remembered of the proofs; read again when a snippet changed."""
        snippets, vault = desk.snapshot.snippets, desk.shelf.config.vault
        record_file = desk.shelf.config.root / desk.shelf.config.snippets / record.NAME
        key = [(path, snippet.text, snippet.proof_text) for path, snippet in snippets.items()]
        stamp = (key, stamp_of(cache_folder(vault) / proving.EVIDENCE_NAME), stamp_of(record_file))
        known = self._evidence.get(vault)
        if known is None or known[0] != stamp:
            try:
                found: Evidence = await asyncio.to_thread(proving.list_evidence, desk.shelf.config, snippets)
            except KbError:  # the record is none: kb check says so
                found = {}
            known = self._evidence[vault] = (stamp, found)
        return known[1]


def _open_desk(config: Config) -> Desk:
    return Desk(Shelf(config))


async def find_here_and_spot(ls: Server, uri: str, position: types.Position) -> tuple[Here | None, Spot | None]:
    """The file of a request, and what stands at a position of it."""
    here = await ls.here(uri)
    return here, find_spot(here.desk.snapshot, here.path, here.offset(position)) if here else None

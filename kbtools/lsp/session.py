"""What an editor tells -> the state of the server: which vaults are open, which texts, which files changed on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from lsprotocol import types

from kbtools.lsp.addresses import path_of
from kbtools.lsp.buffers import Buffer
from kbtools.lsp.positions import Encoding
from kbtools.lsp.server import Server
from kbtools.lsp.shelf import SETTINGS

REGISTRATION: Final = "kb-watch"
ENCODINGS: Final[dict[object, Encoding]] = {"utf-8": "utf-8", "utf-16": "utf-16", "utf-32": "utf-32"}


async def initialized(ls: Server, params: types.InitializedParams) -> None:
    """Open the vaults of the editor's folders, and ask to be told of files that change."""
    agreed = ls.workspace.position_encoding
    ls.buffers.encoding = ENCODINGS.get(getattr(agreed, "value", agreed), "utf-16")
    can = ls.client_capabilities.workspace
    watch = can.did_change_watched_files if can else None
    ls.watches = bool(watch and watch.dynamic_registration)
    if ls.watches:
        options = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher("**/*")])
        wish = types.Registration(REGISTRATION, types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
        ls.client_register_capability(types.RegistrationParams([wish]))
    uris = list(ls.workspace.folders) or ([ls.workspace.root_uri] if ls.workspace.root_uri else [])
    folders = [folder for uri in uris if (folder := path_of(uri)) is not None]
    for folder in folders or ([Path.cwd()] if ls.vault is not None else []):
        await ls.open_vault(folder)


async def shut_down(ls: Server, params: None) -> None:
    ls.was_shut_down = True


async def folders_changed(ls: Server, params: types.DidChangeWorkspaceFoldersParams) -> None:
    for added in params.event.added:
        folder = path_of(added.uri)
        if folder is not None:
            await ls.open_vault(folder)


# ------------------------------------------------------------------------------------------------ texts


def did_open(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
    document = params.text_document
    ls.buffers.opened[document.uri] = Buffer(document.text, document.version, path_of(document.uri))
    _put(ls, document.uri)


def did_change(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    uri = params.text_document.uri
    buffer = ls.buffers.opened.get(uri)
    if buffer is None:
        return
    for change in params.content_changes:
        if isinstance(change, types.TextDocumentContentChangePartial):
            start, end = change.range.start, change.range.end
            ls.buffers.edit(uri, (start.line, start.character), (end.line, end.character), change.text)
        else:
            buffer.text = change.text
    buffer.version = params.text_document.version
    _put(ls, uri)


def _put(ls: Server, uri: str) -> None:
    """Let the vault of an open text know it."""
    buffer = ls.buffers.opened[uri]
    if buffer.file is None:
        return
    desk = ls.desk_of(buffer.file)
    if desk is None:
        ls.open_for(buffer.file)
        return
    desk.shelf.put(buffer.file, buffer.text.removeprefix("\ufeff"))
    ls.publisher.refresh(desk)


def did_close(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    buffer = ls.buffers.opened.pop(params.text_document.uri, None)
    desk = ls.desk_of(buffer.file) if buffer and buffer.file else None
    if desk is not None and buffer is not None and buffer.file is not None:
        desk.shelf.drop(buffer.file)
        ls.publisher.refresh(desk)


def did_save(ls: Server, params: types.DidSaveTextDocumentParams) -> None:
    file = path_of(params.text_document.uri)
    if file is not None and not ls.watches:
        _touch(ls, [file], list_again=True)


def files_changed(ls: Server, params: types.DidChangeWatchedFilesParams) -> None:
    _touch(ls, [file for event in params.changes if (file := path_of(event.uri)) is not None])


async def did_rename(ls: Server, params: types.RenameFilesParams) -> None:
    files = [path_of(uri) for change in params.files for uri in (change.old_uri, change.new_uri)]
    _touch(ls, [file for file in files if file is not None], list_again=True)


def _touch(ls: Server, files: list[Path], *, list_again: bool = False) -> None:
    if any(file.name in SETTINGS or ".obsidian" in file.parts for file in files):
        ls.try_again()
    for desk in list(ls.desks.values()):
        if any(desk.shelf.is_settings(file) for file in files):
            ls.forget(desk)
            ls.begin_opening(desk.shelf.config.vault)
            continue
        for file in files:
            desk.shelf.touch(file)
        if list_again and any(file.is_relative_to(desk.shelf.config.vault) for file in files):
            desk.shelf.list_again()
        ls.publisher.refresh(desk)

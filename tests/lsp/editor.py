"""An editor for tests: a real client of the protocol with `kb lsp` as a process of its own behind it, and open texts that it
edits as an editor does, in UTF-16."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from lsprotocol import types
from pytest_lsp import LanguageClient, client_capabilities, make_test_lsp_client

REPOSITORY = Path(__file__).parents[2]
KB = (sys.executable, "-m", "kbtools", "lsp")
PATIENCE = 20.0


def offset_of(text: str, position: types.Position) -> int:
    """What a position means, found by really encoding the line."""
    lines = text.split("\n")
    before = lines[position.line].encode("utf-16-le")[: 2 * position.character].decode("utf-16-le")
    return sum(len(line) + 1 for line in lines[: position.line]) + len(before)


def position_of(text: str, offset: int) -> types.Position:
    """The position of an offset."""
    before = text[:offset].split("\n")
    return types.Position(len(before) - 1, len(before[-1].encode("utf-16-le")) // 2)


def applied(text: str, edits: Sequence[types.TextEdit]) -> str:
    """The text after edits, as the protocol says: all of them are about the text as it was."""
    for edit in sorted(edits, key=lambda edit: (edit.range.start.line, edit.range.start.character), reverse=True):
        start, end = offset_of(text, edit.range.start), offset_of(text, edit.range.end)
        text = text[:start] + edit.new_text + text[end:]
    return text


class Editor:
    """`client` speaks with the server; `texts` are the open ones by path in the vault."""

    def __init__(self, client: LanguageClient, vault: Path) -> None:
        self.client = client
        self.vault = vault
        self.texts: dict[str, str] = {}
        self._versions: dict[str, int] = {}
        self._undo: list[dict[str, str]] = []

    def uri(self, path: str) -> str:
        return (self.vault / path).as_uri()

    def open(self, path: str) -> None:
        self.texts[path] = (self.vault / path).read_bytes().decode("utf-8")
        self._versions[path] = 1
        document = types.TextDocumentItem(self.uri(path), types.LanguageKind.Markdown, 1, self.texts[path])
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(document))

    def close(self, path: str) -> None:
        del self.texts[path]
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(self.uri(path))))

    def replace(self, path: str, old: str, new: str) -> None:
        """Replace the first occurrence of a text by another, as one incremental change."""
        text = self.texts[path]
        start = text.index(old)
        place = types.Range(position_of(text, start), position_of(text, start + len(old)))
        self._send(path, text.replace(old, new, 1), types.TextDocumentContentChangePartial(place, new))

    def type(self, path: str, after: str, typed: str) -> None:
        """Type letter by letter behind the first occurrence of a text."""
        for letter in typed:
            self.replace(path, after, after + letter)
            after += letter

    def rewrite(self, path: str, text: str) -> None:
        """Send a whole new text."""
        self._send(path, text, types.TextDocumentContentChangeWholeDocument(text))

    def _send(self, path: str, text: str, change: types.TextDocumentContentChangeEvent) -> None:
        self.texts[path] = text
        self._versions[path] += 1
        document = types.VersionedTextDocumentIdentifier(self._versions[path], self.uri(path))
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))

    def at(self, path: str, text: str) -> dict[str, Any]:
        """The parameters of a request about the place behind the first occurrence of a text."""
        place = position_of(self.texts[path], self.texts[path].index(text) + len(text))
        return {"text_document": types.TextDocumentIdentifier(self.uri(path)), "position": place}

    async def diagnostics(self, path: str, wanted: Callable[[list[str]], bool]) -> list[str]:
        """The messages about a file, once they are as wanted; the last ones when they do not become so."""

        def said() -> list[str]:
            return [found.message for found in self.client.diagnostics.get(self.uri(path), ())]

        async def wait() -> None:
            while self.uri(path) not in self.client.diagnostics or not wanted(said()):
                await asyncio.sleep(0.01)

        with suppress(TimeoutError):
            await asyncio.wait_for(wait(), PATIENCE)
        assert wanted(said()), said()
        return said()

    def apply(self, edit: types.WorkspaceEdit) -> None:
        """Carry an edit out: open texts in the editor, others and files on disk."""
        self._undo.append(dict(self.texts))
        for change in edit.document_changes or ():
            match change:
                case types.TextDocumentEdit(text_document=document, edits=edits):
                    self._edit(document.uri, [edit for edit in edits if isinstance(edit, types.TextEdit)], document.version)
                case types.RenameFile(old_uri=old, new_uri=new):
                    self._rename(self._path(old), self._path(new))
                case types.CreateFile(uri=uri):
                    (self.vault / self._path(uri)).parent.mkdir(parents=True, exist_ok=True)
                    (self.vault / self._path(uri)).touch()
                    self.changed(self._path(uri), types.FileChangeType.Created)
        for uri, edits in (edit.changes or {}).items():
            self._edit(uri, list(edits), None)

    def undo(self) -> None:
        """Give the open texts back what they were before the last edit was carried out."""
        for path, text in self._undo.pop().items():
            if path in self.texts and self.texts[path] != text:
                self.rewrite(path, text)

    def _path(self, uri: str) -> str:
        from kbtools.lsp.addresses import path_of

        file = path_of(uri)
        assert file is not None
        return file.relative_to(self.vault).as_posix()

    def _edit(self, uri: str, edits: list[types.TextEdit], version: int | None) -> None:
        path = self._path(uri)
        if path in self.texts:
            assert version in (None, self._versions[path])
            self.rewrite(path, applied(self.texts[path], edits))
            return
        file = self.vault / path
        file.write_bytes(applied(file.read_bytes().decode("utf-8"), edits).encode("utf-8"))
        self.changed(path, types.FileChangeType.Changed)

    def _rename(self, old: str, new: str) -> None:
        (self.vault / old).rename(self.vault / new)
        if old in self.texts:
            text = self.texts[old]
            self.close(old)
            (self.vault / new).write_bytes(text.encode("utf-8"))
            self.open(new)
        self.changed(old, types.FileChangeType.Deleted)
        self.changed(new, types.FileChangeType.Created)

    def changed(self, path: str, kind: types.FileChangeType) -> None:
        """Tell that a file on disk changed."""
        event = types.FileEvent(self.uri(path), kind)
        self.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))


@asynccontextmanager
async def editing(
    root: Path,
    files: Mapping[str, str | bytes],
    *arguments: str,
    vault: str = "",
    client: str = "visual-studio-code",
    command: Sequence[str] = KB,
    capabilities: types.ClientCapabilities | None = None,
) -> AsyncIterator[Editor]:
    """A vault on disk, open in an editor; at the end the server has ended properly."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    speaking = make_test_lsp_client()
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "KB_CACHE_DIR": str(root.parent / "cache")}
    await speaking.start_io(*command, *arguments, cwd=str(root), env=environment)
    able = capabilities or client_capabilities(client)
    await speaking.initialize_session(types.InitializeParams(able, root_uri=root.as_uri()))
    yield Editor(speaking, root / vault)
    await speaking.shutdown_session()
    assert speaking._server is not None
    assert await asyncio.wait_for(speaking._server.wait(), PATIENCE) == 0

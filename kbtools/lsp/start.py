"""`start` puts the server together from the table of its methods and talks to an editor over standard input and output."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Final

from lsprotocol import types

from kbtools.errors import KbError
from kbtools.lsp import changes, questions, session
from kbtools.lsp.protocol import RequestFailed, quiet_logs
from kbtools.lsp.server import Server

Ask = Callable[[Server, Any], Coroutine[Any, Any, Any]]

ANY_FILE: Final = types.FileOperationRegistrationOptions(
    [types.FileOperationFilter(types.FileOperationPattern("**/*"), scheme="file")]
)
TELL: Final[dict[str, Callable[[Server, Any], None]]] = {
    types.TEXT_DOCUMENT_DID_OPEN: session.did_open,
    types.TEXT_DOCUMENT_DID_CHANGE: session.did_change,
    types.TEXT_DOCUMENT_DID_CLOSE: session.did_close,
    types.TEXT_DOCUMENT_DID_SAVE: session.did_save,
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES: session.files_changed,
}
ASK: Final[dict[str, tuple[Ask, Any]]] = {
    types.INITIALIZED: (session.initialized, None),
    types.SHUTDOWN: (session.shut_down, None),
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: (session.folders_changed, None),
    types.TEXT_DOCUMENT_COMPLETION: (
        questions.completion,
        types.CompletionOptions(trigger_characters=["[", "(", "#", "^", "/", '"', "|"]),
    ),
    types.TEXT_DOCUMENT_HOVER: (questions.hover, None),
    types.TEXT_DOCUMENT_DEFINITION: (questions.definition, None),
    types.TEXT_DOCUMENT_REFERENCES: (questions.references, None),
    types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: (questions.document_symbol, None),
    types.WORKSPACE_SYMBOL: (questions.workspace_symbol, None),
    types.TEXT_DOCUMENT_INLAY_HINT: (questions.inlay_hint, None),
    types.TEXT_DOCUMENT_PREPARE_RENAME: (changes.prepare_rename, None),
    types.TEXT_DOCUMENT_RENAME: (changes.rename, types.RenameOptions(prepare_provider=True)),
    types.TEXT_DOCUMENT_CODE_ACTION: (
        changes.code_action,
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix]),
    ),
    types.WORKSPACE_WILL_RENAME_FILES: (changes.will_rename, ANY_FILE),
    types.WORKSPACE_DID_RENAME_FILES: (session.did_rename, ANY_FILE),
}


def build_server(vault: str | None = None) -> Server:
    """A server that knows all its methods."""
    server = Server(vault)
    for method, tell in TELL.items():
        server.feature(method)(tell)
    for method, (ask, options) in ASK.items():
        server.feature(method, options)(_answering(ask))
    return server


def _answering(ask: Ask) -> Ask:
    """The same with a KbError as the answer of a request that cannot be done."""

    @wraps(ask)
    async def answer(ls: Server, params: Any) -> Any:
        try:
            return await ask(ls, params)
        except KbError as error:
            raise RequestFailed(str(error)) from error

    return answer


def start(vault: str | None = None) -> int:
    """Serve until the editor says goodbye: 0 when it did so properly, else 1. Only the protocol goes to standard output."""
    gc.enable()
    quiet_logs()
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a line that a library prints must not end up among the messages
    server = build_server(vault)
    server.start_io(sys.stdin.buffer, output)
    return 0 if server.was_shut_down else 1

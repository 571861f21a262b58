"""The JSON-RPC side of the server, where pygls does not do what the protocol asks for.

Texts are kept by the server itself: pygls takes a form feed or U+2028 for the end of a line, which no editor does. And a
request that makes no sense is answered, so that nobody waits for it.
"""

from __future__ import annotations

import logging
from typing import Any

from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.protocol import LanguageServerProtocol

REQUEST_FAILED = -32803


class RequestFailed(JsonRpcException):
    """The request was understood and cannot be done; the message says why, to a person."""

    CODE = REQUEST_FAILED


class Malformed:
    """A message that is none; `id` names the request in it, if it was one."""

    def __init__(self, message: dict[str, Any], error: JsonRpcException) -> None:
        is_request = isinstance(message.get("method"), str)
        self.id = message.get("id") if is_request else None
        self.error = error


class Protocol(LanguageServerProtocol):
    """What pygls does, but for the texts of documents."""

    lsp_text_document__did_open = None  # type: ignore[assignment]  # pygls would keep texts of its own: ours are registered as features
    lsp_text_document__did_change = None  # type: ignore[assignment]  # the same
    lsp_text_document__did_close = None  # type: ignore[assignment]  # the same

    def structure_message(self, data: dict[str, Any]) -> Any:
        """A message as its type; `Malformed` where it has none."""
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            return Malformed(data, JsonRpcInvalidParams(str(error) or "the parameters are not what the method takes"))

    def handle_message(self, message: Any) -> None:
        """Answer a message."""
        if not isinstance(message, Malformed):
            super().handle_message(message)
        elif isinstance(message.id, int | str):
            self._send_response(message.id, error=message.error.to_response_error())


def quiet_logs() -> None:
    """Let pygls log what is wrong with kb, and not what an editor was refused or what it sent that nobody asked for."""
    log = logging.getLogger("pygls")
    log.setLevel(logging.ERROR)
    for name in ("pygls.protocol.json_rpc", "pygls.protocol.language_server"):
        logging.getLogger(name).addFilter(_is_a_bug)


def _is_a_bug(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], RequestFailed))

"""A web server on the loopback address that answers as a test tells it to, and remembers what it was asked."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, Mapping[str, str]]
"""Status and headers."""


@dataclass
class Site:
    """`pages` says what a path gives for a method; `asked` is (method, path, headers, when)."""

    pages: dict[str, Callable[[str], Answer]]
    port: int = 0
    asked: list[tuple[str, str, dict[str, str], float]] = field(default_factory=list)

    def url(self, path: str, *, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    @property
    def requests(self) -> list[str]:
        return [f"{method} {path}" for method, path, _, _ in self.asked]


def always(status: int, **headers: str) -> Callable[[str], Answer]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda method: (status, named)


@contextmanager
def serving(
    pages: Mapping[str, Callable[[str], Answer]], *, host: str = "127.0.0.1", context: ssl.SSLContext | None = None
) -> Iterator[Site]:
    site = Site(dict(pages))

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            site.asked.append((self.command, self.path, dict(self.headers.items()), time.monotonic()))
            status, headers = site.pages.get(self.path, always(404))(self.command)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        do_HEAD = do_GET = _answer  # noqa: N815 - the names that http.server asks for

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer((host, 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.daemon_threads = True
    site.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def talking(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port on which somebody talks who is no web server: `talk` gets each connection."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    connection.recv(4096)
                    talk(connection)
                except OSError:
                    pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=5)

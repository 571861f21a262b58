"""A URL -> what its server says: one request after the other along redirects, each to a host whose address was looked at first.

Only the head of an answer is read. A name that leads to a private network (RFC 1918, loopback, link-local, ...) is not asked,
and neither is one that a redirect leads to: the connection goes to the very address that was looked at.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final, Literal
from urllib.parse import SplitResult, quote, urljoin, urlsplit, urlunsplit

from kbtools import __version__

AGENT: Final = f"kb/{__version__} (checks the links of an Obsidian vault)"
HOPS: Final = 10
PERMANENT: Final = frozenset({301, 308})
REDIRECTS: Final = frozenset({*PERMANENT, 302, 303, 307})
GONE: Final = frozenset({404, 410})
HEAD_IS_ENOUGH: Final = frozenset({410, 429})
"""Failures of HEAD that GET is not asked about; some servers know no HEAD, and say so in many ways."""
RESERVED: Final = "!#$%&'()*+,/:;=?@[]~"
NO_NAME: Final = frozenset(getattr(socket, name) for name in ("EAI_NONAME", "EAI_NODATA") if hasattr(socket, name))
NO_ISSUER: Final = frozenset({20, 21})
"""OpenSSL's numbers for a chain without its middle, which browsers find elsewhere."""

Fate = Literal["alive", "dead", "unknown", "private", "nameless", "offline"]
Turn = Callable[[str], AbstractContextManager[None]]
"""Waits until a host may be asked again, and holds it while it is."""


def is_public(written: str) -> bool:
    """Whether an IP address belongs to the public network, also where it is wrapped into IPv6."""
    address = ipaddress.ip_address(written.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and address in ipaddress.ip_network("64:ff9b::/96"):  # NAT64
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return inner.is_global and not inner.is_multicast
    return address.is_global and not address.is_multicast


def anywhere(written: str) -> bool:
    """What `may_ask` is where private networks are allowed."""
    return True


@dataclass(frozen=True, slots=True)
class Reply:
    """`moved` is where the address has gone for good, `wait` how many seconds the server `host` asks to be left alone."""

    fate: Fate
    detail: str = ""
    moved: str = ""
    wait: float = 0.0
    host: str = ""


@dataclass(frozen=True, slots=True)
class Manners:
    """`timeout` bounds each step of a request, `limit` the whole of it; `may_ask` says whether an IP address may be asked."""

    timeout: float = 10.0
    limit: float = 30.0
    may_ask: Callable[[str], bool] = is_public
    context: ssl.SSLContext | None = None


class PrivateAddressError(Exception):
    """The host is in a private network."""


class WrongAddressError(Exception):
    """The URL names no host that could be asked."""


def ask(url: str, manners: Manners, turn: Turn) -> Reply:
    """What became of a URL; raises nothing that has to do with the network."""
    here, moved, is_permanent = url, "", True
    seen: set[str] = set()
    while True:
        if here in seen or len(seen) > HOPS:
            return Reply("dead", "it redirects in a circle" if here in seen else f"it redirects more than {HOPS} times")
        seen.add(here)
        try:
            status, headers = _head_or_get(here, manners, turn)
            target = headers.get("Location") if status in REDIRECTS else None
            if target is None:
                return _judge(status, headers, moved, here)
            is_permanent = is_permanent and status in PERMANENT
            here = _with_ascii(urljoin(here, target.strip()))
        except (OSError, ValueError, http.client.HTTPException, PrivateAddressError, WrongAddressError) as error:
            return _reply_to(error, here)
        moved = here if is_permanent else moved


def _judge(status: int, headers: http.client.HTTPMessage, moved: str, url: str) -> Reply:
    host = urlsplit(url).netloc
    if status < 400:
        return Reply("alive", moved=moved)
    what = f"it answers {status} {http.client.responses.get(status, '')}".rstrip()
    if status in GONE:
        return Reply("dead", what)
    return Reply("unknown", what, wait=_seconds(headers.get("Retry-After", "")) if status in (429, 503) else 0.0, host=host)


def _seconds(written: str) -> float:
    """A Retry-After header: seconds, or a date."""
    if written.strip().isdigit():
        return float(written.strip()[:9])
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        until = parsedate_to_datetime(written)
        return max((until - until.now(until.tzinfo)).total_seconds(), 0.0)
    return 0.0


def _reply_to(error: Exception, url: str) -> Reply:
    """What an error says of an address: whatever a server does to a connection is an answer."""
    host = re.sub(r"^\w+://(?:[^/?#]*@)?|[:/?#].*", "", url)
    match error:
        case PrivateAddressError():
            return Reply("private", f"'{host}' is in a private network")
        case WrongAddressError():
            return Reply("dead", str(error))
        case socket.gaierror():
            if error.errno in NO_NAME:
                return Reply("nameless", f"no host is named '{host}'")
            return Reply("offline", f"the name '{host}' cannot be looked up now")
        case ssl.SSLCertVerificationError() if error.verify_code not in NO_ISSUER:
            return Reply("dead", f"its certificate is not valid: {error.verify_message}")
        case ssl.SSLError() if not isinstance(error, ssl.SSLCertVerificationError | ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return Reply("dead", f"no secure connection: {(error.reason or str(error)).replace('_', ' ').lower()}")
        case TimeoutError():
            return Reply("unknown", "no answer in time")
        case ConnectionRefusedError():
            return Reply("dead", "nobody answers there: connection refused")
        case OSError():
            return Reply("unknown", (error.strerror or str(error) or "the connection broke").lower())
        case _:
            return Reply("unknown", "its server does not speak HTTP as it should")


# ------------------------------------------------------------------------------------------------ one request


def _head_or_get(url: str, manners: Manners, turn: Turn) -> tuple[int, http.client.HTTPMessage]:
    status, headers = _request("HEAD", url, manners, turn)
    if status >= 400 and status not in HEAD_IS_ENOUGH:
        status, headers = _request("GET", url, manners, turn)
    return status, headers


def _request(method: str, url: str, manners: Manners, turn: Turn) -> tuple[int, http.client.HTTPMessage]:
    parts = urlsplit(_with_ascii(url))
    try:
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise WrongAddressError("its port is no number") from error
    if parts.scheme not in ("http", "https") or not host:
        raise WrongAddressError(f"it leads to '{parts.scheme}:'" if host or parts.scheme else "it names no host")
    with turn(parts.netloc), _connected(parts.scheme, host, port, manners) as connection:
        path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        connection.request(method, path, headers={"User-Agent": AGENT, "Accept": "*/*", "Connection": "close"})
        response = connection.getresponse()
        return response.status, response.headers


@contextlib.contextmanager
def _connected(scheme: str, host: str, port: int | None, manners: Manners) -> Iterator[http.client.HTTPConnection]:
    """A connection that is over after `limit` seconds, whatever the server does."""
    number = port or (443 if scheme == "https" else 80)
    sock = _connect(_find_addresses(host, number, manners.may_ask), manners.timeout)
    over, handle = threading.Event(), sock.dup()  # a socket of its own: TLS takes the other one over
    watch = threading.Timer(manners.limit, _shut, (handle, over))
    watch.daemon = True
    watch.start()
    try:
        if scheme == "https":
            context = manners.context or ssl.create_default_context()
            sock = context.wrap_socket(sock, server_hostname=host)
        connection = http.client.HTTPConnection(host, number)
        if port is None:  # so that the Host header names no port where none is written
            connection.port = connection.default_port
        connection.sock = sock
        yield connection
        if over.is_set():  # what it said was cut short, and reads as if it were whole
            raise TimeoutError
    except OSError:
        if over.is_set():
            raise TimeoutError from None
        raise
    finally:
        watch.cancel()
        sock.close()
        handle.close()


def _shut(sock: socket.socket, over: threading.Event) -> None:
    """End a connection, whoever waits for it."""
    over.set()
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _find_addresses(
    host: str, port: int, may_ask: Callable[[str], bool]
) -> list[tuple[socket.AddressFamily, tuple[object, ...]]]:
    """Where a host is, as far as it may be asked there."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    places: list[tuple[socket.AddressFamily, tuple[object, ...]]] = [
        (family, place) for family, _, _, _, place in found if may_ask(str(place[0]))
    ]
    if not places:
        raise PrivateAddressError
    return places


def _connect(places: list[tuple[socket.AddressFamily, tuple[object, ...]]], timeout: float) -> socket.socket:
    """A connection to the first of some addresses that takes one."""
    problem = OSError("no address")
    for family, place in places[:3]:
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.settimeout(timeout)
        try:
            sock.connect(place)
        except OSError as error:
            sock.close()
            problem = error
            continue
        return sock
    raise problem


def _with_ascii(url: str) -> str:
    """The URL as it is sent: the host in Punycode, everything else with percent signs, no user and no password."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError as error:
        raise WrongAddressError("its port or its host cannot be read") from error
    place, path, query = _host(host) + port, quote(parts.path, RESERVED), quote(parts.query, RESERVED)
    return urlunsplit(SplitResult(parts.scheme, place, path, query, ""))


def _host(host: str) -> str:
    if ":" in host:
        return f"[{host}]"
    try:
        return host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise WrongAddressError(f"'{host}' is no name of a host") from error

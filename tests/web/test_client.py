"""What one URL gives, asked of real servers on the loopback address."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import time
from email.utils import formatdate
from pathlib import Path

import pytest

from kbtools import __version__
from kbtools.web.client import Manners, Reply, anywhere, ask, is_public
from kbtools.web.hosts import Hosts
from tests.web.server import always, serving, talking

OPEN = Manners(timeout=2, limit=4, may_ask=anywhere)


def reply_to(url: str, manners: Manners = OPEN) -> Reply:
    return ask(url, manners, Hosts(0).turn)


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        (200, "alive"),
        (204, "alive"),
        (304, "alive"),
        (400, "unknown"),
        (401, "unknown"),
        (403, "unknown"),
        (404, "dead"),
        (410, "dead"),
        (418, "unknown"),
        (429, "unknown"),
        (451, "unknown"),
        (500, "unknown"),
        (503, "unknown"),
        (999, "unknown"),
    ],
)
def test_status(status: int, fate: str) -> None:
    with serving({"/": always(status)}) as site:
        reply = reply_to(site.url("/"))
    assert reply.fate == fate
    assert (str(status) in reply.detail) == (fate != "alive")


def test_head_alone_where_it_is_enough_and_kb_says_who_it_is() -> None:
    with serving({"/a?q=1": always(200)}) as site:
        assert reply_to(site.url("/a?q=1")).fate == "alive"
    assert site.requests == ["HEAD /a?q=1"]
    headers = site.asked[0][2]
    assert headers["User-Agent"].startswith(f"kb/{__version__} ")
    assert headers["Host"] == f"127.0.0.1:{site.port}"


@pytest.mark.parametrize("status", [403, 404, 405, 500, 501])
def test_a_server_that_knows_no_head_is_asked_with_get(status: int) -> None:
    with serving({"/": lambda method: (status if method == "HEAD" else 200, {})}) as site:
        assert reply_to(site.url("/")).fate == "alive"
    assert site.requests == ["HEAD /", "GET /"]


@pytest.mark.parametrize("status", [410, 429])
def test_what_head_says_plainly_is_not_asked_twice(status: int) -> None:
    with serving({"/": always(status)}) as site:
        reply_to(site.url("/"))
    assert site.requests == ["HEAD /"]


@pytest.mark.parametrize("status", [302, 303, 307])
def test_a_passing_redirect_is_followed_and_not_told(status: int) -> None:
    with serving({"/a": always(status, Location="/b"), "/b": always(200)}) as site:
        assert reply_to(site.url("/a")) == Reply("alive")
    assert site.requests == ["HEAD /a", "HEAD /b"]


@pytest.mark.parametrize("status", [301, 308])
def test_a_lasting_redirect_is_told(status: int) -> None:
    with serving({"/a": always(status, Location="b?x=1#top"), "/b?x=1": always(200)}) as site:
        assert reply_to(site.url("/a")) == Reply("alive", moved=site.url("/b?x=1"))


def test_moved_for_good_ends_where_the_first_passing_redirect_begins() -> None:
    pages = {
        "/a": always(301, Location="/b"),
        "/b": always(302, Location="/c"),
        "/c": always(301, Location="/d"),
        "/d": always(200),
    }
    with serving(pages) as site:
        assert reply_to(site.url("/a")).moved == site.url("/b")


def test_a_redirect_to_nothing_is_dead() -> None:
    with serving({"/a": always(301, Location="/gone")}) as site:
        assert reply_to(site.url("/a")) == Reply("dead", "it answers 404 Not Found")


def test_a_circle_and_a_chain_without_end() -> None:
    pages = {f"/{n}": always(302, Location=f"/{n + 1}") for n in range(30)}
    with serving({"/a": always(301, Location="/b"), "/b": always(301, Location="/a"), **pages}) as site:
        assert reply_to(site.url("/a")) == Reply("dead", "it redirects in a circle")
        assert reply_to(site.url("/0")) == Reply("dead", "it redirects more than 10 times")
        assert len(site.asked) < 20


@pytest.mark.parametrize("target", ["ftp://127.0.0.1/a", "file:///etc/passwd", "javascript:1", "http://127.0.0.1:99999/"])
def test_a_redirect_leads_nowhere_but_to_the_web(target: str) -> None:
    with serving({"/a": always(302, Location=target)}) as site:
        assert reply_to(site.url("/a")).fate == "dead"
        assert site.requests == ["HEAD /a"]


def test_chinese_addresses_are_sent_as_ascii() -> None:
    with serving({"/%E6%A2%AF%E5%BA%A6?q=%E4%B8%AD": always(200)}) as site:
        assert reply_to(site.url("/梯度?q=中")).fate == "alive"
        assert reply_to(site.url("/%E6%A2%AF%E5%BA%A6?q=%E4%B8%AD")).fate == "alive"


def test_no_password_is_sent() -> None:
    with serving({"/": always(200)}) as site:
        assert reply_to(site.url("/", host="user:secret@127.0.0.1")).fate == "alive"
    assert "secret" not in str(site.asked)
    assert "Authorization" not in site.asked[0][2]


# ------------------------------------------------------------------------------------------------ private networks


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]"])
def test_this_machine_is_not_asked(host: str) -> None:
    with serving({"/": always(200)}) as site:
        assert reply_to(site.url("/", host=host), Manners(timeout=1)).fate in ("private", "nameless")
    assert site.asked == []


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1"),
        *("::1", "::", "fe80::1%eth0", "fc00::1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::a9fe:a9fe", "ff02::1"),
    ],
)
def test_private(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public(address: str) -> None:
    assert is_public(address)


def test_a_redirect_into_the_private_network_is_not_followed() -> None:
    """No public host can be had here, so one address of this machine counts as public, and the other does not."""
    asked: list[str] = []

    def may_ask(address: str) -> bool:
        asked.append(address)
        return address == "127.0.0.2"

    with serving({"/secret": always(200)}) as inside, serving({}, host="127.0.0.2") as outside:
        outside.pages["/a"] = always(302, Location=inside.url("/secret"))
        reply = reply_to(outside.url("/a", host="127.0.0.2"), Manners(timeout=2, may_ask=may_ask))
        assert reply.fate == "private"
        assert outside.requests == ["HEAD /a"]
        assert inside.asked == []
    assert asked == ["127.0.0.2", "127.0.0.1"]


# ------------------------------------------------------------------------------------------------ trouble


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert reply_to(f"http://127.0.0.1:{port}/") == Reply("dead", "nobody answers there: connection refused")


def test_a_server_that_says_nothing() -> None:
    started = time.monotonic()
    with talking(lambda connection: time.sleep(1.5)) as port:
        reply = reply_to(f"http://127.0.0.1:{port}/", Manners(timeout=0.3, limit=9, may_ask=anywhere))
    assert reply == Reply("unknown", "no answer in time")
    assert time.monotonic() - started < 4


def test_a_server_that_never_stops_is_left() -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        for n in range(200):
            connection.sendall(b"X-%d: y\r\n" % n)
            time.sleep(0.1)

    started = time.monotonic()
    with talking(drip) as port:
        reply = reply_to(f"http://127.0.0.1:{port}/", Manners(timeout=5, limit=0.6, may_ask=anywhere))
    assert reply == Reply("unknown", "no answer in time")
    assert time.monotonic() - started < 8


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH_9.7\r\n", b"", b"HTTP/1.1 abc\r\n\r\n", b"\x00" * 3000])
def test_a_server_that_is_none(answer: bytes) -> None:
    with talking(lambda connection: connection.sendall(answer)) as port:
        assert reply_to(f"http://127.0.0.1:{port}/").fate == "unknown"


def test_no_secure_connection() -> None:
    with talking(lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        reply = reply_to(f"https://127.0.0.1:{port}/")
    assert reply.fate == "dead"
    assert reply.detail.startswith("no secure connection: ")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A certificate that nobody signed, and a server's use of it."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    folder = tmp_path_factory.mktemp("certificate")
    key, file = folder / "key.pem", folder / "certificate.pem"
    asked = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=elsewhere.example"]
    subprocess.run([*asked, "-keyout", key, "-out", file], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key)
    return file, context


def trusting(file: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(file))
    context.check_hostname = False
    return context


def test_a_certificate_of_somebody_else(certificate: tuple[Path, ssl.SSLContext]) -> None:
    file, server = certificate
    with serving({"/": always(200)}, context=server) as site:
        url = site.url("/", scheme="https")
        assert reply_to(url).detail == "its certificate is not valid: self-signed certificate"
        strict = ssl.create_default_context(cafile=str(file))
        reply = reply_to(url, Manners(timeout=2, limit=4, may_ask=anywhere, context=strict))
        assert reply.fate == "dead"
        assert "127.0.0.1" in reply.detail
        manners = Manners(timeout=2, limit=4, may_ask=anywhere, context=trusting(file))
        assert reply_to(url, manners).fate == "alive"


def test_a_secure_server_that_takes_too_long_is_left(certificate: tuple[Path, ssl.SSLContext]) -> None:
    file, server = certificate

    def slow(method: str) -> tuple[int, dict[str, str]]:
        time.sleep(3)
        return 200, {}

    with serving({"/": slow}, context=server) as site:
        manners = Manners(timeout=20, limit=0.5, may_ask=anywhere, context=trusting(file))
        assert reply_to(site.url("/", scheme="https"), manners) == Reply("unknown", "no answer in time")


@pytest.mark.parametrize("url", ["http://", "http://:80/", "http://a:b/", "http://[::1", "ftp://x.org/"])
def test_a_url_that_names_no_host(url: str) -> None:
    assert reply_to(url).fate == "dead"


@pytest.mark.parametrize(
    ("written", "least", "most"),
    [
        ("7", 7, 7),
        ("", 0, 0),
        ("soon", 0, 0),
        ("-3", 0, 0),
        ("in ten minutes", 590, 601),
        (formatdate(0, usegmt=True), 0, 0),
    ],
)
def test_retry_after(written: str, least: float, most: float) -> None:
    if written == "in ten minutes":  # counted from the test, not from when the tests were collected
        written = formatdate(time.time() + 600, usegmt=True)
    with serving({"/": always(429, Retry_After=written)}) as site:
        reply = reply_to(site.url("/"))
    assert least <= reply.wait <= most
    assert reply.host == f"127.0.0.1:{site.port}"

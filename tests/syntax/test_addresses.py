"""Web addresses in text: where they end, and which are none."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbtools.model import NotePath, Source
from kbtools.syntax.addresses import find_addresses
from kbtools.syntax.note import parse_note


def urls(text: str) -> list[str]:
    return [address.url for address in find_addresses(parse_note(Source(NotePath("a.md"), text)))]


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("见https://x.org/a。", "https://x.org/a"),
        ("见 https://x.org/a, b", "https://x.org/a"),
        ("(https://x.org/a_(b))", "https://x.org/a_(b)"),
        ("（https://x.org/a）", "https://x.org/a"),
        ("https://zh.wikipedia.org/wiki/反向传播，", "https://zh.wikipedia.org/wiki/反向传播"),
        ("**https://x.org/a**", "https://x.org/a"),
        ("| https://x.org/a|b |", "https://x.org/a"),
        ("[x](https://x.org/a 'title')", "https://x.org/a"),
        ("[x](<https://x.org/a b>)", "https://x.org/a b"),
        ("[x](https://x.org/a#b)", "https://x.org/a"),
        ("[![i](https://x.org/a)](b.md)", "https://x.org/a"),
        ("<https://x.org/a?b=c&amp;d>", "https://x.org/a?b=c&d"),
        ("HTTPS://X.org/A", "HTTPS://X.org/A"),
        ("https://x.org/a%20b", "https://x.org/a%20b"),
        ("---\nsource: 'https://x.org/a'\n---\n", "https://x.org/a"),
        ("[x]: https://x.org/a\n\n[x]", "https://x.org/a"),
        ("https://web.archive.org/web/2020/https://x.org/a", "https://web.archive.org/web/2020/https://x.org/a"),
    ],
)
def test_address(text: str, url: str) -> None:
    assert urls(text) == [url]


@pytest.mark.parametrize(
    "text",
    [
        "https://",
        "https://。",
        "xhttps://x.org",
        "ftp://x.org",
        "https://example.com/a",
        "http://a.test",
        "https://x.org/{id}",
        "http：//x.org",
    ],
)
def test_no_address(text: str) -> None:
    assert urls(text) == []


@given(
    st.lists(
        st.sampled_from(["https://", "x.org", "/", "(", ")", "<", ">", "](", "[a", "\\", "&amp;", "*", "`", "，", " ", "#"]),
        max_size=25,
    )
)
def test_every_text_is_fine(pieces: list[str]) -> None:
    text = "".join(pieces)
    for url, span in find_addresses(parse_note(Source(NotePath("a.md"), text))):
        assert url.lower().startswith("http")
        assert text[span.start : span.end].lower().startswith("http")


@pytest.mark.parametrize(
    "piece", ["https://x.org", "https://(", "https://x)", "<https://x", "](<https://", "https://x.", "https://a.a@"]
)
def test_hostile_text_is_read_in_linear_time(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    started = time.perf_counter()
    urls(text)
    assert time.perf_counter() - started < 3

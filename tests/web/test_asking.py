"""Many URLs: in turns, with pauses, remembered, and what a server asks for is done."""

from __future__ import annotations

import threading
import time
from itertools import pairwise
from pathlib import Path

from kbtools.model import Answer
from kbtools.web.asking import Asked, ask_all
from kbtools.web.client import Manners, anywhere
from kbtools.web.hosts import Hosts
from kbtools.web.memory import ALIVE, NAME, OTHER, Entry, entry_of, read_memory, write_memory
from tests.web.server import always, serving

OPEN = Manners(timeout=2, limit=4, may_ask=anywhere)


def ask(urls: list[str], folder: Path, *, now: float = 0.0, pause: float = 0.0, patience: float = 30.0) -> Asked:
    return ask_all(urls, folder, OPEN, pause=pause, patience=patience, now=now or time.time())


def test_each_url_once_and_the_rest_is_remembered(tmp_path: Path) -> None:
    pages = {"/a": always(200), "/b": always(404), "/c": always(301, Location="/a"), "/d": always(403)}
    with serving(pages) as site:
        urls = [site.url(path) for path in pages]
        first = ask([*urls, *urls], tmp_path)
        count = len(site.asked)
        second = ask(urls, tmp_path)
        assert len(site.asked) == count
    assert [first.answers[url].kind for url in urls] == ["alive", "dead", "alive", "unknown"]
    assert first.answers[urls[2]].moved == urls[0]
    assert second.answers == first.answers
    assert (first.remembered, second.remembered) == (0, 4)


def test_a_living_address_is_remembered_longer(tmp_path: Path) -> None:
    with serving({"/a": always(200), "/b": always(404)}) as site:
        now = time.time()
        alive, dead = site.url("/a"), site.url("/b")
        ask([alive, dead], tmp_path, now=now)
        site.asked.clear()
        ask([alive, dead], tmp_path, now=now + OTHER + 1)
        assert {path for _, path, _, _ in site.asked} == {"/b"}
        site.asked.clear()
        ask([alive, dead], tmp_path, now=now + ALIVE + 1)
        assert {path for _, path, _, _ in site.asked} == {"/a", "/b"}


def test_a_host_is_asked_one_request_at_a_time_with_a_pause(tmp_path: Path) -> None:
    busy, most, lock = 0, 0, threading.Lock()

    def page(method: str) -> tuple[int, dict[str, str]]:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        time.sleep(0.02)
        with lock:
            busy -= 1
        return 200, {}

    with serving({f"/{n}": page for n in range(5)}) as site:
        ask([site.url(f"/{n}") for n in range(5)], tmp_path, pause=0.1)
    assert most == 1
    times = [when for _, _, _, when in site.asked]
    assert all(after - before > 0.09 for before, after in pairwise(times))


def test_two_hosts_are_asked_at_once(tmp_path: Path) -> None:
    def slow(method: str) -> tuple[int, dict[str, str]]:
        time.sleep(0.3)
        return 200, {}

    with serving({"/": slow}) as one, serving({"/": slow}) as other:
        started = time.monotonic()
        ask([one.url("/"), other.url("/")], tmp_path)
    assert abs(one.asked[0][3] - other.asked[0][3]) < 0.25
    assert time.monotonic() - started < 3


def test_a_server_that_asks_for_a_moment_gets_it(tmp_path: Path) -> None:
    answers = iter([(429, {"Retry-After": "1"}), (200, {})])
    with serving({"/": lambda method: next(answers)}) as site:
        assert ask([site.url("/")], tmp_path).answers[site.url("/")].kind == "alive"
    (_, _, _, first), (_, _, _, second) = site.asked
    assert second - first >= 1


def test_a_server_that_asks_for_an_hour_is_left_alone_with_all_its_pages(tmp_path: Path) -> None:
    with serving({"/a": always(429, Retry_After="7200"), "/b": always(200)}) as site:
        now = time.time()
        urls = [site.url("/a"), site.url("/b")]
        assert [answer.kind for answer in ask(urls, tmp_path, now=now).answers.values()] == ["unknown", "unknown"]
        assert site.requests == ["HEAD /a"]
        ask(urls, tmp_path, now=now + OTHER + 60)
        assert site.requests == ["HEAD /a"], "not even after the hour that others are remembered"


def test_private_addresses_are_counted_and_not_remembered(tmp_path: Path) -> None:
    with serving({"/": always(200)}) as site:
        asked = ask_all([site.url("/")], tmp_path, now=time.time())
    assert (asked.private, asked.answers) == (1, {})
    assert site.asked == []
    assert read_memory(tmp_path) == {}


def test_memory_that_is_damaged_counts_as_none(tmp_path: Path) -> None:
    write_memory(tmp_path, {"http://x.org/": entry_of(Answer("alive"))})
    assert read_memory(tmp_path)["http://x.org/"].answer == Answer("alive")
    for text in (
        "",
        "[]",
        "{}",
        '{"version": 2}',
        '{"version": 1, "answers": {"a": []}}',
        '{"version": 1, "answers": 3}',
        "[" * 9999,
    ):
        (tmp_path / NAME).write_text(text)
        assert read_memory(tmp_path) == {}


def test_what_nobody_named_for_a_month_is_forgotten(tmp_path: Path) -> None:
    write_memory(tmp_path, {"http://old.org/": Entry(Answer("alive"), time.time() - 40 * 86_400)})
    assert read_memory(tmp_path) == {}


def test_turns_wait_by_the_clock() -> None:
    now, slept = 100.0, []

    def sleep(seconds: float) -> None:
        nonlocal now
        slept.append(seconds)
        now += seconds

    hosts = Hosts(0.5, clock=lambda: now, sleep=sleep)
    with hosts.turn("a"):
        pass
    with hosts.turn("b"):
        pass
    with hosts.turn("a"):
        pass
    assert slept == [0.5]
    hosts.leave_alone("a", 9)
    assert hosts.seconds_until_free("a") == 9

"""URLs -> what became of each: remembered, or asked now by some threads that work host by host."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from kbtools.model import Answer
from kbtools.web.client import Manners, Reply, ask
from kbtools.web.hosts import Hosts
from kbtools.web.memory import Entry, entry_of, read_memory, write_memory

Kind = Literal["alive", "dead", "unknown"]
THREADS: Final = 16
PAUSE: Final = 0.5
KINDS: Final[Mapping[str, Kind]] = {"alive": "alive", "dead": "dead", "nameless": "dead", "unknown": "unknown"}
PATIENCE: Final = 30.0
"""The longest a run waits because a server asked for it; what takes longer is asked another day."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`answers` by URL, how many of them were remembered, how many addresses are private and were left alone, and whether no
    name at all could be looked up."""

    answers: Mapping[str, Answer]
    remembered: int = 0
    private: int = 0
    offline: bool = False


def ask_all(
    urls: Iterable[str],
    folder: Path,
    manners: Manners | None = None,
    *,
    pause: float = PAUSE,
    patience: float = PATIENCE,
    now: float,
    advance: Callable[[int], None] = lambda count: None,
) -> Asked:
    """Ask for every URL that is not remembered in `folder` (`now` is the time, in seconds since 1970), and remember it."""
    manners = manners or Manners()
    wanted = sorted(set(urls))
    memory = read_memory(folder)
    fresh = {url: memory[url].answer for url in wanted if url in memory and memory[url].until > now}
    advance(len(fresh))
    replies: dict[str, Reply] = {}
    new: dict[str, Entry] = {}
    try:
        _ask_hosts([url for url in wanted if url not in fresh], manners, Hosts(pause), patience, replies, advance)
    finally:
        offline = _is_offline(replies)
        if not offline:
            new = {url: entry for url, reply in replies.items() if (entry := _entry(reply, now))}
            write_memory(folder, {**memory, **new})
    private = sum(reply.fate == "private" for reply in replies.values())
    unknown = {url: Answer("unknown", reply.detail) for url, reply in replies.items() if reply.fate != "private"}
    answers = {**fresh, **unknown, **{url: entry.answer for url, entry in new.items()}}
    return Asked(answers, len(fresh), private, offline)


def _is_offline(replies: Mapping[str, Reply]) -> bool:
    """Whether no name could be looked up, and the fault is rather here than with all the names."""
    fates = {reply.fate for reply in replies.values()}
    nameless = {urlsplit(url).netloc for url, reply in replies.items() if reply.fate in ("offline", "nameless")}
    return fates <= {"offline", "nameless", "private"} and ("offline" in fates or len(nameless) > 2)


def _entry(reply: Reply, now: float) -> Entry | None:
    """What is remembered of a reply: nothing of one that says more about this machine than about the address."""
    kind = KINDS.get(reply.fate)
    if kind is None:
        return None
    return entry_of(Answer(kind, reply.detail, reply.moved), wait=reply.wait, now=now)


def _ask_hosts(
    urls: list[str],
    manners: Manners,
    hosts: Hosts,
    patience: float,
    replies: dict[str, Reply],
    advance: Callable[[int], None],
) -> None:
    """Ask for the URLs, those of a host one after the other; `replies` fill as they come."""
    by_host: dict[str, list[str]] = {}
    for url in urls:
        by_host.setdefault(urlsplit(url).netloc.lower(), []).append(url)
    todo: queue.SimpleQueue[list[str]] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[str, Reply | BaseException]] = queue.SimpleQueue()
    for some in by_host.values():
        todo.put(some)

    def work() -> None:
        while True:
            try:
                some = todo.get_nowait()
            except queue.Empty:
                return
            for url in some:
                try:
                    done.put((url, _ask_patiently(url, manners, hosts, patience)))
                except BaseException as error:  # raised where somebody waits for it
                    done.put((url, error))

    for _ in range(min(THREADS, len(by_host))):
        threading.Thread(target=work, daemon=True).start()
    for _ in urls:
        url, reply = done.get()
        if isinstance(reply, BaseException):
            raise reply
        replies[url] = reply
        advance(1)


def _ask_patiently(url: str, manners: Manners, hosts: Hosts, patience: float) -> Reply:
    """Ask, and where the server asks for a moment, once more after it."""
    for again in (False, True):
        busy = hosts.seconds_until_free(urlsplit(url).netloc)
        if busy > patience:
            return Reply("unknown", f"its server asks to be left alone for {busy:.0f} s", wait=busy)
        reply = ask(url, manners, hosts.turn)
        if not reply.wait:
            return reply
        hosts.leave_alone(reply.host, reply.wait)
        if again or reply.wait > patience:
            return reply
    raise AssertionError("two turns, and each ends")

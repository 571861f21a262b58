"""A plugin of pytest's for a process that nobody watches: its reports go nowhere."""

from __future__ import annotations

import sys
from collections.abc import Generator
from typing import TextIO

import pytest


class Streams:
    """Gives the standard output back once pytest's reporter holds another: a test may do with it what it likes. Nobody reads
    the reporter's last words, for which plugins do work, so it leaves before them."""

    def __init__(self, usual: TextIO) -> None:
        self.usual = usual

    def pytest_sessionstart(self) -> None:
        sys.stdout = self.usual

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        try:
            return (yield)
        finally:
            session.config.pluginmanager.unregister(name="terminalreporter")

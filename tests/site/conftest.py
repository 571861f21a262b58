"""What browser tests of the site share: a Chromium, and tabs that forbid errors and requests to other hosts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
OWN = ("file:", "data:", "blob:", "http://127.0.0.1:", "chrome-extension:", "chrome:")
"""Whom a tab may ask: the site, and what Chromium is made of (its reader of PDF)."""
OpenTab = Callable[..., Page]
Scheme = Literal["light", "dark"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium. Only one may live at a time: Playwright's sync interface cannot be started twice in a thread."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def open_tab(chromium: Browser) -> Iterator[OpenTab]:
    """Opens an address in a tab of its own (keywords are those of `new_context`). After the test no tab may have written an
    error to its console, thrown one, or asked another host than 127.0.0.1 for anything: those requests are aborted."""
    complaints: list[str] = []
    tabs: list[Page] = []

    def watch(page: Page) -> None:
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))

    def abort(route: Route) -> None:
        complaints.append(f"asked {route.request.url}")
        route.abort()

    def open_at(url: str, *, width: int = 1280, height: int = 900, scheme: Scheme = "light", **options: Any) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, **options)
        context.route(lambda address: not address.startswith(OWN), abort)
        page = context.new_page()
        watch(page)
        tabs.append(page)
        page.goto(url)
        return page

    yield open_at
    for tab in tabs:
        tab.context.close()
    assert complaints == []

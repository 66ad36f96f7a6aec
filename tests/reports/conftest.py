"""A real browser for the pages: the system's Chromium, and a watch over all that a page does in it."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Request

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
MUST_BE_THERE = "VEEAM_IAM_TEST_BROWSER"
"""Set to ``required`` by the gate."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser, started once."""
    if CHROMIUM is None:
        if os.environ.get(MUST_BE_THERE) == "required":
            pytest.fail(f"no chromium was found, and {MUST_BE_THERE}=required")
        pytest.skip("no chromium was found: install Debian's package of that name")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Watched:
    """Opens pages and keeps what none of them may do."""

    browser: Browser
    folder: Path
    seen: list[str] = field(default_factory=list)
    _contexts: list[Any] = field(default_factory=list)

    def open(self, html: str, address: str = "", **context: Any) -> Page:
        """Return the page of a report, as a browser with these properties shows it."""
        file = self.folder / "report.html"
        file.write_text(html, "utf-8")
        opened = self.browser.new_context(**context)
        self._contexts.append(opened)
        page = opened.new_page()
        page.on("console", lambda message: self.seen.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: self.seen.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (self.seen.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: self._note(request, file.as_uri()))
        opened.route(lambda url: url.partition("#")[0] != file.as_uri(), lambda route: route.abort())
        page.goto(file.as_uri() + address)
        return page

    def _note(self, request: Request, own: str) -> None:
        if request.url.partition("#")[0] != own:
            self.seen.append(f"request: {request.url[:200]}")

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def watched(browser: Browser, tmp_path: Path) -> Iterator[Watched]:
    """What opens pages; at the end no page may have asked for anything, complained or shown a dialog."""
    watched = Watched(browser, tmp_path)
    yield watched
    watched.close()
    assert watched.seen == []

"""Pages in a browser, and a watch over what they do: ask for anything, complain, show a dialog."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Dialog, Page, Request


def chromium() -> str | None:
    """Return the path of the system's Chromium, or None."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def launched() -> Iterator[Browser]:
    """Return that browser, started; Playwright starts it without the sandbox that root cannot have."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium())
        yield browser
        browser.close()


@dataclass
class Watched:
    """Opens pages and keeps what none of them may do.

    Attributes:
        browser: Where.
        folder: Where the page is written to.
        seen: What they did, in words.
    """

    browser: Browser
    folder: Path
    seen: list[str] = field(default_factory=list)
    _contexts: list[BrowserContext] = field(default_factory=list)

    def open(self, html: str, address: str = "", *, is_cut_off: bool = True, **context: Any) -> Page:
        """Return the page of a report.

        Args:
            html: The report.
            address: What follows its file's address.
            is_cut_off: Whether a request that it makes is stopped, beside being noted.
            context: Properties of the browser's context.
        """
        file = self.folder / "report.html"
        file.write_text(html, "utf-8")
        opened = self.browser.new_context(**context)
        self._contexts.append(opened)
        opened.set_default_timeout(10_000)
        page = opened.new_page()
        page.on("console", lambda message: self.seen.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: self.seen.append(f"error: {error}"))
        page.on("dialog", self._dismiss)
        page.on("request", lambda request: self._note(request, file.as_uri()))
        if is_cut_off:
            opened.route(lambda url: url.partition("#")[0] != file.as_uri(), lambda route: route.abort())
        page.goto(file.as_uri() + address)
        return page

    def _note(self, request: Request, own: str) -> None:
        if request.url.partition("#")[0] != own:
            self.seen.append(f"request: {request.url[:200]}")

    def _dismiss(self, dialog: Dialog) -> None:
        self.seen.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def close(self) -> None:
        """Close all pages."""
        for context in self._contexts:
            context.close()

"""A real browser for the pages: the system's Chromium."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from tests.reports.watched import Watched

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

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


@pytest.fixture
def watched(browser: Browser, tmp_path: Path) -> Iterator[Watched]:
    """What opens pages; at the end no page may have asked for anything, complained or shown a dialog."""
    watched = Watched(browser, tmp_path)
    yield watched
    watched.close()
    assert watched.seen == []

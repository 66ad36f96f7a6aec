"""A real browser for the pages: the system's Chromium."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.reports.watched import Watched, chromium, launched

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

MUST_BE_THERE = "VEEAM_IAM_TEST_BROWSER"
"""Set to ``required`` by the gate."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser, started once for a module; while it runs, so does an event loop, which other tests would notice."""
    if chromium() is None:
        if os.environ.get(MUST_BE_THERE) == "required":
            pytest.fail(f"no chromium was found, and {MUST_BE_THERE}=required")
        pytest.skip("no chromium was found: install Debian's package of that name")
    with launched() as browser:
        yield browser


@pytest.fixture
def watched(browser: Browser, tmp_path: Path) -> Iterator[Watched]:
    """What opens pages; at the end no page may have asked for anything, complained or shown a dialog."""
    watched = Watched(browser, tmp_path)
    yield watched
    watched.close()
    assert watched.seen == []

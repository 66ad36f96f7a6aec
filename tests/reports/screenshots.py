"""What the HTML report looks like: ``python -m tests.reports.screenshots OUT_DIR`` shows a run to a browser.

light.png, dark.png and phone.png have one policy open, as somebody sees it who follows a link; print.pdf has all.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from pytest_veeam_iam.reporters.html import render
from tests.reports import pages
from tests.reports.watched import Watched, launched

DESK = {"width": 1280, "height": 900}
VIEWS: dict[str, dict[str, Any]] = {
    "light": {"viewport": DESK, "color_scheme": "light"},
    "dark": {"viewport": DESK, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "color_scheme": "light"},
}


def main(arguments: list[str]) -> None:
    """Write the pictures."""
    if len(arguments) != 1:
        sys.exit("usage: python -m tests.reports.screenshots OUT_DIR")
    folder = Path(arguments[0]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    html = render(pages.full())
    with launched() as browser:
        watched = Watched(browser, folder)
        for name, context in VIEWS.items():
            page = watched.open(html, "#policies/short.json", **context)
            page.screenshot(path=folder / f"{name}.png", full_page=True)
        page.pdf(path=folder / "print.pdf", format="A4")
        watched.close()


if __name__ == "__main__":
    main(sys.argv[1:])

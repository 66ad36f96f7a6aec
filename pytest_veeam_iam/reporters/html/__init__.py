"""The report as one HTML file: what is in the run, laid out for a browser, a phone and paper; it needs no network.

All text of a repository is hostile: it goes through ``visible`` and Jinja's escaping, never into the script, and a
Content-Security-Policy allows nothing but the script and the style that stand in the file.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from pytest_veeam_iam.reporters.html.page import page_of
from pytest_veeam_iam.reporters.html.visible import exactly, visible
from pytest_veeam_iam.reporters.text import BLOCKED

if TYPE_CHECKING:
    from jinja2 import Template

    from pytest_veeam_iam.evidence import Run


def render(run: Run) -> str:
    """Return the page of a run."""
    return _template().render(page=page_of(run)).strip() + "\n"


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        autoescape=True, finalize=visible, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["exactly"] = exactly
    script, style = _resource("script.js"), _resource("style.css")
    environment.globals.update(
        layers=BLOCKED,
        script=Markup(script),  # noqa: S704 - the package's own file
        style=Markup(style),  # noqa: S704 - the package's own file
        script_hash=_hash(script),
        style_hash=_hash(style),
    )
    return environment.from_string(_resource("page.jinja"))


def _resource(name: str) -> str:
    """Return a file of this package, with the line ends that a browser hashes."""
    return files(__name__).joinpath(name).read_bytes().decode("utf-8").replace("\r\n", "\n")


def _hash(text: str) -> str:
    """Return the source expression of an inline text (https://www.w3.org/TR/CSP3/#grammardef-hash-source)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"

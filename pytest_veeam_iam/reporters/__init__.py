"""Reports in every form: each module turns what a run found out into one text, and is found by its place here.

A form is a module with ``render(run) -> str``. Its name is what ``--veeam-iam-report=NAME:PATH`` calls it, and the
suffix of its files where nothing is said.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_veeam_iam.evidence import Run

_NOT_FORMS = ("notices", "problems", "text")
"""What several forms share, and what shows a single report in a terminal."""


def names() -> tuple[str, ...]:
    """Return the names of the forms; none of them is imported."""
    return tuple(info.name for info in pkgutil.iter_modules(__path__) if info.name not in _NOT_FORMS)


def renderer(name: str) -> Callable[[Run], str]:
    """Return what renders a form.

    Args:
        name: One of ``names()``.

    Returns:
        A function of the run; the same run gives the same text, which ends in a line feed.
    """
    return cast("Callable[[Run], str]", import_module(f"{__name__}.{name}").render)

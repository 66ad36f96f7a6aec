"""A hint for a Terraform module that hangs on its variables: who calls it, and so knows their values."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import VeeamIamError
from pytest_veeam_iam.sources import files, terraform

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_veeam_iam.iam.document import Location
    from pytest_veeam_iam.report import GroupReport


def hint(group: GroupReport, root: Path) -> str:
    """Return a sentence about the callers of the module whose variables a group hangs on, or an empty string.

    Args:
        group: What falls short.
        root: What the paths in it are relative to.
    """
    unknowns = (token for result in group.shortfalls for token in result.unknowns)
    paths = (token.location.path for token in unknowns if token.expression.startswith("var."))
    path = next((root / path for path in paths if path.endswith(tuple(terraform.SUFFIXES))), None)
    found = _callers(path.parent, files.repository_of(path)) if path is not None else ()
    if not found:
        return ""
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return f"{found[0]}{more} calls this module: it is checked there, with the values of the call"


@lru_cache(maxsize=64)
def _callers(directory: Path, root: Path) -> tuple[Location, ...]:
    try:
        return terraform.callers_of(directory, root)
    except VeeamIamError:
        return ()

"""Where the block stands that a plan or state names: for annotations, which a pull request shows beside its lines."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.sources import files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_veeam_iam.iam.tree import Location

_ADDRESS = re.compile(r"(?:module\.[\w-]+(?:\[[^\]]*\])?\.)*(?P<data>data\.)?(?P<type>[a-z]\w*)\.(?P<name>[\w-]+)")
_HEADER = re.compile(r'^[ \t]*(resource|data)[ \t]+"([\w-]+)"[ \t]+"([\w-]+)"[ \t]*\{', re.MULTILINE)
_MOST_FILES = 2000


def block_of(address: str, directory: Path) -> Location | None:
    """Return where the block of an address stands, if there is exactly one of that type and name.

    Args:
        address: As a plan has it: ``module.backup.aws_iam_role.veeam[0]``; what follows the name is left out.
        directory: That of the plan; its own files come first, then all of the repository.

    Returns:
        The location, its path as it was found, or None.
    """
    match = _ADDRESS.match(address)
    if match is None:
        return None
    key = ("data" if match["data"] else "resource", match["type"], match["name"])
    root = files.repository_of(directory / "plan.json")
    for folder, is_deep in ((directory, False), (root, True)):
        found = _headers(folder, is_deep=is_deep).get(key, ())
        if len(found) == 1:
            return found[0]
    return None


@lru_cache(maxsize=8)
def _headers(folder: Path, *, is_deep: bool) -> Mapping[tuple[str, str, str], tuple[Location, ...]]:
    """Return the blocks below a directory, or in it alone, by kind, type and name."""
    found: dict[tuple[str, str, str], tuple[Location, ...]] = {}
    try:
        paths = files.walk(folder).files if is_deep else [path for path in sorted(folder.iterdir()) if path.is_file()]
    except (OSError, PolicyLoadError):
        return found
    for path in [path for path in paths if path.suffix == ".tf"][:_MOST_FILES]:
        try:
            source = files.read_text(path, name=path.as_posix())
        except PolicyLoadError:
            continue
        for match in _HEADER.finditer(source.text):
            key = (match[1], match[2], match[3])
            found[key] = (*found.get(key, ()), source.locate(match.start(1)))
    return found

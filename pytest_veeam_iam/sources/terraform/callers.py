"""Who calls a module of the repository: for a message about variables whose values only a caller knows."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.sources import files
from pytest_veeam_iam.sources.terraform.directory import SUFFIXES

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_veeam_iam.iam.tree import Location

_SOURCE = re.compile(r'\bsource"?[ \t]*[=:][ \t]*"(\.{1,2}/[^"\n]*)"')


def callers_of(directory: Path, root: Path) -> tuple[Location, ...]:
    """Return where the module in a directory is called, as far as it is called by a relative path.

    Args:
        directory: The module.
        root: Where callers are looked for: every file of it is read, so that this is for messages alone.

    Raises:
        PolicyLoadError: The root cannot be listed.
    """
    root = root.resolve()
    wanted = posixpath.normpath(directory.resolve().as_posix())
    found: list[Location] = []
    for path in files.walk(root).files:
        if not path.name.endswith(SUFFIXES):
            continue
        try:
            text = files.read_text(path, name=path.relative_to(root).as_posix())
        except PolicyLoadError:
            continue
        found += [
            text.locate(match.start())
            for match in _SOURCE.finditer(text.text)
            if posixpath.normpath(posixpath.join(path.parent.as_posix(), match[1])) == wanted
        ]
    return tuple(found)

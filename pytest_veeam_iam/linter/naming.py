"""Which entries of a statement name an action, or take it in: looked up, as a statement may have thousands of both."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.globs import action_glob

if TYPE_CHECKING:
    from pytest_veeam_iam.iam.document import Entry, Statement
    from pytest_veeam_iam.iam.globs import Glob

_ANY = "*"


class Naming:
    """The Action or NotAction entries of one statement, by what they name.

    Args:
        statement: The statement.
    """

    def __init__(self, statement: Statement) -> None:
        self._names: dict[str, list[Entry]] = {}
        self._patterns: dict[str, list[tuple[Glob, Entry]]] = {}
        for entry in statement.actions:
            name = entry.text.lower()
            service = name.partition(":")[0]
            if not set(name) & set("*?"):
                self._names.setdefault(name, []).append(entry)
            else:
                key = _ANY if set(service) & set("*?") else service
                self._patterns.setdefault(key, []).append((action_glob(entry.text), entry))

    def names(self, action: str) -> list[Entry]:
        """Return the entries that name an action, in any case."""
        return self._names.get(action.lower(), [])

    def patterns(self, action: str) -> list[Entry]:
        """Return the patterns that take it in."""
        name = action.lower()
        candidates = [*self._patterns.get(name.partition(":")[0], ()), *self._patterns.get(_ANY, ())]
        return [entry for glob, entry in candidates if glob.accepts(name)]


@lru_cache(maxsize=256)
def naming(statement: Statement) -> Naming:
    """Return the entries of a statement by what they name."""
    return Naming(statement)

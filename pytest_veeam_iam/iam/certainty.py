"""How surely something holds when parts of the request are not known: the logic every other module reasons in."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Certainty(IntEnum):
    """Does it hold, over every request that the declared caller can make?

    The order is that of ``any_of``: a certain alternative wins over one that cannot be resolved, that over one that
    depends on the request.
    """

    NEVER = 0
    DEPENDS = 1
    """On the request: a condition key or policy variable whose value is not known."""
    UNRESOLVED = 2
    """On something that nobody can tell from here: a template value, an invalid element, an unknown operator."""
    ALWAYS = 3

    def __invert__(self) -> Certainty:
        """Return the certainty of the opposite."""
        return _OPPOSITE[self]


_OPPOSITE = {
    Certainty.NEVER: Certainty.ALWAYS,
    Certainty.DEPENDS: Certainty.DEPENDS,
    Certainty.UNRESOLVED: Certainty.UNRESOLVED,
    Certainty.ALWAYS: Certainty.NEVER,
}


def any_of(parts: Iterable[Certainty]) -> Certainty:
    """Return the certainty that at least one part holds; NEVER for none."""
    return max(parts, default=Certainty.NEVER)


def all_of(parts: Iterable[Certainty]) -> Certainty:
    """Return the certainty that every part holds; ALWAYS for none."""
    result = Certainty.ALWAYS
    for part in parts:
        if part is Certainty.NEVER:
            return part
        if part is Certainty.UNRESOLVED or result is Certainty.ALWAYS:
            result = part
    return result

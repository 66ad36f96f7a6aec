"""Policies that a file names and does not hold: what may be assumed of them, and what stands for them.

https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.tree import Node, Template, Token

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MAX_PAIRS = 1_000_000
"""How often one file may give a policy to a principal; AWS lets an account have some 60,000 times."""

_MOST_SAID = 20
_OF_AWS = ":iam::aws:policy/"
_DENYING = ("AWSDenyAll", "AWSCompromisedKeyQuarantine")
"""The policies of AWS that deny begin so; all others only allow."""


def only_allows(arn: str) -> bool:
    """Return whether a managed policy surely denies nothing."""
    name = arn.partition(_OF_AWS)[2].rpartition("/")[2]
    return bool(name) and not name.startswith(_DENYING)


def assumptions(names: Iterable[str], absent: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Say what is assumed of policies that principals have and the file does not hold.

    Args:
        names: The principals.
        absent: The ARNs, by principal.
    """
    said = (
        f"{arn}, attached to {name} but not in this file, grants and denies nothing"
        for name in names
        for arn in dict.fromkeys(absent.get(name, ()))
    )
    first = list(islice(said, _MOST_SAID + 1))
    if len(first) > _MOST_SAID:
        first[_MOST_SAID] = "more policies are attached but not in this file, and grant and deny nothing"
    return tuple(first)


def unknown(expression: str, place: Node) -> Node:
    """Return a document of which nothing is known but what it is called; it stands where it is named."""
    return Node(Template((Token(expression, place.location),)), place.source, place.offset)


class Pairs:
    """Counts how often a policy is given to a principal, which a small file can do very often by groups.

    Args:
        path: The file.
    """

    def __init__(self, path: str) -> None:
        self._path, self._left = path, MAX_PAIRS

    def count(self, pairs: int) -> None:
        """Count some more."""
        self._left -= pairs
        if self._left < 0:
            why = f"it gives policies to roles, users and groups more than {MAX_PAIRS:,} times"
            raise PolicyLoadError(self._path, why, remedy="split it")

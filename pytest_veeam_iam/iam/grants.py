"""Permissions become policy documents that AWS lets one attach: statements by resources, within the limit of a size."""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import dataclass, replace
from itertools import chain, count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MOST_CHARACTERS = 6_144
"""What a managed policy may have, white space apart.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

VERSION = "2012-10-17"


@dataclass(frozen=True, slots=True)
class Permission:
    """An action, and all the resources that it is to be allowed on.

    Attributes:
        action: For example ``s3:GetObject``.
        resources: ``*`` or ARN patterns.
        kinds: What kinds of resources these are, in a word each.
    """

    action: str
    resources: tuple[str, ...]
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grant:
    """One Allow without conditions.

    Attributes:
        sid: Letters and digits.
        actions: In the order in which they were asked for.
        resources: Likewise.
    """

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the statement as plain values; one of a kind stands alone, several in a list."""
        return {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": _one_or_all(self.actions),
            "Resource": _one_or_all(self.resources),
        }


def documents(permissions: Iterable[Permission], most: int = MOST_CHARACTERS) -> tuple[tuple[Grant, ...], ...]:
    """Return the statements of one policy document, or of several if one would be too large.

    Args:
        permissions: Those that need the same resources of one service share a statement, in the order of the first.
        most: How many characters a document may have, white space apart.

    Raises:
        ValueError: If one action on one resource is more than that.
    """
    filled: list[tuple[Grant, ...]] = [()]
    for whole in _grants(permissions):
        for grant in _short(whole, most):
            _fill(filled, grant, most)
    return tuple(_with_own_sids(document) for document in filled if document)


def grants(permissions: Iterable[Permission]) -> tuple[Grant, ...]:
    """Return the statements of one policy document, however large; the argument is that of :func:`documents`."""
    return _with_own_sids(tuple(_grants(permissions)))


def document(statements: Sequence[Grant]) -> dict[str, object]:
    """Return a policy document of some statements as plain values."""
    return {"Version": VERSION, "Statement": [grant.to_dict() for grant in statements]}


def size(statements: Sequence[Grant]) -> int:
    """Return the characters of a document as AWS counts them: without white space, Sids numbered apart."""
    return len(json.dumps(document(statements), separators=(",", ":"), ensure_ascii=False)) + _NUMBERS * len(statements)


_NUMBERS = 2
"""Characters that the number of a Sid may have."""


def _grants(permissions: Iterable[Permission]) -> Iterator[Grant]:
    shared: dict[tuple[str, tuple[str, ...]], list[Permission]] = {}
    for each in permissions:
        shared.setdefault((_service(each.action), each.resources), []).append(each)
    for (service, resources), together in shared.items():
        actions = tuple(dict.fromkeys(each.action for each in together))
        names = [_name(actions[0])] if len(actions) == 1 else [service, *_kinds(together[0])]
        yield Grant(_sid(names), actions, resources)


def _kinds(permission: Permission) -> tuple[str, ...]:
    return ("without", "resource") if permission.resources == ("*",) else permission.kinds


def _sid(names: Iterable[str]) -> str:
    """Return names as one: a lone action, or a service and its kinds of resources."""
    words = (word for name in names for word in name.split("-"))
    return "".join(word[:1].upper() + word[1:] for word in words)


def _fill(filled: list[tuple[Grant, ...]], grant: Grant, most: int) -> None:
    """Add a statement to the last document, and to new ones what does not fit."""
    rest: Grant | None = grant
    while rest is not None:
        part, rest = _fitting(rest, filled[-1], most)
        if part is not None:
            filled[-1] = (*filled[-1], part)
        if rest is not None:
            filled.append(())


def _short(grant: Grant, most: int) -> Iterator[Grant]:
    """Yield the statement, its actions in parts if they do not even fit beside one of its resources."""
    longest = max(grant.resources, key=len)
    if size((replace(grant, resources=(longest,)),)) <= most:
        yield grant
    elif len(grant.actions) == 1:
        raise ValueError(f"{grant.actions[0]} on {longest[:60]}... has more characters than a policy may have")
    else:
        middle = len(grant.actions) // 2
        yield from _short(replace(grant, actions=grant.actions[:middle]), most)
        yield from _short(replace(grant, actions=grant.actions[middle:]), most)


def _fitting(grant: Grant, beside: tuple[Grant, ...], most: int) -> tuple[Grant | None, Grant | None]:
    """Return what of a statement fits beside others, and what is left; one that fits a document is not divided."""
    if size((*beside, grant)) <= most:
        return grant, None
    if beside and size((grant,)) <= most:
        return None, grant

    def with_some(count: int) -> int:
        return size((*beside, replace(grant, resources=grant.resources[:count])))

    fits = bisect_right(range(1, len(grant.resources)), most, key=with_some)
    if not fits:
        return None, grant
    return replace(grant, resources=grant.resources[:fits]), replace(grant, resources=grant.resources[fits:])


def _with_own_sids(statements: Sequence[Grant]) -> tuple[Grant, ...]:
    """Return the statements with a number after a Sid that another one has: a Sid stands once in a document."""
    taken: set[str] = set()
    found = []
    for grant in statements:
        numbered = (f"{grant.sid}{number}" for number in count(2))
        sid = next(each for each in chain((grant.sid,), numbered) if each not in taken)
        taken.add(sid)
        found.append(replace(grant, sid=sid))
    return tuple(found)


def _service(action: str) -> str:
    return action.partition(":")[0]


def _name(action: str) -> str:
    return action.partition(":")[2]


def _one_or_all(texts: tuple[str, ...]) -> str | list[str]:
    return texts[0] if len(texts) == 1 else list(texts)

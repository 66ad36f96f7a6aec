"""What is not named of a target is taken from what the policies allow: one joint choice for all groups."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from pytest_veeam_iam.iam.document import Effect
from pytest_veeam_iam.target import ANY, BUCKET, SYMBOL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pytest_veeam_iam.iam.document import Entry, Policy, Token
    from pytest_veeam_iam.target import Target

_MOST = 64
"""Values, and choices of them, that are tried; a policy that holds more has to be told which is meant."""

_FORMS = {
    "bucket": rf"{BUCKET}|{SYMBOL}",
    "region": r"[a-z]{2,}(-[a-z0-9]+)+|[a-z0-9*?-]*\*[a-z0-9*?-]*",
    "account": r"[0-9?]{12}|(?=.{1,12}$)[0-9?]*\*[0-9*?]*",
}
"""What the fields of an ARN can be: a text of another form is no bucket, region or account that somebody meant."""

_Values: TypeAlias = "tuple[str | None, ...]"


def infer(
    target: Target,
    policies: Sequence[Policy],
    *,
    services: Mapping[str, frozenset[str]],
    lacking: Callable[[Target, frozenset[str], int], int],
) -> Target:
    """Return the target with what is not named taken from the Allow Resources: one choice for all groups.

    The choice under which most permissions are allowed wins, the first in the files on a tie.

    Args:
        target: What is named.
        policies: Attached to one principal.
        services: For each of ``bucket``, ``region`` and ``account`` the services whose ARNs are asked for it; a
            parameter that no requirement uses is missing here and stays as it is.
        lacking: How many permissions that use some of the parameters are not allowed for a target; it may stop
            counting at the third argument.
    """
    # A bucket and a region or account never stand in one required ARN, so that the joint choice falls apart into two.
    for group in (("bucket",), ("region", "account")):
        names = [name for name in group if name in services and _value(target, name) is None]
        if names:
            target = _best([*_choices(target, policies, names, services)], frozenset(names), lacking)
    return target


def _value(target: Target, name: str) -> object:
    return {"bucket": target.buckets, "region": target.region, "account": target.account}[name]


def _best(
    choices: Sequence[Target], names: frozenset[str], lacking: Callable[[Target, frozenset[str], int], int]
) -> Target:
    """Return the choice that lacks least, the first of them on a tie.

    Those that leave a parameter open come last: they grant no more than the others, which a short count tells.
    """
    if len(choices) == 1:
        return choices[0]
    order = sorted(range(len(choices)), key=lambda number: (_is_open(choices[number], names), number))
    best, least = order[0], lacking(choices[order[0]], names, _MANY)
    for number in order[1:]:
        enough = least + 1 if number < best else least
        if enough:
            lacks = lacking(choices[number], names, enough)
            if lacks < enough:
                best, least = number, lacks
    return choices[best]


def _is_open(target: Target, names: frozenset[str]) -> bool:
    return any(_value(target, name) in (ANY, (ANY,)) for name in names)


_MANY = 1_000_000


def _choices(
    target: Target, policies: Sequence[Policy], names: Sequence[str], services: Mapping[str, frozenset[str]]
) -> Iterator[Target]:
    """Yield the targets that the policies speak of, at least one, in the order of the files."""
    found = [*islice(dict.fromkeys(_found(policies, names, services)), _MOST)] or [(None,) * len(names)]
    joint = (merged for one in found for other in found if (merged := _merge(one, other)) is not None)
    for values in islice(dict.fromkeys(joint), _MOST):
        yield _with(target, dict(zip(names, values, strict=True)))


def _merge(one: _Values, other: _Values) -> tuple[str, ...] | None:
    """Return the values that two ARNs have in common, a star giving way to what the other says; None for none."""
    merged = []
    for value, second in zip(one, other, strict=True):
        if value in (None, ANY):
            merged.append(second or ANY)
        elif second in (None, ANY, value):
            merged.append(value or ANY)
        else:
            return None
    return tuple(merged)


def _with(target: Target, values: Mapping[str, str]) -> Target:
    return replace(
        target,
        buckets=(values["bucket"],) if "bucket" in values else target.buckets,
        region=values.get("region", target.region),
        account=values.get("account", target.account),
        inferred=target.inferred | set(values),
    )


def candidates(policies: Sequence[Policy], name: str, services: frozenset[str]) -> tuple[str, ...]:
    """Return the values of one parameter that the Allow Resources of some services hold, in the order of the files."""
    found = dict.fromkeys(value for (value,) in _found(policies, [name], {name: services}) if value)
    return tuple(islice(found, _MOST))


def _found(
    policies: Sequence[Policy], names: Sequence[str], services: Mapping[str, frozenset[str]]
) -> Iterator[_Values]:
    """Yield what each ARN says of some parameters, None where it says nothing."""
    for policy in policies:
        for statement in policy.statements:
            if statement.effect is Effect.ALLOW and not statement.not_resource:
                for entry in statement.resources:
                    values = tuple(_field(_told(entry), name, services[name]) for name in names)
                    if any(values):
                        yield values


_UNKNOWN = "\0"
"""Stands where an unknown value does: no field that holds it is a bucket, region or account."""


def _told(entry: Entry) -> str:
    """Return the text of an entry, a bucket that its template makes being named as a target names it."""

    def told(piece: str | Token) -> str:
        if isinstance(piece, str):
            return piece
        return (f"arn:aws:s3:::{piece.symbol}" if piece.is_arn else piece.symbol) or _UNKNOWN

    return "".join(map(told, entry.pieces)) or entry.text


def _field(text: str, name: str, services: frozenset[str]) -> str | None:
    """Return a field of an ARN, ``*`` where the text leaves it open, None where it does not have it."""
    if not text.strip("*"):
        return ANY
    fields = text.split(":", 5)
    if len(fields) < 3 or fields[2] not in services:
        return None
    fields += [ANY] * (6 - len(fields))
    if name != "bucket":
        value = fields[3 if name == "region" else 4]
    elif fields[3].strip("*") or fields[4].strip("*"):
        return None
    else:
        value = fields[5].split("/", 1)[0]
    return value if re.fullmatch(_FORMS[name], value) else None

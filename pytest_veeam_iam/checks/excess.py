"""A statement grants more than the product needs: other actions, or the needed ones in other buckets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.document import Effect
from pytest_veeam_iam.iam.globs import action_glob
from pytest_veeam_iam.report import Finding, Severity
from pytest_veeam_iam.surplus import NOT_GRANTED, Search, in_target, limits, owns_account, places, spoken_of
from pytest_veeam_iam.target import ANY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_veeam_iam.checks import Subject
    from pytest_veeam_iam.surplus import Surplus
    from pytest_veeam_iam.target import Target

ITEM = "lint"
ESSENTIAL = False

_WORST = "s3:DeleteBucket"
_READING = ("Describe", "Get", "List")
_ENCRYPTION = ("kms:Decrypt", "kms:GenerateDataKey")
"""What AWS asks for besides, if the bucket has a key of the customer's own.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
"""
_FIND_BUCKETS = ("s3:listallmybuckets", "s3:getbucketlocation")
"""What tells of every bucket no more than its name and region: AWS's own examples grant both on all of them."""


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for every Allow that grants too much, none if that is not to be told.

    What only groups need that were not selected is one note of all Allows, unless excess is an error.
    """
    if subject.excess is None or not subject.groups:
        return
    search = _search(subject)
    own = {requirement.action for group in subject.pack.groups for requirement in group.requirements}
    of_other_groups: list[Surplus] = []
    for policy in subject.settled:
        for statement in () if policy.problems else policy.statements:
            found = search.of(statement)
            if found is None or (subject.excess is Severity.WARNING and _is_told_elsewhere(found, subject)):
                continue
            if subject.excess is Severity.WARNING and _is_of_pack(found, own) and not found.beyond:
                of_other_groups.append(found)
            else:
                yield _finding(found, own, subject)
    if of_other_groups:
        actions = tuple(dict.fromkeys(name for each in of_other_groups for name in each.actions))
        all_of_them = replace(of_other_groups[0], actions=actions)
        yield replace(_finding(all_of_them, own, subject), severity=Severity.NOTE)


def _is_of_pack(found: Surplus, own: set[str]) -> bool:
    """Return whether all that is too much is needed by some group of the pack."""
    return bool(found.actions) and not found.is_everything and set(found.actions) <= own


def _search(subject: Subject) -> Search:
    target = subject.target
    is_anywhere = target.buckets in (None, (ANY,)) and "bucket" in target.inferred
    allowed = [action_glob(pattern) for pattern in (*subject.allowed, *_ENCRYPTION)]
    needed = {result.action.lower(): result.resources for group in subject.groups for result in group.results}
    in_s3 = [name for name in needed if name.startswith("s3:") and name not in _FIND_BUCKETS]
    scoped = {name: needed[name] for name in in_s3 if not any(glob.accepts(name) for glob in allowed)}
    if is_anywhere:
        scoped = {name: _in_no_bucket(resources) for name, resources in scoped.items()}
    limiting = (*subject.boundary, *subject.sessions, *subject.scps, *subject.resource_policies)
    effects = {statement.effect for policy in subject.settled for statement in policy.statements}
    return Search(
        needed=frozenset(needed),
        places={name: places(resources, target.partition) for name, resources in scoped.items()},
        allowed=allowed,
        limits=limits(subject.settled, (subject.boundary, subject.sessions)),
        spared=frozenset(name for name, _, _ in subject.partly_granted if subject.excess is Severity.WARNING),
        spoken_of=spoken_of(subject.settled, limiting),
        is_anywhere=is_anywhere,
        partition=target.partition,
        is_final=not limiting and Effect.DENY not in effects,
        evaluate=subject.evaluate,
    )


def _in_no_bucket(resources: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(text.replace(f":s3:::{ANY}", ":s3:::-") for text in resources)  # no bucket has so short a name


def _is_told_elsewhere(found: Surplus, subject: Subject) -> bool:
    """Return whether other checks name all that a statement grants too much, or nobody can tell what it grants."""
    if owns_account(found.statement):
        return True
    if found.is_everything or found.beyond:
        return False
    if not set(found.actions) <= set(subject.pack.over_grants):
        return False
    granted = (subject.evaluate(each, in_target(each, subject.target)).decision for each in found.actions)
    return all(decision not in NOT_GRANTED for decision in granted)


def _finding(found: Surplus, own: set[str], subject: Subject) -> Finding:
    whom = "the selected groups do" if _is_of_pack(found, own) else f"{subject.pack.ref} does"
    parts = [text for text in (_too_many(found, whom, subject), _too_far(found, subject)) if text]
    if not parts:
        names = ", ".join(token.expression for token in found.unknown)
        parts = [f"nobody can tell whether it grants too much: {names} is unknown"]
    severity = subject.excess or Severity.WARNING
    return Finding("excess", severity, "; ".join(parts), found.statement.location, _help(subject.target))


def _help(target: Target) -> str:
    buckets = [name for name in target.buckets or () if name != ANY and name not in target.symbols] or ["NAME"]
    folder = f" --prefix={target.prefix}" if target.prefix else ""
    return f"narrow with veeam-iam generate {' '.join(f'--bucket={name}' for name in buckets[:3])}{folder}"


def _too_many(found: Surplus, whom: str, subject: Subject) -> str:
    if found.is_everything:
        few = " but a few" if found.statement.not_action else ""
        return f"grants every action{few}; {subject.pack.ref} needs few of them"
    names = sorted(found.actions, key=lambda name: _gravity(name, subject.pack.over_grants))
    if len(names) == 1:
        return f"grants {names[0]}, which {whom} not need"
    return f"grants {len(names)} actions that {whom} not need, for example {names[0]}" if names else ""


def _gravity(name: str, over_grants: Sequence[str]) -> tuple[object, ...]:
    """Return what sorts the gravest first."""
    service, _, action = name.partition(":")
    graver = name == _WORST, name in over_grants, service == "iam", action.startswith("Delete")
    return (*(not is_so for is_so in graver), action.startswith(_READING), name)


def _too_far(found: Surplus, subject: Subject) -> str:
    if not found.beyond:
        return ""
    is_deletion = any(name.startswith("s3:Delete") for name in found.beyond)
    more = f" and {len(found.beyond) - 1} more" if len(found.beyond) > 1 else ""
    what = "may delete objects" if is_deletion else f"grants {found.beyond[0]}{more}"
    return f"{what} in {_where(found, subject.target)}"


def _where(found: Surplus, target: Target) -> str:
    if found.statement.not_resource:
        return "every bucket but those that it leaves out"
    if not found.where.strip("*") or found.where.partition(":::")[2].partition("/")[0] == ANY:
        return "every bucket"
    return f"{found.where}, not only in {target.place}{f'/{target.prefix}' if target.prefix else ''}"

"""An action is allowed on kinds of resources that it is never authorised on, so that it is not granted."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_veeam_iam import catalog
from pytest_veeam_iam.iam.document import Effect
from pytest_veeam_iam.iam.globs import can_meet, resource_glob, resource_problem, wanted
from pytest_veeam_iam.report import Finding, Severity
from pytest_veeam_iam.target import SYMBOL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam.checks import Subject
    from pytest_veeam_iam.iam.document import Statement

ITEM = "lint"
ESSENTIAL = False

_MOST_NAMED = 3


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a warning for every Allow that names actions together with resources that none of them can have."""
    for policy in subject.policies:
        for statement in policy.statements:
            if statement.effect is Effect.ALLOW and not statement.not_action and not statement.not_resource:
                yield from _misplaced(statement)


def _misplaced(statement: Statement) -> Iterator[Finding]:
    resources = tuple(_without_values(entry.text) for entry in statement.resources)
    if not resources or any(resource_problem(text, has_variables=True) for text in resources):
        return
    by_kinds: dict[tuple[str, ...], list[str]] = {}
    for entry in statement.actions:
        formats = tuple(sorted(catalog.resource_types(entry.text))) if not set(entry.text) & set("*?") else ()
        if formats and not _is_exception(entry.text, resources) and not _reaches(resources, formats):
            by_kinds.setdefault(formats, []).append(entry.text)
    for formats, actions in by_kinds.items():
        more = f" and {len(actions) - _MOST_NAMED} more" if len(actions) > _MOST_NAMED else ""
        what = f"{', '.join(actions[:_MOST_NAMED])}{more}"
        if formats == ("*",):
            message, help_ = f"{what}: no resource type, so that these resources grant nothing of it", 'write "*"'
        else:
            kinds = " or ".join(_in_words(each) for each in formats[-2:])
            message, help_ = f"{what}: authorised on {kinds}, and none of these resources is one", "name such resources"
        yield Finding("wrong_resource", Severity.WARNING, message, statement.location, help_)


def _without_values(text: str) -> str:
    """Return an ARN without variables and without an account that is none: they tell nothing of a resource's kind.

    Nor does the name of a bucket that the template itself makes.
    """
    fields = re.sub(rf":::{SYMBOL}", ":::*", re.sub(r"\$\{[^}]*\}", "*", text)).split(":", 5)
    if len(fields) > 5 and fields[4] and not re.fullmatch("[0-9]{12}", fields[4]):
        fields[4] = "*"
    return ":".join(fields)


def _is_exception(action: str, resources: tuple[str, ...]) -> bool:
    """``s3:ListAllMyBuckets`` on ``arn:aws:s3:::*`` has a check of its own; older data knows no access points."""
    if any(":accesspoint/" in text for text in resources):
        return True
    return action.lower() == "s3:listallmybuckets" and any(
        re.fullmatch(r"arn:[^:]*:s3:::\*", text) for text in resources
    )


def _in_words(arn_format: str) -> str:
    return re.sub(r"\$\{\w+\}", "*", arn_format)


@lru_cache(maxsize=1024)
def _reaches(resources: tuple[str, ...], formats: tuple[str, ...]) -> bool:
    """Return whether some resource of one of the kinds is among the resources."""
    texts = {_in_words(text) for each in formats for text in (each, each.replace("${Account}", ""))}
    wants = [wanted(text, one_bucket=True) for text in texts]  # what AWS owns itself has no account
    return any(can_meet(resource_glob((text,)), want) for text in resources for want in wants)

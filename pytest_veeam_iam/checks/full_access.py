"""A statement allows everything, or everything in IAM: whoever holds the keys owns the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.document import Effect
from pytest_veeam_iam.iam.globs import action_glob, resource_glob
from pytest_veeam_iam.report import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam.checks import Subject
    from pytest_veeam_iam.iam.document import Statement

ITEM = "lint"
ESSENTIAL = False

_ESCALATION = "iam:putuserpolicy"
"""One action with which a user can grant itself any other."""

_IN_IAM = ("iam:zzz", "iam:a1z", _ESCALATION)
"""Texts that a pattern matches only if it takes in all of IAM."""

_A_USER = "arn:aws:iam::000000000000:user/zz/zz"


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a warning for every such Allow, conditions or not."""
    for policy in subject.identity:
        for statement in policy.statements:
            if statement.effect is Effect.ALLOW:
                what = _what(statement)
                if what:
                    message = f"{what}: these keys own the account"
                    help_ = "grant what Veeam needs and nothing else"
                    yield Finding("full_access", Severity.WARNING, message, statement.location, help_)


def _is_on_everything(statement: Statement) -> bool:
    return statement.not_resource or any(resource_glob((entry.text,)).any_resource for entry in statement.resources)


def _what(statement: Statement) -> str:
    globs = [action_glob(entry.text) for entry in statement.actions]
    if _is_on_everything(statement):
        if statement.not_action:
            has_iam = not any(glob.accepts(_ESCALATION) for glob in globs)
            return "all but a few actions, those of IAM too, are allowed on every resource" if has_iam else ""
        if any(glob.any_resource for glob in globs):
            return "every action is allowed on every resource"
    has_iam = not statement.not_action and any(all(map(glob.accepts, _IN_IAM)) for glob in globs)
    if not has_iam:
        return ""
    if _is_on_everything(statement):
        return "every action of IAM is allowed on every resource"
    users = [resource_glob((entry.text,)).accepts(_A_USER) for entry in statement.resources]
    return "every action of IAM is allowed on every user" if any(users) and not statement.not_resource else ""

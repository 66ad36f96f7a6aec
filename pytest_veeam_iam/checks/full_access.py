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


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a warning for every such Allow, conditions or not."""
    for policy in subject.identity:
        for statement in policy.statements:
            if statement.effect is Effect.ALLOW and _is_on_everything(statement):
                what = _what(statement)
                if what:
                    message = f"{what} is allowed on every resource: these keys own the account"
                    help_ = "grant what Veeam needs and nothing else"
                    yield Finding("full_access", Severity.WARNING, message, statement.location, help_)


def _is_on_everything(statement: Statement) -> bool:
    return statement.not_resource or any(resource_glob((entry.text,)).any_resource for entry in statement.resources)


def _what(statement: Statement) -> str:
    globs = [action_glob(entry.text) for entry in statement.actions]
    if statement.not_action:
        return "" if any(glob.accepts(_ESCALATION) for glob in globs) else "all but a few actions, those of IAM too,"
    if any(glob.any_resource for glob in globs):
        return "every action"
    return "every action of IAM" if any(glob.text.lower() == "iam:*" for glob in globs) else ""

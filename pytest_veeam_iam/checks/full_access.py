"""A statement allows everything, or everything in IAM: whoever holds the keys owns the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.document import Effect
from pytest_veeam_iam.report import Finding, Severity
from pytest_veeam_iam.surplus import owns_account

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam.checks import Subject

ITEM = "lint"
ESSENTIAL = False


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a warning for every such Allow, conditions or not."""
    for policy in subject.identity:
        for statement in policy.statements:
            if statement.effect is Effect.ALLOW:
                what = owns_account(statement)
                if what:
                    message = f"{what}: these keys own the account"
                    help_ = "grant what Veeam needs and nothing else"
                    yield Finding("full_access", Severity.WARNING, message, statement.location, help_)

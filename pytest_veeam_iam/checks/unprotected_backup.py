"""An action is allowed that the product does not need and that can undo the protection of its backups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.document import Effect
from pytest_veeam_iam.report import Finding, Severity
from pytest_veeam_iam.surplus import NOT_GRANTED, in_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam.checks import Subject

ITEM = "lint"
ESSENTIAL = False


def check(subject: Subject) -> Iterator[Finding]:
    """Yield one warning with all such actions that the policies allow on the bucket or its objects."""
    asked = [subject.evaluate(action, in_target(action, subject.target)) for action in subject.pack.over_grants]
    found = [each for each in asked if each.decision not in NOT_GRANTED]
    if found:
        statement = next((s for each in found for s in each.statements if s.effect is Effect.ALLOW), None)
        names = ", ".join(each.action for each in found)
        yield Finding(
            "unprotected_backup",
            Severity.WARNING,
            f"{names} granted on {subject.target.place}: whoever has these keys can undo the protection of backups",
            statement.location if statement else subject.policies[0].location,
            "leave it out; the product does not need it",
        )

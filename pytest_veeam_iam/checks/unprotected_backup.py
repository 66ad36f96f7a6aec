"""An action is allowed that the product does not need and that can undo the protection of its backups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam import catalog
from pytest_veeam_iam.iam.document import Effect
from pytest_veeam_iam.iam.evaluation import Decision
from pytest_veeam_iam.report import Finding, Severity
from pytest_veeam_iam.target import ANY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam.checks import Subject
    from pytest_veeam_iam.target import Target

ITEM = "lint"
ESSENTIAL = False

_NOT_GRANTED = (Decision.MISSING, Decision.DENIED, Decision.UNDETERMINED)


def check(subject: Subject) -> Iterator[Finding]:
    """Yield one warning with all such actions that the policies allow on the bucket or its objects."""
    asked = [subject.evaluate(action, _in_target(action, subject.target)) for action in subject.pack.over_grants]
    found = [each for each in asked if each.decision not in _NOT_GRANTED]
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


def _in_target(action: str, target: Target) -> list[str]:
    """Return the target's resources of the kinds that the action is authorised on."""
    kinds = {each.partition(":::")[2] for each in catalog.resource_types(action) if ":s3:::" in each}
    keys = {"${BucketName}": "", "${BucketName}/${ObjectName}": f"/{target.prefix}*"}
    buckets = [f"arn:{target.partition}:s3:::{bucket}" for bucket in target.buckets or (ANY,)]
    return [bucket + key for bucket in buckets for kind, key in keys.items() if kind in kinds] or buckets

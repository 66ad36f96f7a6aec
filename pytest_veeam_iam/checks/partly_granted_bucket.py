"""Another bucket is granted in part: the target may be the wrong one, or the policy forgot half of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam.report import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam.checks import Subject

ITEM = "lint"
ESSENTIAL = False


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a warning for every bucket that could have been the target and is granted in part."""
    for bucket, granted, of in subject.partly_granted:
        yield Finding(
            "partly_granted_bucket",
            Severity.WARNING,
            f"{subject.target.place} was checked; {bucket} is granted too, but only {granted} of {of} permissions",
            subject.policies[0].location,
            f"name the bucket that is meant: --veeam-iam-bucket={bucket}",
        )

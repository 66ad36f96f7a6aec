"""s3:ListAllMyBuckets is granted on an S3 ARN only, which AWS's own pages disagree about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.globs import resource_glob
from pytest_veeam_iam.report import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam.checks import Subject

ITEM = "lint"
ESSENTIAL = False


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a note where the permission rests on ``arn:aws:s3:::*`` alone."""
    for group in subject.groups:
        for result in group.results:
            if result.action == "s3:ListAllMyBuckets" and result.granted and result.statements:
                entries = [entry for statement in result.statements for entry in statement.resources]
                if not any(resource_glob((entry.text,)).any_resource for entry in entries):
                    yield Finding(
                        "list_buckets_arn",
                        Severity.NOTE,
                        "s3:ListAllMyBuckets has no resource type; the vendor grants it on arn:aws:s3:::*, "
                        'an AWS page says that only "*" works',
                        result.statements[0].location,
                        'grant it on "*"',
                    )

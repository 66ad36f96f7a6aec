"""Two statements of a document have the same Sid, which AWS refuses.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam.report import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam.checks import Subject
    from pytest_veeam_iam.iam.document import Statement

ITEM = "lint"
ESSENTIAL = False


def check(subject: Subject) -> Iterator[Finding]:
    """Yield an error for every further statement with a Sid that stands before it in its document."""
    for policy in subject.documents:
        first: dict[str, Statement] = {}
        for statement in policy.statements:
            if statement.sid and statement is not first.setdefault(statement.sid, statement):
                line = first[statement.sid].location.line
                where = f" (first in line {line})" if line else ""
                message = f'the Sid "{statement.sid}" stands twice in this document{where}'
                yield Finding(
                    "duplicate_sid", Severity.ERROR, message, statement.location, "give each its own, or none"
                )

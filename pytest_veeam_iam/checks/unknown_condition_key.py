"""A condition asks for a key that AWS does not have, so that it never holds, or always.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam import catalog
from pytest_veeam_iam.report import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam.checks import Subject

ITEM = "lint"
ESSENTIAL = False


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a warning for every key that no data set lists and that is near to one that is listed, else a note."""
    for policy in subject.documents:
        for condition in (condition for statement in policy.statements for condition in statement.conditions):
            near = catalog.unknown_key(condition.key)
            if near:
                message = f"{condition.key} is not a condition key that AWS has; did you mean {near}?"
                yield Finding("unknown_condition_key", Severity.WARNING, message, condition.location, f"write {near}")
            elif near is not None:
                message = f"{condition.key} is unknown to {', '.join(catalog.data_sets())}; AWS may have added it since"
                yield Finding("unknown_condition_key", Severity.NOTE, message, condition.location)

"""A condition asks for a key that AWS does not have, so that it never holds, or always.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_veeam_iam import catalog
from pytest_veeam_iam.report import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam.checks import Subject
    from pytest_veeam_iam.iam.document import Location, Policy

ITEM = "lint"
ESSENTIAL = False

_VARIABLE = re.compile(r"\$\{\s*([\w.-]+:(?!:)[^},\s]+)[^}]*\}")


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a warning for every key that no data set lists and that is near to one that is listed, else a note."""
    for policy in subject.documents:
        for key, location in _keys(policy):
            near = catalog.unknown_key(key)
            if near:
                message = f"{key} is not a condition key that AWS has; did you mean {near}?"
                yield Finding("unknown_condition_key", Severity.WARNING, message, location, f"write {near}")
            elif near is not None:
                message = f"{key} is unknown to {', '.join(catalog.data_sets())}; AWS may have added it since"
                yield Finding("unknown_condition_key", Severity.NOTE, message, location)


def _keys(policy: Policy) -> Iterator[tuple[str, Location]]:
    """Yield the keys of the conditions, and those in policy variables; ``${var.x}`` is of a template, and none."""
    for statement in policy.statements:
        for condition in statement.conditions:
            yield condition.key, condition.location
        if policy.has_variables:
            values = (entry for condition in statement.conditions for entry in condition.values)
            for entry in (*statement.resources, *values):
                for key in _VARIABLE.findall(entry.text):
                    yield key, entry.location

"""AWS refuses the document, so nothing that it grants will ever be there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam import linter
from pytest_veeam_iam.iam.globs import is_short_arn
from pytest_veeam_iam.report import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam.checks import Subject

ITEM = "lint"
ESSENTIAL = True

_NO_RESOURCE = "has neither Resource nor NotResource"


def check(subject: Subject) -> Iterator[Finding]:
    """Yield an error for every element that AWS refuses; that a role's trust policy has no Resource is right."""
    trusts = tuple(policy for policy in subject.policies if linter.is_trust_policy(policy))
    for policy in subject.documents:
        for problem in policy.all_problems:
            if not (policy in trusts and problem.message.endswith(_NO_RESOURCE)):
                yield Finding("refused", Severity.ERROR, problem.message, problem.location)
    for entry in (e for policy in subject.sessions for s in policy.statements for e in s.resources):
        if is_short_arn(entry.text):
            message = f'"{entry.text}" has fewer than six fields, which AWS does not complete in a session policy'
            yield Finding("refused", Severity.ERROR, message, entry.location, "write the whole ARN")
    for policy in subject.attached:
        for statement in () if policy in trusts else policy.statements:
            if statement.principals is not None:
                message = "a Principal stands here, but AWS refuses one in a policy that is attached to a user or role"
                help_ = "pass a bucket policy as resource_policies"
                yield Finding("refused", Severity.ERROR, message, statement.location, help_)

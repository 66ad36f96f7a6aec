"""A document has more characters than AWS lets a policy have; white space does not count.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam.report import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam.checks import Subject
    from pytest_veeam_iam.iam.document import Policy

ITEM = "lint"
ESSENTIAL = False

_MANAGED = 6_144
_INLINE = {"user": 2_048, "group": 5_120, "role": 10_240}
_LARGEST = _INLINE["role"]
_SCP = 5_120


def check(subject: Subject) -> Iterator[Finding]:
    """Yield an error for a document that fits nowhere, a warning for one that does not fit everywhere."""
    for policy in subject.policies:
        if policy.size > _LARGEST:
            yield _finding(policy, Severity.ERROR, f"AWS lets no policy have more than {_LARGEST:,}")
        elif policy.size > _MANAGED:
            inline = ", ".join(f"{limit:,} of a {kind}" for kind, limit in _INLINE.items())
            limits = f"a managed policy may have {_MANAGED:,}, all inline policies together {inline}"
            yield _finding(policy, Severity.WARNING, limits)
    for policy in subject.scps:
        if policy.size > _SCP:
            yield _finding(policy, Severity.ERROR, f"a service control policy may have {_SCP:,}")


def _finding(policy: Policy, severity: Severity, limit: str) -> Finding:
    message = f"the document has {policy.size:,} characters without white space; {limit}"
    return Finding("too_large", severity, message, policy.location, "split it, or use wildcards")

"""A permission that the vendor's page recommends, but does not require, is not granted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam.report import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam.checks import Subject

ITEM = "lint"
ESSENTIAL = False


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a warning for every recommended permission that falls short."""
    for group in subject.groups:
        for result in group.results:
            if result.level == "recommended" and not result.granted:
                scope = (
                    " (inferred: the page does not say on which resources)" if result.requirement.scope_inferred else ""
                )
                yield Finding(
                    "recommended",
                    Severity.WARNING,
                    f"{result.action} is recommended and not granted: {result.requirement.why}",
                    subject.policies[0].location if subject.policies else None,
                    f"allow it on {', '.join(result.resources)}{scope}",
                )

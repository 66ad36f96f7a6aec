"""The problems of a run as GitLab's code quality report, which a merge request shows beside its changes.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam.reporters import problems
from pytest_veeam_iam.reporters.json import listed

if TYPE_CHECKING:
    from pytest_veeam_iam.evidence import Run
    from pytest_veeam_iam.reporters.problems import Problem

_SEVERITIES = {"error": "critical", "warning": "minor", "note": "info"}


def render(run: Run) -> str:
    """Return a JSON array with an entry per problem; GitLab knows no waivers, so that what is waived is ``info``."""
    return listed([_entry(problem) for problem in problems.of(run)]) + "\n"


def _entry(problem: Problem) -> dict[str, object]:
    waiver = problem.waiver
    return {
        "description": f"{problem.summary}; {problems.waived(waiver)}" if waiver else problem.summary,
        "check_name": problem.rule,
        "fingerprint": problem.fingerprint,
        "severity": "info" if waiver else _SEVERITIES[problem.level],
        "location": {"path": problem.path, "lines": {"begin": problem.line or 1}},
    }

"""Find out in the pull request, not in the restore, whether an AWS IAM policy is ready for Veeam.

Every name here is imported when it is first used, so that the pytest plugin costs a session next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_veeam_iam.assertions import (
        assert_actions_valid,
        assert_group_covered,
        assert_lint_clean,
        assert_no_excess,
        assert_veeam_backup_ready,
        check_veeam_backup_ready,
        evaluate,
        load_policies,
    )
    from pytest_veeam_iam.errors import (
        PolicyLoadError,
        RulePackError,
        TargetError,
        VeeamIamError,
    )
    from pytest_veeam_iam.iam.document import Policy
    from pytest_veeam_iam.iam.evaluation import Decision, Evaluation
    from pytest_veeam_iam.repair import suggest_repair
    from pytest_veeam_iam.report import Repair, Report, VeeamNotReady
    from pytest_veeam_iam.rulepacks import list_rulepacks, load_rulepack

__all__ = [
    "Decision",
    "Evaluation",
    "Policy",
    "PolicyLoadError",
    "Repair",
    "Report",
    "RulePackError",
    "TargetError",
    "VeeamIamError",
    "VeeamNotReady",
    "assert_actions_valid",
    "assert_group_covered",
    "assert_lint_clean",
    "assert_no_excess",
    "assert_veeam_backup_ready",
    "check_veeam_backup_ready",
    "evaluate",
    "list_rulepacks",
    "load_policies",
    "load_rulepack",
    "suggest_repair",
]

_HOMES = {
    "assertions": (
        "assert_actions_valid",
        "assert_group_covered",
        "assert_lint_clean",
        "assert_no_excess",
        "assert_veeam_backup_ready",
        "check_veeam_backup_ready",
        "evaluate",
        "load_policies",
    ),
    "errors": ("PolicyLoadError", "RulePackError", "TargetError", "VeeamIamError"),
    "iam.document": ("Policy",),
    "iam.evaluation": ("Decision", "Evaluation"),
    "repair": ("suggest_repair",),
    "report": ("Repair", "Report", "VeeamNotReady"),
    "rulepacks": ("list_rulepacks", "load_rulepack"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


if not TYPE_CHECKING:  # a type checker that saw it would take any name for one of ours

    def __getattr__(name: str) -> object:
        if name not in _HOME_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)

"""What the types of the API promise to a project that has it installed: read by ``mypy --strict``, and run by pytest.

The checks of this repository read it among the sources; ``.ci/package`` copies it out of the repository, beside an
installed wheel. Every ``type: ignore`` is a mistake that must be found: an unused one is an error as well.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, assert_type

import pytest

import pytest_veeam_iam as api
from pytest_veeam_iam.report import Finding, GroupReport, Result
from pytest_veeam_iam.rulepacks import RulePack

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_veeam_iam.plugin.targets import CaseSubject

POLICY = Path("policies/backup-role.json")
OBJECTS = "arn:aws:s3:::acme-veeam/*"


def test_a_report_says_what_it_holds() -> None:
    report = assert_type(api.check_veeam_backup_ready(POLICY, bucket="acme-veeam", fail_on="warning"), api.Report)
    assert_type(report.ready, bool)
    assert_type(report.pack, str)
    assert_type(report.groups, tuple[GroupReport, ...])
    assert_type(report.findings, tuple[Finding, ...])
    assert_type(report.policies, tuple[api.Policy, ...])
    assert_type(report.to_dict(), dict[str, object])
    assert_type(report.explain(), str)
    for group in report.groups:
        for result in group.results:
            assert_type(result, Result)
            assert_type(result.decision, api.Decision)
            assert_type(result.evaluation, api.Evaluation)
            assert_type(result.witness, str | None)
            assert_type(result.granted, bool)


def test_an_assertion_returns_the_report() -> None:
    assert_type(api.assert_veeam_backup_ready(POLICY, bucket="acme-veeam"), api.Report)
    assert_type(api.assert_group_covered(POLICY, "object"), api.Report)
    assert_type(api.assert_actions_valid(POLICY), api.Report)
    assert_type(api.assert_lint_clean(POLICY, fail_on="error"), api.Report)
    assert_type(api.assert_no_excess(POLICY, bucket="acme-veeam"), api.Report)


def test_a_repair_is_text_and_plain_values() -> None:
    report = api.check_veeam_backup_ready({"Statement": []}, bucket="acme-veeam")
    repair = assert_type(api.suggest_repair(report), api.Repair)
    assert_type(repair.diff, str | None)
    assert_type(repair.statement, str | None)
    assert_type(repair.remaining, tuple[str, ...])
    assert_type(repair.ready, bool)


def test_a_policy_can_be_written_in_many_ways() -> None:
    mapping: Mapping[str, object] = {"Statement": []}
    policies = assert_type(api.load_policies(POLICY), tuple[api.Policy, ...])
    assert api.check_veeam_backup_ready(POLICY)
    assert api.check_veeam_backup_ready(str(POLICY))
    assert api.check_veeam_backup_ready(POLICY.read_text("utf-8"))
    assert api.check_veeam_backup_ready(policies[0])
    assert api.check_veeam_backup_ready([POLICY, *policies])
    assert not api.check_veeam_backup_ready(mapping)


def test_one_permission_has_an_evaluation() -> None:
    answer = assert_type(api.evaluate(POLICY, "s3:GetObject", OBJECTS), api.Evaluation)
    assert_type(answer.decision, api.Decision)
    assert_type(answer.witness, str | None)
    assert_type(answer.statements[0].sid, str | None)
    assert_type(answer.statements[0].location.line, int | None)


def test_packs_are_listed_and_loaded() -> None:
    assert_type(api.list_rulepacks(), tuple[RulePack, ...])
    assert_type(api.load_rulepack("vb365-s3"), RulePack)


def test_what_falls_short_raises_the_report() -> None:
    with pytest.raises(api.VeeamNotReady) as caught:
        api.assert_veeam_backup_ready({"Statement": []})
    assert_type(caught.value.report, api.Report)
    as_one_of_ours: api.VeeamIamError = caught.value
    as_an_assertion: AssertionError = caught.value
    assert str(as_one_of_ours) == str(as_an_assertion)


def test_mistakes_are_found_before_the_run() -> None:
    with pytest.raises(api.VeeamIamError):
        api.check_veeam_backup_ready(POLICY, fail_on="note")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        api.check_veeam_backup_ready(POLICY, "acme-veeam")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        api.check_veeam_backup_ready(POLICY, buckets="acme-veeam")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        api.load_policies(1)  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        api.check_veem_backup_ready(POLICY)  # type: ignore[attr-defined]


@pytest.mark.veeam_iam(bucket="acme-veeam")
def test_fixtures_are_what_their_types_say(
    veeam_policies: tuple[api.Policy, ...],
    veeam_policy: api.Policy,
    veeam_check: Callable[..., api.Report],
    veeam_rulepack: RulePack,
) -> None:
    assert veeam_policies == (veeam_policy,)
    assert type(veeam_policy) is api.Policy
    assert type(veeam_check(veeam_policy)) is api.Report
    assert type(veeam_rulepack) is type(api.load_rulepack("vb365-s3"))


def test_a_target_has_a_name_policies_and_a_report(veeam_target: CaseSubject) -> None:
    assert assert_type(veeam_target.name, str) == "vb365-prod"
    assert assert_type(veeam_target.policies, tuple[api.Policy, ...])
    assert assert_type(veeam_target.report, api.Report).ready

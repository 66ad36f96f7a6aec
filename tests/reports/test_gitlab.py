"""GitLab's code quality report has what GitLab asks for, and tells the same problem by the same fingerprint."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema

from pytest_veeam_iam.reporters import gitlab, problems
from tests.reports import runs

if TYPE_CHECKING:
    from pytest_veeam_iam.evidence import Run

ENTRY = {
    "type": "object",
    "required": ["description", "check_name", "fingerprint", "severity", "location"],
    "properties": {
        "description": {"type": "string", "minLength": 1},
        "check_name": {"type": "string", "minLength": 1},
        "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
        "location": {
            "type": "object",
            "required": ["path", "lines"],
            "properties": {
                "path": {"type": "string", "pattern": "^(?!/|\\./)"},
                "lines": {
                    "type": "object",
                    "required": ["begin"],
                    "properties": {"begin": {"type": "integer", "minimum": 1}},
                },
            },
        },
    },
}
"""https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format"""


def read(run: Run) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads(gitlab.render(run))
    jsonschema.validate(entries, {"type": "array", "items": ENTRY})
    return entries


def test_there_is_an_entry_per_problem() -> None:
    assert [each["check_name"] for each in read(runs.kept())] == [each.rule for each in problems.of(runs.kept())]
    assert read(runs.empty()) == []


def test_fingerprints_are_unique_and_survive_a_shifted_line() -> None:
    before, after = read(runs.kept()), read(runs.shifted(runs.kept(), 3))
    assert len({each["fingerprint"] for each in before}) == len(before)
    assert [each["fingerprint"] for each in before] == [each["fingerprint"] for each in after]
    assert before != after


def test_a_line_in_a_message_is_no_part_of_the_fingerprint() -> None:
    run = runs.kept()
    runs.case(run, "short.json")["findings"][0]["message"] = "the Sid stands at policies/short.json:23 as well"
    assert [each["fingerprint"] for each in read(run)] == [each["fingerprint"] for each in read(runs.shifted(run, 3))]


def test_two_findings_that_are_alike_have_fingerprints_of_their_own() -> None:
    run = runs.kept()
    findings = runs.case(run, "short.json")["findings"]
    first = findings[0]
    findings.append({**first, "line": (first["line"] or 1) + 400})
    assert len({each["fingerprint"] for each in read(run)}) == len(read(run))


def test_what_is_waived_is_an_information_that_says_until_when() -> None:
    (waived,) = [each for each in read(runs.kept()) if "waived until" in each["description"]]
    assert waived["severity"] == "info"
    assert waived["description"] == (
        "s3:RestoreObject missing for archive (acme-veeam); waived until 2027-01-31 (platform team, 65 days left): "
        "restores from Glacier are not tested before the audit"
    )


def test_what_is_missing_or_cannot_be_read_is_critical() -> None:
    severities = {
        each["check_name"]: each["severity"] for each in read(runs.kept()) if "waived" not in each["description"]
    }
    assert severities["permission/s3:ListBucketVersions"] == severities["unreadable"] == "critical"
    assert severities["unknown_action"] == "minor"

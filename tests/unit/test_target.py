"""What requirements are checked against: which values can be named, what a template becomes."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_veeam_iam.errors import TargetError
from pytest_veeam_iam.target import Target, target_of

# --- what can be named ---


@pytest.mark.parametrize(
    ("given", "buckets"),
    [
        (None, None),
        ("acme-veeam", ("acme-veeam",)),
        (["a", "b"], ("a", "b")),
        (("a", "b", "a"), ("a", "b")),
        (iter(["a"]), ("a",)),
        ("Old_Bucket.1", ("Old_Bucket.1",)),
        ("acme-*", ("acme-*",)),
        ("acme-?", ("acme-?",)),
    ],
)
def test_a_bucket_is_a_name_or_several(given: Any, buckets: tuple[str, ...] | None) -> None:
    assert target_of(bucket=given).buckets == buckets


@pytest.mark.parametrize("name", ["", "arn:aws:s3:::b", "b/prefix", "a b", "b\n", "${var.b}", "b\u00e4"])
def test_a_bucket_is_no_arn_and_no_path(name: str) -> None:
    for given in (name, ["fine", name]):
        with pytest.raises(TargetError) as caught:
            target_of(bucket=given)
        assert str(caught.value) == (
            f'bucket "{name}": write the name alone, for example acme-veeam, not an ARN or a path; or as a template '
            "names it, for example tf:aws_s3_bucket.repo or cfn:RepoBucket"
        )


@pytest.mark.parametrize("name", ["tf:aws_s3_bucket.repo", 'tf:module.x.aws_s3_bucket.repo["a"]', "cfn:RepoBucket"])
def test_a_bucket_can_be_named_as_a_template_names_it(name: str) -> None:
    assert target_of(bucket=[name, "acme-veeam"]).symbols == {name}


def test_no_bucket_at_all_is_an_error() -> None:
    with pytest.raises(TargetError, match="bucket is an empty list; name at least one, or leave it out"):
        target_of(bucket=[])


@pytest.mark.parametrize(
    ("given", "prefix"),
    [
        (None, ""),
        ("", ""),
        ("/", ""),
        ("Veeam", "Veeam/"),
        ("Veeam/", "Veeam/"),
        ("/Veeam", "Veeam/"),
        ("//Veeam/a", "Veeam/a/"),
        ("a b:c", "a b:c/"),
    ],
)
def test_a_prefix_is_a_folder(given: str | None, prefix: str) -> None:
    assert target_of(prefix=given).prefix == prefix


@pytest.mark.parametrize("prefix", ["*", "Veeam/*", "Veeam?", "${aws:username}/"])
def test_a_prefix_holds_no_wildcard(prefix: str) -> None:
    with pytest.raises(TargetError) as caught:
        target_of(prefix=prefix)
    assert str(caught.value) == (
        f'prefix "{prefix}" holds a wildcard or variable; write the folder as it is named in the bucket'
    )


@pytest.mark.parametrize("region", ["eu-central-1", "us-gov-west-1", "ap-southeast-10", "us-iso-east-1", "*"])
def test_a_region_is_a_code(region: str) -> None:
    assert target_of(region=region).region == region


@pytest.mark.parametrize(
    "region", ["", "Frankfurt", "EU-CENTRAL-1", "eu", "eu-*", "eu-central-1 ", "eu-central-1\n", 1]
)
def test_anything_else_is_no_region(region: Any) -> None:
    with pytest.raises(TargetError) as caught:
        target_of(region=region)
    assert str(caught.value) == f'region "{region}": write a region\'s code, for example eu-central-1'


@pytest.mark.parametrize("account", ["111122223333", "012345678901", "*"])
def test_an_account_is_12_digits(account: str) -> None:
    assert target_of(account=account).account == account


@pytest.mark.parametrize(
    "account", ["", "11112222333", "1111222233334", "11112222333a", "111122223333\n", 111122223333]
)
def test_anything_else_is_no_account(account: Any) -> None:
    with pytest.raises(TargetError) as caught:
        target_of(account=account)
    assert str(caught.value) == f'account "{account}": write the 12 digits, as a string in quotes'


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-eusc"])
def test_a_partition_is_one_of_aws(partition: str) -> None:
    assert target_of(partition=partition).partition == partition


@pytest.mark.parametrize("partition", ["", "AWS", "cn", "aws-", "aws_cn", "*", "aws*"])
def test_anything_else_is_no_partition(partition: str) -> None:
    with pytest.raises(TargetError) as caught:
        target_of(partition=partition)
    expected = f'partition "{partition}": write aws, aws-cn, aws-us-gov or another of AWS\'s partitions'
    assert str(caught.value) == expected


@pytest.mark.parametrize("arguments", [{"bucket": 5}, {"bucket": [["a"]]}, {"prefix": 5}])
def test_a_value_of_another_type_is_an_error_that_says_what_to_write(arguments: dict[str, Any]) -> None:
    with pytest.raises(TargetError, match="write"):
        target_of(**arguments)


# --- templates ---


@pytest.mark.parametrize(
    ("target", "template", "expected"),
    [
        (Target(), "*", ("*",)),
        (Target(), "arn:{partition}:s3:::{bucket}", ("arn:aws:s3:::*",)),
        (Target(), "arn:{partition}:s3:::{bucket}/{prefix}*", ("arn:aws:s3:::*/*",)),
        (Target(buckets=("b",)), "arn:{partition}:s3:::{bucket}/{prefix}*", ("arn:aws:s3:::b/*",)),
        (Target(buckets=("b",), prefix="v/"), "arn:{partition}:s3:::{bucket}/{prefix}*", ("arn:aws:s3:::b/v/*",)),
        (Target(buckets=("b", "c")), "arn:{partition}:s3:::{bucket}", ("arn:aws:s3:::b", "arn:aws:s3:::c")),
        (Target(buckets=("b", "c")), "arn:{partition}:ec2:{region}::image/*", ("arn:aws:ec2:*::image/*",)),
        (Target(region="eu-west-1"), "arn:{partition}:ec2:{region}::image/*", ("arn:aws:ec2:eu-west-1::image/*",)),
        (
            Target(region="eu-west-1", account="111122223333", partition="aws-cn"),
            "arn:{partition}:ec2:{region}:{account}:vpc/*",
            ("arn:aws-cn:ec2:eu-west-1:111122223333:vpc/*",),
        ),
        (Target(), "arn:{partition}:ec2:{region}:{account}:vpc/*", ("arn:aws:ec2:*:*:vpc/*",)),
        (Target(buckets=("{region}",)), "arn:{partition}:s3:::{bucket}", ("arn:aws:s3:::{region}",)),
    ],
)
def test_a_template_becomes_the_resources_of_the_target(
    target: Target, template: str, expected: tuple[str, ...]
) -> None:
    assert target.expand(template) == expected


@pytest.mark.parametrize(
    ("name", "value", "inferred", "origin"),
    [
        ("bucket", "b", set(), "given"),
        ("bucket", "b", {"bucket"}, "inferred"),
        ("bucket", ("b", "c"), set(), "given"),
        ("bucket", "*", set(), "any"),
        ("bucket", "*", {"bucket"}, "any"),
        ("bucket", ("*",), {"bucket"}, "any"),
        ("region", None, set(), "any"),
        ("region", "eu-west-1", {"bucket"}, "given"),
        ("prefix", "", set(), "any"),
    ],
)
def test_a_parameter_is_given_inferred_or_any(name: str, value: object, inferred: set[str], origin: str) -> None:
    assert Target(inferred=frozenset(inferred)).origin(name, value) == origin


@pytest.mark.parametrize(
    ("buckets", "place"),
    [
        (None, "any bucket"),
        (("*",), "any bucket"),
        (("b",), "b"),
        (("b", "c"), "b, c"),
        (("b", "c", "d"), "b, c ..."),
        (("b-*",), "b-*"),
    ],
)
def test_a_place_is_named_in_few_words(buckets: tuple[str, ...] | None, place: str) -> None:
    assert Target(buckets=buckets).place == place

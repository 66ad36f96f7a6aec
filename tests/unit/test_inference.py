"""What is not named is inferred: which values are candidates, which choice wins, and that it is bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from pytest_veeam_iam.iam.grammar import read_policy
from pytest_veeam_iam.inference import candidates, infer
from pytest_veeam_iam.sources.mapping import tree_of
from pytest_veeam_iam.target import Target

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_veeam_iam.iam.document import Policy

Document: TypeAlias = dict[str, Any]

S3, EC2 = frozenset({"s3"}), frozenset({"ec2", "ssm"})
SERVICES = {"bucket": S3, "region": EC2, "account": EC2}


def policy(*statements: Document) -> Policy:
    return read_policy(tree_of({"Version": "2012-10-17", "Statement": list(statements)}))


def allow(*resources: str) -> Document:
    return {"Effect": "Allow", "Action": "*", "Resource": list(resources)}


# --- candidates ---

CANDIDATES: list[tuple[str, list[str], tuple[str, ...]]] = [
    ("bucket", ["arn:aws:s3:::b"], ("b",)),
    ("bucket", ["arn:aws:s3:::b/*"], ("b",)),
    ("bucket", ["arn:aws:s3:::b/folder/*"], ("b",)),
    ("bucket", ["arn:aws:s3:::b", "arn:aws:s3:::b/*"], ("b",)),
    ("bucket", ["arn:aws:s3:::c", "arn:aws:s3:::b/*"], ("c", "b")),
    ("bucket", ["arn:aws:s3:::b*"], ("b*",)),
    ("bucket", ["arn:aws:s3:::*"], ("*",)),
    ("bucket", ["arn:aws:s3:::*/*"], ("*",)),
    ("bucket", ["*"], ("*",)),
    ("bucket", ["**"], ("*",)),
    ("bucket", ["arn:aws:s3"], ("*",)),
    ("bucket", ["arn:aws:s3:*"], ("*",)),
    ("bucket", ["arn:aws-cn:s3:::b"], ("b",)),
    ("bucket", ["arn:aws:s3:*:*:b"], ("b",)),
    ("bucket", ["arn:aws:s3:eu-west-1:111122223333:accesspoint/x"], ()),
    ("bucket", ["arn:aws:s3::111122223333:accesspoint/x"], ()),
    ("bucket", ["arn:aws:s3:eu-west-1::x"], ()),
    ("bucket", ["arn:aws:s3express:::b"], ()),
    ("bucket", ["arn:aws:ec2:*:*:b"], ()),
    ("bucket", ["arn:aws:s3:::${aws:username}", "arn:aws:s3:::b-${aws:username}"], ()),
    ("bucket", ["arn:aws:s3:::b/${aws:username}"], ("b",)),
    ("bucket", ["arn:aws:s3:::"], ()),
    ("bucket", ["b", "arn:aws"], ()),
    ("region", ["arn:aws:ec2:eu-west-1:*:instance/*"], ("eu-west-1",)),
    ("region", ["arn:aws:ssm:eu-west-1::parameter/*"], ("eu-west-1",)),
    ("region", ["arn:aws:s3:::b", "arn:aws:sns:eu-west-1:1:t"], ()),
    ("region", ["arn:aws:ec2:eu-*:*:*"], ("eu-*",)),
    ("region", ["arn:aws:ec2"], ("*",)),
    ("region", ["arn:aws:ec2:eu-west-1"], ("eu-west-1",)),
    ("region", ["arn:aws:ec2:::x"], ()),
    ("account", ["arn:aws:ec2:*:111122223333:*"], ("111122223333",)),
    ("account", ["arn:aws:ec2:*::image/*"], ()),
    ("account", ["arn:aws:ec2:*:111122223333:*", "arn:aws:ec2:*:*:*"], ("111122223333", "*")),
]


@pytest.mark.parametrize(("name", "resources", "expected"), CANDIDATES)
def test_candidates_are_the_fields_of_the_resources_in_their_order(
    name: str, resources: list[str], expected: tuple[str, ...]
) -> None:
    assert candidates([policy(allow(*resources))], name, SERVICES[name]) == expected


def test_only_resources_of_an_allow_are_candidates() -> None:
    statements: list[Document] = [
        {"Effect": "Deny", "Action": "*", "Resource": "arn:aws:s3:::denied"},
        {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::excluded"},
        {
            "Effect": "Allow",
            "Action": "*",
            "Resource": "arn:aws:s3:::first",
            "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::condition"}},
        },
    ]
    found = candidates([policy(*statements), policy(allow("arn:aws:s3:::second"))], "bucket", S3)
    assert found == ("first", "second")


# --- inference ---


def lacking(**best: object) -> Callable[[Target, frozenset[str], int], int]:
    """Return a count of the parameters that are not as named."""

    def lacks(target: Target, names: frozenset[str], most: int) -> int:
        values = {"bucket": target.buckets, "region": target.region, "account": target.account}
        return min(most, sum(values[name] != best.get(name) for name in names))

    return lacks


def all_alike(*_: object) -> int:
    return 7


MIXED = [
    "arn:aws:s3:::one",
    "arn:aws:s3:::two/*",
    "arn:aws:ec2:eu-west-1:111111111111:*",
    "arn:aws:ec2:eu-west-2:222222222222:*",
]


def test_the_choice_that_lacks_least_wins() -> None:
    lacks = lacking(bucket=("two",), region="eu-west-2", account="222222222222")
    found = infer(Target(), [policy(allow(*MIXED))], services=SERVICES, lacking=lacks)
    assert (found.buckets, found.region, found.account) == (("two",), "eu-west-2", "222222222222")
    assert found.inferred == {"bucket", "region", "account"}


def test_region_and_account_may_come_from_two_arns_that_do_not_contradict() -> None:
    arns = ["arn:aws:ec2:eu-west-1:*:*", "arn:aws:ec2:*:222222222222:*", "arn:aws:ec2:eu-west-3::image/*"]
    lacks = lacking(region="eu-west-3", account="222222222222")
    found = infer(Target(), [policy(allow(*arns))], services=SERVICES, lacking=lacks)
    assert (found.region, found.account) == ("eu-west-3", "222222222222")


def test_region_and_account_of_two_arns_that_contradict_are_not_mixed() -> None:
    tried: list[tuple[str | None, str | None]] = []

    def lacks(target: Target, names: frozenset[str], most: int) -> int:
        tried.append((target.region, target.account))
        return 1

    infer(Target(buckets=("b",)), [policy(allow(*MIXED))], services=SERVICES, lacking=lacks)
    assert tried == [("eu-west-1", "111111111111"), ("eu-west-2", "222222222222")]


def test_the_first_of_the_file_wins_a_tie() -> None:
    found = infer(Target(), [policy(allow(*MIXED))], services=SERVICES, lacking=all_alike)
    assert (found.buckets, found.region, found.account) == (("one",), "eu-west-1", "111111111111")
    found = infer(Target(), [policy(allow(*MIXED[::-1]))], services=SERVICES, lacking=all_alike)
    assert (found.buckets, found.region, found.account) == (("two",), "eu-west-2", "222222222222")


def test_a_choice_that_lacks_nothing_ends_the_search() -> None:
    tried = []

    def lacks(target: Target, names: frozenset[str], most: int) -> int:
        tried.append(target.buckets)
        return 0 if target.buckets == ("b-2",) else 1

    arns = [f"arn:aws:s3:::b-{number}" for number in range(9)]
    assert infer(Target(), [policy(allow(*arns))], services={"bucket": S3}, lacking=lacks).buckets == ("b-2",)
    assert tried == [("b-0",), ("b-1",), ("b-2",)]


def test_the_number_of_choices_is_bounded() -> None:
    tried = []

    def lacks(target: Target, names: frozenset[str], most: int) -> int:
        tried.append(target)
        return 1

    arns = [f"arn:aws:ec2:r-{number}:*:*" for number in range(300)]
    arns += [f"arn:aws:ec2:*:{number:012}:*" for number in range(300)]
    infer(Target(), [policy(allow(*arns))], services=SERVICES | {"bucket": frozenset()}, lacking=lacks)
    assert len(tried) == 64


def test_what_is_named_stays() -> None:
    named = Target(buckets=("given",), prefix="v/", account="999999999999", partition="aws-cn")
    found = infer(named, [policy(allow(*MIXED))], services=SERVICES, lacking=all_alike)
    assert (found.buckets, found.region, found.account) == (("given",), "eu-west-1", "999999999999")
    assert (found.prefix, found.partition) == ("v/", "aws-cn")
    assert found.inferred == {"region"}


def test_what_no_requirement_uses_stays_open() -> None:
    found = infer(Target(), [policy(allow(*MIXED))], services={"bucket": S3}, lacking=all_alike)
    assert (found.buckets, found.region, found.account) == (("one",), None, None)
    assert found.inferred == {"bucket"}
    assert infer(Target(), [policy(allow(*MIXED))], services={}, lacking=all_alike) == Target()


@pytest.mark.parametrize("arn", ["arn:aws:sns:eu-west-1:1:t", "arn:aws:s3:::no bucket", "arn:aws:ec2:a\nb:12345:*"])
def test_a_policy_without_candidates_leaves_any(arn: str) -> None:
    found = infer(Target(), [policy(allow(arn))], services=SERVICES, lacking=all_alike)
    assert (found.buckets, found.region) == (("*",), "*")


def test_the_bucket_is_chosen_apart_from_region_and_account() -> None:
    asked: set[frozenset[str]] = set()

    def lacks(_: Target, names: frozenset[str], most: int) -> int:
        asked.add(names)
        return 1

    infer(Target(), [policy(allow(*MIXED))], services=SERVICES, lacking=lacks)
    assert asked == {frozenset({"bucket"}), frozenset({"region", "account"})}


def test_a_single_choice_is_not_tried() -> None:
    def lacks(*_: object) -> int:
        raise AssertionError

    found = infer(Target(), [policy(allow("arn:aws:s3:::b"))], services={"bucket": S3}, lacking=lacks)
    assert found.buckets == ("b",)

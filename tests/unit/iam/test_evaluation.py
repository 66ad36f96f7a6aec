"""What the public ``evaluate`` answers, rule by rule of the specification, and what it says besides the decision."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_veeam_iam import Decision, Evaluation, TargetError, evaluate, load_rulepack
from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam import evaluation
from pytest_veeam_iam.iam.automata import Budget
from pytest_veeam_iam.iam.context import Context
from pytest_veeam_iam.sources import policies_of
from tests.policy_documents import Document, allow, deny, document

BUCKET = "arn:aws:s3:::acme-veeam"
OBJECTS = f"{BUCKET}/*"
USER = "arn:aws:iam::111122223333:user/veeam"
ROLE = "arn:aws:iam::111122223333:role/veeam"
SESSION = "arn:aws:sts::111122223333:assumed-role/veeam/proxy"
ROOT = "arn:aws:iam::111122223333:root"
OFFICE = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
OBJECT_ACTIONS = [requirement.action for requirement in load_rulepack().group("object").required]
APPLIANCE_ACTIONS = [requirement.action for requirement in load_rulepack().group("archiver-appliance").required]


def allow_but(action: str, resource: str | list[str]) -> Document:
    return {"Effect": "Allow", "Action": action, "NotResource": resource}


def deny_but(action: str, resource: str | list[str]) -> Document:
    return {"Effect": "Deny", "Action": action, "NotResource": resource}


EVERYTHING = document(allow("*"))


def ask(
    *statements: Document, action: str = "s3:GetObject", resources: str | list[str] = OBJECTS, **more: Any
) -> Evaluation:
    return evaluate(document(*statements), action, resources, **more)


# --- the traps that were seen in real policies ---


@pytest.mark.parametrize("action", OBJECT_ACTIONS)
def test_object_actions_on_the_bucket_itself_are_missing(action: str) -> None:
    assert ask(allow(OBJECT_ACTIONS, BUCKET), action=action).decision == "missing"


TRAPS: list[tuple[str, list[Document], str, str | list[str], str]] = [
    (
        "GetObject* grants GetObjectVersion",
        [allow("s3:GetObject*", OBJECTS)],
        "s3:GetObjectVersion",
        OBJECTS,
        "allowed",
    ),
    (
        "*Object does not grant DeleteObjectVersion",
        [allow("s3:*Object", OBJECTS)],
        "s3:DeleteObjectVersion",
        OBJECTS,
        "missing",
    ),
    ("HeadBucket is no action", [allow("s3:HeadBucket", BUCKET)], "s3:ListBucket", BUCKET, "missing"),
    (
        "ListMultipartUploads is no action",
        [allow("s3:ListMultipartUploads", BUCKET)],
        "s3:ListBucketMultipartUploads",
        BUCKET,
        "missing",
    ),
    (
        "GetObjectLockConfiguration is no action",
        [allow("s3:GetObjectLockConfiguration", BUCKET)],
        "s3:GetBucketObjectLockConfiguration",
        BUCKET,
        "missing",
    ),
    (
        "the case of an action does not matter",
        [allow("s3:AbortMultiPartUpload", OBJECTS)],
        "s3:AbortMultipartUpload",
        OBJECTS,
        "allowed",
    ),
    (
        "GetParameters is another action",
        [allow("ssm:GetParameters")],
        "ssm:GetParameter",
        "arn:aws:ssm:*::parameter/aws/service/*",
        "missing",
    ),
    (
        "a resource tag is a condition",
        [allow(["ec2:StartInstances"], "*", Condition={"StringEquals": {"aws:ResourceTag/Veeam": "true"}})],
        "ec2:StartInstances",
        "arn:aws:ec2:*:*:instance/*",
        "conditional",
    ),
    (
        "an image has no account",
        [allow("ec2:RunInstances", "arn:aws:ec2:*:123456789012:*")],
        "ec2:RunInstances",
        ["arn:aws:ec2:*:123456789012:instance/*", "arn:aws:ec2:*::image/*"],
        "partial",
    ),
    (
        "append-only denies DeleteObject",
        [allow("s3:*"), deny("s3:DeleteObject*")],
        "s3:DeleteObject",
        OBJECTS,
        "denied",
    ),
    (
        "append-only denies DeleteObjectVersion",
        [allow("s3:*"), deny("s3:DeleteObject*")],
        "s3:DeleteObjectVersion",
        OBJECTS,
        "denied",
    ),
    ("append-only denies nothing else", [allow("s3:*"), deny("s3:DeleteObject*")], "s3:PutObject", OBJECTS, "allowed"),
    (
        "a Deny when not TLS never applies",
        [allow("s3:*"), deny("s3:*", Condition={"Bool": {"aws:SecureTransport": "false"}})],
        "s3:GetObject",
        OBJECTS,
        "allowed",
    ),
    (
        "a Deny for all but some user ids may apply",
        [allow("s3:*"), deny("s3:*", Condition={"StringNotEquals": {"aws:userId": ["AIDA1", "AIDA2"]}})],
        "s3:GetObject",
        OBJECTS,
        "conditional",
    ),
    (
        "access keys have no MFA",
        [allow("s3:*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})],
        "s3:GetObject",
        OBJECTS,
        "missing",
    ),
    ("NotResource that is no ARN", [allow_but("s3:*", "b/*")], "s3:GetObject", OBJECTS, "missing"),
    (
        "a prefix and everything but it",
        [allow("s3:GetObject", f"{BUCKET}/a*"), allow_but("s3:GetObject", f"{BUCKET}/a*")],
        "s3:GetObject",
        OBJECTS,
        "allowed",
    ),
]


@pytest.mark.parametrize(
    ("statements", "action", "resources", "decision"), [trap[1:] for trap in TRAPS], ids=[trap[0] for trap in TRAPS]
)
def test_a_trap_is_seen_through(
    statements: list[Document], action: str, resources: str | list[str], decision: str
) -> None:
    assert evaluate(document(*statements), action, resources).decision == decision


@pytest.mark.parametrize("action", APPLIANCE_ACTIONS)
def test_ec2_star_grants_the_whole_appliance_but_its_parameter(action: str) -> None:
    pack = load_rulepack()
    requirement = next(each for each in pack.group("archiver-appliance").required if each.action == action)
    values = {"partition": "aws", "region": "*", "account": "*", "bucket": "*", "prefix": ""}
    resources = [pack.resource_types[name].format(**values) for name in requirement.resource_types]
    expected = "missing" if action == "ssm:GetParameter" else "allowed"
    assert evaluate(document(allow("ec2:*")), action, resources).decision == expected


def test_two_policies_allow_together() -> None:
    halves = [document(allow("s3:Get*", f"{BUCKET}/a*")), document(allow_but("s3:*", f"{BUCKET}/a*"))]
    assert [evaluate(half, "s3:GetObject", OBJECTS).decision for half in halves] == ["partial", "partial"]
    assert evaluate(halves, "s3:GetObject", OBJECTS).decision == "allowed"


# --- the decision of several classes of resources ---

FOLDER = f"{BUCKET}/{{0}}"
# Statements that put the objects of a folder into one class of the specification.
D: list[Document] = [deny("s3:*", FOLDER)]
M: list[Document] = []
U: list[Document] = [allow("s3:*", FOLDER, Condition={"StringIs": {"aws:userid": "x"}})]
C: list[Document] = [allow("s3:*", FOLDER, Condition=OFFICE)]
A: list[Document] = [allow("s3:*", FOLDER)]

FOLDING = [
    ((D, D), "denied"), ((M, M), "missing"), ((U, U), "undetermined"), ((C, C), "conditional"), ((A, A), "allowed"),
    ((D, M), "partly_denied"), ((D, U), "partly_denied"), ((D, C), "partly_denied"), ((D, A), "partly_denied"),
    ((M, U), "partial"), ((M, C), "partial"), ((M, A), "partial"),
    ((U, C), "undetermined"), ((U, A), "undetermined"),
    ((C, A), "conditional"),
    ((D, M, U, C, A), "partly_denied"), ((M, U, C, A), "partial"), ((U, C, A), "undetermined"),
]  # fmt: skip


@pytest.mark.parametrize(("classes", "decision"), FOLDING)
@pytest.mark.parametrize("backwards", [False, True])
def test_the_gravest_class_decides(classes: tuple[list[Document], ...], decision: str, backwards: bool) -> None:
    folders = [f"{letter}*" for letter in "vwxyz"[: len(classes)]]
    statements = [
        {**statement, "Resource": statement["Resource"].format(folder)}
        for statements, folder in zip(classes, folders, strict=True)
        for statement in statements
    ]
    asked = [f"{BUCKET}/{folder}" for folder in folders]
    if backwards:
        statements.reverse()
        asked.reverse()
    answer = evaluate(document(*statements, allow("iam:*")), "s3:GetObject", asked)
    assert answer.decision == decision
    assert answer.decision is Decision(decision)


def test_one_pattern_falls_into_the_same_classes_as_several() -> None:
    statements = [allow("s3:*", OBJECTS), deny("s3:*", f"{BUCKET}/a*")]
    answer = ask(*statements)
    assert answer.decision == "partly_denied"
    assert answer.witness == f"{BUCKET}/a"


# --- what an answer tells ---


def test_a_witness_is_a_shortest_resource_for_which_it_fails() -> None:
    assert ask(allow("s3:*", f"{BUCKET}/a*")).witness == f"{BUCKET}/b"
    assert ask(allow("s3:*", f"{BUCKET}/?")).witness == f"{BUCKET}/aa"
    assert ask(allow("ec2:*")).witness == f"{BUCKET}/a"
    assert ask(allow("s3:*")).witness is None


def test_a_witness_is_one_of_the_resources_that_fail() -> None:
    asked = ["arn:aws:ec2:*:*:instance/*", "arn:aws:ec2:*::image/*"]
    answer = ask(allow("ec2:*", asked[0]), action="ec2:RunInstances", resources=asked)
    assert answer.witness == "arn:aws:ec2:us-east-1::image/ami-0123456789abcdef0"
    assert answer.resources == tuple(asked)


def test_a_witness_is_left_out_by_every_one_of_several_complements() -> None:
    answer = ask(*(allow_but("s3:*", f"{BUCKET}/*{letter}*") for letter in "abcd"))
    assert answer.decision == "partial"
    assert answer.witness is not None
    assert set("abcd") <= set(answer.witness.removeprefix(BUCKET))


def test_the_statements_of_an_allowed_answer_are_those_that_grant() -> None:
    answer = ask(
        allow("s3:Put*", OBJECTS, Sid="Put"),
        allow("s3:Get*", OBJECTS, Sid="Get"),
        allow("s3:*", "arn:aws:s3:::other/*", Sid="Other"),
        allow("*", Sid="All"),
    )
    assert [statement.sid for statement in answer.statements] == ["Get", "All"]


def test_the_statements_of_a_denied_answer_are_those_that_deny() -> None:
    answer = ask(allow("s3:*"), deny("s3:Put*", Sid="Put"), deny("s3:Get*", Sid="Get"), deny("s3:*", Sid="All"))
    assert answer.decision == "denied"
    assert [statement.sid for statement in answer.statements] == ["Get", "All"]


def test_the_statements_of_a_missing_answer_are_those_that_came_nearest() -> None:
    answer = ask(allow("s3:*", "arn:aws:s3:::other/*", Sid="Other"), allow("s3:*", BUCKET, Sid="Bucket"))
    assert [statement.sid for statement in answer.statements] == ["Bucket", "Other"]


def test_the_statements_of_a_conditional_answer_are_those_in_doubt() -> None:
    answer = ask(allow("s3:*", f"{BUCKET}/a*", Sid="Sure"), allow("s3:*", OBJECTS, Sid="Perhaps", Condition=OFFICE))
    assert answer.decision == "conditional"
    assert [statement.sid for statement in answer.statements] == ["Perhaps"]
    assert answer.conditions == ("aws:SourceIp is in 10.0.0.0/8",)
    assert answer.reason == "holds only if aws:SourceIp is in 10.0.0.0/8"


def test_a_conditional_deny_names_the_opposite_of_its_condition() -> None:
    answer = ask(allow("s3:*"), deny("s3:*", Condition={"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}))
    assert answer.decision == "conditional"
    assert answer.conditions == ("aws:SourceIp is in 10.0.0.0/8",)


def test_an_answer_that_is_not_conditional_names_no_condition() -> None:
    assert ask(allow("s3:*", Condition={"Bool": {"aws:SecureTransport": "true"}})).conditions == ()
    assert ask(allow("s3:*", f"{BUCKET}/a*", Condition=OFFICE)).conditions == ()


def test_statements_know_their_place() -> None:
    statement_text = '{"Sid": "S", "Effect": "Deny", "Action": "*", "Resource": "*"}'
    text = f'{{\n "Version": "2012-10-17",\n "Statement": [\n  {statement_text}]}}'
    (statement,) = evaluate(text, "s3:GetObject", OBJECTS).statements
    assert (statement.location.path, statement.location.line, statement.location.column) == ("<text>", 4, 3)
    assert statement.sid == "S"


def test_a_repr_is_short_and_runs_no_explanation() -> None:
    assert repr(ask(allow("s3:*"))) == "<Evaluation s3:GetObject: allowed>"


BLOCKED: list[tuple[str, dict[str, Any], str | None]] = [
    ("an SCP", {"service_control_policies": [[document(allow("ec2:*"))]]}, "scp"),
    ("the second level", {"service_control_policies": [[EVERYTHING], [document(allow("ec2:*"))]]}, "scp"),
    ("a Deny in an SCP", {"service_control_policies": [[document(allow("*"), deny("s3:*"))]]}, "scp"),
    ("the boundary", {"permissions_boundary": document(allow("ec2:*"))}, "boundary"),
    ("a Deny in the boundary", {"permissions_boundary": document(allow("*"), deny("s3:*"))}, "boundary"),
    ("a session policy", {"session_policies": document(allow("ec2:*"))}, "session"),
    ("a bucket policy", {"resource_policies": document(deny("s3:*", OBJECTS, Principal="*"))}, "resource"),
    (
        "SCP before boundary before session",
        {
            "service_control_policies": [[document(allow("ec2:*"))]],
            "permissions_boundary": document(allow("ec2:*")),
            "session_policies": document(allow("ec2:*")),
        },
        "scp",
    ),
    (
        "boundary before session",
        {"permissions_boundary": document(allow("ec2:*")), "session_policies": document(allow("ec2:*"))},
        "boundary",
    ),
    ("a boundary with a condition", {"permissions_boundary": document(allow("*", Condition=OFFICE))}, "boundary"),
]


@pytest.mark.parametrize(("layers", "layer"), [row[1:] for row in BLOCKED], ids=[row[0] for row in BLOCKED])
def test_the_layer_that_takes_a_permission_away_is_named(layers: dict[str, Any], layer: str) -> None:
    answer = evaluate(EVERYTHING, "s3:GetObject", OBJECTS, **layers)
    assert answer.decision != "allowed"
    assert answer.blocked_by == layer


@pytest.mark.parametrize("layers", [row[1] for row in BLOCKED[:-1]], ids=[row[0] for row in BLOCKED[:-1]])
def test_no_layer_is_named_where_the_identity_policies_do_not_allow_it(layers: dict[str, Any]) -> None:
    assert evaluate(document(allow("ec2:*")), "s3:GetObject", OBJECTS, **layers).blocked_by is None


def test_a_bucket_policy_in_doubt_is_no_layer_that_blocks() -> None:
    inside = document(allow("s3:*", OBJECTS, Principal={"AWS": [USER, "*"]}, Condition=OFFICE))
    answer = evaluate(
        document(allow("s3:*", Condition={"StringEquals": {"s3:TlsVersion": "1.3"}})),
        "s3:GetObject",
        OBJECTS,
        permissions_boundary=document(allow("ec2:*")),
        resource_policies=inside,
        principal=USER,
    )
    assert answer.decision == "conditional"
    assert answer.conditions == ("aws:SourceIp is in 10.0.0.0/8",)
    wider = evaluate(
        EVERYTHING,
        "s3:GetObject",
        OBJECTS,
        permissions_boundary=document(allow("ec2:*")),
        resource_policies=inside,
        principal=USER,
    )
    assert (wider.decision, wider.blocked_by) == ("conditional", None)


def test_no_layer_is_named_where_nothing_blocks() -> None:
    assert evaluate(EVERYTHING, "s3:GetObject", OBJECTS, permissions_boundary=EVERYTHING).blocked_by is None
    assert ask(allow("s3:*"), deny("s3:*")).blocked_by is None


# --- layers ---

LAYERS: list[tuple[str, dict[str, Any], str]] = [
    ("no layer", {}, "allowed"),
    ("a boundary that allows", {"permissions_boundary": EVERYTHING}, "allowed"),
    ("a boundary for some objects", {"permissions_boundary": document(allow("s3:*", f"{BUCKET}/a*"))}, "partial"),
    (
        "a boundary that denies some",
        {"permissions_boundary": document(allow("*"), deny("s3:*", f"{BUCKET}/a*"))},
        "partly_denied",
    ),
    ("a boundary of one document in a list", {"permissions_boundary": [EVERYTHING]}, "allowed"),
    ("one level", {"service_control_policies": [EVERYTHING]}, "allowed"),
    (
        "one level of two",
        {"service_control_policies": [[document(allow("s3:Get*")), document(allow("ec2:*"))]]},
        "allowed",
    ),
    (
        "two levels of one",
        {"service_control_policies": [[document(allow("s3:Get*"))], [document(allow("ec2:*"))]]},
        "missing",
    ),
    (
        "two levels that both allow",
        {"service_control_policies": [document(allow("s3:*")), document(allow("*"))]},
        "allowed",
    ),
    (
        "a Deny in the root level",
        {"service_control_policies": [[document(allow("*"), deny("s3:G*"))], [EVERYTHING]]},
        "denied",
    ),
    (
        "session policies are one layer",
        {"session_policies": [document(allow("s3:Get*", f"{BUCKET}/a*")), document(allow_but("*", f"{BUCKET}/a*"))]},
        "allowed",
    ),
    ("a session policy that denies", {"session_policies": [EVERYTHING, document(deny("s3:*"))]}, "denied"),
    ("no session policies", {"session_policies": ()}, "allowed"),
]


@pytest.mark.parametrize(("layers", "decision"), [row[1:] for row in LAYERS], ids=[row[0] for row in LAYERS])
def test_every_layer_must_allow_as_well(layers: dict[str, Any], decision: str) -> None:
    assert evaluate(EVERYTHING, "s3:GetObject", OBJECTS, **layers).decision == decision


@pytest.mark.parametrize(
    "layers",
    [
        {"permissions_boundary": EVERYTHING},
        {"session_policies": EVERYTHING},
        {"service_control_policies": [EVERYTHING]},
    ],
    ids=["boundary", "session", "scp"],
)
def test_a_layer_grants_nothing_by_itself(layers: dict[str, Any]) -> None:
    assert evaluate(document(allow("ec2:*")), "s3:GetObject", OBJECTS, **layers).decision == "missing"


def test_a_boundary_is_exactly_one_document() -> None:
    for boundary, count in (([], 0), ([EVERYTHING, EVERYTHING], 2)):
        with pytest.raises(TargetError, match=f"a permissions boundary is exactly one document, here are {count}"):
            evaluate(EVERYTHING, "s3:GetObject", OBJECTS, permissions_boundary=boundary)


@pytest.mark.parametrize("levels", [[[]], [[EVERYTHING], []], [[], [EVERYTHING]]])
def test_an_empty_level_of_scps_is_an_error(levels: list[list[Document]]) -> None:
    message = "^a level of service control policies is empty: AWS attaches at least FullAWSAccess to each$"
    with pytest.raises(TargetError, match=message):
        evaluate(EVERYTHING, "s3:GetObject", OBJECTS, service_control_policies=levels)


def test_scps_are_a_sequence_of_levels() -> None:
    for levels in (EVERYTHING, "scp.json"):
        with pytest.raises(TargetError, match="a sequence of levels from the root down"):
            evaluate(EVERYTHING, "s3:GetObject", OBJECTS, service_control_policies=levels)  # type: ignore[arg-type]


def test_no_policy_at_all_is_an_error() -> None:
    with pytest.raises(TargetError, match="there is no policy to check"):
        evaluate([], "s3:GetObject", OBJECTS)


# --- ListAllMyBuckets and its two names ---

LISTING: list[tuple[str, list[Document], str, str]] = [
    # statements, decision, decision in the strict view
    ("allowed on the star", [allow("s3:ListAllMyBuckets")], "allowed", "allowed"),
    ("allowed on the ARN", [allow("s3:ListAllMyBuckets", "arn:aws:s3:::*")], "allowed", "missing"),
    ("allowed on a wider ARN", [allow("s3:*", "arn:aws:s3*")], "missing", "missing"),
    ("allowed on any partition", [allow("s3:*", "arn:*:s3:::*")], "allowed", "missing"),
    ("allowed on a short ARN", [allow("s3:*", "arn:aws:s3:::")], "missing", "missing"),
    ("allowed on one bucket", [allow("s3:*", BUCKET)], "missing", "missing"),
    ("allowed on the objects of all", [allow("s3:*", "arn:aws:s3:::*/*")], "missing", "missing"),
    ("allowed on buckets that begin alike", [allow("s3:*", "arn:aws:s3:::a*")], "missing", "missing"),
    ("allowed but on one bucket", [allow_but("s3:*", BUCKET)], "allowed", "allowed"),
    ("allowed but on the ARN", [allow_but("s3:*", "arn:aws:s3:::*")], "allowed", "allowed"),
    ("allowed but on the star", [allow_but("s3:*", "*")], "missing", "missing"),
    ("denied on the star", [allow("*"), deny("s3:*")], "denied", "denied"),
    ("denied on the ARN", [allow("*"), deny("s3:*", "arn:aws:s3:::*")], "denied", "allowed"),
    ("denied on one bucket", [allow("*"), deny("s3:*", BUCKET)], "allowed", "allowed"),
    ("denied but on one bucket", [allow("*"), deny_but("s3:*", [BUCKET, OBJECTS])], "denied", "denied"),
    ("denied but on the ARN", [allow("*"), deny_but("s3:*", "arn:aws:s3:::*")], "denied", "denied"),
    ("denied but on everything", [allow("*"), deny_but("s3:*", "*")], "allowed", "allowed"),
]


@pytest.mark.parametrize("asked", ["*", "arn:aws:s3:::*"])
@pytest.mark.parametrize(
    ("statements", "both", "strict"), [row[1:] for row in LISTING], ids=[row[0] for row in LISTING]
)
def test_the_list_of_all_buckets_has_two_names(statements: list[Document], both: str, strict: str, asked: str) -> None:
    wide = evaluate(document(*statements), "s3:ListAllMyBuckets", asked)
    narrow = evaluate(document(*statements), "s3:listallmybuckets", asked, list_buckets_on_s3_arn=False)
    assert (wide.decision, narrow.decision) == (both, strict)


def test_stars_alone_have_the_second_name_too() -> None:
    policy = document(allow("*"), deny("s3:*", "arn:aws:s3:::*"))
    assert evaluate(policy, "s3:ListAllMyBuckets", "**").decision == "denied"


def test_the_second_name_is_that_of_the_partition() -> None:
    policy = document(allow("s3:ListAllMyBuckets", "arn:aws-cn:s3:::*"))
    assert evaluate(policy, "s3:ListAllMyBuckets", "*").decision == "missing"
    assert evaluate(policy, "s3:ListAllMyBuckets", "*", partition="aws-cn").decision == "allowed"


def test_other_actions_on_the_star_have_one_name() -> None:
    assert ask(allow("ec2:*", "arn:aws:s3:::*"), action="ec2:DescribeVpcs", resources="*").decision == "missing"


@pytest.mark.parametrize("layer", ["permissions_boundary", "session_policies", "service_control_policies"])
def test_the_second_name_counts_in_every_layer(layer: str) -> None:
    listing = document(allow("s3:*", "arn:aws:s3:::*"))
    layers: dict[str, Any] = {layer: [listing] if layer == "service_control_policies" else listing}
    answer = evaluate(EVERYTHING, "s3:ListAllMyBuckets", "*", **layers)
    strict = evaluate(EVERYTHING, "s3:ListAllMyBuckets", "*", list_buckets_on_s3_arn=False, **layers)
    assert (answer.decision, strict.decision) == ("allowed", "missing")


# --- actions without resource types, and with several ---

RUN = [f"arn:aws:ec2:*:{account}:{kind}/*" for kind, account in (("instance", "*"), ("image", ""), ("subnet", "*"))]

EC2: list[tuple[str, list[Document], str, str | list[str], str]] = [
    ("a describe on the star", [allow("ec2:Describe*")], "ec2:DescribeVpcs", "*", "allowed"),
    ("a describe on stars", [allow("ec2:Describe*", "***")], "ec2:DescribeVpcs", "*", "allowed"),
    ("a describe on an ARN", [allow("ec2:Describe*", "arn:aws:ec2:*:*:vpc/*")], "ec2:DescribeVpcs", "*", "missing"),
    ("a describe on every ARN", [allow("ec2:Describe*", "arn:aws:ec2:*")], "ec2:DescribeVpcs", "*", "missing"),
    ("a describe denied on every ARN", [allow("*"), deny("*", "arn:aws:ec2:*")], "ec2:DescribeVpcs", "*", "allowed"),
    ("a describe denied but on ARNs", [allow("*"), deny_but("*", "arn:aws:ec2:*")], "ec2:DescribeVpcs", "*", "denied"),
    ("a describe allowed but on ARNs", [allow_but("*", "arn:aws:ec2:*")], "ec2:DescribeVpcs", "*", "allowed"),
    ("a launch on every type", [allow("ec2:*", RUN)], "ec2:RunInstances", RUN, "allowed"),
    ("a launch on instances only", [allow("ec2:*", RUN[0])], "ec2:RunInstances", RUN, "partial"),
    ("a launch on all but images", [allow("ec2:*", [RUN[0], RUN[2]])], "ec2:RunInstances", RUN, "partial"),
    (
        "a launch in two statements",
        [allow("ec2:*", RUN[:2]), allow("ec2:Run*", RUN[2])],
        "ec2:RunInstances",
        RUN,
        "allowed",
    ),
    ("a launch in one region", [allow("ec2:*", "arn:aws:ec2:eu-west-1:*:*")], "ec2:RunInstances", RUN, "partial"),
    ("a launch on nothing", [allow("ec2:*", "arn:aws:ec2:*:*:vpc/*")], "ec2:RunInstances", RUN, "missing"),
    (
        "a launch with one type denied",
        [allow("ec2:*"), deny("ec2:*", RUN[1])],
        "ec2:RunInstances",
        RUN,
        "partly_denied",
    ),
    ("a launch with every type denied", [allow("ec2:*"), deny("ec2:*", RUN)], "ec2:RunInstances", RUN, "denied"),
    (
        "a launch with a tagged subnet",
        [allow("ec2:*", RUN[:2]), allow("ec2:*", RUN[2], Condition={"StringEquals": {"aws:ResourceTag/a": "b"}})],
        "ec2:RunInstances",
        RUN,
        "conditional",
    ),
]


@pytest.mark.parametrize(
    ("statements", "action", "resources", "decision"), [row[1:] for row in EC2], ids=[row[0] for row in EC2]
)
def test_an_action_needs_all_of_its_resources(
    statements: list[Document], action: str, resources: str | list[str], decision: str
) -> None:
    assert evaluate(document(*statements), action, resources).decision == decision


# --- resource policies ---

GRANT = "grant"
"""Stands for the principal of an Allow in a bucket policy, where the identity policies have no S3 at all."""

BUCKET_POLICIES: list[tuple[str, Document, str | None, str, str]] = [
    # principal element, who calls, decision, decision with a boundary that lacks S3
    ("nobody is known", {"Principal": "*"}, None, "missing", "missing"),
    ("nobody is known, a user named", {"Principal": {"AWS": USER}}, None, "missing", "missing"),
    ("the user", {"Principal": {"AWS": USER}}, USER, "allowed", "allowed"),
    ("the user among others", {"Principal": {"AWS": ["arn:aws:iam::1:user/x", USER]}}, USER, "allowed", "allowed"),
    ("another user", {"Principal": {"AWS": f"{USER}2"}}, USER, "missing", "missing"),
    ("everybody", {"Principal": "*"}, USER, "allowed", "missing"),
    ("every AWS principal", {"Principal": {"AWS": "*"}}, USER, "allowed", "missing"),
    ("the account's number", {"Principal": {"AWS": "111122223333"}}, USER, "missing", "missing"),
    ("the account's root", {"Principal": {"AWS": ROOT}}, USER, "missing", "missing"),
    ("the role", {"Principal": {"AWS": ROLE}}, ROLE, "allowed", "missing"),
    ("everybody, a role calls", {"Principal": {"AWS": "*"}}, ROLE, "allowed", "missing"),
    ("the role of the session", {"Principal": {"AWS": ROLE}}, SESSION, "allowed", "missing"),
    ("the session", {"Principal": {"AWS": SESSION}}, SESSION, "allowed", "allowed"),
    ("the session, the role calls", {"Principal": {"AWS": SESSION}}, ROLE, "missing", "missing"),
    ("another session", {"Principal": {"AWS": f"{SESSION}2"}}, SESSION, "missing", "missing"),
    ("a service", {"Principal": {"Service": "s3.amazonaws.com"}}, USER, "missing", "missing"),
    ("all but somebody else", {"NotPrincipal": {"AWS": f"{USER}2"}}, USER, "missing", "missing"),
    ("all but this user", {"NotPrincipal": {"AWS": USER}}, USER, "missing", "missing"),
]


@pytest.mark.parametrize(
    ("element", "principal", "decision", "bounded"),
    [row[1:] for row in BUCKET_POLICIES],
    ids=[row[0] for row in BUCKET_POLICIES],
)
def test_a_bucket_policy_grants_to_those_it_names(
    element: Document, principal: str | None, decision: str, bounded: str
) -> None:
    layers: dict[str, Any] = {
        "resource_policies": document({**allow("s3:*", OBJECTS), **element}),
        "principal": principal,
    }
    own = document(allow("ec2:*"))
    assert evaluate(own, "s3:GetObject", OBJECTS, **layers).decision == decision
    assert evaluate(own, "s3:GetObject", OBJECTS, **layers, permissions_boundary=own).decision == bounded
    assert evaluate(own, "s3:GetObject", OBJECTS, **layers, session_policies=own).decision == bounded
    scps: list[Document] = [own]
    assert evaluate(own, "s3:GetObject", OBJECTS, **layers, service_control_policies=scps).decision == "missing"


BUCKET_DENIES: list[tuple[str, Document, str | None, str, str]] = [
    # principal element, who calls, decision, decision with a boundary
    ("everybody", {"Principal": "*"}, None, "denied", "denied"),
    ("every AWS principal", {"Principal": {"AWS": "*"}}, None, "denied", "denied"),
    ("a user, nobody is known", {"Principal": {"AWS": USER}}, None, "conditional", "conditional"),
    ("a service, nobody is known", {"Principal": {"Service": "s3.amazonaws.com"}}, None, "conditional", "conditional"),
    ("all but a user, nobody is known", {"NotPrincipal": {"AWS": USER}}, None, "conditional", "denied"),
    ("the user", {"Principal": {"AWS": USER}}, USER, "denied", "denied"),
    ("the account", {"Principal": {"AWS": "111122223333"}}, USER, "denied", "denied"),
    ("the root of the account", {"Principal": {"AWS": ROOT}}, USER, "denied", "denied"),
    ("another account", {"Principal": {"AWS": "999999999999"}}, USER, "allowed", "allowed"),
    ("a service", {"Principal": {"Service": "s3.amazonaws.com"}}, USER, "allowed", "allowed"),
    ("everybody, a user calls", {"Principal": "*"}, USER, "denied", "denied"),
    ("the role", {"Principal": {"AWS": ROLE}}, ROLE, "denied", "denied"),
    ("the role of the session", {"Principal": {"AWS": ROLE}}, SESSION, "denied", "denied"),
    ("the session", {"Principal": {"AWS": SESSION}}, SESSION, "denied", "denied"),
    ("another session", {"Principal": {"AWS": f"{SESSION}2"}}, SESSION, "allowed", "allowed"),
    ("all but the user", {"NotPrincipal": {"AWS": USER}}, USER, "denied", "denied"),
    ("all but the account", {"NotPrincipal": {"AWS": ROOT}}, USER, "denied", "denied"),
    ("all but the user and the account", {"NotPrincipal": {"AWS": [USER, ROOT]}}, USER, "allowed", "denied"),
    (
        "all but the user and the account's number",
        {"NotPrincipal": {"AWS": [USER, "111122223333"]}},
        USER,
        "allowed",
        "denied",
    ),
    ("all but the role and the account", {"NotPrincipal": {"AWS": [ROLE, ROOT]}}, ROLE, "allowed", "denied"),
    ("all but the role, a session calls", {"NotPrincipal": {"AWS": [ROLE, ROOT]}}, SESSION, "denied", "denied"),
    (
        "all but role, session and account",
        {"NotPrincipal": {"AWS": [ROLE, SESSION, ROOT]}},
        SESSION,
        "allowed",
        "denied",
    ),
]


@pytest.mark.parametrize(
    ("element", "principal", "decision", "bounded"),
    [row[1:] for row in BUCKET_DENIES],
    ids=[row[0] for row in BUCKET_DENIES],
)
def test_a_bucket_policy_denies_those_it_takes_in(
    element: Document, principal: str | None, decision: str, bounded: str
) -> None:
    layers: dict[str, Any] = {
        "resource_policies": document({**deny("s3:*", OBJECTS), **element}),
        "principal": principal,
    }
    assert evaluate(EVERYTHING, "s3:GetObject", OBJECTS, **layers).decision == decision
    answer = evaluate(EVERYTHING, "s3:GetObject", OBJECTS, **layers, permissions_boundary=EVERYTHING)
    assert answer.decision == bounded


def test_identity_and_bucket_policies_add_up() -> None:
    bucket = document(allow("s3:*", f"{BUCKET}/a*", Principal={"AWS": USER}))
    own = document(allow_but("s3:*", f"{BUCKET}/a*"))
    assert evaluate(own, "s3:GetObject", OBJECTS, resource_policies=bucket, principal=USER).decision == "allowed"


def test_several_bucket_policies_add_up() -> None:
    policies = [document(allow("s3:*", f"arn:aws:s3:::{name}/*", Principal={"AWS": USER})) for name in ("a", "b")]
    asked = ["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"]
    answer = evaluate(document(allow("ec2:*")), "s3:GetObject", asked, resource_policies=policies, principal=USER)
    assert answer.decision == "allowed"


def test_a_statement_without_principal_has_no_place_in_a_bucket_policy() -> None:
    own, other = document(allow("ec2:*")), document(allow("s3:*", OBJECTS))
    assert evaluate(own, "s3:GetObject", OBJECTS, resource_policies=other, principal=USER).decision == "missing"
    other = document(deny("s3:*", OBJECTS))
    assert evaluate(EVERYTHING, "s3:GetObject", OBJECTS, resource_policies=other).decision == "undetermined"


@pytest.mark.parametrize(
    "resource", ["*", "arn:aws:sqs:eu-west-1:111122223333:q", "arn:aws:s3express:::b/*", "my-bucket/*", "arn:aws"]
)
def test_a_resource_policy_is_about_s3_alone(resource: str) -> None:
    for element in ("Resource", "NotResource"):
        statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", element: [OBJECTS, resource]}
        with pytest.raises(TargetError, match="is not an S3 ARN; only bucket policies can be resource policies here"):
            evaluate(EVERYTHING, "s3:GetObject", OBJECTS, resource_policies=document(statement))


def test_a_principal_in_an_identity_policy_is_refused() -> None:
    assert ask(allow("s3:*", Principal="*")).decision == "missing"
    assert ask(allow("s3:*"), deny("s3:*", Principal="*")).decision == "undetermined"
    assert ask(allow("s3:*"), deny("ec2:*", Principal="*")).decision == "allowed"


@pytest.mark.parametrize(
    "principal", ["veeam", "", ROOT, "arn:aws:iam::111122223333:group/x", "arn:aws:sts::1:assumed-role/x"]
)
def test_a_principal_is_a_user_role_or_session(principal: str) -> None:
    with pytest.raises(TargetError, match="is not the ARN of a user, role or role session"):
        evaluate(EVERYTHING, "s3:GetObject", OBJECTS, principal=principal)


def test_session_policies_and_roles_may_have_mfa() -> None:
    policy = document(allow("s3:*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}))
    assert evaluate(policy, "s3:GetObject", OBJECTS).decision == "missing"
    assert evaluate(policy, "s3:GetObject", OBJECTS, principal=USER).decision == "missing"
    assert evaluate(policy, "s3:GetObject", OBJECTS, principal=ROLE).decision == "conditional"
    assert evaluate(policy, "s3:GetObject", OBJECTS, session_policies=EVERYTHING).decision == "conditional"


# --- Version ---

USERNAME = f"{BUCKET}/${{aws:username}}/*"
VERSIONS: list[tuple[str, str | None, list[Document], str]] = [
    ("2012 knows variables", "2012-10-17", [allow("s3:*", USERNAME)], "allowed"),
    ("2008 takes them literally", "2008-10-17", [allow("s3:*", USERNAME)], "missing"),
    ("none takes them literally", None, [allow("s3:*", USERNAME)], "missing"),
    ("2008 without variables", "2008-10-17", [allow("s3:*", OBJECTS)], "allowed"),
    ("none without variables", None, [allow("s3:*", OBJECTS)], "allowed"),
    ("another grants nothing", "2012-10-18", [allow("s3:*")], "missing"),
    ("an empty one grants nothing", "", [allow("s3:*")], "missing"),
    ("another with a Deny", "2012-10-18", [allow("s3:*"), deny("s3:*")], "undetermined"),
    ("another with a Deny elsewhere", "2012-10-18", [deny("ec2:*")], "missing"),
    ("2008 denies literally", "2008-10-17", [allow("s3:*"), deny("s3:*", USERNAME)], "allowed"),
    ("2012 denies by value", "2012-10-17", [allow("s3:*"), deny("s3:*", USERNAME)], "denied"),
]


@pytest.mark.parametrize(
    ("version", "statements", "decision"), [row[1:] for row in VERSIONS], ids=[row[0] for row in VERSIONS]
)
def test_the_version_decides_what_a_variable_is(version: str | None, statements: list[Document], decision: str) -> None:
    policies = [document(*statements, version=version)]
    if version == "2012-10-18" and len(statements) == 2:
        policies.append(EVERYTHING)
    answer = evaluate(policies, "s3:GetObject", f"{BUCKET}/veeam/*", context={"aws:username": "veeam"})
    assert answer.decision == decision


def test_every_document_has_its_own_version() -> None:
    documents = [
        document(allow("s3:*", USERNAME), version="2008-10-17"),
        document(deny("s3:*", USERNAME), allow("ec2:*")),
    ]
    asked = {"resources": f"{BUCKET}/veeam/*", "context": {"aws:username": "veeam"}}
    assert evaluate(documents, "s3:GetObject", **asked).decision == "denied"  # type: ignore[arg-type]


# --- variables ---

VARIABLES: list[tuple[str, list[Document], dict[str, Any], str]] = [
    ("known", [allow("s3:*", f"{BUCKET}/${{aws:username}}/*")], {"aws:username": "v"}, "allowed"),
    ("known in another case", [allow("s3:*", f"{BUCKET}/${{AWS:UserName}}/*")], {"aws:username": "v"}, "allowed"),
    ("known as another value", [allow("s3:*", f"{BUCKET}/${{aws:username}}/*")], {"aws:username": "w"}, "missing"),
    (
        "a star in a value is literal",
        [allow("s3:*", f"{BUCKET}/${{aws:username}}/*")],
        {"aws:username": "*"},
        "missing",
    ),
    (
        "a question mark in a value is literal",
        [allow("s3:*", f"{BUCKET}/${{aws:username}}/*")],
        {"aws:username": "?"},
        "missing",
    ),
    ("absent", [allow("s3:*", f"{BUCKET}/${{aws:username}}/*")], {"aws:username": None}, "missing"),
    (
        "absent beside a grant",
        [allow("s3:*", [f"{BUCKET}/${{aws:username}}/*", OBJECTS])],
        {"aws:username": None},
        "allowed",
    ),
    ("absent with a default", [allow("s3:*", f"{BUCKET}/${{aws:username, 'v'}}/*")], {"aws:username": None}, "allowed"),
    ("known with a default", [allow("s3:*", f"{BUCKET}/${{aws:username, 'v'}}/*")], {"aws:username": "w"}, "missing"),
    ("unknown", [allow("s3:*", f"{BUCKET}/${{aws:username}}/*")], {}, "conditional"),
    ("unknown elsewhere", [allow("s3:*", "arn:aws:s3:::other/${aws:username}/*")], {}, "missing"),
    ("unknown beside a grant", [allow("s3:*", [f"{BUCKET}/${{aws:username}}/*", f"{BUCKET}/v/*"])], {}, "allowed"),
    ("unknown in a Deny", [allow("*"), deny("s3:*", f"{BUCKET}/${{aws:username}}/*")], {}, "conditional"),
    ("unknown in a Deny elsewhere", [allow("*"), deny("s3:*", "arn:aws:s3:::other/${aws:username}")], {}, "allowed"),
    (
        "absent in a Deny",
        [allow("*"), deny("s3:*", f"{BUCKET}/${{aws:username}}/*")],
        {"aws:username": None},
        "allowed",
    ),
    ("unknown in NotResource", [allow_but("s3:*", f"{BUCKET}/${{aws:username}}/*")], {}, "conditional"),
    (
        "unknown beside what is named for sure",
        [allow_but("s3:*", [f"{BUCKET}/v*", f"{BUCKET}/${{aws:username}}*"])],
        {},
        "missing",
    ),
    ("known in NotResource", [allow_but("s3:*", f"{BUCKET}/${{aws:username}}/*")], {"aws:username": "v"}, "missing"),
    ("absent in NotResource", [allow_but("s3:*", f"{BUCKET}/${{aws:username}}/*")], {"aws:username": None}, "allowed"),
    (
        "unknown in the NotResource of a Deny",
        [allow("*"), deny_but("s3:*", f"{BUCKET}/${{aws:username}}/*")],
        {},
        "conditional",
    ),
    ("a literal star", [allow("s3:*", f"{BUCKET}/v/${{*}}")], {}, "partial"),
    ("a literal dollar", [allow("s3:*", [f"{BUCKET}/v/${{$}}*", f"{BUCKET}/v/*"])], {}, "allowed"),
    (
        "before the fifth colon in an Allow",
        [allow("s3:*", "arn:aws:s3:${aws:username}::acme-veeam/v/*")],
        {"aws:username": ""},
        "missing",
    ),
    (
        "before the fifth colon in a Deny",
        [allow("*"), deny("s3:*", "arn:aws:s3:${aws:username}::acme-veeam/*")],
        {},
        "undetermined",
    ),
]


@pytest.mark.parametrize(
    ("statements", "context", "decision"), [row[1:] for row in VARIABLES], ids=[row[0] for row in VARIABLES]
)
def test_a_variable_is_what_the_request_has(statements: list[Document], context: dict[str, Any], decision: str) -> None:
    answer = evaluate(document(*statements), "s3:GetObject", f"{BUCKET}/v/*", context=context)
    assert answer.decision == decision


def test_a_variable_that_decides_is_named() -> None:
    answer = ask(allow("s3:*", f"{BUCKET}/${{aws:username}}/*"), resources=f"{BUCKET}/v/*")
    assert answer.conditions == (f"the resource is {BUCKET}/${{aws:username}}/* with the caller's values",)


# --- elements that AWS refuses ---

INVALID_RESOURCES = [
    "",
    "my-bucket/*",
    "s3:::b",
    "arn",
    "arn:",
    "arn:aws",
    "arn:aws:",
    "arn::s3:::b",
    "arn:aws::::b",
    "arn:aws:s*:::acme-veeam/*",
    "arn:aws:?3:::acme-veeam/*",
    "arn:aws:*",
    "arn:*",
    "Arn:aws:s3:::acme-veeam/*",
    " *",
    "?",
]


@pytest.mark.parametrize("resource", INVALID_RESOURCES)
@pytest.mark.parametrize("element", ["Resource", "NotResource"])
def test_an_allow_with_an_invalid_resource_grants_nothing(resource: str, element: str) -> None:
    statement = {"Effect": "Allow", "Action": "s3:*", element: [resource, OBJECTS if element == "Resource" else BUCKET]}
    assert ask(statement).decision == "missing"


@pytest.mark.parametrize("resource", INVALID_RESOURCES)
@pytest.mark.parametrize("element", ["Resource", "NotResource"])
def test_a_deny_with_an_invalid_resource_leaves_it_open(resource: str, element: str) -> None:
    statement = {"Effect": "Deny", "Action": "s3:Get*", element: resource}
    assert ask(allow("*"), statement).decision == "undetermined"
    assert ask(allow("*"), statement, action="s3:PutObject").decision == "allowed"
    assert ask(allow("ec2:*"), statement).decision == "missing"


INVALID_ACTIONS = [
    "",
    "GetObject",
    "s3:",
    ":GetObject",
    "s*:GetObject",
    "?3:GetObject",
    "*:*",
    "*:GetObject",
    "s3:Get Object",
    "s3:Get:Object",
    "**",
]


@pytest.mark.parametrize("action", INVALID_ACTIONS)
@pytest.mark.parametrize("element", ["Action", "NotAction"])
def test_an_allow_with_an_invalid_action_grants_nothing(action: str, element: str) -> None:
    statement = {
        "Effect": "Allow",
        element: [action, "s3:GetObject" if element == "Action" else "iam:*"],
        "Resource": "*",
    }
    assert ask(statement).decision == "missing"


@pytest.mark.parametrize("action", INVALID_ACTIONS)
@pytest.mark.parametrize("element", ["Action", "NotAction"])
def test_a_deny_with_an_invalid_action_leaves_it_open(action: str, element: str) -> None:
    statement = {"Effect": "Deny", element: action, "Resource": f"{BUCKET}/*"}
    assert ask(allow("*"), statement).decision == "undetermined"
    assert ask(allow("*"), statement, action="s3:ListBucket", resources=BUCKET).decision == "allowed"


@pytest.mark.parametrize("element", ["Action", "NotAction", "Resource", "NotResource"])
@pytest.mark.parametrize("value", [[], None])
def test_an_empty_or_absent_element_grants_nothing_and_leaves_a_deny_open(
    element: str, value: list[str] | None
) -> None:
    kind = element.removeprefix("Not")
    for effect, decision in (("Allow", "missing"), ("Deny", "undetermined")):
        statement: Document = {"Effect": effect, "Action": "s3:*", "Resource": OBJECTS}
        del statement[kind]
        if value is not None:
            statement[element] = value
        policies = [document(statement)] + ([EVERYTHING] if effect == "Deny" else [])
        assert evaluate(policies, "s3:GetObject", OBJECTS).decision == decision


def test_an_unknown_element_makes_a_statement_count_for_nothing() -> None:
    assert ask(allow("s3:*", Resources="*")).decision == "missing"
    assert ask(allow("*"), deny("s3:*", Condtion=OFFICE)).decision == "undetermined"


def test_a_certain_deny_wins_over_an_invalid_one() -> None:
    assert ask(allow("*"), deny("s3:*", "b/*"), deny("s3:*")).decision == "denied"


def test_an_invalid_deny_of_what_is_missing_is_missing() -> None:
    assert ask(deny("s3:*", "b/*")).decision == "missing"


def test_an_unknown_operator_leaves_it_open() -> None:
    for statements in (
        [allow("s3:*", Condition={"StringIs": {"a:b": "c"}})],
        [allow("*"), deny("s3:*", Condition={"StringIs": {"a:b": "c"}})],
    ):
        assert ask(*statements).decision == "undetermined"


@pytest.mark.parametrize(
    ("resource", "decision"),
    [
        ("arn:aws:ec2", "allowed"),
        ("arn:aws:ec2:eu-west-1", "allowed"),
        ("arn:aws:ec2:eu-west-1:111122223333", "allowed"),
        ("arn:aws:ec2:eu-west-1:111122223333:", "missing"),
        ("arn:aws:ec2:eu-west-1:", "missing"),
        ("arn:aws:ec2:eu-west-2", "missing"),
        ("arn:aws:ec2:*", "allowed"),
        ("arn:aws:ec2:eu*", "allowed"),
        ("arn:aws:ec2:eu-*/i-1", "missing"),
        ("arn:aws:ec2:us*", "missing"),
        ("arn:aws:ec2:*:instance/*", "allowed"),
        ("arn:aws:ec2*", "missing"),
    ],
)
def test_a_short_arn_is_completed_unless_it_ends_in_a_star(resource: str, decision: str) -> None:
    answer = ask(
        allow("ec2:*", resource),
        action="ec2:StartInstances",
        resources="arn:aws:ec2:eu-west-1:111122223333:instance/i-1",
    )
    assert answer.decision == decision


def test_a_short_arn_in_a_session_policy_grants_nothing() -> None:
    session = document(allow("ec2:*", "arn:aws:ec2:eu-west-1"))
    asked = "arn:aws:ec2:eu-west-1:111122223333:instance/i-1"
    assert evaluate(EVERYTHING, "ec2:StartInstances", asked, session_policies=session).decision == "missing"


# --- conditions under the declared caller ---

CALLER: list[tuple[str, list[Document], dict[str, Any], str]] = [
    ("an Allow in doubt", [allow("s3:*", Condition=OFFICE)], {}, "conditional"),
    ("an Allow declared", [allow("s3:*", Condition=OFFICE)], {"aws:SourceIp": "10.1.2.3"}, "allowed"),
    ("the case of a key does not matter", [allow("s3:*", Condition=OFFICE)], {"AWS:SOURCEIP": "10.1.2.3"}, "allowed"),
    ("an Allow declared otherwise", [allow("s3:*", Condition=OFFICE)], {"aws:SourceIp": "192.0.2.1"}, "missing"),
    ("an Allow declared absent", [allow("s3:*", Condition=OFFICE)], {"aws:SourceIp": None}, "missing"),
    (
        "alternatives that all hold",
        [allow("s3:*", Condition=OFFICE)],
        {"aws:SourceIp": ["10.1.2.3", "10.9.9.9"]},
        "allowed",
    ),
    (
        "alternatives of which one holds",
        [allow("s3:*", Condition=OFFICE)],
        {"aws:SourceIp": ["10.1.2.3", "192.0.2.1"]},
        "conditional",
    ),
    ("a Deny in doubt", [allow("*"), deny("s3:*", Condition=OFFICE)], {}, "conditional"),
    ("a Deny that applies", [allow("*"), deny("s3:*", Condition=OFFICE)], {"aws:SourceIp": "10.1.2.3"}, "denied"),
    ("a Deny that does not", [allow("*"), deny("s3:*", Condition=OFFICE)], {"aws:SourceIp": "192.0.2.1"}, "allowed"),
    (
        "several operators, one in doubt",
        [allow("s3:*", Condition={**OFFICE, "Bool": {"aws:SecureTransport": "true"}})],
        {},
        "conditional",
    ),
    (
        "several operators, one never",
        [allow("s3:*", Condition={**OFFICE, "Bool": {"aws:SecureTransport": "false"}})],
        {},
        "missing",
    ),
    (
        "a negated operator on an absent key",
        [allow("s3:*", Condition={"StringNotEquals": {"aws:SourceVpce": "x"}})],
        {"aws:SourceVpce": None},
        "allowed",
    ),
]


@pytest.mark.parametrize(
    ("statements", "context", "decision"), [row[1:] for row in CALLER], ids=[row[0] for row in CALLER]
)
def test_a_condition_is_held_against_the_declared_caller(
    statements: list[Document], context: dict[str, Any], decision: str
) -> None:
    assert ask(*statements, context=context).decision == decision


def test_a_complete_context_is_a_single_request() -> None:
    tls = allow("s3:*", Condition={"Bool": {"aws:SecureTransport": "true"}})
    known = {"aws:SecureTransport": True}
    assert ask(tls, complete_context=True).decision == "missing"
    assert ask(tls, complete_context=True, context=known).decision == "allowed"
    assert ask(allow("s3:*", f"{BUCKET}/?"), complete_context=True).decision == "allowed"
    assert ask(allow("s3:*", f"{BUCKET}/a"), complete_context=True).decision == "missing"
    assert (
        ask(allow("ec2:*", "arn:aws:ec2:*"), action="ec2:DescribeVpcs", resources="*", complete_context=True).decision
        == "missing"
    )
    listing = allow("s3:*", "arn:aws:s3:::*")
    assert ask(listing, action="s3:ListAllMyBuckets", resources="*", complete_context=True).decision == "allowed"


K_IS_A, K_IS_B = {"StringEquals": {"aws:K": "a"}}, {"StringEquals": {"aws:K": "b"}}
ALTERNATIVES: list[tuple[str, list[Document], dict[str, Any], str]] = [
    ("one holds", [allow("s3:*", Condition=K_IS_A)], {"aws:K": ["a", "b"]}, "missing"),
    ("each holds by its own Allow", [allow("s3:*", Condition=K_IS_A), allow("s3:*", Condition=K_IS_B)],
     {"aws:K": ["a", "b"]}, "allowed"),
    ("one Allow has both values", [allow("s3:*", Condition={"StringEquals": {"aws:K": ["a", "b"]}})],
     {"aws:K": ["a", "b"]}, "allowed"),
    ("one is denied", [allow("s3:*"), deny("s3:*", Condition=K_IS_B)], {"aws:K": ["a", "b"]}, "denied"),
    ("one is denied, the other missing", [deny("s3:*", Condition=K_IS_B)], {"aws:K": ["a", "b"]}, "denied"),
    ("none is denied", [allow("s3:*"), deny("s3:*", Condition=K_IS_B)], {"aws:K": ["a", "c"]}, "allowed"),
    ("a negated operator", [allow("s3:*", Condition={"StringNotEquals": {"aws:K": "a"}})],
     {"aws:K": ["a", "b"]}, "missing"),
    ("if it exists", [allow("s3:*", Condition={"StringEqualsIfExists": {"aws:K": "a"}})],
     {"aws:K": ["a", "b"]}, "missing"),
    ("Null", [allow("s3:*", Condition={"Null": {"aws:K": "true"}})], {"aws:K": ["", "b"]}, "missing"),
    ("a set operator takes all", [allow("s3:*", Condition={"ForAnyValue:StringEquals": {"aws:K": "a"}})],
     {"aws:K": ["a", "b"]}, "allowed"),
    ("both at once", [allow("s3:*", Condition={"ForAnyValue:StringEquals": {"aws:K": "a"}, **K_IS_B})],
     {"aws:K": ["a", "b"]}, "missing"),
    ("both at once, and it holds",
     [allow("s3:*", Condition={"ForAllValues:StringLike": {"aws:K": "?"}, "StringLike": {"aws:K": "*"}})],
     {"aws:K": ["a", "b"]}, "allowed"),
    ("two keys that go together",
     [allow("s3:*", Condition={"StringEquals": {"aws:K": "a", "aws:L": "x"}}), allow("s3:*", Condition=K_IS_B)],
     {"aws:K": ["a", "b"], "aws:L": ["x", "y"]}, "missing"),
    ("two keys", [allow("s3:*", Condition={"StringLike": {"aws:K": "?", "aws:L": "?"}})],
     {"aws:K": ["a", "b"], "aws:L": ["x", "y"]}, "allowed"),
    ("a variable", [allow("s3:*", "arn:aws:s3:::${aws:K}/*")], {"aws:K": ["b", "acme-veeam"]}, "missing"),
    ("a variable in a Deny", [allow("s3:*"), deny("s3:*", "arn:aws:s3:::${aws:K}/*")],
     {"aws:K": ["b", "acme-veeam"]}, "denied"),
    ("a variable in a value", [allow("s3:*", Condition={"StringEquals": {"aws:L": "${aws:K}"}})],
     {"aws:K": ["a", "b"], "aws:L": "a"}, "missing"),
    ("the same value twice", [allow("s3:*", "arn:aws:s3:::${aws:K}/*")], {"aws:K": ["acme-veeam"] * 2}, "allowed"),
    ("the case of the key", [allow("s3:*", Condition={"StringEquals": {"AWS:K": "a"}})],
     {"aws:k": ["a", "b"]}, "missing"),
    ("an unknown operator", [allow("s3:*", Condition={**K_IS_A, "StringResembles": {"aws:L": "a"}})],
     {"aws:K": ["a", "a"]}, "undetermined"),
    ("more than can be tried", [allow("s3:*", Condition={"StringLike": {f"aws:{n}": "?" for n in "abcd"}})],
     {f"aws:{n}": list("abcdef") for n in "abcd"}, "undetermined"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("statements", "context", "decision"), [row[1:] for row in ALTERNATIVES], ids=[row[0] for row in ALTERNATIVES]
)
def test_each_value_of_a_complete_context_must_hold(
    statements: list[Document], context: dict[str, Any], decision: str
) -> None:
    found = ask(*statements, context=context, complete_context=True)
    assert found.decision == decision
    assert found.reason


def test_the_alternative_that_fails_is_explained() -> None:
    denied = ask(allow("s3:*"), deny("s3:*", Condition=K_IS_B), context={"aws:K": ["a", "b"]}, complete_context=True)
    assert [statement.effect for statement in denied.statements] == ["Deny"]
    assert "hangs on" not in denied.reason


# --- what can be asked ---


@pytest.mark.parametrize(
    ("action", "resources", "message"),
    [
        ("s3:Get*", "*", '"s3:Get*" is a pattern; ask for one action, for example s3:GetObject'),
        ("s3:GetObjec?", "*", '"s3:GetObjec?" is a pattern; ask for one action, for example s3:GetObject'),
        ("*", "*", '"*" is a pattern; ask for one action, for example s3:GetObject'),
        ("GetObject", "*", '"GetObject" is neither "*" nor of the form "service:Action"'),
        ("s3:GetObject", [], 's3:GetObject: no resources to ask for; write "*" or an ARN'),
        ("s3:GetObject", "b", 's3:GetObject: resource "b" is neither "*" nor an ARN; did you mean "arn:aws:s3:::b"?'),
        (
            "s3:GetObject",
            "",
            's3:GetObject: resource "" is neither "*" nor an ARN; did you mean "arn:aws:s3:::BUCKET"?',
        ),
        (
            "s3:GetObject",
            [OBJECTS, "arn:aws:*:::b"],
            's3:GetObject: resource "arn:aws:*:::b" has a wildcard in the service; '
            'write one service, for example "arn:aws:s3:::*"',
        ),
        (
            "s3:GetObject",
            "arn:aws:s3:${aws:x}::b/*",
            's3:GetObject: resource "arn:aws:s3:${aws:x}::b/*" has a policy variable before the fifth colon, '
            "where AWS allows none",
        ),
    ],
)
def test_only_one_action_on_real_resources_can_be_asked_for(
    action: str, resources: str | list[str], message: str
) -> None:
    with pytest.raises(TargetError) as caught:
        evaluate(EVERYTHING, action, resources)
    assert str(caught.value) == message


def test_the_same_resource_twice_is_asked_once() -> None:
    assert ask(allow("s3:*"), resources=[OBJECTS, OBJECTS]).resources == (OBJECTS,)


def test_a_context_that_no_request_can_have_is_an_error() -> None:
    with pytest.raises(TargetError, match="context key"):
        ask(allow("s3:*"), context={"": "x"})


def test_a_document_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(PolicyLoadError, match='no "Statement"'):
        evaluate({}, "s3:GetObject", OBJECTS)


def test_a_short_arn_can_be_asked_for() -> None:
    answer = ask(
        allow("ec2:*", "arn:aws:ec2:us-east-1:*:*"), action="ec2:StartInstances", resources="arn:aws:ec2:eu-west-1"
    )
    assert answer.reason


# --- what has no Principal ---


@pytest.mark.parametrize("principal", [None, USER, ROLE])
def test_a_bucket_policy_without_a_principal_grants_nothing(principal: str | None) -> None:
    policy = document(allow("s3:GetObject", OBJECTS))
    answer = evaluate(document(allow("ec2:*")), "s3:GetObject", OBJECTS, resource_policies=policy, principal=principal)
    assert answer.decision == "missing"


@pytest.mark.parametrize("principal", [None, USER, ROLE])
def test_nobody_can_tell_what_a_deny_without_a_principal_denies(principal: str | None) -> None:
    policy = document(deny("s3:GetObject", OBJECTS))
    answer = evaluate(EVERYTHING, "s3:GetObject", OBJECTS, resource_policies=policy, principal=principal)
    assert answer.decision == "undetermined"


def test_a_deny_that_names_the_user_is_no_grant() -> None:
    policy = document(deny("s3:PutObject", OBJECTS, Principal={"AWS": USER}))
    for action in ("s3:GetObject", "s3:PutObject"):
        answer = evaluate(document(allow("ec2:*")), action, OBJECTS, resource_policies=policy, principal=USER)
        assert answer.decision in ("missing", "denied")


# --- the budget ---


def test_questions_can_share_a_budget() -> None:
    policies = evaluation.authorizer(policies_of(document(allow("s3:*", ["arn:aws:s3:::b/*x", "arn:aws:s3:::b/*y"]))))
    want = evaluation.resources_wanted(
        "s3:GetObject", ["arn:aws:s3:::b/*"], partition="aws", list_buckets_on_s3_arn=True
    )
    ample = evaluation.evaluate(policies, "s3:GetObject", want, Context.of())
    spent = evaluation.evaluate(policies, "s3:GetObject", want, Context.of(), Budget(0))
    assert (ample.decision, spent.decision) == ("partial", "undetermined")

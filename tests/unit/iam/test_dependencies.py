"""What a conditional answer depends on: which conditions must hold or fail, in words, and what to declare."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.policy_documents import Document, allow, deny, document
from tests.unit.iam.statements import BUCKET, OBJECTS, OFFICE, REGION, TLS, USERNAME, allow_but, ask, words

TAGGED = {"StringEquals": {"aws:PrincipalTag/team": "backup"}}

CONDITIONAL: list[tuple[str, list[Document], list[str], tuple[str, ...]]] = [
    (
        "an Allow",
        [allow("s3:*", Condition=OFFICE)],
        ["allows s3:* on *, if aws:SourceIp is in 10.0.0.0/8"],
        ("aws:SourceIp is in 10.0.0.0/8",),
    ),
    (
        "an Allow with two conditions",
        [allow("s3:*", Condition={**OFFICE, **REGION})],
        ["allows s3:* on *, if aws:SourceIp is in 10.0.0.0/8 and aws:RequestedRegion is eu-central-1"],
        ("aws:SourceIp is in 10.0.0.0/8", "aws:RequestedRegion is eu-central-1"),
    ),
    (
        "only what is open of the conditions",
        [allow("s3:*", Condition={**OFFICE, **TLS})],
        ["allows s3:* on *, if aws:SourceIp is in 10.0.0.0/8 and aws:SecureTransport is true"],
        ("aws:SourceIp is in 10.0.0.0/8",),
    ),
    (
        "a Deny",
        [allow("*"), deny("s3:*", Condition=OFFICE)],
        ["denies s3:* on *, if aws:SourceIp is in 10.0.0.0/8"],
        ("aws:SourceIp is not in 10.0.0.0/8",),
    ),
    (
        "a Deny with two conditions",
        [allow("*"), deny("s3:*", Condition={**OFFICE, **REGION})],
        ["denies s3:* on *, if aws:SourceIp is in 10.0.0.0/8 and aws:RequestedRegion is eu-central-1"],
        ("aws:SourceIp is not in 10.0.0.0/8, or aws:RequestedRegion is not eu-central-1",),
    ),
    (
        "a Deny of which one condition surely holds",
        [allow("*"), deny("s3:*", Condition={**OFFICE, **TLS})],
        ["denies s3:* on *, if aws:SourceIp is in 10.0.0.0/8 and aws:SecureTransport is true"],
        ("aws:SourceIp is not in 10.0.0.0/8",),
    ),
    (
        "a Deny with a condition and a variable",
        [allow("*"), deny("s3:*", USERNAME, Condition=OFFICE)],
        [f"denies s3:* on {USERNAME}, if aws:SourceIp is in 10.0.0.0/8"],
        (f"aws:SourceIp is not in 10.0.0.0/8, or the resource is not {USERNAME} with the caller's values",),
    ),
    (
        "a Deny but on a variable",
        [allow("*"), {"Effect": "Deny", "Action": "s3:*", "NotResource": USERNAME}],
        [f"denies s3:* everywhere but on {USERNAME}"],
        (f"the resource is {USERNAME} with the caller's values",),
    ),
    (
        "only the variables that can be the resource",
        [allow("s3:*", [USERNAME, "arn:aws:s3:::other/${aws:userid}", f"{BUCKET}/${{aws:userid}}/*"])],
        [f"allows s3:* on {USERNAME}, arn:aws:s3:::other/${{aws:userid}} and 1 more"],
        (f"the resource is {USERNAME} or {BUCKET}/${{aws:userid}}/* with the caller's values",),
    ),
    (
        "two Denies",
        [allow("*"), deny("s3:*", Condition=OFFICE), deny("s3:Get*", Condition=REGION)],
        [
            "denies s3:* on *, if aws:SourceIp is in 10.0.0.0/8",
            "denies s3:Get* on *, if aws:RequestedRegion is eu-central-1",
        ],
        ("aws:SourceIp is not in 10.0.0.0/8", "aws:RequestedRegion is not eu-central-1"),
    ),
    (
        "two Allows",
        [allow("s3:*", Condition=OFFICE), allow("s3:Get*", Condition=REGION)],
        [
            "allows s3:* on *, if aws:SourceIp is in 10.0.0.0/8",
            "allows s3:Get* on *, if aws:RequestedRegion is eu-central-1",
        ],
        ("aws:SourceIp is in 10.0.0.0/8, or aws:RequestedRegion is eu-central-1",),
    ),
    (
        "an Allow with two conditions and one with another",
        [allow("s3:*", Condition={**OFFICE, **REGION}), allow("s3:Get*", Condition=TAGGED)],
        [
            "allows s3:* on *, if aws:SourceIp is in 10.0.0.0/8 and aws:RequestedRegion is eu-central-1",
            "allows s3:Get* on *, if aws:PrincipalTag/team is backup",
        ],
        ("aws:SourceIp is in 10.0.0.0/8 and aws:RequestedRegion is eu-central-1, or aws:PrincipalTag/team is backup",),
    ),
    (
        "an Allow that needs more than another",
        [allow("s3:*", Condition={**OFFICE, **REGION}), allow("s3:Get*", Condition=OFFICE)],
        [
            "allows s3:* on *, if aws:SourceIp is in 10.0.0.0/8 and aws:RequestedRegion is eu-central-1",
            "allows s3:Get* on *, if aws:SourceIp is in 10.0.0.0/8",
        ],
        ("aws:SourceIp is in 10.0.0.0/8",),
    ),
    (
        "two Allows and a Deny",
        [allow("s3:*", Condition=OFFICE), allow("s3:Get*", Condition=REGION), deny("*", Condition=TAGGED)],
        [
            "allows s3:* on *, if aws:SourceIp is in 10.0.0.0/8",
            "allows s3:Get* on *, if aws:RequestedRegion is eu-central-1",
            "denies * on *, if aws:PrincipalTag/team is backup",
        ],
        (
            "aws:SourceIp is in 10.0.0.0/8, or aws:RequestedRegion is eu-central-1",
            "aws:PrincipalTag/team is not backup",
        ),
    ),
    (
        "no Allow that is not needed",
        [allow("s3:*"), allow("s3:*", Condition=OFFICE), deny("s3:*", Condition=REGION)],
        ["denies s3:* on *, if aws:RequestedRegion is eu-central-1"],
        ("aws:RequestedRegion is not eu-central-1",),
    ),
    (
        "the same condition twice",
        [allow("s3:*", Condition=OFFICE), allow("s3:Get*", Condition=OFFICE)],
        ["allows s3:* on *, if aws:SourceIp is in 10.0.0.0/8", "allows s3:Get* on *, if aws:SourceIp is in 10.0.0.0/8"],
        ("aws:SourceIp is in 10.0.0.0/8",),
    ),
    (
        "a variable",
        [allow("s3:*", [USERNAME])],
        [f"allows s3:* on {USERNAME}"],
        (f"the resource is {USERNAME} with the caller's values",),
    ),
    (
        "a variable in a Deny",
        [allow("*"), deny("s3:*", USERNAME)],
        [f"denies s3:* on {USERNAME}"],
        (f"the resource is not {USERNAME} with the caller's values",),
    ),
]


@pytest.mark.parametrize(
    ("statements", "told", "conditions"), [row[1:] for row in CONDITIONAL], ids=[row[0] for row in CONDITIONAL]
)
def test_what_an_answer_depends_on_is_told(
    statements: list[Document], told: list[str], conditions: tuple[str, ...]
) -> None:
    answer = ask(*statements, resources=f"{BUCKET}/v/*")
    assert answer.decision == "conditional"
    assert words(answer) == told
    assert answer.conditions == conditions
    joined = "; and " if any(", or " in each for each in conditions) else " and "
    assert answer.reason == f"holds only if {joined.join(conditions)}"


USER = "arn:aws:iam::111122223333:user/veeam"
LAYERS: list[tuple[str, list[Document], dict[str, Any], tuple[str, ...]]] = [
    (
        "both a boundary and the identity policies",
        [allow("s3:*", Condition=OFFICE)],
        {"permissions_boundary": document(allow("*", Condition=REGION))},
        ("aws:SourceIp is in 10.0.0.0/8", "aws:RequestedRegion is eu-central-1"),
    ),
    (
        "a boundary alone",
        [allow("s3:*"), allow("s3:*", Condition=OFFICE)],
        {"permissions_boundary": document(allow("*", Condition=REGION))},
        ("aws:RequestedRegion is eu-central-1",),
    ),
    (
        "every level of SCPs",
        [allow("s3:*")],
        {
            "service_control_policies": [
                [document(allow("*", Condition=OFFICE), allow("*", Condition=TAGGED))],
                [document(allow("*"))],
                [document(allow("*", Condition=REGION))],
            ]
        },
        ("aws:SourceIp is in 10.0.0.0/8, or aws:PrincipalTag/team is backup", "aws:RequestedRegion is eu-central-1"),
    ),
    (
        "a session policy",
        [allow("s3:*")],
        {"session_policies": document(allow("*", Condition=OFFICE))},
        ("aws:SourceIp is in 10.0.0.0/8",),
    ),
    (
        "a bucket policy beside the identity policies",
        [allow("s3:*", Condition=OFFICE)],
        {
            "resource_policies": document(allow("s3:*", OBJECTS, Principal="*", Condition=REGION)),
            "principal": USER,
        },
        ("aws:SourceIp is in 10.0.0.0/8, or aws:RequestedRegion is eu-central-1",),
    ),
    (
        "a bucket policy that names the user, past a boundary",
        [allow("s3:*", Condition=OFFICE)],
        {
            "permissions_boundary": document(allow("*", Condition=TAGGED)),
            "resource_policies": document(allow("s3:*", OBJECTS, Principal={"AWS": USER}, Condition=REGION)),
            "principal": USER,
        },
        (
            "aws:SourceIp is in 10.0.0.0/8, or aws:RequestedRegion is eu-central-1",
            "aws:PrincipalTag/team is backup, or aws:RequestedRegion is eu-central-1",
        ),
    ),
    (
        "a bucket policy that names the user, alone",
        [allow("ec2:*", Condition=OFFICE)],
        {
            "resource_policies": document(allow("s3:*", OBJECTS, Principal={"AWS": USER}, Condition=REGION)),
            "principal": USER,
            "service_control_policies": [[document(allow("*", Condition=TAGGED))]],
        },
        ("aws:RequestedRegion is eu-central-1", "aws:PrincipalTag/team is backup"),
    ),
    (
        "a bucket policy that names the user and everybody",
        [allow("ec2:*")],
        {
            "resource_policies": document(allow("s3:*", OBJECTS, Principal={"AWS": ["*", USER]}, Condition=REGION)),
            "principal": USER,
        },
        ("aws:RequestedRegion is eu-central-1",),
    ),
    (
        "who calls",
        [allow("s3:*")],
        {"resource_policies": document(deny("s3:*", OBJECTS, Principal={"AWS": [USER, f"{USER}2"]}))},
        (f"the caller is not {USER} or {USER}2",),
    ),
    (
        "who calls, where all but some are denied",
        [allow("s3:*")],
        {"resource_policies": document({**deny("s3:*", OBJECTS), "NotPrincipal": {"AWS": USER}})},
        (f"the caller is {USER}",),
    ),
    (
        "who calls or from where",
        [allow("s3:*")],
        {"resource_policies": document(deny("s3:*", OBJECTS, Principal={"AWS": USER}, Condition=OFFICE))},
        (f"the caller is not {USER}, or aws:SourceIp is not in 10.0.0.0/8",),
    ),
]


@pytest.mark.parametrize(
    ("statements", "layers", "conditions"), [row[1:] for row in LAYERS], ids=[row[0] for row in LAYERS]
)
def test_what_an_answer_depends_on_is_told_for_every_layer(
    statements: list[Document], layers: dict[str, Any], conditions: tuple[str, ...]
) -> None:
    answer = ask(*statements, **layers)
    assert answer.decision == "conditional"
    assert answer.conditions == conditions
    assert len(set(answer.statements)) == len(answer.statements)


def test_a_deny_of_somebody_says_of_whom_and_how_to_declare_who_calls() -> None:
    answer = ask(allow("s3:*"), resource_policies=document(deny("s3:*", OBJECTS, Principal={"AWS": USER})))
    assert words(answer) == [f"denies s3:* on {OBJECTS}, if the caller is {USER}"]
    (declaration,) = answer.explanation.declarations
    assert declaration.startswith('principal="ARN" ')
    named: dict[str, Any] = {"resource_policies": document(deny("s3:*", OBJECTS, Principal={"AWS": USER}))}
    assert ask(allow("s3:*"), **named, principal=f"{USER}2").decision == "allowed"
    assert ask(allow("s3:*"), **named, principal=USER).decision == "denied"


def test_an_exclusion_by_a_variable_is_told_as_an_exclusion() -> None:
    answer = ask(allow_but("s3:*", USERNAME), resources=f"{BUCKET}/v/*")
    assert answer.conditions == (f"the resource is not {USERNAME} with the caller's values",)


def test_alternative_grants_are_not_told_as_if_both_were_needed() -> None:
    assert " and " not in ask(allow("s3:*", Condition=OFFICE), allow("s3:*", Condition=REGION)).reason


DECLARED = [
    ([allow("s3:*", Condition=OFFICE)], "--veeam-iam-context=aws:SourceIp=10.0.0.1"),
    ([allow("s3:*", Condition=REGION)], "--veeam-iam-context=aws:RequestedRegion=eu-central-1"),
]


@pytest.mark.parametrize(("statements", "declaration"), DECLARED)
def test_a_condition_is_told_with_how_to_declare_it(statements: list[Document], declaration: str) -> None:
    answer = ask(*statements)
    assert answer.explanation.declarations == (declaration,)
    key, _, value = declaration.removeprefix("--veeam-iam-context=").partition("=")
    assert ask(*statements, context={key: value}).decision == "allowed"


VPN = {"IpAddress": {"aws:SourceIp": "10.1.0.0/16"}}
FROM_2020 = {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}
TO_2030 = {"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}
TOGETHER: list[tuple[str, list[Document], tuple[str, ...]]] = [
    (
        "two conditions",
        [allow("s3:*", Condition={**OFFICE, **REGION})],
        ("aws:SourceIp=10.0.0.1", "aws:RequestedRegion=eu-central-1"),
    ),
    (
        "one of two Allows",
        [allow("s3:*", Condition=OFFICE), allow("s3:*", Condition=REGION)],
        ("aws:SourceIp=10.0.0.1",),
    ),
    (
        "the Allow of which a value can be derived",
        [allow("s3:*", Condition={"StringNotEquals": {"aws:userid": "A"}}), allow("s3:*", Condition=REGION)],
        ("aws:RequestedRegion=eu-central-1",),
    ),
    (
        "an Allow without a variable",
        [allow("s3:*", USERNAME), allow("s3:*", Condition=OFFICE)],
        ("aws:SourceIp=10.0.0.1",),
    ),
    (
        "one of a Deny's conditions",
        [allow("*"), deny("*", Condition={**OFFICE, **REGION})],
        ("aws:SourceIp=192.0.2.1",),
    ),
    ("two Denies", [allow("*"), deny("*", Condition=OFFICE), deny("*", Condition=VPN)], ("aws:SourceIp=192.0.2.1",)),
    (
        "one key of an Allow and a Deny",
        [allow("*", Condition=OFFICE), deny("*", Condition=VPN)],
        ("aws:SourceIp=10.0.0.1",),
    ),
    ("a span of time", [allow("*", Condition={**FROM_2020, **TO_2030})], ("aws:CurrentTime=2020-01-02T00:00:00Z",)),
    ("one key in two Allows", [allow("*", Condition=VPN), allow("*", Condition=OFFICE)], ("aws:SourceIp=10.1.0.1",)),
]


@pytest.mark.parametrize(("statements", "declared"), [row[1:] for row in TOGETHER], ids=[row[0] for row in TOGETHER])
def test_what_is_declared_together_makes_it_allowed(statements: list[Document], declared: tuple[str, ...]) -> None:
    answer = ask(*statements, resources=f"{BUCKET}/v/*")
    assert answer.explanation.declarations == tuple(f"--veeam-iam-context={each}" for each in declared)
    context = dict(each.split("=", 1) for each in declared)
    assert ask(*statements, resources=f"{BUCKET}/v/*", context=context).decision == "allowed"


def test_no_value_is_proposed_where_conditions_of_one_key_contradict_each_other() -> None:
    answer = ask(allow("*", Condition=VPN), deny("*", Condition=OFFICE))
    assert answer.explanation.declarations == ("--veeam-iam-context=aws:SourceIp=VALUE",)


_conditions = st.sampled_from(
    [OFFICE, REGION, TAGGED, VPN, FROM_2020, TO_2030, {**OFFICE, **REGION}, {**VPN, **TAGGED}]
)
_statements = st.lists(
    st.builds(
        lambda effect, resource, condition: {
            "Effect": effect, "Action": "s3:*", "Resource": resource, "Condition": condition,
        },
        st.sampled_from(["Allow", "Allow", "Deny"]),
        st.sampled_from(["*", f"{BUCKET}/a*", USERNAME]),
        _conditions,
    ),
    min_size=1,
    max_size=4,
)  # fmt: skip


@settings(deadline=None)
@given(_statements)
def test_law_what_is_proposed_to_declare_never_contradicts_and_is_enough_for_the_witness(
    statements: list[Document],
) -> None:
    answer = ask(*statements)
    if answer.decision == "conditional" and answer.witness:
        pairs = [each.removeprefix("--veeam-iam-context=").split("=", 1) for each in answer.explanation.declarations]
        context = dict(pairs)
        assert len(context) == len(pairs)
        after = ask(*statements, resources=answer.witness, context=context).decision
        needs_more = "VALUE" in context.values() or any("the caller's values" in each for each in answer.conditions)
        assert after == "allowed" or needs_more


@pytest.mark.parametrize("condition", [OFFICE, {"StringNotEquals": {"aws:userid": ["A", "B"]}}])
def test_declaring_what_a_deny_depends_on_makes_it_allowed(condition: Document) -> None:
    statements = [allow("*"), deny("s3:*", Condition=condition)]
    (declaration,) = ask(*statements).explanation.declarations
    key, _, value = declaration.removeprefix("--veeam-iam-context=").partition("=")
    assert value != "VALUE"
    assert ask(*statements, context={key: value}).decision == "allowed"

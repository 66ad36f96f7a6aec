"""The examples that people are shown: real-looking, and always ones of which the answer holds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_veeam_iam.iam.context import Context
from pytest_veeam_iam.iam.evaluation import authorizer, resources_wanted
from pytest_veeam_iam.iam.explanation import explain
from pytest_veeam_iam.iam.globs import wanted
from pytest_veeam_iam.iam.grammar import read_policy
from pytest_veeam_iam.sources.mapping import tree_of
from tests.policy_documents import Document, allow, deny, document
from tests.unit.iam.statements import BUCKET, OBJECTS, allow_but, ask

ID = "0123456789abcdef0"
INSTANCES = "arn:aws:ec2:*:*:instance/*"
LIFELIKE: list[tuple[str, list[Document], str, str]] = [
    ("everything", [], INSTANCES, f"arn:aws:ec2:us-east-1:111122223333:instance/i-{ID}"),
    ("an image", [], "arn:aws:ec2:*::image/*", f"arn:aws:ec2:us-east-1::image/ami-{ID}"),
    ("a type without such ids", [], "arn:aws:ec2:*:*:elastic-ip/*", "arn:aws:ec2:us-east-1:111122223333:elastic-ip/a"),
    (
        "a required region",
        [],
        "arn:aws:ec2:eu-west-3:*:volume/*",
        f"arn:aws:ec2:eu-west-3:111122223333:volume/vol-{ID}",
    ),
    (
        "a required part of a region",
        [],
        "arn:aws:ec2:eu-*:*:subnet/*",
        f"arn:aws:ec2:eu-central-1:111122223333:subnet/subnet-{ID}",
    ),
    (
        "a required account",
        [],
        "arn:aws:ec2:*:123456789012:instance/*",
        f"arn:aws:ec2:us-east-1:123456789012:instance/i-{ID}",
    ),
    (
        "a required part of an id",
        [],
        "arn:aws:ec2:*:*:instance/i-f*",
        "arn:aws:ec2:us-east-1:111122223333:instance/i-f",
    ),
    ("China", [], "arn:aws-cn:ec2:*:*:instance/*", f"arn:aws-cn:ec2:cn-north-1:111122223333:instance/i-{ID}"),
    ("GovCloud", [], "arn:aws-us-gov:ec2:*:*:vpc/*", f"arn:aws-us-gov:ec2:us-gov-west-1:111122223333:vpc/vpc-{ID}"),
    (
        "a region that nobody knows",
        [],
        "arn:aws:ec2:mars-?:*:instance/*",
        f"arn:aws:ec2:mars-a:111122223333:instance/i-{ID}",
    ),
    ("another service", [], "arn:aws:ssm:*::parameter/aws/service/*", "arn:aws:ssm:us-east-1::parameter/aws/service/a"),
    ("an id of another service", [], "arn:aws:rds:*:*:instance/*", "arn:aws:rds:us-east-1:111122223333:instance/a"),
    ("an id with colons", [], "arn:aws:logs:*:*:group:x:*", "arn:aws:logs:us-east-1:111122223333:group:x:"),
    ("a rare partition", [], "arn:aws-iso:ec2:*:*:vpc/*", f"arn:aws-iso:ec2:a:111122223333:vpc/vpc-{ID}"),
    ("an object", [], OBJECTS, f"{BUCKET}/a"),
    (
        "where the first region is granted",
        [allow("ec2:*", "arn:aws:ec2:us-east-1:*:*")],
        INSTANCES,
        f"arn:aws:ec2:eu-central-1:111122223333:instance/i-{ID}",
    ),
    (
        "where the first account is granted",
        [allow("ec2:*", "arn:aws:ec2:*:111122223333:*")],
        INSTANCES,
        f"arn:aws:ec2:us-east-1:444455556666:instance/i-{ID}",
    ),
    (
        "where real ids are granted",
        [allow("ec2:*", "arn:aws:ec2:*:*:instance/i-*")],
        INSTANCES,
        "arn:aws:ec2:us-east-1:111122223333:instance/a",
    ),
    (
        "where all but one id is granted",
        [allow_but("ec2:*", "arn:aws:ec2:*:*:instance/i-7")],
        INSTANCES,
        "arn:aws:ec2:us-east-1:111122223333:instance/i-7",
    ),
    (
        "where all but one odd region is granted",
        [allow_but("ec2:*", "arn:aws:ec2:q:000000000000:instance/*")],
        INSTANCES,
        f"arn:aws:ec2:q:000000000000:instance/i-{ID}",
    ),
    (
        "a Deny and not what is missing",
        [allow("ec2:*", "arn:aws:ec2:eu-*:*:*"), deny("ec2:*", "arn:aws:ec2:*:*:instance/i-0*")],
        INSTANCES,
        f"arn:aws:ec2:us-east-1:111122223333:instance/i-{ID}",
    ),
]


@pytest.mark.parametrize(
    ("statements", "pattern", "witness"), [row[1:] for row in LIFELIKE], ids=[row[0] for row in LIFELIKE]
)
def test_a_witness_looks_like_a_real_resource(statements: list[Document], pattern: str, witness: str) -> None:
    answer = ask(*statements, allow("iam:*"), action="ec2:StartInstances", resources=pattern)
    assert answer.witness == witness
    alone = ask(*statements, allow("iam:*"), action="ec2:StartInstances", resources=witness)
    assert alone.decision != "allowed"
    assert alone.witness == witness


def test_a_resource_that_was_asked_for_is_its_own_witness() -> None:
    odd = "arn:aws:ec2:a:000000000000:instance/a"
    assert ask(allow("iam:*"), action="ec2:StartInstances", resources=odd).witness == odd


def test_a_witness_shows_what_a_layer_takes_away() -> None:
    boundary = document(allow("ec2:*", "arn:aws:ec2:us-east-1:*:*"))
    answer = ask(allow("ec2:*"), action="ec2:StartInstances", resources=INSTANCES, permissions_boundary=boundary)
    assert answer.witness == f"arn:aws:ec2:eu-central-1:111122223333:instance/i-{ID}"
    assert answer.blocked_by == "boundary"


_regions = st.sampled_from(["*", "us-east-1", "us-*", "eu-central-1", "a", "?", "*1"])
_accounts = st.sampled_from(["*", "111122223333", "1*", "000000000000", "*3"])
_ids = st.sampled_from(
    ["*", "instance/*", "instance/i-*", "instance/i-0123456789abcdef0", "instance/a", "volume/*", "*0"]
)
_arns = st.builds("arn:aws:ec2:{}:{}:{}".format, _regions, _accounts, _ids) | st.just("*")
_offices = st.sampled_from([{}, {}, {"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}])


@st.composite
def _statement(draw: st.DrawFn) -> Document:
    effect, element = (
        draw(st.sampled_from(["Allow", "Allow", "Deny"])),
        draw(st.sampled_from(["Resource", "NotResource"])),
    )
    return {"Effect": effect, "Action": "ec2:*", element: draw(_arns), **draw(_offices)}


@settings(max_examples=300, deadline=None)
@given(
    st.lists(_statement(), min_size=1, max_size=4),
    st.sampled_from(["arn:aws:ec2:*:*:instance/*", "arn:aws:ec2:us-*:*:*/*"]),
)
def test_law_a_witness_is_wanted_and_has_the_verdict_that_it_is_shown_for(
    statements: list[Document], pattern: str
) -> None:
    policies = authorizer((read_policy(tree_of(document(*statements))),))
    wants = resources_wanted("ec2:StartInstances", [pattern], partition="aws", list_buckets_on_s3_arn=True)
    context = Context.of()
    answer = policies.answer("ec2:StartInstances", wants, context)
    witness = explain(policies, "ec2:StartInstances", wants, context, answer).witness
    assert (witness is None) is (answer.decision == "allowed")
    if witness is not None:
        assert wants[0].automaton.accepts_text(witness)
        alone: Any = policies.answer("ec2:StartInstances", [wanted(witness, literal=True)], context)
        assert list(alone.found) == [min(answer.found, key=lambda verdict: verdict.value)]

"""Why an answer is what it is, as a whole: the layer that blocks it, and what is said where nobody can tell."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_veeam_iam.iam.authorization import Answer, Decision
from pytest_veeam_iam.iam.context import Context
from pytest_veeam_iam.iam.evaluation import authorizer, resources_wanted
from pytest_veeam_iam.iam.explanation import explain
from pytest_veeam_iam.iam.grammar import read_policy
from pytest_veeam_iam.iam.verdicts import Layer, Verdict
from pytest_veeam_iam.sources.mapping import tree_of
from tests.policy_documents import allow, deny, document
from tests.unit.iam.statements import BUCKET, OBJECTS, ask, words

# --- layers ---

LAYERS: list[tuple[str, dict[str, Any], str, list[str]]] = [
    (
        "a boundary that comes near",
        {"permissions_boundary": document(allow("s3:*", BUCKET, Sid="B"))},
        'the permissions boundary does not allow it; nearest: <mapping> "B" allows it on arn:aws:s3:::acme: '
        "that is the bucket; objects are acme/*",
        ["allows it on arn:aws:s3:::acme: that is the bucket; objects are acme/*"],
    ),
    (
        "a boundary that does not",
        {"permissions_boundary": document(allow("ec2:*"))},
        "the permissions boundary does not allow it",
        [],
    ),
    (
        "an SCP",
        {"service_control_policies": [[document(allow("ec2:*"))]]},
        "a level of service control policies does not allow it",
        [],
    ),
    (
        "a session policy",
        {"session_policies": document({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"})},
        "the session policies do not allow it; nearest: <mapping> leaves it out by NotAction s3:*",
        ["leaves it out by NotAction s3:*"],
    ),
    (
        "a Deny in the boundary",
        {"permissions_boundary": document(allow("*"), deny("s3:*"))},
        "<mapping> denies s3:* on *",
        ["denies s3:* on *"],
    ),
    (
        "a bucket policy",
        {"resource_policies": document(deny("s3:*", OBJECTS, Principal="*"))},
        "<mapping> denies s3:* on arn:aws:s3:::acme/*",
        ["denies s3:* on arn:aws:s3:::acme/*"],
    ),
]


@pytest.mark.parametrize(("layers", "reason", "told"), [row[1:] for row in LAYERS], ids=[row[0] for row in LAYERS])
def test_a_layer_that_blocks_is_told(layers: dict[str, Any], reason: str, told: list[str]) -> None:
    answer = ask(allow("*"), **layers)
    assert answer.reason == reason
    assert words(answer) == told


def test_a_grant_of_a_limiting_layer_is_not_told_where_the_identity_policies_do_not_allow_it() -> None:
    answer = ask(allow("ec2:*"), permissions_boundary=document(allow("s3:*", BUCKET)))
    assert answer.causes == ()


# --- the budget ---


def test_an_answer_beyond_the_budget_says_so() -> None:
    policies = authorizer((read_policy(tree_of(document(allow("s3:*", OBJECTS)))),))
    wants = resources_wanted("s3:GetObject", [OBJECTS], partition="aws", list_buckets_on_s3_arn=True)
    given_up = Answer(Decision.UNDETERMINED, {Verdict.UNRESOLVED: None})
    why = explain(policies, "s3:GetObject", wants, Context.of(), given_up)
    assert (why.witness, why.causes, why.conditions, why.declarations, why.blocked_by) == (None, (), (), (), None)
    assert why.reason.startswith("cannot tell: the wildcards of these policies cross too often to be told apart")


def test_blocking_layers_are_those_of_the_public_names() -> None:
    assert {Layer.SCP.value, Layer.BOUNDARY.value, Layer.SESSION.value, Layer.RESOURCE.value} == {
        "scp",
        "boundary",
        "session",
        "resource",
    }


# --- what grants an allowed action ---


def test_only_the_statements_that_surely_apply_to_such_a_request_are_told_to_grant_it() -> None:
    here = allow("ec2:*", Sid="Here", Condition={"StringEquals": {"ec2:Region": "eu-west-1"}})
    own = allow("ec2:*", Sid="Own", Condition={"StringEquals": {"aws:ResourceAccount": "111122223333"}})
    policies = authorizer((read_policy(tree_of(document(here, own))),))
    context = Context.of(region="eu-west-1", account="111122223333")
    for resource, told in (
        ("arn:aws:ec2:eu-west-1::image/*", ["Here"]),
        ("arn:aws:ec2:eu-west-1:111122223333:volume/*", ["Here", "Own"]),
    ):
        wants = resources_wanted("ec2:RunInstances", [resource], partition="aws", list_buckets_on_s3_arn=True)
        answer = policies.answer("ec2:RunInstances", wants, context)
        explanation = explain(policies, "ec2:RunInstances", wants, context, answer)
        assert [cause.statement.sid for cause in explanation.causes] == told
        assert (answer.decision, explanation.conditions, explanation.declarations) == (Decision.ALLOWED, (), ())

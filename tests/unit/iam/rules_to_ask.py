"""What the tests of decisions share: compiled rules in one line each, and the question put to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.authorization import Answer, Authorizer
from pytest_veeam_iam.iam.automata import Budget
from pytest_veeam_iam.iam.certainty import Certainty
from pytest_veeam_iam.iam.context import Context
from pytest_veeam_iam.iam.evaluation import resources_wanted
from pytest_veeam_iam.iam.grammar import read_policy
from pytest_veeam_iam.iam.rules import Rule
from pytest_veeam_iam.iam.verdicts import Layer, RuleLayer
from pytest_veeam_iam.sources.mapping import tree_of
from tests.policy_documents import Document, document

if TYPE_CHECKING:
    from pytest_veeam_iam.iam.globs import Wanted

NEVER, DEPENDS, UNRESOLVED, ALWAYS = Certainty.NEVER, Certainty.DEPENDS, Certainty.UNRESOLVED, Certainty.ALWAYS
OBJECTS = "arn:aws:s3:::b/*"
KEY = "arn:aws:s3:::b/k"
PLENTY = 1_000_000

CONDITIONS: dict[Certainty, Document] = {
    ALWAYS: {},
    DEPENDS: {"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}},
    UNRESOLVED: {"Condition": {"StringIs": {"aws:userid": "x"}}},
    NEVER: {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
}
"""What makes a statement apply as surely as that."""


def rules(*statements: Document) -> tuple[Rule, ...]:
    policy = read_policy(tree_of(document(*statements)))
    return tuple(Rule(statement, has_variables=True) for statement in policy.statements)


def identity(*statements: Document) -> Authorizer:
    return Authorizer([RuleLayer(Layer.IDENTITY, rules(*statements))])


def wants(*patterns: str, action: str = "s3:GetObject") -> tuple[Wanted, ...]:
    return resources_wanted(action, patterns, partition="aws", list_buckets_on_s3_arn=True)


def answer(policies: Authorizer, *patterns: str, action: str = "s3:GetObject", budget: int = PLENTY) -> Answer:
    return policies.answer(action, wants(*patterns, action=action), Context.of(), Budget(budget))


def weakest_of(*values: Certainty) -> Certainty:
    if NEVER in values:
        return NEVER
    return UNRESOLVED if UNRESOLVED in values else min(values)

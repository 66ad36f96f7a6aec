"""How statements and layers come to one verdict for a resource: every combination of certainties."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from pytest_veeam_iam.iam.authorization import Authorizer, Decision
from pytest_veeam_iam.iam.verdicts import Layer, RuleLayer
from tests.policy_documents import allow, deny
from tests.unit.iam.rules_to_ask import (
    ALWAYS,
    CONDITIONS,
    DEPENDS,
    KEY,
    NEVER,
    OBJECTS,
    UNRESOLVED,
    answer,
    identity,
    rules,
    weakest_of,
)

if TYPE_CHECKING:
    from pytest_veeam_iam.iam.certainty import Certainty

# --- one class: how surely some Allow and some Deny match ---

A, C, U, M, D = (
    Decision.ALLOWED,
    Decision.CONDITIONAL,
    Decision.UNDETERMINED,
    Decision.MISSING,
    Decision.DENIED,
)
VERDICTS = [
    # Allow, Deny, decision
    (NEVER, NEVER, M),
    (NEVER, DEPENDS, M),
    (NEVER, UNRESOLVED, M),
    (NEVER, ALWAYS, D),
    (DEPENDS, NEVER, C),
    (DEPENDS, DEPENDS, C),
    (DEPENDS, UNRESOLVED, U),
    (DEPENDS, ALWAYS, D),
    (UNRESOLVED, NEVER, U),
    (UNRESOLVED, DEPENDS, U),
    (UNRESOLVED, UNRESOLVED, U),
    (UNRESOLVED, ALWAYS, D),
    (ALWAYS, NEVER, A),
    (ALWAYS, DEPENDS, C),
    (ALWAYS, UNRESOLVED, U),
    (ALWAYS, ALWAYS, D),
]


@pytest.mark.parametrize(("allowed", "denied", "decision"), VERDICTS)
@pytest.mark.parametrize("pattern", [KEY, OBJECTS, "arn:aws:s3:::*/*"])
@pytest.mark.parametrize("resource", ["*", "arn:aws:s3:::?*"])
def test_a_class_has_the_verdict_of_its_surest_allow_and_deny(
    allowed: Certainty, denied: Certainty, decision: Decision, pattern: str, resource: str
) -> None:
    policies = identity(
        allow("s3:*", resource, **CONDITIONS[allowed]),
        deny("s3:*", resource, **CONDITIONS[denied]),
        allow("ec2:*"),
        deny("ec2:*"),
    )
    assert answer(policies, pattern).decision is decision


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
@pytest.mark.parametrize(("one", "other"), list(product(CONDITIONS, repeat=2)))
def test_the_surest_of_several_statements_counts(effect: str, one: Certainty, other: Certainty) -> None:
    statements = [
        {"Effect": effect, "Action": "s3:*", "Resource": resource, **CONDITIONS[certainty]}
        for certainty, resource in ((one, "arn:aws:s3:::b/?*"), (other, OBJECTS))
    ]
    decision = answer(identity(*statements, *([allow("*")] if effect == "Deny" else [])), OBJECTS).decision
    surest = max(one, other)
    expected = {
        "Allow": {NEVER: M, DEPENDS: C, UNRESOLVED: U, ALWAYS: A},
        "Deny": {NEVER: A, DEPENDS: C, UNRESOLVED: U, ALWAYS: D},
    }
    assert decision is expected[effect][surest]


def test_all_conditions_of_a_statement_must_hold() -> None:
    for one, other in product([DEPENDS, UNRESOLVED, NEVER], repeat=2):
        both = {**CONDITIONS[one]["Condition"], **CONDITIONS[other]["Condition"]}
        weakest = NEVER if NEVER in (one, other) else max(one, other)
        decision = answer(identity(allow("s3:*", Condition=both)), OBJECTS).decision
        assert decision is {NEVER: M, DEPENDS: C, UNRESOLVED: U}[weakest]


# --- layers ---


def layered(**certainties: Certainty | list[Certainty]) -> Authorizer:
    """Return an authorizer whose layers allow as surely as that."""
    layers = []
    for name, values in certainties.items():
        for value in values if isinstance(values, list) else [values]:
            layers.append(RuleLayer(Layer[name.upper()], rules(allow("s3:*", **CONDITIONS[value]), allow("iam:*"))))
    return Authorizer(layers)


DECISIONS = {NEVER: M, DEPENDS: C, UNRESOLVED: U, ALWAYS: A}


@pytest.mark.parametrize("layer", ["boundary", "session", "scp"])
@pytest.mark.parametrize(("own", "limit"), list(product(CONDITIONS, repeat=2)))
def test_a_limiting_layer_must_allow_as_well(layer: str, own: Certainty, limit: Certainty) -> None:
    decision = answer(layered(identity=own, **{layer: limit}), OBJECTS).decision
    assert decision is DECISIONS[weakest_of(own, limit)]


@pytest.mark.parametrize(("root", "unit"), list(product(CONDITIONS, repeat=2)))
def test_every_level_of_scps_must_allow(root: Certainty, unit: Certainty) -> None:
    assert answer(layered(identity=ALWAYS, scp=[root, unit]), OBJECTS).decision is DECISIONS[weakest_of(root, unit)]


@pytest.mark.parametrize(
    ("own", "named", "direct", "boundary", "session", "scp"), list(product([ALWAYS, DEPENDS, NEVER], repeat=6))
)
def test_resource_policies_grant_beside_or_past_the_limits(
    own: Certainty, named: Certainty, direct: Certainty, boundary: Certainty, session: Certainty, scp: Certainty
) -> None:
    policies = layered(
        identity=own, resource=named, resource_direct=direct, boundary=boundary, session=session, scp=scp
    )
    limited = weakest_of(max(own, named), boundary, session)
    assert answer(policies, KEY).decision is DECISIONS[weakest_of(max(limited, direct), scp)]


@pytest.mark.parametrize("layer", Layer)
def test_a_deny_wins_wherever_it_stands(layer: Layer) -> None:
    everywhere = [RuleLayer(each, rules(allow("*"))) for each in Layer if each is not layer]
    policies = Authorizer([*everywhere, RuleLayer(layer, rules(allow("*"), deny("s3:Get*", "arn:aws:s3:::b/a*")))])
    assert answer(policies, OBJECTS).decision is Decision.PARTLY_DENIED
    assert answer(policies, "arn:aws:s3:::b/a*").decision is Decision.DENIED
    assert answer(policies, "arn:aws:s3:::b/b*").decision is Decision.ALLOWED
    assert answer(policies, OBJECTS, action="s3:PutObject").decision is Decision.ALLOWED


def test_layers_meet_resource_by_resource() -> None:
    policies = Authorizer(
        [
            RuleLayer(Layer.IDENTITY, rules(allow("s3:*", ["arn:aws:s3:::b/a*", "arn:aws:s3:::b/*z"]))),
            RuleLayer(
                Layer.BOUNDARY, rules({"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::b/ab*"})
            ),
        ]
    )
    assert answer(policies, "arn:aws:s3:::b/ac*").decision is Decision.ALLOWED
    assert answer(policies, "arn:aws:s3:::b/ab*").decision is Decision.MISSING
    assert answer(policies, "arn:aws:s3:::b/b*").decision is Decision.PARTIAL

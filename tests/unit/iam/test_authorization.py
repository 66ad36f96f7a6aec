"""IAM's logic: how statements, layers and classes of resources come to one decision, however it is computed."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_veeam_iam.iam.authorization import Answer, Authorizer, Decision
from pytest_veeam_iam.iam.automata import Budget
from pytest_veeam_iam.iam.classes import Asked, Question
from pytest_veeam_iam.iam.context import Context
from pytest_veeam_iam.iam.evaluation import authorizer
from pytest_veeam_iam.iam.globs import Wanted, wanted
from pytest_veeam_iam.iam.grammar import read_policy
from pytest_veeam_iam.iam.verdicts import Layer, RuleLayer, Verdict
from pytest_veeam_iam.sources.mapping import tree_of
from tests.policy_documents import Document, allow, deny, document
from tests.unit.iam.rules_to_ask import (
    CONDITIONS,
    DEPENDS,
    KEY,
    NEVER,
    OBJECTS,
    PLENTY,
    UNRESOLVED,
    answer,
    identity,
    rules,
    wants,
)

# --- several classes ---

FOLDS = [
    ({Verdict.DENIED}, Decision.DENIED),
    ({Verdict.MISSING}, Decision.MISSING),
    ({Verdict.UNRESOLVED}, Decision.UNDETERMINED),
    ({Verdict.DEPENDS}, Decision.CONDITIONAL),
    ({Verdict.ALLOWED}, Decision.ALLOWED),
]


def folded(verdicts: set[Verdict]) -> Decision:
    """Fold verdicts as the specification says it."""
    for alone, decision in FOLDS:
        if verdicts == alone:
            return decision
    if Verdict.DENIED in verdicts:
        return Decision.PARTLY_DENIED
    if Verdict.MISSING in verdicts:
        return Decision.PARTIAL
    return Decision.UNDETERMINED if Verdict.UNRESOLVED in verdicts else Decision.CONDITIONAL


STATEMENTS: dict[Verdict, list[Document]] = {
    Verdict.DENIED: [deny("s3:*", "arn:aws:s3:::b/{}")],
    Verdict.MISSING: [],
    Verdict.UNRESOLVED: [allow("s3:*", "arn:aws:s3:::b/{}", **CONDITIONS[UNRESOLVED])],
    Verdict.DEPENDS: [allow("s3:*", "arn:aws:s3:::b/{}", **CONDITIONS[DEPENDS])],
    Verdict.ALLOWED: [allow("s3:*", "arn:aws:s3:::b/{}")],
}


@pytest.mark.parametrize("present", list(product([True, False], repeat=5))[:-1])
@pytest.mark.parametrize("backwards", [False, True])
def test_the_gravest_verdict_decides(present: tuple[bool, ...], backwards: bool) -> None:
    verdicts = [verdict for verdict, is_there in zip(Verdict, present, strict=True) if is_there]
    if backwards:
        verdicts.reverse()
    statements = [
        {**statement, "Resource": statement["Resource"].format(f"{verdict.name[:3]}*")}
        for verdict in verdicts
        for statement in STATEMENTS[verdict]
    ]
    policies = identity(*statements, allow("ec2:*"))
    asked = [f"arn:aws:s3:::b/{verdict.name[:3]}*" for verdict in verdicts]
    assert answer(policies, *asked).decision is folded(set(verdicts))
    assert answer(policies, *(name.replace("*", "x") for name in asked)).decision is folded(set(verdicts))


def test_every_verdict_that_was_found_has_an_example() -> None:
    policies = identity(allow("s3:*", "arn:aws:s3:::b/a*"), allow("s3:*", "arn:aws:s3:::b/*", **CONDITIONS[DEPENDS]))
    found = answer(policies, OBJECTS).found
    examples = {verdict: example.resource for verdict, example in found.items() if example}
    assert examples == {Verdict.ALLOWED: "arn:aws:s3:::b/a", Verdict.DEPENDS: "arn:aws:s3:::b/b"}


def test_an_example_knows_what_it_was_asked_as() -> None:
    policies = identity(allow("ec2:*", "arn:aws:ec2:*:*:instance/*"))
    asked = ("arn:aws:ec2:*:*:instance/*", "arn:aws:ec2:*::image/*")
    example = answer(policies, *asked, action="ec2:RunInstances").found[Verdict.MISSING]
    assert example is not None
    assert example.asked.want.text == asked[1]


# --- the budget ---

CROSSING = [allow("s3:*", f"arn:aws:s3:::b/*{a}*{b}*{c}*") for a, b, c in ("abc", "bca", "cab", "acb", "bac", "cba")]


def test_a_search_beyond_its_budget_is_undetermined() -> None:
    policies = identity(allow("s3:*", "arn:aws:s3:::b/??*", **CONDITIONS[DEPENDS]), allow("s3:*", "arn:aws:s3:::b/*?"))
    assert answer(policies, OBJECTS).decision is Decision.ALLOWED
    exhausted = answer(policies, OBJECTS, budget=3)
    assert exhausted.decision is Decision.UNDETERMINED
    assert exhausted.found[Verdict.UNRESOLVED] is None


def test_what_was_found_within_the_budget_counts() -> None:
    stopped = answer(identity(*CROSSING), OBJECTS, budget=100)
    assert stopped.decision is Decision.PARTIAL
    assert set(stopped.found) >= {Verdict.MISSING, Verdict.UNRESOLVED}
    assert stopped.found[Verdict.UNRESOLVED] is None


def test_where_the_budget_ends_the_resources_that_the_patterns_speak_of_are_tried() -> None:
    denies = [{**statement, "Effect": "Deny"} for statement in CROSSING]
    stopped = answer(identity(allow("*"), *denies), OBJECTS, budget=0)
    assert stopped.decision is Decision.PARTLY_DENIED
    example = stopped.found[Verdict.DENIED]
    assert example is not None
    assert answer(identity(*denies), example.resource).decision is Decision.DENIED
    assert example.resource.startswith("arn:aws:s3:::b/")
    assert example.asked.want.text == OBJECTS


def test_only_wanted_resources_of_a_possible_length_are_tried() -> None:
    elsewhere = deny("s3:*", "arn:aws:s3:::?/*a*b*")
    assert answer(identity(allow("*"), elsewhere), OBJECTS, budget=0).decision is Decision.UNDETERMINED
    for length, decision in ((1082, Decision.UNDETERMINED), (1081, Decision.PARTLY_DENIED)):
        long = deny("s3:*", f"arn:aws:s3:::b/{'a' * length}*b*")
        assert answer(identity(allow("*"), long), OBJECTS, budget=0).decision is decision


def test_a_budget_is_for_all_of_the_resources_together() -> None:
    policies = identity(allow("s3:*", "arn:aws:s3:::?/??*"), allow("s3:*", "arn:aws:s3:::?/?"))
    asked = [f"arn:aws:s3:::{letter}/*" for letter in "abcdef"]
    needed = next(n for n in range(1, 500) if answer(policies, asked[0], budget=n).decision is Decision.ALLOWED)
    assert answer(policies, *asked, budget=needed).decision is Decision.UNDETERMINED
    assert answer(policies, *asked, budget=needed * len(asked)).decision is Decision.ALLOWED


def test_plain_answers_and_single_resources_cost_no_budget() -> None:
    assert answer(identity(allow("s3:*")), OBJECTS, budget=0).decision is Decision.ALLOWED
    assert answer(identity(*CROSSING), KEY, budget=0).decision is Decision.MISSING


def test_resources_that_nothing_tells_apart_cost_no_budget() -> None:
    assert answer(identity(allow("ec2:*")), OBJECTS, budget=0).decision is Decision.MISSING
    assert answer(identity(allow("s3:*", "arn:aws:s3:::other/*")), OBJECTS, budget=0).decision is Decision.MISSING


# --- the same answer, however it is computed ---

CALLER = Context.of()


def _searched(policies: Authorizer, action: str, asked: tuple[Wanted, ...], context: Context = CALLER) -> Answer:
    requests = [Asked(want, context.for_request(action, want.text)) for want in asked]
    return policies._search(policies.relevant(action), requests, Budget(PLENTY))


def _all_verdicts(policies: Authorizer, action: str, asked: tuple[Wanted, ...]) -> set[Verdict]:
    """Return every verdict there is, without stopping early."""
    context, budget = Context.of(), Budget(PLENTY)
    return {
        verdict
        for want in asked
        for verdict, _ in Question(
            policies.layers, policies.relevant(action), Asked(want, context.for_request(action, want.text)), budget
        ).verdicts()
    }


_globs = st.sampled_from(
    [
        "*", "arn:aws:s3:::*", "arn:aws:s3:::b*", "arn:aws:s3:::b", "arn:aws:s3:::b/*", "arn:aws:s3:::b/a*",
        "arn:aws:s3:::b/*a", "arn:aws:s3:::b/?*", "arn:aws:s3:::*/*", "arn:*:s3:::b/*", "arn:aws:s3:::c/*",
        "arn:aws:s3", "arn:aws:s3:::b/${aws:username}*", "arn:aws:ec2:*:*:*", "arn:aws:ec2:e*:*:instance/*", "b/*",
    ]
)  # fmt: skip
_actions = st.sampled_from(["*", "s3:*", "s3:Get*", "s3:GetObject", "s3:Put*", "ec2:*", "nonsense"])
_several = st.lists(_globs, min_size=1, max_size=3)


@st.composite
def _statement(draw: st.DrawFn) -> Document:
    return {
        "Effect": draw(st.sampled_from(["Allow", "Allow", "Allow", "Deny"])),
        draw(st.sampled_from(["Action", "Action", "NotAction"])): draw(_actions),
        draw(st.sampled_from(["Resource", "Resource", "Resource", "NotResource"])): draw(_several),
        **draw(st.sampled_from([{}, {}, *CONDITIONS.values()])),
    }


_document = st.lists(_statement(), min_size=1, max_size=4).map(lambda statements: document(*statements))
_layers = st.fixed_dictionaries(
    {"identity": st.lists(_document, min_size=1, max_size=2)},
    optional={
        "boundary": _document,
        "scps": st.lists(st.lists(_document, min_size=1, max_size=2), max_size=2),
        "sessions": st.lists(_document, max_size=1),
    },
)
_asked = st.sampled_from(
    [
        ("s3:GetObject", ("arn:aws:s3:::b/*",)),
        ("s3:GetObject", ("arn:aws:s3:::b/*", "arn:aws:s3:::c/a*")),
        ("s3:GetObject", ("arn:aws:s3:::*/*",)),
        ("s3:ListBucket", ("arn:aws:s3:::b",)),
        ("s3:ListAllMyBuckets", ("*",)),
        ("ec2:StartInstances", ("arn:aws:ec2:*:*:instance/*",)),
        ("ec2:RunInstances", ("arn:aws:ec2:*:*:instance/*", "arn:aws:ec2:*::image/*")),
        ("ec2:DescribeVpcs", ("*",)),
    ]
)


def _authorizer(layers: dict[str, Any]) -> Authorizer:
    def read(documents: list[Document]) -> Any:
        return tuple(read_policy(tree_of(each)) for each in documents)

    boundary = layers.get("boundary")
    return authorizer(
        read(layers["identity"]),
        boundary=read([boundary])[0] if boundary else None,
        sessions=read(layers.get("sessions", [])),
        scps=tuple(read(level) for level in layers.get("scps", [])),
    )


CONTEXTS = [
    CALLER,
    Context.of({"aws:username": "ann", "aws:SourceIp": "10.0.0.1"}),
    Context.of({"aws:username": None}, region="eu-west-1", account="111122223333"),
]


@settings(max_examples=300, deadline=None)
@given(_layers, st.lists(st.tuples(_asked, st.sampled_from(CONTEXTS)), min_size=1, max_size=4))
def test_the_fast_path_and_the_search_agree(
    layers: dict[str, Any], questions: list[tuple[tuple[str, tuple[str, ...]], Context]]
) -> None:
    policies = _authorizer(layers)
    for (action, patterns), context in questions:
        resources = wants(*patterns, action=action)
        searched = _searched(_authorizer(layers), action, resources, context).decision
        assert policies.answer(action, resources, context, Budget(PLENTY)).decision is searched
        if policies._is_plainly_allowed(policies.relevant(action), action, resources, context):
            assert searched is Decision.ALLOWED


@settings(max_examples=300, deadline=None)
@given(_layers, _asked)
def test_stopping_early_never_changes_the_decision(layers: dict[str, Any], asked: tuple[str, tuple[str, ...]]) -> None:
    policies, (action, patterns) = _authorizer(layers), asked
    resources = wants(*patterns, action=action)
    assert _searched(policies, action, resources).decision is folded(_all_verdicts(policies, action, resources))


@settings(max_examples=200, deadline=None)
@given(_layers, _asked)
def test_an_example_has_the_verdict_it_stands_for(layers: dict[str, Any], asked: tuple[str, tuple[str, ...]]) -> None:
    policies, (action, patterns) = _authorizer(layers), asked
    for verdict, example in _searched(policies, action, wants(*patterns, action=action)).found.items():
        assert example is not None
        want = example.asked.want
        single = want if want.is_literal else wanted(example.resource, literal=True)
        assert _all_verdicts(policies, action, (single,)) == {verdict}


PLAIN: list[tuple[str, list[Document], bool]] = [
    ("on the star", [allow("s3:*")], True),
    ("on the bucket's objects", [allow("s3:GetObject", OBJECTS)], True),
    ("on every object", [allow("s3:GetObject", "arn:aws:s3:::*")], True),
    ("in the second entry", [allow("s3:GetObject", ["arn:aws:s3:::c/*", OBJECTS])], True),
    ("in the second statement", [allow("s3:GetObject", "arn:aws:s3:::c/*"), allow("s3:*", OBJECTS)], True),
    ("a Deny of another action", [allow("s3:*"), deny("ec2:*")], True),
    ("a Deny of another bucket", [allow("s3:*"), deny("s3:*", "arn:aws:s3:::c/*")], True),
    ("a Deny of a part", [allow("s3:*"), deny("s3:*", "arn:aws:s3:::b/a*")], False),
    ("a Deny of all", [allow("s3:*"), deny("s3:*")], False),
    ("a Deny under a condition that never holds", [allow("s3:*"), deny("s3:*", **CONDITIONS[NEVER])], True),
    ("a Deny under a condition that may hold", [allow("s3:*"), deny("s3:*", **CONDITIONS[DEPENDS])], False),
    ("a Deny but here", [allow("s3:*"), {"Effect": "Deny", "Action": "*", "NotResource": OBJECTS}], True),
    ("a Deny but elsewhere", [allow("s3:*"), {"Effect": "Deny", "Action": "*", "NotResource": f"{OBJECTS}x"}], False),
    ("an Allow under a condition", [allow("s3:*", Condition={"Bool": {"aws:SecureTransport": "true"}})], True),
    ("an Allow under a condition that may hold", [allow("s3:*", **CONDITIONS[DEPENDS])], False),
    ("an Allow but elsewhere", [{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::c"}], False),
    ("on a part", [allow("s3:*", "arn:aws:s3:::b/a*")], False),
    ("on two parts", [allow("s3:*", ["arn:aws:s3:::b/?", "arn:aws:s3:::b/??*"])], False),
]


@pytest.mark.parametrize(("statements", "is_plain"), [row[1:] for row in PLAIN], ids=[row[0] for row in PLAIN])
def test_ordinary_grants_need_no_search(statements: list[Document], is_plain: bool) -> None:
    policies = identity(*statements)
    relevant = policies.relevant("s3:GetObject")
    assert policies._is_plainly_allowed(relevant, "s3:GetObject", wants(OBJECTS), CALLER) is is_plain
    two = wants(OBJECTS, "arn:aws:s3:::d/*")
    assert not policies._is_plainly_allowed(relevant, "s3:GetObject", two, CALLER) or any(
        s.get("Resource") in ("*", "arn:aws:s3:::*") for s in statements
    )


@pytest.mark.parametrize("spared", ["*", "arn:aws:s3:::*"])
def test_a_deny_but_on_one_name_of_all_buckets_is_the_same_in_both_ways(spared: str) -> None:
    policies = identity(allow("*"), {"Effect": "Deny", "Action": "*", "NotResource": spared})
    resources = wants("*", action="s3:ListAllMyBuckets")
    assert len(resources[0].names) == 2
    searched = _searched(policies, "s3:ListAllMyBuckets", resources).decision
    assert policies.answer("s3:ListAllMyBuckets", resources, CALLER).decision is searched


@pytest.mark.parametrize(
    ("kind", "is_plain"),
    [(layer, layer in (Layer.RESOURCE, Layer.RESOURCE_DIRECT)) for layer in Layer if layer is not Layer.IDENTITY],
)
def test_only_resource_policies_need_not_allow(kind: Layer, is_plain: bool) -> None:
    policies = Authorizer([RuleLayer(Layer.IDENTITY, rules(allow("*"))), RuleLayer(kind, rules(allow("ec2:*")))])
    relevant = policies.relevant("s3:GetObject")
    assert policies._is_plainly_allowed(relevant, "s3:GetObject", wants(OBJECTS), CALLER) is is_plain
    assert (answer(policies, OBJECTS).decision is Decision.ALLOWED) is is_plain


def test_the_case_of_the_asked_action_does_not_matter() -> None:
    policies = identity(allow("s3:GetObject"))
    assert answer(policies, OBJECTS, action="S3:GETOBJECT").decision is Decision.ALLOWED
    assert answer(policies, OBJECTS, action="s3:getobject").decision is Decision.ALLOWED


# --- what the action and the resource tell of a request ---


@pytest.mark.parametrize(
    ("action", "resource", "expected"),
    [
        ("ec2:StartInstances", "arn:aws:ec2:eu-west-1:111122223333:instance/*", Decision.ALLOWED),
        ("ec2:RunInstances", "arn:aws:ec2:eu-west-1::image/*", Decision.CONDITIONAL),
        ("s3:GetObject", "arn:aws:s3:::b/*", Decision.CONDITIONAL),
    ],
)
def test_the_account_of_the_resource_is_known_where_its_arn_has_one(
    action: str, resource: str, expected: Decision
) -> None:
    elsewhere = deny("*", Condition={"StringNotEquals": {"aws:ResourceAccount": "111122223333"}})
    context = Context.of(account="111122223333")
    assert identity(allow("*"), elsewhere).answer(action, [wanted(resource)], context).decision is expected


@pytest.mark.parametrize(
    ("action", "resource", "expected"),
    [
        ("ec2:StartInstances", "arn:aws:ec2:eu-west-1:111122223333:instance/*", Decision.ALLOWED),
        ("ec2:RunInstances", "arn:aws:ec2:eu-west-1::image/*", Decision.CONDITIONAL),
        ("ec2:CopyImage", "arn:aws:ec2:eu-west-1:111122223333:image/*", Decision.CONDITIONAL),
        ("logs:PutLogEvents", "arn:aws:logs:eu-west-1::log-group:a:b:c", Decision.CONDITIONAL),
    ],
)
def test_an_allow_knows_the_account_where_the_arn_has_one(action: str, resource: str, expected: Decision) -> None:
    own = allow("*", Condition={"StringEquals": {"aws:ResourceAccount": "111122223333"}})
    context = Context.of(account="111122223333")
    assert identity(own).answer(action, [wanted(resource)], context).decision is expected


@pytest.mark.parametrize(
    ("action", "expected"), [("s3:GetObject", Decision.ALLOWED), ("s3:ListAllMyBuckets", Decision.CONDITIONAL)]
)
def test_the_region_is_known_but_for_the_global_action(action: str, expected: Decision) -> None:
    elsewhere = deny("*", Condition={"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}})
    here = allow("*", Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}})
    for policies in (identity(allow("*"), elsewhere), identity(here)):
        assert policies.answer(action, [wanted("*")], Context.of(region="eu-west-1")).decision is expected

"""One compiled statement: which actions and resources it is about, and how surely it applies."""

from __future__ import annotations

from itertools import product

import pytest

from pytest_veeam_iam.iam.certainty import Certainty
from pytest_veeam_iam.iam.context import Context
from pytest_veeam_iam.iam.grammar import read_policy
from pytest_veeam_iam.iam.rules import Rule
from pytest_veeam_iam.sources.mapping import tree_of
from tests.policy_documents import Document, allow, deny, document
from tests.unit.iam.rules_to_ask import ALWAYS, CONDITIONS, DEPENDS, NEVER, UNRESOLVED, rules, weakest_of


@pytest.mark.parametrize(
    ("element", "entries", "action", "expected"),
    [
        ("Action", ["s3:GetObject"], "s3:getobject", True),
        ("Action", ["S3:getOBJECT"], "s3:getobject", True),
        ("Action", ["s3:GetObject"], "s3:getobjects", False),
        ("Action", ["s3:Get*"], "s3:getobject", True),
        ("Action", ["s3:?etObject"], "s3:getobject", True),
        ("Action", ["s3:Put*", "s3:Get*"], "s3:getobject", True),
        ("Action", ["s3:Put*", "s3:List*"], "s3:getobject", False),
        ("NotAction", ["s3:GetObject"], "s3:getobject", False),
        ("NotAction", ["S3:GET*"], "s3:getobject", False),
        ("NotAction", ["s3:Put*"], "s3:getobject", True),
        ("NotAction", ["s3:Put*", "s3:Get*"], "s3:getobject", False),
        ("Action", ["nonsense"], "s3:getobject", True),
        ("NotAction", ["nonsense", "s3:GetObject"], "s3:getobject", True),
        ("Action", [], "s3:getobject", True),
    ],
)
def test_a_rule_concerns_the_actions_it_names(element: str, entries: list[str], action: str, expected: bool) -> None:
    (rule,) = rules({"Effect": "Deny", element: entries, "Resource": "*"})
    assert rule.concerns(action) is expected


@pytest.mark.parametrize(
    ("statement", "is_plain"),
    [
        (allow("s3:*"), True),
        (deny("s3:*"), True),
        (allow("s3:*", "arn:aws:s3:::b/${aws:username}"), False),
        (allow("s3:*", **CONDITIONS[ALWAYS]), True),
        (allow("s3:*", Condition={"Bool": {"aws:SecureTransport": "true"}}), False),
        (allow("s3:*", "b"), False),
        ({"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::b"}, False),
        ({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}, True),
    ],
)
def test_a_rule_is_plain_if_nothing_but_its_globs_matters(statement: Document, is_plain: bool) -> None:
    assert rules(statement)[0].is_plain is is_plain


@pytest.mark.parametrize("applies", Certainty)
def test_a_rule_applies_no_more_surely_than_its_document(applies: Certainty) -> None:
    for effect, conditional in product(("Allow", "Deny"), (False, True)):
        statement = {"Effect": effect, "Action": "*", "Resource": "*", **CONDITIONS[DEPENDS if conditional else ALWAYS]}
        policy = read_policy(tree_of(document(statement)))
        rule = Rule(policy.statements[0], has_variables=True, applies=applies)
        assert rule.applies(Context.of()) is weakest_of(applies, DEPENDS if conditional else ALWAYS)
        assert rule.is_plain is (applies is ALWAYS and not conditional)


def test_a_refused_allow_never_applies_and_a_refused_deny_is_in_doubt() -> None:
    allowing, denying = rules(allow("s3:*", "b"), deny("s3:*", "b"))
    assert allowing.applies(Context.of()) is NEVER
    assert denying.applies(Context.of()) is UNRESOLVED
    assert denying.has_refused_resources
    assert denying.matches(["arn:aws:s3:::anything"], Context.of()) is UNRESOLVED
    (wrong_action,) = rules(deny("Get", "arn:aws:s3:::b"))
    assert not wrong_action.has_refused_resources
    assert wrong_action.matches(["arn:aws:s3:::b"], Context.of()) is UNRESOLVED
    assert wrong_action.matches(["arn:aws:s3:::c"], Context.of()) is NEVER


def test_variables_count_only_where_the_version_has_them() -> None:
    policy = read_policy(tree_of(document(allow("s3:*", "arn:aws:s3:::${aws:username}"))))
    context = Context.of({"aws:username": "bob"})
    with_variables = Rule(policy.statements[0], has_variables=True)
    without = Rule(policy.statements[0], has_variables=False)
    assert with_variables.globs is None
    assert with_variables.matches(["arn:aws:s3:::bob"], context) is ALWAYS
    assert with_variables.matches(["arn:aws:s3:::${aws:username}"], context) is NEVER
    assert without.globs is not None
    assert without.matches(["arn:aws:s3:::${aws:username}"], context) is ALWAYS
    assert without.matches(["arn:aws:s3:::bob"], context) is NEVER


def test_a_resource_of_two_names_is_matched_by_either() -> None:
    names = ("*", "arn:aws:s3:::*")
    by_star, by_arn, neither, all_but_arn, all_but_both = rules(
        allow("*"),
        allow("*", "arn:aws:s3:::*"),
        allow("*", "arn:aws:s3:::b"),
        {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::*"},
        {"Effect": "Allow", "Action": "*", "NotResource": "*"},
    )
    assert [rule.matches(names, Context.of()) for rule in (by_star, by_arn, neither)] == [ALWAYS, ALWAYS, NEVER]
    assert [rule.matches(names, Context.of()) for rule in (all_but_arn, all_but_both)] == [ALWAYS, NEVER]


@pytest.mark.parametrize(
    ("resources", "names", "expected"),
    [
        (["arn:aws:s3:::${aws:username}"], ["arn:aws:s3:::b"], ["arn:aws:s3:::${aws:username}"]),
        (["arn:aws:s3:::${aws:username}/*"], ["arn:aws:s3:::b"], []),
        (["arn:aws:s3:::b", "arn:aws:s3:::${aws:username}"], ["arn:aws:s3:::b"], ["arn:aws:s3:::${aws:username}"]),
        (["arn:aws:s3:::b", "*"], ["arn:aws:s3:::b"], []),
        (["arn:aws:s3:::${aws:PrincipalTag/none}"], ["arn:aws:s3:::b"], []),
        (["arn:aws:s3:::${aws:PrincipalTag/known}"], ["arn:aws:s3:::b"], []),
        (["arn:aws:s3:::${aws:userid}"], ["*", "arn:aws:s3:::*"], ["arn:aws:s3:::${aws:userid}"]),
    ],
)
def test_the_resources_in_doubt_are_those_whose_variables_are_not_known(
    resources: list[str], names: list[str], expected: list[str]
) -> None:
    (rule,) = rules(allow("*", resources))
    context = Context.of({"aws:PrincipalTag/none": None, "aws:PrincipalTag/known": "b"})
    assert [entry.text for entry in rule.open_resources(names, context)] == expected


@pytest.mark.parametrize(("version", "expected"), [("2012-10-17", ALWAYS), ("2008-10-17", NEVER)])
def test_a_condition_has_variables_where_its_document_has_them(version: str, expected: Certainty) -> None:
    statement = allow("s3:*", Condition={"StringEquals": {"aws:PrincipalTag/a": "${aws:PrincipalTag/b}"}})
    (compiled,) = read_policy(tree_of(document(statement, version=version))).statements
    rule = Rule(compiled, has_variables=version == "2012-10-17")
    context = Context.of({"aws:PrincipalTag/a": "x", "aws:PrincipalTag/b": "x"})
    assert rule.condition_holds(compiled.conditions[0], context) is expected
    assert rule.applies(context) is expected

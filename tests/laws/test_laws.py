"""Laws that hold for all policies, whatever the answer is: each asks the engine more than once and compares."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from tests.laws.asking import (
    ACCOUNT,
    REQUIRED,
    Question,
    action_globs,
    ask,
    documents,
    globs_about,
    is_short,
    questions,
)
from tests.laws.oracle import Document, Layers, as_list

if TYPE_CHECKING:
    from collections.abc import Callable

law = settings(max_examples=60, deadline=None)

EVERYTHING: Document = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


def with_statements(question: Question, change: Callable[[Document], list[Document]]) -> Question:
    """Return the question with each statement, in whatever layer, replaced by some."""

    def changed(document: Document) -> Document:
        return {**document, "Statement": list(chain.from_iterable(map(change, document["Statement"])))}

    layers = question.layers
    return replace(
        question,
        layers=Layers(
            tuple(map(changed, layers.identity)),
            changed(layers.boundary) if layers.boundary else None,
            tuple(tuple(map(changed, level)) for level in layers.levels),
            tuple(map(changed, layers.sessions)),
        ),
    )


def with_identity(question: Question, *policies: Document) -> Question:
    """Return the question with other identity policies."""
    return replace(question, layers=replace(question.layers, identity=policies))


def extra_statement(data: st.DataObject, question: Question) -> Document:
    """Draw one more statement about what is asked."""
    globs = st.one_of(*map(globs_about, question.resources))
    pool = [*data.draw(st.lists(globs, min_size=1, max_size=2)), *question.resources]
    statement: Document = data.draw(documents(question.action, pool, most=1))["Statement"][0]
    return statement


# More statements.


@law
@given(question=questions(sure=False), data=st.data())
def test_adding_an_allow_never_removes_coverage(question: Question, data: st.DataObject) -> None:
    allow = {**extra_statement(data, question), "Effect": "Allow"}
    first, *others = question.layers.identity
    more = with_identity(question, {**first, "Statement": [*first["Statement"], allow]}, *others)
    before, after = question.ask().decision, more.ask().decision
    event(f"{before} -> {after}")
    if before == "allowed":
        assert after == "allowed"
    else:
        assert before == "missing" or after != "missing"


@law
@given(question=questions(), data=st.data())
def test_an_allow_never_undoes_a_deny(question: Question, data: st.DataObject) -> None:
    allow = {**extra_statement(data, question), "Effect": "Allow"}
    more = with_identity(question, *question.layers.identity, {"Version": "2012-10-17", "Statement": [allow]})
    denied = ("denied", "partly_denied")
    before, after = question.ask().decision, more.ask().decision
    assert after == before or (before not in denied and after not in denied)


@law
@given(question=questions(sure=False), data=st.data())
def test_adding_a_deny_never_adds_coverage(question: Question, data: st.DataObject) -> None:
    deny = {**extra_statement(data, question), "Effect": "Deny"}
    policy = {"Version": "2012-10-17", "Statement": [deny]}
    before, after = question.ask().decision, with_identity(question, *question.layers.identity, policy).ask().decision
    event(f"{before} -> {after}")
    assert before == "allowed" or after != "allowed"


@law
@given(question=questions(layered=False, sure=False), data=st.data())
def test_another_layer_never_adds_coverage(question: Question, data: st.DataObject) -> None:
    pool = [*question.resources, "*", data.draw(globs_about(question.resources[0]))]
    limit = data.draw(documents(question.action, [glob for glob in pool if not is_short(glob)], most=2))
    layers = question.layers
    for limited in (
        replace(layers, boundary=limit),
        replace(layers, levels=((limit,),)),
        replace(layers, sessions=(limit,)),
    ):
        assert question.ask().decision == "allowed" or replace(question, layers=limited).ask().decision != "allowed"


@law
@given(question=questions(layered=False))
def test_every_layer_reads_a_document_alike(question: Question) -> None:
    everything, policies = (EVERYTHING,), question.layers.identity
    layers = [
        Layers(policies, levels=(policies, policies)),
        Layers(everything, levels=(policies,)),
        Layers(everything, levels=(everything, policies)),
    ]
    if len(policies) == 1:
        layers.append(Layers(everything, boundary=policies[0]))
    if not any(map(is_short, resource_globs(question))):
        layers += [Layers(policies, sessions=policies), Layers(everything, sessions=policies)]
    expected = question.ask().decision
    assert {replace(question, layers=other).ask().decision for other in layers} == {expected}


def resource_globs(question: Question) -> list[str]:
    """Return all entries of Resource and NotResource."""
    keys = ("Resource", "NotResource")
    return [glob for said in question.layers.statements() for key in keys for glob in as_list(said.get(key, []))]


# What must not matter.


@law
@given(question=questions(sure=False), data=st.data())
def test_the_order_of_statements_and_policies_does_not_matter(question: Question, data: st.DataObject) -> None:
    policies = [
        {**document, "Statement": data.draw(st.permutations(document["Statement"]))}
        for document in data.draw(st.permutations(question.layers.identity))
    ]
    assert with_identity(question, *policies).ask().decision == question.ask().decision


@law
@given(question=questions(sure=False))
def test_statements_may_stand_in_one_policy_or_in_many(question: Question) -> None:
    statements = [statement for document in question.layers.identity for statement in document["Statement"]]
    split = [{"Version": "2012-10-17", "Statement": [statement]} for statement in statements]
    joined = {"Version": "2012-10-17", "Statement": statements}
    expected = question.ask().decision
    assert with_identity(question, *split).ask().decision == expected
    assert with_identity(question, joined).ask().decision == expected


@law
@given(question=questions(sure=False))
def test_saying_it_twice_changes_nothing(question: Question) -> None:
    twice = with_statements(question, lambda statement: [statement, {**statement, "Sid": statement["Sid"] + "Again"}])
    assert twice.ask().decision == question.ask().decision


@law
@given(question=questions(sure=False))
def test_a_string_is_a_list_of_one(question: Question) -> None:
    def as_lists(statement: Document) -> list[Document]:
        return [
            {key: as_list(value) if key.endswith(("Action", "Resource")) else value for key, value in statement.items()}
        ]

    def as_strings(statement: Document) -> list[Document]:
        return [
            {
                key: value[0] if key.endswith(("Action", "Resource")) and len(value) == 1 else value
                for key, value in as_lists(statement)[0].items()
            }
        ]

    alone = with_identity(
        question,
        *(
            {**document, "Statement": document["Statement"][0]} if len(document["Statement"]) == 1 else document
            for document in question.layers.identity
        ),
    )
    expected = question.ask().decision
    assert with_statements(question, as_lists).ask().decision == expected
    assert with_statements(question, as_strings).ask().decision == expected
    assert alone.ask().decision == expected


@law
@given(question=questions(sure=False))
def test_a_list_is_as_many_statements_except_under_a_not(question: Question) -> None:
    def one_each(statement: Document) -> list[Document]:
        return [
            {**statement, **action, **resource}
            for action in _apart(statement, "Action")
            for resource in _apart(statement, "Resource")
        ]

    assert with_statements(question, one_each).ask().decision == question.ask().decision


def _apart(statement: Document, key: str) -> list[Document]:
    return [{key: value} for value in as_list(statement[key])] if key in statement else [{}]


# Case.


@law
@given(question=questions(sure=False), change=st.sampled_from([str.upper, str.lower, str.swapcase]))
def test_the_case_of_actions_never_matters(question: Question, change: Callable[[str], str]) -> None:
    def changed(statement: Document) -> list[Document]:
        key = "Action" if "Action" in statement else "NotAction"
        return [{**statement, key: [change(action) for action in as_list(statement[key])]}]

    expected = question.ask().decision
    assert with_statements(question, changed).ask().decision == expected
    assert replace(question, action=change(question.action)).ask().decision == expected


@law
@given(data=st.data())
def test_the_case_of_arns_always_matters(data: st.DataObject) -> None:
    action = data.draw(st.sampled_from(sorted(set(REQUIRED) - {"s3:ListAllMyBuckets", "ec2:DescribeVpcs"})))
    required = data.draw(st.sampled_from(REQUIRED[action]))
    letters = [index for index, character in enumerate(required) if character.isalpha()]
    assume(letters)
    index = data.draw(st.sampled_from(letters))
    other = required[:index] + required[index].swapcase() + required[index + 1 :]
    answers = [
        ask([{"Statement": {"Effect": "Allow", "Action": "*", "Resource": glob}}], action, [required]).decision
        for glob in (required, other)
    ]
    assert answers == ["allowed", "missing"]


# Complements.


@law
@given(data=st.data())
def test_notaction_is_the_complement_of_action(data: st.DataObject) -> None:
    action = data.draw(st.sampled_from(sorted(REQUIRED)))
    listed = data.draw(st.lists(st.sampled_from(action_globs(action)), min_size=1, max_size=3))
    answers = [
        ask([{"Version": "2012-10-17", "Statement": statements}], action, REQUIRED[action]).decision
        for key in ("Action", "NotAction")
        for statements in (
            [{"Effect": "Allow", key: listed, "Resource": "*"}],
            [*EVERYTHING["Statement"], {"Effect": "Deny", key: listed, "Resource": "*"}],
        )
    ]
    assert answers in (["allowed", "denied", "missing", "allowed"], ["missing", "allowed", "allowed", "denied"])


@law
@given(data=st.data())
def test_notresource_is_the_complement_of_resource(data: st.DataObject) -> None:
    action = data.draw(st.sampled_from(sorted(set(REQUIRED) - {"s3:ListAllMyBuckets"})))  # it has two names
    required = data.draw(st.sampled_from(REQUIRED[action]))
    listed = data.draw(st.lists(globs_about(required), min_size=1, max_size=3))

    def decision(*statements: Document) -> str:
        return str(ask([{"Version": "2012-10-17", "Statement": list(statements)}], action, [required]).decision)

    these = {"Effect": "Allow", "Action": "*", "Resource": listed}
    others = {"Effect": "Allow", "Action": "*", "NotResource": listed}
    opposite = {"allowed": "missing", "missing": "allowed", "partial": "partial"}
    assert decision(others) == opposite[decision(these)]
    assert decision(these, others) == "allowed"
    as_deny = {"allowed": "allowed", "missing": "denied", "partial": "partly_denied"}
    for kept, denied in ((others, these), (these, others)):
        assert decision(EVERYTHING["Statement"][0], {**denied, "Effect": "Deny"}) == as_deny[decision(kept)]


# What is required.


@law
@given(question=questions(sure=False), data=st.data())
def test_what_is_allowed_on_all_is_allowed_on_some(question: Question, data: st.DataObject) -> None:
    required = data.draw(st.sampled_from(question.resources))
    fields = required.split(":", 5)
    assume(len(fields) == 6)
    fills = {3: ["e", "ee", "z*"], 4: [ACCOUNT, "0" * 12], 5: ["a", "i*", "*b", "ab", "*a*b*"]}
    for index, values in fills.items():
        fields[index] = fields[index].replace("*", data.draw(st.sampled_from([*values, "*"])))
    smaller = replace(question, resources=(":".join(fields),)).ask().decision
    event(str(smaller))
    assert question.ask().decision != "allowed" or smaller == "allowed"


@law
@given(question=questions(sure=False))
def test_several_resources_are_allowed_if_each_one_is(question: Question) -> None:
    each = [replace(question, resources=(required,)).ask().decision for required in question.resources]
    assert (question.ask().decision == "allowed") == all(decision == "allowed" for decision in each)


LITERAL = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:GetObjectRetention", "s3:DeleteObject"]


@pytest.mark.parametrize("removed", LITERAL)
def test_removing_an_action_from_a_list_makes_exactly_that_action_missing(removed: str) -> None:
    left = [action for action in LITERAL if action != removed]
    policy = {"Statement": [{"Effect": "Allow", "Action": left, "Resource": "arn:aws:s3:::b/*"}]}
    answers = {action: ask([policy], action, ["arn:aws:s3:::b/*"]).decision for action in LITERAL}
    assert answers == {action: "missing" if action == removed else "allowed" for action in LITERAL}

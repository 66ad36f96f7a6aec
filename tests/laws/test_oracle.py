"""The evaluator against an oracle that looks at every resource: on random documents they never disagree."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import islice

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.laws.asking import ACCOUNT, REQUIRED, RESOURCE_GLOBS, Question, ask, globs, questions, required_patterns
from tests.laws.oracle import (
    NEVER,
    UNRESOLVED,
    Document,
    Layers,
    arn_glob,
    as_list,
    blocked_by,
    covers,
    decide,
    denoted,
    denotes,
    every_text,
    globs_of,
    is_wild,
    matches,
    verdict,
)  # fmt: skip

ANYTHING: Document = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def allowed_but(denied: str) -> Document:
    """Return a document that allows everything but one resource."""
    return {"Version": "2012-10-17", "Statement": [ANYTHING, {"Effect": "Deny", "Action": "*", "Resource": denied}]}


@settings(max_examples=200, deadline=None)
@given(question=questions())
def test_the_decision_is_that_of_every_resource(question: Question) -> None:
    expected = decide(question.layers, question.action, question.resources)
    event(expected)
    assert question.ask().decision == expected


def test_a_class_that_the_ordinary_budget_does_not_reach_is_found_with_more() -> None:
    denied = "arn:a*:ssm:e*:????????????:a*//"
    policies = ({"Version": "2012-10-17", "Statement": [{**ANYTHING, "Effect": "Deny", "Resource": denied}]},)
    question = Question(Layers(policies), "s3:GetObject", ("arn:aws:s3:::b*/:??*",))
    assert question.ask().decision == "partly_denied"


@settings(max_examples=120, deadline=None)
@given(question=questions(sure=False))
def test_the_decision_weighs_what_conditions_leave_open(question: Question) -> None:
    expected = decide(question.layers, question.action, question.resources)
    event(expected)
    assert question.ask().decision == expected


@settings(max_examples=80, deadline=None)
@given(question=questions(sure=False))
def test_a_witness_is_a_denoted_resource_and_shows_the_decision_at_its_worst(question: Question) -> None:
    answer = question.ask()
    assert (answer.witness is None) == (answer.decision == "allowed")
    if answer.witness is not None:
        assert any(denotes(required, answer.witness) for required in question.resources)
        worst = {"partly_denied": "denied", "partial": "missing"}.get(answer.decision, str(answer.decision))
        assert verdict(question.layers, question.action, answer.witness) == worst


@settings(max_examples=80, deadline=None)
@given(question=questions())
def test_the_layer_that_blocks_is_the_first_that_decides_although_the_identity_policies_allow(
    question: Question,
) -> None:
    answer = question.ask()
    expected = blocked_by(question.layers, question.action, answer.witness) if answer.witness else None
    event(str(expected))
    assert answer.blocked_by == expected


@settings(max_examples=50, deadline=None)
@given(question=questions())
def test_a_denied_witness_is_blamed_on_denies_that_match_it(question: Question) -> None:
    answer = question.ask()
    if answer.witness is not None and verdict(question.layers, question.action, answer.witness) == "denied":
        by_sid = {statement["Sid"]: statement for statement in question.layers.statements()}
        blamed = [by_sid[str(statement.sid)] for statement in answer.statements]
        assert blamed
        for statement in blamed:
            assert statement["Effect"] == "Deny"
            assert covers(statement, question.action, answer.witness)


BROKEN = {"Action": ["s3", "", "s3:Get Object", "*:GetObject"], "Resource": ["b/*", "", "arn:aws:*:::b/*", "?"]}


@settings(max_examples=80, deadline=None)
@given(question=questions(layered=False), data=st.data())
def test_an_invalid_allow_grants_nothing_and_an_invalid_deny_is_never_ignored(
    question: Question, data: st.DataObject
) -> None:
    asked, judged = [], []
    truths = {}
    for document in question.layers.identity:
        asked.append({**document, "Statement": []})
        judged.append({**document, "Statement": []})
        for statement in document["Statement"]:
            half = data.draw(st.sampled_from(["", "", *BROKEN]))
            key = next((key for key in (half, f"Not{half}") if key in statement), "")
            bad = data.draw(st.sampled_from(BROKEN[half])) if half else ""
            asked[-1]["Statement"].append({**statement, key: [*as_list(statement[key]), bad]} if key else statement)
            # What it was meant to be is not known: perhaps everything.
            rest = {name: value for name, value in statement.items() if name != key}
            judged[-1]["Statement"].append({**rest, half: "*"} if key else statement)
            if key:
                truths[statement["Sid"]] = UNRESOLVED if statement["Effect"] == "Deny" else NEVER
    expected = decide(Layers(tuple(judged), truths=truths), question.action, question.resources)
    event(expected)
    assert ask(asked, question.action, question.resources).decision == expected


@settings(max_examples=80, deadline=None)
@given(question=questions(), data=st.data())
def test_a_single_request_has_the_answer_of_its_one_resource(question: Question, data: st.DataObject) -> None:
    required = data.draw(st.sampled_from(question.resources))
    some = islice(denoted(required, globs_of(question.layers)), 20)
    resource = data.draw(st.sampled_from([*some, required]))  # a wildcard in it is a character of its name
    expected = verdict(question.layers, question.action, resource)
    event(expected)
    assert replace(question, resources=(resource,)).ask(complete=True).decision == expected


# What a required pattern denotes.


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_required_pattern_denotes_the_real_resources(data: st.DataObject) -> None:
    action = data.draw(st.sampled_from(sorted(REQUIRED)))
    required = data.draw(required_patterns(action))
    if required == "*":
        return
    fields = required.split(":", 5)
    fields[3] = data.draw(st.sampled_from(["", "e", "ee", "eze"])) if is_wild(fields[3]) else fields[3]
    fields[4] = data.draw(st.sampled_from(["", ACCOUNT, ACCOUNT + "1", "abc"])) if is_wild(fields[4]) else fields[4]
    while is_wild(fields[5]):
        fields[5] = re.sub(r"[*?]", data.draw(st.text("abi/:", max_size=3)), fields[5], count=1)
    resource = ":".join(fields)
    event(str(denotes(required, resource)))
    assert (ask([allowed_but(resource)], action, [required]).decision != "allowed") == denotes(required, resource)


@pytest.mark.parametrize("account", ["1*2", "1?*", "?" * 12])
def test_a_wild_account_has_twelve_digits(account: str) -> None:
    unreal = [f"arn:aws:ec2:*:{glob}:*" for glob in ("12", "*a*")]
    denies = [allowed_but(denied) for denied in unreal]
    assert ask(denies, "ec2:StartInstances", [f"arn:aws:ec2:e:{account}:instance/*"]).decision == "allowed"


def test_a_short_arn_is_an_error_in_a_session_policy() -> None:
    everything = {"Version": "2012-10-17", "Statement": [ANYTHING]}
    session = {"Version": "2012-10-17", "Statement": [{**ANYTHING, "Resource": "arn:aws:s3"}]}
    answer = ask([everything], "s3:ListBucket", ["arn:aws:s3:::b"], sessions=[session])
    assert answer.decision == "missing"


# The oracle itself.


@settings(max_examples=8, deadline=None)
@given(
    bucket=st.sampled_from(["b", "*", "b*"]),
    required=globs("ab*?", 3),
    others=st.lists(globs("ab*?/:", 5), min_size=1, max_size=3),
)
def test_the_oracle_lists_resources_of_every_kind_there_is(bucket: str, required: str, others: list[str]) -> None:
    pattern = f"arn:aws:s3:::{bucket}/{required}*"
    apart = [arn_glob(f"arn:aws:s3:::{glob}") for glob in others]
    listed = list(denoted(pattern, apart))
    assert all(denotes(pattern, resource) for resource in listed)
    kinds = {tuple(matches(glob, resource) for glob in apart) for resource in listed}
    for text in every_text("ab/:z", 5):
        resource = f"arn:aws:s3:::{text}"
        if denotes(pattern, resource):
            assert tuple(matches(glob, resource) for glob in apart) in kinds


@settings(max_examples=200, deadline=None)
@given(glob=RESOURCE_GLOBS, data=st.data())
def test_the_oracle_reads_wildcards_as_the_specification_says(glob: str, data: st.DataObject) -> None:
    complete = glob if glob.endswith("*") else glob + ":*" * max(0, 5 - glob.count(":"))
    fields = complete.split(":")
    expressions = []
    for index, written in enumerate(fields):
        *inside, last = re.split(r"(?=[*])", written.replace("?", "."))
        star = ".*" if index > 4 else "[^:]*"
        within = "".join(inside).replace("*", star)
        expressions.append(within + (last.replace("*", ".*") if last == "*" else last.replace("*", star)))
    text = re.sub(r"[*?]", lambda _: data.draw(st.text("ab1:/", max_size=2)), complete)
    assert matches(arn_glob(glob), text) == bool(re.fullmatch(":".join(expressions), text))

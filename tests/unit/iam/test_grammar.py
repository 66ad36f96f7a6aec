"""What is a policy document, what AWS refuses of it, and where: every form, every message, every place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.document import Effect, Policy, Statement
from pytest_veeam_iam.iam.grammar import is_policy, read_policy
from pytest_veeam_iam.iam.tree import TextSource
from pytest_veeam_iam.sources.json_text import parse


def read(text: str, entity: str | None = None) -> Policy:
    return read_policy(parse(TextSource("p.json", text)), entity)


def statement(**elements: Any) -> Statement:
    """Return the statement of these elements, which stands in the third line of its document."""
    whole = {"Effect": "Allow", "Action": "s3:*", "Resource": "*", **elements}
    return read_text(json.dumps({key: value for key, value in whole.items() if value is not ...}))


def read_text(text: str) -> Statement:
    (only,) = read(f'{{"Version": "2012-10-17",\n "Statement":\n{text}}}').statements
    return only


def problems(found: Statement | Policy) -> list[tuple[str, str, str]]:
    every = found.problems
    return [(str(problem.location), problem.element, problem.message) for problem in every]


def refusal(text: str) -> str:
    with pytest.raises(PolicyLoadError) as caught:
        read(text)
    return str(caught.value)


def refused_statement(text: str) -> str:
    return refusal(f'{{"Statement":\n{text}}}')


# --- structure ---


def test_a_document_is_read_whole() -> None:
    policy = read(
        """{
  "Version": "2012-10-17",
  "Id": "anything",
  "Statement": [
    {
      "Sid": "First",
      "Effect": "Allow",
      "Action": ["s3:GetObject", "s3:PutObject"],
      "Resource": "arn:aws:s3:::b/*",
      "Condition": {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.0.2.1"]}, "Bool": {"aws:SecureTransport": true}}
    },
    {"Effect": "Deny", "NotAction": "iam:*", "NotResource": ["*"], "Principal": "*"}
  ]
}""",
        "role-of-veeam",
    )
    assert (policy.version, policy.entity, policy.path, str(policy.location)) == (
        "2012-10-17",
        "role-of-veeam",
        "p.json",
        "p.json:1:1",
    )
    assert policy.all_problems == ()
    first, second = policy.statements
    assert (first.sid, first.effect, str(first.location)) == ("First", Effect.ALLOW, "p.json:5:5")
    assert [(entry.text, str(entry.location)) for entry in (*first.actions, *first.resources)] == [
        ("s3:GetObject", "p.json:8:18"),
        ("s3:PutObject", "p.json:8:34"),
        ("arn:aws:s3:::b/*", "p.json:9:19"),
    ]
    assert (first.not_action, first.not_resource, first.principals, first.not_principal) == (False, False, None, False)
    assert [(each.operator, each.key, [value.text for value in each.values]) for each in first.conditions] == [
        ("IpAddress", "aws:SourceIp", ["10.0.0.0/8", "192.0.2.1"]),
        ("Bool", "aws:SecureTransport", ["true"]),
    ]
    assert [str(each.location) for each in first.conditions] == ["p.json:10:35", "p.json:10:90"]
    assert str(first.conditions[0].values[1].location) == "p.json:10:66"
    assert (second.sid, second.effect, second.not_action, second.not_resource) == (None, Effect.DENY, True, True)
    assert [entry.text for entry in (*second.actions, *second.resources)] == ["iam:*", "*"]


ONE = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@pytest.mark.parametrize(
    "document",
    [
        {"Statement": []},
        {"Statement": ONE},
        {"Statement": [ONE, {**ONE, "Action": ["s3:*", "ec2:*"], "Sid": "Two"}]},
        {"Statement": [{**ONE, "Condition": {}}]},
        {"Statement": [{**ONE, "Condition": {"Bool": {"a:b": True, "a:c": [False]}, "Null": {"a:d": []}}}]},
        {"Statement": [{**ONE, "Condition": {"NumericEquals": {"a:b": [1, 2.5, -30]}}}]},
        {"Statement": [{**ONE, "Sid": 'white space, "quotes" and \\ count for 0, 2 and 2'}]},
        {"Statement": [], "Id": None},
    ],
)
def test_the_size_is_that_of_compact_json_without_white_space(document: dict[str, Any]) -> None:
    compact = json.dumps(document, separators=(",", ":")).replace(" ", "")
    assert read(json.dumps(document, indent=4)).size == len(compact)


def test_line_feeds_and_tabs_are_white_space() -> None:
    sizes = {read(json.dumps({"Statement": {**ONE, "Sid": text}})).size for text in ("ab", "a b", "a\nb\r", "\ta\tb")}
    assert len(sizes) == 1


def test_a_single_statement_and_single_entries_are_lists_of_one() -> None:
    policy = read('{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}')
    assert len(policy.statements) == 1
    assert policy.version is None
    assert policy.entity is None
    assert [entry.text for entry in policy.statements[0].actions] == ["*"]


@pytest.mark.parametrize("text", ['{"Statement": []}', '{"Statement": 1}', '{"Statement": null, "a": 1}'])
def test_an_object_with_a_statement_means_to_be_a_policy(text: str) -> None:
    assert is_policy(parse(TextSource("p.json", text)))


@pytest.mark.parametrize("text", ["{}", '{"statement": []}', "[]", '"Statement"', "1", "null", '["Statement"]'])
def test_anything_else_does_not(text: str) -> None:
    assert not is_policy(parse(TextSource("p.json", text)))


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ("*", [("*", "*")]),
        ({"AWS": "*"}, [("AWS", "*")]),
        (
            {"AWS": ["1", "2"], "Service": "s3.amazonaws.com"},
            [("AWS", "1"), ("AWS", "2"), ("Service", "s3.amazonaws.com")],
        ),
        ({"Federated": "x", "CanonicalUser": "y"}, [("Federated", "x"), ("CanonicalUser", "y")]),
        ({}, []),
    ],
)
@pytest.mark.parametrize("name", ["Principal", "NotPrincipal"])
def test_principals_are_read_in_every_form(name: str, element: object, expected: list[tuple[str, str]]) -> None:
    found = statement(**{name: element})
    assert [(each.kind, each.text) for each in found.principals or ()] == expected
    assert found.principals is not None
    assert found.not_principal is (name == "NotPrincipal")
    assert (found.problems == ()) is bool(expected)


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ("x", ["x"]),
        (["x", "y"], ["x", "y"]),
        (True, ["true"]),
        (False, ["false"]),
        (300, ["300"]),
        ([1, "a", True], ["1", "a", "true"]),
    ],
)
def test_values_of_conditions_are_their_text(value: object, texts: list[str]) -> None:
    (condition,) = statement(Condition={"StringEquals": {"a:b": value}}).conditions
    assert [entry.text for entry in condition.values] == texts


def test_a_number_of_a_condition_keeps_its_digits() -> None:
    found = read_text(
        '{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"NumericLessThan": {"a:b": [1e2, 1.50]}}}'
    )
    assert [entry.text for entry in found.conditions[0].values] == ["1e2", "1.50"]


def test_an_empty_condition_is_none() -> None:
    assert statement(Condition={}).conditions == ()
    assert statement(Condition={"StringEquals": {}}).conditions == ()


# --- what AWS refuses: problems of the document ---


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '{"Version": "2012-10-18", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}',
            ("p.json:1:13", "Version", 'AWS knows no Version "2012-10-18"; write "2012-10-17"'),
        ),
        (
            '{"Version": "", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}',
            ("p.json:1:13", "Version", 'AWS knows no Version ""; write "2012-10-17"'),
        ),
        ('{"Statement": []}', ("p.json:1:2", "Statement", "Statement is empty; AWS wants at least one")),
        (
            '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"},\n "Name": "x"}',
            ("p.json:2:2", "Name", '"Name" is not an element of an IAM policy; it knows Version, Id, Statement'),
        ),
        (
            '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"},\n "version": "2012-10-17"}',
            ("p.json:2:2", "version", '"version" is not an element of an IAM policy; did you mean "Version"?'),
        ),
    ],
)
def test_a_document_that_aws_refuses_has_a_problem(text: str, expected: tuple[str, str, str]) -> None:
    assert problems(read(text)) == [expected]


@pytest.mark.parametrize("version", ["2012-10-17", "2008-10-17"])
def test_both_versions_are_fine(version: str) -> None:
    text = f'{{"Version": "{version}", "Statement": {{"Effect": "Allow", "Action": "*", "Resource": "*"}}}}'
    assert read(text).all_problems == ()
    assert read(text).version == version


# --- problems of a statement ---

STATEMENT_KEYS = "Sid, Effect, Action, NotAction, Resource, NotResource, Condition, Principal, NotPrincipal"

PROBLEMS: list[tuple[str, tuple[str, str, str]]] = [
    ('{"Effect": "Allow", "Resource": "*"}', ("3:1", "Action", "this statement has neither Action nor NotAction")),
    ('{"Effect": "Allow", "Action": "*"}', ("3:1", "Resource", "this statement has neither Resource nor NotResource")),
    (
        '{"Effect": "Allow", "Action": "*", "NotAction": "iam:*", "Resource": "*"}',
        ("3:36", "Action", "this statement has both Action and NotAction; AWS wants one of them"),
    ),
    (
        '{"Effect": "Allow", "Action": "*", "NotResource": "*", "Resource": "*"}',
        ("3:36", "Resource", "this statement has both Resource and NotResource; AWS wants one of them"),
    ),
    (
        '{"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*", "NotPrincipal": "*"}',
        ("3:71", "Principal", "this statement has both Principal and NotPrincipal; AWS wants one of them"),
    ),
    (
        '{"Effect": "Deny", "Action": "*", "Resource": "*", "Principal": {"AWS": ["*", "1111*"]}}',
        ("3:79", "Principal", '"1111*" has a wildcard; write "*", or each name in full'),
    ),
    (
        '{"Effect": "Deny", "Action": "*", "Resource": "*", "NotPrincipal": {"AWS": "arn:aws:iam::1:user/?"}}',
        ("3:76", "Principal", '"arn:aws:iam::1:user/?" has a wildcard; write "*", or each name in full'),
    ),
    (
        '{"Effect": "Deny", "Action": "*", "Resource": "*", "Principal": {"AWS": []}}',
        ("3:65", "Principal", "this Principal names nobody; AWS wants at least one"),
    ),
    (
        '{"Effect": "Allow", "Action": [], "Resource": "*"}',
        ("3:21", "Action", "Action is empty; AWS wants at least one entry"),
    ),
    (
        '{"Effect": "Allow", "NotAction": [], "Resource": "*"}',
        ("3:21", "NotAction", "NotAction is empty; AWS wants at least one entry"),
    ),
    (
        '{"Effect": "Allow", "Action": "*", "Resource": []}',
        ("3:36", "Resource", "Resource is empty; AWS wants at least one entry"),
    ),
    (
        '{"Effect": "Allow", "Action": "*", "NotResource": []}',
        ("3:36", "NotResource", "NotResource is empty; AWS wants at least one entry"),
    ),
    (
        '{"Effect": "Allow", "Action": ["s3:*", "Get"], "Resource": "*"}',
        ("3:40", "Action", '"Get" is neither "*" nor of the form "service:Action"'),
    ),
    (
        '{"Effect": "Allow", "NotAction": "s*:Get", "Resource": "*"}',
        ("3:34", "NotAction", '"s*:Get" has a wildcard in the service; write one service, for example "s3:*", or "*"'),
    ),
    (
        '{"Effect": "Allow", "Action": "*", "Resource": ["*", "b/*"]}',
        ("3:54", "Resource", '"b/*" is neither "*" nor an ARN; did you mean "arn:aws:s3:::b/*"?'),
    ),
    (
        '{"Effect": "Allow", "Action": "*", "NotResource": "b"}',
        ("3:51", "NotResource", '"b" is neither "*" nor an ARN; did you mean "arn:aws:s3:::b"?'),
    ),
    (
        '{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:${aws:username}::b"}',
        (
            "3:48",
            "Resource",
            '"arn:aws:s3:${aws:username}::b" has a policy variable before the fifth colon, where AWS allows none',
        ),
    ),
    (
        '{"Effect": "Allow", "Action": "*", "Resource": "*", "Sidd": "x"}',
        ("3:53", "Sidd", '"Sidd" is not an element of an IAM policy; did you mean "Sid"?'),
    ),
    (
        '{"Effect": "Allow", "Action": "*", "Resource": "*", "Prince": "x"}',
        ("3:53", "Prince", f'"Prince" is not an element of an IAM policy; it knows {STATEMENT_KEYS}'),
    ),
    (
        '{"Effect": "Allow", "Action": "*", "Resource": "*", "Comment": "x"}',
        ("3:53", "Comment", f'"Comment" is not an element of an IAM policy; it knows {STATEMENT_KEYS}'),
    ),
    (
        '{"Effect": "Allow", "Action": "*", "Resource": "*", "Conditions": {}}',
        ("3:53", "Conditions", '"Conditions" is not an element of an IAM policy; did you mean "Condition"?'),
    ),
    (
        '{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEqual": {"a:b": "c"}}}',
        ("3:83", "Condition", '"StringEqual" is not a condition operator; did you mean StringEquals?'),
    ),
    (
        '{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"a:b": []}}}',
        ("3:84", "Condition", "StringEquals of a:b has no values"),
    ),
]


@pytest.mark.parametrize(("text", "expected"), PROBLEMS, ids=[row[1][2][:40] for row in PROBLEMS])
def test_a_statement_that_aws_refuses_has_a_problem(text: str, expected: tuple[str, str, str]) -> None:
    place, element, message = expected
    found = read_text(text)
    assert problems(found) == [(f"p.json:{place}", element, message)]
    assert found.is_refused is (element != "Condition")


def test_every_problem_is_found() -> None:
    found = read_text('{"Effect": "Allow", "action": "*", "Resource": ["a", "b"], "NotAction": ["x", "y"]}')
    assert [element for _, element, _ in problems(found)] == [
        "action",
        "NotAction",
        "NotAction",
        "Resource",
        "Resource",
    ]
    assert [entry.text for entry in found.actions] == ["x", "y"]


def test_of_both_forms_the_positive_one_is_kept() -> None:
    found = read_text(
        '{"Effect": "Allow", "NotAction": "iam:*", "Action": "*", "NotResource": "*", "Resource": "arn:aws:s3:::b"}'
    )
    assert not found.not_action
    assert not found.not_resource
    assert [entry.text for entry in (*found.actions, *found.resources)] == ["*", "arn:aws:s3:::b"]


def test_variables_before_the_fifth_colon_are_a_problem_of_2012_alone() -> None:
    body = '"Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:${aws:username}::b"}'
    assert len(read(f'{{"Version": "2012-10-17", {body}}}').all_problems) == 1
    assert read(f'{{"Version": "2008-10-17", {body}}}').all_problems == ()
    assert read(f"{{{body}}}").all_problems == ()


# --- what cannot be read as a policy at all ---


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "p.json:1:1: a policy document is an object, but here stands a list"),
        ('"x"', "p.json:1:1: a policy document is an object, but here stands a string"),
        ("12", "p.json:1:1: a policy document is an object, but here stands a number"),
        ("null", "p.json:1:1: a policy document is an object, but here stands the value null"),
        ("{}", 'p.json:1:1: this object has no "Statement", so it is not a policy document'),
        (
            '{"statement": []}',
            'p.json:1:1: this object has no "Statement", so it is not a policy document; '
            'did you mean "Statement" by "statement"?',
        ),
        ('{"State": []}', 'p.json:1:1: this object has no "Statement", so it is not a policy document'),
        (
            '{"Statment": [], "Statements": []}',
            'p.json:1:1: this object has no "Statement", so it is not a policy document; '
            'did you mean "Statement" by "Statements"?',
        ),
        (
            '{"Statements": []}',
            'p.json:1:1: this object has no "Statement", so it is not a policy document; '
            'did you mean "Statement" by "Statements"?',
        ),
        ('{"Version": 2012, "Statement": []}', "p.json:1:13: Version is a string, but here stands a number"),
        ('{"Statement": "x"}', "p.json:1:15: a statement is an object, but here stands a string"),
        ('{"Statement": [[]]}', "p.json:1:16: a statement is an object, but here stands a list"),
        ('{"Statement": null}', "p.json:1:15: a statement is an object, but here stands the value null"),
        (
            '{"Statement": [],\n "Statement": []}',
            'p.json:2:2: "Statement" stands twice in this object (first at line 1, column 2); '
            "AWS would refuse it or use one of them; keep the one that is meant",
        ),
    ],
)
def test_what_is_no_policy_document_is_refused(text: str, message: str) -> None:
    assert refusal(text) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{"Action": "*", "Resource": "*"}',
            'p.json:2:1: this statement has no Effect; add "Effect": "Allow" or "Deny"',
        ),
        (
            '{"effect": "Allow", "Action": "*", "Resource": "*"}',
            'p.json:2:1: this statement has no Effect; did you mean "Effect" by "effect"?',
        ),
        (
            '{"Effect": "allow", "Action": "*", "Resource": "*"}',
            'p.json:2:12: "allow" is not an Effect; write "Allow" or "Deny", in this case',
        ),
        (
            '{"Effect": true, "Action": "*", "Resource": "*"}',
            "p.json:2:12: Effect is a string, but here stands the value true",
        ),
        (
            '{"Effect": "Allow", "Action": 1, "Resource": "*"}',
            "p.json:2:31: Action is a string, but here stands a number",
        ),
        (
            '{"Effect": "Allow", "NotAction": ["*", {}], "Resource": "*"}',
            "p.json:2:40: NotAction is a string, but here stands an object",
        ),
        (
            '{"Effect": "Allow", "Action": "*", "Resource": {"a": 1}}',
            "p.json:2:48: Resource is a string, but here stands an object",
        ),
        (
            '{"Effect": "Allow", "Action": "*", "NotResource": null}',
            "p.json:2:51: NotResource is a string, but here stands the value null",
        ),
        (
            '{"Effect": "Allow", "Action": "*", "Resource": "*", "Sid": 1}',
            "p.json:2:60: Sid is a string, but here stands a number",
        ),
        (
            '{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": "x"}',
            "p.json:2:66: a Condition is an object, but here stands a string",
        ),
        (
            '{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": []}}',
            "p.json:2:75: the condition operator Bool is an object, but here stands a list",
        ),
        (
            '{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {"a:b": null}}}',
            "p.json:2:83: a value of a:b is a string, number or boolean, but here stands the value null",
        ),
        (
            '{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {"a:b": [[]]}}}',
            "p.json:2:84: a value of a:b is a string, number or boolean, but here stands a list",
        ),
        (
            '{"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": 1}',
            "p.json:2:66: a Principal is an object, but here stands a number",
        ),
        (
            '{"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": ["*"]}',
            "p.json:2:66: a Principal is an object, but here stands a list",
        ),
        (
            '{"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": {"Aws": "*"}}',
            'p.json:2:74: "Aws" is not a kind of Principal; AWS knows AWS, Service, Federated, CanonicalUser',
        ),
        (
            '{"Effect": "Allow", "Action": "*", "Resource": "*", "NotPrincipal": {"AWS": 1}}',
            "p.json:2:77: AWS is a string, but here stands a number",
        ),
        (
            '{"Effect": "Allow", "Action": "*",\n "Effect": "Deny", "Resource": "*"}',
            'p.json:3:2: "Effect" stands twice in this object (first at line 2, column 2); '
            "AWS would refuse it or use one of them; keep the one that is meant",
        ),
        (
            '{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {"a:b": "c"}, "Bool": {}}}',
            'p.json:2:89: "Bool" stands twice in this object (first at line 2, column 67); '
            "AWS would refuse it or use one of them; keep the one that is meant",
        ),
        (
            '{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {"a:b": "c", "a:b": "d"}}}',
            'p.json:2:88: "a:b" stands twice in this object (first at line 2, column 76); '
            "AWS would refuse it or use one of them; keep the one that is meant",
        ),
    ],
    ids=str,
)
def test_what_is_no_statement_is_refused(text: str, message: str) -> None:
    assert refused_statement(text) == message


def test_a_bare_arn_is_no_principal() -> None:
    arn = "arn:aws:iam::111122223333:user/veeam"
    found = statement(Principal=arn)
    (problem,) = found.problems
    assert problem.message == f'"{arn}" is not a Principal; write "*" or {{"AWS": "{arn}"}}'
    assert (str(problem.location), problem.element) == ("p.json:3:69", "Principal")
    assert [(each.kind, each.text, str(each.location)) for each in found.principals or ()] == [
        ("AWS", arn, "p.json:3:69")
    ]


def test_a_principal_stands_where_it_is_written() -> None:
    found = statement(Principal={"AWS": ["1", "2"]})
    assert [str(each.location) for each in found.principals or ()] == ["p.json:3:78", "p.json:3:83"]

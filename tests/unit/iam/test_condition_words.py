"""What is said of a condition: what is wrong with it, what it asks for, and how to declare it."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_veeam_iam.iam.condition_words import describe, how_to_declare, problems
from pytest_veeam_iam.iam.conditions import holds
from pytest_veeam_iam.iam.context import Context
from tests.unit.iam.conditions_to_ask import (
    ABSENT,
    ALL,
    ALWAYS,
    HOSTILE,
    NEGATED,
    NEVER,
    REFUSED,
    SAMPLES,
    UNKNOWN_OPERATORS,
    a_condition,
    answer,
    cases,
)

# --- problems ---


@pytest.mark.parametrize(("operator", "hint"), UNKNOWN_OPERATORS)
def test_an_unknown_operator_is_a_problem(operator: str, hint: str) -> None:
    (problem,) = problems(a_condition(operator, "x"))
    assert problem == f"{json.dumps(operator)} is not a condition operator; {hint}"


@pytest.mark.parametrize(
    "operator", ["StringEquals", "StringNotEquals", "ForAllValues:StringLike", "Null", "BoolIfExists"]
)
def test_no_values_are_a_problem(operator: str) -> None:
    assert problems(a_condition(operator)) == (f"{operator} of aws:Key has no values",)


NOUNS = {
    "NumericEquals": "a number",
    "DateEquals": "a date (2030-01-31T00:00:00Z) or epoch seconds",
    "Bool": "true or false",
    "Null": "true or false",
    "BinaryEquals": "base64 text",
    "IpAddress": "an IP address or a range in CIDR notation",
    "ArnLike": "an ARN with its six fields",
}


@pytest.mark.parametrize(("operator", "value"), [(operator, value) for operator, values in REFUSED for value in values])
def test_a_value_of_another_type_is_a_problem(operator: str, value: str) -> None:
    (problem,) = problems(a_condition(operator, value))
    shown = json.dumps(value if len(value) < 200 else f"{value[:200]}...")
    assert problem == f"{shown} is not {NOUNS[operator]}, which {operator} of aws:Key needs"


@pytest.mark.parametrize("operator", [*SAMPLES, *NEGATED.values(), "Null"])
@pytest.mark.parametrize("form", ["{}", "ForAllValues:{}", "ForAnyValue:{}"])
def test_a_documented_condition_has_no_problem(operator: str, form: str) -> None:
    plain = next((plain for plain, negated in NEGATED.items() if negated == operator), operator)
    assert problems(a_condition(form.format(operator), SAMPLES.get(plain, "true"))) == ()
    if operator != "Null":
        assert problems(a_condition(f"{form.format(operator)}IfExists", SAMPLES[plain])) == ()


@pytest.mark.parametrize("value", ["${aws:PrincipalArn}", "arn:aws:iam::${aws:PrincipalAccount}:role/x"])
def test_an_arn_with_a_variable_is_no_problem(value: str) -> None:
    assert problems(a_condition("ArnEquals", value)) == ()


def test_every_refused_value_is_named_once() -> None:
    assert problems(a_condition("NumericLessThan", "a", "5", "b", "a")) == (
        '"a" is not a number, which NumericLessThan of aws:Key needs',
        '"b" is not a number, which NumericLessThan of aws:Key needs',
    )


# --- words ---


@pytest.mark.parametrize(
    ("operator", "values", "words"),
    [
        ("IpAddress", ("10.0.0.0/8",), "aws:Key is in 10.0.0.0/8"),
        ("NotIpAddress", ("10.0.0.0/8", "::1"), "aws:Key is not in 10.0.0.0/8 or ::1"),
        ("StringNotEquals", ("eu-central-1", "eu-west-1"), "aws:Key is not eu-central-1 or eu-west-1"),
        ("StringEqualsIfExists", ("x",), "aws:Key is x, or is absent"),
        ("StringEqualsIgnoreCase", ("x",), "aws:Key is, in any case, x"),
        ("StringNotEqualsIgnoreCase", ("x",), "aws:Key is not, in any case, x"),
        ("StringLike", ("a b", ""), 'aws:Key is like "a b" or ""'),
        ("StringNotLike", ("a\nb",), 'aws:Key is not like "a\\nb"'),
        ("ForAllValues:StringLike", ("a*",), "every value of aws:Key is like a*"),
        ("ForAnyValue:StringEquals", ("a", "b"), "a value of aws:Key is a or b"),
        ("NumericEquals", ("5",), "aws:Key is 5"),
        ("NumericNotEquals", ("5",), "aws:Key is not 5"),
        ("NumericLessThan", ("5",), "aws:Key is less than 5"),
        ("NumericLessThanEquals", ("5",), "aws:Key is at most 5"),
        ("NumericGreaterThan", ("5",), "aws:Key is more than 5"),
        ("NumericGreaterThanEquals", ("5",), "aws:Key is at least 5"),
        ("DateEquals", ("2020-01-01",), "aws:Key is 2020-01-01"),
        ("DateNotEquals", ("2020-01-01",), "aws:Key is not 2020-01-01"),
        ("DateLessThan", ("2020-01-01",), "aws:Key is before 2020-01-01"),
        ("DateLessThanEquals", ("2020-01-01",), "aws:Key is at or before 2020-01-01"),
        ("DateGreaterThan", ("2020-01-01",), "aws:Key is after 2020-01-01"),
        ("DateGreaterThanEquals", ("2020-01-01",), "aws:Key is at or after 2020-01-01"),
        ("Bool", ("true",), "aws:Key is true"),
        ("BinaryEquals", ("QQ==",), "aws:Key is, in base64, QQ=="),
        ("ArnLike", ("arn:aws:iam::*:role/x",), "aws:Key is like arn:aws:iam::*:role/x"),
        ("ArnEquals", ("arn:aws:iam::*:role/x",), "aws:Key is like arn:aws:iam::*:role/x"),
        ("ArnNotLike", ("arn:aws:iam::*:role/x",), "aws:Key is not like arn:aws:iam::*:role/x"),
        ("ArnNotEquals", ("arn:aws:iam::*:role/x",), "aws:Key is not like arn:aws:iam::*:role/x"),
        ("Null", ("true",), "aws:Key is absent"),
        ("Null", ("false", "false"), "aws:Key is present"),
        ("Null", ("true", "false"), "aws:Key is absent or is present"),
        ("Null", ("x",), "aws:Key exists or not"),
        ("Null", (), "aws:Key exists or not"),
        ("StringEquals", ("a", "b", "c", "d", "e"), "aws:Key is a or b or c or d or e"),
        ("StringEquals", ("a", "b", "c", "d", "e", "f", "g"), "aws:Key is a or b or c or d or e or 2 more"),
        ("StringEquals", (), "aws:Key is one of no values"),
        ("stringequals", ("a",), "stringequals (not an operator) of aws:Key is a"),
    ],
)
def test_a_condition_is_described_in_words(operator: str, values: tuple[str, ...], words: str) -> None:
    assert describe(a_condition(operator, *values)) == words


OPPOSITES = [
    ("IpAddress", ("10.0.0.0/8",), "aws:Key is not in 10.0.0.0/8"),
    ("NotIpAddress", ("10.0.0.0/8", "::1"), "aws:Key is in 10.0.0.0/8 or ::1"),
    ("StringEquals", ("a", "b"), "aws:Key is not a or b"),
    ("StringNotEquals", ("a", "b"), "aws:Key is a or b"),
    ("StringEqualsIgnoreCase", ("x",), "aws:Key is not, in any case, x"),
    ("StringNotEqualsIgnoreCase", ("x",), "aws:Key is, in any case, x"),
    ("StringLike", ("a*",), "aws:Key is not like a*"),
    ("StringNotLike", ("a*",), "aws:Key is like a*"),
    ("NumericEquals", ("5",), "aws:Key is not 5"),
    ("NumericNotEquals", ("5",), "aws:Key is 5"),
    ("NumericLessThan", ("5",), "aws:Key is at least 5, or is absent"),
    ("NumericLessThanEquals", ("5",), "aws:Key is more than 5, or is absent"),
    ("NumericGreaterThan", ("5",), "aws:Key is at most 5, or is absent"),
    ("NumericGreaterThanEquals", ("5",), "aws:Key is less than 5, or is absent"),
    ("DateEquals", ("2020-01-01",), "aws:Key is not 2020-01-01"),
    ("DateNotEquals", ("2020-01-01",), "aws:Key is 2020-01-01"),
    ("DateLessThan", ("2020-01-01",), "aws:Key is at or after 2020-01-01, or is absent"),
    ("DateLessThanEquals", ("2020-01-01",), "aws:Key is after 2020-01-01, or is absent"),
    ("DateGreaterThan", ("2020-01-01",), "aws:Key is at or before 2020-01-01, or is absent"),
    ("DateGreaterThanEquals", ("2020-01-01",), "aws:Key is before 2020-01-01, or is absent"),
    ("Bool", ("true",), "aws:Key is not true"),
    ("BinaryEquals", ("QQ==",), "aws:Key is not, in base64, QQ=="),
    ("ArnEquals", ("arn:aws:iam::*:role/x",), "aws:Key is not like arn:aws:iam::*:role/x"),
    ("ArnLike", ("arn:aws:iam::*:role/x",), "aws:Key is not like arn:aws:iam::*:role/x"),
    ("ArnNotEquals", ("arn:aws:iam::*:role/x",), "aws:Key is like arn:aws:iam::*:role/x"),
    ("ArnNotLike", ("arn:aws:iam::*:role/x",), "aws:Key is like arn:aws:iam::*:role/x"),
    ("Null", ("true",), "aws:Key is present"),
    ("Null", ("false",), "aws:Key is absent"),
    ("BoolIfExists", ("false",), "aws:Key is not false, and is present"),
    ("NumericLessThanIfExists", ("5",), "aws:Key is at least 5, and is present"),
    ("StringNotEqualsIfExists", ("x",), "aws:Key is x"),
    ("ForAllValues:StringLike", ("a*",), "a value of aws:Key is not like a*"),
    ("ForAllValues:StringNotEquals", ("a",), "a value of aws:Key is a"),
    ("ForAllValues:NumericLessThan", ("5",), "a value of aws:Key is at least 5"),
    ("ForAllValues:StringLikeIfExists", ("a*",), "a value of aws:Key is not like a*"),
    ("ForAnyValue:StringEquals", ("a", "b"), "no value of aws:Key is a or b"),
    ("ForAnyValue:NumericLessThan", ("5",), "no value of aws:Key is less than 5"),
    ("ForAnyValue:StringEqualsIfExists", ("a",), "no value of aws:Key is a, and is present"),
    ("stringequals", ("a",), "stringequals (not an operator) of aws:Key is not a"),
]


@pytest.mark.parametrize(("operator", "values", "words"), OPPOSITES)
def test_the_opposite_of_a_condition_is_described_in_words(operator: str, values: tuple[str, ...], words: str) -> None:
    assert describe(a_condition(operator, *values), fulfilled=False) == words


def test_every_operator_has_its_opposite_words() -> None:
    assert {operator for operator, _, _ in OPPOSITES} >= {*SAMPLES, *NEGATED.values(), "Null"}


ABSENCE = [
    f"{prefix}{operator}{suffix}"
    for operator in ALL
    for prefix in ("", "ForAnyValue:", "ForAllValues:")
    for suffix in ("", "IfExists")
]


@pytest.mark.parametrize("operator", ABSENCE)
def test_the_words_speak_of_an_absent_key_as_the_answer_does(operator: str) -> None:
    plain = operator.rpartition(":")[2].removesuffix("IfExists")
    value = SAMPLES.get(plain) or next(SAMPLES[known] for known, negated in NEGATED.items() if negated == plain)
    opposite = describe(a_condition(operator, value), fulfilled=False)
    if answer(operator, value, ABSENT) is NEVER:
        assert "or is absent" in opposite or "is not" in opposite or opposite.startswith("no value")
    else:
        assert "or is absent" not in opposite
        assert "is present" in opposite or operator.startswith("ForAllValues:") or plain in NEGATED.values()


@pytest.mark.parametrize("text", ["a\nb", "x" * 5000, "\u202e", "{key}", ""])
def test_a_description_is_one_short_line_whatever_the_document_holds(text: str) -> None:
    words = describe(a_condition("StringEquals", text, key=text))
    assert len(words.splitlines()) == 1
    assert len(words) < 600
    assert words.isprintable()


def test_a_long_value_is_cut() -> None:
    assert describe(a_condition("StringEquals", "x" * 200)) == f"aws:Key is {'x' * 200}"
    assert describe(a_condition("StringEquals", "x" * 201)) == f"aws:Key is {json.dumps('x' * 200 + '...')}"
    assert describe(a_condition("StringEquals", " " * 200)) == f"aws:Key is {json.dumps(' ' * 200)}"


@pytest.mark.parametrize(
    ("operator", "values", "fulfilled", "value"),
    [
        ("IpAddress", ("10.0.0.0/8",), True, "10.0.0.1"),
        ("IpAddress", ("office", "10.0.0.0/8"), True, "10.0.0.1"),
        ("IpAddress", ("203.0.113.7",), True, "203.0.113.7"),
        ("IpAddress", ("2001:db8::/64",), True, "2001:db8::1"),
        ("IpAddress", ("10.0.0.0/8",), False, "192.0.2.1"),
        ("IpAddress", ("192.0.2.0/24",), False, "198.51.100.1"),
        ("IpAddress", ("0.0.0.0/0",), False, "2001:db8::1"),
        ("IpAddress", ("::/0", "0.0.0.0/0"), False, "VALUE"),
        ("StringEquals", ("x",), False, "VALUE"),
        ("StringNotEquals", ("x",), True, "VALUE"),
        ("NotIpAddress", ("203.0.113.0/24",), False, "203.0.113.1"),
        ("NotIpAddress", ("203.0.113.0/24",), True, "192.0.2.1"),
        ("StringEquals", ("eu-central-1", "eu-west-1"), True, "eu-central-1"),
        ("StringEquals", ("with space", "eu-west-1"), True, "eu-west-1"),
        ("StringEquals", ("",), True, "VALUE"),
        ("StringEquals", ("$(rm)",), True, "VALUE"),
        ("StringEquals", ("${aws:username}",), True, "VALUE"),
        ("StringNotEquals", ("eu-central-1",), False, "eu-central-1"),
        ("StringLike", ("t3.*",), True, "t3.x"),
        ("StringLike", ("plain",), True, "plain"),
        ("StringLike", ("a?",), True, "ax"),
        ("StringNotLike", ("t3.*",), False, "t3.x"),
        ("StringEqualsIgnoreCase", ("Ab",), True, "Ab"),
        ("ArnLike", ("arn:aws:iam::*:role/x",), True, "arn:aws:iam::x:role/x"),
        ("NumericEquals", ("5",), True, "5"),
        ("NumericNotEquals", ("5",), True, "4"),
        ("NumericLessThan", ("5",), True, "4"),
        ("NumericLessThan", ("5",), False, "5"),
        ("NumericLessThanEquals", ("5",), True, "5"),
        ("NumericLessThanEquals", ("5",), False, "6"),
        ("NumericGreaterThan", ("5",), True, "6"),
        ("NumericGreaterThan", ("1e99",), True, "VALUE"),
        ("DateLessThan", ("2020-01-02T00:00:00Z",), True, "2020-01-01T00:00:00Z"),
        ("DateGreaterThan", ("2020-01-02T00:00:00Z",), True, "2020-01-03T00:00:00Z"),
        ("DateGreaterThan", ("1577836800",), True, "2020-01-02T00:00:00Z"),
        ("DateGreaterThan", ("9" * 30,), True, "VALUE"),
        ("DateLessThan", ("0001-01-01",), True, "VALUE"),
        ("DateGreaterThan", ("0001-01-01",), True, "0001-01-02T00:00:00Z"),
        ("DateEquals", ("2020-01-02",), True, "2020-01-02"),
        ("Bool", ("true",), True, "true"),
        ("Bool", ("true",), False, "false"),
        ("BinaryEquals", ("QQ==",), True, "QQ=="),
        ("ForAnyValue:StringEquals", ("a", "b"), True, "a"),
        ("ForAllValues:StringLike", ("a*",), True, "ax"),
        ("Null", ("false",), True, "VALUE"),
        ("Null", ("true",), False, "VALUE"),
        ("Nope", ("true",), True, "VALUE"),
        ("StringEquals", (), True, "VALUE"),
    ],
)
def test_a_condition_tells_how_to_declare_it(
    operator: str, values: tuple[str, ...], fulfilled: bool, value: str
) -> None:
    option = how_to_declare(a_condition(operator, *values), fulfilled=fulfilled)
    assert option == f"--veeam-iam-context=aws:Key={value}"


def test_a_condition_is_to_be_fulfilled_unless_told_otherwise() -> None:
    assert how_to_declare(a_condition("Bool", "false", key="aws:ViaAWSService")).endswith("aws:ViaAWSService=false")


@pytest.mark.parametrize(("value", "fulfilled"), [("true", True), ("false", False)])
def test_a_key_that_must_be_absent_is_declared_in_python(value: str, fulfilled: bool) -> None:
    text = how_to_declare(a_condition("Null", value), fulfilled=fulfilled)
    assert text == 'context={"aws:Key": None} (in Python; None is a key that is absent)'


SHARED = [
    # the condition and whether it is to hold, the others of its key, the value that serves all of them
    (("IpAddress", "10.0.0.0/8"), True, [(("IpAddress", "10.0.0.0/24"), True)], "10.0.0.1"),
    (("IpAddress", "10.0.0.0/8"), True, [(("IpAddress", "10.1.0.0/16"), True)], "10.1.0.1"),
    (("IpAddress", "10.0.0.0/8"), True, [(("IpAddress", "10.1.0.0/16"), False)], "10.0.0.1"),
    (("IpAddress", "10.0.0.0/8"), True, [(("NotIpAddress", "10.0.0.0/24"), True)], "VALUE"),
    (("DateGreaterThan", "2020-01-01"), True, [(("DateLessThan", "2020-01-02"), True)], "VALUE"),
    (("DateGreaterThan", "2020-01-01"), True, [(("DateLessThan", "2030-01-01"), True)], "2020-01-02T00:00:00Z"),
    (("StringEquals", "a"), False, [(("StringEquals", "b"), True)], "b"),
    (("StringEquals", "a"), True, [(("StringEquals", "a"), False)], "VALUE"),
]


@pytest.mark.parametrize(("one", "fulfilled", "others", "value"), SHARED)
def test_one_value_serves_all_conditions_of_a_key(
    one: tuple[str, str], fulfilled: bool, others: list[tuple[tuple[str, str], bool]], value: str
) -> None:
    rest = [(a_condition(*other), wanted) for other, wanted in others]
    option = how_to_declare(a_condition(*one), fulfilled=fulfilled, others=rest)
    assert option == f"--veeam-iam-context=aws:Key={value}"


def test_a_key_that_must_be_absent_must_be_so_for_all() -> None:
    absent, given_value = a_condition("Null", "true"), a_condition("StringEquals", "x")
    assert how_to_declare(absent, others=[(given_value, False)]).startswith('context={"aws:Key": None}')
    assert how_to_declare(given_value, fulfilled=False, others=[(absent, True)]).startswith('context={"aws:Key": None}')
    assert how_to_declare(absent, others=[(given_value, True)]) == "--veeam-iam-context=aws:Key=VALUE"


def test_a_key_that_a_shell_would_change_is_not_repeated() -> None:
    condition = a_condition("StringEquals", "x", key="aws:ResourceTag/cost center")
    assert how_to_declare(condition) == "--veeam-iam-context=KEY=x"


# --- laws ---


@given(st.sampled_from(ALL), st.lists(st.text(max_size=20), max_size=3))
def test_law_no_value_is_too_odd(operator: str, values: list[str]) -> None:
    condition = a_condition(operator, *values)
    assert all(isinstance(problem, str) for problem in problems(condition))
    for fulfilled in (True, False):
        assert describe(condition, fulfilled=fulfilled)
        assert how_to_declare(condition, fulfilled=fulfilled).startswith("--veeam-iam-context=")


@given(cases(), cases(), st.booleans(), st.booleans())
def test_law_a_declared_value_does_what_it_is_declared_for(
    one: tuple[str, tuple[str, ...], list[str]],
    other: tuple[str, tuple[str, ...], list[str]],
    first: bool,
    second: bool,
) -> None:
    demands = [(a_condition(one[0], *one[1]), first), (a_condition(other[0], *other[1]), second)]
    option = how_to_declare(demands[0][0], fulfilled=first, others=demands[1:])
    value = option.removeprefix("--veeam-iam-context=aws:Key=")
    if value != "VALUE":
        for condition, fulfilled in demands:
            assert holds(condition, Context.of({"aws:Key": value}), variables=True) is (ALWAYS if fulfilled else NEVER)


@pytest.mark.parametrize("operator", ALL)
def test_hostile_values_take_no_time(operator: str) -> None:
    started = time.process_time()
    condition = a_condition(operator, *HOSTILE)
    problems(condition)
    describe(condition)
    how_to_declare(condition)
    assert time.process_time() - started < 2

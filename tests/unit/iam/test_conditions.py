"""How surely a condition holds, in every state of the key."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_veeam_iam.iam.certainty import Certainty
from pytest_veeam_iam.iam.conditions import all_hold, holds
from pytest_veeam_iam.iam.context import Context, Presence
from tests.unit.iam.conditions_to_ask import (
    ABSENT,
    ALL,
    ALWAYS,
    DEPENDS,
    HOSTILE,
    NEGATED,
    NEVER,
    PRESENT,
    REFUSED,
    SAMPLES,
    UNKNOWN,
    UNKNOWN_OPERATORS,
    UNRESOLVED,
    a_condition,
    answer,
    cases,
)

# --- one operator at a time: a key of which the value is not known ---


@pytest.mark.parametrize("operator", SAMPLES)
def test_an_operator_does_not_hold_for_an_absent_key(operator: str) -> None:
    # "If the key that you specify in a policy condition is not present in the request context, the values do not match"
    assert answer(operator, SAMPLES[operator], ABSENT) is NEVER


@pytest.mark.parametrize("operator", NEGATED)
def test_a_negated_operator_holds_for_an_absent_key(operator: str) -> None:
    # "... such as StringNotLike or ArnNotLike, and the right key is not present, the condition is true"
    assert answer(NEGATED[operator], SAMPLES[operator], ABSENT) is ALWAYS


@pytest.mark.parametrize("operator", [*SAMPLES, *NEGATED.values()])
def test_if_exists_holds_for_an_absent_key(operator: str) -> None:
    value = SAMPLES.get(operator) or next(SAMPLES[plain] for plain, negated in NEGATED.items() if negated == operator)
    assert answer(f"{operator}IfExists", value, ABSENT) is ALWAYS
    assert answer(f"ForAnyValue:{operator}IfExists", value, ABSENT) is ALWAYS
    assert answer(f"ForAllValues:{operator}IfExists", value, ABSENT) is ALWAYS
    assert answer(f"ForAnyValue:{operator}", value, ABSENT) is NEVER
    assert answer(f"ForAllValues:{operator}", value, ABSENT) is ALWAYS


@pytest.mark.parametrize("known", [PRESENT, UNKNOWN])
@pytest.mark.parametrize("operator", [*SAMPLES, *NEGATED.values()])
@pytest.mark.parametrize("prefix", ["", "ForAnyValue:", "ForAllValues:"])
@pytest.mark.parametrize("suffix", ["", "IfExists"])
def test_an_unknown_value_depends(prefix: str, operator: str, suffix: str, known: Presence) -> None:
    value = SAMPLES.get(operator) or next(SAMPLES[plain] for plain, negated in NEGATED.items() if negated == operator)
    assert answer(f"{prefix}{operator}{suffix}", value, known) is DEPENDS


# --- several values ---


@pytest.mark.parametrize(
    ("operator", "values", "known", "expected"),
    [
        # reference_policies_condition-logic-multiple-context-keys-or-values.html: OR, and NOR if negated
        ("StringEquals", ("a", "b"), "a", ALWAYS),
        ("StringEquals", ("a", "b"), "b", ALWAYS),
        ("StringEquals", ("a", "b"), "c", NEVER),
        ("StringNotEquals", ("a", "b"), "a", NEVER),
        ("StringNotEquals", ("a", "b"), "b", NEVER),
        ("StringNotEquals", ("a", "b"), "c", ALWAYS),
        ("DateNotEquals", ("2020-01-01", "2020-01-02"), "2020-01-03", ALWAYS),
        ("NotIpAddress", ("10.0.0.0/8", "192.168.0.0/16"), "192.168.1.1", NEVER),
        # Known alternatives under an operator for one value.
        ("StringEquals", ("a", "b"), ["a", "b"], ALWAYS),
        ("StringEquals", ("a", "b"), ["a", "c"], DEPENDS),
        ("StringEquals", ("a", "b"), ["c", "d"], NEVER),
        ("StringNotEquals", ("a", "b"), ["c", "d"], ALWAYS),
        ("StringNotEquals", ("a", "b"), ["a", "c"], DEPENDS),
        ("StringEqualsIfExists", ("a",), ["a", "c"], DEPENDS),
        ("IpAddress", ("10.0.0.0/8",), "10.0.0.0/7", DEPENDS),
        ("NotIpAddress", ("10.0.0.0/8",), "10.0.0.0/7", DEPENDS),
        # Present and empty.
        ("StringEquals", ("a",), [], NEVER),
        ("StringEquals", ("",), [], ALWAYS),
        ("StringEqualsIfExists", ("a",), [], NEVER),
        ("StringNotEquals", ("a",), [], ALWAYS),
        ("StringLike", ("*",), [], ALWAYS),
        ("NumericEquals", ("0",), [], NEVER),
        ("Bool", ("false",), [], NEVER),
    ],
)
def test_several_values_are_alternatives(
    operator: str, values: tuple[str, ...], known: object, expected: Certainty
) -> None:
    assert answer(operator, values, known) is expected


ATTRIBUTES = ("PostDateTime", "Message", "Tags")


@pytest.mark.parametrize(
    ("operator", "values", "known", "expected"),
    [
        # reference_policies_multi-value-conditions.html (now reference_policies_condition-single-vs-multi-valued-...)
        ("ForAllValues:StringEquals", ATTRIBUTES, ["PostDateTime", "UserName"], NEVER),
        ("ForAllValues:StringEquals", ATTRIBUTES, ["Message", "Tags"], ALWAYS),
        ("ForAllValues:StringEquals", ATTRIBUTES, ["Message"], ALWAYS),
        ("ForAnyValue:StringEquals", ("ID", "PostDateTime"), ["UserName", "Message", "PostDateTime"], ALWAYS),
        ("ForAnyValue:StringEquals", ("ID", "PostDateTime"), ["UserName"], NEVER),
        # "also returns true if there are no context keys in the request, or if the context key value resolves to a
        # null dataset, such as an empty string"
        ("ForAllValues:StringEquals", ATTRIBUTES, [], ALWAYS),
        ("ForAllValues:StringEquals", ATTRIBUTES, "", ALWAYS),
        ("ForAllValues:StringEquals", ATTRIBUTES, ["", "x"], NEVER),
        ("ForAllValues:StringEqualsIfExists", ATTRIBUTES, [], ALWAYS),
        # The page says "for no matching key or a null dataset, the condition returns false."
        ("ForAnyValue:StringEquals", ("ID",), [], NEVER),
        ("ForAnyValue:StringLike", ("*",), "", NEVER),
        ("ForAnyValue:StringLike", ("*",), ["", ""], ALWAYS),
        ("ForAnyValue:StringNotEquals", ("ID",), [], NEVER),
        ("ForAnyValue:StringEqualsIfExists", ("ID",), [], NEVER),
        # reference_policies_condition_examples-multi-valued-context-keys.html
        ("ForAllValues:StringLike", ("key1*", "key2*", "key3*"), ["key1:legal", "key3:x"], ALWAYS),
        ("ForAllValues:StringLike", ("key1*",), ["key1:legal", "key2:x"], NEVER),
        ("ForAnyValue:StringEquals", ("environment", "webserver"), ["environment", "costcenter"], ALWAYS),
        # Negated: all, or any, of the request's values match none.
        ("ForAllValues:StringNotEquals", ("a", "b"), ["c", "d"], ALWAYS),
        ("ForAllValues:StringNotEquals", ("a", "b"), ["c", "a"], NEVER),
        ("ForAnyValue:StringNotEquals", ("a", "b"), ["c", "a"], ALWAYS),
        ("ForAnyValue:StringNotEquals", ("a", "b"), ["b", "a"], NEVER),
        ("ForAllValues:NumericLessThan", ("10",), ["1", "2"], ALWAYS),
        ("ForAllValues:NumericLessThan", ("10",), ["1", "11"], NEVER),
        ("ForAnyValue:Bool", ("true",), ["false", "true"], ALWAYS),
        ("ForAnyValue:ArnLike", ("arn:aws:iam::1:role/*",), ["x", "arn:aws:iam::1:role/a"], ALWAYS),
        ("ForAnyValue:IpAddress", ("10.0.0.0/8",), ["192.0.2.1", "10.2.3.4"], ALWAYS),
    ],
)
def test_set_operators_compare_sets(operator: str, values: tuple[str, ...], known: object, expected: object) -> None:
    assert answer(operator, values, known) is expected


# --- Null ---


@pytest.mark.parametrize(
    ("value", "known", "expected"),
    [
        # The page says: true is "the key doesn't exist", false is "the key exists and its value is not null".
        ("true", ABSENT, ALWAYS),
        ("true", PRESENT, NEVER),
        ("true", UNKNOWN, DEPENDS),
        ("true", "x", NEVER),
        ("true", ["x", "y"], NEVER),
        ("true", ["x", ""], DEPENDS),
        ("true", "", ALWAYS),
        ("true", [], ALWAYS),
        ("false", ABSENT, NEVER),
        ("false", PRESENT, ALWAYS),
        ("false", UNKNOWN, DEPENDS),
        ("false", "x", ALWAYS),
        ("false", "", NEVER),
        ("false", [], NEVER),
        (("true", "false"), ABSENT, ALWAYS),
        (("true", "false"), PRESENT, ALWAYS),
        (("true", "false"), UNKNOWN, ALWAYS),
        (("true", "perhaps"), ABSENT, ALWAYS),
        (("true", "perhaps"), PRESENT, UNRESOLVED),
        ("perhaps", ABSENT, UNRESOLVED),
        ("perhaps", UNKNOWN, UNRESOLVED),
    ],
)
def test_null_asks_whether_the_key_has_a_value(
    value: str | tuple[str, ...], known: object, expected: Certainty
) -> None:
    assert answer("Null", value, known) is expected


def test_null_sees_long_term_credentials() -> None:
    # The page says "the user must not be using temporary credentials (the key must not exist)"
    condition = a_condition("Null", "true", key="aws:TokenIssueTime")
    assert holds(condition, Context.of(), variables=True) is ALWAYS
    assert holds(condition, Context.of(session=True), variables=True) is DEPENDS


@pytest.mark.parametrize("known", [ABSENT, PRESENT, UNKNOWN, "x", []])
@pytest.mark.parametrize("value", ["true", "false"])
def test_null_with_a_set_operator_is_always_true_or_always_false(value: str, known: object) -> None:
    # access-analyzer-reference-policy-checks.html, "Null with qualifier"
    assert answer("ForAllValues:Null", value, known) is ALWAYS
    assert answer("ForAnyValue:Null", value, known) is NEVER


# --- policy variables ---


@pytest.mark.parametrize(
    ("operator", "value", "known", "expected"),
    [
        ("StringEquals", "${aws:username}", "bob", ALWAYS),
        ("StringEquals", "${aws:username}", "eve", NEVER),
        ("StringLike", "home/${aws:username}/*", "home/bob/x", ALWAYS),
        ("StringLike", "home/${aws:username}/*", "home/eve/x", NEVER),
        ("StringEqualsIgnoreCase", "${aws:PrincipalTag/t}", "yellow", ALWAYS),
        ("StringLike", "${aws:PrincipalTag/star}", "anything", NEVER),
        ("StringLike", "${aws:PrincipalTag/star}", "*", ALWAYS),
        ("StringEquals", "a${*}", "a*", ALWAYS),
        ("StringLike", "a${*}", "a*", ALWAYS),
        ("StringLike", "a${*}", "ab", NEVER),
        ("StringLike", "a${?}", "ab", NEVER),
        ("StringEquals", "${$}{aws:username}", "${aws:username}", ALWAYS),
        # "There is no equal or like value"; "Inverted condition operators do match against a null value"
        ("StringEquals", "${aws:PrincipalTag/none}", "x", NEVER),
        ("StringLike", "${aws:PrincipalTag/none}*", "x", NEVER),
        ("StringNotEquals", "${aws:PrincipalTag/none}", "x", ALWAYS),
        ("StringNotLike", "${aws:PrincipalTag/none}", UNKNOWN, ALWAYS),
        ("StringEquals", "${aws:PrincipalTag/none}", UNKNOWN, NEVER),
        ("StringEqualsIfExists", "${aws:PrincipalTag/none}", UNKNOWN, DEPENDS),
        ("ForAnyValue:StringLike", "${aws:PrincipalTag/none}", UNKNOWN, NEVER),
        ("StringEquals", "${aws:PrincipalTag/none, 'x'}", "x", ALWAYS),
        ("StringLike", "*${aws:PrincipalTag/none, ''}", PRESENT, ALWAYS),
        ("StringLike", "*${aws:PrincipalTag/none, 'x'}", PRESENT, DEPENDS),
        ("ArnLike", "arn:*:*:*:*:*${aws:PrincipalTag/none, ''}", PRESENT, ALWAYS),
        # A value that is not known.
        ("StringEquals", "${aws:userid}", "x", DEPENDS),
        ("StringNotEquals", "${aws:userid}", "x", DEPENDS),
        ("StringEquals", "a-${aws:userid}", "b", NEVER),
        ("StringNotEquals", "a-${aws:userid}", "b", ALWAYS),
        ("StringEqualsIgnoreCase", "A-${aws:userid}", "a-x", DEPENDS),
        ("StringEquals", "${aws:userid}", ABSENT, NEVER),
        ("StringEquals", "${aws:userid}", PRESENT, DEPENDS),
        ("StringLike", "*${aws:userid}*", PRESENT, DEPENDS),
        ("StringLike", "${aws:userid}*", UNKNOWN, DEPENDS),
        # ARNs: a value may hold the colons of several fields.
        ("ArnEquals", "arn:aws:iam::${aws:PrincipalTag/n}:role/x", "arn:aws:iam::1:role/x", ALWAYS),
        ("ArnEquals", "arn:aws:iam::${aws:PrincipalTag/n}:role/x", "arn:aws:iam::2:role/x", NEVER),
        ("ArnEquals", "${aws:PrincipalTag/arn}", "arn:aws:iam::1:role/x:y:z", ALWAYS),
        ("ArnLike", "${aws:PrincipalTag/arn}*", "arn:aws:iam::1:role/x:y:zz", ALWAYS),
        ("ArnEquals", "arn:aws:iam::1:role/${*}", "arn:aws:iam::1:role/x", NEVER),
        ("ArnEquals", "arn:aws:iam::1:role/${aws:userid}", "arn:aws:iam::1:role/x", DEPENDS),
        ("ArnEquals", "arn:aws:iam::1:role/${aws:userid}", "arn:aws:iam::2:role/x", NEVER),
        ("ArnEquals", "${aws:userid}", "arn:aws:iam::1:role/x", DEPENDS),
        ("ArnEquals", "${aws:userid}", "no arn", NEVER),
        ("ArnEquals", "${aws:userid}", PRESENT, DEPENDS),
        ("ArnEquals", "${aws:PrincipalTag/none}", PRESENT, NEVER),
        ("ArnEquals", "${aws:PrincipalTag/t}", "arn:aws:iam::1:role/x", UNRESOLVED),
        # "You can not use a policy variable with the Numeric condition operator", nor Date, Bool, Binary, IpAddress.
        ("NumericEquals", "${aws:PrincipalTag/n}", "1", UNRESOLVED),
        ("IpAddress", "${aws:SourceIp}", "10.0.0.1", UNRESOLVED),
        ("Bool", "${aws:SecureTransport}", "true", UNRESOLVED),
    ],
)
def test_policy_variables_are_substituted(operator: str, value: str, known: object, expected: Certainty) -> None:
    context = Context.of(
        {
            "aws:Key": known,
            "aws:username": "bob",
            "aws:PrincipalTag/t": "Yellow",
            "aws:PrincipalTag/star": "*",
            "aws:PrincipalTag/none": None,
            "aws:PrincipalTag/n": 1,
            "aws:PrincipalTag/arn": "arn:aws:iam::1:role/x:y:z",
        }
    )
    assert holds(a_condition(operator, value), context, variables=True) is expected


@pytest.mark.parametrize(
    ("operator", "value", "known", "expected"),
    [
        ("StringEquals", "${aws:username}", "bob", NEVER),
        ("StringEquals", "${aws:username}", "${aws:username}", ALWAYS),
        ("StringEquals", "${*}", "${*}", ALWAYS),
        ("StringLike", "${*}", "${anything}", ALWAYS),
        ("StringNotEquals", "${aws:userid}", "x", ALWAYS),
    ],
)
def test_before_2012_variables_are_literal_text(operator: str, value: str, known: str, expected: Certainty) -> None:
    context = Context.of({"aws:Key": known, "aws:username": "bob"})
    assert holds(a_condition(operator, value), context, variables=False) is expected


# --- what AWS refuses ---


@pytest.mark.parametrize("operator", [operator for operator, _ in UNKNOWN_OPERATORS])
@pytest.mark.parametrize("known", [ABSENT, PRESENT, UNKNOWN, "x"])
def test_an_unknown_operator_cannot_be_resolved(operator: str, known: object) -> None:
    assert answer(operator, "x", known) is UNRESOLVED


@pytest.mark.parametrize(
    "operator", ["StringEquals", "StringNotEquals", "ForAllValues:StringLike", "Null", "BoolIfExists"]
)
@pytest.mark.parametrize("known", [ABSENT, PRESENT, UNKNOWN, "x"])
def test_no_values_cannot_be_resolved(operator: str, known: object) -> None:
    assert answer(operator, (), known) is UNRESOLVED


@pytest.mark.parametrize(("operator", "value"), [(operator, value) for operator, values in REFUSED for value in values])
def test_a_value_of_another_type_cannot_be_resolved(operator: str, value: str) -> None:
    for known in (PRESENT, UNKNOWN, "x", "arn:aws:iam::1:role/x"):
        assert answer(operator, value, known) is UNRESOLVED


@pytest.mark.parametrize(
    ("operator", "values", "known", "expected"),
    [
        ("IpAddress", ("10.0.0.0/8", "office"), "10.1.1.1", ALWAYS),
        ("IpAddress", ("10.0.0.0/8", "office"), "11.1.1.1", UNRESOLVED),
        ("NotIpAddress", ("10.0.0.0/8", "office"), "10.1.1.1", NEVER),
        ("NotIpAddress", ("10.0.0.0/8", "office"), "11.1.1.1", UNRESOLVED),
        ("IpAddress", ("10.0.0.0/8", "office"), ABSENT, NEVER),
        ("NotIpAddress", ("office",), ABSENT, ALWAYS),
        ("IpAddressIfExists", ("office",), ABSENT, ALWAYS),
        ("IpAddress", ("10.0.0.0/8", "office"), PRESENT, UNRESOLVED),
        ("IpAddress", ("10.0.0.0/8", "office"), UNKNOWN, UNRESOLVED),
        ("IpAddress", ("0.0.0.0/0", "::/0", "office"), PRESENT, ALWAYS),
        ("ForAllValues:NumericEquals", ("five",), [], ALWAYS),
        ("ForAllValues:NumericEquals", ("five", "5"), ["5", "6"], UNRESOLVED),
        ("NumericEquals", ("five", "5"), ["5", "6"], UNRESOLVED),
    ],
)
def test_a_refused_value_counts_only_where_it_decides(
    operator: str, values: tuple[str, ...], known: object, expected: Certainty
) -> None:
    assert answer(operator, values, known) is expected


# --- several conditions ---


def test_all_conditions_must_hold() -> None:
    true, false = a_condition("Bool", "true", key="k:a"), a_condition("Bool", "false", key="k:a")
    depends, unresolved = a_condition("Bool", "true", key="k:b"), a_condition("Nope", "true", key="k:b")
    context = Context.of({"k:a": True})
    for conditions, expected in (
        ((), ALWAYS),
        ((true,), ALWAYS),
        ((true, false), NEVER),
        ((true, depends), DEPENDS),
        ((depends, unresolved), UNRESOLVED),
        ((unresolved, depends), UNRESOLVED),
        ((unresolved, false), NEVER),
    ):
        assert all_hold(conditions, context, variables=True) is expected


# --- documented policies under the declared caller ---


@pytest.mark.parametrize(
    ("operator", "key", "value", "expected"),
    [
        # reference_policies_elements_condition_operators.html, "Boolean condition operators"
        ("Bool", "aws:SecureTransport", "false", NEVER),
        ("BoolIfExists", "aws:SecureTransport", "false", NEVER),
        ("Bool", "aws:SecureTransport", "true", ALWAYS),
        # reference_policies_condition-keys.html, aws:MultiFactorAuthPresent
        ("Bool", "aws:MultiFactorAuthPresent", "false", NEVER),
        ("BoolIfExists", "aws:MultiFactorAuthPresent", "false", ALWAYS),
        ("Bool", "aws:MultiFactorAuthPresent", "true", NEVER),
        ("Null", "aws:MultiFactorAuthPresent", "true", ALWAYS),
        # reference_policies_elements_condition.html says of a key that is not present that "it won't match"
        ("NumericLessThanEquals", "aws:MultiFactorAuthAge", "3600", NEVER),
        ("DateGreaterThan", "aws:TokenIssueTime", "2020-01-01T00:00:01Z", NEVER),
        ("ArnEquals", "aws:SourceArn", "arn:aws:sns:REGION:123456789012:TOPIC-ID", DEPENDS),
        ("StringNotEquals", "aws:RequestedRegion", "eu-central-1", DEPENDS),
        ("StringLike", "aws:PrincipalArn", "*", ALWAYS),
        ("StringNotLike", "aws:userId", "AROAEXAMPLE:*", DEPENDS),
        ("IpAddress", "aws:SourceIp", "203.0.113.0/24", DEPENDS),
    ],
)
def test_documented_conditions_under_the_declared_caller(
    operator: str, key: str, value: str, expected: Certainty
) -> None:
    assert holds(a_condition(operator, value, key=key), Context.of(), variables=True) is expected


# --- laws ---


@given(cases(operators=tuple(NEGATED)))
def test_law_a_negated_operator_is_the_opposite(case: tuple[str, tuple[str, ...], list[str]]) -> None:
    operator, values, request = case
    assert answer(NEGATED[operator], values, request[0]) is ~answer(operator, values, request[0])


@given(cases(), st.sampled_from(["", "ForAllValues:", "ForAnyValue:"]))
def test_law_if_exists_is_absent_or_plain(case: tuple[str, tuple[str, ...], list[str]], prefix: str) -> None:
    operator, values, request = case
    name = f"{prefix}{operator}"
    assert answer(f"{name}IfExists", values, request) is answer(name, values, request)
    assert answer(f"{name}IfExists", values, ABSENT) is ALWAYS


@given(cases(), st.sampled_from(["", "ForAllValues:", "ForAnyValue:"]), st.sampled_from(["", "IfExists"]))
def test_law_knowing_more_never_contradicts(
    case: tuple[str, tuple[str, ...], list[str]], prefix: str, suffix: str
) -> None:
    operator, values, request = case
    name = f"{prefix}{operator}{suffix}"
    for vague, exact in ((UNKNOWN, ABSENT), (UNKNOWN, PRESENT), (UNKNOWN, request), (PRESENT, request)):
        if vague is PRESENT and "" in request:
            continue
        before, after = answer(name, values, vague), answer(name, values, exact)
        assert before in (DEPENDS, after)


@given(st.sampled_from(ALL), st.lists(st.text(max_size=20), max_size=3), st.text(max_size=20))
def test_law_no_value_is_too_odd(operator: str, values: list[str], known: str) -> None:
    condition = a_condition(operator, *values)
    for state in (known, ABSENT, PRESENT, UNKNOWN):
        assert holds(condition, Context.of({"aws:Key": state}), variables=True) in Certainty


@given(cases())
def test_law_the_order_of_values_does_not_matter(case: tuple[str, tuple[str, ...], list[str]]) -> None:
    operator, values, request = case
    for known in (request, PRESENT, UNKNOWN):
        assert answer(operator, values, known) is answer(operator, values[::-1], known)


@pytest.mark.parametrize("operator", ALL)
def test_hostile_values_take_no_time(operator: str) -> None:
    started = time.process_time()
    condition = a_condition(operator, *HOSTILE)
    for known in (*HOSTILE, PRESENT, UNKNOWN):
        holds(condition, Context.of({"aws:Key": known}), variables=True)
    assert time.process_time() - started < 2


# --- what a variable leaves of a pattern ---


@pytest.mark.parametrize(
    ("operator", "pattern"), [("StringLike", "*${aws:Name, ''}*"), ("ArnLike", "arn:*${aws:Name, ''}*:*:*:*:*")]
)
def test_a_pattern_of_stars_round_an_empty_value_matches_whatever_is_there(operator: str, pattern: str) -> None:
    context = Context.of({"aws:Name": None, "aws:Key": PRESENT})
    assert holds(a_condition(operator, pattern), context, variables=True) is ALWAYS
    context = Context.of({"aws:Name": "n", "aws:Key": PRESENT})
    assert holds(a_condition(operator, pattern), context, variables=True) is DEPENDS


@pytest.mark.parametrize(
    ("operator", "values"),
    [
        ("BoolIfExists", ("true", "false")),
        ("IpAddressIfExists", ("0.0.0.0/0", "::/0")),
        ("ArnLikeIfExists", ("arn:*:*:*:*:*",)),
    ],
)
def test_all_values_of_a_type_are_not_all_values_of_a_tag(operator: str, values: tuple[str, ...]) -> None:
    assert holds(a_condition(operator, *values), Context.of(), variables=True) is ALWAYS
    tag = a_condition(operator, *values, key="aws:PrincipalTag/Team")
    assert holds(tag, Context.of(), variables=True) is DEPENDS


@pytest.mark.parametrize(
    ("month", "day", "expected"), [("2020-02", "2020-02-01", ALWAYS), ("2020-02", "2020-02-02", NEVER)]
)
def test_a_month_is_its_first_day(month: str, day: str, expected: Certainty) -> None:
    assert answer("DateEquals", month, day) is expected
    assert answer("DateEquals", day, month) is expected

"""Every operator on every kind of value: documented examples, and what one of its values can cover."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_veeam_iam.iam.conditions import holds
from pytest_veeam_iam.iam.context import Context
from tests.unit.iam.conditions_to_ask import (
    ALWAYS,
    DEPENDS,
    NEGATED,
    NEVER,
    PRESENT,
    SAMPLES,
    UNKNOWN,
    UNRESOLVED,
    a_condition,
    answer,
)

if TYPE_CHECKING:
    from pytest_veeam_iam.iam.certainty import Certainty

KNOWN = [
    # reference_policies_elements_condition_operators.html, "String condition operators"
    ("StringEquals", "iamuser-admin", "iamuser-admin", True),
    ("StringEquals", "iamuser-admin", "Iamuser-admin", False),
    ("StringEquals", "iamuser-admin", "iamuser-admin2", False),
    ("StringEquals", "a*", "a*", True),
    ("StringEquals", "a*", "ab", False),
    ("StringEquals", "a?", "ab", False),
    ("StringEquals", "", "", True),
    ("StringEquals", "", "x", False),
    ("StringEqualsIgnoreCase", "JohnDoe", "johndoe", True),
    ("StringEqualsIgnoreCase", "johndoe", "JOHNDOE", True),
    ("StringEqualsIgnoreCase", "johndoe", "johndo", False),
    ("StringEqualsIgnoreCase", "john*", "johndoe", False),
    ("StringLike", "admin-*", "admin-x", True),
    ("StringLike", "admin-*", "admin-", True),
    ("StringLike", "admin-*", "Admin-x", False),
    ("StringLike", "admin-?", "admin-x", True),
    ("StringLike", "admin-?", "admin-", False),
    ("StringLike", "admin-?", "admin-xy", False),
    ("StringLike", "*", "", True),
    ("StringLike", "*", "one\ntwo", True),
    ("StringLike", "one*", "one\ntwo", True),
    ("StringLike", "a?b", "a\nb", True),
    ("StringLike", "a[bc]", "a[bc]", True),
    ("StringLike", "a[bc]", "ab", False),
    # reference_policies_elements_condition.html: users named JohnDoe are denied access
    ("StringEquals", "johndoe", "JohnDoe", False),
    # The page says "the match succeeds. The first asterisk matches us-east-2:999999999999:store/abc:"
    (
        "StringLike",
        "arn:aws:someservice:*:111122223333:finance/*",
        "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt",
        True,
    ),
    # "With an ArnLike condition, which matches elements between colons, the match fails."
    (
        "ArnLike",
        "arn:aws:someservice:*:111122223333:finance/*",
        "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt",
        False,
    ),
    ("ArnEquals", "arn:aws:sns:REGION:123456789012:TOPIC-ID", "arn:aws:sns:REGION:123456789012:TOPIC-ID", True),
    ("ArnEquals", "arn:aws:sns:REGION:123456789012:TOPIC-ID", "arn:aws:sns:region:123456789012:TOPIC-ID", False),
    ("ArnEquals", "arn:aws:ec2:*:*:instance/i-*", "arn:aws:ec2:eu-west-1:111122223333:instance/i-1", True),
    ("ArnLike", "arn:aws:iam::*:role/a?", "arn:aws:iam::111122223333:role/ab", True),
    ("ArnLike", "arn:aws:iam::*:role/a?", "arn:aws:iam::111122223333:role/a", False),
    ("ArnLike", "arn:aws:iam:*:role/*", "arn:aws:iam::111122223333:role/a", None),
    ("ArnLike", "arn:aws:logs:*:*:*", "arn:aws:logs:r:1:log-group:g:log-stream:s", True),
    ("ArnLike", "arn:aws:logs:*:*:log-group:*:s", "arn:aws:logs:r:1:log-group:g:log-stream:s", True),
    ("ArnLike", "arn:aws:iam::1:role/*", "arn:aws:iam:::role/a", False),
    ("ArnLike", "arn:*:*:*:*:*", "not-an-arn", False),
    ("ArnLike", "arn:*:*:*:*:*", "arn:a:b:c:d", False),
    ("ArnLike", "arn:*:*:*:*:*", "arn:a:b:c:d:", True),
    # "Numeric condition operators": up to 10 objects
    ("NumericLessThanEquals", "10", "10", True),
    ("NumericLessThanEquals", "10", "9", True),
    ("NumericLessThanEquals", "10", "10.0001", False),
    ("NumericLessThan", "10", "10", False),
    ("NumericLessThan", "10", "9.999", True),
    ("NumericLessThan", "10", "-11", True),
    ("NumericLessThan", "10", "9", True),
    ("NumericGreaterThan", "10", "10", False),
    ("NumericGreaterThan", "10", "10.5", True),
    ("NumericGreaterThan", "9", "10", True),
    ("NumericGreaterThanEquals", "10", "10", True),
    ("NumericGreaterThanEquals", "10", "9", False),
    ("NumericEquals", "10", "10.0", True),
    ("NumericEquals", "1e2", "100", True),
    ("NumericEquals", ".5", "+0.50", True),
    ("NumericEquals", "10", "11", False),
    ("NumericEquals", "10", "ten", False),
    ("NumericEquals", "0.1", "0.10000000000000000001", False),
    ("NumericEquals", "9007199254740993", "9007199254740992", False),
    # "Date condition operators": W3C's ISO 8601 formats or epoch seconds
    ("DateGreaterThan", "2020-01-01T00:00:01Z", "2020-01-01T00:00:02Z", True),
    ("DateGreaterThan", "2020-01-01T00:00:01Z", "2020-01-01T00:00:01Z", False),
    ("DateGreaterThan", "2014-11-30T12:00Z", "2014-11-30T12:00:01Z", True),
    ("DateGreaterThanEquals", "2020-01-01", "2020-01-01T00:00:00Z", True),
    ("DateGreaterThanEquals", "2020-01-01", "2019-12-31T23:59:59.999Z", False),
    ("DateLessThan", "2020-01", "2019-12-31T23:59:59Z", True),
    ("DateLessThan", "2020-01", "2020-01-01", False),
    ("DateLessThanEquals", "2020-01-01T01:00:00+01:00", "2020-01-01T00:00:00Z", True),
    ("DateLessThanEquals", "2020-01-01T01:00:00+01:00", "2020-01-01T00:00:01Z", False),
    ("DateEquals", "2019-12-31T19:00:00-05:00", "2020-01-01T00:00:00Z", True),
    ("DateEquals", "2020-01-01T05:30:00+0530", "2020-01-01T00:00:00", True),
    ("DateEquals", "2020-01-01T00:00:00Z", "1577836800", True),
    ("DateEquals", "1577836800", "2020-01-01", True),
    ("DateEquals", "1577836800", "1577836801", False),
    ("DateEquals", "1577836800.5", "2020-01-01T00:00:00.50Z", True),
    ("DateLessThan", "1577836800", "1577836799", True),
    ("DateGreaterThan", "-1", "0", True),
    ("DateEquals", "2020-01-01", "yesterday", False),
    ("DateEquals", "1969-12-31T23:59:59Z", "-1", True),
    ("DateEquals", "2020-03-02T04:05:06Z", "1583121906", True),
    # "Boolean condition operators"
    ("Bool", "false", "false", True),
    ("Bool", "false", "true", False),
    ("Bool", "true", "true", True),
    ("Bool", "True", "TRUE", True),
    ("Bool", "true", "1", False),
    ("Bool", "false", "", False),
    # "Binary condition operators": byte for byte
    ("BinaryEquals", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", True),
    ("BinaryEquals", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", "QmluYXJ5", False),
    ("BinaryEquals", "QQ==", "not base64!", False),
    # "IP address condition operators"
    ("IpAddress", "203.0.113.0/24", "203.0.113.0", True),
    ("IpAddress", "203.0.113.0/24", "203.0.113.255", True),
    ("IpAddress", "203.0.113.0/24", "203.0.114.0", False),
    ("IpAddress", "203.0.113.0/24", "203.0.112.255", False),
    ("IpAddress", "203.0.113.77/24", "203.0.113.1", True),
    ("IpAddress", "203.0.113.7", "203.0.113.7", True),
    ("IpAddress", "203.0.113.7", "203.0.113.8", False),
    ("IpAddress", "203.0.113.7/32", "203.0.113.7", True),
    ("IpAddress", "0.0.0.0/0", "198.51.100.1", True),
    ("IpAddress", "0.0.0.0/0", "2001:db8::1", False),
    ("IpAddress", "::/0", "2001:db8::1", True),
    ("IpAddress", "::/0", "198.51.100.1", False),
    ("IpAddress", "2001:DB8:1234:5678::/64", "2001:db8:1234:5678::ffff", True),
    ("IpAddress", "2001:DB8:1234:5678::/64", "2001:db8:1234:5679::", False),
    ("IpAddress", "2001:db8::1", "2001:db8::1", True),
    ("IpAddress", "2001:db8::1", "2001:db8:0:0:0:0:0:1", True),
    ("IpAddress", "2001:db8::1", "2001:db8::2", False),
    ("IpAddress", "::ffff:10.0.0.1", "10.0.0.1", False),
    ("IpAddress", "10.0.0.0/8", "10.1.0.0/16", True),
    ("IpAddress", "10.0.0.0/8", "10.0.0.0/8", True),
    ("IpAddress", "10.0.0.0/8", "11.0.0.0/16", False),
    ("IpAddress", "10.0.0.0/8", "office", False),
]

SURELY = {True: ALWAYS, False: NEVER, None: UNRESOLVED}


@pytest.mark.parametrize(("operator", "value", "request_value", "expected"), KNOWN)
def test_a_known_value_gives_a_definite_answer(
    operator: str, value: str, request_value: str, expected: bool | None
) -> None:
    assert answer(operator, value, request_value) is SURELY[expected]


@pytest.mark.parametrize(("operator", "value", "request_value", "expected"), KNOWN)
def test_if_exists_changes_nothing_for_a_key_that_is_there(
    operator: str, value: str, request_value: str, expected: bool | None
) -> None:
    assert answer(f"{operator}IfExists", value, request_value) is SURELY[expected]


@pytest.mark.parametrize(("operator", "value", "request_value", "expected"), [r for r in KNOWN if r[0] in NEGATED])
def test_a_negated_operator_is_the_opposite_for_a_known_value(
    operator: str, value: str, request_value: str, expected: bool | None
) -> None:
    assert answer(NEGATED[operator], value, request_value) is ~SURELY[expected]


def test_the_table_holds_every_operator() -> None:
    assert {row[0] for row in KNOWN} == set(SAMPLES)
    assert {row[0] for row in KNOWN} >= set(NEGATED)


# --- values that match everything ---

EVERYTHING = [
    # operator, values that match every value of the type, and: present, unknown, unknown and IfExists
    ("StringLike", ("*",), ALWAYS, DEPENDS, ALWAYS),
    ("StringLike", ("x", "**"), ALWAYS, DEPENDS, ALWAYS),
    ("StringLike", ("?*",), ALWAYS, DEPENDS, DEPENDS),  # an unknown value may be empty, a present one is not
    ("StringLike", ("*?*",), ALWAYS, DEPENDS, DEPENDS),
    ("StringLike", ("?*", ""), ALWAYS, DEPENDS, ALWAYS),
    ("StringLike", ("??*",), DEPENDS, DEPENDS, DEPENDS),
    ("StringLike", ("?",), DEPENDS, DEPENDS, DEPENDS),
    ("StringLike", ("",), DEPENDS, DEPENDS, DEPENDS),
    ("StringLike", ("a*",), DEPENDS, DEPENDS, DEPENDS),
    ("StringLike", ("${*}",), DEPENDS, DEPENDS, DEPENDS),
    ("StringLike", ("*${*}",), DEPENDS, DEPENDS, DEPENDS),
    ("StringEquals", ("*",), DEPENDS, DEPENDS, DEPENDS),
    ("StringNotLike", ("*",), NEVER, DEPENDS, DEPENDS),
    ("StringNotLike", ("a", "*"), NEVER, DEPENDS, DEPENDS),
    ("ArnLike", ("arn:*:*:*:*:*",), ALWAYS, DEPENDS, ALWAYS),
    ("ArnLike", ("*:*:*:*:*:*",), ALWAYS, DEPENDS, ALWAYS),
    ("ArnEquals", ("arn:*:*:*:*:*",), ALWAYS, DEPENDS, ALWAYS),
    ("ArnLike", ("arn:aws:iam::1:role/x", "arn:*:*:*:*:*"), ALWAYS, DEPENDS, ALWAYS),
    ("ArnLike", ("arx:*:*:*:*:*",), DEPENDS, DEPENDS, DEPENDS),
    ("ArnLike", ("arn:*:*:*:*:${aws:PrincipalTag/none, '-'}",), DEPENDS, DEPENDS, DEPENDS),
    ("ArnLike", ("arn:aws:*:*:*:*",), DEPENDS, DEPENDS, DEPENDS),
    ("ArnLike", ("arn:*:*:*:*:?*",), DEPENDS, DEPENDS, DEPENDS),
    ("ArnLike", ("arn:*:*::*:*",), DEPENDS, DEPENDS, DEPENDS),
    ("ArnNotLike", ("arn:*:*:*:*:*",), NEVER, DEPENDS, DEPENDS),
    ("Bool", ("true", "false"), ALWAYS, DEPENDS, ALWAYS),
    ("Bool", ("false", "true", "true"), ALWAYS, DEPENDS, ALWAYS),
    ("Bool", ("true", "true"), DEPENDS, DEPENDS, DEPENDS),
    ("IpAddress", ("0.0.0.0/0", "::/0"), ALWAYS, DEPENDS, ALWAYS),
    ("IpAddress", ("::/0", "0.0.0.0/1", "128.0.0.0/1"), ALWAYS, DEPENDS, ALWAYS),
    ("IpAddress", ("0.0.0.0/0",), DEPENDS, DEPENDS, DEPENDS),
    ("IpAddress", ("::/0",), DEPENDS, DEPENDS, DEPENDS),
    ("IpAddress", ("::/0", "0.0.0.0/1"), DEPENDS, DEPENDS, DEPENDS),
    ("NotIpAddress", ("0.0.0.0/0", "::/0"), NEVER, DEPENDS, DEPENDS),
    ("NumericLessThan", ("5", "10"), DEPENDS, DEPENDS, DEPENDS),
]


@pytest.mark.parametrize(("operator", "values", "present", "unknown", "if_exists"), EVERYTHING)
def test_values_that_match_everything_leave_nothing_to_depend_on(
    operator: str, values: tuple[str, ...], present: Certainty, unknown: Certainty, if_exists: Certainty
) -> None:
    assert answer(operator, values, PRESENT) is present
    assert answer(operator, values, UNKNOWN) is unknown
    assert answer(f"{operator}IfExists", values, UNKNOWN) is if_exists


@pytest.mark.parametrize(
    ("operator", "values", "known", "expected"),
    [
        ("ForAllValues:StringLike", ("*",), PRESENT, ALWAYS),
        ("ForAllValues:StringLike", ("*",), UNKNOWN, ALWAYS),
        ("ForAllValues:StringLike", ("?*",), UNKNOWN, ALWAYS),
        ("ForAllValues:StringLikeIfExists", ("*",), UNKNOWN, ALWAYS),
        ("ForAllValues:StringLike", ("a*",), UNKNOWN, DEPENDS),
        ("ForAllValues:StringNotLike", ("*",), UNKNOWN, DEPENDS),
        ("ForAllValues:StringNotLike", ("*",), PRESENT, NEVER),
        ("ForAnyValue:StringLike", ("*",), PRESENT, ALWAYS),
        ("ForAnyValue:StringLike", ("*",), UNKNOWN, DEPENDS),
        ("ForAnyValue:StringLikeIfExists", ("*",), UNKNOWN, DEPENDS),
        ("ForAnyValue:StringNotLike", ("*",), PRESENT, NEVER),
        ("ForAnyValue:StringNotLike", ("*",), UNKNOWN, NEVER),
        ("ForAnyValue:StringNotLikeIfExists", ("*",), UNKNOWN, DEPENDS),
        ("ForAllValues:IpAddress", ("0.0.0.0/0", "::/0"), UNKNOWN, ALWAYS),
    ],
)
def test_set_operators_over_everything(operator: str, values: tuple[str, ...], known: object, expected: object) -> None:
    assert answer(operator, values, known) is expected


@pytest.mark.parametrize(
    ("key", "operator", "values", "expected"),
    [
        ("aws:PrincipalArn", "ArnLike", ("arn:*:*:*:*:*",), ALWAYS),
        ("aws:PrincipalArn", "StringLike", ("*",), ALWAYS),
        ("AWS:principalarn", "IpAddress", ("0.0.0.0/0", "::/0"), DEPENDS),
        ("aws:PrincipalArn", "Bool", ("true", "false"), DEPENDS),
        ("aws:PrincipalAccount", "ArnLike", ("arn:*:*:*:*:*",), DEPENDS),
        ("aws:PrincipalType", "ArnLike", ("arn:*:*:*:*:*",), DEPENDS),
        ("aws:userid", "Bool", ("true", "false"), DEPENDS),
        ("aws:username", "Bool", ("true", "false"), DEPENDS),
        ("aws:username", "StringLike", ("?*",), ALWAYS),
    ],
)
def test_a_range_of_another_type_does_not_cover_a_key_of_text(
    key: str, operator: str, values: tuple[str, ...], expected: Certainty
) -> None:
    assert holds(a_condition(operator, *values, key=key), Context.of(), variables=True) is expected


# --- limits ---


def test_a_number_or_date_of_64_characters_is_compared() -> None:
    assert answer("NumericEquals", "9" * 64, "9" * 64) is ALWAYS
    assert answer("DateEquals", "9" * 64, "9" * 64) is ALWAYS


def test_a_year_alone_is_refused_because_it_may_be_epoch_seconds() -> None:
    assert answer("DateGreaterThan", "2020", "2025-01-01") is UNRESOLVED
    assert answer("DateGreaterThan", "02020", "2025-01-01") is ALWAYS
    assert answer("DateEquals", "20200101", "1970-08-22T19:08:21Z") is ALWAYS

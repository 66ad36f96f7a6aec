"""What a policy variable stands for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_veeam_iam.iam.context import Context, Presence
from pytest_veeam_iam.iam.globs import Literal, Unknown
from pytest_veeam_iam.iam.variables import resolve

CONTEXT = Context.of(
    {
        "aws:username": "bob*",
        "aws:PrincipalTag/team": "yellow",
        "aws:PrincipalTag/gone": None,
        "aws:PrincipalTag/empty": "",
        "aws:PrincipalTag/none": [],
        "aws:TagKeys": ["a", "b"],
        "aws:userid": Presence.PRESENT,
        "aws:SourceIp": Presence.UNKNOWN,
    }
)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", ("",)),
        ("b/*", ("b/*",)),
        ("cost is 5$", ("cost is 5$",)),
        # reference_policies_variables.html, where "IAM replaces the variable"
        ("b/${aws:username}/*", ("b/", Literal("bob*"), "/*")),
        ("${aws:username}", (Literal("bob*"),)),
        ("${aws:username}${aws:username}", (Literal("bob*"), Literal("bob*"))),
        ("${AWS:UserName}", (Literal("bob*"),)),
        ("${aws:PrincipalTag/team}-x", (Literal("yellow"), "-x")),
        # "Specifying default values"
        ("b-${aws:PrincipalTag/team, 'company-wide'}", ("b-", Literal("yellow"))),
        ("b-${aws:PrincipalTag/gone, 'company-wide'}", ("b-", Literal("company-wide"))),
        ("b-${aws:PrincipalTag/gone,'x*'}", ("b-", Literal("x*"))),
        ("b-${aws:PrincipalTag/gone,   'a}b'}", ("b-", Literal("a}b"))),
        ("b-${aws:PrincipalTag/gone, 'x' }", ("b-", Literal("x"))),
        ("b-${aws:PrincipalTag/gone, ''}", ("b-", Literal(""))),
        ("${aws:PrincipalTag/empty, 'x'}", (Literal("x"),)),
        ("${aws:PrincipalTag/none, 'x'}", (Literal("x"),)),
        # "Policy variables with no value": "there is no equal or like value"
        ("b-${aws:PrincipalTag/gone}", None),
        ("${aws:PrincipalTag/gone}${aws:username}", None),
        ("${aws:PrincipalTag/empty}", None),
        ("${aws:PrincipalTag/none}", None),
        # "You can't use a multivalued condition key as a variable."
        ("${aws:TagKeys}", (Unknown("${aws:TagKeys}"),)),
        ("${aws:TagKeys, 'x'}", (Unknown("${aws:TagKeys}"),)),
        ("a${aws:userid}b", ("a", Unknown("${aws:userid}"), "b")),
        ("${aws:SourceIp, 'x'}", (Unknown("${aws:SourceIp}"),)),
        ("${aws:SourceIp}", (Unknown("${aws:SourceIp}"),)),
        # "Special characters"
        ("a${*}b", ("a", Literal("*"), "b")),
        ("${?}", (Literal("?"),)),
        ("${$}{aws:username}", (Literal("$"), "{aws:username}")),
        # access-analyzer-reference-policy-checks.html: empty, with a space, without its brace or quote
        ("${}", ("${}",)),
        ("${ aws:username}", ("${ aws:username}",)),
        ("${aws:user name}", ("${aws:user name}",)),
        ("${aws:username", ("${aws:username",)),
        ("${aws:username, 'x}", ("${aws:username, 'x}",)),
        ("${aws:username, x}", ("${aws:username, x}",)),
        ("${aws:username; 'x'}", ("${aws:username; 'x'}",)),
        ("${**}", ("${**}",)),
        ("${${aws:username}}", ("${", Literal("bob*"), "}")),
        ("${", ("${",)),
    ],
)
def test_a_text_resolves_to_its_pieces(text: str, pieces: object) -> None:
    assert resolve(text, CONTEXT, enabled=True) == pieces


@pytest.mark.parametrize("text", ["${aws:username}", "${*}", "${aws:PrincipalTag/gone}", "plain"])
def test_a_version_without_variables_takes_the_text_as_it_is(text: str) -> None:
    assert resolve(text, CONTEXT, enabled=False) == (text,)


def test_a_complete_context_has_no_other_values() -> None:
    assert resolve("${aws:username}", Context.of({}, complete=True), enabled=True) is None


@given(st.text())
def test_a_known_value_is_literal_whatever_it_holds(value: str) -> None:
    context = Context.of({"k:v": value})
    assert resolve("${k:v, 'none'}", context, enabled=True) == (Literal(value or "none"),)


@given(st.text(alphabet="${}*?,' aws:username"))
def test_no_text_is_too_odd(text: str) -> None:
    pieces = resolve(text, CONTEXT, enabled=True)
    assert pieces is None or all(isinstance(piece, str | Literal | Unknown) for piece in pieces)


def test_a_hostile_text_takes_no_time() -> None:
    text = "${a, '" * 20_000 + "${" * 20_000 + "${a," + " " * 20_000
    assert resolve(text, CONTEXT, enabled=True) is not None

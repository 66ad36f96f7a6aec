"""What the tests of conditions share: conditions to ask about, and the answer in one line."""

from __future__ import annotations

from hypothesis import strategies as st

from pytest_veeam_iam.iam.certainty import Certainty
from pytest_veeam_iam.iam.conditions import holds
from pytest_veeam_iam.iam.context import Context, Presence
from pytest_veeam_iam.iam.document import Condition, Entry, Location

NEVER, DEPENDS, UNRESOLVED, ALWAYS = Certainty.NEVER, Certainty.DEPENDS, Certainty.UNRESOLVED, Certainty.ALWAYS
ABSENT, PRESENT, UNKNOWN = Presence.ABSENT, Presence.PRESENT, Presence.UNKNOWN
HERE = Location("policy.json", 1, 1)


def a_condition(operator: str, *values: str, key: str = "aws:Key") -> Condition:
    return Condition(operator, key, tuple(Entry(value, HERE) for value in values), HERE)


def answer(operator: str, values: str | tuple[str, ...], known: object) -> Certainty:
    """Return how surely ``operator`` holds for a key of which ``known`` is known."""
    texts = (values,) if isinstance(values, str) else values
    context = Context.of({"aws:Key": known})
    return holds(a_condition(operator, *texts), context, variables=True)


NEGATED = {
    "StringEquals": "StringNotEquals",
    "StringEqualsIgnoreCase": "StringNotEqualsIgnoreCase",
    "StringLike": "StringNotLike",
    "ArnEquals": "ArnNotEquals",
    "ArnLike": "ArnNotLike",
    "NumericEquals": "NumericNotEquals",
    "DateEquals": "DateNotEquals",
    "IpAddress": "NotIpAddress",
}
SAMPLES = {
    "StringEquals": "x",
    "StringEqualsIgnoreCase": "x",
    "StringLike": "x*",
    "ArnEquals": "arn:aws:iam::1:role/x",
    "ArnLike": "arn:aws:iam::*:role/x",
    "NumericEquals": "5",
    "NumericLessThan": "5",
    "NumericLessThanEquals": "5",
    "NumericGreaterThan": "5",
    "NumericGreaterThanEquals": "5",
    "DateEquals": "2020-01-01",
    "DateLessThan": "2020-01-01",
    "DateLessThanEquals": "2020-01-01",
    "DateGreaterThan": "2020-01-01",
    "DateGreaterThanEquals": "2020-01-01",
    "Bool": "true",
    "BinaryEquals": "QQ==",
    "IpAddress": "10.0.0.0/8",
}
"""Every operator that is not negated, but Null, with a value that some requests match and some do not."""

UNKNOWN_OPERATORS = [
    # CreateRole answers "Invalid Condition type : stringEquals".
    ("stringEquals", "did you mean StringEquals?"),
    ("StringEqual", "did you mean StringEquals?"),
    ("forAnyValue:stringlikeifexists", "did you mean ForAnyValue:StringLikeIfExists?"),
    ("ForAnyValues:StringLike", "did you mean ForAnyValue:StringLike?"),
    ("StringLikeIfExist", "did you mean StringLikeIfExists?"),
    ("IPAddress", "did you mean IpAddress?"),
    ("NumberLessThan", "did you mean NumericLessThan?"),
    ("BoolIfexists", "did you mean BoolIfExists?"),
    ("NullIfExists", "Null takes no IfExists"),
    ("ForAllValues:NullIfExists", "Null takes no IfExists"),
    ("Sounds:StringLike", "the names are compared with case, for example StringEquals"),
    (":StringLike", "the names are compared with case, for example StringEquals"),
    ("ForAnyValue:ForAllValues:StringLike", "the names are compared with case, for example StringEquals"),
    ("StringLikeIfExistsIfExists", "did you mean StringLikeIfExists?"),
    ("BinaryNotEquals", "did you mean BinaryEquals?"),
    ("StringLikeIgnoreCase", "did you mean StringEqualsIgnoreCase?"),
    ("IfExists", "the names are compared with case, for example StringEquals"),
    ("", "the names are compared with case, for example StringEquals"),
    ("line\nfeed", "the names are compared with case, for example StringEquals"),
]
"""Operators that AWS does not know, and what is said to that."""

REFUSED = [
    (
        "NumericEquals",
        ("ten", "", "1,5", " 1", "0x10", "Infinity", "NaN", "1e9999", "1_000", "\u0661", "9" * 65, "1\n", "."),
    ),
    (
        "DateEquals",
        ("tomorrow", "2020", "2020-13-01", "2020-02-30", "2020-01-01T25:00Z", "2020-01-01 00:00"),
    ),
    (
        "DateEquals",
        ("0000-01-01", "2020-W01-1", "2020-01-01T00:00:00+99:00", "2020-01-01T00:00:00+01:60", "*", "1.", ""),
    ),
    ("DateEquals", ("2020-01-01T00Z", "2020-01T00:00Z", "2020-01-01T00:00:00.Z", "2020-01-01Z", "9" * 65)),
    ("Bool", ("yes", "", "1", "*", "truee")),
    ("BinaryEquals", ("not base64!", "Q Q==", "QQ=", "\u00e4")),
    (
        "IpAddress",
        ("10.0.0", "10.0.0.0/33", "::/129", "10.0.0.0/255.0.0.0", "10.0.0.*", "10.0.0.0/", "/8", "", "fe80::1%eth0"),
    ),
    ("IpAddress", ("10.0.0.0/8/8", "10.0.0.0/-1", "10.0.0.0/\u0668", "300.0.0.1", "0" * 65)),
    ("ArnLike", ("*", "role/x", "arn:aws:iam::1", "", "arn:aws:s3")),
    ("Null", ("yes", "")),
]
"""Values that are not of the operator's type."""

ALL = sorted({*SAMPLES, *NEGATED.values()})

TEXTS = st.text(alphabet="aA*?/:", max_size=4)
TYPES = {
    "String": (TEXTS, TEXTS),
    "Arn": (
        st.lists(st.sampled_from(["arn", "a", "*", ""]), min_size=6, max_size=7).map(":".join),
        st.lists(st.sampled_from(["arn", "a", "b", ""]), min_size=6, max_size=7).map(":".join),
    ),
    "Numeric": (st.integers(-2, 2).map(str), st.integers(-2, 2).map(str)),
    "Date": (st.integers(0, 3).map(lambda n: f"2020-01-0{n + 1}"), st.integers(1577836799, 1577836802).map(str)),
    "Bool": (st.sampled_from(["true", "false"]), st.sampled_from(["true", "false"])),
    "Binary": (st.sampled_from(["QQ==", "Qg=="]), st.sampled_from(["QQ==", "Qg=="])),
    "IpAddress": (
        st.sampled_from(["0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/8"]),
        st.sampled_from(["10.0.0.1", "200.0.0.1", "::1"]),
    ),
    "NotIpAddress": (st.sampled_from(["0.0.0.0/0", "::/0", "10.0.0.0/8"]), st.sampled_from(["10.0.0.1", "::1"])),
}


@st.composite
def cases(draw: st.DrawFn, operators: tuple[str, ...] = tuple(ALL)) -> tuple[str, tuple[str, ...], list[str]]:
    """Draw an operator, policy values and request values of its type."""
    operator = draw(st.sampled_from(operators))
    policy, request = next(pair for start, pair in TYPES.items() if operator.startswith(start))
    values = tuple(draw(st.lists(policy, min_size=1, max_size=3)))
    return operator, values, draw(st.lists(request, min_size=1, max_size=2))


HOSTILE = [
    "9" * 20_000,
    "1e999999999",
    "1" + "0" * 60 + "e999",
    "-" * 20_000,
    "1:" * 10_000,
    "/" * 20_000,
    "0." * 10_000,
]

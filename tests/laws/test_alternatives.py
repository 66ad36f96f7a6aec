"""A single request whose keys have several values is answered as the requests with one value of each are."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from pytest_veeam_iam import evaluate

if TYPE_CHECKING:
    from tests.laws.oracle import Document

_KEYS = ("aws:K", "aws:L")
_VALUES = ("a", "b", "ab", "")
_GRAVEST_FIRST = ("denied", "missing", "allowed")
_OPERATORS = ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase")


@st.composite
def _conditions(draw: st.DrawFn) -> Document:
    operator = draw(st.sampled_from(_OPERATORS)) + draw(st.sampled_from(["", "", "IfExists"]))
    texts = st.sampled_from([*_VALUES, "a*", "?", "${aws:K}", "${aws:L, 'a'}"])
    values: Any = st.lists(texts, min_size=1, max_size=2)
    if draw(st.integers(0, 9)) == 0:
        operator, values = "Null", st.sampled_from(["true", "false"])
    return {operator: {key: draw(values) for key in draw(st.sets(st.sampled_from(_KEYS), max_size=2))}}


@st.composite
def _documents(draw: st.DrawFn) -> Document:
    resources = st.sampled_from(["*", "arn:aws:s3:::b/*", "arn:aws:s3:::${aws:K}/a", "arn:aws:s3:::b/${aws:L}*"])
    statements = [
        {
            "Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"])),
            "Action": "s3:*",
            draw(st.sampled_from(["Resource"] * 3 + ["NotResource"])): draw(resources),
            **({"Condition": condition} if any((condition := draw(_conditions())).values()) else {}),
        }
        for _ in range(draw(st.integers(1, 4)))
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _decision(document: Document, context: dict[str, Any]) -> str:
    resource = "arn:aws:s3:::b/a"
    return evaluate(document, "s3:GetObject", resource, context=context, complete_context=True).decision.value


@settings(max_examples=300, deadline=None)
@given(
    document=_documents(),
    values=st.fixed_dictionaries(
        {}, optional={key: st.lists(st.sampled_from(_VALUES), min_size=1, max_size=3) for key in _KEYS}
    ),
)
def test_several_values_are_as_grave_as_the_gravest_of_them(document: Document, values: dict[str, list[str]]) -> None:
    each = {_decision(document, dict(zip(values, chosen, strict=True))) for chosen in product(*values.values())}
    expected = min(each, key=_GRAVEST_FIRST.index)
    event(f"{expected} of {len(each)}")
    assert _decision(document, values) == expected


@settings(max_examples=100, deadline=None)
@given(document=_documents(), values=st.lists(st.sampled_from(_VALUES), min_size=1, max_size=3), data=st.data())
def test_the_order_of_values_does_not_matter(document: Document, values: list[str], data: st.DataObject) -> None:
    other = data.draw(st.permutations(values))
    assert _decision(document, {"aws:K": values}) == _decision(document, {"aws:K": other})

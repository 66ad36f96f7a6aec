"""The operator table: every documented condition operator as a type of value, a comparison and words.

An operator's name is taken apart here; what it says about a request is worked out elsewhere.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pytest_veeam_iam.iam.certainty import Certainty, all_of, any_of
from pytest_veeam_iam.iam.value_types import (
    ADDRESS,
    ARN,
    BYTES,
    CASELESS,
    DECIMAL,
    EXACT,
    EXISTENCE,
    MOMENT,
    PATTERN,
    TRUTH,
    arn_matches,
    in_network,
    text_matches,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pytest_veeam_iam.iam.value_types import ValueType


@dataclass(frozen=True, slots=True)
class Operator:
    """One documented operator without its prefix and suffix.

    Attributes:
        value_type: Of the policy's values.
        compare: A reading of a policy value with a subject of the request.
        words: What is said between the key and the values.
        opposite: What is said there of a key that is present and for which it does not hold.
        negated: Whether it holds where no value matches.
    """

    value_type: ValueType
    compare: Callable[[Any, Any], Certainty]
    words: str
    opposite: str
    negated: bool = False


def _request_is(relation: Callable[[Any, Any], bool]) -> Callable[[Any, Any], Certainty]:
    """Return the comparison "the request's value is ``relation`` the policy's value"."""

    def compare(reading: Any, subject: Any) -> Certainty:
        return Certainty.ALWAYS if relation(subject, reading) else Certainty.NEVER

    return compare


EQUAL = _request_is(operator.eq)
_LESS, _AT_MOST = _request_is(operator.lt), _request_is(operator.le)
_MORE, _AT_LEAST = _request_is(operator.gt), _request_is(operator.ge)

NULL = Operator(EXISTENCE, EQUAL, "is absent", "is present")

OPERATORS = {
    "StringEquals": Operator(EXACT, text_matches, "is", "is not"),
    "StringNotEquals": Operator(EXACT, text_matches, "is not", "is", negated=True),
    "StringEqualsIgnoreCase": Operator(CASELESS, text_matches, "is, in any case,", "is not, in any case,"),
    "StringNotEqualsIgnoreCase": Operator(
        CASELESS, text_matches, "is not, in any case,", "is, in any case,", negated=True
    ),
    "StringLike": Operator(PATTERN, text_matches, "is like", "is not like"),
    "StringNotLike": Operator(PATTERN, text_matches, "is not like", "is like", negated=True),
    "NumericEquals": Operator(DECIMAL, EQUAL, "is", "is not"),
    "NumericNotEquals": Operator(DECIMAL, EQUAL, "is not", "is", negated=True),
    "NumericLessThan": Operator(DECIMAL, _LESS, "is less than", "is at least"),
    "NumericLessThanEquals": Operator(DECIMAL, _AT_MOST, "is at most", "is more than"),
    "NumericGreaterThan": Operator(DECIMAL, _MORE, "is more than", "is at most"),
    "NumericGreaterThanEquals": Operator(DECIMAL, _AT_LEAST, "is at least", "is less than"),
    "DateEquals": Operator(MOMENT, EQUAL, "is", "is not"),
    "DateNotEquals": Operator(MOMENT, EQUAL, "is not", "is", negated=True),
    "DateLessThan": Operator(MOMENT, _LESS, "is before", "is at or after"),
    "DateLessThanEquals": Operator(MOMENT, _AT_MOST, "is at or before", "is after"),
    "DateGreaterThan": Operator(MOMENT, _MORE, "is after", "is at or before"),
    "DateGreaterThanEquals": Operator(MOMENT, _AT_LEAST, "is at or after", "is before"),
    "Bool": Operator(TRUTH, EQUAL, "is", "is not"),
    "BinaryEquals": Operator(BYTES, EQUAL, "is, in base64,", "is not, in base64,"),
    "IpAddress": Operator(ADDRESS, in_network, "is in", "is not in"),
    "NotIpAddress": Operator(ADDRESS, in_network, "is not in", "is in", negated=True),
    "ArnEquals": Operator(ARN, arn_matches, "is like", "is not like"),
    "ArnLike": Operator(ARN, arn_matches, "is like", "is not like"),
    "ArnNotEquals": Operator(ARN, arn_matches, "is not like", "is like", negated=True),
    "ArnNotLike": Operator(ARN, arn_matches, "is not like", "is like", negated=True),
    "Null": NULL,
}


@dataclass(frozen=True, slots=True)
class Quantifier:
    """How the values of the request are taken together.

    Attributes:
        words: What is said of the key, with the words of the operator.
        opposite: What is said where it does not hold.
        over: The certainty for all values from that of each.
        without_value: The answer for a key that is absent or null; None if the operator decides.
    """

    words: str
    opposite: str
    over: Callable[[Iterable[Certainty]], Certainty]
    without_value: Certainty | None = None


def agreed(parts: Iterable[Certainty]) -> Certainty:
    """Return the certainty of what one of ``parts`` decides, and it is not known which."""
    distinct = set(parts)
    if len(distinct) == 1:
        return distinct.pop()
    return Certainty.UNRESOLVED if Certainty.UNRESOLVED in distinct else Certainty.DEPENDS


ONE = Quantifier("{key} {words}", "{key} {opposite}", agreed)
_ALL = Quantifier("every value of {key} {words}", "a value of {key} {opposite}", all_of, Certainty.ALWAYS)
_ANY = Quantifier("a value of {key} {words}", "no value of {key} {words}", any_of, Certainty.NEVER)
QUANTIFIERS = {"ForAllValues": _ALL, "ForAnyValue": _ANY}
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html"""


@dataclass(frozen=True, slots=True)
class Form:
    """An operator name, taken apart: ``ForAnyValue:StringLikeIfExists``."""

    quantifier: Quantifier
    operator: Operator
    if_exists: bool


@lru_cache(maxsize=256)
def form_of(name: str) -> Form | None:
    """Return the parts of an operator name; None if AWS does not know it.

    AWS compares it with case ("Invalid Condition type : stringEquals"), and Null takes no IfExists.
    """
    prefix, colon, rest = name.rpartition(":")
    quantifier = QUANTIFIERS.get(prefix) if colon else ONE
    found = OPERATORS.get(base := rest.removesuffix("IfExists"))
    if quantifier is None or found is None or (found is NULL and base != rest):
        return None
    return Form(quantifier, found, base != rest)

"""Conditions: it decides how surely a condition holds in a request, and must not know Effect or statement.

A request either lacks the key, or has it without a value (AWS: null), or has it with values. What is not known of the
request leaves several of these states open; a condition is certain only if it is the same in all of them.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from pytest_veeam_iam.iam.certainty import Certainty, all_of, any_of
from pytest_veeam_iam.iam.context import Presence
from pytest_veeam_iam.iam.operators import EQUAL, NULL, ONE, agreed, form_of
from pytest_veeam_iam.iam.value_types import ARN, EXACT
from pytest_veeam_iam.iam.variables import pattern_of

if TYPE_CHECKING:
    from pytest_veeam_iam.iam.context import Context, Known
    from pytest_veeam_iam.iam.document import Condition, Entry
    from pytest_veeam_iam.iam.operators import Form
    from pytest_veeam_iam.iam.value_types import ValueType


class _Odd(Enum):
    """What a policy value can be besides something to compare with."""

    NOTHING = "a variable without a value: it matches nothing"
    REFUSED = "unknown, or not of the operator's type: AWS refuses it, or it matches nothing"


_TEXT_KEYS = {
    "aws:principalarn": ARN,
    "aws:principalaccount": EXACT,
    "aws:principaltype": EXACT,
    "aws:userid": EXACT,
    "aws:username": EXACT,
}
"""Keys of the default caller whose values are never of another type, so that no range of that type covers them."""


def holds(condition: Condition, context: Context, *, variables: bool) -> Certainty:
    """Return how surely a condition holds.

    Args:
        condition: One operator and key; several values are alternatives, for a negated operator none of them may match.
        context: What is known of the request.
        variables: Whether the document's Version has policy variables.

    Returns:
        ALWAYS or NEVER if it is the same in every request that ``context`` leaves open; DEPENDS if not; UNRESOLVED for
        an unknown operator, for no values, and where a template value or one that is not of the operator's type
        decides.
        AWS: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """
    form = form_of(condition.operator)
    if form is None or not condition.values:
        return Certainty.UNRESOLVED
    seen = (context.lookup_one if form.quantifier is ONE else context.lookup)(condition.key)
    if form.operator is NULL:
        return _exists(form, condition, seen)
    test = _Test(
        form, _readings(form.operator.value_type, condition, context, variables=variables), condition.key.lower()
    )
    answer = test.answer(seen)
    hangs_on_template = answer is Certainty.DEPENDS and not all(entry.is_known for entry in condition.values)
    return Certainty.UNRESOLVED if hangs_on_template else answer


def all_hold(conditions: tuple[Condition, ...], context: Context, *, variables: bool) -> Certainty:
    """Return how surely all ``conditions`` of a statement hold; ALWAYS for none.

    The arguments are those of ``holds``.
    """
    return all_of(holds(condition, context, variables=variables) for condition in conditions)


@dataclass(frozen=True, slots=True)
class _Test:
    """A condition whose policy values are read, to be asked about one state of the request after the other."""

    form: Form
    readings: tuple[Any, ...]
    key: str

    def answer(self, seen: Known) -> Certainty:
        if isinstance(seen, tuple):
            return self._known(seen)
        if seen is Presence.ABSENT:
            return self._absent()
        if seen is Presence.PRESENT:
            return self._some_value()
        return agreed((self._absent(), self._null(), self._some_value()))

    def _absent(self) -> Certainty:
        if self.form.if_exists:
            return Certainty.ALWAYS
        if self.form.quantifier.without_value is not None:
            return self.form.quantifier.without_value
        return Certainty.ALWAYS if self.form.operator.negated else Certainty.NEVER

    def _null(self) -> Certainty:
        """Return the answer for an empty value; a key of another type than text is never empty."""
        if self.form.quantifier.without_value is not None:
            return self.form.quantifier.without_value
        return self._value("") if self.form.operator.value_type.is_text else self._some_value()

    def _known(self, values: tuple[str, ...]) -> Certainty:
        """Return the answer for known values.

        AWS: ForAllValues "also returns true if the key values resolve to a null data set, such as an empty string".
        """
        if self.form.quantifier.without_value is not None and values in ((), ("",)):
            return self.form.quantifier.without_value
        return self.form.quantifier.over(self._value(value) for value in values or ("",))

    def _value(self, value: str) -> Certainty:
        subject = self.form.operator.value_type.subject(value)
        return self._signed(any_of(self._compare(reading, subject) for reading in self.readings))

    def _compare(self, reading: Any, subject: Any) -> Certainty:
        if reading is _Odd.REFUSED:
            return Certainty.UNRESOLVED
        if reading is _Odd.NOTHING or subject is None:
            return Certainty.NEVER
        return self.form.operator.compare(reading, subject)

    def _some_value(self) -> Certainty:
        """Return the answer for a value that is not known, or for a set of such values."""
        value_type = self.form.operator.value_type
        usable = [reading for reading in self.readings if not isinstance(reading, _Odd)]
        own_type = EXACT if "/" in self.key else _TEXT_KEYS.get(self.key, value_type)  # a tag's value is any text
        right_type = value_type.is_text or own_type is value_type
        if usable and right_type and value_type.covers(usable):
            return self._signed(Certainty.ALWAYS)
        if _Odd.REFUSED in self.readings:
            return Certainty.UNRESOLVED
        return self._signed(Certainty.DEPENDS if usable else Certainty.NEVER)

    def _signed(self, matched: Certainty) -> Certainty:
        return ~matched if self.form.operator.negated else matched


def _readings(value_type: ValueType, condition: Condition, context: Context, *, variables: bool) -> tuple[Any, ...]:
    def read(entry: Entry) -> Any:
        if not value_type.is_pattern and not entry.is_known:
            return _Odd.REFUSED
        value = pattern_of(entry, context, enabled=variables) if value_type.is_pattern else entry.text
        if value is None:
            return _Odd.NOTHING
        reading = value_type.read(value)
        return _Odd.REFUSED if reading is None else reading

    return tuple(map(read, condition.values))


def _exists(form: Form, condition: Condition, seen: Known) -> Certainty:
    """Return the answer of Null: "true" where the key is absent or its value is null.

    AWS: with ForAllValues or ForAnyValue "they always return a true or false respectively".
    """
    if form.quantifier.without_value is not None:
        return form.quantifier.without_value
    read = form.operator.value_type.read
    readings = [read(entry.text) if entry.is_known else None for entry in condition.values]

    def answer(*, is_null: bool) -> Certainty:
        return any_of(Certainty.UNRESOLVED if r is None else EQUAL(r, is_null) for r in readings)

    if isinstance(seen, tuple):
        return agreed(answer(is_null=not value) for value in seen or ("",))
    if seen is Presence.UNKNOWN:
        return agreed((answer(is_null=True), answer(is_null=False)))
    return answer(is_null=seen is Presence.ABSENT)

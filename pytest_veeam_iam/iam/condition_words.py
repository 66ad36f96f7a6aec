"""Conditions in words: what is wrong with one, what it asks for, and how to declare that a request fulfils it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.certainty import Certainty
from pytest_veeam_iam.iam.conditions import holds
from pytest_veeam_iam.iam.context import Context, Presence
from pytest_veeam_iam.iam.operators import NULL, ONE, OPERATORS, QUANTIFIERS, form_of
from pytest_veeam_iam.iam.value_types import boolean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_veeam_iam.iam.context import Known
    from pytest_veeam_iam.iam.document import Condition
    from pytest_veeam_iam.iam.operators import Form
    from pytest_veeam_iam.iam.value_types import ValueType

_SHOWN = 5
"""Values that a sentence lists before it says how many more there are."""


def problems(condition: Condition) -> tuple[str, ...]:
    """Return why AWS refuses a condition, or why its answer cannot be trusted.

    Args:
        condition: One operator and key.

    Returns:
        One sentence each: an operator that AWS does not know, no values, values that are not of the operator's type.
        AWS: https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
    """
    form = form_of(condition.operator)
    if form is None:
        return (f"{_quoted(condition.operator)} is not a condition operator{_hint(condition.operator)}",)
    if not condition.values:
        return (f"{condition.operator} of {condition.key} has no values",)
    value_type = form.operator.value_type
    refused = (e.text for e in condition.values if e.is_known and _is_refused(value_type, e.text))
    return tuple(
        f"{_quoted(text)} is not {value_type.noun}, which {condition.operator} of {condition.key} needs"
        for text in dict.fromkeys(refused)
    )


def _is_refused(value_type: ValueType, text: str) -> bool:
    if not value_type.is_pattern:
        return value_type.read(text) is None
    return "${" not in text and value_type.read((text,)) is None


def _hint(name: str) -> str:
    from difflib import get_close_matches

    if name.endswith("NullIfExists"):
        return "; Null takes no IfExists"
    prefix, colon, base = name[:100].rpartition(":")
    folded = {known.lower(): known for known in OPERATORS}
    quantifiers = {known.lower(): f"{known}:" for known in QUANTIFIERS}
    stem, suffix, _ = base.lower().partition("ifexist")
    near = get_close_matches(stem, folded, n=1, cutoff=0.8)
    before = get_close_matches(prefix.lower(), quantifiers, n=1, cutoff=0.8)
    if not near or (colon and not before):
        return "; the names are compared with case, for example StringEquals"
    return f"; did you mean {quantifiers[before[0]] if before else ''}{folded[near[0]]}{suffix and 'IfExists'}?"


def describe(condition: Condition, *, fulfilled: bool = True) -> str:
    """Return what a condition asks for, in words: ``aws:SourceIp is in 10.0.0.0/8``.

    Args:
        condition: One operator and key.
        fulfilled: Whether it is to hold (of an Allow) or to fail (of a Deny): ``aws:SourceIp is not in 10.0.0.0/8``.

    Returns:
        One line; long lists of values are cut.
    """
    key, values = _shown(condition.key), _listed(condition)
    form = form_of(condition.operator)
    if form is None:
        return f"{_shown(condition.operator)} (not an operator) of {key} {'is' if fulfilled else 'is not'} {values}"
    if form.operator is NULL:
        states = dict.fromkeys(_state(entry.text, fulfilled=fulfilled) for entry in condition.values)
        values = " or ".join(states) or _state("", fulfilled=fulfilled)
        return form.quantifier.words.format(key=key, words=values)
    template = form.quantifier.words if fulfilled else form.quantifier.opposite
    asked = template.format(key=key, words=form.operator.words, opposite=form.operator.opposite)
    return f"{asked} {values}{_presence(form, fulfilled=fulfilled)}"


def _state(text: str, *, fulfilled: bool) -> str:
    is_null = boolean(text)
    if is_null is None:
        return "exists or not"
    return NULL.words if is_null is fulfilled else NULL.opposite


def _presence(form: Form, *, fulfilled: bool) -> str:
    """Return what is to be added because the words alone do not say it of an absent key."""
    if fulfilled:
        return ", or is absent" if form.if_exists else ""
    if form.operator.negated or form.quantifier.without_value is Certainty.ALWAYS:
        return ""
    if form.if_exists:
        return ", and is present"
    says_it = form.quantifier is not ONE or form.operator.opposite.startswith("is not")
    return "" if says_it else ", or is absent"


def _listed(condition: Condition) -> str:
    texts = [_shown(entry.text) for entry in condition.values]
    if len(texts) > _SHOWN:
        texts[_SHOWN:] = [f"{len(texts) - _SHOWN} more"]
    return " or ".join(texts) or "one of no values"


def _shown(text: str) -> str:
    """Return ``text``, quoted if a reader could not see where it ends."""
    return text if re.fullmatch(r"[!-~]{1,200}", text) else _quoted(text)


def _quoted(text: str) -> str:
    import json

    return json.dumps(text if len(text) <= 200 else f"{text[:200]}...")


PLACEHOLDER = "VALUE"
"""What stands for a value that nobody can derive from the policy."""


def how_to_declare(
    condition: Condition, *, fulfilled: bool = True, others: Sequence[tuple[Condition, bool]] = ()
) -> str:
    """Return the option that says what the request has, so that the answer no longer depends on this condition.

    Args:
        condition: One operator and key.
        fulfilled: Whether the value is to satisfy the condition (of an Allow) or not (of a Deny).
        others: Other conditions of the same key, each with whether the same value is to satisfy it.

    Returns:
        For example ``--veeam-iam-context=aws:SourceIp=10.0.0.1``, the same in sh, PowerShell and cmd; with the word
        VALUE where no value can be derived. Of a key that must be absent, which no option can say: the argument.
    """
    key = condition.key if _QUOTELESS.fullmatch(condition.key) else "KEY"
    demands = [(condition, fulfilled), *others]

    def serves(known: Known) -> bool:
        request = Context({condition.key.lower(): known}, complete=True)
        return all(
            holds(each, request, variables=True) is (Certainty.ALWAYS if wanted else Certainty.NEVER)
            for each, wanted in demands
        )

    texts = (text for each, _ in demands for text in _candidates(each))
    value = next((text for text in texts if _QUOTELESS.fullmatch(text) and serves((text,))), PLACEHOLDER)
    if any(_is_null(each) for each, _ in demands) and serves(Presence.ABSENT) and not serves((value,)):
        return f'context={{"{key}": None}} (in Python; None is a key that is absent)'
    return f"--veeam-iam-context={key}={value}"


_QUOTELESS = re.compile(r"[A-Za-z0-9_.:/+@=-]{1,128}")
"""Texts that no shell changes."""


def _is_null(condition: Condition) -> bool:
    form = form_of(condition.operator)
    return form is not None and form.operator is NULL


def _candidates(condition: Condition) -> Iterator[str]:
    form = form_of(condition.operator)
    if form is not None:
        for entry in condition.values[:_SHOWN]:
            yield from form.operator.value_type.candidates(entry.text)

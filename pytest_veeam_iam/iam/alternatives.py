"""A single request of which a key has several values: it decides for each of them, and keeps the gravest answer.

An operator for one value, and a variable, take one of the values at a time, and whatever it is must be allowed;
``ForAllValues`` and ``ForAnyValue`` take them all.
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.authorization import BUDGET, Answer, Decision
from pytest_veeam_iam.iam.automata import Budget
from pytest_veeam_iam.iam.operators import ONE, form_of
from pytest_veeam_iam.iam.variables import keys_in
from pytest_veeam_iam.iam.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_veeam_iam.iam.authorization import Authorizer
    from pytest_veeam_iam.iam.context import Context
    from pytest_veeam_iam.iam.document import Statement
    from pytest_veeam_iam.iam.globs import Wanted

MAX_ALTERNATIVES = 1_000
"""How many combinations of values are asked for; of more, nobody can tell within the budget."""

_GRAVEST_FIRST = (
    Decision.DENIED,
    Decision.PARTLY_DENIED,
    Decision.MISSING,
    Decision.PARTIAL,
    Decision.UNDETERMINED,
    Decision.CONDITIONAL,
    Decision.ALLOWED,
)


def answer(
    authorizer: Authorizer, action: str, wants: Sequence[Wanted], context: Context, budget: Budget | None = None
) -> tuple[Answer, Context]:
    """Return whether an action is allowed on every one of the wanted resources, and the request that decided it.

    Args:
        authorizer: All policies in effect.
        action: Its full name.
        wants: What must be allowed.
        context: What is known of the request; its values are alternatives only if that is all of it.
        budget: Steps of the search, for all alternatives together.
    """
    keys = _open_keys(authorizer, action, context) if context.complete else ()
    if not keys:
        return authorizer.answer(action, wants, context, budget), context
    values = [dict.fromkeys(context.values_of(key)) for key in keys]
    if prod(map(len, values)) > MAX_ALTERNATIVES:
        return Answer(Decision.UNDETERMINED, {Verdict.UNRESOLVED: None}), context
    budget = budget or Budget(BUDGET)
    found: dict[Decision, tuple[Answer, Context]] = {}
    for chosen in product(*values):
        request = context.choosing(dict(zip(keys, chosen, strict=True)))
        one = authorizer.answer(action, wants, request, budget)
        found.setdefault(one.decision, (one, request))
        if one.decision is _GRAVEST_FIRST[0]:
            break
    return found[min(found, key=_GRAVEST_FIRST.index)]


def _open_keys(authorizer: Authorizer, action: str, context: Context) -> tuple[str, ...]:
    """Return the keys with several values of which the statements about an action take one at a time."""
    relevant = authorizer.relevant(action)
    rules = [*relevant.denies, *(rule for rules in relevant.allows for rule in rules)]
    asked = {key.lower() for rule in rules for key in _asked_one_by_one(rule.statement)}
    return tuple(key for key in sorted(asked) if len(context.values_of(key)) > 1)


def _asked_one_by_one(statement: Statement) -> Iterator[str]:
    for condition in statement.conditions:
        form = form_of(condition.operator)
        if form is not None and form.quantifier is ONE:
            yield condition.key
    for entry in (*statement.resources, *(value for condition in statement.conditions for value in condition.values)):
        yield from keys_in(entry.text)

"""All policies in effect for one principal: what do they say to one action on some resources?

Ordinary answers are proved by literal prefixes alone, the rest by a search. This module returns decisions and the
resources they hold for; to explain them is somebody else's work.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.automata import Budget, BudgetExceededError
from pytest_veeam_iam.iam.certainty import Certainty
from pytest_veeam_iam.iam.classes import Asked, Question, Relevant
from pytest_veeam_iam.iam.document import Effect
from pytest_veeam_iam.iam.verdicts import Layer, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_veeam_iam.iam.context import Context
    from pytest_veeam_iam.iam.globs import Wanted
    from pytest_veeam_iam.iam.rules import Rule
    from pytest_veeam_iam.iam.verdicts import RuleLayer

BUDGET = 40_000
"""Steps of the search that one permission may take: about 0.2 s."""


class Decision(StrEnum):
    """The answer for one action on all resources that were asked for; only ``allowed`` is covered."""

    ALLOWED = "allowed"
    CONDITIONAL = "conditional"
    PARTIAL = "partial"
    PARTLY_DENIED = "partly_denied"
    DENIED = "denied"
    MISSING = "missing"
    UNDETERMINED = "undetermined"


_ALL_OF_ONE = {
    Verdict.DENIED: Decision.DENIED,
    Verdict.MISSING: Decision.MISSING,
    Verdict.UNRESOLVED: Decision.UNDETERMINED,
    Verdict.DEPENDS: Decision.CONDITIONAL,
    Verdict.ALLOWED: Decision.ALLOWED,
}
_SOME = {**_ALL_OF_ONE, Verdict.DENIED: Decision.PARTLY_DENIED, Verdict.MISSING: Decision.PARTIAL}
_RESOURCE_LAYERS = (Layer.RESOURCE, Layer.RESOURCE_DIRECT)


@dataclass(frozen=True, slots=True)
class Example:
    """A resource that a verdict holds for, and what it was asked as."""

    resource: str
    asked: Asked


@dataclass(frozen=True, slots=True)
class Answer:
    """The decision, and what it rests on.

    Attributes:
        decision: For all resources together.
        found: The verdicts in the order they were found, each with an example; None where the budget ended, or where
            nobody needs one.
    """

    decision: Decision
    found: dict[Verdict, Example | None]


class Authorizer:
    """All policies in effect for one principal.

    Args:
        layers: In any order; a layer that is not given does not limit.
    """

    def __init__(self, layers: Sequence[RuleLayer]) -> None:
        self.layers = tuple(layers)
        self._relevant: dict[str, Relevant] = {}

    def relevant(self, action: str) -> Relevant:
        """Return the rules that concern ``action``, in any case."""
        known = self._relevant.get(action)
        if known is None:
            name = action.lower()
            rules = [[rule for rule in layer.rules if _has_a_say(layer, rule, name)] for layer in self.layers]
            known = self._relevant[action] = Relevant(
                allows=tuple(tuple(r for r in group if r.statement.effect is Effect.ALLOW) for group in rules),
                denies=tuple(r for group in rules for r in group if r.statement.effect is Effect.DENY),
            )
        return known

    def answer(self, action: str, wants: Sequence[Wanted], context: Context, budget: Budget | None = None) -> Answer:
        """Return whether ``action`` is allowed on every one of the wanted resources.

        Args:
            action: For example ``s3:GetObject``; case does not matter.
            wants: What must be allowed; not empty.
            context: What is known of any request.
            budget: Steps of the search before the answer is UNDETERMINED, shared with other questions; None is
                ``BUDGET`` for this one.
        """
        relevant = self.relevant(action)
        if self._is_plainly_allowed(relevant, action, wants, context):
            return _PLAINLY_ALLOWED
        asked = [Asked(want, context.for_request(action, want.text)) for want in wants]
        return self._search(relevant, asked, budget or Budget(BUDGET))

    def _is_plainly_allowed(self, relevant: Relevant, action: str, wants: Sequence[Wanted], context: Context) -> bool:
        """Return True if conditions and literal prefixes alone prove the answer; False says nothing."""
        for rule in relevant.denies:
            for want in wants:
                if not _spares(rule, action, want, context):
                    return False
        for layer, rules in zip(self.layers, relevant.allows, strict=True):
            if layer.kind not in _RESOURCE_LAYERS:
                for want in wants:
                    if not _grant(rules, action, want, context):
                        return False
        return True

    def _search(self, relevant: Relevant, asked: Sequence[Asked], budget: Budget) -> Answer:
        found: dict[Verdict, Example | None] = {}
        questions = [Question(self.layers, relevant, ask, budget) for ask in asked]
        gravest = min((question.gravest for question in questions), key=_gravity)
        try:
            for question in questions:
                for verdict, resource in question.verdicts():
                    found.setdefault(verdict, Example(resource, question.asked))
                    if gravest in found and len(found) > 1:
                        return Answer(_SOME[gravest], found)
        except BudgetExceededError:
            for question in questions:
                for verdict, resource in question.samples():
                    found.setdefault(verdict, Example(resource, question.asked))
            found.setdefault(Verdict.UNRESOLVED, None)
        decisions = _ALL_OF_ONE if len(found) == 1 else _SOME
        return Answer(decisions[min(found, key=_gravity)], found)


def _gravity(verdict: Verdict) -> int:
    return verdict.value


_PLAINLY_ALLOWED = Answer(Decision.ALLOWED, {Verdict.ALLOWED: None})


def _has_a_say(layer: RuleLayer, rule: Rule, action: str) -> bool:
    """Return whether a rule concerns an action; a bucket policy is asked about its bucket alone, not about a list."""
    if layer.kind in _RESOURCE_LAYERS:
        is_grant = rule.statement.effect is Effect.ALLOW
        if not action.startswith("s3:") or (is_grant and action == "s3:listallmybuckets"):
            return False
    return rule.concerns(action)


def _spares(rule: Rule, action: str, want: Wanted, context: Context) -> bool:
    """Return True if a Deny surely applies to none of the wanted resources."""
    return rule.plainly_misses(want) or rule.applies(context.for_request(action, want.text)) is Certainty.NEVER


def _grant(rules: tuple[Rule, ...], action: str, want: Wanted, context: Context) -> bool:
    """Return True if one Allow surely applies to all of the wanted resources."""
    for rule in rules:  # loops: generators would double the time of the most common question
        if rule.plainly_covers(want) and (
            rule.is_plain or rule.applies(context.for_request(action, want.text)) is Certainty.ALWAYS
        ):
            return True
    return False

"""What a conditional answer depends on, in words, and how to declare that the request is like that.

An Allow needs all of its conditions, a Deny is out of the way if one of its own fails; several Allows are alternatives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from pytest_veeam_iam.iam.certainty import Certainty
from pytest_veeam_iam.iam.condition_words import PLACEHOLDER, describe, how_to_declare
from pytest_veeam_iam.iam.document import Effect

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_veeam_iam.iam.case import Case
    from pytest_veeam_iam.iam.document import Condition, Statement
    from pytest_veeam_iam.iam.rules import Rule

_DECLARE_CALLER = 'principal="ARN" (in Python; ARN is the one of the user, role or session that calls)'


@dataclass(frozen=True, slots=True)
class _Need:
    """One thing that must be so.

    Attributes:
        words: What, for people.
        condition: The condition that says it, or None.
        fulfilled: Whether the condition is to hold.
        declaration: How to declare what no condition says; None if there is no way.
    """

    words: str
    condition: Condition | None = None
    fulfilled: bool = True
    declaration: str | None = None


_Alternative: TypeAlias = "tuple[_Need, ...]"
"""Needs that together are enough."""


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What an answer depends on.

    Attributes:
        words: All of these must be so; in each, alternatives are joined by "or".
        declarations: What to declare so that they are, as far as it can be declared.
    """

    words: tuple[str, ...] = ()
    declarations: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """All of them in one sentence."""
        has_alternatives = any(", or " in each for each in self.words)
        return f"holds only if {('; and ' if has_alternatives else ' and ').join(self.words)}"


def dependencies(case: Case) -> Dependencies:
    """Return what a conditional answer to a case depends on."""
    terms = [
        [tuple(_needs(match.rule, case)) for match in group if match.certainty is Certainty.DEPENDS]
        for group in case.open_grants()
    ]
    terms += [[(need,) for need in _needs(match.rule, case)] for match in case.denies(Certainty.DEPENDS)]
    terms = [_without_longer(alternatives) for alternatives in terms]
    words = dict.fromkeys(text for alternatives in terms for text in _told(alternatives))
    return Dependencies(tuple(words), tuple(_declarations(terms)))


def _needs(rule: Rule, case: Case) -> Iterator[_Need]:
    """Yield what must be so for an Allow to apply, each, or for a Deny not to apply, any."""
    statement = rule.statement
    applies = statement.effect is Effect.ALLOW
    if rule.caller is Certainty.DEPENDS:
        yield _Need(caller_words(statement, listed=applies is not statement.not_principal), declaration=_DECLARE_CALLER)
    for condition in statement.conditions:
        if rule.condition_holds(condition, case.context) is Certainty.DEPENDS:
            yield _Need(describe(condition, fulfilled=applies), condition, fulfilled=applies)
    entries = rule.open_resources(case.names, case.context)
    if entries:
        is_ = "is" if applies is not statement.not_resource else "is not"
        texts = " or ".join(entry.text for entry in entries)
        yield _Need(f"the resource {is_} {texts} with the caller's values")


def caller_words(statement: Statement, *, listed: bool) -> str:
    """Return that the caller is one of those whom a statement lists, or is none of them."""
    texts = " or ".join(principal.text for principal in statement.principals or ())
    return f"the caller {'is' if listed else 'is not'} {texts}"


def _without_longer(alternatives: Sequence[_Alternative]) -> list[_Alternative]:
    """Return each alternative once, without those that need more than another one does."""
    by_words = {frozenset(need.words for need in needs): needs for needs in reversed(alternatives)}
    return [needs for words, needs in reversed(by_words.items()) if not any(other < words for other in by_words)]


def _told(alternatives: Sequence[_Alternative]) -> list[str]:
    each = [[need.words for need in needs] for needs in alternatives]
    return each[0] if len(each) == 1 else [", or ".join(" and ".join(words) for words in each)]


def _declarations(terms: Iterable[Sequence[_Alternative]]) -> Iterator[str]:
    """Yield the options that declare one alternative of each term; one value serves all conditions of a key."""
    needs = [need for alternatives in terms for need in min(alternatives, key=_is_hard_to_declare)]
    by_key: dict[str, list[tuple[Condition, bool]]] = {}
    for need in needs:
        if need.condition is not None:
            by_key.setdefault(need.condition.key.lower(), []).append((need.condition, need.fulfilled))
    for (condition, fulfilled), *others in by_key.values():
        yield how_to_declare(condition, fulfilled=fulfilled, others=others)
    yield from dict.fromkeys(need.declaration for need in needs if need.declaration is not None)


def _is_hard_to_declare(needs: _Alternative) -> bool:
    return any(
        need.condition is None or how_to_declare(need.condition, fulfilled=need.fulfilled).endswith(f"={PLACEHOLDER}")
        for need in needs
    )

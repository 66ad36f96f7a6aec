"""The search over classes: which verdicts do the resources get that a required pattern denotes?

The resources fall into classes that the policies can tell apart; each class is answered like a single request.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.automata import Automaton, Budget, signatures
from pytest_veeam_iam.iam.certainty import Certainty, all_of, any_of
from pytest_veeam_iam.iam.globs import Relation, relation
from pytest_veeam_iam.iam.verdicts import Verdict, granted_by, verdict_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_veeam_iam.iam.automata import Token
    from pytest_veeam_iam.iam.context import Context
    from pytest_veeam_iam.iam.globs import Glob, Wanted
    from pytest_veeam_iam.iam.rules import Rule
    from pytest_veeam_iam.iam.verdicts import RuleLayer

_SAMPLES = 32
"""Resources that are tried where the budget ends."""

_ONE_CLASS = 40_000
"""Steps to one example where nothing tells the resources apart, which says nothing of how hard a question is."""

_LONGEST_SAMPLE = 1100
"""No ARN is much longer: AWS allows an object's key 1,024 bytes."""


@dataclass(frozen=True, slots=True)
class Relevant:
    """The rules that concern one action.

    Attributes:
        allows: Per layer.
        denies: Of all layers together: wherever it stands, an explicit Deny wins.
    """

    allows: tuple[tuple[Rule, ...], ...]
    denies: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """Some resources that an action is wanted on, and what is known of requests for them."""

    want: Wanted
    context: Context


@dataclass(frozen=True, slots=True)
class _Part:
    """What a class of resources gives a slot: the value of the first automaton that accepts it, else the last value."""

    slot: int
    automata: tuple[Automaton, ...]
    values: tuple[Certainty, ...]


class Question:
    """One action on some resources, put to the rules that concern it; slot ``i`` is layer ``i``, the last one is Deny.

    Attributes:
        asked: The resources and what is known of the requests.
        gravest: The gravest verdict that can come out.
    """

    def __init__(self, layers: tuple[RuleLayer, ...], relevant: Relevant, asked: Asked, budget: Budget) -> None:
        self._layers, self._budget, self.asked = layers, budget, asked
        self._rules = [
            (slot, rule, applies)
            for slot, rules in enumerate((*relevant.allows, relevant.denies))
            for rule in rules
            if (applies := rule.applies(asked.context)) is not Certainty.NEVER
        ]
        self._base = [Certainty.NEVER] * (len(layers) + 1)
        self._parts: list[_Part] = []
        self._open: list[Glob] = []
        can_deny = any(slot == len(layers) and applies is Certainty.ALWAYS for slot, _, applies in self._rules)
        self.gravest = Verdict.DENIED if can_deny else Verdict.MISSING

    def verdicts(self) -> Iterator[tuple[Verdict, str]]:
        """Yield every verdict that some of the resources get, with one of them."""
        want = self.asked.want
        if want.is_literal:
            yield self._verdict_of_literal(want), want.text
            return
        budget = self._budget if self._automata else Budget(_ONE_CLASS)
        for signature, text in signatures(want.automaton, self._automata, budget):
            yield self._verdict_of(signature), text

    def samples(self) -> Iterator[tuple[Verdict, str]]:
        """Yield the verdicts of a few resources that the patterns speak of, for where a search takes too long."""
        for glob in self._open[:_SAMPLES]:
            text = glob.sample()
            if len(text) < _LONGEST_SAMPLE and self.asked.want.automaton.accepts_text(text):
                yield self._verdict_of(tuple(automaton.accepts_text(text) for automaton in self._automata)), text

    def _verdict_of_literal(self, want: Wanted) -> Verdict:
        values = [Certainty.NEVER] * (len(self._layers) + 1)
        for slot, rule, _ in self._rules:
            values[slot] = any_of((values[slot], rule.matches(want.names, self.asked.context)))
        return self._verdict(values)

    def _verdict_of(self, signature: Sequence[bool]) -> Verdict:
        values, index = list(self._base), 0
        for part in self._parts:
            bits = signature[index : index + len(part.automata)]
            index += len(part.automata)
            value = part.values[bits.index(True) if True in bits else -1]
            values[part.slot] = any_of((values[part.slot], value))
        return self._verdict(values)

    def _verdict(self, values: Sequence[Certainty]) -> Verdict:
        """Return the verdict for one class from how surely some Allow of each layer and, last, some Deny matches."""
        *allowed, denied = values
        return verdict_of(granted_by(self._layers, allowed), denied)

    @cached_property
    def _automata(self) -> list[Automaton]:
        """What tells the classes of the wanted resources apart; what holds for all of them goes into ``_base``."""
        unions: dict[tuple[int, Certainty], list[tuple[Token, ...]]] = defaultdict(list)
        for slot, rule, applies in self._rules:
            if rule.has_refused_resources:
                self._base[slot] = any_of((self._base[slot], applies))
            elif rule.statement.not_resource:
                self._parts.append(_complement(slot, applies, self._near(rule)))
            else:
                for glob in self._near(rule):
                    value = all_of((applies, glob.certainty))
                    if relation(glob, self.asked.want) is Relation.COVERS:
                        self._base[slot] = any_of((self._base[slot], value))
                    else:
                        unions[slot, value].append(glob.tokens)
                        self._open.append(glob)
        for (slot, value), patterns in unions.items():
            if value > self._base[slot]:
                self._parts.append(_Part(slot, (Automaton(patterns),), (value, Certainty.NEVER)))
        return [automaton for part in self._parts for automaton in part.automata]

    def _near(self, rule: Rule) -> list[Glob]:
        """Return the patterns of a rule that some wanted resource may match."""
        globs = rule.globs_in(self.asked.context)
        return [glob for glob in globs if relation(glob, self.asked.want) is not Relation.DISJOINT]


def _complement(slot: int, applies: Certainty, near: Sequence[Glob]) -> _Part:
    """Return the part of a NotResource: what matches a pattern for sure is out, what may match is in doubt."""
    by_certainty: dict[Certainty, list[tuple[Token, ...]]] = defaultdict(list)
    for glob in near:
        by_certainty[glob.certainty].append(glob.tokens)
    certainties = sorted(by_certainty, reverse=True)
    automata = tuple(Automaton(by_certainty[certainty]) for certainty in certainties)
    return _Part(slot, automata, (*(all_of((applies, ~certainty)) for certainty in certainties), applies))

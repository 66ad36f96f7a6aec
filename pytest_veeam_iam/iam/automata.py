"""Finite automata over characters: in which of several sets of patterns can a text be, and what is a shortest one?

They know nothing of IAM: tokens in, signatures and witnesses out. Positions of all patterns of an automaton are bits of
one integer, so that one step of a union of patterns is a handful of integer operations.
"""

from __future__ import annotations

import string
from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class Chars(Enum):
    """The sets of characters that a wildcard can stand for."""

    ANY = ""
    FIELD = ":"
    NAME = ":/"
    DIGIT = "0123456789"

    def __contains__(self, character: str) -> bool:
        if self is Chars.DIGIT:
            return character in self.value
        return character not in self.value


@dataclass(frozen=True, slots=True)
class Run:
    """A wildcard: one character of ``chars``, or any number of them if ``many``."""

    chars: Chars
    many: bool


Token: TypeAlias = "str | Run"  # noqa: S105 - not that kind of token
"""One literal character, or a wildcard."""

_ANYTHING = Run(Chars.ANY, many=True)
_POSITIONS_PER_STEP = 2048
"""Of large automata, what costs as much as a step of small ones."""
_AUTOMATA_PER_STEP = 8
"""Of many automata, what costs as much as a step of few."""

_DEAD = 0
_EVERYTHING = -1
"""The state that accepts every text from here on."""


class Automaton:
    """The union of some patterns.

    Args:
        patterns: Each a sequence of tokens, without two stars in a row.

    Attributes:
        start: The state before the first character.
        size: How many positions there are, which is what a step costs.
    """

    def __init__(self, patterns: Iterable[Sequence[Token]]) -> None:
        self._literals: dict[str, int] = {}
        self._characters: list[str] = []
        self._ones: dict[Chars, int] = dict.fromkeys(Chars, 0)
        self._many: dict[Chars, int] = dict.fromkeys(Chars, 0)
        self._accepting = self._sinks = start = position = 0
        lengths = []
        for tokens in patterns:
            start |= 1 << position
            for token in tokens:
                self._add(token, 1 << position)
                self._characters.append(token if isinstance(token, str) else "")
                position += 1
            if tokens and tokens[-1] == _ANYTHING:
                self._sinks |= 1 << (position - 1)
            self._accepting |= 1 << position
            self._characters.append("")
            position += 1
            lengths.append(len(tokens) + 1)
        self.size = position
        self._stars = sum(self._many.values())
        self._later_stars = self._many[Chars.ANY] & ~start
        self._downward = _downward(lengths)
        self._masks: dict[str, tuple[int, int]] = {}
        self._next: dict[tuple[int, str], int] = {}
        self._live: dict[int, frozenset[str]] = {_DEAD: frozenset(), _EVERYTHING: frozenset()}
        self.start = self._settle(start)

    def _add(self, token: Token, bit: int) -> None:
        if isinstance(token, str):
            self._literals[token] = self._literals.get(token, 0) | bit
        elif token.many:
            self._many[token.chars] |= bit
        else:
            self._ones[token.chars] |= bit

    def _settle(self, state: int) -> int:
        """Return the state in which equal futures are equal numbers.

        Stars are skipped, and where a star that takes anything is reached, the positions before it in its pattern are
        forgotten: it accepts whatever they accept.
        """
        state |= (state & self._stars) << 1
        if state & self._sinks:
            return _EVERYTHING
        forgotten = (state & self._later_stars) >> 1
        if forgotten:
            for shift, same_pattern in self._downward:
                forgotten |= (forgotten >> shift) & same_pattern
            state &= ~forgotten
        return state

    def step(self, state: int, character: str) -> int:
        """Return the state after one more character."""
        if state in (_DEAD, _EVERYTHING):
            return state
        key = (state, character)
        known = self._next.get(key)
        if known is None:
            move, stay = self._masks.get(character) or self._mask(character)
            known = self._next[key] = self._settle(((state & move) << 1) | (state & stay))
        return known

    def _mask(self, character: str) -> tuple[int, int]:
        move, stay = self._literals.get(character, 0), 0
        for chars in Chars:
            if character in chars:
                move |= self._ones[chars]
                stay |= self._many[chars]
        self._masks[character] = move, stay
        return move, stay

    def run(self, state: int, text: str) -> int:
        """Return the state after ``text``."""
        for character in text:
            state = self.step(state, character)
        return state

    def accepts(self, state: int) -> bool:
        """Return whether the text that led to ``state`` is in the union."""
        return state == _EVERYTHING or bool(state & self._accepting)

    def accepts_text(self, text: str) -> bool:
        """Return whether ``text`` is in the union."""
        return self.accepts(self.run(self.start, text))

    def is_settled(self, state: int) -> bool:
        """Return whether no further character changes the answer."""
        return state in (_DEAD, _EVERYTHING)

    def live(self, state: int) -> frozenset[str]:
        """Return the characters that lead from ``state`` elsewhere than their like."""
        known = self._live.get(state)
        if known is None:
            if len(self._literals) < state.bit_count():
                found = {character for character, bits in self._literals.items() if state & bits}
            else:
                found = {self._characters[position] for position in _bits(state)} - {""}
            known = self._live[state] = frozenset(found)
        return known


def _bits(number: int) -> Iterator[int]:
    """Yield the places of the ones, the lowest first."""
    digits = f"{number:b}"[::-1]
    place = digits.find("1")
    while place >= 0:
        yield place
        place = digits.find("1", place + 1)


def _downward(lengths: Sequence[int]) -> list[tuple[int, int]]:
    """Return the shifts that spread a bit over all lower positions of its pattern, and the positions each may reach.

    Args:
        lengths: Positions per pattern, in the order of the bits.
    """
    steps = []
    shift = 1
    while shift < max(lengths, default=0):
        same_pattern = first = 0
        for length in lengths:
            if length > shift:
                same_pattern |= ((1 << (length - shift)) - 1) << first
            first += length
        steps.append((shift, same_pattern))
        shift *= 2
    return steps


class BudgetExceededError(Exception):
    """The search was given up: nothing is known about what it had not reached."""


class Budget:
    """How much a search may look at: a count and not a time, so that an answer never depends on the machine.

    Args:
        steps: From one state to the next; a step of large or many automata counts for several.
    """

    __slots__ = ("steps",)

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def spend(self, steps: int) -> None:
        """Count some steps; raises BudgetExceededError when there are none left."""
        if self.steps < steps:
            raise BudgetExceededError
        self.steps -= steps


def signatures(
    wanted: Automaton, automata: Sequence[Automaton], budget: Budget
) -> Iterator[tuple[tuple[bool, ...], str]]:
    """Yield every combination of ``automata`` that some text of ``wanted`` is in, each once, with a shortest such text.

    Args:
        wanted: The texts in question.
        automata: The sets to tell apart.
        budget: Spent by what every state visited costs.

    Raises:
        BudgetExceededError: With what was yielded until then still true.
    """
    start = (wanted.start, *(automaton.start for automaton in automata))
    positions = sum(automaton.size for automaton in automata)
    cost = 1 + positions // _POSITIONS_PER_STEP + len(automata) // _AUTOMATA_PER_STEP
    came_from: dict[tuple[int, ...], tuple[tuple[int, ...], str] | None] = {start: None}
    queue = deque([start])
    emitted: set[tuple[bool, ...]] = set()
    while queue:
        state = queue.popleft()
        signature = tuple(automaton.accepts(s) for automaton, s in zip(automata, state[1:], strict=True))
        if wanted.accepts(state[0]) and signature not in emitted:
            emitted.add(signature)
            yield signature, _spell(came_from, state)
        settled = all(automaton.is_settled(s) for automaton, s in zip(automata, state[1:], strict=True))
        if settled and signature in emitted:
            continue
        alphabet = _alphabet(wanted, automata, state)
        budget.spend(cost * len(alphabet))
        for character in alphabet:
            follower = wanted.step(state[0], character)
            if follower == _DEAD:
                continue
            after = (follower, *(a.step(s, character) for a, s in zip(automata, state[1:], strict=True)))
            if after not in came_from:
                came_from[after] = (state, character)
                queue.append(after)


def _spell(came_from: dict[tuple[int, ...], tuple[tuple[int, ...], str] | None], state: tuple[int, ...]) -> str:
    characters = []
    step = came_from[state]
    while step is not None:
        state, character = step
        characters.append(character)
        step = came_from[state]
    return "".join(reversed(characters))


_LETTERS = string.ascii_lowercase + string.ascii_uppercase
_DIGITS = string.digits


def _alphabet(wanted: Automaton, automata: Sequence[Automaton], state: tuple[int, ...]) -> list[str]:
    """Return the characters that can make a difference from here, and one of each kind that stands for all others."""
    live = set(wanted.live(state[0]))
    for automaton, s in zip(automata, state[1:], strict=True):
        live |= automaton.live(s)
    letter = next((c for c in _LETTERS if c not in live), None) or next(
        c for c in map(chr, range(0xA1, 0x110000)) if c not in live
    )
    digit = next((c for c in _DIGITS if c not in live), None)
    others = [c for c in (letter, digit, "/", ":") if c is not None and c not in live]
    return others + sorted(live)

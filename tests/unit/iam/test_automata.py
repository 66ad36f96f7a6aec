"""The search for texts that patterns can tell apart: nothing is missed, every witness is a shortest one."""

from __future__ import annotations

import string
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_veeam_iam.iam.automata import (
    Automaton,
    Budget,
    BudgetExceededError,
    Chars,
    Run,
    Token,
    _downward,
    signatures,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Tokens: TypeAlias = tuple[Token, ...]

STAR, ONE = Run(Chars.ANY, many=True), Run(Chars.ANY, many=False)
PLENTY = 1_000_000


def tokens(text: str, chars: Chars = Chars.ANY) -> Tokens:
    """Return the tokens of a pattern whose stars and question marks are of one kind."""
    wild = {"*": Run(chars, many=True), "?": Run(chars, many=False)}
    return tuple(wild.get(character, character) for character in text)


def union(*patterns: str) -> Automaton:
    return Automaton([tokens(pattern) for pattern in patterns])


def search(wanted: Automaton, *automata: Automaton) -> dict[tuple[bool, ...], str]:
    found = list(signatures(wanted, automata, Budget(PLENTY)))
    assert len(found) == len(dict(found)), "a signature was yielded twice"
    return dict(found)


# --- sets of characters ---


@pytest.mark.parametrize(
    ("chars", "inside", "outside"),
    [
        (Chars.ANY, "a0:/*\n", ""),
        (Chars.FIELD, "a0/*", ":"),
        (Chars.NAME, "a0*", ":/"),
        (Chars.DIGIT, "0123456789", "a:/*"),
    ],
)
@pytest.mark.parametrize("many", [True, False])
def test_a_wildcard_stands_for_its_characters(chars: Chars, inside: str, outside: str, many: bool) -> None:
    automaton = Automaton([("x", Run(chars, many=many), "x")])
    for character in inside:
        assert character in chars
        assert automaton.accepts_text(f"x{character}x")
    for character in outside:
        assert character not in chars
        assert not automaton.accepts_text(f"x{character}x")
    assert automaton.accepts_text("xx") is many
    assert automaton.accepts_text(f"x{inside[:2]}x") is many


# --- what an automaton accepts ---


@pytest.mark.parametrize(
    ("patterns", "text", "expected"),
    [
        ([], "", False),
        ([], "a", False),
        ([""], "", True),
        ([""], "a", False),
        (["a"], "a", True),
        (["a"], "", False),
        (["a"], "ab", False),
        (["ab", "cd"], "ab", True),
        (["ab", "cd"], "cd", True),
        (["ab", "cd"], "ad", False),
        (["ab", "cd"], "abcd", False),
        (["a*"], "a", True),
        (["a*"], "abc", True),
        (["a*b"], "ab", True),
        (["a*b"], "abab", True),
        (["a*b"], "aba", False),
        (["*a*b*"], "xaxbx", True),
        (["*a*b*"], "xbxax", False),
        (["*a?b*"], "ab", False),
        (["*a?b*"], "aaab", True),
        (["*a?b"], "acbacb", True),
        (["?"], "", False),
        (["?*"], "", False),
        (["?*"], "a", True),
        (["*", "a"], "zzz", True),
        (["a*c", "b"], "b", True),
        (["b", "a*c"], "axxc", True),
        (["*b", "*c"], "ab", True),
        (["*b", "*c"], "abd", False),
    ],
)
def test_a_union_accepts_what_one_of_its_patterns_does(patterns: list[str], text: str, expected: bool) -> None:
    assert union(*patterns).accepts_text(text) is expected


def test_what_accepts_everything_from_here_on_is_one_state() -> None:
    automaton = union("a*", "b*", "c*d")
    everything = automaton.run(automaton.start, "a")
    assert everything == automaton.run(automaton.start, "bxyz")
    assert automaton.is_settled(everything)
    assert automaton.step(everything, "q") == everything
    assert automaton.accepts(everything)
    assert automaton.live(everything) == frozenset()
    assert union("*").start == everything
    assert not automaton.is_settled(automaton.run(automaton.start, "c"))


def test_a_star_that_does_not_take_everything_is_not_the_end() -> None:
    automaton = Automaton([tokens("a*", Chars.FIELD)])
    state = automaton.run(automaton.start, "ab")
    assert automaton.accepts(state)
    assert not automaton.is_settled(state)
    assert not automaton.accepts(automaton.step(state, ":"))


def test_what_accepts_nothing_from_here_on_is_one_state() -> None:
    automaton = union("ab", "ac")
    dead = automaton.run(automaton.start, "x")
    assert dead == automaton.run(automaton.start, "abz")
    assert automaton.is_settled(dead)
    assert automaton.step(dead, "a") == dead
    assert not automaton.accepts(dead)
    assert automaton.live(dead) == frozenset()


def test_the_live_characters_are_those_that_lead_elsewhere() -> None:
    automaton = union("ab*c?d", "ae")
    assert automaton.live(automaton.start) == {"a"}
    assert automaton.live(automaton.run(automaton.start, "a")) == {"b", "e"}
    assert automaton.live(automaton.run(automaton.start, "ab")) == {"c"}
    assert automaton.live(automaton.run(automaton.start, "ae")) == frozenset()
    assert automaton.live(automaton.run(automaton.start, "abc")) == {"c"}
    assert automaton.live(automaton.run(automaton.start, "abcx")) == {"c", "d"}


def test_positions_before_a_later_star_are_forgotten() -> None:
    automaton = union("*a??b*c??d*")
    after = automaton.run(automaton.start, "xaxxb")
    assert automaton.run(automaton.start, "axxbaaa") == after
    assert automaton.live(after) == {"c"}


def test_the_positions_of_other_patterns_are_not_forgotten() -> None:
    automaton = union("abc", "*b*d", "ab?")
    assert automaton.accepts_text("abc")
    assert automaton.accepts_text("abx")
    assert automaton.accepts_text("xbxd")
    assert not automaton.accepts_text("abcx")
    state = automaton.run(automaton.start, "ab")
    assert automaton.live(state) == {"c", "d"}


def test_a_star_over_some_characters_forgets_nothing() -> None:
    automaton = Automaton([("a", STAR, ":", Run(Chars.FIELD, many=True), "b")])
    assert automaton.accepts_text("a:x:b")
    assert automaton.accepts_text("a:::b")


# --- the search ---


def test_a_search_tells_every_combination_apart() -> None:
    assert search(union("*"), union("a*"), union("*b")) == {
        (False, False): "",
        (True, False): "a",
        (False, True): "b",
        (True, True): "ab",
    }


def test_a_search_without_patterns_finds_one_text() -> None:
    assert search(union("ab*")) == {(): "ab"}


def test_nothing_wanted_finds_nothing() -> None:
    assert search(union(), union("a")) == {}


def test_one_text_has_one_signature() -> None:
    assert search(union("ab"), union("a*"), union("b*"), union("ab")) == {(True, False, True): "ab"}


def test_a_combination_that_no_text_has_is_not_found() -> None:
    assert search(union("?"), union("a"), union("b")) == {
        (True, False): "a",
        (False, True): "b",
        (False, False): "c",
    }


def test_the_search_goes_on_after_a_settled_state_that_is_not_yet_in_the_wanted_set() -> None:
    assert search(union("ab"), union("a*"), union("x*")) == {(True, False): "ab"}


def test_other_texts_are_found_behind_a_state_that_was_emitted() -> None:
    assert search(union("a*"), union("a"), union("aab")) == {
        (True, False): "a",
        (False, False): "ab",
        (False, True): "aab",
    }


def test_a_letter_that_no_pattern_has_stands_for_all_others() -> None:
    assert search(union("?"), union("a", "b", "c"))[(False,)] == "d"
    assert search(union("?"), union(*string.ascii_lowercase))[(False,)] == "A"


def test_if_every_letter_is_in_a_pattern_another_character_stands_for_the_rest() -> None:
    every = [*string.ascii_letters, *string.digits, "/", ":"]
    found = search(union("?"), union(*every))
    assert found == {(True,): found[True,], (False,): "\u00a1"}
    assert search(union("?"), union(*every, "\u00a1", "\u00a2"))[(False,)] == "\u00a3"


def test_a_digit_that_no_pattern_has_stands_for_the_other_digits() -> None:
    digit = Automaton([(Run(Chars.DIGIT, many=False),)])
    assert search(digit, union("0", "1")) == {(True,): "0", (False,): "2"}
    assert search(digit, union(*string.digits)) == {(True,): "0"}
    assert search(digit, union(*string.digits[:-1]))[(False,)] == "9"


def test_a_slash_and_a_colon_are_tried_for_their_own_sake() -> None:
    name, field = Automaton([tokens("?", Chars.NAME)]), Automaton([tokens("?", Chars.FIELD)])
    assert search(union("?"), name, field) == {(True, True): "a", (False, True): "/", (False, False): ":"}


def test_a_witness_that_needs_a_colon_is_found_where_the_field_ends() -> None:
    found = search(Automaton([("a", Run(Chars.FIELD, many=True), ":", STAR)]), union("a*:b"), union("*:?:*"))
    assert found[False, False] == "a:"
    assert found[True, False] == "a:b"
    assert found[False, True] == "a:a:"
    assert found[True, True] == "a:a:b"


@cache
def _accepts(pattern: Tokens, text: str) -> bool:
    """Match by definition, without an automaton."""
    if not pattern:
        return not text
    token, rest = pattern[0], pattern[1:]
    if isinstance(token, str):
        return text.startswith(token) and _accepts(rest, text[1:])
    head = bool(text) and text[0] in token.chars
    if token.many:
        return _accepts(rest, text) or (head and _accepts(pattern, text[1:]))
    return head and _accepts(rest, text[1:])


def _in_union(patterns: Iterable[Tokens], text: str) -> bool:
    return any(_accepts(pattern, text) for pattern in patterns)


def _no_two_stars(pattern: Sequence[Token]) -> Tokens:
    kept: list[Token] = []
    for token in pattern:
        if not (kept and isinstance(token, Run) and token.many and isinstance(kept[-1], Run) and kept[-1].many):
            kept.append(token)
    return tuple(kept)


_wild = st.builds(Run, st.sampled_from(Chars), many=st.booleans())
_token: st.SearchStrategy[Token] = st.one_of(st.sampled_from("ab:/0"), _wild)
_pattern = st.lists(_token, max_size=5).map(_no_two_stars)
_union = st.lists(_pattern, max_size=3)
ALPHABET = "abz:/01"


@given(_union, st.text(ALPHABET, max_size=6))
def test_an_automaton_accepts_what_its_patterns_do_by_definition(patterns: list[Tokens], text: str) -> None:
    assert Automaton(patterns).accepts_text(text) is _in_union(patterns, text)


@given(_union, st.text(ALPHABET, max_size=5), st.text(ALPHABET, max_size=5))
def test_a_settled_state_has_its_answer_for_good(patterns: list[Tokens], text: str, more: str) -> None:
    automaton = Automaton(patterns)
    state = automaton.run(automaton.start, text)
    if automaton.is_settled(state):
        assert automaton.accepts(automaton.run(state, more)) is automaton.accepts(state)


@settings(max_examples=60, deadline=None)
@given(_union, st.lists(_union, max_size=3))
def test_a_search_finds_what_trying_every_text_finds(wanted: list[Tokens], unions: list[list[Tokens]]) -> None:
    found = search(Automaton(wanted), *(Automaton(patterns) for patterns in unions))
    for signature, text in found.items():
        assert _in_union(wanted, text)
        assert signature == tuple(_in_union(patterns, text) for patterns in unions)
    shortest: dict[tuple[bool, ...], int] = {}
    for length in range(5):
        for characters in product(ALPHABET, repeat=length):
            text = "".join(characters)
            if _in_union(wanted, text):
                shortest.setdefault(tuple(_in_union(patterns, text) for patterns in unions), length)
    for signature, length in shortest.items():
        assert len(found[signature]) == length


@given(_union, _union)
def test_shorter_texts_are_found_first(wanted: list[Tokens], patterns: list[Tokens]) -> None:
    lengths = [len(text) for _, text in signatures(Automaton(wanted), [Automaton(patterns)], Budget(PLENTY))]
    assert lengths == sorted(lengths)


@pytest.mark.parametrize(
    ("patterns", "text", "live"),
    [
        (["abc"], "", "a"),
        (["abc"], "ab", "c"),
        (["abc"], "abc", ""),
        (["a?c"], "a", ""),
        (["?bc", "*c"], "x", "bc"),
        (["a*", "a?a", "aa?", "?aa"], "", "a"),
        (["ab", "a?", "a*", "aa"], "", "a"),
        (["aaab", "aaac", "aaba", "abca", "acba"], "a", "abc"),
        (["".join(map(chr, range(0x4E00, 0x5E00))), "*b"], "", "\u4e00b"),
    ],
)
def test_the_characters_that_make_a_difference_are_those_that_come_next(
    patterns: list[str], text: str, live: str
) -> None:
    automaton = union(*patterns)
    assert automaton.live(automaton.run(automaton.start, text)) == set(live)


def test_a_bit_spreads_downward_within_its_pattern_alone() -> None:
    assert _downward([3, 2]) == [(1, 0b01011), (2, 0b00001)]
    assert _downward([2, 2, 2]) == [(1, 0b010101)]
    assert _downward([1, 4]) == [(1, 0b01110), (2, 0b00110)]
    assert _downward([1]) == _downward([]) == []


def test_a_later_star_forgets_nothing_of_another_pattern() -> None:
    assert union("x", "x*b").accepts_text("x")
    assert union("xy", "ab", "x*b").accepts_text("xy")


# --- the budget ---


def test_a_budget_is_spent_to_the_last_step_and_not_beyond() -> None:
    budget = Budget(5)
    budget.spend(2)
    assert budget.steps == 3
    budget.spend(3)
    assert budget.steps == 0
    with pytest.raises(BudgetExceededError):
        budget.spend(1)
    budget.spend(0)
    with pytest.raises(BudgetExceededError):
        Budget(2).spend(3)


def _spent(wanted: Automaton, *automata: Automaton) -> int:
    budget = Budget(PLENTY)
    list(signatures(wanted, automata, budget))
    return PLENTY - budget.steps


def test_a_search_ends_where_its_budget_ends() -> None:
    wanted, automata = union("*"), [union("*a*b*"), union("*b*a*")]
    needed = _spent(wanted, *automata)
    assert len(list(signatures(wanted, automata, Budget(needed)))) == 4
    with pytest.raises(BudgetExceededError):
        list(signatures(wanted, automata, Budget(needed - 1)))


def test_what_was_found_before_the_budget_ended_is_true() -> None:
    going = signatures(union("*"), [union("*a*b*c*")], Budget(12))
    assert next(going) == ((False,), "")
    with pytest.raises(BudgetExceededError):
        next(going)


def test_a_search_that_is_settled_costs_little() -> None:
    assert _spent(union("*"), union("*")) == 0
    assert _spent(union("abc*"), union("abc*"), union("x*")) < 50


def test_stars_that_cross_cost_no_more_than_their_order() -> None:
    letters = "abcdefgh"
    assert _spent(union("*"), union("*" + "".join(f"{letter}*" for letter in letters))) < 60
    assert _spent(union("*"), union("*a????*b????*c????*")) < 1_000


def test_larger_automata_cost_more_for_each_step() -> None:
    few, many = union("*a*"), union("*a*", *(f"x{number}" for number in range(2_000)))
    assert _spent(union("?"), many) > 2 * _spent(union("?"), few)


def test_many_automata_cost_more_for_each_step() -> None:
    few, many = [union("*a*")] * 7, [union("*a*")] * 8
    assert _spent(union("?"), *many) == 2 * _spent(union("?"), *few)


def test_the_budget_is_the_same_on_every_run() -> None:
    asked = (union("*"), union("*a?b*"), union("*b?a*"))
    assert _spent(*asked) == _spent(union("*"), union("*a?b*"), union("*b?a*"))

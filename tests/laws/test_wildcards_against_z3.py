"""The reasoning about wildcards against z3, which knows regular expressions and nothing of IAM."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.laws.asking import ACCOUNT, ask, globs

if TYPE_CHECKING:
    from typing import Any

z3 = pytest.importorskip("z3")

COLON = z3.Re(":")
ANY = z3.Full(z3.ReSort(z3.StringSort()))
ONE = z3.AllChar(z3.ReSort(z3.StringSort()))
ONE_BUT_COLON = z3.Intersect(ONE, z3.Complement(COLON))
IN_FIELD = z3.Star(ONE_BUT_COLON)


def expression(text: str, *, star: Any = ANY, one: Any = ONE) -> Any:
    """Return the regular expression of a text with wildcards."""
    wild = {"*": star, "?": one}
    return z3.Concat(z3.Re(""), z3.Re(""), *(wild.get(character, z3.Re(character)) for character in text))


def granted(tail: str, region: str = "") -> Any:
    """Return what an entry of Resource matches; ``region`` is the only one of the first five fields to hold a star."""
    inside, star = (region[:-1], "*") if region.endswith("*") else (region, "")
    return z3.Concat(expression(inside, star=IN_FIELD), expression(star), expression(tail))


def is_possible(language: Any) -> bool:
    """Return whether a string of the language exists."""
    solver, text = z3.Solver(), z3.String("text")
    solver.add(z3.InRe(text, language))
    found = solver.check()
    assert found != z3.unknown
    return bool(found == z3.sat)


def expected(required: Any, entries: list[Any]) -> str:
    """Return the decision for one Allow of these entries."""
    union = z3.Union(*entries, *entries)
    if not is_possible(z3.Intersect(required, union)):
        return "missing"
    return "partial" if is_possible(z3.Intersect(required, z3.Complement(union))) else "allowed"


def decision(action: str, required: str, entries: list[str]) -> str:
    """Return the engine's decision for one Allow of these entries."""
    statement = {"Effect": "Allow", "Action": action, "Resource": entries}
    return str(ask([{"Version": "2012-10-17", "Statement": statement}], action, [required]).decision)


@settings(max_examples=100, deadline=None)
@given(required=globs("ab**?", 5), entries=st.lists(globs("ab**?", 6), min_size=1, max_size=3))
def test_globs_over_the_keys_of_a_bucket(required: str, entries: list[str]) -> None:
    prefix = "arn:aws:s3:::b/"
    keys = z3.Intersect(expression(required + "*"), z3.Concat(ONE, ANY))
    answer = decision("s3:GetObject", f"{prefix}{required}*", [prefix + entry for entry in entries])
    event(answer)
    assert answer == expected(keys, [granted(entry) for entry in entries])


@settings(max_examples=100, deadline=None)
@given(
    required=st.tuples(st.sampled_from(["*", "e*", "*e", "e?", "e"]), globs("i*?", 3)),
    entries=st.lists(
        st.tuples(st.sampled_from(["*", "e*", "*e", "*e*", "e*e", "?*", "??", "e", "*?"]), globs("i*?", 4)),
        min_size=1,
        max_size=3,
    ),
)
def test_globs_over_regions_and_ids(required: tuple[str, str], entries: list[tuple[str, str]]) -> None:
    region, tail = required
    middle = f":{ACCOUNT}:instance/"
    real = z3.Concat(
        z3.Intersect(expression(region, star=IN_FIELD, one=ONE_BUT_COLON), z3.Plus(ONE_BUT_COLON)),
        z3.Re(middle),
        expression(tail + "i", star=IN_FIELD, one=ONE_BUT_COLON),
    )
    answer = decision(
        "ec2:StartInstances",
        f"arn:aws:ec2:{region}{middle}{tail}i",
        [f"arn:aws:ec2:{where}{middle}{glob}" for where, glob in entries],
    )
    event(answer)
    assert answer == expected(real, [granted(middle + glob, where) for where, glob in entries])

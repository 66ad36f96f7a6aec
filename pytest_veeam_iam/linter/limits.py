"""What parliament can be given without taking minutes: it compares without bounds, and a file may be anything."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_veeam_iam.linter.loading import actions_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam.iam.document import Location, Policy

LONGEST = 2048
"""Characters of one text that parliament is given: no ARN is longer, and a million of them take it 15 seconds."""

MOST_STARS = 6
"""In the last field of an ARN: each further star multiplies parliament's time, ten of them take minutes."""

MOST_COMPARISONS = 100_000
"""Of an action that exists with a resource or condition of its statement, in one document: about a second."""

_MOST_CHARACTERS = 500_000
_HARD = 50
"""What a comparison with a long text, or one of many stars, counts."""


def too_big(policy: Policy) -> Iterator[tuple[str, Location]]:
    """Yield why parliament cannot look at a policy, and which element is to blame."""
    characters = 0
    for text, location in _texts(policy):
        characters += len(text)
        if len(text) > LONGEST:
            yield (f"a text of {len(text):,} characters is more than the {LONGEST:,} it is given", location)
    if characters > _MOST_CHARACTERS:
        yield (f"{characters:,} characters are more than the {_MOST_CHARACTERS:,} it is given", policy.location)
    for entry in (entry for statement in policy.statements for entry in statement.resources):
        stars = _last_field(without_double_stars(entry.text)).count("*")
        if stars > MOST_STARS:
            yield (f"{stars} wildcards in one Resource take it minutes", entry.location)


def _texts(policy: Policy) -> Iterator[tuple[str, Location]]:
    yield policy.version or "", policy.location
    for statement in policy.statements:
        yield statement.sid or "", statement.location
        for entry in (*statement.actions, *statement.resources):
            yield entry.text, entry.location
        for principal in statement.principals or ():
            yield principal.text, principal.location
        for condition in statement.conditions:
            yield condition.operator, condition.location
            yield condition.key, condition.location
            for entry in condition.values:
                yield entry.text, entry.location


def comparisons(policy: Policy) -> int:
    """Return about how many comparisons parliament will make."""
    count = 0
    for statement in policy.statements:
        actions = sum(len(actions_of(entry.text)) for entry in statement.actions if entry.text not in ("*", "*:*"))
        weight = sum(_HARD if _is_hard(entry.text) else 1 for entry in statement.resources) + len(statement.conditions)
        count += actions * weight
    return count


def _is_hard(text: str) -> bool:
    last = _last_field(without_double_stars(text))
    return last.count("*") > MOST_STARS // 2 or len(last) > LONGEST // 8


def _last_field(arn: str) -> str:
    return arn.split(":", 5)[-1]


def without_double_stars(text: str) -> str:
    """Two stars in a row mean what one does, and each costs parliament as much as a star anywhere else."""
    return re.sub(r"\*+", "*", text)

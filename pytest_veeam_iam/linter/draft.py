"""The JSON text that parliament gets for a policy: an element in a line, so that its line numbers lead back to ours."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from pytest_veeam_iam.linter.limits import without_double_stars
from pytest_veeam_iam.linter.naming import naming

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_veeam_iam.iam.document import Condition, Entry, Location, Policy, Statement

Key: TypeAlias = "tuple[int, str, int]"
"""Number of the statement, name of the element, and number of the entry in it."""


@dataclass(frozen=True, slots=True)
class Found:
    """One finding, with the line of the draft that it is about, or 0, and the actions that it names."""

    issue: str
    detail: str
    line: int
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class About:
    """What a finding is about: its place, and if it is about a statement, that, a text in it and conditions in it."""

    location: Location
    statement: Statement | None = None
    text: str = ""
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class _Place:
    key: Key
    location: Location
    text: str = ""


_Line: TypeAlias = "tuple[str, _Place | None]"


class Draft:
    """The text that parliament gets for a policy, and what stands in each of its lines.

    Args:
        policy: The policy.
        without: Actions to leave out.
        mended: Resources whose ARN is to be one that parliament takes, and Sids to leave out.
        harmless: Numbers of the statements that get another condition.
        only: The number of the only statement to write, or None for all.
    """

    def __init__(
        self,
        policy: Policy,
        without: frozenset[Key] = frozenset(),
        mended: frozenset[Key] = frozenset(),
        harmless: frozenset[int] = frozenset(),
        only: int | None = None,
    ) -> None:
        self.policy, self.without, self.mended, self.harmless = policy, without, mended, harmless
        numbers = range(len(policy.statements)) if only is None else (only,)
        blocks = {number: block for number in numbers if (block := self._statement(number))}
        version: list[list[_Line]] = (
            [] if policy.version is None else [[(f'"Version": {json.dumps(policy.version)}', None)]]
        )
        whole: list[_Line] = [
            ("{", None),
            *_joined([*version, _list_of("Statement", None, blocks.values())]),
            ("}", None),
        ]
        self.written = tuple(blocks)
        self.text = "\n".join(text for text, _ in whole)
        self.places = {number: place for number, (_, place) in enumerate(whole, 1) if place}

    def alone(self, number: int) -> Draft:
        """Return the same with one statement only."""
        return Draft(self.policy, self.without, self.mended, self.harmless, number)

    def about(self, found: Found) -> About:
        """Return our place, statement, text and conditions instead of the line in this text."""
        place = self.places.get(found.line) or self._place_of(found.detail)
        if place is None:
            return About(self.policy.location)
        statement = self.policy.statements[place.key[0]]
        location, text = place.location, place.text
        conditions: tuple[Condition, ...] = ()
        if place.key[1] == "Condition":
            operator = statement.conditions[place.key[2]].operator
            conditions = tuple(each for each in statement.conditions if each.operator == operator)
            for each in conditions:
                if found.detail.startswith(
                    (f"Unknown condition {each.key} for", f"Type mismatch: {each.key} requires")
                ):
                    location, text, conditions = each.location, each.key, (each,)
                    break
        if place.key[1] == "Principal":
            for principal in statement.principals or ():
                if principal.text == found.detail or (not found.detail and principal.kind == "CanonicalUser"):
                    location, text = principal.location, principal.text
        if place.key[1] == "" and len(found.actions) == 1:
            named = naming(statement)
            entries = [*named.names(found.actions[0]), *named.patterns(found.actions[0])]
            location, text = (entries[0].location, entries[0].text) if len(entries) == 1 else (location, text)
        return About(location, statement, text, conditions)

    def _place_of(self, detail: str) -> _Place | None:
        """Return the place of what a finding without a line speaks of: a repeated Sid, or a Resource."""
        sid = re.match(r"Duplicate Statement Id '(.*)' in policy$", detail, re.DOTALL)
        resource = re.match(r"Possible resource policy privilege escalation on (.*) due to s3:", detail, re.DOTALL)
        places = list(self.places.values())
        if sid:
            same = [place for place in places if place.key[1] == "Sid" and place.text == sid[1]]
            return same[1] if len(same) > 1 else None
        if resource:
            return next((each for each in places if each.key[1] == "Resource" and each.text == resource[1]), None)
        return None

    def _statement(self, number: int) -> list[_Line]:
        """Return the lines of a statement; none if nothing is left of its actions or resources."""
        statement = self.policy.statements[number]
        actions = self._entries(number, "Action", statement.actions)
        resources = self._entries(number, "Resource", statement.resources)
        if not actions or not resources:
            return []
        blocks: list[list[_Line]] = []
        if statement.sid is not None and (number, "Sid", 0) not in self.mended:
            place = _Place((number, "Sid", 0), statement.location, statement.sid)
            blocks.append([(f'"Sid": {json.dumps(statement.sid)}', place)])
        blocks.append([(f'"Effect": "{statement.effect}"', None)])
        if statement.principals is not None:
            blocks.append(_principals(number, statement))
        blocks.append(_list_of("NotAction" if statement.not_action else "Action", None, actions))
        blocks.append(_list_of("NotResource" if statement.not_resource else "Resource", None, resources))
        if number in self.harmless:
            blocks.append([('"Condition": {"Bool": {"aws:SecureTransport": "true"}}', None)])
        elif statement.conditions:
            blocks.append(_condition(number, statement))
        return [("{", _Place((number, "", 0), statement.location)), *_joined(blocks), ("}", None)]

    def _entries(self, number: int, element: str, entries: Iterable[Entry]) -> list[list[_Line]]:
        lines: list[list[_Line]] = []
        for position, entry in enumerate(entries):
            key = (number, element, position)
            text = _mended(entry.text) if key in self.mended else entry.text
            if element == "Resource":
                text = without_double_stars(text)
            if text and key not in self.without:
                lines.append([(json.dumps(text), _Place(key, entry.location, entry.text))])
        return lines


def _mended(arn: str) -> str:
    """Return an ARN that parliament takes for one, with stars for what it does not know; empty if it is none."""
    fields = arn.split(":", 5)
    if fields[0] != "arn" or len(fields) < 3:
        return ""
    fields += ["*"] * (6 - len(fields))
    return ":".join(["arn", "aws", fields[2], fields[3] and "*", fields[4] and "*", fields[5]])


def _principals(number: int, statement: Statement) -> list[_Line]:
    key = "NotPrincipal" if statement.not_principal else "Principal"
    kinds: dict[str, list[str]] = {}
    for principal in statement.principals or ():
        kinds.setdefault(principal.kind, []).append(principal.text)
    if "*" in kinds:
        return [(f'"{key}": "*"', None)]
    place = _Place((number, "Principal", 0), statement.principals[0].location) if statement.principals else None
    return [(f'"{key}": {json.dumps(kinds)}', place)]


def _condition(number: int, statement: Statement) -> list[_Line]:
    operators: dict[str, list[tuple[int, Condition]]] = {}
    for position, condition in enumerate(statement.conditions):
        if condition.values:
            operators.setdefault(condition.operator, []).append((position, condition))
    blocks: list[list[_Line]] = []
    for operator, conditions in operators.items():
        position, first = conditions[0]
        place = _Place((number, "Condition", position), first.location, first.key)
        values = {condition.key: _values(condition) for _, condition in conditions}
        blocks.append([(f"{json.dumps(operator)}: {json.dumps(values)}", place)])
    return [('"Condition": {', None), *_joined(blocks), ("}", None)]


def _values(condition: Condition) -> list[str] | str:
    """Return the values; of a Bool or Null one, the most suspicious, as parliament cannot take a list there."""
    texts = [entry.text for entry in condition.values]
    if not re.fullmatch(r"(for(all|any)values?:)?(bool|null)(ifexists)?", condition.operator.lower()):
        return texts
    return min(
        texts, key=lambda text: ("false", "true").index(text.lower()) + 1 if text.lower() in ("false", "true") else 0
    )


def _list_of(key: str, place: _Place | None, blocks: Iterable[list[_Line]]) -> list[_Line]:
    return [(f'"{key}": [', place), *_joined(list(blocks)), ("]", None)]


def _joined(blocks: list[list[_Line]]) -> list[_Line]:
    """Return the lines of all blocks, a comma after each block but the last."""
    lines: list[_Line] = []
    for block in blocks[:-1]:
        text, place = block[-1]
        lines += [*block[:-1], (f"{text},", place)]
    return lines + (blocks[-1] if blocks else [])

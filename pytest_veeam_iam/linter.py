"""What parliament finds in a policy, and where: the only module that imports it, and only when it is asked.

parliament never sees a user's text. It gets a JSON text that is written from the Policy, with one element in a line, so
that its line numbers lead back to ours. What would hide other findings is taken out or mended first: one action that it
does not know ends its look at the statement, one ARN that it does not like ends its look at the document.

Either distribution of the module does: ``parliament``, or its fork ``ol-parliament``.
"""

from __future__ import annotations

import json
import re
import sys
import warnings
from dataclasses import dataclass
from functools import cache, lru_cache
from threading import RLock
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeAlias

from pytest_veeam_iam.errors import VeeamIamError
from pytest_veeam_iam.iam.globs import action_glob

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_veeam_iam.iam.document import Condition, Entry, Location, Policy, Statement

LONGEST = 2048
"""Characters of one text that parliament is given: no ARN of AWS is longer, and a million of them take it 15 seconds."""

MOST_STARS = 6
"""In the last field of an ARN: each further star multiplies parliament's time, ten of them take minutes."""

MOST_COMPARISONS = 100_000
"""Of an action that exists with a resource or condition of its statement, in one document: about a second."""

_MOST_CHARACTERS = 500_000
_HARD = 50
"""What a comparison with a long text, or one of many stars, counts."""

_lock = RLock()


@dataclass(frozen=True, slots=True)
class Raw:
    """One finding of parliament, as it stands.

    Attributes:
        issue: parliament's name of it, for example ``RESOURCE_STAR``.
        severity: parliament's: ``LOW``, ``MEDIUM``, ``HIGH`` or ``CRITICAL``.
        title: parliament's words for the issue.
        detail: parliament's words for this case, may be empty.
        location: Of the element that it is about.
        statement: The statement that it is about; None if it is about the document.
        text: The action, resource, Sid, principal or condition key that it is about, if it is about one.
        actions: The actions that it names, as AWS writes them.
    """

    issue: str
    severity: str
    title: str
    detail: str
    location: Location
    statement: Statement | None = None
    text: str = ""
    actions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """Why parliament could not look at a document, and which element is to blame."""

    reason: str
    location: Location


@dataclass(frozen=True, slots=True)
class Linted:
    """What became of one document.

    Attributes:
        findings: What parliament found.
        failures: Why it could not look at all of it; if there is one, no findings prove nothing.
        skipped: Why it was not to look at it at all: no failure, but nothing was checked either.
    """

    findings: tuple[Raw, ...] = ()
    failures: tuple[Failure, ...] = ()
    skipped: str = ""

    @property
    def error(self) -> str | None:
        """Why lint could not run, or None if it did."""
        return "; ".join(failure.reason for failure in self.failures) or None


def lint(policy: Policy) -> Linted:
    """Return what parliament finds in a policy; it never raises.

    Args:
        policy: Any document; that of a role's trust is left out, as parliament wants a Resource in every statement.
    """
    if _is_trust_policy(policy):
        return Linted(skipped="a role's trust policy has no Resource, and parliament knows no such document")
    failures = tuple(_too_big(policy))
    if failures:
        return Linted(failures=failures)
    with _lock:
        try:
            return _lint(policy)
        except _CannotLintError as error:
            return Linted(failures=(Failure(str(error), policy.location),))
        except Exception as error:  # noqa: BLE001 - whatever a third-party engine raises is an answer, not a traceback
            return Linted(failures=(Failure(_words(error), policy.location),))


def distribution() -> str:
    """Return what provides parliament, for a header: ``parliament 1.6.4``; it is not imported for that."""
    from importlib.metadata import PackageNotFoundError, version

    found = []
    for name in ("parliament", "ol-parliament"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return " or ".join(found) or "parliament is not installed"


@lru_cache(maxsize=8192)
def actions_of(text: str) -> frozenset[str]:
    """Return the actions that parliament's data has for an Action entry; none for one that it does not know."""
    try:
        with _lock:
            found = _parliament().expand_action(text)
    except Exception:  # noqa: BLE001 - it has exceptions of its own for what it does not know
        return frozenset()
    return frozenset(f"{each['service']}:{each['action']}" for each in found)


def names_action(entry: Entry, action: str) -> bool:
    """Return whether an Action entry names, or takes in, an action."""
    return entry.text.lower() == action.lower() or action_glob(entry.text).accepts(action.lower())


def _is_trust_policy(policy: Policy) -> bool:
    return bool(policy.statements) and all(
        each.principals is not None
        and not each.resources
        and all(entry.text.lower().startswith("sts:") for entry in each.actions)
        for each in policy.statements
    )


# --- what parliament can be given ---


class _CannotLintError(VeeamIamError):
    """parliament cannot be asked; the text says why."""


def _too_big(policy: Policy) -> Iterator[Failure]:
    characters = 0
    for text, location in _texts(policy):
        characters += len(text)
        if len(text) > LONGEST:
            yield Failure(f"a text of {len(text):,} characters is more than the {LONGEST:,} it is given", location)
    if characters > _MOST_CHARACTERS:
        yield Failure(f"{characters:,} characters are more than the {_MOST_CHARACTERS:,} it is given", policy.location)
    for entry in (entry for statement in policy.statements for entry in statement.resources):
        stars = _last_field(_without_double_stars(entry.text)).count("*")
        if stars > MOST_STARS:
            yield Failure(f"{stars} wildcards in one Resource take it minutes", entry.location)


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


def _comparisons(policy: Policy) -> int:
    """Return about how many comparisons parliament will make."""
    count = 0
    for statement in policy.statements:
        actions = sum(len(actions_of(entry.text)) for entry in statement.actions if entry.text not in ("*", "*:*"))
        weight = sum(_HARD if _is_hard(entry.text) else 1 for entry in statement.resources) + len(statement.conditions)
        count += actions * weight
    return count


def _is_hard(text: str) -> bool:
    last = _last_field(_without_double_stars(text))
    return last.count("*") > MOST_STARS // 2 or len(last) > LONGEST // 8


def _last_field(arn: str) -> str:
    return arn.split(":", 5)[-1]


def _without_double_stars(text: str) -> str:
    """Two stars in a row mean what one does, and each costs parliament as much as a star anywhere else."""
    return re.sub(r"\*+", "*", text)


# --- asking parliament ---

_HIDING = ("INVALID_ARN", "INVALID_SID")
"""Findings after which parliament looks no further."""


def _lint(policy: Policy) -> Linted:
    unknown = _unknown_actions(policy)
    comparisons = _comparisons(policy)
    if comparisons > MOST_COMPARISONS:
        reason = (
            f"{comparisons:,} comparisons of actions with resources are more than the {MOST_COMPARISONS:,} it makes"
        )
        return Linted(tuple(unknown.values()), (Failure(reason, policy.location),))
    draft, found, raised = _ask(_Draft(policy, without=frozenset(unknown)))
    raws = [*unknown.values(), *raised]
    hiding = [each for each in found if each.issue in _HIDING]
    if hiding:
        raws += [draft.raw(each) for each in hiding]
        mended = frozenset(draft.places[each.line].key for each in hiding)
        draft, found, raised = _ask(_Draft(policy, draft.without, mended))
        raws += raised
    return Linted(tuple(dict.fromkeys([*raws, *map(draft.raw, found)])))


def _unknown_actions(policy: Policy) -> dict[_Key, Raw]:
    """Return parliament's finding for each action that it does not know."""
    found = {}
    for index, statement in enumerate(policy.statements):
        for position, entry in enumerate(statement.actions):
            issue = _unknown(entry.text)
            if issue:
                name, detail = issue
                found[index, "Action", position] = _raw(name, detail, entry.location, statement, entry.text)
    return found


@lru_cache(maxsize=8192)
def _unknown(text: str) -> tuple[str, str] | None:
    """Return what parliament finds wrong with an Action entry, in the same call as its own, which it remembers."""
    if text in ("*", "*:*"):
        return None
    parliament = _parliament()
    try:
        parliament.expand_action(text)
    except parliament.UnknownActionException as error:
        return "UNKNOWN_ACTION", str(error)
    except parliament.UnknownPrefixException as error:
        return "UNKNOWN_PREFIX", str(error)
    except Exception as error:  # noqa: BLE001 - parliament itself makes a finding of any
        return "EXCEPTION", str(error)
    return None


def _ask(draft: _Draft) -> tuple[_Draft, tuple[_Found, ...], list[Raw]]:
    """Return what parliament finds; a statement with a condition that makes it raise is given another condition."""
    try:
        return draft, _analysed(draft.text), []
    except Exception:  # noqa: BLE001 - which statement it was is to be found out
        raising = {index: error for index in draft.written if (error := _error(draft.alone(index)))}
    draft = _Draft(draft.policy, draft.without, draft.mended, frozenset(raising))
    raised = []
    for index, error in raising.items():
        statement = draft.policy.statements[index]
        location = statement.conditions[0].location if statement.conditions else statement.location
        raised.append(_raw("EXCEPTION", _words(error), location, statement))
    return draft, _analysed(draft.text), raised


def _error(draft: _Draft) -> Exception | None:
    try:
        _analysed(draft.text)
    except Exception as error:  # noqa: BLE001 - see above
        return error
    return None


@dataclass(frozen=True, slots=True)
class _Found:
    issue: str
    detail: str
    line: int
    actions: tuple[str, ...]


@lru_cache(maxsize=1024)
def _analysed(text: str) -> tuple[_Found, ...]:
    """Return parliament's findings for a text; the same text is analysed once."""
    # Private auditors are whatever .py files lie in a folder. The other ways to configure it are global.
    found = _parliament().analyze_policy_string(text, ignore_private_auditors=True).findings
    return tuple(dict.fromkeys(_found(each) for each in found))


def _found(finding: Any) -> _Found:
    """Return a copy: findings without a location of their own share one that every analysis changes."""
    line = finding.location.get("line") or finding.location.get("lineno") or 0
    detail = finding.detail or ""
    if isinstance(detail, list):
        names = [each["action"] if isinstance(each, dict) else str(each) for each in detail]
        words = [
            f"{each['action']} needs {each['required_format']}" if isinstance(each, dict) else each for each in detail
        ]
        return _Found(finding.issue, ", ".join(words), line, tuple(dict.fromkeys(names)))
    action = re.search(r" for action ([\w-]+:\w+)$", str(detail))
    return _Found(finding.issue, str(detail), line, (action[1],) if action else ())


def _raw(
    issue: str,
    detail: str,
    location: Location,
    statement: Statement | None,
    text: str = "",
    actions: Iterable[str] = (),
) -> Raw:
    about = _parliament().config.get(issue, {})
    severity, title = about.get("severity", "MEDIUM"), about.get("title", issue)
    return Raw(issue, severity, title.strip().rstrip("."), detail, location, statement, text, tuple(actions))


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")[:300]


# --- importing it ---


@cache
def _parliament() -> Any:
    """Return the module; its import reads 10 MB and takes 0.2 s.

    parliament 1.6.4 imports pkg_resources for one function. That comes with setuptools, no longer with version 82 and
    never with a fresh Python 3.12, so that it finds a stand-in.
    """
    stand_in = ModuleType("pkg_resources")
    stand_in.resource_filename = _resource_filename  # type: ignore[attr-defined]
    sys.modules.setdefault("pkg_resources", stand_in)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its escape sequences and open files would be errors under -W error
            import parliament
    except ImportError as error:
        raise _CannotLintError(
            f"parliament cannot be imported ({_words(error)}); install it: parliament>=1.6.4,<2"
        ) from error
    except Exception as error:
        raise _CannotLintError(f"parliament cannot be imported ({_words(error)}); install it again") from error
    finally:
        if sys.modules.get("pkg_resources") is stand_in:
            del sys.modules["pkg_resources"]
    return parliament


def _resource_filename(package: str, name: str) -> str:
    from importlib.resources import files

    return str(files(package) / name)


# --- what it is given ---

_Key: TypeAlias = "tuple[int, str, int]"
"""Number of the statement, name of the element, and number of the entry in it."""


@dataclass(frozen=True, slots=True)
class _Place:
    key: _Key
    location: Location
    text: str = ""


_Line: TypeAlias = "tuple[str, _Place | None]"


class _Draft:
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
        without: frozenset[_Key] = frozenset(),
        mended: frozenset[_Key] = frozenset(),
        harmless: frozenset[int] = frozenset(),
        only: int | None = None,
    ) -> None:
        self.policy, self.without, self.mended, self.harmless = policy, without, mended, harmless
        numbers = range(len(policy.statements)) if only is None else (only,)
        blocks = {number: block for number in numbers if (block := self._statement(number))}
        version = [] if policy.version is None else [[(f'"Version": {json.dumps(policy.version)}', None)]]
        whole: list[_Line] = [
            ("{", None),
            *_joined([*version, _list_of("Statement", None, blocks.values())]),
            ("}", None),
        ]
        self.written = tuple(blocks)
        self.text = "\n".join(text for text, _ in whole)
        self.places = {number: place for number, (_, place) in enumerate(whole, 1) if place}

    def alone(self, number: int) -> _Draft:
        """Return the same with one statement only."""
        return _Draft(self.policy, self.without, self.mended, self.harmless, number)

    def raw(self, found: _Found) -> Raw:
        """Return a finding with our place instead of the line in this text."""
        place = self.places.get(found.line) or self._place_of(found.detail)
        if place is None:
            return _raw(found.issue, found.detail, self.policy.location, None, "", found.actions)
        statement = self.policy.statements[place.key[0]]
        location, text = place.location, place.text
        if place.key[1] == "Condition":
            operator = statement.conditions[place.key[2]].operator
            for each in (each for each in statement.conditions if each.operator == operator):
                if found.detail.startswith(
                    (f"Unknown condition {each.key} for", f"Type mismatch: {each.key} requires")
                ):
                    location, text = each.location, each.key
        if place.key[1] == "Principal":
            for principal in statement.principals or ():
                if principal.text == found.detail or (not found.detail and principal.kind == "CanonicalUser"):
                    location, text = principal.location, principal.text
        if place.key[1] == "" and len(found.actions) == 1:
            entries = [entry for entry in statement.actions if names_action(entry, found.actions[0])]
            location, text = (entries[0].location, entries[0].text) if len(entries) == 1 else (location, text)
        return _raw(found.issue, found.detail, location, statement, text, found.actions)

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
                text = _without_double_stars(text)
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

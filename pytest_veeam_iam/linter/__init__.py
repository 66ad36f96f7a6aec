"""What parliament finds in a policy, and where: the only module that imports it, and only when it is asked.

parliament never sees a user's text. It gets a JSON text that is written from the Policy, with one element in a line, so
that its line numbers lead back to ours. What would hide other findings is taken out or mended first: one action that it
does not know ends its look at the statement, one ARN that it does not like ends its look at the document.

Either distribution of the module does: ``parliament``, or its fork ``ol-parliament``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pytest_veeam_iam.linter.draft import Draft, Found
from pytest_veeam_iam.linter.limits import MOST_COMPARISONS, comparisons, too_big
from pytest_veeam_iam.linter.loading import CannotLintError, actions_of, lock, parliament, words
from pytest_veeam_iam.linter.naming import naming

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_veeam_iam.iam.document import Condition, Location, Policy, Statement
    from pytest_veeam_iam.linter.draft import Key

__all__ = ["Failure", "Linted", "Raw", "actions_of", "distribution", "is_trust_policy", "lint", "naming"]


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
        conditions: Those that it is about, if it is about some.
    """

    issue: str
    severity: str
    title: str
    detail: str
    location: Location
    statement: Statement | None = None
    text: str = ""
    actions: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()


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
    if is_trust_policy(policy):
        return Linted(skipped="a role's trust policy has no Resource, and parliament knows no such document")
    failures = tuple(Failure(reason, location) for reason, location in too_big(policy))
    if failures:
        return Linted(failures=failures)
    with lock:
        try:
            return _lint(policy)
        except CannotLintError as error:
            return Linted(failures=(Failure(str(error), policy.location),))
        except Exception as error:
            return Linted(failures=(Failure(words(error), policy.location),))


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


def is_trust_policy(policy: Policy) -> bool:
    """Return whether a document says who may take a role: it has Principals and no Resource."""
    return bool(policy.statements) and all(
        each.principals is not None
        and not each.resources
        and all(entry.text.lower().startswith("sts:") for entry in each.actions)
        for each in policy.statements
    )


# --- asking parliament ---

_HIDING = ("INVALID_ARN", "INVALID_SID")
"""Findings after which parliament looks no further."""


def _lint(policy: Policy) -> Linted:
    unknown = _unknown_actions(policy)
    needed = comparisons(policy)
    if needed > MOST_COMPARISONS:
        reason = f"{needed:,} comparisons of actions with resources are more than the {MOST_COMPARISONS:,} it makes"
        return Linted(tuple(unknown.values()), (Failure(reason, policy.location),))
    draft, found, raised = _ask(Draft(policy, without=frozenset(unknown)))
    raws = [*unknown.values(), *raised]
    hiding = [each for each in found if each.issue in _HIDING]
    if hiding:
        raws += [_placed(each, draft) for each in hiding]
        mended = frozenset(draft.places[each.line].key for each in hiding)
        draft, found, raised = _ask(Draft(policy, draft.without, mended))
        raws += raised
    raws += [_placed(each, draft) for each in found]
    return Linted(tuple(dict.fromkeys(raws)))


def _placed(found: Found, draft: Draft) -> Raw:
    about = draft.about(found)
    raw = _raw(found.issue, found.detail, about.location, about.statement, about.text, found.actions)
    return replace(raw, conditions=about.conditions) if about.conditions else raw


def _unknown_actions(policy: Policy) -> dict[Key, Raw]:
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
    module = parliament()
    try:
        module.expand_action(text)
    except module.UnknownActionException as error:
        return "UNKNOWN_ACTION", str(error)
    except module.UnknownPrefixException as error:
        return "UNKNOWN_PREFIX", str(error)
    except Exception as error:
        return "EXCEPTION", str(error)
    return None


def _ask(draft: Draft) -> tuple[Draft, tuple[Found, ...], list[Raw]]:
    """Return what parliament finds; a statement with a condition that makes it raise is given another condition."""
    try:
        return draft, _analysed(draft.text), []
    except Exception:
        raising = {index: error for index in draft.written if (error := _error(draft.alone(index)))}
    draft = Draft(draft.policy, draft.without, draft.mended, frozenset(raising))
    raised = []
    for index, error in raising.items():
        statement = draft.policy.statements[index]
        location = statement.conditions[0].location if statement.conditions else statement.location
        raised.append(_raw("EXCEPTION", words(error), location, statement))
    return draft, _analysed(draft.text), raised


def _error(draft: Draft) -> Exception | None:
    try:
        _analysed(draft.text)
    except Exception as error:
        return error
    return None


@lru_cache(maxsize=1024)
def _analysed(text: str) -> tuple[Found, ...]:
    """Return parliament's findings for a text; the same text is analysed once."""
    # Private auditors are whatever .py files lie in a folder. The other ways to configure it are global.
    found = parliament().analyze_policy_string(text, ignore_private_auditors=True).findings
    return tuple(dict.fromkeys(_found(each) for each in found))


def _found(finding: Any) -> Found:
    """Return a copy: findings without a location of their own share one that every analysis changes."""
    line = finding.location.get("line") or finding.location.get("lineno") or 0
    detail = finding.detail or ""
    if isinstance(detail, list):
        names = [each["action"] if isinstance(each, dict) else str(each) for each in detail]
        told = [
            f"{each['action']} needs {each['required_format']}" if isinstance(each, dict) else each for each in detail
        ]
        return Found(finding.issue, ", ".join(told), line, tuple(dict.fromkeys(names)))
    action = re.search(r" for action ([\w-]+:\w+)$", str(detail))
    return Found(finding.issue, str(detail), line, (action[1],) if action else ())


def _raw(
    issue: str,
    detail: str,
    location: Location,
    statement: Statement | None,
    text: str = "",
    actions: Iterable[str] = (),
) -> Raw:
    about = parliament().config.get(issue, {})
    severity, title = about.get("severity", "MEDIUM"), about.get("title", issue)
    return Raw(issue, severity, title.strip().rstrip("."), detail, location, statement, text, tuple(actions))

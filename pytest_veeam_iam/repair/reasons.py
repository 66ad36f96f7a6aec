"""What no added Allow mends, in words: the actions, the statement or layer to look at; it decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.condition_words import describe
from pytest_veeam_iam.iam.evaluation import Decision
from pytest_veeam_iam.reporters.text import BLOCKED, how_to_bind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_veeam_iam.iam.causes import Cause
    from pytest_veeam_iam.iam.document import Location, Statement
    from pytest_veeam_iam.report import Finding, Result

_CAUSES = 3


@dataclass(frozen=True, slots=True)
class Held:
    """A permission that is not granted and that no Allow is added for.

    Attributes:
        result: As it is, or as it would still be with the Allow.
        guards: The statements that allow it under a Condition which somebody wanted.
    """

    result: Result
    guards: tuple[Statement, ...] = ()


def sentences(held: Iterable[Held]) -> tuple[str, ...]:
    """Return why permissions stay as they are, those with the same cause in one sentence."""
    actions: dict[str, list[str]] = {}
    for each in held:
        why = _of_guards(each.guards) if each.guards else _why(each.result)
        actions.setdefault(why, []).append(each.result.action)
    return tuple(f"{', '.join(dict.fromkeys(names))}: {why}" for why, names in actions.items())


def _of_guards(statements: Sequence[Statement]) -> str:
    told = "; ".join(
        f"{place_of(each.location, each.sid)} allows it only if {' and '.join(map(describe, each.conditions))}"
        for each in statements[:_CAUSES]
    )
    return f"{told}; an Allow without that condition is not added"


def _why(result: Result) -> str:
    evaluation = result.evaluation
    if evaluation.blocked_by:
        verb = "do" if evaluation.blocked_by == "session" else "does"
        return f"{BLOCKED[evaluation.blocked_by]} {verb} not allow it{_nearest(result)}"
    match result.decision:
        case Decision.DENIED | Decision.PARTLY_DENIED:
            return f"{_causes(result) or result.reason}; no Allow lifts a Deny"
        case Decision.CONDITIONAL:
            places = (place_of(each.location, each.sid) for each in evaluation.statements[:_CAUSES])
            return f"granted only if {' and '.join(evaluation.conditions)} ({'; '.join(places)})"
        case Decision.UNDETERMINED if evaluation.unknowns:
            return "; ".join(
                f"{token} is unknown ({_line(token.location)}): {how_to_bind(token)}" for token in evaluation.unknowns
            )
    return result.reason


def _nearest(result: Result) -> str:
    return f" (nearest: {causes})" if (causes := _causes(result)) else ""


def _causes(result: Result) -> str:
    return "; ".join(
        f"{place_of(cause.statement.location, cause.statement.sid)} {cause.words}{_layer(cause)}"
        for cause in result.evaluation.causes[:_CAUSES]
    )


def _layer(cause: Cause) -> str:
    """Return where a statement stands that is not one of the identity policies."""
    return f" in {BLOCKED[name]}" if (name := cause.layer.value.partition("-")[0]) in BLOCKED else ""


def place_of(location: Location, sid: str | None) -> str:
    """Return where a statement stands, and its Sid."""
    return f'{_line(location)} "{sid}"' if sid else _line(location)


def _line(location: Location) -> str:
    return location.path if location.line is None else f"{location.path}:{location.line}"


def of_findings(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return the findings that still make it not ready, a sentence each."""
    return tuple(
        f"{f'{finding.location}: ' if finding.location else ''}{finding.message}"
        f"{f'; {finding.help}' if finding.help else ''} [{finding.id}]"
        for finding in findings
    )

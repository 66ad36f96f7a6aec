"""Why an answer is what it is, for people: an example, the statements behind it, and what it depends on.

It takes the answer as given and decides nothing; it is only run when somebody asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.case import Case
from pytest_veeam_iam.iam.causes import causes_of, grants, unknowns_of
from pytest_veeam_iam.iam.dependencies import Dependencies, dependencies
from pytest_veeam_iam.iam.verdicts import Layer, Verdict
from pytest_veeam_iam.iam.witnesses import realistic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_veeam_iam.iam.authorization import Answer, Authorizer
    from pytest_veeam_iam.iam.causes import Cause
    from pytest_veeam_iam.iam.context import Context
    from pytest_veeam_iam.iam.document import Token
    from pytest_veeam_iam.iam.globs import Wanted


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an answer is what it is.

    Attributes:
        witness: A resource for which it fails; None if it holds for all, or where no example was found in time.
        causes: The statements that decided it; those that came nearest where nothing grants it.
        conditions: What a conditional answer depends on, in words; all of these must be so.
        declarations: How to declare those conditions, as command line options.
        blocked_by: The layer that stops the witness although the identity policies allow it, or None.
        unknowns: The unknown values of templates that an undetermined answer hangs on.
        reason: One sentence.
    """

    witness: str | None
    causes: tuple[Cause, ...]
    conditions: tuple[str, ...]
    declarations: tuple[str, ...]
    blocked_by: Layer | None
    reason: str
    unknowns: tuple[Token, ...] = ()


_DOES_NOT_ALLOW = {
    Layer.SCP: "a level of service control policies does not allow it",
    Layer.BOUNDARY: "the permissions boundary does not allow it",
    Layer.SESSION: "the session policies do not allow it",
}


def explain(
    authorizer: Authorizer, action: str, wants: Sequence[Wanted], context: Context, answer: Answer
) -> Explanation:
    """Return why ``authorizer`` gave ``answer`` to ``action`` on the wanted resources."""
    verdict = min(answer.found, key=lambda found: found.value)
    if verdict is Verdict.ALLOWED:
        causes = grants(authorizer, action, wants, context)
        return Explanation(None, causes, (), (), None, "granted on all of the resources")
    example = answer.found[verdict]
    if example is None:
        reason = "cannot tell: the wildcards of these policies cross too often to be told apart; write them out"
        return Explanation(None, (), (), (), None, reason)
    want = example.asked.want
    witness = realistic(authorizer, action, context, example, verdict)
    case = Case(authorizer, action, want.names if want.is_literal else (witness,), example.asked.context)
    blocked_by = case.blocked_by(verdict)
    causes = causes_of(case, verdict, blocked_by)
    depends_on = dependencies(case) if verdict is Verdict.DEPENDS else Dependencies()
    reason = depends_on.reason if depends_on.words else _reason(causes, verdict, blocked_by)
    unknowns = unknowns_of(case) if verdict is Verdict.UNRESOLVED else ()
    return Explanation(witness, causes, depends_on.words, depends_on.declarations, blocked_by, reason, unknowns)


def _reason(causes: Sequence[Cause], verdict: Verdict, blocked_by: Layer | None) -> str:
    if verdict is Verdict.MISSING and blocked_by is not None:
        return _DOES_NOT_ALLOW[blocked_by] + (f"; nearest: {causes[0]}" if causes else "")
    return str(causes[0]) if causes else "no statement allows it"

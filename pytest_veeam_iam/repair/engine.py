"""The smallest addition that makes policies ready, found and then proven by asking again; it knows no file.

Allows are added, and what AWS refuses a document for is taken out where it only allows. A Deny and a Condition stay. A
change that does not help, or that changes another answer for the worse, is not suggested.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import VeeamIamError
from pytest_veeam_iam.iam.evaluation import Decision
from pytest_veeam_iam.repair.change import Change, NewStatement, changed
from pytest_veeam_iam.repair.planning import Addition, Places, changeable, settled, split, without_refused
from pytest_veeam_iam.repair.reasons import Held, of_findings, sentences
from pytest_veeam_iam.report import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pytest_veeam_iam.iam.document import Policy
    from pytest_veeam_iam.report import Report, Result

_FROM_BEST = (
    Decision.ALLOWED, Decision.CONDITIONAL, Decision.UNDETERMINED, Decision.PARTIAL, Decision.MISSING,
    Decision.PARTLY_DENIED, Decision.DENIED,
)  # fmt: skip


@dataclass(frozen=True)
class Proposal:
    """What to change, and what that leaves as it is.

    Attributes:
        changes: For each document that becomes another, by its number among the report's policies; proven.
        policies: All of them after it.
        statements: What grants what is missing; also where it cannot be added to a document.
        remaining: What it does not mend, a sentence each.
        unsaid: Those of them that the report itself does not say.
        ready: Whether everything is ready then.
    """

    changes: Mapping[int, Change] = field(default_factory=dict)
    policies: tuple[Policy, ...] = ()
    statements: tuple[NewStatement, ...] = ()
    remaining: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()
    ready: bool = False


def propose(report: Report, actions: Iterable[str] | None = None) -> Proposal:
    """Return what to change so that policies are ready, or grant some actions.

    Args:
        report: Of policies that fall short.
        actions: What is to be granted; None for all that makes it not ready.

    Raises:
        VeeamIamError: For a report that cannot be asked again.
    """
    if report.check_again is None or report.check_anew is None:
        raise VeeamIamError("this report cannot be asked again; make it with check_veeam_backup_ready")
    return _Search(report, report.check_again, report.check_anew, None if actions is None else set(actions)).proposal()


class _Search:
    def __init__(
        self,
        report: Report,
        check_again: Callable[[Sequence[Policy]], Report],
        check_anew: Callable[[Sequence[Policy]], Report],
        actions: set[str] | None,
    ) -> None:
        self._report, self._again, self._anew, self._actions = report, check_again, check_anew, actions
        self._policies = report.policies

    def proposal(self) -> Proposal:
        """Return what helps, proven; else why nothing does."""
        numbers = changeable(self._policies)
        removals = without_refused(self._policies, numbers)
        base = self._report
        if removals:
            base = self._anew(self._changed(removals))
            self._again = base.check_again or self._again
        additions, held = split(self._asked(base), settled(base.policies, base))
        if not numbers:
            additions, held = [], [Held(result) for result in self._asked(base)]
        changes, after, failed = self._granting(base, removals, additions)
        lost = {each.result.requirement for each in failed}
        kept = [each for each in additions if each.result.requirement not in lost]
        unsaid = sentences(failed)
        findings = of_findings(after.blocking_findings) if self._actions is None else ()
        remaining = (*sentences(held), *unsaid, *findings)
        if not changes:
            return Proposal(remaining=remaining, unsaid=unsaid)
        return self._proven(changes, after, Proposal(statements=_to_paste(kept), remaining=remaining, unsaid=unsaid))

    def _asked(self, report: Report) -> list[Result]:
        return [each for each in report.shortfalls if self._actions is None or each.action in self._actions]

    def _changed(self, changes: Mapping[int, Change]) -> tuple[Policy, ...]:
        return tuple(
            changed(policy, changes[number]) if number in changes else policy
            for number, policy in enumerate(self._policies)
        )

    def _granting(
        self, base: Report, removals: Mapping[int, Change], additions: Sequence[Addition]
    ) -> tuple[dict[int, Change], Report, list[Held]]:
        """Return the changes that grant what can be granted, the report after them, and what no Allow grants."""
        failed: list[Held] = []
        left = list(additions)
        while left:
            # Statements keep their numbers: one that is taken out is refused, so that nothing is added to it.
            pruned = {number: Change(pruned=change.pruned) for number, change in removals.items()}
            policies = self._changed(pruned)
            places = Places(settled(policies, base), changeable(self._policies), base)
            changes = _merged(removals, places.changes(left))
            after = self._again(self._changed(changes))
            results = _answers(base, after)
            still = [each for each in left if not results[id(each.result)].granted]
            if not still:
                return changes, after, failed
            failed += [Held(results[id(each.result)]) for each in still]
            left = [each for each in left if each not in still]
        return dict(removals), base, failed

    def _proven(self, changes: Mapping[int, Change], after: Report, found: Proposal) -> Proposal:
        """Return a proposal with its changes if they do what they should, else why they are not suggested."""
        before = {(each.id, each.message) for each in self._report.findings}
        new = [each for each in after.findings if (each.id, each.message) not in before]
        blocking = [each for each in new if each in after.blocking_findings]
        large = [each for each in new if each.id == _TOO_LARGE]
        told = set(of_findings(large))
        found = replace(found, remaining=tuple(each for each in found.remaining if each not in told))
        found = _saying(found, [f"with the addition {each.message}: attach it as another policy" for each in large])
        if any(each in blocking or each.severity is Severity.ERROR for each in large):
            return found
        policies = self._changed(changes)
        fresh = self._anew(policies)
        doubts = [*self._worse(after, fresh), *of_findings(blocking)]
        if doubts:
            why = [f"an addition was tried and is not suggested: {doubt}" for doubt in doubts]
            return _saying(replace(found, statements=()), why)
        return replace(found, changes=changes, policies=policies, ready=after.ready and fresh.ready)

    def _worse(self, after: Report, fresh: Report) -> Iterator[str]:
        """Yield what a change makes worse, or does not do if the target is inferred once more."""
        then = _answers(self._report, after)
        for result in self._report.results():
            if _FROM_BEST.index(then[id(result)].decision) > _FROM_BEST.index(result.decision):
                yield f"{result.action} would be {then[id(result)].decision}"
        missed = {each.action for each in self._asked(fresh)} - {each.action for each in self._asked(after)}
        if missed or (after.ready and not fresh.ready):
            yield f"the policies would then be taken for those of {fresh.place}; name the bucket, region and account"


_TOO_LARGE = "too_large"


def _answers(before: Report, after: Report) -> dict[int, Result]:
    """Return for each result of a report, by its identity, the one of another report on the same requirements."""
    return {id(one): other for one, other in zip(before.results(), after.results(), strict=True)}


def _saying(proposal: Proposal, sentences: Sequence[str]) -> Proposal:
    """Return a proposal that says more, which the report does not say."""
    return replace(proposal, remaining=(*proposal.remaining, *sentences), unsaid=(*proposal.unsaid, *sentences))


def _merged(removals: Mapping[int, Change], additions: Mapping[int, Change]) -> dict[int, Change]:
    nothing = Change()
    return {
        number: Change(
            added=additions.get(number, nothing).added,
            new=additions.get(number, nothing).new,
            removed=removals.get(number, nothing).removed,
            pruned=removals.get(number, nothing).pruned,
        )
        for number in sorted({*removals, *additions})
    }


def _to_paste(additions: Iterable[Addition]) -> tuple[NewStatement, ...]:
    """Return the statements that grant what is missing by themselves, one for all actions on the same resources."""
    actions: dict[tuple[str, ...], list[str]] = {}
    for each in additions:
        actions.setdefault(each.resources, []).append(each.result.action)
    return tuple(NewStatement(tuple(names), resources) for resources, names in actions.items())

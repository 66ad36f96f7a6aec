"""One permission: is an action granted on every one of some resources, and if not, why not?"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import TargetError
from pytest_veeam_iam.iam import alternatives, principals
from pytest_veeam_iam.iam.authorization import Authorizer, Decision
from pytest_veeam_iam.iam.certainty import Certainty, all_of
from pytest_veeam_iam.iam.document import Effect
from pytest_veeam_iam.iam.globs import action_problem, all_buckets, is_short_arn, resource_problem, wanted
from pytest_veeam_iam.iam.rules import Rule
from pytest_veeam_iam.iam.verdicts import Layer, RuleLayer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pytest_veeam_iam.iam.authorization import Answer
    from pytest_veeam_iam.iam.automata import Budget
    from pytest_veeam_iam.iam.causes import Cause
    from pytest_veeam_iam.iam.context import Context
    from pytest_veeam_iam.iam.document import Policy, Statement, Token
    from pytest_veeam_iam.iam.explanation import Explanation
    from pytest_veeam_iam.iam.globs import Wanted
    from pytest_veeam_iam.iam.principals import Caller

__all__ = ["Decision", "Evaluation", "authorizer", "evaluate", "resources_wanted"]


class Evaluation:
    """The answer for one permission; everything but the decision is worked out when it is asked for.

    Attributes:
        decision: The answer; only ``Decision.ALLOWED`` is covered.
        action: The action that was asked for.
    """

    def __init__(
        self, authorizer: Authorizer, action: str, wants: Sequence[Wanted], context: Context, answer: Answer
    ) -> None:
        self.decision, self.action = answer.decision, action
        self._question = authorizer, action, wants, context, answer

    @cached_property
    def explanation(self) -> Explanation:
        """Why the answer is what it is."""
        from pytest_veeam_iam.iam.explanation import explain

        return explain(*self._question)

    @property
    def resources(self) -> tuple[str, ...]:
        """The required patterns, as they were asked for."""
        return tuple(want.text for want in self._question[2])

    @cached_property
    def lacking(self) -> Mapping[str, Decision]:
        """Those of the required patterns for which it does not hold, each with the answer for it alone."""
        authorizer, action, wants, context, _ = self._question
        found = {want.text: authorizer.answer(action, (want,), context).decision for want in wants}
        return {text: decision for text, decision in found.items() if decision is not Decision.ALLOWED}

    @property
    def witness(self) -> str | None:
        """An ARN for which it fails; None if it holds, or where none was found within the budget."""
        return self.explanation.witness

    @property
    def causes(self) -> tuple[Cause, ...]:
        """The statements that decided it, each with what it does in words."""
        return self.explanation.causes

    @property
    def statements(self) -> tuple[Statement, ...]:
        """The statements that decided it; for ``missing`` and ``partial`` those that came nearest."""
        return tuple(cause.statement for cause in self.explanation.causes)

    @property
    def unknowns(self) -> tuple[Token, ...]:
        """The unknown values that an undetermined answer hangs on."""
        return self.explanation.unknowns

    @property
    def conditions(self) -> tuple[str, ...]:
        """What a conditional answer depends on, in words."""
        return self.explanation.conditions

    @property
    def blocked_by(self) -> str | None:
        """The layer that takes away what the identity policies allow: scp, boundary, session or resource."""
        layer = self.explanation.blocked_by
        return None if layer is None else layer.value

    @property
    def reason(self) -> str:
        """One sentence that says why."""
        return self.explanation.reason

    def __repr__(self) -> str:
        return f"<Evaluation {self.action}: {self.decision}>"


def evaluate(
    authorizer: Authorizer, action: str, wants: Sequence[Wanted], context: Context, budget: Budget | None = None
) -> Evaluation:
    """Return whether the policies in effect allow ``action`` on every one of ``wants``, within a budget."""
    answer, decisive = alternatives.answer(authorizer, action, wants, context, budget)
    return Evaluation(authorizer, action, wants, decisive, answer)


def resources_wanted(
    action: str, resources: Iterable[str], *, partition: str, list_buckets_on_s3_arn: bool, literal: bool = False
) -> tuple[Wanted, ...]:
    """Return what the required patterns denote for an action.

    Args:
        action: Its full name; wildcards are refused.
        resources: ``*`` or ARN patterns; at least one.
        partition: In which ``s3:ListAllMyBuckets`` is asked.
        list_buckets_on_s3_arn: Whether ``arn:{partition}:s3:::*`` is a second name of its one resource.
        literal: Take ARNs as they are written, wildcards included.

    Raises:
        TargetError: For an action or pattern that is none.
    """
    return _resources_wanted(action, tuple(resources), partition, by_arn=list_buckets_on_s3_arn, literal=literal)


@lru_cache(maxsize=1024)
def _resources_wanted(
    action: str, resources: tuple[str, ...], partition: str, *, by_arn: bool, literal: bool
) -> tuple[Wanted, ...]:
    problem = action_problem(action)
    if problem or "*" in action or "?" in action:
        raise TargetError(problem or f'"{action}" is a pattern; ask for one action, for example s3:GetObject')
    texts = dict.fromkeys(resources)
    if not texts:
        raise TargetError(f'{action}: no resources to ask for; write "*" or an ARN')
    for text in texts:
        problem = resource_problem(text, has_variables=True)
        if problem:
            raise TargetError(f"{action}: resource {problem}")
    lists_buckets = action.lower() == "s3:listallmybuckets"
    return tuple(
        all_buckets(partition, by_arn=by_arn)
        if lists_buckets and (not text.strip("*") or text == f"arn:{partition}:s3:::*")
        else wanted(text, literal=literal)
        for text in texts
    )


@lru_cache(maxsize=8)
def authorizer(
    identity: tuple[Policy, ...],
    *,
    boundary: Policy | None = None,
    sessions: tuple[Policy, ...] = (),
    scps: tuple[tuple[Policy, ...], ...] = (),
    resource_policies: tuple[Policy, ...] = (),
    caller: Caller | None = None,
) -> Authorizer:
    """Return all policies in effect, compiled.

    Args:
        identity: Attached to one principal: their grants add up.
        boundary: The permissions boundary.
        sessions: Session policies, one layer together.
        scps: Service control policies by level, from the root down.
        resource_policies: Of the buckets that are asked for.
        caller: Who calls, if that is known; it matters to resource policies.

    Raises:
        TargetError: For an SCP level without a policy, or a resource policy that is not about S3 alone.
    """
    if not all(scps):
        raise TargetError("a level of service control policies is empty: AWS attaches at least FullAWSAccess to each")
    layers = [_layer(Layer.IDENTITY, identity)]
    layers += [_layer(Layer.BOUNDARY, (boundary,))] if boundary else []
    layers += [_layer(Layer.SESSION, sessions, _session_applies)] if sessions else []
    layers += [_layer(Layer.SCP, level) for level in scps]
    if resource_policies:
        layers += _resource_layers(resource_policies, caller, has_boundary=boundary is not None)
    return Authorizer(layers)


def _layer(
    kind: Layer, policies: Sequence[Policy], applies: Callable[[Statement], Certainty] | None = None
) -> RuleLayer:
    return RuleLayer(kind, tuple(_rules(policies, applies or _identity_applies)))


def _identity_applies(statement: Statement) -> Certainty:
    """A Principal has no place outside resource policies: AWS refuses the document."""
    return Certainty.ALWAYS if statement.principals is None else _refused(statement)


def _session_applies(statement: Statement) -> Certainty:
    """AWS completes a short ARN, but not in a session policy."""
    is_short = any(entry.is_known and is_short_arn(entry.text) for entry in statement.resources)
    return _refused(statement) if is_short else _identity_applies(statement)


def _refused(statement: Statement) -> Certainty:
    """What AWS refuses grants nothing, and nobody can say what it denies."""
    return Certainty.NEVER if statement.effect is Effect.ALLOW else Certainty.UNRESOLVED


def _resource_layers(policies: Sequence[Policy], caller: Caller | None, *, has_boundary: bool) -> list[RuleLayer]:
    for policy in policies:
        for statement in policy.statements:
            for entry in statement.resources:
                if entry.is_known and (not entry.text.startswith("arn:") or entry.text.split(":")[2:3] != ["s3"]):
                    what = f'"{entry.text}" is not an S3 ARN'
                    raise TargetError(f"{entry.location}: {what}; only bucket policies can be resource policies here")

    def limited(statement: Statement) -> Certainty:
        if statement.principals is None:
            return _refused(statement)
        if statement.effect is Effect.DENY:
            return principals.deny(statement, caller, has_boundary=has_boundary)
        return principals.allow_limited(statement, caller)

    def direct(statement: Statement) -> Certainty:
        return principals.allow_direct(statement, caller) if statement.effect is Effect.ALLOW else Certainty.NEVER

    return [
        RuleLayer(Layer.RESOURCE, tuple(_rules(policies, limited))),
        RuleLayer(Layer.RESOURCE_DIRECT, tuple(_rules(policies, direct))),
    ]


def _rules(policies: Sequence[Policy], applies: Callable[[Statement], Certainty]) -> Iterable[Rule]:
    """Compile every statement under its own document's Version; a document that AWS refuses grants nothing."""
    for policy in policies:
        for statement in policy.statements:
            certainty = applies(statement)
            if policy.problems and certainty is not Certainty.NEVER:
                certainty = _refused(statement)
            for part, is_certain in _by_actions(statement):
                yield Rule(
                    part,
                    has_variables=policy.has_variables,
                    applies=certainty if is_certain else all_of((certainty, Certainty.UNRESOLVED)),
                    document_problems=policy.problems,
                )


def _by_actions(statement: Statement) -> Iterable[tuple[Statement, bool]]:
    """Return a statement in two parts if some of its actions are unknown: what it surely takes in, and what perhaps."""
    known = tuple(entry for entry in statement.actions if entry.is_known)
    unknown = tuple(entry for entry in statement.actions if not entry.is_known)
    if not unknown:
        return [(statement, True)]
    if statement.not_action:
        return [(statement, True), (replace(statement, actions=known), False)]
    certain = [(replace(statement, actions=known), True)] if known else []
    return [*certain, (replace(statement, actions=unknown), False)]

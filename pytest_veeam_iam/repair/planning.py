"""Which Allows to add, and to which document and statement; it changes nothing and proves nothing.

An action goes to a statement whose resources are those that it needs; where there is none, actions on the same
resources share a new statement. What somebody made conditional, or denied, stays as it is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pytest_veeam_iam.iam.context import Context
from pytest_veeam_iam.iam.document import Effect, Entry, Location, Policy, Statement
from pytest_veeam_iam.iam.evaluation import Decision, authorizer, evaluate
from pytest_veeam_iam.iam.globs import action_glob, action_problem, can_meet, resource_glob, resource_problem, wanted
from pytest_veeam_iam.repair.change import Change, NewStatement, Pruning, is_emptiness, items_of
from pytest_veeam_iam.repair.reasons import Held
from pytest_veeam_iam.target import Target
from pytest_veeam_iam.unknowns import settle

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_veeam_iam.report import Report, Result

_ADDABLE = (Decision.MISSING, Decision.PARTIAL)
WRITTEN = ("document", "cloudformation", "terraform")
"""Forms whose files people write; the others are answers of AWS and of other programs."""


@dataclass(frozen=True, slots=True)
class Addition:
    """One action to be added.

    Attributes:
        result: The permission that falls short.
        resources: Those of its resources on which it is not allowed.
    """

    result: Result
    resources: tuple[str, ...]


def split(results: Iterable[Result], policies: Sequence[Policy]) -> tuple[list[Addition], list[Held]]:
    """Return which permissions an Allow may be added for, and which not.

    Args:
        results: Those that are not granted.
        policies: The identity policies, with the target's values in them.
    """
    additions, held = [], []
    for result in results:
        lacking = result.evaluation.lacking
        is_blocked = result.evaluation.blocked_by is not None
        guards = _guards(result, policies) if result.decision in _ADDABLE and not is_blocked else ()
        if guards or is_blocked or not all(each in _ADDABLE for each in lacking.values()):
            held.append(Held(result, guards))
        else:
            additions.append(Addition(result, _without_covered(tuple(lacking))))
    return additions, held


def _guards(result: Result, policies: Sequence[Policy]) -> tuple[Statement, ...]:
    """Return the statements that allow an action under a Condition, on resources on which it is not allowed."""
    action = result.action.lower()
    wants = [wanted(text, one_bucket=True) for text in result.evaluation.lacking]
    return tuple(
        statement
        for policy in policies
        for statement in policy.statements
        if statement.effect is Effect.ALLOW
        and statement.conditions
        and _concerns(statement, action)
        and (
            statement.not_resource
            or any(
                not entry.is_known or any(can_meet(resource_glob((entry.text,)), want) for want in wants)
                for entry in statement.resources
            )
        )
    )


def _concerns(statement: Statement, action: str) -> bool:
    named = any(entry.pieces or action_glob(entry.text).accepts(action) for entry in statement.actions)
    return named is not statement.not_action or not statement.actions


def _without_covered(resources: tuple[str, ...]) -> tuple[str, ...]:
    """Return some resources without those that others of them take in: of several buckets, one may be a pattern."""
    kept = list(dict.fromkeys(resources))
    for text in resources if any(":s3:::" in text for text in resources) else ():  # types of resources are apart
        others = [each for each in kept if each != text]
        if others and text in kept and _is_allowed((_allow(_entries(others)),), (text,)):
            kept = others
    return tuple(kept)


_NOWHERE = Location("<repair>")


def _entries(texts: Iterable[str]) -> tuple[Entry, ...]:
    return tuple(Entry(text, _NOWHERE) for text in texts)


def _allow(resources: tuple[Entry, ...], *, everywhere_but: bool = False) -> Statement:
    return Statement(Effect.ALLOW, _entries("*"), resources, _NOWHERE, not_resource=everywhere_but)


def _is_allowed(statements: tuple[Statement, ...], texts: Iterable[str]) -> bool:
    wants = [wanted(text, one_bucket=True) for text in texts]
    policy = Policy(statements, _NOWHERE, "2012-10-17")
    return evaluate(authorizer((policy,)), "s3:GetObject", wants, Context.of(None)).decision is Decision.ALLOWED


# What AWS refuses


def without_refused(policies: Sequence[Policy], numbers: Iterable[int]) -> dict[int, Change]:
    """Return the changes that take out what AWS refuses a document for: Allows without a Condition, or entries of them.

    Args:
        policies: The identity policies.
        numbers: Those that may be changed.
    """
    found = {}
    for number in numbers:
        policy = policies[number]
        refused = [
            index
            for index in sorted(_addressable(policy))
            if _is_mere_refusal(statement := policy.statements[index])
            and any(problem.element != "Condition" for problem in statement.problems)
        ]
        pruned = {index: pruning for index in refused if (pruning := _prunings(policy, index))}
        change = Change(removed=frozenset(refused) - set(pruned), pruned=pruned)
        if change:
            found[number] = change
    return found


def _is_mere_refusal(statement: Statement) -> bool:
    """Return whether a statement grants nothing, and nobody wanted it to deny or to be limited."""
    return statement.effect is Effect.ALLOW and not statement.conditions and statement.doubt is None


def _prunings(policy: Policy, number: int) -> tuple[Pruning, ...]:
    """Return the entries for which alone AWS refuses a statement, none if others would not remain."""
    statement = policy.statements[number]
    bad_resources = _bad(statement, "Resource", statement.resources, has_variables=policy.has_variables)
    bad_actions = _bad(statement, "Action", statement.actions, has_variables=policy.has_variables)
    remain = len(bad_resources) < len(statement.resources) and len(bad_actions) < len(statement.actions)
    if not remain or len(bad_resources) + len(bad_actions) < len(statement.problems):
        return ()
    prunings = (Pruning("Action", bad_actions), Pruning("Resource", bad_resources))
    return tuple(each for each in prunings if each.entries)


def _bad(
    statement: Statement, element: Literal["Action", "Resource"], entries: Sequence[Entry], *, has_variables: bool
) -> frozenset[int]:
    """Return the numbers of the entries that AWS refuses, none for those of NotAction or NotResource."""
    places = [problem.location for problem in statement.problems if problem.element == element]

    def is_bad(entry: Entry) -> bool:
        if entry.pieces:
            return entry.location in places
        if element == "Action":
            return action_problem(entry.text) is not None
        return resource_problem(entry.text, has_variables=has_variables) is not None

    return frozenset(number for number, entry in enumerate(entries) if places and is_bad(entry))


def changeable(policies: Sequence[Policy]) -> tuple[int, ...]:
    """Return the numbers of the policies that a statement can be added to with effect."""
    return tuple(
        number
        for number, policy in enumerate(policies)
        if all(is_emptiness(problem.element) for problem in policy.problems)
        and (policy.tree is None or isinstance(policy.tree.value, dict))
        and (not policy.statements or any(statement.doubt is None for statement in policy.statements))
    )


def _addressable(policy: Policy) -> frozenset[int]:
    """Return the numbers of the statements that are one item of the document each, and stand at one place each."""
    fields = {} if policy.tree is None or not isinstance(policy.tree.value, dict) else policy.tree.value
    if fields and len(items_of(fields["Statement"])) != len(policy.statements):
        return frozenset()
    places = Counter(statement.location for statement in policy.statements if statement.location.line is not None)
    return frozenset(number for number, statement in enumerate(policy.statements) if places[statement.location] <= 1)


# Where to add


class Places:
    """Where actions can be added.

    Args:
        policies: The identity policies, with the target's values in them.
        numbers: Those that may be changed; at least one.
        report: Knows the rule pack and the target.
    """

    def __init__(self, policies: Sequence[Policy], numbers: Sequence[int], report: Report) -> None:
        self._policies, self._numbers, self._pack = policies, numbers, report.rule_pack
        self._without_types = {
            each.action.lower()
            for group in self._pack.groups
            for each in group.requirements
            if all(self._pack.resource_types[name] == "*" for name in each.resource_types)
        }
        self._anywhere = Target(partition=str(report.target["partition"]))
        self._right: dict[object, list[tuple[int, int]]] = {}

    def changes(self, additions: Iterable[Addition]) -> dict[int, Change]:
        """Return the change of each document that is to be changed, by its number."""
        added: dict[int, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
        new: dict[int, dict[tuple[str, ...], list[str]]] = defaultdict(lambda: defaultdict(list))
        for addition in additions:
            action = addition.result.action
            home = self._statement(addition)
            if home is not None:
                added[home[0]][home[1]].append(action)
            else:
                new[self._policy(action)][addition.resources].append(action)
        return {
            number: Change(
                added={statement: tuple(actions) for statement, actions in added[number].items()},
                new=tuple(NewStatement(tuple(actions), resources) for resources, actions in new[number].items()),
            )
            for number in sorted({*added, *new})
        }

    def _statement(self, addition: Addition) -> tuple[int, int] | None:
        """Return the statement with exactly the resources that an action needs: of several the one with the fewest.

        Of those that have as many, it is the one with most actions of the same service.
        """
        service = addition.result.action.partition(":")[0]

        def fitness(place: tuple[int, int]) -> tuple[bool, int, int]:
            number, index = place
            resources = self._policies[number].statements[index].resources
            return not _has_star(resources), -len(resources), self._count(number, index, {service})

        return max(self._right_ones(addition), key=fitness, default=None)

    def _right_ones(self, addition: Addition) -> list[tuple[int, int]]:
        types = addition.result.requirement.resource_types
        key = addition.resources, addition.result.resources, types
        if key not in self._right:
            templates = [self._pack.resource_types[name] for name in types]
            existing = [text for template in templates for text in self._anywhere.expand(template)]
            self._right[key] = [
                (number, index)
                for number in self._numbers
                for index in sorted(_addressable(self._policies[number]))
                if self._is_right(self._policies[number].statements[index], addition, existing)
            ]
        return self._right[key]

    def _is_right(self, statement: Statement, addition: Addition, existing: Sequence[str]) -> bool:
        if not _is_plain_allow(statement):
            return False
        if _has_star(statement.resources) and addition.resources != ("*",) and not self._has_typed(statement, addition):
            return False
        if not _is_allowed((_allow(statement.resources),), addition.resources):
            return False
        needed = _allow(_entries(addition.result.resources))
        return _is_allowed((needed, _allow(statement.resources, everywhere_but=True)), existing)

    def _has_typed(self, statement: Statement, addition: Addition) -> bool:
        """Return whether a statement on ``*`` already has actions of a service on its resources, as a new one would be.

        Somebody chose then not to name the resources. Actions that have none stand on ``*`` anyway.
        """
        service = addition.result.action.partition(":")[0]
        names = [entry.text.lower() for entry in statement.actions]
        return any(name.partition(":")[0] == service and name not in self._without_types for name in names)

    def _policy(self, action: str) -> int:
        """Return the document that grants most of the action's service, of several the first that people write."""
        service = action.partition(":")[0]
        services = {"ec2", "ssm"} if service in ("ec2", "ssm") else {service}

        def fitness(number: int) -> tuple[int, bool]:
            policy = self._policies[number]
            grants = sum(self._count(number, index, services) for index in range(len(policy.statements)))
            return grants, policy.form in WRITTEN and policy.location.line is not None

        return max(self._numbers, key=fitness)

    def _count(self, number: int, index: int, services: set[str]) -> int:
        statement = self._policies[number].statements[index]
        if statement.effect is not Effect.ALLOW or statement.not_action:
            return 0
        return sum(entry.text.lower().partition(":")[0] in services for entry in statement.actions)


def _has_star(resources: Iterable[Entry]) -> bool:
    return any(not entry.text.strip("*") for entry in resources)


def _is_plain_allow(statement: Statement) -> bool:
    """Return whether a statement surely allows its actions on its resources, and that is all."""
    return (
        statement.effect is Effect.ALLOW
        and not (statement.not_action or statement.not_resource or statement.conditions or statement.problems)
        and statement.principals is None
        and statement.doubt is None
        and bool(statement.resources)
        and all(entry.is_known for entry in statement.resources)
    )


def target_of(report: Report) -> Target:
    """Return the target of a report, inferred values included."""
    values = report.target
    buckets = values["bucket"]
    return Target(
        buckets=buckets if isinstance(buckets, tuple) else (str(buckets),),
        prefix=str(values["prefix"] or ""),
        region=None if values["region"] is None else str(values["region"]),
        account=None if values["account"] is None else str(values["account"]),
        partition=str(values["partition"]),
    )


def settled(policies: Sequence[Policy], report: Report) -> tuple[Policy, ...]:
    """Return policies with the target's values for what their templates leave open."""
    return settle(policies, target_of(report))

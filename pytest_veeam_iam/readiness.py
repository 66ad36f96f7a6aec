"""The one use case: policies, a rule pack and a target in, a Report out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING

from pytest_veeam_iam import checks
from pytest_veeam_iam.catalog import condition_keys
from pytest_veeam_iam.errors import TargetError
from pytest_veeam_iam.iam.authorization import BUDGET
from pytest_veeam_iam.iam.automata import Budget
from pytest_veeam_iam.iam.context import Context
from pytest_veeam_iam.iam.document import Effect
from pytest_veeam_iam.iam.evaluation import Decision, authorizer, evaluate, resources_wanted
from pytest_veeam_iam.iam.globs import all_buckets, wanted
from pytest_veeam_iam.iam.principals import caller
from pytest_veeam_iam.inference import candidates, infer
from pytest_veeam_iam.report import GroupReport, Parameter, Report, Result, Severity
from pytest_veeam_iam.target import ANY, Target
from pytest_veeam_iam.unknowns import known_part, named_buckets, settle

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pytest_veeam_iam.iam.authorization import Authorizer
    from pytest_veeam_iam.iam.document import Policy
    from pytest_veeam_iam.iam.evaluation import Evaluation
    from pytest_veeam_iam.iam.globs import Wanted
    from pytest_veeam_iam.rulepacks import Group, Requirement, RulePack

_INFERRED = ("bucket", "region", "account")
"""The parameters of a target that are inferred if they are not named."""

_COMPARISONS = 5 * BUDGET
"""Steps that all comparisons of targets may take: about 1 s, after which the best one so far is taken."""

NOT_MODELLED = (
    "resource control policies",
    "VPC endpoint policies",
    "KMS key policies",
    "access points",
    "what the product calls at run time",
)


@dataclass(frozen=True, slots=True)
class PoliciesInEffect:
    """Every policy that has a say for one principal.

    Attributes:
        identity: Attached to the principal: their grants add up.
        boundary: The permissions boundary.
        sessions: Session policies.
        scps: Service control policies by level, from the root down.
        resource_policies: Of the buckets.
        principal: The ARN of the caller, or None.
    """

    identity: tuple[Policy, ...]
    boundary: Policy | None = None
    sessions: tuple[Policy, ...] = ()
    scps: tuple[tuple[Policy, ...], ...] = ()
    resource_policies: tuple[Policy, ...] = ()
    principal: str | None = None

    def authorizer(self) -> Authorizer:
        """Return all of them, compiled."""
        return authorizer(
            self.identity,
            boundary=self.boundary,
            sessions=self.sessions,
            scps=self.scps,
            resource_policies=self.resource_policies,
            caller=caller(self.principal) if self.principal else None,
        )

    def settled(self, target: Target) -> PoliciesInEffect:
        """Return the same policies with the values of a target for what their templates leave open."""
        if not target.symbols and all(policy.tree is None for _, policy in self.by_layer()):
            return self
        return replace(
            self,
            identity=settle(self.identity, target),
            boundary=settle((self.boundary,), target)[0] if self.boundary else None,
            sessions=settle(self.sessions, target),
            scps=tuple(settle(level, target) for level in self.scps),
            resource_policies=settle(self.resource_policies, target),
        )

    def by_layer(self) -> Iterator[tuple[str, Policy]]:
        """Yield every policy with the layer that it is in."""
        yield from (("identity", policy) for policy in self.identity)
        yield from (("boundary", self.boundary),) if self.boundary else ()
        yield from (("session", policy) for policy in self.sessions)
        yield from (("scp", policy) for level in self.scps for policy in level)
        yield from (("resource", policy) for policy in self.resource_policies)

    def not_given(self) -> tuple[str, ...]:
        """Return the layers that were not given, in words."""
        layers = {"boundary": self.boundary, "SCP": self.scps, "bucket policy": self.resource_policies}
        return tuple(name for name, given in layers.items() if not given)


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the policies are held against.

    Attributes:
        pack: The rule pack.
        groups: Those of its groups that are selected.
        target: What is named of the target.
        profile: Where the groups come from, or None.
        scenario: Validated and shown; it never changes what is required.
        storage_class: Likewise.
        context: What is declared of the request.
        list_buckets_on_s3_arn: Whether ``arn:aws:s3:::*`` grants ``s3:ListAllMyBuckets``.
        lint: Whether all checks run, or only those without which the answer cannot be trusted.
        fail_on: The severity from which findings make it not ready.
        excess: How grave it is to grant more than is needed; None if it is not looked at.
        allowed: Patterns of actions that are no excess.
    """

    pack: RulePack
    groups: tuple[Group, ...]
    target: Target
    profile: str | None = None
    scenario: str | None = None
    storage_class: str | None = None
    context: Mapping[str, object] = field(default_factory=dict)
    list_buckets_on_s3_arn: bool = True
    lint: bool = True
    fail_on: Severity = Severity.ERROR
    excess: Severity | None = Severity.WARNING
    allowed: tuple[str, ...] = ()


def check(policies: PoliciesInEffect, expected: Expectation) -> Report:
    """Return whether every required permission is granted for one target, and what else there is to fix.

    Args:
        policies: All that has a say.
        expected: What is required, and where.

    Raises:
        TargetError: For a principal, resource policy or SCP level that cannot be.
    """
    return _Check(policies, expected).report()


def _check_again(policies: PoliciesInEffect, expected: Expectation, identity: Sequence[Policy]) -> Report:
    return check(replace(policies, identity=tuple(identity)), expected)


@dataclass(frozen=True, slots=True)
class _Demand:
    """One requirement for one target.

    Attributes:
        requirement: Of the pack.
        wants: The resources it must be allowed on.
        uses: The parameters of the target that stand in them.
    """

    requirement: Requirement
    wants: tuple[Wanted, ...]
    uses: frozenset[str]


@lru_cache(maxsize=16)
def _demands(
    pack: RulePack, groups: tuple[str, ...], target: Target, *, by_arn: bool
) -> Mapping[tuple[str, str], _Demand]:
    """Return what some groups of a pack demand for a target, by group and action."""
    found = {}
    for group in groups:
        for requirement in pack.group(group).requirements:
            templates = [pack.resource_types[name] for name in requirement.resource_types]
            wants = [wanted(text, one_bucket=True) for template in templates for text in target.expand(template)]
            if requirement.action == "s3:ListAllMyBuckets":
                wants = [all_buckets(target.partition, by_arn=by_arn)]
            uses = frozenset(name for template in templates for name in _INFERRED if f"{{{name}}}" in template)
            found[group, requirement.action] = _Demand(requirement, tuple(wants), uses)
    return found


@lru_cache(maxsize=64)
def _services(pack: RulePack, groups: tuple[str, ...]) -> Mapping[str, frozenset[str]]:
    """Return per parameter the services in whose required ARNs it stands."""
    demands = _demands(pack, groups, Target(), by_arn=True).values()
    return {
        name: frozenset(demand.requirement.action.partition(":")[0] for demand in demands if name in demand.uses)
        for name in _INFERRED
        if any(name in demand.uses for demand in demands)
    }


class _Check:
    def __init__(self, policies: PoliciesInEffect, expected: Expectation) -> None:
        target = named_buckets(_of_principal(expected.target, policies.principal), policies.identity)
        expected = replace(expected, target=target)
        self.policies, self.expected, self.pack = policies, expected, expected.pack
        self.group_ids = tuple(group.id for group in expected.groups)
        self._authorizers: dict[tuple[object, ...], tuple[PoliciesInEffect, Authorizer]] = {}
        self.context = Context.of(
            expected.context,
            principal=policies.principal,
            session=bool(policies.sessions),
            region=_one(expected.target.region),
            account=_one(expected.target.account),
            keys_of=condition_keys,
        )
        _refuse_contradictions(self.context, expected.target)
        self.budget = Budget(_COMPARISONS)
        self.services = _services(self.pack, self.group_ids)
        self.target = infer(expected.target, policies.identity, services=self.services, lacking=self._lacking)

    def _demands(self, target: Target) -> Mapping[tuple[str, str], _Demand]:
        return _demands(self.pack, self.group_ids, target, by_arn=self.expected.list_buckets_on_s3_arn)

    def _settled(self, target: Target) -> tuple[PoliciesInEffect, Authorizer]:
        """Return the policies with the target's values for what their templates leave open, and the same compiled."""
        key = (target.symbols, target.region, target.account)
        if key not in self._authorizers:
            policies = self.policies.settled(target)
            self._authorizers[key] = policies, policies.authorizer()
        return self._authorizers[key]

    def _evaluate(self, demand: _Demand, target: Target, budget: Budget | None = None) -> Evaluation:
        _, authorizer = self._settled(target)
        return evaluate(authorizer, demand.requirement.action, demand.wants, self.context, budget)

    def _ask(self, action: str, resources: Iterable[str], budget: Budget | None = None) -> Evaluation:
        by_arn = self.expected.list_buckets_on_s3_arn
        wants = resources_wanted(action, resources, partition=self.target.partition, list_buckets_on_s3_arn=by_arn)
        _, authorizer = self._settled(self.target)
        return evaluate(authorizer, action, wants, self.context, budget)

    def _lacking(self, target: Target, names: frozenset[str], most: int) -> int:
        """Return how many required permissions that use one of ``names`` are not allowed, counting up to ``most``."""
        demands, lacking = self._demands(target), 0
        for key in self._required_with(names):
            lacking += self._evaluate(demands[key], target, self.budget).decision is not Decision.ALLOWED
            if lacking >= most:
                break
        return lacking

    def _required_with(self, names: frozenset[str]) -> list[tuple[str, str]]:
        demands = self._demands(self.expected.target)
        required = [(group.id, requirement.action) for group in self.expected.groups for requirement in group.required]
        return [key for key in required if not names.isdisjoint(demands[key].uses)]

    def report(self) -> Report:
        expected = self.expected
        groups = tuple(self._group(group) for group in expected.groups)
        settled, _ = self._settled(self.target)
        subject = checks.Subject(
            policies=tuple(map(known_part, settled.identity)),
            boundary=(known_part(settled.boundary),) if settled.boundary else (),
            scps=tuple(known_part(policy) for level in settled.scps for policy in level),
            sessions=tuple(map(known_part, settled.sessions)),
            resource_policies=tuple(map(known_part, settled.resource_policies)),
            pack=self.pack,
            target=self.target,
            groups=groups,
            partly_granted=self._partly_granted(),
            evaluate=self._ask,
            settled=settled.identity,
            excess=expected.excess,
            allowed=expected.allowed,
        )
        return Report(
            rule_pack=self.pack,
            profile=expected.profile,
            parameters=self._parameters(),
            groups=groups,
            findings=tuple(checks.findings(subject, lint=expected.lint)),
            not_given=self.policies.not_given(),
            not_modelled=NOT_MODELLED,
            sources=tuple(dict.fromkeys(policy.path for policy in self.policies.identity)),
            place=self.target.place,
            fail_on=expected.fail_on,
            assumed=tuple(dict.fromkeys(text for policy in self.policies.identity for text in policy.assumed)),
            in_effect=tuple(self.policies.by_layer()),
            check_again=partial(_check_again, self.policies, replace(expected, target=self.target)),
            check_anew=partial(_check_again, self.policies, expected),
        )

    def _group(self, group: Group) -> GroupReport:
        demands = self._demands(self.target)
        results = tuple(self._result(demands[group.id, requirement.action]) for requirement in group.requirements)
        return GroupReport(group.id, group.title, group.heading, results)

    def _result(self, demand: _Demand) -> Result:
        evaluation = self._evaluate(demand, self.target)
        misnamed = "" if evaluation.decision is Decision.ALLOWED else self._misnamed.get(demand.requirement.action, "")
        return Result(demand.requirement, evaluation, misnamed)

    @cached_property
    def _misnamed(self) -> dict[str, str]:
        """For actions where the policies allow the API operation's name instead: a sentence that says so."""
        meant = {name.lower(): action for name, action in self.pack.api_names.items()}
        return {
            action: f"{entry.location}: {entry.text} is the name of an API operation; the IAM action is {action}"
            for policy in self.policies.identity
            for statement in policy.statements
            if statement.effect is Effect.ALLOW and not statement.not_action
            for entry in statement.actions
            if (action := meant.get(entry.text.lower()))
        }

    def _partly_granted(self) -> tuple[tuple[str, int, int], ...]:
        """Return the other buckets that were candidates and are granted in part."""
        names = frozenset({"bucket"})
        if "bucket" not in self.target.inferred or not self.expected.lint:
            return ()
        of = len(self._required_with(names))
        found = []
        for bucket in candidates(self.policies.identity, "bucket", self.services["bucket"]):
            if bucket != ANY and (bucket,) != self.target.buckets:
                other = Target(buckets=(bucket,), prefix=self.target.prefix, partition=self.target.partition)
                granted = of - self._lacking(other, names, of)
                if 0 < granted < of:
                    found.append((bucket, granted, of))
        return tuple(found)

    def _parameters(self) -> dict[str, Parameter]:
        target, expected = self.target, self.expected
        buckets = target.buckets or (ANY,)
        values = {
            "bucket": buckets[0] if len(buckets) == 1 else buckets,
            "prefix": target.prefix or None,
            "region": target.region,
            "account": target.account,
            "partition": target.partition,
            "scenario": expected.scenario,
            "storage_class": expected.storage_class,
        }
        return {name: Parameter(value, target.origin(name, value)) for name, value in values.items()}


def _of_principal(target: Target, principal: str | None) -> Target:
    """Return the target with the account of the one who calls: it works with resources of its own account."""
    if principal is None:
        return target
    _, partition, _, _, account, _ = principal.split(":", 5)
    for name, named, own in (("account", target.account, account), ("partition", target.partition, partition)):
        if named not in (None, ANY, own):
            raise TargetError(f'{name} "{named}": the principal {principal} belongs to {own}; name one of the two')
    return replace(target, account=account)


def _refuse_contradictions(context: Context, target: Target) -> None:
    """What is declared of a request has to fit the target, or the answer is about requests that nobody makes."""
    for key, name, value in (
        ("aws:requestedregion", "region", target.region),
        ("aws:principalaccount", "account", target.account),
    ):
        if value not in (None, ANY) and key in context.declared and context.lookup(key) != (value,):
            raise TargetError(f'context "{key}" is another than the {name} {value}; leave one of them out')


def _one(value: str | None) -> str | None:
    """Return a value that requests have; a target of any value says nothing about a request."""
    return None if value == ANY else value

"""The public functions: arguments as users write them in, answers and assertions out. They read no configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from pytest_veeam_iam import checks
from pytest_veeam_iam.attachments import of_one_principal
from pytest_veeam_iam.errors import TargetError
from pytest_veeam_iam.iam import evaluation
from pytest_veeam_iam.iam.context import Context
from pytest_veeam_iam.iam.globs import action_problem
from pytest_veeam_iam.iam.principals import caller
from pytest_veeam_iam.readiness import Expectation, PoliciesInEffect, check
from pytest_veeam_iam.repair import repair_if_any
from pytest_veeam_iam.report import Report, Severity, VeeamNotReady
from pytest_veeam_iam.reporters import text
from pytest_veeam_iam.rulepacks import RulePack, load_rulepack
from pytest_veeam_iam.sources import PolicyArgument, load_policies, policies_of
from pytest_veeam_iam.sources.found import Bindings
from pytest_veeam_iam.target import target_of
from pytest_veeam_iam.unknowns import bind as bind_policies
from pytest_veeam_iam.unknowns import tokens_of

if TYPE_CHECKING:
    from pytest_veeam_iam.iam.document import Policy
    from pytest_veeam_iam.iam.evaluation import Evaluation

__all__ = [
    "assert_actions_valid",
    "assert_group_covered",
    "assert_lint_clean",
    "assert_no_excess",
    "assert_veeam_backup_ready",
    "check_veeam_backup_ready",
    "evaluate",
    "load_policies",
]


def check_veeam_backup_ready(
    policy: PolicyArgument,
    *,
    pack: str | RulePack = "vb365-s3",
    profile: str | None = None,
    groups: Sequence[str] | None = None,
    bucket: str | Iterable[str] | None = None,
    prefix: str | None = None,
    region: str | None = None,
    account: str | None = None,
    partition: str = "aws",
    scenario: str | None = None,
    storage_class: str | None = None,
    context: Mapping[str, object] | None = None,
    permissions_boundary: PolicyArgument | None = None,
    resource_policies: PolicyArgument = (),
    principal: str | None = None,
    service_control_policies: Sequence[PolicyArgument] = (),
    session_policies: PolicyArgument = (),
    bind: Mapping[str, str] | None = None,
    list_buckets_on_s3_arn: bool = True,
    lint: bool = True,
    fail_on: Literal["error", "warning"] = "error",
    excess: Literal["error", "warning", "off"] = "warning",
) -> Report:
    """Return whether policies grant everything that Veeam needs, and if not, what is missing and why.

    Args:
        policy: Path, JSON text, mapping or Policy, or several of these: all attached to one principal.
        pack: ``vb365-s3`` for the newest version, ``vb365-s3@8.3`` for exactly that one, or a loaded pack.
        profile: A named selection of the pack's groups; the pack's default if neither it nor ``groups`` is given.
        groups: Ids of groups instead.
        bucket: A bucket's name, or several that must all be covered; inferred if not named. A bucket that the policies'
            own template makes can be named as it is there: ``tf:aws_s3_bucket.repo``, ``cfn:RepoBucket``.
        prefix: The folder of the repository in the bucket; None is every object.
        region: The region of the archiver appliance; inferred if not named.
        account: The 12 digits of the account; inferred if not named.
        partition: ``aws``, ``aws-cn``, ``aws-us-gov``, ...
        scenario: ``backup`` or ``backup-copy``; validated and shown, it never changes what is required.
        storage_class: Validated against the scenario, and shown.
        context: Condition key -> value, sequence of values, or None (absent).
        permissions_boundary: Exactly one document; None is the one that a template attaches to the principal, if any.
        resource_policies: The bucket policies.
        principal: The ARN of the user or role; bucket policies and some condition keys depend on it. Or, if a template
            has several users or roles, the name of one of them there.
        service_control_policies: Levels from the root down, each a policy or several.
        session_policies: Passed when the role is assumed.
        bind: Values of what a template leaves open, by expression: ``{"var.bucket": "acme-veeam"}``.
        list_buckets_on_s3_arn: Whether ``arn:aws:s3:::*`` grants ``s3:ListAllMyBuckets``, as in the example.
        lint: False for coverage alone; a document that AWS refuses still fails.
        fail_on: The severity from which findings make it not ready.
        excess: How grave it is to grant more than the pack requires and recommends; ``off`` does not look.

    Returns:
        The Report; it never raises for a policy that falls short.

    Raises:
        PolicyLoadError: For a policy that cannot be read.
        RulePackError: For a pack that is not there.
        TargetError: For any other argument that cannot be what it stands for.
    """
    expected = expectation(
        pack=pack,
        profile=profile,
        groups=groups,
        bucket=bucket,
        prefix=prefix,
        region=region,
        account=account,
        partition=partition,
        scenario=scenario,
        storage_class=storage_class,
        context=context,
        list_buckets_on_s3_arn=list_buckets_on_s3_arn,
        lint=lint,
        fail_on=fail_on,
        excess=excess,
    )
    return _checked(
        policy,
        expected,
        bind=bind,
        permissions_boundary=permissions_boundary,
        resource_policies=resource_policies,
        principal=principal,
        service_control_policies=service_control_policies,
        session_policies=session_policies,
    )


def _checked(
    policy: PolicyArgument, expected: Expectation, *, bind: Mapping[str, str] | None = None, **layers: Any
) -> Report:
    bindings = Bindings(bind or {})
    policies = in_effect(policy, bindings=bindings, **layers)
    bindings.refuse_unused(token.expression for each in policies.identity for token in tokens_of(each))
    return check(policies, expected)


def expectation(
    *,
    pack: str | RulePack = "vb365-s3",
    profile: str | None = None,
    groups: Sequence[str] | None = None,
    bucket: str | Iterable[str] | None = None,
    prefix: str | None = None,
    region: str | None = None,
    account: str | None = None,
    partition: str = "aws",
    scenario: str | None = None,
    storage_class: str | None = None,
    context: Mapping[str, object] | None = None,
    list_buckets_on_s3_arn: bool = True,
    lint: bool = True,
    fail_on: str = "error",
    excess: str = "warning",
) -> Expectation:
    """Return what policies are held against; the arguments are those of :func:`check_veeam_backup_ready`.

    Raises:
        RulePackError: For a pack that is not there.
        TargetError: For any other argument that cannot be what it stands for.
    """
    rule_pack = pack if isinstance(pack, RulePack) else load_rulepack(pack)
    scenario, storage_class = rule_pack.check_scenario(scenario, storage_class)
    if fail_on not in (Severity.ERROR, Severity.WARNING):
        raise TargetError(f'fail_on "{fail_on}": write "error" or "warning"')
    if excess not in (Severity.ERROR, Severity.WARNING, _OFF):
        raise TargetError(f'excess "{excess}": write "error", "warning" or "off"')
    Context.of(context)
    return Expectation(
        pack=rule_pack,
        groups=rule_pack.select(profile, groups),
        target=target_of(bucket=bucket, prefix=prefix, region=region, account=account, partition=partition),
        profile=None if groups is not None else profile or rule_pack.default_profile,
        scenario=scenario,
        storage_class=storage_class,
        context=context or {},
        list_buckets_on_s3_arn=list_buckets_on_s3_arn,
        lint=lint,
        fail_on=Severity(fail_on),
        excess=None if excess == _OFF else Severity(excess),
    )


_OFF = "off"


def assert_veeam_backup_ready(policy: PolicyArgument, **target: Any) -> Report:
    """Assert that policies grant everything that Veeam needs.

    Args:
        policy: Path, JSON text, mapping or Policy, or several of these: all attached to one principal.
        **target: As in :func:`check_veeam_backup_ready`.

    Returns:
        The Report of policies that are ready.

    Raises:
        VeeamNotReady: An AssertionError whose first line is the whole summary; ``.report`` is the Report.
        VeeamIamError: As in :func:`check_veeam_backup_ready`.
    """
    __tracebackhide__ = True
    report = check_veeam_backup_ready(policy, **target)
    if not report.ready:
        raise VeeamNotReady(text.explain(report, repair_if_any(report)), report)
    return report


def assert_group_covered(policy: PolicyArgument, group: str, **target: Any) -> Report:
    """Assert that policies grant one group of permissions; what is not named is inferred for that group alone.

    Args:
        policy: Path, JSON text, mapping or Policy, or several of these: all attached to one principal.
        group: The id of a group, for example ``object``.
        **target: As in :func:`check_veeam_backup_ready`, without ``profile`` and ``groups``.

    Returns:
        The Report of the group.

    Raises:
        VeeamNotReady: If it is not covered.
        TargetError: If the pack has no such group, or ``profile`` or ``groups`` is passed.
    """
    __tracebackhide__ = True
    for name in ("profile", "groups"):
        if name in target:
            raise TargetError(f"assert_group_covered checks the group {group}; leave {name} out")
    return assert_veeam_backup_ready(policy, groups=[group], **target)


def assert_actions_valid(policy: PolicyArgument, *, pack: str | RulePack = "vb365-s3") -> Report:
    """Assert that every Action and NotAction names at least one action that exists.

    Args:
        policy: Path, JSON text, mapping or Policy, or several of these.
        pack: The rule pack, which knows the names of API operations that are no actions.

    Returns:
        The Report, without groups; an action that may be newer than the installed data is a warning in it.

    Raises:
        VeeamNotReady: If a name exists nowhere and another is near, or a pattern matches nothing.
        VeeamIamError: For a policy or pack that cannot be read.
    """
    __tracebackhide__ = True
    return _assert_without(policy, "actions", pack=pack)


def assert_lint_clean(
    policy: PolicyArgument, *, fail_on: Literal["error", "warning"] = "error", pack: str | RulePack = "vb365-s3"
) -> Report:
    """Assert that AWS accepts the documents and, if warnings count, that nothing in them looks unintended.

    Args:
        policy: Path, JSON text, mapping or Policy, or several of these.
        fail_on: The severity from which findings count.
        pack: The rule pack: what it requires is not called too much.

    Returns:
        The Report, without groups.

    Raises:
        VeeamNotReady: If a finding counts.
        VeeamIamError: For a policy or pack that cannot be read.
    """
    __tracebackhide__ = True
    return _assert_without(policy, "lint", pack=pack, fail_on=fail_on)


def assert_no_excess(policy: PolicyArgument, *, allow: Sequence[str] = (), **target: Any) -> Report:
    """Assert that policies grant nothing beyond what the pack requires and recommends.

    Args:
        policy: Path, JSON text, mapping or Policy, or several of these: all attached to one principal.
        allow: Actions, or patterns of them, that are granted on purpose, for example ``kms:*``.
        **target: As in :func:`check_veeam_backup_ready`, without ``lint`` and ``excess``. S3 permissions may hold in
            the bucket alone, and in its folder if ``prefix`` names one.

    Returns:
        The Report; what the policies lack is in it and does not fail.

    Raises:
        VeeamNotReady: For a statement that grants too much, or of which nobody can tell.
        VeeamIamError: As in :func:`check_veeam_backup_ready`.
    """
    __tracebackhide__ = True
    patterns = (allow,) if isinstance(allow, str) else tuple(allow)
    for pattern in patterns:
        problem = action_problem(pattern)
        if problem:
            raise TargetError(f"allow: {problem}")
    for name in ("lint", "excess"):
        if name in target:
            raise TargetError(f"assert_no_excess checks for excess; leave {name} out")
    others = {name: target.pop(name) for name in _NOT_EXPECTED if name in target}
    report = _checked(policy, replace(expectation(**target, excess="error"), allowed=patterns), **others)
    excess = tuple(each for each in report.findings if each.id == "excess")
    if excess:
        raise VeeamNotReady(text.explain_findings(excess), report)
    return report


_NOT_EXPECTED = (
    "bind",
    "permissions_boundary",
    "resource_policies",
    "principal",
    "service_control_policies",
    "session_policies",
)
"""The arguments that say what is in effect, beside those that say what is expected."""


def _assert_without(policy: PolicyArgument, item: str, **arguments: Any) -> Report:
    """Check the documents for themselves, without any group that they would have to cover."""
    __tracebackhide__ = True
    expected = replace(expectation(**arguments), groups=(), excess=None)
    policies = policies_of(policy)
    if not policies:
        raise TargetError(_NOTHING)
    report = check(PoliciesInEffect(policies), expected)
    failing = checks.failing(report, item)
    if failing:
        raise VeeamNotReady(text.explain_findings(failing), report)
    return report


def evaluate(
    policies: PolicyArgument,
    action: str,
    resources: str | Iterable[str],
    *,
    permissions_boundary: PolicyArgument | None = None,
    resource_policies: PolicyArgument = (),
    principal: str | None = None,
    service_control_policies: Sequence[PolicyArgument] = (),
    session_policies: PolicyArgument = (),
    context: Mapping[str, object] | None = None,
    complete_context: bool = False,
    partition: str = "aws",
    list_buckets_on_s3_arn: bool = True,
) -> Evaluation:
    """Return whether an action is allowed on every resource that some patterns denote.

    Args:
        policies: Attached to one principal.
        action: For example ``s3:GetObject``.
        resources: ``*`` or ARN patterns; wildcards stand for real names.
        permissions_boundary: Exactly one document.
        resource_policies: The bucket policies.
        principal: The ARN of the one who calls.
        service_control_policies: Levels from the root down, each a policy or several.
        session_policies: One layer together.
        context: Condition key -> value, sequence of values, or None (absent).
        complete_context: ``context`` is all there is and an ARN other than ``*`` is literal: a single request, which
            is allowed if it is with each of the values that one key has.
        partition: In which ``s3:ListAllMyBuckets`` is asked.
        list_buckets_on_s3_arn: Whether ``arn:aws:s3:::*`` grants ``s3:ListAllMyBuckets``.

    Returns:
        The Evaluation: decision, witness, statements, conditions, blocked_by.

    Raises:
        PolicyLoadError: For a policy that cannot be read.
        TargetError: For an action, pattern or layer that cannot be.
    """
    having_a_say = in_effect(
        policies,
        permissions_boundary=permissions_boundary,
        resource_policies=resource_policies,
        principal=principal,
        service_control_policies=service_control_policies,
        session_policies=session_policies,
    )
    wants = evaluation.resources_wanted(
        action,
        (resources,) if isinstance(resources, str) else tuple(resources),
        partition=partition,
        list_buckets_on_s3_arn=list_buckets_on_s3_arn,
        literal=complete_context,
    )
    known = Context.of(context, complete=complete_context, principal=principal, session=bool(having_a_say.sessions))
    return evaluation.evaluate(having_a_say.authorizer(), action, wants, known)


_NOTHING = "there is no policy to check: the sequence is empty"


def in_effect(
    policy: PolicyArgument,
    *,
    permissions_boundary: PolicyArgument | None = None,
    resource_policies: PolicyArgument = (),
    principal: str | None = None,
    service_control_policies: Sequence[PolicyArgument] = (),
    session_policies: PolicyArgument = (),
    bindings: Bindings | None = None,
) -> PoliciesInEffect:
    """Return all that has a say for one principal; the arguments are those of :func:`check_veeam_backup_ready`.

    Raises:
        PolicyLoadError: For a policy that cannot be read.
        TargetError: For policies of several principals, or another argument that cannot be what it stands for.
    """
    bindings = bindings or Bindings()

    def load(argument: PolicyArgument) -> tuple[Policy, ...]:
        return bind_policies(policies_of(argument, bindings=bindings), bindings.get)

    boundary = load(permissions_boundary) if permissions_boundary is not None else ()
    if permissions_boundary is not None and len(boundary) != 1:
        raise TargetError(f"a permissions boundary is exactly one document, here are {len(boundary)}")
    if isinstance(service_control_policies, str | Mapping):
        raise TargetError("service_control_policies is a sequence of levels from the root down; write [[policy], ...]")
    identity = load(policy)
    if not identity:
        raise TargetError(_NOTHING)
    is_name = principal is not None and any(principal in policy.attachment.principals for policy in identity)
    if principal is not None and not is_name and not any(policy.attachment.principals for policy in identity):
        caller(principal)
    is_arn = principal is not None and not is_name and principal.startswith("arn:")
    attached = of_one_principal(identity, None if is_arn else principal)
    return PoliciesInEffect(
        identity=attached.policies,
        boundary=boundary[0] if boundary else attached.boundary,
        sessions=load(session_policies),
        scps=tuple(load(level) for level in service_control_policies),
        resource_policies=load(resource_policies),
        principal=principal if is_arn else None,
    )

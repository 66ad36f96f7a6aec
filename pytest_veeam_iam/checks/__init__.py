"""Checks turn policies and their coverage into findings: one module each, found by its place in this package.

A module here has ``check(subject)``, whose findings bear its name; ``ESSENTIAL``, whether it runs even without lint;
and ``ITEM``, the item of a policy file that tells its findings: ``lint`` or ``actions``.
"""

from __future__ import annotations

import pkgutil
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from pytest_veeam_iam import linter
from pytest_veeam_iam.errors import VeeamIamError
from pytest_veeam_iam.iam.globs import action_problem
from pytest_veeam_iam.report import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from pytest_veeam_iam.iam.document import Entry, Policy
    from pytest_veeam_iam.report import GroupReport, Report
    from pytest_veeam_iam.rulepacks import RulePack
    from pytest_veeam_iam.surplus import Asking
    from pytest_veeam_iam.target import Target


ALWAYS_RED = "unknown_action"
"""AWS accepts an action that does not exist, so that readiness only warns of it; the item about actions fails."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What the checks look at.

    Attributes:
        policies: The identity policies of one principal.
        boundary: The permissions boundary, if it was given.
        scps: The SCPs that were given.
        sessions: The session policies that were given.
        resource_policies: The bucket policies that were given.
        pack: What is required.
        target: What it is checked against, inferred values included.
        groups: The coverage of the selected groups.
        partly_granted: Buckets other than the target's that the policies grant in part, with how many of how many
            permissions.
        evaluate: Asks for one action on some resources, with all that is in effect and known of the request; a third
            argument is the budget that several questions share.
        settled: The identity policies with the values that are unknown in them, which ``policies`` leaves out.
        excess: How grave it is to grant more than is needed; None if nobody wants to know.
        allowed: Patterns of actions that are no excess.
    """

    policies: tuple[Policy, ...]
    boundary: tuple[Policy, ...]
    scps: tuple[Policy, ...]
    sessions: tuple[Policy, ...]
    resource_policies: tuple[Policy, ...]
    pack: RulePack
    target: Target
    groups: tuple[GroupReport, ...]
    partly_granted: tuple[tuple[str, int, int], ...]
    evaluate: Asking
    settled: tuple[Policy, ...] = ()
    excess: Severity | None = None
    allowed: tuple[str, ...] = ()

    @property
    def identity(self) -> tuple[Policy, ...]:
        """The identity policies; where nothing is required of them, without the documents that are a resource's."""
        return tuple(policy for policy in self.policies if self.groups or not _is_of_resource(policy))

    @property
    def attached(self) -> tuple[Policy, ...]:
        """Every policy that is not a resource's: none of them may name a Principal."""
        return (*self.identity, *self.boundary, *self.scps, *self.sessions)

    @property
    def documents(self) -> tuple[Policy, ...]:
        """Every policy that was given."""
        return (*self.policies, *self.boundary, *self.scps, *self.sessions, *self.resource_policies)

    def actions(self) -> Iterator[Entry]:
        """Yield every Action and NotAction that names a service, each text once in a document."""
        for policy in self.documents:
            seen = set()
            for entry in (entry for statement in policy.statements for entry in statement.actions):
                name = entry.text.lower()
                if name not in seen and ":" in name and action_problem(name) is None:
                    seen.add(name)
                    yield entry


def _is_of_resource(policy: Policy) -> bool:
    has_principals = policy.statements and all(each.principals is not None for each in policy.statements)
    return bool(has_principals) and not linter.is_trust_policy(policy)


def findings(subject: Subject, *, lint: bool) -> Iterator[Finding]:
    """Yield what the checks find; without ``lint`` only whether the documents can be trusted."""
    for module in _modules():
        if lint or module.ESSENTIAL:
            try:
                yield from module.check(subject)
            except VeeamIamError as error:
                id_ = module.__name__.rpartition(".")[2]
                yield Finding(id_, Severity.ERROR, f"this check could not run: {error}")


def of_item(report: Report, item: str) -> tuple[Finding, ...]:
    """Return the findings of a report that one item of a policy file tells."""
    return tuple(each for each in report.findings if item_of(each.id) == item)


def failing(report: Report, item: str) -> tuple[Finding, ...]:
    """Return the findings that make the item fail."""
    counts = report.blocking_findings
    return tuple(
        each for each in of_item(report, item) if each in counts or (item == "actions" and each.id == ALWAYS_RED)
    )


@cache
def names() -> tuple[str, ...]:
    """Return the ids that findings can have."""
    return tuple(module.__name__.rpartition(".")[2] for module in _modules())


@cache
def sentence(id_: str) -> str:
    """Return what a check finds, in the sentence that opens its module; for another id the id."""
    texts = (module.__doc__ or "" for module in _modules() if module.__name__.endswith(f".{id_}"))
    return " ".join(next(texts, id_).partition("\n\n")[0].split())


def item_of(id_: str) -> str:
    """Return the item of a policy file that tells the findings with an id."""
    return next((str(module.ITEM) for module in _modules() if module.__name__.endswith(f".{id_}")), "lint")


@cache
def _modules() -> tuple[ModuleType, ...]:
    return tuple(import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__))

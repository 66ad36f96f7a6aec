"""The AWS IAM policy document as a frozen model, parsed once; what its elements mean is decided elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pytest_veeam_iam.iam.tree import Location

__all__ = ["Condition", "Effect", "Entry", "Location", "Policy", "Principal", "Problem", "Statement"]


class Effect(StrEnum):
    """The Effect element; anything else AWS refuses."""

    ALLOW = "Allow"
    DENY = "Deny"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why AWS refuses a document, or why its answer cannot be trusted.

    Attributes:
        message: What is wrong and what to write instead.
        location: Of the value.
        element: The policy element it stands in, for example ``NotResource``.
    """

    message: str
    location: Location
    element: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One string of an Action, NotAction, Resource or NotResource element, or one value of a condition, as written."""

    text: str
    location: Location


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator and key of a Condition element.

    Attributes:
        operator: As written, for example ``ForAnyValue:StringLikeIfExists``.
        key: As written, for example ``aws:SourceIp``.
        values: As written; a JSON number or boolean is its text.
        location: Of the key.
    """

    operator: str
    key: str
    values: tuple[Entry, ...]
    location: Location


@dataclass(frozen=True, slots=True)
class Principal:
    """One value of a Principal or NotPrincipal element.

    Attributes:
        kind: ``AWS``, ``Service``, ``Federated``, ``CanonicalUser``, or ``*`` for the bare star.
        text: As written.
        location: Of the value.
    """

    kind: str
    text: str
    location: Location


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """One statement; string-or-list forms are tuples here.

    Attributes:
        effect: Allow or Deny.
        actions: The entries of Action, or of NotAction if ``not_action``.
        resources: The entries of Resource, or of NotResource if ``not_resource``.
        conditions: All of them must hold.
        principals: The entries of Principal, or of NotPrincipal if ``not_principal``; None if there is neither.
        sid: The Sid as written, or None.
        location: Of the statement's opening brace.
        problems: Why AWS refuses it.
    """

    effect: Effect
    actions: tuple[Entry, ...]
    resources: tuple[Entry, ...]
    location: Location
    not_action: bool = False
    not_resource: bool = False
    conditions: tuple[Condition, ...] = ()
    principals: tuple[Principal, ...] | None = None
    not_principal: bool = False
    sid: str | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def is_refused(self) -> bool:
        """Whether its Action, Resource or Principal is one that AWS refuses; an unknown operator is not among them."""
        return any(problem.element != "Condition" for problem in self.problems)


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """One policy document.

    Attributes:
        statements: In the order of the document.
        location: Of the document.
        version: The Version as written, or None.
        problems: Why AWS refuses the document, apart from those of its statements.
        entity: What the document belongs to (role name, logical id, Terraform address), or None for a plain file.
        size: Characters of the document as compact JSON; AWS does not count white space.
    """

    statements: tuple[Statement, ...]
    location: Location
    version: str | None = None
    problems: tuple[Problem, ...] = ()
    entity: str | None = None
    size: int = 0

    @property
    def path(self) -> str:
        """The file it was read from, ``<text>`` or ``<mapping>``."""
        return self.location.path

    @property
    def has_variables(self) -> bool:
        """Whether ``${...}`` is a policy variable here; before Version 2012-10-17 it is literal text.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
        """
        return self.version == "2012-10-17"

    @property
    def all_problems(self) -> tuple[Problem, ...]:
        """Every reason why AWS refuses it, in the order of the document."""
        return self.problems + tuple(problem for statement in self.statements for problem in statement.problems)

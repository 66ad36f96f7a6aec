"""The AWS IAM policy document as a frozen model, parsed once; what its elements mean is decided elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from pytest_veeam_iam.iam.tree import Location, Token

if TYPE_CHECKING:
    from pytest_veeam_iam.iam.tree import Node

__all__ = [
    "UNATTACHED", "Attachment", "Condition", "Effect", "Entry", "Location", "Policy", "Principal", "Problem",
    "Statement", "Token",
]  # fmt: skip


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
    """One string of an Action, NotAction, Resource or NotResource element, or one value of a condition, as written.

    Attributes:
        text: As written; an unknown value is shown as ``${...}``.
        location: Of the string.
        pieces: The text in pieces if unknown values stand in it, else empty.
        doubt: Why it may not be there, or None.
    """

    text: str
    location: Location
    pieces: tuple[str | Token, ...] = ()
    doubt: Token | None = None

    @property
    def is_known(self) -> bool:
        """Whether the text is what AWS will see, and surely there."""
        return not self.pieces and self.doubt is None

    @property
    def tokens(self) -> tuple[Token, ...]:
        """The unknown values that it hangs on."""
        found = tuple(piece for piece in self.pieces if isinstance(piece, Token))
        return found if self.doubt is None else (*found, self.doubt)


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
        doubt: Why it may not be there, be there several times or be another, or None.
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
    doubt: Token | None = None

    @property
    def is_refused(self) -> bool:
        """Whether its Action, Resource or Principal is one that AWS refuses; an unknown operator is not among them."""
        return any(problem.element != "Condition" for problem in self.problems)


@dataclass(frozen=True, slots=True)
class Attachment:
    """What a document belongs to, as far as its file says.

    Attributes:
        principals: The roles, users and groups that it is attached to, as the file names them (role name, logical id,
            Terraform address).
        boundary_of: Those whose permissions boundary it is.
        kind: ``managed``, ``role``, ``user`` or ``group`` (inline), ``scp``; None if the file does not say.
    """

    principals: tuple[str, ...] = ()
    boundary_of: tuple[str, ...] = ()
    kind: Literal["managed", "role", "user", "group", "scp"] | None = None


UNATTACHED = Attachment()


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """One policy document.

    Attributes:
        statements: In the order of the document.
        location: Of the document.
        version: The Version as written, or None.
        problems: Why AWS refuses the document, apart from those of its statements.
        entity: What the document belongs to (role name, logical id, Terraform address), or None for a plain file.
        size: Characters of the document as compact JSON, without white space, which AWS does not count, and without
            what is unknown.
        attachment: To whom it is attached, and as what.
        assumed: What was assumed to read it, in words: defaults of variables, a bucket's planned name.
        buckets: The buckets that its template makes, as a target names them (``tf:aws_s3_bucket.repo``), each with its
            name, or None if that is unknown.
        tree: What it was read from, if unknown values stand in it, so that it can be read again when they are known.
        written: What it was read from, if that was no file, so that nobody else has it.
        form: The form of the file it stands in, as the sources call it: ``document``, ``terraform``, ...; empty for one
            that was read from no file, text or mapping.
    """

    statements: tuple[Statement, ...]
    location: Location
    version: str | None = None
    problems: tuple[Problem, ...] = ()
    entity: str | None = None
    size: int = 0
    attachment: Attachment = UNATTACHED
    assumed: tuple[str, ...] = ()
    buckets: tuple[tuple[str, str | None], ...] = ()
    tree: Node | None = None
    written: Node | None = None
    form: str = ""

    @property
    def path(self) -> str:
        """The file it was read from, ``<text>`` or ``<mapping>``."""
        return self.location.path

    @property
    def names_principals(self) -> bool:
        """Whether every statement says who: it is a resource's document or a role's trust, and not that of a user."""
        return bool(self.statements) and all(each.principals is not None for each in self.statements)

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

"""Who a resource policy's statement is about: does its Principal take in the one who calls?

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import TargetError
from pytest_veeam_iam.iam.certainty import Certainty

if TYPE_CHECKING:
    from pytest_veeam_iam.iam.document import Statement


@dataclass(frozen=True, slots=True)
class Caller:
    """The one who calls, by the names that a policy can give them.

    Attributes:
        account: The two names of the account: its number and its root ARN.
        identity: The ARN of the user, or of the role.
        session: The ARN of the role session, or None.
    """

    account: frozenset[str]
    identity: str
    session: str | None = None

    @property
    def is_role(self) -> bool:
        """Whether a role calls."""
        return self.identity.split(":", 5)[-1].startswith("role/")

    @property
    def names(self) -> frozenset[str]:
        """The ARNs of the user, or of the role and its session; a session does not tell the path of its role."""
        return frozenset({self.identity, self.session or self.identity})

    def may_be(self, texts: frozenset[str]) -> bool:
        """Return whether one of the ARNs may stand for it: a session of its role, or its role under another path."""
        if not self.is_role:
            return False
        start, _, name = self.identity.partition(":role/")
        role = name.rpartition("/")[2]
        if self.session is None:
            session = f"{start.replace(':iam:', ':sts:')}:assumed-role/{role}/"
            return any(text.startswith(session) for text in texts)
        return any(text.startswith(f"{start}:role/") and text.endswith(f"/{role}") for text in texts)


def caller(arn: str) -> Caller:
    """Return the caller that an ARN names.

    Args:
        arn: Of an IAM user or role, or of a role session (``arn:aws:sts::111122223333:assumed-role/Role/session``). A
            session does not tell the path of its role; it is taken to be ``/``.

    Raises:
        TargetError: For anything else.
    """
    fields = arn.split(":", 5)
    if len(fields) == 6 and fields[0] == "arn" and fields[4]:
        _, partition, service, _, account, resource = fields
        names = frozenset({account, f"arn:{partition}:iam::{account}:root"})
        kind, _, name = resource.partition("/")
        if service == "iam" and kind in ("user", "role") and name:
            return Caller(names, arn)
        if service == "sts" and kind == "assumed-role" and name.count("/") == 1:
            return Caller(names, f"arn:{partition}:iam::{account}:role/{name.split('/')[0]}", arn)
    raise TargetError(
        f'principal "{arn}" is not the ARN of a user, role or role session; '
        "write for example arn:aws:iam::111122223333:user/veeam"
    )


def allow_limited(statement: Statement, who: Caller | None) -> Certainty:
    """Return whether an Allow names the caller by role or as everybody, which boundary and session policies limit."""
    texts = _listed(statement)
    named = who is not None and ("*" in texts or (who.is_role and who.identity in texts))
    return Certainty.ALWAYS if named and not statement.not_principal else Certainty.NEVER


def allow_direct(statement: Statement, who: Caller | None) -> Certainty:
    """Return whether an Allow names the very user or session, which is enough within the account.

    Naming the account only delegates to the identity policies.
    """
    texts = _listed(statement)
    named = who is not None and (who.session in texts or (not who.is_role and who.identity in texts))
    return Certainty.ALWAYS if named and not statement.not_principal else Certainty.NEVER


def deny(statement: Statement, who: Caller | None, *, has_boundary: bool) -> Certainty:
    """Return whether a Deny takes in the caller.

    A NotPrincipal spares a caller only if the user or role, its session and its account are all listed, and never one
    that has a permissions boundary. Whom a Principal that AWS refuses spares, nobody can say.
    """
    certainty = _deny(statement, who, has_boundary=has_boundary)
    is_refused = any(problem.element == "Principal" for problem in statement.problems)
    return Certainty.UNRESOLVED if is_refused and certainty is Certainty.NEVER else certainty


def _deny(statement: Statement, who: Caller | None, *, has_boundary: bool) -> Certainty:
    texts = _listed(statement)
    if statement.not_principal:
        if has_boundary:
            return Certainty.ALWAYS
        if who is None:
            return Certainty.DEPENDS
        if who.account.isdisjoint(texts) or not (who.identity in texts or who.may_be(texts)):
            return Certainty.ALWAYS
        if who.session not in {None, *texts}:
            return Certainty.ALWAYS
        return Certainty.NEVER if who.identity in texts else Certainty.DEPENDS
    if "*" in texts:
        return Certainty.ALWAYS
    if who is None:
        return Certainty.DEPENDS
    if not texts.isdisjoint({*who.names, *who.account}):
        return Certainty.ALWAYS
    canonical = any(principal.kind == "CanonicalUser" for principal in statement.principals or ())
    return Certainty.DEPENDS if canonical or who.may_be(texts) else Certainty.NEVER


def _listed(statement: Statement) -> frozenset[str]:
    return frozenset(principal.text for principal in statement.principals or () if principal.kind in ("AWS", "*"))

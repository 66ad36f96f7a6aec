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
        return ":role/" in self.identity


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
    that has a permissions boundary.
    """
    texts = _listed(statement)
    if statement.not_principal:
        if has_boundary:
            return Certainty.ALWAYS
        if who is None:
            return Certainty.DEPENDS
        spared = who.identity in texts and who.session in {None, *texts} and not who.account.isdisjoint(texts)
        return Certainty.NEVER if spared else Certainty.ALWAYS
    if "*" in texts:
        return Certainty.ALWAYS
    if who is None:
        return Certainty.DEPENDS
    named = not texts.isdisjoint({who.identity, who.session, *who.account})
    return Certainty.ALWAYS if named else Certainty.NEVER


def _listed(statement: Statement) -> frozenset[str]:
    return frozenset(principal.text for principal in statement.principals or () if principal.kind in ("AWS", "*"))

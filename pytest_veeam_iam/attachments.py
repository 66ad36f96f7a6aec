"""Which policies are judged together: those attached to one role, user or group, with its permissions boundary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_veeam_iam.iam.document import Policy

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Attached:
    """Policies with one principal, or one policy by itself.

    Attributes:
        name: The principal as its file names it, or else the policy's own entity; None for a plain document.
        policies: At least one.
        boundary: The principal's permissions boundary, if the file has it.
    """

    name: str | None
    policies: tuple[Policy, ...]
    boundary: Policy | None = None

    @property
    def is_principal(self) -> bool:
        """Whether somebody has them."""
        return self.name is not None and all(self.name in policy.attachment.principals for policy in self.policies)


def by_principal(policies: Sequence[Policy]) -> list[Attached]:
    """Return policies by principal, in the order in which the principals come up; what is attached to nobody is alone.

    Documents that do not grant by themselves are left out: boundaries that are nothing else, and SCPs.
    """
    found: dict[object, Attached] = {}
    for policy in policies:
        if policy.attachment.kind == "scp":
            continue
        for principal in policy.attachment.principals:
            if principal not in found:
                found[principal] = Attached(principal, _of(principal, policies), _boundary_of(principal, policies))
        if not policy.attachment.principals and not policy.attachment.boundary_of:
            found[policy] = Attached(policy.entity, (policy,))
    return list(found.values())


def _of(principal: str, policies: Sequence[Policy]) -> tuple[Policy, ...]:
    return tuple(policy for policy in policies if principal in policy.attachment.principals)


def _boundary_of(principal: str, policies: Sequence[Policy]) -> Policy | None:
    return next((policy for policy in policies if principal in policy.attachment.boundary_of), None)


def of_one_principal(policies: Sequence[Policy], principal: str | None = None) -> Attached:
    """Return the policies that are attached to one principal.

    Args:
        policies: Of one argument or target. A file that attaches nothing is taken to be the principal's as well; what
            stands beside attached policies and is not attached itself is not.
        principal: Its name in the files, or None if there is only one.

    Raises:
        TargetError: If the files name several principals and none was chosen, do not name the chosen one, or hold
            nothing but boundaries.
    """
    names = list(dict.fromkeys(name for policy in policies for name in policy.attachment.principals))
    if principal is not None and principal not in names:
        known = f"they name {_listed(names)}" if names else "they name none"
        raise TargetError(f'principal "{principal}": no policy of these files is attached to it; {known}')
    if principal is None and len(names) > 1 and not _share_all(policies, names):
        raise TargetError(
            f"these policies belong to {len(names)} principals, whose grants do not add up: {_listed(names)}; "
            f'choose one, for example principal="{names[0]}"'
        )
    chosen = principal or (names[0] if names else None)
    attaching = {unit_of(policy.path) for policy in policies if not _is_free(policy)}
    own = [
        p for p in policies if chosen in p.attachment.principals or (_is_free(p) and unit_of(p.path) not in attaching)
    ]
    if not own:
        raise TargetError("these policies are permissions boundaries, which grant nothing; name those that grant")
    return Attached(chosen, tuple(own), _boundary_of(chosen, policies) if chosen else None)


def _is_free(policy: Policy) -> bool:
    return not policy.attachment.principals and not policy.attachment.boundary_of


def unit_of(path: str) -> str:
    """Return what is deployed as one with a file: itself, or the directory of a Terraform module."""
    folder, _, name = path.rpartition("/")
    return folder if name.endswith((".tf", ".tf.json", ".tofu", ".tofu.json")) else path


def _share_all(policies: Sequence[Policy], names: Sequence[str]) -> bool:
    """Return whether every principal has the same policies and the same boundary, so that it does not matter which."""
    return len({(_of(name, policies), _boundary_of(name, policies)) for name in names}) == 1


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more

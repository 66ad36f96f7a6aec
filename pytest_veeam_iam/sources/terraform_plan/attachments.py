"""Who has which policy in a plan or state: roles, users and groups by address, whether a value is known or referred to.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/iam_role_policy_attachment
"""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from pytest_veeam_iam.sources.absent import Pairs, only_allows
from pytest_veeam_iam.sources.outline import items, members, text
from pytest_veeam_iam.sources.terraform_plan.resources import Resource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_veeam_iam.sources.terraform_plan.references import References
    from pytest_veeam_iam.sources.terraform_plan.resources import Inventory

_HOLDERS = ("aws_iam_role", "aws_iam_user", "aws_iam_group")
_ATTACHMENTS = {
    "aws_iam_role_policy_attachment": (("role", "aws_iam_role"),),
    "aws_iam_user_policy_attachment": (("user", "aws_iam_user"),),
    "aws_iam_group_policy_attachment": (("group", "aws_iam_group"),),
    "aws_iam_policy_attachment": (("roles", "aws_iam_role"), ("users", "aws_iam_user"), ("groups", "aws_iam_group")),
    "aws_iam_role_policy_attachments_exclusive": (("role_name", "aws_iam_role"),),
    "aws_iam_user_policy_attachments_exclusive": (("user_name", "aws_iam_user"),),
    "aws_iam_group_policy_attachments_exclusive": (("group_name", "aws_iam_group"),),
    "aws_ssoadmin_managed_policy_attachment": (("permission_set_arn", "aws_ssoadmin_permission_set"),),
}
"""By resource type: the attributes that name holders, and of which type these are."""
INLINE: dict[str, tuple[Literal["role", "user", "group"], str, str, str]] = {
    "aws_iam_role_policy": ("role", "policy", "role", "aws_iam_role"),
    "aws_iam_user_policy": ("user", "policy", "user", "aws_iam_user"),
    "aws_iam_group_policy": ("group", "policy", "group", "aws_iam_group"),
    "aws_ssoadmin_permission_set_inline_policy": (
        "role", "inline_policy", "permission_set_arn", "aws_ssoadmin_permission_set"
    ),
}  # fmt: skip
"""By type of inline policy: its kind, where it stands, the attribute that names its holder, and that one's type."""
_ELSEWHERE = ("aws_ssoadmin_customer_managed_policy_attachment", "aws_ssoadmin_permissions_boundary_attachment")
"""What a permission set has of each account, so that nobody can say what it denies or limits."""
_MEMBERSHIPS = (("aws_iam_group_membership", "group", "users"), ("aws_iam_user_group_membership", "groups", "user"))
_NAMING = {
    **_ATTACHMENTS,
    **{kind: (named,) for kind, (_, _, *named) in INLINE.items()},
    **{kind: ((users, "aws_iam_user"),) for kind, _, users in _MEMBERSHIPS},
}
"""By resource type: the attributes that name whoever has policies."""
_SET = "aws_ssoadmin_permission_set"
_NAMED = (*_HOLDERS, _SET, "aws_iam_policy")
_REQUIRED = ("role", "user", "group", "policy_arn", "permission_set_arn")
_COMPUTED = "managed_policy_arns"
"""Unknown also for a role that does not state it."""


class Attachments:
    """The attachments of a file.

    Args:
        inventory: Its resources.
        references: What expressions refer to.
        path: The file.

    Attributes:
        absent: For each principal, the ARNs of policies that it has and the file does not hold.
        bounded: For each policy, by address or ARN, the principals whose boundary it is.
    """

    def __init__(self, inventory: Inventory, references: References, path: str) -> None:
        self._inventory, self._references = inventory, references
        self._pairs = Pairs(path)
        self._names: dict[tuple[str, str | None, str], list[Resource]] = defaultdict(list)
        self._arns: dict[str, Resource] = {}
        self._members: dict[str, list[str]] = defaultdict(list)
        self._attached: dict[str, list[str]] = defaultdict(list)
        self._groups = frozenset(self._made("aws_iam_group"))
        self._joinable: dict[str, str] = {}
        self._open: dict[str, dict[str, str]] = defaultdict(dict)
        self.absent: dict[str, list[str]] = defaultdict(list)
        self.bounded: dict[str, list[str]] = defaultdict(list)
        self._read_names()
        self._read_groups()
        self._read_attachments()

    def principals(self, policy: Resource) -> tuple[str, ...]:
        """Return who has a managed policy; of a group also its members."""
        return self._with_members(self._attached.get(policy.address, ()))

    def holders(self, resource: Resource, attribute: str, kind: str) -> tuple[str, ...]:
        """Return whom an attribute names, and of a group also its members.

        Args:
            resource: An inline policy, or a role itself for its address.
            attribute: That holds the name.
            kind: The type of resource that is named.
        """
        return self._with_members(self._named(resource, attribute, kind))

    def perhaps(
        self, policy: Resource, surely: Sequence[str], attribute: str = "", kind: str = ""
    ) -> tuple[str, tuple[str, ...]]:
        """Return who may have a policy as well, as nobody knows whom an attribute names, and that attribute.

        Args:
            policy: A managed policy, or an inline one.
            surely: Who has it.
            attribute: That holds the name, of an inline policy.
            kind: The type of resource that it names.
        """
        opened = dict(self._open.get(policy.address, {}))
        if attribute and self._is_open(policy, attribute, kind):
            opened[kind] = f"{policy.address}.{attribute}"
        groups = self._all("aws_iam_group") if "aws_iam_group" in opened else surely
        for group in groups:
            if group in self._joinable:
                opened.setdefault("aws_iam_user", self._joinable[group])
        twins = {each.address: name for name in surely for each in self._of_name(name)}
        names = self._with_members([*(name for each in opened for name in self._all(each)), *twins])
        known = frozenset(surely)
        why = next(iter((*opened.values(), *twins.values())), "")
        return why, tuple(name for name in names if name not in known)

    def _of_name(self, name: str) -> Iterator[Resource]:
        """Yield those of the file that have a name which several have."""
        for kind in _HOLDERS:
            yield from self._names.get((kind, None, name), ())

    def _made(self, kind: str) -> list[str]:
        return [resource.address for resource in self._inventory.of_type(kind)]

    def _all(self, kind: str) -> list[str]:
        """Return all of a kind that the file makes, or names as those that have policies."""
        return [*self._made(kind), *self._only_named.get(kind, ())]

    @cached_property
    def _only_named(self) -> dict[str, dict[str, None]]:
        """Those that have policies and are not in the file, by kind."""
        found: dict[str, dict[str, None]] = defaultdict(dict)
        for resource in self._inventory.of_type(*_NAMING):
            for attribute, kind in _NAMING[resource.type]:
                found[kind] |= dict.fromkeys(self._named(resource, attribute, kind))
        for kind, names in found.items():
            for address in self._made(kind):
                names.pop(address, None)
        return found

    def _with_members(self, names: Sequence[str]) -> tuple[str, ...]:
        self._pairs.count(len(names) + sum(len(self._members.get(name, ())) for name in names))
        return tuple(dict.fromkeys([*names, *(member for name in names for member in self._members.get(name, ()))]))

    def _read_names(self) -> None:
        for resource in self._inventory.of_type(*_HOLDERS, _SET):
            if name := resource.known("arn" if resource.type == _SET else "name"):
                self._names[resource.type, None, name].append(resource)
                self._names[resource.type, resource.module, name].append(resource)
        for resource in self._inventory.of_type("aws_iam_policy"):
            self._arns.setdefault(resource.known("arn"), resource)

    def _read_groups(self) -> None:
        for types, groups, users in _MEMBERSHIPS:
            for resource in self._inventory.of_type(types):
                self._join(resource, groups, users)

    def _join(self, resource: Resource, groups: str, users: str) -> None:
        """Add users to groups; what a group has that is not in the file, or is not known, may deny anything."""
        joined = self._named(resource, users, "aws_iam_user")
        is_open = self._is_open(resource, users, "aws_iam_user")
        unknown = [f"{resource.address}.{groups}"] if self._is_open(resource, groups, "aws_iam_group") else []
        for group in self._named(resource, groups, "aws_iam_group"):
            self._members[group] += joined
            if is_open:
                self._joinable[group] = f"{resource.address}.{users}"
            if group not in self._groups and not unknown:
                unknown.append(f"group/{group}")
        may_join = dict.fromkeys([*joined, *(self._all("aws_iam_user") if is_open else ())])
        for user in may_join if unknown else ():
            self._pairs.count(len(unknown))
            self.absent[user] += unknown

    def _read_attachments(self) -> None:
        for resource in self._inventory.of_type(*_ATTACHMENTS):
            policies = self._policies(resource, _policies_in(resource))
            for names, kind in _ATTACHMENTS[resource.type]:
                self._attach(policies, self._named(resource, names, kind))
                if self._is_open(resource, names, kind):
                    self._attach_perhaps(policies, kind, f"{resource.address}.{names}")
        for resource in self._inventory.of_type(*_HOLDERS):
            self._attach(self._policies(resource, _COMPUTED), [resource.address])
            for policy in self._policies(resource, "permissions_boundary"):
                self.bounded[policy.address if isinstance(policy, Resource) else policy].append(resource.address)

        for resource in self._inventory.of_type(*_ELSEWHERE):
            is_open = self._is_open(resource, "permission_set_arn", _SET)
            for name in self._all(_SET) if is_open else self._named(resource, "permission_set_arn", _SET):
                if "boundary" in resource.type:
                    self.bounded[f"{resource.address}.permissions_boundary"].append(name)
                else:
                    self.absent[name].append(resource.address)

    def _attach_perhaps(self, policies: list[Resource | str], kind: str, expression: str) -> None:
        """Note that any of a kind may have policies; those that surely only allow do no harm."""
        for policy in policies:
            if isinstance(policy, Resource):
                self._open[policy.address][kind] = expression
            elif not only_allows(policy):
                self._attach([policy], self._all(kind))

    def _attach(self, policies: list[Resource | str], names: list[str]) -> None:
        for policy in policies:
            if isinstance(policy, Resource):
                self._pairs.count(len(names))
                self._attached[policy.address] += names
            else:
                may_join = any(name in self._joinable for name in names) and not only_allows(policy)
                users = self._all("aws_iam_user") if may_join else []
                for name in self._with_members([*names, *users]):
                    self.absent[name].append(policy)

    def _named(self, resource: Resource, attribute: str, kind: str) -> list[str]:
        """Return the addresses of those that an attribute names; the name itself of one that is not in the file."""
        found: list[str] = []
        for value in self._values(resource, attribute, kind):
            if isinstance(value, Resource):
                found += [value.address] if value.type == kind else []
                continue
            near = self._names.get((kind, resource.module, value)) or self._names.get((kind, None, value), [])
            found.append(near[0].address if len(near) == 1 else value)
        return found

    def _policies(self, resource: Resource, attribute: str) -> list[Resource | str]:
        """Return the policies that an attribute names, and the ARNs of those that are not in the file."""
        found: list[Resource | str] = []
        for value in self._values(resource, attribute, "aws_iam_policy"):
            if not isinstance(value, Resource):
                found.append(self._arns.get(value, value))
            elif value.type == "aws_iam_policy":
                found.append(value if value.mode == "managed" else value.address)
        if not found and self._is_unknown(resource, attribute):
            found.append(f"{resource.address}.{attribute}")
        return found

    def _values(self, resource: Resource, attribute: str, kind: str) -> Iterator[Resource | str]:
        """Yield the texts of an attribute, and what its unknown part refers to."""
        value = resource.values.get(attribute)
        if not resource.sensitive.get(attribute):
            yield from (each for each in map(text, [value, *items(value)]) if each)
        if self._is_unknown(resource, attribute):
            yield from self._referred(resource, attribute, kind)

    def _is_unknown(self, resource: Resource, attribute: str) -> bool:
        """Return whether an attribute is not known, or a part of it; of those that must be there, also if it is not."""
        unknown, expressions = resource.unknown.get(attribute), self._inventory.expressions(resource)
        if resource.sensitive.get(attribute) and resource.values.get(attribute):
            return True
        if unknown is True or True in items(unknown):
            return attribute != _COMPUTED or attribute in expressions
        is_required = attribute in _REQUIRED and resource.type not in _HOLDERS
        return is_required and not resource.values.get(attribute)

    def _is_open(self, resource: Resource, attribute: str, kind: str) -> bool:
        """Return whether nothing says which resources an unknown attribute names."""
        if not self._is_unknown(resource, attribute):
            return False
        found = self._referred(resource, attribute, kind)
        is_part = attribute.endswith("s") and any(isinstance(each, str) for each in found)
        return is_part or not any(isinstance(each, Resource) and each.type == kind for each in found)

    def _referred(self, resource: Resource, attribute: str, kind: str) -> list[Resource | str]:
        """Return what an expression refers to; if to an item of ``for_each``, the one resource that this can be."""
        expression = self._inventory.expressions(resource).get(attribute)
        found = self._references.of(resource, expression)
        written = map(text, items(members(expression).get("references")))
        if found or not any(each.startswith("each.") for each in written):
            return found
        behind = self._references.of(resource, self._inventory.for_each(resource))
        ours = [each for each in behind if isinstance(each, Resource) and each.type == kind]
        are_plain = all(isinstance(each, Resource) and each.type in _NAMED for each in behind)
        return [*ours] if len(ours) == 1 and are_plain else []


def _policies_in(attachment: Resource) -> str:
    """Return the attribute that names the policies of an attachment."""
    if attachment.type.startswith("aws_ssoadmin_"):
        return "managed_policy_arn"
    return "policy_arns" if attachment.type.endswith("_exclusive") else "policy_arn"

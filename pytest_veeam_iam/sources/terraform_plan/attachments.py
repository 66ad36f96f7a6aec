"""Who has which policy in a plan or state: roles, users and groups by address, whether a value is known or referred to.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/iam_role_policy_attachment
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pytest_veeam_iam.sources.absent import Pairs
from pytest_veeam_iam.sources.outline import items, text
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
}
"""By resource type: the attributes that name holders, and of which type these are."""


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

    def _with_members(self, names: Sequence[str]) -> tuple[str, ...]:
        self._pairs.count(len(names) + sum(len(self._members.get(name, ())) for name in names))
        return tuple(dict.fromkeys([*names, *(member for name in names for member in self._members.get(name, ()))]))

    def _read_names(self) -> None:
        for resource in self._inventory.of_type(*_HOLDERS):
            if name := resource.known("name"):
                self._names[resource.type, None, name].append(resource)
                self._names[resource.type, resource.module, name].append(resource)
        for resource in self._inventory.of_type("aws_iam_policy"):
            self._arns.setdefault(resource.known("arn"), resource)

    def _read_groups(self) -> None:
        for resource in self._inventory.of_type("aws_iam_group_membership"):
            for group in self._named(resource, "group", "aws_iam_group"):
                self._members[group] += self._named(resource, "users", "aws_iam_user")
        for resource in self._inventory.of_type("aws_iam_user_group_membership"):
            for group in self._named(resource, "groups", "aws_iam_group"):
                self._members[group] += self._named(resource, "user", "aws_iam_user")

    def _read_attachments(self) -> None:
        for resource in self._inventory.of_type(*_ATTACHMENTS):
            named = (self._named(resource, attribute, kind) for attribute, kind in _ATTACHMENTS[resource.type])
            attribute = "policy_arns" if resource.type.endswith("_exclusive") else "policy_arn"
            self._attach(self._policies(resource, attribute), [name for names in named for name in names])
        for resource in self._inventory.of_type(*_HOLDERS):
            self._attach(self._policies(resource, "managed_policy_arns"), [resource.address])
            for policy in self._policies(resource, "permissions_boundary"):
                self.bounded[policy.address if isinstance(policy, Resource) else policy].append(resource.address)

    def _attach(self, policies: list[Resource | str], names: list[str]) -> None:
        for policy in policies:
            if isinstance(policy, Resource):
                self._pairs.count(len(names))
                self._attached[policy.address] += names
            else:
                for name in self._with_members(names):
                    self.absent[name].append(policy)

    def _named(self, resource: Resource, attribute: str, kind: str) -> list[str]:
        """Return the addresses of those that an attribute names; the name itself of one that is not in the file."""
        found: list[str] = []
        for value in self._values(resource, attribute):
            if isinstance(value, Resource):
                found += [value.address] if value.type == kind else []
                continue
            near = self._names.get((kind, resource.module, value)) or self._names.get((kind, None, value), [])
            found.append(near[0].address if len(near) == 1 else value)
        return found

    def _policies(self, resource: Resource, attribute: str) -> list[Resource | str]:
        """Return the policies that an attribute names, and the ARNs of those that are not in the file."""
        found: list[Resource | str] = []
        for value in self._values(resource, attribute):
            if isinstance(value, Resource):
                found += [value] if value.type == "aws_iam_policy" else []
            else:
                found.append(self._arns.get(value, value))
        return found

    def _values(self, resource: Resource, attribute: str) -> Iterator[Resource | str]:
        """Yield the texts of an attribute, and what its unknown part refers to."""
        value = resource.values.get(attribute)
        if not resource.sensitive.get(attribute):
            yield from (each for each in map(text, [value, *items(value)]) if each)
        unknown = resource.unknown.get(attribute)
        if unknown is True or True in items(unknown):
            yield from self._references.of(resource, self._inventory.expressions(resource).get(attribute))

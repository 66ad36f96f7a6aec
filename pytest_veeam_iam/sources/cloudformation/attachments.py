"""Who has which policy: roles, users and groups of a template, what is attached to them, and what limits them.

A role, user or group is called by its logical id if the template creates it, else by its name.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources-function.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.tree import Token
from pytest_veeam_iam.sources import absent
from pytest_veeam_iam.sources.cloudformation.stack import function_of, items, members, refusal
from pytest_veeam_iam.sources.json_text import MAX_NODES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pytest_veeam_iam.iam.tree import Node
    from pytest_veeam_iam.sources.cloudformation.conditions import Verdict
    from pytest_veeam_iam.sources.cloudformation.stack import Resource, Stack
    from pytest_veeam_iam.sources.cloudformation.values import Values

Kind: TypeAlias = Literal["role", "user", "group"]

MANAGED = "AWS::IAM::ManagedPolicy"
OWNERS: Mapping[str, Kind] = {"AWS::IAM::Role": "role", "AWS::IAM::User": "user", "AWS::IAM::Group": "group"}
"""Resources that policies are attached to."""

SERVERLESS = ("AWS::Serverless::Function", "AWS::Serverless::StateMachine")
"""Resources of SAM that make a role of their own."""

LISTS: Mapping[str, Kind] = {"Roles": "role", "Users": "user", "Groups": "group"}
"""The properties of a policy that say whom it is attached to."""

INLINE: Mapping[str, tuple[str, Kind]] = {
    "AWS::IAM::RolePolicy": ("RoleName", "role"),
    "AWS::IAM::UserPolicy": ("UserName", "user"),
    "AWS::IAM::GroupPolicy": ("GroupName", "group"),
}
"""Policies of one principal, and the property that names it."""

_NAMING: Mapping[str, Mapping[str, Kind]] = {
    MANAGED: LISTS,
    "AWS::IAM::Policy": LISTS,
    "AWS::IAM::UserToGroupAddition": {"Users": "user"},
    **{type_: {key: kind} for type_, (key, kind) in INLINE.items()},
}
"""By type of resource: the properties that name whoever has policies."""

_NAMES = {"role": "RoleName", "user": "UserName", "group": "GroupName"}


def _is_of_aws(called: str) -> bool:
    """Return whether a policy is AWS's and only allows; SAM calls those by their names alone."""
    return absent.only_allows(called) or not (":" in called or "${" in called)


def _called(text: str) -> str:
    """Return what a policy is called in messages, an unknown name without its marks."""
    inner = text.removeprefix("${").removesuffix("}")
    return (text if "${" in inner or len(inner) + 3 != len(text) else inner)[:200]


@dataclass
class Bond:
    """What ties policies to principals.

    Attributes:
        names: The principals, in the order of the template, each with the reason why it may not be tied, or None.
    """

    names: dict[str, Token | None] = field(default_factory=dict)

    def add(self, name: str, doubt: Token | None = None) -> None:
        """Tie another one; one that is surely tied stays so."""
        self.names[name] = self.names.get(name, doubt) and doubt

    @property
    def sure(self) -> tuple[str, ...]:
        """Those who are surely tied."""
        return tuple(name for name, doubt in self.names.items() if doubt is None)

    @property
    def doubted(self) -> tuple[str, ...]:
        """Those who may not be tied."""
        return tuple(name for name, doubt in self.names.items() if doubt is not None)

    @property
    def doubt(self) -> Token | None:
        """Why the first of them may not be tied, or None."""
        return next((doubt for doubt in self.names.values() if doubt is not None), None)


@dataclass(frozen=True)
class Elsewhere:
    """A managed policy that is not in the template.

    Attributes:
        called: What the template calls it.
        place: Where it is named.
        principal: Who has it, or whose boundary it is.
        is_boundary: Whether it is a boundary.
        doubt: Why the principal may not have it, or None.
    """

    called: str
    place: Node
    principal: str
    is_boundary: bool = False
    doubt: Token | None = None


class Attachments:
    """The principals of a template.

    Args:
        stack: The template.
        values: What its values are.

    Attributes:
        managed: Managed policy -> those who name it.
        boundaries: Managed policy -> those whose boundary it is.
        broken: What cannot be attached, and why.
        notes: Principal -> what was assumed about its attachments, and what of AWS's own it has, in words.
        elsewhere: What somebody has that another stack makes, so that nobody can say what it denies or limits.
    """

    def __init__(self, stack: Stack, values: Values) -> None:
        self.managed: dict[str, Bond] = {}
        self.boundaries: dict[str, Bond] = {}
        self.broken: dict[str, PolicyLoadError] = {}
        self.notes: dict[str, dict[str, None]] = {}
        self.elsewhere: list[Elsewhere] = []
        self._ties_left = MAX_NODES
        self._unknown: dict[str, dict[Kind, Token]] = {}
        self._named: dict[str, dict[Kind, None]] = {}
        self._stack, self._values = stack, values
        self._logical: dict[tuple[str, str], str] = {}
        self._members: dict[str, Bond] = {}
        for learn in (self._learn_name, self._learn_named, self._learn_groups, self._learn_attached):
            for resource in stack.resources.values():
                self._learn(learn, resource)

    def principal(self, node: Node, kind: Kind) -> str:
        """Return what a role, user or group is called that a property names."""
        call = function_of(node)
        name = call[1].value if call is not None and call[0] == "Ref" else None
        if isinstance(name, str) and self.makes(name):
            return name
        named = self._values.text(node)
        text = str(named)
        if not isinstance(named, str):
            self._unknown.setdefault(text, {})[kind] = named.tokens[0]
        return self._logical.get((kind, text), text)

    def possible(self, bond: Bond, policy: Resource | None = None) -> Bond:
        """Return the principals that an unknown name of a bond may mean, all of them in doubt.

        These are the ones that the template makes, and those that it only names.

        Args:
            bond: Whom a policy names.
            policy: The policy; if a function brings properties in, that may name anybody.
        """
        doubts: dict[Kind, Token] = {}
        if policy is not None and policy.type not in OWNERS and policy.brought_in is not None:
            name, argument = policy.brought_in
            doubts = dict.fromkeys(LISTS.values(), Token(name, argument.location))
        for name in bond.names:
            doubts.update(self._unknown.get(name, {}))
        found = Bond()
        for resource in self._stack.resources.values() if doubts else ():
            kind: Kind | None = "role" if self.makes_role(resource.name) else OWNERS.get(resource.type)
            if kind is not None and kind in doubts:
                name = resource.name if resource.type in OWNERS else f"{resource.name}Role"
                self._tie(found, name, doubts[kind])
        for name, kinds in self._named.items() if doubts else ():
            for kind in kinds:
                if kind in doubts:
                    self._tie(found, name, doubts[kind])
        return found

    def bond(self, listed: Node | None, kind: Kind) -> Bond:
        """Return the principals that a property lists, those of a group with its members."""
        bond = Bond()
        for item, doubt in self._items(listed):
            self._tie(bond, self.principal(item, kind), doubt)
        return bond

    def with_members(self, name: str) -> Bond:
        """Return a principal; a group with its members."""
        bond = Bond()
        self._tie(bond, name, None)
        return bond

    def _tie(self, bond: Bond, name: str, doubt: Token | None) -> None:
        group = self._members.get(name, Bond())
        self._count(len(group.names) + 1)
        bond.add(name, doubt)
        for each in group.names:
            bond.add(each, doubt or group.names[each])

    def _count(self, ties: int) -> None:
        """Count what is tied, which a small template can do very often."""
        self._ties_left -= ties
        if self._ties_left < 0:
            why = f"its groups attach policies more than {MAX_NODES:,} times, expected at most that many"
            raise refusal(self._stack.tree, why, "split it")

    def _items(self, listed: Node | None) -> Iterator[tuple[Node, Token | None]]:
        """Yield what stands in a list, choices resolved, and why it may not stand there."""
        for node, doubt in self._values.choices(listed) if listed is not None else ():
            made = self._values.resolve(node) if function_of(node) else None
            for item in items(made if made is not None and isinstance(made.value, list) else node):
                for choice, why in self._values.choices(item):
                    yield choice, doubt or why

    def makes(self, principal: str) -> bool:
        """Tell whether the template makes a principal, or may make it."""
        return principal in self._stack.resources or bool(self.makes_role(principal.removesuffix("Role")))

    def condition_of(self, principal: str) -> str | None:
        """Return the name of the condition on which the template creates a principal, None if there is none."""
        resource = self._stack.resources.get(principal) or self._stack.resources.get(principal.removesuffix("Role"))
        return resource.condition_name if resource is not None else None

    def makes_role(self, name: str) -> Verdict:
        """Tell whether SAM makes a role for a resource, because that names none; or what it hangs on."""
        resource = self._stack.resources.get(name)
        if resource is None or resource.type not in SERVERLESS:
            return False
        named = self._values.choices(resource.properties["Role"]) if "Role" in resource.properties else []
        return (named[0][1] or False) if named else True

    def _learn_name(self, resource: Resource) -> None:
        """Remember the name that a principal or managed policy has, and who is in which group."""
        kind = "managed" if resource.type == MANAGED else OWNERS.get(resource.type)
        if kind is None:
            return
        name = resource.properties.get(_NAMES.get(kind, "ManagedPolicyName"))
        if name is not None and isinstance(text := self._values.text(name), str):
            self._logical.setdefault((kind, text), resource.name)

    def _learn_named(self, resource: Resource) -> None:
        """Remember who has policies without being made here."""
        for key, kind in _NAMING.get(resource.type, {}).items():
            for item, _ in self._items(resource.properties.get(key)):
                name = self.principal(item, kind)
                if name not in self._stack.resources:
                    self._named.setdefault(name, {})[kind] = None

    def _learn(self, learn: Callable[[Resource], None], resource: Resource) -> None:
        self._values.identifiers = resource.identifiers
        with self._values.noting() as assumed:
            try:
                learn(resource)
            except PolicyLoadError as error:
                self.broken[resource.name] = error
        for name in (resource.name, f"{resource.name}Role") if assumed else ():
            self.notes.setdefault(name, {}).update(assumed)

    def _learn_groups(self, resource: Resource) -> None:
        properties = resource.properties
        if resource.type == "AWS::IAM::UserToGroupAddition":
            self._learn_addition(resource)
        elif resource.type == "AWS::IAM::User":
            for item, doubt in self._items(properties.get("Groups")):
                self._join(resource.name, item, doubt)

    def _learn_addition(self, resource: Resource) -> None:
        """Remember whom a resource adds to a group, in doubt if a user may be there without that resource."""
        if resource.brought_in is not None:
            name, argument = resource.brought_in
            for user in self._users():
                self._add_unknown(name, argument, user)
        exists = self._values.holds(resource.condition) if resource.condition is not None else True
        if exists is False or "GroupName" not in resource.properties:
            return
        for item, doubt in self._items(resource.properties.get("Users")):
            user = self.principal(item, "user")
            is_alone = isinstance(exists, Token) and self.condition_of(user) != resource.condition_name
            why = exists if is_alone and isinstance(exists, Token) else None
            self._join(user, resource.properties["GroupName"], resource.doubt or why or doubt)

    def _users(self) -> list[str]:
        """Return all users that the template makes or names."""
        made = [each.name for each in self._stack.resources.values() if each.type == "AWS::IAM::User"]
        return [*made, *(name for name, kinds in self._named.items() if "user" in kinds)]

    def _join(self, user: str, named: Node, doubt: Token | None) -> None:
        """Remember that a user is in a group, which has policies that nobody knows if the template does not make it."""
        group = self.principal(named, "group")
        self._members.setdefault(group, Bond()).add(user, doubt)
        if group in self._stack.resources:
            return
        users = Bond({user: None}) if user in self._stack.resources else self.possible(Bond({user: None}))
        for each, why in (users.names or {user: None}).items():
            self._add_unknown(_called(group), named, each, doubt or why)

    def _add_unknown(self, called: str, place: Node, principal: str, doubt: Token | None = None) -> None:
        """Remember that a principal, and whoever is in it, has what is not in the template."""
        for name, why in self.with_members(principal).names.items():
            self.elsewhere.append(Elsewhere(called, place, name, doubt=doubt or why))

    def _learn_attached(self, resource: Resource) -> None:
        properties = resource.properties
        if resource.type in OWNERS:
            self._learn_brought_in(resource, resource.name)
            self._learn_policies(resource.name, properties.get("ManagedPolicyArns"))
            self._learn_boundary(resource.name, properties.get("PermissionsBoundary"))
        elif self.makes_role(resource.name):
            shared = members(self._stack.globals.get(resource.type.rpartition("::")[2]))
            boundary = properties.get("PermissionsBoundary") or shared.get("PermissionsBoundary")
            self._learn_brought_in(resource, f"{resource.name}Role")
            self._learn_policies(f"{resource.name}Role", properties.get("Policies"))
            self._learn_boundary(f"{resource.name}Role", boundary)

    def _learn_brought_in(self, resource: Resource, principal: str) -> None:
        """Remember that a function may give a principal policies, groups and a boundary."""
        if resource.brought_in is not None:
            name, argument = resource.brought_in
            self._add_unknown(name, argument, principal)

    def _learn_policies(self, principal: str, listed: Node | None) -> None:
        """Remember which managed policies a principal names, and what it has from elsewhere."""
        for item, doubt in self._items(listed):
            fields = members(item)
            if "Statement" in fields:
                continue
            name = self._managed_policy(item) if not fields or function_of(item) else None
            if name is not None:
                self.managed.setdefault(name, Bond()).add(principal, doubt)
                continue
            is_template = bool(fields) and not function_of(item)
            what = next(iter(fields)) if is_template else str(self._values.text(item))
            if not is_template and not _is_of_aws(what):
                self._add_unknown(_called(what), item, principal, doubt)
                continue
            place = item.location
            where = f" ({place.path}:{place.line})" if place.line else ""
            sentence = f"what {what[:200]} allows {principal} is not counted{where}"
            self.notes.setdefault(principal, {})[sentence] = None

    def _learn_boundary(self, principal: str, boundary: Node | None) -> None:
        for item, doubt in self._items(boundary):
            name = self._managed_policy(item)
            if name is not None:
                self.boundaries.setdefault(name, Bond()).add(principal, doubt)
            else:
                called = _called(str(self._values.text(item)))
                self.elsewhere.append(Elsewhere(called, item, principal, is_boundary=True, doubt=doubt))

    def _managed_policy(self, node: Node) -> str | None:
        """Return the logical id of the managed policy whose ARN or name a node is, None if the template has none."""
        text = self._values.text(node)
        pieces = (text,) if isinstance(text, str) else text.pieces
        last = pieces[-1]
        if isinstance(last, Token):
            name = last.expression.removesuffix(".PolicyArn")
            resource = self._stack.resources.get(name)
            return name if len(pieces) == 1 and resource is not None and resource.type == MANAGED else None
        if ":iam::aws:" in last:
            return None
        return self._logical.get(("managed", last.rpartition("/")[2]))

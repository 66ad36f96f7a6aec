"""Who has which policy in a module and those that it calls: attachments, memberships of groups, and boundaries.

A principal or policy is called by its Terraform address if the module makes it, else by its name, so that the
documents of one principal call it alike wherever they stand.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/iam_role_policy_attachment
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.document import Attachment
from pytest_veeam_iam.iam.tree import Template, Token
from pytest_veeam_iam.sources import absent
from pytest_veeam_iam.sources.terraform import values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pytest_veeam_iam.iam.tree import Node
    from pytest_veeam_iam.sources.terraform.module import Instance, Module
    from pytest_veeam_iam.sources.terraform.syntax import Block

_ATTACHING = {
    "aws_iam_role_policy_attachment": (("role", "aws_iam_role"),),
    "aws_iam_user_policy_attachment": (("user", "aws_iam_user"),),
    "aws_iam_group_policy_attachment": (("group", "aws_iam_group"),),
    "aws_iam_policy_attachment": (("roles", "aws_iam_role"), ("users", "aws_iam_user"), ("groups", "aws_iam_group")),
    "aws_iam_role_policy_attachments_exclusive": (("role_name", "aws_iam_role"),),
    "aws_iam_user_policy_attachments_exclusive": (("user_name", "aws_iam_user"),),
    "aws_iam_group_policy_attachments_exclusive": (("group_name", "aws_iam_group"),),
}
"""By type of resource: the arguments that name principals, and of which type these are."""

_MEMBERSHIPS = {
    "aws_iam_group_membership": ("group", "users"),
    "aws_iam_user_group_membership": ("groups", "user"),
}
_HOLDERS = ("aws_iam_role", "aws_iam_user")
TYPES = frozenset({*_ATTACHING, *_MEMBERSHIPS, *_HOLDERS})


@dataclass
class Bond:
    """Who has a policy.

    Attributes:
        names: The principals.
        sure: Whether at least one of them surely has it.
        doubt: Why one may not have it.
        maybe: Others that may have it, because one who has it is unknown, each with the value that it hangs on.
    """

    names: dict[str, None] = field(default_factory=dict)
    sure: bool = False
    doubt: Token | None = None
    maybe: dict[str, Token] = field(default_factory=dict)

    def add(self, name: str, doubt: Token | None) -> None:
        """Tie another principal."""
        self.names[name] = None
        self.sure = self.sure or doubt is None
        self.doubt = self.doubt or doubt


@dataclass(frozen=True)
class Elsewhere:
    """A managed policy that the module does not hold, or a group that it does not make.

    Attributes:
        called: What the module calls it.
        place: Where it is named.
        principal: Who has it, or whose boundary it is.
        is_boundary: Whether it is a boundary.
    """

    called: str
    place: Node
    principal: str
    is_boundary: bool = False

    @property
    def attachment(self) -> Attachment:
        """To whom it is attached."""
        names = (self.principal,)
        return Attachment(boundary_of=names, kind="managed") if self.is_boundary else Attachment(names, kind="managed")


def _called(policy: Node) -> str:
    """Return an ARN, or the expression of an unknown one; nothing for what is no text."""
    match policy.value:
        case str() as arn:
            return arn[:200]
        case Template(pieces=(Token() as token,)):
            return token.expression[:200]
        case Template() as template:
            return str(template)[:200]
    return ""


class Attachments:
    """The attachments of a module and of those that it calls.

    Args:
        module: The module that is read first.

    Attributes:
        notes: For each principal, what is assumed of AWS's own policies that it has.
        elsewhere: Other policies, and groups, that somebody has and the module does not hold: nobody can say what they
            deny.
        unread: Sentences about attachments that could not be read.
    """

    def __init__(self, module: Module) -> None:
        self.notes: dict[str, dict[str, None]] = defaultdict(dict)
        self.elsewhere: list[Elsewhere] = []
        self.unread: list[str] = []
        self._managed: dict[str, Bond] = defaultdict(Bond)
        self._boundaries: dict[str, Bond] = defaultdict(Bond)
        self._members: dict[str, dict[str, None]] = defaultdict(dict)
        self._maybe_members: dict[str, dict[str, Token]] = defaultdict(dict)
        self._module = module
        self._made: dict[str, dict[str, None]] = {}
        self._names: dict[tuple[int, str], dict[str, str]] = {}
        for each in _with_called(module):
            self._learn(each)

    def of_managed(self, address: str) -> Bond:
        """Return who has a managed policy."""
        return self._with_members(self._managed.get(address, Bond()))

    def of_boundary(self, address: str) -> tuple[str, ...]:
        """Return whose boundary a managed policy is."""
        return tuple(self._boundaries[address].names) if address in self._boundaries else ()

    def of_inline(self, module: Module, block: Block, instance: Instance, argument: str, type_: str) -> Bond:
        """Return who has an inline policy.

        Args:
            module: Where it stands.
            block: The resource.
            instance: Of it.
            argument: That names the principal.
            type_: Of the principal's resource.
        """
        bond = Bond(sure=True)
        same = (each for each in module.instances(block, wants_addresses=True) if each.suffix == instance.suffix)
        for name, token in self._principals(module, block, next(same, instance), argument, type_).items():
            bond.add(name, None)
            if token is not None:
                bond.maybe |= dict.fromkeys(self._all(type_), token)
        return self._with_members(bond)

    def _with_members(self, bond: Bond) -> Bond:
        names, maybe = dict(bond.names), dict(bond.maybe)
        for name in bond.names:
            names |= self._members.get(name, {})
            maybe |= self._maybe_members.get(name, {})
        for name, token in bond.maybe.items():
            maybe |= dict.fromkeys(self._members.get(name, ()), token) | self._maybe_members.get(name, {})
        return replace(bond, names=names, maybe={name: maybe[name] for name in maybe if name not in names})

    def _all(self, type_: str) -> dict[str, None]:
        """Return all principals of a type that the modules make."""
        if type_ not in self._made:
            found: dict[str, None] = {}
            self._made[type_] = found
            for module in _with_called(self._module):
                for block in module.of_types(frozenset({type_})):
                    name = f"{module.prefix}{'.'.join(block.labels)}"
                    with suppress(PolicyLoadError):  # it speaks for itself
                        found |= {f"{name}{instance.suffix}": None for instance in module.instances(block)}
        return self._made[type_]

    # How they are found out

    def _learn(self, module: Module) -> None:
        for block in module.of_types(TYPES):
            try:
                for instance in module.instances(block, wants_addresses=True):
                    self._learn_from(module, block, instance)
            except PolicyLoadError as error:
                self.unread.append(f"{'.'.join(block.labels)} is left out: {error}")

    def _learn_from(self, module: Module, block: Block, instance: Instance) -> None:
        module.run.evaluator.budget.renew()
        if block.labels[0] in _ATTACHING:
            self._learn_attachment(module, block, instance)
        elif block.labels[0] in _MEMBERSHIPS:
            self._learn_membership(module, block, instance)
        else:
            self._learn_holder(module, block, instance)

    def _learn_attachment(self, module: Module, block: Block, instance: Instance) -> None:
        for argument, type_ in _ATTACHING[block.labels[0]]:
            found = self._principals(module, block, instance, argument, type_)
            unknown = next((token for token in found.values() if token is not None), None)
            maybe = {} if unknown is None else dict.fromkeys(self._all(type_), unknown)
            for policies in ("policy_arn", "policy_arns"):
                self._attach(module, block, instance, policies, found, maybe)

    def _attach(
        self,
        module: Module,
        block: Block,
        instance: Instance,
        argument: str,
        names: Iterable[str],
        maybe: Mapping[str, Token],
    ) -> None:
        for policy in _listed(module.value(block, argument, instance.scope)):
            address = _address(policy)
            doubt = instance.doubt or policy.doubt
            for name in names:
                if address is None:
                    self._note_absent(policy, name)
                elif doubt is None or not name.startswith("${"):
                    self._managed[address].add(name, doubt)
            if address is not None:
                self._managed[address].maybe |= maybe
            else:
                for name in maybe:
                    self._note_absent(policy, name)

    def _note_absent(self, policy: Node, name: str) -> None:
        arn = _called(policy)
        if arn and not absent.only_allows(arn):
            self.elsewhere.append(Elsewhere(arn, policy, name))
        elif arn:
            self.notes[name] |= dict.fromkeys(absent.assumptions((name,), {name: (arn,)}))

    def _learn_membership(self, module: Module, block: Block, instance: Instance) -> None:
        groups, users = _MEMBERSHIPS[block.labels[0]]
        members = self._principals(module, block, instance, users, "aws_iam_user")
        unknown = next((token for token in members.values() if token is not None), None)
        maybe = {} if unknown is None else dict.fromkeys(self._all("aws_iam_user"), unknown)
        place = module.value(block, groups, instance.scope)
        for group in self._principals(module, block, instance, groups, "aws_iam_group"):
            self._members[group] |= dict.fromkeys(members)
            self._maybe_members[group] |= maybe
            if place is not None and group not in self._all("aws_iam_group"):
                called = group[2:202].removesuffix("}") if group.startswith("${") else f"group {group[:200]}"
                self.elsewhere += [Elsewhere(called, place, user) for user in members | maybe]

    def _learn_holder(self, module: Module, block: Block, instance: Instance) -> None:
        name = f"{module.prefix}{'.'.join(block.labels)}{instance.suffix}"
        self._attach(module, block, replace(instance, doubt=None), "managed_policy_arns", [name], {})
        for policy in _listed(module.value(block, "permissions_boundary", instance.scope)):
            address = _address(policy)
            if address is not None:
                self._boundaries[address].add(name, policy.doubt)
            elif called := _called(policy):
                self.elsewhere.append(Elsewhere(called, policy, name, is_boundary=True))

    def _principals(
        self, module: Module, block: Block, instance: Instance, argument: str, type_: str
    ) -> dict[str, Token | None]:
        """Return whom an argument names, each with the value that it hangs on if nobody knows who that is."""
        scope = replace(instance.scope, wants_addresses=True)
        found: dict[str, Token | None] = {}
        for node in _listed(module.value(block, argument, scope)):
            address = _address(node)
            if address is not None:
                found[address] = None
            elif isinstance(node.value, str | Template):
                name = str(node.value).rpartition("/")[2] if str(node.value).startswith("arn:") else str(node.value)
                known = self._addresses(module, type_).get(name)
                token = node.value.tokens[0] if isinstance(node.value, Template) else None
                found[known or name] = token if known is None else None
        return found

    def _addresses(self, module: Module, type_: str) -> dict[str, str]:
        """Return the addresses of a module's resources of a type by their names."""
        key = (id(module), type_)
        if key not in self._names:
            self._names[key] = found = {}
            for block in module.of_types(frozenset({type_})):
                for instance in module.instances(block):
                    name = module.value(block, "name", instance.scope)
                    if name is not None and isinstance(name.value, str | Template):
                        found[str(name.value)] = f"{module.prefix}{'.'.join(block.labels)}{instance.suffix}"
        return self._names[key]


def _with_called(module: Module) -> Iterator[Module]:
    yield module
    for name in module.called():
        for _, child in module.children(name):
            yield from _with_called(child)


def _listed(node: Node | None) -> Iterable[Node]:
    if node is None:
        return ()
    items = values.items_of(node)
    return [node] if items is None else items


def _address(node: Node) -> str | None:
    """Return the address of the resource whose name or ARN a value is."""
    if isinstance(node.value, Template) and len(node.value.pieces) == 1:
        symbol = node.value.tokens[0].symbol
        return symbol.removeprefix("tf:") if symbol.startswith("tf:") and ".aws_s3_" not in symbol else None
    return None

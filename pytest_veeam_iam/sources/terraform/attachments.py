"""Who has which policy in a module and those that it calls: attachments, memberships of groups, and boundaries.

A principal or policy is called by its Terraform address if the module makes it, else by its name, so that the
documents of one principal call it alike wherever they stand.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/iam_role_policy_attachment
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
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
    "aws_ssoadmin_managed_policy_attachment": (("permission_set_arn", "aws_ssoadmin_permission_set"),),
}
"""By type of resource: the arguments that name principals, and of which type these are."""

_MEMBERSHIPS = {
    "aws_iam_group_membership": ("group", "users"),
    "aws_iam_user_group_membership": ("groups", "user"),
}
INLINE = {
    "aws_iam_role_policy": ("role", "aws_iam_role"),
    "aws_iam_user_policy": ("user", "aws_iam_user"),
    "aws_iam_group_policy": ("group", "aws_iam_group"),
    "aws_ssoadmin_permission_set_inline_policy": ("permission_set_arn", "aws_ssoadmin_permission_set"),
}
"""By type of inline policy: the argument that names its principal, and of which type this is."""

_NAMING = {
    **_ATTACHING,
    **{type_: (named,) for type_, named in INLINE.items()},
    "aws_iam_group_membership": (("users", "aws_iam_user"),),
    "aws_iam_user_group_membership": (("user", "aws_iam_user"),),
}
"""By type of resource: the arguments that name whoever has policies."""

_HOLDERS = ("aws_iam_role", "aws_iam_user")
_ELSEWHERE = ("aws_ssoadmin_customer_managed_policy_attachment", "aws_ssoadmin_permissions_boundary_attachment")
"""What a permission set has of each account, so that nobody can say what it denies or limits."""

TYPES = frozenset({*_ATTACHING, *_MEMBERSHIPS, *_HOLDERS, *_ELSEWHERE})


@dataclass
class Bond:
    """Who has a policy.

    Attributes:
        names: The principals, each with the reason why it may not have it, or None.
        maybe: Others that may have it, because one who has it is unknown, each with the value that it hangs on.
    """

    names: dict[str, Token | None] = field(default_factory=dict)
    maybe: dict[str, Token] = field(default_factory=dict)

    def add(self, name: str, doubt: Token | None) -> None:
        """Tie another principal; one that is surely tied stays so."""
        self.names[name] = self.names.get(name, doubt) and doubt

    @property
    def sure(self) -> tuple[str, ...]:
        """Those who surely have it."""
        return tuple(name for name, doubt in self.names.items() if doubt is None)

    @property
    def doubted(self) -> dict[str, Token]:
        """Those who are named and may not have it."""
        return {name: doubt for name, doubt in self.names.items() if doubt is not None}


@dataclass(frozen=True)
class _Named:
    """A principal that an argument names.

    Attributes:
        doubt: Why it may not be named, or None.
        unknown: The value that its name hangs on, or None if the name is known.
    """

    doubt: Token | None = None
    unknown: Token | None = None


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
        self._members: dict[str, Bond] = defaultdict(Bond)
        self._made_of_type: dict[str, dict[str, None]] = {}
        self._names: dict[tuple[int, str], dict[str, str]] = {}
        self._names_of_type: dict[str, dict[str, str]] = {}
        self._pairs = absent.Pairs(module.directory.name)
        self._modules = tuple(_with_called(module))
        for each in self._modules:
            self._learn(each)
        self.elsewhere = [one for each in self.elsewhere for one in self._of_members(each)]

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
        bond = Bond()
        same = (each for each in module.instances(block, wants_addresses=True) if each.suffix == instance.suffix)
        for name, named in self._principals(module, block, next(same, instance), argument, type_).items():
            bond.add(name, named.doubt)
            if named.unknown is not None:
                bond.maybe |= dict.fromkeys(self._all(type_), named.unknown)
        return self._with_members(bond)

    def _with_members(self, bond: Bond) -> Bond:
        found = Bond(dict(bond.names), dict(bond.maybe))
        named = [self._members[name] for name in bond.names | bond.maybe if name in self._members]
        self._pairs.count(sum(len(each.names) + len(each.maybe) for each in named))
        for name, doubt in bond.names.items():
            members = self._members.get(name, Bond())
            found.maybe |= members.maybe
            for member, why in members.names.items():
                found.add(member, doubt or why)
        for name, token in bond.maybe.items():
            members = self._members.get(name, Bond())
            found.maybe |= dict.fromkeys(members.names, token) | members.maybe
        found.maybe = {name: token for name, token in found.maybe.items() if name not in found.names}
        return found

    def _of_members(self, policy: Elsewhere) -> Iterator[Elsewhere]:
        """Yield what somebody has from elsewhere for each who has it: of a group also its members."""
        bond = (
            Bond({policy.principal: None}) if policy.is_boundary else self._with_members(Bond({policy.principal: None}))
        )
        for name in bond.names | bond.maybe:
            yield replace(policy, principal=name)

    def _all(self, type_: str) -> dict[str, None]:
        """Return all principals of a type that the modules make, or name as those of a policy."""
        return self._made(type_) | self._only_named.get(type_, {})

    def _made(self, type_: str) -> dict[str, None]:
        """Return all principals of a type that the modules make."""
        if type_ not in self._made_of_type:
            found: dict[str, None] = {}
            self._made_of_type[type_] = found
            for module in self._modules:
                for block in module.of_types(frozenset({type_})):
                    name = f"{module.prefix}{'.'.join(block.labels)}"
                    with suppress(PolicyLoadError):  # it speaks for itself
                        found |= {f"{name}{instance.suffix}": None for instance in module.instances(block)}
        return self._made_of_type[type_]

    @cached_property
    def _only_named(self) -> dict[str, dict[str, None]]:
        """The principals that have policies and are not made here, by type."""
        found: dict[str, dict[str, None]] = defaultdict(dict)
        for module in self._modules:
            for block in module.of_types(frozenset(_NAMING)):
                with suppress(PolicyLoadError):  # it speaks for itself
                    for instance in module.instances(block, wants_addresses=True):
                        module.run.evaluator.budget.renew()
                        for argument, type_ in _NAMING[block.labels[0]]:
                            found[type_] |= dict.fromkeys(self._principals(module, block, instance, argument, type_))
        return found

    # How they are found out

    def _learn(self, module: Module) -> None:
        for block in module.of_types(TYPES):
            try:
                for instance in module.instances(block, wants_addresses=True):
                    self._learn_from(module, block, replace(instance, doubt=instance.doubt or _doubt_of(module)))
            except PolicyLoadError as error:
                self.unread.append(f"{'.'.join(block.labels)} is left out: {error}")

    def _learn_from(self, module: Module, block: Block, instance: Instance) -> None:
        module.run.evaluator.budget.renew()
        if block.labels[0] in _ATTACHING:
            self._learn_attachment(module, block, instance)
        elif block.labels[0] in _MEMBERSHIPS:
            self._learn_membership(module, block, instance)
        elif block.labels[0] in _ELSEWHERE:
            self._learn_elsewhere(module, block, instance)
        else:
            self._learn_holder(module, block, instance)

    def _learn_attachment(self, module: Module, block: Block, instance: Instance) -> None:
        for argument, type_ in _ATTACHING[block.labels[0]]:
            named = self._principals(module, block, instance, argument, type_)
            bond = self._bond(named, type_, instance.doubt)
            for policies in ("policy_arn", "policy_arns", "managed_policy_arn"):
                self._attach(module, block, instance, policies, bond)

    def _bond(self, named: Mapping[str, _Named], type_: str, doubt: Token | None) -> Bond:
        """Return those that are named, and whom an unknown one of them may be."""
        unknown = next((each.unknown for each in named.values() if each.unknown is not None), None)
        bond = Bond(maybe={} if unknown is None else dict.fromkeys(self._all(type_), unknown))
        for name, each in named.items():
            bond.add(name, doubt or each.doubt)
        return bond

    def _attach(self, module: Module, block: Block, instance: Instance, argument: str, bond: Bond) -> None:
        for policy in _listed(module.value(block, argument, instance.scope)):
            address = _address(policy)
            if address is None:
                for name in (*bond.names, *bond.maybe):
                    self._note_absent(policy, name)
                continue
            for name, doubt in bond.names.items():
                if (why := doubt or policy.doubt) is None or not name.startswith("${"):
                    self._managed[address].add(name, why)
            self._managed[address].maybe |= bond.maybe

    def _note_absent(self, policy: Node, name: str) -> None:
        arn = _called(policy)
        if arn and not absent.only_allows(arn):
            self.elsewhere.append(Elsewhere(arn, policy, name))
        elif arn:
            self.notes[name] |= dict.fromkeys(absent.assumptions((name,), {name: (arn,)}))

    def _learn_membership(self, module: Module, block: Block, instance: Instance) -> None:
        groups, users = _MEMBERSHIPS[block.labels[0]]
        members = self._bond(
            self._principals(module, block, instance, users, "aws_iam_user"), "aws_iam_user", instance.doubt
        )
        place = module.value(block, groups, instance.scope)
        for group, named in self._principals(module, block, instance, groups, "aws_iam_group").items():
            for user, doubt in members.names.items():
                self._members[group].add(user, doubt or named.doubt)
            self._members[group].maybe |= members.maybe
            if place is not None and group not in self._made("aws_iam_group"):
                called = group[2:202].removesuffix("}") if group.startswith("${") else f"group {group[:200]}"
                self.elsewhere += [Elsewhere(called, place, user) for user in members.names | members.maybe]

    def _learn_elsewhere(self, module: Module, block: Block, instance: Instance) -> None:
        """Remember what a permission set has that each account makes itself."""
        argument, type_ = INLINE["aws_ssoadmin_permission_set_inline_policy"]
        bond = self._bond(self._principals(module, block, instance, argument, type_), type_, None)
        place = module.value(block, argument, instance.scope)
        called = f"{module.prefix}{'.'.join(block.labels)}{instance.suffix}"
        for name in (*bond.names, *bond.maybe):
            if place is not None:
                self.elsewhere.append(Elsewhere(called, place, name, is_boundary="boundary" in block.labels[0]))

    def _learn_holder(self, module: Module, block: Block, instance: Instance) -> None:
        name = f"{module.prefix}{'.'.join(block.labels)}{instance.suffix}"
        self._attach(module, block, instance, "managed_policy_arns", Bond({name: None}))
        for policy in _listed(module.value(block, "permissions_boundary", instance.scope)):
            address = _address(policy)
            if address is not None:
                self._boundaries[address].add(name, policy.doubt)
            elif called := _called(policy):
                self.elsewhere.append(Elsewhere(called, policy, name, is_boundary=True))

    def _principals(
        self, module: Module, block: Block, instance: Instance, argument: str, type_: str
    ) -> dict[str, _Named]:
        """Return whom an argument names."""
        scope = replace(instance.scope, wants_addresses=True)
        found: dict[str, _Named] = {}
        for node in _listed(module.value(block, argument, scope)):
            address = _address(node)
            if address is not None:
                found[address] = _Named(node.doubt)
            elif isinstance(node.value, str | Template):
                name = str(node.value).rpartition("/")[2] if str(node.value).startswith("arn:") else str(node.value)
                token = node.value.tokens[0] if isinstance(node.value, Template) else None
                known = self._addresses(module, type_).get(name)
                if known is None and token is None:  # an unknown name is another one in each module
                    known = self._everywhere(type_).get(name)
                found[known or name] = _Named(node.doubt, token if known is None else None)
        return found

    def _everywhere(self, type_: str) -> dict[str, str]:
        """Return the addresses of all resources of a type by their names, a name twice being the first one's."""
        if type_ not in self._names_of_type:
            found: dict[str, str] = {}
            self._names_of_type[type_] = found
            for module in self._modules:
                with suppress(PolicyLoadError):  # it speaks for itself
                    for name, address in self._addresses(module, type_).items():
                        found.setdefault(name, address)
        return self._names_of_type[type_]

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


def _doubt_of(module: Module) -> Token | None:
    """Return why a module may not be called."""
    if module.caller is None:
        return None
    return module.caller.doubt or _doubt_of(module.caller.module)


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

"""Type constraints of variables, as far as they change a value: optional attributes of objects that are not given.

https://developer.hashicorp.com/terraform/language/expressions/type-constraints
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.tree import Node
from pytest_veeam_iam.sources.terraform import values
from pytest_veeam_iam.sources.terraform.syntax import Call, Members, Name

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_veeam_iam.sources.terraform.syntax import Expression

_COLLECTIONS = ("list", "set", "map")


def is_string(type_: Expression | None) -> bool:
    """Return whether a constraint asks for a string."""
    return isinstance(type_, Name) and type_.name == "string"


def conform(node: Node, type_: Expression, evaluate: Callable[[Expression], Node]) -> Node:
    """Return a value as a variable of a type has it.

    Args:
        node: The value.
        type_: The constraint.
        evaluate: For the defaults of optional attributes.
    """
    if not isinstance(type_, Call) or not type_.arguments:
        return node
    inner = type_.arguments[0]
    items, members = values.items_of(node), values.members_of(node)
    if type_.name in _COLLECTIONS and items is not None:
        return _rebuilt(node, [conform(item, inner, evaluate) for item in items])
    if type_.name == "map" and members is not None:
        return _rebuilt(node, {key: conform(member, inner, evaluate) for key, member in members.items()})
    if type_.name == "object" and members is not None and isinstance(inner, Members):
        return _rebuilt(node, _attributes(node, members, inner, evaluate))
    return node


def _attributes(
    node: Node, members: dict[str, Node], type_: Members, evaluate: Callable[[Expression], Node]
) -> dict[str, Node]:
    found = dict(members)
    for key, constraint in type_.members:
        name = values.string_of(evaluate(key)) or ""
        inner, default = constraint, None
        if isinstance(constraint, Call) and constraint.name == "optional" and constraint.arguments:
            inner, *defaults = constraint.arguments
            default = defaults[0] if defaults else None
            if name not in found or values.is_null(found[name]):
                found[name] = Node(None, node.source, node.offset) if default is None else evaluate(default)
        if name in found:
            found[name] = conform(found[name], inner, evaluate)
    return found


def _rebuilt(node: Node, value: list[Node] | dict[str, Node]) -> Node:
    """Return a list or object with other contents; as it was if that would be too much."""
    built = values.collection(value, node.source, node.offset, node.keys, node.duplicates)
    return node if built is None else values.doubted(built, node.doubt)

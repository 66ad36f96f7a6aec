"""The sections of a CloudFormation template: it decides what is a resource, and must not know what its values are.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.tree import Token

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_veeam_iam.iam.tree import Node

_LOOP = "Fn::ForEach::"
_TRANSFORM = "Fn::Transform"
_INCLUDE = "AWS::Include"
_HARMLESS = re.compile(
    r"AWS::(Serverless-2016-10-31|LanguageExtensions|CodeDeployBlueGreen|SecretsManager-\d{4}-\d\d-\d\d)"
)
"""Macros of AWS that change no policy but as SAM's are read here, and give nobody one."""

_CHANGEABLE = ("Parameters", "Mappings", "Conditions", "Resources", "Globals")
"""Sections on which the policies of a template hang."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of a template.

    Attributes:
        name: Its logical id; in a loop as the loop writes it.
        type: For example ``AWS::IAM::Role``.
        properties: By name, as written.
        node: All of it.
        condition: The node that names the condition on which it is created, or None.
        doubt: Why it may not be there, or be there several times: the loop that makes it; or None.
        identifiers: The names that its loops put a value for, wherever they stand in it.
    """

    name: str
    type: str
    properties: Mapping[str, Node]
    node: Node
    condition: Node | None = None
    doubt: Token | None = None
    identifiers: frozenset[str] = frozenset()

    @property
    def condition_name(self) -> str | None:
        """The name of the condition on which it is created, or None."""
        name = self.condition.value if self.condition is not None else None
        return name if isinstance(name, str) else None

    @property
    def brought_in(self) -> tuple[str, Node] | None:
        """The function that may bring any property in, with its argument, or None."""
        calls = (call for part in (self.properties, members(self.node)) for call in part.items())
        return next((call for call in calls if call[0].startswith("Fn::")), None)


@dataclass(frozen=True, slots=True)
class Macro:
    """A macro that may give a template other resources than it shows.

    Attributes:
        called: ``macro NAME``.
        node: Where it is called.
        only_adds: Whether the resources that the template shows stay as they are.
    """

    called: str
    node: Node
    only_adds: bool


@dataclass(frozen=True, slots=True)
class Stack:
    """A template by its sections.

    Attributes:
        tree: All of it.
        parameters: What the section Parameters declares, by name.
        mappings: The section Mappings.
        conditions: The section Conditions.
        resources: The section Resources, in its order.
        globals: The section Globals of SAM.
        macros: What may change it, each name once.
    """

    tree: Node
    parameters: Mapping[str, Node]
    mappings: Mapping[str, Node]
    conditions: Mapping[str, Node]
    resources: Mapping[str, Resource]
    globals: Mapping[str, Node]
    macros: tuple[Macro, ...]


def stack_of(tree: Node) -> Stack:
    """Return the sections of a template."""
    sections = members(tree)
    resources = members(sections.get("Resources"))
    found = [each for name, node in resources.items() for each in _resources(name, node)]
    return Stack(
        tree=tree,
        parameters=members(sections.get("Parameters")),
        mappings=members(sections.get("Mappings")),
        conditions=members(sections.get("Conditions")),
        resources={resource.name: resource for resource in found},
        globals=members(sections.get("Globals")),
        macros=tuple({macro.called: macro for macro in _macros(sections, resources)}.values()),
    )


def members(node: Node | None) -> Mapping[str, Node]:
    """Return the members of an object, none for anything else."""
    return node.value if node is not None and isinstance(node.value, dict) else {}


def items(node: Node | None) -> list[Node]:
    """Return the items of a list; anything else is its only item."""
    if node is None:
        return []
    return node.value if isinstance(node.value, list) else [node]


def function_of(node: Node) -> tuple[str, Node] | None:
    """Return the name and argument of the function that a node calls, None if it calls none."""
    if isinstance(node.value, dict) and len(node.value) == 1:
        ((name, argument),) = node.value.items()
        if name == "Ref" or name.startswith("Fn::"):
            return name, argument
    return None


FORMS = {
    "Condition": '{"Condition": "NAME"}',
    "Fn::Equals": "!Equals [VALUE, VALUE]",
    "Fn::FindInMap": "!FindInMap [MAP, KEY, KEY]",
    "Fn::GetAtt": "!GetAtt RESOURCE.ATTRIBUTE",
    "Fn::If": "!If [CONDITION, VALUE, VALUE]",
    "Fn::Join": '!Join ["DELIMITER", [TEXT, TEXT]]',
    "Fn::Not": "!Not [CONDITION]",
    "Fn::Select": "!Select [INDEX, [VALUE, VALUE]]",
    "Fn::Split": '!Split ["DELIMITER", TEXT]',
    "Fn::Sub": '!Sub "TEXT" or !Sub ["TEXT", {NAME: VALUE}]',
    "Ref": "!Ref NAME",
}
"""How a function is written."""


def wrong(node: Node, function: str, takes: str) -> PolicyLoadError:
    """Say that CloudFormation refuses what a function is given."""
    stands = f"a list of {len(node.value)}" if isinstance(node.value, list) else node.kind
    return refusal(node, f"{function} takes {takes}, but here stands {stands}", f"write {FORMS[function]}")


def refusal(node: Node, why: str, remedy: str = "") -> PolicyLoadError:
    """Say what is wrong with a node."""
    place = node.location
    return PolicyLoadError(place.path, why, line=place.line, column=place.column, remedy=remedy)


def _resources(
    name: str, node: Node, doubt: Token | None = None, identifiers: frozenset[str] = frozenset()
) -> Iterator[Resource]:
    """Yield a resource, or those that a loop makes."""
    if name.startswith(_LOOP):
        loop = node.value
        if isinstance(loop, list) and len(loop) == 3 and isinstance(loop[0].value, str):
            doubt = doubt or Token(name, node.location)
            for key, member in members(loop[2]).items():
                yield from _resources(key, member, doubt, identifiers | {loop[0].value})
        return
    fields = members(node)
    kind = fields.get("Type")
    if kind is not None and isinstance(kind.value, str):
        properties = members(fields.get("Properties"))
        yield Resource(name, kind.value, properties, node, fields.get("Condition"), doubt, identifiers)


def _macros(sections: Mapping[str, Node], resources: Mapping[str, Node]) -> Iterator[Macro]:
    """Yield the macros that may change resources, or add some.

    AWS: a macro gets, and may change, what stands beside it and below; AWS::Include adds what a file holds.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros-overview.html
    """
    untyped = (fields for node in resources.values() if "Type" not in (fields := members(node)))
    for fields in untyped:
        for node in items(fields.get(_TRANSFORM)):
            yield _macro(node, only_adds=True)
    for name in _CHANGEABLE:
        for node in items(members(sections.get(name)).get(_TRANSFORM)):
            if name in ("Resources", "Globals") or _name_of(node) != _INCLUDE:
                yield _macro(node)
    for node in [*items(sections.get("Transform")), *items(sections.get(_TRANSFORM))]:
        if not _HARMLESS.fullmatch(_name_of(node)):
            yield _macro(node)


def _macro(node: Node, *, only_adds: bool = False) -> Macro:
    name = _name_of(node)
    return Macro(f"macro {name[:200]}", node, only_adds or name == _INCLUDE)


def _name_of(node: Node) -> str:
    """Return the name of a macro, or what stands for an unknown one."""
    called = members(node).get("Name", node)
    call = function_of(called)
    name = called.value if call is None else call[1].value
    return name if isinstance(name, str) else "that is unknown"

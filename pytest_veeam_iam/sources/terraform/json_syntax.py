"""Terraform's JSON syntax (``.tf.json``) to the same blocks and expressions; it knows which words are types of blocks.

https://developer.hashicorp.com/terraform/language/syntax/json
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.tree import Node, Number, Template, TextSource
from pytest_veeam_iam.sources import embedded, json_text
from pytest_veeam_iam.sources.terraform.hcl import parse_template
from pytest_veeam_iam.sources.terraform.syntax import Argument, Chunk, Expression, Items, Literal, Members, Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_veeam_iam.sources.terraform.syntax import Block

_LABELS = {
    "resource": 2,
    "data": 2,
    "variable": 1,
    "output": 1,
    "module": 1,
    "locals": 0,
    "provider": 1,
    "terraform": 0,
}
"""How many levels of names stand between the type of a block and its body."""


def parse(source: TextSource) -> tuple[Block, ...]:
    """Return the blocks of a file.

    Args:
        source: The file's text.

    Raises:
        PolicyLoadError: It is not JSON, or not an object of blocks.
    """
    tree = json_text.parse(source)
    found: list[Block] = []
    for part in _objects(tree, source):
        _check(part, source)
        for key, value in _members(part):
            if key in _LABELS:
                found += _blocks(key, (), value, _LABELS[key], source)
    return tuple(found)


def parse_arguments(source: TextSource) -> Mapping[str, Argument]:
    """Return the members of a file without blocks, as ``.tfvars.json`` are.

    Args:
        source: The file's text.

    Raises:
        PolicyLoadError: It is not JSON, or no object.
    """
    [tree] = _objects(Node([json_text.parse(source)], source), source)
    return JsonBlock("", (), source, tree).body.arguments()


def _blocks(type_: str, labels: tuple[str, ...], node: Node, levels: int, source: TextSource) -> Iterator[Block]:
    """Go down the levels of names; at each of them stands an object, or a list of objects."""
    for part in _objects(node, source):
        if levels == 0:
            yield JsonBlock(type_, labels, source, part)
            continue
        _check(part, source)
        for key, value in _members(part):
            yield from _blocks(type_, (*labels, key), value, levels - 1, source)


def _objects(node: Node, source: TextSource) -> list[Node]:
    parts = node.value if isinstance(node.value, list) else [node]
    for part in parts:
        if not isinstance(part.value, dict):
            place = part.location
            why = f"a block is an object here, but found {part.kind}"
            raise PolicyLoadError(source.path, why, line=place.line, column=place.column)
    return parts


def _members(node: Node) -> list[tuple[str, Node]]:
    assert isinstance(node.value, dict)  # noqa: S101 - of _objects
    return [(key, value) for key, value in node.value.items() if key != "//"]


def _check(node: Node, source: TextSource) -> None:
    for again in node.duplicates:
        place = source.locate(again.again)
        line = source.locate(again.first).line
        why = f'"{again.key}" stands twice in this object (first on line {line})'
        raise PolicyLoadError(
            source.path, why, line=place.line, column=place.column, remedy="keep the one that is meant"
        )


@dataclass(frozen=True)
class JsonBlock:
    """A block, or the body of one: which members are arguments is not known before they are asked for."""

    type: str
    labels: tuple[str, ...]
    source: TextSource
    node: Node

    @property
    def start(self) -> int:
        """Offset of its brace."""
        return self.node.offset

    @property
    def end(self) -> int:
        """Unknown, so its beginning."""
        return self.node.offset

    def is_code(self, offset: int) -> bool:  # noqa: ARG002 - the protocol's signature
        """JSON has no comments."""
        return True

    @property
    def body(self) -> JsonBlock:
        """Itself."""
        _check(self.node, self.source)
        return self

    def argument(self, name: str) -> Argument | None:
        """Return the argument of that name."""
        assert isinstance(self.node.value, dict)  # noqa: S101 - of _objects
        value = self.node.value.get(name)
        return None if value is None else Argument(name, self.node.keys.get(name, 0), _expression(value, self.source))

    def arguments(self) -> Mapping[str, Argument]:
        """Return every member as an argument."""
        return {
            key: Argument(key, self.node.keys.get(key, 0), _expression(value, self.source))
            for key, value in _members(self.node)
        }

    def blocks(self, type_: str) -> Sequence[Block]:
        """Return the members that are blocks of that type."""
        assert isinstance(self.node.value, dict)  # noqa: S101 - of _objects
        found: list[Block] = []
        if type_ in self.node.value:
            found += _blocks(type_, (), self.node.value[type_], 0, self.source)
        for part in _objects(self.node.value["dynamic"], self.source) if "dynamic" in self.node.value else []:
            assert isinstance(part.value, dict)  # noqa: S101 - of _objects
            if type_ in part.value:
                found += _blocks("dynamic", (type_,), part.value[type_], 0, self.source)
        return found


def _expression(node: Node, source: TextSource) -> Expression:
    """Return a value as an expression: strings are templates."""
    offset = node.offset
    match node.value:
        case str():
            return _text(node, source)
        case list():
            return Items(source, offset, offset, tuple(_expression(item, source) for item in node.value))
        case dict():
            members = tuple((_key(node, key, source), _expression(item, source)) for key, item in node.value.items())
            return Members(source, offset, offset, members)
        case Template():
            raise AssertionError("JSON text holds no unknown values")
        case bool() | Number() | None:
            return Literal(source, offset, offset, node.value)


def _text(node: Node, source: TextSource) -> Expression:
    value = str(node.value)
    if "${" not in value and "%{" not in value:
        chunk = Chunk(value, json_text.character_offsets(source, node))
        return Text(source, node.offset, node.offset + len(value) + 2, (chunk,))
    return parse_template(embedded.EmbeddedText(source.path, embedded.spans(node)))


def _key(node: Node, key: str, source: TextSource) -> Expression:
    offset = node.keys.get(key, node.offset)
    chunk = Chunk(key, [offset] * len(key))
    if "${" not in key and "%{" not in key:
        return Text(source, offset, offset + len(key) + 2, (chunk,))
    return parse_template(embedded.EmbeddedText(source.path, [embedded.Span(key, source, [offset] * len(key))]))

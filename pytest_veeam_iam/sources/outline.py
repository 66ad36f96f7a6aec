"""A document as plain Python values, to be searched, and the way from a place in it back to its nodes.

It decides what a file's value is when it is not what was expected: nothing, not an error, so that a form can ask on.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Protocol, TypeAlias

from pytest_veeam_iam.iam.tree import Number, Template
from pytest_veeam_iam.sources import embedded
from pytest_veeam_iam.sources.large_json import LargeDocument

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_veeam_iam.iam.tree import Node

Path: TypeAlias = "tuple[str | int, ...]"
"""Keys and indices that lead from the outermost value to another."""


class Outline(Protocol):
    """A document's plain values, and its nodes by their place."""

    @property
    def plain(self) -> object:
        """The outermost value: dicts, lists, strings, numbers, booleans and None, not to be changed."""

    def node(self, path: Path) -> Node:
        """Return the node at the place of a plain value; PolicyLoadError if that part of the text is refused."""


class TreeOutline:
    """The outline of a tree that was read already.

    Args:
        tree: Its outermost node; an unknown value is plain text here.
    """

    def __init__(self, tree: Node) -> None:
        self._tree = tree

    @cached_property
    def plain(self) -> object:
        """The outermost value."""
        return _plain(self._tree)

    def node(self, path: Path) -> Node:
        """Return the node at ``path``."""
        node = self._tree
        for step in path:
            child = _child(node, step)
            if child is None:
                raise KeyError(step)
            node = child
        return node


def outline_of(tree: Node) -> Outline:
    """Return the outline of a document."""
    return tree if isinstance(tree, LargeDocument) else TreeOutline(tree)


def has(tree: Node, *path: str | int) -> bool:
    """Return whether something stands at a place of a document, without making an outline of it."""
    if isinstance(tree, LargeDocument):
        return _stands(tree.plain, path)
    node: Node | None = tree
    for step in path:
        node = _child(node, step) if node is not None else None
    return node is not None


def document_at(outline: Outline, path: Path) -> Callable[[], Node]:
    """Return what reads the document at a place: an object, or a text that holds it, URL-encoded or not."""
    return lambda: embedded.decode(outline.node(path))


def nearest(outline: Outline, path: Path) -> Node:
    """Return the node at a place, or else what would hold it: for messages."""
    while not _stands(outline.plain, path):
        path = path[:-1]
    return outline.node(path)


def members(value: object) -> Mapping[str, object]:
    """Return an object's members; none of any other value."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> Sequence[object]:
    """Return a list's items; none of any other value."""
    return value if isinstance(value, list) else ()


def text(value: object) -> str:
    """Return a string that can be printed, what cannot being escaped; of any other value the empty one."""
    if not isinstance(value, str):
        return ""
    return value if value.isprintable() else value.encode("unicode_escape").decode("ascii")


def _child(node: Node, step: str | int) -> Node | None:
    value = node.value
    if isinstance(value, dict) and isinstance(step, str):
        return value.get(step)
    return value[step] if isinstance(value, list) and isinstance(step, int) and step < len(value) else None


def _stands(value: object, path: Path) -> bool:
    for step in path:
        match value, step:
            case dict() as children, str() if step in children:
                value = children[step]
            case list() as children, int() if step < len(children):
                value = children[step]
            case _:
                return False
    return True


def _plain(node: Node) -> object:
    match node.value:
        case dict() as children:
            return {key: _plain(child) for key, child in children.items()}
        case list() as children:
            return [_plain(child) for child in children]
        case Number(written):
            return _number(written)
        case Template() as template:
            return str(template)
    return node.value


def _number(written: str) -> int | float:
    try:
        return int(written)
    except ValueError:
        return float(written)

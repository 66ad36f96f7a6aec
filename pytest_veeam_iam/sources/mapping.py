"""A Python mapping becomes the same tree as a text: it decides which Python values are values of a document."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.tree import Node, NoLines, Number
from pytest_veeam_iam.sources.json_text import MAX_DEPTH, MAX_NODES

if TYPE_CHECKING:
    from pytest_veeam_iam.iam.tree import Value


def tree_of(value: object, path: str = "<mapping>") -> Node:
    """Return the tree of a mapping.

    Args:
        value: Mappings with string keys, sequences, strings, numbers, booleans and None, as ``json.loads`` returns.
        path: What to call it in messages.

    Raises:
        PolicyLoadError: For any other value, or one that is nested too deeply or refers to itself.
    """
    return _Builder(NoLines(path)).node(value, MAX_DEPTH)


class _Builder:
    def __init__(self, source: NoLines) -> None:
        self.source = source
        self.nodes_left = MAX_NODES

    def node(self, value: object, depth: int) -> Node:
        self.nodes_left -= 1
        if depth < 0 or self.nodes_left < 0:
            raise PolicyLoadError(self.source.path, "it is nested too deeply, or refers to itself")
        return Node(self._value(value, depth), self.source)

    def _value(self, value: object, depth: int) -> Value:
        match value:
            case str() | bool() | None:
                return value
            case int():
                return Number(str(value))
            case float() if math.isfinite(value):
                return Number(repr(value))
            case Mapping():
                return {self._key(key): self.node(item, depth - 1) for key, item in value.items()}
            case Sequence() if not isinstance(value, bytes | bytearray | memoryview):
                return [self.node(item, depth - 1) for item in value]
        what = f"a value of type {type(value).__name__} stands in it"
        raise PolicyLoadError(self.source.path, what, remedy="write strings, numbers, booleans, lists and mappings")

    def _key(self, key: object) -> str:
        if isinstance(key, str):
            return key
        raise PolicyLoadError(self.source.path, f"the key {key!r} is not a string", remedy="write it in quotes")

"""Large JSON texts at the speed of the standard library's scanner: plain values first, strict nodes on demand.

The scanner in C keeps no positions and is lenient, so nothing that it read becomes a policy: a document is found among
its values, and then the part of the text where the document stands is read again by ``json_text``, with all its checks.
The way there is found by the same scanner, which skips one value at a call.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NoReturn

from pytest_veeam_iam.iam.tree import Node
from pytest_veeam_iam.sources import json_text

if TYPE_CHECKING:
    from pytest_veeam_iam.iam.tree import Duplicate, TextSource, Value
    from pytest_veeam_iam.sources.outline import Path

LARGE = 1_000_000
"""How many characters a text must have to be read this way."""

MAX_VALUES = 16_000_000
"""How many values a large text may hold: an account dump of 256 MiB on a single line has 12 million."""

_BY_HAND = 2
"""How many levels note where their children stand, on the first reading: the second has the lists of roles."""

_WS = r"[ \t\n\r]*+"
_space = re.compile(_WS).match
_key = re.compile(rf'"([^"\\\x00-\x1f]*+)"{_WS}:{_WS}').match
_colon = re.compile(rf"{_WS}:{_WS}").match
_after_child = re.compile(rf"{_WS}([,\]}}]){_WS}").match


def parse(source: TextSource) -> Node:
    """Read a JSON text of any size.

    Args:
        source: The text and what messages call it.

    Returns:
        The outermost value: a ``LargeDocument`` if the text is large.

    Raises:
        PolicyLoadError: As ``json_text.parse``; in a large text a repeated key, half a surrogate pair, an overlong
            number or too deep a nesting is noticed only where a node is asked for.
    """
    if len(source.text) < LARGE:
        return json_text.parse(source)
    json_text.bound(source, most=MAX_VALUES)
    try:
        return LargeDocument(source)
    except (ValueError, RecursionError):  # it is not JSON: this reader says where and why
        return json_text.parse(source, most=MAX_VALUES)


class LargeDocument(Node):
    """The outermost value of a large text; ``value`` reads all of it strictly, ``plain`` and ``node`` avoid that.

    Args:
        source: The text.

    Raises:
        ValueError: It is not JSON.
        RecursionError: It is nested too deeply.
    """

    __slots__ = ("_items", "_members", "_read", "_source", "_tree", "plain")

    def __init__(self, source: TextSource) -> None:
        self._source = self.source = source
        self.doubt = None
        self._tree: Node | None = None
        self._items: dict[int, list[int]] = {}
        self._members: dict[int, dict[str, int]] = {}
        self._read = json.JSONDecoder(parse_constant=_no_number).raw_decode
        self.offset = _end_of_space(source.text, 0)
        self.plain, end = self._value(self.offset, _BY_HAND)
        if _end_of_space(source.text, end) != len(source.text):
            raise ValueError(end)

    def __repr__(self) -> str:
        return f"LargeDocument({self._source.path})"

    @property
    def value(self) -> Value:  # type: ignore[override]
        """The whole tree, strictly read: slow."""
        return self._whole.value

    @property
    def keys(self) -> dict[str, int]:  # type: ignore[override]
        """As of any node."""
        return self._whole.keys

    @property
    def duplicates(self) -> tuple[Duplicate, ...]:  # type: ignore[override]
        """As of any node."""
        return self._whole.duplicates

    @property
    def _whole(self) -> Node:
        if self._tree is None:
            self._tree = json_text.parse(self._source)
        return self._tree

    def node(self, path: Path) -> Node:
        """Return the value at ``path``, strictly read.

        Args:
            path: Keys and indices that lead to a value of ``plain``.

        Raises:
            PolicyLoadError: This part of the text is none that ``json_text`` reads.
        """
        offset = self.offset
        for step in path:
            offset = self._child(offset, step)
        _, end = self._read(self._source.text, offset)
        return json_text.parse_part(self._source, offset, end)

    def _child(self, offset: int, step: str | int) -> int:
        """Return where a child of the list or object at ``offset`` begins; of equal keys the last, as in ``plain``."""
        if offset not in self._items and offset not in self._members:
            self._value(offset, 1)
        return self._items[offset][step] if isinstance(step, int) else self._members[offset][step]

    def _value(self, pos: int, levels: int) -> tuple[object, int]:
        """Read the value at ``pos``; so many of its levels note where their children begin."""
        opening = self._source.text[pos : pos + 1] if levels else ""
        if opening == "[":
            return self._list(pos, levels - 1)
        return self._object(pos, levels - 1) if opening == "{" else self._read(self._source.text, pos)

    def _list(self, opening: int, levels: int) -> tuple[list[object], int]:
        text = self._source.text
        offsets = self._items[opening] = []
        items: list[object] = []
        pos = _end_of_space(text, opening + 1)
        if text.startswith("]", pos):
            return items, pos + 1
        mark = ","
        while mark == ",":
            offsets.append(pos)
            item, pos = self._value(pos, levels)
            items.append(item)
            mark, pos = self._mark(pos, "]")
        return items, pos

    def _object(self, opening: int, levels: int) -> tuple[dict[str, object], int]:
        text = self._source.text
        offsets = self._members[opening] = {}
        members: dict[str, object] = {}
        pos = _end_of_space(text, opening + 1)
        if text.startswith("}", pos):
            return members, pos + 1
        mark = ","
        while mark == ",":
            key, pos = self._name(pos)
            offsets[key] = pos
            members[key], pos = self._value(pos, levels)
            mark, pos = self._mark(pos, "}")
        return members, pos

    def _name(self, pos: int) -> tuple[str, int]:
        """Read a key and its colon."""
        text = self._source.text
        if found := _key(text, pos):
            return found[1], found.end()
        name, end = self._read(text, pos)
        colon = _colon(text, end)
        if not isinstance(name, str) or colon is None:
            raise ValueError(pos)
        return name, colon.end()

    def _mark(self, pos: int, closing: str) -> tuple[str, int]:
        """Return the comma or bracket after a child, and the offset behind it and the white space."""
        found = _after_child(self._source.text, pos)
        if found is None or found[1] not in (",", closing):
            raise ValueError(pos)
        return found[1], found.end() if found[1] == "," else found.end(1)


def _end_of_space(text: str, pos: int) -> int:
    space = _space(text, pos)
    return space.end() if space else pos


def _no_number(text: str) -> NoReturn:
    """Refuse NaN and Infinity, which the standard library takes for numbers."""
    raise ValueError(text)

"""A document that was read but not yet understood: plain values that know where they stand.

Every form of file is read into these nodes; they know no IAM word, and whoever reads them no file.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Location:
    """A place to look at.

    Attributes:
        path: The file as it was named, ``<text>`` or ``<mapping>`` for other arguments; always with ``/``.
        line: 1-based, or None where there are no lines.
        column: 1-based, in characters.
    """

    path: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.path, self.line, self.column) if part is not None)


class Source(Protocol):
    """Where a document came from: it turns an offset into a location."""

    @property
    def path(self) -> str:
        """The name of the file, or ``<text>`` or ``<mapping>``."""

    def locate(self, offset: int) -> Location:
        """Return the location of the character at ``offset`` (0-based)."""


class TextSource:
    """A text of lines.

    Args:
        path: What to call it in messages.
        text: All of it; lines end in LF, CRLF or CR.
    """

    def __init__(self, path: str, text: str) -> None:
        self.path, self.text = path, text

    @cached_property
    def _line_starts(self) -> list[int]:
        starts, offset = [0], 0
        for line in self.text.replace("\r\n", " \n").replace("\r", "\n").split("\n"):
            offset += len(line) + 1
            starts.append(offset)
        return starts[:-1]

    def locate(self, offset: int) -> Location:
        """Return the line and column of the character at ``offset``."""
        line = bisect_right(self._line_starts, offset)
        return Location(self.path, line, offset - self._line_starts[line - 1] + 1)

    def offset_of(self, location: Location) -> int | None:
        """Return the offset of a location, None for one that is not of this text."""
        line, column = location.line, location.column
        if location.path != self.path or line is None or column is None or line > len(self._line_starts):
            return None
        return self._line_starts[line - 1] + column - 1


@dataclass(frozen=True, slots=True)
class NoLines:
    """A document that was never text, for example a mapping."""

    path: str = "<mapping>"

    def locate(self, offset: int) -> Location:  # noqa: ARG002 - the protocol's signature
        """Return the name alone."""
        return Location(self.path)


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is written: IAM compares its text, and 1e2 must not become 100.0 on the way."""

    text: str


@dataclass(frozen=True, slots=True)
class Token:
    """A value that nobody knows before the template it stands in is deployed: it may be any text.

    Attributes:
        expression: As the template writes it, without its marks, which is also how it is bound: ``var.bucket``,
            ``AWS::AccountId``.
        location: Where it is used.
        symbol: The bucket whose name or ARN it is, as a target names it: ``tf:aws_s3_bucket.repo``, ``cfn:RepoBucket``;
            empty for any other value.
        is_arn: Whether it is that bucket's ARN and not its name.
    """

    expression: str
    location: Location
    symbol: str = ""
    is_arn: bool = False

    def __str__(self) -> str:
        return f"${{{self.expression}}}"


@dataclass(frozen=True, slots=True)
class Template:
    """A text in which unknown values stand; a value that is unknown as a whole is one token and may be of any kind."""

    pieces: tuple[str | Token, ...]

    @property
    def tokens(self) -> tuple[Token, ...]:
        """The unknown values in it, at least one."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Token))

    def __str__(self) -> str:
        return "".join(map(str, self.pieces))


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A key that an object holds more than once; the offsets are those of the first and the repeated key."""

    key: str
    first: int
    again: int


Value: TypeAlias = "str | Template | bool | Number | list[Node] | dict[str, Node] | None"


@dataclass(slots=True, eq=False)
class Node:
    """One value of a document.

    Attributes:
        value: The value; an object keeps the last of a duplicate key.
        source: Where it was read from.
        offset: Of its first character.
        keys: For an object, the offset of each key.
        duplicates: For an object, the keys it repeats.
        doubt: Why it may not be there at all, or be there several times (an unknown ``count``, a condition); None if it
            surely is there once.
    """

    value: Value
    source: Source
    offset: int = 0
    keys: dict[str, int] = field(default_factory=dict)
    duplicates: tuple[Duplicate, ...] = ()
    doubt: Token | None = None

    @property
    def location(self) -> Location:
        """Where the value begins."""
        return self.source.locate(self.offset)

    def key_location(self, key: str) -> Location:
        """Where ``key`` of this object begins."""
        return self.source.locate(self.keys.get(key, self.offset))

    @property
    def kind(self) -> str:
        """What JSON calls it, with its article: for messages."""
        match self.value:
            case str():
                return "a string"
            case Template():
                return f"{self.value}, which is unknown"
            case bool():
                return f"the value {str(self.value).lower()}"
            case Number():
                return "a number"
            case None:
                return "the value null"
            case list():
                return "a list"
        return "an object"


def has_unknowns(node: Node) -> bool:
    """Return whether an unknown value stands in a document."""
    match node.value:
        case Template():
            return True
        case list():
            return any(map(has_unknowns, node.value))
        case dict():
            return any(map(has_unknowns, node.value.values()))
    return False


def fill(node: Node, value_of: Callable[[Token], str | None]) -> Node:
    """Return a document in which unknown values are the texts that they are now known to be.

    Args:
        node: The document; it is not changed.
        value_of: Returns the text of an unknown value, None if it stays unknown.
    """
    match node.value:
        case Template():
            return replace(node, value=_filled(node.value, value_of))
        case list():
            return replace(node, value=[fill(item, value_of) for item in node.value])
        case dict():
            return replace(node, value={key: fill(item, value_of) for key, item in node.value.items()})
    return node


def _filled(template: Template, value_of: Callable[[Token], str | None]) -> str | Template:
    pieces: list[str | Token] = []
    for piece in template.pieces:
        known = piece if isinstance(piece, str) else value_of(piece)
        if known is None:
            pieces.append(piece)
        elif pieces and isinstance(pieces[-1], str):
            pieces[-1] += known
        else:
            pieces.append(known)
    if all(isinstance(piece, str) for piece in pieces):
        return "".join(map(str, pieces))
    return Template(tuple(pieces))

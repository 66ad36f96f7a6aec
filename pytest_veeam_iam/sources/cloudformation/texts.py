"""Texts with unknown values in them: how their pieces are placed, and which unknown values stand in plain texts.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, overload

from pytest_veeam_iam.iam.tree import Node, Number, Template, Token
from pytest_veeam_iam.sources import embedded
from pytest_veeam_iam.sources.cloudformation.stack import function_of, items
from pytest_veeam_iam.sources.embedded import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam.iam.tree import Location, Source, Value
    from pytest_veeam_iam.sources.embedded import Piece

_DYNAMIC, _START, _END = "{{resolve:", "{{", "}}"
_in_loop = re.compile(r"[$&]\{([A-Za-z0-9]+)\}").finditer


@dataclass(frozen=True, slots=True)
class _AtOnePlace(Sequence[int]):
    """The offsets of characters that all have the same place."""

    offset: int
    length: int

    def __len__(self) -> int:
        return self.length

    @overload
    def __getitem__(self, index: int) -> int: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[int]: ...

    def __getitem__(self, index: int | slice) -> int | Sequence[int]:
        if isinstance(index, slice):
            return _AtOnePlace(self.offset, len(range(self.length)[index]))
        return self.offset


@dataclass(frozen=True, slots=True)
class Computed:
    """The source of a value that does not stand in the file: every character of it has the place it was computed for.

    Attributes:
        source: That of the place.
    """

    source: Source

    @property
    def path(self) -> str:
        """The name of the file."""
        return self.source.path

    def locate(self, offset: int) -> Location:
        """Return the place."""
        return self.source.locate(offset)

    def character_offsets(self, offset: int, value: str) -> Sequence[int]:
        """Return the place of each character."""
        return _AtOnePlace(offset, len(value))


def made(value: Value, at: Node) -> Node:
    """Return a value that was computed for the place of a node."""
    source = at.source if isinstance(at.source, Computed) else Computed(at.source)
    return Node(value, source, at.offset, {}, ())


def literal(node: Node) -> str | None:
    """Return the text of a string, number or boolean, None for anything else."""
    match node.value:
        case str():
            return node.value
        case Number():
            return node.value.text
        case bool():
            return str(node.value).lower()
    return None


def written(node: Node) -> Span:
    """Return a string as it stands in the file, with the place of each character."""
    if not node.value:
        return Span("", node.source, node.offset)
    (span,) = embedded.spans(node)
    assert isinstance(span, Span)  # noqa: S101 - a string is one span
    return span


def placed(text: str, at: Node) -> Span:
    """Return a text that was computed for the place of a node."""
    return Span(text, at.source, _AtOnePlace(at.offset, len(text)))


def pieces_of(value: Node) -> list[Piece]:
    """Return a value that holds no function as pieces; what is no text is unknown."""
    if isinstance(value.value, Template):
        return embedded.spans(value)
    if isinstance(value.value, str):
        return [written(value)]
    text = literal(value)
    return [Token(shown(value), value.location) if text is None else placed(text, value)]


def offset_in(span: Span, index: int) -> int:
    """Return the offset of one of its characters."""
    return span.offsets + index if isinstance(span.offsets, int) else span.offsets[index]


def joined(pieces: Sequence[Piece]) -> str | Template:
    """Return pieces as one value."""
    found: list[str | Token] = []
    for is_token, run in groupby(pieces, lambda piece: isinstance(piece, Token)):
        if is_token:
            found += [piece for piece in run if isinstance(piece, Token)]
        elif text := "".join(piece.text for piece in run if isinstance(piece, Span)):
            found.append(text)
    return Template(tuple(found)) if any(isinstance(each, Token) for each in found) else "".join(map(str, found))


def in_loop(span: Span, identifiers: frozenset[str]) -> list[Piece]:
    """Return a text of a loop: ``${Identifier}`` and ``&{Identifier}`` in it are unknown without any Fn::Sub."""
    found: list[Piece] = []
    start = 0
    for variable in _in_loop(span.text):
        if variable[1] in identifiers:
            found += [span.part(start, variable.start()), Token(variable[1], span.locate(variable.start()))]
            start = variable.end()
    return [*found, span.part(start)]


def without_dynamic(pieces: list[Piece]) -> list[Piece]:
    """Return a text in which each dynamic reference (``{{resolve:ssm:name}}``) is an unknown value."""
    if not any(isinstance(piece, Span) and _DYNAMIC in piece.text for piece in pieces):
        return pieces
    found: list[Piece] = []
    reference: list[str] = []
    opening: Location | None = None
    for piece in pieces:
        if isinstance(piece, Token):
            found.append(piece) if opening is None else reference.append(str(piece))
            continue
        end, text = 0, piece.text
        while end < len(text):
            start, end = end, text.find(_DYNAMIC if opening is None else _END, end)
            end = len(text) if end < 0 else end
            if opening is None:
                found.append(piece.part(start, end))
                opening = piece.locate(end) if end < len(text) else None
                reference = []
            else:
                reference.append(text[start:end])
                if end < len(text):
                    found.append(Token("".join(reference).removeprefix(_START), opening))
                    opening = None
                    end += len(_END)
    return found if opening is None else pieces


def shown(node: Node) -> str:
    """Return a function as one line, to show it and to bind it: ``Fn::Select(0, Names)``."""
    return "".join(_words(node, 6))[:120]


def _words(node: Node, depth: int) -> Iterator[str]:
    call, text = function_of(node), literal(node)
    if depth == 0:
        yield "..."
    elif call is not None and call[0] == "Ref":
        yield from _words(call[1], depth - 1)
    elif call is not None:
        yield f"{call[0]}("
        for index, argument in enumerate(items(call[1])[:5]):
            yield ", " if index else ""
            yield from _words(argument, depth - 1)
        yield ")"
    else:
        yield text[:80] if text is not None else node.kind

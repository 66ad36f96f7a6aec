"""JSON inside another document: a text that was pieced together becomes nodes that know where each character stood.

A policy in a heredoc, in a string of a plan or in a template has holes where unknown values stand. A hole becomes one
character that the text does not hold elsewhere, JSON is read as always, and each such character becomes a token again.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote_to_bytes

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.tree import Node, Template, TextSource, Token
from pytest_veeam_iam.sources import json_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_veeam_iam.iam.tree import Location, Source

_FIRST_HOLE = 0xF0000
"""Of a private use plane of Unicode: no text has a meaning for these characters."""

_LAST_HOLE = 0xFFFFD
_QUOTE = re.compile(r'\\.|"', re.DOTALL)
_ENCODED_OR_NOT = re.compile(r"(?:%[0-9A-Fa-f]{2})+|[^%]+|%")


@dataclass(frozen=True, slots=True)
class Span:
    """Known text, and where its characters stand.

    Attributes:
        text: The text as it is meant.
        source: Where it was read from.
        offsets: The offset of each character in the source; or that of the first if they follow each other.
    """

    text: str
    source: Source
    offsets: Sequence[int] | int = 0

    def locate(self, index: int) -> Location:
        """Return the location of one of its characters; behind the last one is allowed."""
        if isinstance(self.offsets, int):
            return self.source.locate(self.offsets + index)
        last = len(self.offsets) - 1
        return self.source.locate(self.offsets[min(index, last)] if last >= 0 else 0)

    def part(self, start: int, end: int | None = None) -> Span:
        """Return a part of it."""
        offsets = self.offsets + start if isinstance(self.offsets, int) else self.offsets[start:end]
        return Span(self.text[start:end], self.source, offsets)


Piece: TypeAlias = "Span | Token"


class EmbeddedText(TextSource):
    """A text that was pieced together; a token is one character of it, in quotes where no string surrounds it.

    Args:
        path: What to call it where it is empty.
        pieces: In their order.

    Raises:
        PolicyLoadError: For more unknown values, or for characters, than it can hold.
    """

    def __init__(self, path: str, pieces: Sequence[Piece]) -> None:
        self.tokens: list[Token] = []
        self._starts: list[int] = []
        self._pieces: list[Piece] = []
        self._bare: set[int] = set()
        texts: list[str] = []
        length, in_string = 0, False
        last = max((index for index, piece in enumerate(pieces) if isinstance(piece, Token)), default=0)
        for index, piece in enumerate(pieces):
            if isinstance(piece, Span):
                text = piece.text
                in_string = index < last and _ends_in_string(text, in_string=in_string)
                self._refuse_holes(piece)
            else:
                text = self._hole(piece)
                if not in_string:
                    text = f'"{text}"'
                    self._bare.add(length)
            self._starts.append(length)
            self._pieces.append(piece)
            texts.append(text)
            length += len(text)
        super().__init__(path, "".join(texts))

    def _hole(self, token: Token) -> str:
        self.tokens.append(token)
        code = _FIRST_HOLE + len(self.tokens) - 1
        if code > _LAST_HOLE:
            raise PolicyLoadError(token.location.path, "it holds too many unknown values", line=token.location.line)
        return chr(code)

    def _refuse_holes(self, span: Span) -> None:
        if not span.text.isascii() and (found := max(span.text)) >= chr(_FIRST_HOLE):
            place = span.locate(span.text.index(found))
            why = f"found U+{ord(found):04X} (a private use character), expected text"
            raise PolicyLoadError(place.path, why, line=place.line, column=place.column, remedy="delete it")

    def locate(self, offset: int) -> Location:
        """Return where the character at ``offset`` was written."""
        if not self._pieces:
            return super().locate(offset)
        index = max(bisect_right(self._starts, offset) - 1, 0)
        piece = self._pieces[index]
        return piece.locate(offset - self._starts[index]) if isinstance(piece, Span) else piece.location

    def is_bare(self, offset: int) -> bool:
        """Return whether the unknown value at ``offset`` stands outside of strings, so that it may be any JSON."""
        return offset in self._bare

    def filled(self, text: str) -> str | Template:
        """Return a text of this document with its unknown values."""
        pieces: list[str | Token] = []
        start = 0
        for index, character in enumerate(text):
            if character >= chr(_FIRST_HOLE):
                pieces += [text[start:index]] if index > start else []
                pieces.append(self.tokens[ord(character) - _FIRST_HOLE])
                start = index + 1
        if not pieces:
            return text
        return Template((*pieces, text[start:]) if start < len(text) else tuple(pieces))


def _ends_in_string(text: str, *, in_string: bool) -> bool:
    """Return whether a text of JSON ends within a string; a quote behind a backslash is none."""
    quotes = text.count('"') if "\\" not in text else sum(mark == '"' for mark in _QUOTE.findall(text))
    return in_string is not (quotes % 2 == 1)


def parse(path: str, pieces: Sequence[Piece]) -> Node:
    """Return the JSON document that some pieces of text are.

    Args:
        path: What to call it where it is empty.
        pieces: Text and unknown values in their order.

    Raises:
        PolicyLoadError: For what is not JSON, at the place where it was written.
    """
    source = EmbeddedText(path, pieces)
    node = json_text.parse(source)
    if source.tokens:
        _fill(node, source)
    return node


def _fill(node: Node, source: EmbeddedText) -> None:
    """Put the tokens back; a member whose key is unknown may be any member, so that it is in doubt."""
    if isinstance(node.value, str):
        node.value = source.filled(node.value)
    elif isinstance(node.value, list):
        for item in node.value:
            _fill(item, source)
            if source.is_bare(item.offset) and isinstance(item.value, Template):
                item.doubt = item.value.tokens[0]  # in a list it may be none or many items
    elif isinstance(node.value, dict):
        for key, member in [*node.value.items()]:
            _fill(member, source)
            name = source.filled(key)
            if isinstance(name, Template):
                member.doubt = name.tokens[0]
                node.value[str(name)] = node.value.pop(key)
                node.keys[str(name)] = node.keys.pop(key, node.offset)


def decode(node: Node) -> Node:
    """Return the document that stands in a string: JSON text, or JSON text that is URL-encoded once.

    Args:
        node: The string; an object or list is returned as it is.

    Raises:
        PolicyLoadError: For a string that is neither.
    """
    if not isinstance(node.value, str | Template):
        return node
    pieces = spans(node)
    first = pieces[0].text.lstrip()[:3].upper() if isinstance(pieces[0], Span) else ""
    if first in ("%7B", "%5B"):
        pieces = [_unquoted(piece) if isinstance(piece, Span) else piece for piece in pieces]
    return parse(node.source.path, pieces)


def spans(node: Node) -> list[Piece]:
    """Return a string's text with the places of its characters."""
    if isinstance(node.value, Template):
        place = node.offset
        return [p if isinstance(p, Token) else Span(p, node.source, [place] * len(p)) for p in node.value.pieces]
    assert isinstance(node.value, str)  # noqa: S101 - the callers ask only for strings
    origin = getattr(node.source, "character_offsets", None)
    offsets = origin(node.offset, node.value) if origin else json_text.character_offsets(node.source, node)
    return [Span(node.value, node.source, offsets)]


def _unquoted(span: Span) -> Span:
    """Undo URL encoding once, as AWS's answers are encoded (RFC 3986)."""
    characters: list[str] = []
    places: list[int] = []
    for match in _ENCODED_OR_NOT.finditer(span.text):
        index = match.start()
        encoded = match[0].startswith("%") and len(match[0]) > 1
        for character in unquote_to_bytes(match[0]).decode("utf-8", "replace") if encoded else match[0]:
            characters.append(character)
            places.append(index)
            index += 3 * len(character.encode()) if encoded else 1
    last = len(span.text) - 1
    offsets = span.offsets
    where = [offsets + place if isinstance(offsets, int) else offsets[min(place, last)] for place in places]
    return Span("".join(characters), span.source, where)

"""What an expression evaluates to: nodes, with strings that know the place of every character.

Some nodes say more than their value: a ``String`` knows its pieces, a ``Collection`` how much is in it, ``Encoded`` is
the text of a document whose tree is known, and ``Failed`` is unknown because Terraform would refuse the expression
(which ``try`` asks for).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from pytest_veeam_iam.iam.tree import Duplicate, Node, Number, Template, Token
from pytest_veeam_iam.sources.embedded import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_veeam_iam.iam.tree import Source
    from pytest_veeam_iam.sources.embedded import Piece

MAX_TEXT = 1024 * 1024
"""Characters that an evaluated string may have."""

MAX_ITEMS = 10_000
"""Items that an evaluated list or object may have."""

MAX_WEIGHT = 50_000
"""Values that an evaluated list or object may hold, all levels together: what is referred to twice counts twice."""

_CHARACTERS = 32
"""Of a string, for which it weighs as much as another value."""

Scalar: TypeAlias = "str | bool | Number | None"
N = TypeVar("N", bound=Node)


@dataclass(slots=True, eq=False)
class String(Node):
    """A string, or an unknown value, of pieces."""

    pieces: tuple[Piece, ...] = ()


@dataclass(slots=True, eq=False)
class Collection(Node):
    """A list or object; ``weight`` is the number of values in it."""

    weight: int = 0


@dataclass(slots=True, eq=False)
class Encoded(Collection):
    """A string that is known by the document in it: ``value`` is that of the document's tree, not the text."""


@dataclass(slots=True, eq=False)
class Failed(String):
    """Unknown, because Terraform would refuse it."""


def unknown(token: Token, source: Source, offset: int) -> String:
    """Return a value of which nothing is known."""
    return String(Template((token,)), source, offset, pieces=(token,))


def failed(token: Token, source: Source, offset: int) -> Failed:
    """Return a value that Terraform would refuse."""
    return Failed(Template((token,)), source, offset, pieces=(token,))


def weight_of(node: Node) -> int:
    """Return how many values a node is."""
    if isinstance(node, Collection):
        return 1 + node.weight
    if isinstance(node, String):
        return 1 + sum(len(piece.text) for piece in node.pieces if isinstance(piece, Span)) // _CHARACTERS
    return 1


def collection(
    value: list[Node] | dict[str, Node],
    source: Source,
    offset: int,
    keys: dict[str, int] | None = None,
    duplicates: tuple[Duplicate, ...] = (),
) -> Collection | None:
    """Return a list or object, or None if there is too much in it."""
    weight = sum(map(weight_of, value.values() if isinstance(value, dict) else value))
    if weight > MAX_WEIGHT or len(value) > MAX_ITEMS:
        return None
    return Collection(value, source, offset, keys or {}, duplicates, weight=weight)


def collected(node: Node) -> Node:
    """Return a tree that was read from JSON with the weights of its collections, however heavy."""
    value = node.value
    if isinstance(value, list):
        value = [collected(item) for item in value]
        weight = sum(map(weight_of, value))
    elif isinstance(value, dict):
        value = {key: collected(member) for key, member in value.items()}
        weight = sum(map(weight_of, value.values()))
    else:
        return node
    return Collection(value, node.source, node.offset, node.keys, node.duplicates, node.doubt, weight)


def encoded(document: Node) -> Encoded:
    """Return the string that holds a document."""
    tree = document if isinstance(document, Collection) else collected(document)
    weight = weight_of(tree) - 1
    return Encoded(tree.value, tree.source, tree.offset, tree.keys, tree.duplicates, weight=weight)


def decoded(node: Encoded) -> Node:
    """Return the document that a string holds."""
    return Collection(node.value, node.source, node.offset, node.keys, node.duplicates, weight=node.weight)


def text(pieces: Iterable[Piece], source: Source, offset: int) -> String:
    """Return the string that some pieces are together."""
    kept = tuple(piece for piece in pieces if isinstance(piece, Token) or piece.text)
    if any(isinstance(piece, Token) for piece in kept):
        merged: list[str | Token] = []
        for piece in kept:
            if isinstance(piece, Span) and merged and isinstance(merged[-1], str):
                merged[-1] += piece.text
            else:
                merged.append(piece.text if isinstance(piece, Span) else piece)
        return String(Template(tuple(merged)), source, offset, pieces=kept)
    return String("".join(piece.text for piece in kept if isinstance(piece, Span)), source, offset, pieces=kept)


def literal(value: str, source: Source, offset: int) -> String:
    """Return a string that was computed: all of it stands at one place."""
    return String(value, source, offset, pieces=(spread(value, source, offset),))


def spread(value: str, source: Source, offset: int) -> Span:
    """Return a text all of whose characters stand at one place."""
    return Span(value, source, [offset] * len(value))


def token_of(node: Node) -> Token | None:
    """Return the token of a value that is unknown as a whole, or None."""
    if isinstance(node.value, Template) and len(node.value.pieces) == 1 and not isinstance(node, Encoded):
        piece = node.value.pieces[0]
        return piece if isinstance(piece, Token) else None
    return None


def items_of(node: Node) -> list[Node] | None:
    """Return the items of a list, or None for anything else."""
    return node.value if isinstance(node.value, list) and not isinstance(node, Encoded) else None


def members_of(node: Node) -> dict[str, Node] | None:
    """Return the members of an object, or None for anything else."""
    return node.value if isinstance(node.value, dict) and not isinstance(node, Encoded) else None


def string_of(node: Node) -> str | None:
    """Return what a known number, boolean or string is as a string, or None."""
    match node.value:
        case str():
            return node.value
        case bool():
            return str(node.value).lower()
        case Number():
            return node.value.text
    return None


def is_null(node: Node) -> bool:
    """Return whether a value is surely null."""
    return node.value is None


def doubted(node: N, token: Token | None) -> N:
    """Return a value that may not be there."""
    return node if token is None or node.doubt is not None else replace(node, doubt=token)


def certain(node: N) -> N:
    """Return a value as it is if it is there."""
    return node if node.doubt is None else replace(node, doubt=None)


def pieces_of(node: Node) -> Sequence[Piece] | None:
    """Return the pieces of a value in a string, or None for one that no string can hold."""
    if isinstance(node, Encoded):
        return json_pieces(decoded(node))
    if isinstance(node, String):
        return node.pieces
    written = string_of(node)
    if written is not None:
        return [spread(written, node.source, node.offset)]
    if isinstance(node.value, Template):
        return [
            piece if isinstance(piece, Token) else spread(piece, node.source, node.offset)
            for piece in node.value.pieces
        ]
    return None


def is_known(node: Node) -> bool:
    """Return whether nothing in a value is unknown or in doubt."""
    if node.doubt is not None or isinstance(node.value, Template):
        return False
    if isinstance(node.value, list):
        return all(map(is_known, node.value))
    if isinstance(node.value, dict):
        return all(map(is_known, node.value.values()))
    return True


def plain(node: Node) -> object:
    """Return a known value for comparison; numbers that are equal compare equal."""
    match node.value:
        case list():
            return [plain(item) for item in node.value]
        case dict():
            return {key: plain(item) for key, item in node.value.items()}
        case Number():
            from decimal import Decimal

            return ("number", Decimal(node.value.text)) if len(node.value.text) < 40 else node.value
        case bool():
            return ("bool", node.value)
        case Template():
            return node.value
    return node.value


def first_doubt(node: Node) -> Token | None:
    """Return a reason why some part of a value may not be there, or None if all of it surely is."""
    if node.doubt is not None:
        return node.doubt
    inner: Iterable[Node] = ()
    if isinstance(node.value, list):
        inner = node.value
    elif isinstance(node.value, dict):
        inner = node.value.values()
    return next((doubt for each in inner if (doubt := first_doubt(each)) is not None), None)


def json_pieces(node: Node) -> list[Piece]:
    """Return a value as JSON text; one that is too long, or a part of which may be missing, is unknown."""
    doubt = first_doubt(node)
    if doubt is not None:
        return [doubt]
    writer = _Writer()
    writer.write(node)
    if writer.left < 0:
        return [Token(f"a text of more than {MAX_TEXT:,} characters", node.location)]
    return writer.pieces


class _Writer:
    """Writes JSON, and stops where it gets too long."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.left = MAX_TEXT

    def write(self, node: Node) -> None:
        """Write a value."""
        value = node.value
        if self.left < 0:
            return
        if isinstance(value, dict) and not isinstance(node, Encoded):
            self._mark(node, "{")
            for index, (key, member) in enumerate(value.items()):
                self._mark(node, ("," if index else "") + _quoted(key) + ":")
                self.write(member)
            self._mark(node, "}")
        elif isinstance(value, list) and not isinstance(node, Encoded):
            self._mark(node, "[")
            for index, item in enumerate(value):
                self._mark(node, "," if index else "")
                self.write(item)
            self._mark(node, "]")
        else:
            self._write_scalar(node)

    def _write_scalar(self, node: Node) -> None:
        value, token = node.value, token_of(node)
        if value is None or isinstance(value, bool | Number):
            self._mark(node, "null" if value is None else string_of(node) or "")
        elif token is not None:
            self.pieces.append(token)
        else:
            self._mark(node, '"')
            for piece in pieces_of(node) or ():
                self._add(_escaped(piece))
            self._mark(node, '"')

    def _mark(self, node: Node, mark: str) -> None:
        self._add(spread(mark, node.source, node.offset))

    def _add(self, piece: Piece) -> None:
        self.left -= len(piece.text) if isinstance(piece, Span) else 1
        self.pieces.append(piece)


def _quoted(key: str) -> str:
    from json import dumps

    return dumps(key)


def _escaped(piece: Piece) -> Piece:
    if isinstance(piece, Token):
        return piece
    from json import dumps

    written = [dumps(character)[1:-1] for character in piece.text]
    if all(len(each) == 1 for each in written):
        return piece
    where = piece.offsets
    places = [
        where + index if isinstance(where, int) else where[index] for index, each in enumerate(written) for _ in each
    ]
    return Span("".join(written), piece.source, places)

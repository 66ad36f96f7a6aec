"""Terraform's language as frozen expressions and blocks: what was written, and where; never what it evaluates to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_veeam_iam.iam.tree import Location, Number, TextSource

_LONGEST = 80
"""Characters of an expression that a message shows."""


@dataclass(frozen=True, slots=True)
class Expression:
    """Something that has a value.

    Attributes:
        source: The text it stands in.
        start: Offset of its first character.
        end: Offset behind its last character.
    """

    source: TextSource
    start: int
    end: int

    @property
    def text(self) -> str:
        """As it is written, on one line and shortened."""
        written = " ".join(self.source.text[self.start : min(self.end, self.start + 8 * _LONGEST)].split())
        return written if len(written) <= _LONGEST else written[: _LONGEST - 3] + "..."

    @property
    def location(self) -> Location:
        """Where it begins."""
        return self.source.locate(self.start)


@dataclass(frozen=True, slots=True)
class Literal(Expression):
    """A number, a boolean or null."""

    value: Number | bool | None


@dataclass(frozen=True, slots=True)
class Chunk:
    """Known text of a template.

    Attributes:
        text: What it says, escapes undone.
        offsets: Offset of each of its characters, or of the first if the others follow it.
    """

    text: str
    offsets: Sequence[int] | int


@dataclass(frozen=True, slots=True)
class Text(Expression):
    """A string: one chunk, or chunks, interpolations and directives in their order; ``"${x}"`` alone is ``x``."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class IfDirective(Expression):
    """``%{ if condition }yes%{ else }no%{ endif }``."""

    condition: Expression
    yes: tuple[Part, ...]
    no: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class ForDirective(Expression):
    """``%{ for key, value in collection }body%{ endfor }``; ``key`` may be empty."""

    key: str
    value: str
    collection: Expression
    body: tuple[Part, ...]


Part: TypeAlias = "Chunk | Expression"
"""Of a template: known text, a directive, or an expression whose value is inserted."""


@dataclass(frozen=True, slots=True)
class GetAttribute:
    """``.name``, or the old ``.0``; ``end`` is the offset behind it."""

    name: str
    end: int


@dataclass(frozen=True, slots=True)
class GetIndex:
    """``[key]``."""

    key: Expression
    end: int


@dataclass(frozen=True, slots=True)
class EachOf:
    """``[*]`` or ``.*`` and the steps that are taken from each item."""

    steps: tuple[Step, ...]
    end: int


Step: TypeAlias = "GetAttribute | GetIndex | EachOf"


@dataclass(frozen=True, slots=True)
class Name(Expression):
    """A bare identifier: the root of a reference, or a variable of a ``for``."""

    name: str


@dataclass(frozen=True, slots=True)
class Traversal(Expression):
    """A value and the steps into it: ``var.buckets[0].arn``."""

    of: Expression
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Call(Expression):
    """A function call; with ``expands`` its last argument is a list of arguments."""

    name: str
    arguments: tuple[Expression, ...]
    expands: bool


@dataclass(frozen=True, slots=True)
class Operation(Expression):
    """An operator with its one or two operands."""

    operator: str
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Choice(Expression):
    """``condition ? yes : no``."""

    condition: Expression
    yes: Expression
    no: Expression


@dataclass(frozen=True, slots=True)
class Items(Expression):
    """``[a, b]``."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Members(Expression):
    """``{ key = value }``; a bare key is a string."""

    members: tuple[tuple[Expression, Expression], ...]


@dataclass(frozen=True, slots=True)
class For(Expression):
    """``[for k, v in collection : value if condition]`` or, with ``name``, ``{for ... : name => value}``.

    ``key`` may be empty; ``groups`` is the ``...`` that collects values of one name.
    """

    key: str
    item: str
    collection: Expression
    name: Expression | None
    value: Expression
    groups: bool
    condition: Expression | None


@dataclass(frozen=True, slots=True)
class Argument:
    """``name = expression``; ``start`` is the offset of its name."""

    name: str
    start: int
    value: Expression


class Body(Protocol):
    """What stands in a block. Of JSON nobody knows what is an argument and what a block before it is asked for."""

    def argument(self, name: str) -> Argument | None:
        """Return the argument of that name."""

    def arguments(self) -> Mapping[str, Argument]:
        """Return everything that may be an argument."""

    def blocks(self, type_: str) -> Sequence[Block]:
        """Return the blocks of that type in their order, with the ``dynamic`` ones that make such blocks."""


class Block(Protocol):
    """``type "label" "label" { body }``."""

    @property
    def type(self) -> str:
        """Its first word, ``dynamic`` for a block that makes blocks."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The words or strings behind its type."""

    @property
    def source(self) -> TextSource:
        """The text it stands in."""

    @property
    def start(self) -> int:
        """Offset of its first character."""

    @property
    def end(self) -> int:
        """Offset behind its last character."""

    def is_code(self, offset: int) -> bool:
        """Return whether what stands at an offset within it is no comment."""

    @property
    def body(self) -> Body:
        """What stands in it; raises PolicyLoadError if an argument stands there twice."""

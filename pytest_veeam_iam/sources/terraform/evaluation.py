"""Expressions to nodes: what is known without a deployment, and for all else a token with the expression as written.

It decides Terraform's operators, conditionals, loops and templates. Functions stand in ``functions``, and what a name
means is the module's business. Nothing raises for an expression that Terraform would refuse: its value is ``Failed``.
The work is bounded by steps, depth and size; beyond a bound a value is unknown.
"""

from __future__ import annotations

from decimal import Decimal, DivisionByZero, InvalidOperation
from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.tree import Duplicate, Node, Number, Template, Token
from pytest_veeam_iam.sources.embedded import Span
from pytest_veeam_iam.sources.terraform import values
from pytest_veeam_iam.sources.terraform.syntax import (
    Call,
    Choice,
    Chunk,
    EachOf,
    Expression,
    For,
    ForDirective,
    GetAttribute,
    IfDirective,
    Items,
    Literal,
    Members,
    Name,
    Operation,
    Text,
    Traversal,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pytest_veeam_iam.sources.embedded import Piece
    from pytest_veeam_iam.sources.terraform.scope import Scope
    from pytest_veeam_iam.sources.terraform.syntax import Part, Step

MAX_STEPS = 100_000
"""Expressions that are evaluated for one document."""

MAX_DEPTH = 100
"""How deep evaluations may be nested, through references as well."""

REFERENCE = 3
"""How much deeper a reference goes than an expression within another: it takes that many times the stack."""


class Budget:
    """How much may still be evaluated."""

    def __init__(self) -> None:
        self.steps = MAX_STEPS
        self.depth = 0
        self.is_deep = False

    def renew(self) -> None:
        """Begin with another document."""
        self.steps, self.is_deep = MAX_STEPS, False


def token(at: Expression) -> Token:
    """Return the token of an expression that nobody knows the value of."""
    return Token(at.text, at.location)


def unknown(at: Expression, *, failed: bool = False) -> Node:
    """Return the value of an expression that nobody knows the value of."""
    make = values.failed if failed else values.unknown
    return make(token(at), at.source, at.start)


def listed(items: list[Node], at: Expression) -> Node:
    """Return a list, or an unknown value if it is too long."""
    return values.collection(items, at.source, at.start) or unknown(at)


def key_of(node: Node, key: str, member: Node) -> Node:
    """Return the key of a member as a value; ``_member`` calls one in doubt as the expression that makes it."""
    place = node.keys.get(key, node.offset)
    if member.doubt is not None and "${" in key:
        return values.unknown(Token(key, node.source.locate(place)), node.source, place)
    return values.literal(key, node.source, place)


def _member(key: Node, value: Node, at: Expression) -> tuple[str, Node]:
    """Return a member with its name; one whose name is unknown may be any member."""
    name = values.string_of(key)
    if name is not None:
        return name, value
    reason = key.value.tokens[0] if isinstance(key.value, Template) else token(at)
    return str(key.value) if isinstance(key.value, Template) else at.text, values.doubted(value, reason)


class Evaluator:
    """Evaluates expressions within one budget.

    Args:
        budget: Shared by all that is evaluated for one document.
    """

    def __init__(self, budget: Budget) -> None:
        self.budget = budget

    def evaluate(self, at: Expression, scope: Scope) -> Node:
        """Return the value of an expression."""
        budget = self.budget
        budget.steps -= 1
        if budget.steps < 0 or budget.depth >= MAX_DEPTH:
            budget.is_deep = budget.is_deep or budget.steps >= 0
            return unknown(at)
        budget.depth += 1
        try:
            return _HOW[type(at)](self, at, scope)
        finally:
            budget.depth -= 1

    def _literal(self, at: Literal, _scope: Scope) -> Node:
        return Node(at.value, at.source, at.start)

    def _items(self, at: Items, scope: Scope) -> Node:
        return listed([self.evaluate(item, scope) for item in at.items], at)

    def _members(self, at: Members, scope: Scope) -> Node:
        found: dict[str, Node] = {}
        keys: dict[str, int] = {}
        duplicates: list[Duplicate] = []
        for key_at, value_at in at.members:
            name, value = _member(self.evaluate(key_at, scope), self.evaluate(value_at, scope), key_at)
            if name in found:
                duplicates.append(Duplicate(name, keys[name], key_at.start))
            found[name], keys[name] = value, key_at.start
        return values.collection(found, at.source, at.start, keys, tuple(duplicates)) or unknown(at)

    # Strings

    def _text(self, at: Text, scope: Scope) -> Node:
        if len(at.parts) == 1:
            part = at.parts[0]
            if isinstance(part, Chunk):
                span = Span(part.text, at.source, part.offsets)
                return values.String(part.text, at.source, at.start, pieces=(span,))
            if not isinstance(part, IfDirective | ForDirective):
                return self.evaluate(part, scope)
        solid = [part for part in at.parts if not isinstance(part, Chunk) or not part.text.isspace()]
        if len(solid) == 1 and not isinstance(solid[0], Chunk | IfDirective | ForDirective):
            value = self.evaluate(solid[0], scope)
            if isinstance(value, values.Encoded):
                return value  # white space round a JSON text does not matter
        return self._joined(at.parts, at, scope)

    def _joined(self, parts: Sequence[Part], at: Expression, scope: Scope) -> Node:
        pieces = self._pieces(parts, at, scope)
        if sum(len(piece.text) for piece in pieces if isinstance(piece, Span)) > values.MAX_TEXT:
            return unknown(at)
        return values.text(pieces, at.source, at.start)

    def _pieces(self, parts: Sequence[Part], at: Expression, scope: Scope) -> list[Piece]:
        found: list[Piece] = []
        for part in parts:
            if isinstance(part, Chunk):
                found.append(Span(part.text, at.source, part.offsets))
            elif isinstance(part, IfDirective):
                found += self._if_directive(part, scope)
            elif isinstance(part, ForDirective):
                found += self._for_directive(part, scope)
            else:
                found += values.pieces_of(self.evaluate(part, scope)) or (token(part),)
        return found

    def _if_directive(self, at: IfDirective, scope: Scope) -> list[Piece]:
        known = truth(self.evaluate(at.condition, scope))
        if known is None:
            return [Token(f"if {at.condition.text}", at.location)]
        return self._pieces(at.yes if known else at.no, at, scope)

    def _for_directive(self, at: ForDirective, scope: Scope) -> list[Piece]:
        pairs = list(self.pairs(self.evaluate(at.collection, scope), at.collection))
        repeated = Token(f"for {at.value} in {at.collection.text}", at.location)
        if any(value.doubt is not None for _, value in pairs):
            return [repeated]
        found: list[Piece] = []
        size = 0
        for key, value in pairs:
            names = {at.value: value, **({at.key: key} if at.key else {})}
            more = self._pieces(at.body, at, scope.having(names))
            size += sum(len(piece.text) for piece in more if isinstance(piece, Span))
            self.budget.steps -= len(more)
            if size > values.MAX_TEXT or self.budget.steps < 0:
                return [repeated]
            found += more
        return found

    # References

    def _name(self, at: Name, scope: Scope) -> Node:
        return self._follow(at, at, (), scope)

    def _traversal(self, at: Traversal, scope: Scope) -> Node:
        return self._follow(at, at.of, at.steps, scope)

    def _follow(self, at: Expression, of: Expression, steps: Sequence[Step], scope: Scope) -> Node:
        taken = 0
        if not isinstance(of, Name):
            node = self.evaluate(of, scope)
        elif of.name in scope.names:
            node = scope.names[of.name]
        elif scope.closed:
            return unknown(at, failed=True)
        else:
            node, taken = scope.world.refer(of.name, steps, at, scope)
        return self.walk(node, steps[taken:], at, scope)

    def walk(self, node: Node, steps: Sequence[Step], at: Expression, scope: Scope) -> Node:
        """Return what some steps lead to from a value.

        Args:
            node: Where they begin.
            steps: Attributes, indexes and splats.
            at: The expression that they are the end of.
            scope: For the indexes.
        """
        while steps:
            step = steps[0]
            if isinstance(step, EachOf):
                node = listed([self._taken(item, step.steps, at, scope) for item in self._splatted(node, at)], at)
                steps = steps[1:]
                continue
            if isinstance(node, Addressed):
                node, taken = node.follow(steps)
                steps = steps[taken:]
                continue
            steps = steps[1:]
            key = literal_key(step, at) if isinstance(step, GetAttribute) else self.evaluate(step.key, scope)
            node = self.index(node, key, at)
        return node

    def _taken(self, item: Node, steps: Sequence[Step], at: Expression, scope: Scope) -> Node:
        """Return what some steps lead to from an item of a list; if that may not be there, neither may this."""
        return values.doubted(self.walk(item, steps, at, scope), item.doubt)

    def _splatted(self, node: Node, at: Expression) -> list[Node]:
        items = values.items_of(node)
        if items is not None:
            return items
        if values.is_null(node):
            return []
        if isinstance(node, Addressed):
            return node.instances()
        return self._many(node, at) if values.token_of(node) else [node]

    def _many(self, node: Node, at: Expression) -> list[Node]:
        """Return the items of a list that nobody knows: one that stands for none or many."""
        reason = values.token_of(node) or token(at)
        item = Token(f"{reason.expression}[*]", reason.location, reason.symbol, reason.is_arn)
        return [values.doubted(values.unknown(item, node.source, node.offset), reason)]

    def index(self, node: Node, key: Node, at: Expression) -> Node:
        """Return one item or member of a value."""
        items, members, name = values.items_of(node), values.members_of(node), values.string_of(key)
        if name is None:
            return unknown(at)
        if items is not None:
            return self._item(items, name, at)
        if members is not None:
            if name in members:
                return values.certain(members[name])
            return unknown(at, failed=not any(member.doubt for member in members.values()))
        return unknown(at, failed=values.token_of(node) is None or isinstance(node, values.Failed))

    def _item(self, items: list[Node], name: str, at: Expression) -> Node:
        place = int(name) if name.isascii() and name.isdigit() and len(name) < 9 else -1
        certain = [item.doubt is None for item in items[: place + 1]]
        if place < 0 or (place >= len(items) and all(certain)):
            return unknown(at, failed=True)
        return items[place] if all(certain) and place < len(items) else unknown(at)

    # Loops, conditions, calls

    def pairs(self, node: Node, at: Expression) -> Iterator[tuple[Node, Node]]:
        """Yield key and value of everything in a collection; one of unknown size yields one pair in doubt."""
        items, members = values.items_of(node), values.members_of(node)
        if isinstance(node, Addressed):
            yield from node.pairs()
        elif members is not None:
            for key, member in members.items():
                yield key_of(node, key, member), member
        elif items is not None:
            for number, item in enumerate(items):
                yield Node(Number(str(number)), item.source, item.offset), item
        else:
            [item] = self._many(node, at) if values.token_of(node) else [values.doubted(unknown(at), token(at))]
            yield values.unknown(Token(f"keys({at.text})[*]", at.location), at.source, at.start), item

    def _for(self, at: For, scope: Scope) -> Node:
        listed_, members = [], {}  # type: tuple[list[Node], dict[str, Node]]
        keys: dict[str, int] = {}
        for number, (inner, doubt) in enumerate(self._rounds(at, scope)):
            if number >= values.MAX_ITEMS or self.budget.steps < 0:
                return unknown(at)
            value = values.doubted(values.certain(self.evaluate(at.value, inner)), doubt)
            if at.name is None:
                listed_.append(value)
                continue
            name, value = _member(self.evaluate(at.name, inner), value, at.name)
            if at.groups:
                value = listed([*(values.items_of(members[name]) or () if name in members else ()), value], at)
            members[name], keys[name] = value, value.offset
        if at.name is None:
            return listed(listed_, at)
        return values.collection(members, at.source, at.start, keys) or unknown(at)

    def _rounds(self, at: For, scope: Scope) -> Iterator[tuple[Scope, Token | None]]:
        """Yield the scope of each round that its condition does not exclude, and why there may be no such round."""
        for key, item in self.pairs(self.evaluate(at.collection, scope), at.collection):
            inner = scope.having({at.item: values.certain(item), **({at.key: key} if at.key else {})})
            holds = True if at.condition is None else truth(self.evaluate(at.condition, inner))
            if holds is None and at.condition is not None:
                yield inner, item.doubt or token(at.condition)
            elif holds:
                yield inner, item.doubt

    def _choice(self, at: Choice, scope: Scope) -> Node:
        known = truth(self.evaluate(at.condition, scope))
        if known is not None:
            return self.evaluate(at.yes if known else at.no, scope)
        return either(self.evaluate(at.yes, scope), self.evaluate(at.no, scope), token(at.condition), at)

    def _call(self, at: Call, scope: Scope) -> Node:
        from pytest_veeam_iam.sources.terraform import functions

        result = functions.call(self, at, scope)
        self.budget.steps -= values.weight_of(result)
        return result

    def _operation(self, at: Operation, scope: Scope) -> Node:
        operands = [self.evaluate(operand, scope) for operand in at.operands]
        if at.operator in ("&&", "||", "!"):
            result = _logic(at.operator, [truth(operand) for operand in operands])
        elif at.operator in ("==", "!="):
            same = equal(*operands)
            result = None if same is None else same is (at.operator == "==")
        else:
            return _arithmetic(at, operands)
        return unknown(at) if result is None else Node(result, at.source, at.start)


class Addressed(values.String):
    """A resource or module as a whole: unknown as a value, but one knows what its attributes and instances are."""

    __slots__ = ()

    def follow(self, steps: Sequence[Step]) -> tuple[Node, int]:
        """Return what some steps lead to, none of them ``[*]`` at first, and how many of them that took."""
        raise NotImplementedError

    def pairs(self) -> Iterator[tuple[Node, Node]]:
        """Yield the key and each of its instances; one in doubt if nobody knows how many."""
        raise NotImplementedError

    def instances(self) -> list[Node]:
        """Return its instances."""
        return [instance for _, instance in self.pairs()]


def literal_key(step: GetAttribute, at: Expression) -> Node:
    """Return the name of an attribute as a value."""
    return Node(step.name, at.source, at.start)


def truth(node: Node) -> bool | None:
    """Return a condition's value, or None if nobody knows it."""
    if isinstance(node.value, bool):
        return node.value
    return {"true": True, "false": False}.get(node.value) if isinstance(node.value, str) else None


def equal(left: Node, right: Node) -> bool | None:
    """Return whether two values are equal, or None if nobody knows."""
    if values.is_null(left) or values.is_null(right):
        other = right if values.is_null(left) else left
        return None if values.token_of(other) else values.is_null(other)
    if not (values.is_known(left) and values.is_known(right)):
        return None
    if isinstance(left, values.Encoded) is not isinstance(right, values.Encoded):
        return None
    return values.plain(left) == values.plain(right)


def either(yes: Node, no: Node, reason: Token, at: Expression) -> Node:
    """Return what is known of a value that is one of two: of lists every item is in doubt."""
    if equal(yes, no):
        return yes
    sides = [[] if values.is_null(side) else values.items_of(side) for side in (yes, no)]
    if None not in sides and not (values.is_null(yes) and values.is_null(no)):
        both = [item for side in sides for item in side or ()]
        return listed([values.doubted(item, reason) for item in both], at)
    documents = [side for side in (yes, no) if isinstance(side, values.Encoded) and isinstance(side.value, dict)]
    if len(documents) == 2:
        return _either_document(documents, reason) or unknown(at)
    return unknown(at)


def _either_document(documents: Sequence[Node], reason: Token) -> Node | None:
    """Return a document with the statements of two, all of them in doubt."""
    statements: list[Node] = []
    for document in documents:
        assert isinstance(document.value, dict)  # noqa: S101 - of either
        found = document.value.get("Statement")
        if found is None:
            return None
        statements += [
            values.doubted(each, reason) for each in (found.value if isinstance(found.value, list) else [found])
        ]
    first = documents[0]
    assert isinstance(first.value, dict)  # noqa: S101 - of either
    joined = Node(statements, first.source, first.offset)
    return values.encoded(Node({**first.value, "Statement": joined}, first.source, first.offset, first.keys))


def _logic(operator: str, operands: Sequence[bool | None]) -> bool | None:
    if operator == "!":
        return None if operands[0] is None else not operands[0]
    decisive = operator == "||"
    if decisive in operands:
        return decisive
    return None if None in operands else not decisive


def number_of(node: Node) -> Decimal | None:
    """Return a number, or a string that is one, as a number to count with; None for anything else, or a huge one."""
    written = values.string_of(node)
    if written is None or isinstance(node.value, bool) or len(written) > 20 or "e" in written.lower():
        return None
    try:
        number = Decimal(written)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _arithmetic(at: Operation, operands: Sequence[Node]) -> Node:
    numbers = [number for operand in operands if (number := number_of(operand)) is not None]
    if len(numbers) < len(operands):
        return unknown(at)
    if len(numbers) == 1:
        return number_node(-numbers[0], at)
    try:
        result = _ARITHMETIC[at.operator](*numbers)
    except (DivisionByZero, InvalidOperation, KeyError):
        return unknown(at, failed=True)
    return Node(result, at.source, at.start) if isinstance(result, bool) else number_node(result, at)


def number_node(number: Decimal, at: Expression) -> Node:
    """Return a number as a value."""
    written = format(number, "f")
    return Node(Number(written.rstrip("0").rstrip(".") if "." in written else written), at.source, at.start)


_ARITHMETIC: dict[str, Callable[[Decimal, Decimal], Decimal | bool]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "%": lambda left, right: left % right,
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
}

_HOW: dict[type[Expression], Callable[..., Node]] = {
    Literal: Evaluator._literal,
    Items: Evaluator._items,
    Members: Evaluator._members,
    Text: Evaluator._text,
    Name: Evaluator._name,
    Traversal: Evaluator._traversal,
    For: Evaluator._for,
    Choice: Evaluator._choice,
    Call: Evaluator._call,
    Operation: Evaluator._operation,
}

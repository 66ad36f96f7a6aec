"""What the values of a template are, as far as anybody can know before it is deployed; it must not know policies.

A function becomes its value, or a text with unknown values in it; what hangs on a condition that nobody can tell is in
doubt. Nothing of the template is changed: its nodes may be shared by aliases.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-conditions.html
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.tree import Node, Token
from pytest_veeam_iam.sources.cloudformation.conditions import Conditions
from pytest_veeam_iam.sources.cloudformation.functions import Functions, arguments
from pytest_veeam_iam.sources.cloudformation.stack import function_of, refusal
from pytest_veeam_iam.sources.cloudformation.texts import (
    in_loop,
    joined,
    made,
    pieces_of,
    shown,
    without_dynamic,
    written,
)
from pytest_veeam_iam.sources.embedded import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_veeam_iam.iam.tree import Template
    from pytest_veeam_iam.sources.cloudformation.conditions import Verdict
    from pytest_veeam_iam.sources.cloudformation.stack import Stack
    from pytest_veeam_iam.sources.embedded import Piece
    from pytest_veeam_iam.sources.found import Bindings

MAX_NESTING = 120
"""How deep functions, conditions and values may refer to each other."""

MAX_CHARACTERS = 32 * 1024 * 1024
"""How many characters all texts together may have that functions and aliases make."""

MAX_ASSUMED = 200
"""How many assumptions are named for one document: as many as a template may have parameters."""

TEXT_ONLY = frozenset({"Version", "Id", "Sid", "Effect"})
"""Elements of a policy that are one text; everywhere else in it a list may stand for a text."""

_NOTHING = "AWS::NoValue"


class Values:
    """The values of one template.

    Args:
        stack: The template.
        bindings: What the user knows.

    Attributes:
        bindings: The same.
        identifiers: Names that a loop puts a value for in the resource that is read.
    """

    def __init__(self, stack: Stack, bindings: Bindings) -> None:
        self.bindings = bindings
        self.identifiers: frozenset[str] = frozenset()
        self._stack = stack
        self._assumed: dict[str, None] = {}
        self._nesting = 0
        self._characters_left = MAX_CHARACTERS
        self._conditions = Conditions(stack, self)
        self._functions = Functions(stack, self)

    @contextmanager
    def noting(self) -> Iterator[dict[str, None]]:
        """Collect what has to be assumed while the context lasts."""
        outer, self._assumed = self._assumed, {}
        try:
            yield self._assumed
        finally:
            self._assumed = outer

    def note(self, sentences: Iterable[str]) -> None:
        """Note what was assumed; a hostile template has no endless list of it."""
        for sentence in sentences:
            if len(self._assumed) < MAX_ASSUMED:
                self._assumed[sentence] = None

    @contextmanager
    def nested(self, node: Node) -> Iterator[None]:
        """Go one step deeper, or refuse to.

        Raises:
            PolicyLoadError: The template refers to itself in too many steps.
        """
        if self._nesting >= MAX_NESTING:
            raise refusal(node, f"found more than {MAX_NESTING} steps from value to value, expected at most that many")
        self._nesting += 1
        try:
            yield
        finally:
            self._nesting -= 1

    def spent(self, pieces: list[Piece]) -> list[Piece]:
        """Return pieces that become a part of a longer text.

        Raises:
            PolicyLoadError: All such texts together have too many characters.
        """
        self._characters_left -= sum(len(piece.text) if isinstance(piece, Span) else 1 for piece in pieces) + 1
        if self._characters_left < 0:
            why = f"its functions and aliases make more than {MAX_CHARACTERS:,} characters, expected at most that many"
            raise refusal(self._stack.tree, why, "shorten it")
        return pieces

    def buckets(self) -> tuple[tuple[str, str | None], ...]:
        """Return the buckets that the template makes, as a target names them, with their names if these are known."""
        return self._functions.references.buckets()

    def holds(self, condition: Node) -> Verdict:
        """Tell whether the condition that a node names holds, or what it hangs on."""
        return self._conditions.holds(condition)

    def choices(self, node: Node) -> list[tuple[Node, Token | None]]:
        """Return what a value may be, each with the reason for doubt: one without doubt, several, or nothing at all."""
        call = function_of(node)
        if call is None:
            return [(node, None)]
        name, argument = call
        if name == "Ref" and argument.value == _NOTHING:
            return []
        if name != "Fn::If":
            return [(node, None)]
        with self.nested(node):
            condition, yes, no = arguments(argument, "Fn::If", 3, "a condition and two values")
            verdict = self.holds(condition)
            if isinstance(verdict, bool):
                return self.choices(yes if verdict else no)
            return [(each, doubt or verdict) for branch in (yes, no) for each, doubt in self.choices(branch)]

    def resolve(self, node: Node, key: str = "") -> Node | None:
        """Return the value of a node without any function in it; None if it is removed.

        Args:
            node: The node; if nobody can tell which of its choices it is, all of them are returned, in doubt.
            key: Whose value it is.
        """
        choices = self.choices(node)
        if not choices:
            return None
        first, doubt = choices[0]
        if doubt is None:
            return self._value(first)
        if key in TEXT_ONLY:
            return made(joined(self._undecided(node, choices)), node)
        found = [in_doubt(value, why) for each, why in choices if (value := self._value(each)) is not None]
        if len(found) == 1 and not isinstance(found[0].value, list):
            return found[0]
        if key != "Statement" and any(isinstance(each.value, dict) for each in found):
            return replace(self._functions.unknown(node), doubt=doubt)
        return Node([item for each in found for item in _doubted_items(each)], node.source, node.offset)

    def text(self, node: Node) -> str | Template:
        """Return a value as a text; what is no text is unknown."""
        return joined(self.pieces(node))

    def pieces(self, node: Node) -> list[Piece]:
        """Return a value as text and unknown values, with their places; what is no text is one unknown value."""
        with self.nested(node):
            choices = self.choices(node)
            if any(doubt for _, doubt in choices):
                return self._undecided(node, choices)
            return self.spent(self._pieces(choices[0][0])) if choices else []

    def _undecided(self, node: Node, choices: list[tuple[Node, Token | None]]) -> list[Piece]:
        """Return the text that all choices agree on, or one unknown value."""
        found = [self.spent(self._pieces(each)) for each, _ in choices]
        if len(found) > 1 and len({str(joined(pieces)) for pieces in found}) == 1:
            return found[0]
        return pieces_of(self._functions.unknown(node))

    def _pieces(self, node: Node) -> list[Piece]:
        if isinstance(node.value, str):
            return without_dynamic(in_loop(written(node), self.identifiers) if self.identifiers else [written(node)])
        call = function_of(node)
        if call is None:
            return pieces_of(node)
        if call[0] == "Fn::Sub":
            return without_dynamic(self._functions.sub(call[1]))
        if call[0] == "Fn::Join":
            return without_dynamic(self._functions.join(call[1], node))
        found = self._functions.call(*call, node)
        if found is None or isinstance(found.value, list | dict):
            return [Token(shown(node), node.location)]
        return pieces_of(found)

    def _value(self, node: Node) -> Node | None:
        """Return the value of a node that is no choice."""
        with self.nested(node):
            call = function_of(node)
            if call is not None and call[0] in ("Fn::Sub", "Fn::Join"):
                return made(joined(self.spent(self._pieces(node))), node)
            if call is not None:
                return self._functions.call(*call, node)
            if isinstance(node.value, dict):
                return self._object(node, node.value)
            if isinstance(node.value, list):
                return self._list(node, node.value)
            if isinstance(node.value, str) and (self.identifiers or "{{" in node.value):
                return made(joined(self.spent(self._pieces(node))), node)
            return node

    def _object(self, node: Node, fields: dict[str, Node]) -> Node | None:
        if macro := next((key for key in fields if key.startswith("Fn::")), None):
            return self._functions.unknown(node, macro)
        found = {key: value for key, member in fields.items() if (value := self.resolve(member, key)) is not None}
        return Node(found, node.source, node.offset, node.keys, node.duplicates, node.doubt)

    def _list(self, node: Node, listed: list[Node]) -> Node:
        found: list[Node] = []
        for item in listed:
            for choice, doubt in self.choices(item):
                value = self._value(choice)
                if value is not None:
                    found.append(in_doubt(value, doubt))
        return Node(found, node.source, node.offset, doubt=node.doubt)


def in_doubt(node: Node, doubt: Token | None) -> Node:
    """Return a value that may not be there."""
    return node if doubt is None or node.doubt is not None else replace(node, doubt=doubt)


def _doubted_items(node: Node) -> list[Node]:
    return [in_doubt(item, node.doubt) for item in node.value] if isinstance(node.value, list) else [node]

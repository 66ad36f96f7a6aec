"""Whether a condition of a template holds: yes, no, or the unknown value that it hangs on; it must not know policies.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-conditions.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.tree import Token
from pytest_veeam_iam.sources.cloudformation.stack import FORMS, items, refusal, wrong
from pytest_veeam_iam.sources.cloudformation.texts import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_veeam_iam.iam.tree import Node
    from pytest_veeam_iam.sources.cloudformation.stack import Stack
    from pytest_veeam_iam.sources.cloudformation.values import Values

Verdict: TypeAlias = "bool | Token"


class Conditions:
    """The conditions of a template.

    Args:
        stack: The template.
        values: What its values are.
    """

    def __init__(self, stack: Stack, values: Values) -> None:
        self._stack, self._values = stack, values
        self._known: dict[str, tuple[Verdict, dict[str, None]] | PolicyLoadError] = {}
        self._asked: list[str] = []

    def holds(self, name: Node) -> Verdict:
        """Tell whether the condition that a node names holds; what had to be assumed is noted in the values."""
        if not isinstance(name.value, str):
            raise wrong(name, "Condition", "the name of a condition")
        known = self._known.get(name.value)
        if known is None:
            known = self._known[name.value] = self._decided(name.value, name)
        if isinstance(known, PolicyLoadError):
            raise known
        self._values.note(known[1])
        return known[0]

    def _decided(self, name: str, at: Node) -> tuple[Verdict, dict[str, None]] | PolicyLoadError:
        with self._values.noting() as assumed:
            try:
                return self._declared(name, at), assumed
            except PolicyLoadError as error:
                return error

    def _declared(self, name: str, at: Node) -> Verdict:
        if name not in self._stack.parameters and (bound := self._values.bindings.get(name)) is not None:
            return bound.lower() == "true"
        expression = self._stack.conditions.get(name)
        if expression is None:
            return Token(name, at.location)
        if name in self._asked:
            raise refusal(expression, f"the condition {name} depends on itself", "name other conditions in it")
        self._asked.append(name)
        try:
            return self._holds(expression)
        finally:
            self._asked.pop()

    def _holds(self, node: Node) -> Verdict:
        with self._values.nested(node):
            call = node.value if isinstance(node.value, dict) and len(node.value) == 1 else None
            if call is None:
                why = f"a condition is one function, such as Fn::Equals, but here stands {node.kind}"
                raise refusal(node, why, f"write {FORMS['Fn::Equals']}")
            ((name, argument),) = call.items()
            match name:
                case "Condition":
                    return self.holds(argument)
                case "Fn::Equals":
                    return self._equal(argument)
                case "Fn::And" | "Fn::Or":
                    return _joined([self._holds(each) for each in items(argument)], decisive=name == "Fn::Or")
                case "Fn::Not":
                    verdicts = [self._holds(each) for each in items(argument)]
                    if len(verdicts) != 1:
                        raise wrong(argument, "Fn::Not", "a list of one condition")
                    return verdicts[0] if isinstance(verdicts[0], Token) else not verdicts[0]
                case _:
                    return Token(shown(node), node.location)

    def _equal(self, argument: Node) -> Verdict:
        pair = items(argument)
        if len(pair) != 2:
            raise wrong(argument, "Fn::Equals", "a list of two values")
        left, right = (self._values.text(each) for each in pair)
        if isinstance(left, str) and isinstance(right, str):
            return left == right
        if str(left) == str(right):
            return True
        unknown = left if not isinstance(left, str) else right
        assert not isinstance(unknown, str)  # noqa: S101 - one of them is unknown
        return unknown.tokens[0]


def _joined(verdicts: Sequence[Verdict], *, decisive: bool) -> Verdict:
    """Return the verdict of And (one that does not hold decides) or Or (one that holds decides)."""
    if decisive in [verdict for verdict in verdicts if isinstance(verdict, bool)]:
        return decisive
    return next((verdict for verdict in verdicts if isinstance(verdict, Token)), not decisive)

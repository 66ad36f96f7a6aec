"""What the functions of a template return, as far as their arguments are known.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.tree import Node, Template, Token
from pytest_veeam_iam.sources.cloudformation.references import References
from pytest_veeam_iam.sources.cloudformation.stack import function_of, items, members, refusal, wrong
from pytest_veeam_iam.sources.cloudformation.texts import literal, made, offset_in, pieces_of, placed, shown, written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_veeam_iam.sources.cloudformation.stack import Stack
    from pytest_veeam_iam.sources.cloudformation.values import Values
    from pytest_veeam_iam.sources.embedded import Piece, Span

_OPAQUE = ("Fn::ForEach::", "Fn::Transform")
_variables = re.compile(r"\$\{(!?)([^}]*)\}").finditer
_policy_variable = re.compile(r"[A-Za-z0-9-]+:(?!:)[^:]+").fullmatch


class Functions:
    """The functions of a template.

    Args:
        stack: The template.
        values: What its values are.

    Attributes:
        references: Its names.
    """

    def __init__(self, stack: Stack, values: Values) -> None:
        self._stack, self._values = stack, values
        self.references = References(stack, values)

    def call(self, name: str, argument: Node, node: Node) -> Node | None:
        """Return the value of a function at the place of a node; None if it is removed."""
        match name:
            case "Ref":
                return self.references.ref(_name(argument, "Ref"), node)
            case "Fn::GetAtt":
                return self._get_att(argument, node)
            case "Fn::Select":
                return self._select(argument, node)
            case "Fn::Split":
                return self._split(argument, node)
            case "Fn::FindInMap":
                return self._find_in_map(argument, node)
            case "Fn::ToJsonString":
                return self._values.resolve(argument)
            case "Fn::ImportValue":
                return self.references.unknown(f"Fn::ImportValue:{self._values.text(argument)}", node)
        if name.startswith(_OPAQUE):
            return self.references.unknown(name, node)
        return self.unknown(node)

    def unknown(self, node: Node, expression: str = "") -> Node:
        """Return what the user bound to a function as it is shown, else its token."""
        return self.references.unknown(expression or shown(node), node)

    def sub(self, argument: Node) -> list[Piece]:
        """Return the text of ``Fn::Sub``; the variables of its own map come first."""
        own: Mapping[str, Node] = {}
        text = argument
        if isinstance(argument.value, list):
            text, given = arguments(argument, "Fn::Sub", 2, "a text and a map of values")
            own = members(given)
        if not isinstance(text.value, str):
            raise wrong(text, "Fn::Sub", "a text")
        return self._substituted(written(text), own)

    def _substituted(self, span: Span, own: Mapping[str, Node]) -> list[Piece]:
        found: list[Piece] = []
        known: dict[str, list[Piece]] = {}
        start = 0
        for variable in _variables(span.text):
            found.append(span.part(start, variable.start()))
            start = variable.end()
            if variable[1]:  # ${!x} is the text ${x}
                found += [span.part(variable.start(), variable.start() + 2), span.part(variable.start() + 3, start)]
                continue
            name = variable[2].strip()
            if name in own:
                if name not in known:
                    known[name] = self._values.pieces(own[name])
                added = known[name]
            else:
                added = self._variable(name, Node(None, span.source, offset_in(span, variable.start())))
            found += self._values.spent(added)
        found.append(span.part(start))
        return [piece for piece in found if isinstance(piece, Token) or piece.text]

    def _variable(self, name: str, at: Node) -> list[Piece]:
        if _policy_variable(name):
            why = (
                f"Fn::Sub looks for a parameter or resource named {name[:80]}, and CloudFormation refuses the template"
            )
            raise refusal(at, why, f"if IAM's variable is meant, write ${{!{name[:80]}}}")
        value = self.references.attribute(name, at) if "." in name else self.references.ref(name, at)
        return [Token(name, at.location)] if isinstance(value.value, list) else pieces_of(value)

    def join(self, argument: Node, node: Node) -> list[Piece]:
        """Return the text of ``Fn::Join``."""
        delimiter, listed = arguments(argument, "Fn::Join", 2, "a delimiter and a list")
        if not isinstance(delimiter.value, str):
            raise wrong(delimiter, "Fn::Join", "a text as delimiter")
        parts = self._parts(listed)
        if parts is None or (delimiter.value and any(doubt for _, doubt in parts)):
            return pieces_of(self.unknown(node))
        found: list[Piece] = []
        for index, (part, doubt) in enumerate(parts):
            if index and delimiter.value:
                found += self._values.spent([placed(delimiter.value, node)])
            unknown: list[Piece] = [Token(shown(part), part.location)]
            found += self._values.spent(self._values.pieces(part) if doubt is None else unknown)
        return found

    def _parts(self, listed: Node) -> list[tuple[Node, Token | None]] | None:
        """Return the items of a list, each with the reason why it may not be there; None if the list is not known."""
        choices = self._values.choices(listed)
        if len(choices) != 1 or choices[0][1]:
            return None if choices else []
        node: Node | None = choices[0][0]
        if node is not None and function_of(node):
            node = self._values.resolve(node)
        if node is None or not isinstance(node.value, list):
            return None
        return [choice for item in node.value for choice in self._values.choices(item)]

    def _get_att(self, argument: Node, node: Node) -> Node:
        if isinstance(argument.value, list):
            return self.references.attribute(".".join(str(self._values.text(part)) for part in argument.value), node)
        return self.references.attribute(_name(argument, "Fn::GetAtt"), node)

    def _select(self, argument: Node, node: Node) -> Node | None:
        index, listed = arguments(argument, "Fn::Select", 2, "an index and a list")
        number, parts = self._values.text(index), self._parts(listed)
        if parts is None or any(doubt for _, doubt in parts) or not isinstance(number, str) or not number.isdecimal():
            return self.unknown(node)
        chosen = int(number[:9])
        if chosen >= len(parts):
            raise refusal(node, f"Fn::Select takes item {chosen} of a list of {len(parts)}", "the first item is 0")
        return self._values.resolve(parts[chosen][0])

    def _split(self, argument: Node, node: Node) -> Node:
        delimiter, whole = arguments(argument, "Fn::Split", 2, "a delimiter and a text")
        text = self._values.text(whole)
        if not isinstance(delimiter.value, str) or not delimiter.value:
            raise wrong(delimiter, "Fn::Split", "a text as delimiter")
        if isinstance(text, str):
            parts: list[str | Template] = [*text.split(delimiter.value)]
        elif text.pieces == (arn := text.tokens[0],) and arn.is_arn and delimiter.value == ":":
            name = replace(arn, expression=arn.symbol.removeprefix("cfn:"), is_arn=False)
            partition = Token("AWS::Partition", node.location)
            parts = ["arn", Template((partition,)), "s3", "", "", Template((name,))]
        else:
            return self.unknown(node)
        return made([made(part, node) for part in parts], node)

    def _find_in_map(self, argument: Node, node: Node) -> Node | None:
        listed = items(argument)
        if len(listed) not in (3, 4):
            raise wrong(argument, "Fn::FindInMap", "the name of a map and two keys")
        keys = [self._values.text(key) for key in listed[:3]]
        if not all(isinstance(key, str) for key in keys):
            return self.unknown(node)
        found: Node | None = self._stack.mappings.get(str(keys[0]))
        for key in keys[1:]:
            found = members(found).get(str(key))
        if found is not None:
            return self._mapped(found, node)
        default = members(listed[3]).get("DefaultValue") if len(listed) == 4 else None
        return self._values.resolve(default) if default is not None else self.unknown(node)

    def _mapped(self, found: Node, node: Node) -> Node:
        """Return a value of a map: a text, or a list of them; CloudFormation takes no function there."""
        texts = [literal(each) for each in items(found)]
        if None in texts:
            return self.unknown(node)
        parts = [made(text, node) for text in texts]
        return made(parts, node) if isinstance(found.value, list) else parts[0]


def arguments(node: Node, function: str, count: int, what: str) -> list[Node]:
    """Return the arguments of a function.

    Raises:
        PolicyLoadError: There are more or fewer than it takes.
    """
    found = node.value
    if not isinstance(found, list) or len(found) != count:
        raise wrong(node, function, f"a list of {what}")
    return found


def _name(node: Node, function: str) -> str:
    if not isinstance(node.value, str):
        raise wrong(node, function, "a name")
    return node.value

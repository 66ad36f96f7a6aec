"""Policies with unknown values, for tests: ``<<var.x>>`` in a text is one; ``"?": "var.n"`` doubts its object."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from pytest_veeam_iam.iam.grammar import read_policy
from pytest_veeam_iam.iam.tree import Location, Node, Template, TextSource, Token
from pytest_veeam_iam.sources import json_text

if TYPE_CHECKING:
    from pytest_veeam_iam.iam.document import Policy

_HOLE = re.compile(r"<<([^<>]*)>>")


def template(*statements: object, version: str = "2012-10-17", buckets: dict[str, str | None] | None = None) -> Policy:
    """Return the policy of these statements; ``<<tf:x.arn>>`` and ``<<tf:x.id>>`` are the ARN and name of a bucket."""
    text = json.dumps({"Version": version, "Statement": list(statements)})
    tree = json_text.parse(TextSource("main.tf", text))
    return read_policy(_with_unknowns(tree), buckets=tuple((buckets or {}).items()))


def _with_unknowns(node: Node) -> Node:
    if isinstance(node.value, str):
        node.value = _template(node.value, node.location)
    elif isinstance(node.value, list):
        node.value = [_with_unknowns(item) for item in node.value]
    elif isinstance(node.value, dict):
        doubt = node.value.pop("?", None)
        node.value = {key: _with_unknowns(item) for key, item in node.value.items()}
        if doubt is not None:
            node.doubt = token(str(doubt.value), node.location)
            text: Any = node.value.get("text")
            node.value = text.value if text is not None else node.value
    return node


def _template(text: str, location: Location) -> str | Template:
    parts = _HOLE.split(text)
    pieces = [token(part, location) if index % 2 else part for index, part in enumerate(parts)]
    pieces = [piece for piece in pieces if piece != ""]
    return text if len(parts) == 1 else Template(tuple(pieces))


def token(expression: str, location: Location) -> Token:
    """Return an unknown value."""
    symbol, _, attribute = expression.rpartition(".")
    if symbol.startswith(("tf:", "cfn:")):
        return Token(expression.partition(":")[2], location, symbol, attribute == "arn")
    return Token(expression, location)

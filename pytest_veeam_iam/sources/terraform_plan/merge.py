"""Documents put together as the data block ``aws_iam_policy_document`` does it, by Sid; some parts may be unknown.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.tree import Node, Template

if TYPE_CHECKING:
    from pytest_veeam_iam.iam.tree import Value

VERSION = "2012-10-17"
"""What the provider writes if the block says nothing."""


class Merged:
    """Documents put together as the provider does it: a later statement replaces an earlier one of the same Sid."""

    def __init__(self, place: Node) -> None:
        self._place = place
        self._version: Node | None = None
        self._id: Node | None = None
        self._statements: list[Node] = []

    def add(self, document: Node) -> None:
        """Merge one more document into those that were added before."""
        if not isinstance(document.value, dict):
            self._add_unknown(document)
            return
        version, statements = document.value.get("Version"), document.value.get("Statement")
        if version is not None and (self._version is None or str(version.value) > str(self._version.value)):
            self._version = version
        self._id = document.value.get("Id") or self._id
        if statements is None:
            return
        if isinstance(statements.value, Template):
            self._add_unknown(statements)
            return
        for statement in statements.value if isinstance(statements.value, list) else [statements]:
            self._put(statement)

    def _put(self, statement: Node) -> None:
        sid = _sid(statement)
        for index, other in enumerate(self._statements):
            if isinstance(sid, str) and _sid(other) == sid:
                self._statements[index] = statement
                return
        if isinstance(sid, Template):  # it may replace any that has a Sid
            for other in self._statements:
                other.doubt = other.doubt or (sid.tokens[0] if _sid(other) is not None else None)
        self._statements.append(statement)

    def _add_unknown(self, document: Node) -> None:
        """Add what nobody knows: any statements, which may replace those that have a Sid."""
        token = document.value.tokens[0] if isinstance(document.value, Template) else None
        for other in self._statements:
            if _sid(other) is not None:
                other.doubt = other.doubt or token
        document.doubt = document.doubt or token
        self._statements.append(document)

    def document(self) -> Node:
        """Return the one document."""
        fields = {"Version": self._version or string(VERSION, self._place)}
        if self._id is not None:
            fields["Id"] = self._id
        fields["Statement"] = like(self._place, self._statements)
        return object_of(self._place, fields)


def _sid(statement: Node) -> str | Template | None:
    node = statement.value.get("Sid") if isinstance(statement.value, dict) else None
    return node.value if node is not None and isinstance(node.value, str | Template) and node.value else None


def like(place: Node, value: Value) -> Node:
    """Return another value that stands where a node does."""
    return Node(value, place.source, place.offset)


def string(text: str, place: Node) -> Node:
    """Return a text that stands where a node does."""
    return like(place, text)


def object_of(place: Node, fields: dict[str, Node]) -> Node:
    """Return an object that stands where a node does; each key stands where its value does."""
    return Node(
        fields, place.source, place.offset, {key: node.offset for key, node in fields.items()}, place.duplicates
    )

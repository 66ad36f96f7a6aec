"""Documents put together as the data block ``aws_iam_policy_document`` does it, by Sid; some parts may be unknown.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.tree import Node, Template

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_veeam_iam.iam.tree import Token, Value

VERSION = "2012-10-17"
"""What the provider writes if the block says nothing."""


class Merged:
    """Documents put together as the provider does it: a later statement replaces an earlier one of the same Sid."""

    def __init__(self, place: Node) -> None:
        self._place = place
        self._version: Node | None = None
        self._id: Node | None = None
        self._statements: list[Node] = []
        self._by_sid: dict[str, int] = {}
        self._replaceable: list[Node] = []  # those with a Sid that are not in doubt yet
        self._unsure: list[tuple[Node, Token]] = []  # those whose Sid is unknown

    def add_all(self, documents: Iterable[Node]) -> None:
        """Merge documents in their order."""
        for document in documents:
            self.add(document)

    def add(self, document: Node) -> None:
        """Merge one more document into those that were added before."""
        if not isinstance(document.value, dict):
            self._add_unknown(document)
            return
        version, statements = document.value.get("Version"), document.value.get("Statement")
        if version is not None and (self._version is None or str(version.value) > str(self._version.value)):
            self._version = version
        self._id = document.value.get("Id") or self._id
        if statements is not None and isinstance(statements.value, Template):
            self._add_unknown(statements)
        elif statements is not None:
            for statement in statements.value if isinstance(statements.value, list) else [statements]:
                self._put(statement)

    def _put(self, statement: Node) -> None:
        sid = _sid(statement)
        if isinstance(sid, Template):
            self._doubt_all(sid.tokens[0])
            self._unsure.append((statement, sid.tokens[0]))
        elif sid is not None:
            self._doubt_unsure()
        place = self._by_sid.get(sid) if isinstance(sid, str) else None
        if place is not None and statement.doubt is None:
            self._statements[place] = statement
        else:
            if place is not None:
                earlier = self._statements[place]
                earlier.doubt = earlier.doubt or statement.doubt
            elif isinstance(sid, str):
                self._by_sid[sid] = len(self._statements)
            self._statements.append(statement)
        if sid is not None:
            self._replaceable.append(statement)

    def _doubt_unsure(self) -> None:
        """Doubt the statements of unknown Sid, which one with a Sid may replace."""
        for statement, token in self._unsure:
            statement.doubt = statement.doubt or token
        self._unsure.clear()

    def _add_unknown(self, document: Node) -> None:
        """Add what nobody knows: any statements, which may replace those that have a Sid."""
        if isinstance(document.value, Template):
            token = document.value.tokens[0]
            self._doubt_all(token)
            document.doubt = document.doubt or token
        self._statements.append(document)

    def _doubt_all(self, token: Token) -> None:
        for statement in self._replaceable:
            statement.doubt = statement.doubt or token
        self._replaceable.clear()

    def document(self) -> Node:
        """Return the one document."""
        fields = {"Version": self._version or string(VERSION, self._place)}
        if self._id is not None:
            fields["Id"] = self._id
        fields["Statement"] = like(self._place, self._statements)
        return object_of(self._place, fields)


def _sid(statement: Node) -> str | Template | None:
    if isinstance(statement.value, Template):
        return statement.value
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

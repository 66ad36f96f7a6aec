"""Data blocks ``aws_iam_policy_document`` that a plan defers: the document that the provider will make of each.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam.sources import embedded
from pytest_veeam_iam.sources.outline import items
from pytest_veeam_iam.sources.terraform_plan.merge import VERSION, Merged, like, object_of, string
from pytest_veeam_iam.sources.terraform_plan.resources import Resource
from pytest_veeam_iam.sources.terraform_plan.statements import Statements, member, with_flags

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam.iam.tree import Node
    from pytest_veeam_iam.sources.terraform_plan.statements import Plan

MAX_SOURCES = 100
"""Of how many documents one may be made; of more, the rest is unknown."""

_SOURCES = ("source_json", "source_policy_documents")
_OVERRIDES = ("override_policy_documents", "override_json")


class DeferredDocument:
    """One deferred data block.

    Args:
        block: Its planned values.
        plan: What it may be made with.
    """

    def __init__(self, block: Resource, plan: Plan) -> None:
        self._block, self._plan = block, plan
        self._statements = Statements(block, plan)

    def assumed(self) -> tuple[str, ...]:
        """Return what is assumed of buckets whose planned name is known."""
        return tuple(dict.fromkeys(self._assumed(_Budget())))

    def node(self) -> Node:
        """Return the document.

        Raises:
            PolicyLoadError: If a document that it is made of is none.
        """
        return self._node(_Budget())

    def _assumed(self, budget: _Budget) -> Iterator[str]:
        for index in range(len(items(self._block.values.get("statement")))):
            yield from self._statements.assumed(index)
        for attribute in (*_SOURCES, *_OVERRIDES):
            for document in self._deferred(attribute, budget):
                yield from document._assumed(budget) if document is not None else ()

    def _node(self, budget: _Budget) -> Node:
        after = self._plan.outline.node(self._block.place)
        merged = Merged(after)
        for attribute in _SOURCES:
            merged.add_all(self._parts(after, attribute, budget))
        merged.add(self._own(after))
        for attribute in _OVERRIDES:
            merged.add_all(self._parts(after, attribute, budget))
        return merged.document()

    def _own(self, after: Node) -> Node:
        """Return the document of the block's own statements."""
        version, blocks = member(after, "version"), member(after, "statement")
        if self._block.unknown.get("statement") is True:
            statements = self._statements.token("statement", after)
        else:
            listed = blocks.value if blocks is not None and isinstance(blocks.value, list) else []
            statements = like(blocks or after, [self._statements.node(i, block) for i, block in enumerate(listed)])
        written = version if version is not None and version.value else string(VERSION, after)
        return object_of(after, {"Version": written, "Statement": statements})

    def _parts(self, after: Node, attribute: str, budget: _Budget) -> Iterator[Node]:
        """Yield the documents that an attribute holds; a token for one that nobody knows."""
        node = member(after, attribute)
        known = [] if node is None or node.value is None else node.value if isinstance(node.value, list) else [node]
        deferred = iter(self._deferred(attribute, budget))
        for index, (item, is_unknown) in enumerate(with_flags(known, self._flags(attribute))):
            if is_unknown:
                document = next(deferred, None)
                name = f"{attribute}[{index}]"
                yield self._statements.token(name, after) if document is None else document._node(budget)
            elif item is not None and item.value not in (None, ""):
                yield embedded.decode(item)

    def _flags(self, attribute: str) -> list[object]:
        unknown = self._block.unknown.get(attribute)
        return list(items(unknown)) if isinstance(unknown, list) else [True] if unknown is True else []

    def _deferred(self, attribute: str, budget: _Budget) -> list[DeferredDocument | None]:
        """Return the documents behind the unknown items of a list, which keep the order of the references."""
        count = self._flags(attribute).count(True)
        if not count:
            return []
        expression = self._plan.inventory.expressions(self._block).get(attribute)
        documents = [
            each
            for each in self._plan.references.of(self._block, expression)
            if isinstance(each, Resource) and each.address in self._plan.inventory.deferred
        ]
        if len(documents) != count or not budget.take(count):
            return [None] * count
        return [DeferredDocument(each, self._plan) for each in documents]


class _Budget:
    """Counts the documents that one is made of, which may be made of each other, or of themselves."""

    def __init__(self) -> None:
        self._left = MAX_SOURCES

    def take(self, count: int) -> bool:
        """Return whether there may be so many more."""
        self._left -= count
        return self._left >= 0

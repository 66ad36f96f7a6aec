"""What a module is called with whose files are elsewhere: it decides which arguments hold documents of identities.

Nobody sees what the module does with them, so that each is judged by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.tree import Template
from pytest_veeam_iam.sources.terraform import documents, values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam.iam.tree import Node
    from pytest_veeam_iam.sources.terraform.module import Module
    from pytest_veeam_iam.sources.terraform.syntax import Argument

_DEPTH = 3
"""How deep a document may stand in the lists and objects of an argument."""


def may_be_policy(argument: Argument) -> bool:
    """Return whether an argument is called a policy, or looks like one."""
    return "polic" in argument.name.lower() or "Statement" in argument.value.text


def documents_in(node: Node, depth: int = _DEPTH) -> Iterator[Node]:
    """Yield the documents that a value holds, without those that name principals: trust policies and the like.

    Args:
        node: The value of an argument.
        depth: How deep to look into lists and objects.

    Raises:
        PolicyLoadError: A text that speaks of a Statement is no JSON.
    """
    tree = _document(node)
    if tree is not None:
        if not _names_principals(tree):
            yield tree
    elif depth:
        members = (values.members_of(node) or {}).values()
        for each in values.items_of(node) or members:
            yield from documents_in(each, depth - 1)


def is_of_data_block(module: Module, tree: Node) -> bool:
    """Return whether a document is that of one of a module's data blocks, which is found there."""
    return any(
        block.type == "data" and block.start == tree.offset
        for file in module.directory.files
        if file.text is tree.source and module.directory.can_read(file)
        for block in file.blocks
    )


def _document(node: Node) -> Node | None:
    is_text = isinstance(node, values.Encoded) or isinstance(node.value, str | Template)
    if is_text and not isinstance(node, values.Encoded) and '"Statement"' not in str(node.value):
        return None
    tree = documents.document_of(node) if is_text else node
    return tree if isinstance(tree.value, dict) and "Statement" in tree.value else None


def _names_principals(tree: Node) -> bool:
    assert isinstance(tree.value, dict)  # noqa: S101 - it is a document
    statements = tree.value["Statement"]
    listed = statements.value if isinstance(statements.value, list) else [statements]
    fields = (each.value for each in listed if isinstance(each.value, dict))
    return any("Principal" in each or "NotPrincipal" in each for each in fields)

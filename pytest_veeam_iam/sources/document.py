"""The plain form: a policy document that is the whole file, several of them in a list, or one in a string."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.grammar import is_policy
from pytest_veeam_iam.sources import embedded
from pytest_veeam_iam.sources.found import Found
from pytest_veeam_iam.sources.large_json import LargeDocument
from pytest_veeam_iam.sources.outline import has

if TYPE_CHECKING:
    from pytest_veeam_iam.iam.tree import Node
    from pytest_veeam_iam.sources.found import Reading

SUFFIXES = frozenset({".json", ".yaml", ".yml"})
MENTIONS = ("Statement", "2012-10-17", "2008-10-17")


def recognizes(tree: Node) -> bool:
    """Return whether a tree is such a document."""
    if has(tree, "Statement"):
        return True
    if isinstance(tree, LargeDocument):  # no policy is large
        return False
    if isinstance(tree.value, str):
        return tree.value.lstrip()[:1] == "{" or tree.value.lstrip()[:3].upper() == "%7B"
    if isinstance(tree.value, list):
        return bool(tree.value) and all(map(is_policy, tree.value))
    return _has_version(tree)


def _has_version(tree: Node) -> bool:
    """Return whether an object has a policy's Version, so that its Statement was forgotten or misspelt."""
    members = tree.value if isinstance(tree.value, dict) else {}
    return any(key.lower() == "version" and member.value in MENTIONS[1:] for key, member in members.items())


def read(tree: Node, reading: Reading) -> list[Found]:  # noqa: ARG001 - the protocol's signature
    """Return the documents; that of a string is the string's own."""
    if isinstance(tree.value, str):
        inner = embedded.decode(tree)
        return [Found(lambda: inner)] if is_policy(inner) else []
    documents = tree.value if isinstance(tree.value, list) else [tree]
    return [Found(lambda node=node: node) for node in documents]  # type: ignore[misc]

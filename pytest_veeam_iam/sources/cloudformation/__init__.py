"""CloudFormation templates, also SAM's and the output of the CDK: it decides which trees these are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam.sources.cloudformation.documents import documents
from pytest_veeam_iam.sources.cloudformation.parameters import parameters_of
from pytest_veeam_iam.sources.cloudformation.stack import members, stack_of
from pytest_veeam_iam.sources.outline import has

if TYPE_CHECKING:
    from pytest_veeam_iam.iam.tree import Node
    from pytest_veeam_iam.sources.found import Found, Reading

__all__ = ["MENTIONS", "SUFFIXES", "parameters_of", "read", "recognizes"]

SUFFIXES = frozenset({".json", ".template", ".yaml", ".yml"})
"""Of files that may be templates."""

MENTIONS = ("PolicyDocument", "AWS::IAM::", "AWS::Organizations::Policy", "AWS::Serverless::")
"""A template with a policy holds at least one of these."""

_SECTIONS = ("AWSTemplateFormatVersion", "Transform")


def recognizes(tree: Node) -> bool:
    """Tell whether a tree is a template: it has resources, and says its version or their types."""
    if not has(tree, "Resources"):
        return False
    sections = members(tree)
    resources = members(sections.get("Resources"))
    if not resources:
        return False
    if any(section in sections for section in _SECTIONS):
        return True
    types = (members(resource).get("Type") for resource in resources.values())
    return any(kind is not None and isinstance(kind.value, str) and "::" in kind.value for kind in types)


def read(tree: Node, reading: Reading) -> list[Found]:
    """Return the policy documents of a template, in its order.

    Args:
        tree: The template.
        reading: What the user bound.

    Raises:
        PolicyLoadError: Functions of the template that CloudFormation refuses, outside of the documents.
    """
    return documents(stack_of(tree), reading.bindings)

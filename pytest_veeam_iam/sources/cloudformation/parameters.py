"""Files of parameters, as the tools that deploy templates take them: it decides which shapes these have.

https://docs.aws.amazon.com/cli/latest/reference/cloudformation/deploy/
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/continuous-delivery-codepipeline-cfn-artifacts.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.tree import Number
from pytest_veeam_iam.sources.cloudformation.stack import refusal

if TYPE_CHECKING:
    from pytest_veeam_iam.iam.tree import Node

_REMEDY = 'write [{"ParameterKey": "...", "ParameterValue": "..."}], {"Parameters": {"...": "..."}} or ["NAME=VALUE"]'


def parameters_of(tree: Node) -> dict[str, str]:
    """Return the values of a file of parameters, by name.

    Args:
        tree: A list of ``ParameterKey`` and ``ParameterValue``, an object with ``Parameters`` (as CodePipeline takes
            it), or a list of ``NAME=VALUE``.

    Raises:
        PolicyLoadError: For anything else.
    """
    if isinstance(tree.value, list):
        return dict(pair for item in tree.value if (pair := _pair(item)))
    if isinstance(tree.value, dict) and "Parameters" in tree.value:
        tree = tree.value["Parameters"]
        if isinstance(tree.value, list):
            return parameters_of(tree)
        if isinstance(tree.value, dict):
            return {name: _text(node) for name, node in tree.value.items()}
    raise refusal(
        tree, f"a file of parameters holds a list, or an object with Parameters; here stands {tree.kind}", _REMEDY
    )


def _pair(item: Node) -> tuple[str, str] | None:
    """Return name and value of an item, None if it keeps the value that the stack has already."""
    if isinstance(item.value, str) and "=" in item.value:
        name, _, value = item.value.partition("=")
        return name, value
    fields = item.value if isinstance(item.value, dict) else {}
    name_node, value_node = fields.get("ParameterKey"), fields.get("ParameterValue")
    if name_node is None or not isinstance(name_node.value, str):
        raise refusal(item, "this item has no ParameterKey", _REMEDY)
    return (name_node.value, _text(value_node)) if value_node is not None else None


def _text(node: Node) -> str:
    """Return a value; a list is written with commas, as CloudFormation takes it."""
    match node.value:
        case str():
            return node.value
        case bool():
            return str(node.value).lower()
        case Number():
            return node.value.text
        case list():
            return ",".join(map(_text, node.value))
    raise refusal(node, f"the value of a parameter is a text, but here stands {node.kind}", _REMEDY)

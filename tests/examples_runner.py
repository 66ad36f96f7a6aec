"""The examples of a policy format: ``tests/examples/FORM/CASE/`` holds a file, and what is expected to be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_veeam_iam.iam.tree import Template

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_veeam_iam.iam.tree import Node
    from pytest_veeam_iam.sources.found import Found

EXAMPLES = Path(__file__).parent / "examples"
EXPECTED = "expected.json"


def cases(form: str) -> list[str]:
    """Return the names of a form's cases."""
    return sorted(path.parent.name for path in (EXAMPLES / form).glob(f"*/{EXPECTED}"))


def inputs(form: str, case: str) -> list[Path]:
    """Return the files of a case."""
    return sorted(path for path in (EXAMPLES / form / case).rglob("*") if path.is_file() and path.name != EXPECTED)


def expected(form: str, case: str) -> Any:
    """Return what is expected of a case."""
    return json.loads((EXAMPLES / form / case / EXPECTED).read_text("utf-8"))


def summaries(found: Iterable[Found]) -> list[dict[str, Any]]:
    """Return documents as ``expected.json`` has them."""
    return [_summary(each) for each in found]


def _summary(found: Found) -> dict[str, Any]:
    attachment = found.attachment
    optional = {"boundary_of": attachment.boundary_of, "assumed": found.assumed, "doubt": _doubt(found.node)}
    return {
        "entity": found.entity,
        "principals": list(attachment.principals),
        "kind": attachment.kind,
        **{key: plain(value) for key, value in optional.items() if value},
        "statements": [_statement(node) for node in _items(_member(found.node, "Statement"))],
    }


def _statement(node: Node) -> dict[str, Any]:
    fields = node.value if isinstance(node.value, dict) else {}
    summary: dict[str, Any] = {"line": node.location.line}
    if node.doubt:
        summary["doubt"] = node.doubt.expression
    if not fields:
        return {**summary, "unknown": str(node.value)}
    for key, member in fields.items():
        if key in ("Action", "NotAction", "Resource", "NotResource"):
            summary[key] = [_shown(item) for item in _items(member)]
        elif key in ("Effect", "Condition"):
            summary[key] = plain(member)
    return summary


def _member(node: Node, key: str) -> Node:
    return node.value[key] if isinstance(node.value, dict) else node


def _items(node: Node) -> list[Node]:
    return node.value if isinstance(node.value, list) else [node]


def _shown(node: Node) -> str:
    return str(node.value) + (f" if {node.doubt.expression}" if node.doubt else "")


def _doubt(node: Node) -> str:
    return node.doubt.expression if node.doubt else ""


def plain(value: Any) -> Any:
    """Return a node, or something of nodes, as JSON would have it; unknown values are shown as ``${...}``."""
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Template):
        return str(value)
    if value is None or isinstance(value, str | bool | int):
        return value
    if hasattr(value, "doubt"):
        return {"if": value.doubt.expression, "then": plain(value.value)} if value.doubt else plain(value.value)
    return value.text

"""Runs the examples of a form: input files and ``expected.json`` in a directory per case, compared as plain values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from pytest_veeam_iam.iam.tree import Node, Number, Template
from pytest_veeam_iam.sources import files, large_json
from pytest_veeam_iam.sources.found import Bindings, Reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_veeam_iam.sources.found import Found

Json: TypeAlias = Any

EXAMPLES = Path(__file__).parents[2] / "examples"
NOT_INPUT = ("expected.json", "select.json")


def cases(form: str) -> list[Path]:
    return sorted(path for path in (EXAMPLES / form).iterdir() if path.is_dir())


def tree_of_case(case: Path) -> Node:
    (file,) = (path for path in case.iterdir() if path.name not in NOT_INPUT)
    return large_json.parse(files.read_text(file, name=file.name))


def expected(case: Path) -> Json:
    return json.loads((case / "expected.json").read_text("utf-8"))


def found_in(
    tree: Node, read: Callable[[Node, Reading], list[Found]], bindings: dict[str, str] | None = None
) -> list[Json]:
    return [described(found) for found in read(tree, Reading(Bindings(bindings or {})))]


def described(found: Found) -> Json:
    attachment = found.attachment
    about = {
        "entity": found.entity,
        "principals": list(attachment.principals),
        "boundary_of": list(attachment.boundary_of),
        "kind": attachment.kind,
        "assumed": list(found.assumed),
    }
    document = found.node
    if isinstance(document.value, Template):
        return about | {"line": document.location.line, "document": str(document.value)}
    assert isinstance(document.value, dict)
    statements = document.value["Statement"]
    listed = statements.value if isinstance(statements.value, list) else [statements]
    return about | {
        "version": plain(document.value.get("Version")),
        "statements": [_statement(each) for each in listed],
    }


def _statement(node: Node) -> Json:
    about: Json = {"line": node.location.line, "column": node.location.column}
    if node.doubt is not None:
        about["doubt"] = str(node.doubt)
    if not isinstance(node.value, dict):
        return about | {"statement": plain(node)}
    return about | {key: plain(value) for key, value in node.value.items()}


def plain(node: Node | None) -> Json:
    """A node as ``json.loads`` would have it; tokens as ``${...}``, with their symbol if they are a bucket."""
    if node is None:
        return None
    value = _plain(node)
    return value if node.doubt is None else {"doubt": str(node.doubt), "value": value}


def _plain(node: Node) -> Json:
    match node.value:
        case dict() as members:
            return {key: plain(member) for key, member in members.items()}
        case list() as items:
            return [plain(item) for item in items]
        case Number(text):
            return float(text)
        case Template(pieces):
            return "".join(
                piece if isinstance(piece, str) else f"{piece}{f'<{piece.symbol}>' if piece.symbol else ''}"
                for piece in pieces
            )
    return node.value

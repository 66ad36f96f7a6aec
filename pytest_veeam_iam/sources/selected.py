"""Policies of any other document, by JSONPath: the user's own paths, or those of a preset.

It decides what a match must be to become a policy, and must not know how a JSONPath is searched.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.tree import Node, Template, Token
from pytest_veeam_iam.sources.found import Found
from pytest_veeam_iam.sources.jsonpath import ExpressionError, Search
from pytest_veeam_iam.sources.outline import Outline, Path, document_at, items, members, outline_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_veeam_iam.sources.found import Bindings, Reading

_is_plain_name = re.compile(r"[A-Za-z_][\w-]*").fullmatch


@dataclass(frozen=True, slots=True)
class Preset:
    """Where a tool keeps policies in its files.

    Attributes:
        name: What ``form`` calls it.
        paths: JSONPaths; some of them must match.
        unknown: A regular expression for what the tool fills in, its first group the expression; or None.
    """

    name: str
    paths: tuple[str, ...]
    unknown: re.Pattern[str] | None = None


@cache
def presets() -> dict[str, Preset]:
    """Return the presets by name."""
    data = tomllib.loads((resources.files(__package__) / "presets.toml").read_text("utf-8"))
    return {
        name: Preset(name, tuple(each["paths"]), re.compile(each["unknown"]) if "unknown" in each else None)
        for name, each in data.items()
    }


def select(tree: Node, paths: Sequence[str]) -> list[Found]:
    """Return the policies that JSONPaths select.

    Args:
        tree: The document.
        paths: Expressions of ``jsonpath_ng.ext``; a match is a policy, a text that holds one, or a list of statements.

    Raises:
        PolicyLoadError: For an expression that is none, or that matches nothing.
    """
    outline = outline_of(tree)
    search = Search(outline.plain)
    places: list[Path] = []
    for expression in paths:
        found = _search(search, expression, tree)
        if not found:
            why = f"the JSONPath {expression} matches nothing in this file"
            raise PolicyLoadError(tree.source.path, why, remedy="check it against the file, or take it out")
        places += found
    return [_found(outline, place) for place in dict.fromkeys(places)]


def read(tree: Node, reading: Reading, preset: str) -> list[Found]:
    """Return the policies of a tool's file.

    Args:
        tree: The document.
        reading: What may be used.
        preset: The name of the tool.

    Raises:
        PolicyLoadError: If none of the preset's paths matches.
    """
    chosen = presets()[preset]
    outline = outline_of(tree)
    search = Search(outline.plain)
    places = dict.fromkeys(place for expression in chosen.paths for place in _search(search, expression, tree))
    if not places:
        why = f"none of the {len(chosen.paths)} JSONPaths of {preset} matches"
        raise PolicyLoadError(tree.source.path, why, remedy="check the form, or select policies by paths of your own")
    found = [_found(outline, place) for place in places]
    if chosen.unknown is None:
        return found
    return [_with_unknown(each, chosen.unknown, reading.bindings) for each in found]


def _search(search: Search, expression: str, tree: Node) -> list[Path]:
    try:
        return search.find(expression)
    except ExpressionError as error:
        raise PolicyLoadError(
            tree.source.path, f"the JSONPath {expression} {error.why}", remedy=error.remedy
        ) from error


def _found(outline: Outline, place: Path) -> Found:
    value = outline.plain
    for step in place:
        value = value[step]  # type: ignore[index] # the place was found in it
    if not _is_statements(value):
        return Found(document_at(outline, place), _name(place))
    assumed = (f"the statements of {_name(place)} are a policy of Version 2012-10-17",)
    return Found(lambda: _policy(outline.node(place)), _name(place), assumed=assumed)


def _is_statements(value: object) -> bool:
    return bool(items(value)) and all("Effect" in members(item) for item in items(value))


def _policy(statements: Node) -> Node:
    """Return a policy of nothing but statements, as tools make one of them."""
    version = Node("2012-10-17", statements.source, statements.offset)
    return Node({"Version": version, "Statement": statements}, statements.source, statements.offset)


def _name(place: Path) -> str | None:
    """Return a place as people write it: ``Resources.Role.Policies[0]``; None for the whole document."""
    parts: list[str] = []
    for step in place:
        if isinstance(step, str) and _is_plain_name(step):
            parts.append(f".{step}" if parts else step)
        else:
            parts.append(f"[{step!r}]" if isinstance(step, str) else f"[{step}]")
    return "".join(parts) or None


def _with_unknown(found: Found, unknown: re.Pattern[str], bindings: Bindings) -> Found:
    return replace(found, read=lambda: _marked(found.read(), unknown, bindings))


def _marked(node: Node, unknown: re.Pattern[str], bindings: Bindings) -> Node:
    """Put a token, or the bound value, for everything that the tool fills in."""
    match node.value:
        case str() as text:
            pieces = tuple(_pieces(text, node, unknown, bindings))
            if any(isinstance(piece, Token) for piece in pieces):
                node.value = Template(pieces)
            else:
                node.value = "".join(map(str, pieces))
        case list() as children:
            for child in children:
                _marked(child, unknown, bindings)
        case dict() as children:
            for child in children.values():
                _marked(child, unknown, bindings)
    return node


def _pieces(text: str, node: Node, unknown: re.Pattern[str], bindings: Bindings) -> Iterator[str | Token]:
    start = 0
    for found in unknown.finditer(text):
        if found.start() > start:
            yield text[start : found.start()]
        expression = found[1].strip()
        value = bindings.get(expression)
        yield Token(expression, node.location) if value is None else value
        start = found.end()
    if start < len(text):
        yield text[start:]

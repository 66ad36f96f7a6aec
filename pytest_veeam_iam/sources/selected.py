"""Policies of any other document, by JSONPath: the user's own paths, or those of a preset.

It decides what a match must be to become a policy, and must not know how a JSONPath is searched.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.tree import Node, Template, Token
from pytest_veeam_iam.sources import embedded
from pytest_veeam_iam.sources.embedded import Span
from pytest_veeam_iam.sources.found import Found
from pytest_veeam_iam.sources.jsonpath import ExpressionError, Search
from pytest_veeam_iam.sources.outline import Outline, Path, items, members, outline_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_veeam_iam.sources.embedded import Piece
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


def read_preset(tree: Node, reading: Reading, preset: str) -> list[Found]:
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
    filled_in = None if chosen.unknown is None else _FilledIn(chosen.unknown, reading.bindings)
    return [_found(outline, place, filled_in) for place in places]


def _search(search: Search, expression: str, tree: Node) -> list[Path]:
    try:
        return search.find(expression)
    except ExpressionError as error:
        raise PolicyLoadError(
            tree.source.path, f"the JSONPath {expression} {error.why}", remedy=error.remedy
        ) from error


def _found(outline: Outline, place: Path, filled_in: _FilledIn | None = None) -> Found:
    value = outline.plain
    for step in place:
        value = value[step]  # type: ignore[index] # the place was found in it
    is_policy = not _is_statements(value)

    def read() -> Node:
        node = outline.node(place)
        node = embedded.decode(node) if filled_in is None else filled_in.decode(node)
        return node if is_policy else _policy(node)

    name = _name(place)
    return Found(
        read, name, assumed=() if is_policy else (f"the statements of {name} are a policy of Version 2012-10-17",)
    )


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


class _FilledIn:
    """Puts tokens, or bound values, for what a tool fills in.

    Args:
        unknown: What that looks like; the first group is the expression.
        bindings: The user's values.
    """

    def __init__(self, unknown: re.Pattern[str], bindings: Bindings) -> None:
        self._unknown, self._bindings = unknown, bindings

    def decode(self, node: Node) -> Node:
        """Return the document in a node; one that is filled in as a whole is unknown."""
        if not isinstance(node.value, str) or self._unknown.search(node.value) is None:
            return self._mark(embedded.decode(node))
        pieces = [piece for span in embedded.spans(node) if isinstance(span, Span) for piece in self._split(span)]
        if len(pieces) == 1 and isinstance(pieces[0], Token):
            return Node(Template((pieces[0],)), node.source, node.offset)
        return embedded.parse(node.source.path, pieces)

    def _mark(self, node: Node) -> Node:
        match node.value:
            case str() as text:
                pieces = [
                    self._text(piece) for piece in self._split(Span(text, node.source, [node.offset] * len(text)))
                ]
                unknown = any(isinstance(piece, Token) for piece in pieces)
                node.value = Template(tuple(pieces)) if unknown else "".join(map(str, pieces))
            case list() as children:
                for child in children:
                    self._mark(child)
            case dict() as children:
                for child in children.values():
                    self._mark(child)
        return node

    def _text(self, piece: Piece) -> str | Token:
        return piece.text if isinstance(piece, Span) else piece

    def _split(self, span: Span) -> Iterator[Piece]:
        start = 0
        for found in self._unknown.finditer(span.text):
            if found.start() > start:
                yield span.part(start, found.start())
            expression, place = found[1].strip(), span.locate(found.start())
            value = self._bindings.get(expression)
            if value is None:
                yield Token(expression, place)
            elif value:
                offsets = span.part(found.start(), found.start() + 1).offsets
                first = offsets if isinstance(offsets, int) else offsets[0]
                yield Span(value, span.source, [first] * len(value))
            start = found.end()
        if start < len(span.text):
            yield span.part(start)

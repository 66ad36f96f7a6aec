"""What a document says, wherever it stands: two that say the same are equal, also in what is unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.tree import Template, Token
from pytest_veeam_iam.repair.change import items_of, plain_tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_veeam_iam.iam.tree import Node
    from pytest_veeam_iam.repair.arns import Written


class NoPlaceError(Exception):
    """A change cannot be written into a file."""


def meaning_of(node: Node) -> object:
    """Return what a tree says: two are equal if they say the same, also of what is unknown."""
    match node.value:
        case dict():
            found: object = {key: meaning_of(member) for key, member in node.value.items()}
        case list():
            found = [meaning_of(item) for item in node.value]
        case Template():
            found = meaning_of_pieces(node.value.pieces)
        case _:
            found = plain_tree(node)
    return found if node.doubt is None else ("perhaps", node.doubt.expression, found)


def meaning_of_pieces(pieces: Sequence[str | Token]) -> object:
    """Return what a text with unknown values says."""
    return ("template", *(("unknown", piece.expression) if isinstance(piece, Token) else piece for piece in pieces))


def listed(meaning: object) -> list[object]:
    """Return a list, or the only value as one."""
    return meaning if isinstance(meaning, list) else [meaning]


@dataclass(frozen=True, slots=True)
class Expected:
    """What a document says after its change.

    Attributes:
        others: What it says beside its statements.
        statements: What those say that it had, as far as they stay.
        new: The actions of each new statement, and what may stand for each of its resources.
    """

    others: object
    statements: list[object]
    new: list[tuple[list[str], list[list[object]]]]

    def is_met(self, document: Node) -> bool:
        """Return whether a document says that; the order of statements does not matter."""
        found = fields_of(document)
        left = list(map(meaning_of, items_of(found["Statement"])))
        if {key: meaning_of(member) for key, member in found.items() if key != "Statement"} != self.others:
            return False
        for statement in self.statements:
            if statement not in left:
                return False
            left.remove(statement)
        return len(left) == len(self.new) and all(
            any(_is_new(each, actions, resources) for each in left) for actions, resources in self.new
        )


def _is_new(meaning: object, actions: list[str], resources: list[list[object]]) -> bool:
    if not isinstance(meaning, dict) or {*meaning} != {"Effect", "Action", "Resource"} or meaning["Effect"] != "Allow":
        return False
    found = listed(meaning["Resource"])
    return (
        listed(meaning["Action"]) == actions
        and len(found) == len(resources)
        and all(each in possible for each, possible in zip(found, resources, strict=True))
    )


def fields_of(node: Node) -> dict[str, Node]:
    """Return the members of an object; raises NoPlaceError for anything else."""
    if not isinstance(node.value, dict):
        raise NoPlaceError
    return node.value


def possible(resource: str, source: Written) -> list[object]:
    """Return what may stand in the file's reading for a resource: itself, or what its expression stands for."""
    if any(isinstance(piece, Token) for piece in source.pieces):
        return [resource, meaning_of_pieces(source.pieces)]
    return [resource, *source.pieces]

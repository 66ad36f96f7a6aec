"""What an expression may refer to, as its evaluation sees it: loop variables, instances, and a module behind them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import PurePosixPath

    from pytest_veeam_iam.iam.tree import Node
    from pytest_veeam_iam.sources.terraform.syntax import Expression, Step


class World(Protocol):
    """The module that an expression stands in."""

    def refer(self, root: str, steps: Sequence[Step], at: Expression, scope: Scope) -> tuple[Node, int]:
        """Return what a reference means, and how many of its steps that took."""

    def evaluate(self, at: Expression, scope: Scope) -> Node:
        """Return the value of an expression."""

    def read_file(self, path: PurePosixPath, at: Expression) -> Node:
        """Return the text of a file that an expression names, an unknown value if it may not or cannot be read."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an expression is evaluated.

    Attributes:
        world: Its module.
        names: Variables of ``for`` expressions, of templates, and iterators of dynamic blocks.
        key: ``each.key`` or, for ``count``, its index; None if there are no instances.
        value: ``each.value``.
        counts: Whether the instances come from ``count``.
        wants_addresses: Whether the name or ARN of a role, user, group or policy is its Terraform address here.
        closed: Whether nothing but ``names`` can be referred to: a template file's variables.
    """

    world: World
    names: Mapping[str, Node] = field(default_factory=dict)
    key: Node | None = None
    value: Node | None = None
    counts: bool = False
    wants_addresses: bool = False
    closed: bool = False

    def having(self, names: Mapping[str, Node]) -> Scope:
        """Return this scope with further names."""
        return Scope(
            self.world, {**self.names, **names}, self.key, self.value, self.counts, self.wants_addresses, self.closed
        )  # fmt: skip

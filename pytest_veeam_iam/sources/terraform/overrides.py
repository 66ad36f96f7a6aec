"""Terraform's override files: a block that replaces arguments and nested blocks of the one it names.

https://developer.hashicorp.com/terraform/language/files/override
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_veeam_iam.iam.tree import TextSource
    from pytest_veeam_iam.sources.terraform.syntax import Argument, Block


@dataclass(frozen=True, slots=True)
class Overridden:
    """A block and those that override it, later ones win; also the body of itself."""

    base: Block
    over: tuple[Block, ...]

    @property
    def type(self) -> str:
        """That of the block."""
        return self.base.type

    @property
    def labels(self) -> tuple[str, ...]:
        """Those of the block."""
        return self.base.labels

    @property
    def source(self) -> TextSource:
        """The text of the block itself."""
        return self.base.source

    @property
    def start(self) -> int:
        """Of the block itself."""
        return self.base.start

    @property
    def end(self) -> int:
        """Of the block itself."""
        return self.base.end

    def is_code(self, offset: int) -> bool:
        """Of the block itself."""
        return self.base.is_code(offset)

    @property
    def body(self) -> Overridden:
        """Itself."""
        return self

    def argument(self, name: str) -> Argument | None:
        """Return the last argument of that name."""
        for block in reversed(self.over):
            if (found := block.body.argument(name)) is not None:
                return found
        return self.base.body.argument(name)

    def arguments(self) -> Mapping[str, Argument]:
        """Return the last argument of each name."""
        found = dict(self.base.body.arguments())
        for block in self.over:
            found.update(block.body.arguments())
        return found

    def blocks(self, type_: str) -> Sequence[Block]:
        """Return the nested blocks of the last one that has any of that type."""
        for block in reversed(self.over):
            if found := block.body.blocks(type_):
                return found
        return self.base.body.blocks(type_)


def overridden(blocks: Sequence[Block]) -> Block | None:
    """Return the first block with what the others override in it, or None if there is none."""
    if len(blocks) < 2:
        return blocks[0] if blocks else None
    return Overridden(blocks[0], tuple(blocks[1:]))

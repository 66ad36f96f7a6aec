"""Whether anything in a module uses a data block: a mention outside of comments that another block makes of it.

To be shown by an output, or handed to a module whose files are elsewhere, is no use: nobody else looks at the document
there. A local value is a use if it is used itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam.sources.terraform.directory import Directory, SourceFile
    from pytest_veeam_iam.sources.terraform.syntax import Block


_GOES_ON = re.compile(r"[\w-]")


def is_used(directory: Directory, block: Block) -> bool:
    """Return whether a module uses one of its data blocks.

    Args:
        directory: The module.
        block: The data block.
    """
    return _Uses(directory).of(".".join(block.labels))


def is_handed_away(directory: Directory, block: Block) -> bool:
    """Return whether a module hands one of its data blocks to modules whose files are elsewhere, and does nothing else.

    Args:
        directory: The module.
        block: The data block.
    """
    uses = _Uses(directory)
    return not uses.of(".".join(block.labels)) and uses.hands_away and not uses.shows


def is_local(block: Block) -> bool:
    """Return whether a call is of a module whose files are beside the caller's."""
    source = block.body.argument("source")
    return source is not None and source.value.text.startswith(('"./', '"../'))


class _Uses:
    """Looks for the uses of one data block.

    Attributes:
        hands_away: Whether it came across a call of a module whose files are elsewhere.
        shows: Whether it came across an output.
    """

    def __init__(self, directory: Directory) -> None:
        self.hands_away = self.shows = False
        self._directory = directory
        self._seen: set[str] = set()

    def of(self, name: str) -> bool:
        """Return whether something uses what has a name."""
        if name in self._seen:
            return False
        self._seen.add(name)
        found = ((file, offset) for file in self._directory.files for offset in _mentions(file, name))
        return any(self._is_use(file, offset) for file, offset in found)

    def _is_use(self, file: SourceFile, offset: int) -> bool:
        if not self._directory.can_read(file):
            return True
        block = _around(file, offset)
        if block is None or not block.is_code(offset):
            return False
        if block.type == "output":
            self.shows = True
            return False
        if block.type == "module" and not is_local(block):
            self.hands_away = True
            return False
        if block.type == "locals":
            arguments = [each for each in block.body.arguments().values() if each.start <= offset]
            around = max(arguments, key=lambda each: each.start, default=None)
            return around is None or self.of(f"local.{around.name}")
        return True


def _around(file: SourceFile, offset: int) -> Block | None:
    """Return the block in which an offset stands; of JSON, where nobody knows its end, the last that begins before."""
    before = [each for each in file.blocks if each.start <= offset and (file.is_json or offset < each.end)]
    return max(before, key=lambda each: each.start, default=None)


def _mentions(file: SourceFile, name: str) -> Iterator[int]:
    text = file.text.text
    offset = text.find(name)
    while offset >= 0:
        end = offset + len(name)
        if _GOES_ON.match(text, end) is None:
            yield offset
        offset = text.find(name, end)

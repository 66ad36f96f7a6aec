"""Whether anything in a module uses a data block: a mention outside of comments that another block makes of it.

Being handed to a module whose files are elsewhere is no use: nobody else looks at the document there.
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
    name = ".".join(block.labels)
    return any(_is_use(directory, file, offset) for file in directory.files for offset in _mentions(file, name))


def _mentions(file: SourceFile, name: str) -> Iterator[int]:
    text = file.text.text
    offset = text.find(name)
    while offset >= 0:
        end = offset + len(name)
        if _GOES_ON.match(text, end) is None:
            yield offset
        offset = text.find(name, end)


def _is_use(directory: Directory, file: SourceFile, offset: int) -> bool:
    if file.name.endswith(".json") or not directory.can_read(file):
        return True
    block = next((each for each in file.blocks if each.start <= offset < each.end), None)
    if block is None or not block.is_code(offset):
        return False
    return block.type != "module" or _is_local(block)


def _is_local(block: Block) -> bool:
    source = block.body.argument("source")
    return source is not None and source.value.text.startswith(('"./', '"../'))

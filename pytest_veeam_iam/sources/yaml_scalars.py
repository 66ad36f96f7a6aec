"""Where each character of a YAML scalar stands: what was meant is laid beside what was written.

A scalar in a block (``|``, ``>``), in quotes or without is written with indentation, folded lines and escapes that its
value does not have. PyYAML keeps only where it begins; a policy in JSON inside it needs a line for every statement.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_line = re.compile(r"([^\r\n]*+)(\r\n?|\n|\Z)").match
_folded = re.compile(r"[ \t]*+((?:\r\n?|\n)[ \t]*+)++").match
_breaks = re.compile(r"\r\n?|\n").findall
_escape = re.compile(r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|(?:\r\n?|\n)[ \t]*+|.)", re.DOTALL).match


def character_offsets(text: str, offset: int, value: str) -> Sequence[int] | int:
    """Return the offset of each character of a scalar, or that of the first if the others follow it.

    Args:
        text: The whole text.
        offset: Where the scalar begins: at its quote, at ``|`` or ``>``, or at its first character.
        value: What the scalar means. Where it does not fit to what is written, the last place that does is repeated.
    """
    style = text[offset : offset + 1]
    if style and style in "|>":
        return _block(text, offset, value)
    start = offset + (style in ("'", '"'))
    if text.startswith(value, start) and "\n" not in value:
        return start
    return _flow(text, start, value, style)


def _block(text: str, offset: int, value: str) -> list[int]:
    """Lay a block's lines beside its value: behind the common indentation they are the same, breaks aside."""
    offsets: list[int] = []
    indent = -1
    position = _next_line(text, offset)
    while len(offsets) < len(value):
        found = _line(text, position)
        if found is None or position >= len(text):
            break
        line, end = found[1], found.end(1)
        if indent < 0 and line.strip(" "):
            written = value.lstrip("\n")
            indent = max(_spaces(line) - _spaces(written), 0)
            offsets += [position] * (len(value) - len(written))
        content = line[indent:] if indent >= 0 else ""
        if content:
            if not value.startswith(content, len(offsets)):
                break
            offsets += range(position + indent, end)
            offsets += [end] * _break_length(value, len(offsets))
        position = found.end()
    last = offsets[-1] if offsets else offset
    return offsets[: len(value)] + [last] * (len(value) - len(offsets))


def _break_length(value: str, index: int) -> int:
    """Return how many characters of the value stand for the line breaks that follow a line."""
    if value.startswith(" ", index):
        return 1
    end = index
    while value.startswith("\n", end):
        end += 1
    return end - index


def _spaces(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _next_line(text: str, offset: int) -> int:
    found = _line(text, offset)
    return found.end() if found else offset


def _flow(text: str, position: int, value: str, style: str) -> list[int]:
    """Lay a quoted or plain scalar beside its value, undoing escapes and folded lines."""
    offsets: list[int] = []
    while len(offsets) < len(value):
        if found := _folded(text, position):
            breaks = len(_breaks(found[0]))
            offsets += [position] * (1 if breaks == 1 else breaks - 1)
            position = found.end()
        elif style == '"' and (found := _escape(text, position)):
            if found[0][1] not in "\r\n":
                offsets.append(position)
            position = found.end()
        elif position < len(text):
            offsets.append(position)
            position += 2 if style == "'" and text.startswith("''", position) else 1
        else:
            break
    last = offsets[-1] if offsets else position
    return offsets[: len(value)] + [last] * (len(value) - len(offsets))

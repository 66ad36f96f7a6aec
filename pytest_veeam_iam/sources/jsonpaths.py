"""Where a place of a JSON text stands, as a JSONPath: the way from the outermost value to the one around an offset."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[][{},]', re.DOTALL)
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DEEPEST = 1000


def jsonpaths(text: str, offsets: Iterable[int]) -> dict[int, str]:
    """Return the paths of the values that stand at some offsets of a JSON text, in one pass.

    Args:
        text: The text; it was read as JSON before.
        offsets: 0-based, each of the first character of an object or list, or of a character within a string.

    Returns:
        Offset -> path such as ``$.Statement[0]``; without those that are in no value.
    """
    wanted = sorted(set(offsets), reverse=True)
    found: dict[int, str] = {}
    path: list[int | str | None] = []
    for token in _TOKEN.finditer(text):
        while wanted and wanted[-1] < token.start():
            wanted.pop()
        if not wanted or len(path) > _DEEPEST:
            break
        sign = token[0]
        if sign[0] == '"' or sign in "{[":
            while wanted and wanted[-1] < token.end():
                found[wanted.pop()] = _written(path)
        _step(path, sign, is_key=text[token.end() : token.end() + 20].lstrip()[:1] == ":")
    return found


def _step(path: list[int | str | None], sign: str, *, is_key: bool) -> None:
    """Follow one token: what is open is a list's index, an object's key, or None before the first key."""
    if sign == "{":
        path.append(None)
    elif sign == "[":
        path.append(0)
    elif sign in "]}":
        if path:
            path.pop()
    elif sign == ",":
        if path and isinstance(path[-1], int):
            path[-1] += 1
    elif is_key and path and not isinstance(path[-1], int):
        path[-1] = json.loads(sign)


def _written(path: list[int | str | None]) -> str:
    steps = ["$"]
    for step in path:
        if isinstance(step, int):
            steps.append(f"[{step}]")
        elif step is not None:
            steps.append(f".{step}" if _PLAIN_KEY.fullmatch(step) else f"[{json.dumps(step)}]")
    return "".join(steps)

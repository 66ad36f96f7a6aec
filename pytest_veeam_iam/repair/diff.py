"""The change of a text as a unified diff that ``git apply`` takes: CRLF, no last line feed, and any path included.

Only the lines round each change are compared, so that a large file takes no longer than a small one.

https://git-scm.com/docs/diff-format
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from pytest_veeam_iam.repair.edits import spliced

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_veeam_iam.repair.edits import Splice

_CONTEXT = 3
_NO_NEWLINE = "\\ No newline at end of file\n"
_ORDINARY = re.compile(r"[ !#-\[\]-~]*").fullmatch
_ESCAPES = {"\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", '"': '"', "\\": "\\"}
_HUNK = re.compile(r"@@ -(\d+)(,\d+)? \+(\d+)(,\d+)? @@")


def unified(path: str, before: str, splices: Sequence[Splice]) -> str:
    """Return the diff of one file, with ``a/`` and ``b/`` before its path.

    Args:
        path: Of the file, relative to where the diff is applied, with ``/``.
        before: Its text.
        splices: What changes in it.
    """
    lines = _lines(before)
    starts = [0, *accumulate(map(len, lines))]
    found = [f"--- {_name(f'a/{path}')}\n", f"+++ {_name(f'b/{path}')}\n"]
    grown = 0
    for first, last, changes in _regions(sorted(splices), starts):
        old = lines[first:last]
        text = spliced("".join(old), [each.moved(-starts[first]) for each in changes])
        new = _lines(text)
        hunks = [*difflib.unified_diff(old, new, n=_CONTEXT)][2:]
        found += [_shifted(line, first, first + grown) for line in hunks]
        grown += len(new) - len(old)
    return "".join(line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}" for line in found)


def _regions(splices: Sequence[Splice], starts: Sequence[int]) -> Iterator[tuple[int, int, list[Splice]]]:
    """Yield the lines round changes, from the first to behind the last; those that touch are one region."""
    count = len(starts) - 1
    regions: list[tuple[int, int, list[Splice]]] = []
    for each in splices:
        first = max(bisect_right(starts, each.start) - 1 - _CONTEXT, 0)
        last = min(bisect_right(starts, each.end) + _CONTEXT, count)
        if regions and first <= regions[-1][1]:
            begin, end, changes = regions.pop()
            regions.append((begin, max(end, last), [*changes, each]))
        else:
            regions.append((first, last, [each]))
    yield from regions


def _shifted(line: str, old: int, new: int) -> str:
    """Return a line of a diff of some lines as one of the whole file."""
    found = _HUNK.match(line)
    if found is None:
        return line
    return f"@@ -{int(found[1]) + old}{found[2] or ''} +{int(found[3]) + new}{found[4] or ''} @@\n"


def _lines(text: str) -> list[str]:
    """Return the lines as git sees them: only a line feed ends one."""
    return [line for line in re.split(r"(?<=\n)", text) if line]


def _name(path: str) -> str:
    """Return a path as git writes it: in quotes if it has special characters, before a tab if it has spaces."""
    if _ORDINARY(path):
        return f"{path}\t" if " " in path else path
    return f'"{"".join(map(_escaped, path))}"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return f"\\{_ESCAPES[character]}"
    if " " <= character <= "~":
        return character
    return "".join(f"\\{byte:03o}" for byte in character.encode("utf-8", "surrogateescape"))

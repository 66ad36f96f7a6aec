"""The change of a text as a unified diff that ``git apply`` takes: CRLF, no last line feed, and any path included.

https://git-scm.com/docs/diff-format
"""

from __future__ import annotations

import difflib
import re

_NO_NEWLINE = "\\ No newline at end of file\n"
_ORDINARY = re.compile(r"[ !#-\[\]-~]*").fullmatch
_ESCAPES = {"\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", '"': '"', "\\": "\\"}


def unified(path: str, before: str, after: str) -> str:
    """Return the diff of one file, with ``a/`` and ``b/`` before its path.

    Args:
        path: Of the file, relative to where the diff is applied, with ``/``.
        before: Its text, byte order mark included.
        after: Its text after the change.
    """
    lines = difflib.unified_diff(_lines(before), _lines(after), _name(f"a/{path}"), _name(f"b/{path}"))
    return "".join(line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}" for line in lines)


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

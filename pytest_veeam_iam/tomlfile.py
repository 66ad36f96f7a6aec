"""TOML with the place of every key: tomllib decides what a text means, this module only where each part of it stands.

It knows TOML and nothing of what a file is for: rule packs and ``veeam-iam.toml`` are read through it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from pytest_veeam_iam.errors import VeeamIamError

if TYPE_CHECKING:
    from collections.abc import Mapping

KeyPath: TypeAlias = "tuple[str | int, ...]"

BACKSLASH_REMEDY = r"a backslash starts an escape inside double quotes: write a Windows path with / or in single quotes"


class TomlError(VeeamIamError):
    """A text that is not TOML.

    Attributes:
        path: The file as it was named.
        line: 1-based.
        column: 1-based, counted in characters.
        why: What is wrong, without the place.
        remedy: What to do about it, may be empty.
    """

    def __init__(self, path: str, line: int, column: int, why: str, remedy: str = "") -> None:
        self.path, self.line, self.column, self.why, self.remedy = path, line, column, why, remedy
        super().__init__(path, line, column, why, remedy)

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}:{self.column}: {self.why}"
        return f"{place}; {self.remedy}" if self.remedy else place


@dataclass(frozen=True)
class TomlFile:
    """What a TOML text says, and where.

    Attributes:
        path: The file as it was named.
        text: All of it, lines ending in LF.
        data: The values, as tomllib gives them.
    """

    path: str
    text: str
    data: Mapping[str, Any]

    def line(self, *keys: str | int) -> int:
        """Return the 1-based line on which a key, a table or an entry of an array stands.

        Args:
            keys: The way to it from the top: names of keys, 0-based places in arrays.

        Returns:
            Its line; where there is no such key that of the nearest enclosing table, at last 1.
        """
        return self.place(*keys)[0]

    def place(self, *keys: str | int) -> tuple[int, int]:
        """Return the 1-based line and column of what ``line`` returns the line of."""
        while keys and keys not in self._places:
            keys = keys[:-1]
        return self._places.get(keys, (1, 1))

    @cached_property
    def _places(self) -> dict[KeyPath, tuple[int, int]]:
        return _Scanner(self.text).places()  # on first use: only messages need it


def read(text: str, path: str) -> TomlFile:
    """Read a TOML text.

    Args:
        text: All of it; a byte order mark at its start (Notepad writes one) is skipped.
        path: What to call it in messages.

    Returns:
        Its values and their lines.

    Raises:
        TomlError: It is not TOML (https://toml.io/en/v1.0.0).
    """
    import tomllib  # a run without TOML files need not load it

    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _explain(str(error), text, path) from None
    except RecursionError:
        raise TomlError(path, 1, 1, "arrays or tables are nested too deeply", "flatten them") from None
    return TomlFile(path, text, data)


# tomllib before Python 3.14 tells the position in its message only.
_POSITION = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_BAD_ESCAPE = re.compile(r"^(Unescaped '\\'|Invalid hex value|Escaped character is not)")
_ESCAPED_END = re.compile(r'\\"\s*(?:[,\]}]|$)')  # "C:\Temp\" never ends: its last quote is escaped


def _explain(message: str, text: str, path: str) -> TomlError:
    found = _POSITION.search(message)
    if found and found[1]:
        line, column = int(found[1]), int(found[2])
    else:
        before = text.rstrip("\n")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    why = _POSITION.sub("", message)
    is_backslash = _BAD_ESCAPE.match(why) or _ESCAPED_END.search(text.split("\n")[line - 1])
    return TomlError(path, line, column, why, BACKSLASH_REMEDY if is_backslash else "")


_SIMPLE_KEY = r"""(?:"(?:\\.|[^"\\\n])*"|'[^'\n]*'|[A-Za-z0-9_-]+)"""
_KEY_PART = re.compile(_SIMPLE_KEY)
_KEY = re.compile(rf"{_SIMPLE_KEY}(?:[ \t]*\.[ \t]*{_SIMPLE_KEY})*")
_BLANK = re.compile(r"(?:[ \t\n]|\#[^\n]*)*")
_SCALAR = re.compile(
    r"""
      "{3}(?:\\.|[^\\])*?"{3}"{0,2}   # up to two quotes may stand before the closing three
    | '{3}.*?'{3}'{0,2}
    | "(?:\\.|[^"\\])*"
    | '[^']*'
    | [^,\]}\#\n]+                   # numbers, booleans, dates (one blank may be inside)
    """,
    re.VERBOSE | re.DOTALL,
)


class _Scanner:
    """One walk over a text that tomllib has accepted, so nothing is checked again."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._places: dict[KeyPath, tuple[int, int]] = {}
        self._entries: dict[KeyPath, int] = {}  # of each array of tables: how many so far

    @property
    def _here(self) -> tuple[int, int]:
        return self._line, self._at - self._text.rfind("\n", 0, self._at)

    def places(self) -> dict[KeyPath, tuple[int, int]]:
        """Return the line and column of every key, table and array entry."""
        table: KeyPath = ()
        self._take(_BLANK)
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._take(_BLANK)
        return self._places

    def _header(self) -> KeyPath:
        here = self._here
        is_array = self._text.startswith("[[", self._at)
        self._skip("[[" if is_array else "[")
        *parents, name = self._key()
        path = (*self._enter((), parents, here), name)
        if is_array:
            self._places.setdefault(path, here)
            self._entries[path] = self._entries.get(path, 0) + 1
        path = self._latest(path)
        self._places[path] = here
        self._skip("]]" if is_array else "]")
        return path

    def _pair(self, table: KeyPath) -> None:
        here = self._here
        *parents, name = self._key()
        path = (*self._enter(table, parents, here), name)
        self._places[path] = here
        self._skip("=")
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        opening = self._text[self._at]
        if opening not in "[{":
            self._take(_SCALAR)
            return
        self._skip(opening)
        place = 0
        while self._text[self._at] not in "]}":
            if opening == "[":
                self._places[(*path, place)] = self._here
                self._value((*path, place))
                place += 1
            else:
                self._pair(path)
            self._skip(",")
        self._at += 1

    def _enter(self, path: KeyPath, parents: list[str], here: tuple[int, int]) -> KeyPath:
        """Walk down ``parents``; a table that has no header of its own stands where it is first mentioned."""
        for name in parents:
            path = (*path, name)
            self._places.setdefault(path, here)
            path = self._latest(path)
        return path

    def _latest(self, path: KeyPath) -> KeyPath:
        """Return what a header means by ``path``: of an array of tables the latest entry."""
        return (*path, self._entries[path] - 1) if path in self._entries else path

    def _key(self) -> list[str]:
        return [_plain(part) for part in _KEY_PART.findall(self._take(_KEY))]

    def _skip(self, mark: str) -> None:
        """Step over the mark, if it is there, and over blanks, line ends and comments on both sides."""
        self._take(_BLANK)
        if self._text.startswith(mark, self._at):
            self._at += len(mark)
            self._take(_BLANK)

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        assert found, f"{pattern.pattern} does not match at line {self._line}"  # noqa: S101 - tomllib accepted the text
        self._at = found.end()
        self._line += found[0].count("\n")
        return found[0]


def _plain(key: str) -> str:
    if key[0] == '"' and "\\" in key:
        import tomllib

        return str(tomllib.loads(f"key = {key}")["key"])
    return key[1:-1] if key[0] in "\"'" else key

"""Where a text is changed so that a list gains or loses items; comments, order and layout of the rest stay.

It goes by marks and indentation, and knows no policy. Whoever uses it reads the changed text again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from pytest_veeam_iam.sources.extents import Syntax, end_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True, order=True)
class Splice:
    """One change of a text.

    Attributes:
        start: Offset of the first character that is replaced.
        end: Offset behind the last one.
        text: What stands there instead.
    """

    start: int
    end: int
    text: str

    def moved(self, by: int) -> Splice:
        """Return the same change of a text that begins with more characters, or fewer."""
        return Splice(self.start + by, self.end + by, self.text)


def spliced(text: str, splices: Iterable[Splice]) -> str:
    """Return a text after changes that do not overlap."""
    parts, position = [], 0
    for each in sorted(splices):
        parts += [text[position : each.start], each.text]
        position = each.end
    return "".join([*parts, text[position:]])


def newline_of(text: str) -> str:
    """Return how the lines of a text end."""
    return "\r\n" if "\r\n" in text else "\n"


def line_start(text: str, offset: int) -> int:
    """Return the offset of the first character of a line."""
    return text.rfind("\n", 0, offset) + 1


def indent_of(text: str, offset: int) -> str:
    """Return the white space that the line of an offset begins with."""
    start = line_start(text, offset)
    return text[start : start + len(text[start:offset]) - len(text[start:offset].lstrip(" \t"))]


_space = {
    "json": re.compile(r"\s*+").match,
    "hcl": re.compile(r"(?:\s++|#[^\n]*+|//[^\n]*+|/\*.*?\*/)*+", re.DOTALL).match,
    "yaml": re.compile(r"(?:\s++|(?<![^\s])#[^\n]*+)*+").match,
}
_rest_of_line = {
    "json": re.compile(r"[ \t]*+(?=\r?\n|\Z)").match,
    "hcl": re.compile(r"(?:[ \t]++|/\*[^\r\n]*?\*/)*+(?:(?:#|//)[^\r\n]*+)?+(?=\r?\n|\Z)").match,
    "yaml": re.compile(r"[ \t]*+(?:(?<![^\s])#[^\r\n]*+)?+(?=\r?\n|\Z)").match,
}


def skip_space(text: str, offset: int, syntax: Syntax) -> int:
    """Return the offset of the next character that is neither white space nor in a comment."""
    found = _space[syntax](text, offset)
    return found.end() if found else offset


def line_end(text: str, offset: int, syntax: Syntax) -> int:
    """Return where a line ends if nothing but white space and a comment follows, else the offset."""
    found = _rest_of_line[syntax](text, offset)
    return found.end() if found else offset


def behind_line(text: str, offset: int) -> int:
    """Return the offset of the next line."""
    found = text.find("\n", offset)
    return len(text) if found < 0 else found + 1


def list_splices(
    text: str, syntax: Syntax, at: int, items: Sequence[int], gone: frozenset[int], new: Sequence[str]
) -> list[Splice] | None:
    """Return the changes that take some items out of a list and put new ones behind the others.

    Args:
        text: The text.
        syntax: Of the list.
        at: Where the list begins: at its bracket, or at its first ``-``.
        items: Where its items begin.
        gone: The numbers of those that are taken out.
        new: What is added, as it is to be written; lines after the first are indented already.

    Returns:
        None if the items are not those of this list, or too little is known of it.
    """
    if syntax == "yaml" and text.startswith("-", at):
        return _block(text, items, gone, new)
    end = end_of(text, at, syntax)
    if not text.startswith("[", at) or text[end - 1] != "]":
        return None
    spans = [(start, end_of(text, start, syntax, in_flow=True)) for start in items]
    bounds = [(at, at + 1), *spans, (end - 1, end)]
    if any(before[1] > after[0] for before, after in pairwise(bounds)):
        return None
    if not spans:
        return [Splice(at + 1, end - 1, _comma(text).join(new))] if not text[at + 1 : end - 1].strip() else None
    return _Brackets(text, syntax, at, spans, gone).splices(new)


def _comma(text: str) -> str:
    return ", " if ", " in text or ": " in text or " = " in text else ","


class _Brackets:
    """A list between brackets that has items.

    Args:
        text: The text.
        syntax: Of the list.
        at: Its bracket.
        spans: Its items.
        gone: The numbers of those that are taken out.
    """

    def __init__(
        self, text: str, syntax: Syntax, at: int, spans: Sequence[tuple[int, int]], gone: frozenset[int]
    ) -> None:
        self._text, self._syntax, self._at, self._spans, self._gone = text, syntax, at, spans, gone
        self._kept = [number for number in range(len(spans)) if number not in gone]

    def splices(self, new: Sequence[str]) -> list[Splice] | None:
        """Return the changes, None if nothing would be left."""
        if not self._kept:
            first, last = self._spans[0][0], self._spans[-1][1]
            return [Splice(first, last, self._separator(0).join(new))] if new else None
        last = self._kept[-1]
        tail = [number for number in sorted(self._gone) if number > last]
        if any("\n" in self._gap(number) and not self._is_alone(number) for number in tail):
            return self._cut(last, tail, new)
        found = self._added(last, new) if new else []
        for number in sorted(self._gone):
            found += self._removed(number, is_tail=number > last)
        if not new and last < len(self._spans) - 1 and not self._has_trailing_comma() and self._is_alone(last + 1):
            comma = self._comma_behind(last)
            found += [Splice(comma, comma + 1, "")]
        return found

    def _cut(self, last: int, tail: Sequence[int], new: Sequence[str]) -> list[Splice] | None:
        """Return the changes if the items behind the last one share lines; None if something else stands there."""
        if any(self._gap(number).strip(", \t\r\n") for number in tail):
            return None
        separator = self._separator(last)
        found = [Splice(self._spans[last][1], self._spans[-1][1], "".join(separator + item for item in new))]
        for number in sorted(self._gone - {*tail}):
            found += self._removed(number, is_tail=False)
        return found

    def _gap(self, number: int) -> str:
        """Return what stands before an item."""
        before = self._spans[number - 1][1] if number else self._at + 1
        return self._text[before : self._spans[number][0]]

    def _separator(self, number: int) -> str:
        gap = self._gap(number)
        if "\n" in gap:
            return f",{newline_of(self._text)}{indent_of(self._text, self._spans[number][0])}"
        return gap if number and not gap.strip(", ") else _comma(self._text)

    def _comma_behind(self, number: int) -> int:
        return skip_space(self._text, self._spans[number][1], self._syntax)

    def _has_trailing_comma(self) -> bool:
        return self._text.startswith(",", self._comma_behind(len(self._spans) - 1))

    def _added(self, last: int, new: Sequence[str]) -> list[Splice]:
        text, end = self._text, self._spans[last][1]
        separator = self._separator(last)
        if "\n" not in self._gap(last):
            return [Splice(end, end, "".join(separator + item for item in new))]
        comma = self._comma_behind(last)
        has_comma = text.startswith(",", comma)
        behind = line_end(text, comma + 1 if has_comma else end, self._syntax)
        lines = separator.removeprefix(",") + separator.join(new) + ("," if self._has_trailing_comma() else "")
        if has_comma:
            return [Splice(behind, behind, lines)]
        if behind == end:
            return [Splice(end, end, f",{lines}")]
        return [Splice(end, end, ","), Splice(behind, behind, lines)]

    def _is_alone(self, number: int) -> bool:
        """Return whether an item has its lines to itself, a comma and a comment apart."""
        start, end = self._spans[number]
        comma = self._comma_behind(number)
        behind = comma + 1 if self._text.startswith(",", comma) else end
        ends = _rest_of_line[self._syntax](self._text, behind) is not None and "\n" not in self._text[end:behind]
        return ends and not self._text[line_start(self._text, start) : start].strip()

    def _removed(self, number: int, *, is_tail: bool) -> list[Splice]:
        text, (start, end) = self._text, self._spans[number]
        if self._is_alone(number):
            return [Splice(line_start(text, start), behind_line(text, end), "")]
        if is_tail:
            return [Splice(self._spans[number - 1][1], end, "")]
        return [Splice(start, self._spans[number + 1][0], "")]


_dash = re.compile(r" *+(?:- +)+").fullmatch


def _block(text: str, items: Sequence[int], gone: frozenset[int], new: Sequence[str]) -> list[Splice] | None:
    """Return the changes of a list of lines that begin with a dash."""
    spans = [(start, end_of(text, start, "yaml")) for start in items]
    prefixes = [text[line_start(text, start) : start] for start, _ in spans]
    if not spans or not all(_dash(prefix) and prefix.count("-") == 1 for prefix in prefixes):
        return None
    newline, prefix = newline_of(text), prefixes[-1]
    kept = [number for number in range(len(spans)) if number not in gone]
    if not kept and not new:
        return None
    found = [
        Splice(line_start(text, start), behind_line(text, end), "")
        for number, (start, end) in enumerate(spans)
        if number in gone
    ]
    if not kept:
        start = found[0].start
        return [Splice(start, start, "".join(f"{prefix}{item}{newline}" for item in new)), *found]
    if new:
        end = line_end(text, spans[kept[-1]][1], "yaml")
        found += [Splice(end, end, "".join(f"{newline}{prefix}{item}" for item in new))]
    return found


def wrapped(text: str, syntax: Syntax, at: int, new: Sequence[str]) -> list[Splice]:
    """Return the changes that make a single value a list between brackets, with new items behind it."""
    end, comma = end_of(text, at, syntax, in_flow=True), _comma(text)
    return [Splice(at, at, "["), Splice(end, end, "".join(comma + item for item in new) + "]")]


def wrapped_in_lines(text: str, key: int, at: int, new: Sequence[str], *, indent: str) -> list[Splice] | None:
    """Return the changes that make a single value of a block of YAML a list of lines, with new items behind it.

    Args:
        text: The text.
        key: Where the key begins whose value it is.
        at: Where the value begins, in the line of the key.
        new: What is added.
        indent: How much further than the key the items stand.
    """
    colon = re.compile(r"[\w\"']++ *+:( *+)(?=\S)").match(text, key)
    if colon is None or colon.end() != at:
        return None
    newline = newline_of(text)
    prefix = f"{newline}{' ' * (key - line_start(text, key))}{indent}- "
    end = line_end(text, end_of(text, at, "yaml"), "yaml")
    return [Splice(colon.start(1), at, prefix), Splice(end, end, "".join(prefix + item for item in new))]

"""How a statement is written so that it looks like its neighbour: indentation, quotes, commas, one line or many.

It knows the marks of JSON, YAML and HCL, and no file. What it cannot imitate it writes plainly.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_veeam_iam.repair.edits import indent_of, line_start, newline_of

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 100
"""Characters of a line beyond which a list gets a line for each item."""

_first_member = re.compile(r"\{\s*(?P<quote>\"?)[\w]++\"?(?P<separator>\s*[:=]\s*)").match
_aligned = re.compile(r"\b\w++ {2,}= ").search
_comma_after_member = re.compile(r"\bEffect\"?\s*+[:=]\s*+\"\w++\"\s*+,").search
_list_in_lines = re.compile(r"\[[ \t]*+\r?\n").search
_dashed_key = re.compile(r"^([ -]*)[\w:\"']++:[ \t]*+(?:#[^\n]*+)?+\r?\n( *+)- ", re.MULTILINE).search
_flow_list = re.compile(r"^[ -]*(?:Action|Resource):[ ]*+\[", re.MULTILINE).search
_plain_scalar = re.compile(r"[A-Za-z][\w:./*+=@-]*").fullmatch


@dataclass(frozen=True, slots=True)
class Style:
    """How statements are written.

    Attributes:
        newline: The end of a line.
        indent: What the line of a statement begins with.
        inner: What the lines in it begin with.
        in_one_line: Whether all of it stands in one line.
        mark: Between a key and its value.
        quotes_keys: Whether keys stand in quotes.
        has_commas: Whether a comma follows a member.
        is_aligned: Whether marks stand below each other.
        lists_in_lines: Whether a list has a line for each item.
    """

    newline: str
    indent: str
    inner: str
    in_one_line: bool = False
    mark: str = ": "
    quotes_keys: bool = True
    has_commas: bool = True
    is_aligned: bool = False
    lists_in_lines: bool = True

    @property
    def unit(self) -> str:
        """How much further than their list its items are indented."""
        return self.inner.removeprefix(self.indent) or "  "

    def at(self, inner: str) -> Style:
        """Return the style of lines that begin with other white space."""
        return replace(self, indent=inner.removesuffix(self.unit), inner=inner)


ONE_LINE = Style(newline="\n", indent="", inner="", in_one_line=True)
"""Of a statement that has no neighbour."""


def object_style(text: str, start: int, end: int) -> Style:
    """Return how an object between braces is written.

    Args:
        text: The text.
        start: Where it begins.
        end: Where it ends.
    """
    body = text[start:end]
    first = _first_member(body)
    separator = first["separator"] if first else ": "
    is_hcl = "=" in separator
    style = Style(
        newline=newline_of(text),
        indent="",
        inner="",
        in_one_line="\n" not in body,
        mark=" = " if is_hcl else separator if separator.strip(" ") == ":" else ": ",
        quotes_keys=bool(first["quote"]) if first else True,
        has_commas=not is_hcl or "\n" not in body or _comma_after_member(body) is not None,
        is_aligned=is_hcl and _aligned(body) is not None,
        lists_in_lines=_list_in_lines(body) is not None or not is_hcl,
    )
    if style.in_one_line:
        return style
    indent = indent_of(text, end - 1)
    return replace(
        style, indent=indent, inner=indent_of(text, start + first.start("quote")) if first else f"{indent}  "
    )


def written_object(style: Style, actions: Sequence[str], resources: Sequence[str]) -> str:
    """Return a statement between braces.

    Args:
        style: As its neighbour's.
        actions: As they are to be written.
        resources: Likewise.
    """
    members = (("Effect", ['"Allow"']), ("Action", actions), ("Resource", resources))
    written = [_member(style, key, values) for key, values in members]
    if style.in_one_line:
        space = " " if style.mark == " = " else ""
        return f"{{{space}{(', ' if style.mark != ':' else ',').join(written)}{space}}}"
    comma = "," if style.has_commas else ""
    lines = (comma + style.newline + style.inner).join(written)
    return f"{{{style.newline}{style.inner}{lines}{style.newline}{style.indent}}}"


def _member(style: Style, key: str, values: Sequence[str]) -> str:
    name = f'"{key}"' if style.quotes_keys else key
    mark = " " * (len("Resource") - len(key)) + style.mark if style.is_aligned else style.mark
    return f"{name}{mark}{written_list(style, values, is_single=True)}"


def written_list(style: Style, values: Sequence[str], *, is_single: bool = False) -> str:
    """Return a list between brackets, or the only value if that may stand without."""
    if is_single and len(values) == 1:
        return values[0]
    in_line = f"[{(',' if style.mark == ':' else ', ').join(values)}]"
    fits = len(style.inner) + len(in_line) + len('"Action": ') <= WIDTH
    if style.in_one_line or (fits and (not style.lists_in_lines or len(values) == 1)):
        return in_line
    line = style.newline + style.inner + style.unit
    return f"[{line}{f',{line}'.join(values)}{style.newline}{style.inner}]"


def written_block(style: Style, actions: Sequence[str], resources: Sequence[str], *, has_effect: bool) -> str:
    """Return a ``statement`` block of Terraform's data block, without the indentation of its first line.

    Args:
        style: Of the blocks beside it.
        actions: As they are to be written.
        resources: Likewise.
        has_effect: Whether the others say the effect, which is Allow if nothing is said.
    """
    members = [("effect", '"Allow"')] if has_effect else []
    members += [("actions", written_list(style, actions)), ("resources", written_list(style, resources))]
    lines = [f"{style.inner}{key:{_column(members)}} = {value}" for key, value in members]
    return style.newline.join(["statement {", *lines, f"{style.indent}}}"])


def _column(members: Sequence[tuple[str, str]]) -> int:
    """Return where the marks stand: below each other, unless a list has lines of its own (terraform fmt)."""
    return 0 if any("\n" in value for _, value in members) else max(len(key) for key, _ in members)


def dash_indent(text: str) -> str:
    """Return how much further than its key the items of a list of YAML stand."""
    found = _dashed_key(text)
    return " " * max(len(found[2]) - len(found[1]), 0) if found else "  "


def written_mapping(text: str, start: int, end: int, actions: Sequence[str], resources: Sequence[str]) -> str:
    """Return a statement in lines of YAML like a neighbour, without the indentation of its first line.

    Args:
        text: The text.
        start: Where the neighbour begins.
        end: Where it ends.
        actions: As they are to be written.
        resources: Likewise.
    """
    column = " " * (start - line_start(text, start))
    line, inner = newline_of(text) + column, dash_indent(text)
    in_flow = _flow_list(text[line_start(text, start) : end]) is not None

    def member(key: str, values: Sequence[str]) -> str:
        if len(values) == 1:
            return f"{key}: {values[0]}"
        if in_flow and all(value.startswith(("'", '"')) or _plain_scalar(value) for value in values):
            return f"{key}: [{', '.join(values)}]"
        return f"{key}:" + "".join(f"{line}{inner}- {value}" for value in values)

    return line.join(["Effect: Allow", member("Action", actions), member("Resource", resources)])


def quoted(value: str, sample: str) -> str:
    """Return a text as a string in the quotes of another; ``sample`` is that one's first character.

    Without quotes only what YAML takes for a text is written so.
    """
    if sample not in ("'", '"') and _plain_scalar(value):
        return value
    return f"'{value}'" if sample == "'" and "'" not in value else json.dumps(value, ensure_ascii=False)

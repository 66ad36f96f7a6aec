r"""Where a value of a text ends that is known to begin somewhere: it decides this by marks and indentation alone.

``end_of(text, offset, syntax)`` is for texts that were read before and found well-formed. Whoever changes a text by it
reads the changed text again. Every character is looked at a bounded number of times; it never raises.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

Syntax: TypeAlias = Literal["json", "yaml", "hcl"]
"""``hcl`` is also right for JSON in a heredoc."""

_json_token = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\Z)|[\[{]|[\]}]', re.DOTALL).search
_json_word = re.compile(r"[^\s,\[\]{}:]++").match

_hcl_code = re.compile(
    r"(?P<space>#[^\n]*+|//[^\n]*+|/\*.*?(?:\*/|\Z)|[ \t]++)"
    r"|<<-?(?P<heredoc>[\w-]++)[ \t]*+\r?\n"
    r'|(?P<quote>")|(?P<opening>[\[{(])|(?P<closing>[\]})])|(?P<comma>,)|(?P<newline>\r?\n)|[^\s"\[\](){},#/<]++|.',
    re.DOTALL,
).match
_hcl_string = re.compile(r'(?P<quote>")|(?P<insertion>[$%]\{)|\\.|\$\$\{|%%\{|[^"\\$%]++|.', re.DOTALL).match

_yaml_properties = re.compile(
    r"(?:[!&][^\s,\[\]{}]*+(?:[ \t]++|(?=[\r\n]|\Z)))++(?:(?:#[^\n]*+)?+\r?\n[ \t]*+)*+"
).match
_yaml_quoted = re.compile(r"\"(?:[^\"\\]++|\\.)*+(?:\"|\Z)|'(?:[^']++|'')*+(?:'|\Z)", re.DOTALL).match
_yaml_colon = re.compile(r"[ \t]*+:(?=\s|\Z)").match
_yaml_plain_key = re.compile(r"[^\s#\"'\[{&*!|>%@`-][^\n]*?:(?=\s|\Z)|-(?=[^\s])[^\n]*?:(?=\s|\Z)").match
_yaml_plain = re.compile(r"[^\r\n]*?(?=[ \t]++#|[ \t]*+(?:\r?\n|\Z))").match
_yaml_flow_plain = re.compile(r"[^\r\n,\[\]{}]*?(?=[ \t]++#|[ \t]*+(?:[\r\n,\[\]{}]|:(?=[\s,\[\]{}])|\Z))").match
_yaml_flow = re.compile(
    r"(?P<opening>[\[{])|(?P<closing>[\]}])|(?<![^\s])#[^\n]*+"
    r"|(?<![^\s,:\[{])(?:\"(?:[^\"\\]++|\\.)*+(?:\"|\Z)|'(?:[^']++|'')*+(?:'|\Z))|[^\s\[\]{}#\"']++|.",
    re.DOTALL,
).match
_yaml_item = re.compile(r"-(?=\s|\Z)").match
_yaml_line = re.compile(r"( *+)([^\r\n]*+)(?:\r\n?|\n|\Z)").match
_yaml_document = re.compile(r"(?:---|\.\.\.)(?=\s|\Z)").match


def syntax_of(name: str, text: str) -> Syntax:
    """Return the syntax of a file.

    Args:
        name: Its name.
        text: What it holds.
    """
    if name.lower().endswith((".tf", ".tftpl", ".hcl")):
        return "hcl"
    if name.lower().endswith((".yaml", ".yml")) or not text.lstrip().startswith(("{", "[", '"')):
        return "yaml"
    return "json"


def end_of(text: str, offset: int, syntax: Syntax, *, in_flow: bool = False) -> int:
    """Return the offset behind the last character of the value, statement or block that begins at an offset.

    Args:
        text: The whole text, as ``sources.files.read_text`` returns it.
        offset: 0-based, of the first character of the value: its bracket or quote, its first key or ``-`` (YAML), the
            word that names it (a block of HCL). ``TextSource.locate`` is the way from an offset to a location.
        syntax: Of the text at that place; see ``syntax_of``.
        in_flow: Whether it stands between brackets of YAML, where a comma ends a text without quotes.

    Returns:
        An offset between ``offset`` and the end of the text, without trailing white space; the end of the text for what
        is not closed. A comment behind the last line of a block of YAML belongs to it.
    """
    if not 0 <= offset < len(text):
        return min(max(offset, 0), len(text))
    end = {"json": _json, "hcl": _hcl}[syntax](text, offset) if syntax != "yaml" else _yaml(text, offset, in_flow)
    return offset + len(text[offset:end].rstrip())


def _json(text: str, offset: int) -> int:
    if text[offset] not in '"[{':
        word = _json_word(text, offset)
        return word.end() if word else offset
    depth = 0
    while token := _json_token(text, offset):
        offset = token.end()
        depth += (token[0] in ("[", "{")) - (token[0] in ("]", "}"))
        if depth <= 0:
            return offset
    return len(text)


def _hcl(text: str, offset: int) -> int:
    """An expression ends with its line, or before a comma or bracket that is not its own."""
    opened: list[str] = []
    end = offset
    while offset < len(text):
        in_string = bool(opened) and opened[-1] == '"'
        token = (_hcl_string if in_string else _hcl_code)(text, offset)
        if token is None:
            break
        kind = token.lastgroup
        if not opened and kind in ("closing", "comma", "newline"):
            return end
        if kind == "quote" and in_string:
            opened.pop()
        elif kind in ("quote", "opening", "insertion"):
            opened.append('"' if kind == "quote" else "(")
        elif kind == "closing":
            opened.pop()
        offset = _end_of_heredoc(text, token.end(), token["heredoc"]) if kind == "heredoc" else token.end()
        end = end if kind == "space" else offset
    return len(text) if opened else end


def _end_of_heredoc(text: str, offset: int, marker: str) -> int:
    """Return where the line ends that holds the marker alone."""
    found = re.compile(rf"^[ \t]*+{re.escape(marker)}(?=[ \t]*+\r?$)", re.MULTILINE).search(text, offset)
    return found.end() if found else len(text)


def _yaml(text: str, offset: int, in_flow: bool) -> int:  # noqa: FBT001 - end_of has its name
    properties = _yaml_properties(text, offset)
    start = properties.end() if properties else offset
    if start >= len(text):
        return offset + len(text[offset:].rstrip())
    if text[start] in "[{":
        return _yaml_brackets(text, start)
    if in_flow:
        scalar = _yaml_quoted(text, start) or _yaml_flow_plain(text, start)
        return scalar.end() if scalar else start
    if text[start] in "|>":
        return _yaml_text_block(text, start)
    if _yaml_item(text, start):
        return _yaml_lines(text, start, is_list=True)
    quoted = _yaml_quoted(text, start)
    if _yaml_colon(text, quoted.end()) if quoted else _is_key(text, start):
        return _yaml_lines(text, start, is_list=False)
    scalar = quoted or _yaml_plain(text, start)
    return scalar.end() if scalar else start


def _is_key(text: str, start: int) -> bool:
    """Return whether a text without quotes is the key of a mapping; a comment on its line holds none."""
    found = _yaml_plain_key(text, start)
    return found is not None and " #" not in found[0]


def _yaml_brackets(text: str, offset: int) -> int:
    depth = 0
    while token := _yaml_flow(text, offset):
        offset = token.end()
        depth += (token.lastgroup == "opening") - (token.lastgroup == "closing")
        if depth <= 0:
            return offset
    return len(text)


def _yaml_text_block(text: str, offset: int) -> int:
    """A text after ``|`` or ``>`` ends before the first line that stands further left than its first one."""
    end = position = _line_end(text, offset)
    indent = -1
    while position < len(text) and (line := _yaml_line(text, position)):
        if line[2]:
            indent = len(line[1]) if indent < 0 else indent
            if len(line[1]) < indent or not indent:
                break
            end = line.end(2)
        position = line.end()
    return end


def _yaml_lines(text: str, offset: int, *, is_list: bool) -> int:
    """A list or mapping ends before the first line that stands further left, or on its level and is no part of it."""
    column = offset - (text.rfind("\n", 0, offset) + 1)
    first = _yaml_line(text, offset)
    end, position = (first.end(2), first.end()) if first else (offset, len(text))
    while position < len(text) and (line := _yaml_line(text, position)):
        content = line[2].strip()
        if content and not content.startswith("#"):
            indent = len(line[1])
            on_level = _yaml_item(content, 0) if is_list else not _yaml_document(content)
            if indent < column or (indent == column and not on_level):
                break
            end = line.end(2)
        position = line.end()
    return end


def _line_end(text: str, offset: int) -> int:
    found = text.find("\n", offset)
    return len(text) if found < 0 else found + 1

r"""JSON text to positioned nodes: it decides what is JSON (RFC 8259, strictly) and must not know policies or files.

The usual case, a string without escapes and the punctuation after it, is one match of one regular expression. Only
where none of them matches is the text looked at closely, to say what stands there instead. Every pattern ends behind
the white space that follows, so the next begins at a token. Quantifiers are possessive and every character is looked at
a bounded number of times, so hostile text takes linear time.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.tree import Duplicate, Node, Number, TextSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_veeam_iam.iam.tree import Source

MAX_DEPTH = 100
"""How deep lists and objects may be nested; the outermost counts as one."""

MAX_NODES = 2_000_000
"""How many values a text may hold."""

MAX_DIGITS = 1000
"""How many digits a number may have."""

_WS = r"[ \t\n\r]*+"
_PLAIN = r'"([^"\\\x00-\x1f]*+)"'
_NUMBER = r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+"

_space = re.compile(_WS).match
_plain_item = re.compile(rf"{_PLAIN}{_WS}([,\]]){_WS}").match
_plain_member = re.compile(rf"{_PLAIN}{_WS}:{_WS}(?:{_PLAIN}{_WS}([,}}]){_WS})?+").match
_after_item = re.compile(rf"{_WS}([,\]]){_WS}").match
_after_member = re.compile(rf"{_WS}([,}}]){_WS}").match
_colon = re.compile(rf"{_WS}:{_WS}").match
_value_token = re.compile(
    rf'{_PLAIN}|(\[){_WS}|(\{{){_WS}|({_NUMBER})(?![\w.+-])|(true|false|null)(?![\w.+-])|(")'
).match
_PLAIN_STRING, _LIST, _OBJECT, _NUMERAL, _WORD, _STRING = range(1, 7)

_chunk = re.compile(r'[^"\\\x00-\x1f]*+').match
_escape = re.compile(r'\\(?:(["\\/bfnrt])|u([0-9a-fA-F]{4}))').match
_low_half = re.compile(r"\\u([dD][c-fC-F][0-9a-fA-F]{2})").match
_lone_half = re.compile("[\ud800-\udfff]").search
_is_number = re.compile(_NUMBER).fullmatch
_run = re.compile(r"[\w.+$-]{1,40}+").match
_value_starts = re.compile(
    rf'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|(?:\[(?!{_WS}\])|\{{(?!{_WS}\}})|,)', re.DOTALL
).finditer  # strings are matched only to skip what stands in them

_SHORT = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS = {"true": True, "false": False, "null": None}


def parse(source: TextSource, *, most: int | None = None) -> Node:
    """Read a JSON text.

    Args:
        source: The text and what messages call it.
        most: How many values it may hold, if not ``MAX_NODES``.

    Returns:
        The outermost value. Offsets are in characters; repeated keys are in ``Node.duplicates``, not refused.

    Raises:
        PolicyLoadError: The text is not JSON, or is larger or deeper than the bounds of this module; the first reason
            found, with its line and column.
    """
    text = source.text
    if not text.strip(" \t\n\r"):
        what = "holds only white space" if text else "is empty"
        raise _refusal(source, 0, f"the text {what}, expected a JSON document")
    if not text.isascii() and (half := _lone_half(text)):
        raise _half_pair(source, half.start(), f"U+{ord(half[0]):04X}")
    bound(source, most=most)
    node, end = _value(source, _end_of_space(text, 0), 0)
    end = _end_of_space(text, end)
    if end < len(text):
        raise _unexpected(source, end, "nothing after the end of the document")
    return node


def parse_part(source: TextSource, start: int, end: int) -> Node:
    """Read one value of a text that is known to be JSON.

    Args:
        source: The text.
        start: The offset of the value's first character.
        end: The offset behind its last one.

    Raises:
        PolicyLoadError: The value is larger or deeper than the bounds of this module, or holds what only this module
            refuses: half a surrogate pair, an endless number.
    """
    bound(source, start, end)
    return _value(source, start, 0)[0]


def bound(source: TextSource, start: int = 0, end: int | None = None, *, most: int | None = None) -> None:
    """Refuse a text of too many values before any is built: each but the first follows a bracket or a comma.

    A value has a character at least, and a comma or two brackets round it, so that a short text holds few.

    Args:
        source: The text.
        start: Where to begin.
        end: Where to stop; None for its end.
        most: How many values it may hold, if not ``MAX_NODES``.
    """
    text, end, most = source.text, len(source.text) if end is None else end, MAX_NODES if most is None else most
    if end - start < 2 * most - 1 or sum(text.count(mark, start, end) for mark in ",[{") < most:
        return
    count = 1
    for found in _value_starts(text, start, end):
        count += text[found.start()] != '"'
        if count > most:
            raise _refusal(source, found.start(), f"found more than {most:,} values, expected at most that many")


def _value(source: TextSource, pos: int, depth: int) -> tuple[Node, int]:
    """Read the value at ``pos`` and return it with the offset behind it."""
    token = _value_token(source.text, pos)
    if token is None:
        raise _unexpected(source, pos, _expected_value(source.text, pos))
    kind, end = token.lastindex or 0, token.end()
    if kind == _PLAIN_STRING:
        return Node(token[kind], source, pos, {}, ()), end
    if kind in (_OBJECT, _LIST):
        if depth == MAX_DEPTH:
            raise _refusal(source, pos, f"found more than {MAX_DEPTH} levels of nesting, expected at most that many")
        return (_object if kind == _OBJECT else _list)(source, pos, end, depth + 1)
    if kind == _NUMERAL:
        return Node(_number(source, pos, token[kind]), source, pos, {}, ()), end
    if kind == _WORD:
        return Node(_WORDS[token[kind]], source, pos, {}, ()), end
    string, end = _string(source, pos)
    return Node(string, source, pos, {}, ()), end


def _list(source: TextSource, opening: int, pos: int, depth: int) -> tuple[Node, int]:
    """Read the list whose bracket is at ``opening`` and whose first item is at ``pos``."""
    text = source.text
    items: list[Node] = []
    mark = ","
    while mark == ",":
        if found := _plain_item(text, pos):
            string, mark = found.groups()
            items.append(Node(string, source, pos, {}, ()))
        elif not items and text.startswith("]", pos):
            return Node(items, source, opening, {}, ()), pos + 1
        else:
            item, pos = _value(source, pos, depth)
            items.append(item)
            found = _after_item(text, pos)
            if found is None:
                raise _unclosed(source, pos, opening, '"," or "]"')
            mark = found[1]
        pos = found.end()
    return Node(items, source, opening, {}, ()), pos


def _object(source: TextSource, opening: int, pos: int, depth: int) -> tuple[Node, int]:
    """Read the object whose brace is at ``opening`` and whose first key is at ``pos``."""
    text = source.text
    members: dict[str, Node] = {}
    keys: dict[str, int] = {}
    repeated: list[tuple[str, int, int]] = []
    mark = ","
    while mark == ",":
        start = pos
        if found := _plain_member(text, pos):
            key, string, mark = found.groups()
            pos = found.end()
        elif not members and text.startswith("}", pos):
            return Node(members, source, opening, keys, ()), pos + 1
        else:
            key, pos = _key(source, pos, opening)
            string = None
        if key in keys:
            repeated.append((key, keys[key], start))
        keys[key] = start
        if string is not None and found:
            members[key] = Node(string, source, found.start(2) - 1, {}, ())
            continue
        members[key], pos = _value(source, pos, depth)
        found = _after_member(text, pos)
        if found is None:
            raise _unclosed(source, pos, opening, '"," or "}"')
        mark, pos = found[1], found.end()
    return Node(members, source, opening, keys, _duplicates(repeated) if repeated else ()), pos


def _duplicates(repeated: list[tuple[str, int, int]]) -> tuple[Duplicate, ...]:
    """Name the first of its kind for each repeated key, also for the third of them."""
    firsts: dict[str, int] = {}
    return tuple(Duplicate(key, firsts.setdefault(key, previous), again) for key, previous, again in repeated)


def _key(source: TextSource, pos: int, opening: int) -> tuple[str, int]:
    """Read a key that holds an escape and its colon, or say why there is none."""
    text = source.text
    if not text.startswith('"', pos):
        first = _end_of_space(text, opening + 1) == pos
        raise _not_a_key(source, pos, opening, 'a key in double quotes or "}"' if first else "a key in double quotes")
    key, end = _string(source, pos)
    colon = _colon(text, end)
    if colon is None:
        raise _unexpected(source, end, '":" after the key')
    return key, colon.end()


def _number(source: TextSource, start: int, text: str) -> Number:
    if len(text) > MAX_DIGITS:
        digits = sum(map(str.isdigit, text))
        if digits > MAX_DIGITS:
            raise _refusal(source, start, f"found a number of {digits:,} digits, expected at most {MAX_DIGITS:,}")
    return Number(text)


def _string(source: TextSource, opening: int) -> tuple[str, int]:
    """Read the string whose quote is at ``opening``, escapes and all."""
    text, pos = source.text, opening + 1
    parts: list[str] = []
    while chunk := _chunk(text, pos):
        parts.append(chunk[0])
        pos = chunk.end()
        if text.startswith('"', pos):
            return "".join(parts), pos + 1
        if not text.startswith("\\", pos):
            break
        character, pos = _escaped(source, pos)
        parts.append(character)
    raise _unclosed_string(source, opening, pos)


def _escaped(source: TextSource, pos: int) -> tuple[str, int]:
    """Return the character that the escape at ``pos`` stands for, and the offset behind it."""
    escape = _escape(source.text, pos)
    if escape is None:
        raise _no_escape(source, pos)
    if escape[1]:
        return _SHORT[escape[1]], escape.end()
    code, end = int(escape[2], 16), escape.end()
    if 0xD800 <= code <= 0xDFFF:
        low = _low_half(source.text, end)
        if code >= 0xDC00 or low is None:
            raise _half_pair(source, pos, escape[0])
        code, end = 0x10000 + (code - 0xD800) * 0x400 + (int(low[1], 16) - 0xDC00), low.end()
    return chr(code), end


def character_offsets(source: Source, node: Node) -> Sequence[int] | int:
    """Return the offset of each character of a string in the text it was read from.

    Args:
        source: The node's.
        node: A string that was read by ``parse``.

    Returns:
        The offset of its first character if the others follow it; else one for each.
    """
    value = node.value
    if not isinstance(source, TextSource) or not isinstance(value, str):
        return [node.offset] * len(value) if isinstance(value, str) else node.offset
    start = node.offset + 1
    if source.text.startswith(value, start):
        return start
    offsets: list[int] = []
    while missing := len(value) - len(offsets):
        escape = source.text.find("\\", start, start + missing)
        end = start + missing if escape < 0 else escape
        offsets.extend(range(start, end))
        if escape >= 0:
            offsets.append(escape)
            end = _escaped(source, escape)[1]
        start = end
    return offsets


def _end_of_space(text: str, pos: int) -> int:
    space = _space(text, pos)
    return space.end() if space else pos


# What stands there instead. Nothing below runs for a text that is JSON.

_COPIED = "the text was copied from a web page or Markdown"
_VENDOR = "(the example on the vendor's page holds them)"
_CURLY = "\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2032\u2033\u00ab\u00bb\uff02"
_MARKDOWN = "*_[]{}()<>#+-.!|~`"  # what converters escape; also legal after a backslash in CommonMark, section 2.4
_CONTROLS = {"\0": "NUL", "\b": "backspace", "\t": "tab", "\f": "form feed"}
_COMMENTS = ("//", "/*", "#")
_NOT_NUMBERS = ("nan", "infinity", "inf")
_OTHER_LANGUAGES = {"true": "true", "false": "false", "null": "null", "none": "null", "nil": "null"}


def _refusal(source: TextSource, offset: int, why: str, remedy: str = "") -> PolicyLoadError:
    place = source.locate(offset)
    return PolicyLoadError(source.path, why, line=place.line, column=place.column, remedy=remedy)


def _place(source: TextSource, offset: int) -> str:
    place = source.locate(offset)
    return f"{place.line}:{place.column}"


def _half_pair(source: TextSource, offset: int, written: str) -> PolicyLoadError:
    return _refusal(
        source,
        offset,
        f"{written} is one half of a surrogate pair, expected both halves",
        "write the escapes of both halves, or the character itself",
    )


def _expected_value(text: str, pos: int) -> str:
    """Tell from the punctuation before ``pos``, which was read already, what may stand there."""
    before = text[:pos].rstrip(" \t\n\r")[-1:]
    return {"": "a JSON value", "[": 'a value or "]"', ":": "a value after the colon"}.get(before, "a value")


def _unexpected(source: TextSource, pos: int, expected: str, remedy: str = "") -> PolicyLoadError:
    """Say what stands at or after ``pos`` where ``expected`` was expected."""
    text = source.text
    pos = _end_of_space(text, pos)
    if pos == len(text):
        return _refusal(source, pos, f"the text ends, expected {expected}", remedy)
    foreign = _copied(source, pos) or _other_syntax(source, pos, expected) or _trailing_comma(source, pos)
    if foreign:
        return foreign
    if run := _run(text, pos):
        return _unexpected_word(source, pos, run[0], expected, remedy)
    return _refusal(source, pos, f"found {_shown(text[pos])}, expected {expected}", remedy)


def _unclosed(source: TextSource, pos: int, opening: int, expected: str) -> PolicyLoadError:
    """Say that after a value a list or object does not go on as it must."""
    pos = _end_of_space(source.text, pos)
    character = source.text[pos : pos + 1]
    if character in ("", "]", "}"):
        return _unexpected(source, pos, expected, _not_closed(source, opening))
    starts_value = character in '"[{-' or character.isalnum()
    return _unexpected(source, pos, expected, "a comma is missing before it" if starts_value else "")


def _not_closed(source: TextSource, opening: int) -> str:
    kind = "list" if source.text[opening] == "[" else "object"
    return f"close the {kind} that opens at {_place(source, opening)}"


def _not_a_key(source: TextSource, pos: int, opening: int, expected: str) -> PolicyLoadError:
    """Say what stands at ``pos`` in place of a key."""
    text = source.text
    if text[pos : pos + 1] in ("", "]"):
        return _unexpected(source, pos, expected, _not_closed(source, opening))
    run = _run(text, pos)
    if run and run[0].isidentifier() and _colon(text, run.end()):
        return _refusal(source, pos, f"the key {run[0]} has no quotes, expected {expected}", f'write "{run[0]}"')
    return _unexpected(source, pos, expected)


def _copied(source: TextSource, pos: int) -> PolicyLoadError | None:
    """Recognise what word processors, web pages and Markdown put in the place of JSON's own characters."""
    character = source.text[pos]
    if character == "\\":
        why, remedy = "found a backslash outside of a string", "delete the backslashes that quote one text in another"
        return _markdown(source, pos) or _refusal(source, pos, f"{why}, expected none there", remedy)
    if character in _CURLY:
        why = f"{_shown(character)} does not quote in JSON, expected a straight double quote"
        return _refusal(source, pos, why, f'{_COPIED}: write " in place of every curly quote')
    if character == "`":
        why = 'found "`", which JSON does not have'
        return _refusal(source, pos, why, f"{_COPIED}: keep only what stands between its fences of backquotes")
    replacement = _instead_of(character)
    if replacement:
        why = f"{_shown(character)} is not white space in JSON"
        return _refusal(source, pos, why, f"{_COPIED}: {replacement}")
    return None


def _instead_of(character: str) -> str:
    """Say what to do with a space that JSON does not have, or nothing if it is no space."""
    from unicodedata import category  # only a refused text needs the tables

    every = f"every U+{ord(character):04X}"
    match category(character):
        case "Zs":
            return f"replace {every} by an ordinary space {_VENDOR}"
        case "Zl" | "Zp":
            return f"replace {every} by a line break"
        case "Cf":
            return f"delete {every}"
    return ""


def _markdown(source: TextSource, pos: int) -> PolicyLoadError | None:
    """Recognise the backslash that Markdown puts before its own marks."""
    after = source.text[pos + 1 : pos + 2]
    if not after or after not in _MARKDOWN:
        return None
    remedy = f'{_COPIED}: write "{after}"' + (f" {_VENDOR}" if after == "*" else "")
    return _refusal(source, pos, f"\"\\{after}\" is Markdown's escape, not JSON's", remedy)


def _no_escape(source: TextSource, pos: int) -> PolicyLoadError:
    """Say what is wrong with the backslash at ``pos`` in a string."""
    text = source.text
    after = text[pos + 1 : pos + 2]
    if not after:
        return _refusal(source, pos, "the text ends after this backslash, expected the rest of the string")
    if after == "u":
        return _refusal(source, pos, f"found {_shown(text[pos : pos + 6])}, expected \\u and four hexadecimal digits")
    why = f"found {_shown(text[pos : pos + 2])}, expected one of JSON's escapes"
    remedy = r"they are \" \\ \/ \b \f \n \r \t and \uXXXX; a backslash itself is \\"
    return _markdown(source, pos) or _refusal(source, pos, why, remedy)


def _other_syntax(source: TextSource, pos: int, expected: str) -> PolicyLoadError | None:
    """Recognise comments and single quotes."""
    text = source.text
    if text[pos] == "'":
        why = f"found a single quote, expected {expected}"
        return _refusal(source, pos, why, 'JSON quotes with " only')
    for mark in _COMMENTS:
        if text.startswith(mark, pos):
            why = f'found "{mark}", which begins a comment, expected {expected}'
            return _refusal(source, pos, why, "JSON has no comments: delete it")
    return None


def _trailing_comma(source: TextSource, pos: int) -> PolicyLoadError | None:
    text = source.text
    if text[pos] not in "]}":
        return None
    before = text[:pos].rstrip(" \t\n\r")
    if not before.endswith(","):
        return None
    expected = "a value" if text[pos] == "]" else "a key"
    why = f'found a comma before "{text[pos]}", expected {expected} after the comma'
    return _refusal(source, len(before) - 1, why, "delete the comma")


def _unexpected_word(source: TextSource, pos: int, word: str, expected: str, remedy: str) -> PolicyLoadError:
    """Say what is wrong with a number, or with a word that has no quotes."""
    name = word.lstrip("+-").lower()
    if name in _NOT_NUMBERS:
        return _refusal(source, pos, f"{word} is not a number in JSON, expected {expected}", "write a number of digits")
    if (word[0] in "+-." or word[0].isdigit()) and not _is_number(word):
        advice = "JSON has no leading zero or plus sign, needs a digit on both sides of a point, and counts in tens"
        return _refusal(source, pos, f"{word} is not how JSON writes a number, expected {expected}", advice)
    known = _OTHER_LANGUAGES.get(name, word)
    return _refusal(source, pos, f"found {word}, expected {expected}", f"write {known}" if known != word else remedy)


def _unclosed_string(source: TextSource, opening: int, pos: int) -> PolicyLoadError:
    """Say what ended a string instead of its quote: the end of the text, or a control character."""
    text = source.text
    if pos == len(text):
        return _refusal(source, opening, "the text ends inside this string, expected a closing double quote")
    character = text[pos]
    if character in "\r\n":
        why = "the line ends inside a string, expected a closing double quote"
        remedy = f"close the string that opens at {_place(source, opening)}, or write \\n for a line break"
        return _refusal(source, pos, why, remedy)
    short = [f"\\{letter}" for letter, meant in _SHORT.items() if meant == character] or [f"\\u{ord(character):04x}"]
    return _refusal(source, pos, f"found {_shown(character)} inside a string, expected an escape", f"write {short[0]}")


def _shown(text: str) -> str:
    """Name what was found: in quotes if every terminal shows it, else by its code points."""
    if text == '"':
        return "a string"
    if text.isascii() and text.isprintable():
        return f'"{text}"'
    return " ".join(map(_named, text))


def _named(character: str) -> str:
    from unicodedata import name  # only a refused text needs the tables

    if character.isascii() and character.isprintable():
        return f'"{character}"'
    unnamed = "control character" if character < "\u00a0" else "unnamed character"
    return f"U+{ord(character):04X} ({_CONTROLS.get(character) or name(character, unnamed).lower()})"

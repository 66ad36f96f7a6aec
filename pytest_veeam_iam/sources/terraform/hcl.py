"""HCL text to syntax: it decides what is HCL, with tree-sitter's help, and must not know what any word of it means.

https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md

tree-sitter gives ranges of bytes and goes on after an error. So ranges become offsets of characters here, the first
error is looked for, and what its grammar lets pass is checked: arguments that stand twice or do not end their line.
Bodies and expressions are built only when somebody asks for them, because most blocks of a file have nothing to do
with a policy.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cache, cached_property
from time import process_time
from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.tree import Number, TextSource
from pytest_veeam_iam.sources.terraform.syntax import (
    Argument,
    Call,
    Choice,
    Chunk,
    EachOf,
    Expression,
    For,
    ForDirective,
    GetAttribute,
    GetIndex,
    IfDirective,
    Items,
    Literal,
    Members,
    Name,
    Operation,
    Text,
    Traversal,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import tree_sitter

    from pytest_veeam_iam.sources.terraform.syntax import Block, Body, Part, Step

MAX_NESTING = 50
"""How deep an expression may be nested."""

MAX_TEXT = 2 * 1024 * 1024
"""Characters of a text: tree-sitter takes some 300 bytes of memory for each."""

_MAX_SPACE = 20_000
"""Characters of white space in a row, for each of which it takes 500 bytes."""

_LONG_SPACE = re.compile(rf"\s{{{_MAX_SPACE}}}")
_QUICK = 64 * 1024
"""Bytes up to which no text takes long, however broken it is."""

_SECONDS = 2.0
_SECONDS_PER_BYTE = 3e-6
"""Well-formed text takes a tenth of this; some broken text takes quadratic time."""

_REMEDY = "terraform validate says more"
_MARKER = "ENDOFTEMPLATE"
_HEADER = re.compile(r'([\w-]++)[ \t]*+(?:"([^"\\$%{}\n]*+)"[ \t]*+(?:"([^"\\$%{}\n]*+)"[ \t]*+)?+)?+\{')
"""Of a block with at most two labels, as nearly all are written."""

_OPERATORS = frozenset({"==", "!=", "<", ">", "<=", ">=", "&&", "||", "+", "-", "*", "/", "%", "!"})
_ESCAPE = re.compile(r'\\(?:([nrt"\\])|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))|(\$\$|%%)(?=\{)')
_TEMPLATE_ESCAPE = re.compile(r"()()()(\$\$|%%)(?=\{)")
_SHORT = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


def parse(source: TextSource) -> tuple[Block, ...]:
    """Return the blocks of a file.

    Args:
        source: The file's text.

    Raises:
        PolicyLoadError: It is not HCL; the first reason, with its place.
    """
    reader = _Reader(source, source.text)
    body = next((child for child in reader.root.children if child.type == "body"), None)
    return () if body is None else tuple(_HclBody(reader, body).top_blocks())


def parse_arguments(source: TextSource) -> Mapping[str, Argument]:
    """Return the arguments of a file without blocks, as ``.tfvars`` are.

    Args:
        source: The file's text.

    Raises:
        PolicyLoadError: It is not HCL.
    """
    reader = _Reader(source, source.text)
    body = next((child for child in reader.root.children if child.type == "body"), None)
    return _HclBody(reader, body).arguments()


def parse_block(source: TextSource, start: int, end: int) -> Block | None:
    """Return the block that a part of a file is, None if it is not one block.

    Args:
        source: The file's text.
        start: Offset of its first character.
        end: Offset behind its last character.
    """
    try:
        reader = _Reader(source, source.text[start:end], start)
    except PolicyLoadError:
        return None
    bodies = [child for child in reader.root.children if child.type == "body"]
    blocks = _HclBody(reader, bodies[0]).top_blocks() if len(bodies) == 1 else []
    return blocks[0] if len(blocks) == 1 and (blocks[0].start, blocks[0].end) == (start, end) else None


def parse_template(source: TextSource) -> Text:
    """Return the template that a whole text is, as ``templatefile`` and JSON syntax have them: without quotes.

    Args:
        source: The text.

    Raises:
        PolicyLoadError: It is no template.
    """
    if "${" not in source.text and "%{" not in source.text:
        return Text(source, 0, len(source.text), (Chunk(source.text, 0),))
    reader = _Reader(source, f"{source.text}\n{_MARKER}\n", head=f"x = <<{_MARKER}\n")
    value = reader.only_value()
    if not isinstance(value, Text):
        raise reader.refusal(0, "this is not a template", "")
    return _without_last_newline(source, value)


def _without_last_newline(source: TextSource, text: Text) -> Text:
    """Undo what the heredoc round a template adds."""
    *parts, last = text.parts
    if isinstance(last, Chunk):
        parts += [Chunk(last.text[:-1], last.offsets if isinstance(last.offsets, int) else last.offsets[:-1])]
    return Text(source, 0, len(source.text), tuple(part for part in parts if not isinstance(part, Chunk) or part.text))


def parse_expression(source: TextSource) -> Expression:
    """Return the expression that a whole text is, as the command line has values.

    Args:
        source: The text.

    Raises:
        PolicyLoadError: It is no expression.
    """
    reader = _Reader(source, source.text + "\n", head="x = ")
    value = reader.only_value()
    if value is None:
        raise reader.refusal(0, "this is not an expression", "")
    return value


@cache
def _parser() -> tree_sitter.Parser:
    import tree_sitter
    import tree_sitter_hcl

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))


def _tree(source: TextSource, data: bytes) -> tree_sitter.Tree:
    """Parse, and give up where broken text takes for ever."""
    if len(data) <= _QUICK:
        return _parser().parse(data)
    deadline = process_time() + _SECONDS + len(data) * _SECONDS_PER_BYTE
    try:
        return _parser().parse(
            lambda offset, _: data[offset:],
            progress_callback=lambda _offset, _has_error: process_time() > deadline,
        )
    except ValueError as error:
        _parser().reset()
        raise PolicyLoadError(source.path, "this is not HCL: it takes too long to find out why") from error


class _Reader:
    """A text with its tree: it turns nodes into expressions.

    Args:
        source: What offsets refer to.
        text: What is parsed, without ``head``: the source's text, a part of it, or more than it.
        start: Offset of the text in the source.
        head: What is put before the text to make it a file, in ASCII.
    """

    def __init__(self, source: TextSource, text: str, start: int = 0, head: str = "") -> None:
        self.source, self._start, self._skip = source, start, len(head)
        self._shift = start - len(head)
        self.text = source.text if start else text
        self._check_size(text)
        data = (head + text).encode("utf-8", "surrogatepass")
        if not data.endswith(b"\n"):
            data += b"\n"  # a heredoc may end the file
        self._tree = _tree(source, data)
        self.root = self._tree.root_node
        self._wide = (
            [] if text.isascii() else [index - len(head) for index, byte in enumerate(data) if byte & 0xC0 == 0x80]
        )
        if self.root.has_error:
            raise self._syntax_error()

    def _check_size(self, text: str) -> None:
        if len(text) > MAX_TEXT:
            why = f"found {len(text):,} characters of HCL, expected at most {MAX_TEXT:,}"
            raise PolicyLoadError(self.source.path, why, remedy="split it")
        space = _LONG_SPACE.search(text) if len(text) > _MAX_SPACE else None
        if space is not None:
            why = f"found more than {_MAX_SPACE:,} characters of white space in a row, expected at most that many"
            raise self.refusal(self._start + space.start(), why, "remove them")

    def at(self, byte: int) -> int:
        """Return the offset of the character at a byte of the tree."""
        if not self._wide:
            return byte + self._shift
        return byte + self._shift - bisect_right(self._wide, byte - self._skip)

    def byte_at(self, offset: int) -> int:
        """Return the byte of the tree that a character begins with."""
        before = self.text[self._start : offset]
        return self._skip + (len(before.encode("utf-8", "surrogatepass")) if self._wide else len(before))

    def slice(self, node: tree_sitter.Node) -> str:
        """Return the text of a node."""
        if not self._wide:
            return self.text[node.start_byte + self._shift : node.end_byte + self._shift]
        return self.text[self.at(node.start_byte) : self.at(node.end_byte)]

    def only_value(self) -> Expression | None:
        """Return the value of the only argument of the text, None if there is something else."""
        body = self.root.children[0]
        if len(body.children) != 1 or body.children[0].type != "attribute":
            return None
        return self.expression(body.children[0].children[-1], MAX_NESTING)

    def refusal(self, offset: int, why: str, remedy: str) -> PolicyLoadError:
        """Return an error at an offset."""
        place = self.source.locate(max(0, min(offset, len(self.source.text))))
        return PolicyLoadError(self.source.path, why, line=place.line, column=place.column, remedy=remedy)

    def _syntax_error(self) -> PolicyLoadError:
        """Say what tree-sitter did not understand: the first that it marks, as deep as it goes."""
        node = self.root
        while inner := [child for child in node.children if child.has_error or child.is_missing]:
            node = inner[0]
        if node.is_missing:
            what = "a line that ends the heredoc" if node.type == "heredoc_identifier" else f'"{node.type}"'
            return self.refusal(self.at(node.start_byte), f"this is not HCL: {what} is missing here", _REMEDY)
        offset = self.at(_culprit(node).start_byte)
        found = _first_line(self.text[offset : offset + 40])
        return self.refusal(offset, f"this is not HCL: did not expect {found}", _REMEDY)

    # Expressions. Each method returns what stands in a node; ``depth`` is how deep it may still be nested.

    def expression(self, node: tree_sitter.Node, depth: int) -> Expression:
        """Return the expression of an ``expression`` node."""
        children = node.children
        if len(children) == 1 and depth >= 0:
            return self._term(children[0], depth)
        return self._operand([child for child in children if child.type != "comment"], depth)

    def _operand(self, nodes: Sequence[tree_sitter.Node], depth: int) -> Expression:
        """Return what some neighbours are together: a term, perhaps in parentheses, and the steps behind it."""
        if depth < 0:
            why = f"found more than {MAX_NESTING} levels of nesting, expected at most that many"
            raise self.refusal(self.at(nodes[0].start_byte), why, "")
        first, behind = nodes[0], 1
        if first.type == "(":
            term = self.expression(nodes[1], depth - 1)
            behind = 3
        else:
            term = self._term(first, depth)
        if behind >= len(nodes):
            return term
        steps = self._steps(nodes[behind:], depth)
        return Traversal(self.source, self.at(first.start_byte), self.at(nodes[-1].end_byte), term, steps)

    def _term(self, node: tree_sitter.Node, depth: int) -> Expression:
        build = _TERMS.get(node.type)
        if build is None:
            raise self.refusal(self.at(node.start_byte), f"this is not HCL: found {_first_line(self.slice(node))}", "")
        return build(self, node, depth - 1)

    def _wrapped(self, node: tree_sitter.Node, depth: int) -> Expression:
        """A node with one child that says what it is; that is no level of nesting."""
        return self._term(_solid(node)[0], depth + 1)

    def _literal(self, node: tree_sitter.Node, depth: int) -> Expression:
        child = node.children[0]
        if child.type == "string_lit":
            return self._string(child, depth)
        text = self.slice(child)
        value = _WORDS[text] if text in _WORDS else Number(text)
        return Literal(self.source, self.at(child.start_byte), self.at(child.end_byte), value)

    def _string(self, node: tree_sitter.Node, _depth: int) -> Expression:
        start, end = self.at(node.start_byte), self.at(node.end_byte)
        return Text(self.source, start, end, (_chunk(self.text[start + 1 : end - 1], start + 1, _ESCAPE),))

    def _quoted(self, node: tree_sitter.Node, depth: int) -> Expression:
        first, *inner, last = node.children
        parts = self._parts(inner, first.end_byte, last.start_byte, _ESCAPE, depth)
        return Text(self.source, self.at(node.start_byte), self.at(node.end_byte), parts)

    def _heredoc(self, node: tree_sitter.Node, depth: int) -> Expression:
        mark, first, *inner, last = node.children
        name = self.at(first.end_byte)
        begin = self.text.find("\n", name) + 1 if name >= 0 else 0  # the marker stands before the text
        end = max(begin, self.text.rfind("\n", 0, self.at(last.start_byte)) + 1)
        parts = self._parts_between(inner, begin, end, _TEMPLATE_ESCAPE, depth)
        if mark.end_byte - mark.start_byte == len("<<-"):
            parts = _without_indent(parts)
        return Text(self.source, self.at(node.start_byte), self.at(node.end_byte), parts)

    def _parts(
        self, nodes: Sequence[tree_sitter.Node], start: int, end: int, escapes: re.Pattern[str], depth: int
    ) -> tuple[Part, ...]:
        """Return the parts of a template between two bytes."""
        return self._parts_between(nodes, self.at(start), self.at(end), escapes, depth)

    def _parts_between(
        self, nodes: Sequence[tree_sitter.Node], start: int, end: int, escapes: re.Pattern[str], depth: int
    ) -> tuple[Part, ...]:
        """Text is what stands between the insertions: tree-sitter's own literals lack the white space round them."""
        parts: list[Part] = []
        trim_next = False
        for node in nodes:
            if node.type == "template_literal":
                continue
            trim_this, trim_after = self._trims(node)
            self._add_chunk(parts, start, self.at(node.start_byte), escapes, trims=(trim_next, trim_this))
            part = self._insertion(node, escapes, depth)
            parts += [] if part is None else [part]
            start, trim_next = self.at(node.end_byte), trim_after
        self._add_chunk(parts, start, end, escapes, trims=(trim_next, False))
        return tuple(parts)

    def _add_chunk(
        self, parts: list[Part], start: int, end: int, escapes: re.Pattern[str], *, trims: tuple[bool, bool]
    ) -> None:
        """Add the text between two offsets; a ``~`` beside it takes its white space up to the line end's."""
        if trims[0]:
            start += len(text := self.text[start:end]) - len(text.lstrip())
        text = self.text[start : max(start, end)]
        text = text.rstrip() if trims[1] else text
        if text:
            parts.append(_chunk(text, start, escapes))

    def _trims(self, node: tree_sitter.Node) -> tuple[bool, bool]:
        """Whether an insertion has a ``~`` at its beginning and at its end."""
        text = self.slice(node)
        return text[2:3] == "~", text[-2:-1] == "~"

    def _insertion(self, node: tree_sitter.Node, escapes: re.Pattern[str], depth: int) -> Part | None:
        if depth < 0:
            why = f"found more than {MAX_NESTING} levels of nesting, expected at most that many"
            raise self.refusal(self.at(node.start_byte), why, "")
        if node.type == "template_interpolation":
            inner = next((child for child in node.children if child.type == "expression"), None)
            return None if inner is None else self.expression(inner, depth - 1)
        directive = node.children[0]
        build = self._if_directive if directive.type == "template_if" else self._for_directive
        return build(directive, escapes, depth - 1)

    def _if_directive(self, node: tree_sitter.Node, escapes: re.Pattern[str], depth: int) -> Part:
        children = node.children
        otherwise = next((index for index, child in enumerate(children) if child.type == "template_else_intro"), None)
        middle = len(children) - 1 if otherwise is None else otherwise
        yes = self._branch(children[0], children[1:middle], children[middle], escapes, depth)
        no = (
            () if otherwise is None
            else self._branch(children[middle], children[middle + 1 : -1], children[-1], escapes, depth)
        )  # fmt: skip
        condition = next(child for child in children[0].children if child.type == "expression")
        start, end = self.at(node.start_byte), self.at(node.end_byte)
        return IfDirective(self.source, start, end, self.expression(condition, depth), yes, no)

    def _for_directive(self, node: tree_sitter.Node, escapes: re.Pattern[str], depth: int) -> Part:
        first, *inner, last = node.children
        key, item = self._loop_names(first)
        collection = next(child for child in first.children if child.type == "expression")
        return ForDirective(
            self.source, self.at(node.start_byte), self.at(node.end_byte), key, item,
            self.expression(collection, depth), self._branch(first, inner, last, escapes, depth),
        )  # fmt: skip

    def _branch(
        self,
        before: tree_sitter.Node,
        nodes: Sequence[tree_sitter.Node],
        after: tree_sitter.Node,
        escapes: re.Pattern[str],
        depth: int,
    ) -> tuple[Part, ...]:
        """Return the parts between two directives, whose ``~`` trim them."""
        start, end = self.at(before.end_byte), self.at(after.start_byte)
        if self._trims(before)[1]:
            start += len(text := self.text[start:end]) - len(text.lstrip())
        if self._trims(after)[0]:
            end = max(start, start + len(self.text[start:end].rstrip()))
        return self._parts_between(nodes, start, end, escapes, depth)

    def _loop_names(self, node: tree_sitter.Node) -> tuple[str, str]:
        names = [self.slice(child) for child in node.children if child.type == "identifier"]
        return ("", names[0]) if len(names) == 1 else (names[0], names[1])

    def _name(self, node: tree_sitter.Node, _depth: int) -> Expression:
        return Name(self.source, self.at(node.start_byte), self.at(node.end_byte), self.slice(node))

    def _items(self, node: tree_sitter.Node, depth: int) -> Expression:
        items = tuple(self.expression(child, depth) for child in node.children if child.type == "expression")
        return Items(self.source, self.at(node.start_byte), self.at(node.end_byte), items)

    def _members(self, node: tree_sitter.Node, depth: int) -> Expression:
        members = []
        for child in node.children:
            if child.type == "object_elem":
                key, value = (each for each in child.children if each.type == "expression")
                members.append((self._key(key, depth), self.expression(value, depth)))
        return Members(self.source, self.at(node.start_byte), self.at(node.end_byte), tuple(members))

    def _key(self, node: tree_sitter.Node, depth: int) -> Expression:
        """Return a key; a bare word is a string."""
        key = self.expression(node, depth)
        if not isinstance(key, Name) or node.children[0].type == "(":
            return key
        return Text(key.source, key.start, key.end, (Chunk(key.name, key.start),))

    def _call(self, node: tree_sitter.Node, depth: int) -> Expression:
        inner = next((child for child in node.children if child.type == "function_arguments"), None)
        children = [] if inner is None else inner.children
        return Call(
            self.source, self.at(node.start_byte), self.at(node.end_byte), self.slice(node.children[0]),
            tuple(self.expression(child, depth) for child in children if child.type == "expression"),
            expands=any(child.type == "ellipsis" for child in children),
        )  # fmt: skip

    def _operation(self, node: tree_sitter.Node, depth: int) -> Expression:
        operation = _solid(node)[0]
        operator, operands = "", [[]]  # type: tuple[str, list[list[tree_sitter.Node]]]
        for child in _solid(operation):
            if not operator and child.type in _OPERATORS:
                operator = child.type
                operands += [[]] if operands[0] else []
            else:
                operands[-1].append(child)
        built = tuple(self._operand(each, depth) for each in operands)
        return Operation(self.source, self.at(node.start_byte), self.at(node.end_byte), operator, built)

    def _choice(self, node: tree_sitter.Node, depth: int) -> Expression:
        condition, yes, no = (self.expression(child, depth) for child in node.children if child.type == "expression")
        return Choice(self.source, self.at(node.start_byte), self.at(node.end_byte), condition, yes, no)

    def _for(self, node: tree_sitter.Node, depth: int) -> Expression:
        loop = _solid(node)[0]
        parts = {child.type: child for child in loop.children}
        results = [self.expression(child, depth) for child in loop.children if child.type == "expression"]
        intro = next(child for child in parts["for_intro"].children if child.type == "expression")
        condition = parts.get("for_cond")
        key, item = self._loop_names(parts["for_intro"])
        return For(
            self.source, self.at(node.start_byte), self.at(node.end_byte), key, item, self.expression(intro, depth),
            name=results[0] if len(results) > 1 else None, value=results[-1], groups="ellipsis" in parts,
            condition=None if condition is None else self._condition(condition, depth),
        )  # fmt: skip

    def _condition(self, node: tree_sitter.Node, depth: int) -> Expression:
        return self.expression(next(child for child in node.children if child.type == "expression"), depth)

    def _steps(self, nodes: Sequence[tree_sitter.Node], depth: int) -> tuple[Step, ...]:
        """Return the steps of a traversal; a ``[*]`` takes all that follow, a ``.*`` the attributes that follow."""
        flat: list[Step] = []
        for node in nodes:
            if node.type == "splat":
                splat = _solid(node)[0]
                flat.append(EachOf((), self.at(splat.children[0].end_byte)))
                flat += self._steps(splat.children[1:], depth)
            elif node.type != "comment":
                flat.append(self._step(node, depth))
        return _nested(flat, self.text)

    def _step(self, node: tree_sitter.Node, depth: int) -> Step:
        end = self.at(node.end_byte)
        if node.type == "get_attr":
            return GetAttribute(self.slice(node.children[-1]), end)
        index = node.children[0]
        if index.type == "legacy_index":
            return GetAttribute(self.slice(index)[1:], end)
        return GetIndex(self.expression(next(each for each in index.children if each.type == "expression"), depth), end)


_TERMS: dict[str, Callable[[_Reader, tree_sitter.Node, int], Expression]] = {
    "literal_value": _Reader._literal,
    "string_lit": _Reader._string,
    "template_expr": _Reader._wrapped,
    "quoted_template": _Reader._quoted,
    "heredoc_template": _Reader._heredoc,
    "collection_value": _Reader._wrapped,
    "tuple": _Reader._items,
    "object": _Reader._members,
    "variable_expr": _Reader._name,
    "function_call": _Reader._call,
    "operation": _Reader._operation,
    "conditional": _Reader._choice,
    "for_expr": _Reader._for,
}


def _culprit(node: tree_sitter.Node) -> tree_sitter.Node:
    """Return the part of an error where it probably is: a string that does not end, or else its beginning."""
    opened = [child for child in node.children if child.type == "quoted_template_start"]
    closed = sum(child.type == "quoted_template_end" for child in node.children)
    return opened[-1] if len(opened) > closed else node


def _solid(node: tree_sitter.Node) -> list[tree_sitter.Node]:
    return [child for child in node.children if child.type != "comment"]


def _nested(flat: Sequence[Step], text: str) -> tuple[Step, ...]:
    """Put the steps that a splat takes into it."""
    for index, step in enumerate(flat):
        if isinstance(step, EachOf) and not step.steps:
            taken = len(flat)
            if text[step.end - 1] == "*":
                taken = next((n for n in range(index + 1, taken) if not isinstance(flat[n], GetAttribute)), taken)
            inner = _nested(flat[index + 1 : taken], text)
            end = flat[taken - 1].end
            return (*flat[:index], EachOf(inner, end), *_nested(flat[taken:], text))
    return tuple(flat)


def _first_line(text: str) -> str:
    line = (text.strip().splitlines() or ["the end of the text"])[0][:30]
    return f'"{line}"' if line.isascii() and line.isprintable() else ascii(line)


def _chunk(text: str, start: int, escapes: re.Pattern[str]) -> Chunk:
    """Return known text with its escapes undone."""
    if "\\" not in text and "{" not in text:
        return Chunk(text, start)
    characters: list[str] = []
    offsets: list[int] = []
    behind = 0
    for match in escapes.finditer(text):
        plain = text[behind : match.start()]
        characters += plain
        offsets += range(start + behind, start + match.start())
        characters.append(_unescaped(match))
        offsets.append(start + match.start())
        behind = match.end()
    if not behind:
        return Chunk(text, start)
    characters += text[behind:]
    offsets += range(start + behind, start + len(text))
    return Chunk("".join(characters), offsets)


def _unescaped(match: re.Match[str]) -> str:
    short, four, eight, mark = match.groups()
    if mark:
        return mark[0]
    if short:
        return _SHORT[short]
    code = int(four or eight, 16)
    return chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else "\ufffd"


def _without_indent(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Take from every line the indentation that all lines of a ``<<-`` heredoc have."""
    indents = []
    begins = True
    for part in parts:
        if isinstance(part, Chunk):
            lines = part.text.split("\n")
            counted = lines if begins else lines[1:]
            last = counted[-1] if counted else ""
            indents += [len(line) - len(line.lstrip(" \t")) for line in counted[:-1] if line.strip()]
            indents += [len(last) - len(last.lstrip(" \t"))] if last.strip() or part is not parts[-1] else []
            begins = False
        else:
            indents += [0] if begins else []
            begins = False
    width = min(indents, default=0)
    return parts if width == 0 else tuple(_outdented(parts, width))


def _outdented(parts: tuple[Part, ...], width: int) -> list[Part]:
    result: list[Part] = []
    for index, part in enumerate(parts):
        if not isinstance(part, Chunk):
            result.append(part)
            continue
        keep: list[int] = []
        column = 0 if index == 0 else width
        for place, character in enumerate(part.text):
            if column < width and character in " \t":
                column += 1
                continue
            column = 0 if character == "\n" else width
            keep.append(place)
        start = part.offsets
        offsets = [start + place if isinstance(start, int) else start[place] for place in keep]
        result.append(Chunk("".join(part.text[place] for place in keep), offsets))
    return result


class _HclBody:
    """What stands in a block, built when it is asked for."""

    def __init__(self, reader: _Reader, node: tree_sitter.Node | None) -> None:
        self._reader, self._node = reader, node
        self._built: dict[str, Argument] = {}

    @cached_property
    def _arguments(self) -> dict[str, tree_sitter.Node]:
        found: dict[str, tree_sitter.Node] = {}
        behind = -1
        for node in [] if self._node is None else self._node.children:
            if node.type == "comment":
                continue
            self._check_line(behind, node)
            behind = node.end_byte
            if node.type == "attribute":
                name = self._reader.slice(node.children[0])
                if name in found:
                    raise self._twice(name, found[name], node)
                found[name] = node
        return found

    def _check_line(self, behind: int, node: tree_sitter.Node) -> None:
        reader = self._reader
        if behind >= 0 and "\n" not in reader.text[reader.at(behind) - 1 : reader.at(node.start_byte)]:
            name = _first_line(reader.slice(node.children[0]))
            raise reader.refusal(
                reader.at(node.start_byte), f"this is not HCL: {name} does not begin a line", "write it on its own line"
            )

    def _twice(self, name: str, first: tree_sitter.Node, again: tree_sitter.Node) -> PolicyLoadError:
        reader = self._reader
        line = reader.source.locate(reader.at(first.start_byte)).line
        return reader.refusal(
            reader.at(again.start_byte), f'"{name}" stands twice in this block (first on line {line})',
            "keep the one that is meant",
        )  # fmt: skip

    def argument(self, name: str) -> Argument | None:
        """Return the argument of that name."""
        if name in self._built:
            return self._built[name]
        node = self._arguments.get(name)
        if node is None:
            return None
        value = next(child for child in reversed(node.children) if child.type == "expression")
        built = Argument(name, self._reader.at(node.start_byte), self._reader.expression(value, MAX_NESTING))
        self._built[name] = built
        return built

    def arguments(self) -> Mapping[str, Argument]:
        """Return all arguments."""
        found = (self.argument(name) for name in self._arguments)
        return {argument.name: argument for argument in found if argument is not None}

    def blocks(self, type_: str) -> Sequence[Block]:
        """Return the blocks of a type, and those that make such blocks."""
        self._arguments  # noqa: B018 - checks the body
        return [
            block
            for block in self.top_blocks()
            if block.type == type_ or (block.type == "dynamic" and block.labels == (type_,))
        ]

    def top_blocks(self) -> list[_HclBlock]:
        """Return all blocks."""
        nodes = [] if self._node is None else self._node.children
        return [_HclBlock(self._reader, node) for node in nodes if node.type == "block"]


class _HclBlock:
    """A block; its body is built when it is asked for."""

    def __init__(self, reader: _Reader, node: tree_sitter.Node) -> None:
        self._reader, self._node, self.source = reader, node, reader.source
        self._body: _HclBody | None = None
        self.start, self.end = reader.at(node.start_byte), reader.at(node.end_byte)
        header = _HEADER.match(reader.text, self.start)
        words = self._words() if header is None else [word for word in header.groups() if word is not None]
        self.type, self.labels = words[0], tuple(words[1:])

    def _words(self) -> list[str]:
        """Return its type and labels as the tree has them, of a header that is not as usual."""
        words = [child for child in self._node.children if child.type in ("identifier", "string_lit")]
        return [self._reader.slice(word).strip('"') for word in words]

    def is_code(self, offset: int) -> bool:
        """Return whether what stands at an offset is no comment."""
        byte = self._reader.byte_at(offset)
        found = self._node.descendant_for_byte_range(byte, byte)
        return found is None or found.type != "comment"

    @property
    def body(self) -> Body:
        """What stands in it."""
        if self._body is None:
            node = next((child for child in self._node.children if child.type == "body"), None)
            self._body = _HclBody(self._reader, node)
        return self._body

"""One document in the text of its file: where a change is written, how, and what it is to say then."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.tree import Template
from pytest_veeam_iam.repair import arns, edits, writing
from pytest_veeam_iam.repair.change import items_of
from pytest_veeam_iam.repair.edits import Splice
from pytest_veeam_iam.repair.meaning import Expected, NoPlaceError, fields_of, listed, meaning_of, possible
from pytest_veeam_iam.sources.extents import end_of, syntax_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_veeam_iam.iam.document import Policy
    from pytest_veeam_iam.iam.tree import Node, TextSource
    from pytest_veeam_iam.repair.arns import Neighbour, Place, Written
    from pytest_veeam_iam.repair.change import Change, NewStatement
    from pytest_veeam_iam.sources.extents import Syntax


class Document:
    """A document, what it becomes, and where that is written."""

    def __init__(
        self, source: TextSource, node: Node, settled: Policy, change: Change, *, as_neighbours: bool = True
    ) -> None:
        self._source, self._text, self._node, self._change = source, source.text, node, change
        self._statements = fields_of(node)["Statement"]
        self._items = items_of(self._statements)
        self._settled = settled
        if len(self._items) != len(settled.statements):
            raise NoPlaceError
        self._at = self._offset(self._statements)
        self._syntax: Syntax = syntax_of(source.path, source.text)
        self._neighbours = [*self._all_neighbours()] if as_neighbours else []
        self._new = [self._written(each) for each in change.new]

    def _offset(self, node: Node) -> int:
        found = self._source.offset_of(node.location)
        if found is None:
            raise NoPlaceError
        return found

    # What it says then

    def expected(self) -> Expected:
        """Return what it is to say after the change."""
        fields = fields_of(self._node)
        kept = [
            self._changed_meaning(number, item)
            for number, item in enumerate(self._items)
            if number not in self._change.removed
        ]
        new = [
            ([*each.actions], list(map(possible, each.resources, sources)))
            for each, (_, sources) in zip(self._change.new, self._new, strict=True)
        ]
        others = {key: meaning_of(member) for key, member in fields.items() if key != "Statement"}
        return Expected(others, kept, new)

    def _changed_meaning(self, number: int, item: Node) -> object:
        meaning = meaning_of(item)
        added, prunings = self._change.added.get(number), self._change.pruned.get(number, ())
        if not isinstance(meaning, dict):
            return meaning
        for pruning in prunings:
            values = listed(meaning[pruning.element])
            meaning[pruning.element] = [each for index, each in enumerate(values) if index not in pruning.entries]
        if added:
            meaning["Action"] = [*listed(meaning["Action"]), *added]
        return meaning

    # Where it is written

    def splices(self) -> list[Splice]:
        """Return the changes of the text."""
        found: list[Splice] = []
        for number in sorted({*self._change.added, *self._change.pruned}):
            found += self._of_statement(number)
        if self._change.new or self._change.removed:
            found += self._of_statements()
        return found

    def _of_statement(self, number: int) -> list[Splice]:
        fields, added = fields_of(self._items[number]), self._change.added.get(number, ())
        gone = {pruning.element: pruning.entries for pruning in self._change.pruned.get(number, ())}
        found: list[Splice] = []
        if added or "Action" in gone:
            quote = self._quote(fields["Action"])
            new = [writing.quoted(action, quote) for action in added]
            found += self._of_entries(number, "Action", gone.get("Action", frozenset()), new)
        if "Resource" in gone:
            found += self._of_entries(number, "Resource", gone["Resource"], [])
        return found

    def _quote(self, entries: Node) -> str:
        """Return what the last of some entries begins with: a quote, or in YAML perhaps none."""
        return self._text[self._offset(items_of(entries)[-1])] if self._syntax == "yaml" else '"'

    def _of_entries(self, number: int, element: str, gone: frozenset[int], new: Sequence[str]) -> list[Splice]:
        statement = self._items[number]
        node = fields_of(statement)[element]
        at, start = self._offset(node), self._offset(statement)
        if not start <= at < end_of(self._text, start, self._syntax):
            raise NoPlaceError  # a value with a name: nobody can tell what else has it
        if isinstance(node.value, list):
            items = [self._offset(item) for item in node.value]
            if not gone and (lines := self._in_lines(statement, at, items, new)) is not None:
                return [lines]
            return _sure(edits.list_splices(self._text, self._syntax, at, items, gone, new))
        if self._syntax != "yaml" or self._text.startswith("{", start):
            style = writing.object_style(self._text, start, end_of(self._text, start, self._syntax))
            if style.in_one_line:
                return edits.wrapped(self._text, self._syntax, at, new)
            end = end_of(self._text, at, self._syntax, in_flow=True)
            return [Splice(at, end, writing.written_list(style, [self._text[at:end], *new]))]
        key = self._source.offset_of(statement.key_location(element))
        indent = writing.dash_indent(self._text)
        return _sure(None if key is None else edits.wrapped_in_lines(self._text, key, at, new, indent=indent))

    def _in_lines(self, statement: Node, at: int, items: Sequence[int], new: Sequence[str]) -> Splice | None:
        """Return a list that stood in one line as one with a line for each item, None if it need not or cannot be."""
        text, start = self._text, self._offset(statement)
        end = end_of(text, at, self._syntax)
        line = text[edits.line_start(text, at) : end] + ", ".join(new)
        if not text.startswith("[", at) or "\n" in text[at:end] or len(line) <= writing.WIDTH:
            return None
        if self._is_block:
            style = self._block_style(start)
        elif text.startswith("{", start):
            style = writing.object_style(text, start, end_of(text, start, self._syntax))
        else:
            return None
        old = [text[item : end_of(text, item, self._syntax, in_flow=True)] for item in items]
        if not all(at < item < end for item in items):
            return None
        if style.in_one_line or not old or len("".join(old)) != len(re.sub(r"[\s,]", "", text[at + 1 : end - 1])):
            return None  # a comment stands in it
        return Splice(at, end, writing.written_list(style.at(edits.indent_of(text, at)), [*old, *new]))

    def _of_statements(self) -> list[Splice]:
        starts = [self._offset(item) for item in self._items]
        if self._is_block:
            return self._of_blocks(starts)
        new = [self._render(written) for written in self._new]
        if not isinstance(self._statements.value, list):
            if self._change.removed or not self._text.startswith("{", self._at):
                raise NoPlaceError
            return edits.wrapped(self._text, self._syntax, self._at, new)
        return _sure(edits.list_splices(self._text, self._syntax, self._at, starts, self._change.removed, new))

    @property
    def _is_block(self) -> bool:
        """Whether it is a data block of Terraform, in which each statement is a block."""
        return self._syntax == "hcl" and self._text.startswith("data", self._at)

    def _of_blocks(self, starts: Sequence[int]) -> list[Splice]:
        """Return the changes of a data block: new blocks stand behind its last one, or at its end."""
        text, end = self._text, end_of(self._text, self._at, "hcl")
        removed = self._change.removed
        found = [self._without_block(starts[number]) for number in sorted(removed)]
        if not self._new:
            return found
        own = [
            each
            for number, each in enumerate(starts)
            if self._at < each < end and text.startswith("statement", each) and number not in removed
        ]
        has_effect = any("effect" in text[each : end_of(text, each, "hcl")] for each in own)
        style = self._block_style(own[-1]) if own else self._first_block_style(end - 1)
        blocks = [
            style.indent
            + writing.written_block(style, actions, [each.source for each in resources], has_effect=has_effect)
            for actions, resources in self._new
        ]
        if not own:
            start = edits.line_start(text, end - 1)
            return [*found, Splice(start, start, "".join(block + style.newline for block in blocks))]
        behind = edits.line_end(text, end_of(text, own[-1], "hcl"), "hcl")
        has_gap = len(own) < 2 or text[: own[-1]].rstrip(" \t").endswith(style.newline * 2)
        lines = style.newline * (1 + has_gap)
        return [*found, Splice(behind, behind, "".join(lines + block for block in blocks))]

    def _first_block_style(self, end: int) -> writing.Style:
        """Return how a block is written before the brace that ends a data block without any other."""
        if self._text[edits.line_start(self._text, end) : end].strip():
            raise NoPlaceError
        indent = edits.indent_of(self._text, end) + "  "
        return writing.Style(edits.newline_of(self._text), indent, f"{indent}  ", lists_in_lines=False)

    def _block_style(self, start: int) -> writing.Style:
        text = self._text
        body = text[start : end_of(text, start, "hcl")]
        indent = edits.indent_of(text, start)
        second = body.partition("\n")[2]
        inner = second[: len(second) - len(second.lstrip(" \t"))] or f"{indent}  "
        return writing.Style(edits.newline_of(text), indent, inner, lists_in_lines=False)

    def _without_block(self, start: int) -> Splice:
        """Return the change that takes a block out, with the empty line before it."""
        text, end = self._text, end_of(self._text, start, "hcl")
        first = edits.line_start(text, start)
        newline = edits.newline_of(text)
        if text[:first].endswith(newline * 2):
            first -= len(newline)
        return Splice(first, edits.behind_line(text, end), "")

    # How a new statement is written

    def _written(self, new: NewStatement) -> tuple[list[str], list[Written]]:
        quotes = self._sample_quotes()
        actions = [writing.quoted(action, quotes["Action"]) for action in new.actions]
        resources = [
            arns.written(each, self._place, self._neighbours, self._settled.buckets, quotes["Resource"])
            for each in new.resources
        ]
        return actions, resources

    @property
    def _place(self) -> Place:
        if self._syntax != "hcl":
            return "json" if self._syntax == "json" or self._text.startswith("[", self._at) else "yaml"
        text = self._text
        first = self._at if self._is_block else self._offset(self._items[0]) if self._items else self._at
        style = writing.object_style(text, first, end_of(text, first, "hcl"))
        return "hcl" if self._is_block or style.mark == " = " or not style.quotes_keys else "heredoc"

    def _all_neighbours(self) -> Iterator[Neighbour]:
        for item, statement in zip(self._items, self._settled.statements, strict=True):
            nodes = (
                items_of(item.value["Resource"]) if isinstance(item.value, dict) and "Resource" in item.value else []
            )
            for node, entry in zip(nodes, statement.resources, strict=False):
                at = self._source.offset_of(node.location)
                if at is not None and entry.is_known and isinstance(node.value, str | Template) and node.doubt is None:
                    source = self._text[at : end_of(self._text, at, self._syntax, in_flow=self._is_in_flow(item))]
                    yield arns.Neighbour(entry.text, source, node.value)

    def _is_in_flow(self, item: Node) -> bool:
        at = self._source.offset_of(item.location)
        return self._syntax == "yaml" and at is not None and self._text.startswith("{", at)

    def _sample_quotes(self) -> dict[str, str]:
        """Return what actions and resources begin with in the last statement that has them."""
        found = {"Action": '"', "Resource": '"'}
        for item in self._items:
            for key in found:
                if isinstance(item.value, dict) and key in item.value and items_of(item.value[key]):
                    at = self._source.offset_of(items_of(item.value[key])[0].location)
                    found[key] = self._text[at] if at is not None and at < len(self._text) else found[key]
        return found

    def _render(self, written: tuple[list[str], list[Written]]) -> str:
        """Return a new statement as the last one that stays is written."""
        actions, resources = written[0], [each.source for each in written[1]]
        kept = [each for number, each in enumerate(self._items) if number not in self._change.removed] or self._items
        if not kept:
            return writing.written_object(writing.ONE_LINE, actions, resources)
        start = self._offset(kept[-1])
        end = end_of(self._text, start, self._syntax)
        if self._text.startswith("{", start):
            return writing.written_object(writing.object_style(self._text, start, end), actions, resources)
        if self._syntax != "yaml":
            raise NoPlaceError
        return writing.written_mapping(self._text, start, end, actions, resources)


def _sure(splices: list[Splice] | None) -> list[Splice]:
    if splices is None:
        raise NoPlaceError
    return splices

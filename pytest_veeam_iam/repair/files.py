"""The change of a document as a change of its file, read again and compared before anybody sees it.

Where it cannot be made or does not read as it should there is none: then the statement is there to paste.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.tree import Template, TextSource, Token
from pytest_veeam_iam.repair import arns, edits, writing
from pytest_veeam_iam.repair.change import items_of, plain_tree
from pytest_veeam_iam.repair.edits import Splice
from pytest_veeam_iam.sources import again, files
from pytest_veeam_iam.sources.extents import end_of, syntax_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pytest_veeam_iam.iam.document import Policy
    from pytest_veeam_iam.iam.tree import Node
    from pytest_veeam_iam.repair.arns import Neighbour, Place, Written
    from pytest_veeam_iam.repair.change import Change, NewStatement
    from pytest_veeam_iam.sources.extents import Syntax
    from pytest_veeam_iam.sources.found import Found

_FORMS = ("document", "cloudformation", "terraform")
"""Forms whose files people write."""


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file, as it is and as it would be.

    Attributes:
        path: As the report names it.
        before: Its text.
        after: Its text after the change.
        has_mark: Whether it begins with a byte order mark, which is no part of these texts.
        splices: The change.
    """

    path: str
    before: str
    after: str
    has_mark: bool
    splices: tuple[Splice, ...]


class _NoPlaceError(Exception):
    """The change cannot be written into the file."""


def changed_files(
    policies: Sequence[Policy], settled: Sequence[Policy], changes: Mapping[int, Change], root: Path
) -> tuple[ChangedFile, ...] | None:
    """Return the files in which documents stand that become others, None if one of them cannot be changed so.

    Args:
        policies: As they were read.
        settled: The same with the target's values.
        changes: By the number of the policy.
        root: What relative paths are relative to.
    """
    by_path: dict[str, list[int]] = {}
    for number in changes:
        by_path.setdefault(policies[number].path, []).append(number)
    try:
        return tuple(
            _File(path, root, policies[numbers[0]].form).changed(
                [(policies[number], settled[number], changes[number]) for number in numbers]
            )
            for path, numbers in by_path.items()
        )
    except (_NoPlaceError, PolicyLoadError):
        return None


class _File:
    """One file, read again."""

    def __init__(self, path: str, root: Path, form: str) -> None:
        if path.startswith("<") or form not in _FORMS:
            raise _NoPlaceError
        self._path, self._form = root / path, form
        self._source = files.read_text(self._path, name=path)
        self._documents = again.documents_of(self._source, self._path, form)

    def changed(self, changes: Sequence[tuple[Policy, Policy, Change]]) -> ChangedFile:
        """Return the file after the changes of its documents.

        Raises:
            _NoPlaceError: They cannot be made, or it would not read as it should.
            PolicyLoadError: Likewise.
        """
        splices: list[Splice] = []
        expected: dict[int, _Expected] = {}
        for policy, settled, change in changes:
            number = self._number(policy)
            document = _Document(self._source, self._documents[number].node, settled, change)
            splices += document.splices()
            expected[number] = document.expected()
        text = self._source.text
        after = edits.spliced(text, splices)
        read = again.documents_of(TextSource(self._source.path, after), self._path, self._form)
        if len(read) != len(self._documents):
            raise _NoPlaceError
        for number, (one, other) in enumerate(zip(self._documents, read, strict=True)):
            as_it_should = expected[number].is_met(other.node) if number in expected else _same(one, other)
            if not as_it_should or one.entity != other.entity or one.attachment != other.attachment:
                raise _NoPlaceError
        has_mark = files.begins_with_mark(self._path)
        return ChangedFile(self._source.path, text, after, has_mark, tuple(sorted(splices)))

    def _number(self, policy: Policy) -> int:
        """Return which of the file's documents a policy is."""
        for number, found in enumerate(self._documents):
            if found.entity == policy.entity and _location_of(found) == policy.location:
                return number
        raise _NoPlaceError


def _location_of(found: Found) -> object:
    try:
        return found.node.location
    except PolicyLoadError:
        return None


def _same(one: Found, other: Found) -> bool:
    return _meaning_of(one) == _meaning_of(other)


def _meaning_of(found: Found) -> object:
    try:
        return _meaning(found.node)
    except PolicyLoadError as error:
        return error.why


# What a document says, wherever it stands


def _meaning(node: Node) -> object:
    """Return what a tree says: two are equal if they say the same, also of what is unknown."""
    match node.value:
        case dict():
            found: object = {key: _meaning(member) for key, member in node.value.items()}
        case list():
            found = [_meaning(item) for item in node.value]
        case Template():
            found = _meaning_of_pieces(node.value.pieces)
        case _:
            found = plain_tree(node)
    return found if node.doubt is None else ("perhaps", node.doubt.expression, found)


def _meaning_of_pieces(pieces: Sequence[str | Token]) -> object:
    return ("template", *(("unknown", piece.expression) if isinstance(piece, Token) else piece for piece in pieces))


def _listed(meaning: object) -> list[object]:
    return meaning if isinstance(meaning, list) else [meaning]


@dataclass(frozen=True, slots=True)
class _Expected:
    """What a document says after its change.

    Attributes:
        others: What it says beside its statements.
        statements: What those say that it had, as far as they stay.
        new: The actions of each new statement, and what may stand for each of its resources.
    """

    others: object
    statements: list[object]
    new: list[tuple[list[str], list[list[object]]]]

    def is_met(self, document: Node) -> bool:
        """Return whether a document says that; the order of statements does not matter."""
        found = _fields(document)
        left = list(map(_meaning, items_of(found["Statement"])))
        if {key: _meaning(member) for key, member in found.items() if key != "Statement"} != self.others:
            return False
        for statement in self.statements:
            if statement not in left:
                return False
            left.remove(statement)
        return len(left) == len(self.new) and all(
            any(_is_new(each, actions, resources) for each in left) for actions, resources in self.new
        )


def _is_new(meaning: object, actions: list[str], resources: list[list[object]]) -> bool:
    if not isinstance(meaning, dict) or {*meaning} != {"Effect", "Action", "Resource"} or meaning["Effect"] != "Allow":
        return False
    found = _listed(meaning["Resource"])
    return (
        _listed(meaning["Action"]) == actions
        and len(found) == len(resources)
        and all(each in possible for each, possible in zip(found, resources, strict=True))
    )


def _fields(node: Node) -> dict[str, Node]:
    if not isinstance(node.value, dict):
        raise _NoPlaceError
    return node.value


def _possible(resource: str, source: Written) -> list[object]:
    """Return what may stand in the file's reading for a resource: itself, or what its expression stands for."""
    if all(isinstance(piece, str) for piece in source.pieces):
        return [resource, "".join(map(str, source.pieces))]
    return [resource, _meaning_of_pieces(source.pieces)]


# One document


class _Document:
    """A document, what it becomes, and where that is written."""

    def __init__(self, source: TextSource, node: Node, settled: Policy, change: Change) -> None:
        self._source, self._text, self._node, self._change = source, source.text, node, change
        self._statements = _fields(node)["Statement"]
        self._items = items_of(self._statements)
        self._settled = settled
        if len(self._items) != len(settled.statements):
            raise _NoPlaceError
        self._at = self._offset(self._statements)
        self._syntax: Syntax = syntax_of(source.path, source.text)
        self._new = [self._written(each) for each in change.new]

    def _offset(self, node: Node) -> int:
        found = self._source.offset_of(node.location)
        if found is None:
            raise _NoPlaceError
        return found

    # What it says then

    def expected(self) -> _Expected:
        """Return what it is to say after the change."""
        fields = _fields(self._node)
        kept = [
            self._changed_meaning(number, item)
            for number, item in enumerate(self._items)
            if number not in self._change.removed
        ]
        new = [
            ([*each.actions], list(map(_possible, each.resources, sources)))
            for each, (_, sources) in zip(self._change.new, self._new, strict=True)
        ]
        others = {key: _meaning(member) for key, member in fields.items() if key != "Statement"}
        return _Expected(others, kept, new)

    def _changed_meaning(self, number: int, item: Node) -> object:
        meaning = _meaning(item)
        added, prunings = self._change.added.get(number), self._change.pruned.get(number, ())
        if not isinstance(meaning, dict):
            return meaning
        for pruning in prunings:
            values = _listed(meaning[pruning.element])
            meaning[pruning.element] = [each for index, each in enumerate(values) if index not in pruning.entries]
        if added:
            meaning["Action"] = [*_listed(meaning["Action"]), *added]
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
        fields, added = _fields(self._items[number]), self._change.added.get(number, ())
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
        node = _fields(statement)[element]
        at = self._offset(node)
        if isinstance(node.value, list):
            items = [self._offset(item) for item in node.value]
            return _sure(edits.list_splices(self._text, self._syntax, at, items, gone, new))
        if self._syntax != "yaml" or self._text.startswith("{", self._offset(statement)):
            return edits.wrapped(self._text, self._syntax, at, new)
        key = self._source.offset_of(statement.key_location(element))
        indent = writing.dash_indent(self._text)
        return _sure(None if key is None else edits.wrapped_in_lines(self._text, key, at, new, indent=indent))

    def _of_statements(self) -> list[Splice]:
        starts = [self._offset(item) for item in self._items]
        if self._is_block:
            return self._of_blocks(starts)
        new = [self._render(written) for written in self._new]
        if not isinstance(self._statements.value, list):
            if self._change.removed or not self._text.startswith("{", self._at):
                raise _NoPlaceError
            return edits.wrapped(self._text, self._syntax, self._at, new)
        return _sure(edits.list_splices(self._text, self._syntax, self._at, starts, self._change.removed, new))

    @property
    def _is_block(self) -> bool:
        """Whether it is a data block of Terraform, in which each statement is a block."""
        return self._syntax == "hcl" and self._text.startswith("data", self._at)

    def _of_blocks(self, starts: Sequence[int]) -> list[Splice]:
        text, end = self._text, end_of(self._text, self._at, "hcl")
        own = [each for each in starts if self._at < each < end and text.startswith(("statement", "dynamic"), each)]
        found = [self._without_block(starts[number]) for number in sorted(self._change.removed)]
        if not self._new:
            return found
        if not own:
            raise _NoPlaceError
        last = own[-1]
        behind = edits.line_end(text, end_of(text, last, "hcl"), "hcl")
        newline, indent = edits.newline_of(text), edits.indent_of(text, last)
        between = newline if len(own) < 2 or text[: own[-1]].rstrip(" \t").endswith(newline * 2) else ""
        style = self._block_style(last)
        has_effect = any("effect" in text[each : end_of(text, each, "hcl")] for each in own)
        blocks = [
            writing.written_block(style, actions, [each.source for each in resources], has_effect=has_effect)
            for actions, resources in self._new
        ]
        return [*found, Splice(behind, behind, "".join(f"{newline}{between}{indent}{block}" for block in blocks))]

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

    @property
    def _neighbours(self) -> list[Neighbour]:
        return [*self._all_neighbours()]

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
            raise _NoPlaceError
        return writing.written_mapping(self._text, start, end, actions, resources)


def _sure(splices: list[Splice] | None) -> list[Splice]:
    if splices is None:
        raise _NoPlaceError
    return splices

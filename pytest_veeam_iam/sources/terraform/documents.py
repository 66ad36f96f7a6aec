"""The data block ``aws_iam_policy_document`` to the document that the provider makes of it.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document

The merge is the provider's: source documents in their order, whose Sids must differ; over them the block's own
statements; over these the override documents. A statement takes the place of an earlier one with its Sid; without a
Sid it comes last. What may not be there takes nobody's place, and what an unknown document or a statement of unknown
Sid may replace is in doubt.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.tree import Node, Template, Token
from pytest_veeam_iam.sources import embedded
from pytest_veeam_iam.sources.embedded import Span
from pytest_veeam_iam.sources.terraform import values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_veeam_iam.iam.tree import Location
    from pytest_veeam_iam.sources.embedded import Piece
    from pytest_veeam_iam.sources.terraform.module import Module
    from pytest_veeam_iam.sources.terraform.scope import Scope
    from pytest_veeam_iam.sources.terraform.syntax import Argument, Block, Body

_DEFAULT_VERSION = "2012-10-17"
_OLD_VERSION = "2008-10-17"
_STRINGS = (
    ("Action", "actions"), ("NotAction", "not_actions"), ("Resource", "resources"), ("NotResource", "not_resources"),
)  # fmt: skip


def document(module: Module, block: Block, scope: Scope) -> Node:
    """Return the document of a data block.

    Args:
        module: Where it stands.
        block: The data block.
        scope: Of the instance that is meant.

    Raises:
        PolicyLoadError: The provider would refuse it.
    """
    builder = _Builder(module, block, scope)
    merged = _Merged(builder.version)
    for source in builder.documents("source_json"):
        merged.add(source)
    sids: set[str] = set(merged.places)
    for source in builder.documents("source_policy_documents"):
        _refuse_repeated(source, sids)
        merged.add(source, distinct=True)
    own = builder.own()
    _refuse_repeated(own, set())
    merged.add(own, distinct=True)
    for name in ("override_policy_documents", "override_json"):
        for over in builder.documents(name):
            merged.override(over)
    return merged.node(block)


def document_of(node: Node) -> Node:
    """Return the document that a string holds, as a tree; an unknown value if that is all that is known.

    Args:
        node: The string.

    Raises:
        PolicyLoadError: It holds no JSON.
    """
    if isinstance(node, values.Encoded):
        return values.decoded(node)
    pieces = values.pieces_of(node)
    if pieces is None:
        return node
    unknown = [piece for piece in pieces if isinstance(piece, Token)]
    known = "".join(piece.text for piece in pieces if isinstance(piece, Span))
    if len(unknown) == 1 and not known.strip():
        return values.unknown(unknown[0], node.source, node.offset)
    try:
        return embedded.parse(node.source.path, list(pieces))
    except PolicyLoadError:
        if (bare := _outside_of_strings(pieces)) is None:
            raise
        return values.unknown(bare, node.source, node.offset)  # it may be any part of the text


def _outside_of_strings(pieces: Sequence[Piece]) -> Token | None:
    """Return an unknown value that stands outside of the strings of a JSON text."""
    in_string = False
    for piece in pieces:
        if isinstance(piece, Token):
            if not in_string:
                return piece
            continue
        text = piece.text.replace("\\\\", "").replace('\\"', "")
        in_string = in_string is not (text.count('"') % 2 == 1)
    return None


def in_doubt(tree: Node, reason: Token | None) -> Node:
    """Return a document all of whose statements may not be there.

    Args:
        tree: The document.
        reason: Why; None to leave it as it is.
    """
    if reason is None or not isinstance(tree.value, dict) or "Statement" not in tree.value:
        return tree
    statements = tree.value["Statement"]
    items = statements.value if isinstance(statements.value, list) else [statements]
    doubted = Node([values.doubted(item, reason) for item in items], statements.source, statements.offset)
    return replace(tree, value={**tree.value, "Statement": doubted})


# The merge


@dataclass(frozen=True, slots=True)
class _Document:
    """What the merge looks at; ``unknown`` is a document of which nothing is known."""

    version: str = ""
    id: Node | None = None
    statements: tuple[Node, ...] = ()
    unknown: Token | None = None


class _Merged:
    """The statements so far, and where the one with a Sid stands."""

    def __init__(self, version: Node) -> None:
        self._version, self._newest = version, ""
        self._id: Node | None = None
        self._statements: list[Node] = []
        self._replaceable: list[int] = []  # those that have a Sid, or may have one
        self._unsure: list[tuple[int, Token]] = []  # those whose Sid is unknown
        self.places: dict[str, int] = {}

    def add(self, other: _Document, *, distinct: bool = False) -> None:
        """Merge a document in.

        Args:
            other: The document.
            distinct: Whether the provider refuses it if one of its Sids stands twice in it.
        """
        self._newest = max(self._newest, other.version)
        self._id = other.id or self._id
        if other.unknown is not None:
            self._statements.append(_any_statements(other.unknown))
        fresh: list[tuple[int, str | Token]] = []
        for statement in other.statements:
            sid = _sid(statement)
            fresh.append((self._put(statement, sid), sid))
            if not distinct:
                self._remember(fresh)
                fresh = []
        self._remember(fresh)

    def override(self, other: _Document) -> None:
        """Merge a document in; an unknown one may replace every statement that has a Sid."""
        if other.unknown is not None:
            self._doubt_all(other.unknown)
        self.add(other)

    def _put(self, statement: Node, sid: str | Token) -> int:
        """Put a statement in its place, and return that."""
        last = len(self._statements)
        place = None
        if isinstance(sid, Token):
            self._doubt_all(sid)
        elif sid:
            for unsure, token in self._unsure:
                self._doubt(unsure, token)
            self._unsure.clear()
            place = self.places.setdefault(sid, last)
        if place is None or place == last:
            self._statements.append(statement)
            return last
        if statement.doubt is None:
            self._statements[place] = statement
            return place
        self._doubt(place, statement.doubt)
        self._statements.append(statement)
        return last

    def _remember(self, fresh: Iterable[tuple[int, str | Token]]) -> None:
        """Note which statements a later one may replace."""
        for place, sid in fresh:
            if sid:
                self._replaceable.append(place)
            if isinstance(sid, Token):
                self._unsure.append((place, sid))

    def _doubt_all(self, reason: Token) -> None:
        for place in self._replaceable:
            self._doubt(place, reason)
        self._replaceable.clear()

    def _doubt(self, place: int, reason: Token) -> None:
        self._statements[place] = values.doubted(self._statements[place], reason)

    def node(self, block: Block) -> Node:
        """Return the document."""
        version = self._version
        if isinstance(version.value, str) and self._newest > version.value:
            version = Node(self._newest, version.source, version.offset)
        tree = {"Version": version}
        if self._id is not None:
            tree["Id"] = self._id
        tree["Statement"] = Node(self._statements, block.source, block.start)
        return Node(tree, block.source, block.start, dict.fromkeys(tree, block.start))


def _any_statements(reason: Token) -> Node:
    source = _Place(reason)
    return values.doubted(values.unknown(reason, source, 0), reason)


@dataclass(frozen=True, slots=True)
class _Place:
    """The source of a value that stands where its token does."""

    token: Token

    @property
    def path(self) -> str:
        """The file."""
        return self.token.location.path

    def locate(self, offset: int) -> Location:  # noqa: ARG002 - the protocol's signature
        """Return where the token stands."""
        return self.token.location


def _sid(statement: Node) -> str | Token:
    """Return a statement's Sid, empty if it has none, or the value that it hangs on."""
    if isinstance(statement.value, Template):
        return statement.value.tokens[0]
    sid = statement.value.get("Sid") if isinstance(statement.value, dict) else None
    if sid is None:
        return ""
    if isinstance(sid.value, Template):
        return sid.value.tokens[0]
    return sid.doubt or (sid.value if isinstance(sid.value, str) else "")


def _refuse_repeated(other: _Document, sids: set[str]) -> None:
    """Refuse two statements of one Sid, as the provider does; one that may not be there is not counted."""
    for statement in other.statements:
        sid = _sid(statement)
        if not sid or isinstance(sid, Token) or statement.doubt is not None:
            continue
        if sid in sids:
            place = statement.location
            why = f'the Sid "{sid}" stands twice, which the provider refuses'
            raise PolicyLoadError(
                place.path, why, line=place.line, column=place.column, remedy="make the Sids differ, or leave one out"
            )
        sids.add(sid)


def _read(node: Node) -> _Document | None:
    """Return a document that is merged in, None for an empty text."""
    if isinstance(node.value, str) and not node.value.strip():
        return None
    tree = document_of(node)
    if isinstance(tree.value, Template):
        return _Document(unknown=tree.value.tokens[0])
    if not isinstance(tree.value, dict):
        place = tree.location
        raise PolicyLoadError(
            place.path, f"a policy document is an object, but here stands {tree.kind}", line=place.line,
            column=place.column,
        )  # fmt: skip
    version, statements = tree.value.get("Version"), tree.value.get("Statement")
    items: Sequence[Node] = ()
    if statements is not None:
        items = statements.value if isinstance(statements.value, list) else [statements]
    known = version.value if version is not None and isinstance(version.value, str) else ""
    return _Document(known, tree.value.get("Id"), tuple(values.doubted(item, node.doubt) for item in items))


# The block


class _Builder:
    """Reads the arguments and blocks of one data block."""

    def __init__(self, module: Module, block: Block, scope: Scope) -> None:
        self._module, self._block, self._scope = module, block, scope
        written = module.value(block, "version", scope)
        self.version = written or Node(_DEFAULT_VERSION, block.source, block.start)
        self._is_old = self.version.value == _OLD_VERSION

    def documents(self, name: str) -> Iterator[_Document]:
        """Yield the documents of an argument: a list of strings, or one string."""
        node = self._module.value(self._block, name, self._scope)
        if node is None:
            return
        items = values.items_of(node)
        token = values.token_of(node)
        if items is None and token is not None and not name.endswith("_json"):
            yield _Document(unknown=token)
            return
        for item in [node] if items is None else items:
            read = None if values.is_null(item) else _read(item)
            if read is not None:
                yield read

    def own(self) -> _Document:
        """Return the statements that stand in the block itself."""
        version = self.version.value if isinstance(self.version.value, str) else ""
        statements = tuple(
            values.doubted(self._statement(block, scope), doubt)
            for block, scope, doubt in self._module.expand(self._block.body, "statement", self._scope)
        )
        return _Document(version, self._module.value(self._block, "policy_id", self._scope), statements)

    def _statement(self, block: Block, scope: Scope) -> Node:
        fields: dict[str, Node] = {}
        keys: dict[str, int] = {}

        def add(key: str, value: Node | None, offset: int) -> None:
            if value is not None:
                fields[key], keys[key] = value, offset

        body = block.body
        principals = [self._principals(body, name, scope) for name in ("principals", "not_principals")]
        sid = body.argument("sid")
        if sid is not None and (text := self._value(sid, scope)) is not None and text.value != "":
            add("Sid", text, sid.start)
        effect = body.argument("effect")
        given = None if effect is None else self._value(effect, scope)
        add(
            "Effect", given or Node("Allow", block.source, block.start), block.start if effect is None else effect.start
        )
        for key, name in _STRINGS:
            argument = body.argument(name)
            if argument is not None:
                add(key, self._strings(argument, scope, has_variables="Resource" in key), argument.start)
        for key, node in zip(("Principal", "NotPrincipal"), principals, strict=True):
            add(key, None if node is None or node.doubt else node, block.start)
        add("Condition", self._conditions(block, scope), block.start)
        for one, other in (("Action", "NotAction"), ("Resource", "NotResource")):
            if one in fields and other in fields and (reason := _reason(fields[one]) or _reason(fields[other])):
                return values.unknown(reason, block.source, block.start)  # one of them is null, nobody knows which
        doubt = next((node.doubt for node in principals if node is not None and node.doubt), None)
        return Node(fields, block.source, block.start, keys, doubt=doubt)

    def _value(self, argument: Argument, scope: Scope) -> Node | None:
        node = self._module.evaluate(argument.value, scope)
        return None if values.is_null(node) else node

    def _strings(self, argument: Argument, scope: Scope, *, has_variables: bool) -> Node | None:
        """Return the value of a list of strings, None for an empty one, which the provider leaves out."""
        node = self._value(argument, scope)
        items = None if node is None else values.items_of(node)
        if node is None or items == []:
            return None
        if items is None:
            return self._with_variables(node) if has_variables else node
        kept = [item for item in items if not values.is_null(item)]
        return replace(node, value=[self._with_variables(item) if has_variables else item for item in kept])

    def _with_variables(self, node: Node) -> Node:
        """Write ``&{...}`` as the policy variable that it means; the length stays, so the places do."""
        pieces = values.pieces_of(node)
        if pieces is None or not any(isinstance(piece, Span) and "&{" in piece.text for piece in pieces):
            return node
        if self._is_old:
            place = node.location
            why = f"&{{...}} stands in a document of version {_OLD_VERSION}, which the provider refuses"
            raise PolicyLoadError(
                place.path, why, line=place.line, column=place.column, remedy=f'use version "{_DEFAULT_VERSION}"'
            )
        changed = [
            replace(piece, text=piece.text.replace("&{", "${")) if isinstance(piece, Span) else piece
            for piece in pieces
        ]
        return values.doubted(values.text(changed, node.source, node.offset), node.doubt)

    def _principals(self, body: Body, name: str, scope: Scope) -> Node | None:
        """Return the principals; they are in doubt if one of them is, or its type is unknown."""
        found: dict[str, Node] = {}
        place, why = None, None
        for block, inner, doubt in self._module.expand(body, name, scope):
            place, why = place or block, why or doubt
            kind, who = block.body.argument("type"), block.body.argument("identifiers")
            if kind is None or who is None:
                continue
            type_ = self._module.evaluate(kind.value, inner)
            why = why or _reason(type_)
            identifiers = self._strings(who, inner, has_variables=True)
            if identifiers is not None:
                before = found.get(str(type_.value))
                found[str(type_.value)] = _appended(before, identifiers)
        if place is None:
            return None
        if [*found] == ["*"] and _only_text(found["*"]) == "*":
            return Node("*", place.source, place.start)
        return Node(found, place.source, place.start, dict.fromkeys(found, place.start), doubt=why)

    def _conditions(self, statement: Block, scope: Scope) -> Node | None:
        """Return the conditions; values of the same test and variable are joined."""
        tests: dict[str, Node] = {}
        for block, inner, doubt in self._module.expand(statement.body, "condition", scope):
            arguments = [block.body.argument(name) for name in ("test", "variable", "values")]
            test_at, variable_at, values_at = arguments
            if test_at is None or variable_at is None or values_at is None:
                continue
            test, variable = (self._module.evaluate(each.value, inner) for each in (test_at, variable_at))
            unknown = _reason(test) or _reason(variable)
            if unknown is not None:
                tests[str(unknown)] = values.unknown(unknown, block.source, block.start)
                continue
            node = self._strings(values_at, inner, has_variables=True)
            node = Node([], block.source, values_at.start) if node is None else node
            keys = tests.setdefault(str(test.value), Node({}, block.source, block.start))
            assert isinstance(keys.value, dict)  # noqa: S101 - made above
            name = str(variable.value)
            before = keys.value.get(name)
            if before is None:
                keys.value[name] = values.doubted(_appended(None, node), doubt)
                keys.keys[name] = variable_at.start
            else:
                keys.value[name] = _appended(before, values.doubted(node, doubt))
        if not tests:
            return None
        first = next(iter(tests.values()))
        return Node(tests, first.source, first.offset, {test: node.offset for test, node in tests.items()})


def _reason(node: Node) -> Token | None:
    return node.value.tokens[0] if isinstance(node.value, Template) else None


def _appended(before: Node | None, more: Node) -> Node:
    """Return some values behind others; a single one is no list."""
    items = [*_each(before), *_each(more)]
    if len(items) == 1 and items[0].doubt is None:
        return items[0]
    place = more if before is None else before
    return Node(items, place.source, place.offset, doubt=None if before is None else before.doubt)


def _each(node: Node | None) -> list[Node]:
    if node is None:
        return []
    items = values.items_of(node)
    return (
        [values.certain(node)]
        if items is None and node.doubt is None
        else [values.doubted(item, node.doubt) for item in (items if items is not None else [node])]
    )


def _only_text(node: Node) -> str | None:
    items = values.items_of(node)
    only = node if items is None else (items[0] if len(items) == 1 else None)
    return only.value if only is not None and isinstance(only.value, str) else None

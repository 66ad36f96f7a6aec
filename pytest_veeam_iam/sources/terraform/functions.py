"""Terraform's functions, as far as policies are written with them; a call of any other one is an unknown value.

https://developer.hashicorp.com/terraform/language/functions

A function gets evaluated arguments and returns a node, or None if it cannot know. What may be missing in a list stays
in doubt in the lists that are made of it.
"""

from __future__ import annotations

import re
from itertools import product
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, TypeAlias

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.tree import Node, TextSource, Token
from pytest_veeam_iam.sources import embedded
from pytest_veeam_iam.sources.embedded import EmbeddedText, Span
from pytest_veeam_iam.sources.terraform import values
from pytest_veeam_iam.sources.terraform.evaluation import (
    equal,
    key_of,
    listed,
    number_node,
    number_of,
    token,
    truth,
    unknown,
)
from pytest_veeam_iam.sources.terraform.hcl import parse_template
from pytest_veeam_iam.sources.terraform.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pytest_veeam_iam.sources.embedded import Piece
    from pytest_veeam_iam.sources.terraform.evaluation import Evaluator
    from pytest_veeam_iam.sources.terraform.syntax import Call, Expression

_ONE_STRING = re.compile(r"(?:data\.)?[a-z0-9]+_\w+\.[^*]+\.(?:arn|id|name|account_id|partition|json|region)")

Function: TypeAlias = "Callable[[Sequence[Node], Call], Node | None]"


def call(evaluator: Evaluator, at: Call, scope: Scope) -> Node:
    """Return the value of a function call.

    Args:
        evaluator: For the arguments.
        at: The call.
        scope: Where it stands.

    Raises:
        PolicyLoadError: A template file that it names is no template, or a text no JSON.
    """
    if at.name in ("try", "can"):
        return _try(evaluator, at, scope)
    arguments = [evaluator.evaluate(argument, scope) for argument in at.arguments]
    if at.expands and arguments:
        items = values.items_of(arguments.pop())
        if items is None or (at.name not in _TAKE_DOUBT and any(item.doubt for item in items)):
            return _of_unknown_number(at)
        arguments += items
    if at.name in ("file", "templatefile", "filebase64"):
        return _file(evaluator, at, arguments, scope)
    function = _FUNCTIONS.get(at.name)
    if function is None:
        return unknown(at)
    try:
        result = function(arguments, at)
    except (IndexError, ValueError, ArithmeticError):  # too few arguments, or none that it takes
        return unknown(at, failed=True)
    return unknown(at) if result is None else result


def _of_unknown_number(at: Call) -> Node:
    """Return the result of a call with any number of arguments."""
    if at.name not in _TAKE_DOUBT:
        return unknown(at)
    return listed([values.doubted(unknown(at), token(at))], at)


def _try(evaluator: Evaluator, at: Call, scope: Scope) -> Node:
    """Return the first argument that Terraform would not refuse; or, of ``can``, whether it would."""
    for argument in at.arguments:
        try:
            value = evaluator.evaluate(argument, scope)
        except PolicyLoadError:
            value = unknown(argument, failed=True)
        failed = isinstance(value, values.Failed)
        if at.name == "can":
            known = False if failed else (None if isinstance(value, values.String) and values.token_of(value) else True)
            return unknown(at) if known is None else Node(known, at.source, at.start)
        if not failed:
            return value
    return unknown(at, failed=True)


# Files


def _file(evaluator: Evaluator, at: Call, arguments: Sequence[Node], scope: Scope) -> Node:
    if not arguments or not isinstance(arguments[0].value, str) or at.name == "filebase64":
        return unknown(at)
    text = scope.world.read_file(PurePosixPath(arguments[0].value), at)
    if at.name == "file" or isinstance(text, values.Failed):
        return text
    given = values.members_of(arguments[1]) if len(arguments) > 1 else {}
    if given is None:
        return unknown(at)
    return render(evaluator, text, given, scope)


def render(evaluator: Evaluator, text: Node, names: dict[str, Node], scope: Scope) -> Node:
    """Return what a template says with some variables.

    Args:
        evaluator: For its expressions.
        text: The template, of known text.
        names: The variables.
        scope: Of the call.

    Raises:
        PolicyLoadError: It is no template.
    """
    pieces = values.pieces_of(text) or ()
    only = pieces[0] if len(pieces) == 1 else None
    if isinstance(only, Span) and only.offsets == 0 and isinstance(only.source, TextSource):
        source = only.source
    else:
        source = EmbeddedText(text.source.path, list(pieces))
    inner = Scope(scope.world, {key: values.certain(value) for key, value in names.items()}, closed=True)
    return evaluator.evaluate(parse_template(source), inner)


# Lists


def _concat(arguments: Sequence[Node], at: Call) -> Node | None:
    return listed([item for argument in arguments for item in _some(argument)], at)


def _some(node: Node) -> Iterator[Node]:
    """Yield the items of a list; one that is unknown may have none or many."""
    items = values.items_of(node)
    if items is not None:
        yield from (values.doubted(item, node.doubt) for item in items)
        return
    reason = values.token_of(node)
    if reason is None:
        raise ValueError(node.kind)
    yield values.doubted(node, reason)


def _flatten(arguments: Sequence[Node], at: Call) -> Node | None:
    return listed(list(_flat(arguments[0])), at)


def _flat(node: Node) -> Iterator[Node]:
    for item in _some(node):
        if values.items_of(item) is not None:
            yield from _flat(item)
        elif (reason := values.token_of(item)) and not _is_string(reason):
            yield values.doubted(item, reason)  # it may be a list itself
        else:
            yield item


def _is_string(token: Token) -> bool:
    """Return whether an unknown value is surely one string and no list: a name or ARN of a resource."""
    return bool(token.symbol) or _ONE_STRING.fullmatch(token.expression) is not None


def _distinct(arguments: Sequence[Node], at: Call) -> Node | None:
    seen: set[str] = set()
    kept = []
    for item in _some(arguments[0]):
        if item.doubt is None and isinstance(item.value, str):
            if item.value in seen:
                continue
            seen.add(item.value)
        kept.append(item)
    return listed(kept, at)


def _toset(arguments: Sequence[Node], at: Call) -> Node | None:
    return arguments[0] if values.token_of(arguments[0]) else _distinct(arguments, at)


def _same(arguments: Sequence[Node], _at: Call) -> Node | None:
    return arguments[0]


def _tolist(arguments: Sequence[Node], at: Call) -> Node | None:
    return arguments[0] if values.token_of(arguments[0]) else listed(list(_some(arguments[0])), at)


def _compact(arguments: Sequence[Node], at: Call) -> Node | None:
    kept = []
    for item in _some(arguments[0]):
        if values.is_null(item) or item.value == "":
            continue
        reason = values.token_of(item)
        kept.append(values.doubted(item, reason) if reason and not reason.symbol else item)
    return listed(kept, at)


def _reverse(arguments: Sequence[Node], at: Call) -> Node | None:
    return listed(list(_some(arguments[0]))[::-1], at)


def _sort(arguments: Sequence[Node], at: Call) -> Node | None:
    return listed(sorted(_some(arguments[0]), key=lambda item: str(item.value)), at)


def _sure(node: Node) -> list[Node] | None:
    """Return the items of a list that are surely there, all of them, or None."""
    items = values.items_of(node)
    if items is None:
        if values.token_of(node) is None:
            raise ValueError(node.kind)
        return None
    return None if any(item.doubt for item in items) else items


def _only(node: Node) -> Node | None:
    """Return the item of a list that has one, or none: the copies of something that is made at most once."""
    items = values.items_of(node)
    return items[0] if items is not None and len(items) == 1 and _is_copy(items[0]) else None


def _is_copy(node: Node) -> bool:
    """Return whether an item in doubt is what a block of unknown count makes: a document, a bucket or a principal."""
    token = values.token_of(node)
    return node.doubt is not None and (isinstance(node, values.Encoded) or (token is not None and token.symbol != ""))


def _slice(arguments: Sequence[Node], at: Call) -> Node | None:
    items, start, end = _sure(arguments[0]), _whole(arguments[1]), _whole(arguments[2])
    return None if items is None or start is None or end is None else listed(items[start:end], at)


def _element(arguments: Sequence[Node], _at: Call) -> Node | None:
    items, index = _sure(arguments[0]), _whole(arguments[1])
    return None if items is None or index is None else items[index % len(items)]


def _one(arguments: Sequence[Node], at: Call) -> Node | None:
    only = _only(arguments[0])
    if only is not None:
        return only
    items = _sure(arguments[0])
    if items is None:
        return None
    if len(items) > 1:
        raise ValueError(len(items))
    return items[0] if items else Node(None, at.source, at.start)


def _length(arguments: Sequence[Node], at: Call) -> Node | None:
    value = arguments[0]
    members = values.members_of(value)
    if members is not None:
        return None if any(m.doubt for m in members.values()) else _number(len(members), at)
    if isinstance(value.value, str):
        return _number(len(value.value), at)
    items = _sure(value)
    return None if items is None else _number(len(items), at)


def _number(number: int, at: Call) -> Node:
    from decimal import Decimal

    return number_node(Decimal(number), at)


def _contains(arguments: Sequence[Node], at: Call) -> Node | None:
    items = values.items_of(arguments[0])
    if items is None:
        return None
    answers = [None if item.doubt else equal(item, arguments[1]) for item in items]
    if True in answers:
        return Node(value=True, source=at.source, offset=at.start)
    return None if None in answers else Node(value=False, source=at.source, offset=at.start)


def _range(arguments: Sequence[Node], at: Call) -> Node | None:
    bounds = [_whole(argument) for argument in arguments]
    known = [bound for bound in bounds if bound is not None]
    if len(known) < len(bounds):
        return None
    numbers = range(*known) if len(known) > 1 or known[0] >= 0 else range(0, known[0], -1)
    return None if len(numbers) > values.MAX_ITEMS else listed([_number(n, at) for n in numbers], at)


def _setproduct(arguments: Sequence[Node], at: Call) -> Node | None:
    lists = [_sure(argument) for argument in arguments]
    known = [items for items in lists if items is not None]
    size = 1
    for items in known:
        size *= len(items)
    if len(known) < len(lists) or size > values.MAX_ITEMS:
        return None
    return listed([listed(list(each), at) for each in product(*known)], at)


def _chunklist(arguments: Sequence[Node], at: Call) -> Node | None:
    items, size = _sure(arguments[0]), _whole(arguments[1])
    if items is None or not size:
        return None
    return listed([listed(items[start : start + size], at) for start in range(0, len(items), size)], at)


def _alltrue(arguments: Sequence[Node], at: Call) -> Node | None:
    answers = [None if item.doubt else truth(item) for item in _some(arguments[0])]
    decisive = at.name == "anytrue"
    if decisive in answers:
        return Node(decisive, at.source, at.start)
    return None if None in answers else Node(not decisive, at.source, at.start)


def _whole(node: Node) -> int | None:
    number = number_of(node)
    return None if number is None else int(number)


# Objects


def _merge(arguments: Sequence[Node], at: Call) -> Node | None:
    found: dict[str, Node] = {}
    keys: dict[str, int] = {}
    for argument in arguments:
        members = values.members_of(argument)
        if members is None:
            if values.is_null(argument):
                continue
            return None
        for key, member in members.items():
            if member.doubt is None or key not in found:
                found[key] = member
                keys[key] = argument.keys.get(key, argument.offset)
            else:
                return None
    return values.collection(found, at.source, at.start, keys)


def _keys(arguments: Sequence[Node], at: Call) -> Node | None:
    node = arguments[0]
    members = values.members_of(node)
    if members is None:
        return _one_for_many(node, f"keys({at.arguments[0].text})", at)
    names = [values.doubted(key_of(node, key, members[key]), members[key].doubt) for key in sorted(members)]
    return listed(names, at)


def _values(arguments: Sequence[Node], at: Call) -> Node | None:
    members = values.members_of(arguments[0])
    if members is not None:
        return listed([members[key] for key in sorted(members)], at)
    instances = getattr(arguments[0], "instances", None)
    if instances is not None:
        return listed(instances(), at)
    return _one_for_many(arguments[0], f"values({at.arguments[0].text})", at)


def _one_for_many(node: Node, expression: str, at: Call) -> Node | None:
    """Return a list of unknown length."""
    reason = values.token_of(node)
    if reason is None:
        raise ValueError(node.kind)
    item = values.unknown(Token(f"{expression}[*]", at.location), at.source, at.start)
    return listed([values.doubted(item, reason)], at)


def _lookup(arguments: Sequence[Node], _at: Call) -> Node | None:
    members, name = values.members_of(arguments[0]), values.string_of(arguments[1])
    if members is None or name is None:
        return None
    if name in members:
        return members[name] if members[name].doubt is None else None
    return arguments[2] if not any(member.doubt for member in members.values()) else None


def _zipmap(arguments: Sequence[Node], at: Call) -> Node | None:
    names, items = _sure(arguments[0]), _sure(arguments[1])
    if names is None or items is None:
        return None
    keys = [values.string_of(name) for name in names]
    if None in keys:
        return None
    found = {key: item for key, item in zip(keys, items, strict=True) if key is not None}
    return values.collection(found, at.source, at.start)


def _coalesce(arguments: Sequence[Node], _at: Call) -> Node | None:
    for argument in arguments:
        if values.token_of(argument) or argument.doubt is not None:
            return None
        if not values.is_null(argument) and argument.value != "":
            return argument
    raise ValueError


def _coalescelist(arguments: Sequence[Node], _at: Call) -> Node | None:
    for argument in arguments:
        items = _sure(argument)
        if items is None:
            return None
        if items:
            return argument
    raise ValueError


# Strings


def _join(arguments: Sequence[Node], at: Call) -> Node | None:
    if len(arguments) == 2 and (only := _only(arguments[1])) is not None:
        return only
    separator, items = values.string_of(arguments[0]), []
    for argument in arguments[1:]:
        some = _sure(argument)
        if some is None:
            return None
        items += some
    if separator is None:
        return None
    pieces: list[Piece] = []
    for index, item in enumerate(items):
        pieces += [values.spread(separator, at.source, at.start)] if index else []
        pieces += values.pieces_of(item) or [token(at)]
    return _text(pieces, at)


def _text(pieces: Sequence[Piece], at: Expression) -> Node | None:
    if sum(len(piece.text) for piece in pieces if isinstance(piece, Span)) > values.MAX_TEXT:
        return None
    return values.text(pieces, at.source, at.start)


def _split(arguments: Sequence[Node], at: Call) -> Node | None:
    separator, whole = values.string_of(arguments[0]), values.string_of(arguments[1])
    if separator is None or whole is None:
        return None
    parts = whole.split(separator) if separator else list(whole)
    return listed([*(values.literal(part, at.source, at.start) for part in parts)], at)


def _format(arguments: Sequence[Node], at: Call) -> Node | None:
    pattern = values.string_of(arguments[0])
    if pattern is None:
        return None
    pieces: list[Piece] = []
    rest = list(arguments[1:])
    while pattern:
        before, mark, behind = pattern.partition("%")
        pieces.append(values.spread(before, at.source, at.start))
        if mark and behind[:1] in ("s", "d", "v"):
            pieces += values.pieces_of(rest.pop(0)) or [token(at)]
        elif mark and behind[:1] == "%":
            pieces.append(values.spread("%", at.source, at.start))
        elif mark and behind[:1] == "q" and (quoted := rest.pop(0)) is not None:
            pieces += values.json_pieces(quoted)
        elif mark:
            return None
        pattern = behind[1:]
    return _text(pieces, at)


def _formatlist(arguments: Sequence[Node], at: Call) -> Node | None:
    lists = [values.items_of(argument) for argument in arguments]
    lengths = {len(items) for items in lists if items is not None}
    unknown_lists = [values.token_of(argument) for argument in arguments[1:] if values.token_of(argument)]
    if not lengths and unknown_lists:
        node = _format(arguments, at)
        return None if node is None else listed([values.doubted(node, unknown_lists[0])], at)
    if len(lengths) != 1 or unknown_lists:
        return None
    found = []
    for index in range(lengths.pop()):
        row = [argument if items is None else items[index] for argument, items in zip(arguments, lists, strict=True)]
        node = _format(row, at)
        doubt = next((each.doubt for each in row if each.doubt), None)
        found.append(values.doubted(unknown(at) if node is None else node, doubt))
    return listed(found, at)


def _on_text(change: Callable[[str], str]) -> Function:
    """Return a function that changes each known character or part of a string alike."""

    def function(arguments: Sequence[Node], at: Call) -> Node | None:
        pieces = values.pieces_of(arguments[0])
        if pieces is None or any(isinstance(piece, Token) for piece in pieces):
            return None
        changed = change("".join(piece.text for piece in pieces if isinstance(piece, Span)))
        return values.literal(changed, at.source, at.start)

    return function


def _strings(arguments: Sequence[Node]) -> list[str] | None:
    found = [values.string_of(argument) for argument in arguments]
    known = [each for each in found if each is not None]
    return known if len(known) == len(found) else None


def _replace(arguments: Sequence[Node], at: Call) -> Node | None:
    pieces, words = values.pieces_of(arguments[0]), _strings(arguments[1:3])
    if words is None or pieces is None:
        return None
    old, new = words
    if len(old) > 1 and old.startswith("/") and old.endswith("/"):
        return None  # a regular expression of Go
    if any(isinstance(piece, Token) for piece in pieces):
        return None  # the unknown part may hold it
    changed = "".join(piece.text for piece in pieces if isinstance(piece, Span))
    if len(changed) + changed.count(old) * (len(new) - len(old)) > values.MAX_TEXT:
        return None
    return values.literal(changed.replace(old, new), at.source, at.start)


def _trim(arguments: Sequence[Node], at: Call) -> Node | None:
    words = _strings(arguments[:2])
    if words is None:
        return None
    text, cut = words
    changed = {
        "trimprefix": text.removeprefix,
        "trimsuffix": text.removesuffix,
        "trim": text.strip,
    }[at.name](cut)
    return values.literal(changed, at.source, at.start)


def _affix(arguments: Sequence[Node], at: Call) -> Node | None:
    words = _strings(arguments[:2])
    if words is None:
        return None
    text, part = words
    found = {"startswith": text.startswith, "endswith": text.endswith, "strcontains": text.__contains__}[at.name](part)
    return Node(found, at.source, at.start)


def _substr(arguments: Sequence[Node], at: Call) -> Node | None:
    text, start, length = values.string_of(arguments[0]), _whole(arguments[1]), _whole(arguments[2])
    if text is None or start is None or length is None:
        return None
    start = start + len(text) if start < 0 else start
    return values.literal(text[start:] if length < 0 else text[start : start + length], at.source, at.start)


def _tostring(arguments: Sequence[Node], at: Call) -> Node | None:
    if values.is_null(arguments[0]) or values.token_of(arguments[0]):
        return arguments[0]
    return _text(values.pieces_of(arguments[0]) or [token(at)], at)


def _tobool(arguments: Sequence[Node], at: Call) -> Node | None:
    known = truth(arguments[0])
    return None if known is None else Node(known, at.source, at.start)


def _tonumber(arguments: Sequence[Node], at: Call) -> Node | None:
    number = number_of(arguments[0])
    return None if number is None else number_node(number, at)


# Numbers


def _extreme(arguments: Sequence[Node], at: Call) -> Node | None:
    numbers = [number_of(argument) for argument in arguments]
    known = [number for number in numbers if number is not None]
    if len(known) < len(numbers):
        return None
    return number_node((max if at.name == "max" else min)(known), at)


# Documents


def _jsonencode(arguments: Sequence[Node], at: Call) -> Node | None:
    value = arguments[0]
    if isinstance(value, values.Collection) and not isinstance(value, values.Encoded):
        return values.encoded(value)
    if values.token_of(value):
        return unknown(at)
    return _text(values.json_pieces(value), at)


def _jsondecode(arguments: Sequence[Node], at: Call) -> Node | None:
    value = arguments[0]
    if isinstance(value, values.Encoded):
        return values.decoded(value)
    pieces = values.pieces_of(value)
    if pieces is None or values.token_of(value):
        return None
    return values.collected(embedded.parse(at.source.path, list(pieces)))


_TAKE_DOUBT = frozenset({"concat", "flatten", "compact", "distinct", "setunion"})
"""Functions of lists whose arguments may be in doubt."""

_FUNCTIONS: dict[str, Function] = {
    "abspath": _same,
    "alltrue": _alltrue,
    "anytrue": _alltrue,
    "chunklist": _chunklist,
    "coalesce": _coalesce,
    "coalescelist": _coalescelist,
    "compact": _compact,
    "concat": _concat,
    "contains": _contains,
    "distinct": _distinct,
    "element": _element,
    "endswith": _affix,
    "flatten": _flatten,
    "format": _format,
    "formatlist": _formatlist,
    "join": _join,
    "jsondecode": _jsondecode,
    "jsonencode": _jsonencode,
    "keys": _keys,
    "length": _length,
    "lookup": _lookup,
    "lower": _on_text(str.lower),
    "max": _extreme,
    "merge": _merge,
    "min": _extreme,
    "nonsensitive": _same,
    "one": _one,
    "range": _range,
    "replace": _replace,
    "reverse": _reverse,
    "sensitive": _same,
    "setproduct": _setproduct,
    "setunion": lambda arguments, at: _distinct([listed(list(_concat_items(arguments)), at)], at),
    "slice": _slice,
    "sort": _sort,
    "split": _split,
    "startswith": _affix,
    "strcontains": _affix,
    "substr": _substr,
    "title": _on_text(str.title),
    "tobool": _tobool,
    "tolist": _tolist,
    "tomap": _same,
    "tonumber": _tonumber,
    "toset": _toset,
    "tostring": _tostring,
    "trim": _trim,
    "trimprefix": _trim,
    "trimspace": _on_text(str.strip),
    "trimsuffix": _trim,
    "upper": _on_text(str.upper),
    "values": _values,
    "zipmap": _zipmap,
}


def _concat_items(arguments: Sequence[Node]) -> Iterator[Node]:
    for argument in arguments:
        yield from _some(argument)

"""JSONPath expressions to places in a document: it decides which expressions are safe and what they may cost.

The only module that knows jsonpath-ng. An expression may come with the repository under test, so that its search is
counted in steps, and what it may be made of is a list: an expression that can only choose values of the document.
"""

from __future__ import annotations

import re
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import ItemsView, Iterator, KeysView, ValuesView

    from jsonpath_ng import DatumInContext, JSONPath

    from pytest_veeam_iam.sources.outline import Path

MAX_LENGTH = 1000
"""How many characters an expression may have."""

MAX_PATTERN = 200
"""How many characters the pattern of a ``=~`` may have."""

MAX_COMPARED = 256
"""How many characters of a text a ``=~`` looks at, if its pattern could take more than linear time."""

STEPS_PER_VALUE = 20
"""How many values a search may look at, for each one that the document holds."""

_FREE_STEPS = 100_000

_SAFE = frozenset(
    {
        "And", "Child", "Descendants", "Expression", "Fields", "Filter", "Index", "Len", "Or", "Parent", "Root",
        "Slice", "This", "Where", "WhereNot", "Wildcard",
    }
)  # fmt: skip
"""Classes of jsonpath-ng that neither calculate nor sort nor join, so that each match stands in the document."""

_LITERALS = (str, int, float, type(None))
_SAFE_OPERATORS = ("this", "parent", "len")
_quoted = re.compile(r"'(?:[^'\\]|\\.)*+'|\"(?:[^\"\\]|\\.)*+\"", re.DOTALL)
_named_operator = re.compile(r"`([^`]*+)`?").finditer
_character_class = re.compile(r"\\.|\[\^?\]?[^\]]*+\]", re.DOTALL)
_repeated_group = re.compile(r"\)[*+{]")
_back_reference = re.compile(r"\\[1-9]|\(\?P=|\(\?\(")


class ExpressionError(ValueError):
    """An expression that is none, is not allowed, or costs too much.

    Attributes:
        why: What is wrong, to follow "the JSONPath ...".
        remedy: What to do about it.
    """

    def __init__(self, why: str, remedy: str = "write a path such as $.Policies[*].Document") -> None:
        super().__init__(why)
        self.why, self.remedy = why, remedy


def find(plain: object, expression: str) -> list[Path]:
    """Return where the matches of one of our own expressions stand.

    Args:
        plain: The document.
        expression: One that is written in the source of this package.
    """
    return _places(_compiled(expression).find(plain), plain)


class Search:
    """A document that expressions of others are tried on.

    Args:
        plain: The document; a copy of it is searched.
    """

    def __init__(self, plain: object) -> None:
        self._plain = plain
        self._effort = _Effort()
        self._steps = 0
        self._copies: dict[int | None, object] = {}

    def find(self, expression: str) -> list[Path]:
        """Return where the matches stand, each once, in their order.

        Raises:
            ExpressionError: For an expression that is none, is not allowed, or costs too much.
        """
        _check_text(expression)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of parts of the syntax that a later version will not have
                path = _compiled(expression)
                root = self._copy(MAX_COMPARED if _check_parts(path) else None)
                self._steps = self._steps or _FREE_STEPS + STEPS_PER_VALUE * _count(self._plain)
                self._effort.left = self._steps
                return _places(path.find(root), root)
        except ExpressionError:
            raise
        except Exception as error:  # jsonpath-ng raises AssertionError, TypeError, re.error and others as well
            raise ExpressionError(f"cannot be searched for: {_said(error)}") from error

    def _copy(self, longest: int | None) -> object:
        if longest not in self._copies:
            self._copies[longest] = _copy(self._plain, self._effort, longest)
        return self._copies[longest]


def _said(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text[:200] if text else type(error).__name__


@lru_cache(maxsize=256)
def _compiled(expression: str) -> JSONPath:
    from jsonpath_ng.ext.parser import parse  # here, because its import takes 20 ms

    return parse(expression)


def _check_text(expression: str) -> None:
    """Refuse what must not even be parsed."""
    if len(expression) > MAX_LENGTH:
        raise ExpressionError(f"has {len(expression):,} characters, expected at most {MAX_LENGTH:,}", "shorten it")
    bare = _quoted.sub("''", expression)
    if "|" in bare.replace("||", ""):
        raise ExpressionError('joins paths with "|", which jsonpath-ng does wrongly', "write a list of paths instead")
    for operator in _named_operator(bare):
        if operator[1] not in _SAFE_OPERATORS:
            known = ", ".join(_SAFE_OPERATORS)
            raise ExpressionError(f"uses `{operator[1]}`, expected one of {known}", "select values as they stand")


def _check_parts(path: JSONPath) -> bool:
    """Refuse parts that are not known to be safe; return whether long texts must be cut for a pattern."""
    shorten = False
    pending: list[Any] = [path]
    while pending:
        part = pending.pop()
        kind = type(part).__name__.lstrip("_")
        if kind not in _SAFE:
            raise ExpressionError(f"uses {kind}, expected a path that only selects", "select values as they stand")
        if getattr(part, "op", None) == "=~":
            shorten |= _check_pattern(part.value)
        for name in ("left", "right", "expressions", "target", "value", "operands"):
            child = getattr(part, name, None)
            pending += child if isinstance(child, list) else [] if isinstance(child, _LITERALS) else [child]
    return shorten


def _check_pattern(pattern: object) -> bool:
    """Refuse a regular expression that could run for ever; return whether it could take more than linear time."""
    if not isinstance(pattern, str):
        raise ExpressionError("has a pattern that is no text", "write it in quotes")
    if len(pattern) > MAX_PATTERN:
        raise ExpressionError(f"has a pattern of more than {MAX_PATTERN} characters", "shorten it")
    bare = _character_class.sub("c", pattern)
    repeats = sum(bare.count(mark) for mark in "*+{")
    if _repeated_group.search(bare) or _back_reference.search(pattern) or repeats > 2:
        raise ExpressionError(
            f'has the pattern "{pattern}", which could take very long',
            "repeat single characters only, at most twice, and refer back to no group",
        )
    return repeats > 0


def _places(matches: list[DatumInContext], root: object) -> list[Path]:
    return list(dict.fromkeys(_place(match, root) for match in matches))


def _place(match: DatumInContext, root: object) -> Path:
    """Return where a match stands, from the chain of what it was found in."""
    steps: list[str | int] = []
    datum = match
    while datum.context is not None:
        path: Any = datum.path
        if hasattr(path, "fields"):
            steps.append(path.fields[0])
        elif hasattr(path, "indices"):
            steps.append(path.indices[0] % len(datum.context.value))
        else:
            break
        datum = datum.context
    if datum.value is not root:
        raise ExpressionError("matches a value that does not stand in the file", "select values as they stand")
    return tuple(reversed(steps))


class _Effort:
    """Counts the values that a search looks at."""

    left = 0

    def spend(self, steps: int) -> None:
        self.left -= steps
        if self.left < 0:
            raise ExpressionError("takes too many steps", 'write fewer ".." and wildcards')


class _Object(dict[str, object]):
    __slots__ = ("effort",)
    effort: _Effort

    def get(self, key: str, default: object = None) -> object:
        self.effort.spend(1)
        return super().get(key, default)

    def items(self) -> ItemsView[str, object]:  # type: ignore[override]
        self.effort.spend(1 + len(self))
        return super().items()

    def keys(self) -> KeysView[str]:  # type: ignore[override]
        self.effort.spend(1 + len(self))
        return super().keys()

    def values(self) -> ValuesView[object]:  # type: ignore[override]
        self.effort.spend(1 + len(self))
        return super().values()


class _List(list[object]):
    __slots__ = ("effort",)
    effort: _Effort

    def __iter__(self) -> Iterator[object]:
        self.effort.spend(1 + len(self))
        return super().__iter__()


def _copy(value: object, effort: _Effort, longest: int | None) -> object:
    """Return a copy that counts how often it is looked at."""
    match value:
        case dict():
            members = _Object((key, _copy(item, effort, longest)) for key, item in value.items())
            members.effort = effort
            return members
        case list():
            items = _List(_copy(item, effort, longest) for item in value)
            items.effort = effort
            return items
        case str() if longest is not None:
            return value[:longest]
    return value


def _count(value: object) -> int:
    match value:
        case dict():
            return 1 + sum(map(_count, value.values()))
        case list():
            return 1 + sum(map(_count, value))
    return 1

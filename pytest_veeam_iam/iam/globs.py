"""IAM wildcards and ARNs: the only module that knows what ``*`` and ``?`` mean; it knows no Effect and no statement.

A pattern of a policy becomes a :class:`Glob`, what is asked for a :class:`Wanted` set of real resources. Ordinary pairs
are compared by their literal prefixes alone; the rest is searched by ``automata``.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias

from pytest_veeam_iam.iam.automata import Automaton, Budget, BudgetExceededError, Chars, Run, Token, signatures
from pytest_veeam_iam.iam.certainty import Certainty, all_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_ARN_FIELDS = 6
_ACCOUNT_DIGITS = 12
_BRIEF = 5_000
"""Steps of a search on which no answer about coverage depends."""


@dataclass(frozen=True, slots=True)
class Literal:
    """Text in which nothing is a wildcard: a substituted value, or one of ``${*}``, ``${?}``, ``${$}``."""

    text: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that is not known here; it may be any text.

    Attributes:
        name: What to call it in a message, for example ``${aws:username}``.
        certainty: DEPENDS (on the request) or UNRESOLVED (a template value).
    """

    name: str
    certainty: Certainty = Certainty.DEPENDS


@dataclass(frozen=True, slots=True)
class Doubt:
    """No text: the pattern may not be there at all.

    Attributes:
        name: What that hangs on.
    """

    name: str
    certainty: Certainty = Certainty.UNRESOLVED


Pieces: TypeAlias = "tuple[str | Literal | Unknown | Doubt, ...]"
"""A pattern: in a plain ``str`` the wildcards count; a Doubt comes first."""


class Shape(Enum):
    """What a glob looks like, which decides how cheaply it can be compared."""

    EXACT = "no wildcard"
    PREFIX = "literal text, then one star that matches anything"
    GENERAL = "anything else"


class Glob:
    """One pattern of a policy, compiled.

    Attributes:
        text: As written; empty where substituted values stand in it.
        tokens: What it accepts, character by character; an Unknown is a star here.
        prefix: The literal text before the first wildcard.
        shape: EXACT, PREFIX or GENERAL.
        certainty: ALWAYS, or what a match is worth because an Unknown stands in it.
        any_resource: Whether it is ``*``.
    """

    __slots__ = ("_automaton", "any_resource", "certainty", "prefix", "shape", "text", "tokens")

    def __init__(self, text: str, tokens: tuple[Token, ...], certainty: Certainty = Certainty.ALWAYS) -> None:
        self.text, self.tokens, self.certainty = text, tokens, certainty
        self._automaton: Automaton | None = None
        literal = 0
        while literal < len(tokens) and isinstance(tokens[literal], str):
            literal += 1
        self.prefix = "".join(token for token in tokens[:literal] if isinstance(token, str))
        if literal == len(tokens):
            self.shape = Shape.EXACT
        elif literal == len(tokens) - 1 and tokens[literal] == Run(Chars.ANY, many=True):
            self.shape = Shape.PREFIX
        else:
            self.shape = Shape.GENERAL
        self.any_resource = self.shape is Shape.PREFIX and not self.prefix

    def sample(self) -> str:
        """Return a text that it matches."""
        return "".join(token if isinstance(token, str) else "0" for token in self.tokens)

    def accepts(self, text: str) -> bool:
        """Return whether it matches ``text``, its Unknowns being any text."""
        if self.shape is Shape.EXACT:
            return text == self.prefix
        if not text.startswith(self.prefix):
            return False
        if self.shape is Shape.PREFIX:
            return True
        if self._automaton is None:
            self._automaton = Automaton([self.tokens])
        return self._automaton.accepts_text(text)


def matches(pattern: Pieces, text: str) -> Certainty:
    """Return whether ``pattern`` matches ``text``, every character being ordinary (no ARN fields).

    Args:
        pattern: The pieces; an Unknown may stand for any text.
        text: What to match, case counts.

    Returns:
        ALWAYS or NEVER without an Unknown; with one, NEVER where no value of it could match, else its certainty.
    """
    glob = _text_glob(pattern)
    return glob.certainty if glob.accepts(text) else Certainty.NEVER


@lru_cache(maxsize=4096)
def _text_glob(pattern: Pieces) -> Glob:
    return _glob(pattern, is_arn=False)


@lru_cache(maxsize=4096)
def action_glob(text: str) -> Glob:
    """Return the pattern of an Action entry; match it against lower-cased actions."""
    return _glob((text.lower(),), is_arn=False)


@lru_cache(maxsize=1024)
def action_pattern(pattern: Pieces) -> Glob:
    """Return the pattern of an Action entry that hangs on unknown values; match it against lower-cased actions."""
    return _glob(tuple(piece.lower() if isinstance(piece, str) else piece for piece in pattern), is_arn=False)


@lru_cache(maxsize=1024)
def resource_glob(pattern: Pieces) -> Glob:
    """Return the pattern of a Resource entry.

    An ARN with fewer than six fields is left as written if it ends in a star or holds a template value, which may have
    the others, else completed with ``:*``.
    """
    text = "".join(piece if isinstance(piece, str) else "x" for piece in pattern)
    missing = _ARN_FIELDS - 1 - text.count(":")
    if missing > 0 and not text.endswith("*") and not any(map(_is_template_value, pattern)):
        pattern = (*pattern, ":*" * missing)
    return _glob(pattern, is_arn=True)


def _is_template_value(piece: str | Literal | Unknown | Doubt) -> bool:
    return isinstance(piece, Unknown) and piece.certainty is Certainty.UNRESOLVED


def _glob(pattern: Pieces, *, is_arn: bool) -> Glob:
    tokens: list[Token] = []
    colons = 0 if is_arn else _ARN_FIELDS
    for index, piece in enumerate(pattern):
        if isinstance(piece, Unknown):
            tokens.append(Run(Chars.ANY, many=True))
        elif isinstance(piece, Literal):
            tokens += piece.text
            colons += piece.text.count(":")
        elif isinstance(piece, str):
            last = index == len(pattern) - 1
            tokens += _wildcards(piece, colons, last=last)
            colons += piece.count(":")
    certainty = all_of(piece.certainty for piece in pattern if isinstance(piece, Unknown | Doubt))
    plain = [piece for piece in pattern if isinstance(piece, str)]
    text = "".join(plain) if len(plain) == len(pattern) else ""
    return Glob(text, _collapse(tokens), certainty)


def _wildcards(text: str, colons: int, *, last: bool) -> Iterable[Token]:
    """Yield tokens: a star inside one of the first five fields of an ARN does not cross a colon, all others do."""
    for index, character in enumerate(text):
        if character == ":":
            colons += 1
        if character == "*":
            after = text[index:].lstrip("*")
            ends_field = after.startswith(":") or (not after and last)
            inside = colons < _ARN_FIELDS - 1 and not ends_field
            yield Run(Chars.FIELD if inside else Chars.ANY, many=True)
        elif character == "?":
            yield Run(Chars.ANY, many=False)
        else:
            yield character


def _collapse(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """Return the tokens with every run of stars as one, the widest of them."""
    result: list[Token] = []
    for is_star, group in groupby(tokens, key=lambda token: isinstance(token, Run) and token.many):
        run = list(group)
        if is_star:
            any_character = Run(Chars.ANY, many=True)
            run = [any_character if any_character in run else run[0]]
        result += run
    return tuple(result)


class Wanted:
    """The real resources that a required pattern denotes.

    Object keys are not empty, the first five fields hold no colon, a region is not empty, an account is 12 digits, EC2
    and SSM ids hold no colon. The text ``*`` is the one resource ``*``.

    Attributes:
        text: As written.
        prefix: The literal text before the first wildcard.
        is_literal: Whether it denotes one resource.
        names: That resource's names; a statement that matches any of them is about it.
    """

    __slots__ = ("_alternatives", "_automaton", "is_literal", "names", "prefix", "text")

    def __init__(self, text: str, alternatives: Sequence[tuple[Token, ...]], other_names: tuple[str, ...] = ()) -> None:
        self.text = text
        self.names = (text, *other_names)
        self.is_literal = len(alternatives) == 1 and all(isinstance(token, str) for token in alternatives[0])
        self.prefix = text if self.is_literal else re.split(r"[*?]", text, maxsplit=1)[0]
        self._alternatives = alternatives
        self._automaton: Automaton | None = None

    @property
    def automaton(self) -> Automaton:
        """What the resources look like, character by character."""
        if self._automaton is None:
            self._automaton = Automaton(self._alternatives)
        return self._automaton


@lru_cache(maxsize=1024)
def wanted(text: str, *, literal: bool = False, one_bucket: bool = False) -> Wanted:
    """Return the resources that a required pattern denotes.

    Args:
        text: ``*`` or an ARN, in which ``*`` and ``?`` stand for real names.
        literal: Take an ARN as it is written, wildcards included.
        one_bucket: A wildcard before the first slash of an S3 ARN stands for a part of a bucket's name and nothing
            else; otherwise ``arn:aws:s3:::*`` denotes every bucket and every object.
    """
    fields = text.split(":", _ARN_FIELDS - 1)
    if literal or not re.search(r"[*?]", text) or not text.strip("*"):
        text = "*" if not text.strip("*") else text
        return Wanted(text, [tuple(text)])
    if len(fields) < _ARN_FIELDS:
        return Wanted(text, [resource_glob((text,)).tokens])
    service, region, account, resource = fields[2:]
    head = [token for field in fields[:4] for token in (*_name(field, Chars.FIELD), ":")]
    if service == "s3" and not region and not account:
        tails = _s3_resources(resource, one_bucket=one_bucket)
    else:
        tails = [_name(resource, Chars.FIELD if service in {"ec2", "ssm"} else Chars.ANY)]
    return Wanted(text, [(*head, *digits, ":", *tail) for digits in _accounts(account) for tail in tails])


def _name(text: str, chars: Chars) -> tuple[Token, ...]:
    """Return tokens in which a star that is a whole name or path element stands for at least one character."""
    tokens: list[Token] = []
    for index, character in enumerate(text):
        if character == "*":
            whole = text[index - 1 : index] in {"", "/"} and text[index:].strip("*") == ""
            tokens += ([Run(chars, many=False)] if whole else []) + [Run(chars, many=True)]
        elif character == "?":
            tokens.append(Run(chars, many=False))
        else:
            tokens.append(character)
    return _collapse(tokens)


def _accounts(text: str) -> list[tuple[Token, ...]]:
    """Return the ways in which a pattern is an account's 12 digits; three stars stand for any number of them."""
    parts = re.sub(r"\*+", "*", text).split("*")
    left_open = _ACCOUNT_DIGITS - sum(map(len, parts))
    if not re.search(r"[*?]", text) or not re.fullmatch(r"[0-9*?]*", text) or left_open < 0:
        return [_name(text, Chars.FIELD)]
    match len(parts) - 1:
        case 1:
            fills: list[tuple[int, ...]] = [(left_open,)]
        case 2:
            fills = [(left, left_open - left) for left in range(left_open + 1)]
        case _:
            return [_name(text, Chars.DIGIT)]
    texts = ("".join(part + "?" * digits for part, digits in zip(parts, (*fill, 0), strict=True)) for fill in fills)
    return [_name(each, Chars.DIGIT) for each in texts]


def _s3_resources(text: str, *, one_bucket: bool) -> list[tuple[Token, ...]]:
    """Return the ways in which a pattern can fall into a bucket and a key, by where the first slash stands."""
    bucket, slash, key = text.partition("/")
    ways = [_name(bucket, Chars.NAME) + ((slash, *_key(key)) if slash else ())]
    if one_bucket:
        return ways
    for index, character in enumerate(bucket):
        if character in "*?":
            before = _name(bucket[: index + 1] if character == "*" else bucket[:index], Chars.NAME)
            rest = bucket[index:] if character == "*" else bucket[index + 1 :]
            ways.append((*before, "/", *_key(rest + slash + key)))
    return ways


def _key(text: str) -> tuple[Token, ...]:
    """Return the tokens of an object key, which is not empty where wildcards leave it open."""
    if text and not text.strip("*"):
        return (Run(Chars.ANY, many=False), Run(Chars.ANY, many=True))
    return _collapse([*_wildcards(text, _ARN_FIELDS, last=True)])


@lru_cache(maxsize=64)
def all_buckets(partition: str, *, by_arn: bool) -> Wanted:
    """Return the one resource of ``s3:ListAllMyBuckets``.

    Args:
        partition: For example ``aws``.
        by_arn: Whether ``arn:aws:s3:::*`` is a second name of it, as the vendor's example and AWS's page on the
            evaluation logic have it; another AWS page says that only ``*`` works.
    """
    return Wanted("*", [("*",)], (f"arn:{partition}:s3:::*",) if by_arn else ())


class Relation(Enum):
    """How a glob and a wanted set stand to each other, as far as their literal prefixes tell."""

    COVERS = "every wanted resource matches"
    DISJOINT = "none matches"
    OPEN = "a search must tell"


@lru_cache(maxsize=4096)
def relation(glob: Glob, want: Wanted) -> Relation:
    """Return how ``glob`` stands to ``want``, without a search: the answer for ordinary policies."""
    if want.is_literal:
        return Relation.COVERS if any(glob.accepts(name) for name in want.names) else Relation.DISJOINT
    if glob.shape is Shape.PREFIX and want.prefix.startswith(glob.prefix):
        return Relation.COVERS
    if not (want.prefix.startswith(glob.prefix) or glob.prefix.startswith(want.prefix)):
        return Relation.DISJOINT
    if glob.shape is Shape.EXACT and len(glob.prefix) < len(want.prefix):
        return Relation.DISJOINT
    return Relation.COVERS if _covers_by_field(glob.text, want.text) else Relation.OPEN


def can_meet(glob: Glob, want: Wanted) -> bool:
    """Return whether some wanted resource matches; True also where that cannot be told within a small budget."""
    found = relation(glob, want)
    if found is not Relation.OPEN:
        return found is Relation.COVERS
    try:
        return any(met for (met,), _ in signatures(want.automaton, [Automaton([glob.tokens])], Budget(_BRIEF)))
    except BudgetExceededError:
        return True


def _covers_by_field(pattern: str, text: str) -> bool:
    """Return True if every field of an ARN pattern plainly covers that of ``text``; False says nothing."""
    fields, wanted_fields = pattern.split(":", _ARN_FIELDS - 1), text.split(":", _ARN_FIELDS - 1)
    return len(fields) == len(wanted_fields) == _ARN_FIELDS and all(
        field == other or (field.endswith("*") and not re.search(r"[*?]", field[:-1]) and other.startswith(field[:-1]))
        for field, other in zip(fields, wanted_fields, strict=True)
    )


_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9*?_-]+")


def action_problem(text: str) -> str | None:
    """Return why AWS refuses an Action or NotAction entry, or None.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
    """
    if text == "*" or _ACTION.fullmatch(text):
        return None
    service, colon, _ = text.partition(":")
    if colon and re.search(r"[*?]", service):
        return f'"{text}" has a wildcard in the service; write one service, for example "s3:*", or "*"'
    return f'"{text}" is neither "*" nor of the form "service:Action"'


def is_short_arn(text: str) -> bool:
    """Return whether an ARN has fewer than six fields, so that AWS completes it."""
    return bool(text.strip("*")) and text.count(":") < _ARN_FIELDS - 1


_PLACEHOLDER = re.compile(r"[$<{]")
_BUCKET_NAME = re.compile(r"[\w*?][\w.*?-]*(/.*)?", re.ASCII | re.DOTALL)


def _meant(text: str) -> str:
    """Return what to write instead of a text that is no ARN."""
    if _PLACEHOLDER.match(text):
        return "a placeholder stands there: write the ARN"
    if text.lower().startswith("arn:aws:"):
        return "it begins with arn: and has six fields"
    return f'did you mean "arn:aws:s3:::{text if _BUCKET_NAME.fullmatch(text) else "BUCKET"}"?'


def resource_problem(text: str, *, has_variables: bool) -> str | None:
    """Return why AWS refuses a Resource or NotResource entry, or None.

    Args:
        text: The entry as written.
        has_variables: Whether ``${...}`` is a policy variable (Version 2012-10-17).
    """
    if text and not text.strip("*"):
        return None
    fields = text.split(":", _ARN_FIELDS - 1)
    if fields[0] != "arn" or len(fields) < 3:
        return f'"{text}" is neither "*" nor an ARN; {_meant(text)}'
    if not fields[1] or not fields[2]:
        return f'"{text}" names no {"service" if fields[1] else "partition"}; write for example "arn:aws:s3:::BUCKET"'
    if re.search(r"[*?]", fields[2]):
        return f'"{text}" has a wildcard in the service; write one service, for example "arn:aws:s3:::*"'
    if has_variables and any("${" in field for field in fields[: _ARN_FIELDS - 1]):
        return f'"{text}" has a policy variable before the fifth colon, where AWS allows none'
    return None

"""Unknown values of templates become what the user or the target says they are; it decides no answer.

A value that nobody names stays unknown. A target may be a bucket that the template itself makes: then its name and ARN
need no value, because whatever they are, they are those of the target.
"""

from __future__ import annotations

import re
from dataclasses import replace
from difflib import get_close_matches
from operator import is_
from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import TargetError
from pytest_veeam_iam.iam.document import Effect, Entry
from pytest_veeam_iam.iam.globs import can_meet, resource_glob, wanted
from pytest_veeam_iam.iam.grammar import read_policy
from pytest_veeam_iam.iam.tree import Token, fill
from pytest_veeam_iam.target import ANY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pytest_veeam_iam.iam.document import Policy, Statement
    from pytest_veeam_iam.target import Target

_PARTITION = re.compile(r"AWS::Partition|data\.aws_partition\.[\w-]+(\[\d+\])?\.(partition|id)")
_ACCOUNT = re.compile(r"AWS::AccountId|data\.aws_caller_identity\.[\w-]+(\[\d+\])?\.(account_id|id)")
_REGION = re.compile(r"AWS::Region|data\.aws_region\.[\w-]+(\[\d+\])?\.(name|region|id)")
_ARN_FIELDS = 6


def bind(policies: Sequence[Policy], value_of: Callable[[str], str | None]) -> tuple[Policy, ...]:
    """Return policies in which the user's values stand for unknown expressions.

    Args:
        policies: Those without unknown values are returned as they are.
        value_of: Returns the text of an expression, None if it stays unknown.
    """
    return tuple(_read_again(policy, lambda token: value_of(token.expression)) for policy in policies)


def settle(policies: Sequence[Policy], target: Target) -> tuple[Policy, ...]:
    """Return policies in which a target's own values stand: its partition, region and account, and its buckets.

    Args:
        policies: Those that no value of the target concerns are returned as they are.
        target: Its buckets may be some that the template makes.
    """
    symbols = target.symbols

    def value_of(token: Token) -> str | None:
        if token.symbol in symbols:
            return f"arn:{target.partition}:s3:::{token.symbol}" if token.is_arn else token.symbol
        for form, value in ((_PARTITION, target.partition), (_ACCOUNT, target.account), (_REGION, target.region)):
            if form.fullmatch(token.expression):
                return None if value == ANY else value
        return None

    settled = tuple(_read_again(policy, value_of) for policy in policies)
    return tuple(_with_doubts(policy, target) for policy in settled) if symbols else settled


def known_part(policy: Policy) -> Policy:
    """Return what can be said of a policy as a text, whatever its unknown values are.

    An action or resource that is unknown as a whole is left out, and a statement that has nothing else; why AWS refuses
    it is still said. A value within an ARN becomes one that could stand there.
    """
    if policy.tree is None:
        return policy
    parts = [(statement, _known_statement(statement)) for statement in policy.statements]
    problems = [problem for statement, part in parts if part is None for problem in statement.problems]
    return replace(
        policy,
        statements=tuple(part for _, part in parts if part is not None),
        problems=(*policy.problems, *problems),
    )


def _known_statement(statement: Statement) -> Statement | None:
    if statement.doubt is not None and all(e.location == statement.location for e in statement.actions):
        return None  # it stands for a statement that is unknown as a whole
    actions = tuple(entry for entry in statement.actions if not entry.pieces)
    resources = tuple(known for entry in statement.resources if (known := _with_plausible_values(entry)))
    if (statement.actions and not actions) or (statement.resources and not resources):
        return None
    conditions = tuple(
        replace(condition, values=values)
        for condition in statement.conditions
        if (values := tuple(entry for entry in condition.values if not entry.pieces)) or not condition.values
    )
    return replace(statement, actions=actions, resources=resources, conditions=conditions)


def _with_plausible_values(entry: Entry) -> Entry | None:
    """Return an ARN with a text for every unknown value in it; None if it may be an ARN of any kind."""
    if not entry.pieces:
        return entry
    text = "".join(piece if isinstance(piece, str) else _UNKNOWN for piece in entry.pieces)
    fields = text.split(":", _ARN_FIELDS - 1)
    if len(fields) < _ARN_FIELDS or fields[0] != "arn" or _UNKNOWN in fields[2]:
        return None
    if fields[5].startswith(_UNKNOWN) and fields[2] != "s3":
        return None  # what kind of resource it is stands there
    named = [_PLAUSIBLE.get(number, field) if _UNKNOWN in field else field for number, field in enumerate(fields)]
    return Entry(":".join(named).replace(_UNKNOWN, "x"), entry.location)


_UNKNOWN = "\0"
_PLAUSIBLE = {1: "aws", 3: "us-east-1", 4: "0" * 12}
"""The partition, region and account of an ARN, by their place in it."""


def named_buckets(target: Target, policies: Sequence[Policy]) -> Target:
    """Return the target with the names of those of its buckets that the policies' templates make and name.

    Args:
        target: Its buckets; ``tf:aws_s3_bucket.repo[*]`` is every instance. One that was inferred is what it is.
        policies: Whose templates know the buckets.

    Raises:
        TargetError: For a bucket that none of the templates makes.
    """
    if not target.symbols or "bucket" in target.inferred:
        return target
    known = {symbol: name for policy in policies for symbol, name in policy.buckets}
    names = [name for bucket in target.buckets or () for name in _names_of(bucket, target.symbols, known)]
    return replace(target, buckets=tuple(dict.fromkeys(names)))


def _names_of(bucket: str, symbols: frozenset[str], known: Mapping[str, str | None]) -> list[str]:
    if bucket not in symbols:
        return [bucket]
    start = bucket.removesuffix("[*]")
    is_every = start != bucket
    found = [symbol for symbol in known if symbol == bucket or (is_every and symbol.startswith(f"{start}["))]
    if not found and is_every and start in known:
        found = [start]
    if not found:
        near = get_close_matches(bucket, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"they make {', '.join(known) or 'none'}"
        raise TargetError(f'bucket "{bucket}": the templates of these policies make no such bucket; {hint}')
    return [known[symbol] or symbol for symbol in found]


def _read_again(policy: Policy, value_of: Callable[[Token], str | None]) -> Policy:
    if policy.tree is None or all(value_of(token) is None for token in tokens_of(policy)):
        return policy
    return read_policy(
        fill(policy.tree, value_of),
        policy.entity,
        policy.attachment,
        assumed=policy.assumed,
        buckets=policy.buckets,
        form=policy.form,
    )


def tokens_of(policy: Policy) -> Iterator[Token]:
    """Yield the unknown values that stand in a policy."""
    for statement in policy.statements:
        yield from (statement.doubt,) if statement.doubt else ()
        for entry in (*statement.actions, *statement.resources, *(e for c in statement.conditions for e in c.values)):
            yield from entry.tokens


def _with_doubts(policy: Policy, target: Target) -> Policy:
    """Return a policy in which a pattern of bucket names may mean a bucket whose name is unknown.

    What such a pattern says of the bucket hangs on its name, however the template's name for it looks.
    """
    statements = tuple(_with_doubtful_entries(statement, target) for statement in policy.statements)
    return policy if statements == policy.statements else replace(policy, statements=statements)


def _with_doubtful_entries(statement: Statement, target: Target) -> Statement:
    resources: list[Entry] = []
    for entry in statement.resources:
        if not entry.is_known or _treats_all_buckets_alike(entry.text, target.symbols):
            resources.append(entry)
            continue
        met = [symbol for symbol in target.symbols if _meets(entry.text, symbol, target.partition)]
        resources.append(replace(entry, doubt=_name_of(met[0], entry)) if met else entry)
        if statement.effect is Effect.DENY or statement.not_resource:
            resources += [_perhaps(entry, symbol) for symbol in target.symbols]
    same = len(resources) == len(statement.resources) and all(map(is_, resources, statement.resources))
    return statement if same else replace(statement, resources=tuple(resources))


def _treats_all_buckets_alike(text: str, symbols: frozenset[str]) -> bool:
    """Return whether it does not hang on a bucket's name whether a pattern takes the bucket in."""
    fields = text.split(":", _ARN_FIELDS - 1)
    if fields[2:3] != ["s3"]:
        return True
    if len(fields) < _ARN_FIELDS:
        return not "".join(fields[3:]).strip("*")
    bucket, _, key = fields[5].partition("/")
    return (not bucket.strip("*") or bucket in symbols) and not any(symbol in key for symbol in symbols)


def _meets(text: str, symbol: str, partition: str) -> bool:
    """Return whether a pattern takes in the template's name for a bucket, as if that were the bucket's own."""
    glob, arn = resource_glob((text,)), f"arn:{partition}:s3:::{symbol}"
    return any(can_meet(glob, wanted(want)) for want in (arn, f"{arn}/*"))


def _perhaps(entry: Entry, symbol: str) -> Entry:
    """Return the pattern with an unknown bucket in the place of the one that it names."""
    fields = (entry.text.split(":", _ARN_FIELDS - 1) + [""] * _ARN_FIELDS)[:_ARN_FIELDS]
    bucket, slash, key = fields[5].partition("/")
    if re.search(r"[*?$]", bucket) or not bucket or symbol in entry.text:  # it may take in a part of the key as well
        key = "*"
    return Entry(":".join([*fields[:5], symbol]) + slash + key, entry.location, doubt=_name_of(symbol, entry))


def _name_of(symbol: str, entry: Entry) -> Token:
    return Token(f"the name of {symbol}", entry.location, symbol)

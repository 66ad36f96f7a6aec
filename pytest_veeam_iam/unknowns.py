"""Unknown values of templates become what the user or the target says they are; it decides no answer.

A value that nobody names stays unknown. A target may be a bucket that the template itself makes: then its name and ARN
need no value, because whatever they are, they are those of the target.
"""

from __future__ import annotations

import re
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import TargetError
from pytest_veeam_iam.iam.document import Effect, Entry
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
    return tuple(_with_doubts(policy, symbols) for policy in settled) if symbols else settled


def named_buckets(target: Target, policies: Sequence[Policy]) -> Target:
    """Return the target with the names of those of its buckets that the policies' templates make and name.

    Args:
        target: Its buckets; ``tf:aws_s3_bucket.repo[*]`` is every instance.
        policies: Whose templates know the buckets.

    Raises:
        TargetError: For a bucket that none of the templates makes.
    """
    if not target.symbols:
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
    )


def tokens_of(policy: Policy) -> Iterator[Token]:
    """Yield the unknown values that stand in a policy."""
    for statement in policy.statements:
        yield from (statement.doubt,) if statement.doubt else ()
        for entry in (*statement.actions, *statement.resources, *(e for c in statement.conditions for e in c.values)):
            yield from entry.tokens


def _with_doubts(policy: Policy, symbols: frozenset[str]) -> Policy:
    """Return a policy in which a pattern that names a bucket may mean one whose name is unknown.

    That a grant may reach it proves nothing, and is left out; that a Deny or an exception may, cannot be ignored.
    """
    statements = tuple(_with_doubtful_entries(statement, symbols) for statement in policy.statements)
    return policy if statements == policy.statements else replace(policy, statements=statements)


def _with_doubtful_entries(statement: Statement, symbols: frozenset[str]) -> Statement:
    if statement.effect is Effect.ALLOW and not statement.not_resource:
        return statement
    more = tuple(
        doubtful for entry in statement.resources for symbol in symbols if (doubtful := _perhaps(entry, symbol))
    )
    return replace(statement, resources=statement.resources + more) if more else statement


def _perhaps(entry: Entry, symbol: str) -> Entry | None:
    """Return the pattern with an unknown bucket in the place of the one that it names; None if that changes nothing."""
    fields = entry.text.split(":", _ARN_FIELDS - 1)
    if not entry.is_known or len(fields) < _ARN_FIELDS or fields[2] != "s3":
        return None
    bucket, slash, key = fields[5].partition("/")
    if not bucket.strip("*") or bucket == symbol:
        return None
    if re.search(r"[*?]", bucket):  # a wildcard in the name may take in a part of the key as well
        key = "*"
    text = ":".join([*fields[:5], symbol]) + slash + key
    return Entry(text, entry.location, doubt=Token(f"the name of {symbol}", entry.location, symbol))

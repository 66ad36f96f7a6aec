"""Random single requests, for a comparison of answers: documents, action, resource, and the whole request context."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

Case: TypeAlias = "dict[str, Any]"
"""What simulator.mjs takes; the documents in it are of the same type."""

RESOURCES = {
    "s3:GetObject": [
        "arn:aws:s3:::acme/Veeam/a.vbk",
        "arn:aws:s3:::acme/a:b",
        "arn:aws:s3:::acme/ann/x",
        "arn:aws:s3:::acme/a\nb",
    ],
    "s3:PutObject": ["arn:aws:s3:::acme/Veeam/Backup365/a", "arn:aws:s3:::b/x"],
    "s3:ListBucket": ["arn:aws:s3:::acme", "arn:aws:s3:::acme-2"],
    "s3:ListAllMyBuckets": ["*"],
    "ec2:DescribeVpcs": ["*"],
    "ec2:StartInstances": [
        "arn:aws:ec2:eu-central-1:111122223333:instance/i-0a1",
        "arn:aws:ec2:us-east-1:999988887777:instance/i-0",
    ],
    "ec2:RunInstances": ["arn:aws:ec2:eu-central-1::image/ami-1", "arn:aws:ec2:eu-central-1:111122223333:volume/v"],
    "ssm:GetParameter": [
        "arn:aws:ssm:eu-central-1::parameter/aws/service/ami",
        "arn:aws-cn:ssm:cn-north-1:111122223333:parameter/p",
    ],
}

# Per type of value: keys of that type, values that policies compare them with, values that requests have.

_TEXTS = [
    "ann",
    "Ann",
    "bob",
    "ann*",
    "a?n",
    "*",
    "a",
    "${*}",
    "${aws:username}",
    "${aws:username}/x",
    "${aws:PrincipalTag/team, 'bob'}",
]
_NUMBERS = ["0", "1", "10", "-3", "2.5", "10.0"]
_DATES = [
    "2030-01-31T00:00:00Z",
    "2030-01-31T12:30:00Z",
    "2029-12-31",
    "2031-06-01T00:00:00+02:00",
    "2030-01-31T00:00:00.000Z",
    "2031-05-31",
    "1900000000",
]
_ADDRESSES = [
    "10.0.0.1",
    "10.0.0.0/8",
    "10.0.0.0/31",
    "192.168.1.0/24",
    "192.168.2.0/24",
    "2001:db8::/32",
    "2001:db8::1",
    "0.0.0.0/0",
]
_ARNS = [
    "arn:aws:iam::111122223333:user/ann",
    "arn:aws:iam::*:user/*",
    "arn:aws:iam::111122223333:*",
    "arn:*:iam::1111*:user/a??",
    "arn:aws:sts::111122223333:assumed-role/r/s",
]

_VALUES = {
    "String": (["aws:username", "aws:PrincipalTag/team", "aws:TagKeys"], _TEXTS),
    "Numeric": (["s3:max-keys", "aws:MultiFactorAuthAge"], _NUMBERS),
    "Date": (["aws:CurrentTime"], _DATES),
    "Bool": (["aws:SecureTransport", "aws:MultiFactorAuthPresent"], ["true", "false", "True"]),
    "Binary": (["example:Key"], ["QmluYXJ5", "AAEC"]),
    "Ip": (["aws:SourceIp"], _ADDRESSES),
    "Arn": (["aws:PrincipalArn"], _ARNS),
    "Null": (["aws:username", "aws:TagKeys", "aws:SourceIp"], ["true", "false"]),
}

_OPERATORS = {
    "String": ["Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like", "NotLike"],
    "Numeric": ["Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"],
    "Date": ["Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"],
    "Bool": [""],
    "Binary": ["Equals"],
    "Ip": ["IpAddress", "NotIpAddress"],
    "Arn": ["Equals", "Like", "NotEquals", "NotLike"],
    "Null": [""],
}

_REQUEST = {
    "aws:username": ["ann", "bob", "*"],
    "aws:PrincipalTag/team": ["bob", "a", ""],
    "s3:max-keys": ["1", "10", "2.5"],
    "aws:MultiFactorAuthAge": ["0", "100"],
    "aws:CurrentTime": ["2030-01-31T00:00:00Z", "2031-05-31T22:00:00Z"],
    "aws:SecureTransport": ["true", "false"],
    "aws:MultiFactorAuthPresent": ["true", "false"],
    "example:Key": ["QmluYXJ5"],
    "aws:SourceIp": ["10.0.0.1", "192.168.2.1", "2001:db8::1", "2001:0db8:0::1"],
    "aws:PrincipalArn": ["arn:aws:iam::111122223333:user/ann", "arn:aws:sts::111122223333:assumed-role/r/s"],
}
_SET = "aws:TagKeys"
"""The key that has several values; only set operators ask for it."""


def cases(chance: Random, how_many: int) -> Iterator[Case]:
    """Yield random requests, with documents that are mostly about them."""
    for _ in range(how_many):
        action = chance.choice(sorted(RESOURCES))
        resource = chance.choice(RESOURCES[action])
        yield {
            "policies": [_document(chance, action, resource) for _ in range(chance.choice([1, 1, 2]))],
            "boundary": _limit(chance, action, resource) if chance.random() < 0.15 else None,
            "levels": [[_limit(chance, action, resource)]] if chance.random() < 0.15 else [],
            "action": chance.choice([action, action, action.lower()]),
            "resource": resource,
            "context": _context(chance),
        }


def _context(chance: Random) -> dict[str, str | list[str]]:
    found: dict[str, str | list[str]] = {
        key: chance.choice(values) for key, values in _REQUEST.items() if chance.random() < 0.6
    }
    if chance.random() < 0.6:
        found[_SET] = chance.sample(["ann", "bob", "Ann", "x"], chance.choice([1, 2, 3]))
    return {chance.choice([key, key, key.lower()]): value for key, value in found.items()}


def _limit(chance: Random, action: str, resource: str) -> Case:
    """Return a boundary or SCP, which mostly allows everything that it does not deny."""
    document = _document(chance, action, resource)
    if chance.random() < 0.7:
        document["Statement"].append({"Effect": "Allow", "Action": "*", "Resource": "*"})
    return document


def _document(chance: Random, action: str, resource: str) -> Case:
    statements = [_statement(chance, action, resource) for _ in range(chance.choice([1, 1, 2, 3]))]
    version = chance.choice(["2012-10-17"] * 10 + ["2008-10-17", None])
    return ({"Version": version} if version else {}) | {"Statement": statements}


def _statement(chance: Random, action: str, resource: str) -> Case:
    statement: Case = {
        "Effect": chance.choice(["Allow"] * 4 + ["Deny"]),
        chance.choice(["Action"] * 5 + ["NotAction"]): _one_or_some(chance, lambda: _action(chance, action)),
        chance.choice(["Resource"] * 4 + ["NotResource"]): _one_or_some(chance, lambda: _resource(chance, resource)),
    }
    if chance.random() < 0.55:
        statement["Condition"] = _conditions(chance)
    return statement


def _one_or_some(chance: Random, one: Callable[[], str]) -> str | list[str]:
    return one() if chance.random() < 0.6 else [one() for _ in range(chance.choice([1, 2, 3]))]


def _action(chance: Random, action: str) -> str:
    service, name = action.split(":")
    half = len(name) // 2
    near = [name, name, name.upper(), name[:half] + "*", "*" + name[half:], name[:-1] + "?", "*", name[1:], name + "?"]
    other = ["*", f"{service.upper()}:{name}", "s3:Get*", "ec2:*"]
    return chance.choice([f"{service}:{chance.choice(near)}"] * 5 + other)


def _resource(chance: Random, resource: str) -> str:
    """Return a pattern that matches a resource most of the time."""
    if resource == "*" or chance.random() < 0.1:
        return chance.choice(["*"] * 24 + ["arn:aws:s3:::*", "arn:aws:s3:::acme*", "arn:aws:ec2:*:*:*", "not an ARN"])
    fields = resource.split(":", 5)
    fields[1] = chance.choice([fields[1]] * 24 + ["*", "*", "aw?", "aws*", "AWS"])
    if chance.random() < 0.03:
        return ":".join([*fields[:3], "*", fields[5]])  # the star of the region has to match the account as well
    if fields[2] != "s3":
        fields[3] = chance.choice([fields[3]] * 3 + ["*", "eu-*", "?" * len(fields[3]), "us-east-1"])
        fields[4] = chance.choice([fields[4]] * 3 + ["*", "1111*", "*3", ""])
    kind, slash, name = fields[5].partition("/")
    if fields[2] == "s3" or chance.random() < 0.03:
        kind, slash, name = "", "", fields[5]
    fields[5] = chance.choice([kind + slash + _pattern(chance, name)] * 9 + ["*"])
    kept = chance.choice([6] * 15 + [5, 4, 3])
    return ":".join(fields[:kept]) + (chance.choice(["", "*", ":*"]) if 3 < kept < 6 else "")


def _pattern(chance: Random, text: str) -> str:
    start = chance.randint(0, len(text))
    end = min(len(text), start + chance.choice([0, 1, 2, 5, 30]))
    variables = ["${aws:username}", "${aws:PrincipalTag/team, 'a'}", "${*}"]
    whole = text[:start] + chance.choice([*"***?[", "**", "?*", *variables]) + text[end:]
    twice = _pattern(chance, whole) if "$" not in whole and len(whole) < 60 else whole
    found: str = chance.choice([whole] * 5 + [text, "*", text.swapcase(), twice])
    return found


def _conditions(chance: Random) -> Case:
    found: Case = {}
    for _ in range(chance.choice([1, 1, 2])):
        kind = chance.choice(list(_VALUES))
        keys, values = _VALUES[kind]
        key = chance.choice(keys)
        few = chance.sample(values, chance.choice([1, 1, 2]))
        block = found.setdefault(_operator(chance, kind, key), {})
        block[chance.choice([key, key.upper()])] = few if len(few) > 1 or chance.random() < 0.5 else few[0]
    return found


def _operator(chance: Random, kind: str, key: str) -> str:
    operator = chance.choice(_OPERATORS[kind])
    operator = operator if kind == "Ip" else kind + operator
    if kind == "Null":
        return operator
    if key == _SET or chance.random() < 0.1:
        operator = chance.choice(["ForAllValues:", "ForAnyValue:"]) + operator
    return operator + chance.choice(["", "", "", "IfExists"])

"""The policies that are measured: four ordinary ones as users write them, generated ones, and hostile ones."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Statement: TypeAlias = "dict[str, Any]"

SEED = 20250116
HOSTILE_SIZE = 20 * 1024
_EXAMPLES = Path(__file__).parents[1] / "policies" / "vb365-s3"

_BUCKET, _REGION, _ACCOUNT = "acme-veeam", "eu-central-1", "111122223333"
_ARN = f"arn:aws:s3:::{_BUCKET}"


@dataclass(frozen=True)
class Document:
    """One policy, as text, and what it is checked for.

    Attributes:
        name: What the table calls it.
        text: The JSON text.
        target: Arguments of ``check_veeam_backup_ready`` that name the target; the rest is inferred.
    """

    name: str
    text: str
    target: Mapping[str, str] = field(default_factory=dict)


def ordinary() -> list[Document]:
    """Return the documents that every comparison is made over."""
    return [vendor_example(), twenty_three_statements(), one_bucket()]


def vendor_example() -> Document:
    """Return the vendor's example: two statements, 47 actions, every bucket."""
    return Document("vendor's example", (_EXAMPLES / "vendor-example.json").read_text("utf-8"))


def one_bucket() -> Document:
    """Return the policy of a careful user: one bucket, each action on its own resource type."""
    text = (_EXAMPLES / "one-bucket" / "documented.json").read_text("utf-8")
    return Document("one bucket", text, {"bucket": _BUCKET})


def twenty_three_statements() -> Document:
    """Return what a platform team makes of it: a Sid for every purpose, a folder, one region, TLS, and kept locks."""
    statements = [*_storage(f"{_ARN}/Veeam/*"), *_appliance(), *_guards()]
    target = {"bucket": _BUCKET, "prefix": "Veeam", "region": _REGION, "account": _ACCOUNT}
    return Document(f"{len(statements)} statements", _document(statements), target)


def _storage(objects: str) -> list[Statement]:
    return [
        _allow("ListBuckets", "s3:ListAllMyBuckets", "*"),
        _allow("BucketLocation", "s3:GetBucketLocation", _ARN),
        _allow("BucketContents", ["s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"], _ARN),
        _allow("BucketSettings", ["s3:GetBucketVersioning", "s3:GetBucketObjectLockConfiguration"], _ARN),
        _allow("Write", ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"], objects),
        _allow("Read", ["s3:GetObject", "s3:GetObjectVersion"], objects),
        _allow("Remove", ["s3:DeleteObject", "s3:DeleteObjectVersion"], objects),
        _allow("Lock", ["s3:GetObjectRetention", "s3:PutObjectRetention"], objects),
        _allow("FromGlacier", "s3:RestoreObject", objects),
    ]


def _appliance() -> list[Statement]:
    launched = ["instance", "volume", "network-interface", "security-group", "subnet", "key-pair"]
    tagged = [*launched, "vpc", "route-table", "internet-gateway"]
    power = ["ec2:StartInstances", "ec2:StopInstances", "ec2:TerminateInstances"]
    routes = ["ec2:CreateRouteTable", "ec2:DeleteRouteTable", "ec2:CreateRoute", "ec2:DeleteRoute"]
    gateways = ["ec2:CreateInternetGateway", "ec2:AttachInternetGateway", "ec2:DeleteInternetGateway"]
    groups = ["ec2:CreateSecurityGroup", "ec2:DeleteSecurityGroup", "ec2:AuthorizeSecurityGroupIngress"]
    networks = ["ec2:CreateVpc", "ec2:DeleteVpc", "ec2:CreateSubnet", "ec2:DeleteSubnet"]
    return [
        _allow("Describe", "ec2:Describe*", "*"),
        _allow("Power", power, _ec2("instance")),
        _allow("Launch", "ec2:RunInstances", [_ec2(kind) for kind in launched]),
        _allow("LaunchImage", "ec2:RunInstances", f"arn:aws:ec2:{_REGION}::image/*"),
        _allow("KeyPairs", ["ec2:CreateKeyPair", "ec2:DeleteKeyPair"], _ec2("key-pair")),
        _allow("Networks", networks, [_ec2("subnet"), _ec2("vpc")]),
        _allow("Routes", routes, [_ec2("route-table"), _ec2("vpc")]),
        _allow("Gateways", gateways, [_ec2("internet-gateway"), _ec2("vpc")]),
        _allow("SecurityGroups", groups, [_ec2("security-group"), _ec2("vpc")]),
        _allow("Tags", "ec2:CreateTags", [_ec2(kind) for kind in tagged]),
        _allow("Images", "ssm:GetParameter", f"arn:aws:ssm:{_REGION}::parameter/aws/service/*"),
    ]


def _guards() -> list[Statement]:
    locks = ["s3:BypassGovernanceRetention", "s3:PutBucketObjectLockConfiguration", "s3:DeleteBucket"]
    return [
        _deny("OnlyWithTls", "s3:*", [_ARN, f"{_ARN}/*"], {"Bool": {"aws:SecureTransport": "false"}}),
        _deny("OnlyHere", ["ec2:*", "ssm:*"], "*", {"StringNotEquals": {"aws:RequestedRegion": _REGION}}),
        _deny("KeepLocks", locks, "*"),
    ]


def _ec2(kind: str) -> str:
    return f"arn:aws:ec2:{_REGION}:{_ACCOUNT}:{kind}/*"


def _allow(sid: str, actions: str | list[str], resources: str | list[str]) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}


def _deny(
    sid: str, actions: str | list[str], resources: str | list[str], condition: Statement | None = None
) -> Statement:
    found: Statement = {"Sid": sid, "Effect": "Deny", "Action": actions, "Resource": resources}
    return found | {"Condition": condition} if condition else found


def _document(statements: list[Statement]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=4)


# --- thousands of them ---


def generated(count: int) -> Iterator[Document]:
    """Yield ``count`` different policies, the same ones in every run: no two have the same bucket."""
    chance = random.Random(SEED)  # noqa: S311 - what is wanted is the same policies in every run
    actions = _actions()
    for number in range(count):
        yield _generated(chance, f"acme-veeam-{number:05}", actions)


def _actions() -> dict[str, list[str]]:
    """Return the actions of the vendor's example by service, S3 by what they are authorised on."""
    from pytest_veeam_iam import load_rulepack

    found: dict[str, list[str]] = {"bucket": [], "object": [], "appliance": []}
    for group in load_rulepack().groups:
        for requirement in group.requirements:
            kind = requirement.resource_types[0]
            found[kind if kind in found else "appliance"].append(requirement.action)
    return found


def _generated(chance: random.Random, bucket: str, actions: Mapping[str, list[str]]) -> Document:
    arn = f"arn:aws:s3:::{bucket}"
    objects = chance.choice([f"{arn}/*", f"{arn}/Veeam/*", f"{arn}/Veeam/Backup365/*", f"{arn}*"])
    statements = [_allow("Buckets", "s3:ListAllMyBuckets", chance.choice(["*", "arn:aws:s3:::*"]))]
    for kind, resource in (("bucket", arn), ("object", objects), ("appliance", "*")):
        wanted = [action for action in actions[kind] if chance.random() < 0.97]
        chance.shuffle(wanted)
        for number, part in enumerate(_parts(chance, wanted)):
            statements.append(_allow(f"{kind.title()}{number}", part, resource))
    if chance.random() < 0.3:
        statements += _guards()[::2]
    chance.shuffle(statements)
    return Document(bucket, _document(statements), {"bucket": bucket})


def _parts(chance: random.Random, actions: list[str]) -> Iterator[list[str]]:
    rest = iter(actions)
    while part := list(islice(rest, chance.randint(3, 20))):
        yield part


# --- and those that nobody writes by accident ---


def hostile() -> list[Document]:
    """Return documents of 20 KB whose wildcards cross as often as they can.

    Half of each document allows what the other half leaves out (NotResource), so that only a look at every way in which
    the globs can cross would tell that all is allowed; no single one of them decides.
    """
    return [
        _hostile("crossing *x* globs", _crossing),
        _hostile("? ladders", _ladder),
        _hostile("both in turn", lambda number: (_crossing if number % 2 else _ladder)(number)),
        _hostile("? ladders, all others denied", _ladder, effect="Deny"),
        _apart("*x* globs, a NotResource each"),
    ]


def _hostile(name: str, glob: Callable[[int], str], effect: str = "Allow") -> Document:
    globs: list[str] = []
    while len(text := _document(_two_halves(globs, effect))) < HOSTILE_SIZE:
        globs.append(glob(len(globs)))
    return Document(name, text, {"bucket": _BUCKET})


def _apart(name: str) -> Document:
    statements: list[Statement] = []
    while len(text := _document(statements)) < HOSTILE_SIZE:
        statements.append({"Effect": "Deny", "Action": "*", "NotResource": _crossing(len(statements))})
    return Document(name, text, {"bucket": _BUCKET})


def _two_halves(globs: list[str], effect: str) -> list[Statement]:
    allowed = {"Effect": "Allow", "Action": "*", "Resource": globs}
    return [allowed, {"Effect": effect, "Action": "*", "NotResource": globs}]


_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def _crossing(number: int) -> str:
    marks = (_LETTERS[(number * step + step) % len(_LETTERS)] for step in (1, 3, 5, 7, 11))
    return f"{_ARN}/*{'*'.join(marks)}*"


def _ladder(number: int) -> str:
    return f"{_ARN}/*{_LETTERS[number % 2]}{'?' * (number % 40)}{_LETTERS[number % 3]}{'?' * (number % 23)}"

"""Files as infrastructure repositories and accounts have them, in any size: the same bytes in every run."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any, TypeAlias

from benchmarks.documents import SEED, one_bucket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Json: TypeAlias = "dict[str, Any]"

MEGABYTE = 1_000_000
_ACCOUNT = "111122223333"
_CREATED = "2025-01-16T09:30:00+00:00"
_SERVICES = {
    "s3": ("bucket", ("GetObject", "PutObject", "ListBucket", "DeleteObject", "GetBucketLocation", "GetObjectTagging")),
    "sqs": ("queue", ("SendMessage", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl")),
    "dynamodb": ("table", ("GetItem", "PutItem", "Query", "Scan", "UpdateItem", "BatchWriteItem", "DescribeTable")),
    "kms": ("key", ("Decrypt", "Encrypt", "GenerateDataKey", "DescribeKey")),
    "logs": ("log-group", ("CreateLogStream", "PutLogEvents", "DescribeLogStreams")),
}


def account_dump(size: int, *, indent: int | None = 4) -> str:
    """Return what ``aws iam get-account-authorization-details`` prints for an account of about ``size`` characters.

    Args:
        size: Characters, within a few per cent.
        indent: As the command line tool indents; None for a single line.
    """
    return _sized(_account, size, indent)


def _sized(make: Callable[[random.Random, int], Json], size: int, indent: int | None) -> str:
    """Return something as long as wanted, having made a small one and an estimate of it."""
    count = 100
    for _ in range(2):
        text = json.dumps(make(random.Random(SEED), count), indent=indent)  # noqa: S311 - the same in every run
        count = max(count * size // len(text), 1)
    return json.dumps(make(random.Random(SEED), count), indent=indent)  # noqa: S311 - the same in every run


def _account(chance: random.Random, roles: int) -> Json:
    policies = [_managed(chance, number) for number in range(roles // 4 + 1)]
    arns = [policy["Arn"] for policy in policies]
    groups = [_group(chance, number, arns) for number in range(roles // 40 + 1)]
    return {
        "UserDetailList": [_user(chance, number, arns, len(groups)) for number in range(roles // 8 + 1)],
        "GroupDetailList": groups,
        "RoleDetailList": [_role(chance, number, arns) for number in range(roles)],
        "Policies": policies,
        "IsTruncated": False,
    }


def _role(chance: random.Random, number: int, arns: list[str]) -> Json:
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    return {
        "Path": "/",
        "RoleName": f"service-{number:05}",
        "RoleId": f"AROA{number:016}",
        "Arn": f"arn:aws:iam::{_ACCOUNT}:role/service-{number:05}",
        "CreateDate": _CREATED,
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "InstanceProfileList": [],
        "RolePolicyList": [_inline(chance, each) for each in range(chance.randint(0, 3))],
        "AttachedManagedPolicies": _attached(chance, arns),
        "Tags": [{"Key": "team", "Value": chance.choice("abcdef")}, {"Key": "cost-center", "Value": str(number % 97)}],
        "RoleLastUsed": {"LastUsedDate": _CREATED, "Region": "eu-central-1"},
    }


def _user(chance: random.Random, number: int, arns: list[str], groups: int) -> Json:
    return {
        "Path": "/",
        "UserName": f"user-{number:05}",
        "UserId": f"AIDA{number:016}",
        "Arn": f"arn:aws:iam::{_ACCOUNT}:user/user-{number:05}",
        "CreateDate": _CREATED,
        "UserPolicyList": [_inline(chance, each) for each in range(chance.randint(0, 1))],
        "GroupList": [f"group-{chance.randrange(groups):04}"],
        "AttachedManagedPolicies": _attached(chance, arns),
        "Tags": [],
    }


def _group(chance: random.Random, number: int, arns: list[str]) -> Json:
    return {
        "Path": "/",
        "GroupName": f"group-{number:04}",
        "GroupId": f"AGPA{number:016}",
        "Arn": f"arn:aws:iam::{_ACCOUNT}:group/group-{number:04}",
        "CreateDate": _CREATED,
        "GroupPolicyList": [_inline(chance, each) for each in range(chance.randint(0, 2))],
        "AttachedManagedPolicies": _attached(chance, arns),
    }


def _managed(chance: random.Random, number: int) -> Json:
    versions = chance.randint(1, 4)
    return {
        "PolicyName": f"policy-{number:05}",
        "PolicyId": f"ANPA{number:016}",
        "Arn": f"arn:aws:iam::{_ACCOUNT}:policy/policy-{number:05}",
        "Path": "/",
        "DefaultVersionId": f"v{versions}",
        "AttachmentCount": 1,
        "PermissionsBoundaryUsageCount": 0,
        "IsAttachable": True,
        "CreateDate": _CREATED,
        "UpdateDate": _CREATED,
        "PolicyVersionList": [
            {
                "Document": _document(chance),
                "VersionId": f"v{version}",
                "IsDefaultVersion": version == versions,
                "CreateDate": _CREATED,
            }
            for version in range(versions, 0, -1)
        ],
    }


def _attached(chance: random.Random, arns: list[str]) -> list[Json]:
    chosen = chance.sample(arns, min(chance.randint(0, 3), len(arns)))
    return [{"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in chosen]


def _inline(chance: random.Random, number: int) -> Json:
    return {"PolicyName": f"inline-{number}", "PolicyDocument": _document(chance)}


def _document(chance: random.Random) -> Json:
    if chance.random() < 0.01:
        veeam: Json = json.loads(one_bucket().text)
        return veeam
    statements = [_statement(chance, number) for number in range(chance.randint(1, 5))]
    return {"Version": "2012-10-17", "Statement": statements}


def _statement(chance: random.Random, number: int) -> Json:
    service = chance.choice(list(_SERVICES))
    kind, names = _SERVICES[service]
    actions = [f"{service}:{name}" for name in chance.sample(names, chance.randint(1, len(names)))]
    resources = [f"arn:aws:{service}:eu-central-1:{_ACCOUNT}:{kind}/{chance.randrange(10**6)}" for _ in range(2)]
    statement: Json = {"Sid": f"Statement{number}", "Effect": "Allow", "Action": actions, "Resource": resources}
    if chance.random() < 0.1:
        statement["Condition"] = {"StringEquals": {"aws:RequestedRegion": "eu-central-1"}}
    return statement


def plan(size: int, *, indent: int | None = None) -> str:
    """Return what ``terraform show -json`` prints for a plan of about ``size`` characters.

    Args:
        size: Characters, within a few per cent.
        indent: None for a single line, as Terraform writes it.
    """
    return _sized(_plan, size, indent)


def _plan(chance: random.Random, modules: int) -> Json:
    resources = [list(_resources(chance, number)) for number in range(modules)]
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.5",
        "planned_values": {
            "root_module": {
                "child_modules": [
                    {"address": f"module.service_{number:05}", "resources": [_planned(each) for each in found]}
                    for number, found in enumerate(resources)
                ]
            }
        },
        "resource_changes": [_change(each) for found in resources for each in found],
        "configuration": {
            "root_module": {
                "module_calls": {
                    f"service_{number:05}": {
                        "source": "./service",
                        "module": {"resources": [_configured(each) for each in found]},
                    }
                    for number, found in enumerate(resources)
                }
            }
        },
    }


def _resources(chance: random.Random, number: int) -> Iterator[tuple[str, str, str, Json]]:
    """Yield module, type, name and values of a service's resources: a role, its policy, and others."""
    module, role = f"module.service_{number:05}", f"service-{number:05}"
    yield module, "aws_iam_role", "this", {"name": role, "path": "/", "tags": {"team": chance.choice("abcdef")}}
    document = json.dumps(_document(chance))
    yield module, "aws_iam_role_policy", "this", {"name": "inline", "role": role, "policy": document}
    yield module, "aws_iam_policy", "this", {"name": f"{role}-more", "policy": json.dumps(_document(chance))}
    for each in range(6):
        rule = {"name": f"rule-{each}", "description": "one of several rules", "schedule": "rate(5 minutes)"}
        yield module, "aws_cloudwatch_event_rule", f"rule_{each}", rule | {"tags": {"a": "b"}, "is_enabled": True}


def _planned(resource: tuple[str, str, str, Json]) -> Json:
    module, kind, name, values = resource
    return {
        "address": f"{module}.{kind}.{name}",
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "schema_version": 0,
        "values": values,
        "sensitive_values": {},
    }


def _change(resource: tuple[str, str, str, Json]) -> Json:
    module, kind, name, values = resource
    change = {"actions": ["create"], "before": None, "after": values, "after_unknown": {"id": True, "arn": True}}
    return {"address": f"{module}.{kind}.{name}", "module_address": module, "type": kind, "name": name} | {
        "change": change
    }


def _configured(resource: tuple[str, str, str, Json]) -> Json:
    _, kind, name, values = resource
    expressions = {key: {"constant_value": value} for key, value in values.items() if key != "policy"}
    return {"address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name, "expressions": expressions}

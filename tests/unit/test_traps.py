"""Policies that look right, or wrong, to a search for names: each gets its decisions, and no finding but the true ones.

``right()`` grants what the vendor lists for one bucket; most of the traps replace one of its statements.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from pytest_veeam_iam import check_veeam_backup_ready, load_rulepack, suggest_repair
from pytest_veeam_iam.iam.document import Effect
from tests.policy_documents import Document, allow, deny, document

if TYPE_CHECKING:
    from pytest_veeam_iam import Report

BUCKET, OBJECTS = "arn:aws:s3:::acme-veeam", "arn:aws:s3:::acme-veeam/*"
PACK = load_rulepack("vb365-s3")
NAMES = {group.id: [requirement.action for requirement in group.requirements] for group in PACK.groups}
S3 = ["repository", "bucket", "object"]


def right(**replaced: Document | list[Document]) -> Document:
    """Return a policy that grants everything of a bucket, with other statements for some of the groups."""
    statements: dict[str, Any] = {
        "repository": allow(NAMES["repository"], "*"),
        "bucket": allow(NAMES["bucket"], BUCKET),
        "object": allow(NAMES["object"], OBJECTS),
        **replaced,
    }
    flat = [each for value in statements.values() for each in (value if isinstance(value, list) else [value])]
    return document(*flat)


def without(group: str, *names: str) -> list[str]:
    """Return the actions of a group, some left out."""
    return [name for name in NAMES[group] if name not in names]


def instead(group: str, resource: str, **names: str) -> Document:
    """Return the statement of a group with one action replaced; the keyword is the name without its service."""
    actions = [
        f"s3:{names[name.partition(':')[2]]}" if name.partition(":")[2] in names else name for name in NAMES[group]
    ]
    return allow(actions, resource)


class Trap(NamedTuple):
    """A policy, what is asked, and what must come out."""

    policy: Document | list[Document]
    falls_short: dict[str, str]
    findings: dict[str, str] = {}  # noqa: RUF012 - of a NamedTuple
    groups: list[str] = S3


MISNAMED = {
    "s3:HeadBucket": ("bucket", "ListBucket"),
    "s3:ListMultipartUploads": ("bucket", "ListBucketMultipartUploads"),
    "s3:GetObjectLockConfiguration": ("bucket", "GetBucketObjectLockConfiguration"),
}
TRAPS: dict[str, Trap] = {
    "object actions on the bucket": Trap(
        right(object=allow(NAMES["object"], BUCKET)),
        dict.fromkeys(NAMES["object"], "missing"),
        {"wrong_resource": "authorised on "},
    ),
    "a star in a name takes in its longer names": Trap(
        right(object=[allow([*without("object", "s3:GetObject", "s3:GetObjectVersion"), "s3:GetObject*"], OBJECTS)]),
        {},
        {"excess": "actions that vb365-s3 8.3 does not need, for example s3:GetObjectAcl"},
    ),
    "a star before a name takes in no longer names": Trap(
        right(
            object=[
                allow(
                    without(
                        "object",
                        "s3:PutObject",
                        "s3:GetObject",
                        "s3:DeleteObject",
                        "s3:RestoreObject",
                        "s3:DeleteObjectVersion",
                    ),
                    OBJECTS,
                ),
                allow("s3:*Object", OBJECTS),
            ]
        ),
        {"s3:DeleteObjectVersion": "missing"},
        {"excess": "grants s3:ReplicateObject, which vb365-s3 8.3 does not need"},
    ),
    "another case": Trap(right(object=instead("object", OBJECTS, AbortMultipartUpload="AbortMultiPartUpload")), {}),
    "a plural": Trap(
        document(allow(without("archiver-appliance", "ssm:GetParameter"), "*"), allow("ssm:GetParameters", "*")),
        {"ssm:GetParameter": "missing"},
        {"parliament": "Unnecessary use of Resource *: ssm:GetParameters", "excess": "grants ssm:GetParameters, which"},
        ["archiver-appliance"],
    ),
    "all of EC2": Trap(
        document(allow("ec2:*", "*")),
        {"ssm:GetParameter": "missing"},
        {"parliament": "RESOURCE_STAR", "excess": "actions that vb365-s3 8.3 does not need, for example ec2:Delete"},
        ["archiver-appliance"],
    ),
    "power for tagged instances": Trap(
        document(
            allow(without("archiver-appliance", "ec2:StartInstances", "ec2:StopInstances"), "*"),
            allow(
                ["ec2:StartInstances", "ec2:StopInstances"],
                "*",
                Condition={"StringEquals": {"aws:ResourceTag/by": "veeam"}},
            ),
        ),
        {"ec2:StartInstances": "conditional", "ec2:StopInstances": "conditional"},
        {},
        ["archiver-appliance"],
    ),
    "resources of the account only": Trap(
        document(
            allow(without("archiver-appliance", "ec2:RunInstances"), "*"),
            allow("ec2:RunInstances", "arn:aws:ec2:*:123456789012:*"),
        ),
        {"ec2:RunInstances": "partial"},
        {},
        ["archiver-appliance"],
    ),
    "append only": Trap(
        right(more=deny("s3:DeleteObject*", OBJECTS)), {"s3:DeleteObject": "denied", "s3:DeleteObjectVersion": "denied"}
    ),
    "no plain text": Trap(
        right(more=deny("s3:*", [BUCKET, OBJECTS], Condition={"Bool": {"aws:SecureTransport": "false"}})), {}
    ),
    "some users": Trap(
        right(more=deny("s3:*", [BUCKET, OBJECTS], Condition={"StringNotEquals": {"aws:userId": ["AIDAEXAMPLE"]}})),
        dict.fromkeys(["s3:GetBucketLocation", *NAMES["bucket"], *NAMES["object"]], "conditional"),
    ),
    "a second factor": Trap(
        right(object=allow(NAMES["object"], OBJECTS, Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})),
        dict.fromkeys(NAMES["object"], "missing"),
    ),
    "no ARN": Trap(
        right(object={"Effect": "Allow", "Action": NAMES["object"], "NotResource": "acme-veeam/*"}),
        dict.fromkeys(NAMES["object"], "missing"),
        {"refused": '"acme-veeam/*" is neither "*" nor an ARN'},
    ),
    "some names, and all others": Trap(
        right(
            object=[
                allow(NAMES["object"], "arn:aws:s3:::acme-veeam/a*"),
                {"Effect": "Allow", "Action": NAMES["object"], "NotResource": "arn:aws:s3:::acme-veeam/a*"},
            ]
        ),
        {},
        {"excess": "may delete objects in every bucket but those that it leaves out"},
    ),
    "half and half": Trap(
        [
            document(allow(NAMES["repository"], "*"), allow(NAMES["object"][::2], OBJECTS)),
            document(allow(NAMES["bucket"], BUCKET), allow(NAMES["object"][1::2], OBJECTS)),
        ],
        {},
    ),
} | {
    name: Trap(
        right(**{group: instead(group, BUCKET, **{meant: name.partition(":")[2]})}),
        {f"s3:{meant}": "missing"},
        {"unknown_action": f"{name} is the name of an API operation; the IAM action is s3:{meant}"},
    )
    for name, (group, meant) in MISNAMED.items()
}


def asked(trap: Trap) -> Report:
    return check_veeam_backup_ready(trap.policy, bucket="acme-veeam", groups=trap.groups)


@pytest.mark.parametrize("trap", TRAPS.values(), ids=TRAPS)
def test_a_trap_gets_its_decisions(trap: Trap) -> None:
    report = asked(trap)
    short = {result.action: str(result.decision) for group in report.groups for result in group.shortfalls}
    assert short == trap.falls_short
    errors = [each for each in report.findings if each.severity == "error"]
    assert report.ready is not bool(short or errors)


@pytest.mark.parametrize("trap", TRAPS.values(), ids=TRAPS)
def test_a_trap_gets_its_findings_and_no_others(trap: Trap) -> None:
    shown = [each for each in asked(trap).findings if each.severity != "note"]
    assert Counter(each.id for each in shown) == Counter(trap.findings.keys())
    assert all(trap.findings[each.id] in each.message for each in shown)


@pytest.mark.parametrize("name", MISNAMED)
def test_the_name_that_was_meant_stands_where_it_is_missing(name: str) -> None:
    assert f"{name} is the name of an API operation" in asked(TRAPS[name]).explain()


@pytest.mark.parametrize("trap", TRAPS.values(), ids=TRAPS)
def test_a_trap_is_repaired_or_it_is_said_what_stands_in_the_way(trap: Trap) -> None:
    report = asked(trap)
    repair = suggest_repair(report)
    statements = [each for policy in report.policies for each in policy.statements]
    is_hindered = any(each.conditions or each.effect is Effect.DENY for each in statements)
    assert repair.ready or (is_hindered and repair.remaining)
    if repair.policy is not None and len(report.policies) == 1:
        assert asked(trap._replace(policy=dict(repair.policy))).ready is repair.ready
    hindered = {action for action, decision in trap.falls_short.items() if decision not in ("missing", "partial")}
    assert all(any(action in sentence for sentence in repair.remaining) for action in hindered)

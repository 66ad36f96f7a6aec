"""Bindings and targets that a template itself makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_veeam_iam import check_veeam_backup_ready
from pytest_veeam_iam.errors import TargetError
from pytest_veeam_iam.sources.found import Bindings
from tests.templates import template

if TYPE_CHECKING:
    from pytest_veeam_iam.iam.document import Policy

OBJECT = [
    "s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts",
    "s3:RestoreObject", "s3:GetObjectVersion", "s3:GetObjectRetention", "s3:PutObjectRetention",
    "s3:DeleteObjectVersion",
]  # fmt: skip
REPO = "tf:aws_s3_bucket.repo"


def objects(resource: object, *more: object, **elements: object) -> Policy:
    grant = {"Effect": "Allow", "Action": OBJECT, "Resource": resource, **elements}
    return template(
        grant, *more, buckets={REPO: None, 'tf:aws_s3_bucket.two["a"]': None, "tf:aws_s3_bucket.known": "acme"}
    )


def decisions(policy: Policy, **target: object) -> set[str]:
    report = check_veeam_backup_ready(policy, groups=["object"], **target)  # type: ignore[arg-type]
    return {result.decision.value for result in report.groups[0].results}


DENY = {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::other/*"}


@pytest.mark.parametrize(
    ("policy", "target", "expected"),
    [
        (objects(f"<<{REPO}.arn>>/*"), {"bucket": REPO}, {"allowed"}),
        (objects(f"arn:aws:s3:::<<{REPO}.id>>/*"), {"bucket": REPO}, {"allowed"}),
        (objects(f"<<{REPO}.arn>>/*"), {}, {"allowed"}),  # inferred
        (objects(f"<<{REPO}.arn>>/*"), {"bucket": "acme-veeam"}, {"undetermined"}),
        (objects(f"<<{REPO}.arn>>"), {"bucket": REPO}, {"missing"}),
        (objects(f"<<{REPO}.id>>/*"), {"bucket": REPO}, {"missing"}),  # a name is no ARN
        (objects("arn:aws:s3:::*"), {"bucket": REPO}, {"allowed"}),
        (objects("arn:aws:s3:::*/*"), {"bucket": REPO}, {"allowed"}),
        (objects("arn:aws:s3:::acme-*/*"), {"bucket": REPO}, {"missing"}),  # proves nothing
        (objects("<<var.arn>>/*"), {"bucket": REPO}, {"undetermined"}),
        (objects(f"<<{REPO}.arn>>/*", DENY), {"bucket": REPO}, {"undetermined"}),  # it may be called other
        (objects(f"<<{REPO}.arn>>/*", {**DENY, "Resource": "arn:aws:s3:::o*r"}), {"bucket": REPO}, {"undetermined"}),
        (objects(f"<<{REPO}.arn>>/*", {**DENY, "Resource": "arn:aws:s3:::*/x"}), {"bucket": REPO}, {"partly_denied"}),
        (objects(f"<<{REPO}.arn>>/*", {**DENY, "Resource": "arn:aws:sqs:::other"}), {"bucket": REPO}, {"allowed"}),
        (objects(f"<<{REPO}.arn>>/Veeam/*"), {"bucket": REPO, "prefix": "Veeam"}, {"allowed"}),
        (objects(f"<<{REPO}.arn>>/*"), {"bucket": REPO, "partition": "aws-cn"}, {"allowed"}),
        (objects(f"<<{REPO}.arn>>/*"), {"bucket": [REPO, "acme"]}, {"partial"}),
        (objects([f"<<{REPO}.arn>>/*", "arn:aws:s3:::acme/*"]), {"bucket": [REPO, "acme"]}, {"allowed"}),
        (objects("arn:aws:s3:::acme/*"), {"bucket": "tf:aws_s3_bucket.known"}, {"allowed"}),
        (objects('<<tf:aws_s3_bucket.two["a"].arn>>/*'), {"bucket": "tf:aws_s3_bucket.two[*]"}, {"allowed"}),
        (objects("arn:<<data.aws_partition.this.partition>>:s3:::acme/*"), {"bucket": "acme"}, {"allowed"}),
        (objects("arn:<<AWS::Partition>>:s3:::acme/*"), {"bucket": "acme", "partition": "aws-cn"}, {"allowed"}),
        (objects("arn:aws:s3:::acme-<<AWS::AccountId>>/*"), {"bucket": "acme-123456789012"}, {"undetermined"}),
        (
            objects("arn:aws:s3:::acme-<<AWS::AccountId>>/*"),
            {"bucket": "acme-123456789012", "account": "123456789012"},
            {"allowed"},
        ),
        (
            objects("arn:aws:s3:::acme-<<data.aws_region.this.name>>/*"),
            {"bucket": "acme-eu-central-1", "region": "eu-central-1"},
            {"allowed"},
        ),
        (objects("arn:aws:s3:::<<var.bucket>>/*"), {"bucket": "acme", "bind": {"var.bucket": "acme"}}, {"allowed"}),
        (objects("arn:aws:s3:::<<var.bucket>>/*"), {"bucket": "acme", "bind": {"var.bucket": "b"}}, {"missing"}),
        (objects("arn:aws:s3:::<<var.bucket>>/*"), {"bind": {"var.bucket": "acme"}}, {"allowed"}),  # and inferred
        (objects("arn:aws:s3:::<<var.bucket>>/*"), {"bucket": "acme", "bind": {"var.bucket": "a*"}}, {"allowed"}),
        (objects("<<var.arns>>"), {"bucket": "acme", "bind": {"var.arns": "acme"}}, {"missing"}),  # no ARN
    ],
)
def test_a_policy_with_unknown_values_covers(policy: Policy, target: dict[str, object], expected: set[str]) -> None:
    assert decisions(policy, **target) == expected


def test_a_bucket_that_no_template_makes_is_an_error_with_the_near_one() -> None:
    with pytest.raises(
        TargetError, match=r'"tf:aws_s3_bucket.rapo".*no such bucket; did you mean tf:aws_s3_bucket.repo'
    ):
        decisions(objects("*"), bucket="tf:aws_s3_bucket.rapo")


def test_a_value_that_nothing_uses_is_an_error_with_what_was_meant() -> None:
    with pytest.raises(TargetError, match=r'bind "var.bukket": nothing uses it; did you mean var.bucket\?'):
        decisions(objects("arn:aws:s3:::<<var.bucket>>/*"), bind={"var.bukket": "acme"})


def test_a_report_says_how_to_name_what_is_unknown() -> None:
    text = check_veeam_backup_ready(
        objects("arn:aws:s3:::<<var.bucket>>/*"), bucket="acme", groups=["object"]
    ).explain()
    assert text.startswith("cannot tell 10 of 10: ${var.bucket} is unknown (main.tf:1), acme")
    assert "but ${var.bucket} (main.tf:1) is unknown" in text
    assert "bind     --veeam-iam-bind=var.bucket=VALUE" in text


def stops(resource: str) -> dict[str, object]:
    return {"Action": "ec2:StopInstances", "Resource": resource}


@pytest.mark.parametrize(
    ("statement", "findings"),
    [
        ({}, []),
        ({"Action": "<<var.actions>>"}, []),
        ({"Action": ["<<var.actions>>", "s3:GetObject"]}, []),
        ({"Action": ["s3:<<var.verb>>Object", "s3:GetObjekt"]}, ["unknown_action"]),
        ({"Resource": "<<var.arns>>"}, []),
        ({"Resource": "arn:aws:s3:::<<var.b>>"}, ["wrong_resource"]),  # whatever it is called, it is no object
        ({"Resource": "<<tf:aws_s3_bucket.b.id>>/*"}, ["refused"]),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "<<var.cidr>>"}}}, []),
        ({"Condition": {"IpAddress": {"aws:SourceIp": ["<<var.cidr>>", "10.0.0.0/8"]}}}, []),
        ({"Condition": {"StringEquals": {"aws:SourceVpx": "<<var.vpc>>"}}}, []),
        ({"Effect": "<<var.effect>>"}, []),
        ({"?": "count"}, []),
        (stops("arn:aws:ec2:<<AWS::Region>>:<<AWS::AccountId>>:instance/<<var.id>>"), []),
        (stops("arn:<<local.partition>>:ec2:<<local.region>>:<<local.account>>:instance/*"), []),
        (stops("arn:aws:ec2:eu-<<var.side>>-1:11112222<<var.rest>>:instance/*"), []),
        (stops("arn:aws:ec2:<<AWS::Region>>:<<AWS::AccountId>>:volume/<<var.id>>"), ["wrong_resource"]),
        (stops("arn:aws:ec2:<<AWS::Region>>:<<AWS::AccountId>>:<<var.kind>>/i-1"), []),
        (stops("arn:aws:ec2:<<var.region_and_account>>:instance/i-1"), []),
        (stops("<<var.start>>:ec2:eu-west-1:111122223333:volume/i-1"), []),
        (stops("arn:aws:ec2:eu_west:<<AWS::AccountId>>:instance/*"), ["parliament"]),  # what is known is wrong
    ],
    ids=str,
)
def test_the_lint_is_of_what_is_known(statement: dict[str, object], findings: list[str]) -> None:
    whole = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::<<var.b>>/*"}
    report = check_veeam_backup_ready(template(whole | statement), groups=["object"], bucket="acme")
    assert [each.id for each in report.findings if each.severity != "note"] == findings


def test_a_statement_that_is_unknown_as_a_whole_is_not_linted() -> None:
    report = check_veeam_backup_ready(template("<<var.statement>>"), groups=["object"], bucket="acme")
    assert [each.id for each in report.findings] == []


@pytest.mark.parametrize("expression", ["arn:aws:iam::111122223333:policy/other", "group/admins", "group admins"])
def test_what_the_file_only_names_cannot_be_bound(expression: str) -> None:
    report = check_veeam_backup_ready(template(f"<<{expression}>>"), bucket="acme", groups=["object"])
    assert f"bind     {expression} is not in the file: check a plan or an account dump" in report.explain()


@pytest.mark.parametrize("expression", ["macro AWS::Include", "Fn::Transform"])
def test_what_a_macro_makes_is_to_be_looked_at_when_it_is_made(expression: str) -> None:
    report = check_veeam_backup_ready(template(f"<<{expression}>>"), bucket="acme", groups=["object"])
    assert "bind     check what it makes: aws cloudformation get-template" in report.explain()


@pytest.mark.parametrize(
    ("expression", "hint"),
    [
        ("var.bucket", "--veeam-iam-bind=var.bucket=VALUE"),
        ('var.m["a"].arn', """--veeam-iam-bind='var.m["a"].arn=VALUE'"""),
        ("Fn::ImportValue:${Stack}-bucket", "--veeam-iam-bind='Fn::ImportValue:${Stack}-bucket=VALUE'"),
        (
            'element(var.arns, 0) == module.a[0].x ? "a" : var.arns',
            "--veeam-iam-bind=var.arns=VALUE --veeam-iam-bind='module.a[0].x=VALUE', "
            "or check a plan, which holds what is made of it",
        ),
        ('if key != ""', "what it is made of, or check what is made of it: a plan or an account dump"),
    ],
)
def test_what_is_unknown_is_bound_by_its_name_or_by_the_names_in_it(expression: str, hint: str) -> None:
    report = check_veeam_backup_ready(template(f"<<{expression}>>"), bucket="acme", groups=["object"])
    assert f"      bind     {hint}\n" in report.explain()


def test_a_value_cannot_be_bound_to_what_is_made_of_others() -> None:
    with pytest.raises(TargetError, match=r"^bind \"f\(var.b\)\": nothing uses it: it is made of others; bind those$"):
        Bindings({"f(var.b)": "acme"}).refuse_unused(["f(var.b)"])


def test_a_long_expression_leaves_room_for_what_is_said_of_it() -> None:
    policy = template(f"<<var.{'long' * 60}>>")
    summary = check_veeam_backup_ready(policy, bucket="acme", groups=["object"]).explain().partition("\n")[0]
    assert summary.startswith("cannot tell 10 of 10: ${var.longlong")
    assert summary.endswith("... is unknown (main.tf:1), acme")
    assert len(summary) < 200


def test_what_is_unknown_is_not_counted_as_characters() -> None:
    long = "x" * 900
    statement = {
        "Effect": "Allow",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::<<var.{long}>>/{n}" for n in range(9)],
    }
    assert template(statement).size < 400
    report = check_veeam_backup_ready(template(statement), bucket="acme", groups=["object"])
    assert "too_large" not in {finding.id for finding in report.findings}
    doubtful = {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "?": "var.n"}
    assert template(statement, doubtful).size == template(statement).size + 1

"""Values that a template leaves open: an Allow cannot be proven by them, a Deny cannot be ignored."""

from __future__ import annotations

import pytest

from pytest_veeam_iam import evaluate
from pytest_veeam_iam.iam.document import Effect
from tests.templates import template

ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}


def allow(**elements: object) -> dict[str, object]:
    return {**ALLOW, **elements}


def deny(**elements: object) -> dict[str, object]:
    return {**ALLOW, "Effect": "Deny", **elements}


def _not(statement: dict[str, object], element: str, value: object) -> dict[str, object]:
    return {key: each for key, each in statement.items() if key != element} | {f"Not{element}": value}


@pytest.mark.parametrize(
    ("statements", "decision"),
    [
        # resources
        ([allow(Resource="arn:aws:s3:::<<var.b>>/*")], "undetermined"),
        ([allow(Resource="<<var.arns>>")], "undetermined"),
        ([allow(Resource=["<<var.arns>>", "arn:aws:s3:::b/*"])], "allowed"),
        ([allow(Resource="arn:aws:s3:::c<<var.b>>/*")], "missing"),
        ([allow(Resource="arn:aws:s3:::<<var.b>>-veeam/*")], "partial"),  # the value may hold a slash
        ([allow(Resource="<<tf:aws_s3_bucket.b.arn>>/*")], "undetermined"),
        ([allow(Resource="arn:aws:s3:::b/<<var.folder>>*")], "undetermined"),
        ([allow(Resource="arn:aws:s3:::b<<var.rest>>")], "undetermined"),
        ([allow(Resource="arn:<<data.aws_partition.current.partition>>:s3:::b/*")], "undetermined"),
        ([allow(), deny(Resource="arn:aws:s3:::<<var.b>>/*")], "undetermined"),
        ([allow(), deny(Resource="arn:aws:s3:::c<<var.b>>/*")], "allowed"),
        ([allow(), deny(Resource=["arn:aws:s3:::b/*", "<<var.arns>>"])], "denied"),
        # exceptions
        ([allow(Resource="*"), _not(deny(), "Resource", "arn:aws:s3:::<<var.b>>/*")], "undetermined"),
        ([allow(Resource="*"), _not(deny(), "Resource", "arn:aws:s3:::c<<var.b>>/*")], "denied"),
        ([_not(allow(), "Resource", "arn:aws:s3:::<<var.b>>/*")], "undetermined"),
        ([_not(allow(), "Resource", "arn:aws:s3:::c<<var.b>>/*")], "allowed"),
        # actions
        ([allow(Action="s3:<<var.verb>>Object")], "undetermined"),
        ([allow(Action="s3:<<var.verb>>Version")], "missing"),
        ([allow(Action="<<var.actions>>")], "undetermined"),
        ([allow(Action=["<<var.actions>>", "S3:getobject"])], "allowed"),
        ([allow(), deny(Action="<<var.actions>>")], "undetermined"),
        ([_not(allow(), "Action", ["<<var.actions>>"])], "undetermined"),
        ([_not(allow(), "Action", ["<<var.actions>>", "s3:Get*"])], "missing"),
        ([allow(), _not(deny(), "Action", ["<<var.actions>>"])], "undetermined"),
        ([allow(), _not(deny(), "Action", ["<<var.actions>>", "s3:*"])], "allowed"),
        ([allow(), _not(deny(), "Action", ["iam:*", "s3:<<var.verb>>Bucket"])], "denied"),
        # whole statements, entries and effects
        ([{**allow(), "?": "count"}], "undetermined"),
        ([allow(), {**deny(), "?": "count"}], "undetermined"),
        ([allow(), {**allow(), "?": "count"}], "allowed"),
        ([allow(Effect="<<var.effect>>")], "undetermined"),
        ([allow(), allow(Effect="<<var.effect>>")], "undetermined"),
        ([allow(), "<<var.statement>>"], "undetermined"),
        ([allow(Resource=[{"text": "arn:aws:s3:::b/*", "?": "var.on"}])], "undetermined"),
        ([allow(Resource=[{"text": "arn:aws:s3:::c/*", "?": "var.on"}])], "missing"),
        ([allow(), deny(Resource=[{"text": "arn:aws:s3:::b/*", "?": "var.on"}])], "undetermined"),
        ([allow(Action=[{"text": "s3:GetObject", "?": "var.on"}])], "undetermined"),
        ([_not(allow(), "Action", [{"text": "s3:GetObject", "?": "var.on"}])], "undetermined"),
        # conditions
        ([allow(Condition={"Bool": {"aws:SecureTransport": "<<var.tls>>"}})], "undetermined"),
        ([allow(Condition={"StringEquals": {"aws:SourceVpc": "<<var.vpc>>"}})], "undetermined"),
        ([allow(Condition={"StringLike": {"aws:SourceVpc": ["<<var.vpc>>", "*"]}})], "undetermined"),
        ([allow(Condition={"IpAddress": {"aws:SourceIp": "<<var.cidr>>"}})], "undetermined"),
        ([allow(Condition={"Bool": {"aws:MultiFactorAuthPresent": "<<var.mfa>>"}})], "missing"),
        ([allow(Condition="<<var.condition>>")], "undetermined"),
        ([allow(Condition={"StringEquals": "<<var.tests>>"})], "undetermined"),
        ([allow(), deny(Condition={"StringNotEquals": {"aws:SourceVpc": "<<var.vpc>>"}})], "undetermined"),
        ([allow(Condition={"Null": {"aws:SecureTransport": "<<var.none>>"}})], "undetermined"),
    ],
    ids=str,
)
def test_a_value_that_is_unknown_proves_nothing_and_is_not_ignored(statements: list[object], decision: str) -> None:
    assert evaluate(template(*statements), "s3:GetObject", "arn:aws:s3:::b/*").decision == decision


def test_a_policy_variable_beside_an_unknown_value_is_still_one() -> None:
    policy = template(allow(Resource="arn:aws:s3:::<<var.b>>/${aws:username}"))
    for name, decision in (("other", "missing"), ("veeam", "undetermined")):
        assert (
            evaluate(policy, "s3:GetObject", "arn:aws:s3:::b/veeam", context={"aws:username": name}).decision
            == decision
        )


def test_an_answer_names_the_unknown_values_that_it_hangs_on_and_their_line() -> None:
    policy = template(allow(Resource="arn:aws:s3:::<<var.b>>/<<var.folder>>"), deny(Resource="arn:aws:s3:::c<<var.x>>"))
    answer = evaluate(policy, "s3:GetObject", "arn:aws:s3:::b/*")
    assert [token.expression for token in answer.unknowns] == ["var.b", "var.folder"]
    assert "but ${var.b} (main.tf:1) and ${var.folder} (main.tf:1) are unknown" in answer.reason
    assert answer.reason.startswith("main.tf:1 allows it on arn:aws:s3:::${var.b}/${var.folder}, but")


def test_an_unknown_statement_may_allow_anything_and_deny_anything() -> None:
    effects = [(s.effect, str(s.doubt)) for s in template("<<var.statement>>").statements]
    assert effects == [(Effect.ALLOW, "${var.statement}"), (Effect.DENY, "${var.statement}")]


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        (
            "<<tf:aws_s3_bucket.b.id>>",
            '"${aws_s3_bucket.b.id}" is the name of a bucket, not its ARN; write aws_s3_bucket.b.arn',
        ),
        ("<<cfn:Repo.name>>/*", '"${Repo.name}" is the name of a bucket, not its ARN; write !GetAtt Repo.Arn'),
        ("my-<<var.b>>/*", '"my-x/*" is neither "*" nor an ARN; did you mean "arn:aws:s3:::my-x/*"?'),
    ],
)
def test_what_is_no_arn_whatever_its_unknown_values_are_is_refused(resource: str, message: str) -> None:
    assert [problem.message for problem in template(allow(Resource=resource)).all_problems] == [message]

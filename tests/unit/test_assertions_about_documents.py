"""The assertions about documents alone: whether their actions exist, and whether AWS would accept them."""

from __future__ import annotations

from typing import Any, TypeAlias

import pytest

from pytest_veeam_iam import VeeamNotReady, assert_actions_valid, assert_lint_clean

Document: TypeAlias = dict[str, Any]


def allowing(*actions: str, **more: Any) -> Document:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"], **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def test_actions_that_exist_are_valid_whatever_they_cover() -> None:
    report = assert_actions_valid(allowing("s3:GetObject", "S3:listbucket", "s3:Get*"))
    assert report.groups == ()


def test_the_first_line_names_what_does_not_exist() -> None:
    with pytest.raises(VeeamNotReady) as caught:
        assert_actions_valid(allowing("s3:HeadBucket", "s3:GetObjcet"))
    assert str(caught.value).splitlines()[0] == (
        "s3:HeadBucket is the name of an API operation; the IAM action is s3:ListBucket (<mapping>) and 1 more"
    )


def test_an_action_that_may_be_new_is_valid_with_a_warning() -> None:
    report = assert_actions_valid(allowing("s3:Zapp"))
    assert [(each.id, each.severity) for each in report.findings] == [("new_action", "warning")]


def test_what_is_wrong_with_the_document_is_not_about_its_actions() -> None:
    policy = allowing("s3:GetObject", Sid="not alone")
    assert_actions_valid(policy)
    with pytest.raises(VeeamNotReady, match="the Sid 'not alone' holds more than letters and digits"):
        assert_lint_clean(policy)


def test_an_action_that_does_not_exist_is_not_lint() -> None:
    assert_lint_clean(allowing("s3:HeadBucket", "s3:GetObject"), fail_on="warning")


def test_warnings_count_if_they_are_asked_for() -> None:
    policy = allowing("iam:*", "s3:GetObject") | {"Version": "2012-10-17"}
    policy["Statement"][0]["Resource"] = "*"
    assert any(finding.id == "full_access" for finding in assert_lint_clean(policy).findings)
    with pytest.raises(VeeamNotReady, match="every action of IAM is allowed on every resource"):
        assert_lint_clean(policy, fail_on="warning")


def test_a_policy_that_is_not_about_veeam_is_judged_for_itself() -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Action": "sqs:SendMessage",
            "Resource": "arn:aws:sqs:eu-west-1:111122223333:q",
        },
    }
    assert assert_lint_clean(policy, fail_on="warning").ready

"""A statement written as plain values again says the same."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_veeam_iam.iam.plain import statement_of
from pytest_veeam_iam.sources import policies_of

STATEMENTS: list[dict[str, Any]] = [
    {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
    {"Sid": "S", "Effect": "Deny", "NotAction": ["a:b", "c:d"], "NotResource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]},
    {
        "Effect": "Allow",
        "Principal": {"AWS": ["1", "2"], "Service": "ec2.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::b/*",
        "Condition": {"StringEquals": {"a:b": ["x", "y"], "a:c": "z"}, "Bool": {"aws:SecureTransport": "true"}},
    },
    {"Effect": "Deny", "NotPrincipal": {"AWS": "1"}, "Action": "s3:*", "Resource": "*"},
    {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"},
]


@pytest.mark.parametrize("statement", STATEMENTS, ids=str)
def test_a_statement_is_what_was_written(statement: dict[str, Any]) -> None:
    (policy,) = policies_of({"Version": "2012-10-17", "Statement": [statement]})
    plain = statement_of(policy.statements[0])
    assert plain == statement
    assert list(plain) == list(statement)

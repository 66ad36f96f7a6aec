"""What the tests of explanations share: statements in one line each, and the question they answer."""

from __future__ import annotations

from typing import Any

from pytest_veeam_iam import Evaluation, evaluate
from tests.policy_documents import Document, document

BUCKET = "arn:aws:s3:::acme"
OBJECTS = f"{BUCKET}/*"
OFFICE = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
REGION = {"StringEquals": {"aws:RequestedRegion": "eu-central-1"}}
TLS = {"Bool": {"aws:SecureTransport": "true"}}
USERNAME = f"{BUCKET}/${{aws:username}}/*"


def allow_but(action: str, *resources: str) -> Document:
    return {"Effect": "Allow", "Action": action, "NotResource": list(resources)}


def ask(
    *statements: Document, action: str = "s3:GetObject", resources: str | list[str] = OBJECTS, **more: Any
) -> Evaluation:
    return evaluate(document(*statements), action, resources, **more)


def words(answer: Evaluation) -> list[str]:
    return [cause.words for cause in answer.causes]

"""Policy documents as a CloudFormation template in YAML, with a managed policy for each."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.grants import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_veeam_iam.iam.grants import Grant

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9-]*(:[A-Za-z0-9]+)?")
"""What is a text without quotes as well: no Sid or action is one of YAML's other words."""


def render(documents: Sequence[Sequence[Grant]], name: str) -> tuple[str, ...]:
    """Return the text of one template that holds all documents."""
    logical = "".join(word.capitalize() for word in name.split("-"))
    count = len(documents)
    names = [logical if count == 1 else f"{logical}{number}" for number in range(1, count + 1)]
    lines = ['AWSTemplateFormatVersion: "2010-09-09"', "Resources:"]
    for document, own in zip(documents, names, strict=True):
        lines += (f"  {line}" for line in _policy(document, own))
    return ("\n".join(lines) + "\n",)


def _policy(document: Sequence[Grant], name: str) -> Iterator[str]:
    yield f"{name}:"
    yield "  Type: AWS::IAM::ManagedPolicy"
    yield "  Properties:"
    yield "    PolicyDocument:"
    yield f"      Version: {_text(VERSION)}"
    yield "      Statement:"
    for grant in document:
        yield f"        - Sid: {_text(grant.sid)}"
        yield "          Effect: Allow"
        yield from (f"          {line}" for line in _list("Action", grant.actions))
        yield from (f"          {line}" for line in _list("Resource", grant.resources))


def _list(key: str, texts: Sequence[str]) -> Iterator[str]:
    if len(texts) == 1:
        yield f"{key}: {_text(texts[0])}"
    else:
        yield f"{key}:"
        yield from (f"  - {_text(text)}" for text in texts)


def _text(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else json.dumps(text)

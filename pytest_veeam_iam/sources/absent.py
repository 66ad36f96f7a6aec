"""Policies that a file names and does not hold: what may be assumed of them, and what stands for them.

https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.tree import Node, Template, Token

if TYPE_CHECKING:
    from pytest_veeam_iam.iam.tree import Location

_OF_AWS = ":iam::aws:policy/"
_DENYING = ("AWSDenyAll", "AWSCompromisedKeyQuarantine")
"""The policies of AWS that deny begin so; all others only allow."""


def only_allows(arn: str) -> bool:
    """Return whether a managed policy surely denies nothing."""
    name = arn.partition(_OF_AWS)[2].rpartition("/")[2]
    return bool(name) and not name.startswith(_DENYING)


def assumption(arn: str, holder: str) -> str:
    """Say what is assumed of a policy that a principal has."""
    return f"{arn}, attached to {holder} but not in this file, grants and denies nothing"


def unknown(expression: str, place: Node, location: Location | None = None) -> Node:
    """Return a document of which nothing is known.

    Args:
        expression: What it is called.
        place: Where it is named, or the file.
        location: Where it is named, if ``place`` is the file.
    """
    return Node(Template((Token(expression, location or place.location),)), place.source, place.offset)

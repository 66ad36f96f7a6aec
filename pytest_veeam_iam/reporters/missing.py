"""What is missing as one policy to attach beside what is there; what no Allow can cure is said in words."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from pytest_veeam_iam.iam import grants
from pytest_veeam_iam.iam.grants import Permission

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam import evidence

_CURABLE = ("missing", "partial")
_SYMBOL = re.compile(r":s3:::(tf|cfn):")
"""What stands in the ARN of a bucket whose name only its template has."""
_KINDS = ("missing",)


def render(run: evidence.Run) -> str:
    """Return the policy as JSON text; where nothing is missing it has no statement, and AWS would refuse it."""
    return json.dumps(grants.document(missing(run)), indent=4) + "\n"


def missing(run: evidence.Run) -> tuple[grants.Grant, ...]:
    """Return the statements that grant what any policy of a run lacks and an Allow can cure.

    What is recommended is among it, what is waived is not.
    """
    wanted = dict.fromkeys(
        Permission(permission["action"], tuple(permission["resources"]), _KINDS)
        for case in run["reports"]
        for permission in _not_granted(case)
        if _is_curable(permission)
    )
    return grants.grants(wanted)


def incurable(run: evidence.Run) -> list[str]:
    """Return what no added Allow can cure, a line each, the name of the policy first."""
    return [f"{case['name']}: {what}" for case in run["reports"] for what in _incurable(case)] + [
        f"{each['name']}: {each['message']}" for each in run["unread"]
    ]


def _incurable(case: evidence.Case) -> Iterator[str]:
    for permission in _not_granted(case):
        if permission["level"] == "required" and not _is_curable(permission):
            if _is_nameless(permission):
                lacks = "the policy needs the name of the bucket: --bucket=NAME"
                yield f"{permission['action']} {permission['word']}: {lacks}"
                continue
            by = f" by the {permission['blocked_by']}" if permission["blocked_by"] else ""
            yield f"{permission['action']} {permission['word']}{by}: {permission['reason']}"
    for finding in case["findings"]:
        if finding["counts"] and not finding["waived"]:
            yield f"{finding['message']} [{finding['id']}]"


def _not_granted(case: evidence.Case) -> Iterator[evidence.Permission]:
    """Yield the permissions that fall short and whose gap nobody has accepted."""
    for group in case["groups"]:
        for permission in group["permissions"]:
            if permission["decision"] != "allowed" and not permission["waived"]:
                yield permission


def _is_curable(permission: evidence.Permission) -> bool:
    is_blocked = permission["blocked_by"] is not None
    return permission["decision"] in _CURABLE and not is_blocked and not _is_nameless(permission)


def _is_nameless(permission: evidence.Permission) -> bool:
    """Return whether a policy would need the name of a bucket that nobody has said."""
    return any(map(_SYMBOL.search, permission["resources"]))

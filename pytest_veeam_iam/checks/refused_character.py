"""The document holds a character that AWS refuses in it, so that it cannot be saved.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPolicy.html (the pattern of PolicyDocument)
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_veeam_iam.report import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam.checks import Subject
    from pytest_veeam_iam.iam.document import Location, Policy

ITEM = "lint"
ESSENTIAL = False

_REFUSED = re.compile("[^\t\n\r -\u00ff]")
_SID = re.compile(r"[A-Za-z0-9]*")


def check(subject: Subject) -> Iterator[Finding]:
    """Yield an error for every text with such a character, and for a Sid that is not of letters and digits."""
    for policy in subject.documents:
        for text, location in _texts(policy):
            found = _REFUSED.search(text)
            if found:
                what = f"the character U+{ord(found[0]):04X} stands in {text[:60]!a}"
                help_ = "AWS takes U+0020 to U+00FF, tabs and line ends"
                yield Finding("refused_character", Severity.ERROR, what, location, help_)
    for policy in subject.attached:
        for statement in policy.statements:
            if statement.sid is not None and not _is_sid(statement.sid, policy):
                what = f"the Sid {statement.sid[:60]!a} holds more than letters and digits"
                yield Finding("refused_character", Severity.ERROR, what, statement.location, "AWS takes A-Z, a-z, 0-9")


def _is_sid(text: str, policy: Policy) -> bool:
    """Return whether a Sid may be one; nobody knows what an unknown value in it holds."""
    return _SID.fullmatch(text) is not None or (policy.tree is not None and "${" in text)


def _texts(policy: Policy) -> Iterator[tuple[str, Location]]:
    for statement in policy.statements:
        yield statement.sid or "", statement.location
        for entry in (*statement.actions, *statement.resources):
            yield entry.text, entry.location
        for principal in statement.principals or ():
            yield principal.text, principal.location
        for condition in statement.conditions:
            yield condition.key, condition.location
            for entry in condition.values:
                yield entry.text, entry.location

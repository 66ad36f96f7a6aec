"""A document has more characters than AWS lets a policy have where it is attached; white space does not count.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.grants import MOST_CHARACTERS
from pytest_veeam_iam.report import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_veeam_iam.checks import Subject
    from pytest_veeam_iam.iam.document import Policy

ITEM = "lint"
ESSENTIAL = False


class Quota(Enum):
    """How documents are attached: the characters that AWS lets them have, and the words for it.

    All inline policies of a user, group or role share one limit. Any other document has its own.
    """

    MANAGED = (MOST_CHARACTERS, "a managed policy may have")
    USER = (2_048, "all inline policies of a user together may have")
    GROUP = (5_120, "all inline policies of a group together may have")
    ROLE = (10_240, "all inline policies of a role together may have")
    SCP = (5_120, "a service control policy may have")

    def __init__(self, limit: int, words: str) -> None:
        self.limit, self.words = limit, words

    @property
    def is_inline(self) -> bool:
        """Whether the documents of one entity are counted together."""
        return self in _INLINE


_INLINE = (Quota.USER, Quota.GROUP, Quota.ROLE)
_LARGEST = max(attachment.limit for attachment in Quota)


@dataclass(frozen=True, slots=True)
class Counted:
    """Documents that share their attachment.

    Attributes:
        policies: All of one entity's inline documents, or any documents that each have their own limit.
        attachment: How they are attached; None if that is not known.
    """

    policies: tuple[Policy, ...]
    attachment: Quota | None = None


def check(subject: Subject) -> Iterator[Finding]:
    """Yield an error for a document that does not fit, a warning for one that does not fit everywhere.

    A boundary is always a managed policy. A plain file does not tell what its policy will be attached to.
    """
    inline: dict[tuple[Quota, tuple[str, ...]], list[Policy]] = defaultdict(list)
    for policy in subject.identity:
        kind = policy.attachment.kind
        quota = None if kind is None else Quota[kind.upper()]
        if quota is not None and quota.is_inline:
            inline[quota, policy.attachment.principals].append(policy)
        else:
            yield from too_large((Counted((policy,), quota),))
    yield from too_large(Counted(tuple(policies), quota) for (quota, _), policies in inline.items())
    yield from too_large((Counted(subject.boundary, Quota.MANAGED), Counted(subject.scps, Quota.SCP)))


def too_large(attached: Iterable[Counted]) -> Iterator[Finding]:
    """Yield a finding for all that has more characters than it may.

    Args:
        attached: Documents, and how they are attached.
    """
    for each in attached:
        if each.attachment is None:
            yield from (_anywhere(policy) for policy in each.policies if policy.size > Quota.MANAGED.limit)
        elif each.attachment.is_inline:
            size = sum(policy.size for policy in each.policies)
            if size > each.attachment.limit:
                largest = max(each.policies, key=lambda policy: policy.size)
                yield _finding(largest, _count(len(each.policies), size), _limit(each.attachment))
        else:
            for policy in each.policies:
                if policy.size > each.attachment.limit:
                    yield _finding(policy, _count(1, policy.size), _limit(each.attachment))


def _anywhere(policy: Policy) -> Finding:
    count = _count(1, policy.size)
    if policy.size > _LARGEST:
        return _finding(policy, count, f"AWS lets no policy have more than {_LARGEST:,}")
    inline = ", ".join(f"{each.limit:,} of a {each.name.lower()}" for each in _INLINE)
    limits = f"{_limit(Quota.MANAGED)}, all inline policies together {inline}"
    return _finding(policy, count, limits, Severity.WARNING)


def _count(documents: int, size: int) -> str:
    what = "the document has" if documents == 1 else f"the {documents} documents have"
    return f"{what} {size:,} characters without white space"


def _limit(attachment: Quota) -> str:
    return f"{attachment.words} {attachment.limit:,}"


def _finding(policy: Policy, count: str, limit: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding("too_large", severity, f"{count}; {limit}", policy.location, "split it, or use wildcards")

"""What the AWS command line prints for one policy: the documents in its answers, and to whom they are attached.

https://docs.aws.amazon.com/cli/latest/reference/iam/get-policy-version.html
https://docs.aws.amazon.com/cli/latest/reference/iam/get-role-policy.html
https://docs.aws.amazon.com/cli/latest/reference/organizations/describe-policy.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.document import Attachment
from pytest_veeam_iam.sources.found import Found
from pytest_veeam_iam.sources.outline import Outline, Path, document_at, has, members, outline_of, text

if TYPE_CHECKING:
    from pytest_veeam_iam.iam.tree import Node
    from pytest_veeam_iam.sources.found import Reading

SUFFIXES = frozenset({".json", ".yaml", ".yml"})
MENTIONS = ("PolicyVersion", "PolicyDocument", "PolicySummary")

Holder: TypeAlias = Literal["role", "user", "group"]
HOLDERS: dict[Holder, str] = {"role": "RoleName", "user": "UserName", "group": "GroupName"}
"""What can hold a policy, and the member that names it."""

_SCP = "SERVICE_CONTROL_POLICY"


def recognizes(tree: Node) -> bool:
    """Return whether the document is such an answer, or a list that begins with one."""
    return _is_answer(tree) or _is_answer(tree, 0)


def _is_answer(tree: Node, *place: int) -> bool:
    if has(tree, *place, "PolicyDocument"):
        return any(has(tree, *place, name) for name in HOLDERS.values()) or not has(tree, *place, "Statement")
    return has(tree, *place, "PolicyVersion", "Document") or has(tree, *place, "Policy", "Content")


def read(tree: Node, reading: Reading) -> list[Found]:  # noqa: ARG001 - the protocol's signature
    """Return the policies of the answers, in the order of the file."""
    outline = outline_of(tree)
    plain = outline.plain
    if not isinstance(plain, list):
        return _answer(outline, (), plain)
    return [found for index, answer in enumerate(plain) for found in _answer(outline, (index,), answer)]


def _answer(outline: Outline, place: Path, answer: object) -> list[Found]:
    fields = members(answer)
    if "PolicyDocument" in fields:
        return [_inline(outline, (*place, "PolicyDocument"), answer)]
    if "Document" in (version := members(fields.get("PolicyVersion"))):
        if version.get("IsDefaultVersion") is False:
            why = "this version of the policy is not in force"
            raise _refused(outline.node(place), why, "get the default version")
        read = document_at(outline, (*place, "PolicyVersion", "Document"))
        return [Found(read, attachment=Attachment(kind="managed"))]
    if "Content" in (policy := members(fields.get("Policy"))):
        summary = members(policy.get("PolicySummary"))
        if summary.get("Type", _SCP) != _SCP:  # the others grant nothing to principals, or are no policies of IAM
            return []
        read = document_at(outline, (*place, "Policy", "Content"))
        return [Found(read, text(summary.get("Name")) or None, Attachment(kind="scp"))]
    why = "this is no answer that holds a policy, unlike the first of the list"
    raise _refused(outline.node(place), why, "take it out of the list")


def _refused(node: Node, why: str, remedy: str) -> PolicyLoadError:
    where = node.location
    return PolicyLoadError(where.path, why, line=where.line, column=where.column, remedy=remedy)


def _inline(outline: Outline, place: Path, answer: object) -> Found:
    fields = members(answer)
    for kind, key in HOLDERS.items():
        if name := text(fields.get(key)):
            holder = principal(kind, name)
            entity = f"{holder}/{text(fields.get('PolicyName'))}".rstrip("/")
            return Found(document_at(outline, place), entity, Attachment((holder,), kind=kind))
    return Found(document_at(outline, place), text(fields.get("PolicyName")) or None)


def principal(kind: Holder, name: str) -> str:
    """Return how answers and dumps name a role, user or group: a user may be called like a role."""
    return f"{kind}/{name}"

"""An account's IAM as ``get-account-authorization-details`` prints it: every policy in force, and who has it.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.document import Attachment
from pytest_veeam_iam.sources import absent, jsonpath
from pytest_veeam_iam.sources.answers import HOLDERS, Holder, principal
from pytest_veeam_iam.sources.found import Found
from pytest_veeam_iam.sources.outline import Outline, Path, document_at, has, items, members, outline_of, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pytest_veeam_iam.iam.tree import Node
    from pytest_veeam_iam.sources.found import Reading

SUFFIXES = frozenset({".json", ".yaml", ".yml"})
MENTIONS = ("RoleDetailList", "UserDetailList", "GroupDetailList")

_KINDS: dict[Holder, tuple[str, str]] = {
    "user": ("UserDetailList", "UserPolicyList"),
    "group": ("GroupDetailList", "GroupPolicyList"),
    "role": ("RoleDetailList", "RolePolicyList"),
}
"""By kind: where the holders stand, and where in them their inline policies.

They are walked, because their JSONPath takes as long as the file takes to load.
"""

_DEFAULT_VERSIONS = "$.Policies[*].PolicyVersionList[?(@.IsDefaultVersion==true)]"
"""Never ``$..Document``: that would take versions that are no longer in force."""


@dataclass
class _Holder:
    """A role, user or group.

    Attributes:
        name: As policies name their principals.
        members: Itself, and of a group its users.
        arns: Of the managed policies that are attached.
        boundary: The ARN of its permissions boundary, or empty.
    """

    name: str
    arns: list[str]
    boundary: str
    members: list[str] = field(default_factory=list)


def recognizes(tree: Node) -> bool:
    """Return whether the document is such an answer."""
    return any(has(tree, name) for name in MENTIONS)


def read(tree: Node, reading: Reading) -> list[Found]:  # noqa: ARG001 - the protocol's signature
    """Return the inline policies and the default versions of the managed ones.

    A managed policy that is attached to nothing stands alone; one that is attached and not in the file is unknown.
    """
    _refuse_part(tree)
    return _Account(outline_of(tree), tree.source.path).policies()


class _Account:
    def __init__(self, outline: Outline, path: str) -> None:
        self._outline = outline
        self._fields = members(outline.plain)
        self._holders: dict[tuple[Holder, int], _Holder] = {}
        self._attached: dict[str, list[str]] = {}
        self._bounded: dict[str, list[str]] = {}
        self._absent: dict[str, list[str]] = {}
        self._first: dict[str, tuple[Holder, int]] = {}
        self._pairs = absent.Pairs(path)
        self._known = {text(members(policy).get("Arn")) for policy in items(self._fields.get("Policies"))}
        self._join()

    def policies(self) -> list[Found]:
        """Return what was found, in the order of the file, then what is attached but not in it."""
        found = [policy for kind in _KINDS for policy in self._inline(kind)]
        return [*found, *self._managed(), *self._missing()]

    def _join(self) -> None:
        """Find out who has which managed policy: by attachment, and by membership of a group."""
        for kind in _KINDS:
            for index, fields in enumerate(map(members, items(self._fields.get(_KINDS[kind][0])))):
                name = principal(kind, text(fields.get(HOLDERS[kind])))
                attached = [
                    text(members(item).get("PolicyArn")) for item in items(fields.get("AttachedManagedPolicies"))
                ]
                boundary = text(members(fields.get("PermissionsBoundary")).get("PermissionsBoundaryArn"))
                self._holders[kind, index] = _Holder(name, attached, boundary, [name])
        self._add_members()
        for key, holder in self._holders.items():
            for arn in (*holder.arns, holder.boundary):
                self._first.setdefault(arn, key)
            self._pairs.count(len(holder.arns) * len(holder.members))
            for arn in holder.arns:
                self._attached.setdefault(arn, []).extend(holder.members)
                for name in holder.members if arn not in self._known and absent.only_allows(arn) else ():
                    self._absent.setdefault(name, []).append(arn)
            if holder.boundary:
                self._bounded.setdefault(holder.boundary, []).append(holder.name)

    def _add_members(self) -> None:
        groups = {holder.name: holder for (kind, _), holder in self._holders.items() if kind == "group"}
        for index, fields in enumerate(map(members, items(self._fields.get("UserDetailList")))):
            for name in items(fields.get("GroupList")):
                user, called = self._holders["user", index].name, principal("group", text(name))
                if (group := groups.get(called)) is not None:
                    group.members.append(user)
                else:  # whatever the group has
                    self._attached.setdefault(called, []).append(user)
                    self._first.setdefault(called, ("user", index))

    def _inline(self, kind: Holder) -> Iterator[Found]:
        listed, inline = _KINDS[kind]
        for index, fields in enumerate(map(members, items(self._fields.get(listed)))):
            holder = self._holders[kind, index]
            attachment = Attachment(tuple(holder.members), kind=kind)
            assumed = absent.assumptions(holder.members, self._absent)
            for number, policy in enumerate(map(members, items(fields.get(inline)))):
                entity = f"{holder.name}/{text(policy.get('PolicyName'))}"
                read = self._reader((listed, index, inline, number), policy, "PolicyDocument", entity)
                yield Found(read, entity, attachment, assumed)

    def _managed(self) -> Iterator[Found]:
        places = {place[:2]: place for place in jsonpath.find(self._outline.plain, _DEFAULT_VERSIONS)}
        policies = [members(policy) for policy in items(self._fields.get("Policies"))]
        names = [text(policy.get("PolicyName")) for policy in policies]
        times = Counter(names)
        for index, policy in enumerate(policies):
            arn, name = text(policy.get("Arn")), names[index]
            entity = arn if times[name] > 1 else name
            attachment = self._attachment(arn)
            place = places.get(("Policies", index))
            if place is None:
                read: Callable[[], Node] = partial(self._no_version, index)
            else:
                read = self._reader(place, members(_at(self._outline.plain, place)), "Document", entity)
            yield Found(read, entity, attachment, absent.assumptions(attachment.principals, self._absent))

    def _attachment(self, arn: str) -> Attachment:
        attached, bounded = self._attached.get(arn, ()), self._bounded.get(arn, ())
        return Attachment(tuple(dict.fromkeys(attached)), tuple(dict.fromkeys(bounded)), "managed")

    def _missing(self) -> Iterator[Found]:
        """Yield what somebody has and the file does not hold; what nobody knows may deny, or bound, anything."""
        for arn in dict.fromkeys((*self._attached, *self._bounded)):
            if arn not in self._known and (arn in self._bounded or not absent.only_allows(arn)):
                yield Found(partial(self._unknown, arn), arn, self._attachment(arn))

    def _unknown(self, arn: str) -> Node:
        """Return a document of which nothing is known, standing where its first holder does."""
        kind, index = self._first[arn]
        return absent.unknown(arn, self._outline.node((_KINDS[kind][0], index)))

    def _reader(self, place: Path, fields: Mapping[str, object], key: str, entity: str) -> Callable[[], Node]:
        """Return what reads the document that is a member of the object at ``place``."""
        if key in fields:
            return document_at(self._outline, (*place, key))
        return partial(self._refuse, place, f"{entity} has no {key}")

    def _no_version(self, index: int) -> Node:
        return self._refuse(("Policies", index), "none of the versions of this policy is the default one")

    def _refuse(self, place: Path, why: str) -> Node:
        where = self._outline.node(place).location
        remedy = "print the account again, without a query that leaves parts out"
        raise PolicyLoadError(where.path, why, line=where.line, column=where.column, remedy=remedy)


def _refuse_part(tree: Node) -> None:
    """Refuse an answer that is not the whole one: what is on its other pages may deny anything."""
    fields = members(outline_of(tree).plain)
    for sign in ("IsTruncated", "NextToken", "Marker"):
        if fields.get(sign):
            raise PolicyLoadError(tree.source.path, f"the answer is cut off ({sign})", remedy="ask for all pages")


def _at(plain: object, place: Path) -> object:
    for step in place:
        plain = plain[step]  # type: ignore[index] # the place was found in it
    return plain

"""What ``terraform show -json`` prints of a plan or state, and state files: every policy that will be in force.

Documents that Terraform makes during the apply only are pieced together from what the plan knows of them.

https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.document import Attachment
from pytest_veeam_iam.iam.tree import Node, Token
from pytest_veeam_iam.sources import absent, embedded
from pytest_veeam_iam.sources.found import Found
from pytest_veeam_iam.sources.outline import has, items, members, nearest, outline_of, text
from pytest_veeam_iam.sources.terraform_plan.attachments import INLINE, Attachments
from pytest_veeam_iam.sources.terraform_plan.documents import DeferredDocument
from pytest_veeam_iam.sources.terraform_plan.references import References, names
from pytest_veeam_iam.sources.terraform_plan.resources import Inventory, Resource
from pytest_veeam_iam.sources.terraform_plan.statements import Plan, member

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_veeam_iam.sources.found import Reading
    from pytest_veeam_iam.sources.outline import Outline, Path

SUFFIXES = frozenset({".json", ".tfstate"})
MENTIONS = ("aws_iam_", "aws_organizations_policy", "aws_ssoadmin_")

_DOCUMENT = "aws_iam_policy_document"
_SCP = "SERVICE_CONTROL_POLICY"
_PARTITION = "data.aws_partition.current.partition"
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-iso-": "aws-iso", "us-isob-": "aws-iso-b"}


def recognizes(tree: Node) -> bool:
    """Return whether the document is a plan, a state, or a state file of version 4."""
    if has(tree, "planned_values") or (has(tree, "resource_changes") and has(tree, "format_version")):
        return True
    is_written_by_terraform = has(tree, "terraform_version")
    return is_written_by_terraform and (has(tree, "values") or (has(tree, "resources") and has(tree, "version")))


def read(tree: Node, reading: Reading) -> list[Found]:
    """Return the policies that will be, in the order of the file, and the boundaries that are not in it."""
    outline = outline_of(tree)
    _refuse_part(outline.plain, tree.source.path)
    return _Reader(outline, tree, reading).policies()


def _refuse_part(plain: object, path: str) -> None:
    """Refuse a plan that does not hold all policies: what it leaves out may deny anything."""
    fields = members(plain)
    if fields.get("errored") is True:
        raise PolicyLoadError(path, "the plan ended with an error", remedy="plan again, without an error")
    for each in items(fields.get("deferred_changes")):
        change = members(members(each).get("resource_change"))
        if change.get("mode") != "data" and text(change.get("type")).startswith(MENTIONS):
            why = f"the plan leaves {text(change.get('address'))} for later"
            raise PolicyLoadError(path, why, remedy="apply what it depends on, and plan again")


class _Reader:
    def __init__(self, outline: Outline, tree: Node, reading: Reading) -> None:
        self._outline, self._tree = outline, tree
        self._inventory = Inventory(outline.plain)
        self._references = References(self._inventory)
        self._attachments = Attachments(self._inventory, self._references, tree.source.path)
        partition = reading.bindings.get(_PARTITION) or _partition(self._inventory)
        self._plan = Plan(outline, self._inventory, self._references, reading.bindings, partition)
        self._used: set[str] = set()
        self._roles = {role.address: role for role in self._inventory.of_type("aws_iam_role")}
        self._inline_names = {
            (holder, each.known("name"))
            for each in self._inventory.of_type("aws_iam_role_policy")
            for holder in self._attachments.holders(each, "role", "aws_iam_role")
        }

    def policies(self) -> list[Found]:
        """Return all that was found."""
        found = [policy for resource in self._inventory.resources for policy in self._of(resource)]
        return [*found, *self._alone(), *self._elsewhere(), *self._boundaries()]

    def _of(self, resource: Resource) -> Iterator[Found]:
        if resource.type == "aws_iam_policy":
            principals = self._attachments.principals(resource)
            bounded = tuple(self._attachments.bounded.get(resource.address, ()))
            found = self._found(resource, "policy", Attachment(principals, bounded, "managed"))
            yield from (found, *_perhaps(found, *self._attachments.perhaps(resource, principals)))
        elif resource.type in INLINE:
            kind, attribute, *holder = INLINE[resource.type]
            principals = self._attachments.holders(resource, *holder)
            found = self._found(resource, attribute, Attachment(principals, kind=kind))
            yield from (found, *_perhaps(found, *self._attachments.perhaps(resource, principals, *holder)))
        elif resource.type == "aws_organizations_policy":
            if (resource.known("type") or _SCP) == _SCP:
                yield self._found(resource, "content", Attachment(kind="scp"))
        elif resource.type == "aws_iam_role":
            yield from self._in_role(resource)

    def _in_role(self, role: Resource) -> Iterator[Found]:
        """Yield the inline policies that the role itself states; a state also lists those of other resources there."""
        attachment = Attachment((role.address,), kind="role")
        for index, policy in enumerate(map(members, items(role.values.get("inline_policy")))):
            name = text(policy.get("name"))
            if policy.get("policy") and not (name and (role.address, name) in self._inline_names):
                place = (*role.place, "inline_policy", index, "policy")
                read = partial(self._decode, place, bool(role.sensitive.get("inline_policy")), role.address)
                yield Found(read, f"{role.address}/{name}", attachment, self._absent(attachment))
        for name, place in self._unknown_in_role(role):
            yield Found(partial(self._unknown, name, place), name, attachment, self._absent(attachment))

    def _unknown_in_role(self, role: Resource) -> Iterator[tuple[str, Path]]:
        """Yield the inline policies whose text is unknown; of a new role that states none the list is unknown, too."""
        unknown, place = role.unknown.get("inline_policy"), (*role.place, "inline_policy")
        if unknown is True and not self._may_state_none(role):
            yield f"{role.address}.inline_policy", place
        for index, flags in enumerate(items(unknown)):
            if flags is True or members(flags).get("policy"):
                yield f"{role.address}.inline_policy[{index}].policy", (*place, index)

    def _may_state_none(self, role: Resource) -> bool:
        """Return whether a plan says the same of a role if no inline policy stands in it.

        It lists no ``dynamic`` blocks: https://github.com/hashicorp/terraform/issues/28346
        """
        return role.is_new and "inline_policy" not in self._inventory.expressions(role)

    def _found(self, resource: Resource, attribute: str, attachment: Attachment) -> Found:
        assumed = self._absent(attachment)
        if isinstance(resource.values.get(attribute), str):
            place = (*resource.place, attribute)
            is_sensitive = bool(resource.sensitive.get(attribute))
            read: Callable[[], Node] = partial(self._decode, place, is_sensitive, f"{resource.address}.{attribute}")
        elif (document := self._document_of(resource, attribute)) is not None:
            read, assumed = document.node, (*document.assumed(), *assumed)
        else:
            read = partial(self._unknown, f"{resource.address}.{attribute}", resource.place)
        return Found(read, resource.address, attachment, assumed)

    def _absent(self, attachment: Attachment) -> tuple[str, ...]:
        of_aws = {
            name: [arn for arn in self._attachments.absent.get(name, ()) if absent.only_allows(arn)]
            for name in attachment.principals
        }
        return (*absent.assumptions(attachment.principals, of_aws), *self._silent(attachment))

    def _silent(self, attachment: Attachment) -> Iterator[str]:
        """Yield what is assumed of new roles whose inline policies a plan does not tell."""
        for role in filter(None, map(self._roles.get, attachment.principals)):
            if role.unknown.get("inline_policy") is True and self._may_state_none(role):
                name = role.address
                yield f"{name} has no dynamic block of inline_policy, which the plan of a new role does not tell"

    def _document_of(self, resource: Resource, attribute: str) -> DeferredDocument | None:
        """Return the deferred document that an unknown policy is, if its expression refers to one and nothing else."""
        expression = self._inventory.expressions(resource).get(attribute)
        found = self._references.of(resource, expression)
        documents = [each for each in found if isinstance(each, Resource) and each.address in self._inventory.deferred]
        if len(found) != 1 or not documents or documents[0].type != _DOCUMENT:
            return None
        self._used.add(documents[0].address)
        return DeferredDocument(documents[0], self._plan)

    def _decode(self, place: Path, is_sensitive: bool, name: str) -> Node:  # noqa: FBT001 - called by partial
        node = self._outline.node(place)
        try:
            return embedded.decode(node)
        except PolicyLoadError as error:
            if is_sensitive:
                _refuse_silently(node, name)
            raise error from None

    def _unknown(self, expression: str, place: Path) -> Node:
        where = nearest(self._outline, place)
        bound = self._plan.bindings.get(expression)
        if bound is not None:
            return embedded.decode(Node(bound, where.source, where.offset))
        return absent.unknown(expression, where)

    def _alone(self) -> Iterator[Found]:
        """Yield the deferred documents that nothing in the configuration refers to, outputs aside.

        Those that name principals are left out: they are trust policies, or those of a resource.
        """
        mentioned: frozenset[str] | None = None
        for document in self._inventory.deferred.values():
            statements = list(map(members, items(document.values.get("statement"))))
            has_principals = any(each.get("principals") or each.get("not_principals") for each in statements)
            if document.type != _DOCUMENT or has_principals or document.address in self._used:
                continue
            mentioned = _mentioned(self._inventory.configuration) if mentioned is None else mentioned
            if f"data.{document.type}.{document.name}" in mentioned:
                continue
            deferred = DeferredDocument(document, self._plan)
            yield Found(deferred.node, document.address, assumed=deferred.assumed())

    def _elsewhere(self) -> Iterator[Found]:
        """Yield attached policies that the file only names: what they deny, nobody knows."""
        holders: dict[str, dict[str, None]] = {}
        for name, arns in self._attachments.absent.items():
            for arn in arns:
                if not absent.only_allows(arn):
                    holders.setdefault(arn, {})[name] = None
        for arn, those in holders.items():
            yield Found(partial(self._unknown, arn, ()), arn, Attachment(tuple(those), kind="managed"))

    def _boundaries(self) -> Iterator[Found]:
        """Yield boundaries that the file only names: what they stop, nobody knows."""
        addresses = {resource.address for resource in self._inventory.resources}
        for name, bounded in self._attachments.bounded.items():
            if name not in addresses:
                read = partial(self._unknown, name, ())
                yield Found(read, name, Attachment(boundary_of=tuple(bounded), kind="managed"))


def _perhaps(found: Found, expression: str, names: tuple[str, ...]) -> Iterator[Found]:
    """Yield a policy once more, in doubt, for those who may have it as well, unless it surely only allows."""
    if names and not _only_allows(found.node):
        doubted = replace(found.node, doubt=Token(expression, found.node.location))
        attachment = Attachment(names, kind=found.attachment.kind)
        yield Found(lambda: doubted, expression, attachment, found.assumed)


def _only_allows(document: Node) -> bool:
    listed = member(document, "Statement")
    if listed is None:
        return False
    statements = listed.value if isinstance(listed.value, list) else [listed]
    effects = [member(each, "Effect") for each in statements]
    return all(effect is not None and effect.value == "Allow" for effect in effects)


def _refuse_silently(node: Node, name: str) -> NoReturn:
    """Refuse a text without a word of it."""
    where = node.location
    raise PolicyLoadError(
        where.path,
        f"{name} is marked as sensitive, and is not a policy document",
        line=where.line,
        column=where.column,
        remedy="look at it where it is written",
    ) from None


def _mentioned(configuration: object) -> frozenset[str]:
    """Return every data block that an expression of a resource or a module call refers to, without its module."""
    found: set[str] = set()
    pending: list[object] = [configuration]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            found.update(".".join(name.partition("[")[0].split(".")[:3]) for name in names(value))
            pending += [each for key, each in value.items() if key not in ("outputs", "references")]
        elif isinstance(value, list):
            pending += value
    return frozenset(found)


def _partition(inventory: Inventory) -> str:
    """Return the partition of the provider's region, if that is written in the configuration."""
    region = members(members(members(inventory.providers.get("aws")).get("expressions")).get("region"))
    name = text(region.get("constant_value"))
    return next((partition for start, partition in _PARTITIONS.items() if name.startswith(start)), "aws")

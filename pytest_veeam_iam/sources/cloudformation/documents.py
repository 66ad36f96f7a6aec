"""The policy documents of a template: it decides where they stand, and must not know what they allow.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-organizations-policy.html
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.document import Attachment
from pytest_veeam_iam.iam.tree import Token
from pytest_veeam_iam.sources import absent, embedded
from pytest_veeam_iam.sources.cloudformation.attachments import (
    INLINE,
    LISTS,
    MANAGED,
    OWNERS,
    SERVERLESS,
    Attachments,
    Bond,
)
from pytest_veeam_iam.sources.cloudformation.stack import function_of, items, members, refusal
from pytest_veeam_iam.sources.cloudformation.texts import made
from pytest_veeam_iam.sources.cloudformation.values import MAX_ASSUMED, Values, in_doubt
from pytest_veeam_iam.sources.found import Found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pytest_veeam_iam.iam.tree import Node
    from pytest_veeam_iam.sources.cloudformation.attachments import Elsewhere, Kind
    from pytest_veeam_iam.sources.cloudformation.conditions import Verdict
    from pytest_veeam_iam.sources.cloudformation.stack import Resource, Stack
    from pytest_veeam_iam.sources.found import Bindings

_MOST_MACROS = 10
_ORGANIZATION = "AWS::Organizations::Policy"
_TEXTS = ("Ref", "Fn::Sub", "Fn::Join", "Fn::FindInMap", "Fn::Select", "Fn::ImportValue", "Fn::GetAtt")


@dataclass(frozen=True, slots=True)
class _Written:
    """A document as the template has it: one of the choices of a property."""

    node: Node
    bond: Bond
    boundary: Bond
    doubt: Token | None = None
    kind: Kind | None = None
    managed: bool = False
    scp: bool = False


def documents(stack: Stack, bindings: Bindings) -> list[Found]:
    """Return the policy documents of a template, in its order."""
    return _Documents(stack, bindings).found()


class _Documents:
    def __init__(self, stack: Stack, bindings: Bindings) -> None:
        self._stack = stack
        self._values = Values(stack, bindings)
        self._attachments = Attachments(stack, self._values)
        self._buckets = self._values.buckets()
        self._added = [
            f"what the {macro.called} adds to the template does not change it"
            for macro in stack.macros[:_MOST_MACROS]
            if macro.only_adds
        ]
        changing = next((macro for macro in stack.macros if not macro.only_adds), None)
        self._changed = None if changing is None else Token(changing.called, changing.node.location)
        self._absent: dict[str, dict[str, None]] = {}

    def found(self) -> list[Found]:
        """Return every document, with what had to be assumed for it and for others of the same principal."""
        found = [each for resource in self._stack.resources.values() for each in self._of(resource)]
        having = {name for each in found for name in each.attachment.principals}
        found += [
            self._elsewhere(each)
            for each in self._attachments.elsewhere
            if each.principal in having or self._attachments.makes(each.principal)
        ]
        found += self._of_macros({name: None for each in found for name in each.attachment.principals})
        return [replace(each, assumed=(*each.assumed, *self._also(each))) for each in found]

    def _of_macros(self, principals: Iterable[str]) -> Iterator[Found]:
        """Yield for all principals what macros may give them: anything."""
        attachment = Attachment(tuple(principals), kind="managed")
        for macro in self._stack.macros[:_MOST_MACROS] if attachment.principals else ():
            node = absent.unknown(macro.called, macro.node)
            yield Found(_returner(node), macro.called, attachment, buckets=self._buckets)

    def _elsewhere(self, policy: Elsewhere) -> Found:
        """Return a document of which nothing is known: it may deny, or limit, anything."""
        node = absent.unknown(policy.called, policy.place)
        attachment = (
            Attachment(boundary_of=(policy.principal,), kind="managed")
            if policy.is_boundary
            else Attachment((policy.principal,), kind="managed")
        )
        return Found(_returner(node), policy.called, attachment, buckets=self._buckets)

    def _also(self, found: Found) -> list[str]:
        principals, limited = found.attachment.principals, found.attachment.boundary_of
        of_all = [self._attachments.notes.get(name, {}) for name in principals]
        of_all += [self._absent.get(name, {}) for name in (*principals, *limited)]
        also = dict.fromkeys(islice(chain.from_iterable(of_all), MAX_ASSUMED))
        return [each for each in also if each not in found.assumed]

    def _of(self, resource: Resource) -> Iterator[Found]:
        self._values.identifiers = resource.identifiers
        reader = self._reader(resource)
        if resource.name in self._attachments.broken:
            yield Found(_raiser(self._attachments.broken[resource.name]), resource.name)
            return
        if reader is None:
            return
        with self._values.noting() as assumed:
            try:
                exists = self._values.holds(resource.condition) if resource.condition is not None else True
                written = list(reader(resource))
            except PolicyLoadError as error:
                yield Found(_raiser(error), resource.name)
                return
        if exists is False:
            self._leave_out(resource, written, assumed)
            return
        for each in written:
            doubt = _token(exists)
            said = list(assumed)
            if doubt and not self._may_lack(resource, each):
                said.append(f"{resource.name} is created, which hangs on {doubt.expression}")
                doubt = None
            parts = [self._document(resource, part, resource.doubt or doubt, said) for part in _parts(each)]
            yield from parts
            yield from self._of_others(parts[0], each.bond, resource)

    def _of_others(self, found: Found, bond: Bond, resource: Resource) -> Iterator[Found]:
        """Yield a document again for those that an unknown name may mean, unless it takes nothing from them."""
        try:
            node = found.node
        except PolicyLoadError:
            return
        try:
            others = Bond() if _only_allows(node) else self._attachments.possible(bond, resource)
        except PolicyLoadError as error:
            yield replace(found, read=_raiser(error))
            return
        names = tuple(name for name in others.names if name not in bond.names)
        if names:
            attachment = replace(found.attachment, principals=names, boundary_of=())
            yield replace(found, read=_returner(in_doubt(node, others.doubt)), attachment=attachment)

    def _may_lack(self, resource: Resource, written: _Written) -> bool:
        """Tell whether somebody may be there without a document: whoever is not created on the same condition."""
        principals = (*written.bond.names, *written.boundary.names)
        return any(self._attachments.condition_of(name) != resource.condition_name for name in principals)

    def _leave_out(self, resource: Resource, written: list[_Written], assumed: Iterable[str]) -> None:
        """Remember for other documents of its principals why a document is not there."""
        sentences = dict.fromkeys(f"{resource.name} is not created, because {sentence}" for sentence in assumed)
        for name in {name for each in written for name in (*each.bond.names, *each.boundary.names)}:
            self._absent.setdefault(name, {}).update(islice(sentences.items(), MAX_ASSUMED))

    def _reader(self, resource: Resource) -> Callable[[Resource], Iterator[_Written]] | None:
        if resource.type in OWNERS:
            return self._of_owner
        if resource.type in SERVERLESS:
            return self._of_function
        if resource.type in INLINE:
            return self._of_inline
        if resource.type == _ORGANIZATION:
            return self._of_organization
        return self._of_policy if resource.type in (MANAGED, "AWS::IAM::Policy") else None

    # Where they stand

    def _of_policy(self, resource: Resource) -> Iterator[_Written]:
        """Yield the document of a policy that says itself to whom it is attached."""
        managed = resource.type == MANAGED
        bond, kinds = Bond(), []
        for key, kind in LISTS.items():
            named = self._attachments.bond(resource.properties.get(key), kind)
            kinds += [kind] if named.names else []
            _extend(bond, named)
        boundary = Bond()
        if managed:
            for name, doubt in self._attachments.managed.get(resource.name, Bond()).names.items():
                _extend(bond, self._attachments.with_members(name), doubt)
            boundary = self._attachments.boundaries.get(resource.name, Bond())
        for node, doubt in self._choices(resource, "PolicyDocument"):
            yield _Written(node, bond, boundary, doubt, kinds[0] if kinds and not managed else None, managed)

    def _of_inline(self, resource: Resource) -> Iterator[_Written]:
        key, kind = INLINE[resource.type]
        bond = self._attachments.bond(resource.properties.get(key), kind)
        for node, doubt in self._choices(resource, "PolicyDocument", optional=True):
            yield _Written(node, bond, Bond(), doubt, kind)

    def _of_owner(self, resource: Resource) -> Iterator[_Written]:
        bond = self._attachments.with_members(resource.name)
        for policy, doubt in self._policies(resource):
            for node, why in self._choices_in(policy, "PolicyDocument"):
                yield _Written(node, bond, Bond(), doubt or why, OWNERS[resource.type])

    def _of_function(self, resource: Resource) -> Iterator[_Written]:
        makes_role = self._attachments.makes_role(resource.name)
        bond = self._attachments.with_members(f"{resource.name}Role")
        for policy, doubt in self._policies(resource) if makes_role else ():
            if "Statement" in members(policy):
                yield _Written(policy, bond, Bond(), doubt or _token(makes_role), "role")

    def _of_organization(self, resource: Resource) -> Iterator[_Written]:
        kind = resource.properties.get("Type")
        if kind is None or self._values.text(kind) == "SERVICE_CONTROL_POLICY":
            for node, doubt in self._choices(resource, "Content"):
                yield _Written(node, Bond(), Bond(), doubt, scp=True)

    def _policies(self, resource: Resource) -> Iterator[tuple[Node, Token | None]]:
        """Yield the items of the property Policies, which may be chosen one by one or all together."""
        listed = resource.properties.get("Policies")
        for node, doubt in self._values.choices(listed) if listed is not None else ():
            for item in items(node):
                for choice, why in self._values.choices(item):
                    yield choice, doubt or why

    def _choices(self, resource: Resource, key: str, *, optional: bool = False) -> list[tuple[Node, Token | None]]:
        node = resource.properties.get(key)
        properties = members(resource.node).get("Properties", resource.node)
        if resource.brought_in is not None:
            return [(made({resource.brought_in[0]: resource.brought_in[1]}, properties), None)]
        if node is not None:
            return self._values.choices(node)
        if optional:
            return []
        return self._missing(properties, key)

    def _choices_in(self, policy: Node, key: str) -> list[tuple[Node, Token | None]]:
        fields = members(policy)
        return self._values.choices(fields[key]) if key in fields else self._missing(policy, key)

    def _missing(self, node: Node, key: str) -> list[tuple[Node, Token | None]]:
        """Return the node itself if a function may bring the document in; else say that there is none."""
        if any(name.startswith("Fn::") or name == "Ref" for name in members(node)):
            return [(node, None)]
        raise refusal(node, f"this policy has no {key}", f"add {key}")

    # What they are

    def _document(self, resource: Resource, written: _Written, doubt: Token | None, assumed: Iterable[str]) -> Found:
        read: Callable[[], Node]
        with self._values.noting() as sentences:
            self._values.note([*(() if written.bond.names else self._added), *assumed])
            try:
                node = self._tree(written.node)
                why = self._changed or doubt or written.doubt or written.bond.doubt or written.boundary.doubt
                read = _returner(in_doubt(node, why))
            except PolicyLoadError as error:
                read = _raiser(error)
        return Found(
            read=read,
            entity=resource.name,
            attachment=Attachment(
                principals=tuple(written.bond.names),
                boundary_of=tuple(written.boundary.names),
                kind="managed" if written.managed else "scp" if written.scp else written.kind,
            ),
            assumed=tuple(sentences),
            buckets=self._buckets,
        )

    def _tree(self, node: Node) -> Node:
        """Return a document without functions; also that of a text, in which unknown values may stand."""
        call = function_of(node)
        if isinstance(node.value, str) or (call is not None and call[0] in _TEXTS):
            pieces = self._values.spent(self._values.pieces(node))
            if len(pieces) != 1 or not isinstance(pieces[0], Token):
                return embedded.parse(node.source.path, pieces)
        return self._values.resolve(node) or node


def _extend(bond: Bond, other: Bond, doubt: Token | None = None) -> None:
    for name, why in other.names.items():
        bond.add(name, doubt or why)


def _parts(written: _Written) -> Iterator[_Written]:
    """Yield a document for those who surely have it, and for those who may not, who must not pass for the others."""
    names, sure, doubted = written.bond.names, written.bond.sure, written.bond.doubted
    if sure or written.boundary.names or not doubted:
        yield replace(written, bond=Bond(dict.fromkeys(sure)))
    if doubted:
        yield replace(written, bond=Bond({name: names[name] for name in doubted}), boundary=Bond())


def _only_allows(document: Node) -> bool:
    """Return whether each statement of a document surely is an Allow, whatever it allows."""
    effects = [members(each).get("Effect") for each in items(members(document).get("Statement"))]
    return bool(effects) and all(effect is not None and effect.value == "Allow" for effect in effects)


def _token(verdict: Verdict) -> Token | None:
    return verdict if isinstance(verdict, Token) else None


def _returner(node: Node) -> Callable[[], Node]:
    return lambda: node


def _raiser(error: PolicyLoadError) -> Callable[[], Node]:
    def read() -> Node:
        raise error

    return read

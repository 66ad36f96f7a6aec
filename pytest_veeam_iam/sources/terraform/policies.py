"""Which policy documents stand in a file of a module, as what, and whom they belong to.

A document is one if a resource makes it a policy of a role, user or group, a managed policy, an SCP or a permission
set's policy; also a data block that nothing in the module uses, and what is handed to a module whose files are
elsewhere. Trust policies, bucket policies and the like are none.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Literal, TypeAlias

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.document import Attachment
from pytest_veeam_iam.iam.tree import Node
from pytest_veeam_iam.sources.absent import unknown as unknown_document
from pytest_veeam_iam.sources.found import Found
from pytest_veeam_iam.sources.terraform import documents, handed, values
from pytest_veeam_iam.sources.terraform.attachments import INLINE, Attachments, Bond
from pytest_veeam_iam.sources.terraform.buckets import buckets_of
from pytest_veeam_iam.sources.terraform.directory import twice
from pytest_veeam_iam.sources.terraform.evaluation import unknown
from pytest_veeam_iam.sources.terraform.uses import is_local

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pytest_veeam_iam.iam.tree import Token
    from pytest_veeam_iam.sources.terraform.directory import SourceFile
    from pytest_veeam_iam.sources.terraform.module import Instance, Module
    from pytest_veeam_iam.sources.terraform.syntax import Argument, Block

Kind: TypeAlias = Literal["managed", "role", "user", "group", "scp"]


@dataclass(frozen=True, slots=True)
class _Holder:
    """A type of resource that holds a document.

    Attributes:
        argument: The document.
        kind: What the document is.
    """

    argument: str
    kind: Kind


_HOLDERS = {
    "aws_iam_policy": _Holder("policy", "managed"),
    "aws_iam_role_policy": _Holder("policy", "role"),
    "aws_iam_user_policy": _Holder("policy", "user"),
    "aws_iam_group_policy": _Holder("policy", "group"),
    "aws_organizations_policy": _Holder("content", "scp"),
    "aws_ssoadmin_permission_set_inline_policy": _Holder("inline_policy", "role"),
}
_ROLE = "aws_iam_role"
_DATA = "aws_iam_policy_document"
_ATTACHING = (
    "aws_iam_policy", "aws_iam_role_policy", "aws_iam_user_policy", "aws_iam_group_policy", "inline_policy",
    "aws_organizations_policy", '"./', '"../',
)  # fmt: skip
"""One of these stands in every file that attaches a policy: a type of resource, or a module's local path."""

_HANDING = ("Statement", "polic")
MENTIONS = (*_ATTACHING, *_HANDING)
"""One of these stands in every file that holds or calls for a policy."""

_DECLARED = re.compile(
    rf'\b(?:resource|data)[ \t]+"?(?:{"|".join([*_HOLDERS, _DATA])})\b'
    r'|\binline_policy\b|\bsource[ \t]*=[ \t]*"\.\.?/'
)
_CALLED = re.compile(r'^[ \t]*+module[ \t]+"', re.MULTILINE)
_SCP = "SERVICE_CONTROL_POLICY"


def may_hold(text: str, *, is_json: bool) -> bool:
    """Return whether a file may hold a policy, or call a module of the repository, which is seen without a parse.

    Args:
        text: The file.
        is_json: Whether it is in JSON syntax.
    """
    if any(mention in text for mention in _ATTACHING) and (is_json or _DECLARED.search(text) is not None):
        return True
    return any(mention in text for mention in _HANDING) and (is_json or _CALLED.search(text) is not None)


class Documents:
    """The documents of one module and of those that it calls.

    Args:
        module: The module that is read first.
    """

    def __init__(self, module: Module) -> None:
        self._module = module
        self._kept: dict[SourceFile, list[Found]] = {}

    def is_fresh(self) -> bool:
        """Return whether the modules that it calls, and the files that it names, are as they were."""
        return self._module.run.is_fresh()

    @cached_property
    def buckets(self) -> tuple[tuple[str, str | None], ...]:
        """The buckets of all these modules."""
        return buckets_of(self._module)

    @property
    def attachments(self) -> Attachments:
        """Who has which policy; found out when the first document wants to know, once also if that fails."""
        if isinstance(self._attachments, PolicyLoadError):
            raise self._attachments
        return self._attachments

    @cached_property
    def _attachments(self) -> Attachments | PolicyLoadError:
        try:
            return Attachments(self._module)
        except PolicyLoadError as error:
            return error

    def of_file(self, file: SourceFile) -> list[Found]:
        """Return the documents of one file, in its order, then those of other files that the same principals have.

        Raises:
            PolicyLoadError: The file cannot be read, or declares something twice.
        """
        own = self._own(file)
        principals = {name for each in own for name in each.attachment.principals}
        return [*own, *self._companions(file, principals), *self._elsewhere(principals)] if principals else own

    def of_all(self) -> list[Found]:
        """Return the documents of all files that may hold one.

        Raises:
            PolicyLoadError: A file cannot be read, or declares something twice.
        """
        files = self._module.directory.files
        return [each for file in files if may_hold(file.text.text, is_json=file.is_json) for each in self._own(file)]

    def _elsewhere(self, principals: set[str]) -> Iterator[Found]:
        """Yield documents of which nothing is known, for what some principals have and the module does not hold."""
        for policy in self.attachments.elsewhere:
            if policy.principal in principals:
                read = partial(unknown_document, policy.called, policy.place)
                yield Found(read, policy.called, policy.attachment, buckets=self.buckets)

    def _companions(self, file: SourceFile, principals: set[str]) -> Iterator[Found]:
        """Yield what other files of the module attach to some principals; one that is broken speaks for itself."""
        for other in self._module.directory.files:
            if other is not file and any(mention in other.text.text for mention in _ATTACHING):
                with suppress(PolicyLoadError):
                    for each in self._own(other):
                        if not principals.isdisjoint((*each.attachment.principals, *each.attachment.boundary_of)):
                            yield each

    def _own(self, file: SourceFile) -> list[Found]:
        if file not in self._kept:
            self._kept[file] = self._read(file)
        return self._kept[file]

    def _read(self, file: SourceFile) -> list[Found]:
        file.index  # noqa: B018 - it raises
        absent: dict[str, None] = {}
        found = [*self._of_file(self._module, file, None, absent)]
        return [replace(each, assumed=(*each.assumed, *absent)) for each in found] if absent else found

    def _of_file(
        self, module: Module, file: SourceFile, doubt: Token | None, absent: dict[str, None]
    ) -> Iterator[Found]:
        """Yield the documents of a file, and say which are absent only because of an assumption."""
        for block in file.blocks:
            if file.overrides or not _may_hold(block):
                continue
            try:
                if block.type == "module":
                    yield from self._of_call(module, block, doubt, absent)
                else:
                    yield from self._of_block(module, self._whole(module, file, block), doubt, absent)
            except PolicyLoadError as error:
                yield Found(_raising(error), f"{module.prefix}{_label(block)}")

    def _whole(self, module: Module, file: SourceFile, block: Block) -> Block:
        """Return a block with what overrides it; an error if another file declares it as well."""
        address = (block.type, *block.labels)
        for other in module.directory.declaring(*address):
            if other is not file and not other.overrides:
                again = module.directory.block(other, *address)
                if again is not None:
                    raise twice(address, again, block)
        return module.block(*address) or block

    def _of_call(self, module: Module, block: Block, doubt: Token | None, absent: dict[str, None]) -> Iterator[Found]:
        if not is_local(block):
            yield from self._handed(module, block, doubt)
            return
        for _, child in module.children(block.labels[0]):
            why = doubt or (None if child.caller is None else child.caller.doubt)
            for file in child.directory.files:
                if may_hold(file.text.text, is_json=file.is_json) and child.directory.can_read(file):
                    yield from self._of_file(child, file, why, absent)

    def _of_block(self, module: Module, block: Block, doubt: Token | None, absent: dict[str, None]) -> Iterator[Found]:
        type_ = block.labels[0]
        if block.type == "data" and (module.uses(block) if module.caller is None else not module.hands_away(block)):
            return
        instances, notes = module.run.recorded(lambda: module.instances(block))
        if not instances:
            absent.update((f"{module.prefix}{_label(block)} is left out, because {note}", None) for note in notes)
        for instance in instances:
            inner = instance if doubt is None else replace(instance, doubt=doubt)
            if block.type == "data":
                yield from self._alone(module, block, inner, notes)
            elif type_ == _ROLE:
                yield from self._inline(module, block, inner, notes)
            else:
                yield from self._of_resource(module, block, inner, notes)

    def _handed(self, module: Module, block: Block, doubt: Token | None) -> Iterator[Found]:
        """Yield the documents that a module whose files are elsewhere is called with, but for those of data blocks."""
        arguments = [each for each in block.body.arguments().values() if handed.may_be_policy(each)]
        for instance in module.instances(block) if arguments else ():
            for argument in arguments:
                node, notes = module.run.recorded(partial(module.evaluate, argument.value, instance.scope))
                entity = f"{module.prefix}module.{block.labels[0]}{instance.suffix}.{argument.name}"
                for tree in handed.documents_in(node):
                    if not handed.is_of_data_block(module, tree):
                        why = doubt or instance.doubt or tree.doubt
                        work = partial(documents.in_doubt, tree, why)
                        yield self._found(module, entity, Attachment(), None, notes, work)

    # One document each

    def _alone(self, module: Module, block: Block, instance: Instance, notes: dict[str, None]) -> Iterator[Found]:
        """A data block that nothing uses; one with principals is no identity policy."""
        for statement, _, _ in module.expand(block.body, "statement", instance.scope):
            named = [*statement.body.blocks("principals"), *statement.body.blocks("not_principals")]
            if any(each.type != "dynamic" for each in named):
                return
        yield self._found(
            module, f"{module.prefix}{_label(block)}{instance.suffix}", Attachment(), instance.doubt, notes,
            partial(documents.document, module, block, instance.scope),
        )  # fmt: skip

    def _of_resource(self, module: Module, block: Block, instance: Instance, notes: dict[str, None]) -> Iterator[Found]:
        type_ = block.labels[0]
        holder = _HOLDERS[type_]
        argument = block.body.argument(holder.argument)
        if argument is None or (holder.kind == "scp" and not _is_scp(module, block, instance)):
            return
        entity = f"{module.prefix}{_label(block)}{instance.suffix}"
        bond, boundary_of = Bond(), tuple[str, ...]()
        if holder.kind == "managed":
            bond, boundary_of = self.attachments.of_managed(entity), self.attachments.of_boundary(entity)
        elif type_ in INLINE:
            bond = self.attachments.of_inline(module, block, instance, *INLINE[type_])

        def held_by(names: Iterable[str], boundary_of: tuple[str, ...], doubt: Token | None) -> Found:
            return self._found(
                module, entity, Attachment(tuple(names), boundary_of, holder.kind), instance.doubt or doubt, notes,
                partial(_document, module, argument, instance),
            )  # fmt: skip

        if bond.sure or boundary_of or not bond.names:
            yield held_by(bond.sure, boundary_of, None)
        if bond.doubted:
            yield held_by(bond.doubted, (), next(iter(bond.doubted.values())))
        if bond.maybe:
            others = held_by(bond.maybe, (), next(iter(bond.maybe.values())))
            if _may_deny(others):
                yield others

    def _inline(self, module: Module, block: Block, instance: Instance, notes: dict[str, None]) -> Iterator[Found]:
        """The inline policies that stand in a role itself."""
        role = f"{module.prefix}{_label(block)}{instance.suffix}"
        found = [*module.expand(block.body, "inline_policy", instance.scope)]
        for number, (nested, scope, doubt) in enumerate(found):
            argument = nested.body.argument("policy")
            if argument is None:
                continue
            entity = role if len(found) == 1 else f"{role}.inline_policy[{number}]"
            inner = replace(instance, scope=scope, doubt=instance.doubt or doubt)
            yield self._found(
                module, entity, Attachment((role,), (), "role"), inner.doubt, notes,
                partial(_document, module, argument, inner),
            )  # fmt: skip

    def _found(
        self,
        module: Module,
        entity: str,
        attachment: Attachment,
        doubt: Token | None,
        notes: dict[str, None],
        work: Callable[[], Node],
    ) -> Found:
        """Return a document; an error in it comes out when it is read, so that the others are not lost."""
        module.run.evaluator.budget.renew()
        said = dict(notes)
        for name in attachment.principals:
            said |= self.attachments.notes.get(name, {})
        try:
            tree, more = module.run.recorded(work)
        except PolicyLoadError as error:
            return Found(_raising(error), entity, attachment, tuple(said))
        tree = _plain(documents.in_doubt(tree, doubt))
        return Found(lambda: tree, entity, attachment, tuple(said | more), self.buckets)


def _may_deny(found: Found) -> bool:
    """Return whether a document may do more than allow; one that cannot be read is an error of its own."""
    try:
        tree = found.node
    except PolicyLoadError:
        return False
    statements = tree.value.get("Statement") if isinstance(tree.value, dict) else None
    if statements is None:
        return True
    for item in statements.value if isinstance(statements.value, list) else [statements]:
        effect = item.value.get("Effect") if isinstance(item.value, dict) else None
        if effect is None or effect.value != "Allow":
            return True
    return False


def _raising(error: PolicyLoadError) -> Callable[[], Node]:
    def read() -> Node:
        raise error

    return read


def _document(module: Module, argument: Argument, instance: Instance) -> Node:
    """Return the document that an argument holds."""
    value = module.evaluate(argument.value, instance.scope)
    if values.is_null(value) or value.value == "":  # a default that nobody means
        value = unknown(argument.value)
    tree = documents.in_doubt(documents.document_of(value), value.doubt)
    reason = values.token_of(tree)
    if reason is not None and reason.expression in module.run.unread:
        raise module.run.unread[reason.expression]
    return tree


def _plain(node: Node) -> Node:
    """Return a tree that holds nothing but nodes."""
    value = node.value
    if isinstance(node, values.Encoded):
        text = values.text(values.pieces_of(node) or (), node.source, node.offset)
        return Node(text.value, node.source, node.offset, doubt=node.doubt)
    if isinstance(value, list):
        value = [_plain(item) for item in value]
    elif isinstance(value, dict):
        value = {key: _plain(member) for key, member in value.items()}
    return Node(value, node.source, node.offset, node.keys, node.duplicates, node.doubt)


def _label(block: Block) -> str:
    return ".".join((*(() if block.type == "resource" else (block.type,)), *block.labels))


def _may_hold(block: Block) -> bool:
    if block.type == "module":
        return len(block.labels) == 1
    if len(block.labels) != 2:
        return False
    type_ = block.labels[0]
    return type_ == _DATA if block.type == "data" else block.type == "resource" and type_ in (*_HOLDERS, _ROLE)


def _is_scp(module: Module, block: Block, instance: Instance) -> bool:
    type_ = module.value(block, "type", instance.scope)
    return type_ is None or not isinstance(type_.value, str) or type_.value == _SCP

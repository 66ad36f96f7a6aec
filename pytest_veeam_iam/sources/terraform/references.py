"""References to resources, data and modules as a whole: what their attributes and instances are.

A bucket's name and ARN are literal if its name is, else a token with the bucket's address, so that a target may name
the bucket itself. Where somebody asks to whom a policy is attached, the name or ARN of a role, user, group or policy
is a token with its address. Any other attribute is the argument of that name, if there is one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.tree import Node, Template, Token
from pytest_veeam_iam.sources.terraform import functions, values
from pytest_veeam_iam.sources.terraform.evaluation import Addressed, unknown
from pytest_veeam_iam.sources.terraform.syntax import EachOf, GetAttribute

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_veeam_iam.sources.terraform.module import Instance, Module
    from pytest_veeam_iam.sources.terraform.scope import Scope
    from pytest_veeam_iam.sources.terraform.syntax import Block, Expression, Step

PRINCIPALS = ("aws_iam_role", "aws_iam_user", "aws_iam_group", "aws_ssoadmin_permission_set")
_ADDRESSED = (*PRINCIPALS, "aws_iam_policy")
_NAMES = ("name", "id", "arn", "unique_id")
_COMPUTED = ("arn", "unique_id", "owner_id")
"""Attributes that no resource has as an argument."""

_WITHOUT_ARGUMENTS = ("aws_caller_identity", "aws_partition")
_SAME_AS_NAME = {"aws_iam_role": "name", "aws_iam_user": "name", "aws_iam_group": "name", "aws_s3_bucket": "bucket"}
"""Types whose ``id`` is the argument of that name."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource or data block, or one instance of it, as an expression refers to it.

    Attributes:
        module: Where it stands.
        address: ``resource`` or ``data``, its type and its name.
        at: The expression.
        scope: Where that stands.
        key: ``[0]`` or ``["a"]``; ``[*]`` for one of which nobody knows which; empty if nobody chose.
    """

    module: Module
    address: tuple[str, str, str]
    at: Expression
    scope: Scope
    key: str = ""

    def follow(self, steps: Sequence[Step]) -> tuple[Node, int]:
        """Return what some steps lead to, and how many of them that took."""
        if steps and isinstance(steps[0], GetAttribute) and not steps[0].name.isdigit():
            return self._attribute(steps[0].name), 1
        if not steps or isinstance(steps[0], EachOf):
            return self.node(), 0
        chosen = self._chosen(key_of_step(steps[0], self.scope))
        if chosen is None:
            return unknown(self.at, failed=True), len(steps)
        node, taken = chosen.follow(steps[1:])
        return node, taken + 1

    def node(self) -> Node:
        """Return it as a value."""
        token = Token(self.at.text, self.at.location)
        return ResourceReference(Template((token,)), self.at.source, self.at.start, pieces=(token,), resource=self)

    def _chosen(self, key: str) -> Resource | None:
        """Return one instance, None if there is none of that key."""
        block = self._block
        found = [] if block is None or key == "[*]" else self.module.instances(block)
        if found and not any(each.doubt is not None or each.suffix == key for each in found):
            return None
        return Resource(self.module, self.address, self.at, self.scope, key)

    @property
    def label(self) -> str:
        """Its address within its module."""
        mode, type_, name = self.address
        return f"{'data.' if mode == 'data' else ''}{type_}.{name}{self.key}"

    @property
    def _block(self) -> Block | None:
        return self.module.block(*self.address)

    def pairs(self) -> Iterator[tuple[Node, Node]]:
        """Yield key and instance."""
        block = self._block
        if block is None or self.key:
            yield Node("", self.at.source, self.at.start), self.node()
            return
        for instance in self.module.instances(block):
            key = instance.scope.key or Node("", self.at.source, self.at.start)
            chosen = replace(self, key=instance.suffix or ("[*]" if instance.doubt else ""))
            yield key, values.doubted(chosen.node(), instance.doubt)

    def _instance(self) -> Instance | None:
        """Return the instance that is meant, None if nobody knows it."""
        block = self._block
        found = [] if block is None else self.module.instances(block, wants_addresses=self.scope.wants_addresses)
        return next((each for each in found if each.suffix == self.key), found[0] if len(found) == 1 else None)

    def _attribute(self, name: str) -> Node:
        _, type_, _ = self.address
        if self.scope.wants_addresses and type_ in _ADDRESSED and name in _NAMES and self.address[0] == "resource":
            return self._token(name, symbol=f"tf:{self.module.prefix}{self.label}", is_arn=name == "arn")
        if type_ == "aws_s3_bucket" and name in ("arn", "id", "bucket"):
            return self._bucket(name)
        if type_ == "aws_iam_policy_document" and name in ("json", "minified_json"):
            return self._document(name)
        if (type_, name) == ("template_file", "rendered"):
            return self._rendered()
        if (self.address[0] == "resource" and name in _COMPUTED) or type_ in _WITHOUT_ARGUMENTS:
            return self._token(name)
        argument = _SAME_AS_NAME.get(type_, name) if name == "id" else name
        return self._argument(argument) or self._token(name)

    def _argument(self, name: str) -> Node | None:
        """Return the value of an argument, None if that is not known at all."""
        block, instance = self._block, self._instance()
        if block is None or instance is None:
            return None
        return self.module.once_argument(self.label, block, name, instance.scope, self.at)

    def _token(self, attribute: str, symbol: str = "", *, is_arn: bool = False) -> Node:
        token = Token(f"{self.label}.{attribute}", self.at.location, symbol, is_arn)
        return values.unknown(token, self.at.source, self.at.start)

    def _bucket(self, attribute: str) -> Node:
        name = self._argument("bucket")
        if name is not None and isinstance(name.value, str) and name.value:
            # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
            arn = f"arn:aws:s3:::{name.value}" if attribute == "arn" else name.value
            return values.literal(arn, self.at.source, self.at.start)
        return self._token(attribute, f"tf:{self.module.prefix}{self.label}", is_arn=attribute == "arn")

    def _document(self, attribute: str) -> Node:
        from pytest_veeam_iam.sources.terraform import documents

        block, instance = self._block, self._instance()
        if block is None or instance is None:
            return self._token(attribute)
        return self.module.once_document(
            self.label, self.at, lambda: values.encoded(documents.document(self.module, block, instance.scope))
        )

    def _rendered(self) -> Node:
        """Return what the old ``template_file`` makes of its template."""
        template, variables = self._argument("template"), self._argument("vars")
        if template is None or not isinstance(template.value, str):
            return self._token("rendered")
        names = {} if variables is None else values.members_of(variables)
        if names is None:
            return self._token("rendered")
        return functions.render(self.module.run.evaluator, template, names, self.scope)


@dataclass(slots=True, eq=False, kw_only=True)
class ResourceReference(Addressed):
    """A resource as a value."""

    resource: Resource

    def follow(self, steps: Sequence[Step]) -> tuple[Node, int]:
        """Return what some steps lead to."""
        return self.resource.follow(steps)

    def pairs(self) -> Iterator[tuple[Node, Node]]:
        """Yield key and instance."""
        return self.resource.pairs()


def key_of_step(step: Step, scope: Scope) -> str:
    """Return the suffix of an address that an index is: ``[0]``, ``["a"]``, or ``[*]`` if nobody knows it."""
    if isinstance(step, GetAttribute):
        return f"[{step.name}]"
    assert not isinstance(step, EachOf)  # noqa: S101 - of the callers
    key = scope.world.evaluate(step.key, scope)
    name = values.string_of(key)
    if name is None:
        return "[*]"
    return f'["{name}"]' if isinstance(key.value, str) and not name.isdigit() else f"[{name}]"


@dataclass(frozen=True, slots=True)
class Called:
    """A called module, or one instance of it, as an expression refers to it.

    Attributes:
        module: Who calls it.
        name: Of the call.
        at: The expression.
        scope: Where that stands.
        key: As of a resource.
    """

    module: Module
    name: str
    at: Expression
    scope: Scope
    key: str = ""

    def follow(self, steps: Sequence[Step]) -> tuple[Node, int]:
        """Return what some steps lead to, and how many of them that took."""
        if steps and isinstance(steps[0], GetAttribute) and not steps[0].name.isdigit():
            return self._output(steps[0].name), 1
        if not steps or isinstance(steps[0], EachOf):
            return self.node(), 0
        node, taken = replace(self, key=key_of_step(steps[0], self.scope)).follow(steps[1:])
        return node, taken + 1

    def node(self) -> Node:
        """Return it as a value."""
        token = Token(self.at.text, self.at.location)
        return ModuleReference(Template((token,)), self.at.source, self.at.start, pieces=(token,), called=self)

    def _output(self, name: str) -> Node:
        found = self.module.children(self.name)
        child = next((module for suffix, module in found if suffix == self.key), None)
        expression = f"module.{self.name}{self.key}.{name}"
        if child is None:
            return values.unknown(Token(expression, self.at.location), self.at.source, self.at.start)
        node = child.output(name, self.at, self.scope)
        return unknown(self.at) if isinstance(node, values.Failed) else node

    def pairs(self) -> Iterator[tuple[Node, Node]]:
        """Yield key and instance."""
        block = self.module.block("module", self.name)
        if block is None or self.key:
            yield Node("", self.at.source, self.at.start), self.node()
            return
        for instance in self.module.instances(block):
            key = instance.scope.key or Node("", self.at.source, self.at.start)
            yield key, values.doubted(replace(self, key=instance.suffix).node(), instance.doubt)


@dataclass(slots=True, eq=False, kw_only=True)
class ModuleReference(Addressed):
    """A called module as a value."""

    called: Called

    def follow(self, steps: Sequence[Step]) -> tuple[Node, int]:
        """Return what some steps lead to."""
        return self.called.follow(steps)

    def pairs(self) -> Iterator[tuple[Node, Node]]:
        """Yield key and instance."""
        return self.called.pairs()

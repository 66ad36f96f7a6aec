"""What an expression of a configuration refers to: the resource instances behind a value that a plan does not know yet.

A plan names the references of an expression and not its text, so it is decided here how much they prove.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_veeam_iam.sources.outline import items, members, text
from pytest_veeam_iam.sources.terraform_plan.resources import Block

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam.sources.terraform_plan.resources import Inventory, Resource

MAX_HOPS = 20
"""How often a value may be handed on by variables and outputs of modules."""

MAX_FOUND = 1000
"""How many resources an expression may refer to in the end."""

_KEY = r'\[(?:\d+|"(?:[^"\\]|\\.)*+")\]'
_of_resource = re.compile(rf"(data\.)?([a-z][\w-]*+)\.([\w-]++)({_KEY})?(?:\..*)?").fullmatch
_of_variable = re.compile(r"var\.([\w-]++)(?:[.\[].*)?").fullmatch
_of_output = re.compile(rf"module\.([\w-]++)({_KEY})?\.([\w-]++)(?:[.\[].*)?").fullmatch
_caller = re.compile(rf"(?:(.*)\.)?module\.([\w-]++)({_KEY})?").fullmatch
_NO_RESOURCES = ("count", "each", "local", "module", "path", "self", "terraform", "var")


@dataclass(frozen=True, slots=True)
class Scope:
    """From where something is referred to.

    Attributes:
        module: The address of the module instance.
        key: The instance key of the resource or module call that refers, or empty.
    """

    module: str
    key: str


class References:
    """The references of a plan.

    Args:
        inventory: Its resources and its configuration.
    """

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._found: dict[tuple[str, Scope], tuple[Resource | str, ...]] = {}

    def of(self, resource: Resource, expression: object) -> list[Resource | str]:
        """Return what each reference of an expression leads to: a resource instance, or its own text.

        Args:
            resource: Whose configuration the expression stands in.
            expression: As the configuration has it.
        """
        scope = Scope(resource.module, resource.key)
        return [found for name in names(expression) for found in self._resolve(name, scope, MAX_HOPS)]

    def _resolve(self, name: str, scope: Scope, hops: int) -> tuple[Resource | str, ...]:
        if (name, scope) not in self._found:
            self._found[name, scope] = (name,)  # for one that leads back to itself
            further = list(self._handed_on(name, scope)) if hops else []
            found = tuple(each for other in further for each in self._resolve(*other, hops - 1))
            if not further:
                found = (self._instance(name, scope) or name,)
            self._found[name, scope] = found if len(found) <= MAX_FOUND else (name,)
        return self._found[name, scope]

    def _handed_on(self, name: str, scope: Scope) -> Iterator[tuple[str, Scope]]:
        """Yield the references behind a variable, which its caller sets, or behind an output of a module."""
        if (variable := _of_variable(name)) and (call := _caller(scope.module)):
            parent = Scope(call[1] or "", call[3] or "")
            calls = members(self._inventory.module_configuration(parent.module).get("module_calls"))
            expression = members(members(calls.get(call[2])).get("expressions")).get(variable[1])
            yield from ((each, parent) for each in names(expression))
        if output := _of_output(name):
            call_address = f"module.{output[1]}{output[2] or ''}"
            child = Scope(f"{scope.module}.{call_address}" if scope.module else call_address, "")
            outputs = members(self._inventory.module_configuration(child.module).get("outputs"))
            expression = members(outputs.get(output[3])).get("expression")
            yield from ((each, child) for each in names(expression))

    def _instance(self, name: str, scope: Scope) -> Resource | None:
        """Return the one instance that a reference can mean: that of its key, the only one, or that of our key."""
        parts = _of_resource(name)
        if parts is None or parts[2] in _NO_RESOURCES:
            return None
        block = Block(scope.module, "data" if parts[1] else "managed", parts[2], parts[3])
        instances = self._inventory.instances(block)
        key = parts[4]
        if key is None and len(instances) == 1:
            return next(iter(instances.values()))
        return instances.get(scope.key if key is None else key)


def names(expression: object) -> list[str]:
    """Return the references of an expression, each as often as it is written.

    Terraform lists after each of them what it is a part of: ``aws_s3_bucket.repo.arn`` and then ``aws_s3_bucket.repo``.
    """
    found: list[str] = []
    last = ""
    for name in (text(each) for each in items(members(expression).get("references"))):
        if not (last.startswith(name) and last[len(name) : len(name) + 1] in (".", "[")):
            found.append(name)
            last = name
    return [name for name in found if name.partition(".")[0] not in ("count", "each", "path", "terraform")]

"""Terraform's JSON as a list of resources: what a plan, a state or a state file holds of each, wherever it stands.

It knows no IAM. Of a plan only what will be is read: nothing that is deleted, and never what was before.

https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pytest_veeam_iam.sources.outline import items, members, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_veeam_iam.sources.outline import Path

MAX_MODULE_DEPTH = 50
"""How deep modules may call each other; Terraform itself stops no one."""

_KEY = r'\[(?:\d+|"(?:[^"\\]|\\.)*+")\]'
_module_call = re.compile(rf"module\.([\w-]+)(?:{_KEY})?").findall
_last_key = re.compile(rf"({_KEY})$").search


@dataclass(frozen=True)
class Resource:
    """One instance of a resource or data block.

    Attributes:
        address: As Terraform writes it, ``module.backup[0].aws_iam_role.this["a"]``.
        module: The address of the module instance it stands in; empty for the root.
        mode: ``managed`` or ``data``.
        type: ``aws_iam_role``.
        name: Of the block.
        key: Its instance key in brackets, or empty.
        values: What is known of its attributes.
        place: Where the values stand in the file.
        unknown: What of them is not, in the same shape: True for whatever is known after the apply only.
        sensitive: What of them must not be shown, in the same shape.
        is_new: Whether the plan makes it; of what is there already, an attribute that nobody states is known.
    """

    address: str
    module: str
    mode: str
    type: str
    name: str
    key: str
    values: Mapping[str, object]
    place: Path
    unknown: Mapping[str, object] = field(default_factory=dict)
    sensitive: Mapping[str, object] = field(default_factory=dict)
    is_new: bool = False

    def known(self, attribute: str) -> str:
        """Return a text that is known and may be shown, else the empty one."""
        return "" if self.sensitive.get(attribute) else text(self.values.get(attribute))

    @property
    def block(self) -> Block:
        """The block it is an instance of."""
        return Block(self.module, self.mode, self.type, self.name)


@dataclass(frozen=True, slots=True)
class Block:
    """A block in a module instance; its address without the instance key.

    Attributes:
        module: The address of the module instance.
        mode: ``managed`` or ``data``.
        type: Of the resource.
        name: Of the block.
    """

    module: str
    mode: str
    type: str
    name: str


class Inventory:
    """Every resource of a file.

    Args:
        plain: The file's outermost value.

    Attributes:
        resources: The managed ones, in the order of the file.
        deferred: Data blocks that are read during the apply, by address.
        configuration: The root module as it is written; empty for a state.
        providers: Their configuration, by name.
    """

    def __init__(self, plain: object) -> None:
        fields = members(plain)
        configuration = members(fields.get("configuration"))
        self.configuration = members(configuration.get("root_module"))
        self.providers = members(configuration.get("provider_config"))
        changes = dict(_changes(fields))
        self.deferred = {each.address: each for each in changes.values() if each.mode == "data"}
        self.resources = [each for each in _instances(fields, changes) if each.mode == "managed"]
        self._by_block: dict[Block, dict[str, Resource]] = defaultdict(dict)
        self._blocks: dict[str, dict[tuple[str, str, str], Mapping[str, object]]] = {}
        for resource in (*self.resources, *self.deferred.values()):
            self._by_block[resource.block][resource.key] = resource

    def of_type(self, *types: str) -> list[Resource]:
        """Return the managed resources of some types."""
        return [resource for resource in self.resources if resource.type in types]

    def instances(self, block: Block) -> Mapping[str, Resource]:
        """Return the instances of a block by their key."""
        return self._by_block.get(block, {})

    def module_configuration(self, module: str) -> Mapping[str, object]:
        """Return a module as it is written."""
        found = self.configuration
        for name in _module_call(module):
            found = members(members(members(found.get("module_calls")).get(name)).get("module"))
        return found

    def expressions(self, resource: Resource) -> Mapping[str, object]:
        """Return what a resource's block says, attribute by attribute."""
        return members(self._written(resource).get("expressions"))

    def for_each(self, resource: Resource) -> object:
        """Return the expression that a resource's block is repeated for."""
        return self._written(resource).get("for_each_expression")

    def _written(self, resource: Resource) -> Mapping[str, object]:
        if resource.module not in self._blocks:
            listed = map(members, items(self.module_configuration(resource.module).get("resources")))
            self._blocks[resource.module] = {
                (text(each.get("mode")), text(each.get("type")), text(each.get("name"))): each for each in listed
            }
        return self._blocks[resource.module].get((resource.mode, resource.type, resource.name), {})


def _instances(fields: Mapping[str, object], changes: Mapping[str, Resource]) -> Iterator[Resource]:
    """Yield the resources of a plan, of a state, of a state file, or of a plan of which only the changes are left."""
    for key in ("planned_values", "values"):
        if key in fields:
            yield from _of_module(fields[key], (key,), "root_module", changes, MAX_MODULE_DEPTH)
            return
    if "resource_changes" in fields:
        yield from changes.values()
        return
    for index, block in enumerate(map(members, items(fields.get("resources")))):
        yield from _of_state(block, ("resources", index))


def _of_module(
    parent: object, place: Path, step: str | int, changes: Mapping[str, Resource], depth: int
) -> Iterator[Resource]:
    children: object = members(parent).get(step) if isinstance(step, str) else items(parent)[step]
    module, place = members(children), (*place, step)
    address = text(module.get("address"))
    for index, each in enumerate(map(members, items(module.get("resources")))):
        values = (*place, "resources", index, "values")
        change = changes.get(text(each.get("address")))
        found = _resource(each, address, each.get("values"), values, {}, members(each.get("sensitive_values")))
        yield found if change is None else replace(found, unknown=change.unknown, is_new=change.is_new)
    if depth:
        called = items(module.get("child_modules"))
        for index in range(len(called)):
            yield from _of_module(called, (*place, "child_modules"), index, changes, depth - 1)


def _changes(fields: Mapping[str, object]) -> Iterator[tuple[str, Resource]]:
    """Yield what each change leads to; a deletion leads to nothing."""
    for index, each in enumerate(map(members, items(fields.get("resource_changes")))):
        change = members(each.get("change"))
        if isinstance(change.get("after"), dict):
            place = ("resource_changes", index, "change", "after")
            sensitive = members(change.get("after_sensitive"))
            module, unknown = text(each.get("module_address")), members(change.get("after_unknown"))
            resource = _resource(each, module, change["after"], place, unknown, sensitive)
            yield resource.address, replace(resource, is_new="create" in items(change.get("actions")))


def _resource(
    each: Mapping[str, object],
    module: str,
    values: object,
    place: Path,
    unknown: Mapping[str, object],
    sensitive: Mapping[str, object],
) -> Resource:
    address = text(each.get("address"))
    mode, kind, name = (text(each.get(key)) for key in ("mode", "type", "name"))
    found = _last_key(address)
    key = found[1] if found else ""
    return Resource(address, module, mode or "managed", kind, name, key, members(values), place, unknown, sensitive)


def _of_state(block: Mapping[str, object], place: Path) -> Iterator[Resource]:
    """Yield the instances of a block of ``terraform.tfstate``, version 4."""
    module, mode, kind, name = (text(block.get(key)) for key in ("module", "mode", "type", "name"))
    path = f"{'data.' if mode == 'data' else ''}{kind}.{name}"
    for index, instance in enumerate(map(members, items(block.get("instances")))):
        if "deposed" in instance:  # is about to be deleted
            continue
        key = f"[{json.dumps(instance['index_key'])}]" if "index_key" in instance else ""
        address = text(f"{module}.{path}{key}" if module else f"{path}{key}")
        values = (*place, "instances", index, "attributes")
        sensitive = _sensitive(instance.get("sensitive_attributes"))
        yield Resource(
            address, module, mode, kind, name, key, members(instance.get("attributes")), values, {}, sensitive
        )


def _sensitive(paths: object) -> dict[str, object]:
    """Return the attributes whose paths, or the beginning of them, are listed as sensitive."""
    firsts = (members(items(path)[0]).get("value") for path in items(paths) if items(path))
    return {name: True for name in firsts if isinstance(name, str)}

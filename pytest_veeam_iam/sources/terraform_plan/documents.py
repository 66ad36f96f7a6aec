"""Data blocks ``aws_iam_policy_document`` that a plan defers: the document that the provider will make of each.

What is known only after the apply becomes a token. A plan has no text of such a value, only what it refers to, so that
a resource that refers to a bucket is taken for the bucket's ARN, and for that ARN with something unknown behind it.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.tree import Node, Template, Token
from pytest_veeam_iam.sources import embedded
from pytest_veeam_iam.sources.outline import items, members
from pytest_veeam_iam.sources.terraform_plan.merge import VERSION, Merged, like, object_of, string
from pytest_veeam_iam.sources.terraform_plan.resources import Resource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_veeam_iam.iam.tree import Value
    from pytest_veeam_iam.sources.found import Bindings
    from pytest_veeam_iam.sources.outline import Outline
    from pytest_veeam_iam.sources.terraform_plan.references import References
    from pytest_veeam_iam.sources.terraform_plan.resources import Inventory

MAX_SOURCES = 20
"""How deep documents may be made of documents."""

_LISTS = {"actions": "Action", "not_actions": "NotAction", "resources": "Resource", "not_resources": "NotResource"}
_WITH_VARIABLES = ("resources", "not_resources")
"""Where the provider makes ``${`` of ``&{``; it does so in conditions and principals as well."""


@dataclass(frozen=True)
class Plan:
    """What a document may be made with.

    Attributes:
        outline: The file.
        inventory: Its resources.
        references: What expressions refer to.
        bindings: The user's values.
        partition: The partition of literal ARNs.
    """

    outline: Outline
    inventory: Inventory
    references: References
    bindings: Bindings
    partition: str


class DeferredDocument:
    """One deferred data block.

    Args:
        block: Its planned values.
        plan: What it may be made with.
        depth: How many documents it is a source of.
    """

    def __init__(self, block: Resource, plan: Plan, depth: int = 0) -> None:
        self._block, self._plan, self._depth = block, plan, depth
        self._expressions = plan.inventory.expressions(block)

    def assumed(self) -> tuple[str, ...]:
        """Return what is assumed of buckets whose planned name is known."""
        said = []
        for index, _ in enumerate(items(self._block.values.get("statement"))):
            for attribute in _WITH_VARIABLES:
                for bucket in self._buckets(index, attribute):
                    if name := bucket.known("bucket"):
                        said.append(
                            f'{bucket.address} is "{name}", its planned name; statement[{index}].{attribute} of '
                            f"{self._block.address} names it, and perhaps more: a plan does not show the text"
                        )
        for source in self._sources():
            said += source.assumed() if isinstance(source, DeferredDocument) else ()
        return tuple(dict.fromkeys(said))

    def node(self) -> Node:
        """Return the document.

        Raises:
            PolicyLoadError: If a document that it is made of is none.
        """
        after = self._plan.outline.node(self._block.place)
        merged = Merged(after)
        sources = self._parts(after, "source_json", "source_policy_documents")
        overrides = self._parts(after, "override_policy_documents", "override_json")
        for part in sources:
            merged.add(part)
        merged.add(self._own(after))
        for part in overrides:
            merged.add(part)
        return merged.document()

    # What it is made of.

    def _sources(self) -> Iterator[DeferredDocument | None]:
        """Yield the deferred documents that its unknown sources are, None for those that nobody knows."""
        for attribute in ("source_policy_documents", "override_policy_documents", "source_json", "override_json"):
            yield from self._deferred(attribute, self._unknown_count(attribute))

    def _unknown_count(self, attribute: str) -> int:
        unknown = self._block.unknown.get(attribute)
        return sum(item is True for item in items(unknown)) if isinstance(unknown, list) else int(unknown is True)

    def _deferred(self, attribute: str, count: int) -> list[DeferredDocument | None]:
        """Return the documents behind the unknown items of a list, which keep the order of the references."""
        if not count or self._depth == MAX_SOURCES:
            return [None] * count
        found = self._plan.references.of(self._block, self._expressions.get(attribute))
        documents = [
            each for each in found if isinstance(each, Resource) and each.address in self._plan.inventory.deferred
        ]
        if len(documents) != count:
            return [None] * count
        return [DeferredDocument(each, self._plan, self._depth + 1) for each in documents]

    def _parts(self, after: Node, *attributes: str) -> Iterator[Node]:
        for attribute in attributes:
            node = _member(after, attribute)
            known = [] if node is None or node.value is None else node.value if isinstance(node.value, list) else [node]
            unknown = self._block.unknown.get(attribute)
            flags = items(unknown) if isinstance(unknown, list) else [unknown is True] if unknown else []
            deferred = iter(self._deferred(attribute, self._unknown_count(attribute)))
            for index, (item, is_unknown) in enumerate(_with_flags(known, flags)):
                if is_unknown:
                    document = next(deferred, None)
                    yield self._token_node(f"{attribute}[{index}]", after) if document is None else document.node()
                elif item is not None and item.value not in (None, ""):
                    yield embedded.decode(item)

    # Its own statements.

    def _own(self, after: Node) -> Node:
        version = _member(after, "version")
        statements = _member(after, "statement")
        built: Value
        if self._block.unknown.get("statement") is True:
            built = self._token_node("statement", after).value
        else:
            listed = statements.value if statements is not None and isinstance(statements.value, list) else []
            built = [self._statement(index, node) for index, node in enumerate(listed)]
        return object_of(
            after,
            {
                "Version": version if version is not None and version.value else string(VERSION, after),
                "Statement": like(statements or after, built),
            },
        )

    def _statement(self, index: int, node: Node) -> Node:
        fields: dict[str, Node] = {}
        unknown = members(self._at("statement", index))
        for attribute, element in (("sid", "Sid"), ("effect", "Effect")):
            value = _member(node, attribute)
            if unknown.get(attribute) is True:
                fields[element] = self._token_node(f"statement[{index}].{attribute}", node)
            elif value is not None and value.value:
                fields[element] = value
        fields.setdefault("Effect", string("Allow", node))
        for attribute, element in _LISTS.items():
            if (found := self._list(index, attribute, node)) is not None:
                fields[element] = found
        for attribute, element in (("principals", "Principal"), ("not_principals", "NotPrincipal")):
            if found := self._blocks(index, attribute, node, ("type",), "identifiers"):
                fields[element] = _everyone(found)
        if found := self._blocks(index, "condition", node, ("test", "variable"), "values"):
            fields["Condition"] = found
        return object_of(node, fields)

    def _list(self, index: int, attribute: str, statement: Node) -> Node | None:
        """Return one of the lists of a statement, with tokens for the items that are unknown."""
        listed = _member(statement, attribute)
        unknown = members(self._at("statement", index)).get(attribute)
        name = f"statement[{index}].{attribute}"
        if unknown is True:
            return self._token_node(name, statement)
        if listed is None or not isinstance(listed.value, list) or not (listed.value or items(unknown)):
            return None
        buckets = self._buckets(index, attribute)
        built: list[Node] = []
        for number, (item, is_unknown) in enumerate(_with_flags(listed.value, items(unknown))):
            if item is not None and not is_unknown:
                built.append(_with_variables(item) if attribute in _WITH_VARIABLES else item)
            elif not buckets:
                built.append(self._token_node(f"{name}[{number}]", item or listed))
        for number, bucket in enumerate(dict.fromkeys(each.address for each in buckets)):
            resource = next(each for each in buckets if each.address == bucket)
            built += self._bucket_nodes(resource, f"{name}[{number}]", listed)
        return like(listed, built)

    def _buckets(self, index: int, attribute: str) -> list[Resource]:
        """Return the buckets that the unknown items of a list refer to, if each of them refers to one, else none."""
        unknown = items(members(self._at("statement", index)).get(attribute))
        count = sum(item is True for item in unknown)
        expression = members(self._expression(index)).get(attribute)
        if not count or attribute not in _WITH_VARIABLES:
            return []
        found = self._plan.references.of(self._block, expression)
        buckets = [each for each in found if isinstance(each, Resource) and each.type == "aws_s3_bucket"]
        return buckets if len(buckets) == len(found) == count else []

    def _bucket_nodes(self, bucket: Resource, name: str, place: Node) -> list[Node]:
        bound = self._plan.bindings.get(f"{self._block.address}.{name}")
        if bound is not None:
            return [string(bound, place)]
        planned = bucket.known("bucket")
        arn = f"arn:{self._plan.partition}:s3:::{planned}"
        first: str | Token = arn
        if not planned:
            expression = f"{bucket.address}.arn"
            given = self._plan.bindings.get(expression)
            first = Token(expression, place.location, f"tf:{bucket.address}", is_arn=True) if given is None else given
        rest = Token(f"{self._block.address}.{name}", place.location)
        pieces = (f"{first}/", rest) if isinstance(first, str) else (first, "/", rest)
        whole = string(first, place) if isinstance(first, str) else like(place, Template((first,)))
        return [whole, like(place, Template(pieces))]

    def _blocks(self, index: int, attribute: str, statement: Node, keys: tuple[str, ...], values: str) -> Node | None:
        """Return the nested blocks of a statement as objects in objects; the values of equal keys are joined."""
        listed = _member(statement, attribute)
        unknown = members(self._at("statement", index)).get(attribute)
        name = f"statement[{index}].{attribute}"
        if unknown is True:
            return self._token_node(name, statement)
        if listed is None or not isinstance(listed.value, list) or not listed.value:
            return None
        found = object_of(listed, {})
        for number, (block, state) in enumerate(_zip(listed.value, items(unknown))):
            if not isinstance(block.value, dict):
                continue
            target = found
            where = f"{name}[{number}]"
            for key in keys[:-1]:
                target = _descend(target, self._key(block, key, members(state), where), block)
            last = self._key(block, keys[-1], members(state), where)
            self._join(target, last, block, values, members(state).get(values), where)
        return found

    def _key(self, block: Node, key: str, unknown: Mapping[str, object], where: str) -> str:
        node = _member(block, key)
        if unknown.get(key) is True or node is None or not isinstance(node.value, str):
            return f"${{{self._block.address}.{where}.{key}}}"
        return node.value

    def _join(self, target: Node, key: str, block: Node, attribute: str, unknown: object, where: str) -> None:
        listed = _member(block, attribute)
        if unknown is True or listed is None or not isinstance(listed.value, list):
            added = [self._token_node(f"{where}.{attribute}", block)] if unknown is True else []
        else:
            added = [
                self._token_node(f"{where}.{attribute}[{number}]", item or listed)
                if is_unknown or item is None
                else _with_variables(item)
                for number, (item, is_unknown) in enumerate(_with_flags(listed.value, items(unknown)))
            ]
        assert isinstance(target.value, dict)  # noqa: S101 - made by _object
        before = target.value.get(key)
        kept = before.value if before is not None and isinstance(before.value, list) else []
        target.value[key] = like(listed or block, [*kept, *added])
        target.keys[key] = block.offset
        if key.startswith("${"):
            target.value[key].doubt = Token(key[2:-1], block.location)

    # What is unknown.

    def _at(self, attribute: str, index: int) -> object:
        found = items(self._block.unknown.get(attribute))
        return found[index] if index < len(found) else None

    def _expression(self, index: int) -> object:
        """Return what the configuration says of a statement; nothing if blocks that it does not list are among them."""
        listed = items(self._expressions.get("statement"))
        same = len(listed) == len(items(self._block.values.get("statement")))
        return listed[index] if same and index < len(listed) else None

    def _token_node(self, name: str, place: Node) -> Node:
        expression = f"{self._block.address}.{name}"
        bound = self._plan.bindings.get(expression)
        value: Value = Template((Token(expression, place.location),)) if bound is None else bound
        return like(place, value)


def _everyone(principals: Node) -> Node:
    """Return the bare star for the type ``*``, as the provider writes it."""
    assert isinstance(principals.value, dict | Template)  # noqa: S101 - made by _blocks
    if isinstance(principals.value, dict) and list(principals.value) == ["*"]:
        return string("*", principals)
    return principals


def _descend(target: Node, key: str, block: Node) -> Node:
    assert isinstance(target.value, dict)  # noqa: S101 - made by _object
    target.keys.setdefault(key, block.offset)
    return target.value.setdefault(key, object_of(block, {}))


def _member(node: Node, key: str) -> Node | None:
    return node.value.get(key) if isinstance(node.value, dict) else None


def _with_flags(known: Sequence[Node], unknown: Sequence[object]) -> Iterator[tuple[Node | None, bool]]:
    """Yield the items of a list with whether each is unknown; before Terraform 1.0 the unknown ones were left out."""
    listed = iter([item for item in known if item.value is not None] if True in unknown else known)
    flags = list(unknown) + [False] * max(len(known) - len(unknown), 0)
    for flag in flags:
        if flag is True:
            yield None, True
        elif (item := next(listed, None)) is not None:
            yield item, False


def _zip(blocks: Sequence[Node], unknown: Sequence[object]) -> Iterator[tuple[Node, object]]:
    yield from zip(blocks, [*unknown, *([None] * max(len(blocks) - len(unknown), 0))], strict=False)


def _with_variables(node: Node) -> Node:
    r"""Return a text in which ``&{`` is ``${``."""
    if isinstance(node.value, str) and "&{" in node.value:
        return like(node, node.value.replace("&{", "${"))
    return node

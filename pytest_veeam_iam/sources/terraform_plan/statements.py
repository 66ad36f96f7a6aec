"""The statements of a deferred ``aws_iam_policy_document``: blocks that a plan knows in part, in IAM's own words.

What is known only after the apply becomes a token. A plan has no text of such a value, only what it refers to: a
resource that refers to a bucket may be the bucket's ARN, or that ARN with something behind it, but surely neither.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.tree import Node, Template, Token
from pytest_veeam_iam.sources.outline import items, members
from pytest_veeam_iam.sources.terraform_plan.merge import like, object_of, string
from pytest_veeam_iam.sources.terraform_plan.resources import Resource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_veeam_iam.iam.tree import Value
    from pytest_veeam_iam.sources.found import Bindings
    from pytest_veeam_iam.sources.outline import Outline
    from pytest_veeam_iam.sources.terraform_plan.references import References
    from pytest_veeam_iam.sources.terraform_plan.resources import Inventory

MAX_BUCKETS = 20
"""How many buckets the unknown items of a list may refer to; of more, nobody says which they are."""

_ACTIONS = {"actions": "Action", "not_actions": "NotAction"}
_RESOURCES = {"resources": "Resource", "not_resources": "NotResource"}
_PRINCIPALS = {"principals": "Principal", "not_principals": "NotPrincipal"}


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


class Statements:
    """The statement blocks of one document.

    Args:
        block: The planned values of the data block.
        plan: What they may be made with.
    """

    def __init__(self, block: Resource, plan: Plan) -> None:
        self._block, self._plan = block, plan
        self._unknown = items(block.unknown.get("statement"))
        written = items(plan.inventory.expressions(block).get("statement"))
        is_complete = len(written) == len(items(block.values.get("statement")))  # dynamic blocks are not listed there
        self._written = written if is_complete else ()

    def node(self, index: int, block: Node) -> Node:
        """Return the statement that the block at ``index`` is."""
        fields: dict[str, Node] = {}
        for attribute, element in (("sid", "Sid"), ("effect", "Effect")):
            value = member(block, attribute)
            if self._state(index).get(attribute) is True:
                fields[element] = self.token(f"statement[{index}].{attribute}", block)
            elif value is not None and value.value:
                fields[element] = value
        fields.setdefault("Effect", string("Allow", block))
        for attribute, element in (_ACTIONS | _RESOURCES).items():
            if (listed := self._list(index, attribute, block)) is not None:
                fields[element] = listed
        for attribute, element in _PRINCIPALS.items():
            if found := self._blocks(index, attribute, block, ("type",), "identifiers"):
                fields[element] = _everyone(found)
        if found := self._blocks(index, "condition", block, ("test", "variable"), "values"):
            fields["Condition"] = found
        return object_of(block, fields)

    def assumed(self, index: int) -> Iterator[str]:
        """Yield what is assumed of the buckets that a statement refers to, where their planned name is known."""
        for attribute in _RESOURCES:
            for bucket in self._buckets(index, attribute):
                if name := bucket.known("bucket"):
                    yield (
                        f'{bucket.address} is "{name}", its planned name; what statement[{index}].{attribute} of '
                        f"{self._block.address} says of it, a plan does not show"
                    )

    def token(self, name: str, place: Node) -> Node:
        """Return what stands for an unknown value: its token, or what the user bound to it."""
        expression = f"{self._block.address}.{name}"
        bound = self._plan.bindings.get(expression)
        value: Value = Template((Token(expression, place.location),)) if bound is None else bound
        return like(place, value)

    def _state(self, index: int) -> Mapping[str, object]:
        """Return what of a statement is unknown."""
        return members(self._unknown[index]) if index < len(self._unknown) else {}

    def _list(self, index: int, attribute: str, statement: Node) -> Node | None:
        """Return one of the lists of a statement, with tokens for the items that are unknown."""
        listed = member(statement, attribute)
        unknown = self._state(index).get(attribute)
        name = f"statement[{index}].{attribute}"
        if unknown is True:
            return self.token(name, statement)
        if listed is None or not isinstance(listed.value, list) or not (listed.value or items(unknown)):
            return None
        buckets = self._buckets(index, attribute)
        built: list[Node] = []
        for number, (item, is_unknown) in enumerate(with_flags(listed.value, items(unknown))):
            if item is not None and not is_unknown:
                built.append(_with_variables(item) if attribute in _RESOURCES else item)
            else:
                built += self._unknown_item(f"{name}[{number}]", listed, buckets)
        return like(listed, built)

    def _unknown_item(self, name: str, listed: Node, buckets: Sequence[Resource]) -> list[Node]:
        """Return what stands for an unknown item of a list: what the user bound, what it may be, or a token."""
        token = self.token(name, listed)
        if isinstance(token.value, str):
            return [token]
        rest = Token(f"{self._block.address}.{name}", listed.location)
        return [node for bucket in buckets for node in self._bucket_nodes(bucket, rest, listed)] or [token]

    def _buckets(self, index: int, attribute: str) -> list[Resource]:
        """Return the buckets that the unknown items of a list refer to, if each of them refers to one, else none."""
        count = sum(item is True for item in items(self._state(index).get(attribute)))
        if not count or attribute not in _RESOURCES or index >= len(self._written):
            return []
        found = self._plan.references.of(self._block, members(self._written[index]).get(attribute))
        buckets = [each for each in found if isinstance(each, Resource) and each.type == "aws_s3_bucket"]
        if not len(buckets) == len(found) == count:
            return []
        different = {each.address: each for each in buckets}  # nobody says which item refers to which
        return [*different.values()] if len(different) <= MAX_BUCKETS else []

    def _bucket_nodes(self, bucket: Resource, rest: Token, place: Node) -> list[Node]:
        """Return the bucket's ARN, which may not be there, and that ARN with something unknown behind it."""
        planned, expression = bucket.known("bucket"), f"{bucket.address}.arn"
        arn = f"arn:{self._plan.partition}:s3:::{planned}" if planned else self._plan.bindings.get(expression)
        if arn is not None:
            return [replace(string(arn, place), doubt=rest), like(place, Template((arn, rest)))]
        unknown = Token(expression, place.location, f"tf:{bucket.address}", is_arn=True)
        return [replace(like(place, Template((unknown,))), doubt=rest), like(place, Template((unknown, rest)))]

    def _blocks(self, index: int, attribute: str, statement: Node, keys: tuple[str, ...], values: str) -> Node | None:
        """Return the nested blocks of a statement as objects in objects; the values of equal keys are joined."""
        listed = member(statement, attribute)
        unknown = self._state(index).get(attribute)
        name = f"statement[{index}].{attribute}"
        if unknown is True:
            return self.token(name, statement)
        if listed is None or not isinstance(listed.value, list) or not listed.value:
            return None
        found: dict[str, Node] = {}
        states = [*map(members, items(unknown)), *([{}] * len(listed.value))]
        for number, block in enumerate(listed.value):
            where, state = f"{name}[{number}]", states[number]
            *outer, last = (self._key(block, key, state, where) for key in keys)
            target = found
            for key in outer:
                target = _inner(target, key, block)
            self._join(target, last, block, values, state.get(values), where)
        return object_of(listed, found)

    def _key(self, block: Node, key: str, unknown: Mapping[str, object], where: str) -> str:
        node = member(block, key)
        if unknown.get(key) is True or node is None or not isinstance(node.value, str):
            return f"${{{self._block.address}.{where}.{key}}}"
        return node.value

    def _join(
        self, target: dict[str, Node], key: str, block: Node, attribute: str, unknown: object, where: str
    ) -> None:
        """Add the values of a nested block to those of the same key; under an unknown key they are in doubt."""
        listed = member(block, attribute)
        if unknown is True:
            added = [self.token(f"{where}.{attribute}", block)]
        else:
            known = listed.value if listed is not None and isinstance(listed.value, list) else []
            added = [
                self.token(f"{where}.{attribute}[{number}]", listed or block)
                if is_unknown or item is None
                else _with_variables(item)
                for number, (item, is_unknown) in enumerate(with_flags(known, items(unknown)))
            ]
        joined = target.setdefault(key, like(listed or block, []))
        if isinstance(joined.value, list):
            joined.value.extend(added)
        if key.startswith("${"):
            joined.doubt = Token(key[2:-1], block.location)


def member(node: Node, key: str) -> Node | None:
    """Return a member of an object; None of any other value."""
    return node.value.get(key) if isinstance(node.value, dict) else None


def with_flags(known: Sequence[Node], unknown: Sequence[object]) -> Iterator[tuple[Node | None, bool]]:
    """Yield the items of a list with whether each is unknown; old versions of Terraform leave the unknown ones out."""
    listed = iter([item for item in known if item.value is not None] if True in unknown else known)
    for flag in [*unknown, *([False] * max(len(known) - len(unknown), 0))]:
        if flag is True:
            yield None, True
        elif (item := next(listed, None)) is not None:
            yield item, False


def _inner(target: dict[str, Node], key: str, block: Node) -> dict[str, Node]:
    """Return the object under a key, made if it is not there."""
    node = target.setdefault(key, object_of(block, {}))
    assert isinstance(node.value, dict)  # noqa: S101 - just made
    return node.value


def _everyone(principals: Node) -> Node:
    """Return the bare star for the type ``*``, as the provider writes it."""
    if isinstance(principals.value, dict) and list(principals.value) == ["*"]:
        return string("*", principals)
    return principals


def _with_variables(node: Node) -> Node:
    """Return a text in which ``&{`` is ``${``, as the provider makes it of resources, principals and conditions."""
    if isinstance(node.value, str) and "&{" in node.value:
        return like(node, node.value.replace("&{", "${"))
    return node

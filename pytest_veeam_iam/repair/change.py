"""A change of one policy document, and the document after it; what to change is decided elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from pytest_veeam_iam.iam.document import Effect, Entry, Policy, Statement
from pytest_veeam_iam.iam.grammar import read_policy
from pytest_veeam_iam.iam.plain import statement_of
from pytest_veeam_iam.iam.tree import Node, Number, Template

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_veeam_iam.iam.tree import Value


@dataclass(frozen=True, slots=True)
class NewStatement:
    """An Allow to be added.

    Attributes:
        actions: What it allows.
        resources: On what; a bucket that the template makes is named as a target names it.
    """

    actions: tuple[str, ...]
    resources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pruning:
    """Entries of a statement that AWS refuses, to be taken out.

    Attributes:
        element: Where they stand.
        entries: Their numbers.
    """

    element: Literal["Action", "Resource"]
    entries: frozenset[int]


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes another in one document; statements are named by their numbers.

    Attributes:
        added: Actions to be added to statements.
        new: Statements to be added.
        removed: Statements to be taken out, because AWS refuses the document for them.
        pruned: Entries to be taken out of statements, likewise.
    """

    added: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    new: tuple[NewStatement, ...] = ()
    removed: frozenset[int] = frozenset()
    pruned: Mapping[int, tuple[Pruning, ...]] = field(default_factory=dict)

    @property
    def extent(self) -> int:
        """How many actions and statements it is about."""
        return sum(map(len, self.added.values())) + len(self.new) + len(self.removed) + len(self.pruned)

    def __bool__(self) -> bool:
        return bool(self.added or self.new or self.removed or self.pruned)


def changed(policy: Policy, change: Change) -> Policy:
    """Return a policy after a change; statements that stay are the same objects where no template is read again."""
    if policy.tree is not None:
        return read_policy(
            changed_tree(policy.tree, change),
            policy.entity,
            policy.attachment,
            assumed=policy.assumed,
            buckets=policy.buckets,
            form=policy.form,
        )
    statements = [
        _changed_statement(policy, number, change)
        for number in range(len(policy.statements))
        if number not in change.removed
    ]
    new = [_statement(policy, each) for each in change.new]
    return replace(
        policy,
        statements=(*statements, *new),
        problems=tuple(each for each in policy.problems if not (new and is_emptiness(each.element))),
        size=policy.size + _growth(change),
    )


def is_emptiness(element: str) -> bool:
    """Return whether a problem of a document's element is that it has no statement, which a new one cures."""
    return element == "Statement"


def _changed_statement(policy: Policy, number: int, change: Change) -> Statement:
    statement = policy.statements[number]
    for pruning in change.pruned.get(number, ()):
        statement = _pruned(statement, pruning)
    added = tuple(Entry(action, statement.location) for action in change.added.get(number, ()))
    return replace(statement, actions=(*statement.actions, *added)) if added else statement


def _pruned(statement: Statement, pruning: Pruning) -> Statement:
    entries = statement.resources if pruning.element == "Resource" else statement.actions
    kept = tuple(entry for number, entry in enumerate(entries) if number not in pruning.entries)
    gone = [entry.location for number, entry in enumerate(entries) if number in pruning.entries]
    problems = tuple(
        each for each in statement.problems if each.element != pruning.element or each.location not in gone
    )
    if pruning.element == "Resource":
        return replace(statement, resources=kept, problems=problems)
    return replace(statement, actions=kept, problems=problems)


def _statement(policy: Policy, new: NewStatement) -> Statement:
    place = policy.location
    return Statement(
        Effect.ALLOW,
        tuple(Entry(action, place) for action in new.actions),
        tuple(Entry(resource, place) for resource in new.resources),
        place,
    )


def _growth(change: Change) -> int:
    """Return how many characters a document grows by at most: of brackets, quotes, commas and what they hold."""
    actions = sum(len(action) + 3 for added in change.added.values() for action in added) + 2 * len(change.added)
    return actions + sum(len('{"Effect":"Allow","Action":,"Resource":},') + _texts(new) for new in change.new)


def _texts(new: NewStatement) -> int:
    return sum(
        sum(len(text) + 2 for text in texts) + (len(texts) + 1 if len(texts) > 1 else 0)
        for texts in (new.actions, new.resources)
    )


# The same on the tree of a document


def changed_tree(document: Node, change: Change) -> Node:
    """Return the tree of a document after a change; what stays is the same nodes, in the same order."""
    assert isinstance(document.value, dict)  # noqa: S101 - the tree of a policy that has statements
    statements = document.value["Statement"]
    items = items_of(statements)
    kept = [_changed_item(item, number, change) for number, item in enumerate(items) if number not in change.removed]
    new = [tree_of(plain_statement(each), document) for each in change.new]
    changed = replace(statements, value=[*kept, *new])
    return replace(document, value={**document.value, "Statement": changed})


def items_of(node: Node) -> list[Node]:
    """Return the items of a value that is a list, or one item."""
    return node.value if isinstance(node.value, list) else [node]


def _changed_item(item: Node, number: int, change: Change) -> Node:
    for pruning in change.pruned.get(number, ()):
        kept = [
            each for index, each in enumerate(items_of(_member(item, pruning.element))) if index not in pruning.entries
        ]
        item = _with_member(item, pruning.element, kept)
    if added := change.added.get(number):
        before = items_of(_member(item, "Action"))
        item = _with_member(item, "Action", [*before, *(tree_of(action, item) for action in added)])
    return item


def _member(item: Node, key: str) -> Node:
    assert isinstance(item.value, dict)  # noqa: S101 - the tree of a statement that was understood
    return item.value[key]


def _with_member(item: Node, key: str, value: list[Node]) -> Node:
    assert isinstance(item.value, dict)  # noqa: S101 - as above
    return replace(item, value={**item.value, key: replace(item.value[key], value=value)})


def tree_of(value: object, at: Node) -> Node:
    """Return strings, lists and objects as a tree that stands where another node does."""
    found: Value
    if isinstance(value, dict):
        found = {key: tree_of(member, at) for key, member in value.items()}
    elif isinstance(value, list):
        found = [tree_of(item, at) for item in value]
    else:
        found = str(value)
    return Node(found, at.source, at.offset)


# Plain values


def plain_statement(new: NewStatement) -> dict[str, object]:
    """Return a new statement as plain values; a list of one is its item."""
    return {"Effect": "Allow", "Action": one_or_list(new.actions), "Resource": one_or_list(new.resources)}


def one_or_list(texts: tuple[str, ...]) -> str | list[str]:
    """Return a list of texts, or the only one."""
    return texts[0] if len(texts) == 1 else list(texts)


def plain_tree(node: Node) -> object:
    """Return a tree as plain values, unknown ones as ``${...}``."""
    match node.value:
        case dict():
            return {key: plain_tree(member) for key, member in node.value.items()}
        case list():
            return [plain_tree(item) for item in node.value]
        case Template():
            return str(node.value)
        case Number():
            return _number(node.value.text)
    return node.value


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)


def plain_policy(policy: Policy) -> dict[str, object]:
    """Return a policy as plain values, for one whose text nobody has any more."""
    version = {} if policy.version is None else {"Version": policy.version}
    return {**version, "Statement": [statement_of(statement) for statement in policy.statements]}

"""A Terraform module: what its variables, locals, resources, data and calls mean, as far as that is static.

It decides where a value comes from; what documents there are, and whom they belong to, is decided above it. A
variable of the module that is read first has the user's binding, else what a ``tfvars`` file says, else its declared
default, which is an assumption; a variable of a module that is called has what the caller passes, else its default,
which is certain.
"""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeVar

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.tree import Node, Number, TextSource, Token
from pytest_veeam_iam.sources import files
from pytest_veeam_iam.sources.embedded import Span
from pytest_veeam_iam.sources.terraform import hcl, json_syntax, types, uses, values
from pytest_veeam_iam.sources.terraform.directory import read_directory, stamp
from pytest_veeam_iam.sources.terraform.evaluation import (
    REFERENCE,
    Addressed,
    Budget,
    Evaluator,
    number_of,
    token,
    unknown,
)
from pytest_veeam_iam.sources.terraform.overrides import overridden
from pytest_veeam_iam.sources.terraform.references import Called, Resource
from pytest_veeam_iam.sources.terraform.scope import Scope
from pytest_veeam_iam.sources.terraform.syntax import GetAttribute

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pytest_veeam_iam.sources.found import Reading
    from pytest_veeam_iam.sources.terraform.directory import Directory, SourceFile
    from pytest_veeam_iam.sources.terraform.syntax import Argument, Block, Body, Expression, Step

MAX_INSTANCES = 200
"""Copies of a block that are told apart; of more nobody says which they are."""

MAX_CALLS = 10
"""How deep modules may call each other."""

MAX_MODULES = 1_000
"""Modules that one file may call, each instance counted."""


T = TypeVar("T")


class Run:
    """What the modules share that are read for one file.

    Args:
        reading: What the user gave, and where files may be read.
    """

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.evaluator = Evaluator(Budget())
        self.notes: dict[str, None] = {}
        self.modules_left = MAX_MODULES
        self.unread: dict[str, PolicyLoadError] = {}
        self._directories: dict[Path, Directory] = {}
        self._files: dict[Path, tuple[TextSource, tuple[int, int, int]]] = {}

    def directory(self, path: Path, name: str) -> Directory:
        """Return the files of a module that is called."""
        if path not in self._directories:
            self._directories[path] = read_directory(path, name)
        return self._directories[path]

    def file(self, path: Path, name: str) -> TextSource:
        """Return the text of a file that is named."""
        if path not in self._files:
            self._files[path] = (files.read_text(path, name=name), stamp(path))
        return self._files[path][0]

    def is_fresh(self) -> bool:
        """Return whether nothing that was read has changed since, apart from the module that was read first."""
        try:
            return all(stamp(path) == was for path, (_, was) in self._files.items()) and all(
                read_directory(path, was.name) is was for path, was in self._directories.items()
            )
        except (OSError, PolicyLoadError):
            return False

    def recorded(self, work: Callable[[], T]) -> tuple[T, dict[str, None]]:
        """Return the result of some work with the assumptions that it made."""
        before, self.notes = self.notes, {}
        try:
            return work(), self.notes
        finally:
            self.notes = before | self.notes


@dataclass(frozen=True, slots=True)
class Instance:
    """One copy of a block.

    Attributes:
        suffix: Of its address: ``[0]``, ``["a"]``, or empty.
        scope: What ``each`` and ``count`` are in it.
        doubt: Why it may not be there, or be there several times.
    """

    suffix: str
    scope: Scope
    doubt: Token | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """The call of a module.

    Attributes:
        module: Who calls.
        block: The call.
        scope: Where its arguments are evaluated.
        doubt: Why the module may not be called, or be called several times.
    """

    module: Module
    block: Block
    scope: Scope
    doubt: Token | None = None


class Module:
    """A module, or one instance of one that is called.

    Args:
        directory: Its files.
        run: What is shared.
        prefix: Of the addresses in it: empty, or ``module.veeam.``.
        caller: Who calls it, None for the module that is read first.
        where: Its path from the module that is read first.

    Attributes:
        scope: Where its expressions are evaluated that are not in an instance.
    """

    def __init__(
        self, directory: Directory, run: Run, prefix: str = "", caller: Caller | None = None, where: str = "."
    ) -> None:
        self.directory, self.run, self.prefix, self.caller, self.where = directory, run, prefix, caller, where
        self._known: dict[tuple[str, str, bool], tuple[Node, dict[str, None], int]] = {}
        self.scope = Scope(self)
        self._addressed = Scope(self, wants_addresses=True)
        self._instances: dict[tuple[int, bool], tuple[list[Instance], dict[str, None]]] = {}
        self._busy: set[tuple[str, str, bool]] = set()
        self._children: dict[str, list[tuple[str, Module]]] = {}
        self._blocks: dict[tuple[str, ...], Block | None] = {}
        self._locals: dict[str, Argument | None] = {}

    @property
    def depth(self) -> int:
        """How many calls lead to it."""
        return 0 if self.caller is None else self.caller.module.depth + 1

    # What stands in it

    def block(self, *address: str) -> Block | None:
        """Return the block of a type and labels."""
        if address not in self._blocks:
            self._blocks[address] = overridden(self.directory.blocks(*address))
        return self._blocks[address]

    def value(self, block: Block, name: str, scope: Scope) -> Node | None:
        """Return the value of an argument, None if it is not there or null."""
        argument = block.body.argument(name)
        node = None if argument is None else self.evaluate(argument.value, scope)
        return None if node is None or values.is_null(node) else node

    def evaluate(self, at: Expression, scope: Scope) -> Node:
        """Return the value of an expression."""
        return self.run.evaluator.evaluate(at, scope)

    def instances(self, block: Block, *, wants_addresses: bool = False) -> list[Instance]:
        """Return the copies of a block, as its ``count`` or ``for_each`` makes them."""
        key = (id(block), wants_addresses)
        if key not in self._instances:
            self._instances[key] = self.run.recorded(lambda: self._copies(block, wants_addresses=wants_addresses))
        found, notes = self._instances[key]
        self.run.notes |= notes
        return found

    def _copies(self, block: Block, *, wants_addresses: bool) -> list[Instance]:
        scope = self._addressed if wants_addresses else self.scope
        count, each = block.body.argument("count"), block.body.argument("for_each")
        if count is not None:
            return self._counted(count.value, scope)
        if each is not None:
            return self._each(each.value, scope)
        return [Instance("", scope)]

    def _counted(self, at: Expression, scope: Scope) -> list[Instance]:
        count = number_of(self.evaluate(at, scope))
        if count is None or not 0 <= count <= MAX_INSTANCES:
            return [Instance("", scope, token(at))]
        return [
            Instance(f"[{number}]", replace(scope, key=Node(Number(str(number)), at.source, at.start), counts=True))
            for number in range(int(count))
        ]

    def _each(self, at: Expression, scope: Scope) -> list[Instance]:
        node = self.evaluate(at, scope)
        found: list[Instance] = []
        for key, value in self.run.evaluator.pairs(node, at):
            key = value if values.items_of(node) is not None else key
            name = values.string_of(key)
            if len(found) >= MAX_INSTANCES:
                return [Instance("", scope, token(at))]
            inner = replace(scope, key=values.certain(key), value=values.certain(value))
            if values.token_of(node) and not isinstance(node, Addressed):  # each is named as the block names them all
                inner = scope
            doubt = value.doubt if name is not None else (value.doubt or token(at))
            found.append(Instance("" if name is None else f'["{name}"]', inner, doubt))
        return found

    def expand(self, body: Body, type_: str, scope: Scope) -> Iterator[tuple[Block, Scope, Token | None]]:
        """Yield the nested blocks of a type, those that ``dynamic`` ones make as well, and why one may not be there.

        https://developer.hashicorp.com/terraform/language/expressions/dynamic-blocks
        """
        for block in body.blocks(type_):
            if block.type != "dynamic":
                yield block, scope, None
                continue
            collection, iterator = block.body.argument("for_each"), block.body.argument("iterator")
            contents = block.body.blocks("content")
            if collection is None or not contents:
                continue
            node, name = self.evaluate(collection.value, scope), type_ if iterator is None else iterator.value.text
            is_list = values.items_of(node) is not None
            for key, value in self.run.evaluator.pairs(node, collection.value):
                key = value if is_list and isinstance(value.value, str) else key
                round_ = Node({"key": key, "value": values.certain(value)}, block.source, block.start)
                yield contents[0], scope.having({name.strip('"'): round_}), value.doubt

    def of_types(self, types: frozenset[str]) -> Iterator[Block]:
        """Yield the resources of some types, in the order of the files."""
        for address in self.directory.addresses("resource", types):
            if (block := self.block(*address)) is not None:
                yield block

    def uses(self, block: Block) -> bool:
        """Return whether anything in it uses one of its data blocks."""
        return uses.is_used(self.directory, block)

    def hands_away(self, block: Block) -> bool:
        """Return whether it does nothing with one of its data blocks but to hand it to modules that are elsewhere."""
        return uses.is_handed_away(self.directory, block)

    # Modules that it calls

    def called(self) -> Iterator[str]:
        """Yield the names of the modules that it calls."""
        return (address[1] for address in self.directory.addresses("module"))

    def children(self, name: str) -> list[tuple[str, Module]]:
        """Return the instances of a module that it calls, with the suffix of each; none if its files are elsewhere."""
        if name not in self._children:
            self._children[name] = []  # while it is looked at, so that a module that calls itself ends
            self._children[name] = self._called(name)
        return self._children[name]

    def _called(self, name: str) -> list[tuple[str, Module]]:
        block = self.block("module", name)
        source = None if block is None else self.value(block, "source", self.scope)
        where = None if source is None else source.value
        if block is None or not isinstance(where, str) or not where.startswith(("./", "../")):
            return []
        directory = self._directory(where)
        if directory is None or self.depth >= MAX_CALLS:
            return []
        found = []
        for instance in self.instances(block):
            self.run.modules_left -= 1
            if self.run.modules_left < 0:
                return []
            caller = Caller(self, block, instance.scope, instance.doubt)
            prefix = f"{self.prefix}module.{name}{instance.suffix}."
            path = posixpath.normpath(posixpath.join(self.where, where))
            found.append((instance.suffix, Module(directory, self.run, prefix, caller, path)))
        return found

    def _directory(self, where: str) -> Directory | None:
        """Return the files of a module inside the root, None if there are none."""
        root, path = self.run.reading.root, self.directory.path
        if root is None or path is None:
            return None
        target = Path(posixpath.normpath((path / where).as_posix()))
        if target in self._callers() or not _is_inside(root, target):
            return None
        return self.run.directory(target, posixpath.normpath(posixpath.join(self.directory.name, where)))

    def _callers(self) -> list[Path | None]:
        above = [] if self.caller is None else self.caller.module._callers()
        return [*above, self.directory.path]

    # What a name means

    def refer(self, root: str, steps: Sequence[Step], at: Expression, scope: Scope) -> tuple[Node, int]:
        """Return what a reference means, and how many of its steps that took."""
        bound = None if root == "var" and len(steps) == 1 else self._bound(at)
        if bound is not None:
            return bound, len(steps)
        names = [step.name for step in steps[:2] if isinstance(step, GetAttribute)]
        if root in ("var", "local", "each", "count", "path") and names:
            return self._named(root, names[0], at, scope), 1
        if root == "module" and names:
            node, taken = Called(self, names[0], at, scope).follow(steps[1:])
            return node, taken + 1
        if root == "data" and len(names) == 2:
            node, taken = Resource(self, ("data", names[0], names[1]), at, scope).follow(steps[2:])
            return node, taken + 2
        if "_" in root and names:
            node, taken = Resource(self, ("resource", root, names[0]), at, scope).follow(steps[1:])
            return node, taken + 1
        return unknown(at, failed=root not in ("terraform", "self")), len(steps)

    def _named(self, root: str, name: str, at: Expression, scope: Scope) -> Node:
        if root == "var":
            return self._variable(name, at, scope)
        if root == "local":
            return self._local(name, at, scope)
        if root == "path":
            return values.literal(self.where if name == "module" else ".", at.source, at.start)
        return _of_instance(root, name, at, scope)

    def _bound(self, at: Expression) -> Node | None:
        """Return the value that the user gave for an expression; a variable of a called module has its caller's."""
        bindings = self.run.reading.bindings
        if not bindings.values or (self.caller is not None and at.text.startswith("var.")):
            return None
        value = bindings.get(at.text)
        return None if value is None else _given(value, at)

    def _variable(self, name: str, at: Expression, scope: Scope) -> Node:
        given = None if self.caller else self.run.reading.bindings.get(f"var.{name}")
        block = self.block("variable", name)
        type_ = None if block is None else block.body.argument("type")
        if given is not None:
            is_string = type_ is not None and types.is_string(type_.value)
            return values.literal(given, at.source, at.start) if is_string else _given(given, at)

        def work() -> Node:
            node = self._value_of_variable(name, block, at, scope)
            closed = Scope(self, closed=True)
            return node if type_ is None else types.conform(node, type_.value, lambda each: self.evaluate(each, closed))

        return self._once(("var", name, scope.wants_addresses), at, work)

    def _value_of_variable(self, name: str, block: Block | None, at: Expression, scope: Scope) -> Node:
        closed = Scope(self, closed=True)
        default = None if block is None else block.body.argument("default")
        if self.caller is not None:
            argument = self.caller.block.body.argument(name)
            if argument is not None:
                inner = replace(self.caller.scope, wants_addresses=scope.wants_addresses)
                return self.caller.module.evaluate(argument.value, inner)
            return unknown(at) if default is None else self.evaluate(default.value, closed)
        written = self._in_tfvars(name)
        if written is not None:
            self._note(f"var.{name} is {written.value.text}, in {_place(written)}")
            return self.evaluate(written.value, closed)
        if default is None:
            return self._not_found(at) if block is None else unknown(at)
        if not self.run.reading.bindings.assume_defaults:
            return unknown(at)
        self._note(f"var.{name} is {default.value.text}, its default ({_place(default)})")
        return self.evaluate(default.value, closed)

    def _in_tfvars(self, name: str) -> Argument | None:
        """Return what the last file of values says of a variable."""
        for file in reversed(self.directory.values):
            if file.mentions(name) and (found := self._arguments(file).get(name)) is not None:
                return found
        return None

    def _arguments(self, file: SourceFile) -> Mapping[str, Argument]:
        parse = json_syntax.parse_arguments if file.name.endswith(".json") else hcl.parse_arguments
        try:
            return parse(file.text)
        except PolicyLoadError as error:
            self.directory.broken[file.text.path] = error
            return {}

    def _local(self, name: str, at: Expression, scope: Scope) -> Node:
        argument = self._local_argument(name)
        if argument is None:
            return self._not_found(at)
        inner = self._addressed if scope.wants_addresses else self.scope
        return self._once(("local", name, scope.wants_addresses), at, lambda: self.evaluate(argument.value, inner))

    def _local_argument(self, name: str) -> Argument | None:
        if name not in self._locals:
            found = None
            for block in self.directory.locals(name):
                found = block.body.argument(name) or found
            self._locals[name] = found
        return self._locals[name]

    def _once(self, key: tuple[str, str, bool], at: Expression, work: Callable[[], Node]) -> Node:
        """Do some work once; its result costs as many steps each time, because it may be large."""
        budget = self.run.evaluator.budget
        if key in self._known:
            node, notes, cost = self._known[key]
            budget.steps -= cost
            self.run.notes |= notes
            return node
        if key in self._busy:
            return unknown(at)
        self._busy.add(key)
        before = budget.steps
        budget.depth += REFERENCE
        try:
            node, notes = self.run.recorded(work)
        finally:
            budget.depth -= REFERENCE
            self._busy.discard(key)
        if budget.steps > 0 and not budget.is_deep:
            self._known[key] = (node, notes, before - budget.steps)
        return node

    def _not_found(self, at: Expression) -> Node:
        """Return an unknown value; a file that cannot be read may be the one that declares it."""
        for path, error in self.directory.broken.items():
            place = f"{path}:{error.line}" if error.line else path
            self._note(f"{at.text} is unknown, and {place} cannot be read: {error.why}")
        return unknown(at)

    def once_argument(self, label: str, block: Block, name: str, scope: Scope, at: Expression) -> Node | None:
        """Return the value of an argument of a resource, found out once; None if it is not there or null."""
        argument = block.body.argument(name)
        if argument is None:
            return None
        key = ("argument", f"{label}.{name}", scope.wants_addresses)
        node = self._once(key, at, lambda: self.evaluate(argument.value, scope))
        return None if values.is_null(node) else node

    def once_document(self, label: str, at: Expression, work: Callable[[], Node]) -> Node:
        """Return the document of a data block, made once."""
        return self._once(("document", label, False), at, work)

    def output(self, name: str, at: Expression, scope: Scope) -> Node:
        """Return an output."""
        block = self.block("output", name)
        argument = None if block is None else block.body.argument("value")
        if argument is None:
            return unknown(at)
        inner = self._addressed if scope.wants_addresses else self.scope
        return self._once(("output", name, scope.wants_addresses), at, lambda: self.evaluate(argument.value, inner))

    def _note(self, sentence: str) -> None:
        self.run.notes[sentence] = None

    # Files that it names

    def read_file(self, path: PurePosixPath, at: Expression) -> Node:
        """Return the text of a file that an expression names, an unknown value if it may not or cannot be read."""
        try:
            text = self._file(path, at)
        except PolicyLoadError as error:
            self.run.unread[at.text] = error
            self._note(f"{at.text} is unknown: {error.why}")
            return unknown(at, failed=True)
        return values.text([Span(text.text, text, 0)], text, 0)

    def _file(self, path: PurePosixPath, at: Expression) -> TextSource:
        """Return the text of a file; one outside of the root is never read."""
        first = self
        while first.caller is not None:
            first = first.caller.module
        root, base = self.run.reading.root, first.directory.path
        name = posixpath.normpath(posixpath.join(first.directory.name, path.as_posix()))
        place = at.location
        if root is None or base is None:
            raise PolicyLoadError(
                place.path, f"it names the file {path}, and a text is read without files", line=place.line,
                column=place.column, remedy="name the file that holds it",
            )  # fmt: skip
        target = Path(posixpath.normpath((base / path).as_posix()))
        if not files.inside(root, target):
            raise PolicyLoadError(
                place.path, f"it names {path}, which is no regular file inside the repository", line=place.line,
                column=place.column, remedy="put the file there, or bind the expression to its text",
            )  # fmt: skip
        text = self.run.file(target, name)
        if len(text.text) > values.MAX_TEXT:
            raise PolicyLoadError(name, f"found {len(text.text):,} characters, expected at most {values.MAX_TEXT:,}")
        return text


def _place(argument: Argument) -> str:
    source = argument.value.source
    if type(source) is TextSource and "\r" not in source.text:  # it need not know where all of its lines begin
        return f"{source.path}:{source.text.count(chr(10), 0, argument.start) + 1}"
    place = source.locate(argument.start)
    return f"{place.path}:{place.line}"


def _is_inside(root: Path, directory: Path) -> bool:
    """Return whether a directory is in the root, and no link on the way."""
    try:
        where = os.path.relpath(directory, root)
        real = os.path.join(os.path.realpath(root), where)  # noqa: PTH118 - as a text, to compare
        return not where.startswith("..") and os.path.realpath(directory) == real.rstrip("/.") and directory.is_dir()
    except (OSError, ValueError):
        return False


def _of_instance(root: str, name: str, at: Expression, scope: Scope) -> Node:
    """Return ``each.key``, ``each.value`` or ``count.index``."""
    found = None
    if scope.counts is (root == "count"):
        found = scope.value if name == "value" else scope.key
    return unknown(at) if found is None else found


def _given(value: str, at: Expression) -> Node:
    """Return a value that the user gave: a list or object if it is written as one, else a string."""
    if value.lstrip()[:1] in ("[", "{"):
        source = TextSource(f"<{at.text}>", value)
        try:
            expression = hcl.parse_expression(source)
        except PolicyLoadError:
            pass
        else:
            return Evaluator(Budget()).evaluate(expression, Scope(_Nothing(), closed=True))
    return values.literal(value, at.source, at.start)


class _Nothing:
    """A world without names."""

    def refer(self, root: str, steps: Sequence[Step], at: Expression, scope: Scope) -> tuple[Node, int]:  # noqa: ARG002
        """Nothing is known."""
        return unknown(at), len(steps)

    def evaluate(self, at: Expression, scope: Scope) -> Node:  # noqa: ARG002
        """Nothing is known."""
        return unknown(at)

    def read_file(self, path: PurePosixPath, at: Expression) -> Node:  # noqa: ARG002
        """Nothing is read."""
        return unknown(at)

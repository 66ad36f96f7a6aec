"""The change of a document as a change of its file, read again and compared before anybody sees it.

Where it cannot be made or does not read as it should there is none: then the statement is there to paste.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.tree import TextSource, has_unknowns
from pytest_veeam_iam.repair.change import items_of
from pytest_veeam_iam.repair.document import Document
from pytest_veeam_iam.repair.edits import Splice, spliced
from pytest_veeam_iam.repair.meaning import Expected, NoPlaceError, fields_of, meaning_of
from pytest_veeam_iam.repair.planning import WRITTEN
from pytest_veeam_iam.sources import again, files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pytest_veeam_iam.iam.document import Policy
    from pytest_veeam_iam.iam.tree import Node
    from pytest_veeam_iam.repair.change import Change
    from pytest_veeam_iam.sources.found import Found


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file, as it is and as it would be.

    Attributes:
        path: As the report names it.
        before: Its text.
        has_mark: Whether it begins with a byte order mark, which is no part of the text.
        splices: The change.
    """

    path: str
    before: str
    has_mark: bool
    splices: tuple[Splice, ...]


class Files:
    """The files of some policies, each read again when somebody asks for it.

    Args:
        policies: As they were read.
        root: What relative paths are relative to.
    """

    def __init__(self, policies: Sequence[Policy], root: Path) -> None:
        self._policies, self._root = policies, root
        self._read: dict[tuple[str, str], _File] = {}

    def _of(self, policy: Policy) -> _File:
        key = policy.path, policy.form
        if key not in self._read:
            self._read[key] = _File(policy.path, self._root, policy.form)
        return self._read[key]

    def tree(self, number: int) -> Node | None:
        """Return the tree of a policy as its file has it, None if that is not to be had or leaves values open."""
        policy = self._policies[number]
        try:
            node = self._of(policy).document(policy)
        except (NoPlaceError, PolicyLoadError):
            return None
        count = len(items_of(fields_of(node)["Statement"]))
        return None if has_unknowns(node) or count != len(policy.statements) else node

    def changed(self, settled: Sequence[Policy], changes: Mapping[int, Change]) -> tuple[ChangedFile, ...] | None:
        """Return the files that become others, None if one of them cannot be changed so.

        Args:
            settled: The policies with the target's values.
            changes: Of some of them, by their numbers.
        """
        by_file: dict[_File, list[tuple[Policy, Policy, Change]]] = {}
        try:
            for number, change in changes.items():
                policy = self._policies[number]
                by_file.setdefault(self._of(policy), []).append((policy, settled[number], change))
            return tuple(file.changed(documents) for file, documents in by_file.items())
        except (NoPlaceError, PolicyLoadError):
            return None


class _File:
    """One file, read again."""

    def __init__(self, path: str, root: Path, form: str) -> None:
        if path.startswith("<") or form not in WRITTEN:
            raise NoPlaceError
        self._path, self._form = root / path, form
        self._source = files.read_text(self._path, name=path)
        self._documents = again.documents_of(self._source, self._path, form)

    def document(self, policy: Policy) -> Node:
        """Return the tree of a policy; raises NoPlaceError if the file does not hold it any more."""
        return self._documents[self._number(policy)].node

    def changed(self, changes: Sequence[tuple[Policy, Policy, Change]]) -> ChangedFile:
        """Return the file with the changes of its documents.

        Raises:
            NoPlaceError: They cannot be made, or it would not read as it should.
            PolicyLoadError: Likewise.
        """
        try:
            splices = self._splices(changes, as_neighbours=True)
        except (NoPlaceError, PolicyLoadError):
            splices = self._splices(changes, as_neighbours=False)
        return ChangedFile(self._source.path, self._source.text, files.begins_with_mark(self._path), splices)

    def _splices(self, changes: Sequence[tuple[Policy, Policy, Change]], *, as_neighbours: bool) -> tuple[Splice, ...]:
        """Return the changes of the text, which was read again with them.

        Args:
            changes: Of its documents.
            as_neighbours: Whether ARNs are written as entries beside them; an expression may mean nothing elsewhere.
        """
        splices: list[Splice] = []
        expected: dict[int, Expected] = {}
        for policy, settled, change in changes:
            number = self._number(policy)
            node = self._documents[number].node
            document = Document(self._source, node, settled, change, as_neighbours=as_neighbours)
            splices += document.splices()
            expected[number] = document.expected()
        after = TextSource(self._source.path, spliced(self._source.text, splices))
        self._compare(again.documents_of(after, self._path, self._form), expected)
        return tuple(sorted(splices))

    def _compare(self, read: Sequence[Found], expected: Mapping[int, Expected]) -> None:
        """Raise NoPlaceError if documents are not what they should be: those expected, and the others as they were."""
        if len(read) != len(self._documents):
            raise NoPlaceError
        for number, (one, other) in enumerate(zip(self._documents, read, strict=True)):
            as_it_should = expected[number].is_met(other.node) if number in expected else _same(one, other)
            if not as_it_should or one.entity != other.entity or one.attachment != other.attachment:
                raise NoPlaceError

    def _number(self, policy: Policy) -> int:
        """Return which of the file's documents a policy is."""
        for number, found in enumerate(self._documents):
            if found.entity == policy.entity and _location_of(found) == policy.location:
                return number
        raise NoPlaceError


def _location_of(found: Found) -> object:
    try:
        return found.node.location
    except PolicyLoadError:
        return None


def _same(one: Found, other: Found) -> bool:
    return _meaning_of(one) == _meaning_of(other)


def _meaning_of(found: Found) -> object:
    try:
        return meaning_of(found.node)
    except PolicyLoadError as error:
        return error.why

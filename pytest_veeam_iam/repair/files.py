"""The change of a document as a change of its file, read again and compared before anybody sees it.

Where it cannot be made or does not read as it should there is none: then the statement is there to paste.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.tree import TextSource
from pytest_veeam_iam.repair.document import Document
from pytest_veeam_iam.repair.edits import Splice, spliced
from pytest_veeam_iam.repair.meaning import Expected, NoPlaceError, meaning_of
from pytest_veeam_iam.sources import again, files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pytest_veeam_iam.iam.document import Policy
    from pytest_veeam_iam.repair.change import Change
    from pytest_veeam_iam.sources.found import Found

_FORMS = ("document", "cloudformation", "terraform")
"""Forms whose files people write."""


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file, as it is and as it would be.

    Attributes:
        path: As the report names it.
        before: Its text.
        after: Its text after the change.
        has_mark: Whether it begins with a byte order mark, which is no part of these texts.
        splices: The change.
    """

    path: str
    before: str
    after: str
    has_mark: bool
    splices: tuple[Splice, ...]


def changed_files(
    policies: Sequence[Policy], settled: Sequence[Policy], changes: Mapping[int, Change], root: Path
) -> tuple[ChangedFile, ...] | None:
    """Return the files in which documents stand that become others, None if one of them cannot be changed so.

    Args:
        policies: As they were read.
        settled: The same with the target's values.
        changes: By the number of the policy.
        root: What relative paths are relative to.
    """
    by_path: dict[str, list[int]] = {}
    for number in changes:
        by_path.setdefault(policies[number].path, []).append(number)
    try:
        return tuple(
            _File(path, root, policies[numbers[0]].form).changed(
                [(policies[number], settled[number], changes[number]) for number in numbers]
            )
            for path, numbers in by_path.items()
        )
    except (NoPlaceError, PolicyLoadError):
        return None


class _File:
    """One file, read again."""

    def __init__(self, path: str, root: Path, form: str) -> None:
        if path.startswith("<") or form not in _FORMS:
            raise NoPlaceError
        self._path, self._form = root / path, form
        self._source = files.read_text(self._path, name=path)
        self._documents = again.documents_of(self._source, self._path, form)

    def changed(self, changes: Sequence[tuple[Policy, Policy, Change]]) -> ChangedFile:
        """Return the file after the changes of its documents.

        Raises:
            NoPlaceError: They cannot be made, or it would not read as it should.
            PolicyLoadError: Likewise.
        """
        splices: list[Splice] = []
        expected: dict[int, Expected] = {}
        for policy, settled, change in changes:
            number = self._number(policy)
            document = Document(self._source, self._documents[number].node, settled, change)
            splices += document.splices()
            expected[number] = document.expected()
        text = self._source.text
        after = spliced(text, splices)
        read = again.documents_of(TextSource(self._source.path, after), self._path, self._form)
        if len(read) != len(self._documents):
            raise NoPlaceError
        for number, (one, other) in enumerate(zip(self._documents, read, strict=True)):
            as_it_should = expected[number].is_met(other.node) if number in expected else _same(one, other)
            if not as_it_should or one.entity != other.entity or one.attachment != other.attachment:
                raise NoPlaceError
        has_mark = files.begins_with_mark(self._path)
        return ChangedFile(self._source.path, text, after, has_mark, tuple(sorted(splices)))

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

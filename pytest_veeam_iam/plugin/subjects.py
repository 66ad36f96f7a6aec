"""What is judged in a run: every policy by itself, or all of them together."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from pytest_veeam_iam import printable
from pytest_veeam_iam.attachments import by_principal, unit_of
from pytest_veeam_iam.errors import VeeamIamError
from pytest_veeam_iam.plugin.passed_over import files_behind
from pytest_veeam_iam.readiness import PoliciesInEffect, check
from pytest_veeam_iam.unknowns import tokens_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_veeam_iam.iam.document import Policy
    from pytest_veeam_iam.readiness import Expectation
    from pytest_veeam_iam.report import Report

_MOST_NEIGHBOURS = 20
"""Policies among which a union that is ready is looked for."""


class Judged(Protocol):
    """What items are about: policies of one principal, and their report."""

    @property
    def name(self) -> str:
        """What the summary calls them."""

    @property
    def target(self) -> str:
        """The target that they belong to; empty if they belong to none."""

    @property
    def policies(self) -> tuple[Policy, ...]:
        """Attached to one principal."""

    @property
    def path(self) -> Path | None:
        """The file that failures point to, None for the one of the item."""

    @property
    def line(self) -> int | None:
        """Where they begin in it."""

    @property
    def report(self) -> Report:
        """What was found out."""

    @property
    def unresolved(self) -> str:
        """What an item does that hangs on unknown values: fail, skip or warn."""

    @property
    def tells_all(self) -> bool:
        """Whether notes are shown as well, and what the linter says by itself."""

    def hint(self, group_id: str) -> str:
        """Return a sentence that may help a group that falls short, or an empty string."""


class Subject:
    """Policies that are judged together, and their report, made when the first item asks for it.

    Args:
        name: What the summary calls them.
        policies: Attached to one principal.
        among: All that are judged in this run.
        line: Where they begin in their file, None if they are not of one file.
        boundary: The permissions boundary that their file attaches to the same principal.
        principal: Who has them, as their file names it; None if nobody has.
    """

    def __init__(
        self,
        name: str,
        policies: tuple[Policy, ...],
        among: Subjects,
        line: int | None = None,
        boundary: Policy | None = None,
        principal: str | None = None,
    ) -> None:
        self.name, self.policies, self.line, self.boundary, self.principal = name, policies, line, boundary, principal
        self.target, self.path = "", None
        self.missing: VeeamIamError | None = None
        self._among = among

    @cached_property
    def report(self) -> Report:
        """The report for the configured target.

        Raises:
            VeeamIamError: If one of the policies could not be read: it may hold a Deny.
        """
        if self.missing is not None:
            raise VeeamIamError(f"cannot tell without {self.missing}")
        return self._among.check(self.policies, self.boundary)

    @property
    def unresolved(self) -> str:
        """What an item does that hangs on unknown values: fail, skip or warn."""
        return self._among.unresolved

    @property
    def tells_all(self) -> bool:
        """Whether notes are shown as well, and what the linter says by itself."""
        return self._among.tells_all

    def hint(self, group_id: str) -> str:
        """Return a sentence that may help a group that falls short, or an empty string."""
        return self._among.hint(self, group_id)


class Subjects:
    """Everything that is judged in a run.

    Args:
        expected: What it is judged by.
        tells_all: Whether notes are shown as well, and what the linter says by itself.
        unresolved: What an item does that hangs on unknown values.
    """

    def __init__(self, expected: Expectation, *, tells_all: bool = False, unresolved: str = "fail") -> None:
        self._expected, self.tells_all, self.unresolved = expected, tells_all, unresolved
        self._apart: dict[str, dict[str, Subject]] = {}
        self._carriers: dict[tuple[str, str | None], str] = {}
        self.files_behind: set[str] = set()
        """The files that Terraform has read policies from, as messages call them."""
        self._union = Subject("together", (), self)
        self._joined: set[Path] = set()
        self._carrier: Path | None = None

    def apart(self, name: str, policies: tuple[Policy, ...]) -> dict[str, Subject]:
        """Return the subjects of a file by what goes before the group in the names of their items.

        Args:
            name: The file; pytest may come across it again.
            policies: Those in it; those of one principal are one subject, and a single one needs nothing before the
                group.
        """
        self.files_behind.update(files_behind(policies))
        attached = by_principal(policies)
        names = _names([each.name for each in attached])
        subjects = {
            f"{own}/" if own else "": Subject(
                f"{name}/{own}" if own else name,
                each.policies,
                self,
                each.policies[0].location.line,
                each.boundary,
                each.name if each.is_principal else None,
            )
            for own, each in zip(names, attached, strict=True)
        }
        return self._apart.setdefault(name, subjects)

    def carried_by(self, name: str) -> dict[str, Subject]:
        """Return the subjects of a file, without principals that another file of its module carries already."""
        carried = {}
        for prefix, subject in self._apart[name].items():
            key = (unit_of(name), subject.principal)
            if subject.principal is None or self._carriers.setdefault(key, name) == name:
                carried[prefix] = subject
        return carried

    def unknown_expressions(self) -> set[str]:
        """Return what the templates leave open."""
        policies = [
            policy for subjects in self._apart.values() for each in subjects.values() for policy in each.policies
        ]
        return {token.expression for policy in (*policies, *self._union.policies) for token in tokens_of(policy)}

    def has_joined(self, path: Path) -> bool:
        """Return whether the policies of a file are among those that are judged together."""
        return path in self._joined

    def join(self, path: Path, policies: tuple[Policy, ...]) -> None:
        """Add the policies of a file to those that are judged together; pytest may come across it again."""
        if path not in self._joined:
            self._joined.add(path)
            self._union.policies += policies
            count = len(self._joined)
            self._union.name = f"together ({count} {'file' if count == 1 else 'files'})"

    def miss(self, error: VeeamIamError) -> None:
        """Keep that a file cannot be read, so that nothing is said of all files together."""
        self._union.missing = error

    def carry(self, path: Path) -> dict[str, Subject]:
        """Return the subject of all files together for the first file that asks, and nothing for the others."""
        self._carrier = self._carrier or path
        return {"": self._union} if path == self._carrier else {}

    def check(self, policies: tuple[Policy, ...], boundary: Policy | None = None) -> Report:
        """Judge policies that are attached to one principal."""
        return check(PoliciesInEffect(policies, boundary=boundary), self._expected)

    def hint(self, subject: Subject, group_id: str) -> str:
        """Say if another policy, or all together, grant what one does not."""
        if sum(map(len, self._apart.values())) > _MOST_NEIGHBOURS:
            return ""
        neighbours = [each for subjects in self._apart.values() for each in subjects.values()]
        lacking = [each for each in neighbours if not each.report.ready]
        union = tuple(policy for each in lacking for policy in each.policies)
        if len(lacking) < 2 or not self.check(union).ready:
            return ""
        granting = [each.name for each in lacking if each is not subject and each.report.group(group_id).ready]
        what = f"{granting[0]} grants it" if granting else f"together the {len(lacking)} that fall short grant it"
        return f"{what}: attached to the same user? pytest --veeam-iam --veeam-iam-together"


def _names(wished: Sequence[str | None]) -> list[str]:
    """Return what tells the subjects of a file apart: their own names, or numbers where they have none."""
    if len(wished) == 1:
        return [""]
    names: list[str] = []
    for number, name in enumerate(wished):
        own = printable.line((name or str(number)).replace("::", ":"))
        names.append(own if own not in names else f"{own}-{number}")
    return names

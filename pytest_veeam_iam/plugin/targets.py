"""The targets of ``veeam-iam.toml`` in pytest's tree: the file, a node for each target, and the items that it needs."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

from pytest_veeam_iam import checks
from pytest_veeam_iam.errors import TargetError, VeeamIamError
from pytest_veeam_iam.plugin.items import DOCUMENT_ITEMS, LOAD, ErrorItem, FindingsItem, GroupItem, MissingItem
from pytest_veeam_iam.plugin.selection import bindings_for
from pytest_veeam_iam.plugin.team import name_of, team_file
from pytest_veeam_iam.readiness import check
from pytest_veeam_iam.teamfile.resolving import MissingFilesError, bound_in_vain, resolve
from pytest_veeam_iam.waivers import SOON, today

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import date
    from pathlib import Path

    from pytest_veeam_iam.config import Settings
    from pytest_veeam_iam.errors import TeamFileError
    from pytest_veeam_iam.iam.document import Policy
    from pytest_veeam_iam.plugin.summary import Row, Table
    from pytest_veeam_iam.report import Report
    from pytest_veeam_iam.rulepacks import Group
    from pytest_veeam_iam.teamfile import TeamFile, WrittenTarget
    from pytest_veeam_iam.teamfile.resolving import Case, Target
    from pytest_veeam_iam.waivers import Waiver


class CaseSubject:
    """One case of a target, and its report, made when the first item asks for it; ``veeam_target`` in a test.

    Attributes:
        name: The target's, and what tells the case from the target's others.
        target: The target's name.
        case: What tells it from the others; empty if it is the only one.
        policies: Attached to one principal.

    Args:
        target: Its target.
        case: What is checked.
        among: All targets of the file.
    """

    def __init__(self, target: Target, case: Case, among: Targets) -> None:
        self.target, self.case = target.name, case.name
        self.name = f"{target.name}/{case.name}" if case.name else target.name
        self.policies: tuple[Policy, ...] = case.policies.identity
        self.unresolved, self.tells_all = among.unresolved, among.tells_all
        self._target, self._case, self._among = target, case, among

    @property
    def team(self) -> TeamFile:
        """The file that it is written in."""
        return self._target.team

    @property
    def written(self) -> WrittenTarget:
        """As it is written there."""
        return self._target.written

    @property
    def path(self) -> Path:
        """The file of its first policy."""
        return self._among.root / self.policies[0].location.path

    @property
    def line(self) -> int | None:
        """Where its first policy begins."""
        return self.policies[0].location.line

    @cached_property
    def report(self) -> Report:
        """The report, with the target's waivers."""
        report = check(self._case.policies, self._case.expected)
        waivers = self._target.waivers if self._among.as_of else ()
        return replace(report, waivers=waivers, as_of=self._among.as_of or report.as_of)

    def hint(self, group_id: str) -> str:
        """Return nothing: a target says itself what belongs together."""
        del group_id
        return ""


class Targets:
    """Everything that a file asks for.

    Args:
        team: The file.
        targets: Its targets.
        root: What the names of policies are relative to.
        as_of: The day on which waivers are looked at; None if they count for nothing.
        unresolved: What an item does that hangs on unknown values.
        tells_all: Whether notes are shown as well.
    """

    def __init__(
        self,
        team: TeamFile,
        targets: Sequence[Target],
        *,
        root: Path,
        as_of: date | None,
        unresolved: str = "fail",
        tells_all: bool = False,
    ) -> None:
        self.team, self.targets, self.root, self.as_of = team, tuple(targets), root, as_of
        self.unresolved, self.tells_all = unresolved, tells_all
        self._read: dict[str, tuple[CaseSubject, ...]] = {}

    @property
    def file(self) -> Path:
        """Where they are written."""
        return self.team.path

    @cached_property
    def owned(self) -> frozenset[Path]:
        """The files of all targets; a directory stands for all in it."""
        return frozenset(path for target in self.targets for path in target.written.files(self.file.parent))

    def owns(self, path: Path) -> bool:
        """Return whether a file is one of a target, so that it is not checked by itself as well."""
        return path in self.owned or any(parent in self.owned for parent in path.parents)

    def subjects(self, target: Target) -> tuple[CaseSubject, ...]:
        """Return what a target is made of; it is read once.

        Raises:
            VeeamIamError: If it cannot be read.
        """
        if target.name not in self._read:
            self._read[target.name] = tuple(CaseSubject(target, case, self) for case in target.cases())
        return self._read[target.name]

    def columns(self) -> dict[str, tuple[str, ...]]:
        """Return the items of each target."""
        return {
            target.name: (*(group.id for group in target.expected.groups), *DOCUMENT_ITEMS) for target in self.targets
        }

    def used(self) -> set[str]:
        """Return what was bound and some template asked for."""
        return {expression for target in self.targets for expression in target.bindings.used}

    def open_expressions(self) -> set[str]:
        """Return what the templates leave open."""
        return {expression for target in self.targets for expression in target.open_expressions}

    def wrong(self, used: Collection[str], open_: set[str]) -> TeamFileError | None:
        """Return what only reading the files shows to be wrong with the file: values that nothing uses.

        Args:
            used: What policies use that belong to no target.
            open_: What these leave open.
        """
        if len(self._read) < len(self.targets):
            return None
        problems = bound_in_vain(self.team, self.targets, used, open_)
        return self.team.error(*problems) if problems else None

    def notes(self, table: Table) -> Iterator[str]:
        """Yield what is to be said of waivers after a run: those that end soon, and those that waive nothing."""
        if self.as_of is None:
            return
        for waiver in self.team.waivers:
            rows = [row for row in table.rows.values() if row.target == waiver.target]
            item = self._item_of(waiver)
            if not rows or any(item not in row.cells for row in rows):
                continue
            called = f"{waiver.place}: warning: the waiver of {waiver.waives} ({waiver.target})"
            days = waiver.days_left(self.as_of)
            if not any(_waives(waiver, row) for row in rows):
                yield f"{called} waives nothing any more: remove it"
            elif 0 <= days <= SOON:
                left = "today" if not days else f"in {days} {'day' if days == 1 else 'days'}"
                yield f"{called} ends {left}, on {waiver.expires}"

    def _item_of(self, waiver: Waiver) -> str:
        if waiver.finding:
            return checks.item_of(waiver.finding)
        target = next(each for each in self.targets if each.name == waiver.target)
        return next(
            group.id
            for group in target.expected.groups
            if any(each.action == waiver.permission for each in group.requirements)
        )


def _waives(waiver: Waiver, row: Row) -> bool:
    return waiver.waives in row.expired or any(waiver.waives in names for names in row.waived.values())


def _listed(groups: Sequence[Group]) -> str:
    return f"{'group' if len(groups) == 1 else 'groups'} {', '.join(group.id for group in groups)}"


class TargetsFile(pytest.File):
    """The file of the targets."""

    targets: Targets

    @classmethod
    def of(cls, parent: pytest.Collector, targets: Targets) -> TargetsFile:
        """Return the node of the file."""
        outside = not targets.file.is_relative_to(parent.config.rootpath)  # pytest would make an empty node id
        where: dict[str, Any] = {"nodeid": name_of(targets.file, parent.config)} if outside else {}
        node: TargetsFile = cls.from_parent(parent, path=targets.file, **where)
        node.targets = targets
        return node

    def collect(self) -> Iterator[pytest.Collector]:
        """Yield the targets."""
        for target in self.targets.targets:
            yield TargetNode.of(self, target, self.targets)


class TargetNode(pytest.Collector):
    """One target: its items are those of a policy file."""

    target: Target
    targets: Targets

    @classmethod
    def of(cls, parent: TargetsFile, target: Target, targets: Targets) -> TargetNode:
        """Return the node of a target."""
        node: TargetNode = cls.from_parent(parent, name=target.name)
        node.target, node.targets = target, targets
        return node

    def __repr__(self) -> str:
        expected, written = self.target.expected, self.target.written
        selected = f"profile {expected.profile}" if expected.profile else _listed(expected.groups)
        where = expected.target.place if expected.target.buckets else "bucket inferred"
        files = ", ".join(written.texts("files")) or f"what is attached to {written.text('principal')}"
        return f"<Target {self.name}: {expected.pack.ref}, {selected}, {where}, {files}>"

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the items: a target whose files cannot be read is one item that fails, or is skipped if it may be."""
        try:
            subjects = self.targets.subjects(self.target)
        except MissingFilesError as error:
            kind = MissingItem if self.target.skips_if_missing else ErrorItem
            yield kind.of(self, LOAD, error, subject=self.name)
            return
        except VeeamIamError as error:
            yield ErrorItem.of(self, LOAD, error, subject=self.name)
            return
        for subject in subjects:
            prefix = f"{subject.case}/" if subject.case else ""
            for group in self.target.expected.groups:
                yield GroupItem.of(self, prefix + group.id, subject)
            for item in DOCUMENT_ITEMS:
                yield FindingsItem.of(self, prefix + item, subject)


_TARGETS = pytest.StashKey[Targets]()


def session_targets(config: pytest.Config, settings: Settings) -> Targets:
    """Return what the team has written down, read once in a session.

    Raises:
        VeeamIamError: If there is no file, or it is wrong.
    """
    if _TARGETS not in config.stash:
        found = team_file(config, settings.config)
        if found is None:
            raise TargetError("there is no veeam-iam.toml with targets; pytest --veeam-iam-init writes one")
        targets_of(config, settings, found)
    return config.stash[_TARGETS]


def targets_of(config: pytest.Config, settings: Settings, team: TeamFile) -> Targets:
    """Return what a file asks for; the options win over it.

    Raises:
        VeeamIamError: For values that cannot be.
    """
    targets = resolve(
        team,
        settings.arguments,
        lambda weaker: bindings_for(config, settings, weaker),
        lambda path: name_of(path, config),
    )
    config.stash[_TARGETS] = Targets(
        team,
        targets,
        root=config.rootpath,
        as_of=None if settings.no_waivers else today(settings.as_of, os.environ),
        unresolved=settings.unresolved,
        tells_all=settings.lint == "all",
    )
    return config.stash[_TARGETS]

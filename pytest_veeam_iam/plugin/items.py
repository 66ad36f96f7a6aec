"""The nodes of a policy file in pytest's tree: an item per group, and two for what is wrong with the document."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from pytest_veeam_iam import checks, printable
from pytest_veeam_iam.errors import PolicyLoadError, VeeamIamError
from pytest_veeam_iam.plugin import callers
from pytest_veeam_iam.plugin.summary import NOT_THERE
from pytest_veeam_iam.plugin.team import name_of
from pytest_veeam_iam.repair import repair_if_any
from pytest_veeam_iam.report import Severity, VeeamNotReady
from pytest_veeam_iam.reporters import text
from pytest_veeam_iam.sources import files
from pytest_veeam_iam.unknowns import known_part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from pytest_veeam_iam.plugin.subjects import Judged, Subject
    from pytest_veeam_iam.report import Finding, Report

LINT = "lint"
DOCUMENT_ITEMS = ("actions", LINT)
"""The items about the documents themselves, after those of the groups."""

LOAD = "load"
"""The only item of a file that cannot be read."""


class PolicyFile(pytest.File):
    """A file that holds policies, or should."""

    subjects: Callable[[], dict[str, Subject]]
    group_ids: tuple[str, ...]
    error: VeeamIamError | None

    @classmethod
    def of(
        cls,
        parent: pytest.Collector,
        path: Path,
        *,
        subjects: Callable[[], dict[str, Subject]] = dict,
        group_ids: tuple[str, ...] = (),
        error: VeeamIamError | None = None,
    ) -> PolicyFile:
        """Return the node of a file.

        Args:
            parent: As pytest says.
            path: The file.
            subjects: Says what its items are about, by what goes before the group in their names, which is empty for
                the only policy of a file. It is asked when items are wanted: pytest makes a node of every file beside a
                named one as well.
            group_ids: The groups that are checked.
            error: Why it cannot be read.
        """
        node: PolicyFile = cls.from_parent(parent, path=path)
        if not node.nodeid.isprintable():  # pytest prints node ids as they are
            node = cls.from_parent(parent, path=path, nodeid=printable.seen(node.nodeid))
        node.subjects, node.group_ids, node.error = subjects, group_ids, error
        return node

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the items: a file that cannot be read is one that fails."""
        if self.error is not None:
            yield ErrorItem.of(self, LOAD, self.error)
        for prefix, subject in self.subjects().items():
            for group_id in self.group_ids:
                yield GroupItem.of(self, prefix + group_id, subject)
            for item in DOCUMENT_ITEMS:
                yield FindingsItem.of(self, prefix + item, subject)


class ConfigurationFile(pytest.File):
    """The file whose configuration is wrong, or the root if there is no file and the environment is to blame."""

    ITEM: ClassVar[str] = "configuration"

    error: VeeamIamError

    @classmethod
    def of(cls, parent: pytest.Collector, path: Path | None, error: VeeamIamError) -> ConfigurationFile:
        """Return the node of the file."""
        where: dict[str, Any] = {"path": path} if path else {"path": parent.config.rootpath, "nodeid": ""}
        node: ConfigurationFile = cls.from_parent(parent, **where)
        node.error = error
        return node

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the item that fails."""
        yield ErrorItem.of(self, self.ITEM, self.error, **({} if self.nodeid else {"nodeid": self.ITEM}))


class VeeamItem(pytest.Item):
    """An item whose failure is a text that needs no traceback."""

    line: int | None = None
    file: Path | None = None

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the policy begins, which is where JUnit and annotations point to, and the heading of a failure.

        The line is 0-based. A heading that is the end of the node id would have its dots shown as ``::`` by ``-v``.
        """
        return self.file or self.path, (self.line or 1) - 1, f"veeam-iam: {self.nodeid}"

    def tell(self, **properties: object) -> None:
        """Set what JUnit and other reporters show of this item, and where it is, which ``xunit2`` has no place for."""
        place = {"file": name_of(self.file or self.path, self.config), "line": str(self.line or 1)}
        told = [(f"veeam_iam.{name}", value) for name, value in {**properties, **place}.items()]
        others = [each for each in self.user_properties if not each[0].startswith("veeam_iam.")]
        self.user_properties[:] = [*others, *told]  # an item may run again

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return the text of the error alone, its first line being what every short form shows."""
        if not isinstance(excinfo.value, VeeamIamError):
            return super().repr_failure(excinfo, style)
        from _pytest._code.code import ExceptionChainRepr, ReprEntry, ReprFileLocation, ReprTraceback

        lines = str(excinfo.value).split("\n")
        crash = ReprFileLocation(str(self.file or self.path), self.line or 1, lines[0])
        entry = ReprEntry(lines, None, None, None, "value")
        return ExceptionChainRepr([(ReprTraceback([entry], None, "value"), crash, None)])


class ErrorItem(VeeamItem):
    """What cannot be checked at all."""

    error: VeeamIamError
    subject: str

    @classmethod
    def of(
        cls, parent: pytest.Collector, name: str, error: VeeamIamError, *, subject: str = "", **where: str
    ) -> ErrorItem:
        """Return an item that fails.

        Args:
            parent: As pytest says.
            name: Of the item.
            error: What it says.
            subject: What the summary calls it; the file if it is empty.
            where: May hold another node id than its parent gives it.
        """
        item: ErrorItem = cls.from_parent(parent, name=name, **where)
        item.error, item.line, item.file = error, getattr(error, "line", None), item.read_in(error)
        item.subject = subject or item.nodeid.partition("::")[0]
        item.add_marker("veeam_iam")
        return item

    def read_in(self, error: VeeamIamError) -> Path | None:
        """Return the file that an error is about, where that is not the file of the item: a module reads others."""
        if not isinstance(error, PolicyLoadError):
            return None
        path = files.absolute(self.config.rootpath, error.path)
        return path if path != self.path and path.is_file() else None

    def runtest(self) -> None:
        """Fail."""
        self.tell(policy=self.subject, cell="cannot be read")
        raise self.error


class MissingItem(ErrorItem):
    """What is not there, where that is no failure."""

    def runtest(self) -> None:
        """Skip."""
        self.tell(policy=self.subject, cell=NOT_THERE)
        raise pytest.skip.Exception(str(self.error), _use_item_location=True)


class SubjectItem(VeeamItem):
    """A part of what is said about some policies."""

    subject: Judged

    @classmethod
    def of(cls, parent: pytest.Collector, name: str, subject: Judged) -> SubjectItem:
        """Return an item about ``subject``."""
        item: SubjectItem = cls.from_parent(parent, name=name)
        item.subject, item.line, item.file = subject, subject.line, subject.path
        item.add_marker("veeam_iam")
        return item

    def tell(self, **properties: object) -> None:
        """Add what the report says, beside where it is."""
        report = self.subject.report
        told: dict[str, object] = {"policy": self.subject.name, "pack": report.pack, "place": report.place}
        told["ready"] = report.ready
        if self.subject.target:
            told |= {"target": self.subject.target, "not_given": ", ".join(report.not_given)}
        if report.assumed:
            told["assumed_told"] = f"assumed: {text.assumed(report)}"
        super().tell(**told, **properties)

    def skip_if_waived(self, names: Sequence[str], rest: str = "") -> None:
        """Skip if there are gaps and all of them are waived.

        Args:
            names: Of the gaps: actions or ids of findings.
            rest: What else there is to say.
        """
        report = self.subject.report
        if names and all(report.waiver_of(name) for name in names):
            raise pytest.skip.Exception(text.waived_summary(report, names, rest), _use_item_location=True)


class GroupItem(SubjectItem):
    """Passes if every required permission of one group is granted."""

    def runtest(self) -> None:
        """Raise VeeamNotReady if the group falls short."""
        group_id = self.name.rpartition("/")[2]
        report = self.subject.report
        group = report.group(group_id)
        granted = len(group.required) - len(group.shortfalls)
        cell = f"{granted}/{len(group.required)}"
        is_waived = all(report.waiver_of(result.action) for result in group.shortfalls)
        if group.is_unresolved and not is_waived and self.subject.unresolved != "fail":
            summary = text.group_summary(report, group)
            self.tell(group=group_id, cell=f"{cell}?", **{f"{group_id}_told": f"warning: {summary}"})
            if self.subject.unresolved == "skip":
                raise pytest.skip.Exception(summary, _use_item_location=True)
            return
        gaps = [result.action for result in group.shortfalls]
        self.tell(group=group_id, cell=cell, **_waivers(report, gaps))
        self.skip_if_waived(gaps, f"{granted} of {len(group.required)} granted")
        if not group.ready:
            hint = self.subject.hint(group_id) or callers.hint(group, self.config.rootpath)
            root = self.config.rootpath
            repair = repair_if_any(report, group.shortfalls, root=root, shown=partial(files.in_repository, root))
            explanation = text.explain_group(report, group, repair, is_written=bool(self.subject.target)) + (
                f"\n\n  {hint}" if hint else ""
            )
            raise VeeamNotReady(explanation, report)


class FindingsItem(SubjectItem):
    """Passes if none of the findings that are its own counts: those about actions, or all others."""

    def runtest(self) -> None:
        """Raise VeeamNotReady if a finding counts."""
        report, own = self.subject.report, self.name.rpartition("/")[2]
        findings, failing = checks.of_item(report, own), checks.failing(report, own)
        shown = findings if self.subject.tells_all else [each for each in findings if each.severity is Severity.WARNING]
        told = [text.finding_line(each) for each in shown if each not in failing]
        if self.subject.tells_all and own == LINT:
            told += text.raw_lines(map(known_part, self.subject.policies))
        gaps = list(dict.fromkeys(each.id for each in failing))
        more = {f"{own}_told": "\n".join(told)} if told else {}
        self.tell(group=own, cell=_count(failing), **more, **_waivers(report, gaps))
        self.skip_if_waived(gaps, failing[0].message if failing else "")
        if failing:
            raise VeeamNotReady(text.explain_findings(failing, text.expired_note(report, gaps)), report)


def _waivers(report: Report, gaps: Sequence[str]) -> dict[str, str]:
    """Return which of some gaps are waived, and which were until lately, as far as there are any."""
    waived = [name for name in gaps if report.waiver_of(name)]
    expired = [name for name in gaps if name not in waived and report.written_waiver_of(name)]
    told = {"waived": " ".join(waived), "expired": " ".join(expired)}
    return {name: names for name, names in told.items() if names}


def _count(failing: Sequence[Finding]) -> str:
    if not failing:
        return "ok"
    if all(each.id == "unknown_action" for each in failing):
        return f"{len(failing)} unknown"
    return f"{len(failing)} {failing[0].severity}{'s' if len(failing) > 1 else ''}"

"""The hooks of a run that checks policies, registered only then: collection, counting and the summary."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from pytest_veeam_iam import catalog, linter
from pytest_veeam_iam.assertions import expectation
from pytest_veeam_iam.errors import VeeamIamError
from pytest_veeam_iam.plugin import workers
from pytest_veeam_iam.plugin.arguments import Detours
from pytest_veeam_iam.plugin.items import DOCUMENT_ITEMS, PolicyFile, VeeamItem
from pytest_veeam_iam.plugin.selection import NOT_POLICIES, Selection, name_of, reading_of, select
from pytest_veeam_iam.plugin.subjects import Subjects
from pytest_veeam_iam.plugin.summary import Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pytest_veeam_iam.config import Settings
    from pytest_veeam_iam.plugin.subjects import Subject
    from pytest_veeam_iam.readiness import Expectation

_MOST_NAMED = 3


class Run:
    """Everything a run knows; its ``pytest_`` methods are hooks.

    Args:
        config: pytest's.
        settings: The options.
        expected: What policies are held against.
        selection: The files to look at.
    """

    NAME: ClassVar[str] = "veeam-iam-run"

    def __init__(self, config: pytest.Config, settings: Settings, expected: Expectation, selection: Selection) -> None:
        self._config, self._settings, self._expected, self._selection = config, settings, expected, selection
        self._detours = Detours.to(selection.wanted, config)
        self._group_ids = tuple(group.id for group in expected.groups)
        tells_all = settings.lint == "all"
        self._table = Table((*self._group_ids, *DOCUMENT_ITEMS), tells_all=tells_all)
        self._subjects = Subjects(expected, tells_all=tells_all, unresolved=settings.unresolved)
        self._in_workers: int | None = None
        self._in_vain = ""
        self._ranks: dict[str, int] = {}

    @classmethod
    def start(cls, config: pytest.Config, settings: Settings) -> Run:
        """Return the run that the settings ask for; a worker of xdist is told its files by the controller.

        Raises:
            VeeamIamError: For settings that cannot be.
        """
        expected = expectation(pack=settings.pack, **settings.target)  # type: ignore[arg-type]
        told = workers.told(config)
        selection = (
            select(config, settings) if told is None else Selection.from_plain(told, reading_of(config, settings))
        )
        return cls(config, settings, expected, selection)

    def pytest_report_header(self) -> str:
        """Say what is required and where, in one line."""
        pack, target = self._expected.pack, self._expected.target
        page = pack.provenance
        count = sum(len(group.required) for group in self._expected.groups)
        seen = f"page of {page.page_updated}, unchanged when last seen {page.last_seen_unchanged:%Y-%m}"
        groups = f"{len(self._group_ids)} {'group' if len(self._group_ids) == 1 else 'groups'}"
        required = f"{count} permissions in {groups}"
        where = f"bucket {target.place}" if target.buckets else "bucket inferred from each policy"
        data = ", ".join([*catalog.data_sets(), linter.distribution()])
        return f"veeam-iam: {pack.ref} ({seen}; {required}); {where}; {data}"

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Take in what was asked for; with ``--veeam-iam-only`` test modules are not even imported."""
        if self._settings.only and collection_path.suffix in NOT_POLICIES:
            return True
        return self._detours.ignore(collection_path)

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """Collect a policy file."""
        name = name_of(file_path, self._config)
        try:
            policies = self._selection.load(file_path, name)
        except VeeamIamError as error:
            self._subjects.miss(error)
            return PolicyFile.of(parent, file_path, error=error)
        if policies is None:
            return None
        if self._settings.together:
            self._subjects.join(file_path, policies)
            subjects = partial(self._together, file_path)
        else:
            self._subjects.apart(name, policies)
            subjects = partial(self._subjects.carried_by, name)
        return PolicyFile.of(parent, file_path, subjects=subjects, group_ids=self._group_ids)

    def _together(self, path: Path) -> dict[str, Subject]:
        """Let one file carry the items of all; of configured files all are judged, however few of them were typed."""
        for other in sorted(self._selection.only or ()):
            try:
                if not self._subjects.has_joined(other):
                    self._subjects.join(other, self._selection.load_named(other, name_of(other, self._config)))
            except VeeamIamError as error:
                self._subjects.miss(error)
        return self._subjects.carry(path)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Refuse to go on if policies were asked for and there is none; a worker leaves that to its controller."""
        collected = sum(isinstance(item, VeeamItem) for item in items)
        in_vain = self._bound_in_vain(config)
        if workers.report(config, collected, in_vain) or not self._settings.is_typed:
            return
        if not collected or in_vain:
            raise pytest.UsageError(in_vain if collected else self._nothing)

    def _bound_in_vain(self, config: pytest.Config) -> str:
        """Return what is wrong with a value that was typed and that no template asks for, or an empty string."""
        if config.getoption("veeam_iam_bind"):
            try:
                self._selection.reading.bindings.refuse_unused(self._subjects.unknown_expressions())
            except VeeamIamError as error:
                return f"--veeam-iam-bind: {error}"
        return ""

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker which files to look at."""
        workers.tell(node, self._selection.to_plain())

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Hear from a worker in which order the items stand."""
        self._ranks = self._ranks or {node_id: rank for rank, node_id in enumerate(ids)}

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Hear from a worker how many items it found, and what was bound in vain."""
        self._in_workers = (self._in_workers or 0) + workers.reported_count(node)
        self._in_vain = workers.reported_in_vain(node)

    @property
    def _refusal(self) -> str:
        """Why the run is refused: the workers found no policy; without workers it has ended long before."""
        if not self._settings.is_typed or self._in_workers is None:
            return ""
        return self._in_vain if self._in_workers else self._nothing

    @property
    def _nothing(self) -> str:
        left_out = self._selection.not_entered
        entered = f" (not entered: {', '.join(left_out[:_MOST_NAMED])})" if left_out else ""
        return f"--veeam-iam: there is no IAM policy in what was collected{entered}; name a file or directory with one"

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail if no worker found a policy, or a value was bound in vain."""
        ended = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)
        if self._refusal and session.exitstatus in ended:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what an item found; under xdist this runs in the controller."""
        properties = {name: str(value) for name, value in report.user_properties}
        if report.when == "call" and "veeam_iam.policy" in properties:
            self._table.add(properties, failed=report.failed, rank=self._ranks.get(report.nodeid, 0))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show policies by group, and what the answer does not prove."""
        if self._refusal:
            terminalreporter.write_line(f"ERROR: {self._refusal}", red=True)
        if not self._table.rows or self._config.getoption("no_summary"):
            return
        terminalreporter.section("veeam-iam", sep="-")
        if terminalreporter.verbosity >= 0:
            for line in self._table.lines():
                terminalreporter.write_line(line)
        for line in self._closing():
            terminalreporter.write_line(line)

    def _closing(self) -> Iterator[str]:
        expected, rows = self._expected, self._table.rows.values()
        selected = f"profile {expected.profile}" if expected.profile else f"groups {', '.join(self._group_ids)}"
        inferred = sorted({row.place for row in rows} - {"", "any bucket"}) if not expected.target.buckets else []
        more = " ..." if len(inferred) > _MOST_NAMED else ""
        found = (
            f" Bucket {', '.join(inferred[:_MOST_NAMED])}{more} inferred: name it to catch a typo." if inferred else ""
        )
        ready = f"{self._table.ready} of {len(rows)} ready{' as far as it ran' if self._table.is_partial else ''}"
        yield f"{ready} for {expected.pack.ref}, {selected}.{found}"
        yield from self._selection.notes()
        yield (
            "Not given: boundary, SCP, bucket policy. Not modelled: resource control, endpoint and KMS key policies. "
            "AWS was not contacted."
        )

"""The hooks of a run that checks policies, registered only then: collection, counting and the summary."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from pytest_veeam_iam import catalog, linter
from pytest_veeam_iam.assertions import expectation
from pytest_veeam_iam.errors import VeeamIamError
from pytest_veeam_iam.plugin import workers
from pytest_veeam_iam.plugin.arguments import NOT_POLICIES, Detours, are_typed
from pytest_veeam_iam.plugin.items import DOCUMENT_ITEMS, ConfigurationFile, PolicyFile, VeeamItem
from pytest_veeam_iam.plugin.passed_over import listed
from pytest_veeam_iam.plugin.selection import Selection, reading_of, select
from pytest_veeam_iam.plugin.subjects import Subjects
from pytest_veeam_iam.plugin.summary import Table
from pytest_veeam_iam.plugin.targets import TargetsFile, targets_of
from pytest_veeam_iam.plugin.team import name_of
from pytest_veeam_iam.sources.found import Bindings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pytest_veeam_iam.config import Settings
    from pytest_veeam_iam.plugin.subjects import Subject
    from pytest_veeam_iam.plugin.summary import Row
    from pytest_veeam_iam.plugin.targets import Targets
    from pytest_veeam_iam.readiness import Expectation
    from pytest_veeam_iam.rulepacks import RulePack
    from pytest_veeam_iam.teamfile import TeamFile

_MOST_NAMED = 3


class Run:
    """Everything a run knows; its ``pytest_`` methods are hooks.

    Args:
        config: pytest's.
        settings: The options.
        expected: What policies are held against.
        selection: The files to look at.
        targets: What the team has written down, if anything.
    """

    NAME: ClassVar[str] = "veeam-iam-run"

    def __init__(
        self,
        config: pytest.Config,
        settings: Settings,
        expected: Expectation,
        selection: Selection,
        targets: Targets | None = None,
    ) -> None:
        self._config, self._settings, self._expected, self._selection = config, settings, expected, selection
        self._targets = targets
        own_file = {targets.file} if targets and targets.targets else set()
        self._detours = Detours.to(selection.wanted | own_file, config)
        self._group_ids = tuple(group.id for group in expected.groups)
        tells_all = settings.lint == "all"
        of_target = targets.columns() if targets else {}
        self._table = Table((*self._group_ids, *DOCUMENT_ITEMS), tells_all=tells_all, of_target=of_target)
        self._subjects = Subjects(expected, tells_all=tells_all, unresolved=settings.unresolved)
        self._in_workers: int | None = None
        self._in_vain = ""
        self._ranks: dict[str, int] = {}

    @classmethod
    def start(cls, config: pytest.Config, settings: Settings, team: TeamFile | None = None) -> Run:
        """Return the run that is asked for; a worker of xdist is told its files by the controller.

        Raises:
            VeeamIamError: For settings that cannot be.
        """
        expected = expectation(**settings.arguments)  # type: ignore[arg-type]
        targets = targets_of(config, settings, team) if team else None
        told = workers.told(config)
        selection = (
            select(config, settings, team)
            if told is None
            else Selection.from_plain(told, reading_of(config, settings, team))
        )
        run = cls(config, settings, expected, selection, targets)
        if settings.report:
            from pytest_veeam_iam.plugin.reports import Reports

            config.pluginmanager.register(Reports.of(config, settings, run.packs), Reports.NAME)
        return run

    def packs(self) -> tuple[RulePack, ...]:
        """Return all that is required of some policy."""
        targets = self._targets.targets if self._targets else ()
        return tuple(dict.fromkeys(each.pack for each in (*(target.expected for target in targets), self._expected)))

    def pytest_report_header(self) -> str:
        """Say what is required and where, in one line."""
        pack = self._expected.pack
        page = pack.provenance
        seen = f"page of {page.page_updated}, unchanged when last seen {page.last_seen_unchanged:%Y-%m}"
        data = ", ".join([*catalog.data_sets(), linter.distribution()])
        required, where = self._required()
        return f"veeam-iam: {pack.ref} ({seen}; {required}); {where}; {data}"

    def _required(self) -> tuple[str, str]:
        """Return what is required, and where, in a few words."""
        expected = self._expected
        config = f"config: {name_of(self._targets.file, self._config)}" if self._targets else ""
        if self._targets and self._targets.targets:
            count = len(self._targets.targets)
            return f"{count} {'target' if count == 1 else 'targets'}", config
        count = sum(len(group.required) for group in expected.groups)
        groups = f"{len(self._group_ids)} {'group' if len(self._group_ids) == 1 else 'groups'}"
        where = f"bucket {expected.target.place}" if expected.target.buckets else "bucket inferred from each policy"
        return f"{count} permissions in {groups}", f"{where}; {config}" if config else where

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Take in what was asked for; ``--veeam-iam-only`` neither imports test modules nor follows links."""
        if self._settings.only and (collection_path.suffix in NOT_POLICIES or self._is_stray(collection_path)):
            return True
        return self._detours.ignore(collection_path)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collect_directory(self, path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """Take a package for a mere directory with ``--veeam-iam-only``: pytest would import its ``__init__.py``."""
        return pytest.Dir.from_parent(parent, path=path) if self._settings.only else None

    def _is_stray(self, path: Path) -> bool:
        """Return whether a path is a link that leads to nothing that was asked for."""
        return path.is_symlink() and not any(wanted.is_relative_to(path) for wanted in self._selection.wanted)

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """Collect a policy file, or that of the targets; what belongs to a target is not checked by itself as well."""
        if self._targets and file_path == self._targets.file:
            return TargetsFile.of(parent, self._targets)
        if self._targets and self._targets.owns(file_path):
            return PolicyFile.of(parent, file_path) if file_path in self._selection.named else None
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
    def pytest_collection_modifyitems(
        self, session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Refuse to go on if policies were asked for and there is none; a worker leaves that to its controller."""
        self._pass_over_files_behind(config, items)
        wrong = self._wrong(config)
        if wrong and not self._settings.is_typed and self._targets:
            items += ConfigurationFile.of(session, self._targets.file, wrong).collect()
        collected = sum(isinstance(item, VeeamItem) for item in items)
        in_vain = str(wrong) if wrong else self._bound_in_vain(config)
        passed_over = self._selection.passed_over.to_plain()
        if workers.report(config, collected, in_vain, passed_over) or not self._settings.is_typed:
            return
        if not collected or in_vain:
            raise pytest.UsageError(in_vain if collected else self._nothing)

    def _pass_over_files_behind(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Deselect the items of files that a search found and that Terraform makes policies of, checked as such."""
        behind = {each for each in items if isinstance(each, VeeamItem) and self._is_behind(each.path, config)}
        if behind:
            self._selection.passed_over.read_by_others.update(name_of(each.path, config) for each in behind)
            config.hook.pytest_deselected(items=[each for each in items if each in behind])
            items[:] = [each for each in items if each not in behind]

    def _is_behind(self, path: Path, config: pytest.Config) -> bool:
        return name_of(path, config) in self._subjects.files_behind and not self._selection.is_named(path)

    def _wrong(self, config: pytest.Config) -> VeeamIamError | None:
        """Return what is bound in the file and nothing uses, as far as all was read that could use it."""
        if not self._targets or (are_typed(config) and not self._targets.targets):
            return None
        return self._targets.wrong(self._selection.reading.bindings.used, self._subjects.unknown_expressions())

    def _bound_in_vain(self, config: pytest.Config) -> str:
        """Return what is wrong with a value that was typed and that no template asks for, or an empty string."""
        if config.getoption("veeam_iam_bind"):
            try:
                bindings, open_ = self._selection.reading.bindings, self._subjects.unknown_expressions()
                bindings.used.update(self._targets.used() if self._targets else ())
                typed = {name: value for name, value in bindings.values.items() if name in self._settings.bind}
                open_ |= self._targets.open_expressions() if self._targets else set()
                Bindings(typed, used=bindings.used).refuse_unused(open_)
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
        self._selection.passed_over.add(workers.reported_passed_over(node))

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
        of_resources = listed(self._selection.passed_over.of_resources)
        entered += f"; every statement of {of_resources} names a Principal" if of_resources else ""
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
        rows = list(self._table.rows.values())
        inferred = sorted({row.place for row in rows if self._is_inferred(row)} - {"", "any bucket"})
        more = " ..." if len(inferred) > _MOST_NAMED else ""
        found = (
            f" Bucket {', '.join(inferred[:_MOST_NAMED])}{more} inferred: name it to catch a typo." if inferred else ""
        )
        ready = f"{self._table.ready} of {len(rows)} ready{' as far as it ran' if self._table.is_partial else ''}"
        accepted = sum(row.is_accepted for row in rows)
        waived = f" {accepted} not ready, but all that it lacks is waived." if accepted == 1 else ""
        waived = waived or (f" {accepted} not ready, but all that they lack is waived." if accepted else "")
        yield f"{ready} for {self._held_against(rows)}.{waived}{found}"
        yield from self._selection.notes()
        yield from self._targets.notes(self._table) if self._targets else ()
        yield f"{_not_given(rows)}Not modelled: resource control, endpoint and KMS key policies. AWS was not contacted."

    def _expected_of(self, row: Row) -> Expectation:
        targets = self._targets.targets if self._targets else ()
        return next((each.expected for each in targets if each.name == row.target), self._expected)

    def _is_inferred(self, row: Row) -> bool:
        return not self._expected_of(row).target.buckets

    def _held_against(self, rows: Sequence[Row]) -> str:
        """Return the packs, and the profiles or groups, in words."""
        all_expected = [self._expected_of(row) for row in rows]
        packs = dict.fromkeys(each.pack.ref for each in all_expected)
        profiles = dict.fromkeys(each.profile for each in all_expected if each.profile)
        groups = dict.fromkeys(group.id for each in all_expected if not each.profile for group in each.groups)
        said = ", ".join(packs)
        if len(profiles) > 1 or (profiles and groups):
            return f"{said}, each for its own profile or groups"
        return f"{said}, profile {next(iter(profiles))}" if profiles else f"{said}, groups {', '.join(groups)}"


_NOT_GIVEN = ("boundary", "SCP", "bucket policy")


def _not_given(rows: Sequence[Row]) -> str:
    """Return which layers no policy was given, and which only some were."""
    lacking = [row.not_given if row.target else _NOT_GIVEN for row in rows if row.place]
    none = [layer for layer in _NOT_GIVEN if all(layer in each for each in lacking)]
    some = [layer for layer in _NOT_GIVEN if layer not in none and any(layer in each for each in lacking)]
    said = f"Not given: {', '.join(none)}. " if none else ""
    return said + (f"Given to some only: {', '.join(some)}. " if some else "")

"""The hooks of a run that checks policies, registered only then: collection, counting and the summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from pytest_veeam_iam.assertions import expectation
from pytest_veeam_iam.errors import VeeamIamError
from pytest_veeam_iam.plugin.items import LINT, ConfigurationFile, PolicyFile, Subject, VeeamItem
from pytest_veeam_iam.plugin.selection import NOT_POLICIES, Selection, name_of, select
from pytest_veeam_iam.plugin.summary import Table
from pytest_veeam_iam.readiness import PoliciesInEffect, check

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_veeam_iam.config import Settings
    from pytest_veeam_iam.iam.document import Policy
    from pytest_veeam_iam.report import Report

_SELECTION = "veeam_iam_selection"
_COLLECTED = "veeam_iam_collected"
_MOST_NAMED = 3
_MOST_NEIGHBOURS = 20
"""Policies among which a union that is ready is looked for."""


class Run:
    """Everything a run knows; its ``pytest_`` methods are hooks.

    Args:
        config: pytest's.
        settings: The options.
        selection: The files to look at.
    """

    NAME: ClassVar[str] = "veeam-iam-run"

    def __init__(self, config: pytest.Config, settings: Settings, selection: Selection) -> None:
        self._config, self._settings, self._selection = config, settings, selection
        self._expected = expectation(pack=settings.pack, **settings.target)  # type: ignore[arg-type]
        self._group_ids = tuple(group.id for group in self._expected.groups)
        self._table = Table((*self._group_ids, LINT))
        self._subjects: list[Subject] = []
        self._collected: int | None = None

    @classmethod
    def start(cls, config: pytest.Config, settings: Settings) -> Run:
        """Return the run that the settings ask for; a worker of xdist is told its files by the controller.

        Raises:
            VeeamIamError: For settings that cannot be.
        """
        told: dict[str, Any] | None = getattr(config, "workerinput", None)
        return cls(
            config, settings, select(config, settings) if told is None else Selection.from_plain(told[_SELECTION])
        )

    def pytest_report_header(self) -> str:
        """Say what is required and where, in one line."""
        pack, target = self._expected.pack, self._expected.target
        page = pack.provenance
        count = sum(len(group.required) for group in self._expected.groups)
        seen = f"page of {page.page_updated}, unchanged when last seen {page.last_seen_unchanged:%Y-%m}"
        required = f"{count} permissions in {len(self._group_ids)} groups"
        where = f"bucket {target.place}" if target.buckets else "bucket inferred from each policy"
        return f"veeam-iam: {pack.ref} ({seen}; {required}); {where}"

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """With ``--veeam-iam-only`` leave test modules alone, so that they are not even imported."""
        return True if self._settings.only and collection_path.suffix in NOT_POLICIES else None

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """Collect a policy file."""
        name = name_of(file_path, self._config)
        try:
            policies = self._selection.load(file_path, name, is_named=parent.session.isinitpath(file_path))
        except VeeamIamError as error:
            return PolicyFile.of(parent, file_path, error=error)
        if policies is None:
            return None
        if self._settings.together:
            return self._collect_together(parent, file_path, policies)
        names = {"": name} if len(policies) == 1 else {f"{n}/": f"{name}/{n}" for n in range(len(policies))}
        subjects = {
            prefix: Subject(called, [policy], self._check, self._hint)
            for (prefix, called), policy in zip(names.items(), policies, strict=True)
        }
        self._subjects += subjects.values()
        return PolicyFile.of(parent, file_path, subjects=subjects, group_ids=self._group_ids)

    def _collect_together(
        self, parent: pytest.Collector, path: Path, policies: tuple[Policy, ...]
    ) -> pytest.Collector | None:
        """Let the first file carry the items, and every further one add its policies to what they judge."""
        if self._subjects:
            self._subjects[0].policies += policies
            return None
        self._subjects = [Subject("together", list(policies), self._check, self._hint)]
        return PolicyFile.of(parent, path, subjects={"": self._subjects[0]}, group_ids=self._group_ids)

    def _check(self, policies: list[Policy]) -> Report:
        return check(PoliciesInEffect(tuple(policies)), self._expected)

    def _hint(self, subject: Subject, group_id: str) -> str:
        """Say if another policy, or all together, grant what one does not."""
        if len(self._subjects) > _MOST_NEIGHBOURS:
            return ""
        lacking = [each for each in self._subjects if not each.report.ready]
        union = self._check([policy for each in lacking for policy in each.policies])
        if len(lacking) < 2 or not union.ready:
            return ""
        granting = [each.name for each in lacking if each is not subject and each.report.group(group_id).ready]
        what = f"{granting[0]} grants it" if granting else f"together the {len(lacking)} that fall short grant it"
        return f"{what}: attached to the same user? pytest --veeam-iam --veeam-iam-together"

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Refuse to go on if policies were asked for and there is none; a worker leaves that to its controller."""
        self._collected = sum(isinstance(item, VeeamItem) for item in items)
        output: dict[str, Any] | None = getattr(config, "workeroutput", None)
        if output is not None:
            output[_COLLECTED] = self._collected
        elif self._is_empty:
            raise pytest.UsageError(self._nothing)

    @property
    def _is_empty(self) -> bool:
        return self._settings.is_typed and self._collected == 0

    @property
    def _nothing(self) -> str:
        return "--veeam-iam: there is no IAM policy in what was collected; name a file or directory that holds one"

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker which files to look at."""
        node.workerinput[_SELECTION] = self._selection.to_plain()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Hear from a worker how many items it found."""
        self._collected = (self._collected or 0) + getattr(node, "workeroutput", {}).get(_COLLECTED, 0)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail if no worker found a policy."""
        if self._is_empty and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.USAGE_ERROR

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what an item found; under xdist this runs in the controller."""
        properties = {name: str(value) for name, value in report.user_properties}
        if report.when == "call" and "veeam_iam.policy" in properties:
            self._table.add(properties, failed=report.failed)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show policies by group, and what the answer does not prove."""
        if self._is_empty:
            terminalreporter.write_line(f"ERROR: {self._nothing}", red=True)
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


class BrokenRun:
    """A run whose configuration is wrong although nobody typed ``--veeam-iam``: one item says so, all else goes on."""

    NAME: ClassVar[str] = "veeam-iam-broken-run"

    def __init__(self, config: pytest.Config, error: VeeamIamError) -> None:
        self._file, self._error = config.inipath, error
        if config.args_source is not pytest.Config.ArgsSource.ARGS and not hasattr(config, "workerinput"):
            config.args.append(str(config.inipath))

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """Collect the configuration file as the item that fails."""
        return ConfigurationFile.of(parent, file_path, self._error) if file_path == self._file else None

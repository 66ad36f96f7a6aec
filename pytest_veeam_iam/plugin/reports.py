"""The report files of a run: its items hand on evidence, and at the end every form is written from it.

It is registered only if a report is asked for. Under xdist the items are in the workers, and the controller writes.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from pytest_veeam_iam import recording, reporters
from pytest_veeam_iam.errors import VeeamIamError
from pytest_veeam_iam.plugin import places, workers
from pytest_veeam_iam.plugin.destinations import destinations
from pytest_veeam_iam.plugin.items import ErrorItem, SubjectItem, VeeamItem
from pytest_veeam_iam.plugin.team import base_of
from pytest_veeam_iam.waivers import today

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from pytest_veeam_iam import evidence
    from pytest_veeam_iam.config import Settings
    from pytest_veeam_iam.plugin.destinations import Destination
    from pytest_veeam_iam.rulepacks import RulePack

_EVIDENCE = "_veeam_iam"
"""The attribute of a test report that carries evidence from a worker to its controller: plain values, and a case as
JSON, because a text is one object where its values would be thousands for as long as the run lasts."""

_OF_JSON = ("json", "sarif", "gitlab", "missing")
"""Forms in which ``##``, with which runners of Azure Pipelines find commands in any line, can be written otherwise."""

_ENDED = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)


class Reports:
    """Gathers evidence and writes it; its ``pytest_`` methods are hooks.

    Args:
        config: pytest's.
        settings: The options.
        wanted: What is to be written.
        packs: Returns all rule packs of the run.
    """

    NAME: ClassVar[str] = "veeam-iam-reports"

    def __init__(
        self,
        config: pytest.Config,
        settings: Settings,
        wanted: Sequence[Destination],
        packs: Callable[[], Sequence[RulePack]],
    ) -> None:
        self._config, self._wanted, self._packs = config, wanted, packs
        self._as_of = today(settings.as_of, os.environ)
        self._recorder = recording.Recorder(config.rootpath, places.shown_by(config, os.environ))
        self._told: set[str] = set()
        self._cases: dict[str, str] = {}
        self._unread: dict[str, evidence.Unread] = {}
        self._items: dict[str, dict[str, evidence.Item]] = {}
        self._expected, self._is_cut_off = 0, False
        self._said: list[str] = []

    @classmethod
    def of(cls, config: pytest.Config, settings: Settings, packs: Callable[[], Sequence[RulePack]]) -> Reports:
        """Return what writes the reports that were asked for; raises TargetError for one that cannot be written."""
        base = base_of(config, "veeam_iam_report")
        return cls(config, settings, destinations(settings.report, base, os.environ), packs)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[Any]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Let the report of an item carry what it is about, the first time in this process."""
        report = yield
        if isinstance(item, VeeamItem) and call.when == "call":
            setattr(report, _EVIDENCE, self._evidence(item, report.outcome))
        return report

    def _evidence(self, item: VeeamItem, outcome: str) -> dict[str, Any]:
        if isinstance(item, SubjectItem):
            subject = item.subject
            told = {"name": subject.name, "item": item.name.rpartition("/")[2]}
            if subject.name in self._told:
                return told
            self._told.add(subject.name)
            try:
                case = self._recorder.case(subject.report, name=subject.name, team_target=subject.target or None)
            except VeeamIamError as error:
                return {"unread": self._of_error(item, error, subject.name, outcome)}
            return {**told, "case": json.dumps(case)}
        error_item = item if isinstance(item, ErrorItem) else None
        if error_item is None:
            return {}
        return {"unread": self._of_error(item, error_item.error, error_item.subject, outcome)}

    def _of_error(self, item: VeeamItem, error: VeeamIamError, name: str, outcome: str) -> evidence.Unread:
        path = item.nodeid.partition("::")[0]
        return self._recorder.unread(error, name=name, nodeid=item.nodeid, path=path, outcome=outcome)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Count what is to run; a controller of xdist has no items of its own."""
        self._expected = sum(isinstance(item, VeeamItem) for item in session.items)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the evidence; under xdist this runs in the controller."""
        if workers.is_worker(self._config):
            return
        told: dict[str, Any] = report.__dict__.pop(_EVIDENCE, {})
        if "unread" in told:
            self._unread[report.nodeid] = told["unread"]
        if "case" in told:
            self._cases.setdefault(told["name"], told["case"])
        if "item" in told:
            item: evidence.Item = {"nodeid": report.nodeid, "item": told["item"], "outcome": report.outcome}
            self._items.setdefault(told["name"], {})[report.nodeid] = item

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, error: object) -> None:
        """Hear that a worker came to a bad end."""
        self._is_cut_off = self._is_cut_off or error is not None

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write what is known, also after failures and interruptions."""
        if workers.is_worker(self._config) or self._config.option.collectonly:
            return
        run = self._run(complete=self._is_complete(session, exitstatus))
        for wanted in self._wanted:
            try:
                self._write(wanted, reporters.renderer(wanted.form)(run))
            except Exception as error:  # a report that fails must not cost the run its other reports
                self._said.append(f"ERROR: the {wanted.form} report was not written: {type(error).__name__}: {error}")
                session.exitstatus = exitstatus or pytest.ExitCode.TESTS_FAILED

    def _is_complete(self, session: pytest.Session, exitstatus: int) -> bool:
        reported = len(self._unread) + sum(map(len, self._items.values()))
        is_stopped = bool(session.shouldstop or session.shouldfail)
        lacks = reported < self._expected if self._expected else is_stopped
        return exitstatus in _ENDED and not self._is_cut_off and not lacks

    def _run(self, *, complete: bool) -> evidence.Run:
        cases: list[evidence.Case] = [json.loads(text) for text in self._cases.values()]
        for case in cases:
            case["items"] = sorted(self._items[case["name"]].values(), key=lambda item: item["nodeid"])
        used = {case["pack"] for case in cases}
        packs = [pack for pack in self._packs() if f"{pack.id}@{pack.version}" in used or not used]
        return recording.run(
            cases,
            list(self._unread.values()),
            packs=packs,
            as_of=self._as_of,
            complete=complete,
            environment=os.environ,
        )

    def _write(self, wanted: Destination, text: str) -> None:
        if wanted.path is None:
            if wanted.form in _OF_JSON:
                text = text.replace("##", "#\\u0023")
            self._said += text.removesuffix("\n").split("\n")
            return
        wanted.write(text)
        what = "appended to" if wanted.is_shared else "written:"
        self._said.append(f"{wanted.form} report {what} {places.relative(wanted.path, self._config)}")

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show what goes to standard output, and name every file that was written."""
        for line in self._said:
            terminalreporter.write_line(line)
        self._said.clear()

    def pytest_unconfigure(self) -> None:
        """Write to standard output what no terminal reporter was there to show."""
        for line in self._said:
            sys.stdout.write(f"{line}\n")

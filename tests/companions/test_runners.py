"""Plugins that change how tests are run, and tools that pin what the package needs: the answer is the same."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

from tests.companions.conftest import FAILS, SUMMARY, UNREAD

if TYPE_CHECKING:
    from tests.plugin.conftest import Outcome, Repository

ADD = "def test_add():\n    assert 1 + 1 == 2\n"


def check(outcome: Outcome) -> None:
    """Of the two policies one is ready; the third file cannot be read."""
    assert outcome.code == 1
    assert sorted(outcome.short_summary)[0] == f"FAILED {FAILS} - {SUMMARY}"
    assert sorted(outcome.failed) == [FAILS, UNREAD]
    assert (outcome.counts["passed"], outcome.counts["failed"]) == (11, 2)


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_in_another_order(policies: Repository, seed: str) -> None:
    pytest.importorskip("pytest_randomly")
    arguments = ("--veeam-iam", "policies", "--veeam-iam-report=report.json")
    check(policies.run_apart("-p", "no:randomly", *arguments))
    report = (policies.path / "report.json").read_bytes()
    check(policies.run_apart(*arguments, f"--randomly-seed={seed}"))
    assert (policies.path / "report.json").read_bytes() == report


@pytest.mark.parametrize("more", [(), ("-n", "2")], ids=" ".join)
def test_what_fails_runs_again_and_is_told_once(policies: Repository, more: tuple[str, ...]) -> None:
    pytest.importorskip("pytest_rerunfailures")
    outcome = policies.run_apart("--veeam-iam", "policies", "--reruns=2", "--veeam-iam-report=report.json", *more)
    check(outcome)
    assert outcome.counts["rerun"] == 2 * len([FAILS, UNREAD])
    report = json.loads((policies.path / "report.json").read_text("utf-8"))
    assert [each["nodeid"] for each in report["unread"]] == [UNREAD]
    assert [len(each["items"]) for each in report["reports"]] == [6, 6]
    assert report["complete"] is True


def test_beside_all_of_them(policies: Repository) -> None:
    for name in ("allure_pytest", "pytest_html", "pytest_randomly", "pytest_rerunfailures", "xdist"):
        pytest.importorskip(name)
    policies.write("policies/test_a.py", ADD)
    written = ("--html=report.html", "--alluredir=allure", "--junitxml=junit.xml", "--veeam-iam-report=report.json")
    outcome = policies.run_apart("--veeam-iam", "policies", "-n", "2", "--reruns=1", *written)
    assert sorted(outcome.failed) == [FAILS, UNREAD]
    assert outcome.counts == {"passed": 12, "failed": 2, "rerun": 2}


def test_a_run_that_does_not_ask_is_left_alone_beside_them(policies: Repository) -> None:
    pytest.importorskip("pytest_randomly")
    policies.write("test_a.py", ADD)
    outcome = policies.run_apart()
    assert outcome.counts == {"passed": 1}
    assert "veeam-iam" not in outcome.text.replace("veeam-iam-", "")


def test_beside_checkov(policies: Repository) -> None:
    pytest.importorskip("checkov")
    assert version("policy-sentry").startswith("0.13.")
    command = [sys.executable, "-c", "import checkov.main, pytest_veeam_iam.plugin.run"]
    assert subprocess.run(command, cwd=policies.path, check=False).returncode == 0
    check(policies.run_apart("--veeam-iam", "policies"))

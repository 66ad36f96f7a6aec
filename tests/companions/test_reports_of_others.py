"""Plugins that write reports of their own: the row of an item that fails has its summary and its group."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.companions.conftest import FAILS, SUMMARY, UNREAD

if TYPE_CHECKING:
    from tests.plugin.conftest import Outcome, Repository


def run(repository: Repository, *arguments: str) -> Outcome:
    outcome = repository.run_apart("-p", "no:randomly", "--veeam-iam", "policies", *arguments)
    assert outcome.counts["failed"] == len([FAILS, UNREAD])
    return outcome


def test_pytest_html(policies: Repository) -> None:
    pytest.importorskip("pytest_html")
    run(policies, "--html=report.html", "--self-contained-html")
    page = (policies.path / "report.html").read_text("utf-8")
    blob = re.search(r'data-jsonblob="([^"]*)"', page)
    assert blob
    tests: dict[str, Any] = json.loads(html.unescape(blob[1]))["tests"]
    (row,) = tests[FAILS]
    assert row["result"] == "Failed"
    assert FAILS in "".join(row["resultsTableRow"])
    assert html.unescape(row["log"]).startswith(SUMMARY)
    assert html.unescape(tests[UNREAD][0]["log"]).startswith("policies/broken.json:2:")


@pytest.mark.parametrize("more", [(), ("-n", "2")], ids=" ".join)
def test_allure(policies: Repository, more: tuple[str, ...]) -> None:
    pytest.importorskip("allure_pytest")
    run(policies, "--alluredir=allure", *more)
    found = [json.loads(path.read_text("utf-8")) for path in policies.path.glob("allure/*-result.json")]
    results = {each["fullName"]: each for each in found}
    result = results["policies.both#1/object"]
    assert result["status"] == "failed"
    assert result["statusDetails"]["message"].partition("\n")[0].endswith(f": {SUMMARY}")
    assert result["statusDetails"]["trace"].startswith(SUMMARY)
    assert {"name": "tag", "value": "veeam_iam"} in result["labels"]
    assert results["policies.both#0/object"]["status"] == "passed"


def test_ctrf(policies: Repository) -> None:
    pytest.importorskip("ctrf")
    run(policies, "--ctrf=ctrf.json")
    results = json.loads((policies.path / "ctrf.json").read_text("utf-8"))["results"]
    result = next(each for each in results["tests"] if each["name"] == FAILS)
    assert (result["status"], result["filePath"]) == ("failed", "policies/both.json")
    assert result["message"] == SUMMARY
    assert result["trace"].startswith(SUMMARY)


def test_md_report(policies: Repository) -> None:
    pytest.importorskip("pytest_md_report")
    outcome = run(policies, "--md-report", "--md-report-output=report.md", "--md-report-verbose=2")
    rows = (policies.path / "report.md").read_text("utf-8").splitlines()
    (row,) = (row for row in rows if FAILS in row)
    cells = [cell.strip() for cell in row.split("|")]
    assert (cells[1], cells[5]) == ("policies/both.json", "1")
    assert f"FAILED {FAILS} - {SUMMARY}" in outcome.short_summary  # its table has no room for it


def test_annotations_for_github_point_to_the_policy(
    policies: Repository, line: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pytest_github_actions_annotate_failures")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    outcome = run(policies)
    said = re.findall("::error .*", f"{outcome.text}\n{outcome.errors}")
    assert len(said) == len([FAILS, UNREAD])
    assert said[0].startswith(f"::error file=policies/both.json,line={line}::")
    assert f"{FAILS}%0A%0A{SUMMARY}" in said[0]
    assert said[1].startswith("::error file=policies/broken.json,line=2::")

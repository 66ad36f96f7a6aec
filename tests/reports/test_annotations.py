"""Annotations, read back as the runner of GitHub and the agent of Azure Pipelines do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pytest_veeam_iam.reporters import azure, github, notices
from tests.reports import runs

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_veeam_iam.evidence import Case, Run

    Read = Callable[[Run], list[dict[str, str]]]

HOSTILE = "a%0Ab%25,c:d;e]f::error::g\r\nh##vso[task.complete]\x1b[2J\u202e"
PLAIN = HOSTILE.replace("\x1b", "\\x1b").replace("\u202e", "\\u202e")


def of_github(run: Run) -> list[dict[str, str]]:
    """Split at the first ``::`` after the command, properties at commas and ``=``; escapes last."""
    return [_of_github(line) for line in github.render(run).splitlines()]


def _of_github(line: str) -> dict[str, str]:
    match = re.fullmatch(r"::(\w+) (.*?)::(.*)", line)
    assert match, line
    kind, properties, message = match.groups()
    values = dict(each.split("=", 1) for each in properties.split(","))
    plain = {name: _taken_back(value, "%0D\r", "%0A\n", "%3A:", "%2C,", "%25%") for name, value in values.items()}
    return {"kind": kind, "message": _taken_back(message, "%0D\r", "%0A\n", "%25%"), **plain}


def of_azure(run: Run) -> list[dict[str, str]]:
    """Split at the first ``]``, properties at semicolons and ``=``; escapes last."""
    return [_of_azure(line) for line in azure.render(run).splitlines()]


def _of_azure(line: str) -> dict[str, str]:
    match = re.fullmatch(r"##vso\[task\.logissue ([^\]]*)\](.*)", line)
    assert match, line
    escapes = ("%3B;", "%0D\r", "%0A\n", "%5D]", "%AZP25%")
    values = dict(each.split("=", 1) for each in match[1].split(";") if each)
    plain = {name: _taken_back(value, *escapes) for name, value in values.items()}
    names = {"type": "kind", "sourcepath": "file", "linenumber": "line", "columnnumber": "col", "code": "title"}
    return {"message": _taken_back(match[2], *escapes), **{names[name]: value for name, value in plain.items()}}


def _taken_back(text: str, *escapes: str) -> str:
    for each in escapes:
        text = text.replace(each[:-1], each[-1])
    return text


each_ci = pytest.mark.parametrize("read", [of_github, of_azure], ids=["github", "azure"])


def without_hostile(run: Run) -> Run:
    run["reports"] = [each for each in run["reports"] if "hostile" not in each["name"]]
    return run


@each_ci
def test_a_group_is_an_error_at_the_policy(read: Read) -> None:
    assert {
        "kind": "error",
        "file": "policies/short.json",
        "line": "1",
        "title": "policies/short.json: bucket",
        "message": "s3:ListBucketVersions missing (1 of 5, acme-veeam)",
    } in read(runs.kept())


@each_ci
def test_a_finding_is_at_its_own_place(read: Read) -> None:
    (found,) = [
        each
        for each in read(without_hostile(runs.kept()))
        if each["title"] == "unknown_action" and "policies" in each["file"]
    ]
    assert (found["kind"], found["file"]) == ("error", "policies/short.json")
    text = (runs.EXAMPLES / "repository" / found["file"]).read_text("utf-8").splitlines()
    assert text[int(found["line"]) - 1][int(found["col"]) - 1 :].startswith('"ec2:StartInstance"')


@each_ci
def test_what_cannot_be_read_comes_first(read: Read) -> None:
    first = read(runs.kept())[0]
    assert (first["kind"], first["file"], first["line"], first["col"]) == (
        "error",
        "policies/unreadable.json",
        "4",
        "24",
    )


@each_ci
def test_what_is_not_there_and_need_not_be_is_not_shown(read: Read) -> None:
    run = runs.kept()
    run["unread"][0]["outcome"] = "skipped"
    assert "policies/unreadable.json" not in str(read(run))


@each_ci
def test_what_is_waived_is_a_warning(read: Read) -> None:
    (waived,) = [each for each in read(runs.kept()) if "waived" in each["message"]]
    assert (waived["kind"], waived["file"]) == ("warning", "policies/waived.json")
    assert waived["message"].splitlines()[1].startswith("waived until 2027-01-31 (platform team, 65 days left)")


@each_ci
def test_what_the_run_passes_by_is_a_warning(read: Read) -> None:
    run = runs.kept()
    case: Case = runs.case(run, "terraform/veeam.tf")
    for item in case["items"]:
        item["outcome"] = "passed"
    kinds = {each["kind"] for each in read({**run, "reports": [case]}) if each["file"] == "terraform/veeam.tf"}
    assert kinds == {"warning"}


@each_ci
def test_what_is_ready_says_nothing(read: Read) -> None:
    assert read(runs.ready()) == []
    assert read(runs.empty()) == []


@each_ci
def test_a_report_without_tests_of_its_own_is_an_error_unless_it_is_waived(read: Read) -> None:
    run = runs.kept()
    short, archive = runs.case(run, "short.json"), runs.case(run, "archive")
    for each in (short, archive):
        each["items"], each["findings"] = [], []
    kinds = [(each["file"], each["kind"]) for each in read({**run, "unread": [], "reports": [short, archive]})]
    assert set(kinds) == {("policies/short.json", "error"), ("policies/waived.json", "warning")}


@each_ci
def test_a_finding_that_is_waived_is_a_warning(read: Read) -> None:
    run = runs.kept()
    case = runs.case(run, "short.json")
    case["waivers"] = [{**runs.case(run, "archive")["waivers"][0], "permission": None, "finding": "unknown_action"}]
    (found,) = [each for each in read({**run, "reports": [case]}) if each["title"] == "unknown_action"]
    assert found["kind"] == "warning"
    assert "waived until 2027-01-31" in found["message"]


@each_ci
def test_of_more_than_ten_the_tenth_counts_the_rest(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = read(runs.many(100))
    errors = [each for each in shown if each["kind"] == "error"]
    assert len(errors) == 10
    assert "more in the report" not in str(errors[:-1])
    counted = re.fullmatch(r"and (\d+) more in the report", errors[-1]["message"])
    assert counted
    assert len([each for each in shown if each["kind"] == "warning"]) == 10
    monkeypatch.setattr(notices, "_MOST", 1_000_000)
    assert int(counted[1]) == len([each for each in read(runs.many(100)) if each["kind"] == "error"]) - 9


@each_ci
def test_hostile_text_is_one_line_and_one_value(read: Read) -> None:
    run = runs.kept()
    case = runs.case(run, "short.json")
    run |= {"unread": [], "reports": [case]}
    case["name"] = case["annotate"]["path"] = HOSTILE
    for group in case["groups"]:
        group["summary"] = HOSTILE
    case["findings"] = []
    shown = read(run)
    assert len(shown) == 2
    for each in shown:
        assert each["file"] == each["message"] == PLAIN
        assert each["title"].startswith(f"{PLAIN}: ")
        assert each["kind"] == "error"

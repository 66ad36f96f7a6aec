"""The report files of a run: what is in them, where they go, and that nothing of them is lost."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_veeam_iam import evidence

if TYPE_CHECKING:
    from pathlib import Path

    from tests.plugin.conftest import Document, Repository

DAY = "--veeam-iam-as-of=2026-11-27"


def report(repository: Repository, *arguments: str, apart: bool = False) -> evidence.Run:
    """Run pytest and return its JSON report."""
    run = repository.run_apart if apart else repository.run
    run("--veeam-iam", DAY, "--veeam-iam-report=out/report.json", *arguments)
    found: evidence.Run = json.loads((repository.path / "out/report.json").read_text("utf-8"))
    return found


def broken(document: Document) -> Document:
    """Return a policy that restores nothing."""
    text = json.dumps(document).replace("s3:RestoreObject", "s3:RestorObject")
    changed: Document = json.loads(text)
    return changed


@pytest.fixture
def two(repository: Repository, example: Document, scoped: Document) -> Repository:
    """A repository with a policy that is ready and one that is not."""
    (repository.path / ".git").mkdir()
    repository.write("policies/ready.json", example)
    repository.write("policies/broken.json", broken(scoped))
    return repository


def test_the_report_holds_every_policy_with_its_evidence(two: Repository) -> None:
    run = report(two, "policies")
    assert list(run) == list(evidence.Run.__annotations__)
    assert (run["schema"], run["pack"], run["as_of"], run["complete"]) == (1, "vb365-s3@8.3", "2026-11-27", True)
    assert [(case["name"], case["ready"]) for case in run["reports"]] == [
        ("policies/broken.json", False),
        ("policies/ready.json", True),
    ]
    case = run["reports"][0]
    assert list(case) == list(evidence.Case.__annotations__)
    assert case["summary"] == "s3:RestoreObject missing (1 of 45, acme-veeam)"
    assert case["annotate"] == {"path": "policies/broken.json", "line": 1}
    (policy,) = case["policies"]
    data = (two.path / "policies/broken.json").read_bytes()
    assert policy == {
        "path": "policies/broken.json",
        "line": 1,
        "entity": None,
        "form": "document",
        "layer": "identity",
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    outcomes = {item["item"]: item["outcome"] for item in case["items"]}
    assert outcomes == dict.fromkeys(["archiver-appliance", "repository", "bucket", "lint"], "passed") | {
        "object": "failed",
        "actions": "failed",
    }
    (pack,) = run["packs"]
    assert (pack["id"], pack["page_updated"]) == ("vb365-s3", "2025-01-16")
    assert len(str(pack["sha256"])) == 64


def test_a_statement_is_shown_as_it_stands_in_its_file(two: Repository) -> None:
    case = report(two, "policies/broken.json")["reports"][0]
    (restore,) = [p for group in case["groups"] for p in group["permissions"] if p["action"] == "s3:RestoreObject"]
    excerpt = case["excerpts"][restore["statements"][0]["key"]]
    lines = (two.path / "policies/broken.json").read_text("utf-8").split("\n")
    first = excerpt["first_line"]
    assert first is not None
    shown = excerpt["text"].split("\n")
    assert [line.strip() for line in shown] == [
        line.strip().removesuffix("},") + ("}" if line.strip() == "}," else "")
        for line in lines[first - 1 : first - 1 + len(shown)]
    ]
    assert '"s3:RestorObject"' in excerpt["text"]
    assert shown[0] == "{"
    assert shown[-1] == "}"


def test_workers_and_an_order_by_chance_change_nothing(two: Repository) -> None:
    alone = json.dumps(report(two, "policies"))
    assert json.dumps(report(two, "policies", "-n", "2", apart=True)) == alone
    assert json.dumps(report(two, "policies/ready.json", "policies/broken.json")) == alone


def test_the_file_is_named_at_the_end_and_its_directory_is_made(two: Repository) -> None:
    outcome = two.run("--veeam-iam", "--veeam-iam-report=a/b/r.json", "policies")
    assert "json report written: a/b/r.json" in outcome.lines
    assert [path.name for path in (two.path / "a/b").iterdir()] == ["r.json"]
    if os.name == "posix":
        mask = os.umask(0)
        os.umask(mask)
        assert stat.S_IMODE((two.path / "a/b/r.json").stat().st_mode) == 0o666 & ~mask


def test_several_reports_are_written(two: Repository) -> None:
    two.run("--veeam-iam", "--veeam-iam-report=one.json", "--veeam-iam-report=json:two", "policies")
    assert (two.path / "one.json").read_bytes() == (two.path / "two").read_bytes()


def test_a_report_goes_to_standard_output(two: Repository) -> None:
    outcome = two.run("--veeam-iam", "--veeam-iam-report=json:-", "policies")
    assert '  "pack": "vb365-s3@8.3",' in outcome.lines
    quiet = two.run_apart("--veeam-iam", "--veeam-iam-report=json:-", "-p", "no:terminal", "policies")
    assert json.loads(quiet.text)["pack"] == "vb365-s3@8.3"


def test_the_job_summary_of_github_is_appended_to(two: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = two.write("summary", "of another step\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    outcome = two.run("--veeam-iam", f"--veeam-iam-report=json:{summary}", "policies")
    assert summary.read_text("utf-8").startswith("of another step\n{\n")
    assert "json report appended to summary" in outcome.lines


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("report.hmtl", "no format is told by that"),
        ("report", "no format is told by that"),
        ("jsn:report", "did you mean json?"),
        ("json:", "write a path behind the colon"),
        ("policies/.json", "no format is told by that"),
        ("json:policies", "it is a directory"),
        ("policies/ready.json/x.json", "name a file that can be written"),
    ],
)
def test_a_report_that_cannot_be_written_stops_the_run(two: Repository, spec: str, says: str) -> None:
    outcome = two.run("--veeam-iam", f"--veeam-iam-report={spec}", "policies")
    assert outcome.code == pytest.ExitCode.USAGE_ERROR
    assert f"--veeam-iam-report={spec}: " in outcome.errors
    assert says in outcome.errors
    assert "collected" not in outcome.text


def test_a_file_that_is_named_twice_is_refused(two: Repository) -> None:
    outcome = two.run("--veeam-iam", "--veeam-iam-report=r.json", "--veeam-iam-report=json:r.json", "policies")
    assert outcome.code == pytest.ExitCode.USAGE_ERROR
    assert "r.json is named twice" in outcome.errors


def test_a_report_without_policies_is_refused(repository: Repository) -> None:
    outcome = repository.run("--veeam-iam-report=r.json")
    assert outcome.code == pytest.ExitCode.USAGE_ERROR
    assert "no policies are asked for; add --veeam-iam" in outcome.errors


def test_a_configured_report_asks_for_nothing_by_itself(repository: Repository) -> None:
    repository.ini("veeam_iam_report = r.json")
    repository.write("test_other.py", "def test_other(): pass")
    assert repository.run().counts == {"passed": 1}
    assert not (repository.path / "r.json").exists()


def test_paths_in_an_ini_file_are_relative_to_it(two: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    two.ini("veeam_iam_report = out/r.json", "veeam_iam_policies = policies/ready.json")
    monkeypatch.chdir(two.path / "policies")
    two.run()
    assert (two.path / "out/r.json").exists()


def test_collecting_alone_writes_nothing(two: Repository) -> None:
    two.run("--veeam-iam", "--collect-only", "--veeam-iam-report=r.json", "policies")
    assert not (two.path / "r.json").exists()


def test_a_run_that_stops_early_says_so(two: Repository) -> None:
    run = report(two, "-x", "policies")
    assert run["complete"] is False
    assert [case["name"] for case in run["reports"]] == ["policies/broken.json"]
    two.ini("addopts = -p no:cacheprovider")
    assert report(two, "-x", "-n", "2", "policies", apart=True)["complete"] is False


def test_a_run_that_is_interrupted_writes_what_it_knows(two: Repository) -> None:
    two.write("policies/test_later.py", "def test_later(): raise KeyboardInterrupt")
    two.write("policies/zz-last.json", (two.path / "policies/ready.json").read_text("utf-8"))
    run = report(two, "policies", apart=True)
    assert run["complete"] is False
    assert [case["name"] for case in run["reports"]] == ["policies/broken.json", "policies/ready.json"]


def test_a_worker_that_dies_leaves_the_report_incomplete(two: Repository) -> None:
    two.write("policies/test_dies.py", "import os\ndef test_dies(): os._exit(1)")
    run = report(two, "-n", "1", "--max-worker-restart=0", "policies", apart=True)
    assert run["complete"] is False


def test_deselected_items_leave_it_complete(two: Repository) -> None:
    run = report(two, "-k", "object", "policies")
    assert run["complete"] is True
    assert [item["item"] for case in run["reports"] for item in case["items"]] == ["object", "object"]


def test_what_cannot_be_read_is_in_the_report(two: Repository) -> None:
    two.write("policies/torn.json", '{"Version": "2012-10-17",\n "Statement": [')
    run = report(two, "policies")
    (unread,) = run["unread"]
    assert (unread["name"], unread["nodeid"]) == ("policies/torn.json", "policies/torn.json::load")
    assert (unread["path"], unread["line"], unread["outcome"]) == ("policies/torn.json", 2, "failed")
    assert unread["message"].startswith("policies/torn.json:2:")
    assert len(run["reports"]) == 2


def test_a_run_without_any_policy_writes_an_empty_report(repository: Repository) -> None:
    repository.write("other.json", {"a": 1})
    run = report(repository, "other.json", ".")
    assert run["reports"] == []


def test_targets_are_in_the_report_with_their_waivers(two: Repository) -> None:
    two.write(
        "veeam-iam.toml",
        """
        [[target]]
        name = "prod"
        files = "policies/broken.json"
        bucket = "acme-veeam"

        [[target]]
        name = "not-there"
        files = "later/*.json"
        when_missing = "skip"

        [[waiver]]
        target = "prod"
        permission = "s3:RestoreObject"
        reason = "later"
        accepted_by = "Ana"
        expires = 2026-12-01
        """,
    )
    run = report(two)
    (case,) = run["reports"]
    assert (case["name"], case["team_target"], case["ready"], case["accepted"]) == ("prod", "prod", False, True)
    (waiver,) = case["waivers"]
    assert (waiver["permission"], waiver["accepted_by"], waiver["days_left"]) == ("s3:RestoreObject", "Ana", 4)
    assert {item["item"]: item["outcome"] for item in case["items"]}["object"] == "skipped"
    (missing,) = run["unread"]
    assert (missing["name"], missing["outcome"], missing["path"]) == ("not-there", "skipped", "veeam-iam.toml")


def test_paths_are_those_of_the_repository_not_of_the_root(
    two: Repository, scoped: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    two.write("infra/pytest.ini", "[pytest]\n")
    two.write("infra/iam/veeam.json", broken(scoped))
    monkeypatch.chdir(two.path / "infra")
    run = json.loads(_json(two, "iam"))
    (case,) = run["reports"]
    assert case["annotate"]["path"] == "infra/iam/veeam.json"
    assert {each["path"] for each in case["policies"]} == {"infra/iam/veeam.json"}
    assert {each["path"] for each in case["excerpts"].values()} == {"infra/iam/veeam.json"}
    monkeypatch.setenv("GITHUB_WORKSPACE", str(two.path / "infra"))
    assert json.loads(_json(two, "iam"))["reports"][0]["annotate"]["path"] == "iam/veeam.json"
    assert str(two.path) not in _json(two, "iam")


def _json(repository: Repository, *arguments: str) -> str:
    repository.run("--veeam-iam", f"--veeam-iam-report={repository.path / 'r.json'}", *arguments)
    return (repository.path / "r.json").read_text("utf-8")


def test_the_day_and_the_commit_are_recorded(two: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    monkeypatch.setenv("GITHUB_SHA", "abc")
    run = json.loads(_json(two, "policies/ready.json"))
    assert (run["as_of"], run["commit"]) == ("2026-01-01", "abc")
    assert _json(two, "policies/ready.json") == _json(two, "policies/ready.json")


def test_a_report_that_fails_costs_no_other_report(two: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    two.write("out/taken.json", "old")
    two.write("conftest.py", "import pathlib\ndef test(): pass")
    two.write(
        "policies/test_in_the_way.py",
        f"""
        import pathlib, shutil
        def test_in_the_way():
            file = pathlib.Path({str(two.path / "out/taken.json")!r})
            file.unlink()
            file.mkdir()
        """,
    )
    outcome = two.run_apart("--veeam-iam", "--veeam-iam-report=out/taken.json", "--veeam-iam-report=r.json", "policies")
    assert (two.path / "r.json").exists()
    assert outcome.code == pytest.ExitCode.TESTS_FAILED


PLAN: Document = {
    "format_version": "1.2",
    "terraform_version": "1.9.0",
    "variables": {"db_password": {"value": "hunter2-secret"}},
    "planned_values": {
        "root_module": {
            "resources": [
                {
                    "address": "aws_iam_user_policy.veeam",
                    "mode": "managed",
                    "type": "aws_iam_user_policy",
                    "name": "veeam",
                    "values": {"name": "veeam", "user": "veeam"},
                },
                {
                    "address": "aws_db_instance.db",
                    "mode": "managed",
                    "type": "aws_db_instance",
                    "name": "db",
                    "values": {"password": "hunter2-secret"},
                },
            ]
        }
    },
}


def test_of_a_plan_only_the_statement_is_shown(two: Repository, scoped: Document) -> None:
    plan: Any = json.loads(json.dumps(PLAN))
    plan["planned_values"]["root_module"]["resources"][0]["values"]["policy"] = json.dumps(broken(scoped))
    two.write("infra/plan.json", plan)
    two.write("infra/iam.tf", '# one\n# two\nresource "aws_iam_user_policy" "veeam" {\n}\n')
    run = report(two, "infra/plan.json")
    (case,) = run["reports"]
    assert "hunter2-secret" not in json.dumps(run)
    assert case["annotate"] == {"path": "infra/iam.tf", "line": 3}
    assert case["policies"][0]["form"] == "terraform_plan"
    excerpts = list(case["excerpts"].values())
    assert {each["first_line"] for each in excerpts} == {None}
    assert {each["address"] for each in excerpts} == {"aws_iam_user_policy.veeam"}
    assert {each["jsonpath"] for each in excerpts} == {"$.planned_values.root_module.resources[0].values.policy"}
    assert all(json.loads(each["text"])["Effect"] == "Allow" for each in excerpts)


def test_other_tests_are_not_touched(two: Repository) -> None:
    two.write("policies/test_other.py", "def test_other(): assert 0")
    outcome = two.run("--veeam-iam", "--veeam-iam-report=r.json", "policies")
    assert outcome.counts["failed"] == 3
    assert json.loads((two.path / "r.json").read_text("utf-8"))["complete"] is True


def test_no_reporter_is_imported_without_a_report(two: Repository) -> None:
    two.write(
        "conftest.py",
        """
        import sys
        def pytest_unconfigure():
            print("\\nloaded:", sorted(n for n in sys.modules if "pytest_veeam_iam.plugin.reports" in n))
        """,
    )
    assert "loaded: []" in two.run_apart("--veeam-iam", "policies").lines
    assert sys.version_info >= (3, 11)


def test_the_report_file_is_replaced_whole(two: Repository) -> None:
    old: Path = two.write("r.json", "old")
    two.run("--veeam-iam", "--veeam-iam-report=r.json", "policies")
    assert json.loads(old.read_text("utf-8"))["schema"] == 1
    assert sorted(path.name for path in two.path.iterdir() if path.name.startswith(".r")) == []

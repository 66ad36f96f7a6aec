"""``veeam-iam check``: pytest's answer with other exit codes, and nothing of the repository runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_veeam_iam import assert_veeam_backup_ready, check_veeam_backup_ready, load_policies
from pytest_veeam_iam.config import OPTIONS
from pytest_veeam_iam.reporters import missing

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command

EVIL = "import pathlib; pathlib.Path(__file__).with_name('ran').touch()\n"


def test_a_policy_that_is_ready(apart: Command, example: Path) -> None:
    outcome = apart("check", example.name)
    assert (outcome.code, outcome.err) == (0, "")
    assert "ready (any bucket)" in outcome.out
    assert "may delete objects in every bucket" in outcome.out
    assert "warnings summary" not in outcome.out


def test_a_policy_that_falls_short(veeam_iam: Command, broken: Path) -> None:
    outcome = veeam_iam("check", broken.name)
    assert outcome.code == 1
    assert "FAILED broken.json::object - s3:RestoreObject missing" in outcome.out


@pytest.mark.parametrize(
    "arguments",
    [
        ["none.json"],
        ["example.json::none"],
        ["example.json", "--bucket=arn:aws:s3:::b"],
        ["example.json", "--profile=none"],
        ["example.json", "--", "--bogus"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_checked_is_exit_code_2(veeam_iam: Command, example: Path, arguments: list[str]) -> None:
    outcome = veeam_iam("check", *arguments)
    assert outcome.code == 2
    assert outcome.err


def test_a_file_that_is_no_policy_falls_short(veeam_iam: Command, tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text("{", "utf-8")
    assert veeam_iam("check", "policy.json").code == 1


@pytest.mark.parametrize("flag", ["--bucket=other", "--veeam-iam-bucket=other"])
def test_options_of_the_plugin_are_taken_by_either_name(veeam_iam: Command, broken: Path, flag: str) -> None:
    assert "not ready: 16 not granted" in veeam_iam("check", "broken.json", flag, "--profile=documented").out


def test_every_option_of_the_plugin_is_there(veeam_iam: Command) -> None:
    text = veeam_iam("check", "--help").out
    left_out = {"", "policies", "only", "init", "accept-until", "accepted-by"}
    for option in OPTIONS:
        assert (f"--{option.name}," in text) is (option.name not in left_out), option.name


def test_pytest_gets_what_stands_behind_two_dashes(veeam_iam: Command, broken: Path) -> None:
    outcome = veeam_iam("check", "broken.json", "--", "-q", "--no-header", "-k", "bucket")
    assert outcome.out.startswith("F")
    assert "5 deselected" in outcome.out


def test_nothing_of_the_repository_runs(apart: Command, tmp_path: Path, example: Path) -> None:
    for name in ("conftest.py", "evil.py", "test_a.py", "pytest_plugin.py", "yaml.py", "click.py", "parliament.py"):
        (tmp_path / name).write_text(EVIL, "utf-8")
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\naddopts = -p evil\npythonpath = .\nfilterwarnings = error::evil.Warning\npython_files = *.py\n",
        "utf-8",
    )
    (tmp_path / "policies").mkdir()
    for name in ("__init__.py", "policies/__init__.py", "policies/conftest.py"):
        (tmp_path / name).write_text(EVIL, "utf-8")
    example.rename(tmp_path / "policies" / "example.json")
    for arguments in (["."], ["policies/example.json", "--json"]):
        assert apart("check", *arguments).code == 0
        assert not list(tmp_path.rglob("ran"))


def test_the_file_of_the_team_counts(veeam_iam: Command, tmp_path: Path, broken: Path) -> None:
    text = '[[target]]\nname = "prod"\nfiles = "broken.json"\nbucket = "acme-veeam"\n'
    (tmp_path / "veeam-iam.toml").write_text(text, "utf-8")
    assert "veeam-iam.toml::prod::object" in veeam_iam("check", ".").out


def test_a_path_elsewhere_is_checked_there(apart: Command, tmp_path: Path, example: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    outcome = apart("check", f"../{example.name}", cwd=here)
    assert outcome.code == 0
    assert f"rootdir: {tmp_path}\n" in outcome.out


def test_a_run_without_report_is_no_pass(veeam_iam: Command, tmp_path: Path, example: Path) -> None:
    outcome = veeam_iam("check", example.name, "--json", "--", "--collect-only")
    assert (outcome.code, outcome.out) == (2, "")
    assert "no policy was checked" in outcome.err
    assert veeam_iam("check", example.name, "--export-missing=out.json", "--", "-q").code == 2
    assert not (tmp_path / "out.json").exists()


@pytest.mark.parametrize("form", ["json", "html", "sarif"])
def test_another_report_on_standard_output_leaves_the_json_whole(veeam_iam: Command, broken: Path, form: str) -> None:
    outcome = veeam_iam("check", broken.name, "--json", f"--report={form}:-")
    assert [case["name"] for case in json.loads(outcome.out)["reports"]] == ["broken.json"]
    assert "broken.json" in outcome.err


def test_json_is_the_report_and_nothing_else(veeam_iam: Command, example: Path, broken: Path) -> None:
    outcome = veeam_iam("check", ".", "--json", "--report=json:other.json")
    run = json.loads(outcome.out)
    assert outcome.code == 1
    assert [(case["name"], case["ready"]) for case in run["reports"]] == [
        ("broken.json", False),
        ("example.json", True),
    ]
    assert json.loads((example.parent / "other.json").read_text("utf-8")) == run
    assert "written: other.json" in outcome.err
    outcome = veeam_iam("check", "none.json", "--json")
    assert (outcome.code, outcome.out) == (2, "")
    assert "none.json" in outcome.err


# --- what is missing ---


def test_what_is_missing_can_be_attached(veeam_iam: Command, tmp_path: Path, broken: Path) -> None:
    outcome = veeam_iam("check", "broken.json", "--export-missing=missing.json")
    assert outcome.code == 1
    assert outcome.err == "written: missing.json: grants what is missing: 3 permissions\n"
    assert json.loads((tmp_path / "missing.json").read_text("utf-8"))["Statement"] == [
        {"Sid": "DescribeInstances", "Effect": "Allow", "Action": "ec2:DescribeInstances", "Resource": "*"},
        {
            "Sid": "GetBucketVersioning",
            "Effect": "Allow",
            "Action": "s3:GetBucketVersioning",
            "Resource": "arn:aws:s3:::acme-veeam",
        },
        {
            "Sid": "RestoreObject",
            "Effect": "Allow",
            "Action": "s3:RestoreObject",
            "Resource": "arn:aws:s3:::acme-veeam/*",
        },
    ]
    both = load_policies(broken, tmp_path / "missing.json")
    assert_veeam_backup_ready(both, bucket="acme-veeam", fail_on="warning")


def test_it_is_a_form_of_report_as_well(veeam_iam: Command, tmp_path: Path, broken: Path) -> None:
    veeam_iam("check", "broken.json", "--export-missing=a.json", "--report=missing:b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_what_it_cannot_cure_is_said_in_words(veeam_iam: Command, tmp_path: Path, broken: Path) -> None:
    policy = json.loads(broken.read_text("utf-8"))
    objects = "arn:aws:s3:::acme-veeam/*"
    policy["Statement"] += [
        {"Sid": "Keep", "Effect": "Deny", "Action": "s3:DeleteObject", "Resource": objects},
        {"Sid": "No", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "acme-veeam"},
    ]
    broken.write_text(json.dumps(policy, indent=2), "utf-8")
    outcome = veeam_iam("check", "broken.json", "--export-missing=missing.json", "--json")
    assert outcome.code == 1
    first, heading, *left = outcome.err.splitlines()
    assert first == "written: missing.json: grants what is missing: 3 permissions"
    assert heading == "  attaching it does not cure:"
    assert left[0].startswith("    broken.json: s3:DeleteObject denied: ")
    assert "Keep" in left[0]
    assert left[1].startswith('    broken.json: "acme-veeam" is neither "*" nor an ARN')
    assert json.loads(outcome.out)["reports"]
    assert "s3:DeleteObject" not in (tmp_path / "missing.json").read_text("utf-8")


def test_a_bucket_without_name_gets_no_policy(veeam_iam: Command, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        """resource "aws_s3_bucket" "repo" { bucket = var.name }
resource "aws_iam_policy" "p" {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:ListBucket", Resource = aws_s3_bucket.repo.arn }]
  })
}
""",
        "utf-8",
    )
    how = ("--groups=bucket", "--bucket=tf:aws_s3_bucket.repo", "--export-missing=missing.json")
    outcome = veeam_iam("check", "main.tf", *how)
    assert "s3:ListBucketVersions missing: the policy needs the name of the bucket: --bucket=NAME" in outcome.err
    assert json.loads((tmp_path / "missing.json").read_text("utf-8"))["Statement"] == []


def test_what_is_too_large_for_one_policy_is_said(veeam_iam: Command, broken: Path) -> None:
    buckets = [f"--bucket={'b' * 50}-{number}" for number in range(60)]
    assert (
        "larger than the 6144 characters" in veeam_iam("check", "broken.json", *buckets, "--export-missing=m.json").err
    )


def test_where_nothing_is_missing_there_is_no_statement(veeam_iam: Command, tmp_path: Path, example: Path) -> None:
    outcome = veeam_iam("check", "example.json", "--export-missing=missing.json")
    assert (outcome.code, outcome.err) == (0, "written: missing.json: nothing to grant\n")
    assert json.loads((tmp_path / "missing.json").read_text("utf-8"))["Statement"] == []


def test_what_several_lack_is_told_to_be_of_several(veeam_iam: Command, tmp_path: Path, broken: Path) -> None:
    (tmp_path / "second.json").write_text(broken.read_text("utf-8").replace("s3:PutObject", "s3:GetObject"), "utf-8")
    err = veeam_iam("check", ".", "--export-missing=missing.out").err
    assert "grants what is missing: 5 permissions\n  it holds what any of 2 lacks; check one at a time" in err


def test_a_file_that_cannot_be_written_is_exit_code_2(veeam_iam: Command, broken: Path) -> None:
    outcome = veeam_iam("check", "broken.json", "--export-missing=none/missing.json")
    assert outcome.code == 2
    assert outcome.err == "veeam-iam: none/missing.json: no such file or directory\n"


def test_a_run_without_reports_has_nothing_to_grant() -> None:
    run: Any = {"reports": [], "unread": []}
    assert missing.missing(run) == ()
    assert missing.incurable(run) == []
    run["unread"] = [{"name": "a.json", "message": "no JSON"}]
    assert missing.incurable(run) == ["a.json: no JSON"]


def test_a_boundary_is_no_gap_of_the_policy() -> None:
    from pytest_veeam_iam.reporters.json import to_dict

    whole = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": "*"}]}
    none = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}]}
    report = check_veeam_backup_ready(whole, permissions_boundary=none, groups=["object"], bucket="b")
    run: Any = {"reports": [{**to_dict(report), "name": "p"}], "unread": []}
    assert missing.missing(run) == ()
    assert len(missing.incurable(run)) == 10
    assert missing.incurable(run)[0].startswith("p: s3:PutObject missing by the boundary: ")

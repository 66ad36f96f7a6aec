"""A repository as a team has it: Terraform for two accounts, CloudFormation for a third, a plain policy, one waiver.

What pytest prints there is kept in ``collected.txt`` and ``printed.txt``; a run with UPDATE_GOLDEN=1 writes them anew.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parent / "examples" / "targets"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The example, checked out by itself."""
    copy = tmp_path / "backup-policies"
    shutil.copytree(EXAMPLE / "repository", copy)
    (copy / ".git").mkdir()
    return copy


def run(repository: Path, *arguments: str, code: int) -> str:
    """Return what a user sees at a terminal of 120 columns, without what differs from machine to machine."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("VEEAM_IAM", "PYTEST"))}
    environment |= {"COLUMNS": "120", "VEEAM_IAM_AS_OF": "2026-11-27"}
    environment.pop("CI", None)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    text = re.sub(r"^(platform|plugins:|rootdir:) .*\n", "", done.stdout, flags=re.MULTILINE)
    text = re.sub(r"unchanged when last seen [0-9-]+", "unchanged when last seen YYYY-MM", text)
    text = re.sub(r"; policy-sentry .*", "; policy-sentry ..., parliament ...", text)
    return re.sub(r" in \d+\.\d+s( \([^)]*\))?", " in 0.00s", text)


def assert_golden(name: str, text: str) -> None:
    """Compare a text with what is kept of it."""
    file = EXAMPLE / name
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(text, "utf-8")
    assert text.splitlines() == file.read_text("utf-8").splitlines()


def test_the_tree_is_a_table_of_contents(repository: Path) -> None:
    assert_golden("collected.txt", run(repository, "--collect-only", code=0))


def test_the_run_says_what_is_ready_what_is_waived_and_what_is_missing(repository: Path) -> None:
    assert_golden("printed.txt", run(repository, "-rfs", code=1))


def test_only_what_a_pull_request_touches_is_checked(repository: Path) -> None:
    printed = run(repository, "-q", "terraform/prod/bucket.tf", "policies/lab.json", code=0)
    assert "2 of 2 ready" in printed


def test_a_target_can_be_typed(repository: Path) -> None:
    assert "5 passed" in run(repository, "veeam-iam.toml::vb365-prod", code=0)
    assert "1 skipped" in run(repository, "veeam-iam.toml::vb365-archive::object", code=0)
    assert "1 failed" in run(repository, "veeam-iam.toml::vb365-dev::object", code=1)


def test_the_workers_of_xdist_find_the_same(repository: Path) -> None:
    alone, spread = run(repository, code=1), run(repository, "-n", "2", code=1)
    table = re.compile(r"-+ veeam-iam -+\n.*AWS was not contacted\.", re.DOTALL)
    assert table.findall(spread) == table.findall(alone)


def test_when_the_waiver_is_over_it_is_red(repository: Path) -> None:
    printed = run(repository, "--veeam-iam-as-of=2027-02-01", code=1)
    assert "the waiver of s3:RestoreObject expired on 2027-01-31 (veeam-iam.toml:33:1)" in printed


def test_the_team_could_have_begun_with_what_init_writes(repository: Path) -> None:
    (repository / "veeam-iam.toml").unlink()
    accept = ["--veeam-iam-accept-until=2027-03-31", "--veeam-iam-accepted-by=platform team"]
    assert "wrote veeam-iam.toml: 4 targets" in run(
        repository, "--veeam-iam-init", *accept, "terraform", "cloudformation", "policies", code=0
    )
    assert "skipped" in run(repository, code=0)

"""Runs to make pages of, and the pages that are kept: ``python -m tests.reports.pages`` writes both anew.

The run is a real one, of the repository beside it: policies that are ready, fall short, are waived, cannot be told and
cannot be read, one behind a boundary in a plan, and one whose Sids are hostile.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pytest_veeam_iam import check_veeam_backup_ready
from pytest_veeam_iam.recording import Recorder
from pytest_veeam_iam.reporters.html import render

if TYPE_CHECKING:
    from pytest_veeam_iam.evidence import Case, RepairDict, Run

ONE_BUCKET = Path(__file__).parents[2] / "policies" / "vb365-s3" / "one-bucket" / "documented.json"
EXAMPLES = Path(__file__).parents[1] / "examples" / "reports" / "html"
_ARGUMENTS = (
    "--veeam-iam",
    "--veeam-iam-bucket=acme-veeam",
    "--veeam-iam-profile=without-archiver-appliance",
    "--veeam-iam-as-of=2026-11-27",
    "--veeam-iam-report=run.json",
    "policies",
    "plans",
    "terraform",
    "veeam-iam.toml",
)
_OF_A_CI = ("CI", "GIT", "BUILD", "BITBUCKET", "CIRCLE", "CODEBUILD", "SYSTEM_", "WORKSPACE", "VEEAM_IAM", "PYTEST")

DIFF = """\
--- a/policies/branch-office.json
+++ b/policies/branch-office.json
@@ -37,4 +37,6 @@
         "s3:GetObjectVersion",
         "s3:GetObjectRetention",
+        "s3:RestoreObject",
+        "s3:PutObjectRetention",
         "s3:PutObjectRetentoin",
         "s3:DeleteObjectVersion"
"""
REPAIR: RepairDict = {
    "ready": False,
    "diff": DIFF,
    "statement": None,
    "statements": [],
    "remaining": [
        's3:DeleteObject, s3:DeleteObjectVersion: policies/branch-office.json:46 "AppendOnly" denies s3:DeleteObject*',
        's3:GetBucketLocation and 5 more: policies/branch-office.json:10 "Bucket" holds only if aws:SourceIp is in '
        "10.0.0.0/8",
    ],
    "fixes": [],
}


def kept() -> Run:
    """Return the run that is kept."""
    return cast("Run", json.loads((EXAMPLES / "run.json").read_text("utf-8")))


def empty() -> Run:
    """Return a run in which no policy was checked."""
    return cast("Run", {**kept(), "reports": [], "unread": [], "packs": [], "pack": "", "commit": None})


def case(run: Run, name: str) -> Case:
    """Return the report whose name ends like that."""
    return next(each for each in run["reports"] if each["name"].endswith(name))


def renamed(run: Run, name: str, to: str) -> Run:
    """Return a run in which something is called otherwise, wherever it is named."""
    inner, outer = json.dumps(name)[1:-1], json.dumps(to)[1:-1]
    return cast("Run", json.loads(json.dumps(run).replace(inner, outer)))


def many(count: int) -> Run:
    """Return a run of that many policies with the pack's 47 permissions, a tenth of them not ready."""
    ready, not_ready = (_of_the_readme(missing) for missing in ("", "s3:RestoreObject"))
    cases = [
        cast("Case", {**(ready if number % 10 else not_ready), "name": f"policies/{number:04}.json"})
        for number in range(count)
    ]
    return cast("Run", {**kept(), "reports": cases, "unread": []})


def _of_the_readme(missing: str) -> Case:
    text = ONE_BUCKET.read_text("utf-8").replace(f'"{missing}"', '"s3:GetObject"')
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "backup-role.json")
        path.write_text(text, "utf-8")
        report = check_veeam_backup_ready(path, bucket="acme-veeam")
        return Recorder(Path(directory), lambda name: Path(name).name).case(report, name=path.name)


def run_again() -> Run:
    """Return the JSON report of a run over the repository, with a repair that stands for the engine's."""
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory).resolve() / "repository"
        shutil.copytree(EXAMPLES / "repository", copy)
        (copy / ".git").mkdir()
        environment = {name: value for name, value in os.environ.items() if not name.startswith(_OF_A_CI)}
        environment |= {"GITHUB_SHA": "0123456789abcdef0123456789abcdef01234567"}
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *_ARGUMENTS]
        done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 1:
            raise RuntimeError(done.stdout + done.stderr)
        run: Any = json.loads((copy / "run.json").read_text("utf-8"))
    case(run, "branch-office.json")["repair"] = REPAIR
    return cast("Run", run)


def main() -> None:
    """Write the run anew, and the pages of it and of an empty one."""
    (EXAMPLES / "run.json").write_text(json.dumps(run_again(), indent=1) + "\n", "utf-8")
    for name, run in (("run", kept()), ("empty", empty())):
        (EXAMPLES / f"{name}.html").write_text(render(run), "utf-8")


if __name__ == "__main__":
    main()

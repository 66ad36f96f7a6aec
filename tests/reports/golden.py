"""What every form says of one run, kept in expected/: ``python -m tests.reports.golden`` writes it.

The run is a real one, of the repository beside them: policies that are ready, fall short, are waived, hold on a
condition, cannot be told and cannot be read, one in a plan with a secret beside it, and one whose names are hostile.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from pytest_veeam_iam import reporters
from tests.reports import runs

EXPECTED = runs.EXAMPLES / "expected"

_ARGUMENTS = (
    "--veeam-iam",
    "--veeam-iam-bucket=acme-veeam",
    "--veeam-iam-profile=without-archiver-appliance",
    "--veeam-iam-as-of=2026-11-27",
    "plan/plan.json",
    "policies",
    "terraform",
    "veeam-iam.toml",
)
_OF_A_CI = ("CI", "GIT", "BUILD", "BITBUCKET", "CIRCLE", "CODEBUILD", "SYSTEM_", "WORKSPACE", "VEEAM_IAM", "PYTEST")


def run_again() -> str:
    """Return the JSON report of a run over the repository."""
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory).resolve() / "repository"
        shutil.copytree(runs.EXAMPLES / "repository", copy)
        (copy / ".git").mkdir()
        environment = {name: value for name, value in os.environ.items() if not name.startswith(_OF_A_CI)}
        environment |= {"GITHUB_SHA": "0123456789abcdef0123456789abcdef01234567"}
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--veeam-iam-report=run.json"]
        done = subprocess.run([*command, *_ARGUMENTS], cwd=copy, env=environment, capture_output=True, check=False)
        if done.returncode != 1:
            raise RuntimeError(done.stdout.decode() + done.stderr.decode())
        return (copy / "run.json").read_text("utf-8")


def main() -> None:
    """Write the run anew, and what every form says of it and of an empty one."""
    EXPECTED.mkdir(exist_ok=True)
    (EXPECTED / "run.json").write_text(run_again(), "utf-8")
    for name in reporters.names():
        render = reporters.renderer(name)
        for of, run in (("run", runs.kept()), ("empty", runs.empty())):
            with (EXPECTED / f"{of}.{name}").open("w", encoding="utf-8", newline="") as file:
                file.write(render(run))


if __name__ == "__main__":
    main()

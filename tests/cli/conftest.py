"""The command as users run it: in this process for most tests, in one of its own where that makes a difference."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from pytest_veeam_iam import cli

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Outcome:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str


Command: TypeAlias = "Callable[..., Outcome]"


@pytest.fixture
def veeam_iam(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run the command in this process, in an empty directory."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Outcome:
        code = cli.run(arguments)
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return Outcome(code, said.out, said.err)

    return run


@pytest.fixture
def apart(tmp_path: Path) -> Command:
    """Run the command in a process of its own, in an empty directory."""

    def run(*arguments: str, **more: Any) -> Outcome:
        command = [sys.executable, "-m", "pytest_veeam_iam", *arguments]
        how = {"cwd": tmp_path, "capture_output": True, "check": False, **more}
        done = subprocess.run(command, **how)
        out, err = done.stdout.decode(), done.stderr.decode()
        assert "Traceback" not in out + err
        return Outcome(done.returncode, out, err)

    return run


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The vendor's example, as a file."""
    path = tmp_path / "example.json"
    path.write_bytes((ROOT / "policies" / "vb365-s3" / "vendor-example.json").read_bytes())
    return path


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A policy for the bucket acme-veeam that lacks two permissions, and one that is recommended."""
    path = tmp_path / "broken.json"
    policy = json.loads((ROOT / "policies" / "vb365-s3" / "one-bucket" / "documented.json").read_text("utf-8"))
    for statement in policy["Statement"]:
        actions = statement["Action"]
        gone = ("s3:RestoreObject", "s3:GetBucketVersioning", "ec2:DescribeInstances")
        statement["Action"] = [
            each for each in ([actions] if isinstance(actions, str) else actions) if each not in gone
        ]
    path.write_text(json.dumps(policy, indent=2), "utf-8")
    return path

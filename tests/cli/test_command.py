"""The command itself: what is asked wrongly is one line and exit code 2, never a traceback."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_veeam_iam import cli

if TYPE_CHECKING:
    from tests.cli.conftest import Command

ROOT = Path(__file__).parents[2]

MISTAKES = [
    ([], "Missing command."),
    (["bogus"], "No such command 'bogus'."),
    (["check"], "Missing argument 'PATH...'."),
    (["check", "--bogus", "."], "No such option"),
    (["check", "--fail-on=note", "."], "Invalid value for '--fail-on'"),
    (["generate"], 'bucket: name the bucket of the repository, or "*" for every bucket'),
    (["generate", "--bucket=arn:aws:s3:::b"], 'bucket "arn:aws:s3:::b": write the name alone'),
    (["generate", "--bucket=b", "--profile=none"], '"none" is not a profile of rule pack vb365-s3 8.3'),
    (["generate", "--bucket=b", "--profile=documented", "--groups=object"], 'profile "documented" and groups are both'),
    (["generate", "--bucket=b", "--pack=vbr"], '"vbr" is not a packaged rule pack'),
    (["generate", "--bucket=b", "--format=xml"], "Invalid value for '--format'"),
    (["generate", "--bucket=b", "-o", "."], ".: is a directory"),
    (["generate", "--bucket=b", "-o", "none/policy.json"], "none/policy.json: no such file or directory"),
    (["explain"], "Missing argument 'ACTION'."),
    (["explain", "GetObject"], '"GetObject" is neither "*" nor of the form "service:Action"'),
    (["explain", "s3:Get*"], '"s3:Get*" is a pattern; name one action, for example s3:GetObject'),
    (["explain", "s3:GetObject", "--pack=no.toml"], "no.toml: no such file or directory"),
    (["packs", "more"], "Got unexpected extra argument"),
]


@pytest.mark.parametrize(("arguments", "message"), MISTAKES, ids=lambda value: " ".join(value))
def test_a_mistake_is_a_line_and_exit_code_2(veeam_iam: Command, arguments: list[str], message: str) -> None:
    outcome = veeam_iam(*arguments)
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.startswith("veeam-iam: ")
    assert message in outcome.err


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["check", "--help"], ["generate", "-h"]])
def test_help_is_no_mistake(veeam_iam: Command, arguments: list[str]) -> None:
    outcome = veeam_iam(*arguments)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("Usage: veeam-iam ")


def test_it_says_its_version(apart: Command) -> None:
    outcome = apart("--version")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("veeam-iam, version ")


def test_it_is_installed_under_its_name() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["scripts"] == {"veeam-iam": f"{cli.__name__}:{cli.main.__name__}"}
    with pytest.raises(SystemExit, match="2"):
        cli.main([])


def test_a_plain_import_brings_no_click() -> None:
    script = "import sys, pytest_veeam_iam.plugin, pytest_veeam_iam.cli; sys.exit('click' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_module_of_the_current_directory_is_not_imported(apart: Command, tmp_path: Path) -> None:
    for name in ("click", "yaml", "pytest", "conftest", "json"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(77)", "utf-8")
    assert apart("packs").code == 0

"""What the tests of the plugin share: a repository to run pytest in, and the policies that stand in it."""

from __future__ import annotations

import json
import os
import re
import xml.etree.ElementTree as ET
from textwrap import dedent
from typing import TYPE_CHECKING, Any, TypeAlias

import policy_sentry.shared.iam_data  # noqa: F401 - its orjson 3.13.0 crashes CPython 3.13.0 if every run loads it anew
import pytest

import pytest_veeam_iam.plugin.run  # noqa: F401 - loaded once here and not again by every run in this process

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Document: TypeAlias = dict[str, Any]

# The lists of the vendor's page of 2025-01-16, typed here so that these tests do not believe the rule pack.
_EC2 = """
    StartInstances RunInstances StopInstances TerminateInstances CreateKeyPair DeleteKeyPair DescribeVpcs CreateVpc
    DeleteVpc DescribeSubnets CreateSubnet DeleteSubnet DescribeRouteTables CreateRouteTable DeleteRouteTable
    CreateRoute DeleteRoute DescribeInternetGateways CreateInternetGateway AttachInternetGateway
    DeleteInternetGateway DescribeSecurityGroups CreateSecurityGroup DeleteSecurityGroup DescribeConversionTasks
    DescribeInstanceTypes AuthorizeSecurityGroupIngress
"""
_APPLIANCE = [*(f"ec2:{name}" for name in _EC2.split()), "ssm:GetParameter"]
_REPOSITORY = ["s3:ListAllMyBuckets", "s3:GetBucketLocation"]
_BUCKET = [
    "s3:ListBucket",
    "s3:ListBucketMultipartUploads",
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketVersioning",
    "s3:ListBucketVersions",
]
_OBJECT = [
    "s3:PutObject",
    "s3:GetObject",
    "s3:DeleteObject",
    "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts",
    "s3:RestoreObject",
    "s3:GetObjectVersion",
    "s3:GetObjectRetention",
    "s3:PutObjectRetention",
    "s3:DeleteObjectVersion",
]
_RECOMMENDED = ["ec2:CreateTags", "ec2:DescribeInstances"]


@pytest.fixture
def actions() -> dict[str, list[str]]:
    """The required actions by group."""
    return {
        "archiver-appliance": list(_APPLIANCE),
        "repository": list(_REPOSITORY),
        "bucket": list(_BUCKET),
        "object": list(_OBJECT),
    }


@pytest.fixture
def example() -> Document:
    """The example of the vendor's page."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "S3Repository",
                "Effect": "Allow",
                "Action": [*_REPOSITORY, *_BUCKET, *_OBJECT],
                "Resource": "arn:aws:s3:::*",
            },
            {
                "Sid": "EC2ArchiverAppliance",
                "Effect": "Allow",
                "Action": [*_RECOMMENDED, *_APPLIANCE],
                "Resource": "*",
            },
        ],
    }


@pytest.fixture
def scoped() -> Document:
    """A policy for the bucket acme-veeam alone."""
    bucket = "arn:aws:s3:::acme-veeam"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "Find", "Effect": "Allow", "Action": ["s3:ListAllMyBuckets"], "Resource": "*"},
            {"Sid": "Bucket", "Effect": "Allow", "Action": ["s3:GetBucketLocation", *_BUCKET], "Resource": bucket},
            {"Sid": "Objects", "Effect": "Allow", "Action": [*_OBJECT], "Resource": f"{bucket}/*"},
            {"Sid": "Appliance", "Effect": "Allow", "Action": [*_RECOMMENDED, *_APPLIANCE], "Resource": "*"},
        ],
    }


@pytest.fixture
def small() -> Document:
    """A policy that is about something else: of the 45 permissions it grants one."""
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::other/*"}],
    }


class Outcome:
    """What a run of pytest said.

    Attributes:
        code: The exit code.
        lines: Of standard output.
        errors: Standard error.
    """

    def __init__(self, result: pytest.RunResult) -> None:
        self._result = result
        self.code = int(result.ret)
        self.lines = list(result.outlines)
        self.errors = result.stderr.str()

    @property
    def text(self) -> str:
        """Standard output."""
        return "\n".join(self.lines)

    @property
    def counts(self) -> dict[str, int]:
        """How many items passed, failed and so on."""
        return self._result.parseoutcomes()

    @property
    def node_ids(self) -> list[str]:
        """What ``--collect-only -q`` listed."""
        return [line for line in self.lines if "::" in line]

    @property
    def short_summary(self) -> list[str]:
        """The lines of failures and errors at the end."""
        return [line for line in self.lines if re.match("(FAILED|ERROR) ", line)]

    @property
    def failed(self) -> list[str]:
        """The node ids of what failed."""
        return [line.split(" ")[1] for line in self.short_summary]

    @property
    def table(self) -> list[str]:
        """The section of the plugin at the end, without its heading."""
        start = next((i for i, line in enumerate(self.lines) if re.fullmatch("-+ veeam-iam -+", line)), None)
        if start is None:
            return []
        rest = self.lines[start + 1 :]
        end = next((i for i, line in enumerate(rest) if re.match("={3,} |[0-9]+ (failed|passed)", line)), len(rest))
        return [line.rstrip() for line in rest[:end] if line.strip()]

    def failure(self, item: str) -> str:
        """The whole text under the heading of a failing item."""
        start = next(i for i, line in enumerate(self.lines) if re.fullmatch(rf"_+ .*{re.escape(item)} _+", line))
        rest = self.lines[start + 1 :]
        end = next(i for i, line in enumerate(rest) if re.match("(_{3,}|-{3,}|={3,}) ", line))
        return "\n".join(rest[:end]).rstrip()


class Repository:
    """A directory to run pytest in: files in, outcome out."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self._pytester = pytester
        self.path: Path = pytester.path

    def write(self, name: str, content: str | Document | list[Document]) -> Path:
        """Write a file: a text without its margin, anything else as JSON."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = dedent(content).lstrip("\n") if isinstance(content, str) else json.dumps(content, indent=4) + "\n"
        path.write_text(text, "utf-8")
        return path

    def ini(self, *lines: str) -> None:
        """Write a pytest.ini."""
        self.write("pytest.ini", "\n".join(["[pytest]", *lines, ""]))

    def run(self, *arguments: str) -> Outcome:
        """Run pytest in this process."""
        return Outcome(self._pytester.runpytest_inprocess("-p", "no:hypothesispytest", *arguments))

    def run_apart(self, *arguments: str) -> Outcome:
        """Run pytest in a process of its own."""
        return Outcome(self._pytester.runpytest_subprocess(*arguments, timeout=300))

    def collect(self, *arguments: str) -> list[str]:
        """Return the node ids that a run would have."""
        return self.run("--collect-only", "-q", *arguments).node_ids

    def junit(self, *arguments: str) -> Mapping[str, ET.Element]:
        """Run pytest and return the test cases of its JUnit file by class and name."""
        file = self.path / "junit.xml"
        self.run(f"--junitxml={file}", *arguments)
        cases = ET.parse(file).getroot().iter("testcase")
        return {f"{case.get('classname')}.{case.get('name')}": case for case in cases}


@pytest.fixture
def repository(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """An empty directory to run pytest in, wide enough that nothing is cut, with no option in the environment."""
    for name in list(os.environ):
        if name.startswith(("VEEAM_IAM", "PYTEST_XDIST", "PYTEST_PLUGINS", "PYTEST_DISABLE")):
            monkeypatch.delenv(name)
    for name in ("CI", "BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "400")
    return Repository(pytester)

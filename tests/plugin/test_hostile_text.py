"""What stands in a policy gives no command to a terminal or to the runner of a CI."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import Document, Repository

COMMANDS = [
    "x\n::error::pwned",
    "##vso[task.complete result=Succeeded;]done",
    "\x1b[2K\x1b[1A",
    "a\r\n  ::set-output name=x::y",
]


@pytest.mark.parametrize("hostile", COMMANDS, ids=ascii)
@pytest.mark.parametrize("where", ["Sid", "Action", "Resource", "Version", "key"])
def test_a_hostile_text_is_shown_and_not_obeyed(
    repository: Repository, scoped: Document, hostile: str, where: str
) -> None:
    objects = scoped["Statement"][2]
    if where == "Sid":
        objects["Sid"] = hostile
        objects["Action"].remove("s3:RestoreObject")
    elif where == "Version":
        scoped["Version"] = hostile
    elif where == "key":
        objects[hostile] = 1
    else:
        objects[where] = hostile
    repository.write("veeam.json", scoped)
    outcome = repository.run("--veeam-iam", "veeam.json", "--veeam-iam-lint=all")
    assert outcome.counts["failed"] >= 1
    assert "\x1b" not in outcome.text
    assert "##vso[" not in outcome.text
    assert not [line for line in outcome.lines if line.lstrip().startswith("::")]


@pytest.mark.parametrize("form", ["json", "sarif", "gitlab", "md"])
def test_a_report_on_standard_output_gives_no_command(repository: Repository, scoped: Document, form: str) -> None:
    scoped["Statement"][2]["Sid"] = "##vso[task.complete result=Succeeded;]done"
    scoped["Statement"][2]["Action"].remove("s3:RestoreObject")
    repository.write("veeam.json", scoped)
    outcome = repository.run("--veeam-iam", "veeam.json", f"--veeam-iam-report={form}:-")
    assert "task.complete" in outcome.text
    assert "##vso[" not in outcome.text


@pytest.mark.skipif(sys.platform == "win32", reason="no file has such a name there")
@pytest.mark.parametrize("flag", ["-v", "-q", "-ra"])
def test_the_name_of_a_file_gives_no_command(repository: Repository, scoped: Document, flag: str) -> None:
    scoped["Statement"][2]["Action"].remove("s3:RestoreObject")
    repository.write("a\n::error::pwned.json", scoped)
    repository.write("b\n##vso[task.complete]pwned.json", "{")
    outcome = repository.run("--veeam-iam", ".", flag)
    assert outcome.counts["failed"] >= 2
    assert not [line for line in outcome.lines if line.lstrip().startswith(("::", "##vso["))]

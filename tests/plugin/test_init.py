"""``--veeam-iam-init`` writes what a team would write down first, and the check that follows says what is missing."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import Document, Repository

USAGE_ERROR = 4
STACK = """
Resources:
  VeeamRole:
    Type: AWS::IAM::Role
    Properties:
      Policies: [{PolicyDocument: {Statement: [{Effect: Allow, Action: "s3:*", Resource: "*"}]}}]
  Other:
    Type: AWS::IAM::Role
    Properties:
      Policies: [{PolicyDocument: {Statement: [{Effect: Allow, Action: "s3:GetObject", Resource: "*"}]}}]
"""


@pytest.fixture
def policies(repository: Repository, scoped: Document) -> Repository:
    """A policy that is ready, one that lacks two actions, and a template with a role of somebody else."""
    repository.write("policies/veeam-prod.json", scoped)
    for action in ("s3:RestoreObject", "s3:PutObject"):
        scoped["Statement"][2]["Action"].remove(action)
    repository.write("policies/veeam dev.json", scoped)
    repository.write("infra/veeam.yaml", STACK)
    return repository


def test_a_target_is_written_for_each_principal(policies: Repository) -> None:
    outcome = policies.run("--veeam-iam-init")
    assert outcome.code == 0
    text = (policies.path / "veeam-iam.toml").read_text("utf-8")
    found = tomllib.loads(text)
    assert found == {
        "target": [
            {"name": "VeeamRole", "files": "infra/veeam.yaml", "principal": "VeeamRole"},
            {"name": "veeam-dev", "files": "policies/veeam dev.json", "bucket": "acme-veeam"},
            {"name": "veeam-prod", "files": "policies/veeam-prod.json", "bucket": "acme-veeam"},
        ]
    }
    assert text.startswith("# What our IAM policies for Veeam must grant")
    assert "# the file has policies of others as well: Other\n[[target]]" in text
    assert '# No archiver appliance? profile = "without-archiver-appliance"\n' in text
    assert "# [[waiver]]\n" in text
    assert text.isascii()
    assert outcome.lines[0] == "veeam-iam: wrote veeam-iam.toml: 3 targets"
    assert "  veeam-prod: ready" in outcome.lines
    assert "  veeam-dev: not ready: 2 gaps" in outcome.lines


def test_the_check_that_follows_says_what_is_missing(policies: Repository) -> None:
    policies.run("--veeam-iam-init", "policies")
    outcome = policies.run()
    assert outcome.failed == ["veeam-iam.toml::veeam-dev::object"]
    assert outcome.failure("veeam-iam.toml::veeam-dev::object").startswith(
        "s3:PutObject missing, s3:RestoreObject missing (2 of 10, acme-veeam)"
    )


def test_what_is_there_is_never_overwritten(policies: Repository) -> None:
    policies.run("--veeam-iam-init")
    before = (policies.path / "veeam-iam.toml").read_text("utf-8")
    outcome = policies.run("--veeam-iam-init", "--veeam-iam-bucket=other")
    assert outcome.code == USAGE_ERROR
    assert "veeam-iam.toml is there already and is never overwritten; edit or move it" in outcome.errors
    assert (policies.path / "veeam-iam.toml").read_text("utf-8") == before


def test_a_table_of_the_project_file_is_there_already_as_well(policies: Repository) -> None:
    policies.write("pyproject.toml", '[[tool.veeam-iam.target]]\nname = "a"\nfiles = "policies/veeam-prod.json"\n')
    outcome = policies.run("--veeam-iam-init")
    assert outcome.code == USAGE_ERROR
    assert "pyproject.toml is there already" in outcome.errors


def test_it_can_have_another_name_and_keeps_what_was_typed(policies: Repository) -> None:
    arguments = ["--veeam-iam-bucket=acme-veeam", "--veeam-iam-profile=without-archiver-appliance"]
    policies.run("--veeam-iam-init", "--veeam-iam-config=infra/team.toml", *arguments, "policies/veeam-prod.json")
    found = tomllib.loads((policies.path / "infra/team.toml").read_text("utf-8"))
    assert found["target"] == [
        {
            "name": "veeam-prod",
            "files": "../policies/veeam-prod.json",
            "profile": "without-archiver-appliance",
            "bucket": ["acme-veeam"],
        }
    ]
    assert policies.run("--veeam-iam-config=infra/team.toml").code == 0


def test_every_gap_of_today_can_be_waived_until_a_day(policies: Repository) -> None:
    accept = ["--veeam-iam-accept-until=2027-03-31", "--veeam-iam-accepted-by=platform team"]
    outcome = policies.run("--veeam-iam-init", "--veeam-iam-as-of=2026-11-27", *accept, "policies")
    assert "2 waivers until 2027-03-31 (platform team), a gap of today each" in outcome.lines
    found = tomllib.loads((policies.path / "veeam-iam.toml").read_text("utf-8"))
    assert [(each["target"], each["permission"], each["reason"]) for each in found["waiver"]] == [
        ("veeam-dev", "s3:PutObject", "found at adoption"),
        ("veeam-dev", "s3:RestoreObject", "found at adoption"),
    ]
    after = policies.run("-rs", "--veeam-iam-as-of=2026-11-27")
    assert after.code == 0
    assert "waived until 2027-03-31 (platform team): s3:PutObject, s3:RestoreObject; 8 of 10 granted" in after.text
    assert policies.run("--veeam-iam-as-of=2027-04-01").code == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--veeam-iam-accept-until=2027-03-31"], "--veeam-iam-accept-until=DATE and --veeam-iam-accepted-by=NAME go"),
        (["--veeam-iam-accepted-by=me"], "--veeam-iam-accept-until=DATE and --veeam-iam-accepted-by=NAME go"),
        (
            ["--veeam-iam-accept-until=2020-01-31", "--veeam-iam-accepted-by=me", "--veeam-iam-as-of=2026-11-27"],
            "--veeam-iam-accept-until=2020-01-31: that is before 2026-11-27 (UTC); write a day to come",
        ),
        (["--veeam-iam-accept-until=tomorrow", "--veeam-iam-accepted-by=me"], "write a date, for example 2027-01-31"),
        (["gone.json"], "gone.json"),
        (["empty"], "there is no IAM policy in what was named; name a file with one"),
    ],
)
def test_what_cannot_be_written_is_a_usage_error(policies: Repository, arguments: list[str], message: str) -> None:
    (policies.path / "empty").mkdir()
    outcome = policies.run("--veeam-iam-init", *arguments)
    assert outcome.code == USAGE_ERROR
    assert message in outcome.errors
    assert not (policies.path / "veeam-iam.toml").exists()


def test_to_accept_gaps_without_writing_them_down_is_a_mistake(policies: Repository) -> None:
    outcome = policies.run("--veeam-iam-accept-until=2027-03-31", "--veeam-iam-accepted-by=me")
    assert outcome.code == USAGE_ERROR
    assert "--veeam-iam-accept-until is for --veeam-iam-init, which writes waivers; add it" in outcome.errors


def test_the_ini_file_can_be_wrong_about_it_as_about_everything(policies: Repository) -> None:
    policies.ini("veeam_iam_init = perhaps")
    assert policies.run().failed == ["pytest.ini::configuration"]
    assert not (policies.path / "veeam-iam.toml").exists()


def test_a_module_of_terraform_is_one_target(repository: Repository) -> None:
    role = 'resource "aws_iam_role" "veeam" {{ name = "veeam" }}\nvariable "bucket" {{}}\n'
    policy = """
        resource "aws_iam_role_policy" "{name}" {{
          role   = aws_iam_role.veeam.id
          policy = jsonencode({{
            Version = "2012-10-17"
            Statement = [{{ Effect = "Allow", Action = "{action}", Resource = "arn:aws:s3:::${{var.bucket}}{tail}" }}]
          }})
        }}
    """
    repository.write("infra/main.tf", role.format() + policy.format(name="a", action="s3:Get*", tail="/*"))
    repository.write("infra/more.tf", policy.format(name="b", action="s3:List*", tail=""))
    repository.run("--veeam-iam-init")
    text = (repository.path / "veeam-iam.toml").read_text("utf-8")
    [target] = tomllib.loads(text)["target"]
    assert target["files"] == "infra/*.tf"
    assert '# [bind]\n# "var.bucket" = "..."\n' in text
    assert repository.run().counts["failed"] >= 1


def test_principals_of_the_same_name_are_told_apart_by_their_files(repository: Repository) -> None:
    user = STACK.partition("  Other:")[0].replace("VeeamRole", "VeeamUser")
    repository.write("immutable/veeam-a.yaml", user)
    repository.write("standard/veeam-b.yaml", user)
    repository.write("more/veeam-b.yaml", user)
    repository.run("--veeam-iam-init")
    found = tomllib.loads((repository.path / "veeam-iam.toml").read_text("utf-8"))
    assert [each["name"] for each in found["target"]] == [
        "veeam-a.VeeamUser",
        "veeam-b.VeeamUser",
        "veeam-b.VeeamUser-2",
    ]


def test_an_instance_is_called_by_its_number(repository: Repository) -> None:
    repository.write(
        "veeam/main.tf",
        """
        resource "aws_iam_role" "backup" {
          count = 2
          name  = "backup-${count.index}"
        }
        resource "aws_iam_role_policy" "backup" {
          count  = 2
          role   = aws_iam_role.backup[count.index].id
          policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "*" }] })
        }
        """,
    )
    repository.run("--veeam-iam-init")
    found = tomllib.loads((repository.path / "veeam-iam.toml").read_text("utf-8"))
    assert [each["name"] for each in found["target"]] == ["aws_iam_role.backup-0", "aws_iam_role.backup-1"]

"""Templates in a repository: what is judged together, how it is called, and what is unknown until it is deployed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.plugin.conftest import Document, Outcome, Repository

    Run = Callable[..., Outcome]

STACK = """
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  BucketName: {{Type: String{default}}}
Resources:
  Repo:
    Type: AWS::S3::Bucket
    Properties: {{BucketName: !Ref BucketName}}
  Backup:
    Type: AWS::IAM::Role
    Properties:
      PermissionsBoundary: !Ref Boundary
      Policies:
        - PolicyName: objects
          PolicyDocument:
            Version: 2012-10-17
            Statement:
              - Sid: Objects
                Effect: Allow
                Action:
                  - s3:PutObject
                  - s3:GetObject*
                  - s3:DeleteObject
                  - s3:DeleteObjectVersion
                  - s3:AbortMultipartUpload
                  - s3:ListMultipartUploadParts
                  - s3:RestoreObject
                  - s3:PutObjectRetention
                Resource: !Sub "${{Repo.Arn}}/*"
  Bucket:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      Roles: [!Ref Backup]
      PolicyDocument:
        Version: 2012-10-17
        Statement:
          - {{Effect: Allow, Action: s3:ListAllMyBuckets, Resource: "*"}}
          - Effect: Allow
            Action: [s3:GetBucket*, s3:ListBucket*]
            Resource: !Sub "arn:aws:s3:::${{BucketName}}"
  Boundary:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: 2012-10-17
        Statement: [{{Effect: Allow, Action: {bounded}, Resource: "*"}}]
  Other:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: 2012-10-17
        Statement: [{{Effect: Allow, Action: s3:GetObject, Resource: "arn:aws:s3:::other/*"}}]
"""
WITHOUT_APPLIANCE = "--veeam-iam-profile=without-archiver-appliance"


def stack(*, default: str = "", bounded: str = '"s3:*"') -> str:
    return STACK.format(default=f", Default: {default}" if default else "", bounded=bounded)


@pytest.fixture
def run(repository: Repository) -> Run:
    def run(*arguments: str, template: str = "") -> Outcome:
        repository.write("infra/stack.yaml", template or stack())
        return repository.run("--veeam-iam", WITHOUT_APPLIANCE, "-rs", *arguments)

    return run


def test_the_policies_of_a_role_are_judged_together_with_its_boundary(run: Run) -> None:
    outcome = run("infra/stack.yaml", "-k", "Backup")
    assert outcome.counts == {"passed": 5, "deselected": 5}
    bounded = run("infra/stack.yaml", "-k", "Backup/object", template=stack(bounded="s3:GetObject*"))
    assert "blocked  by the permissions boundary" in bounded.failure("infra/stack.yaml::Backup/object")


def test_what_nobody_has_is_judged_alone_and_a_boundary_not_at_all(run: Run) -> None:
    lines = run("infra", "--collect-only", "-q").lines
    items = ["repository", "bucket", "object", "actions", "lint"]
    assert [line for line in lines if "::" in line] == [
        f"infra/stack.yaml::{name}/{item}" for name in ("Backup", "Other") for item in items
    ]


def test_the_bucket_that_a_template_makes_needs_no_value(run: Run) -> None:
    outcome = run("infra", "-k", "Backup")
    assert any("Bucket cfn:Repo inferred" in line for line in outcome.lines)
    assert run("infra", "-k", "Backup", "--veeam-iam-bucket=cfn:Repo").counts["passed"] == 5


def test_a_named_bucket_cannot_be_told_from_an_unknown_one_and_the_failure_says_what_to_do(run: Run) -> None:
    outcome = run("infra", "-k", "Backup", "--veeam-iam-bucket=acme")
    failure = outcome.failure("infra/stack.yaml::Backup/object").splitlines()
    assert failure[0] == "cannot tell 10 of 10: ${Repo.Arn} is unknown (infra/stack.yaml:28), acme"
    assert (
        '      by       infra/stack.yaml:17 "Objects" allows it on ${Repo.Arn}/*, but ${Repo.Arn} '
        "(infra/stack.yaml:28) is unknown"
    ) in failure
    assert "      bind     --veeam-iam-bucket=cfn:Repo, if that is the bucket to back up to" in failure


@pytest.mark.parametrize("how", ["flag", "ini", "environment", "file", "default"])
def test_a_value_can_be_bound(how: str, run: Run, repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments: list[str] = []
    match how:
        case "flag":
            arguments = ["--veeam-iam-bind=BucketName=acme"]
        case "ini":
            repository.write("pytest.ini", "[pytest]\nveeam_iam_bind = BucketName=acme\n")
        case "environment":
            monkeypatch.setenv("VEEAM_IAM_BIND", "BucketName=acme")
        case "file":
            repository.write("prod.json", [{"ParameterKey": "BucketName", "ParameterValue": "acme"}])
            arguments = ["--veeam-iam-bind-file=prod.json"]
    template = stack(default="acme" if how == "default" else "")
    outcome = run("infra", "-k", "Backup", "--veeam-iam-bucket=acme", *arguments, template=template)
    assert outcome.counts["passed"] == 5
    if how == "default":
        refused = run("infra", "-k", "Backup/object", "--veeam-iam-bucket=acme", "--veeam-iam-assume-defaults=false")
        assert refused.counts["failed"] == 1


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_value_that_nothing_uses_stops_the_run(run: Run, workers: tuple[str, ...]) -> None:
    outcome = run("infra", "--veeam-iam-bind=Bucketname=acme", *workers)
    assert outcome.code == 4
    assert 'bind "Bucketname": nothing uses it; did you mean BucketName?' in outcome.errors + "\n".join(outcome.lines)


def test_an_item_that_cannot_tell_can_be_skipped_and_is_not_ready_then(run: Run) -> None:
    outcome = run("infra", "-k", "Backup", "--veeam-iam-bucket=acme", "--veeam-iam-unresolved=skip")
    assert outcome.counts == {"passed": 2, "skipped": 3, "deselected": 5}
    row = next(line for line in outcome.lines if line.startswith("infra/stack.yaml/Backup"))
    assert row.endswith("1/2?        0/5?    0/10?   ok       ok    not ready: 16 cannot tell")
    assert any(line.startswith("0 of 1 ready") for line in outcome.lines)
    skipped = [line for line in outcome.lines if line.startswith("SKIPPED")]
    assert any("infra/stack.yaml:15: cannot tell 10 of 10: ${Repo.Arn} is unknown" in line for line in skipped)


def test_an_item_that_cannot_tell_can_pass_with_a_warning_and_is_not_ready_then(run: Run) -> None:
    outcome = run("infra", "-k", "Backup", "--veeam-iam-bucket=acme", "--veeam-iam-unresolved=warn")
    assert outcome.counts == {"passed": 5, "deselected": 5}
    assert "  warning: cannot tell 10 of 10: ${Repo.Arn} is unknown (infra/stack.yaml:28), acme" in outcome.lines
    assert any(line.startswith("0 of 1 ready") for line in outcome.lines)


def test_a_bucket_that_the_template_does_not_make_is_said_so(run: Run) -> None:
    outcome = run("infra", "-k", "Backup/object", "--veeam-iam-bucket=cfn:Rapo")
    assert outcome.failure("infra/stack.yaml::Backup/object").startswith('bucket "cfn:Rapo": the templates of these')


def test_a_mistake_of_ours_costs_a_run_no_other_file(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    from pytest_veeam_iam.sources import cloudformation

    def overlooked(tree: object) -> bool:
        raise RecursionError("maximum recursion depth exceeded")

    monkeypatch.setattr(cloudformation, "recognizes", overlooked)
    repository.write("infra/main.tf", 'resource "aws_iam_policy" "a" { policy = "{\\"Statement\\": []}" }\n')
    outcome = run("infra")
    assert "reading it failed (RecursionError: maximum" in outcome.failure("infra/stack.yaml::load")
    assert any(line.startswith("infra/main.tf ") for line in outcome.lines)


def test_a_module_that_hangs_on_its_variables_says_who_calls_it(repository: Repository) -> None:
    repository.write(".git/HEAD", "ref: refs/heads/main\n")
    document = '{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::${var.b}/*"}}'
    module = 'variable "b" {}\nresource "aws_iam_policy" "p" {\n  policy = <<EOT\nDOCUMENT\nEOT\n}\n'
    module = module.replace("DOCUMENT", document)
    repository.write("modules/veeam/main.tf", module)
    repository.write("main.tf", 'module "veeam" {\n  source = "./modules/veeam"\n  b      = "acme"\n}\n')
    outcome = repository.run("--veeam-iam", "modules/veeam/main.tf", "--veeam-iam-groups=object")
    assert (
        "  main.tf:2:3 calls this module: it is checked there, with the values of the call"
        in outcome.failure("modules/veeam/main.tf::object").splitlines()
    )
    assert repository.run("--veeam-iam", "main.tf", "--veeam-iam-groups=object").counts["passed"] == 3


def test_a_default_that_was_used_is_told_with_what_is_ready(run: Run) -> None:
    outcome = run("infra", "-k", "Backup", "--veeam-iam-bucket=acme", template=stack(default="acme"))
    assert '  assumed: BucketName is "acme", its default (infra/stack.yaml:3)' in outcome.lines


@pytest.mark.parametrize("where", ["users.tf", "infra"])
def test_whoever_an_unknown_policy_may_be_of_is_not_ready(repository: Repository, where: str) -> None:
    policy = 'resource "aws_iam_user_policy" "{}" {{\n  user = {}\n  policy = jsonencode({{ Statement = [{}] }})\n}}\n'
    statement = '{{ Effect = "{}", Action = "s3:*", Resource = "*" }}'
    path = "users.tf" if where == "users.tf" else "infra/users.tf"
    repository.write(path, policy.format("own", '"veeam"', statement.format("Allow")))
    assert repository.run("--veeam-iam", where, "--veeam-iam-groups=object").counts == {"passed": 3}
    repository.write(path.replace("users", "z"), policy.format("other", "var.user", statement.format("Deny")))
    outcome = repository.run("--veeam-iam", where, "--veeam-iam-groups=object", "-k", "users and object")
    assert "cannot tell 10 of 10: ${var.user} is unknown" in outcome.failure(f"{path}::object")


def test_what_a_macro_may_change_is_not_ready(run: Run) -> None:
    outcome = run("infra", "-k", "Backup/object", template=f"Transform: OurMacro{stack()}")
    failure = outcome.failure("infra/stack.yaml::Backup/object")
    assert "cannot tell 10 of 10: ${macro OurMacro} is unknown" in failure
    assert "aws cloudformation get-template --template-stage Processed" in failure


MODULE = """
resource "aws_iam_role" "backup" {
  name = "backup"
}

resource "aws_iam_role_policy" "backup" {
  role   = aws_iam_role.backup.id
  policy = %s
}
"""


@pytest.fixture
def module(repository: Repository, example: Document) -> Repository:
    """A role of Terraform whose policies stand in a file beside it."""
    repository.write("veeam/policies/backup.json", example)
    repository.write("veeam/main.tf", MODULE % 'file("${path.module}/policies/backup.json")')
    return repository


@pytest.mark.parametrize("argument", [("veeam",), (".",), (), (".", "-n", "1")], ids=str)
def test_a_file_that_terraform_reads_is_checked_as_what_it_makes_of_it(
    module: Repository, argument: tuple[str, ...]
) -> None:
    outcome = module.run_apart("--veeam-iam", *argument)
    assert outcome.counts["passed"] == 6
    assert "Checked as what Terraform makes of them: veeam/policies/backup.json." in outcome.table
    assert [line.split()[0] for line in outcome.table if "28/28" in line] == ["veeam/main.tf"]


def test_a_file_that_terraform_reads_is_checked_by_itself_if_somebody_names_it(module: Repository) -> None:
    outcome = module.run("--veeam-iam", "veeam", "veeam/policies/backup.json")
    assert outcome.counts == {"passed": 12}
    module.ini("veeam_iam_policies =", "    veeam/main.tf", "    veeam/policies/*.json")
    assert module.run().counts == {"passed": 12}


def test_a_template_that_is_no_json_by_itself_is_no_item_that_fails(repository: Repository, example: Document) -> None:
    text = json.dumps(example).replace('"*"', "${everything}")
    repository.write("veeam/backup.json", text)
    repository.write("veeam/main.tf", MODULE % """templatefile("backup.json", { everything = jsonencode("*") })""")
    outcome = repository.run("--veeam-iam", "veeam")
    assert outcome.counts == {"passed": 6, "deselected": 1}


def test_init_writes_no_target_for_a_file_that_terraform_reads(module: Repository) -> None:
    told = module.run("--veeam-iam-init").lines
    assert [line for line in told if line.startswith("  ")] == ["  aws_iam_role.backup: ready"]

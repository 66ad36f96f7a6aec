"""The diff of a repair in every syntax: only what must change does, git takes it, and what it makes is ready."""

# ruff: noqa: E501 - lines as they stand in files

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from pytest_veeam_iam import check_veeam_backup_ready, load_policies, suggest_repair
from pytest_veeam_iam.repair.edits import Splice, spliced
from tests.git import apply

if TYPE_CHECKING:
    from pytest_veeam_iam import Repair

TARGET: dict[str, Any] = {"groups": ["repository"], "bucket": "acme-veeam"}
"""Two permissions: s3:ListAllMyBuckets on *, s3:GetBucketLocation on the bucket."""

ALL = '{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}'


class Case(NamedTuple):
    """A file that lacks s3:GetBucketLocation, and what its diff takes out and puts in."""

    name: str
    text: str
    out: list[str]
    into: list[str]
    target: dict[str, Any] = {}  # noqa: RUF012 - of a NamedTuple


def pretty(*lines: str) -> str:
    return "\n".join(["{", '  "Version": "2012-10-17",', '  "Statement": [', *lines, "  ]", "}", ""])


def yaml(*lines: str) -> str:
    return "\n".join(["Version: 2012-10-17", "Statement:", *lines, ""])


LISTS = "- {Effect: Allow, Action: s3:ListAllMyBuckets, Resource: '*'}"
JSON = {
    "a list in lines": Case(
        "p.json",
        pretty(
            f"    {ALL},", "    {", '      "Effect": "Allow",', '      "Action": [', '        "s3:ListBucket"',
            "      ],", '      "Resource": "arn:aws:s3:::acme-veeam"', "    }",
        ),
        ['        "s3:ListBucket"'],
        ['        "s3:ListBucket",', '        "s3:GetBucketLocation"'],
    ),
    "a list in one line": Case(
        "p.json",
        pretty(
            f"    {ALL},", '    {"Effect": "Allow", "Action": ["s3:List*", "s3:Put*"], "Resource": "arn:aws:s3:::*"}'
        ),
        ['    {"Effect": "Allow", "Action": ["s3:List*", "s3:Put*"], "Resource": "arn:aws:s3:::*"}'],
        [
            '    {"Effect": "Allow", "Action": ["s3:List*", "s3:Put*", "s3:GetBucketLocation"], '
            '"Resource": "arn:aws:s3:::*"}',
        ],
        {"bucket": "*"},
    ),
    "a list in one line that gets too long for it": Case(
        "p.json",
        pretty(
            f"    {ALL},", "    {", '      "Effect": "Allow",',
            '      "Action": ["s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"],',
            '      "Resource": "arn:aws:s3:::acme-veeam"', "    }",
        ),
        ['      "Action": ["s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"],'],
        [
            '      "Action": [', '        "s3:ListBucket",', '        "s3:ListBucketVersions",',
            '        "s3:ListBucketMultipartUploads",', '        "s3:GetBucketLocation"', "      ],",
        ],
    ),
    "one action": Case(
        "p.json",
        pretty(
            f"    {ALL},", "    {", '      "Effect": "Allow",', '      "Action": "s3:ListBucket",',
            '      "Resource": ["arn:aws:s3:::acme-veeam"]', "    }",
        ),
        ['      "Action": "s3:ListBucket",'],
        ['      "Action": [', '        "s3:ListBucket",', '        "s3:GetBucketLocation"', "      ],"],
    ),
    "compact": Case(
        "p.json",
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:ListAllMyBuckets"],"Resource":"*"}]}',
        ['{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:ListAllMyBuckets"],"Resource":"*"}]}'],
        [
            '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:ListAllMyBuckets"],"Resource":"*"},'
            '{"Effect":"Allow","Action":"s3:GetBucketLocation","Resource":"arn:aws:s3:::acme-veeam"}]}'
        ],
    ),
    "the only statement is no list": Case(
        "p.json",
        '{"Version": "2012-10-17", "Statement": ' + ALL + "}",
        ['{"Version": "2012-10-17", "Statement": ' + ALL + "}"],
        [
            '{"Version": "2012-10-17", "Statement": [' + ALL + ", "
            '{"Effect": "Allow", "Action": "s3:GetBucketLocation", "Resource": "arn:aws:s3:::acme-veeam"}]}'
        ],
    ),
    "a new statement behind one in lines": Case(
        "p.json",
        pretty(
            "    {", '      "Effect": "Allow",', '      "Action": "s3:ListAllMyBuckets",', '      "Resource": "*"', "    }"
        ),
        [],
        [
            "    },", "    {", '      "Effect": "Allow",', '      "Action": "s3:GetBucketLocation",',
            '      "Resource": "arn:aws:s3:::acme-veeam"',
        ],
    ),
    "a new statement behind one that shares a line with the bracket": Case(
        "p.json",
        '{\n\t"Version": "2012-10-17",\n\t"Statement": [{\n\t\t"Effect": "Allow",\n\t\t"Action": "s3:ListAllMyBuckets",\n'
        '\t\t"Resource": "*"\n\t}]\n}',
        [],
        [
            "\t}, {", '\t\t"Effect": "Allow",', '\t\t"Action": "s3:GetBucketLocation",',
            '\t\t"Resource": "arn:aws:s3:::acme-veeam"',
        ],
    ),
    "no statement": Case(
        "p.json",
        '{"Version": "2012-10-17", "Statement": []}\n',
        ['{"Version": "2012-10-17", "Statement": []}'],
        [
            '{"Version": "2012-10-17", "Statement": [' + ALL + ', {"Effect": "Allow", "Action": '
            '"s3:GetBucketLocation", "Resource": "arn:aws:s3:::acme-veeam"}]}'
        ],
    ),
    "what AWS refuses goes": Case(
        "p.json",
        pretty(
            f"    {ALL},", '    {"Effect": "Allow", "Action": "s3:Get*", "Resource": ["arn:aws:s3:::acme-veeam", "acme-veeam/*"]},',
            "    {", '      "Effect": "Allow",', '      "Action": "s3:PutObject",', '      "NotResource": "b/*"', "    }",
        ),
        [
            '    {"Effect": "Allow", "Action": "s3:Get*", "Resource": ["arn:aws:s3:::acme-veeam", "acme-veeam/*"]},',
            "    {", '      "Effect": "Allow",', '      "Action": "s3:PutObject",', '      "NotResource": "b/*"', "    }",
        ],
        ['    {"Effect": "Allow", "Action": "s3:Get*", "Resource": ["arn:aws:s3:::acme-veeam"]}'],
    ),
}  # fmt: skip
YAML = {
    "a list of lines": Case(
        "p.yaml",
        yaml(
            LISTS, "- Effect: Allow # backups", "  Action:", "  - s3:ListBucket # list", "  # the end", "",
            "  Resource: arn:aws:s3:::acme-veeam",
        ),
        [],
        ["  - s3:GetBucketLocation"],
    ),
    "a list between brackets, in quotes": Case(
        "p.yaml",
        yaml(LISTS, "- Effect: Allow", "  Action: ['s3:ListBucket']  # list", "  Resource: arn:aws:s3:::acme-veeam"),
        ["  Action: ['s3:ListBucket']  # list"],
        ["  Action: ['s3:ListBucket', 's3:GetBucketLocation']  # list"],
    ),
    "one action": Case(
        "p.yml",
        yaml(LISTS, "- Effect: Allow", "  Action: s3:ListBucket   # list", "  Resource: arn:aws:s3:::acme-veeam"),
        ["  Action: s3:ListBucket   # list"],
        ["  Action:", "    - s3:ListBucket   # list", "    - s3:GetBucketLocation"],
    ),
    "a statement between braces": Case(
        "p.yaml",
        yaml(LISTS, '- {Effect: Allow, Action: s3:ListBucket, Resource: "arn:aws:s3:::acme-veeam"}'),
        ['- {Effect: Allow, Action: s3:ListBucket, Resource: "arn:aws:s3:::acme-veeam"}'],
        ['- {Effect: Allow, Action: [s3:ListBucket, s3:GetBucketLocation], Resource: "arn:aws:s3:::acme-veeam"}'],
    ),
    "a new statement": Case(
        "p.yaml",
        yaml("  - Effect: Allow", "    Action: s3:ListAllMyBuckets", '    Resource: "*"') + "# the end\nId: x\n",
        [],
        ["  - Effect: Allow", "    Action: s3:GetBucketLocation", '    Resource: "arn:aws:s3:::acme-veeam"'],
    ),
    "an item goes": Case(
        "p.yaml",
        yaml("- Effect: Allow", "  Action: s3:*", "  Resource:", '    - "*"', "    - acme-veeam # no ARN"),
        ["    - acme-veeam # no ARN"],
        [],
    ),
}  # fmt: skip
HEAD = """\
variable "name" {}

resource "aws_s3_bucket" "repo" {
  bucket = var.name # ä
}

resource "aws_iam_policy" "veeam" {
"""
DATA = (
    HEAD
    + """\
  policy = data.aws_iam_policy_document.veeam.json
}

data "aws_iam_policy_document" "veeam" {
  statement {
    actions   = ["s3:ListAllMyBuckets"]
    resources = ["*"]
  } # all

%s
}
"""
)
ENCODED = (
    HEAD
    + """\
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "s3:ListAllMyBuckets", Resource = "*" },
%s
    ]
  })
}
"""
)
HEREDOC = (
    HEAD
    + """\
  policy = <<-EOT
    {
      "Version": "2012-10-17",
      "Statement": [
        {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"},
%s
      ]
    }
    EOT
}
"""
)
REPO = {"bucket": "tf:aws_s3_bucket.repo"}
TERRAFORM = {
    "a list of a data block": Case(
        "main.tf",
        DATA % '  statement {\n    actions   = ["s3:ListBucket"] # list\n    resources = [aws_s3_bucket.repo.arn]\n  }',
        ['    actions   = ["s3:ListBucket"] # list'],
        ['    actions   = ["s3:ListBucket", "s3:GetBucketLocation"] # list'],
        REPO,
    ),
    "a list in lines of a data block": Case(
        "main.tf",
        DATA % '  statement {\n    actions = [\n      "s3:ListBucket", # list\n    ]\n    resources = [aws_s3_bucket.repo.arn]\n  }',
        [],
        ['      "s3:GetBucketLocation",'],
        REPO,
    ),
    "a new block": Case(
        "main.tf",
        DATA % '  statement {\n    actions   = ["s3:GetObject"]\n    resources = ["${aws_s3_bucket.repo.arn}/*"]\n  }',
        [],
        [
            "", "  statement {", '    actions   = ["s3:GetBucketLocation"]', "    resources = [aws_s3_bucket.repo.arn]",
            "  }",
        ],
        REPO,
    ),
    "a new block where the others say the effect": Case(
        "main.tf",
        DATA % '  statement {\n    effect    = "Allow"\n    actions   = ["s3:GetObject"]\n    resources = ["*"]\n  }',
        [],
        [
            "", "  statement {", '    effect    = "Allow"', '    actions   = ["s3:GetBucketLocation"]',
            "    resources = [aws_s3_bucket.repo.arn]", "  }",
        ],
        REPO,
    ),
    "a list of jsonencode": Case(
        "main.tf",
        ENCODED % '      {\n        Effect = "Allow"\n        Action = ["s3:ListBucket"]\n        Resource = aws_s3_bucket.repo.arn\n      }',
        ['        Action = ["s3:ListBucket"]'],
        ['        Action = ["s3:ListBucket", "s3:GetBucketLocation"]'],
        REPO,
    ),
    "a new statement of jsonencode": Case(
        "main.tf",
        ENCODED
        % '      {\n        Effect   = "Allow"\n        Action   = "s3:GetObject"\n        Resource = "${aws_s3_bucket.repo.arn}/*"\n      },',
        [],
        [
            "      {", '        Effect   = "Allow"', '        Action   = "s3:GetBucketLocation"',
            "        Resource = aws_s3_bucket.repo.arn", "      },",
        ],
        REPO,
    ),
    "a new statement of a heredoc": Case(
        "main.tf",
        HEREDOC
        % '        {\n          "Effect": "Allow",\n          "Action": "s3:GetObject",\n          "Resource": "${aws_s3_bucket.repo.arn}/*"\n        }',
        [],
        [
            "        },", "        {", '          "Effect": "Allow",', '          "Action": "s3:GetBucketLocation",',
            '          "Resource": "${aws_s3_bucket.repo.arn}"',
        ],
        REPO,
    ),
    "an ARN as the entry beside it writes it": Case(
        "main.tf",
        ENCODED % '      { Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::${var.name}/*" },',
        [],
        [
            '      { Effect = "Allow", Action = "s3:GetBucketLocation", Resource = "arn:aws:s3:::${var.name}" },',
        ],
        {"bind": {"var.name": "acme-veeam"}},
    ),
    "the only block goes": Case(
        "main.tf",
        HEAD + "  policy = data.aws_iam_policy_document.veeam.json\n}\n\n"
        'data "aws_iam_policy_document" "veeam" {\n  statement {\n    actions   = ["s3:Get*"]\n    resources = ["repo"]\n  }\n}\n',
        ['    actions   = ["s3:Get*"]', '    resources = ["repo"]'],
        [
            '    actions   = ["s3:ListAllMyBuckets"]', '    resources = ["*"]', "  }", "  statement {",
            '    actions   = ["s3:GetBucketLocation"]', "    resources = [aws_s3_bucket.repo.arn]",
        ],
        REPO,
    ),
    "blocks that a list makes": Case(
        "main.tf",
        DATA
        % '  dynamic "statement" {\n    for_each = ["acme-veeam", "other"]\n    content {\n      actions   = ["s3:ListBucket"]\n'
        '      resources = ["arn:aws:s3:::${statement.value}"]\n    }\n  }',
        [],
        [
            "  statement {", '    actions   = ["s3:GetBucketLocation"]', '    resources = ["arn:aws:s3:::acme-veeam"]',
            "  }", "",
        ],
    ),
    "what AWS refuses goes": Case(
        "main.tf",
        DATA
        % '  statement {\n    actions   = ["s3:Get*"]\n    resources = [aws_s3_bucket.repo.id]\n  }\n\n'
        '  statement {\n    actions   = ["s3:Get*"]\n    resources = [aws_s3_bucket.repo.arn]\n  }',
        ["    resources = [aws_s3_bucket.repo.id]", "  }", "", "  statement {", '    actions   = ["s3:Get*"]'],
        [],
        REPO,
    ),
}  # fmt: skip
TEMPLATE = """\
Resources:
  RepoBucket:
    Type: AWS::S3::Bucket # ä
  Backup:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: s3:ListAllMyBuckets
            Resource: "*"
          - Effect: Allow
            Action:
              - %s
            Resource: %s
"""
IN_JSON = """\
{
  "Resources": {
    "RepoBucket": {"Type": "AWS::S3::Bucket"},
    "Backup": {
      "Type": "AWS::IAM::ManagedPolicy",
      "Properties": {
        "PolicyDocument": {
          "Version": "2012-10-17",
          "Statement": [
            {"Effect": "Allow", "Action": ["s3:ListAllMyBuckets"], "Resource": "*"},
            {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": %s}
          ]
        }
      }
    }
  }
}
"""
MADE = {"bucket": "cfn:RepoBucket"}
CLOUDFORMATION = {
    "a list": Case(
        "t.yaml", TEMPLATE % ("s3:ListBucket", "!GetAtt RepoBucket.Arn"), [], ["              - s3:GetBucketLocation"], MADE
    ),
    "a new statement, the bucket of objects": Case(
        "t.yaml",
        TEMPLATE % ("s3:GetObject", '!Sub "${RepoBucket.Arn}/*"'),
        [],
        [
            "          - Effect: Allow", "            Action: s3:GetBucketLocation",
            "            Resource: !GetAtt RepoBucket.Arn",
        ],
        MADE,
    ),
    "a new statement, objects of the bucket": Case(
        "t.yaml",
        TEMPLATE % ("s3:Get*Location", "!GetAtt RepoBucket.Arn"),
        [],
        [
            "          - Effect: Allow", "            Action:", "              - s3:PutObject",
            *(f"              - s3:{name}" for name in (
                "GetObject", "DeleteObject", "AbortMultipartUpload", "ListMultipartUploadParts", "RestoreObject",
                "GetObjectVersion", "GetObjectRetention", "PutObjectRetention", "DeleteObjectVersion",
            )),
            '            Resource: !Sub "${RepoBucket.Arn}/*"',
        ],
        {**MADE, "groups": ["object"]},
    ),
    "a new statement, no entry beside it": Case(
        "t.yaml",
        TEMPLATE % ("s3:GetObject", '"*"'),
        [],
        [
            "          - Effect: Allow", "            Action: s3:GetBucketLocation",
            "            Resource: !GetAtt RepoBucket.Arn",
        ],
        MADE,
    ),
    "in JSON, the bucket of objects": Case(
        "t.json",
        IN_JSON % '{"Fn::Sub": "${RepoBucket.Arn}/*"}',
        ['            {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": {"Fn::Sub": "${RepoBucket.Arn}/*"}}'],
        [
            '            {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": {"Fn::Sub": "${RepoBucket.Arn}/*"}},',
            '            {"Effect": "Allow", "Action": "s3:GetBucketLocation", "Resource": {"Fn::GetAtt": ["RepoBucket", "Arn"]}}',
        ],
        MADE,
    ),
}  # fmt: skip
CASES = {
    f"{syntax}: {name}": case
    for syntax, cases in (("JSON", JSON), ("YAML", YAML), ("Terraform", TERRAFORM), ("CloudFormation", CLOUDFORMATION))
    for name, case in cases.items()
}


@pytest.fixture(autouse=True)
def _in_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)


def repaired(name: str, target: dict[str, Any]) -> Repair:
    return suggest_repair(check_veeam_backup_ready(name, **{**TARGET, **target}))


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("end", ["\n", ""], ids=["last line feed", "none"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_diff_changes_what_it_must_and_makes_it_ready(case: Case, end: str, newline: str, tmp_path: Path) -> None:
    file = tmp_path / case.name
    before = (case.text.rstrip("\n") + end).replace("\n", newline)
    file.write_bytes(before.encode())
    repair = repaired(case.name, case.target)
    assert repair.ready
    assert repair.remaining == ()
    assert repair.diff is not None
    lines = [line.removesuffix("\r") for line in repair.diff.split("\n")[2:]]
    same = {line[1:] for line in lines if line[:1] == "-"} & {line[1:] for line in lines if line[:1] == "+"}
    assert [line[1:] for line in lines if line[:1] == "-" and line[1:] not in same - {*case.out}] == case.out
    assert [line[1:] for line in lines if line[:1] == "+" and line[1:] not in same - {*case.into}] == case.into
    apply(repair.diff, tmp_path)
    assert file.read_bytes().decode() == spliced(before, [Splice(e.start, e.end, e.text) for e in repair.edits])
    assert check_veeam_backup_ready(case.name, **{**TARGET, **case.target}).ready


EXAMPLES = Path(__file__).parents[2] / "examples"
WHOLE = {
    "JSON": ("../../policies/vb365-s3/one-bucket/documented.json", "documented.json"),
    "YAML": ("document/veeam-yaml/policy.yaml", "policy.yaml"),
    "Terraform": ("terraform/veeam/policy.tf", "policy.tf"),
    "jsonencode": ("terraform/veeam-jsonencode/main.tf", "main.tf"),
    "heredoc": ("terraform/veeam-heredoc/main.tf", "main.tf"),
    "JSON syntax": ("terraform/veeam-json/main.tf.json", "main.tf.json"),
    "CloudFormation": ("cloudformation/veeam/template.yaml", "template.yaml"),
    "CloudFormation in JSON": ("cloudformation/veeam-json/template.json", "template.json"),
}


@pytest.mark.parametrize("action", ["s3:ListBucketVersions", "s3:RestoreObject", "ec2:DeleteVpc"])
@pytest.mark.parametrize(("example", "name"), WHOLE.values(), ids=WHOLE)
def test_an_action_that_somebody_deleted_from_a_whole_file_comes_back(
    example: str, name: str, action: str, tmp_path: Path
) -> None:
    for beside in (EXAMPLES / example).parent.iterdir():
        if beside.suffix in (".tf", ".json") and beside.name != "expected.json":
            shutil.copy(beside, tmp_path)
    lines = (EXAMPLES / example).read_text("utf-8").splitlines(keepends=True)
    (at,) = (number for number, line in enumerate(lines) if line.strip(' -",\n') == action)
    before = "".join(lines[:at] + lines[at + 1 :])
    if name.endswith(".json") or '"Action"' in before:  # JSON wants no comma behind the last item
        before = re.sub(r",(\s*\])", r"\1", before)
    (tmp_path / name).write_text(before, "utf-8")
    repair = suggest_repair(check_veeam_backup_ready(name))
    assert repair.diff is not None
    apply(repair.diff, tmp_path)
    after = (tmp_path / name).read_text("utf-8").splitlines(keepends=True)
    assert [line.strip(" ,\n") for line in sorted(after)] == [line.strip(" ,\n") for line in sorted(lines)]
    assert check_veeam_backup_ready(name).ready


def test_a_byte_order_mark_stays(tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    text = '{"Version": "2012-10-17", "Statement": [' + ALL + "]}"
    file.write_text(text, "utf-8-sig")
    repair = repaired("p.json", {})
    assert repair.diff is not None
    apply(repair.diff, tmp_path)
    assert file.read_bytes().startswith(b'\xef\xbb\xbf{"Version"')
    assert check_veeam_backup_ready("p.json", **TARGET).ready


@pytest.mark.parametrize("name", ["with space.json", "b\u00fccket/p.json", 'a "b"\\c.json', "a/b c/\u00e9.json"])
def test_any_name_of_a_file_is_one_for_git(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text('{"Version": "2012-10-17", "Statement": [' + ALL + "]}\n", "utf-8")
    repair = repaired(name, {})
    assert repair.diff is not None
    assert repair.diff.splitlines()[0].isascii()
    apply(repair.diff, tmp_path)
    assert check_veeam_backup_ready(name, **TARGET).ready


def test_an_absolute_path_is_shown_as_its_repository_has_it(tmp_path: Path) -> None:
    file = tmp_path / "iam" / "p.json"
    file.parent.mkdir()
    file.write_text('{"Version": "2012-10-17", "Statement": [' + ALL + "]}\n", "utf-8")
    repair = repaired(str(file), {})
    assert repair.diff is not None
    assert repair.diff.startswith("--- a/iam/p.json\n+++ b/iam/p.json\n")


def test_paths_are_relative_to_the_root_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "iam" / "p.json"
    file.parent.mkdir()
    file.write_text('{"Version": "2012-10-17", "Statement": [' + ALL + "]}\n", "utf-8")
    report = check_veeam_backup_ready("iam/p.json", **TARGET)
    monkeypatch.chdir(file.parent)
    assert suggest_repair(report).diff is None
    shown = suggest_repair(report, root=tmp_path, shown=lambda name: f"x/{name}").diff
    assert shown is not None
    assert shown.startswith("--- a/x/iam/p.json\n")


DATA = """data "aws_iam_policy_document" "d" {
  statement {
    actions   = ACTIONS
    resources = ["arn:aws:s3:::acme-veeam"]
  }
}
resource "aws_iam_policy" "p" {
  policy = data.aws_iam_policy_document.d.json
}
"""
NO_DIFF = {
    "in a string": ("p.json", '"{\\"Version\\": \\"2012-10-17\\", \\"Statement\\": []}"'),
    "URL-encoded": ("p.json", '"%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D"'),
    "an answer": ("a.json", '{"PolicyVersion": {"Document": {"Version": "2012-10-17", "Statement": [' + ALL + "]}}}"),
    "a mapping of YAML that is the only statement": (
        "p.yaml", "Version: 2012-10-17\nStatement:\n  Effect: Allow\n  Action: s3:ListAllMyBuckets\n  Resource: '*'\n",
    ),
    "a list that has a name": ("p.tf", f'locals {{\n  a = ["s3:ListBucket"]\n}}\n{DATA}'.replace("ACTIONS", "local.a")),
    "items that come from elsewhere": (
        "p.tf",
        DATA.replace("statement {", 'dynamic "statement" {\n    for_each = ["s3:ListBucket"]\n    content {')
        .replace("ACTIONS", "[statement.value]").replace("  }\n}", "  }\n  }\n}", 1),
    ),
    "an alias that two statements share": (
        "p.yaml",
        yaml(
            LISTS, "- Effect: Allow", "  Action: &a [s3:ListBucket]", "  Resource: arn:aws:s3:::acme-veeam",
            "- {Effect: Deny, Action: *a, Resource: 'arn:aws:s3:::other'}",
        ).replace("*a,", "*a ,"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "text"), NO_DIFF.values(), ids=NO_DIFF)
def test_where_no_diff_can_be_made_there_is_a_statement(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    repair = repaired(name, {})
    assert repair.diff is None
    assert repair.edits == ()
    assert repair.statement is not None
    assert '"s3:GetBucketLocation"' in repair.statement
    assert repair.policy is not None
    assert check_veeam_backup_ready(repair.policy, **TARGET).ready is repair.ready is True


def test_the_repaired_document_of_an_answer_says_the_rest_as_it_was(tmp_path: Path) -> None:
    first = {"Sid": "A", "Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
    deny = {
        "Effect": "Deny", "NotAction": ["s3:*", "iam:*"], "NotResource": "arn:aws:s3:::x",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}, "StringLike": {"aws:userid": ["A*", "B*"]}},
    }  # fmt: skip
    document = {"Version": "2012-10-17", "Statement": [first, deny]}
    (tmp_path / "a.json").write_text(json.dumps({"PolicyVersion": {"Document": document}}), "utf-8")
    repair = repaired("a.json", {})
    new = {"Effect": "Allow", "Action": "s3:GetBucketLocation", "Resource": "arn:aws:s3:::acme-veeam"}
    assert repair.policy == {**document, "Statement": [first, deny, new]}


def test_a_file_of_another_encoding_has_no_diff(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text('{"Version": "2012-10-17", "Statement": [' + ALL + "]}", "utf-16")
    assert repaired("p.json", {}).diff is None


def test_a_file_that_is_gone_or_another_has_no_diff(tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    file.write_text('{"Version": "2012-10-17", "Statement": [' + ALL + "]}", "utf-8")
    report = check_veeam_backup_ready("p.json", **TARGET)
    file.write_text('\n{"Version": "2012-10-17", "Statement": [' + ALL + "]}", "utf-8")
    assert suggest_repair(report).diff is None
    file.unlink()
    assert suggest_repair(report).diff is None


def test_the_repaired_document_of_a_file_keeps_its_order_and_keys(tmp_path: Path) -> None:
    text = '{"Id": "x", "Statement": [{"Resource": ["*"], "Action": "s3:ListAllMyBuckets", "Sid": "A", "Effect": "Allow"}]}'
    (tmp_path / "p.json").write_text(text, "utf-8")
    repair = repaired("p.json", {})
    new = {"Effect": "Allow", "Action": "s3:GetBucketLocation", "Resource": "arn:aws:s3:::acme-veeam"}
    assert json.dumps(repair.policy) == text.replace("}]}", "}, " + json.dumps(new) + "]}")


def test_a_long_file_takes_no_long_time(tmp_path: Path) -> None:
    lines = ",\n".join(f'{{\n"n": "{number % 100}"\n}}' for number in range(5_000))
    policy = '{"Version": "2012-10-17", "Statement": [\n' + ALL + "\n]}"
    resource = '{"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": ' + policy + "}}"
    text = '{"Resources": {"P": ' + resource + '}, "Metadata": {"x": [\n' + lines + "\n]}}\n"
    (tmp_path / "t.json").write_text(text, "utf-8")
    started = process_time()
    repair = repaired("t.json", {})
    assert process_time() - started < 10
    assert repair.diff is not None
    assert len(repair.diff.splitlines()) < 15
    apply(repair.diff, tmp_path)
    assert check_veeam_backup_ready("t.json", **TARGET).ready


def test_two_files_are_one_diff(tmp_path: Path) -> None:
    for name, action in (("s3", "s3:ListBucket"), ("ec2", "ec2:StartInstances")):
        resource = "arn:aws:s3:::acme-veeam" if name == "s3" else "*"
        text = f'{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": "{action}", "Resource": "{resource}"}}]}}'
        (tmp_path / f"{name}.json").write_text(text, "utf-8")
    target = {"bucket": "acme-veeam", "groups": ["bucket", "archiver-appliance"]}
    report = check_veeam_backup_ready(["s3.json", "ec2.json"], **target)  # type: ignore[arg-type]
    repair = suggest_repair(report)
    assert repair.diff is not None
    assert {edit.path for edit in repair.edits} == {"s3.json", "ec2.json"}
    apply(repair.diff, tmp_path)
    assert check_veeam_backup_ready(["s3.json", "ec2.json"], **target).ready  # type: ignore[arg-type]


def test_a_document_in_another_file_than_what_refers_to_it_is_changed_there(tmp_path: Path) -> None:
    (tmp_path / "iam.tf").write_text(HEAD + "  policy = data.aws_iam_policy_document.veeam.json\n}\n", "utf-8")
    (tmp_path / "documents.tf").write_text(
        'data "aws_iam_policy_document" "veeam" {\n  statement {\n    actions   = ["s3:ListAllMyBuckets"]\n'
        '    resources = ["*"]\n  }\n}\n',
        "utf-8",
    )
    repair = repaired("iam.tf", REPO)
    assert repair.diff is not None
    assert repair.diff.startswith("--- a/documents.tf\n")
    apply(repair.diff, tmp_path)
    assert check_veeam_backup_ready("iam.tf", **{**TARGET, **REPO}).ready


def test_a_list_that_other_documents_use_as_well_stays(tmp_path: Path) -> None:
    policy = (
        'resource "aws_iam_policy" "{0}" {{\n  policy = jsonencode({{ Version = "2012-10-17", Statement = [{{ Effect = '
    )
    policy += '"Allow", Action = local.actions, Resource = "arn:aws:s3:::{0}" }}] }})\n}}\n'
    text = 'locals {\n  actions = ["s3:ListAllMyBuckets", "s3:ListBucket"]\n}\n'
    (tmp_path / "main.tf").write_text(text + policy.format("acme-veeam") + policy.format("other"), "utf-8")
    first, _ = load_policies("main.tf")
    assert suggest_repair(check_veeam_backup_ready(first, groups=["bucket"], bucket="acme-veeam")).diff is None

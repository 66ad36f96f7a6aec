"""What every reader of a result sees: the text whose first line says it all, and the mapping whose keys stay."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_veeam_iam import Report, check_veeam_backup_ready, evidence, load_rulepack
from pytest_veeam_iam.iam.document import Location
from pytest_veeam_iam.repair import repair_if_any
from pytest_veeam_iam.report import Finding, Repair, Severity
from pytest_veeam_iam.reporters import text
from tests.policy_documents import Document, allow, deny, document

if TYPE_CHECKING:
    from pathlib import Path

BUCKET = "arn:aws:s3:::acme-veeam"
ALL_REQUIRED = [each.action for group in load_rulepack().groups for each in group.required]
S3_GROUPS = ["repository", "bucket", "object"]
PROVISO = (
    "Not modelled: resource control policies, VPC endpoint policies, KMS key policies, access points, "
    "what the product calls at run time. AWS was not contacted."
)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run where a test can write, so that paths are short."""
    monkeypatch.chdir(tmp_path)


EVERYTHING = document(allow("*"))


def written(path: Path, policy: Document) -> str:
    """Return the name of a file of this policy, one statement in a line from the third."""
    statements = ",\n".join(json.dumps(statement) for statement in policy["Statement"])
    path.joinpath("role.json").write_text(f'{{"Version": "2012-10-17",\n"Statement": [\n{statements}\n]}}\n', "utf-8")
    return "role.json"


# --- the text ---


def test_a_report_that_is_ready_says_for_what(tmp_path: Path) -> None:
    policy = document(allow("s3:ListAllMyBuckets"), allow("s3:*", [BUCKET, f"{BUCKET}/*"]))
    report = check_veeam_backup_ready(written(tmp_path, policy), groups=S3_GROUPS, lint=False)
    assert report.explain().splitlines() == [
        "ready for vb365-s3 8.3 (acme-veeam)",
        "",
        "  repository: 2 of 2 granted",
        "  bucket: 5 of 5 granted",
        "  object: 10 of 10 granted",
        "",
        "Inferred: bucket acme-veeam; name it to catch a typo.",
        f"Not given: boundary, SCP, bucket policy. {PROVISO}",
    ]


SHORTFALLS = """\
s3:ListAllMyBuckets missing, s3:RestoreObject missing, s3:DeleteObjectVersion denied (3 of 17, acme-veeam)

  repository: 1 of 2 granted
  bucket: 5 of 5 granted
  object: 8 of 10 granted

  s3:ListAllMyBuckets  missing
      on       *
      nearest  role.json:3 "Bucket" allows it on arn:aws:s3:::acme-veeam: the action has no resource type and \
needs Resource "*"
      listed   vendor page of 2025-01-16, "For Amazon S3 object storage repository"; why (inferred): show the \
buckets of the account, to choose one for the repository

  s3:RestoreObject        missing
      on       arn:aws:s3:::acme-veeam/*      (for example arn:aws:s3:::acme-veeam/a)
      nearest  role.json:3 "Bucket" allows it on arn:aws:s3:::acme-veeam: that is the bucket; objects are acme-veeam/*
      listed   vendor page of 2025-01-16, "For an object"; why (inferred): retrieve archived objects from the \
Glacier Flexible Retrieval and Deep Archive classes
  s3:DeleteObjectVersion  denied
      on       arn:aws:s3:::acme-veeam/*      (for example arn:aws:s3:::acme-veeam/a)
      by       role.json:5 "AppendOnly" denies s3:DeleteObjectV* on arn:aws:s3:::acme-veeam/*
      listed   vendor page of 2025-01-16, "For an object"; why (inferred): remove expired restore points from an \
immutable repository

  to fix:
      --- a/role.json
      +++ b/role.json
      @@ -1,6 +1,7 @@
       {"Version": "2012-10-17",
       "Statement": [
       {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::acme-veeam", "Sid": "Bucket"},
      -{"Effect": "Allow", "Action": ["s3:Get*"], "Resource": "arn:aws:s3:::acme-veeam/*"},
      -{"Effect": "Deny", "Action": "s3:DeleteObjectV*", "Resource": "arn:aws:s3:::acme-veeam/*", "Sid": "AppendOnly"}
      +{"Effect": "Allow", "Action": ["s3:Get*", "s3:RestoreObject"], "Resource": "arn:aws:s3:::acme-veeam/*"},
      +{"Effect": "Deny", "Action": "s3:DeleteObjectV*", "Resource": "arn:aws:s3:::acme-veeam/*", "Sid": "AppendOnly"},
      +{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
       ]}

  not mended by an addition:
      s3:DeleteObjectVersion: role.json:5 "AppendOnly" denies s3:DeleteObjectV* on arn:aws:s3:::acme-veeam/*; \
no Allow lifts a Deny

Inferred: bucket acme-veeam; name it to catch a typo.
"""


def test_what_falls_short_is_told_with_reason_place_and_remedy(tmp_path: Path) -> None:
    objects = ["s3:Get*", "s3:Put*", "s3:Delete*", "s3:Abort*", "s3:ListMultipart*"]
    policy = document(
        allow("s3:*", BUCKET, Sid="Bucket"),
        allow(objects, f"{BUCKET}/*"),
        deny("s3:DeleteObjectV*", f"{BUCKET}/*", Sid="AppendOnly"),
    )
    report = check_veeam_backup_ready(written(tmp_path, policy), profile="without-archiver-appliance", lint=False)
    shown = report.explain().replace(', "s3:Put*", "s3:Delete*", "s3:Abort*", "s3:ListMultipart*"', "")
    assert shown == f"{SHORTFALLS}Not given: boundary, SCP, bucket policy. {PROVISO}"


CONDITIONAL = """\
s3:ListBucket conditional, s3:ListBucketMultipartUploads conditional, s3:GetBucketObjectLockConfiguration missing, \
s3:GetBucketVersioning conditional and 1 more (5 of 5, acme-veeam)

  bucket: 0 of 5 granted

  s3:ListBucket                        conditional
  s3:ListBucketMultipartUploads        conditional
      on       arn:aws:s3:::acme-veeam
      by       role.json:3 "Office" allows s3:* on *, if aws:SourceIp is in 10.0.0.0/8
      only if  aws:SourceIp is in 10.0.0.0/8
      declare  --veeam-iam-context=aws:SourceIp=10.0.0.1   (if every call of the product is like that)
      listed   vendor page of 2025-01-16, "For a bucket"
  s3:GetBucketObjectLockConfiguration  missing
      on       arn:aws:s3:::acme-veeam
      blocked  by the permissions boundary
      reason   the permissions boundary does not allow it
      listed   vendor page of 2025-01-16, "For a bucket"; why (inferred): see whether the bucket has Object Lock, \
which immutability needs
  s3:GetBucketVersioning               conditional
  s3:ListBucketVersions                conditional
      on       arn:aws:s3:::acme-veeam
      by       role.json:3 "Office" allows s3:* on *, if aws:SourceIp is in 10.0.0.0/8
      only if  aws:SourceIp is in 10.0.0.0/8
      declare  --veeam-iam-context=aws:SourceIp=10.0.0.1   (if every call of the product is like that)
      listed   vendor page of 2025-01-16, "For a bucket"

  findings
      role.json:4:60: error: "acme-veeam" is neither "*" nor an ARN; did you mean "arn:aws:s3:::acme-veeam"? [refused]

  to fix:
      --- a/role.json
      +++ b/role.json
      @@ -1,5 +1,4 @@
       {"Version": "2012-10-17",
       "Statement": [
      -{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Sid": "Office", "Condition": {}},
      -{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "acme-veeam"}
      +{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Sid": "Office", "Condition": {}}
       ]}

  not mended by an addition:
      s3:ListBucket, s3:ListBucketMultipartUploads, s3:GetBucketVersioning, s3:ListBucketVersions: granted only if \
aws:SourceIp is in 10.0.0.0/8 (role.json:3 "Office")
      s3:GetBucketObjectLockConfiguration: the permissions boundary does not allow it

"""


def test_conditions_layers_and_findings_are_told(tmp_path: Path) -> None:
    policy = document(
        allow("s3:*", Sid="Office", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
        allow("s3:ListBucket", "acme-veeam"),
    )
    boundary = document(allow(["s3:ListBucket*", "s3:GetBucketV*"]))
    report = check_veeam_backup_ready(
        written(tmp_path, policy), groups=["bucket"], bucket="acme-veeam", permissions_boundary=boundary, lint=False
    )
    shown = report.explain().replace('{"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}', "{}")
    assert shown == f"{CONDITIONAL}Not given: SCP, bucket policy. {PROVISO}"


def test_an_inferred_scope_is_marked() -> None:
    policy = document(allow("ec2:*"))
    lines = check_veeam_backup_ready(policy, profile="archiver-appliance-only").explain().splitlines()
    assert "      scope    inferred: the page does not say on which resources" in lines


def test_an_inferred_scope_is_marked_in_a_finding() -> None:
    report = check_veeam_backup_ready(document(allow("ec2:Describe*")), profile="archiver-appliance-only")
    (finding,) = [each for each in report.findings if each.message.startswith("ec2:CreateTags")]
    assert "inferred" in text.finding_line(finding)


def test_the_name_of_an_api_operation_is_told() -> None:
    policy = document(allow("s3:HeadBucket", BUCKET))
    lines = check_veeam_backup_ready(policy, groups=["bucket"]).explain().splitlines()
    assert (
        "      meant?   <mapping>: s3:HeadBucket is the name of an API operation; the IAM action is s3:ListBucket"
        in lines
    )


BLOCKED: list[tuple[dict[str, Any], str]] = [
    ({"permissions_boundary": document(allow("ec2:*"))}, "the permissions boundary"),
    ({"service_control_policies": [document(allow("ec2:*"))]}, "a service control policy"),
    ({"session_policies": document(allow("ec2:*"))}, "the session policies"),
    ({"resource_policies": document(deny("s3:*", [BUCKET, f"{BUCKET}/*"], Principal="*"))}, "the bucket policy"),
]


@pytest.mark.parametrize(("layer", "name"), BLOCKED, ids=[row[1] for row in BLOCKED])
def test_the_layer_that_blocks_is_told_and_nothing_is_added(layer: dict[str, Any], name: str) -> None:
    report = check_veeam_backup_ready(EVERYTHING, groups=["object"], bucket="acme-veeam", **layer)
    assert f"      blocked  by {name}" in report.explain().splitlines()
    assert "to fix" not in report.explain()


# --- the first line ---


@pytest.mark.parametrize("missing", range(1, 46))
@pytest.mark.parametrize("bucket", ["b", "b" * 63, ["b" * 63, "c" * 63], ["b" * 63, "c" * 63, "d"]])
def test_the_first_line_is_short_and_counts_everything(missing: int, bucket: str | list[str]) -> None:
    policy = document(allow(ALL_REQUIRED[missing:] or "iam:*"))
    first = check_veeam_backup_ready(policy, bucket=bucket).explain().splitlines()[0]
    assert len(first) < 200
    assert first.startswith(f"{ALL_REQUIRED[0]} missing")
    named = first.count(" missing")
    assert first.split(" (")[1].startswith(f"{missing} of 45, ")
    assert (f" and {missing - named} more (" in first) is (named < missing)


@pytest.mark.parametrize("name", ["x" * 400, "a\nb"])
def test_a_strange_name_in_a_policy_does_not_break_the_first_line(name: str) -> None:
    report = check_veeam_backup_ready(document(allow("s3:ListBucket", f"arn:aws:s3:::{name}")), groups=["bucket"])
    first = report.explain().split("\n")[0]
    assert len(first) < 200
    assert first.endswith(")")


def test_a_finding_that_counts_is_the_first_line_where_nothing_is_missing(tmp_path: Path) -> None:
    policy = document(allow("*"), allow("s3:*", "x" * 300))
    first = check_veeam_backup_ready(written(tmp_path, policy)).explain().splitlines()[0]
    assert first.startswith('not ready: "xxx')
    assert first.endswith("... (role.json:4:51)")
    assert len(first) == 195


def test_of_findings_that_count_the_first_line_names_the_first() -> None:
    report = check_veeam_backup_ready(document(allow("*"), allow("s3:*", "b")))
    assert report.explain().splitlines()[0] == (
        'not ready: "b" is neither "*" nor an ARN; did you mean "arn:aws:s3:::b"? (<mapping>)'
    )


def test_findings_alone_are_told_in_one_line_and_then_all() -> None:
    findings = [
        Finding("a_check", Severity.ERROR, "wrong", Location("p.json", 3, 7), "right it"),
        Finding("b_check", Severity.NOTE, "odd"),
    ]
    assert text.explain_findings(findings).splitlines() == [
        "wrong (p.json:3:7) and 1 more",
        "",
        "  p.json:3:7: error: wrong -> right it [a_check]",
        "  note: odd [b_check]",
    ]
    assert text.explain_findings(findings[1:]) == "odd\n\n  note: odd [b_check]"


def test_a_long_finding_is_cut_in_the_first_line_alone() -> None:
    finding = Finding("x", Severity.ERROR, "w" * 300)
    first, _, line = text.explain_findings([finding, finding, finding]).splitlines()[:3]
    assert first == "w" * (195 - len(" and 2 more") - 3) + "... and 2 more"
    assert line == f"  error: {'w' * 300} [x]"
    exact = Finding("x", Severity.ERROR, "w" * 195)
    assert text.explain_findings([exact]).splitlines()[0] == "w" * 195


# --- one group ---


def test_a_group_is_told_by_itself() -> None:
    report = check_veeam_backup_ready(document(allow("s3:ListBucket*", BUCKET)), groups=S3_GROUPS)
    group = report.group("bucket")
    lines = text.explain_group(report, group, repair_if_any(report, group.shortfalls)).splitlines()
    assert lines[0] == (
        "s3:GetBucketObjectLockConfiguration missing, s3:GetBucketVersioning missing (2 of 5, acme-veeam)"
    )
    assert lines[-1] == (
        '      {"Effect": "Allow", "Action": ["s3:GetBucketObjectLockConfiguration", "s3:GetBucketVersioning"], '
        '"Resource": "arn:aws:s3:::acme-veeam"}'
    )


def test_an_appliance_that_is_not_granted_at_all_hints_at_the_profile_without_it() -> None:
    report = check_veeam_backup_ready(document(allow("s3:*")))
    last = text.explain_group(report, report.group("archiver-appliance")).splitlines()[-1]
    assert last.startswith(
        "  No archiver appliance? --veeam-iam-profile=without-archiver-appliance (documented elsewhere: the vendor's"
    )


@pytest.mark.parametrize(
    ("policy", "arguments", "group"),
    [
        (document(allow(["s3:*", "ec2:CreateVpc"])), {}, "archiver-appliance"),
        (document(allow("ec2:*")), {}, "object"),
        (document(allow("s3:*")), {"groups": ["archiver-appliance", "object"]}, "archiver-appliance"),
    ],
    ids=["a part is granted", "no profile leaves it out", "no profile has the other groups"],
)
def test_no_profile_is_hinted_at_without_need(policy: Document, arguments: dict[str, Any], group: str) -> None:
    report = check_veeam_backup_ready(policy, **arguments)
    assert text.profile_hint(report, report.group(group)) == ""


# --- the repair ---


def test_a_repair_is_a_diff_or_else_what_to_take_out_and_to_add() -> None:
    assert text.repair_lines(None) == []
    assert text.repair_lines(Repair(ready=True)) == []
    added: dict[str, object] = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    repair = Repair(statements=(added,), taken_out=('p.json:3 "Old": AWS refuses it',), remaining=("x is denied",))
    assert text.repair_lines(repair) == [
        "",
        "  to fix, take out:",
        '      p.json:3 "Old": AWS refuses it',
        "",
        "  to fix, add:",
        '      {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}',
        "",
        "  not mended by an addition:",
        "      x is denied",
    ]
    lines = text.repair_lines(replace(repair, diff="--- a/p.json\n+++ b/p.json\n", remaining=()))
    assert lines == ["", "  to fix:", "      --- a/p.json", "      +++ b/p.json"]


def test_what_the_report_says_already_is_not_said_again() -> None:
    repair = Repair(remaining=("x is denied", "y is blocked then"), unsaid=("y is blocked then",))
    assert text.repair_lines(repair) == ["", "  not mended by an addition:", "      y is blocked then"]


def test_a_long_diff_is_cut() -> None:
    lines = text.repair_lines(Repair(diff="".join(f"+{number}\n" for number in range(61))))
    assert len(lines) == 2 + 60 + 1
    assert lines[-2] == "      +59"
    assert lines[-1] == "      ... and 1 more lines: --veeam-iam-report=fix.diff writes them all"
    assert len(text.repair_lines(Repair(diff="+\n" * 60))) == 2 + 60


def test_what_a_terminal_would_obey_is_not_in_a_diff() -> None:
    assert text.repair_lines(Repair(diff=" #\x1b[31m\tx\u202e\r\n"))[-1] == "       #\\x1b[31m\tx\\u202e"


# --- the verdict in a few words ---


@pytest.mark.parametrize(
    ("policy", "arguments", "word"),
    [
        (EVERYTHING, {}, "ready (any bucket)"),
        (EVERYTHING, {"bucket": "b"}, "ready (b)"),
        (document(allow("s3:*")), {}, "not ready: 28 not granted"),
        (document(allow("*"), allow("s3:*", "b")), {}, "not ready: 1 error"),
        (document(allow("*"), allow("s3:*", ["b", "c"])), {}, "not ready: 2 errors"),
        (document(allow("s3:*"), allow("s3:*", "b")), {}, "not ready: 28 not granted, 1 error"),
        (document(allow(ALL_REQUIRED)), {"fail_on": "warning", "excess": "off"}, "not ready: 2 warnings"),
        (
            document(allow([*ALL_REQUIRED, "ec2:CreateTags"])),
            {"fail_on": "warning", "excess": "off"},
            "not ready: 1 warning",
        ),
        (document(allow([*ALL_REQUIRED, "ec2:CreateTags"])), {}, "ready (any bucket)"),
    ],
)
def test_the_verdict_carries_its_cause(policy: Document, arguments: dict[str, Any], word: str) -> None:
    report = check_veeam_backup_ready(policy, **arguments)
    assert text.verdict_word(report) == word
    assert report.ready is word.startswith("ready")


# --- the mapping ---

REPORT_KEYS = [
    "schema", "ready", "accepted", "pack", "target", "groups", "findings", "not_checked", "assumed", "waivers"
]  # fmt: skip
PERMISSION_KEYS = [
    "action", "resources", "level", "decision", "witness", "reason", "inferred", "assumed", "waived", "statements",
]  # fmt: skip
FINDING_KEYS = ["id", "severity", "message", "path", "line", "column", "help"]
PARAMETERS = ["bucket", "prefix", "region", "account", "partition", "scenario", "storage_class"]


def a_report(tmp_path: Path, **arguments: Any) -> Report:
    policy = document(allow(["s3:*", "ssm:GetParameter"], Sid="S"), deny("s3:PutObject"), allow("s3:*", "b"))
    return check_veeam_backup_ready(written(tmp_path, policy), **arguments)


def test_the_keys_of_the_mapping_are_those_of_the_schema(tmp_path: Path) -> None:
    found: dict[str, Any] = a_report(tmp_path).to_dict()
    assert set(REPORT_KEYS) <= set(found)
    assert list(found) == list(evidence.ReportDict.__annotations__)
    assert found["schema"] == 1
    assert found["pack"] == "vb365-s3@8.3"
    assert list(found["target"]) == PARAMETERS
    assert all(list(parameter) == ["value", "origin"] for parameter in found["target"].values())
    assert all(list(group) == list(evidence.Group.__annotations__) for group in found["groups"])
    permissions = [permission for group in found["groups"] for permission in group["permissions"]]
    assert len(permissions) == 47
    assert set(PERMISSION_KEYS) <= set(permissions[0])
    assert all(list(permission) == list(evidence.Permission.__annotations__) for permission in permissions)
    statements = [each for permission in permissions for each in permission["statements"]]
    assert all(list(each) == ["path", "line", "sid", "words", "key"] for each in statements)
    assert found["findings"]
    assert list(found["findings"][0])[: len(FINDING_KEYS)] == FINDING_KEYS
    assert all(list(finding) == list(evidence.Finding.__annotations__) for finding in found["findings"])


def test_the_mapping_is_plain_json(tmp_path: Path) -> None:
    found = a_report(tmp_path, bucket=["b", "c"]).to_dict()
    assert json.loads(json.dumps(found)) == found


def test_the_values_of_the_mapping_are_those_of_the_report(tmp_path: Path) -> None:
    report = a_report(tmp_path, bucket=["b", "c"], region="eu-west-1", prefix="v", scenario="backup")
    found: dict[str, Any] = report.to_dict()
    assert found["ready"] is False
    assert found["target"] == {
        "bucket": {"value": ["b", "c"], "origin": "given"},
        "prefix": {"value": "v/", "origin": "given"},
        "region": {"value": "eu-west-1", "origin": "given"},
        "account": {"value": "*", "origin": "any"},
        "partition": {"value": "aws", "origin": "given"},
        "scenario": {"value": "backup", "origin": "given"},
        "storage_class": {"value": None, "origin": "any"},
    }
    groups = {group["id"]: group for group in found["groups"]}
    assert {name: group["ready"] for name, group in groups.items()} == {
        "archiver-appliance": False,
        "repository": True,
        "bucket": True,
        "object": False,
    }
    assert groups["object"]["title"] == "Objects"
    put = groups["object"]["permissions"][0]
    assert {key: put[key] for key in PERMISSION_KEYS} == {
        "action": "s3:PutObject",
        "resources": ["arn:aws:s3:::b/v/*", "arn:aws:s3:::c/v/*"],
        "level": "required",
        "decision": "denied",
        "witness": "arn:aws:s3:::b/v/",
        "reason": "role.json:4 denies s3:PutObject on *",
        "inferred": False,
        "assumed": False,
        "waived": False,
        "statements": [
            {
                "path": "role.json",
                "line": 4,
                "sid": None,
                "words": "denies s3:PutObject on *",
                "key": "role.json:4:1",
            }
        ],
    }
    (grant,) = groups["repository"]["permissions"][0]["statements"]
    assert (grant["path"], grant["line"], grant["sid"]) == ("role.json", 3, "S")
    assert groups["repository"]["permissions"][0]["witness"] is None
    appliance = {permission["action"]: permission for permission in groups["archiver-appliance"]["permissions"]}
    assert {action for action, permission in appliance.items() if permission["inferred"]} == {
        "ssm:GetParameter",
        "ec2:CreateTags",
    }
    assert {action for action, permission in appliance.items() if permission["level"] == "recommended"} == {
        "ec2:CreateTags",
        "ec2:DescribeInstances",
    }
    assert found["not_checked"] == list(report.not_checked)
    (refused,) = [finding for finding in found["findings"] if finding["severity"] == "error"]
    assert {key: refused[key] for key in FINDING_KEYS} | {"help": ""} == {
        "id": "refused",
        "severity": "error",
        "message": '"b" is neither "*" nor an ARN; did you mean "arn:aws:s3:::b"?',
        "path": "role.json",
        "line": 5,
        "column": 51,
        "help": "",
    }


def test_a_finding_without_a_place_has_none_in_the_mapping(tmp_path: Path) -> None:
    report = check_veeam_backup_ready(document(allow("*"), allow("s3:*", "b")))
    mapping: dict[str, Any] = report.to_dict()
    (finding,) = [each for each in mapping["findings"] if each["id"] == "refused"]
    assert (finding["path"], finding["line"], finding["column"]) == ("<mapping>", None, None)


# --- the object ---


def test_a_report_is_true_if_it_is_ready() -> None:
    assert check_veeam_backup_ready(EVERYTHING)
    assert not check_veeam_backup_ready(document(allow("s3:*")))


def test_a_report_gives_its_groups_by_id_and_its_results_in_order() -> None:
    report = check_veeam_backup_ready(EVERYTHING, groups=["object", "repository"])
    assert [group.id for group in report.groups] == ["repository", "object"]
    assert report.group("object").id == "object"
    with pytest.raises(KeyError, match="bucket"):
        report.group("bucket")
    assert [result.action for result in report.results()][:3] == [
        "s3:ListAllMyBuckets",
        "s3:GetBucketLocation",
        "s3:PutObject",
    ]


def test_a_result_tells_what_its_requirement_and_evaluation_do() -> None:
    (result,) = check_veeam_backup_ready(document(allow("iam:*")), groups=["repository"], bucket="b").shortfalls[1:]
    assert (result.action, result.decision, result.level, result.granted) == (
        "s3:GetBucketLocation",
        "missing",
        "required",
        False,
    )
    assert (result.resources, result.witness, result.statements) == (("arn:aws:s3:::b",), "arn:aws:s3:::b", ())
    assert result.reason == "no statement allows it"


def test_a_repr_is_one_line() -> None:
    assert repr(check_veeam_backup_ready(EVERYTHING)) == (
        "<Report vb365-s3@8.3 ready: ready for vb365-s3 8.3 (any bucket)>"
    )
    assert repr(check_veeam_backup_ready(document(allow("ec2:*")), groups=["repository"])).startswith(
        "<Report vb365-s3@8.3 not ready: s3:ListAllMyBuckets missing, "
    )


def test_a_report_names_its_files(tmp_path: Path) -> None:
    name = written(tmp_path, EVERYTHING)
    assert check_veeam_backup_ready([name, EVERYTHING, name]).sources == ("role.json", "<mapping>")


def test_notes_are_told_where_nothing_else_is_to_be_done() -> None:
    granted = document(allow("s3:ListAllMyBuckets", "arn:aws:s3:::*"), allow("s3:GetBucketLocation", BUCKET))
    lines = check_veeam_backup_ready(granted, groups=["repository"]).explain().splitlines()
    assert "  notes" in lines
    assert any(line.endswith("[list_buckets_arn]") for line in lines)
    lacking = document(allow("s3:ListAllMyBuckets", "arn:aws:s3:::*"))
    assert "[list_buckets_arn]" not in check_veeam_backup_ready(lacking, groups=["repository"]).explain()

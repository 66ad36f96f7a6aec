"""What is known of the request of the declared caller."""

from __future__ import annotations

import pytest

from pytest_veeam_iam.errors import TargetError
from pytest_veeam_iam.iam.context import Context, Presence

ABSENT, PRESENT, UNKNOWN = Presence.ABSENT, Presence.PRESENT, Presence.UNKNOWN
USER = "arn:aws:iam::111122223333:user/backup/veeam"
ROLE = "arn:aws:iam::111122223333:role/backup/veeam"
SESSION = "arn:aws:sts::111122223333:assumed-role/veeam/proxy"
FEDERATED = "arn:aws:sts::111122223333:federated-user/veeam"
ROOT = "arn:aws:iam::111122223333:root"
OF_CREDENTIALS = ("aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge", "aws:TokenIssueTime")


@pytest.mark.parametrize(
    ("key", "known"),
    [
        ("aws:SecureTransport", ("true",)),
        ("aws:MultiFactorAuthPresent", ABSENT),
        ("aws:MultiFactorAuthAge", ABSENT),
        ("aws:TokenIssueTime", ABSENT),
        ("aws:PrincipalArn", PRESENT),
        ("aws:PrincipalAccount", PRESENT),
        ("aws:PrincipalType", PRESENT),
        ("aws:userid", PRESENT),
        ("aws:username", PRESENT),
        ("aws:SourceIp", UNKNOWN),
        ("aws:RequestedRegion", UNKNOWN),
        ("s3:prefix", UNKNOWN),
    ],
)
def test_the_default_caller_is_a_user_with_access_keys_over_tls(key: str, known: object) -> None:
    assert Context.of().lookup(key) == known


def test_a_role_may_have_what_only_temporary_credentials_have() -> None:
    context = Context.of(principal=ROLE)
    assert {context.lookup(key) for key in (*OF_CREDENTIALS, "aws:username")} == {UNKNOWN}
    assert context.lookup("aws:SecureTransport") == ("true",)


@pytest.mark.parametrize("principal", [None, USER, ROLE])
def test_session_policies_mean_temporary_credentials(principal: str | None) -> None:
    context = Context.of(principal=principal, session=True)
    assert {context.lookup(key) for key in (*OF_CREDENTIALS, "aws:username")} == {UNKNOWN}


@pytest.mark.parametrize(
    ("principal", "arn", "kind", "name"),
    [
        (USER, (USER,), ("User",), ("veeam",)),
        ("arn:aws:iam::111122223333:user/veeam", ("arn:aws:iam::111122223333:user/veeam",), ("User",), ("veeam",)),
        ("arn:aws:iam::111122223333:user/a:b", ("arn:aws:iam::111122223333:user/a:b",), ("User",), ("a:b",)),
        (ROLE, (ROLE,), ("AssumedRole",), UNKNOWN),
        # The ARN of a session does not tell the path of its role, the ARN of the role does.
        (SESSION, PRESENT, ("AssumedRole",), UNKNOWN),
        (FEDERATED, (FEDERATED,), ("FederatedUser",), UNKNOWN),
        (ROOT, (ROOT,), ("Account",), UNKNOWN),
    ],
)
def test_a_principal_tells_its_keys(principal: str, arn: object, kind: object, name: object) -> None:
    context = Context.of(principal=principal)
    keys = ("aws:PrincipalArn", "aws:PrincipalType", "aws:username", "aws:PrincipalAccount", "aws:userid")
    assert [context.lookup(key) for key in keys] == [arn, kind, name, ("111122223333",), PRESENT]


def test_a_user_keeps_the_keys_of_access_keys() -> None:
    assert {Context.of(principal=USER).lookup(key) for key in OF_CREDENTIALS} == {ABSENT}


def test_a_user_under_session_policies_calls_as_a_federated_user_of_the_account() -> None:
    context = Context.of(principal=USER, session=True)
    keys = ("aws:PrincipalArn", "aws:PrincipalType", "aws:PrincipalAccount")
    assert [context.lookup(key) for key in keys] == [PRESENT, PRESENT, ("111122223333",)]


def test_a_role_under_session_policies_keeps_its_own_arn() -> None:
    context = Context.of(principal=ROLE, session=True)
    assert context.lookup("aws:PrincipalArn") == (ROLE,)
    assert context.lookup("aws:PrincipalType") == ("AssumedRole",)


@pytest.mark.parametrize(
    "principal",
    [
        "veeam",
        "111122223333",
        "arn:aws:iam::111122223333:user",
        "arn:aws:iam::111122223333:user/",
        "arn:aws:iam::111122223333:group/admins",
        "arn:aws:iam::111122223333:root/x",
        "arn:aws:iam:::user/veeam",
        "arn:aws:iam::111122223333",
        "arn:aws:s3:::bucket",
        "arn:aws:sts::111122223333:user/veeam",
        "nra:aws:iam::111122223333:user/veeam",
    ],
)
def test_a_principal_that_cannot_be_is_refused_with_an_example(principal: str) -> None:
    with pytest.raises(
        TargetError, match=r'^principal ".*" is not the ARN of a user.*arn:aws:iam::111122223333:user/veeam$'
    ):
        Context.of(principal=principal)


def test_a_complete_context_has_no_default_caller() -> None:
    context = Context.of({"aws:SourceIp": "10.0.0.1"}, complete=True, principal=USER, account="111122223333")
    assert context.lookup("aws:SourceIp") == ("10.0.0.1",)
    assert context.lookup("aws:SecureTransport") is ABSENT
    assert context.lookup("aws:PrincipalArn") is ABSENT
    assert context.lookup("s3:prefix") is ABSENT


def test_a_complete_context_derives_nothing() -> None:
    context = Context.of({}, complete=True, region="eu-central-1", account="111122223333")
    assert context.for_request("ec2:RunInstances").lookup("aws:RequestedRegion") is ABSENT


@pytest.mark.parametrize(
    ("value", "known"),
    [
        ("text", ("text",)),
        ("", ("",)),
        (None, ABSENT),
        ([], ()),
        ((), ()),
        (["a", "b"], ("a", "b")),
        (("b", "a"), ("b", "a")),
        ({"b", "a"}, ("a", "b")),
        (frozenset({"b", "a"}), ("a", "b")),
        (True, ("true",)),
        (False, ("false",)),
        (3600, ("3600",)),
        (-1, ("-1",)),
        (1.5, ("1.5",)),
        ([True, 1, "x"], ("true", "1", "x")),
        (PRESENT, PRESENT),
        (UNKNOWN, UNKNOWN),
    ],
)
def test_a_declared_value_is_its_json_text(value: object, known: object) -> None:
    assert Context.of({"aws:SecureTransport": value}).lookup("aws:SecureTransport") == known


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (b"x", "bytes"),
        ({"a": 1}, "dict"),
        ([None], "NoneType"),
        ([["a"]], "list"),
        ({b"x"}, "bytes"),
        (float("nan"), "float"),
        (float("inf"), "float"),
        (object(), "object"),
        pytest.param(10**5000, "int", id="digits"),
    ],
)
def test_a_value_that_no_request_can_have_is_refused_with_what_is_possible(value: object, kind: str) -> None:
    with pytest.raises(TargetError) as caught:
        Context.of({"aws:x": value})
    assert str(caught.value) == (
        f'context value of "aws:x" is a {kind} that no request can have; '
        "possible are a string, a number, true or false, a list of these, or None for a key that is absent"
    )


@pytest.mark.parametrize("key", [1, None, ""])
def test_a_key_that_is_no_name_is_refused(key: object) -> None:
    with pytest.raises(
        TargetError, match=r"^context key .* is not the name of a condition key; write for example aws:SourceIp$"
    ):
        Context.of({key: "x"})  # type: ignore[dict-item]


def test_a_key_given_twice_is_refused() -> None:
    with pytest.raises(TargetError, match=r'^context names "AWS:sourceip" twice; .* once$'):
        Context.of({"aws:SourceIp": "10.0.0.1", "AWS:sourceip": "10.0.0.2"})


@pytest.mark.parametrize("context", ["aws:SourceIp=10.0.0.1", [("a", "b")], 5])
def test_a_context_that_is_no_mapping_is_refused(context: object) -> None:
    with pytest.raises(TargetError, match=r"^context is a (str|list|int); it maps condition keys to their values$"):
        Context.of(context)  # type: ignore[arg-type]


def test_the_case_of_a_key_does_not_matter() -> None:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html
    context = Context.of({"AWS:SourceIP": "10.0.0.1"})
    assert context.lookup("aws:sourceip") == context.lookup("aws:SourceIp") == ("10.0.0.1",)


def test_what_is_declared_wins_over_the_default_caller_and_the_principal() -> None:
    context = Context.of(
        {"aws:securetransport": False, "aws:PrincipalArn": ROLE, "aws:MultiFactorAuthPresent": True}, principal=USER
    )
    assert context.lookup("aws:SecureTransport") == ("false",)
    assert context.lookup("aws:PrincipalArn") == (ROLE,)
    assert context.lookup("aws:MultiFactorAuthPresent") == ("true",)


REGION = ("eu-central-1",)
ACCOUNT = ("111122223333",)


@pytest.mark.parametrize(
    ("action", "resource", "requested", "of_ec2", "owner"),
    [
        ("ec2:DescribeVpcs", "*", REGION, REGION, ACCOUNT),
        ("ec2:RunInstances", "arn:aws:ec2:*:*:instance/*", REGION, REGION, ACCOUNT),
        ("ec2:RunInstances", "arn:aws:ec2:*::image/*", REGION, REGION, UNKNOWN),
        ("ec2:CreateTags", "arn:aws:ec2:*::snapshot/*", REGION, REGION, UNKNOWN),
        ("EC2:runinstances", "arn:aws:ec2:*:*:instance/*", REGION, REGION, ACCOUNT),
        ("ssm:GetParameter", "arn:aws:ssm:*::parameter/aws/service/*", REGION, UNKNOWN, UNKNOWN),
        ("ssm:GetParameter", "arn:aws:ssm:*:*:parameter/x", REGION, UNKNOWN, ACCOUNT),
        ("s3:GetObject", "arn:aws:s3:::b/a:b:c", REGION, UNKNOWN, UNKNOWN),
        ("s3:GetObject", "arn:aws:s3:eu-central-1:111122223333:accesspoint/p", REGION, UNKNOWN, UNKNOWN),
        ("s3:ListAllMyBuckets", "*", UNKNOWN, UNKNOWN, UNKNOWN),
        ("S3:listallmybuckets", "*", UNKNOWN, UNKNOWN, UNKNOWN),
        ("iam:PassRole", "arn:aws:iam::111122223333:role/x", REGION, UNKNOWN, ACCOUNT),
        ("iam:PassRole", "not-an-arn", REGION, UNKNOWN, UNKNOWN),
        ("iam:PassRole", "arn:aws:iam::111122223333", REGION, UNKNOWN, UNKNOWN),
    ],
)
def test_region_and_account_tell_more_for_one_action_and_resource(
    action: str, resource: str, requested: object, of_ec2: object, owner: object
) -> None:
    context = Context.of(region=REGION[0], account=ACCOUNT[0]).for_request(action, resource)
    keys = ("aws:RequestedRegion", "ec2:Region", "aws:ResourceAccount", "aws:PrincipalAccount")
    assert [context.lookup(key) for key in keys] == [requested, of_ec2, owner, ACCOUNT]


@pytest.mark.parametrize(
    "action",
    [
        "AcceptVpcPeeringConnection",
        "CopyFpgaImage",
        "CopyImage",
        "CopySnapshot",
        "CreateVolume",
        "CreateVpcEndpoint",
        "CreateVpcPeeringConnection",
        "DeleteVpcPeeringConnection",
        "RejectVpcPeeringConnection",
    ],
)
def test_some_actions_of_ec2_have_no_resource_account(action: str) -> None:
    # reference_policies_condition-keys.html, aws:ResourceAccount: "The following actions don't support this key"
    context = Context.of(account=ACCOUNT[0]).for_request(f"ec2:{action}", "arn:aws:ec2:*:*:instance/*")
    assert context.lookup("aws:ResourceAccount") is UNKNOWN


def test_without_region_and_account_a_request_tells_no_more() -> None:
    context = Context.of()
    assert context.for_request("ec2:RunInstances", "arn:aws:ec2:*:*:instance/*") is context


def test_for_request_leaves_the_context_it_starts_from_alone() -> None:
    context = Context.of(region=REGION[0])
    context.for_request("ec2:RunInstances")
    assert context.lookup("aws:RequestedRegion") is UNKNOWN


def test_the_account_of_the_principal_wins_over_that_of_the_target() -> None:
    context = Context.of(principal=USER, account="999999999999").for_request("ec2:DescribeVpcs")
    assert context.lookup("aws:PrincipalAccount") == ACCOUNT
    assert context.lookup("aws:ResourceAccount") == ("999999999999",)


def test_what_is_declared_wins_over_what_a_request_tells() -> None:
    declared = {"AWS:RequestedRegion": "us-east-1", "ec2:region": None, "aws:ResourceAccount": ["1", "2"]}
    context = Context.of(declared, region=REGION[0], account=ACCOUNT[0]).for_request("ec2:DescribeVpcs")
    assert context.lookup("aws:RequestedRegion") == ("us-east-1",)
    assert context.lookup("ec2:Region") is ABSENT
    assert context.lookup("aws:ResourceAccount") == ("1", "2")


def test_keys_of_a_service_reach_only_the_actions_that_list_them() -> None:
    context = Context.of({"s3:prefix": "a/", "S3:ExistingObjectTag/Team": "x", "ec2:Region": "r", "aws:SourceIp": "1"})
    listing = context.listing({"s3:Prefix", "s3:ExistingObjectTag/<key>", "aws:ResourceTag/${TagKey}"})
    assert listing.lookup("s3:prefix") == ("a/",)
    assert listing.lookup("s3:ExistingObjectTag/Team") == ("x",)
    assert listing.lookup("ec2:Region") is UNKNOWN
    assert listing.lookup("aws:SourceIp") == ("1",)


def test_the_catalogue_is_asked_about_the_action_on_the_resource() -> None:
    asked = []

    def keys_of(action: str, resource: str) -> list[str]:
        asked.append((action, resource))
        return ["s3:prefix"]

    given = {"s3:prefix": "a", "s3:max-keys": "1"}
    context = Context.of(given, keys_of=keys_of, region="eu-west-1", account="111122223333")
    found = context.for_request("ec2:RunInstances", "arn:aws:ec2:eu-west-1::image/*")
    assert asked == [("ec2:RunInstances", "arn:aws:ec2:eu-west-1::image/*")]
    assert (found.lookup("s3:prefix"), found.lookup("s3:max-keys")) == (("a",), UNKNOWN)
    assert (found.lookup("ec2:Region"), found.lookup("aws:ResourceAccount")) == (("eu-west-1",), UNKNOWN)


@pytest.mark.parametrize(("key", "is_asked"), [("s3:prefix", True), ("EC2:Region", True), ("aws:SourceIp", False)])
def test_the_catalogue_is_asked_only_for_keys_of_a_service(key: str, is_asked: bool) -> None:
    asked = []

    def keys_of(action: str, resource: str) -> list[str]:
        asked.append(action)
        return []

    Context.of({"aws:userid": "x", key: "a"}, keys_of=keys_of).for_request("s3:ListBucket")
    assert bool(asked) is is_asked


def test_listing_nothing_keeps_a_context_without_keys_of_a_service() -> None:
    context = Context.of({"aws:SourceIp": "1"})
    assert context.listing(()) is context


def test_a_complete_context_stays_complete_when_it_lists() -> None:
    assert Context.of({"s3:prefix": "a"}, complete=True).listing(()).lookup("s3:prefix") is ABSENT


def test_contexts_are_told_apart_by_identity() -> None:
    assert len({Context.of(), Context.of()}) == 2


def test_a_context_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Context.of().complete = True  # type: ignore[misc]

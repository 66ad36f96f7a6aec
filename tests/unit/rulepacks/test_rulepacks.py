"""What the packaged rule pack says, how packs are found and selected from, and what the validator refuses."""

from __future__ import annotations

import pickle
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_veeam_iam import rulepacks
from pytest_veeam_iam.errors import RulePackError, TargetError
from pytest_veeam_iam.rulepacks import RulePack, list_rulepacks, load_rulepack
from pytest_veeam_iam.rulepacks.schema import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(rulepacks.__file__).parents[1]

# --- The pack of Veeam Backup for Microsoft 365 8.3 -------------------------------------------------------------------

# The lists of the vendor's page (https://helpcenter.veeam.com/docs/vbo365/guide/amazon_s3_permissions.html, updated
# 2025-01-16), typed from the page and not from the pack.
DOCUMENTED = {
    "archiver-appliance": """
        ec2:StartInstances ec2:RunInstances ec2:StopInstances ec2:TerminateInstances ec2:CreateKeyPair ec2:DeleteKeyPair
        ec2:DescribeVpcs ec2:CreateVpc ec2:DeleteVpc ec2:DescribeSubnets ec2:CreateSubnet ec2:DeleteSubnet
        ec2:DescribeRouteTables ec2:CreateRouteTable ec2:DeleteRouteTable ec2:CreateRoute ec2:DeleteRoute
        ec2:DescribeInternetGateways ec2:CreateInternetGateway ec2:AttachInternetGateway ec2:DeleteInternetGateway
        ec2:DescribeSecurityGroups ec2:CreateSecurityGroup ec2:DeleteSecurityGroup ec2:DescribeConversionTasks
        ec2:DescribeInstanceTypes ec2:AuthorizeSecurityGroupIngress ssm:GetParameter
        """,
    "repository": "s3:ListAllMyBuckets s3:GetBucketLocation",
    "bucket": """
        s3:ListBucket s3:ListBucketMultipartUploads s3:GetBucketObjectLockConfiguration s3:GetBucketVersioning
        s3:ListBucketVersions
        """,
    "object": """
        s3:PutObject s3:GetObject s3:DeleteObject s3:AbortMultipartUpload s3:ListMultipartUploadParts s3:RestoreObject
        s3:GetObjectVersion s3:GetObjectRetention s3:PutObjectRetention s3:DeleteObjectVersion
        """,
}
IMMUTABILITY = {
    "s3:ListBucketVersions",
    "s3:GetObjectVersion",
    "s3:GetObjectRetention",
    "s3:PutObjectRetention",
    "s3:DeleteObjectVersion",
}


@pytest.fixture
def pack() -> RulePack:
    return load_rulepack("vb365-s3@8.3")


@pytest.mark.parametrize("group", DOCUMENTED)
def test_a_group_requires_what_the_page_lists_in_its_order(pack: RulePack, group: str) -> None:
    assert [each.action for each in pack.group(group).required] == DOCUMENTED[group].split()


def test_the_pack_requires_45_permissions_in_four_groups(pack: RulePack) -> None:
    assert {group.id: len(group.required) for group in pack.groups} == {
        "archiver-appliance": 28,
        "repository": 2,
        "bucket": 5,
        "object": 10,
    }


def test_only_the_two_actions_that_the_page_has_in_its_example_alone_are_recommended(pack: RulePack) -> None:
    recommended = {group.id: [each.action for each in group.recommended] for group in pack.groups}
    assert recommended.pop("archiver-appliance") == ["ec2:CreateTags", "ec2:DescribeInstances"]
    assert not any(recommended.values())


SCOPES = {
    "s3:ListAllMyBuckets": ("none",),
    "s3:GetBucketLocation": ("bucket",),
    "s3:ListBucketMultipartUploads": ("bucket",),
    "s3:ListMultipartUploadParts": ("object",),
    "ec2:DescribeVpcs": ("none",),
    "ec2:RunInstances": ("image", "instance", "network-interface", "security-group", "subnet", "volume", "key-pair"),
    "ec2:CreateSecurityGroup": ("security-group", "vpc"),
    "ssm:GetParameter": ("public-parameter",),
}


@pytest.mark.parametrize("action", SCOPES)
def test_an_action_is_needed_on_its_resources(pack: RulePack, action: str) -> None:
    found = [each for group in pack.groups for each in group.requirements if each.action == action]
    assert [each.resource_types for each in found] == [SCOPES[action]]


def test_images_and_public_parameters_are_in_no_account(pack: RulePack) -> None:
    assert pack.resource_types["image"] == "arn:{partition}:ec2:{region}::image/*"
    assert pack.resource_types["public-parameter"] == "arn:{partition}:ssm:{region}::parameter/aws/service/*"


def test_a_scope_that_no_page_gives_is_marked_inferred_and_says_from_what(pack: RulePack) -> None:
    inferred = [each for group in pack.groups for each in group.requirements if each.scope_inferred]
    assert [each.action for each in inferred] == ["ssm:GetParameter", "ec2:CreateTags"]
    assert all(each.note for each in inferred)


def test_the_pack_says_where_it_comes_from(pack: RulePack) -> None:
    assert pack.provenance.page == "https://helpcenter.veeam.com/docs/vbo365/guide/amazon_s3_permissions.html"
    assert (pack.provenance.build, pack.provenance.page_updated) == ("8.3.0.2201", date(2025, 1, 16))
    assert pack.provenance.last_seen_unchanged == date(2026, 7, 14)
    assert (pack.ref, pack.product) == ("vb365-s3 8.3", "Veeam Backup for Microsoft 365")


def test_whys_and_notes_read_as_one_line_of_text(pack: RulePack) -> None:
    texts = [text for group in pack.groups for each in group.requirements for text in (each.why, each.note)]
    texts += [profile.why for profile in pack.profiles]
    assert not [text for text in texts if "\n" in text or "  " in text or not text.isascii()]


@pytest.mark.parametrize("group", DOCUMENTED)
def test_an_api_name_leads_to_an_action_that_is_required_and_is_none_itself(pack: RulePack, group: str) -> None:
    required = {each.action for each in pack.group(group).required}
    assert not required & set(pack.api_names)
    assert set(pack.api_names.values()) <= {action for actions in DOCUMENTED.values() for action in actions.split()}


def test_no_over_grant_is_a_permission_of_the_pack(pack: RulePack) -> None:
    assert not set(pack.over_grants) & {each.action for group in pack.groups for each in group.requirements}


def test_a_pack_survives_the_way_to_another_process_and_can_be_hashed(pack: RulePack) -> None:
    assert pickle.loads(pickle.dumps(pack)) == pack
    assert hash(pack) == hash(pickle.loads(pickle.dumps(pack)))


# --- Selecting --------------------------------------------------------------------------------------------------------

PROFILES = [
    ("documented", ["archiver-appliance", "repository", "bucket", "object"], set()),
    ("without-archiver-appliance", ["repository", "bucket", "object"], set()),
    ("archiver-appliance-only", ["archiver-appliance"], set()),
    ("without-immutability", ["archiver-appliance", "repository", "bucket", "object"], IMMUTABILITY),
    ("without-archiver-appliance-and-immutability", ["repository", "bucket", "object"], IMMUTABILITY),
]


@pytest.mark.parametrize(("profile", "groups", "without"), PROFILES)
def test_a_profile_selects_its_groups_without_what_it_takes_out(
    pack: RulePack, profile: str, groups: list[str], without: set[str]
) -> None:
    expected = [action for group in groups for action in DOCUMENTED[group].split() if action not in without]
    selected = pack.select(profile, None)
    assert [group.id for group in selected] == groups
    assert [each.action for group in selected for each in group.required] == expected


def test_every_profile_is_tested(pack: RulePack) -> None:
    assert [profile.id for profile in pack.profiles] == [profile for profile, _, _ in PROFILES]


def test_nothing_selected_is_the_default_profile(pack: RulePack) -> None:
    assert pack.select() == pack.select("documented") == pack.groups


def test_selected_groups_come_once_and_in_the_order_of_the_pack(pack: RulePack) -> None:
    assert [group.id for group in pack.select(None, ["object", "bucket", "object"])] == ["bucket", "object"]


def test_a_single_string_is_one_group(pack: RulePack) -> None:
    assert pack.select(groups="object") == (pack.group("object"),)


GROUP_IDS = "archiver-appliance, repository, bucket, object"
NO_SELECTION = [
    ("documented", ["object"], 'profile "documented" and groups are both named; name one of the two'),
    (None, [], f"groups is empty; name at least one of {GROUP_IDS}"),
    (
        None,
        ["bucket", "objekt"],
        f'"objekt" is not a group of rule pack vb365-s3 8.3 (did you mean object?); use one of {GROUP_IDS}',
    ),
    (None, ["Object"], '"Object" is not a group of rule pack vb365-s3 8.3 (did you mean object?)'),
    (None, ["nonsense"], f'"nonsense" is not a group of rule pack vb365-s3 8.3; use one of {GROUP_IDS}'),
    (
        "documentd",
        None,
        '"documentd" is not a profile of rule pack vb365-s3 8.3 (did you mean documented?); use one of',
    ),
]


@pytest.mark.parametrize(("profile", "groups", "message"), NO_SELECTION)
def test_a_selection_that_cannot_be_is_refused_with_what_can(
    pack: RulePack, profile: str | None, groups: list[str] | None, message: str
) -> None:
    with pytest.raises(TargetError) as caught:
        pack.select(profile, groups)
    assert str(caught.value).startswith(message)


SCENARIOS = [
    (None, None, (None, None)),
    ("backup", None, ("backup", None)),
    ("backup", "standard_ia", ("backup", "STANDARD_IA")),
    ("backup-copy", "Amazon S3 Glacier Flexible Retrieval", ("backup-copy", "GLACIER")),
    (None, "amazon s3 glacier deep archive", (None, "DEEP_ARCHIVE")),
]


@pytest.mark.parametrize(("scenario", "storage_class", "expected"), SCENARIOS)
def test_a_scenario_and_a_storage_class_that_go_together_are_accepted(
    pack: RulePack, scenario: str | None, storage_class: str | None, expected: tuple[str | None, str | None]
) -> None:
    assert pack.check_scenario(scenario, storage_class) == expected


NO_SCENARIOS = [
    (
        "bakup",
        None,
        '"bakup" is not a scenario of rule pack vb365-s3 8.3 (did you mean backup?); use one of backup, backup',
    ),
    (
        "backup",
        "GLACIER",
        '"GLACIER" is not a storage class that scenario backup of rule pack vb365-s3 8.3 supports; '
        "use one of STANDARD, STANDARD_IA, ONEZONE_IA",
    ),
    (
        None,
        "INTELLIGENT_TIERING",
        '"INTELLIGENT_TIERING" is not a storage class that rule pack vb365-s3 8.3 supports; '
        "use one of STANDARD, STANDARD_IA, ONEZONE_IA, GLACIER_IR, GLACIER, DEEP_ARCHIVE",
    ),
]


@pytest.mark.parametrize(("scenario", "storage_class", "message"), NO_SCENARIOS)
def test_a_storage_class_that_is_not_supported_is_refused_with_those_that_are(
    pack: RulePack, scenario: str | None, storage_class: str | None, message: str
) -> None:
    with pytest.raises(TargetError) as caught:
        pack.check_scenario(scenario, storage_class)
    assert str(caught.value).startswith(message)


# --- Finding ----------------------------------------------------------------------------------------------------------

PACK = """\
schema = 1
id = "made-up"
version = "1.0"
product = "Made Up"
default_profile = "all"
over_grants = ["s3:DeleteBucket"]
[provenance]
page = "https://example.com"
page_updated = 2025-01-16
build = "1.0.0"
retrieved = 2025-02-01
last_seen_unchanged = 2025-02-02
[resource_types]
everything = "*"
bucket = "arn:{partition}:s3:::{bucket}"
[[group]]
id = "bucket"
title = "Bucket"
heading = "For a bucket"
[[group.permission]]
action = "s3:ListBucket"
resources = ["bucket"]
why = "list"
why_source = "inferred"
[[group.permission]]
action = "s3:GetBucketVersioning"
resources = ["bucket", "everything"]
why = "see versioning"
why_source = "documented"
level = "recommended"
inferred = true
note = "a note"
[[profile]]
id = "all"
groups = ["bucket"]
confidence = "documented"
why = "the page"
[[profile]]
id = "less"
groups = ["bucket"]
without = ["s3:ListBucket"]
confidence = "inferred"
why = "a guess"
[[scenario]]
id = "backup"
storage_classes = ["STANDARD"]
[storage_classes]
STANDARD = "Amazon S3 Standard"
[api_names]
"s3:HeadBucket" = "s3:ListBucket"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that stands in for the packaged one, with three versions of one product and one of another."""
    for product, version in (("made-up", "8.9"), ("made-up", "8.10"), ("made-up", "8"), ("made-up-too", "9")):
        text = PACK.replace('"made-up"', f'"{product}"').replace('"1.0"', f'"{version}"')
        (tmp_path / f"{product}-{version}.toml").write_text(text, "utf-8")
    monkeypatch.setattr(rulepacks, "_folder", lambda: tmp_path)
    yield from _without_caches(tmp_path)


def _without_caches(folder: Path) -> Iterator[Path]:
    for cached in (rulepacks._choose, rulepacks._read_packaged):
        cached.cache_clear()
    yield folder
    for cached in (rulepacks._choose, rulepacks._read_packaged):
        cached.cache_clear()


REFERENCES = [
    ("made-up", "made-up 8.10"),
    ("made-up@8.9", "made-up 8.9"),
    ("made-up@8", "made-up 8"),
    ("made-up-too", "made-up-too 9"),
]


@pytest.mark.parametrize(("ref", "expected"), REFERENCES)
def test_a_name_floats_to_the_newest_version_and_a_version_pins(folder: Path, ref: str, expected: str) -> None:
    assert load_rulepack(ref).ref == expected


def test_all_packs_are_listed_by_product_and_version(folder: Path) -> None:
    assert [each.ref for each in list_rulepacks()] == ["made-up 8", "made-up 8.9", "made-up 8.10", "made-up-too 9"]


def test_the_newest_vb365_pack_is_the_default() -> None:
    assert load_rulepack() is load_rulepack("vb365-s3@8.3") is list_rulepacks()[-1]


ALL = "made-up@8, made-up@8.9, made-up@8.10, made-up-too@9"


@pytest.mark.parametrize(
    ("ref", "message"),
    [
        ("madeup", f'"madeup" is not a packaged rule pack (did you mean made-up?); use one of {ALL}, or the path of a'),
        ("made-up@7", f'"made-up@7" is not a packaged rule pack; use one of {ALL}'),
        ("made-up@", '"made-up@" is not a packaged rule pack; use'),
        ("made-up@8.x", '"made-up@8.x" is not a packaged rule pack; use'),
        ("", '"" is not a packaged rule pack; use'),
    ],
)
def test_a_pack_that_is_not_there_is_refused_with_those_that_are(folder: Path, ref: str, message: str) -> None:
    with pytest.raises(RulePackError) as caught:
        load_rulepack(ref)
    assert str(caught.value).startswith(message)


def test_a_packaged_file_without_a_version_in_its_name_is_refused(folder: Path) -> None:
    (folder / "other.toml").write_text(PACK, "utf-8")
    with pytest.raises(RulePackError, match=r"rulepacks/other\.toml:1: .* has no version; call it ID-VERSION\.toml"):
        list_rulepacks()


def test_a_packaged_file_must_say_the_id_and_version_of_its_name(folder: Path) -> None:
    (folder / "made-up-11.toml").write_text(PACK, "utf-8")
    with pytest.raises(RulePackError) as caught:
        load_rulepack("made-up")
    assert caught.value.problems == (
        "pytest_veeam_iam/rulepacks/made-up-11.toml:2: id and version belong to made-up-1.0.toml, the file is called "
        "made-up-11.toml; rename the file, or correct id or version",
    )


@pytest.mark.parametrize("name_of", [str, Path])
def test_a_path_is_read_whatever_the_file_is_called(tmp_path: Path, name_of: type[str] | type[Path]) -> None:
    (tmp_path / "mine.toml").write_text(PACK, "utf-8")
    assert load_rulepack(name_of(tmp_path / "mine.toml")).ref == "made-up 1.0"


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(PACK, "utf-8")
    load_rulepack(path)
    path.write_text(PACK.replace('"1.0"', '"1.1"'), "utf-8")
    assert load_rulepack(path).version == "1.1"


def test_a_file_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RulePackError) as caught:
        load_rulepack("packs/mine.toml")
    assert str(caught.value).startswith("packs/mine.toml: no such file or directory; name a .toml file that exists, or")
    assert "vb365-s3@8.3" in str(caught.value)


def test_a_file_that_is_not_utf_8_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_text(PACK, "utf-16")
    with pytest.raises(RulePackError, match=r"^mine\.toml: not UTF-8 at byte 0; save it as UTF-8$"):
        load_rulepack("mine.toml")


def _run(code: str, path: Path) -> str:
    command = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(path)!r}); {code}"]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=path.parent).stdout.strip()


def test_packs_are_found_inside_a_zip(tmp_path: Path) -> None:
    archive = tmp_path / "package.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("pytest_veeam_iam/__init__.py", "")
        zipped.write(PACKAGE / "errors.py", "pytest_veeam_iam/errors.py")
        zipped.write(PACKAGE / "tomlfile.py", "pytest_veeam_iam/tomlfile.py")
        for file in (PACKAGE / "rulepacks").iterdir():
            if file.suffix in (".py", ".toml"):
                zipped.write(file, f"pytest_veeam_iam/rulepacks/{file.name}")
    code = "from pytest_veeam_iam import rulepacks; print(rulepacks.__file__, rulepacks.load_rulepack().ref)"
    assert _run(code, archive).endswith("vb365-s3 8.3")
    assert str(archive) in _run(code, archive)


def test_importing_the_module_reads_nothing() -> None:
    code = "import pytest_veeam_iam.rulepacks; print({'tomllib', 'difflib', 'importlib.resources'} & set(sys.modules))"
    assert _run(code, PACKAGE.parent) == "set()"


# --- Validating -------------------------------------------------------------------------------------------------------


def _problems(text: str) -> tuple[str, ...]:
    with pytest.raises(RulePackError) as caught:
        parse(text, "x.toml")
    return caught.value.problems


def _line(text: str, fragment: str) -> int:
    assert text.count(fragment) == 1, fragment
    return text[: text.index(fragment)].count("\n") + 1


def test_the_made_up_pack_is_valid() -> None:
    pack = parse(PACK, "x.toml")
    listed, optional = pack.groups[0].requirements
    assert (listed.level, listed.why_inferred, listed.scope_inferred, listed.note) == ("required", True, False, "")
    assert (optional.level, optional.why_inferred, optional.scope_inferred) == ("recommended", False, True)
    assert optional.note == "a note"


def test_what_not_every_product_has_may_be_left_out() -> None:
    text = PACK[: PACK.index("[[scenario]]")].replace('over_grants = ["s3:DeleteBucket"]\n', "")
    pack = parse(text, "x.toml")
    assert (pack.scenarios, pack.storage_class_names, pack.api_names, pack.over_grants) == ((), {}, {}, ())
    with pytest.raises(TargetError, match=r"is not a scenario of rule pack made-up 1\.0; use a pack that has one$"):
        pack.check_scenario("backup")


ARN_FORM = "write arn:{partition}:SERVICE:REGION:ACCOUNT:RESOURCE, region and account may be empty"
ACTION_FORM = "write service:Name, without wildcards"
ID_FORM = "use small letters, digits and single hyphens"

# what is wrong | what to replace in PACK | by what | a piece of the line that the message must name | the message
WRONG = [
    ("unknown schema", "schema = 1", "schema = 2", "schema = 2", "schema 2 is not known; this version of pytest-veeam"),
    ("schema missing", "schema = 1\n", "", 'id = "made-up"', "the pack has no schema; add schema = 1"),
    ("schema a text", "schema = 1", 'schema = "1"', "schema", "schema must be a whole number; write schema = 1"),
    ("id missing", 'id = "made-up"\n', "", "schema", 'the pack has no id; add id = "..."'),
    ("text missing", 'heading = "For a bucket"\n', "", "[[group]]", '[[group]] has no heading; add heading = "..."'),
    (
        "text empty",
        'title = "Bucket"',
        'title = " "',
        "title",
        'title must be a non-empty text; write title = "',
    ),
    ("text a number", 'why = "list"', "why = 1", "why = 1", 'why must be a non-empty text; write why = "..."'),
    (
        "permission incomplete",
        'why = "list"\n',
        "",
        '[[group.permission]]\naction = "s3:L',
        "[[group.permission]] has no",
    ),
    (
        "list a text",
        'resources = ["bucket"]',
        'resources = "bucket"',
        'resources = "bucket"',
        'resources must be a non-empty list of texts; write resources = ["...", "..."]',
    ),
    (
        "list empty",
        'resources = ["bucket"]',
        "resources = []",
        "resources = []",
        "resources must be a non-empty list of texts",
    ),
    (
        "list with a repeated entry",
        '["bucket", "everything"]',
        '[\n"bucket",\n"bucket" ]',
        '"bucket" ]',
        'resources names "bucket" twice; remove one',
    ),
    (
        "flag a text",
        "inferred = true",
        'inferred = "yes"',
        'inferred = "yes"',
        "inferred must be true or false; write inf",
    ),
    (
        "unknown level",
        'level = "recommended"',
        'level = "recomended"',
        "level",
        'level = "recomended" is not known (did you mean recommended?); use "required" or "recommended"',
    ),
    (
        "unknown source of a why",
        'why_source = "documented"',
        'why_source = "vendor"',
        'why_source = "vendor"',
        'why_source = "vendor" is not known; use "documented" or "inferred"',
    ),
    (
        "unknown confidence",
        'confidence = "documented"',
        'confidence = "sure"',
        'confidence = "sure"',
        'confidence = "sure" is not known; use "documented" or "documented elsewhere" or "inferred"',
    ),
    (
        "unknown key",
        'note = "a note"',
        'notes = "a note"',
        "notes",
        '"notes" is not a key of [[group.permission]] (did you mean note?); remove it, or use one of action, ',
    ),
    (
        "table without lines",
        '[api_names]\n"s3:HeadBucket" = "s3:ListBucket"\n',
        "[api_names]\n",
        "[api_names]",
        "api_names must be a non-empty table of texts",
    ),
    ("unknown table", "[api_names]", "[api]", "[api]", '"api" is not a key of the pack'),
    (
        "provenance missing",
        PACK[PACK.index("[provenance]") : PACK.index("[resource_types]")],
        "",
        "schema",
        "the pack has no provenance; add a table [provenance]",
    ),
    ("provenance incomplete", 'build = "1.0.0"\n', "", "[provenance]", '[provenance] has no build; add build = "..."'),
    (
        "date in quotes",
        "page_updated = 2025-01-16",
        'page_updated = "2025-01-16"',
        "page_updated",
        "page_updated must be a date; write page_updated = 2025-01-31, without quotes or a time",
    ),
    (
        "date with a time",
        "page_updated = 2025-01-16",
        "page_updated = 2025-01-16T00:00:00",
        "page_updated",
        "page_updated must be a date",
    ),
    (
        "groups missing",
        PACK[PACK.index("[[group]]") : PACK.index("[[scenario]]")],
        '[[profile]]\nid = "all"\ngroups = ["bucket"]\nconfidence = "inferred"\nwhy = "x"\n',
        "schema",
        "the pack has no group; add at least one table [[group]]",
    ),
    (
        "a table where an array of tables belongs",
        "[[scenario]]",
        "[scenario]",
        "[scenario]",
        "scenario must be an array of tables; write at least one table [[scenario]]",
    ),
    (
        "a value where a table belongs",
        '[api_names]\n"s3:HeadBucket" = "s3:ListBucket"',
        "[storage_classes.OTHER]",
        "[storage_classes.OTHER]",
        'OTHER must be a non-empty text; write OTHER = "..."',
    ),
    (
        "group without permissions",
        '[[profile]]\nid = "all"',
        '[[group]]\nid = "more"\ntitle = "More"\nheading = "more"\n[[profile]]\nid = "all"',
        '[[group]]\nid = "more"',
        "[[group]] has no permission; add at least one table [[group.permission]]",
    ),
    (
        "group twice",
        '[[profile]]\nid = "all"',
        '[[group]]\nid = "bucket" # again\ntitle = "B"\nheading = "b"\n[[group.permission]]\naction = "a:B"\n'
        'resources = ["everything"]\nwhy = "x"\nwhy_source = "inferred"\n[[profile]]\nid = "all"',
        'id = "bucket" # again',
        'group "bucket" is there twice; rename one, or join them',
    ),
    ("profile twice", 'id = "less"', 'id = "all" # again', '"all" # again', 'profile "all" is there twice; rename one'),
    (
        "scenario twice",
        "[storage_classes]",
        '[[scenario]]\nid = "backup" # again\nstorage_classes = ["STANDARD"]\n[storage_classes]',
        "# again",
        'scenario "backup" is there twice; rename one, or join them',
    ),
    (
        "action twice",
        '"s3:GetBucketVersioning"',
        '"s3:Listbucket"',
        "Listbucket",
        'group "bucket" has s3:Listbucket twice',
    ),
    ("id with capitals", 'id = "less"', 'id = "Less"', '"Less"', f'"Less" is not an id; {ID_FORM}'),
    ("id of the pack", '"made-up"', '"made@up"', "made@up", f'"made@up" is not an id; {ID_FORM}'),
    (
        "id of a resource type",
        'everything = "*"',
        'everything = "*"\nKeyPair = "*"',
        "KeyPair",
        f'"KeyPair" is not an id; {ID_FORM}',
    ),
    ("version not a number", '"1.0"', '"v1"', '"v1"', 'version "v1" is not made of numbers; write version = "8.3"'),
    (
        "unknown resource type",
        '["bucket", "everything"]',
        '["bucket",\n"evrything"]',
        "evrything",
        '"evrything" is not a resource type of this pack (did you mean everything?); use one of everything, bucket',
    ),
    (
        "action with a wildcard",
        '"s3:GetBucketVersioning"',
        '"s3:Get*"',
        "Get*",
        f'"s3:Get*" is not one IAM action; {ACTION_FORM}',
    ),
    (
        "action without service",
        '"s3:GetBucketVersioning"',
        '"GetIt"',
        "GetIt",
        f'"GetIt" is not one IAM action; {ACTION_FORM}',
    ),
    (
        "over-grant",
        '"s3:DeleteBucket"',
        '"s3 DeleteBucket"',
        "s3 D",
        f'"s3 DeleteBucket" is not one IAM action; {ACTION_FORM}',
    ),
    ("API name", '"s3:HeadBucket"', '"HeadBucket"', "HeadB", f'"HeadBucket" is not one IAM action; {ACTION_FORM}'),
    (
        "API action",
        '" = "s3:ListBucket"',
        '" = "s3:List"\n"s3:X" = "List"',
        '"s3:X"',
        f'"List" is not one IAM action; {ACTION_FORM}',
    ),
    (
        "unknown placeholder",
        "{bucket}",
        "{buckt}",
        "{buckt}",
        '"{buckt}" is not a placeholder (did you mean bucket?); use {partition} {bucket} {prefix} {region} {account}',
    ),
    (
        "template of five fields",
        ":s3:::",
        ":s3::",
        ":s3::{",
        '"arn:{partition}:s3::{bucket}" is neither * nor an ARN',
    ),
    (
        "template not an ARN",
        '"*"',
        '"all"',
        "everything = ",
        f'"all" is neither * nor an ARN of six fields; {ARN_FORM}',
    ),
    (
        "template with a loose brace",
        "{bucket}",
        "{bucket",
        '{bucket"',
        '"arn:{partition}:s3:::{bucket" is neither * nor',
    ),
    (
        "default profile unknown",
        'default_profile = "all"',
        'default_profile = "al"',
        "default_profile",
        '"al" is not a profile of this pack (did you mean all?); use one of all, less',
    ),
    (
        "group of a profile unknown",
        'groups = ["bucket"]\nwithout',
        'groups = ["bukket"]\nwithout',
        "bukket",
        '"bukket" is not a group of this pack (did you mean bucket?); use one of bucket',
    ),
    (
        "without an action of no group",
        'without = ["s3:ListBucket"]',
        'without = [\n"s3:ListBuckets"]',
        '"s3:ListBuckets"]',
        'without names "s3:ListBuckets", which the groups of profile "less" do not have (did you mean s3:ListBucket?)',
    ),
    (
        "without a whole group",
        'without = ["s3:ListBucket"]',
        'without = ["s3:ListBucket", "s3:GetBucketVersioning"]',
        "without",
        'without takes every action out of group "bucket"; take the group out of groups instead',
    ),
    (
        "storage class of a scenario unknown",
        '["STANDARD"]',
        '["STANDART"]',
        "STANDART",
        '"STANDART" is not a storage class of this pack (did you mean STANDARD?); use one of STANDARD',
    ),
    (
        "storage classes missing",
        '[storage_classes]\nSTANDARD = "Amazon S3 Standard"\n',
        "",
        "schema",
        "the pack has no storage_classes; add a table [storage_classes]",
    ),
]


@pytest.mark.parametrize(("old", "new", "at", "message"), [each[1:] for each in WRONG], ids=[each[0] for each in WRONG])
def test_the_validator_names_the_line_what_is_wrong_and_what_to_do(old: str, new: str, at: str, message: str) -> None:
    assert PACK.count(old) >= 1
    text = PACK.replace(old, new, 1)
    (problem,) = _problems(text)
    assert problem.startswith(f"x.toml:{_line(text, at)}: {message}")
    assert "; " in problem


def test_everything_that_is_wrong_is_reported_at_once_in_the_order_of_the_lines() -> None:
    text = PACK
    for old, new in [
        ('product = "Made Up"\n', ""),
        ("{bucket}", "{buckt}"),
        ('action = "s3:ListBucket"', 'action = "s3:List*"'),
        ('["bucket", "everything"]', '["bukket", "everything"]'),
        ('note = "a note"', 'hint = "a note"'),
        ('["STANDARD"]', '["GLACIER"]'),
    ]:
        text = text.replace(old, new, 1)
    assert [problem.split("; ")[0] for problem in _problems(text)] == [
        "x.toml:1: the pack has no product",
        'x.toml:14: "{buckt}" is not a placeholder (did you mean bucket?)',
        'x.toml:20: "s3:List*" is not one IAM action',
        'x.toml:26: "bukket" is not a resource type of this pack (did you mean bucket?)',
        'x.toml:31: "hint" is not a key of [[group.permission]]',
        'x.toml:40: without names "s3:ListBucket", which the groups of profile "less" do not have '
        "(did you mean s3:List*?)",
        'x.toml:45: "GLACIER" is not a storage class of this pack',
    ]


def test_a_file_that_is_not_toml_is_one_problem_with_its_place() -> None:
    assert _problems(PACK.replace('product = "Made Up"', "product = ")) == ("x.toml:4:11: Invalid value",)


def test_an_empty_file_misses_everything_that_is_required() -> None:
    assert [problem.split("; ")[0] for problem in _problems("")] == [
        f"x.toml:1: the pack has no {key}"
        for key in (
            *("schema", "id", "version", "product", "default_profile"),
            *("provenance", "resource_types", "group", "profile"),
        )
    ]

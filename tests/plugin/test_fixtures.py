"""The fixtures and the marker for tests that somebody writes, and which of several settings wins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import Document, Repository

USAGE_ERROR = 4


def module(*lines: str) -> str:
    return "\n".join(["import pytest", "", *lines, ""])


SHOW_TARGET = module(
    "def test_target(veeam_check):",
    "    report = veeam_check('policy.json')",
    "    print('TARGET', report.place, report.profile, *(group.id for group in report.groups), sep='|')",
)


def target(repository: Repository, *arguments: str) -> str:
    """Run the test that shows what veeam_check was told."""
    outcome = repository.run("-s", "-q", "test_chosen_target.py", *arguments)
    assert outcome.code == 0, outcome.text
    [line] = [line for line in outcome.lines if "TARGET" in line]
    return line.partition("TARGET|")[2]


# veeam_rulepack


def test_veeam_rulepack_is_the_newest_pack(repository: Repository) -> None:
    repository.write(
        "test_a.py",
        module("def test_a(veeam_rulepack):", "    assert veeam_rulepack.ref == 'vb365-s3 8.3'"),
    )
    assert repository.run("test_a.py").counts == {"passed": 1}


def test_veeam_rulepack_is_the_configured_pack(repository: Repository) -> None:
    repository.ini("veeam_iam_pack = vb365-s3@0.1")
    repository.write("test_a.py", module("def test_a(veeam_rulepack):", "    pass"))
    outcome = repository.run("test_a.py")
    assert outcome.counts == {"errors": 1}
    assert outcome.short_summary[0].startswith("ERROR test_a.py::test_a - ")
    assert "0.1" in outcome.short_summary[0].partition(" - ")[2]


# veeam_policies


def test_veeam_policies_are_the_configured_ones_in_the_order_of_the_configuration(
    repository: Repository, example: Document
) -> None:
    repository.ini("veeam_iam_policies =", "    z.json", "    infra/*.json")
    for name in ("infra/b.json", "infra/a.json", "z.json", "veeam.json"):
        repository.write(name, example)
    repository.write(
        "test_a.py",
        module(
            "def test_a(veeam_policies):",
            "    names = [policy.path for policy in veeam_policies]",
            "    assert names == ['z.json', 'infra/a.json', 'infra/b.json']",
        ),
    )
    assert repository.run("test_a.py").counts == {"passed": 1}


def test_veeam_policies_are_those_that_discovery_finds_where_none_is_configured(
    repository: Repository, example: Document
) -> None:
    repository.write("infra/veeam.json", [example, example])
    repository.write("infra/other.json", example)
    repository.write(
        "test_a.py",
        module(
            "def test_a(veeam_policies):",
            "    assert [policy.path for policy in veeam_policies] == ['infra/veeam.json'] * 2",
        ),
    )
    assert repository.run("test_a.py").counts == {"passed": 1}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("readme.txt", "no policy", "there is no IAM policy below"),
        ("veeam.json", '{"Statement": ', "veeam.json:1:15: the text ends"),
    ],
)
def test_veeam_policies_without_a_policy_or_with_a_broken_one_is_an_error(
    repository: Repository, name: str, content: str, said: str
) -> None:
    repository.write(name, content)
    repository.write("test_a.py", module("def test_a(veeam_policies):", "    assert not veeam_policies"))
    outcome = repository.run("test_a.py")
    assert outcome.code == 1
    assert outcome.counts == {"errors": 1}
    assert outcome.short_summary[0].startswith(f"ERROR test_a.py::test_a - {said}")


# veeam_policy

EACH = module("def test_each(veeam_policy, veeam_check):", "    assert veeam_check(veeam_policy).ready")


def test_a_test_with_veeam_policy_runs_once_for_each_policy(
    repository: Repository, example: Document, small: Document
) -> None:
    repository.ini("veeam_iam_policies = infra/*.json")
    repository.write("infra/a.json", example)
    repository.write("infra/b.json", [example, small])
    repository.write("test_each.py", EACH)
    outcome = repository.run("-v", "test_each.py")
    assert outcome.counts == {"passed": 2, "failed": 1}
    assert repository.collect("test_each.py") == [
        "test_each.py::test_each[infra/a.json]",
        "test_each.py::test_each[infra/b.json/0]",
        "test_each.py::test_each[infra/b.json/1]",
    ]
    assert outcome.failed == ["test_each.py::test_each[infra/b.json/1]"]


def test_a_test_with_veeam_policy_and_other_parameters_runs_for_each_pair(
    repository: Repository, scoped: Document
) -> None:
    repository.ini("veeam_iam_policies = infra/*.json")
    repository.write("infra/a.json", scoped)
    repository.write(
        "test_each.py",
        module(
            "@pytest.mark.parametrize('bucket', ['acme-veeam', 'other'])",
            "def test_each(veeam_policy, veeam_check, bucket):",
            "    assert veeam_check(veeam_policy, bucket=bucket).ready is (bucket == 'acme-veeam')",
        ),
    )
    assert repository.run("test_each.py").counts == {"passed": 2}


def test_a_test_with_veeam_policy_and_no_policy_does_not_pass(repository: Repository) -> None:
    repository.write("test_each.py", EACH)
    outcome = repository.run("test_each.py")
    assert outcome.code == 1
    assert outcome.counts == {"errors": 1}
    assert outcome.short_summary[0].startswith(
        "ERROR test_each.py::test_each[no-policy] - there is no IAM policy below "
    )


def test_a_test_with_veeam_policy_does_not_pass_for_a_broken_file_and_runs_for_the_others(
    repository: Repository, example: Document
) -> None:
    repository.ini("veeam_iam_policies = infra/*.json")
    repository.write("infra/a.json", example)
    repository.write("infra/b.json", "")
    repository.write("infra/c.json", example)
    repository.write("test_each.py", EACH)
    outcome = repository.run("test_each.py")
    assert outcome.counts == {"passed": 2, "errors": 1}
    assert outcome.short_summary == [
        "ERROR test_each.py::test_each[infra/b.json] - infra/b.json:1:1: the text is empty, expected a JSON document"
    ]


def test_a_test_with_veeam_policy_does_not_pass_where_a_configured_glob_has_no_files(
    repository: Repository, example: Document
) -> None:
    repository.ini("veeam_iam_policies =", "    infra/*.json", "    gone.json")
    repository.write("infra/a.json", example)
    repository.write("test_each.py", EACH)
    outcome = repository.run("test_each.py")
    assert outcome.code != 0
    assert "passed" not in outcome.counts
    assert "gone.json: no file below" in outcome.text


# veeam_check and the marker


def test_veeam_check_takes_what_the_assertion_takes_and_never_raises_for_a_policy_that_falls_short(
    repository: Repository, scoped: Document
) -> None:
    repository.write("policy.json", scoped)
    repository.write(
        "test_a.py",
        module(
            "def test_a(veeam_check):",
            "    report = veeam_check('policy.json', bucket='other', profile='without-archiver-appliance')",
            "    assert not report.ready",
            "    assert report.profile == 'without-archiver-appliance'",
            "    assert len(report.shortfalls) == 16",
        ),
    )
    assert repository.run("test_a.py").counts == {"passed": 1}


def test_the_marker_sets_the_target_of_veeam_check(repository: Repository, scoped: Document) -> None:
    repository.write("policy.json", scoped)
    repository.write(
        "test_chosen_target.py",
        SHOW_TARGET.replace(
            "def test", "@pytest.mark.veeam_iam(bucket='other', profile='archiver-appliance-only')\ndef test"
        ),
    )
    assert target(repository) == "other|archiver-appliance-only|archiver-appliance"


@pytest.mark.parametrize(
    ("marker", "attribute", "value"),
    [
        ("bucket='acme-veeam'", "target['bucket']", "'acme-veeam'"),
        ("bucket=['a-b-c', 'd-e-f']", "target['bucket']", "('a-b-c', 'd-e-f')"),
        ("prefix='vb'", "target['prefix']", "'vb/'"),
        ("region='eu-central-1'", "target['region']", "'eu-central-1'"),
        ("account='123456789012'", "target['account']", "'123456789012'"),
        ("partition='aws-cn'", "target['partition']", "'aws-cn'"),
        ("scenario='backup', storage_class='STANDARD_IA'", "target['storage_class']", "'STANDARD_IA'"),
        ("scenario='backup-copy'", "target['scenario']", "'backup-copy'"),
        ("pack='vb365-s3@8.3'", "pack", "'vb365-s3@8.3'"),
        ("groups=['object', 'bucket']", "groups[0].id", "'bucket'"),
        ("profile='without-immutability'", "profile", "'without-immutability'"),
        ("fail_on='warning'", "fail_on", "'warning'"),
    ],
)
def test_the_marker_takes_every_key_of_the_target(
    repository: Repository, scoped: Document, marker: str, attribute: str, value: str
) -> None:
    repository.write("policy.json", scoped)
    repository.write(
        "test_a.py",
        module(
            f"@pytest.mark.veeam_iam({marker})",
            "def test_a(veeam_check):",
            f"    assert veeam_check('policy.json').{attribute} == {value}",
        ),
    )
    outcome = repository.run("--strict-markers", "test_a.py")
    assert outcome.counts == {"passed": 1}, outcome.text


def test_a_key_that_the_marker_does_not_know_fails_the_test(repository: Repository, scoped: Document) -> None:
    repository.write("policy.json", scoped)
    repository.write(
        "test_a.py",
        module("@pytest.mark.veeam_iam(bukket='a')", "def test_a(veeam_check):", "    veeam_check('policy.json')"),
    )
    outcome = repository.run("test_a.py")
    assert outcome.code == 1
    assert "bukket" in outcome.short_summary[0]


def test_a_value_that_cannot_be_fails_the_test_and_says_what_is_possible(
    repository: Repository, scoped: Document
) -> None:
    repository.write("policy.json", scoped)
    repository.write(
        "test_a.py",
        module("@pytest.mark.veeam_iam(profile='all')", "def test_a(veeam_check):", "    veeam_check('policy.json')"),
    )
    [line] = repository.run("test_a.py").short_summary
    assert line.startswith("FAILED test_a.py::test_a - ")
    assert "without-archiver-appliance" in line


def test_the_nearest_marker_wins_and_the_others_fill_up(repository: Repository, scoped: Document) -> None:
    repository.write("policy.json", scoped)
    repository.write(
        "test_chosen_target.py",
        module(
            "pytestmark = pytest.mark.veeam_iam(bucket='of-module', profile='archiver-appliance-only')",
            "@pytest.mark.veeam_iam(bucket='of-class')",
            "class TestClass:",
            "    def test_a(self, veeam_check):",
            "        report = veeam_check('policy.json')",
            "        assert (report.place, report.profile) == ('of-class', 'archiver-appliance-only')",
            "    @pytest.mark.veeam_iam(bucket='of-test')",
            "    def test_b(self, veeam_check):",
            "        report = veeam_check('policy.json')",
            "        assert (report.place, report.profile) == ('of-test', 'archiver-appliance-only')",
        ),
    )
    assert repository.run("test_chosen_target.py").counts == {"passed": 2}


def test_explicit_arguments_win_over_the_marker_and_everything_else(
    repository: Repository, scoped: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.ini("veeam_iam_bucket = of-ini")
    monkeypatch.setenv("VEEAM_IAM_BUCKET", "of-environment")
    repository.write("policy.json", scoped)
    repository.write(
        "test_chosen_target.py",
        SHOW_TARGET.replace("def test", "@pytest.mark.veeam_iam(bucket='of-marker')\ndef test").replace(
            "'policy.json'", "'policy.json', bucket='of-argument'"
        ),
    )
    assert target(repository, "--veeam-iam-bucket=of-flag").startswith("of-argument|")


# Which of several settings wins


def test_the_marker_wins_over_flag_over_environment_over_ini(
    repository: Repository, scoped: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write("policy.json", scoped)
    repository.write("test_chosen_target.py", SHOW_TARGET)
    seen = [target(repository)]
    repository.ini("veeam_iam_bucket = of-ini")
    seen.append(target(repository))
    monkeypatch.setenv("VEEAM_IAM_BUCKET", "of-environment")
    seen.append(target(repository))
    seen.append(target(repository, "--veeam-iam-bucket=of-flag"))
    repository.write(
        "test_chosen_target.py", SHOW_TARGET.replace("def test", "@pytest.mark.veeam_iam(bucket='of-marker')\ndef test")
    )
    seen.append(target(repository, "--veeam-iam-bucket=of-flag"))
    assert [line.partition("|")[0] for line in seen] == [
        "acme-veeam",
        "of-ini",
        "of-environment",
        "of-flag",
        "of-marker",
    ]


def test_an_empty_environment_variable_is_not_set(
    repository: Repository, scoped: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.ini("veeam_iam_bucket = of-ini")
    monkeypatch.setenv("VEEAM_IAM_BUCKET", "")
    repository.write("policy.json", scoped)
    repository.write("test_chosen_target.py", SHOW_TARGET)
    assert target(repository).startswith("of-ini|")


@pytest.mark.parametrize(
    ("ini", "environment", "flags", "expected"),
    [
        ("", {}, (), "documented|archiver-appliance|repository|bucket|object"),
        ("veeam_iam_groups = object", {}, (), "None|object"),
        ("veeam_iam_profile = archiver-appliance-only", {}, (), "archiver-appliance-only|archiver-appliance"),
        ("veeam_iam_profile = archiver-appliance-only", {"GROUPS": "object,bucket"}, (), "None|bucket|object"),
        (
            "veeam_iam_groups = object",
            {"PROFILE": "archiver-appliance-only"},
            (),
            "archiver-appliance-only|archiver-appliance",
        ),
        (
            "veeam_iam_profile = archiver-appliance-only",
            {"PROFILE": "without-archiver-appliance"},
            ("--veeam-iam-groups=object", "--veeam-iam-groups=bucket"),
            "None|bucket|object",
        ),
        (
            "veeam_iam_groups = object",
            {"GROUPS": "bucket"},
            ("--veeam-iam-profile=archiver-appliance-only",),
            "archiver-appliance-only|archiver-appliance",
        ),
    ],
)
def test_groups_of_a_stronger_source_replace_a_profile_of_a_weaker_one_and_back(
    repository: Repository,
    scoped: Document,
    monkeypatch: pytest.MonkeyPatch,
    ini: str,
    environment: dict[str, str],
    flags: tuple[str, ...],
    expected: str,
) -> None:
    repository.ini(ini)
    for name, value in environment.items():
        monkeypatch.setenv(f"VEEAM_IAM_{name}", value)
    repository.write("policy.json", scoped)
    repository.write("test_chosen_target.py", SHOW_TARGET)
    assert target(repository, *flags).partition("|")[2] == expected


@pytest.mark.parametrize(
    ("configured", "marker", "expected"),
    [
        ("--veeam-iam-profile=documented", "groups=['object']", "None|object"),
        ("--veeam-iam-groups=object", "profile='documented'", "documented|archiver-appliance|repository|bucket|object"),
    ],
)
def test_groups_of_the_marker_replace_a_configured_profile_and_back(
    repository: Repository, scoped: Document, configured: str, marker: str, expected: str
) -> None:
    repository.write("policy.json", scoped)
    repository.write(
        "test_chosen_target.py", SHOW_TARGET.replace("def test", f"@pytest.mark.veeam_iam({marker})\ndef test")
    )
    assert target(repository, configured).partition("|")[2] == expected


def test_groups_of_an_argument_replace_the_profile_of_the_marker(repository: Repository, scoped: Document) -> None:
    repository.write("policy.json", scoped)
    repository.write(
        "test_chosen_target.py",
        SHOW_TARGET.replace("def test", "@pytest.mark.veeam_iam(profile='documented')\ndef test").replace(
            "'policy.json'", "'policy.json', groups=['object']"
        ),
    )
    assert target(repository) == "acme-veeam|None|object"


@pytest.mark.parametrize(
    ("ini", "environment", "flags"),
    [
        (("veeam_iam_profile = documented", "veeam_iam_groups = object"), {}, ()),
        ((), {"PROFILE": "documented", "GROUPS": "object"}, ()),
        ((), {}, ("--veeam-iam-profile=documented", "--veeam-iam-groups=object")),
    ],
    ids=["ini", "environment", "flags"],
)
def test_profile_and_groups_of_one_source_are_an_error(
    repository: Repository,
    example: Document,
    monkeypatch: pytest.MonkeyPatch,
    ini: tuple[str, ...],
    environment: dict[str, str],
    flags: tuple[str, ...],
) -> None:
    repository.ini(*ini)
    for name, value in environment.items():
        monkeypatch.setenv(f"VEEAM_IAM_{name}", value)
    repository.write("policy.json", example)
    outcome = repository.run("--veeam-iam", "policy.json", *flags)
    assert outcome.code == USAGE_ERROR
    assert "a profile is itself a selection of groups" in outcome.errors


def test_profile_and_groups_of_one_marker_fail_the_test(repository: Repository, scoped: Document) -> None:
    repository.write("policy.json", scoped)
    repository.write(
        "test_chosen_target.py",
        SHOW_TARGET.replace("def test", "@pytest.mark.veeam_iam(profile='documented', groups=['object'])\ndef test"),
    )
    outcome = repository.run("test_chosen_target.py")
    assert outcome.counts == {"failed": 1}
    assert "a profile is itself a selection of groups" in outcome.short_summary[0]


def test_the_order_holds_for_items_as_well(
    repository: Repository, scoped: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.ini("veeam_iam_groups = repository")
    repository.write("policy.json", scoped)
    assert repository.collect("--veeam-iam", "policy.json") == [
        "policy.json::repository",
        "policy.json::actions",
        "policy.json::lint",
    ]
    monkeypatch.setenv("VEEAM_IAM_GROUPS", "bucket")
    assert repository.collect("--veeam-iam", "policy.json") == [
        "policy.json::bucket",
        "policy.json::actions",
        "policy.json::lint",
    ]
    flags = ("--veeam-iam-profile=archiver-appliance-only",)
    assert repository.collect("--veeam-iam", "policy.json", *flags) == [
        "policy.json::archiver-appliance",
        "policy.json::actions",
        "policy.json::lint",
    ]

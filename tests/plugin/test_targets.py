"""The targets of a repository are items like any other: collected, selected and run as everybody expects."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.plugin.conftest import Document, Repository

USAGE_ERROR = 4
ADD = "def test_add():\n    assert 1 + 1 == 2\n"
ALL = ["archiver-appliance", "repository", "bucket", "object", "actions", "lint"]
TWO = """
    [[target]]
    name = "prod"
    files = "policies/prod.json"
    bucket = "acme-veeam"

    [[target]]
    name = "dev"
    files = ["policies/dev-*.json"]
    bucket = "acme-veeam"
"""


def ids(*names: str, file: str = "veeam-iam.toml", items: list[str] = ALL) -> list[str]:
    return [f"{file}::{name}::{item}" for name in names for item in items]


def document(*statements: Mapping[str, Any]) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


@pytest.fixture
def two(repository: Repository, scoped: Document) -> Repository:
    """A repository with two targets: prod is ready, dev is two files that are so together but for one action."""
    scoped["Statement"][2]["Action"].remove("s3:RestoreObject")
    repository.write("policies/dev-1.json", document(*scoped["Statement"][:2]))
    repository.write("policies/dev-2.json", document(*scoped["Statement"][2:]))
    scoped["Statement"][2]["Action"].append("s3:RestoreObject")
    repository.write("policies/prod.json", scoped)
    repository.write("test_a.py", ADD)
    repository.write("veeam-iam.toml", TWO)
    return repository


# Collection


def test_the_targets_are_part_of_a_plain_run(two: Repository) -> None:
    assert two.collect() == ["test_a.py::test_add", *ids("prod", "dev")]
    outcome = two.run()
    assert outcome.counts == {"passed": 12, "failed": 1}
    assert outcome.failed == ["veeam-iam.toml::dev::object"]
    assert outcome.failure("veeam-iam.toml::dev::object").startswith("s3:RestoreObject missing (1 of 10, acme-veeam)")


def test_the_flag_changes_nothing_where_there_are_targets(two: Repository) -> None:
    assert two.collect("--veeam-iam") == two.collect()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["."], ids("prod", "dev")),
        (["veeam-iam.toml"], ids("prod", "dev")),
        (["veeam-iam.toml::dev"], ids("dev")),
        (["veeam-iam.toml::dev::object"], ids("dev", items=["object"])),
        (["veeam-iam.toml::dev::object", "veeam-iam.toml::prod"], [*ids("dev", items=["object"]), *ids("prod")]),
        (["policies"], ids("prod", "dev")),
        (["policies/prod.json"], ids("prod")),
        (["policies/dev-2.json"], ids("dev")),
        (["policies/dev-2.json::object"], ids("dev", items=["object"])),
        (["policies/dev-*.json"], ids("dev")),
        (["test_a.py", "policies/dev-1.json"], ids("dev")),
        (["test_a.py", "veeam-iam.toml::prod", "policies/dev-1.json"], ids("prod", "dev")),
        (["test_a.py"], []),
        (["other"], []),
        (["-k", "dev and object"], ids("dev", items=["object"])),
        (["-k", "dev", "-k", "prod"], ids("prod")),
        (["-m", "veeam_iam"], ids("prod", "dev")),
        (["-m", "not veeam_iam"], []),
        (["--deselect=veeam-iam.toml::dev"], ids("prod")),
        (["--veeam-iam-only"], ids("prod", "dev")),
    ],
    ids=str,
)
@pytest.mark.parametrize("typed", [(), ("--veeam-iam",)], ids=["", "typed"])
def test_with_paths_a_target_runs_only_if_they_contain_it(
    two: Repository, arguments: list[str], expected: list[str], typed: tuple[str, ...]
) -> None:
    two.write("other/test_b.py", ADD)
    found = [node for node in two.collect(*typed, *arguments) if not re.search(r"test_[ab]\.py", node)]
    assert sorted(found) == sorted(expected)


def test_a_policy_of_a_target_is_not_checked_by_itself_and_others_are(two: Repository, example: Document) -> None:
    two.write("policies/other.json", example)
    assert two.collect("--veeam-iam", "policies") == [
        *[f"policies/other.json::{item}" for item in ALL],
        *ids("prod", "dev"),
    ]
    assert two.collect("policies") == ids("prod", "dev")
    two.ini("veeam_iam_policies = policies/*.json")
    assert sorted(two.collect()) == sorted(
        [*[f"policies/other.json::{item}" for item in ALL], *ids("prod", "dev"), "test_a.py::test_add"]
    )


def test_testpaths_do_not_hide_the_targets(two: Repository) -> None:
    two.ini("testpaths = tests")
    two.write("tests/test_b.py", ADD)
    assert two.collect() == ["tests/test_b.py::test_add", *ids("prod", "dev")]


def test_a_directory_that_pytest_does_not_enter_hides_no_target(two: Repository) -> None:
    two.ini("norecursedirs = policies")
    assert two.run("--veeam-iam").failed == ["veeam-iam.toml::dev::object"]


def test_the_tree_reads_as_a_table_of_contents(two: Repository) -> None:
    lines = two.run("--collect-only").lines
    start = next(number for number, line in enumerate(lines) if "<TargetsFile" in line)
    assert [line.strip() for line in lines[start : start + 8]] == [
        "<TargetsFile veeam-iam.toml>",
        "<Target prod: vb365-s3 8.3, profile documented, acme-veeam, policies/prod.json>",
        *(f"<{'Findings' if item in ('actions', 'lint') else 'Group'}Item {item}>" for item in ALL),
    ]


def test_what_failed_last_runs_again(two: Repository) -> None:
    two.run("-p", "cacheprovider")
    outcome = two.run("-p", "cacheprovider", "--lf")
    assert outcome.counts == {"failed": 1, "deselected": 12}
    assert outcome.failed == ["veeam-iam.toml::dev::object"]


def test_the_workers_of_xdist_find_the_same(two: Repository) -> None:
    outcome = two.run("-n", "2")
    assert outcome.counts == {"passed": 12, "failed": 1}
    assert outcome.table == two.run().table
    assert two.run("-n", "2", "test_a.py").counts == {"passed": 1}
    assert two.run("-n", "2", "policies/prod.json").counts == {"passed": 6}


def test_the_summary_has_a_row_for_each_target_and_a_column_for_what_some_need(two: Repository) -> None:
    two.write("veeam-iam.toml", TWO + '    groups = ["object"]\n')
    assert two.run().table[:4] == [
        "      archiver-appliance  repository  bucket  object  actions  lint",
        "prod  28/28               2/2         5/5     10/10   ok       ok    ready (acme-veeam)",
        "dev   -                   -           -       9/10    ok       ok    not ready: 1 not granted",
        "1 of 2 ready for vb365-s3 8.3, each for its own profile or groups.",
    ]


def test_the_header_names_the_file_also_from_a_folder_below(two: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    [line] = [line for line in two.run().lines if line.startswith("veeam-iam: ")]
    assert "2 targets); config: veeam-iam.toml; " in line
    two.write("below/pytest.ini", "[pytest]\n")
    monkeypatch.chdir(two.path / "below")
    outcome = two.run()
    assert any("config: ../veeam-iam.toml; " in line for line in outcome.lines)
    assert outcome.failed == ["../veeam-iam.toml::dev::object"]


def test_a_hint_names_a_key_of_the_target_and_no_flag_for_all(two: Repository, small: Document) -> None:
    two.write("policies/prod.json", small)
    failure = two.run("veeam-iam.toml::prod").failure("veeam-iam.toml::prod::archiver-appliance")
    assert '  No archiver appliance? profile = "without-archiver-appliance" (' in failure


# Where the file is


def test_a_run_of_other_tests_loads_no_engine(two: Repository) -> None:
    two.write(
        "conftest.py",
        """
        import sys
        from pathlib import Path

        def pytest_unconfigure():
            Path("modules.txt").write_text(" ".join(sys.modules))
        """,
    )
    assert two.run_apart("test_a.py", "-p", "no:xdist").counts == {"passed": 1}
    loaded = set((two.path / "modules.txt").read_text("utf-8").split())
    assert not loaded & {"parliament", "policy_sentry", "yaml", "pytest_veeam_iam.readiness", "pytest_veeam_iam.checks"}


def test_the_project_file_will_do(two: Repository) -> None:
    text = (two.path / "veeam-iam.toml").read_text("utf-8").replace("[[target]]", "[[tool.veeam-iam.target]]")
    (two.path / "veeam-iam.toml").unlink()
    two.write("pyproject.toml", text)
    assert two.collect() == [*ids("prod", "dev", file="pyproject.toml"), "test_a.py::test_add"]
    assert two.collect("pyproject.toml::dev::lint") == ["pyproject.toml::dev::lint"]


def test_a_project_file_that_only_mentions_the_plugin_is_none(two: Repository) -> None:
    (two.path / "veeam-iam.toml").unlink()
    two.write("pyproject.toml", "# [tool.veeam-iam] is for later\n[project]\nname = 'pytest-veeam-iam'\n")
    assert two.collect() == ["test_a.py::test_add"]


def test_a_file_can_be_named(two: Repository) -> None:
    (two.path / "veeam-iam.toml").rename(two.path / "policies" / "team.toml")
    text = (two.path / "policies" / "team.toml").read_text("utf-8").replace("policies/", "")
    two.write("policies/team.toml", text)
    assert two.collect() == ["test_a.py::test_add"]
    found = two.collect("--veeam-iam-config=policies/team.toml")
    assert sorted(found) == sorted([*ids("prod", "dev", file="policies/team.toml"), "test_a.py::test_add"])
    missing = two.run("--veeam-iam", "--veeam-iam-config=gone.toml")
    assert missing.code == USAGE_ERROR
    assert "--veeam-iam-config=gone.toml: there is no such file" in missing.errors


@pytest.mark.parametrize("arguments", [(), (".",), ("policies/prod.json",)], ids=str)
def test_the_file_can_be_where_pytest_does_not_look(two: Repository, arguments: tuple[str, ...]) -> None:
    text = (two.path / "veeam-iam.toml").read_text("utf-8").replace("policies/", "../policies/")
    (two.path / "veeam-iam.toml").unlink()
    two.write(".team/veeam.toml", text)
    two.ini("veeam_iam_config = .team/veeam.toml")
    found = [node for node in two.collect(*arguments) if node.startswith(".team")]
    names = ["prod"] if "policies/prod.json" in arguments else ["prod", "dev"]
    assert found == ids(*names, file=".team/veeam.toml")


def test_the_search_ends_at_the_repository(two: Repository) -> None:
    inner = two.path / "inner"
    (inner / ".git").mkdir(parents=True)
    two.write("inner/test_b.py", ADD)
    assert two.collect(f"--rootdir={inner}", "-c", "/dev/null", "inner") == ["test_b.py::test_add"]


@pytest.mark.parametrize("no", ["false", "0"])
def test_an_ini_file_can_switch_it_off(two: Repository, no: str) -> None:
    two.ini(f"veeam_iam = {no}")
    assert two.collect() == ["test_a.py::test_add"]


# What a target is


def test_options_win_over_the_file(two: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    two.write("veeam-iam.toml", TWO + '    profile = "without-archiver-appliance"\n')
    assert two.collect("veeam-iam.toml::dev", "--veeam-iam-groups=bucket") == ids(
        "dev", items=["bucket", "actions", "lint"]
    )
    monkeypatch.setenv("VEEAM_IAM_BUCKET", "other")
    outcome = two.run("veeam-iam.toml::prod")
    assert outcome.failed == ids("prod", items=["repository", "bucket", "object"])


def test_each_file_can_be_a_principal_of_its_own(two: Repository) -> None:
    two.write("veeam-iam.toml", TWO + "    each = true\n    groups = ['object']\n")
    items = ["object", "actions", "lint"]
    names = ["policies/dev-1.json", "policies/dev-2.json"]
    assert two.collect("veeam-iam.toml::dev") == [
        f"veeam-iam.toml::dev::{name}/{item}" for name in names for item in items
    ]
    outcome = two.run("veeam-iam.toml::dev::policies/dev-1.json/object")
    assert outcome.failed == ["veeam-iam.toml::dev::policies/dev-1.json/object"]
    assert outcome.table[1].startswith("dev/policies/dev-1.json")


STACK = """
Resources:
  Veeam:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyDocument: {Statement: [{Effect: Allow, Action: "s3:*", Resource: "*"}]}
  Other:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyDocument: {Statement: [{Effect: Allow, Action: "s3:GetObject", Resource: "*"}]}
"""


def test_the_principal_selects_among_those_of_the_files(repository: Repository) -> None:
    repository.write("stack.yaml", STACK)
    head = '[[target]]\nname = "a"\nfiles = "stack.yaml"\ngroups = ["object"]\nbucket = "acme-veeam"\n'
    repository.write("veeam-iam.toml", head)
    outcome = repository.run()
    assert outcome.failed == ["veeam-iam.toml::a::load"]
    assert "belong to 2 principals" in outcome.failure("veeam-iam.toml::a::load")
    repository.write("veeam-iam.toml", head + 'principal = "Other"\n')
    assert repository.run().failed == ["veeam-iam.toml::a::object"]
    repository.write("veeam-iam.toml", head + 'principal = "Veeam"\n')
    assert repository.run().code == 0
    repository.write("veeam-iam.toml", head.replace('files = "stack.yaml"', 'principal = "Veeam"'))
    assert repository.run().code == 0


def test_layers_are_read_from_files(two: Repository) -> None:
    two.write("limits/boundary.json", document({"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}))
    two.write("limits/scp.json", document({"Effect": "Allow", "Action": "*", "Resource": "*"}))
    two.write(
        "limits/deny.json", document({"Effect": "Deny", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::*/*"})
    )
    two.write("veeam-iam.toml", TWO + '    permissions_boundary = "limits/boundary.json"\n    groups = ["object"]\n')
    assert "blocked  by the permissions boundary" in two.run("veeam-iam.toml::dev").text
    scps = '    service_control_policies = ["limits/scp.json", ["limits/scp.json", "limits/deny.json"]]\n'
    two.write("veeam-iam.toml", TWO + scps)
    outcome = two.run("veeam-iam.toml::dev::object")
    assert "s3:PutObject denied" in outcome.text
    assert any(line.startswith("Not given: boundary, bucket policy. ") for line in outcome.table)
    assert two.collect("--veeam-iam", "limits/deny.json") == ids("dev")


@pytest.mark.parametrize(("when", "counts"), [("fail", {"failed": 1}), ("skip", {"skipped": 1})])
def test_a_target_whose_files_are_not_there_fails_or_is_skipped(
    repository: Repository, when: str, counts: Mapping[str, int]
) -> None:
    repository.write("veeam-iam.toml", f'[[target]]\nname = "plan"\nfiles = "out/plan.json"\nwhen_missing = "{when}"\n')
    outcome = repository.run("-rs")
    assert outcome.counts == counts
    assert 'veeam-iam.toml:3:1: target "plan": no file matches out/plan.json' in outcome.text
    assert any(line.startswith("0 of 1 ready") for line in outcome.table)


INSTANCES = """
resource "aws_s3_bucket" "repo" {
  for_each = toset(["a", "b"])
  bucket   = "acme-${each.key}"
}
resource "aws_iam_role" "veeam" { name = "veeam" }
resource "aws_iam_role_policy" "veeam" {
  role   = aws_iam_role.veeam.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:*", Resource = ["arn:aws:s3:::acme-a", "arn:aws:s3:::acme-a/*"] }]
  })
}
"""


def test_every_instance_of_a_bucket_has_items_of_its_own(repository: Repository) -> None:
    repository.write("main.tf", INSTANCES)
    repository.write(
        "veeam-iam.toml",
        '[[target]]\nname = "prod"\nfiles = "main.tf"\nbucket = "tf:aws_s3_bucket.repo[*]"\ngroups = ["object"]\n',
    )
    outcome = repository.run("-v")
    assert outcome.failed == ['veeam-iam.toml::prod::aws_s3_bucket.repo["b"]/object']
    assert repository.collect(outcome.failed[0]) == outcome.failed


def test_values_of_the_file_are_bound(repository: Repository) -> None:
    repository.write("main.tf", 'variable "bucket" {}\n' + INSTANCES.replace("acme-a", "${var.bucket}"))
    target = '[[target]]\nname = "prod"\nfiles = "main.tf"\nbucket = "acme-x"\ngroups = ["object"]\n'
    repository.write("veeam-iam.toml", target)
    assert "cannot tell 10 of 10: ${var.bucket} is unknown" in repository.run().text
    for bind in ('[bind]\n"var.bucket" = "acme-x"\n', '[bind]\nvar.bucket = "acme-x"\n'):
        repository.write("veeam-iam.toml", bind + target)
        assert repository.run().code == 0
        assert repository.run("--veeam-iam-bind=var.bucket=other").failed == ["veeam-iam.toml::prod::object"]
    repository.write(
        "veeam-iam.toml", '[bind]\n"var.bucket" = "other"\n' + target + 'bind = {"var.bucket" = "acme-x"}\n'
    )
    assert repository.run().code == 0


def test_one_broken_target_does_not_stop_the_others(two: Repository) -> None:
    two.write("policies/dev-1.json", "{")
    outcome = two.run()
    assert outcome.failed == ["veeam-iam.toml::dev::load"]
    assert outcome.counts == {"passed": 7, "failed": 1}
    assert outcome.table[2].split()[0] == "dev"
    assert outcome.table[2].endswith("cannot be read")


def test_values_alone_are_for_policies_that_are_named(repository: Repository) -> None:
    repository.write("main.tf", 'variable "bucket" {}\n' + INSTANCES.replace("acme-a", "${var.bucket}"))
    repository.write("test_a.py", ADD)
    repository.write("veeam-iam.toml", '[bind]\n"var.bucket" = "acme-x"\n')
    assert repository.collect() == ["test_a.py::test_add"]
    flags = ("--veeam-iam-groups=object", "--veeam-iam-bucket=acme-x")
    outcome = repository.run("--veeam-iam", "main.tf", *flags)
    assert outcome.code == 0
    assert any("; bucket acme-x; config: veeam-iam.toml; " in line for line in outcome.lines)
    repository.write("veeam-iam.toml", '[bind]\n"var.bukket" = "acme-x"\n')
    refused = repository.run("--veeam-iam", *flags)
    assert refused.code == USAGE_ERROR
    assert 'veeam-iam.toml:2:1: bind "var.bukket": nothing uses it (did you mean var.bucket?)' in refused.errors


def test_a_value_that_a_policy_beside_the_targets_uses_is_used(two: Repository) -> None:
    two.write("main.tf", 'variable "bucket" {}\n' + INSTANCES.replace("acme-a", "${var.bucket}"))
    two.write("veeam-iam.toml", '    [bind]\n    "var.bucket" = "acme-x"\n' + TWO)
    assert two.run("--veeam-iam-policies=main.tf", "--veeam-iam-bucket=acme-x").code == 1
    assert two.run().failed == ["veeam-iam.toml::dev::object", "veeam-iam.toml::configuration"]

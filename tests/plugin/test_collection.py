"""Which policies become items, and what the items are called."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import Document, Repository

ITEMS = ["archiver-appliance", "repository", "bucket", "object", "actions", "lint"]
USAGE_ERROR = 4
ADD = "def test_add():\n    assert 1 + 1 == 2\n"


def items_of(*files: str) -> list[str]:
    return [f"{file}::{item}" for file in files for item in ITEMS]


# Named on the command line


def test_a_file_yields_one_item_per_group_and_two_for_the_document(repository: Repository, example: Document) -> None:
    repository.write("policies/x.json", example)
    assert repository.collect("--veeam-iam", "policies/x.json") == items_of("policies/x.json")


def test_a_directory_yields_the_items_of_every_policy_below_it(repository: Repository, example: Document) -> None:
    for name in ("policies/b.json", "policies/deep/er/a.json", "elsewhere/c.json"):
        repository.write(name, example)
    found = repository.collect("--veeam-iam", "policies")
    assert sorted(found) == sorted(items_of("policies/b.json", "policies/deep/er/a.json"))


@pytest.mark.parametrize("pattern", ["policies/*.json", "*/[ab].json", "**/?.json"])
def test_a_glob_that_no_shell_expanded_is_expanded(repository: Repository, example: Document, pattern: str) -> None:
    for name in ("policies/a.json", "policies/b.json", "policies/c.txt"):
        repository.write(name, example)
    assert repository.collect("--veeam-iam", pattern) == items_of("policies/a.json", "policies/b.json")


def test_a_glob_without_files_is_a_usage_error_that_names_it(repository: Repository, example: Document) -> None:
    repository.write("policies/a.json", example)
    outcome = repository.run("--veeam-iam", "policies/*.yaml")
    assert outcome.code == USAGE_ERROR
    assert "ERROR: policies/*.yaml: no file below" in outcome.errors


def test_a_glob_may_match_directories_as_it_does_in_a_shell(repository: Repository, example: Document) -> None:
    for name in ("env-dev/a.json", "env-prod/b.json", "other/c.json"):
        repository.write(name, example)
    assert repository.collect("--veeam-iam", "env-*") == items_of("env-dev/a.json", "env-prod/b.json")


@pytest.mark.parametrize("name", ["policy.txt", "policy", "policy.json.tpl", "POLICY.JSON"])
def test_a_file_that_is_named_may_have_any_suffix(repository: Repository, example: Document, name: str) -> None:
    repository.write(name, example)
    assert repository.collect("--veeam-iam", name) == items_of(name)


def test_a_file_that_is_named_and_holds_no_policy_is_an_item_that_fails(repository: Repository) -> None:
    repository.write("package.json", {"name": "x"})
    outcome = repository.run("--veeam-iam", "package.json")
    assert outcome.code == 1
    assert outcome.short_summary == [
        'FAILED package.json::load - package.json:1:1: this object has no "Statement", so it is not a policy document'
    ]


def test_a_file_of_a_tool_that_is_named_says_its_form(repository: Repository) -> None:
    repository.write(
        "serverless.yml",
        """
        provider:
          iam:
            role:
              statements: [{Effect: Allow, Action: "s3:GetObject", Resource: "*"}]
        """,
    )
    outcome = repository.run("--veeam-iam", "serverless.yml")
    assert outcome.failure("serverless.yml::load") == (
        "serverless.yml: its policies stand where serverless keeps them, which is not looked for; "
        'write form = "serverless" into a target of veeam-iam.toml'
    )
    repository.write("veeam-iam.toml", '[[target]]\nname = "x"\nfiles = "serverless.yml"\nform = "serverless"\n')
    assert "veeam-iam.toml::x::object" in repository.run().failed


def test_other_json_documents_in_a_directory_are_left_alone(repository: Repository, example: Document) -> None:
    repository.write("policies/a.json", example)
    repository.write("policies/package.json", {"name": "x", "Statement of purpose": "none"})
    repository.write("policies/list.json", "[1, 2, 3]")
    repository.write("policies/readme.txt", "Statement")
    repository.write("policies/tsconfig.json", '// ours\n{"compilerOptions": {"strict": true,}}\n')
    repository.write("policies/message.json", "a message in words\n")
    assert repository.collect("--veeam-iam", "policies") == items_of("policies/a.json")


BUCKET_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::veeam/*"}],
}


@pytest.mark.parametrize("more", [(), ("-n", "1")], ids=str)
def test_a_policy_whose_every_statement_names_a_principal_is_no_item_but_told(
    repository: Repository, example: Document, more: tuple[str, ...]
) -> None:
    repository.write("policies/a.json", example)
    repository.write("policies/bucket-policy.json", BUCKET_POLICY)
    outcome = repository.run_apart("--veeam-iam", "policies", *more)
    assert outcome.counts == {"passed": 6}
    assert "Not checked, because every statement names a Principal: policies/bucket-policy.json." in outcome.table


def test_a_policy_that_names_a_principal_in_one_statement_is_checked(repository: Repository, example: Document) -> None:
    statements = [*example["Statement"], *BUCKET_POLICY["Statement"]]
    repository.write("policies/a.json", {**example, "Statement": statements})
    assert repository.run("--veeam-iam", "policies").failed == ["policies/a.json::lint"]


def test_a_policy_that_names_a_principal_is_checked_if_somebody_names_it(repository: Repository) -> None:
    repository.write("policies/bucket-policy.json", BUCKET_POLICY)
    assert "policies/bucket-policy.json::lint" in repository.run("--veeam-iam", "policies/bucket-policy.json").failed


def test_nothing_but_policies_that_name_principals_is_an_error(repository: Repository) -> None:
    repository.write("policies/veeam.json", BUCKET_POLICY)
    outcome = repository.run("--veeam-iam", "policies")
    assert outcome.code == 4
    assert "every statement of policies/veeam.json names a Principal" in outcome.errors
    outcome = repository.run("--veeam-iam")
    assert outcome.code == 4
    assert "every statement of policies/veeam.json names a Principal" in outcome.errors


def test_test_modules_in_a_directory_run_as_well(repository: Repository, example: Document) -> None:
    repository.write("a.json", example)
    repository.write("test_a.py", ADD)
    assert repository.run("--veeam-iam", ".").counts == {"passed": 7}


def test_a_test_module_that_is_named_is_not_a_policy(repository: Repository, example: Document) -> None:
    repository.write("a.json", example)
    repository.write("test_a.py", ADD)
    assert repository.collect("--veeam-iam", "a.json", "test_a.py") == [*items_of("a.json"), "test_a.py::test_add"]


@pytest.mark.parametrize(
    "arguments",
    [("policies", "policies/a.json"), ("policies/a.json", "policies"), ("policies/*.json", "policies/a.json")],
)
def test_a_file_that_is_reached_twice_is_collected_once(
    repository: Repository, example: Document, arguments: tuple[str, str]
) -> None:
    repository.write("policies/a.json", example)
    assert repository.collect("--veeam-iam", *arguments) == items_of("policies/a.json")


def test_a_link_in_a_directory_is_not_followed(repository: Repository, example: Document) -> None:
    repository.write("policies/a.json", example)
    outside = repository.write("outside/b.json", example)
    (repository.path / "policies" / "link.json").symlink_to(outside)
    (repository.path / "policies" / "folder").symlink_to(outside.parent, target_is_directory=True)
    assert repository.collect("--veeam-iam", "policies") == items_of("policies/a.json")


@pytest.mark.parametrize("more", [(), ("--veeam-iam-only",)], ids=str)
def test_a_link_that_leads_back_is_not_followed(
    repository: Repository, example: Document, more: tuple[str, ...]
) -> None:
    repository.write("policies/a.json", example)
    (repository.path / "policies" / "again").symlink_to(repository.path / "policies", target_is_directory=True)
    assert repository.collect("--veeam-iam", "policies", *more) == items_of("policies/a.json")


def test_a_named_file_behind_a_link_is_collected(repository: Repository, example: Document) -> None:
    outside = repository.write("outside/b.json", example)
    (repository.path / "folder").symlink_to(outside.parent, target_is_directory=True)
    assert repository.collect("--veeam-iam", "--veeam-iam-only", ".", "folder/b.json") == [
        *items_of("folder/b.json"),
        *items_of("outside/b.json"),
    ]


def test_a_link_that_is_named_is_followed(repository: Repository, example: Document) -> None:
    outside = repository.write("outside/b.json", example)
    (repository.path / "link.json").symlink_to(outside)
    (repository.path / "folder").symlink_to(outside.parent, target_is_directory=True)
    assert repository.collect("--veeam-iam", "link.json", "folder") == items_of("link.json", "folder/b.json")


def test_a_directory_that_pytest_does_not_enter_is_named(repository: Repository, example: Document) -> None:
    repository.write("infra/a.json", example)
    repository.write("infra/build/b.json", example)
    outcome = repository.run("--veeam-iam", "infra")
    assert outcome.counts == {"passed": 6}
    assert "Not searched: infra/build." in outcome.table


def test_a_directory_that_is_named_is_entered_whatever_it_is_called(repository: Repository, example: Document) -> None:
    repository.write("build/a.json", example)
    assert repository.collect("--veeam-iam", "build") == items_of("build/a.json")


# Node ids and selection


def test_every_node_id_can_be_typed_back(repository: Repository, example: Document) -> None:
    repository.write("policies/x.json", example)
    repository.write("policies/y.json", example)
    node_ids = repository.collect("--veeam-iam", "policies")
    assert len(node_ids) == 2 * len(ITEMS)
    for node_id in node_ids:
        assert repository.collect("--veeam-iam", node_id) == [node_id]


def test_node_ids_are_relative_to_the_root_and_can_be_typed_back_in_a_sub_folder(
    repository: Repository, example: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.ini()
    path = repository.write("infra/policies/x.json", example)
    monkeypatch.chdir(path.parent)
    assert repository.collect("--veeam-iam", "x.json::object") == ["infra/policies/x.json::object"]


def test_a_verbose_run_shows_node_ids_as_they_can_be_typed_back(repository: Repository, example: Document) -> None:
    repository.write("policies/x.json", example)
    outcome = repository.run("--veeam-iam", "-v", "policies/x.json::object")
    assert [line for line in outcome.lines if "PASSED" in line and line.startswith("policies/x.json::object PASSED")]


def test_an_item_that_does_not_exist_is_a_usage_error(repository: Repository, example: Document) -> None:
    repository.write("policies/x.json", example)
    outcome = repository.run("--veeam-iam", "policies/x.json::objects")
    assert outcome.code == USAGE_ERROR
    assert "policies/x.json::objects" in outcome.errors


def test_several_policies_in_a_file_are_numbered(repository: Repository, example: Document, scoped: Document) -> None:
    repository.write("both.json", [example, scoped])
    expected = [f"both.json::{number}/{item}" for number in (0, 1) for item in ITEMS]
    assert repository.collect("--veeam-iam", "both.json") == expected
    assert repository.collect("--veeam-iam", "both.json::1/object") == ["both.json::1/object"]
    rows = repository.run("--veeam-iam", "both.json").table
    assert [row.split()[0] for row in rows[1:3]] == ["both.json/0", "both.json/1"]


def test_a_list_of_one_policy_is_that_policy(repository: Repository, example: Document) -> None:
    repository.write("one.json", [example])
    assert repository.collect("--veeam-iam", "one.json") == items_of("one.json")


@pytest.mark.parametrize("item", ITEMS)
def test_k_takes_the_column_heads_of_the_table(repository: Repository, example: Document, item: str) -> None:
    repository.write("a.json", example)
    repository.write("b.json", example)
    assert repository.collect("--veeam-iam", "-k", item) == [f"a.json::{item}", f"b.json::{item}"]


def test_every_item_carries_the_marker(repository: Repository, example: Document) -> None:
    repository.write("a.json", example)
    repository.write("broken.json", "{")
    repository.write("test_a.py", ADD)
    policies = [*items_of("a.json"), "broken.json::load"]
    assert repository.collect("--veeam-iam", "--strict-markers", "-m", "veeam_iam", ".") == policies
    assert repository.collect("--veeam-iam", "-m", "not veeam_iam", ".") == ["test_a.py::test_add"]


def test_lf_runs_what_failed_again(repository: Repository, example: Document, small: Document) -> None:
    repository.write("a.json", example)
    repository.write("b.json", small)
    first = repository.run("--veeam-iam", "a.json", "b.json")
    assert first.failed == [f"b.json::{item}" for item in ITEMS[:-2]]
    assert repository.collect("--veeam-iam", "a.json", "b.json", "--lf") == first.failed


def test_deselect_takes_a_node_id(repository: Repository, example: Document) -> None:
    repository.write("a.json", example)
    found = repository.collect("--veeam-iam", "a.json", "--deselect", "a.json::object")
    assert found == [node_id for node_id in items_of("a.json") if node_id != "a.json::object"]


# Nothing but policies, and all of them together


def test_only_does_not_even_import_a_test_module(repository: Repository, example: Document) -> None:
    repository.write("a.json", example)
    repository.write("test_a.py", "raise RuntimeError('imported')")
    assert repository.run("--veeam-iam", ".").code != 0
    outcome = repository.run("--veeam-iam", "--veeam-iam-only", ".")
    assert outcome.code == 0
    assert outcome.counts == {"passed": 6}


def test_together_adds_up_the_grants_of_all_files(repository: Repository, scoped: Document) -> None:
    for number, statement in enumerate(scoped["Statement"]):
        repository.write(f"policies/{number}.json", {"Version": "2012-10-17", "Statement": statement})
    assert repository.run("--veeam-iam", "policies").code == 1
    outcome = repository.run("--veeam-iam", "--veeam-iam-together", "policies")
    assert outcome.code == 0
    assert outcome.counts == {"passed": 6}


def test_together_a_deny_of_one_file_counts_for_all(repository: Repository, example: Document) -> None:
    deny = {"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*"}
    repository.write("a.json", example)
    repository.write("b.json", {"Version": "2012-10-17", "Statement": deny})
    outcome = repository.run("--veeam-iam", "--veeam-iam-together", "a.json", "b.json")
    assert [line.partition(" - ")[2] for line in outcome.short_summary] == [
        "s3:DeleteObject denied (1 of 10, any bucket)"
    ]


def test_together_nothing_is_said_without_a_file_that_cannot_be_read(repository: Repository, example: Document) -> None:
    repository.write("a.json", example)
    repository.write("b.json", "{")
    outcome = repository.run("--veeam-iam", "--veeam-iam-together", "a.json", "b.json")
    assert outcome.counts == {"failed": 7}
    assert outcome.failed == [*items_of("a.json"), "b.json::load"]
    assert outcome.short_summary[0].partition(" - ")[2].startswith("cannot tell without b.json:1:2: the text ends")


@pytest.mark.parametrize("named", ["infra/a.json::object", "infra/a.json", "infra/b.json", "infra"])
def test_together_all_that_is_configured_is_judged_however_little_of_it_was_named(
    repository: Repository, example: Document, named: str
) -> None:
    deny = {"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*"}
    repository.ini("veeam_iam_policies = infra/*.json", "veeam_iam_together = true")
    repository.write("infra/a.json", example)
    repository.write("infra/b.json", {"Version": "2012-10-17", "Statement": deny})
    outcome = repository.run(named)
    assert [line.partition(" - ")[2] for line in outcome.short_summary] == [
        "s3:DeleteObject denied (1 of 10, any bucket)"
    ]
    assert outcome.table[1].startswith("together (2 files) ")


def test_together_a_file_that_is_reached_twice_counts_once(repository: Repository, scoped: Document) -> None:
    for number, statement in enumerate(scoped["Statement"]):
        repository.write(f"policies/{number}.json", {"Version": "2012-10-17", "Statement": statement})
    arguments = ("policies/3.json", "policies", "policies/0.json", "policies/*.json")
    outcome = repository.run("--veeam-iam", "--veeam-iam-together", *arguments)
    assert outcome.counts == {"passed": 6}
    assert outcome.table[1].startswith("together (4 files) ")


def test_together_a_broken_file_that_is_configured_is_not_passed_over(
    repository: Repository, example: Document
) -> None:
    repository.ini("veeam_iam_policies = infra/*.json", "veeam_iam_together = true")
    repository.write("infra/a.json", example)
    repository.write("infra/b.json", "{")
    outcome = repository.run("infra/a.json::object")
    assert outcome.counts == {"failed": 1}
    assert "cannot tell without infra/b.json:1:2" in outcome.short_summary[0]


def test_together_the_items_stand_under_the_first_file(repository: Repository, scoped: Document) -> None:
    for number, statement in enumerate(scoped["Statement"]):
        repository.write(f"policies/{number}.json", {"Version": "2012-10-17", "Statement": statement})
    [node_id] = repository.collect("--veeam-iam", "--veeam-iam-together", "policies", "-k", "object")
    outcome = repository.run("--veeam-iam", "--veeam-iam-together", "policies", "-k", "object")
    assert (outcome.code, node_id) == (0, "policies/0.json::object")


# Nothing named: what is configured, else discovery


def test_without_argument_the_configured_globs_are_looked_at(repository: Repository, example: Document) -> None:
    repository.ini("veeam_iam_policies =", "    infra/*.json", "    other/b.txt")
    for name in ("infra/a.json", "other/b.txt", "veeam.json"):
        repository.write(name, example)
    assert repository.collect("--veeam-iam") == items_of("infra/a.json", "other/b.txt")


def test_configured_globs_ask_for_the_check_by_themselves(repository: Repository, example: Document) -> None:
    repository.ini("veeam_iam_policies = infra/*.json")
    repository.write("infra/a.json", example)
    repository.write("test_a.py", ADD)
    assert sorted(repository.collect()) == sorted([*items_of("infra/a.json"), "test_a.py::test_add"])


def test_testpaths_do_not_hide_what_is_configured(repository: Repository, example: Document) -> None:
    repository.ini("testpaths = tests", "veeam_iam_policies = infra/*.json")
    repository.write("infra/a.json", example)
    repository.write("tests/test_a.py", ADD)
    assert sorted(repository.collect("--veeam-iam")) == sorted([*items_of("infra/a.json"), "tests/test_a.py::test_add"])


def test_testpaths_do_not_hide_what_discovery_finds(repository: Repository, example: Document) -> None:
    repository.ini("testpaths = tests")
    repository.write("infra/veeam.json", example)
    repository.write("tests/test_a.py", ADD)
    found = repository.collect("--veeam-iam")
    assert sorted(found) == sorted([*items_of("infra/veeam.json"), "tests/test_a.py::test_add"])


def test_what_is_configured_is_collected_once_though_testpaths_reach_it(
    repository: Repository, example: Document
) -> None:
    repository.ini("testpaths = tests", "veeam_iam_policies = tests/**/*.json")
    repository.write("tests/policies/a.json", example)
    assert repository.collect("--veeam-iam") == items_of("tests/policies/a.json")


def test_what_is_configured_is_found_where_pytest_does_not_look(repository: Repository, example: Document) -> None:
    repository.ini("veeam_iam_policies = build/a.json")
    repository.write("build/a.json", example)
    assert repository.collect("--veeam-iam") == items_of("build/a.json")


def test_beside_what_is_configured_nothing_is_found_where_pytest_does_not_look(
    repository: Repository, example: Document
) -> None:
    repository.ini("veeam_iam_policies = build/deep/a.json")
    for name in ("build/deep/a.json", "build/deep/b.json", "build/deep/er/c.json"):
        repository.write(name, example)
    for name in ("build/test_a.py", "build/deep/test_b.py", "build/other/test_c.py"):
        repository.write(name, "raise RuntimeError('imported')")
    assert repository.collect() == items_of("build/deep/a.json")


@pytest.mark.parametrize("arguments", [("infra", "infra/build"), ("infra/build", "infra")])
def test_a_directory_that_is_named_is_entered_although_another_one_contains_it(
    repository: Repository, example: Document, arguments: tuple[str, str]
) -> None:
    for name in ("infra/a.json", "infra/build/b.json", "infra/build/deep/c.json", "infra/dist/d.json"):
        repository.write(name, example)
    outcome = repository.run("--veeam-iam", *arguments, "--veeam-iam-groups=object", "-k", "object")
    assert outcome.counts["passed"] == 3
    assert "Not searched: infra/dist." in outcome.table


@pytest.mark.parametrize(
    "arguments", [("infra", "infra/a.json"), (".", "test_a.py::test_add"), (".", "build/test_b.py")]
)
def test_a_directory_is_collected_whole_although_something_in_it_is_named_as_well(
    repository: Repository, example: Document, arguments: tuple[str, ...]
) -> None:
    for name in ("infra/a.json", "infra/b.json", "infra/deep/c.json"):
        repository.write(name, example)
    repository.write("test_a.py", ADD)
    repository.write("build/test_b.py", ADD)
    found = repository.collect("--veeam-iam", *arguments)
    policies = [node_id for node_id in found if ".json" in node_id]
    assert sorted(policies) == sorted(items_of("infra/a.json", "infra/b.json", "infra/deep/c.json"))
    assert {node_id.partition("::")[0] for node_id in found} >= {arguments[-1].partition("::")[0]}


def test_a_file_that_is_named_may_have_any_suffix_although_a_directory_contains_it(
    repository: Repository, example: Document
) -> None:
    repository.write("policies/a.json", example)
    repository.write("policies/b.txt", example)
    found = repository.collect("--veeam-iam", "policies", "policies/b.txt")
    assert sorted(found) == sorted(items_of("policies/a.json", "policies/b.txt"))


def test_a_cache_that_is_not_searched_is_not_named(repository: Repository, example: Document) -> None:
    repository.write("infra/veeam.json", example)
    repository.write(".cache/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55")
    repository.write(".cache/veeam.json", example)
    for arguments in ((), (".",)):
        outcome = repository.run("--veeam-iam", *arguments)
        assert outcome.counts == {"passed": 6}
        assert not [line for line in outcome.table if line.startswith("Not searched")]


def test_a_configured_glob_without_files_is_an_error(repository: Repository, example: Document) -> None:
    repository.ini("veeam_iam_policies =", "    infra/*.json", "    infra/*.yaml")
    repository.write("infra/a.json", example)
    outcome = repository.run("--veeam-iam")
    assert outcome.code == USAGE_ERROR
    assert "ERROR: infra/*.yaml: no file below" in outcome.errors


def test_configured_globs_are_relative_to_the_ini_file(
    repository: Repository, example: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.ini("veeam_iam_policies = infra/*.json")
    repository.write("infra/a.json", example)
    repository.write("sub/readme.txt", "")
    monkeypatch.chdir(repository.path / "sub")
    assert repository.collect("--veeam-iam") == items_of("infra/a.json")


def test_arguments_are_looked_at_in_place_of_the_configured_globs(repository: Repository, example: Document) -> None:
    repository.ini("veeam_iam_policies = infra/*.json")
    repository.write("infra/a.json", example)
    repository.write("other/b.json", example)
    assert repository.collect("--veeam-iam", "other") == items_of("other/b.json")


def test_where_it_was_not_typed_arguments_select_among_the_configured_globs(
    repository: Repository, example: Document
) -> None:
    repository.ini("veeam_iam_policies = infra/*.json")
    repository.write("infra/a.json", example)
    repository.write("other/b.json", example)
    repository.write("tests/test_a.py", ADD)
    assert repository.collect("infra", "other") == items_of("infra/a.json")
    assert repository.collect("tests") == ["tests/test_a.py::test_add"]


@pytest.mark.parametrize("word", ["veeam", "VB365", "vbo365"])
def test_discovery_takes_what_says_veeam_in_its_path(repository: Repository, example: Document, word: str) -> None:
    repository.write(f"infra/{word}-role/policy.json", example)
    repository.write("infra/other/policy.json", example)
    assert repository.collect("--veeam-iam") == items_of(f"infra/{word}-role/policy.json")


def test_discovery_takes_what_says_veeam_in_a_sid(repository: Repository, example: Document, small: Document) -> None:
    example["Statement"][1]["Sid"] = "ForVeeam"
    repository.write("infra/a.json", example)
    repository.write("infra/b.json", small)
    assert repository.collect("--veeam-iam") == items_of("infra/a.json")


def test_discovery_takes_other_words(repository: Repository, example: Document) -> None:
    repository.write("infra/veeam.json", example)
    repository.write("infra/backup.json", example)
    assert repository.collect("--veeam-iam", "--veeam-iam-match=backup") == items_of("infra/backup.json")


def test_discovery_takes_all_of_up_to_ten_policies_where_none_says_veeam(
    repository: Repository, small: Document
) -> None:
    names = [f"infra/{number}.json" for number in range(10)]
    for name in names:
        repository.write(name, small)
    assert repository.collect("--veeam-iam") == items_of(*names)


def test_discovery_of_more_than_ten_policies_stops_and_names_the_five_nearest(
    repository: Repository, example: Document
) -> None:
    s3, ec2 = example["Statement"]
    for number in range(11):
        few = {"Effect": "Allow", "Action": s3["Action"][:number], "Resource": "*"}
        repository.write(f"infra/{number}.json", {"Version": "2012-10-17", "Statement": [few, ec2] if number else ec2})
    repository.write("test_a.py", ADD)
    outcome = repository.run("--veeam-iam")
    assert outcome.code == USAGE_ERROR
    assert outcome.errors.strip() == (
        "ERROR: 11 files with policies were found and none says veeam, vb365, vbo365 in its path or a Sid; "
        "name those to check: pytest --veeam-iam PATH "
        "(nearest: infra/10.json, infra/9.json, infra/8.json, infra/7.json, infra/6.json)"
    )


def test_discovery_does_not_follow_links(
    repository: Repository, example: Document, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    repository.write("infra/veeam.json", example)
    (outside / "veeam.json").write_text((repository.path / "infra" / "veeam.json").read_text("utf-8"), "utf-8")
    (repository.path / "linked").symlink_to(outside, target_is_directory=True)
    (repository.path / "veeam-link.json").symlink_to(outside / "veeam.json")
    assert repository.collect("--veeam-iam") == items_of("infra/veeam.json")


def test_discovery_names_the_directories_that_it_does_not_enter(repository: Repository, example: Document) -> None:
    repository.write("infra/veeam.json", example)
    repository.write("dist/veeam.json", example)
    outcome = repository.run("--veeam-iam")
    assert outcome.counts == {"passed": 6}
    assert "Not searched: dist." in outcome.table


def test_discovery_that_finds_nothing_names_the_directories_that_it_did_not_enter(
    repository: Repository, example: Document
) -> None:
    repository.write("dist/veeam.json", example)
    outcome = repository.run("--veeam-iam")
    assert outcome.code == USAGE_ERROR
    assert "(not entered: dist); name one: pytest --veeam-iam PATH" in outcome.errors


@pytest.mark.parametrize("content", ["", '{"Version": ', '{"Statement": [}'])
def test_discovery_does_not_pass_over_a_broken_file_whose_path_says_veeam(
    repository: Repository, example: Document, content: str
) -> None:
    repository.write("infra/veeam-a.json", example)
    repository.write("infra/veeam-b.json", content)
    outcome = repository.run("--veeam-iam")
    assert outcome.failed == ["infra/veeam-b.json::load"]


def test_discovery_searches_the_root_from_a_sub_folder(
    repository: Repository, example: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.ini()
    repository.write("infra/veeam.json", example)
    repository.write("sub/readme.txt", "")
    monkeypatch.chdir(repository.path / "sub")
    assert repository.collect("--veeam-iam") == items_of("infra/veeam.json")


# No policy at all


@pytest.mark.parametrize("arguments", [(), ("test_a.py",), (".",), ("empty",)], ids=str)
def test_no_policy_at_all_is_a_usage_error_although_other_tests_would_pass(
    repository: Repository, arguments: tuple[str, ...]
) -> None:
    repository.write("test_a.py", ADD)
    (repository.path / "empty").mkdir()
    outcome = repository.run("--veeam-iam", *arguments)
    assert outcome.code == USAGE_ERROR
    assert "there is no IAM policy" in outcome.errors


def test_a_usage_error_is_said_once(repository: Repository) -> None:
    repository.write("test_a.py", ADD)
    outcome = repository.run("--veeam-iam", "test_a.py")
    assert (outcome.text + outcome.errors).count("there is no IAM policy") == 1


def test_no_policy_at_all_is_no_error_where_it_was_not_typed(repository: Repository, example: Document) -> None:
    repository.ini("veeam_iam_policies = infra/*.json")
    repository.write("infra/a.json", example)
    repository.write("tests/test_a.py", ADD)
    outcome = repository.run("tests")
    assert (outcome.code, outcome.counts) == (0, {"passed": 1})


@pytest.mark.skipif(os.name != "posix", reason="needs file permissions")
@pytest.mark.skipif(getattr(os, "geteuid", int)() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_an_item_that_fails(repository: Repository, example: Document) -> None:
    repository.write("a.json", example).chmod(0)
    outcome = repository.run("--veeam-iam", "a.json")
    assert outcome.failed == ["a.json::load"]
    assert "this user is not permitted to read it" in outcome.short_summary[0]

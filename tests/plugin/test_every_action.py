"""Whichever of the 45 required actions is left out: exactly one item fails, and its first line names the action."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.plugin.conftest import Document, Outcome, Repository

REQUIRED = 45


def without(policy: Document, action: str) -> Document:
    """Return the policy without one action, and without a statement that is left with none."""
    policy = copy.deepcopy(policy)
    for statement in policy["Statement"]:
        statement["Action"] = [name for name in statement["Action"] if name != action]
    policy["Statement"] = [statement for statement in policy["Statement"] if statement["Action"]]
    return policy


def file_of(action: str) -> str:
    return f"policies/{action.replace(':', '-')}.json"


def run_without_each(repository: Repository, policy: Document, actions: dict[str, list[str]], *options: str) -> Outcome:
    """Write one file for each action, each without that action, and check them all in one run."""
    for action in (action for group in actions.values() for action in group):
        repository.write(file_of(action), without(policy, action))
    return repository.run("--veeam-iam", *options, "policies")


def test_the_lists_of_these_tests_are_those_of_the_page(actions: dict[str, list[str]], example: Document) -> None:
    assert {group: len(names) for group, names in actions.items()} == {
        "archiver-appliance": 28,
        "repository": 2,
        "bucket": 5,
        "object": 10,
    }
    required = {action for group in actions.values() for action in group}
    assert len(required) == REQUIRED
    granted = [action for statement in example["Statement"] for action in statement["Action"]]
    assert set(granted) - required == {"ec2:CreateTags", "ec2:DescribeInstances"}
    assert len(granted) == REQUIRED + 2


def test_the_example_is_ready(repository: Repository, example: Document) -> None:
    repository.write("example.json", example)
    assert repository.run("--veeam-iam", "example.json").counts == {"passed": 6}


def test_each_action_left_out_of_the_example_fails_the_item_of_its_group_alone(
    repository: Repository, example: Document, actions: dict[str, list[str]]
) -> None:
    outcome = run_without_each(repository, example, actions)
    expected = [
        f"FAILED {file_of(action)}::{group} - {action} missing (1 of {len(names)}, any bucket)"
        for group, names in actions.items()
        for action in names
    ]
    assert sorted(outcome.short_summary) == sorted(expected)
    assert outcome.counts == {"passed": REQUIRED * 5, "failed": REQUIRED}
    for group, names in actions.items():
        for action in names:
            assert outcome.failure(f"{file_of(action)}::{group}").startswith(f"{action} missing (")


def test_each_action_left_out_of_a_scoped_policy_fails_the_item_of_its_group_alone(
    repository: Repository, scoped: Document, actions: dict[str, list[str]]
) -> None:
    outcome = run_without_each(repository, scoped, actions, "--veeam-iam-bucket=acme-veeam")
    expected = [
        f"FAILED {file_of(action)}::{group} - {action} missing (1 of {len(names)}, acme-veeam)"
        for group, names in actions.items()
        for action in names
    ]
    assert sorted(outcome.short_summary) == sorted(expected)
    assert outcome.counts == {"passed": REQUIRED * 5, "failed": REQUIRED}


def test_a_scoped_policy_is_ready_for_its_bucket(repository: Repository, scoped: Document) -> None:
    repository.write("scoped.json", scoped)
    outcome = repository.run("--veeam-iam", "--veeam-iam-bucket=acme-veeam", "scoped.json")
    assert outcome.counts == {"passed": 6}


def test_another_bucket_than_that_of_the_policy_fails_all_bucket_and_object_permissions(
    repository: Repository, scoped: Document
) -> None:
    repository.write("scoped.json", scoped)
    outcome = repository.run("--veeam-iam", "--veeam-iam-bucket=other", "scoped.json")
    assert outcome.failed == [f"scoped.json::{group}" for group in ("repository", "bucket", "object")]
    assert outcome.table[1].split()[:6] == ["scoped.json", "28/28", "1/2", "0/5", "0/10", "ok"]


def test_one_of_two_buckets_that_is_not_covered_fails(repository: Repository, scoped: Document) -> None:
    repository.write("scoped.json", scoped)
    both = ("--veeam-iam-bucket=acme-veeam", "--veeam-iam-bucket=other")
    outcome = repository.run("--veeam-iam", *both, "scoped.json")
    assert outcome.failed == [f"scoped.json::{group}" for group in ("repository", "bucket", "object")]
    for statement in scoped["Statement"][1:3]:
        statement["Resource"] = [statement["Resource"], statement["Resource"].replace("acme-veeam", "other")]
    repository.write("scoped.json", scoped)
    assert repository.run("--veeam-iam", *both, "scoped.json").code == 0

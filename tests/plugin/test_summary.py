"""The table at the end and the lines below it: what was checked, what is ready, and what that does not prove."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import Document, Repository

NOT_PROVEN = (
    "Not given: boundary, SCP, bucket policy. "
    "Not modelled: resource control, endpoint and KMS key policies. AWS was not contacted."
)
MOST_ROWS = 20
MANY = 25


def table(repository: Repository, *arguments: str) -> str:
    return "\n".join(repository.run("--veeam-iam", *arguments).table)


def golden(text: str) -> str:
    return f"{dedent(text)}{NOT_PROVEN}"


def test_the_table_has_a_row_per_policy_and_a_column_per_item(
    repository: Repository, example: Document, scoped: Document
) -> None:
    for action in ("s3:RestoreObject", "s3:DeleteObjectVersion"):
        scoped["Statement"][2]["Action"].remove(action)
    repository.write("policies/backup-role.json", scoped)
    repository.write("policies/vb365-s3/vendor-example.json", example)
    assert table(repository, "policies") == golden(
        """\
                                               archiver-appliance  repository  bucket  object  actions  lint
        policies/backup-role.json              28/28               2/2         5/5     8/10    ok       ok    not ready: 2 not granted
        policies/vb365-s3/vendor-example.json  28/28               2/2         5/5     10/10   ok       ok    ready (any bucket)
          policies/vb365-s3/vendor-example.json:4:9: warning: may delete objects in every bucket -> narrow with veeam-iam generate --bucket=NAME [excess]
        1 of 2 ready for vb365-s3 8.3, profile documented. Bucket acme-veeam inferred: name it to catch a typo.
        """  # noqa: E501 - as it is shown
    )


def test_a_bucket_that_was_named_is_not_called_inferred(repository: Repository, scoped: Document) -> None:
    repository.write("role.json", scoped)
    assert table(repository, "role.json", "--veeam-iam-bucket=acme-veeam") == golden(
        """\
                   archiver-appliance  repository  bucket  object  actions  lint
        role.json  28/28               2/2         5/5     10/10   ok       ok    ready (acme-veeam)
        1 of 1 ready for vb365-s3 8.3, profile documented.
        """
    )


def test_only_the_selected_groups_have_columns(repository: Repository, scoped: Document) -> None:
    repository.write("role.json", scoped)
    groups = ("--veeam-iam-groups=object", "--veeam-iam-groups=bucket", "--veeam-iam-bucket=acme-veeam")
    assert table(repository, "role.json", *groups) == golden(
        """\
                   bucket  object  actions  lint
        role.json  5/5     10/10   ok       ok    ready (acme-veeam)
        1 of 1 ready for vb365-s3 8.3, groups bucket, object.
        """
    )


def test_the_profile_is_named(repository: Repository, scoped: Document) -> None:
    repository.write("role.json", scoped)
    lines = table(repository, "role.json", "--veeam-iam-profile=without-archiver-appliance").splitlines()
    assert lines[2].startswith("1 of 1 ready for vb365-s3 8.3, profile without-archiver-appliance.")


def test_what_cannot_be_read_has_a_row_and_is_not_ready(repository: Repository, example: Document) -> None:
    repository.write("a.json", example)
    repository.write("b.json", "{")
    assert table(repository, "a.json", "b.json") == golden(
        """\
                archiver-appliance  repository  bucket  object  actions  lint
        a.json  28/28               2/2         5/5     10/10   ok       ok    ready (any bucket)
        b.json  -                   -           -       -       -        -     cannot be read
          a.json:4:9: warning: may delete objects in every bucket -> narrow with veeam-iam generate --bucket=NAME [excess]
        1 of 2 ready for vb365-s3 8.3, profile documented.
        """  # noqa: E501 - as it is shown
    )


def test_a_document_that_aws_refuses_is_not_ready_and_the_row_says_why(
    repository: Repository, scoped: Document
) -> None:
    scoped["Statement"].append({**scoped["Statement"][0], "Sid": "Again", "Principal": "*"})
    repository.write("role.json", scoped)
    head, row, closing, *_ = table(repository, "role.json").splitlines()
    assert row.split()[:5] == ["role.json", "28/28", "2/2", "5/5", "10/10"]
    assert row.endswith("  not ready: 1 error")
    assert closing.startswith("0 of 1 ready ")
    assert head.split()[-1] == "lint"


def test_the_verdicts_stand_below_each_other(repository: Repository, example: Document) -> None:
    repository.write("a.json", example)
    example["Statement"].append({**example["Statement"][1], "Sid": "Again", "Principal": "*"})
    repository.write("b.json", example)
    rows = table(repository, "a.json", "b.json").splitlines()[1:3]
    assert rows[0].index("ready (") == rows[1].index("not ready: ")


def test_warnings_stand_below_the_table_and_do_not_count(repository: Repository, example: Document) -> None:
    example["Statement"][1]["Action"].remove("ec2:CreateTags")
    repository.write("role.json", example)
    lines = table(repository, "role.json", "--veeam-iam-excess=off").splitlines()
    assert lines[1].endswith("  ok    ready (any bucket)")
    assert lines[2].startswith("  role.json:1:1: warning: ec2:CreateTags is recommended and not granted: ")
    assert lines[3].startswith("1 of 1 ready ")


def test_warnings_count_where_that_was_asked_for(repository: Repository, example: Document) -> None:
    example["Statement"][1]["Action"].remove("ec2:CreateTags")
    repository.write("role.json", example)
    outcome = repository.run("--veeam-iam", "role.json", "--veeam-iam-fail-on=warning")
    assert outcome.failed == ["role.json::lint"]
    assert "not ready: " in outcome.table[1]
    assert any(line.startswith("0 of 1 ready ") for line in outcome.table)


def test_at_most_three_inferred_buckets_are_named(repository: Repository, scoped: Document) -> None:
    for number in range(4):
        text = repository.write("text.txt", scoped).read_text("utf-8").replace("acme-veeam", f"acme-{number}")
        repository.write(f"policies/{number}.json", text)
    *_, closing, _ = table(repository, "policies").splitlines()
    assert closing == (
        "4 of 4 ready for vb365-s3 8.3, profile documented. "
        "Bucket acme-0, acme-1, acme-2 ... inferred: name it to catch a typo."
    )


# Quiet


def test_with_q_there_is_no_table(repository: Repository, example: Document) -> None:
    repository.write("a.json", example)
    assert table(repository, "-q", "a.json") == f"1 of 1 ready for vb365-s3 8.3, profile documented.\n{NOT_PROVEN}"


@pytest.mark.parametrize("arguments", [("--collect-only",), ("-k", "nothing")], ids=" ".join)
def test_where_nothing_was_checked_nothing_is_said(
    repository: Repository, example: Document, arguments: tuple[str, ...]
) -> None:
    repository.write("a.json", example)
    assert table(repository, "a.json", *arguments) == ""


# Many policies


def test_of_many_policies_only_those_that_fall_short_have_a_row(
    repository: Repository, example: Document, small: Document
) -> None:
    for number in range(MANY):
        repository.write(f"policies/{number:02}.json", small if number in (3, 7) else example)
    lines = table(repository, "policies").splitlines()
    assert [line.split()[0] for line in lines[1:3]] == ["policies/03.json", "policies/07.json"]
    assert lines[3] == "... and 23 more"
    assert any(line.startswith("23 of 25 ready ") for line in lines)


def test_of_many_policies_that_fall_short_twenty_have_a_row(repository: Repository, small: Document) -> None:
    for number in range(MANY):
        repository.write(f"policies/{number:02}.json", small)
    lines = table(repository, "policies", "--veeam-iam-groups=object").splitlines()
    assert len([line for line in lines if line.startswith("policies/")]) == MOST_ROWS
    assert "... and 5 more" in lines
    assert any(line.startswith("0 of 25 ready ") for line in lines)


def test_of_many_policies_that_are_ready_none_has_a_row(repository: Repository, example: Document) -> None:
    for number in range(MANY):
        repository.write(f"policies/{number:02}.json", example)
    lines = table(repository, "policies", "--veeam-iam-groups=object").splitlines()
    assert not [line for line in lines if line.startswith("policies/")]
    assert any(line.startswith("25 of 25 ready ") for line in lines)


def test_twenty_policies_all_have_a_row(repository: Repository, example: Document) -> None:
    for number in range(MOST_ROWS):
        repository.write(f"policies/{number:02}.json", example)
    lines = table(repository, "policies", "--veeam-iam-groups=object").splitlines()
    assert len([line for line in lines if line.startswith("policies/")]) == MOST_ROWS


# A run of a part


def test_the_row_of_a_partial_run_does_not_say_ready_alone(repository: Repository, example: Document) -> None:
    repository.write("a.json", example)
    _, row, *_ = table(repository, "a.json", "-k", "object").splitlines()
    assert row.split()[:6] == ["a.json", "-", "-", "-", "10/10", "-"]
    assert row.endswith("ready as far as it ran (any bucket)")


@pytest.mark.parametrize(
    "arguments", [("-k", "object"), ("-q", "-k", "object"), ("--deselect=a.json::bucket",)], ids=str
)
def test_a_partial_run_is_not_called_ready(
    repository: Repository, example: Document, arguments: tuple[str, ...]
) -> None:
    repository.write("a.json", example)
    *_, closing, _ = table(repository, "a.json", *arguments).splitlines()
    assert "1 of 1 ready for" not in closing


def test_a_partial_run_that_falls_short_is_not_ready(repository: Repository, small: Document) -> None:
    repository.write("a.json", small)
    _, row, *_ = table(repository, "a.json", "-k", "object").splitlines()
    assert row.endswith("not ready: 9 not granted")

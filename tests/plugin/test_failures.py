"""What a failure says: the whole text in the terminal, its first line in every short form, and the JUnit file."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from tests.git import apply

if TYPE_CHECKING:
    from tests.plugin.conftest import Document, Repository

NARROW = 80
FIRST_LINE_MOST = 200


# The whole text


def test_a_missing_action_is_told_with_place_reason_and_remedy(repository: Repository, scoped: Document) -> None:
    scoped["Statement"][2]["Action"].remove("s3:RestoreObject")
    repository.write("policies/role.json", scoped)
    outcome = repository.run("--veeam-iam", "policies")
    assert outcome.counts == {"passed": 5, "failed": 1}
    assert outcome.failure("policies/role.json::object") == dedent(
        """\
        s3:RestoreObject missing (1 of 10, acme-veeam)

          s3:RestoreObject  missing
              on       arn:aws:s3:::acme-veeam/*      (for example arn:aws:s3:::acme-veeam/a)
              reason   no statement allows it
              listed   vendor page of 2025-01-16, "For an object"; why (inferred): retrieve archived objects from the Glacier Flexible Retrieval and Deep Archive classes

          to fix:
              --- a/policies/role.json
              +++ b/policies/role.json
              @@ -34,7 +34,8 @@
                               "s3:GetObjectVersion",
                               "s3:GetObjectRetention",
                               "s3:PutObjectRetention",
              -                "s3:DeleteObjectVersion"
              +                "s3:DeleteObjectVersion",
              +                "s3:RestoreObject"
                           ],
                           "Resource": "arn:aws:s3:::acme-veeam/*"
                       },"""  # noqa: E501 - as it is shown
    )


def test_a_deny_is_told_with_the_statement_that_denies(repository: Repository, scoped: Document) -> None:
    deny = {
        "Sid": "AppendOnly",
        "Effect": "Deny",
        "Action": "s3:DeleteObject*",
        "Resource": "arn:aws:s3:::acme-veeam/*",
    }
    scoped["Statement"].insert(0, deny)
    repository.write("role.json", scoped)
    outcome = repository.run("--veeam-iam", "role.json")
    assert outcome.counts == {"passed": 5, "failed": 1}
    assert outcome.failure("role.json::object") == dedent(
        """\
        s3:DeleteObject denied, s3:DeleteObjectVersion denied (2 of 10, acme-veeam)

          s3:DeleteObject         denied
          s3:DeleteObjectVersion  denied
              on       arn:aws:s3:::acme-veeam/*      (for example arn:aws:s3:::acme-veeam/a)
              by       role.json:4 "AppendOnly" denies s3:DeleteObject* on arn:aws:s3:::acme-veeam/*
              listed   vendor page of 2025-01-16, "For an object\""""
    )


def test_a_bucket_in_place_of_its_objects_is_told_once_for_all_actions(
    repository: Repository, scoped: Document
) -> None:
    objects = scoped["Statement"][2]
    objects["Action"], objects["Resource"] = "s3:*", "arn:aws:s3:::acme-veeam"
    repository.write("role.json", scoped)
    outcome = repository.run("--veeam-iam", "role.json")
    assert outcome.counts == {"passed": 5, "failed": 1}
    assert outcome.failure("role.json::object") == dedent(
        """\
        s3:PutObject missing, s3:GetObject missing, s3:DeleteObject missing, s3:AbortMultipartUpload missing, s3:ListMultipartUploadParts missing and 5 more (10 of 10, acme-veeam)

          s3:PutObject                 missing
          s3:GetObject                 missing
          s3:DeleteObject              missing
          s3:AbortMultipartUpload      missing
          s3:ListMultipartUploadParts  missing
          s3:RestoreObject             missing
          s3:GetObjectVersion          missing
          s3:GetObjectRetention        missing
          s3:PutObjectRetention        missing
          s3:DeleteObjectVersion       missing
              on       arn:aws:s3:::acme-veeam/*      (for example arn:aws:s3:::acme-veeam/a)
              nearest  role.json:25 "Objects" allows it on arn:aws:s3:::acme-veeam: that is the bucket; objects are acme-veeam/*
              listed   vendor page of 2025-01-16, "For an object"

          to fix:
              --- a/role.json
              +++ b/role.json
              @@ -64,6 +64,22 @@
                               "ssm:GetParameter"
                           ],
                           "Resource": "*"
              +        },
              +        {
              +            "Effect": "Allow",
              +            "Action": [
              +                "s3:PutObject",
              +                "s3:GetObject",
              +                "s3:DeleteObject",
              +                "s3:AbortMultipartUpload",
              +                "s3:ListMultipartUploadParts",
              +                "s3:RestoreObject",
              +                "s3:GetObjectVersion",
              +                "s3:GetObjectRetention",
              +                "s3:PutObjectRetention",
              +                "s3:DeleteObjectVersion"
              +            ],
              +            "Resource": "arn:aws:s3:::acme-veeam/*"
                       }
                   ]
               }"""  # noqa: E501 - as it is shown
    )


def test_the_diff_that_is_shown_makes_it_ready(repository: Repository, scoped: Document) -> None:
    scoped["Statement"][2]["Resource"] = "arn:aws:s3:::acme-veeam"
    repository.write("role.json", scoped)
    text = repository.run("--veeam-iam", "role.json").failure("role.json::object")
    _, _, shown = text.partition("to fix:\n")
    diff = "".join(f"{line[6:]}\n" for line in shown.splitlines())
    apply(diff, repository.path)
    assert repository.run("--veeam-iam", "role.json").code == 0


def test_the_diff_names_the_file_as_git_does(repository: Repository, scoped: Document) -> None:
    scoped["Statement"][2]["Action"].remove("s3:RestoreObject")
    repository.write("infra/role.json", scoped)
    repository.path.joinpath(".git").mkdir()
    text = repository.run("--veeam-iam", "--rootdir=infra", "infra/role.json").failure("role.json::object")
    assert "--- a/infra/role.json\n" in text


def test_a_repair_that_breaks_is_a_sentence_of_the_failure(
    repository: Repository, scoped: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("of a test")

    scoped["Statement"][2]["Action"].remove("s3:RestoreObject")
    repository.write("role.json", scoped)
    monkeypatch.setattr("pytest_veeam_iam.repair.propose", broken)
    text = repository.run("--veeam-iam", "role.json").failure("role.json::object")
    assert text.startswith("s3:RestoreObject missing (1 of 10, acme-veeam)\n")
    assert "no repair could be worked out (ZeroDivisionError: of a test)" in text


def test_an_action_that_is_misspelt_is_named_beside_the_one_that_is_meant(
    repository: Repository, scoped: Document
) -> None:
    scoped["Statement"][2]["Action"][5] = "s3:RestoreObjects"
    repository.write("role.json", scoped)
    text = repository.run("--veeam-iam", "role.json").failure("role.json::object")
    assert 'nearest  role.json:25 "Objects" allows s3:RestoreObjects there, which is another action' in text


def test_the_name_of_an_api_operation_is_told_beside_the_action(repository: Repository, scoped: Document) -> None:
    scoped["Statement"][0]["Action"] = ["s3:ListBuckets"]
    repository.write("role.json", scoped)
    text = repository.run("--veeam-iam", "role.json").failure("role.json::repository")
    assert text.startswith("s3:ListAllMyBuckets missing (1 of 2, acme-veeam)\n")
    assert (
        "role.json:8:17: s3:ListBuckets is the name of an API operation; the IAM action is s3:ListAllMyBuckets" in text
    )


def test_a_condition_is_never_taken_for_granted(repository: Repository, scoped: Document) -> None:
    scoped["Statement"][0]["Condition"] = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    repository.write("role.json", scoped)
    outcome = repository.run("--veeam-iam", "role.json")
    assert outcome.short_summary == [
        "FAILED role.json::repository - s3:ListAllMyBuckets conditional (1 of 2, acme-veeam)"
    ]
    assert "only if  aws:SourceIp is in 10.0.0.0/8" in outcome.failure("role.json::repository")


def test_an_appliance_that_is_not_granted_at_all_hints_at_the_profile(repository: Repository, scoped: Document) -> None:
    del scoped["Statement"][3]
    repository.write("role.json", scoped)
    text = repository.run("--veeam-iam", "role.json").failure("role.json::archiver-appliance")
    assert "No archiver appliance? --veeam-iam-profile=without-archiver-appliance (" in text
    assert repository.run("--veeam-iam", "role.json", "--veeam-iam-profile=without-archiver-appliance").code == 0


def test_files_that_are_ready_only_together_hint_at_that(repository: Repository, scoped: Document) -> None:
    for name, statements in {"s3.json": scoped["Statement"][:3], "ec2.json": scoped["Statement"][3:]}.items():
        repository.write(f"policies/{name}", {"Version": "2012-10-17", "Statement": statements})
    outcome = repository.run("--veeam-iam", "policies")
    *_, hint = outcome.failure("policies/s3.json::archiver-appliance").splitlines()
    assert hint.startswith("  policies/ec2.json grants ")
    assert "attached to the same user? pytest --veeam-iam --veeam-iam-together" in hint


def test_a_document_that_aws_refuses_fails_its_lint_item(repository: Repository, scoped: Document) -> None:
    scoped["Statement"][0]["Principal"] = "*"
    repository.write("role.json", scoped)
    outcome = repository.run("--veeam-iam", "role.json")
    assert "role.json::lint" in outcome.failed
    assert outcome.failure("role.json::lint").startswith("a Principal stands here, but AWS refuses")


@pytest.mark.parametrize("style", ["auto", "long", "short", "native"])
def test_no_style_of_traceback_adds_a_traceback(repository: Repository, scoped: Document, style: str) -> None:
    scoped["Statement"][2]["Action"].remove("s3:RestoreObject")
    repository.write("role.json", scoped)
    text = repository.run("--veeam-iam", "role.json", f"--tb={style}").failure("role.json::object")
    assert text.startswith("s3:RestoreObject missing (1 of 10, acme-veeam)\n\n  s3:RestoreObject  missing\n")
    assert ".py" not in text
    assert "Traceback" not in text


# The first line: short summary and JUnit


def test_the_short_summary_of_a_narrow_terminal_still_shows_the_action(
    repository: Repository, scoped: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(NARROW))
    scoped["Statement"][2]["Action"].remove("s3:RestoreObject")
    repository.write("policies/role.json", scoped)
    [line] = repository.run("--veeam-iam", "policies").short_summary
    assert line == "FAILED policies/role.json::object - s3:RestoreObject missing (1 of 10, acme-v..."


def test_the_first_line_stays_short_however_much_is_missing(repository: Repository, small: Document) -> None:
    repository.write("role.json", small)
    outcome = repository.run("--veeam-iam", "role.json")
    for item in ("archiver-appliance", "object"):
        first, _, rest = outcome.failure(f"role.json::{item}").partition("\n")
        assert len(first) < FIRST_LINE_MOST
        assert " more (" in first
        assert rest.startswith("\n")


def test_junit_shows_the_first_line_as_the_message_and_the_whole_text_below(
    repository: Repository, scoped: Document
) -> None:
    scoped["Statement"][2]["Action"].remove("s3:RestoreObject")
    repository.write("policies/role.json", scoped)
    cases = repository.junit("--veeam-iam", "policies")
    assert sorted(cases) == [
        f"policies.role.json.{item}"
        for item in ("actions", "archiver-appliance", "bucket", "lint", "object", "repository")
    ]
    failed = {name: case.find("failure") for name, case in cases.items() if case.find("failure") is not None}
    assert list(failed) == ["policies.role.json.object"]
    failure = failed["policies.role.json.object"]
    assert failure is not None
    assert failure.get("message") == "s3:RestoreObject missing (1 of 10, acme-veeam)"
    text = failure.text or ""
    assert text.startswith("s3:RestoreObject missing (1 of 10, acme-veeam)\n\n  s3:RestoreObject  missing\n")
    assert '+                "s3:RestoreObject"\n' in text


def test_junit_has_the_properties_of_every_item(repository: Repository, scoped: Document) -> None:
    scoped["Statement"][2]["Action"].remove("s3:RestoreObject")
    repository.write("role.json", scoped)
    case = repository.junit("--veeam-iam", "role.json")["role.json.object"]
    assert {each.get("name"): each.get("value") for each in case.iter("property")} == {
        "veeam_iam.policy": "role.json",
        "veeam_iam.pack": "vb365-s3@8.3",
        "veeam_iam.place": "acme-veeam",
        "veeam_iam.group": "object",
        "veeam_iam.cell": "9/10",
        "veeam_iam.ready": "False",
        "veeam_iam.file": "role.json",
        "veeam_iam.line": "1",
    }


def test_junit_of_the_older_family_points_to_the_policy_in_its_file(repository: Repository, scoped: Document) -> None:
    repository.write("policies/both.json", [scoped, scoped])
    repository.write("policies/broken.json", '{\n  "Version": nothing, "Statement": []\n}\n')
    cases = repository.junit("--veeam-iam", "-o", "junit_family=xunit1", "policies")
    places = {name: (case.get("file"), case.get("line")) for name, case in cases.items()}
    begin = (repository.path / "policies" / "both.json").read_text("utf-8").splitlines().index("    {", 2)
    assert begin > 1
    assert places["policies.both.json.0/object"] == ("policies/both.json", "1")
    assert places["policies.both.json.1/object"] == ("policies/both.json", str(begin))
    assert places["policies.broken.json.load"] == ("policies/broken.json", "1")


# Files that cannot be read

BROKEN = {
    "not-json.json": (
        "Statement: []\n",
        "not-json.json:1:1: found Statement, expected a JSON value",
    ),
    "cut-off.json": (
        '{\n  "Version": "2012-10-17",\n  "Statement": [\n',
        'cut-off.json:4:1: the text ends, expected a value or "]"',
    ),
    "empty.json": (
        "",
        "empty.json:1:1: the text is empty, expected a JSON document",
    ),
    "duplicate.json": (
        '{\n  "Version": "2012-10-17",\n  "Statement": [{\n    "Effect": "Deny",\n    "Effect": "Allow",\n'
        '    "Action": "*",\n    "Resource": "*"\n  }]\n}\n',
        'duplicate.json:5:5: "Effect" stands twice in this object (first at line 4, column 5); AWS would refuse it or '
        "use one of them; keep the one that is meant",
    ),
    "no-break-space.json": (
        '{\n\u00a0 "Version": "2012-10-17",\n  "Statement": []\n}\n',
        "no-break-space.json:2:1: U+00A0 (no-break space) is not white space in JSON; the text was copied from a web "
        "page or Markdown: replace every U+00A0 by an ordinary space (the example on the vendor's page holds them)",
    ),
    "markdown.json": (
        '{\n  "Version": "2012-10-17",\n  "Statement": [{\n    "Effect": "Allow",\n    "Action": "s3:*",\n'
        '    "Resource": "arn:aws:s3:::\\*"\n  }]\n}\n',
        "markdown.json:6:31: \"\\*\" is Markdown's escape, not JSON's; the text was copied from a web page or "
        'Markdown: write "*" (the example on the vendor\'s page holds them)',
    ),
}


def test_every_broken_file_is_one_item_that_fails_and_the_others_are_still_checked(
    repository: Repository, example: Document
) -> None:
    repository.write("policies/a.json", example)
    repository.write("policies/z.json", example)
    for name, (content, _) in BROKEN.items():
        repository.write(f"policies/{name}", content)
    outcome = repository.run("--veeam-iam", "policies")
    assert outcome.code == 1
    assert outcome.counts == {"passed": 12, "failed": len(BROKEN)}
    expected = {f"policies/{name}::load": f"policies/{message}" for name, (_, message) in BROKEN.items()}
    for item, message in expected.items():
        assert outcome.failure(item) == message
    assert sorted(outcome.short_summary) == sorted(f"FAILED {item} - {text}" for item, text in expected.items())
    rows = {line.split()[0]: line for line in outcome.table if line.startswith("policies/")}
    assert len(rows) == len(BROKEN) + 2
    assert all(rows[f"policies/{name}"].endswith("cannot be read") for name in BROKEN)


def test_junit_shows_a_broken_file_with_its_place(repository: Repository) -> None:
    repository.write("empty.json", "")
    cases = repository.junit("--veeam-iam", "empty.json")
    failure = cases["empty.json.load"].find("failure")
    assert failure is not None
    assert failure.get("message") == BROKEN["empty.json"][1]


# Tests that somebody wrote


def test_a_hand_written_test_begins_its_short_summary_with_the_names(repository: Repository, scoped: Document) -> None:
    scoped["Statement"][2]["Action"].remove("s3:RestoreObject")
    repository.write("role.json", scoped)
    repository.write(
        "test_role.py",
        """
        from pytest_veeam_iam import assert_veeam_backup_ready

        def test_role():
            assert_veeam_backup_ready("role.json", bucket="acme-veeam")
        """,
    )
    outcome = repository.run("test_role.py")
    assert outcome.short_summary == ["FAILED test_role.py::test_role - s3:RestoreObject missing (1 of 45, acme-veeam)"]
    text = outcome.failure("test_role")
    assert '>       assert_veeam_backup_ready("role.json", bucket="acme-veeam")' in text
    assert "object: 9 of 10 granted" in text
    assert "assertions.py" not in text


def test_a_hand_written_test_of_a_broken_file_begins_its_short_summary_with_the_place(repository: Repository) -> None:
    repository.write("role.json", "")
    repository.write(
        "test_role.py",
        """
        from pytest_veeam_iam import assert_veeam_backup_ready

        def test_role():
            assert_veeam_backup_ready("role.json")
        """,
    )
    outcome = repository.run("test_role.py")
    assert outcome.short_summary == [
        "FAILED test_role.py::test_role - role.json:1:1: the text is empty, expected a JSON document"
    ]


def test_the_failure_of_other_tests_stays_as_it_is(repository: Repository) -> None:
    repository.write("test_other.py", "def test_other():\n    assert 1 == 2\n")
    assert repository.run("test_other.py").short_summary == ["FAILED test_other.py::test_other - assert 1 == 2"]

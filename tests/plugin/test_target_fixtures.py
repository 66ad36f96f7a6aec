"""Tests that a team writes by hand ask for its targets: by fixture, by marker, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import Document, Repository

TWO = """
    [[target]]
    name = "prod"
    files = "policies/prod.json"
    bucket = "acme-veeam"

    [[target]]
    name = "dev"
    files = "policies/dev.json"
    bucket = "acme-veeam"
    profile = "without-archiver-appliance"

    [[waiver]]
    target = "dev"
    permission = "s3:RestoreObject"
    reason = "no Glacier"
    accepted_by = "platform team"
    expires = 2027-01-31
"""


@pytest.fixture
def two(repository: Repository, scoped: Document) -> Repository:
    repository.write("policies/prod.json", scoped)
    scoped["Statement"][2]["Action"].remove("s3:RestoreObject")
    repository.write("policies/dev.json", scoped)
    repository.write("veeam-iam.toml", TWO)
    repository.ini("veeam_iam_as_of = 2026-11-27")
    return repository


def run(two: Repository, test: str, *arguments: str) -> dict[str, int]:
    two.write("test_a.py", "import pytest\n\n\n" + test)
    return two.run("test_a.py", *arguments).counts


def test_a_test_that_wants_a_target_runs_once_for_each(two: Repository) -> None:
    two.write("test_a.py", "def test_it(veeam_target):\n    assert veeam_target.report.accepted\n")
    assert two.collect("test_a.py") == ["test_a.py::test_it[prod]", "test_a.py::test_it[dev]"]
    assert two.run("test_a.py").counts == {"passed": 2}


def test_the_marker_names_the_target(two: Repository) -> None:
    body = """
        @pytest.mark.veeam_iam(target="dev")
        def test_it(veeam_target, veeam_check):
            assert veeam_target.name == "dev"
            assert len(veeam_target.policies) == 1
            assert veeam_check() is veeam_target.report
            assert [group.id for group in veeam_check().groups] == ["repository", "bucket", "object"]

        @pytest.mark.veeam_iam(target="prod")
        def test_that(veeam_check):
            assert veeam_check().ready
    """
    two.write("test_a.py", "        import pytest\n" + body)
    assert two.run("test_a.py").counts == {"passed": 2}


def test_a_parameter_names_the_target(two: Repository) -> None:
    test = (
        '@pytest.mark.parametrize("veeam_target", ["prod"], indirect=True)\n'
        "def test_it(veeam_target):\n    assert veeam_target.report.ready\n"
    )
    assert run(two, test) == {"passed": 1}


def test_the_report_says_not_ready_and_accepted(two: Repository) -> None:
    test = (
        '@pytest.mark.veeam_iam(target="dev")\n'
        "def test_it(veeam_check):\n"
        "    found = veeam_check().to_dict()\n"
        '    assert (found["ready"], found["accepted"]) == (False, True)\n'
        '    permissions = [each for group in found["groups"] for each in group["permissions"]]\n'
        '    waived = [each["action"] for each in permissions if each["waived"]]\n'
        '    assert waived == ["s3:RestoreObject"]\n'
        '    assert found["waivers"][0]["accepted_by"] == "platform team"\n'
        '    assert veeam_check().explain().startswith("not ready, 1 waived: s3:RestoreObject missing")\n'
    )
    assert run(two, test) == {"passed": 1}
    assert run(two, test, "--veeam-iam-no-waivers") == {"failed": 1}
    assert run(two, test, "--veeam-iam-as-of=2027-02-01") == {"failed": 1}


def test_an_assertion_outside_of_targets_reads_no_waiver(two: Repository) -> None:
    test = (
        "def test_it(veeam_check):\n"
        '    report = veeam_check("policies/dev.json", bucket="acme-veeam")\n'
        '    assert (report.ready, report.to_dict()["accepted"]) == (False, False)\n\n\n'
        '@pytest.mark.veeam_iam(target="dev")\n'
        "def test_that(veeam_check):\n"
        '    assert not veeam_check("policies/dev.json").accepted\n'
        '    assert veeam_check("policies/prod.json").ready\n'
        "    assert not veeam_check(prefix='Veeam').accepted\n"
    )
    assert run(two, test) == {"passed": 2}


def test_the_marker_takes_the_keys_of_a_target_and_wins(two: Repository) -> None:
    test = (
        '@pytest.mark.veeam_iam(target="prod", groups=["object"], bucket="other")\n'
        "def test_it(veeam_check):\n"
        "    report = veeam_check()\n"
        '    assert [group.id for group in report.groups] == ["object"]\n'
        '    assert report.target["bucket"] == "other"\n'
        '    assert veeam_check(bucket="acme-veeam").ready\n\n\n'
        '@pytest.mark.veeam_iam(files=["policies/prod.json"], bucket="acme-veeam")\n'
        "def test_that(veeam_check):\n"
        "    assert veeam_check().ready\n"
    )
    assert run(two, test, "--veeam-iam-profile=documented") == {"passed": 2}


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ('target="prd"', 'target "prd" is not in veeam-iam.toml (did you mean prod?); possible are prod, dev'),
        ('bukket="a"', 'marker veeam_iam: "bukket" is no key (did you mean bucket?)'),
        ("", "veeam_check: there is no policy; pass one, or mark the test"),
    ],
)
def test_what_is_wrong_in_a_test_is_said_in_one_line(two: Repository, mark: str, message: str) -> None:
    two.write(
        "test_a.py",
        f"import pytest\n\n\n@pytest.mark.veeam_iam({mark})\ndef test_it(veeam_check):\n    veeam_check()\n",
    )
    assert message in two.run("test_a.py").text


def test_without_a_file_there_is_no_target(repository: Repository) -> None:
    repository.write("test_a.py", "def test_it(veeam_target):\n    pass\n")
    outcome = repository.run()
    assert outcome.counts == {"errors": 1}
    assert "there is no veeam-iam.toml with targets; pytest --veeam-iam-init writes one" in outcome.text


def test_a_mistake_in_the_file_fails_the_tests_that_ask_for_it(two: Repository) -> None:
    two.write("veeam-iam.toml", TWO + '    reasons = "x"\n')
    two.write("test_a.py", "def test_it(veeam_target):\n    pass\n\n\ndef test_that():\n    pass\n")
    assert two.run("test_a.py").counts == {"passed": 1, "errors": 1}


def test_the_policies_of_a_repository_are_those_of_its_targets(two: Repository, small: Document) -> None:
    two.write("policies/veeam-other.json", small)
    two.write(
        "test_a.py",
        "def test_it(veeam_policy):\n    pass\n\n\n"
        "def test_all(veeam_policies):\n    assert len(veeam_policies) == 2\n",
    )
    assert two.collect("test_a.py") == ["test_a.py::test_it[prod]", "test_a.py::test_it[dev]", "test_a.py::test_all"]
    assert two.run("test_a.py").counts == {"passed": 3}
    two.write("policies/prod.json", "{")
    assert two.run("test_a.py").counts == {"passed": 1, "errors": 2}
    two.ini("veeam_iam_policies = policies/veeam-other.json")
    assert two.collect("test_a.py")[0] == "test_a.py::test_it[policies/veeam-other.json]"

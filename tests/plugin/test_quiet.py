"""Who did not ask sees nothing and pays nothing; who asked gets the same answer whatever else pytest is told."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.plugin.conftest import Document, Outcome, Repository

USAGE_ERROR = 4
NO_TESTS_COLLECTED = 5
ADD = "def test_add():\n    assert 1 + 1 == 2\n"
HEAVY = {"parliament", "policy_sentry", "jsonpath_ng", "yaml", "tree_sitter"}
LIGHT = {"pytest_veeam_iam", "pytest_veeam_iam.config", "pytest_veeam_iam.errors", "pytest_veeam_iam.plugin"}
WITHOUT_XDIST_AND_CACHE = ("-p", "no:xdist", "-p", "no:cacheprovider")


def without_times(lines: Iterable[str]) -> list[str]:
    return [re.sub(r"in [0-9.]+s", "in 0s", line) for line in lines if not line.startswith("plugins: ")]


# Nobody asked


@pytest.mark.parametrize("arguments", [(), (".",), ("policies",), ("-v",), ("--collect-only",)], ids=str)
def test_a_run_that_does_not_ask_prints_what_it_prints_without_the_plugin(
    repository: Repository, example: Document, arguments: tuple[str, ...]
) -> None:
    repository.write("policies/veeam.json", example)
    repository.write("test_a.py", ADD)
    with_it = repository.run(*arguments)
    without_it = repository.run("-p", "no:veeam_iam", *arguments)
    assert without_times(with_it.lines) == without_times(without_it.lines)
    assert (with_it.code, with_it.errors) == (without_it.code, without_it.errors)


def test_a_repository_without_tests_still_has_none(repository: Repository, example: Document) -> None:
    repository.write("policies/veeam.json", example)
    assert repository.run().code == NO_TESTS_COLLECTED


def test_a_run_that_does_not_ask_imports_nothing_heavy(
    repository: Repository, example: Document, pytester: pytest.Pytester
) -> None:
    repository.write("policies/veeam.json", example)
    repository.write("test_a.py", ADD)
    result = pytester.run(sys.executable, "-X", "importtime", "-m", "pytest", *WITHOUT_XDIST_AND_CACHE)
    assert result.ret == 0
    imported = {line.rpartition("|")[2].strip() for line in result.errlines if line.startswith("import time:")}
    assert "pytest_veeam_iam.config" in imported
    assert not {name.partition(".")[0] for name in imported} & HEAVY
    assert {name for name in imported if name.startswith("pytest_veeam_iam")} <= LIGHT


@pytest.mark.parametrize("arguments", [(), ("--help",), ("--markers",), ("--fixtures",)], ids=str)
def test_a_run_that_does_not_ask_loads_four_small_modules(
    repository: Repository, example: Document, arguments: tuple[str, ...]
) -> None:
    repository.write("policies/veeam.json", example)
    repository.write("test_a.py", ADD)
    repository.write(
        "conftest.py",
        """
        import sys
        from pathlib import Path

        def pytest_unconfigure():
            Path("modules.txt").write_text(" ".join(sys.modules))
        """,
    )
    assert repository.run_apart(*arguments).code == 0
    loaded = (repository.path / "modules.txt").read_text("utf-8").split()
    assert {name for name in loaded if name.startswith("pytest_veeam_iam")} == LIGHT
    assert not {name.partition(".")[0] for name in loaded} & HEAVY


def test_the_marker_is_registered_although_nobody_asks(repository: Repository) -> None:
    repository.write("test_a.py", "import pytest\n\n\n@pytest.mark.veeam_iam(bucket='a')\n" + ADD)
    assert repository.run("--strict-markers", "-W", "error").counts == {"passed": 1}


# Whatever else pytest is told


def check(outcome: Outcome) -> None:
    """One policy is ready and the other lacks s3:RestoreObject; the test beside them passes."""
    assert outcome.code == 1
    assert outcome.counts == {"passed": 12, "failed": 1}
    assert outcome.short_summary == ["FAILED policies/b.json::object - s3:RestoreObject missing (1 of 10, acme-veeam)"]


@pytest.fixture
def files(repository: Repository, example: Document, scoped: Document) -> None:
    """What ``check`` expects."""
    scoped["Statement"][2]["Action"].remove("s3:RestoreObject")
    repository.write("policies/a.json", example)
    repository.write("policies/b.json", scoped)
    repository.write("test_a.py", ADD)


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    "arguments",
    [
        ("-W", "error"),
        ("-W", "error", "-n", "2"),
        ("-p", "no:cacheprovider"),
        ("-p", "no:xdist", "--strict-config", "--strict-markers"),
        ("-q",),
    ],
    ids=" ".join,
)
def test_the_answer_is_the_same(repository: Repository, arguments: tuple[str, ...]) -> None:
    check(repository.run_apart("--veeam-iam", ".", *arguments))


@pytest.mark.usefixtures("files")
def test_it_works_without_a_terminal_reporter(repository: Repository) -> None:
    outcome = repository.run_apart("--veeam-iam", ".", "-p", "no:terminal", "--junitxml=out.xml")
    assert (outcome.code, outcome.lines, outcome.errors) == (1, [], "")
    text = (repository.path / "out.xml").read_text("utf-8")
    assert 'failures="1"' in text
    assert 'tests="13"' in text
    assert 'message="s3:RestoreObject missing (1 of 10, acme-veeam)"' in text


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("name", ["pytest_veeam_iam.plugin", "veeam_iam"])
def test_it_works_where_plugins_are_not_loaded_by_themselves(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    check(repository.run_apart("-p", name, "--veeam-iam", "."))


# Under xdist


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("how", ["load", "loadfile"])
def test_under_xdist_the_table_and_the_whole_text_are_the_same(repository: Repository, how: str) -> None:
    alone = repository.run("--veeam-iam", ".")
    parallel = repository.run("--veeam-iam", ".", "-n", "2", f"--dist={how}")
    check(parallel)
    first, _, rest = parallel.failure("policies/b.json::object").partition("\n")
    assert first.startswith("[gw")
    assert rest == alone.failure("policies/b.json::object")
    assert sorted(parallel.table) == sorted(alone.table)
    assert len(alone.table) == len(
        ["head", "a.json", "b.json", "excess of a.json", "how many", "what it does not prove"]
    )


def test_under_xdist_the_rows_stand_in_the_order_of_the_files(repository: Repository, example: Document) -> None:
    for name in ("a", "b", "c"):
        repository.write(f"policies/{name}.json", example)
    repository.write(
        "conftest.py",
        """
        import time

        def pytest_runtest_setup(item):
            time.sleep(0.5 if "a.json" in item.nodeid else 0)
        """,
    )
    arguments = ("--veeam-iam", "policies", "--veeam-iam-groups=object")
    assert repository.run(*arguments, "-n", "2", "--dist=loadfile").table == repository.run(*arguments).table


def test_under_xdist_what_was_not_typed_is_found_as_well(repository: Repository, example: Document) -> None:
    repository.ini("testpaths = tests", "veeam_iam_policies = infra/*.json")
    repository.write("infra/a.json", example)
    repository.write("tests/test_a.py", ADD)
    assert repository.run("-n", "2").counts == {"passed": 7}


def test_under_xdist_a_glob_that_no_shell_expanded_is_expanded(repository: Repository, example: Document) -> None:
    repository.write("infra/a.json", example)
    assert repository.run("-n", "2", "--veeam-iam", "infra/*.json").counts == {"passed": 6}


def test_under_xdist_what_is_configured_is_found_where_pytest_does_not_look(
    repository: Repository, example: Document
) -> None:
    repository.ini("veeam_iam_policies = build/a.json")
    repository.write("build/a.json", example)
    repository.write("build/b.json", example)
    assert repository.run("-n", "2").counts == {"passed": 6}


def test_under_xdist_policies_are_judged_together(repository: Repository, scoped: Document) -> None:
    for number, statement in enumerate(scoped["Statement"]):
        repository.write(f"policies/{number}.json", {"Version": "2012-10-17", "Statement": statement})
    assert repository.run("-n", "2", "--veeam-iam", "--veeam-iam-together", "policies").counts == {"passed": 6}


def test_under_xdist_a_broken_file_is_one_item(repository: Repository, example: Document) -> None:
    repository.write("policies/a.json", example)
    repository.write("policies/b.json", "")
    outcome = repository.run("-n", "2", "--veeam-iam", "policies")
    assert outcome.counts == {"passed": 6, "failed": 1}
    assert outcome.failed == ["policies/b.json::load"]


def test_under_xdist_no_policy_at_all_is_a_usage_error_although_tests_passed(repository: Repository) -> None:
    repository.write("tests/test_a.py", ADD)
    outcome = repository.run("-n", "2", "--veeam-iam", "tests")
    assert outcome.code == USAGE_ERROR
    assert (outcome.text + outcome.errors).count("there is no IAM policy") == 1


def test_under_xdist_a_wrong_value_that_was_typed_is_a_usage_error(repository: Repository, example: Document) -> None:
    repository.write("veeam.json", example)
    outcome = repository.run("-n", "2", "--veeam-iam", "--veeam-iam-profile=all")
    assert outcome.code == USAGE_ERROR
    assert "without-archiver-appliance" in outcome.errors


def test_under_xdist_a_wrong_value_in_a_file_is_one_item(repository: Repository) -> None:
    repository.ini("veeam_iam = true", "veeam_iam_profile = all")
    repository.write("test_a.py", ADD)
    outcome = repository.run("-n", "2")
    assert outcome.counts == {"passed": 1, "failed": 1}
    assert outcome.failed == ["pytest.ini::configuration"]


def test_under_xdist_a_glob_of_a_file_that_nothing_matches_is_one_item(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VEEAM_IAM_POLICIES", "gone.json")
    repository.write("test_a.py", ADD)
    outcome = repository.run("-n", "2")
    assert outcome.counts == {"passed": 1, "failed": 1}
    assert outcome.short_summary[0].startswith("FAILED configuration - gone.json: no file below")


@pytest.mark.parametrize("arguments", [("-p", "no:terminal"), ("-p", "no:terminal", "-n", "2"), ("-q",)], ids=" ".join)
def test_no_policy_at_all_is_an_error_however_little_is_printed(
    repository: Repository, arguments: tuple[str, ...]
) -> None:
    repository.write("test_a.py", ADD)
    assert repository.run_apart("--veeam-iam", "test_a.py", *arguments).code == USAGE_ERROR

"""JUnit as pytest writes it, read by a second library and held against the schema of Jenkins."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import pytest

from tests.companions.conftest import SUMMARY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.plugin.conftest import Repository

VARIABLE = "VEEAM_IAM_TEST_JUNIT_SCHEMA"
SCHEMA = os.environ.get(VARIABLE)
"""Names junit-10.xsd of Jenkins; pytest's source archive has it among its own tests."""

each_family = pytest.mark.parametrize("family", ["xunit1", "xunit2"])


def written(repository: Repository, family: str, *more: str) -> Path:
    path = repository.path / "junit.xml"
    arguments = ("-p", "no:randomly", "--veeam-iam", "policies", f"--junitxml={path}", "-o", f"junit_family={family}")
    repository.run(*arguments, *more)
    return path


def cases(repository: Repository, family: str, *more: str) -> dict[str, Any]:
    junitparser = pytest.importorskip("junitparser")
    suites = junitparser.JUnitXml.fromfile(str(written(repository, family, *more)))
    return {f"{case.classname}.{case.name}": case for suite in suites for case in suite}


def properties(case: Any) -> dict[str, str]:
    found = [(each.name, each.value) for each in case.child(pytest.importorskip("junitparser").Properties)]
    assert len(found) == len(dict(found))
    return dict(found)


@each_family
def test_names_are_those_of_policy_and_group(policies: Repository, family: str) -> None:
    items = ("archiver-appliance", "repository", "bucket", "object", "actions", "lint")
    expected = [f"policies.both.json.{number}/{item}" for number in (0, 1) for item in items]
    assert list(cases(policies, family)) == [*expected, "policies.broken.json.load"]


@each_family
def test_a_failure_is_its_summary_and_the_text_under_it(policies: Repository, family: str) -> None:
    (failure,) = cases(policies, family)["policies.both.json.1/object"].result
    assert failure.message == SUMMARY
    assert failure.text.splitlines()[0] == SUMMARY
    assert "to fix" in failure.text
    assert "Traceback" not in failure.text


@each_family
def test_each_case_says_in_which_line_of_which_file_its_policy_begins(
    policies: Repository, line: int, family: str
) -> None:
    found = {name: properties(case) for name, case in cases(policies, family).items()}
    places = {name: (told["veeam_iam.file"], told["veeam_iam.line"]) for name, told in found.items()}
    assert places["policies.both.json.0/lint"] == ("policies/both.json", "2")
    assert places["policies.both.json.1/object"] == ("policies/both.json", str(line))
    assert places["policies.broken.json.load"] == ("policies/broken.json", "2")
    assert found["policies.both.json.1/object"]["veeam_iam.group"] == "object"
    assert found["policies.both.json.1/object"]["veeam_iam.cell"] == "9/10"


def test_the_older_family_has_the_place_as_attributes(policies: Repository, line: int) -> None:
    case = cases(policies, "xunit1")["policies.both.json.1/object"]
    assert (case._elem.get("file"), case._elem.get("line")) == ("policies/both.json", str(line - 1))


@each_family
def test_an_item_that_runs_again_has_its_properties_once(policies: Repository, family: str) -> None:
    pytest.importorskip("pytest_rerunfailures")
    assert properties(cases(policies, family, "--reruns=2")["policies.both.json.1/object"])["veeam_iam.cell"] == "9/10"


@pytest.mark.skipif(not SCHEMA, reason=f"{VARIABLE} does not name the schema")
def test_but_for_properties_of_cases_it_is_what_the_schema_of_jenkins_asks_for(policies: Repository) -> None:
    xmlschema = pytest.importorskip("xmlschema")
    schema = xmlschema.XMLSchema(SCHEMA)
    tree = ET.parse(written(policies, "xunit2"))
    reasons = {error.reason for error in schema.iter_errors(tree)}
    assert reasons == {"Unexpected child with tag 'properties' at position 1."}  # which pytest writes all the same
    for case in tree.iter("testcase"):
        case.remove(case.find("properties"))  # type: ignore[arg-type]
    schema.validate(tree)
    next(tree.iter("failure")).tag = "falure"
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        schema.validate(tree)

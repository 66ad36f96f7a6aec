"""The recipes of docs/reports.md: each is what its CI takes, and its pytest writes the files that it speaks of."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema

from pytest_veeam_iam import reporters
from tests.reports import runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Ran = Callable[[str], tuple[subprocess.CompletedProcess[str], Path]]

PAGE = Path(__file__).parents[2] / "docs" / "reports.md"
SCHEMAS = {
    ".github/workflows/policies.yml": "vendor.github-workflows",
    ".gitlab-ci.yml": "vendor.gitlab-ci",
    "azure-pipelines.yml": "vendor.azure-pipelines",
}
_OURS = re.compile(r"veeam-iam\.\w+|gl-[\w-]+\.json")
_OF_A_CI = ("CI", "GIT", "BUILD", "BITBUCKET", "CIRCLE", "CODEBUILD", "SYSTEM_", "WORKSPACE", "VEEAM_IAM", "PYTEST")


@dataclass(frozen=True)
class Recipe:
    """One fenced block: the file that it is, and what it says."""

    file: str
    language: str
    text: str

    @property
    def content(self) -> Any:
        """YAML's values; YAML 1.1 takes the key ``on`` of GitHub for a boolean."""
        content = yaml.safe_load(self.text)
        return {"on" if key is True else key: value for key, value in content.items()}

    @property
    def command(self) -> str:
        """The line that runs pytest."""
        (command,) = [each for each in self._commands() if each.startswith("pytest ")]
        return command

    def _commands(self) -> Iterator[str]:
        if self.language == "groovy":
            yield from re.findall("sh '([^']*)'", self.text)
        else:
            yield from _strings(self.content)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings(each)
    elif isinstance(value, str):
        yield value


def _recipes() -> list[Recipe]:
    text = PAGE.read_text("utf-8")
    found = re.findall(r"^```(yaml|groovy)\n(?:#|//) (\S+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [Recipe(file, language, block) for language, file, block in found]


def _run(recipe: Recipe, directory: Path, *more: str) -> subprocess.CompletedProcess[str]:
    shutil.copytree(runs.EXAMPLES / "repository" / "policies", directory / "policies")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_OF_A_CI)}
    environment["GITHUB_STEP_SUMMARY"] = str(directory / "summary")
    (directory / "summary").write_text("what another step wrote\n")
    words = shlex.split(recipe.command.replace("$GITHUB_STEP_SUMMARY", shlex.quote(environment["GITHUB_STEP_SUMMARY"])))
    command = [sys.executable, "-m", *words, *more]
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Runs the pytest of a recipe, once, and returns what came of it and where."""

    @cache
    def run(file: str) -> tuple[subprocess.CompletedProcess[str], Path]:
        recipe = next(each for each in _recipes() if each.file == file)
        directory = tmp_path_factory.mktemp("project")
        return _run(recipe, directory, *(["policies/short.json"] if file.startswith(".pre-commit") else [])), directory

    return run


def test_there_is_one_for_each_ci() -> None:
    assert [each.file for each in _recipes()] == [
        ".github/workflows/policies.yml",
        ".gitlab-ci.yml",
        "azure-pipelines.yml",
        "Jenkinsfile",
        ".pre-commit-config.yaml",
    ]


@pytest.mark.parametrize("recipe", [each for each in _recipes() if each.file in SCHEMAS], ids=lambda each: each.file)
def test_it_is_what_its_ci_takes(recipe: Recipe) -> None:
    jsonschema.validate(recipe.content, get_builtin_schema(SCHEMAS[recipe.file]))


def test_the_schemas_refuse_what_is_none() -> None:
    recipe = _recipes()[0].content
    recipe["jobs"]["veeam-iam"]["stepz"] = []
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(recipe, get_builtin_schema("vendor.github-workflows"))


@pytest.mark.parametrize("recipe", _recipes(), ids=lambda each: each.file)
def test_its_pytest_finds_what_falls_short_and_writes_what_it_speaks_of(recipe: Recipe, run: Ran) -> None:
    done, directory = run(recipe.file)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "s3:ListBucketVersions missing (1 of 5, acme-veeam)" in done.stdout
    for name in set(_OURS.findall(recipe.text)):
        assert (directory / name).stat().st_size > 0, name
    if "--junitxml" in recipe.command:
        cases = ET.parse(directory / "veeam-iam.xml").getroot().iter("testcase")
        assert sum(case.find("failure") is not None for case in cases) > 3


def test_the_summary_of_a_job_is_appended_to(run: Ran) -> None:
    _, directory = run(".github/workflows/policies.yml")
    assert (directory / "summary").read_text("utf-8").startswith("what another step wrote\n## veeam-iam: ")


@pytest.mark.parametrize(
    ("file", "start"),
    [(".github/workflows/policies.yml", "::error "), ("azure-pipelines.yml", "##vso[task.logissue type=error;")],
)
def test_annotations_stand_at_the_start_of_lines(file: str, start: str, run: Ran) -> None:
    lines = run(file)[0].stdout.splitlines()
    assert sum(line.startswith(start) for line in lines) == 10


def test_every_form_has_a_heading() -> None:
    headings = {each.casefold() for each in re.findall(r"^## (.+)$", PAGE.read_text("utf-8"), re.MULTILINE)}
    assert set(reporters.names()) <= headings

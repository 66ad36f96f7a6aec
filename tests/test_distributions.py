"""The wheel and the source distribution hold what they must, nothing else, and say the truth about themselves."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email import message_from_bytes
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from email.message import Message

ROOT = Path(__file__).parents[1]
PACKAGE = "pytest_veeam_iam"
DATA = (".css", ".jinja", ".js", ".json", ".toml", ".typed")


def _project() -> dict[str, str]:
    project: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return project


def _build(folder: Path, into: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(into)]
    subprocess.run(command, cwd=folder, capture_output=True, check=True)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with both distributions."""
    folder = tmp_path_factory.mktemp("dist")
    _build(ROOT, folder)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def unpacked(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of the unpacked source distribution."""
    (path,) = built.glob("*.tar.gz")
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(path) as archive:
        archive.extractall(folder, filter="data")
    (root,) = folder.iterdir()
    return root


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [each for each in archive.namelist() if each.endswith(".dist-info/METADATA")]
        return message_from_bytes(archive.read(name))


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    files = {path for path in (ROOT / PACKAGE).rglob("*") if path.is_file() and path.parent.name != "__pycache__"}
    expected = {path.relative_to(ROOT).as_posix() for path in files}
    info = f"{wheel.name.partition('-py3-')[0]}.dist-info"
    told = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
    with zipfile.ZipFile(wheel) as archive:
        assert set(archive.namelist()) == expected | {f"{info}/{name}" for name in told}


def test_the_wheel_brings_the_data_that_is_read_at_run_time(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        data = {name for name in archive.namelist() if name.startswith(PACKAGE) and name.endswith(DATA)}
    assert {
        f"{PACKAGE}/py.typed",
        f"{PACKAGE}/report.schema.json",
        f"{PACKAGE}/reporters/html/page.jinja",
        f"{PACKAGE}/rulepacks/vb365-s3-8.3.toml",
        f"{PACKAGE}/sources/presets.toml",
        f"{PACKAGE}/veeam-iam.schema.json",
    } <= data


def test_the_source_distribution_builds_the_same_wheel(wheel: Path, unpacked: Path, tmp_path: Path) -> None:
    _build(unpacked, tmp_path)
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()


def test_the_source_distribution_holds_what_its_tests_need(unpacked: Path) -> None:
    held = {path.name for path in unpacked.iterdir()}
    visible = {path.name for path in ROOT.iterdir() if not path.name.startswith((".", "__"))}
    assert held >= visible - {"benchmarks", "build", "dist", "site"} | {".ci", ".github", ".pre-commit-hooks.yaml"}
    assert "benchmarks" not in held


def test_the_metadata_are_those_of_the_project(metadata: Message) -> None:
    project = _project()
    assert (metadata["Name"], metadata["Version"]) == (project["name"], project["version"])
    assert metadata["Summary"] == project["description"]
    assert (metadata["License-Expression"], metadata.get_all("License-File")) == ("MIT", ["LICENSE"])
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Description-Content-Type"] == "text/markdown"
    body = metadata.get_payload()
    assert isinstance(body, str)
    assert body.strip().splitlines() == (ROOT / "README.md").read_text("utf-8").strip().splitlines()


def test_the_classifiers_name_what_is_tested(metadata: Message) -> None:
    classifiers = metadata.get_all("Classifier") or []
    tested = (ROOT / ".github" / "workflows" / "tests.yml").read_text("utf-8")
    for classifier in classifiers:
        kind, _, version = classifier.rpartition(" :: ")
        if kind == "Programming Language :: Python":
            assert f'"{version}"' in tested
    assert {"Framework :: Pytest", "Typing :: Typed", "Operating System :: OS Independent"} <= set(classifiers)

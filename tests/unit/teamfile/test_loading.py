"""What stands in ``veeam-iam.toml`` becomes targets, bindings and waivers."""

from __future__ import annotations

import pickle
from datetime import date
from typing import TYPE_CHECKING

import pytest

from pytest_veeam_iam.errors import TeamFileError
from pytest_veeam_iam.teamfile.loading import load

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_veeam_iam.teamfile import TeamFile

TEXT = """
[bind]
"AWS::AccountId" = "111122223333"
var.bucket = "acme"
var.nested.count = 3

[[target]]
name = "prod"
files = ["a.json", "b.json"]
service_control_policies = ["root.json", ["unit.json", "more.json"]]
bind = { var = { bucket = "other" } }

[[target]]
name = "dev"
files = "c.json"

[[waiver]]
target = "dev"
permission = "s3:RestoreObject"
reason = "no Glacier"
accepted_by = "platform team"
expires = "2027-01-31"
"""


def loaded(folder: Path, text: str = TEXT, name: str = "veeam-iam.toml") -> TeamFile:
    path = folder / name
    path.write_text(text, "utf-8")
    return load(path, name)


def test_values_are_bound_however_their_names_are_written(tmp_path: Path) -> None:
    team = loaded(tmp_path)
    assert team.bind == {"AWS::AccountId": "111122223333", "var.bucket": "acme", "var.nested.count": "3"}
    assert team.targets[0].keys["bind"] == {"var.bucket": "other"}


def test_a_text_stands_for_a_list_of_one(tmp_path: Path) -> None:
    prod, dev = loaded(tmp_path).targets
    assert (prod.texts("files"), dev.texts("files")) == (("a.json", "b.json"), ("c.json",))
    assert prod.levels == (("root.json",), ("unit.json", "more.json"))
    assert dev.levels == ()


def test_a_waiver_knows_where_it_stands(tmp_path: Path) -> None:
    (waiver,) = loaded(tmp_path).waivers
    assert (waiver.expires, waiver.waives, waiver.place) == (
        date(2027, 1, 31),
        "s3:RestoreObject",
        "veeam-iam.toml:17:1",
    )


def test_the_project_file_has_it_in_a_table_of_its_own(tmp_path: Path) -> None:
    text = TEXT.replace("[bind]", "[tool.veeam-iam.bind]").replace("[[", "[[tool.veeam-iam.")
    team = loaded(tmp_path, "[project]\nname = 'x'\n" + text, "pyproject.toml")
    assert [target.name for target in team.targets] == ["prod", "dev"]
    assert team.place_of_bound("var.nested.count") == "pyproject.toml:7:1"
    assert team.place_of_bound("var.bucket", "target", 0) == "pyproject.toml:13:18"


@pytest.mark.parametrize("text", ["", "[tool]\nveeam-iam = 3\n", "[tool.veeam-iam]\n"])
def test_a_project_file_without_a_target_says_nothing(tmp_path: Path, text: str) -> None:
    with pytest.raises(TeamFileError, match=r"\[tool\.veeam-iam\] says nothing; add a \[\[target\]\]"):
        loaded(tmp_path, text, "pyproject.toml")


def test_bytes_that_are_no_text_are_an_error_with_a_place(tmp_path: Path) -> None:
    (tmp_path / "veeam-iam.toml").write_bytes(b"[[target]]\n\xff")
    with pytest.raises(TeamFileError, match=r"^veeam-iam\.toml:2:1: "):
        load(tmp_path / "veeam-iam.toml", "veeam-iam.toml")


def test_the_error_survives_a_trip_between_processes(tmp_path: Path) -> None:
    with pytest.raises(TeamFileError) as raised:
        loaded(tmp_path, "[[target]]\nx = 1\n")
    again = pickle.loads(pickle.dumps(raised.value))
    assert (str(again), again.file, again.problems) == (str(raised.value), raised.value.file, raised.value.problems)
    assert len(again.problems) == 3

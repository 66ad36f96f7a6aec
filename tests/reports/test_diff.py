"""The diff of a run is what git applies, whatever repairs it is made of."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_veeam_iam import check_veeam_backup_ready
from pytest_veeam_iam.reporters import diff
from tests.reports import runs

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_veeam_iam.evidence import RepairDict, Run

TEN = "".join(f"{number}\n" for number in range(1, 11))


def with_repairs(*repairs: RepairDict) -> Run:
    run = runs.kept()
    run["reports"] = [{**run["reports"][0], "name": f"role {n}", "repair": each} for n, each in enumerate(repairs)]
    return run


def apply(directory: Path, run: Run, *options: str) -> subprocess.CompletedProcess[str]:
    (directory / "veeam-iam.diff").write_bytes(diff.render(run).encode())
    command = ["git", "apply", *options, "veeam-iam.diff"]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)


def applied(directory: Path, name: str, before: str, *afters: str) -> str:
    """Return what a file becomes by the repairs that make it each of the others."""
    file = directory / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(before.encode())
    done = apply(directory, with_repairs(*(runs.repair(name, before, after) for after in afters)))
    assert done.returncode == 0, done.stderr
    return file.read_bytes().decode()


def test_a_repair_is_applied(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    before = (runs.EXAMPLES / "repository" / "policies" / "short.json").read_bytes()
    (tmp_path / "policies" / "short.json").write_bytes(before)
    assert apply(tmp_path, runs.repaired()).returncode == 0
    statements = json.loads((tmp_path / "policies" / "short.json").read_bytes())["Statement"]
    assert "s3:RestoreObject" in next(each for each in statements if each["Sid"] == "Objects")["Action"]


def test_the_repairs_of_a_run_are_applied_together(tmp_path: Path) -> None:
    shutil.copytree(runs.EXAMPLES / "repository", tmp_path, dirs_exist_ok=True)
    done = apply(tmp_path, runs.kept())
    assert done.returncode == 0, done.stderr
    for name, lacking in (("short", {"s3:DeleteObjectVersion"}), ("waived", set()), ("ready", set())):
        path = tmp_path / "policies" / f"{name}.json"
        report = check_veeam_backup_ready(path, bucket="acme-veeam", profile="without-archiver-appliance")
        assert {result.action for result in report.shortfalls} == lacking


def test_what_no_addition_mends_is_said_in_front() -> None:
    lines = diff.render(runs.repaired()).splitlines()
    assert (
        "# policies/short.json: s3:DeleteObjectVersion is denied by AppendOnly"
        in lines[: lines.index("--- a/policies/short.json")]
    )


def test_the_same_change_of_two_reports_is_made_once(tmp_path: Path) -> None:
    after = TEN.replace("5\n", "5\nnew\n")
    assert applied(tmp_path, "p.json", TEN, after, after) == after
    assert "in another way" not in diff.render(with_repairs(*(runs.repair("p.json", TEN, after) for _ in "12")))


def test_changes_of_different_places_are_all_made(tmp_path: Path) -> None:
    one, two = TEN.replace("2\n", "2\nnew\n"), TEN.replace("8\n", "eight\n")
    assert applied(tmp_path, "p.json", TEN, one, two) == one.replace("8\n", "eight\n")


def test_two_repairs_are_the_diff_of_both() -> None:
    many = "".join(f"{number}\n" for number in range(100, 200))
    one, two = many.replace("110\n", "110\nnew\nnew\n"), many.replace("150\n", "")
    merged = diff.render(with_repairs(*(runs.repair("p.json", many, after) for after in (two, one))))
    of_both = runs.repair("p.json", many, one.replace("150\n", ""))["diff"]
    assert "".join(line for line in merged.splitlines(keepends=True) if not line.startswith("#")) == of_both


def test_changes_that_share_their_context_are_one_hunk(tmp_path: Path) -> None:
    one, two = TEN.replace("4\n", "4\nnew\n"), TEN.replace("7\n", "seven\n")
    assert applied(tmp_path, "p.json", TEN, two, one) == one.replace("7\n", "seven\n")


def test_of_two_ways_to_change_a_place_the_first_is_taken_and_the_other_said(tmp_path: Path) -> None:
    one, two = TEN.replace("5\n", "5\nnew\n"), TEN.replace("5\n", "5\nother\n")
    assert applied(tmp_path, "p.json", TEN, one, two) == one
    text = diff.render(with_repairs(*(runs.repair("p.json", TEN, after) for after in (one, two))))
    assert "# role 1: p.json is changed there in another way above: apply, and run again\n" in text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\r\nb\r\nc\r\n", "a\r\nb\r\nnew\r\nc\r\n"),
        ("a\nb", "a\nnew\nb"),
        ("a\nb", "a\nb,\nnew"),
        ("a\nb", "a\nb\n"),
        ("a\nb\n", "a\nb"),
        ("a\n-- b\n", "a\n++ b\n"),
        ("a\n\nb\n", "a\n\n\nb\n"),
    ],
    ids=["CRLF", "no end", "added at no end", "end added", "end lost", "like a heading", "empty lines"],
)
def test_lines_stay_as_they_are(tmp_path: Path, before: str, after: str) -> None:
    assert applied(tmp_path, "p.json", before, after) == after


def test_a_file_may_have_spaces_in_its_name(tmp_path: Path) -> None:
    assert applied(tmp_path, "my policies/the role.json", "a\nb\n", "a\nc\n") == "a\nc\n"


def test_two_files_are_two(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(TEN)
    (tmp_path / "two.json").write_text(TEN)
    after = TEN.replace("5\n", "five\n")
    assert (
        apply(
            tmp_path, with_repairs(runs.repair("one.json", TEN, after), runs.repair("two.json", TEN, after))
        ).returncode
        == 0
    )
    assert (tmp_path / "one.json").read_text() == (tmp_path / "two.json").read_text() == after


def test_hostile_text_in_front_is_no_part_of_the_diff(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(TEN)
    hostile = "x\n--- a/other\n+++ b/other\n@@ -0,0 +1 @@\n+pwned\n"
    repair = runs.repair("p.json", TEN, TEN.replace("5\n", "five\n"), hostile)
    assert apply(tmp_path, with_repairs(repair)).returncode == 0
    assert {file.name for file in tmp_path.iterdir()} == {"p.json", "veeam-iam.diff"}


def test_what_to_add_by_hand_is_said() -> None:
    repair = runs.repair("p.json", TEN, TEN)
    repair["statement"] = '{\n  "Effect": "Allow"\n}'
    assert '# role 0: add by hand { "Effect": "Allow" }\n' in diff.render(with_repairs(repair))


@pytest.mark.parametrize("run", [runs.empty(), runs.ready()], ids=["empty", "ready"])
def test_where_nothing_is_to_be_added_git_takes_it_if_it_may_be_empty(tmp_path: Path, run: Run) -> None:
    assert diff.render(run).splitlines()[-1] == "# no file is changed"
    assert apply(tmp_path, run, "--allow-empty").returncode == 0
    assert apply(tmp_path, run).returncode == 128


@st.composite
def edits(draw: st.DrawFn) -> tuple[list[str], dict[int, list[str]], dict[int, list[str]]]:
    """Lines, and two edits of them: by number what becomes of a line; at least one line stands between two changes."""
    lines = [f"line {number}" for number in range(draw(st.integers(1, 30)))]
    free = [*range(len(lines))]
    both: tuple[dict[int, list[str]], dict[int, list[str]]] = ({}, {})
    for edit in both:
        for _ in range(draw(st.integers(1, 3))):
            if not free:
                break
            number = draw(st.sampled_from(free))
            edit[number] = draw(st.sampled_from([[], [lines[number], "added"], ["other"], ["a", "b", "c"]]))
            free = [each for each in free if abs(each - number) > 2]
    return lines, *both


@settings(max_examples=40, deadline=None)
@given(edits())
def test_two_edits_that_do_not_touch_are_both_made(
    tmp_path_factory: pytest.TempPathFactory, drawn: tuple[list[str], dict[int, list[str]], dict[int, list[str]]]
) -> None:
    lines, *both = drawn

    def made(edit: dict[int, list[str]]) -> str:
        return "".join(f"{each}\n" for number, line in enumerate(lines) for each in edit.get(number, [line]))

    directory = tmp_path_factory.mktemp("edits")
    assert applied(directory, "p.json", made({}), made(both[0]), made(both[1])) == made(both[0] | both[1])

"""Every form says of the run that is kept what is kept of it, always in the same bytes."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from typing import Any

import pytest

from pytest_veeam_iam import reporters
from tests.reports import golden, runs

each_form = pytest.mark.parametrize("name", reporters.names())
_RENDER_ALL = """
import hashlib
from pytest_veeam_iam import reporters
from tests.reports import runs
for name in reporters.names():
    print(name, hashlib.sha256(reporters.renderer(name)(runs.kept()).encode()).hexdigest())
"""


def _expected(name: str) -> str:
    return (golden.EXPECTED / name).read_bytes().decode("utf-8")


@each_form
def test_it_is_as_it_was(name: str) -> None:
    assert reporters.renderer(name)(runs.kept()) == _expected(f"run.{name}"), "python -m tests.reports.golden"


@each_form
def test_of_an_empty_run_it_is_as_it_was(name: str) -> None:
    assert reporters.renderer(name)(runs.empty()) == _expected(f"empty.{name}"), "python -m tests.reports.golden"


def test_what_stands_beside_a_policy_in_a_plan_is_in_no_report() -> None:
    secret = "correct horse battery staple"
    assert secret in (runs.EXAMPLES / "repository" / "plan" / "plan.json").read_text("utf-8")
    for name in reporters.names():
        assert secret not in reporters.renderer(name)(runs.kept())


def test_nothing_is_kept_of_what_is_no_form() -> None:
    assert {file.suffix for file in golden.EXPECTED.iterdir()} == {f".{name}" for name in reporters.names()}


@pytest.mark.parametrize("name", reporters.names())
def test_it_ends_in_a_line_feed_or_says_nothing(name: str) -> None:
    for run in (runs.kept(), runs.empty(), runs.ready()):
        text = reporters.renderer(name)(run)
        assert text == "" or text.endswith("\n")
        assert not text.endswith("\n\n")


def test_neither_the_order_of_sets_nor_a_second_time_changes_a_byte() -> None:
    here = {name: reporters.renderer(name)(runs.kept()) for name in reporters.names()}
    again = {name: reporters.renderer(name)(runs.kept()) for name in reporters.names()}
    assert here == again
    digests = "".join(f"{name} {hashlib.sha256(text.encode()).hexdigest()}\n" for name, text in here.items())
    for seed in ("1", "2"):
        command = [sys.executable, "-c", _RENDER_ALL]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(command, env=environment, cwd=runs.EXAMPLES.parents[2], capture_output=True, text=True)
        assert done.stdout == digests, done.stderr


@pytest.mark.parametrize("name", reporters.names())
def test_a_run_is_left_as_it_is(name: str) -> None:
    run = runs.kept()
    reporters.renderer(name)(run)
    assert run == runs.kept()


def test_the_run_is_what_pytest_writes() -> None:
    again: dict[str, Any] = json.loads(golden.run_again())
    kept: dict[str, Any] = {**runs.kept()}
    for key in ("tool", "data", "packs"):  # versions, of ours and of others
        assert type(again.pop(key)) is type(kept.pop(key))
    assert again == kept

"""The same policy in every form: a form changes where a policy stands, never what is said of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_veeam_iam import check_veeam_backup_ready, load_policies
from pytest_veeam_iam.sources import forms, load_file_if_policy, selected

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "tests" / "examples"
PLAIN = EXAMPLES / "documented.json"
NOT_READ = {"expected.json", "select.json"}
CASES = sorted(path for path in EXAMPLES.glob("*/veeam*") if path.is_dir())


def said(policy: Any, **target: Any) -> Any:
    """Return a report without the places of statements and findings."""
    report = check_veeam_backup_ready(policy, **target).to_dict()
    for group in report["groups"]:  # type: ignore[attr-defined]
        for permission in group["permissions"]:
            del permission["statements"], permission["reason"], permission["assumed"]
    findings: Any = report["findings"]
    report["findings"] = sorted({(each["id"], each["severity"], each["message"]) for each in findings})
    del report["assumed"]
    return report


def policies_of(case: Path) -> Any:
    select = case / "select.json"
    files = sorted(path for path in case.rglob("*") if path.is_file() and path.name not in NOT_READ)
    how = json.loads(select.read_text("utf-8")) if select.exists() else {}
    if len(files) > 1:  # a module
        return [policy for file in files for policy in load_file_if_policy(file)]
    return load_policies(files, form=how.get("preset"), select=how.get("paths", ()))


@pytest.mark.parametrize("case", CASES, ids=[case.relative_to(EXAMPLES).as_posix() for case in CASES])
@pytest.mark.parametrize("target", [{"bucket": "acme-veeam"}, {"bucket": "other"}], ids=["ready", "not-ready"])
def test_the_same_policy_gives_the_same_report_in_every_form(case: Path, target: dict[str, str]) -> None:
    report = said(policies_of(case), **target)
    assert report == said(PLAIN, **target)
    assert report["ready"] is (target["bucket"] == "acme-veeam")


def test_every_form_has_that_policy_among_its_examples() -> None:
    assert {case.parent.name for case in CASES} >= set(forms.names()) - set(selected.presets())

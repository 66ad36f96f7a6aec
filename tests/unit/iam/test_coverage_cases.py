"""The whole question at once: documents in, one decision out, for every kind of document that coverage depends on.

The cases stand in ``coverage_cases.json``, one a line: the arguments of ``evaluate``, and what must come out.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_veeam_iam import evaluate

CASES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("coverage_cases.json").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_case_has_its_decision(case: dict[str, Any]) -> None:
    arguments = dict(case)
    del arguments["id"]
    accepted = (arguments.pop("expected"), *arguments.pop("also_accepted", ()))
    assert evaluate(**arguments).decision in accepted


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_an_answer_that_is_not_allowed_says_why_and_where(case: dict[str, Any]) -> None:
    arguments = {name: value for name, value in case.items() if name not in ("id", "expected", "also_accepted")}
    answer = evaluate(**arguments)
    if answer.decision == "allowed":
        assert answer.witness is None
        assert answer.statements or case.get("resource_policies")
    else:
        assert answer.witness is not None
        assert evaluate(**{**arguments, "resources": [answer.witness]}).decision != "allowed"
        assert answer.reason
    assert bool(answer.conditions) is (answer.decision == "conditional")


def test_the_cases_have_distinct_names() -> None:
    names = [case["id"] for case in CASES]
    assert len(names) == len(set(names))

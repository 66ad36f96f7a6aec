"""The schema in the package is that of evidence.py, and what a run writes is valid by it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from tests.reports import golden, runs, schema

if TYPE_CHECKING:
    from pytest_veeam_iam.evidence import Run


def validator(*, strict: bool = False) -> jsonschema.Draft202012Validator:
    """What the package has; strict: with no key that it does not name."""
    text: dict[str, Any] = json.loads(schema.FILE.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(text)
    if strict:
        for each in (text, *text["$defs"].values()):
            each["additionalProperties"] = False
    return jsonschema.Draft202012Validator(text)


def test_the_schema_is_that_of_the_types() -> None:
    assert schema.FILE.read_text("utf-8") == schema.text(), "python -m tests.reports.schema writes it anew"


@pytest.mark.parametrize(
    "run", [runs.kept(), runs.empty(), runs.ready(), runs.repaired()], ids=["kept", "empty", "ready", "repaired"]
)
def test_runs_are_valid_and_hold_nothing_else(run: Run) -> None:
    validator(strict=True).validate(run)


def test_what_pytest_writes_is_valid_and_holds_nothing_else() -> None:
    validator(strict=True).validate(json.loads(golden.run_again()))


def test_keys_may_be_added() -> None:
    assert validator().is_valid({**runs.kept(), "more": 1})
    assert not validator(strict=True).is_valid({**runs.kept(), "more": 1})


def _without(key: str) -> dict[str, Any]:
    return {name: value for name, value in runs.kept().items() if name != key}


@pytest.mark.parametrize("key", [*runs.kept()])
def test_no_key_may_be_missing(key: str) -> None:
    assert not validator().is_valid(_without(key))


def test_a_key_of_another_kind_or_schema_is_refused() -> None:
    run = runs.kept()
    permission: dict[str, Any] = dict(run["reports"][0]["groups"][0]["permissions"][0])
    permission["level"] = "perhaps"
    run["reports"][0]["groups"][0]["permissions"][0] = permission  # type: ignore[call-overload]
    assert not validator().is_valid(run)
    assert not validator().is_valid({**runs.kept(), "schema": 2})
    assert not validator().is_valid({**runs.kept(), "complete": "yes"})

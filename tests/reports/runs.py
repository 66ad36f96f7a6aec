"""Runs to render: the one that is kept, an empty one, one whose files have more lines, and one of many policies."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from pytest_veeam_iam.evidence import Case, Run

EXAMPLES = Path(__file__).parents[1] / "examples" / "reports"
_PLACE = re.compile(r"(\.(?:json|tf)):(\d+)")
_LINES = ("line", "first_line", "end_line")


def kept() -> Run:
    """Return the run that is kept in run.json."""
    return cast("Run", json.loads((EXAMPLES / "run.json").read_text("utf-8")))


def empty() -> Run:
    """Return a run in which no policy was checked."""
    return cast("Run", {**kept(), "reports": [], "unread": [], "packs": [], "pack": ""})


def ready() -> Run:
    """Return a run in which all is well."""
    run = kept()
    return cast("Run", {**run, "reports": [case for case in run["reports"] if case["ready"]], "unread": []})


def case(run: Run, name: str) -> Case:
    """Return the report whose name ends like that."""
    return next(each for each in run["reports"] if each["name"].endswith(name))


def many(count: int) -> Run:
    """Return a run of that many policies, every other kind as often."""
    run = kept()
    cases = run["reports"]
    more = [copy.deepcopy(cases[index % len(cases)]) for index in range(count)]
    for index, each in enumerate(more):
        each["name"] = f"{index}/{each['name']}"
        places: list[Any] = [each["annotate"], *each["policies"], *each["findings"], *each["excerpts"].values()]
        for place in places:
            place["path"] = f"{index}/{place['path']}"
    return cast("Run", {**run, "reports": more})


def shifted(run: Run, lines: int) -> Run:
    """Return a run as it is when that many lines are put before everything."""
    return cast("Run", _shifted(run, lines))


def _shifted(value: Any, lines: int, key: str = "") -> Any:
    if isinstance(value, dict):
        return {_shifted(name, lines): _shifted(each, lines, name) for name, each in value.items()}
    if isinstance(value, list):
        return [_shifted(each, lines) for each in value]
    if isinstance(value, str):
        return _PLACE.sub(lambda match: f"{match[1]}:{int(match[2]) + lines}", value)
    return value + lines if key in _LINES and value is not None else value

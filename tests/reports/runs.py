"""Runs to render: the one that is kept, an empty one, one whose files have more lines, and one of many policies."""

from __future__ import annotations

import copy
import difflib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from pytest_veeam_iam.evidence import Case, Fix, RepairDict, Run

EXAMPLES = Path(__file__).parents[1] / "examples" / "reports"
_PLACE = re.compile(r"(\.(?:json|tf)):(\d+)")
_LINES = ("line", "first_line", "end_line")


def kept() -> Run:
    """Return the run that is kept in run.json."""
    return cast("Run", json.loads((EXAMPLES / "expected" / "run.json").read_text("utf-8")))


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


def repair(path: str, before: str, after: str, *remaining: str) -> RepairDict:
    """Return the repair that makes one text of a file another."""
    lines = difflib.unified_diff(_lines(before), _lines(after), f"a/{path}", f"b/{path}")
    diff = "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    end = before.count("\n") + 1
    whole: Fix = {"path": path, "line": 1, "column": 1, "end_line": end, "end_column": 1, "text": after}
    return {
        "ready": not remaining,
        "diff": diff or None,
        "statement": None,
        "statements": [],
        "remaining": list(remaining),
        "fixes": [whole] if diff else [],
    }


def _lines(text: str) -> list[str]:
    return [f"{line}\n" for line in text.split("\n")[:-1]] + ([text.rpartition("\n")[2]] if text[-1:] != "\n" else [])


def repaired() -> Run:
    """Return the run with one repair alone: of ``short.json``, which adds one of the permissions it lacks."""
    run = kept()
    for each in run["reports"]:
        each["repair"] = None
    path = "policies/short.json"
    text = (EXAMPLES / "repository" / path).read_text("utf-8")
    name = '        "s3:ListMultipartUploadParts",\n'
    after = text.replace(name, f'{name}        "s3:RestoreObject",\n')
    case(run, "short.json")["repair"] = repair(path, text, after, "s3:DeleteObjectVersion is denied by AppendOnly")
    return run

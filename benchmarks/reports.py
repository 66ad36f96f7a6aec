"""The rows of the report formats: what each takes for 1,000 policies, beside evaluating those, and its size."""

from __future__ import annotations

import json
from time import perf_counter
from typing import TYPE_CHECKING, Any

from benchmarks.documents import one_bucket
from benchmarks.table import Row, duration, times

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam.evidence import Case, Excerpt, Run
    from pytest_veeam_iam.report import Report

POLICIES, NOT_READY = 1_000, 100
"""How many policies a run has, and how many of them are not ready."""

_TARGETS = {"html": "1 s, 3 MB"}
_FILE = "policies/branch-0000/backup-role.json"


def rows() -> Iterator[Row]:
    """Yield a row for each format; a whole run is rendered five times, and the best counts."""
    from pytest_veeam_iam import reporters

    run, evaluation = _run()
    for name in reporters.names():
        render = reporters.renderer(name)
        took, text = min(_timed(lambda render=render: render(run)) for _ in range(5))
        over = f"{POLICIES:,} policies, {NOT_READY} not ready: {len(text.encode()) / 1e6:.2f} MB"
        theirs = f"{duration(evaluation)} evaluating them"
        yield Row(f"report: {name}", over, duration(took), theirs, times(took / evaluation), _TARGETS.get(name, "1 s"))


def _timed(task: Any) -> tuple[float, Any]:
    start = perf_counter()
    found = task()
    return perf_counter() - start, found


def many() -> Run:
    """Return a run of 1,000 policies."""
    return _run()[0]


def _run() -> tuple[Run, float]:
    """Return a run of policies like that of a careful user, each for its own bucket, and the seconds to evaluate it."""
    text = one_bucket().text
    took, ready = _timed(lambda: _case(text))
    lacking = text.replace("s3:RestoreObject", "s3:RestorObject").replace("s3:ListBucketVersions", "s3:ListBucket")
    not_ready = _case(lacking)
    cases = [_renamed(not_ready if number < NOT_READY else ready, number) for number in range(POLICIES)]
    run: Run = {
        "schema": 1,
        "tool": "pytest-veeam-iam",
        "data": [],
        "as_of": "2026-11-27",
        "complete": True,
        "commit": None,
        "pack": ready["pack"],
        "packs": [],
        "reports": cases,
        "unread": [],
        "proviso": [],
    }
    return run, took * POLICIES


def _case(text: str) -> Case:
    from pytest_veeam_iam import check_veeam_backup_ready
    from pytest_veeam_iam.reporters.json import to_dict

    report = check_veeam_backup_ready(text, bucket="acme-veeam")
    items = [*(group.id for group in report.groups), "actions", "lint"]
    return {
        **to_dict(report),
        "name": _FILE,
        "team_target": None,
        "annotate": {"path": _FILE, "line": 1},
        "policies": [
            {"path": _FILE, "line": 1, "entity": None, "form": "document", "layer": "identity", "sha256": "0" * 64}
        ],
        "excerpts": dict(_excerpts(report, text)),
        "repair": None,
        "items": [{"nodeid": f"{_FILE}::{item}", "item": item, "outcome": "passed"} for item in items],
    }


def _excerpts(report: Report, text: str) -> Iterator[tuple[str, Excerpt]]:
    from pytest_veeam_iam.reporters.json import key_of

    lines = text.splitlines()
    for statement, following in zip(statements := report.policies[0].statements, [*statements[1:], None], strict=True):
        line = statement.location.line or 1
        end = following.location.line if following else len(lines) - 1
        excerpt: Excerpt = {
            "path": _FILE,
            "line": line,
            "sid": statement.sid,
            "first_line": line,
            "text": "\n".join(lines[line - 1 : (end or 1) - 1]),
            "address": None,
            "jsonpath": None,
        }
        yield key_of(statement.location), excerpt


def _renamed(case: Case, number: int) -> Case:
    """Return the same case of another file and bucket."""
    text = json.dumps(case).replace("<text>", _FILE).replace("branch-0000", f"branch-{number:04}")
    renamed: Case = json.loads(text.replace("acme-veeam", f"acme-veeam-{number:04}"))
    return renamed

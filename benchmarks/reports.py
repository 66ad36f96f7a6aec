"""The rows of the report formats: what each takes for 1,000 policies, beside evaluating those, and its size."""

from __future__ import annotations

import json
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar

from benchmarks.documents import one_bucket
from benchmarks.table import Row, duration, times

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_veeam_iam.evidence import Case, Run

    Found = TypeVar("Found")

POLICIES, NOT_READY = 1_000, 100
"""How many policies a run has, and how many of them are not ready."""

_TARGETS = {"html": "1 s, 3 MB"}
_FILE = "branch-0000.json"
_RUNS = 5
"""How often a format is rendered; the fastest counts."""


def rows() -> Iterator[Row]:
    """Yield a row for each format."""
    from pytest_veeam_iam import reporters

    run, evaluation = _run()
    for name in reporters.names():
        render = partial(reporters.renderer(name), run)
        took, text = min(_timed(render) for _ in range(_RUNS))
        over = f"{POLICIES:,} policies, {NOT_READY} not ready: {len(text.encode()) / 1e6:.2f} MB"
        theirs = f"{duration(evaluation)} evaluating them"
        yield Row(f"report: {name}", over, duration(took), theirs, times(took / evaluation), _TARGETS.get(name, "1 s"))


def _timed(task: Callable[[], Found]) -> tuple[float, Found]:
    start = perf_counter()
    found = task()
    return perf_counter() - start, found


def _run() -> tuple[Run, float]:
    """Return a run of policies like that of a careful user, each for its own bucket, and the seconds to evaluate it."""
    from pytest_veeam_iam import load_rulepack, recording

    text = one_bucket().text
    _, ready = _case(text)
    took, ready = _case(text)
    lacking = text.replace("s3:RestoreObject", "s3:RestorObject").replace("s3:ListBucketVersions", "s3:ListBucket")
    _, not_ready = _case(lacking)
    cases = [_renamed(not_ready if number < NOT_READY else ready, number) for number in range(POLICIES)]
    packs = [load_rulepack()]
    day = date(2026, 11, 27)
    return recording.run(cases, [], packs=packs, as_of=day, complete=True, environment={}), took * POLICIES


def _case(text: str) -> tuple[float, Case]:
    """Return what a policy is reported as, and the seconds that its report took."""
    from pytest_veeam_iam import check_veeam_backup_ready, recording

    with TemporaryDirectory() as folder:
        path = Path(folder, _FILE)
        path.write_text(text, "utf-8")
        took, report = _timed(lambda: check_veeam_backup_ready(path, bucket="acme-veeam"))
        case = recording.Recorder(Path(folder), lambda name: Path(name).name).case(report, name=_FILE)
    items = [*(group["id"] for group in case["groups"]), "actions", "lint"]
    return took, {
        **case,
        "items": [{"nodeid": f"{_FILE}::{item}", "item": item, "outcome": "passed"} for item in items],
    }


def _renamed(case: Case, number: int) -> Case:
    """Return the same case of another file and bucket."""
    text = json.dumps(case).replace("branch-0000", f"branch-{number:04}")
    renamed: Case = json.loads(text.replace("acme-veeam", f"acme-veeam-{number:04}"))
    return renamed

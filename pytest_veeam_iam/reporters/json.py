"""The report as the JSON report's mapping; its keys are stable within one schema number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam.report import SCHEMA

if TYPE_CHECKING:
    from pytest_veeam_iam.report import Finding, GroupReport, Report, Result
    from pytest_veeam_iam.waivers import Waiver


def to_dict(report: Report) -> dict[str, object]:
    """Return the report as plain values: strings, numbers, booleans, lists, mappings and None."""
    return {
        "schema": SCHEMA,
        "ready": report.ready,
        "accepted": report.accepted,
        "pack": report.pack,
        "target": {
            name: {"value": list(p.value) if isinstance(p.value, tuple) else p.value, "origin": p.origin}
            for name, p in report.parameters.items()
        },
        "groups": [_group(group, report) for group in report.groups],
        "findings": [_finding(finding) for finding in report.findings],
        "not_checked": list(report.not_checked),
        "assumed": list(report.assumed),
        "waivers": [_waiver(waiver, report) for waiver in report.waivers],
    }


def _group(group: GroupReport, report: Report) -> dict[str, object]:
    return {
        "id": group.id,
        "title": group.title,
        "ready": group.ready,
        "permissions": [_permission(result, report) for result in group.results],
    }


def _permission(result: Result, report: Report) -> dict[str, object]:
    return {
        "action": result.action,
        "resources": list(result.resources),
        "level": result.level,
        "decision": result.decision.value,
        "witness": result.witness,
        "reason": result.reason,
        "inferred": result.requirement.scope_inferred,
        "assumed": bool(report.assumed),
        "waived": not result.granted and report.waiver_of(result.action) is not None,
        "statements": [
            {"path": each.location.path, "line": each.location.line, "sid": each.sid} for each in result.statements
        ],
    }


def _finding(finding: Finding) -> dict[str, object]:
    location = finding.location
    return {
        "id": finding.id,
        "severity": finding.severity.value,
        "message": finding.message,
        "path": location.path if location else None,
        "line": location.line if location else None,
        "column": location.column if location else None,
        "help": finding.help,
    }


def _waiver(waiver: Waiver, report: Report) -> dict[str, object]:
    return {
        "permission": waiver.permission,
        "finding": waiver.finding,
        "reason": waiver.reason,
        "accepted_by": waiver.accepted_by,
        "expires": waiver.expires.isoformat(),
        "expired": waiver.days_left(report.as_of) < 0,
    }

"""The report as JSON: for one report its mapping, for a run the file; keys are stable within one schema number."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_veeam_iam import checks
from pytest_veeam_iam.evidence import SCHEMA
from pytest_veeam_iam.reporters import text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_veeam_iam import evidence
    from pytest_veeam_iam.iam.document import Location, Statement
    from pytest_veeam_iam.report import Finding, GroupReport, Report, Result
    from pytest_veeam_iam.waivers import Waiver


def render(run: evidence.Run) -> str:
    """Return the file of a run: a key to a line, and so is each of the reports."""
    return by_line(run) + "\n"


def by_line(mapping: Mapping[str, object]) -> str:
    """Return a mapping as JSON, a line per key and per entry of a list: fast to write, and to compare."""
    return "{\n" + ",\n".join(f"  {json.dumps(key)}: {listed(value)}" for key, value in mapping.items()) + "\n}"


def listed(value: object) -> str:
    """Return a value as JSON, a list with a line per entry."""
    if not isinstance(value, list) or not value:
        return json.dumps(value)
    return "[\n    " + ",\n    ".join(map(json.dumps, value)) + "\n  ]"


def to_dict(report: Report, shown: Callable[[str], str] = str) -> evidence.ReportDict:
    """Return one report as plain values: strings, numbers, booleans, lists, mappings and None.

    Args:
        report: What was found out.
        shown: Returns what to call a file.
    """
    return {
        "schema": SCHEMA,
        "ready": report.ready,
        "accepted": report.accepted,
        "summary": text.accepted_summary(report),
        "pack": report.pack,
        "profile": report.profile,
        "place": report.place,
        "fail_on": report.fail_on.value,
        "target": {
            name: {"value": list(p.value) if isinstance(p.value, tuple) else p.value, "origin": p.origin}
            for name, p in report.parameters.items()
        },
        "groups": [_group(group, report, shown) for group in report.groups],
        "findings": [_finding(finding, report, shown) for finding in report.findings],
        "not_given": list(report.not_given),
        "not_checked": list(report.not_checked),
        "assumed": list(report.assumed),
        "inferred": [name for name, parameter in report.parameters.items() if parameter.origin == "inferred"],
        "waivers": [_waiver(waiver, report) for waiver in report.waivers],
    }


def key_of(place: Location) -> str:
    """Return the key under which the excerpt of a statement stands that begins at a place."""
    return str(place)


def _group(group: GroupReport, report: Report, shown: Callable[[str], str]) -> evidence.Group:
    return {
        "id": group.id,
        "title": group.title,
        "heading": group.heading,
        "ready": group.ready,
        "summary": "" if group.ready else text.group_summary(report, group),
        "permissions": [_permission(result, report, shown) for result in group.results],
    }


def _permission(result: Result, report: Report, shown: Callable[[str], str]) -> evidence.Permission:
    requirement = result.requirement
    return {
        "action": result.action,
        "resources": list(result.resources),
        "level": requirement.level,
        "decision": result.decision.value,
        "word": text.WORDS[result.decision],
        "witness": result.witness,
        "reason": result.reason,
        "inferred": requirement.scope_inferred,
        "assumed": bool(report.assumed),
        "waived": not result.granted and report.waiver_of(result.action) is not None,
        "why": requirement.why,
        "why_inferred": requirement.why_inferred,
        "note": requirement.note,
        "misnamed": result.misnamed,
        "blocked_by": result.evaluation.blocked_by,
        "conditions": list(result.evaluation.conditions),
        "declare": list(result.evaluation.explanation.declarations),
        "unknowns": [
            {
                "expression": token.expression,
                "path": shown(token.location.path),
                "line": token.location.line,
                "bind": text.how_to_bind(token),
            }
            for token in result.unknowns
        ],
        "statements": [_statement(cause.statement, cause.words, shown) for cause in result.evaluation.causes],
    }


def _statement(statement: Statement, words: str, shown: Callable[[str], str]) -> evidence.StatementPlace:
    place = statement.location
    return {"path": shown(place.path), "line": place.line, "sid": statement.sid, "words": words, "key": key_of(place)}


def _finding(finding: Finding, report: Report, shown: Callable[[str], str]) -> evidence.Finding:
    location = finding.location
    return {
        "id": finding.id,
        "severity": finding.severity.value,
        "message": finding.message,
        "path": shown(location.path) if location else None,
        "line": location.line if location else None,
        "column": location.column if location else None,
        "help": finding.help,
        "item": checks.item_of(finding.id),
        "counts": finding in report.blocking_findings,
        "waived": finding in report.blocking_findings and report.waiver_of(finding.id) is not None,
    }


def _waiver(waiver: Waiver, report: Report) -> evidence.Waiver:
    days = waiver.days_left(report.as_of)
    return {
        "permission": waiver.permission,
        "finding": waiver.finding,
        "reason": waiver.reason,
        "accepted_by": waiver.accepted_by,
        "expires": waiver.expires.isoformat(),
        "expired": days < 0,
        "days_left": days,
        "place": waiver.place,
    }

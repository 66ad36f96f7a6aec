"""The problems of a run as SARIF 2.1.0, for code scanning and for whatever else reads it.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote

from pytest_veeam_iam import checks
from pytest_veeam_iam.reporters import problems
from pytest_veeam_iam.reporters.json import by_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_veeam_iam.evidence import Case, Fix, Group, Permission, Run
    from pytest_veeam_iam.reporters.problems import Problem

Json: TypeAlias = dict[str, Any]

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"
_MOST = 25_000
"""Results that GitHub takes of one run:
https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support-for-code-scanning"""

_LINK = re.compile(r"\[(?=[^\]]*\]\()")
_ADDABLE = ("missing", "partial")


def render(run: Run) -> str:
    """Return the log; the gravest problems are in it if there are more than GitHub takes."""
    found = problems.of(run)
    kept = sorted(found, key=lambda each: problems.GRAVEST_FIRST.index(each.level))[:_MOST]
    rules = _rules(run)
    numbers = {rule["id"]: index for index, rule in enumerate(rules)}
    name, _, version = run["tool"].rpartition(" ")
    log = {
        "tool": {"driver": {"name": name, "version": version, "rules": rules}},
        "automationDetails": {"id": "veeam-iam/", "description": {"text": run["pack"]}},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
        "invocations": [_invocation(run, left_out=len(found) - len(kept))],
        "properties": {
            "asOf": run["as_of"],
            "commit": run["commit"],
            "packs": run["packs"],
            "data": run["data"],
            "proviso": run["proviso"],
        },
        "results": [*_results(kept, numbers)],
    }
    return f'{{"$schema": "{_SCHEMA}", "version": "2.1.0", "runs": [{by_line(log)}]}}\n'


def _rules(run: Run) -> list[Json]:
    rules: dict[str, Json] = {}
    for case in run["reports"]:
        page = next((each["page"] for each in run["packs"] if case["pack"] == f"{each['id']}@{each['version']}"), "")
        for group in case["groups"]:
            for permission in group["permissions"]:
                rule = _rule_of(permission, group, page)
                rules.setdefault(rule["id"], rule)
    ids = dict.fromkeys([*checks.names(), *(each["id"] for case in run["reports"] for each in case["findings"])])
    found = [_rule(id_, checks.sentence(id_), "", "warning", ["check"]) for id_ in ids]
    return [
        *rules.values(),
        *found,
        _rule(problems.UNREADABLE, "What is named as a policy can be read as one.", "", "error", ["file"]),
    ]


def _rule_of(permission: Permission, group: Group, page: str) -> Json:
    action, level = permission["action"], permission["level"]
    source = " (inferred)" if permission["why_inferred"] else ""
    why = f"{action} is {level}: {permission['why']}{source}." if permission["why"] else f"{action} is {level}."
    listed = f'The vendor lists it under "{group["heading"]}".'
    help_ = "\n\n".join(filter(None, [why, listed, permission["note"]]))
    tags = ["permission", group["id"], level]
    rule = _rule(f"permission/{action}", f"{action} is granted", help_, "error", tags)
    return rule | {"helpUri": page} if page else rule


def _rule(id_: str, short: str, help_: str, level: str, tags: list[str]) -> Json:
    return {
        "id": id_,
        "shortDescription": {"text": short},
        "fullDescription": {"text": help_ or short},
        "help": {"text": help_ or short, "markdown": f"**{id_}**\n\n{help_ or short}"},
        "defaultConfiguration": {"level": level},
        "properties": {"tags": ["veeam", "iam", *tags]},
    }


def _invocation(run: Run, *, left_out: int) -> Json:
    notes: list[Json] = [
        {
            "descriptor": {"id": problems.UNREADABLE},
            "level": "error" if each["outcome"] == "failed" else "note",
            "message": _message(each["message"]),
            "locations": [_location(each["path"], {"startLine": each["line"] or 1})],
        }
        for each in run["unread"]
    ]
    if left_out:
        more = f"{left_out} more problems are in the JSON report: {_MOST} are as many as GitHub takes"
        notes.append({"level": "warning", "message": {"text": more}})
    return {"executionSuccessful": run["complete"], "toolExecutionNotifications": notes}


def _results(found: Iterable[Problem], numbers: dict[str, int]) -> Iterator[Json]:
    """Yield the results; the repair of a report comes with the first of its permissions that it adds."""
    repaired: set[int] = set()
    for problem in found:
        result = _result(problem, numbers[problem.rule])
        case, permission = problem.case, problem.permission
        if case and permission and permission["decision"] in _ADDABLE and id(case) not in repaired:
            repaired.add(id(case))
            if case["repair"] and case["repair"]["fixes"]:
                result["fixes"] = [_fix(case, case["repair"]["fixes"])]
        yield result


def _result(problem: Problem, number: int) -> Json:
    result: Json = {
        "ruleId": problem.rule,
        "ruleIndex": number,
        "level": problem.level,
        "message": _message(problem.message),
        "locations": [_location(problem.path, _region(problem), _names(problem))],
        "partialFingerprints": {"veeamIam/v1": problem.fingerprint},
    }
    if related := [*_related(problem)]:
        result["relatedLocations"] = related
    if waiver := problem.waiver:
        reason = f"{waiver['reason']} (accepted by {waiver['accepted_by']} until {waiver['expires']})"
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": reason}]
    return result


def _message(text: str) -> Json:
    """Return a message whose brackets make no link (section 3.11.6)."""
    return {"text": _LINK.sub(r"\\[", text)}


def _location(path: str, region: Json, names: Iterable[str] = ()) -> Json:
    artifact = {"uri": quote(path.encode("utf-8", "surrogateescape"), safe="/"), "uriBaseId": _ROOT}
    location: Json = {"physicalLocation": {"artifactLocation": artifact, "region": region}}
    if logical := [{"fullyQualifiedName": name, "kind": "resource"} for name in names]:
        location["logicalLocations"] = logical
    return location


def _region(problem: Problem) -> Json:
    """Return the lines; GitHub wants some even of what has none."""
    region: Json = {"startLine": problem.line or 1}
    if problem.line and problem.column:
        region["startColumn"] = problem.column
    excerpt = problem.excerpt
    if excerpt and excerpt["first_line"]:
        end = excerpt["first_line"] + excerpt["text"].rstrip("\n").count("\n")
        return {"startLine": excerpt["first_line"], "endLine": end, "snippet": {"text": excerpt["text"]}}
    return region


def _names(problem: Problem) -> Iterator[str]:
    """Yield the addresses of what has the policies at the place of a problem."""
    if problem.excerpt and problem.excerpt["address"]:
        yield problem.excerpt["address"]
    elif problem.case:
        identity = (each["entity"] for each in problem.case["policies"] if each["layer"] == "identity")
        yield from dict.fromkeys(filter(None, identity))


def _related(problem: Problem) -> Iterator[Json]:
    """Yield the statements that had a say and are not the place of the problem itself."""
    statements = problem.permission["statements"] if problem.permission else []
    for number, statement in enumerate(statements):
        if (statement["path"], statement["line"]) != (problem.path, problem.line):
            sid = f'"{statement["sid"]}" ' if statement["sid"] else ""
            location = _location(statement["path"], {"startLine": statement["line"] or 1})
            yield location | {"id": number, "message": _message(f"{sid}{statement['words']}")}


def _fix(case: Case, fixes: list[Fix]) -> Json:
    return {
        "description": {"text": f"Add what {case['name']} lacks."},
        "artifactChanges": [
            {
                "artifactLocation": _location(path, {})["physicalLocation"]["artifactLocation"],
                "replacements": [_replacement(each) for each in same],
            }
            for path, same in groupby(sorted(fixes, key=lambda each: each["path"]), key=lambda each: each["path"])
        ],
    }


def _replacement(fix: Fix) -> Json:
    region = {
        "startLine": fix["line"],
        "startColumn": fix["column"],
        "endLine": fix["end_line"],
        "endColumn": fix["end_column"],
    }
    return {"deletedRegion": region, "insertedContent": {"text": fix["text"]}}

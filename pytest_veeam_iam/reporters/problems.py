"""What falls short in a run, one problem each, for the forms that list problems; it is no form itself."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from pytest_veeam_iam import checks
from pytest_veeam_iam.reporters import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_veeam_iam.evidence import Case, Excerpt, Finding, Group, Permission, Run, Unread, Waiver

Level: TypeAlias = Literal["error", "warning", "note"]

UNREADABLE = "unreadable"
"""The rule of what could not be checked."""

GRAVEST_FIRST: tuple[Level, ...] = ("error", "warning", "note")
_LINE_NUMBER = re.compile(r"(?<=[:\s])\d+\b")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that somebody has to do something about.

    Attributes:
        rule: What it falls short of: ``permission/s3:GetObject``, the id of a check, or ``unreadable``.
        level: As of a finding; a permission that is not granted is an error.
        message: Its first line is the summary.
        path: The file to look at.
        line: 1-based, or None.
        column: 1-based, or None.
        fingerprint: The same as long as the problem is the same, on whatever line it stands; no two problems share it.
        fails: Whether the run fails for it, if nothing accepts it.
        waiver: What accepts it, or None.
        case: The report that it is of, or None if there is none.
        permission: What is not granted, if that is the problem.
        excerpt: The statement that decided it, if there is one; its own text is that at the place of the problem.
    """

    rule: str
    level: Level
    message: str
    path: str
    line: int | None
    column: int | None
    fingerprint: str
    fails: bool = True
    waiver: Waiver | None = None
    case: Case | None = None
    permission: Permission | None = None
    excerpt: Excerpt | None = None

    @property
    def summary(self) -> str:
        """The first line of the message."""
        return self.message.partition("\n")[0]


def of(run: Run) -> list[Problem]:
    """Return the problems of a run in its order: what could not be read comes last.

    A finding at one place of a file is one problem, of however many principals the policy is.
    """
    found: dict[tuple[object, ...], Problem] = {}
    for problem in _all(run):
        key = (problem.fingerprint, problem.path, problem.line, problem.column, problem.message)
        if key not in found or _rank(problem) < _rank(found[key]):
            found[key] = problem
    return list(_numbered(found.values()))


def falls_short(permission: Permission) -> bool:
    """Return whether a permission is required and not granted."""
    return permission["level"] == "required" and permission["decision"] != "allowed"


def fails(finding: Finding) -> bool:
    """Return whether the run fails for a finding, if nothing accepts it."""
    return finding["counts"] or finding["id"] == checks.ALWAYS_RED


def waiver_of(case: Case, name: str) -> Waiver | None:
    """Return the waiver in force of an action or of a finding's id, or None."""
    return next(
        (each for each in case["waivers"] if name in (each["permission"], each["finding"]) and not each["expired"]),
        None,
    )


def waived(waiver: Waiver) -> str:
    """Return that something is waived: until when, by whom and why."""
    left = waiver["days_left"]
    days = "today is the last day" if left == 0 else f"{left} {'day' if left == 1 else 'days'} left"
    return f"waived until {waiver['expires']} ({waiver['accepted_by']}, {days}): {waiver['reason']}"


def place(path: str, line: int | None) -> str:
    """Return where something stands."""
    return f"{path}:{line}" if line else path


def details(permission: Permission) -> Iterator[str]:
    """Yield why a permission is not granted, and what to do, a line each."""
    witness = permission["witness"]
    example = f" (for example {witness})" if witness and witness not in permission["resources"] else ""
    yield f"on {', '.join(permission['resources'])}{example}"
    if permission["blocked_by"]:
        yield f"blocked by {text.BLOCKED[permission['blocked_by']]}"
    if permission["misnamed"]:
        yield permission["misnamed"]
    yield from _statements(permission)
    for condition in permission["conditions"]:
        yield f"only if {condition}"
    for unknown in permission["unknowns"]:
        yield f"{unknown['expression']} is unknown ({place(unknown['path'], unknown['line'])}): {unknown['bind']}"
    for declaration in permission["declare"]:
        yield f"declare {declaration} if every call of the product is like that"


def _statements(permission: Permission) -> Iterator[str]:
    label = "nearest" if permission["decision"] in ("missing", "partial") else "by"
    for statement in permission["statements"]:
        sid = f' "{statement["sid"]}"' if statement["sid"] else ""
        yield f"{label} {place(statement['path'], statement['line'])}{sid} {statement['words']}"
    if not permission["statements"]:
        yield permission["reason"]


def _all(run: Run) -> Iterator[Problem]:
    for case in run["reports"]:
        for group in case["groups"]:
            yield from (_of_permission(case, group, each) for each in group["permissions"] if falls_short(each))
        yield from (_of_finding(case, each) for each in case["findings"])
    yield from map(_of_unread, run["unread"])


def _of_permission(case: Case, group: Group, permission: Permission) -> Problem:
    annotate = case["annotate"]
    path, line = annotate["path"], annotate["line"]
    excerpts = [case["excerpts"][each["key"]] for each in permission["statements"] if each["key"] in case["excerpts"]]
    excerpt = next((each for each in excerpts if each["first_line"] is not None), None)
    if excerpt is not None:
        path, line = excerpt["path"], excerpt["line"]
    return Problem(
        rule=f"permission/{permission['action']}",
        level="error",
        message="\n".join([_summary(case, permission), *details(permission)]),
        path=path,
        line=line,
        column=None,
        fingerprint=_hash("permission", permission["action"], group["id"], case["name"], _policies(case)),
        waiver=waiver_of(case, permission["action"]),
        case=case,
        permission=permission,
        excerpt=excerpt or next(iter(excerpts), None),
    )


def _summary(case: Case, permission: Permission) -> str:
    return f"{permission['action']} {permission['word']} for {case['name']} ({case['place']})"


def _policies(case: Case) -> str:
    return "\n".join(
        f"{each['path']} {each['entity'] or ''}" for each in case["policies"] if each["layer"] == "identity"
    )


def _of_finding(case: Case, finding: Finding) -> Problem:
    annotate = case["annotate"]
    own, line, column = finding["path"] or "", finding["line"], finding["column"]
    excerpt = _around(case, own, line)
    path = own
    if not own or _is_made_of(case, own):
        path, line, column = annotate["path"], annotate["line"], None
    where = (excerpt["jsonpath"] or excerpt["sid"] or "") if excerpt else ""
    return Problem(
        rule=finding["id"],
        level=finding["severity"],
        message=finding["message"] + (f"\n{finding['help']}" if finding["help"] else ""),
        path=path,
        line=line,
        column=column,
        fingerprint=_hash("finding", finding["id"], own, where, _LINE_NUMBER.sub("N", finding["message"])),
        fails=fails(finding),
        waiver=waiver_of(case, finding["id"]),
        case=case,
    )


def _is_made_of(case: Case, path: str) -> bool:
    """Return whether a file is made of others, as a plan is, and the report is shown at those."""
    paths = {each["path"] for each in case["policies"]}
    return path in paths and case["annotate"]["path"] not in paths


def _around(case: Case, path: str, line: int | None) -> Excerpt | None:
    """Return the statement in which a line stands."""
    for excerpt in case["excerpts"].values():
        first = excerpt["first_line"]
        if excerpt["path"] == path and line and first and first <= line <= first + excerpt["text"].count("\n"):
            return excerpt
    return None


def _of_unread(unread: Unread) -> Problem:
    fails = unread["outcome"] == "failed"
    return Problem(
        rule=UNREADABLE,
        level="error" if fails else "note",
        message=unread["message"],
        path=unread["path"],
        line=unread["line"],
        column=unread["column"],
        fingerprint=_hash(UNREADABLE, unread["nodeid"]),
        fails=fails,
    )


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _rank(problem: Problem) -> tuple[bool, int]:
    return problem.waiver is not None, GRAVEST_FIRST.index(problem.level)


def _numbered(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Yield problems with fingerprints of their own: the second of two that are alike is the second on any line."""
    seen: Counter[str] = Counter()
    for problem in problems:
        count = seen[problem.fingerprint]
        seen[problem.fingerprint] += 1
        yield replace(problem, fingerprint=_hash(problem.fingerprint, str(count))) if count else problem

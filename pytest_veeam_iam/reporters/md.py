"""A run as Markdown for the summary of a job or a comment: short when all is well, and never too long for either.

GitHub Flavored Markdown (https://github.github.com/gfm/). Whatever comes from a repository stands as text: what could
be markup is a character reference, and no name calls a person or an issue.
"""

from __future__ import annotations

import json
import re
from itertools import groupby
from typing import TYPE_CHECKING

from pytest_veeam_iam.printable import line, seen
from pytest_veeam_iam.reporters import problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_veeam_iam.evidence import Case, Finding, Group, Permission, RepairDict, Run, Waiver

_ROOM = 60_000
"""Characters: a comment on GitHub holds 65,536, the summary of a job 1 MiB."""

_ROOM_OF_TABLE = 15_000
_ROOM_OF_LIST = 5_000
_ROOM_OF_REPAIR = 10_000
_MARKUP = re.compile(r"""[^A-Za-z0-9 ,;:()/.=+"'?%{}-]|^[-+=0-9]|:(?=//)|(?<=www)\.""", re.IGNORECASE)
_CALLS = "@#"


def render(run: Run) -> str:
    """Return the summary: a line and a table, then what falls short, what is waived and what could not be read."""
    head = [_headline(run), *_incomplete(run), _table(run)]
    tail = [*_waivers(run), *_unread(run), _proviso(run)]
    room = _ROOM - sum(len(each) + 2 for each in (*head, *tail))
    cases = [_case(case) for case in run["reports"] if not case["ready"] or _to_fix(case)]
    return "\n\n".join([*head, *_fitting(cases, room), *tail]) + "\n"


def escape(text: str) -> str:
    """Return a text of one line that GitHub shows as it is.

    A comment after ``@`` and ``#`` keeps them from what follows: GitHub looks for names of people and issues in text
    that is already rendered.
    """
    return _MARKUP.sub(_reference, seen(" ".join(text.split())))


def _reference(match: re.Match[str]) -> str:
    return f"&#{ord(match[0])};" + ("<!-- -->" if match[0] in _CALLS else "")


def code(text: str) -> str:
    """Return a name in the letters of code."""
    return f"<code>{escape(text)}</code>"


def _headline(run: Run) -> str:
    reports, unread = run["reports"], len(run["unread"])
    ready = sum(case["ready"] for case in reports)
    accepted = sum(case["accepted"] and not case["ready"] for case in reports)
    more = [f"{accepted} not ready, but all that is missing is waived"] if accepted else []
    more += [f"{unread} could not be read"] if unread else []
    said = f"## veeam-iam: {ready} of {len(reports)} ready for {escape(run['pack'])}"
    return said + (f"\n\n{'; '.join(more)}." if more else "")


def _incomplete(run: Run) -> Iterator[str]:
    if not run["complete"]:
        yield "**Incomplete: the run ended before every test of a policy had run.**"


def _table(run: Run) -> str:
    groups = list(dict.fromkeys(group["id"] for case in run["reports"] for group in case["groups"]))
    heads = ["policy", *map(escape, groups), "actions", "lint", "verdict"]
    lines = [_row(_cells(case, groups)) for case in run["reports"]]
    if sum(map(len, lines)) > _ROOM_OF_TABLE:
        lines = [_row(_cells(case, groups)) for case in sorted(run["reports"], key=lambda case: case["ready"])]
    return _rows(heads, lines) if lines else "No policy was checked."


def _rows(heads: Sequence[str], rows: Sequence[str]) -> str:
    return "\n".join([_row(heads), _row(["---"] * len(heads)), *_fitting(rows, _ROOM_OF_TABLE, "\n")])


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(case: Case, groups: Sequence[str]) -> Iterator[str]:
    by_id = {group["id"]: group for group in case["groups"]}
    yield code(case["name"])
    for id_ in groups:
        yield _count(by_id[id_]) if id_ in by_id else ""
    for item in ("actions", "lint"):
        failing = [each for each in _to_fix(case) if each["item"] == item]
        yield f"{len(failing)} to fix" if failing else "ok"
    yield "ready" if case["ready"] else "waived" if case["accepted"] else "**not ready**"


def _count(group: Group) -> str:
    required = [each for each in group["permissions"] if each["level"] == "required"]
    return f"{sum(not problems.falls_short(each) for each in required)}/{len(required)}"


def _to_fix(case: Case) -> list[Finding]:
    """Return the findings that the run fails for."""
    return [each for each in case["findings"] if problems.fails(each) and problems.waiver_of(case, each["id"]) is None]


def _fitting(blocks: Sequence[str], room: int, before_the_rest: str = "") -> Iterator[str]:
    """Yield the blocks that fit, and how many do not."""
    for number, block in enumerate(blocks):
        room -= len(block) + 2
        if room < 0:
            yield f"{before_the_rest}and {len(blocks) - number} more in the report"
            return
        yield block


def _case(case: Case) -> str:
    lines = [f"### {code(case['name'])}", "", escape(case["summary"]), ""]
    for group in case["groups"]:
        lines += _group(group)
    lines += map(_finding, _to_fix(case))
    return "\n".join([*lines, *_repair(case["repair"])]).rstrip()


def _group(group: Group) -> Iterator[str]:
    """Yield what a group lacks; permissions that fall short for the same reason share its lines."""
    short = [each for each in group["permissions"] if problems.falls_short(each)]
    for _, same in groupby(short, key=_reason):
        permissions = [*same]
        waived = " (waived)" if permissions[0]["waived"] else ""
        names = ", ".join(code(each["action"]) for each in permissions)
        yield f"- {names} {permissions[0]['word']}{waived}"
        yield from (f"  - {escape(each)}" for each in _why(permissions[0]))


def _reason(permission: Permission) -> tuple[object, ...]:
    return permission["word"], permission["waived"], *_why(permission)


def _why(permission: Permission) -> Iterator[str]:
    """Yield why a permission is not granted, without its own name and its resources, which the repair tells."""
    own_name = re.compile(rf"(?<![\w:]){re.escape(permission['action'])}(?![\w*?])")
    _on, *lines = problems.details(permission)
    return (own_name.sub("it", each) for each in lines)


def _finding(finding: Finding) -> str:
    place = f"{problems.place(finding['path'], finding['line'])}: " if finding["path"] else ""
    help_ = f" ({finding['help']})" if finding["help"] else ""
    return f"- {finding['severity']}: {escape(place + finding['message'] + help_)}"


def _repair(repair: RepairDict | None) -> Iterator[str]:
    if repair is None:
        return
    yield from (f"- not mended by an addition: {escape(each)}" for each in repair["remaining"])
    text, language = (repair["diff"], "diff") if repair["diff"] else (_statement(repair), "json")
    if len(text) > _ROOM_OF_REPAIR:
        yield "- what to add is too long for this page, and in the report"
    elif text:
        yield from ("", "<details><summary>What to add</summary>", "", _fenced(text, language), "", "</details>")


def _statement(repair: RepairDict) -> str:
    if repair["statement"]:
        return repair["statement"]
    return "\n".join(json.dumps(each) for each in repair["statements"])


def _fenced(text: str, language: str) -> str:
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}{language}", _unobeyed(text.rstrip("\n").replace("\r", "")), fence])


def _unobeyed(text: str) -> str:
    """Return lines that are shown as they are, and that no runner obeys if the page is printed."""
    return "\n".join(line(each, keep="\t") for each in text.split("\n"))


def _waivers(run: Run) -> Iterator[str]:
    rows = [_waiver(case, each) for case in run["reports"] for each in case["waivers"]]
    if rows:
        yield "### Waivers"
        yield _rows(["waived for", "gap", "until (days left)", "accepted by", "reason"], rows)


def _waiver(case: Case, waiver: Waiver) -> str:
    gap = waiver["permission"] or waiver["finding"] or ""
    left = "expired" if waiver["expired"] else waiver["days_left"]
    until = f"{waiver['expires']} ({left})"
    return _row([code(case["name"]), code(gap), until, escape(waiver["accepted_by"]), escape(waiver["reason"])])


def _unread(run: Run) -> Iterator[str]:
    if rows := [f"- {escape(each['message'])}" for each in run["unread"]]:
        yield "### Could not be read"
        yield "\n".join(_fitting(rows, _ROOM_OF_LIST, "\n"))


def _proviso(run: Run) -> str:
    said = [*run["proviso"], f"{run['tool']}; {', '.join(run['data'])}; as of {run['as_of']}."]
    return "\n".join(f"<sub>{escape(each)}</sub><br>" for each in said)

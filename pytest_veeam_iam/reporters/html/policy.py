"""One report of a run as the page shows it: what falls short in blocks, what is granted in as few rows as can be."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_veeam_iam.reporters.html.verdict import cells_of, count_of, is_granted, state_of, verdict_of
from pytest_veeam_iam.reporters.html.visible import is_visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_veeam_iam.evidence import Case, Excerpt, Finding, Group, Permission, RepairDict, StatementPlace
    from pytest_veeam_iam.reporters.html.verdict import Cell, State

_FEW = 4
"""Resources of a group that are named where its permissions are not."""

_OWN = frozenset({"action", "why", "why_inferred", "note"})
"""What permissions that fall short for the same reason need not share."""


@dataclass(frozen=True, slots=True)
class Source:
    """A statement that had a say: where it stands, what it does, and its text if it is shown here."""

    label: str
    words: str = ""
    excerpt: Excerpt | None = None


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Permissions that are not granted, all for the same reason; ``shared`` is what is said of each of them."""

    permissions: Sequence[Permission]
    shared: Permission
    sources: Sequence[Source]

    @property
    def label(self) -> str:
        """What its statements are to it."""
        return "nearest" if self.shared["decision"] in ("missing", "partial") else "by"


@dataclass(frozen=True, slots=True)
class Granted:
    """Permissions that the same statements grant on the same resources.

    ``actions`` is empty for all of a group together; then ``resources`` are those of any of them, or empty if many.
    """

    by: Sequence[str]
    resources: Sequence[str]
    actions: Sequence[str] = ()
    level: str = "required"


@dataclass(frozen=True, slots=True)
class GroupView:
    """One group of a policy: how many required permissions are granted, which are not, and by what the others."""

    group: Group
    count: str
    shortfalls: Sequence[Shortfall]
    granted: Sequence[Granted]


@dataclass(frozen=True, slots=True)
class Change:
    """What to change: a diff or a statement to paste, and what neither mends."""

    repair: RepairDict
    text: str
    is_diff: bool

    @property
    def lines(self) -> list[str]:
        """The lines of the text, with their ends."""
        return re.findall(r"[^\n]*\n|[^\n]+", self.text)

    @property
    def can_be_copied(self) -> bool:
        """Whether the page has the text as it is."""
        return is_visible(self.text)


@dataclass(frozen=True, slots=True)
class PolicyView:
    """A report, ready to be laid out.

    ``cells`` is by column; ``statements`` are those that are not shown beside a shortfall; ``target`` has name, value
    and origin, and ``any_of`` the names of what may be anything.
    """

    case: Case
    anchor: str
    state: State
    verdict: str
    cells: dict[str, Cell]
    groups: Sequence[GroupView]
    statements: Sequence[Source]
    change: Change | None
    findings: Sequence[Finding]
    target: Sequence[tuple[str, str, str]]
    any_of: Sequence[str]


def view_of(case: Case, anchor: str, *, is_detailed: bool) -> PolicyView:
    """Return the view of a report.

    Args:
        case: The report.
        anchor: Its address in the page.
        is_detailed: Whether each permission that is granted is named, and all statements and notes are shown.
    """
    shown: set[str] = set()
    groups = [_group(case, group, shown, is_detailed=is_detailed) for group in case["groups"]]
    return PolicyView(
        case=case,
        anchor=anchor,
        state=state_of(case),
        verdict=verdict_of(case),
        cells=dict(cells_of(case)),
        groups=groups,
        statements=list(_others(case, shown)) if is_detailed else [],
        change=_change(case["repair"]),
        findings=[each for each in case["findings"] if is_detailed or each["severity"] != "note"],
        target=[
            (name, ", ".join(value) if isinstance(value, list) else str(value), parameter["origin"])
            for name, parameter in case["target"].items()
            if (value := parameter["value"]) is not None and parameter["origin"] != "any"
        ],
        any_of=[name for name, each in case["target"].items() if each["value"] is None or each["origin"] == "any"],
    )


def _group(case: Case, group: Group, shown: set[str], *, is_detailed: bool) -> GroupView:
    granted = [each for each in group["permissions"] if is_granted(each)]
    return GroupView(
        group=group,
        count=count_of(group),
        shortfalls=[
            _shortfall(case, same, shown)
            for same in _alike(each for each in group["permissions"] if not is_granted(each))
        ],
        granted=_granted(case, granted) if is_detailed else _granted_together(case, granted),
    )


def _alike(permissions: Iterable[Permission]) -> list[list[Permission]]:
    """Return permissions that do not differ but in name and purpose, together."""
    alike: dict[str, list[Permission]] = {}
    for each in permissions:
        shared = repr([value for key, value in each.items() if key not in _OWN])
        alike.setdefault(_unnamed(each, shared), []).append(each)
    return list(alike.values())


def _unnamed(permission: Permission, text: str) -> str:
    """Return what is said of a permission as it can be said of several."""
    return re.sub(rf"{re.escape(permission['action'])}(?![\w*?])", "each", text)


def _shortfall(case: Case, same: Sequence[Permission], shown: set[str]) -> Shortfall:
    first = same[0]
    sources = [_source(case, place, shown) for place in first["statements"]]
    if len(same) == 1:
        return Shortfall(same, first, sources)
    shared: Permission = {
        **first,
        "reason": _unnamed(first, first["reason"]),
        "misnamed": _unnamed(first, first["misnamed"]),
        "conditions": [_unnamed(first, condition) for condition in first["conditions"]],
        "declare": [_unnamed(first, declaration) for declaration in first["declare"]],
    }
    return Shortfall(same, shared, [replace(source, words=_unnamed(first, source.words)) for source in sources])


def _granted(case: Case, permissions: Iterable[Permission]) -> list[Granted]:
    alike: dict[tuple[object, ...], list[Permission]] = {}
    for each in permissions:
        by = tuple([place["key"] for place in each["statements"]])
        alike.setdefault((each["level"], by, *each["resources"]), []).append(each)
    return [
        Granted(_by(case, same), same[0]["resources"], [each["action"] for each in same], same[0]["level"])
        for same in alike.values()
    ]


def _granted_together(case: Case, permissions: Sequence[Permission]) -> list[Granted]:
    if not permissions:
        return []
    resources = list(dict.fromkeys(name for each in permissions for name in each["resources"]))
    return [Granted(_by(case, permissions), resources if len(resources) <= _FEW else [])]


def _by(case: Case, permissions: Sequence[Permission]) -> list[str]:
    """Return what grants permissions, each statement once."""
    places = {place["key"]: place for each in permissions for place in each["statements"]}
    return [label(case, place) for place in places.values()] or list(
        dict.fromkeys(each["reason"] for each in permissions)
    )


def label(case: Case, place: StatementPlace | Excerpt) -> str:
    """Return how a statement is called in its policy: by the line alone if there is one file."""
    sid = f' "{place["sid"]}"' if place["sid"] is not None else ""
    line = place["line"]
    if line is None:
        return place["path"] + sid
    one_file = all(each["path"] == place["path"] for each in case["policies"])
    return (f"line {line}" if one_file else f"{place['path']}:{line}") + sid


def _source(case: Case, place: StatementPlace, shown: set[str]) -> Source:
    """Return a statement, with its text where it is named for the first time."""
    excerpt = None if place["key"] in shown else case["excerpts"].get(place["key"])
    shown.add(place["key"])
    return Source(label(case, place), place["words"], excerpt)


def _others(case: Case, shown: set[str]) -> Iterator[Source]:
    for key, excerpt in case["excerpts"].items():
        if key not in shown:
            yield Source(label(case, excerpt), excerpt=excerpt)


def _change(repair: RepairDict | None) -> Change | None:
    if repair is None or not (repair["diff"] or repair["statement"] or repair["remaining"]):
        return None
    return Change(repair, repair["diff"] or repair["statement"] or "", is_diff=bool(repair["diff"]))

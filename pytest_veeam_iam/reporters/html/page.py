"""A run as the page shows it: the verdict, the matrix, and what all of its reports have in common, once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from pytest_veeam_iam.reporters.html.policy import view_of
from pytest_veeam_iam.reporters.html.verdict import ITEMS, failed_items, verdict_on

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_veeam_iam.evidence import Case, Pack, Permission, PolicyFile, Run, Unread
    from pytest_veeam_iam.reporters.html.policy import PolicyView
    from pytest_veeam_iam.reporters.html.verdict import State

_DETAILED = 200
"""Policies up to which the page has every permission that is granted, and every statement."""


@dataclass(frozen=True, slots=True)
class Required:
    """What the vendor lists under one heading."""

    pack: str
    title: str
    heading: str
    anchor: str
    permissions: Sequence[Permission]


@dataclass(frozen=True, slots=True)
class PackAge:
    """A pack, and how old it was on the day of the run, in days."""

    pack: Pack
    page_days: int
    seen_days: int

    @property
    def is_on_the_web(self) -> bool:
        """Whether its page can be linked to; a pack of somebody's own may say anything there."""
        return self.pack["page"].startswith(("https://", "http://"))


@dataclass(frozen=True, slots=True)
class Page:
    """All that the template lays out.

    ``counts`` has every state; ``columns`` are those of the matrix; ``not_checked`` is what no report looked at, None
    if that differs; ``unread`` has address and verdict of each; ``dates`` has the date of the vendor's page by pack.
    """

    run: Run
    headline: str
    counts: dict[State, int]
    columns: Sequence[str]
    policies: Sequence[PolicyView]
    unread: Sequence[tuple[str, str, Unread]]
    is_detailed: bool
    required: Sequence[Required]
    not_checked: Sequence[str] | None
    packs: Sequence[PackAge]
    dates: dict[str, str]
    files: Sequence[PolicyFile]

    @property
    def total(self) -> int:
        """How many policies there are, those that cannot be read among them."""
        return sum(self.counts.values())

    @property
    def is_ready(self) -> bool:
        """Whether all of the run is ready, all of it ran, and no test failed."""
        failed = any(failed_items(case) for case in self.run["reports"])
        return self.run["complete"] and 0 < self.total == self.counts["ready"] and not failed


def page_of(run: Run) -> Page:
    """Return the page of a run."""
    reports, anchors = run["reports"], _Anchors()
    is_detailed = len(reports) <= _DETAILED
    policies = [view_of(case, anchors.of(case["name"]), is_detailed=is_detailed) for case in reports]
    counts: dict[State, int] = {"ready": 0, "not ready": 0, "waived": 0, "cannot be read": len(run["unread"])}
    for policy in policies:
        counts[policy.state] += 1
    return Page(
        run=run,
        headline=_headline(counts["ready"], sum(counts.values())),
        counts=counts,
        columns=_columns(reports),
        policies=policies,
        unread=[(anchors.of(each["name"]), verdict_on(each), each) for each in run["unread"]],
        is_detailed=is_detailed,
        required=_required(reports),
        not_checked=reports[0]["not_checked"] if _all_the_same(each["not_checked"] for each in reports) else None,
        packs=[_aged(pack, run["as_of"]) for pack in run["packs"]],
        dates={f"{pack['id']}@{pack['version']}": pack["page_updated"] for pack in run["packs"]},
        files=_files(reports),
    )


class _Anchors:
    """Addresses within the page: made of names, so that they stay the same as long as the names do."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def of(self, name: str) -> str:
        base = re.sub(r"[^A-Za-z0-9._/-]+", "-", name)[:80].strip("-") or "policy"
        anchor, number = base, 1
        while anchor in self._taken or anchor in _SECTIONS:
            number += 1
            anchor = f"{base}-{number}"
        self._taken.add(anchor)
        return anchor


_SECTIONS = frozenset({"overview", "policies", "unread", "proof", "required", "provenance", "top"})


def _headline(ready: int, total: int) -> str:
    return f"{ready:,} of {total:,} ready" if total else "No policy was checked"


def _columns(reports: Iterable[Case]) -> list[str]:
    groups = dict.fromkeys(group["id"] for case in reports for group in case["groups"])
    return [*groups, *ITEMS] if groups else []


def _required(reports: Iterable[Case]) -> list[Required]:
    """Return what was asked for, by pack and heading; the same in all reports, whatever they answer."""
    found: dict[tuple[str, str], tuple[str, str, dict[str, Permission]]] = {}
    for case in reports:
        for group in case["groups"]:
            key = case["pack"], group["id"]
            listed = found.setdefault(key, (group["title"], group["heading"], {}))[2]
            for permission in group["permissions"]:
                listed.setdefault(permission["action"], permission)
    return [
        Required(pack, title, heading, f"required:{pack}:{group}", list(listed.values()))
        for (pack, group), (title, heading, listed) in found.items()
    ]


def _all_the_same(values: Iterable[object]) -> bool:
    return len({repr(value) for value in values}) == 1


def _aged(pack: Pack, as_of: str) -> PackAge:
    return PackAge(pack, _days(pack["page_updated"], as_of), _days(pack["last_seen_unchanged"], as_of))


def _days(since: str, until: str) -> int:
    return (date.fromisoformat(until) - date.fromisoformat(since)).days


def _files(reports: Iterable[Case]) -> list[PolicyFile]:
    """Return each file once, as it is named first."""
    files: dict[str, PolicyFile] = {}
    for case in reports:
        for each in case["policies"]:
            files.setdefault(each["path"], each)
    return list(files.values())

"""What a report says in a few words: its state, its verdict, and a cell for each of its groups and tests."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam.evidence import Case, Group, Permission, Unread

State = Literal["ready", "not ready", "waived", "cannot be read"]
"""By which the page can be filtered; waived: not ready, and all that it lacks is accepted until a day."""

ITEMS = ("actions", "lint")
"""The tests of a policy beside those of its groups, in the order of the terminal's table."""

_MOST_WORDS = 2
"""Decisions that a cell names."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the matrix: for example ``8/10`` and ``2 missing``."""

    text: str
    word: str = ""
    is_short: bool = False


def state_of(case: Case) -> State:
    """Return the state of a report."""
    if case["ready"]:
        return "ready"
    return "waived" if case["accepted"] else "not ready"


def verdict_of(case: Case) -> str:
    """Return ready or not ready, with the cause; a policy that is ready may fail a test all the same."""
    if case["ready"]:
        failed = " and ".join(item for item in ITEMS if item in failed_items(case))
        return f"ready, but {failed} failed ({case['place']})" if failed else f"ready ({case['place']})"
    lacking = [each for group in case["groups"] for each in group["permissions"] if is_short(each)]
    findings = [each for each in case["findings"] if each["counts"]]
    waived = {each["action"] for each in lacking if each["waived"]}
    waived |= {each["id"] for each in findings if each["waived"]}
    not_granted = sum(not each["waived"] for each in lacking)
    causes = [f"{not_granted} not granted"] if not_granted else []
    causes += _counted(Counter(each["severity"] for each in findings if not each["waived"]))
    verdict = f"not ready: {', '.join(causes)}" if causes else "not ready"
    return f"{verdict}, {len(waived)} waived" if waived else verdict


def verdict_on(unread: Unread) -> str:
    """Return what is said of something that was not checked."""
    return "not checked" if unread["outcome"] == "skipped" else "cannot be read"


def failed_items(case: Case) -> set[str]:
    """Return the tests of a report that failed."""
    return {each["item"] for each in case["items"] if each["outcome"] == "failed"}


def cells_of(case: Case) -> Iterator[tuple[str, Cell]]:
    """Yield the cells of a report by column; a test that did not run is told only if others did."""
    ran = {each["item"] for each in case["items"]}
    for group in case["groups"]:
        yield group["id"], _of_group(group, is_left_out=bool(ran) and group["id"] not in ran)
    for item in ITEMS:
        yield item, _of_item(case, item, is_left_out=bool(ran) and item not in ran)


def _of_group(group: Group, *, is_left_out: bool) -> Cell:
    lacking = [each for each in group["permissions"] if is_short(each)]
    words = Counter("waived" if each["waived"] else each["word"] for each in lacking)
    told = [f"{count} {word}" for word, count in words.items()]
    told = told if len(told) <= _MOST_WORDS else [f"{len(lacking)} not granted"]
    return Cell(count_of(group), ", ".join([*told, *_NOT_RUN[is_left_out]]), is_short=bool(lacking))


def _of_item(case: Case, item: str, *, is_left_out: bool) -> Cell:
    told = [each for each in case["findings"] if each["item"] == item and each["severity"] != "note"]
    text = ", ".join(_counted(Counter(each["severity"] for each in told))) or "ok"
    waived = ["waived"] if told and all(each["waived"] for each in told) else []
    return Cell(text, ", ".join([*waived, *_NOT_RUN[is_left_out]]), is_short=bool(told))


_NOT_RUN: dict[bool, list[str]] = {False: [], True: ["not run"]}


def count_of(group: Group) -> str:
    """Return how many of a group's required permissions are granted: ``8/10``."""
    required = [each for each in group["permissions"] if each["level"] == "required"]
    return f"{sum(map(is_granted, required))}/{len(required)}"


def is_granted(permission: Permission) -> bool:
    """Return whether a permission is granted."""
    return permission["decision"] == "allowed"


def is_short(permission: Permission) -> bool:
    """Return whether a permission makes its group not ready."""
    return permission["level"] == "required" and not is_granted(permission)


def _counted(counts: Counter[Literal["error", "warning", "note"]]) -> list[str]:
    return [f"{count} {word}{'' if count == 1 else 's'}" for word, count in counts.items()]

"""The repairs of a run as one file for ``git apply``; what it cannot hold is said in front, where git reads nothing.

Two repairs of one file are one: the same change is made once, changes of different places are all made. A repair that
changes a place in another way than one before it is left out.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias

from pytest_veeam_iam.printable import seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam.evidence import RepairDict, Run

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_NO_LINE_FEED = "\\ No newline"

Header: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """Lines from ``start`` up to ``end``, 1-based and end exclusive, replaced by others."""

    start: int
    end: int
    lines: tuple[str, ...]

    def touches(self, other: Change) -> bool:
        """Return whether no unchanged line stands between two changes."""
        return self.start <= other.end and other.start <= self.end


@dataclass(slots=True)
class Edit:
    """What happens to one file: the lines of it that are known, and the changes."""

    lines: dict[int, str] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)

    def note(self, change: Change) -> None:
        """Add a change, if it is one."""
        if change.lines or change.start < change.end:
            self.changes.append(change)

    def take(self, other: Edit) -> bool:
        """Add what another does to the same file; return False, adding nothing, if both change a place differently."""
        new = [each for each in other.changes if each not in self.changes]
        if any(each.touches(mine) for each in new for mine in self.changes):
            return False
        self.lines |= other.lines
        self.changes = sorted([*self.changes, *new], key=lambda each: (each.start, each.end))
        return True


def render(run: Run) -> str:
    """Return the file; where there is nothing to repair it holds one line, which ``git apply --allow-empty`` takes."""
    edits: dict[Header, Edit] = {}
    said = [f"{run['tool']}: what to add so that policies are ready; git apply takes this file"]
    for case in run["reports"]:
        repair = case["repair"]
        if repair is None:
            continue
        left_out = [] if repair["diff"] else [*_by_hand(repair)]
        for header, edit in _parsed(repair["diff"] or ""):
            if not edits.setdefault(header, Edit()).take(edit):
                left_out.append(f"{_name(header)} is changed there in another way above: apply, and run again")
        said += [f"{case['name']}: {each}" for each in (*left_out, *repair["remaining"])]
    changed = [line for header, edit in edits.items() if edit.changes for line in (*header, *_hunks(edit))]
    said += [] if changed else ["no file is changed"]
    notes = [f"# {seen(each)}" for each in said]
    return "\n".join([*notes, *changed]) + "\n"


def _by_hand(repair: RepairDict) -> Iterator[str]:
    """Yield what to paste where no file can be changed."""
    statement = repair["statement"] or " ".join(json.dumps(each) for each in repair["statements"])
    if statement:
        yield f"add by hand {' '.join(statement.split())}"


def _name(header: Header) -> str:
    return header[1].removeprefix("+++ ").removeprefix("b/").partition("\t")[0]


def _parsed(diff: str) -> list[tuple[Header, Edit]]:
    """Return the files of a unified diff; a line may end in a carriage return, which is its own."""
    files: list[tuple[Header, Edit]] = []
    lines = diff.split("\n")
    at = 0
    while at < len(lines):
        if lines[at].startswith("--- "):
            files.append(((lines[at], lines[at + 1]), Edit()))
            at += 2
        elif match := _HUNK.match(lines[at]):
            at = _read_hunk(files[-1][1], lines, at + 1, match)
        else:
            at += 1
    return files


def _read_hunk(edit: Edit, lines: list[str], at: int, match: re.Match[str]) -> int:
    """Add a hunk to an edit and return where the next begins; its heading tells how many lines it has."""
    old, new = int(match[2] or 1), int(match[3] or 1)
    number = start = int(match[1])
    added: list[str] = []
    while old or new:
        mark, text = lines[at][:1], lines[at][1:]
        at += 1
        if lines[at : at + 1] and lines[at].startswith(_NO_LINE_FEED):
            text, at = f"{text}\n{lines[at]}", at + 1
        if mark == "+":
            added.append(text)
            new -= 1
            continue
        edit.lines[number] = text
        old, number = old - 1, number + 1
        if mark != "-":
            edit.note(Change(start, number - 1, tuple(added)))
            new, start, added = new - 1, number, []
    edit.note(Change(start, number, tuple(added)))
    return at


def _hunks(edit: Edit) -> Iterator[str]:
    """Yield the hunks of an edit: the known lines that follow each other are one."""
    replaced = {each.start: each for each in edit.changes}
    moved = 0
    for _, same in groupby(enumerate(sorted(edit.lines)), key=lambda each: each[1] - each[0]):
        numbers = [number for _, number in same]
        body = [*_body(edit, replaced, numbers[0], numbers[-1] + 1)]
        old = sum(each[0] != "+" for each in body)
        new = sum(each[0] != "-" for each in body)
        yield f"@@ -{numbers[0]},{old} +{numbers[0] + moved},{new} @@"
        yield from body
        moved += new - old


def _body(edit: Edit, replaced: dict[int, Change], number: int, end: int) -> Iterator[str]:
    while number <= end:
        if change := replaced.get(number):
            yield from (f"-{edit.lines[each]}" for each in range(number, change.end))
            yield from (f"+{each}" for each in change.lines)
            number = change.end
        if number < end:
            yield f" {edit.lines[number]}"
        number += 1

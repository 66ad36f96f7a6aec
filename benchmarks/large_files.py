"""Large files of other tools, row by row against ``json.loads`` of the same text."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.dumps_and_plans import MEGABYTE, account_dump, plan
from benchmarks.measure import side_by_side
from benchmarks.table import Row, duration, times
from pytest_veeam_iam.iam.grammar import read_policy
from pytest_veeam_iam.iam.tree import TextSource
from pytest_veeam_iam.sources import account_dump as dump_form
from pytest_veeam_iam.sources import json_text, large_json, terraform_plan
from pytest_veeam_iam.sources.found import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.measure import Task
    from pytest_veeam_iam.iam.tree import Node
    from pytest_veeam_iam.sources.found import Found

ROUNDS = 5


def rows(size: int) -> Iterator[Row]:
    """Yield the rows of a dump and a plan of so many characters, indented and on a single line."""
    for form, indent in ((dump_form.read, 4), (dump_form.read, None), (terraform_plan.read, None)):
        is_dump = form is dump_form.read
        text = account_dump(size, indent=indent) if is_dump else plan(size, indent=indent)
        over = f"{len(text) / MEGABYTE:.0f} MB {'dump' if is_dump else 'plan'}, {'indented' if indent else 'one line'}"
        yield from _rows(text, form, over)


def _rows(text: str, form: Callable[[Node, Reading], list[Found]], over: str) -> Iterator[Row]:
    loads = partial(json.loads, text)
    count = len(_find(text, form))
    target = "at most 3 x" if form is dump_form.read else ""
    yield _row(f"{count:,} documents found", over, partial(_find, text, form), loads, target)
    yield _row("one document found and read", over, partial(_read_one, text, form), loads)
    yield _row("all documents found and read with their places", over, partial(_read_all, text, form), loads)
    yield _row("all policies", over, partial(_policies, text, form), loads)
    yield _row("the whole text with all places", over, lambda: json_text.parse(TextSource("dump.json", text)), loads)


def _row(what: str, over: str, ours: Task, loads: Task, target: str = "") -> Row:
    pair = side_by_side(ours, loads, rounds=ROUNDS)
    return Row(what, over, duration(pair.ours), f"{duration(pair.theirs)} json.loads", times(pair.ratio), target)


def _find(text: str, form: Callable[[Node, Reading], list[Found]]) -> list[Found]:
    return form(large_json.parse(TextSource("dump.json", text)), Reading())


def _read_one(text: str, form: Callable[[Node, Reading], list[Found]]) -> Node:
    return _find(text, form)[-1].read()


def _read_all(text: str, form: Callable[[Node, Reading], list[Found]]) -> None:
    for found in _find(text, form):
        found.read()


def _policies(text: str, form: Callable[[Node, Reading], list[Found]]) -> None:
    for found in _find(text, form):
        read_policy(found.read(), found.entity)

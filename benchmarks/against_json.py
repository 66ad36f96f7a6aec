"""Row by row against ``json.loads`` of the same text: what reading the document alone would cost."""

from __future__ import annotations

import json
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from benchmarks.documents import generated, ordinary
from benchmarks.measure import Pair, one_after_the_other, side_by_side
from benchmarks.ours import Ours
from benchmarks.table import Row, duration, times

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from benchmarks.measure import Task

BATCH = 50
"""Policies of a round."""

WHAT = "45 permissions, warm, document loaded"


def rows(how_many: int) -> Iterator[Row]:
    """Yield the rows of the ordinary documents and of ``how_many`` generated ones."""
    engines: list[float] = []
    for number, document in enumerate(ordinary()):
        ours, reading = Ours(document), partial(json.loads, document.text)
        engine = side_by_side(ours.engine, reading)
        engines.append(engine.ours)
        yield _row(f"{WHAT}: engine", document.name, engine, "" if number else "at most 20 x")
        yield _row(f"{WHAT}: evaluate() 45 times", document.name, side_by_side(ours.public, reading))
        yield _row(f"{WHAT}: check_veeam_backup_ready()", document.name, side_by_side(ours.report, reading))
    example, larger = engines[0], engines[1]
    ratio = times(larger / example)
    yield Row(
        "23 statements, engine", "", duration(larger), f"{duration(example)} vendor's example", ratio, "at most 5 x"
    )
    yield _different(how_many)


def _row(what: str, over: str, pair: Pair, target: str = "") -> Row:
    return Row(what, over, duration(pair.ours), f"{duration(pair.theirs)} json.loads", times(pair.ratio), target)


def _different(how_many: int) -> Row:
    """Return the row of many policies; each is compiled and asked once, so that nothing is warm but the code."""
    pair = one_after_the_other(_batches(how_many))
    each = Pair(pair.ours / BATCH, pair.theirs / BATCH, pair.ratio)
    return _row("45 permissions, compiled and asked once: engine", f"{how_many:,} different policies", each)


def _batches(how_many: int) -> Iterator[tuple[Task, Task]]:
    documents = generated(how_many)
    while batch := list(islice(documents, BATCH)):
        ours = [Ours(document) for document in batch]
        yield partial(_all, [each.engine for each in ours]), partial(_all, [partial(json.loads, d.text) for d in batch])


def _all(tasks: Iterable[Task]) -> None:
    for task in tasks:
        task()

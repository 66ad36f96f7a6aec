"""Two things measured side by side: round by round in turn, so that what slows the machine down slows both down."""

from __future__ import annotations

import gc
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

ROUND = 0.0004
"""Seconds that a round takes at least: short, so that few rounds are interrupted by other programs."""

Task: TypeAlias = "Callable[[], object]"
Clock: TypeAlias = "Callable[[], float]"
"""Returns the seconds that one more run took."""


@dataclass(frozen=True)
class Pair:
    """What two things took.

    Attributes:
        ours: Seconds, the median of the rounds.
        theirs: Likewise.
        ratio: The median of the ratios of every round.
    """

    ours: float
    theirs: float
    ratio: float


def side_by_side(ours: Task | Timed, theirs: Task | Timed, *, rounds: int = 301) -> Pair:
    """Return what two tasks take; both are warmed up first, and no garbage is collected meanwhile.

    Args:
        ours: What is measured; a ``Timed`` measures itself.
        theirs: What it is compared with.
        rounds: How many of each; the order within a round changes every time.
    """
    clocks = [_clock(ours), _clock(theirs)]
    return _in_turn(clocks for _ in range(rounds))


def one_after_the_other(tasks: Iterable[tuple[Task, Task]]) -> Pair:
    """Return what pairs of tasks take that are run only once, as with ever different policies.

    Args:
        tasks: What is measured and what it is compared with; a round each. The first only warms up.
    """
    rounds = ([partial(_time, task, 1) for task in pair] for pair in tasks)
    for clock in next(rounds):
        clock()
    return _in_turn(rounds)


def _in_turn(rounds: Iterable[Sequence[Clock]]) -> Pair:
    seen: list[list[float]] = [[], []]
    for number, clocks in enumerate(rounds):
        with _no_collection():
            for index in (0, 1) if number % 2 else (1, 0):
                seen[index].append(clocks[index]())
    return Pair(median(seen[0]), median(seen[1]), median(a / b for a, b in zip(*seen, strict=True)))


@dataclass(frozen=True)
class Timed:
    """A task that says itself how long it took, in seconds: another program, or a part of a task."""

    seconds: Clock


def _clock(task: Task | Timed) -> Clock:
    """Return a function that takes the time of one run, from as many runs as make up a round."""
    if isinstance(task, Timed):
        task.seconds()
        return task.seconds
    calls = 1
    while (spent := _time(task, calls)) < ROUND:
        calls = max(2 * calls, int(calls * ROUND / max(spent, 1e-9)))
    return lambda: _time(task, calls) / calls


def _time(task: Task, calls: int) -> float:
    start = perf_counter()
    for _ in range(calls):
        task()
    return perf_counter() - start


@contextmanager
def _no_collection() -> Iterator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def program(arguments: Sequence[str], folder: Path) -> Timed:
    """Return a whole run of ``python -m ...`` in a folder, from start to end."""

    def seconds() -> float:
        start = perf_counter()
        subprocess.run(  # noqa: S603 - this interpreter, with our own arguments
            [sys.executable, "-m", *arguments],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        return perf_counter() - start

    return Timed(seconds)

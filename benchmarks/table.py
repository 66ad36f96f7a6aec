"""The table: what a row is, and how it is written for a terminal and for RESULTS.md."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.measure import Pair

HEADINGS = ("what", "over", "ours", "held against", "ratio", "target")


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        what: What is measured.
        over: Which document, or how many.
        ours: What we took.
        theirs: What the other took, and what that is.
        ratio: Ours over theirs, or the other way round; the words say which.
        target: What it must reach, or empty.
    """

    what: str
    over: str
    ours: str = ""
    theirs: str = ""
    ratio: str = ""
    target: str = ""


def times(ratio: float) -> str:
    """Return a ratio with three digits: ``19.4 x``."""
    return f"{ratio:.3g} x" if ratio < 1000 else f"{ratio:,.0f} x"


def faster(pair: Pair) -> str:
    """Return how many times as fast we are."""
    return f"{times(1 / pair.ratio)} faster" if pair.ratio < 1 else f"{times(pair.ratio)} slower"


def duration(seconds: float) -> str:
    """Return seconds in the unit that reads best."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.0f} ns"


def as_text(rows: Sequence[Row]) -> str:
    """Return the table for a terminal."""
    lines = [HEADINGS, *(astuple(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    padded = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([padded[0], "-" * len(padded[0]), *padded[1:]])


def as_markdown(rows: Sequence[Row]) -> str:
    """Return the table for RESULTS.md."""
    lines = [HEADINGS, tuple("---" for _ in HEADINGS), *(astuple(row) for row in rows)]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)

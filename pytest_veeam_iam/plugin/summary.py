"""The table at the end of a run, policies by group; made of the reports' properties, so that xdist changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_MOST_ROWS = 20


@dataclass
class Row:
    """One line of the table.

    Attributes:
        name: The policy.
        cells: Group -> what its item said.
        failed: The groups whose items failed.
        place: The bucket or buckets that were checked, in words.
        told: Findings that do not make an item fail, a line each.
        is_ready: Whether the policy is ready, whatever else its items found.
        rank: Where it stands among the others; reports of xdist arrive in any order.
    """

    name: str
    cells: dict[str, str] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    place: str = ""
    told: dict[str, str] = field(default_factory=dict)
    is_ready: bool = True
    rank: int = 0

    @property
    def is_open(self) -> bool:
        """Whether a group cannot tell without a value."""
        return any(cell.endswith(_OPEN) for cell in self.cells.values())

    def verdict(self, columns: Sequence[str]) -> str:
        """Return ready or not ready, with the cause; a row of which only a part ran says so."""
        if not self.place:
            return "cannot be read"
        causes = []
        open_ = sum(_lacking(cell) for cell in self.cells.values() if cell.endswith(_OPEN))
        if open_:
            causes.append(f"{open_} cannot tell")
        lacking = sum(_lacking(self.cells[name]) for name in self.failed if name in self.cells)
        if lacking:
            causes.append(f"{lacking} not granted")
        others = [name for name in sorted(self.failed) if name in self.cells and not _lacking(self.cells[name])]
        causes += [self.cells[name] for name in others]
        if causes:
            return f"{'ready, but' if self.is_ready else 'not ready:'} {', '.join(causes)}"
        missing = [name for name in columns if name not in self.cells]
        return f"ready as far as it ran ({self.place})" if missing else f"ready ({self.place})"


_OPEN = "?"
"""Ends the cell of a group that cannot tell without a value, where that is no failure."""


def _lacking(cell: str) -> int:
    granted, slash, of = cell.removesuffix(_OPEN).partition("/")
    return int(of) - int(granted) if slash else 0


class Table:
    """What the items said, by policy.

    Args:
        columns: The groups, then the other items, as they are named.
        tells_all: Whether findings that count for nothing are shown of policies that fall short as well.
    """

    def __init__(self, columns: Sequence[str], *, tells_all: bool = False) -> None:
        self.columns, self._tells_all = tuple(columns), tells_all
        self.rows: dict[str, Row] = {}

    def add(self, properties: Mapping[str, str], *, failed: bool, rank: int = 0) -> None:
        """Keep what one item said; ``rank`` is its place among the items, if reports do not arrive in that order."""
        name = properties["veeam_iam.policy"]
        row = self.rows.setdefault(name, Row(name, rank=rank))
        row.rank = min(row.rank, rank)
        group = properties.get("veeam_iam.group", "")
        if group:
            row.cells[group] = properties["veeam_iam.cell"]
        row.place = properties.get("veeam_iam.place", row.place)
        row.is_ready = properties.get("veeam_iam.ready", str(row.is_ready)) == "True"
        row.told |= {name: text for name, text in properties.items() if name.endswith("_told")}
        if failed:
            row.failed.add(group)

    @property
    def ready(self) -> int:
        """How many policies are ready, as far as they were checked."""
        return sum(not row.failed and not row.is_open for row in self.rows.values())

    @property
    def is_partial(self) -> bool:
        """Whether some policy was not checked in full."""
        return any(row.place and len(row.cells) < len(self.columns) for row in self.rows.values())

    def lines(self) -> Iterator[str]:
        """Yield the table; of many policies only those that fall short."""
        rows = sorted(self.rows.values(), key=lambda row: row.rank)
        if len(rows) > _MOST_ROWS:
            rows = [row for row in rows if row.failed][:_MOST_ROWS]
        if rows:
            yield from _aligned([("", *self.columns, ""), *(self._texts(row) for row in rows)])
        if len(rows) < len(self.rows):
            yield f"... and {len(self.rows) - len(rows)} more"
        for row in rows:
            if self._tells_all or not row.failed:
                yield from (f"  {line}" for text in row.told.values() for line in text.split("\n"))

    def _texts(self, row: Row) -> tuple[str, ...]:
        return (row.name, *(row.cells.get(column, "-") for column in self.columns), row.verdict(self.columns))


def _aligned(table: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for texts in table:
        yield "  ".join(f"{text:{width}}" for text, width in zip(texts, widths, strict=True)).rstrip()

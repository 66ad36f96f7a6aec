"""The table at the end of a run, policies by group; made of the reports' properties, so that xdist changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from pytest_veeam_iam import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

NOT_THERE = "not there"
"""The cell of what is not checked because its files are not there."""

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
        target: The target that it belongs to, or empty.
        waived: Group -> the actions or ids of findings in it whose waiver is in force.
        expired: The actions and ids of findings whose waiver has expired.
        not_given: The layers that were not given, in words.
        is_missing: Whether its files are not there, and need not be.
    """

    name: str
    cells: dict[str, str] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    place: str = ""
    told: dict[str, str] = field(default_factory=dict)
    is_ready: bool = True
    rank: int = 0
    target: str = ""
    waived: dict[str, set[str]] = field(default_factory=dict)
    expired: set[str] = field(default_factory=set)
    not_given: tuple[str, ...] = ()
    is_missing: bool = False

    @property
    def waives(self) -> int:
        """How many of its gaps are waived."""
        return len({name for names in self.waived.values() for name in names})

    @property
    def lacks_nothing(self) -> bool:
        """Whether it is ready, as far as it was checked."""
        return not (self.failed or self.is_open or self.waived or self.is_missing)

    @property
    def is_accepted(self) -> bool:
        """Whether it is not ready, and all that it lacks is waived."""
        return bool(self.waived) and not self.failed and not self.is_open

    @property
    def is_open(self) -> bool:
        """Whether a group cannot tell without a value."""
        return any(cell.endswith(_OPEN) for cell in self.cells.values())

    def verdict(self, columns: Sequence[str]) -> str:
        """Return ready or not ready, with the cause; a row of which only a part ran says so."""
        if not self.place:
            return "not checked: its files are not there" if self.is_missing else "cannot be read"
        causes = self._causes()
        waived = f"{self.waives} waived" if self.waived else ""
        if causes:
            return f"{'ready, but' if self.is_ready else 'not ready:'} {', '.join([*causes, *filter(None, [waived])])}"
        if waived:
            return f"{'ready' if self.is_ready else 'not ready'}, {waived} ({self.place})"
        missing = [name for name in columns if name not in self.cells]
        return f"ready as far as it ran ({self.place})" if missing else f"ready ({self.place})"

    def _causes(self) -> list[str]:
        """Return what it lacks beyond what is waived, in words."""
        causes = []
        open_ = sum(_lacking(cell) for cell in self.cells.values() if cell.endswith(_OPEN))
        if open_:
            causes.append(f"{open_} cannot tell")
        lacking = sum(
            _lacking(self.cells[name]) - len(self.waived.get(name, ())) for name in self.failed if name in self.cells
        )
        if lacking:
            causes.append(f"{lacking} not granted")
        others = [name for name in sorted(self.failed) if name in self.cells and not _lacking(self.cells[name])]
        return causes + [self.cells[name] for name in others]


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
        of_target: Target -> those of the columns that are its own; of all others these are the given ones.
    """

    def __init__(
        self,
        columns: Sequence[str],
        *,
        tells_all: bool = False,
        of_target: Mapping[str, Sequence[str]] = MappingProxyType({}),
    ) -> None:
        shown = (*columns, *(name for names in of_target.values() for name in names))
        last = tuple(columns)[-2:]
        self.columns = (*dict.fromkeys(name for name in shown if name not in last), *last)
        self._own, self._of_target, self._tells_all = tuple(columns), of_target, tells_all
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
        row.target = properties.get("veeam_iam.target", row.target)
        row.is_missing = properties.get("veeam_iam.cell") == NOT_THERE
        row.expired |= set(properties.get("veeam_iam.expired", "").split())
        if waived := properties.get("veeam_iam.waived"):
            row.waived[group] = set(waived.split())
        if not_given := properties.get("veeam_iam.not_given"):
            row.not_given = tuple(not_given.split(", "))
        if failed:
            row.failed.add(group)

    @property
    def ready(self) -> int:
        """How many policies are ready, as far as they were checked."""
        return sum(row.lacks_nothing for row in self.rows.values())

    def columns_of(self, row: Row) -> Sequence[str]:
        """Return the columns that a row should have a cell in."""
        return self._of_target.get(row.target, self._own)

    @property
    def is_partial(self) -> bool:
        """Whether some policy was not checked in full."""
        return any(row.place and len(row.cells) < len(self.columns_of(row)) for row in self.rows.values())

    def lines(self) -> Iterator[str]:
        """Yield the table; of many policies only those that fall short."""
        rows = sorted(self.rows.values(), key=lambda row: row.rank)
        if len(rows) > _MOST_ROWS:
            rows = [row for row in rows if row.failed][:_MOST_ROWS]
        if rows:
            columns = self._columns_shown()
            yield from _aligned([("", *columns, ""), *(self._texts(row, columns) for row in rows)])
        if len(rows) < len(self.rows):
            yield f"... and {len(self.rows) - len(rows)} more"
        for row in rows:
            if self._tells_all or not row.failed:
                yield from (f"  {line}" for text in row.told.values() for line in printable.lines(text).split("\n"))

    def _columns_shown(self) -> tuple[str, ...]:
        """Return the columns that some row should have a cell in."""
        wanted = {name for row in self.rows.values() for name in self.columns_of(row)}
        return tuple(name for name in self.columns if name in wanted)

    def _texts(self, row: Row, columns: Sequence[str]) -> tuple[str, ...]:
        return (row.name, *(row.cells.get(column, "-") for column in columns), row.verdict(self.columns_of(row)))


def _aligned(table: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for texts in table:
        yield printable.line("  ".join(f"{text:{width}}" for text, width in zip(texts, widths, strict=True)).rstrip())

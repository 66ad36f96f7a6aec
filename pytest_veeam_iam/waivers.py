"""A gap that somebody accepted for a limited time: it never changes an answer, only what is made of it.

It knows dates and names, and nothing of files, of policies or of how a waiver is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Mapping

SOON = 14
"""Days before the end of a waiver from which on it is announced."""


@dataclass(frozen=True, slots=True)
class Waiver:
    """One accepted gap.

    Attributes:
        target: The name of the target that falls short.
        permission: The action that is not granted, or None.
        finding: The id of the finding that counts, or None; a waiver has one of the two.
        reason: Why the gap is accepted.
        accepted_by: Who answers for it.
        expires: The last day on which it counts, the whole of it, in UTC.
        place: Where it is written: file, line and column.
    """

    target: str
    permission: str | None
    finding: str | None
    reason: str
    accepted_by: str
    expires: date
    place: str

    @property
    def waives(self) -> str:
        """The action or the id of the finding."""
        return self.permission or self.finding or ""

    def days_left(self, today: date) -> int:
        """Return how many days it counts after today: 0 on its last day, less when it has expired."""
        return (self.expires - today).days


def today(as_of: date | None, environment: Mapping[str, str], now: datetime | None = None) -> date:
    """Return the day on which waivers are looked at, in UTC.

    Args:
        as_of: The day that was asked for.
        environment: ``SOURCE_DATE_EPOCH`` in it comes next (https://reproducible-builds.org/specs/source-date-epoch/).
        now: What the clock says, which comes last; the system's if None.

    Raises:
        TargetError: For a SOURCE_DATE_EPOCH that is no number of seconds.
    """
    if as_of is not None:
        return as_of
    epoch = environment.get("SOURCE_DATE_EPOCH")
    if not epoch:
        return (now or datetime.now(UTC)).astimezone(UTC).date()
    try:
        return datetime.fromtimestamp(int(epoch), UTC).date()
    except (ValueError, OverflowError, OSError) as error:
        raise TargetError(f"SOURCE_DATE_EPOCH={epoch}: write seconds since 1970, for example 1767225600") from error

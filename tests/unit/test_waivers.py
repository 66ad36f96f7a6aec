"""Which day it is for a waiver, and how many are left."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from pytest_veeam_iam.errors import TargetError
from pytest_veeam_iam.waivers import Waiver, today

WAIVER = Waiver(
    "prod", "s3:RestoreObject", None, "no Glacier", "platform team", date(2027, 1, 31), "veeam-iam.toml:1:1"
)
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "left"), [(date(2027, 1, 17), 14), (date(2027, 1, 31), 0), (date(2027, 2, 1), -1), (date(2026, 1, 31), 365)]
)
def test_the_last_day_counts(day: date, left: int) -> None:
    assert WAIVER.days_left(day) == left


@pytest.mark.parametrize(
    ("as_of", "environment", "expected"),
    [
        (None, {}, date(2026, 11, 27)),
        (None, {"SOURCE_DATE_EPOCH": ""}, date(2026, 11, 27)),
        (None, {"SOURCE_DATE_EPOCH": "1801439999"}, date(2027, 1, 31)),
        (None, {"SOURCE_DATE_EPOCH": "1801440000"}, date(2027, 2, 1)),
        (date(2025, 1, 1), {"SOURCE_DATE_EPOCH": "1801440000"}, date(2025, 1, 1)),
    ],
)
def test_the_day_that_was_asked_for_comes_before_that_of_the_build_and_the_clock(
    as_of: date | None, environment: dict[str, str], expected: date
) -> None:
    assert today(as_of, environment, NOON) == expected


def test_the_clock_is_that_of_utc() -> None:
    early_morning = datetime(2026, 11, 28, 1, tzinfo=timezone(timedelta(hours=14)))
    assert today(None, {}, early_morning) == date(2026, 11, 27)
    assert today(None, {}) in (datetime.now(UTC).date(), datetime.now(UTC).date() - timedelta(days=1))


@pytest.mark.parametrize("epoch", ["yesterday", "1e9", str(10**20)])
def test_a_date_of_the_build_that_is_none_is_refused(epoch: str) -> None:
    with pytest.raises(TargetError, match=f"SOURCE_DATE_EPOCH={epoch}: write seconds since 1970"):
        today(None, {"SOURCE_DATE_EPOCH": epoch})

"""A day's bars are final from half past three in Shanghai on."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from naxs_assets.market.pulling.finality import last_final_day, last_final_session, only_final

FRIDAY = date(2024, 1, 5)
SESSIONS = [date(2024, 1, 4), FRIDAY, date(2024, 1, 8)]


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2024, 1, 5, 7, 29, 59, tzinfo=UTC), date(2024, 1, 4)),
        (datetime(2024, 1, 5, 7, 30, tzinfo=UTC), FRIDAY),
        (datetime(2024, 1, 5, 17, 0, tzinfo=UTC), FRIDAY),  # one o'clock of the next day
        (datetime(2024, 1, 6, 9, 0, tzinfo=UTC), date(2024, 1, 6)),
    ],
)
def test_the_last_final_day_by_the_clock(instant: datetime, day: date) -> None:
    assert last_final_day(instant) == day
    sessions = [session for session in SESSIONS if session <= day]
    assert last_final_session(instant, SESSIONS) == sessions[-1]


def test_before_every_session_none_is_final() -> None:
    assert last_final_session(datetime(2023, 1, 1, tzinfo=UTC), SESSIONS) is None


def test_rows_of_a_day_that_is_not_over_are_left_out() -> None:
    rows = pl.DataFrame({"date": [date(2024, 1, 4), FRIDAY, None]})
    before = only_final(rows, datetime(2024, 1, 5, 7, 0, tzinfo=UTC))
    assert before.get_column("date").to_list() == [date(2024, 1, 4), None]
    assert only_final(rows, datetime(2024, 1, 5, 8, 0, tzinfo=UTC)).equals(rows)

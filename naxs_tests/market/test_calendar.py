"""Trading days: the library, then the source, then weekdays marked as guesses."""

import os
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from naxs_assets.errors import DataError
from naxs_assets.market.calendar import CALENDAR_START, library_days, trading_days


def own(*days: date) -> pl.Series:
    return pl.Series(days, dtype=pl.Date)


def test_day_0_is_the_exchange_s_first_day() -> None:
    days = trading_days(None, date(1990, 12, 21))
    assert days.rows() == [
        (date(1990, 12, 19), 0, False),
        (date(1990, 12, 20), 1, False),
        (date(1990, 12, 21), 2, False),
    ]
    assert days.schema == {"date": pl.Date, "day": pl.Int32, "provisional": pl.Boolean}


def test_holidays_are_closed() -> None:
    """The week of the National Day holiday of 2023 ran from 09-29 to 10-06."""
    days = trading_days(None, date(2023, 12, 31))["date"]
    week = days.filter(days.is_between(date(2023, 9, 28), date(2023, 10, 9)))
    assert week.to_list() == [date(2023, 9, 28), date(2023, 10, 9)]


def test_beyond_every_known_calendar_weekdays_are_marked_as_guesses() -> None:
    end = library_days()[-1]
    days = trading_days(None, end + timedelta(days=14))
    guessed = days.filter("provisional")
    assert guessed["date"].min() > end
    assert guessed.height == 10
    assert guessed["date"].dt.weekday().max() <= 5
    assert days["day"].to_list() == list(range(days.height))


def test_beyond_the_library_the_source_s_days_are_taken() -> None:
    end = library_days()[-1]
    later = [end + timedelta(days=number) for number in (5, 6, 7)]
    days = trading_days(own(end, *later), end + timedelta(days=14))
    assert days.filter((pl.col("date") > end) & ~pl.col("provisional"))["date"].to_list() == later
    assert days.filter("provisional")["date"].min() > later[-1]


def test_a_source_that_starts_beyond_the_library_leaves_a_guessed_stretch() -> None:
    end = library_days()[-1]
    start = end + timedelta(days=20)
    days = trading_days(own(start, start + timedelta(days=3)), start + timedelta(days=3))
    stretch = days.filter((pl.col("date") > end) & (pl.col("date") < start))
    assert stretch["provisional"].all()
    assert stretch.height >= 13
    assert days["provisional"][-1] is False


def test_days_do_not_change_with_the_end() -> None:
    end = library_days()[-1] + timedelta(days=40)
    longer = trading_days(None, end + timedelta(days=100))
    assert trading_days(None, end).equals(longer.filter(pl.col("date") <= end))


def test_a_source_that_agrees_changes_nothing() -> None:
    until = date(2024, 6, 28)
    known = trading_days(None, until)
    part = known["date"].filter(known["date"] >= date(2015, 1, 1)).reverse()
    assert trading_days(part, until).equals(known)


def test_a_contradiction_names_the_first_differing_days() -> None:
    known = library_days()
    part = known.filter(known.is_between(date(2024, 1, 2), date(2024, 3, 29)))
    faulty = pl.concat([part.filter(part != date(2024, 1, 5)), own(date(2024, 2, 12))])
    with pytest.raises(DataError) as raised:
        trading_days(faulty, date(2024, 6, 28))
    assert "missing, first: 2024-01-05" in raised.value.what
    assert "no trading days, first: 2024-02-12" in raised.value.what


def test_an_end_before_the_first_day_is_refused() -> None:
    with pytest.raises(DataError, match="1990-12-18"):
        trading_days(None, CALENDAR_START - timedelta(days=1))


@pytest.mark.skipif("NAXS_REAL_DATA" not in os.environ, reason="NAXS_REAL_DATA is not set")
def test_the_recorded_calendar_agrees_with_the_library() -> None:
    recorded = pl.read_parquet(Path(os.environ["NAXS_REAL_DATA"]) / "trade_calendar.parquet")
    days = recorded.filter("is_open")["date"]
    assert trading_days(days, date(2026, 12, 31)).equals(trading_days(None, date(2026, 12, 31)))

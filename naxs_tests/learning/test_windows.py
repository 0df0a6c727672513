"""Walk-forward windows: the cadence, the window of months, and the purge."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naxs_assets.catalog.models import Training
from naxs_assets.learning.windows import (
    is_retraining_month,
    last_training_date,
    training_months,
)


def _calendar(first: date, days: int) -> pl.DataFrame:
    return pl.DataFrame(
        {"date": [first + timedelta(days=n) for n in range(days)], "day": range(days)},
        schema={"date": pl.Date, "day": pl.Int32},
    )


def test_the_purge_keeps_the_strict_rows_of_eleven_points() -> None:
    """Eleven days, labels that reach 5 days, a test from day 8 on: strict rows are 0 to 2
    (Lopez de Prado, Advances in Financial Machine Learning, 2018, chapter 7: i + H < T)."""
    # Day 8 of the calendar is the first of February.
    calendar = _calendar(date(2024, 1, 24), 11)
    assert calendar["date"][8] == date(2024, 2, 1)
    assert last_training_date("2024-02", 5, calendar) == calendar["date"][2]


def test_without_a_day_that_is_known_in_time_there_is_nothing_to_train_on() -> None:
    assert last_training_date("2024-01", 2, _calendar(date(2024, 1, 1), 10)) is None


def test_a_calendar_that_ends_too_early_is_named() -> None:
    with pytest.raises(LookupError, match="2024-03"):
        last_training_date("2024-03", 2, _calendar(date(2024, 1, 1), 10))


@given(reach=st.integers(0, 30), start=st.integers(0, 40))
def test_no_label_that_is_trained_on_looks_into_the_month(reach: int, start: int) -> None:
    calendar = _calendar(date(2024, 1, 1) - timedelta(days=start), start + 60)
    first_of_month = calendar.filter(pl.col("date") == date(2024, 2, 1))["day"][0]
    last = last_training_date("2024-02", reach, calendar)
    for row in calendar.to_dicts():
        is_trained_on = last is not None and row["date"] <= last
        assert is_trained_on == (row["day"] + reach < first_of_month)


@pytest.mark.parametrize(
    ("every", "months"),
    [
        (12, ["2023-01"]),
        (6, ["2023-01", "2023-07"]),
        (3, ["2023-01", "2023-04", "2023-07", "2023-10"]),
    ],
)
def test_the_cadence_counts_from_january(every: int, months: list[str]) -> None:
    training = Training(months=24, minimum_months=12, retrain_every=every)
    year = [f"2023-{number:02d}" for number in range(1, 13)]
    assert [month for month in year if is_retraining_month(month, training)] == months


def test_the_window_lies_before_the_month_and_within_the_market() -> None:
    training = Training(months=3, minimum_months=1, retrain_every=1)
    assert training_months("2023-02", training, "2020-01") == ["2022-11", "2022-12", "2023-01"]
    assert training_months("2023-02", training, "2022-12") == ["2022-12", "2023-01"]
    assert training_months("2023-02", training, "2023-02") == []

"""Walk-forward windows: a model never learns from a label that was not known when it was made."""

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
from naxs_assets.partitions import first_day


def training(months: int = 6, minimum: int = 1, every: int = 3) -> Training:
    return Training(months=months, minimum_months=minimum, retrain_every=every)


def calendar(days: list[date], first_index: int = 0) -> pl.DataFrame:
    return pl.DataFrame(
        {"date": days, "day": list(range(first_index, first_index + len(days)))},
        schema={"date": pl.Date, "day": pl.Int32},
    )


# Eight trading days of May and three of June: the first day of June is T = 8.
ELEVEN = calendar([date(2020, 5, day) for day in (18, 19, 20, 21, 25, 26, 27, 28)]).vstack(
    calendar([date(2020, 6, day) for day in (1, 2, 3)], 8)
)


def test_the_purge_on_eleven_days() -> None:
    # Reach 5 and T = 8: day t is known if t + 5 < 8, so rows 0, 1 and 2.
    assert last_training_date("2020-06", 5, ELEVEN) == date(2020, 5, 20)
    kept = ELEVEN.filter(pl.col("date") <= date(2020, 5, 20)).get_column("day").to_list()
    assert kept == [0, 1, 2]


@pytest.mark.parametrize(("reach", "last_row"), [(1, 6), (2, 5), (7, 0)])
def test_a_longer_reach_purges_more(reach: int, last_row: int) -> None:
    assert last_training_date("2020-06", reach, ELEVEN) == ELEVEN["date"][last_row]


def test_a_reach_beyond_all_history_leaves_nothing() -> None:
    assert last_training_date("2020-06", 8, ELEVEN) is None


def test_the_first_trading_day_counts_not_the_first_of_the_month() -> None:
    # 2020-10-09 is the first trading day of October: the holidays are no days.
    days = [date(2020, 9, 28), date(2020, 9, 29), date(2020, 9, 30), date(2020, 10, 9)]
    assert last_training_date("2020-10", 2, calendar(days)) == date(2020, 9, 28)


def test_days_after_the_month_do_not_matter() -> None:
    until_first = ELEVEN.filter(pl.col("day") <= 8)
    assert last_training_date("2020-06", 2, until_first) == last_training_date("2020-06", 2, ELEVEN)


def test_a_calendar_that_ends_before_the_month_is_refused() -> None:
    with pytest.raises(LookupError, match="no trading day from 2020-07 on"):
        last_training_date("2020-07", 2, ELEVEN)


@given(
    st.lists(st.booleans(), min_size=40, max_size=120),
    st.integers(min_value=1, max_value=25),
)
def test_every_kept_label_is_known_before_the_first_trading_day(
    is_open: list[bool], reach: int
) -> None:
    start = date(2020, 1, 1)
    days = [start + timedelta(days=n) for n, trading in enumerate(is_open) if trading]
    inside = [day for day in days if day >= first_day("2020-02")]
    if not inside:
        return
    first_row = days.index(inside[0])
    last = last_training_date("2020-02", reach, calendar(days))
    known = [row for row in range(len(days)) if row + reach < first_row]
    assert last == (days[known[-1]] if known else None)


# --- Which months -------------------------------------------------------------------------------


def test_the_cadence_is_counted_from_january() -> None:
    year = [f"2021-{month:02d}" for month in range(1, 13)]
    quarterly = [month for month in year if is_retraining_month(month, training(every=3))]
    assert quarterly == ["2021-01", "2021-04", "2021-07", "2021-10"]
    assert [m for m in year if is_retraining_month(m, training(every=12))] == ["2021-01"]
    assert all(is_retraining_month(month, training(every=1)) for month in year)


def test_a_cadence_of_two_years_counts_years_from_zero() -> None:
    months = [f"{year}-01" for year in range(2019, 2025)]
    biennial = [month for month in months if is_retraining_month(month, training(every=24))]
    assert biennial == ["2020-01", "2022-01", "2024-01"]


def test_the_window_ends_with_the_month_before() -> None:
    assert training_months("2021-02", training(months=3), "2010-01") == [
        "2020-11",
        "2020-12",
        "2021-01",
    ]


def test_the_window_starts_with_the_markets_first_month() -> None:
    assert training_months("2021-02", training(months=84), "2020-12") == ["2020-12", "2021-01"]
    assert training_months("2020-12", training(months=84), "2020-12") == []

"""Exposure by board: shares of the NAV that add up, by hand and on a backtest."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from naxs_assets.backtest import Costs, Journal, empty_journal, run_backtest
from naxs_assets.reports.exposure import daily_exposure, mean_exposure
from naxs_tests.backtest.sample import FIRST, bar, day_date, prices, rule, scores

MAIN, STAR = "600519.SH", "688981.SH"


@pytest.fixture(scope="module")
def journal() -> Journal:
    """Day 1 buys a name of the main board and one of STAR with half of the cash each."""
    days = [bar(FIRST + day, symbol) for day in range(3) for symbol in (MAIN, STAR)]
    signal = {FIRST + day: {MAIN: 2.0, STAR: 1.0} for day in (-1, 0, 1)}
    return run_backtest(
        prices(*days), scores(signal), rule=rule(top=2, cash_reserve=0.2), costs=Costs()
    )


def test_the_shares_of_a_day_add_up_to_one(journal: Journal) -> None:
    exposure = daily_exposure(journal)
    assert set(exposure["board"]) == {"main", "star", "cash"}
    for (_,), of_day in exposure.group_by("date"):
        assert of_day["share"].sum() == pytest.approx(1.0)
    assert exposure["date"].unique().sort().to_list() == [day_date(FIRST + d) for d in range(3)]


def test_a_share_is_the_value_held_over_the_nav(journal: Journal) -> None:
    last = day_date(FIRST + 2)
    nav = journal.account().filter(pl.col("date") == last)["nav"].item()
    held = journal.positions().filter(pl.col("date") == last)
    star = held.filter(pl.col("symbol") == STAR)["value"].item()
    found = daily_exposure(journal).filter((pl.col("date") == last) & (pl.col("board") == "star"))
    assert found["share"].to_list() == [pytest.approx(star / nav)]


def test_without_a_backtest_day_there_is_no_exposure() -> None:
    assert daily_exposure(Journal.of_months([empty_journal()])).is_empty()


def test_means_count_days_without_a_position_as_nothing() -> None:
    rows = [
        (date(2024, 1, 2), "cash", 1.0),
        (date(2024, 1, 3), "cash", 0.4),
        (date(2024, 1, 3), "main", 0.6),
        (date(2024, 2, 1), "cash", 1.0),
    ]
    exposure = pl.DataFrame(rows, schema=["date", "board", "share"], orient="row")
    month = pl.col("date").dt.strftime("%Y-%m").alias("month")
    assert mean_exposure(exposure, month).rows() == [
        ("2024-01", "cash", pytest.approx(0.7)),
        ("2024-01", "main", pytest.approx(0.3)),
        ("2024-02", "cash", 1.0),
        ("2024-02", "main", 0.0),
    ]

"""Performance frames against figures worked out by hand, and against each other."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from naxs_assets.backtest import metrics
from naxs_assets.backtest.journal import COSTS
from naxs_assets.reports.performance import (
    account_of,
    daily_performance,
    monthly_costs,
    monthly_performance,
    monthly_rank_ic,
    monthly_rejections,
    yearly_costs,
    yearly_performance,
    yearly_rejections,
)
from naxs_assets.reports.tear_sheet_inputs import SCHEMAS, TearSheet
from naxs_tests.reports.sample import REAL, sample_tear_sheet

DAYS = [date(2023, 12, 28), date(2023, 12, 29), date(2024, 1, 2)]


def worked_example(closes: dict[date, float]) -> TearSheet:
    """1,000 CNY; buys 500 for 10 CNY of costs; gains 99; sells 500 at 20 CNY, loses 89."""
    account = pl.DataFrame(
        {
            "date": DAYS,
            "nav": [990.0, 1089.0, 980.1],
            "cash": [490.0, 490.0, 980.1],
            "traded_value": [500.0, 0.0, 500.0],
            "commission": [5.0, 0.0, 5.0],
            "stamp_duty": [0.0, 0.0, 10.0],
            "transfer_fee": [1.0, 0.0, 1.0],
            "exchange_fees": [1.0, 0.0, 1.0],
            "slippage": [3.0, 0.0, 3.0],
            "holdings": [1, 1, 0],
        },
        schema=SCHEMAS["account"],
    )
    index = pl.DataFrame(
        {"date": list(closes), "close": list(closes.values())}, schema=SCHEMAS["index_closes"]
    )
    return TearSheet("worked", "", REAL, "index", 1_000.0, account=account, index_closes=index)


EVERY_CLOSE = {date(2023, 12, 27): 100.0, DAYS[0]: 110.0, DAYS[1]: 104.5, DAYS[2]: 104.5}


def test_returns_and_levels_by_hand() -> None:
    daily = daily_performance(worked_example(EVERY_CLOSE))
    assert daily["net"].to_list() == pytest.approx([-0.01, 0.1, -0.1])
    assert daily["gross"].to_list() == pytest.approx([0.0, 0.1, (980.1 + 20) / 1089 - 1])
    assert daily["index"].to_list() == pytest.approx([0.1, -0.05, 0.0])
    assert daily["excess"].to_list() == pytest.approx([-0.11, 0.15, -0.1])
    assert daily["net_level"].to_list() == pytest.approx([0.99, 1.089, 0.9801])
    assert daily["excess_level"].to_list() == pytest.approx([0.89, 0.89 * 1.15, 0.89 * 1.15 * 0.9])
    assert daily["drawdown"].to_list() == pytest.approx([-0.01, 0.0, -0.1])
    assert daily["index_drawdown"].to_list() == pytest.approx([0.0, -0.05, -0.05])
    assert daily["turnover"].to_list() == pytest.approx([250 / 995, 0.0, 250 / 1034.55])
    assert daily["cost"].to_list() == pytest.approx([10 / 995, 0.0, 20 / 1034.55])
    assert daily["cash_share"].to_list() == pytest.approx([490 / 990, 490 / 1089, 1.0])


def test_months_and_years_compound_by_hand() -> None:
    daily = daily_performance(worked_example(EVERY_CLOSE))
    months = monthly_performance(daily)
    assert months["month"].to_list() == ["2023-12", "2024-01"]
    assert months["net"].to_list() == pytest.approx([0.089, -0.1])
    assert months["index"].to_list() == pytest.approx([0.045, 0.0])
    years = yearly_performance(daily)
    assert years["year"].to_list() == [2023, 2024]
    assert years["net"].to_list() == pytest.approx([0.089, -0.1])
    assert years["drawdown"].to_list() == pytest.approx([-0.01, -0.1])
    assert years["days"].to_list() == [2, 1]


def test_a_day_without_an_index_return_is_left_out_of_the_index_and_the_excess() -> None:
    no_base = {day: close for day, close in EVERY_CLOSE.items() if day in DAYS}
    daily = daily_performance(worked_example(no_base))
    assert daily["index"].is_null().to_list() == [True, False, False]
    assert daily["excess"].is_null().to_list() == [True, False, False]
    assert daily["index_level"][0] == 1.0


def test_without_an_index_there_is_no_index_return_at_all() -> None:
    daily = daily_performance(worked_example({}))
    assert daily["index"].null_count() == 3
    assert monthly_performance(daily)["index"].null_count() == 2
    assert monthly_performance(daily)["net"].null_count() == 0


def test_costs_and_rejections_by_month() -> None:
    costs = monthly_costs(worked_example(EVERY_CLOSE).account)
    assert costs["stamp_duty"].to_list() == [0.0, 10.0]
    assert costs["commission"].to_list() == [5.0, 5.0]
    rejections = pl.DataFrame(
        [(DAYS[0], "cash", 2), (DAYS[1], "cash", 1), (DAYS[2], "limit_up", 4)],
        schema=SCHEMAS["rejections"],
        orient="row",
    )
    assert monthly_rejections(rejections).rows() == [
        ("2023-12", "cash", 3),
        ("2023-12", "limit_up", 0),
        ("2024-01", "cash", 0),
        ("2024-01", "limit_up", 4),
    ]


def test_costs_by_year_in_money_and_over_the_nav() -> None:
    """2023: 5 CNY of commission over a mean NAV of 995; 2024: 10 of stamp duty over 1,034.55."""
    inputs = worked_example(EVERY_CLOSE)
    costs = yearly_costs(inputs)
    assert costs["year"].to_list() == [2023, 2024]
    assert costs["commission"].to_list() == [5.0, 5.0]
    assert costs["stamp_duty"].to_list() == [0.0, 10.0]
    assert costs["commission_ratio"].to_list() == pytest.approx([5 / 995, 5 / 1034.55])
    assert costs["stamp_duty_ratio"].to_list() == pytest.approx([0.0, 10 / 1034.55])
    together = costs.select(pl.sum_horizontal(f"{name}_ratio" for name in COSTS)).to_series()
    years = yearly_performance(daily_performance(inputs))
    assert together.to_list() == pytest.approx(years["cost"].to_list())


def test_rejections_by_year() -> None:
    rejections = pl.DataFrame(
        [(DAYS[0], "cash", 2), (DAYS[1], "cash", 1), (DAYS[2], "limit_up", 4)],
        schema=SCHEMAS["rejections"],
        orient="row",
    )
    assert yearly_rejections(rejections).rows() == [(2023, "cash", 3), (2024, "limit_up", 4)]


def test_monthly_rank_ic_is_the_mean_of_the_days_that_have_one() -> None:
    frame = pl.DataFrame(
        [(DAYS[0], 0.1, 0.2, 9), (DAYS[1], None, None, 1), (DAYS[2], 0.0, -0.1, 9)],
        schema=SCHEMAS["information_coefficient"],
        orient="row",
    )
    assert monthly_rank_ic(frame).rows() == [("2023-12", 0.2), ("2024-01", -0.1)]


def test_years_months_and_days_agree() -> None:
    daily = daily_performance(sample_tear_sheet())
    for name in ("net", "gross", "index", "excess"):
        whole = daily[f"{name}_level"][-1]
        for periods in (monthly_performance(daily), yearly_performance(daily)):
            assert float((1.0 + periods[name]).product()) == pytest.approx(whole, rel=1e-12)


def test_drawdown_and_turnover_are_those_of_the_backtest() -> None:
    inputs = sample_tear_sheet()
    daily = daily_performance(inputs)
    assert daily["drawdown"].to_numpy() == pytest.approx(
        metrics.drawdown(daily["net"].to_numpy()), abs=1e-12
    )
    assert_frame_equal(daily.select("date", "turnover"), metrics.daily_turnover(account_of(inputs)))


def test_no_account_day_gives_no_row() -> None:
    daily = daily_performance(TearSheet("none", "", REAL, "index", 1_000.0))
    assert daily.is_empty()
    assert monthly_performance(daily).is_empty()
    assert yearly_performance(daily).is_empty()

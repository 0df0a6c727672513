"""Daily, monthly and yearly performance of an account against its index.

In the convention of :mod:`naxs_assets.backtest.metrics`: net return is NAV over previous NAV less
one, the first day from the starting capital; excess is net return less index return; turnover is
one-sided, half of bought plus sold value over the mean of opening and closing NAV. Gross return
adds the day's costs back to the NAV. Levels compound returns from 1. All are ratios.
"""

from __future__ import annotations

import polars as pl

from naxs_assets.backtest import metrics
from naxs_assets.backtest.journal import COSTS
from naxs_assets.learning.steady import steady_mean, steady_sum
from naxs_assets.reports.tear_sheet_inputs import TearSheet

_RETURNS = ("net", "gross", "index", "excess")


def account_of(inputs: TearSheet) -> pl.DataFrame:
    """The account as :mod:`naxs_assets.backtest.metrics` reads it: with previous_nav, and all
    traded value as bought.
    """
    return inputs.account.with_columns(
        previous_nav=pl.col("nav").shift(1, fill_value=inputs.starting_capital),
        bought=pl.col("traded_value"),
        sold=pl.lit(0.0),
    )


def daily_performance(inputs: TearSheet) -> pl.DataFrame:
    """One row per account day: date; net, gross, index, excess (returns); net_level, gross_level,
    index_level, excess_level (1 before the first day); drawdown, index_drawdown; turnover, cost
    (over the day's mean NAV), cash_share (of the NAV).

    Days on which the index has no close, or none before, have no index and no excess return
    (null); their levels stay where they were.
    """
    closes = inputs.index_closes.drop_nulls()
    index = closes.select("date", index=pl.col("close") / pl.col("close").shift(1) - 1.0)
    account = account_of(inputs)
    mean_nav = (pl.col("nav") + pl.col("previous_nav")) / 2
    return (
        account.join(index, on="date", how="left", maintain_order="left")
        .join(metrics.daily_turnover(account), on="date", how="left", maintain_order="left")
        .with_columns(paid=pl.sum_horizontal(COSTS))
        .with_columns(
            net=pl.col("nav") / pl.col("previous_nav") - 1.0,
            gross=(pl.col("nav") + pl.col("paid")) / pl.col("previous_nav") - 1.0,
            cost=pl.when(mean_nav > 0).then(pl.col("paid") / mean_nav),
            cash_share=pl.when(pl.col("nav") > 0).then(pl.col("cash") / pl.col("nav")),
        )
        .with_columns(excess=pl.col("net") - pl.col("index"))
        .with_columns(
            (1.0 + pl.col(name).fill_null(0.0)).cum_prod().alias(f"{name}_level")
            for name in _RETURNS
        )
        .select(
            "date",
            *_RETURNS,
            *(f"{name}_level" for name in _RETURNS),
            _drawdown("net_level").alias("drawdown"),
            _drawdown("index_level").alias("index_drawdown"),
            "turnover",
            "cost",
            "cash_share",
        )
    )


def _drawdown(level: str) -> pl.Expr:
    # The path starts at 1, before the first day.
    return pl.col(level) / pl.max_horizontal(pl.col(level).cum_max(), pl.lit(1.0)) - 1.0


def _compounded(returns: str) -> pl.Expr:
    column = pl.col(returns)
    # A product over nothing would read as a return of 0.
    return pl.when(column.count() > 0).then((1.0 + column).product() - 1.0).alias(returns)


def _sums(*columns: str) -> list[pl.Expr]:
    return [steady_sum(pl.col(column)).alias(column) for column in columns]


def _month() -> pl.Expr:
    return pl.col("date").dt.strftime("%Y-%m").alias("month")


def _year() -> pl.Expr:
    return pl.col("date").dt.year().alias("year")


def monthly_performance(daily: pl.DataFrame) -> pl.DataFrame:
    """month ("YYYY-MM") with net, gross, index, excess compounded and turnover, cost summed."""
    return (
        daily.group_by(_month(), maintain_order=True)
        .agg(*map(_compounded, _RETURNS), *_sums("turnover", "cost"))
        .sort("month")
    )


def yearly_performance(daily: pl.DataFrame) -> pl.DataFrame:
    """year with net, gross, index, excess compounded; drawdown (deepest within the year, from the
    level before its first day); turnover and cost summed; days.
    """
    growth = (1.0 + pl.col("net")).cum_prod()
    peak = pl.max_horizontal(growth.cum_max(), pl.lit(1.0))
    return (
        daily.group_by(_year(), maintain_order=True)
        .agg(
            *map(_compounded, _RETURNS),
            (growth / peak - 1.0).min().alias("drawdown"),
            *_sums("turnover", "cost"),
            pl.len().cast(pl.Int64).alias("days"),
        )
        .sort("year")
    )


def monthly_costs(account: pl.DataFrame) -> pl.DataFrame:
    """month ("YYYY-MM") with each cost component's sum, CNY."""
    return account.group_by(_month(), maintain_order=True).agg(*_sums(*COSTS)).sort("month")


def yearly_costs(inputs: TearSheet) -> pl.DataFrame:
    """year; each cost component's sum, CNY; ``<component>_ratio``: the sum over days of the cost
    over the day's mean NAV, so that the components add up to :func:`yearly_performance`'s cost.
    """
    mean_nav = (pl.col("nav") + pl.col("previous_nav")) / 2
    ratios = [f"{name}_ratio" for name in COSTS]
    return (
        account_of(inputs)
        # Where there is no NAV there is no ratio, as in the daily performance.
        .with_columns(
            pl.when(mean_nav > 0).then(pl.col(COSTS) / mean_nav).name.suffix("_ratio"),
        )
        .group_by(_year(), maintain_order=True)
        .agg(*_sums(*COSTS, *ratios))
        .sort("year")
    )


def yearly_rejections(rejections: pl.DataFrame) -> pl.DataFrame:
    """year, cause, orders."""
    return (
        rejections.group_by(_year(), "cause", maintain_order=True)
        .agg(pl.col("orders").sum())
        .sort("year", "cause")
    )


def monthly_rejections(rejections: pl.DataFrame) -> pl.DataFrame:
    """month ("YYYY-MM"), cause, orders; every month that has any rejection names every cause."""
    counted = rejections.group_by(_month(), "cause", maintain_order=True).agg(
        pl.col("orders").sum()
    )
    every = counted.select("month").unique().join(counted.select("cause").unique(), how="cross")
    return (
        every.join(counted, on=["month", "cause"], how="left")
        .with_columns(pl.col("orders").fill_null(0))
        .sort("month", "cause")
    )


def monthly_rank_ic(information_coefficient: pl.DataFrame) -> pl.DataFrame:
    """month ("YYYY-MM"), rank_ic: the mean over the month's days that have one."""
    return (
        information_coefficient.drop_nulls("rank_ic")
        .group_by(_month(), maintain_order=True)
        .agg(steady_mean(pl.col("rank_ic")).alias("rank_ic"))
        .sort("month")
    )

"""How well the scores predicted, year by year, and how many of the universe they covered."""

from __future__ import annotations

import polars as pl

from naxs_assets.learning.score_quantiles import quantile_spread
from naxs_assets.learning.steady import steady_mean

WHOLE = "all"
"""The year of the row that covers everything."""


def _with_whole(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows by year (String), then all of them once more under ``WHOLE``."""
    by_year = frame.with_columns(year=pl.col("date").dt.strftime("%Y"))
    return pl.concat([by_year, frame.with_columns(year=pl.lit(WHOLE))])


def _by_year(frame: pl.DataFrame, *figures: pl.Expr) -> pl.DataFrame:
    # Digits sort before letters, so the whole comes last.
    return _with_whole(frame).group_by("year", maintain_order=True).agg(*figures).sort("year")


def yearly_correlations(information_coefficient: pl.DataFrame) -> pl.DataFrame:
    """year (the last is ``WHOLE``); of ic and rank_ic the mean, and the icir: mean over standard
    deviation (ddof 1) of the daily values, not annualised; positive_days (share of days with a
    RankIC above 0); days (with a RankIC).
    """
    return _by_year(
        information_coefficient.drop_nulls("rank_ic"),
        *(steady_mean(pl.col(name)).alias(name) for name in ("rank_ic", "ic")),
        *(
            # One value, or equal ones, have no spread to divide by.
            pl.when(pl.col(name).min() < pl.col(name).max())
            .then(steady_mean(pl.col(name)) / pl.col(name).std())
            .alias(f"{name}_icir")
            for name in ("rank_ic", "ic")
        ),
        (pl.col("rank_ic") > 0).mean().alias("positive_days"),
        pl.len().cast(pl.Int64).alias("days"),
    )


def yearly_quantiles(quantiles: pl.DataFrame, number: int) -> pl.DataFrame:
    """year (the last is ``WHOLE``); q1 .. q``number``: the mean over days of the quantile's
    label_return; spread: the mean over days of top less bottom; positive_days (share of days with a
    spread above 0); days (with a spread).
    """
    means = _by_year(
        quantiles,
        *(
            steady_mean(pl.col("label_return").filter(pl.col("quantile") == place)).alias(
                f"q{place}"
            )
            for place in range(1, number + 1)
        ),
    )
    spreads = _by_year(
        quantile_spread(quantiles, number),
        steady_mean(pl.col("spread")).alias("spread"),
        (pl.col("spread") > 0).mean().alias("positive_days"),
        pl.len().cast(pl.Int64).alias("days"),
    )
    return means.join(spreads, on="year", how="left", maintain_order="left")


def yearly_coverage(members: pl.DataFrame) -> pl.DataFrame:
    """year (the last is ``WHOLE``), months (with scores), members and scored (the members of the
    universe over the days of those months, and the scores), share.
    """
    # Months before the first model are no gap in coverage.
    scored = members.filter(pl.col("scored") > 0)
    dated = scored.with_columns(date=pl.col("month").str.to_date("%Y-%m"))
    return _by_year(
        dated, pl.len().cast(pl.Int64).alias("months"), pl.col("members", "scored").sum()
    ).with_columns(share=pl.col("scored") / pl.col("members"))


def daily_coverage(coverage: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """``coverage`` (date, names with a score) with members: the month's members over its days that
    have scores (Float64; null where the month's members are not known).
    """
    monthly = members.select("month", total="members")
    return (
        coverage.with_columns(month=pl.col("date").dt.strftime("%Y-%m"))
        .join(monthly, on="month", how="left", maintain_order="left")
        .select("date", "names", members=pl.col("total") / pl.len().over("month"))
    )

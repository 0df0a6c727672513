"""How well scores predicted, judged month by month: a month of labels beside the scores before it.

A month's rows are settled when its labels are, whatever comes later, so that a report over many
years only joins them.
"""

from __future__ import annotations

import polars as pl

from naxs_assets.learning.contracts import EVALUATION, quantile_column
from naxs_assets.learning.information_coefficient import DECAY_LAGS, rank_ic_by_lag, rank_ic_decay
from naxs_assets.learning.score_quantiles import QUANTILES, quantile_returns


def evaluate(predictions: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """The evaluation (contract ``EVALUATION``) of the days of ``labels``.

    ``predictions`` needs date, symbol, day, score and must reach back the longest of ``DECAY_LAGS``
    before the first label, as far as there are any; ``labels`` date, symbol, day, label. A day has
    a row of lag 0 when it has scores, known labels or not, and one of each further lag when scores
    that old meet a label. Raises DataError when a column is missing or a date and symbol appear
    twice.
    """
    days = labels.select("day", "date").unique()
    daily = rank_ic_by_lag(predictions, labels).join(days, on="day").drop("day")
    scored = (
        predictions.join(days, on=["day", "date"], how="semi")
        .group_by("date")
        .agg(scored=pl.len().cast(pl.Int64))
        .with_columns(lag=pl.lit(0, pl.Int64))
    )
    spread = quantile_returns(predictions, labels).with_columns(
        pl.format("q{}", "quantile").alias("quantile"), lag=pl.lit(0, pl.Int64)
    )
    by_quantile = spread.pivot("quantile", index=["date", "lag"], values="label_return")
    key = ["date", "lag"]
    table = daily.join(scored, on=key, how="full", coalesce=True).join(
        by_quantile, on=key, how="left"
    )
    absent = [name for name in EVALUATION.column_names if name not in table.columns]
    return (
        table.with_columns(
            pl.col("names").cast(pl.Int64).fill_null(0),
            *(pl.lit(None, pl.Float64).alias(name) for name in absent),
        )
        .select(EVALUATION.column_names)
        .sort(key)
    )


def daily_information_coefficient(evaluation: pl.DataFrame) -> pl.DataFrame:
    """date, ic, rank_ic, names of the days that have both a score and a label."""
    judged = evaluation.filter((pl.col("lag") == 0) & (pl.col("names") > 0))
    return judged.select("date", "ic", "rank_ic", "names").sort("date")


def daily_names(evaluation: pl.DataFrame) -> pl.DataFrame:
    """date, names (with a score), of the days that have scores."""
    days = evaluation.filter((pl.col("lag") == 0) & pl.col("scored").is_not_null())
    return days.select("date", names="scored").sort("date")


def decay(evaluation: pl.DataFrame) -> pl.DataFrame:
    """lag, ic, rank_ic, days: means by delay, of :func:`rank_ic_decay`."""
    return rank_ic_decay(evaluation.sort("date"), DECAY_LAGS)


def daily_quantiles(evaluation: pl.DataFrame) -> pl.DataFrame:
    """date, quantile, label_return, as in :func:`quantile_returns`."""
    names = [quantile_column(place) for place in range(1, QUANTILES + 1)]
    return (
        evaluation.filter(pl.col("lag") == 0)
        .unpivot(names, index="date", variable_name="quantile", value_name="label_return")
        .drop_nulls("label_return")
        .with_columns(pl.col("quantile").str.strip_prefix("q").cast(pl.Int64))
        .sort("date", "quantile")
    )

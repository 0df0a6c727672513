"""How well a day's predictions order labels: IC and RankIC, on the day and with a delay."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from naxs_assets.learning.scored_labels import scored_labels
from naxs_assets.learning.steady import steady_mean

DECAY_LAGS = (0, 1, 2, 3, 5, 10, 15, 20)
"""Delays that a report shows, in trading days: about a month."""

_FIGURES = ("ic", "rank_ic", "names")


def rank_ic(predictions: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """Daily correlation between predictions and labels over the names that have both.

    ``predictions`` needs date, symbol, score; ``labels`` date, symbol, label. Null and NaN count
    as absent. Returns date, ic (Pearson), rank_ic (Spearman: Pearson of average ranks; Spearman
    1904), names (UInt32, names with both), sorted by date. A day with no such name has no row; a
    day on which either side does not vary, or with one name, has null for both correlations.
    Raises DataError when a column is missing or a date and symbol appear twice.
    """
    return _daily_correlations(scored_labels(predictions, labels, "date").later(0), "date")


def rank_ic_by_lag(
    predictions: pl.DataFrame, labels: pl.DataFrame, lags: Sequence[int] = DECAY_LAGS
) -> pl.DataFrame:
    """Daily correlation between the scores of day t - lag and the labels of day t.

    ``predictions`` needs symbol, day, score; ``labels`` symbol, day, label. ``day`` is the absolute
    trading-day index, so lags count trading days; a name is followed also after it has left the
    universe. Lag 0 is the label itself, as in :func:`rank_ic`. Returns day (of the label), lag, ic,
    rank_ic and names as there, by lag in the order of ``lags`` and day. Raises DataError when a
    column is missing or a day and symbol appear twice.
    """
    aligned = scored_labels(predictions, labels, "day")
    return pl.concat(
        _daily_correlations(aligned.later(lag), "day").select(
            pl.col("day").cast(pl.Int32) + lag, pl.lit(lag, pl.Int64).alias("lag"), *_FIGURES
        )
        for lag in lags
    )


def rank_ic_decay(daily: pl.DataFrame, lags: Sequence[int] = DECAY_LAGS) -> pl.DataFrame:
    """Mean over the days of :func:`rank_ic_by_lag`, by delay.

    ``daily`` needs lag, ic and rank_ic, in the order of days. Returns lag, ic, rank_ic (Float64,
    null where no day has one) and days (Int64, those that have one), in the order of ``lags``.
    """
    rows = []
    for lag in lags:
        of_lag = daily.filter(pl.col("lag") == lag)
        ic, rank = of_lag.select(steady_mean(pl.col("ic", "rank_ic").drop_nulls())).row(0)
        rows.append((lag, ic, rank, of_lag["rank_ic"].count()))
    return pl.DataFrame(
        rows,
        schema={"lag": pl.Int64, "ic": pl.Float64, "rank_ic": pl.Float64, "days": pl.Int64},
        orient="row",
    )


def _daily_correlations(both: pl.DataFrame, by: str) -> pl.DataFrame:
    score, label = pl.col("score"), pl.col("label")
    # A constant's variance may come out as a rounding error rather than 0, so it is asked for.
    varies = (score.min() < score.max()) & (label.min() < label.max())
    ranks = pl.corr(score.rank("average"), label.rank("average"))
    return both.group_by(by, maintain_order=True).agg(
        pl.when(varies).then(pl.corr("score", "label")).alias("ic"),
        pl.when(varies).then(ranks).alias("rank_ic"),
        pl.len().cast(pl.UInt32).alias("names"),
    )

"""What names of a high score earned beside names of a low one: returns by score quantile."""

from __future__ import annotations

import polars as pl

from naxs_assets.errors import DataError
from naxs_assets.learning.scored_labels import scored_labels
from naxs_assets.learning.steady import steady_mean

QUANTILES = 5
"""Quantiles of a report: fifths, as is usual for universes of some hundred names."""


def quantile_returns(
    predictions: pl.DataFrame, labels: pl.DataFrame, quantiles: int = QUANTILES
) -> pl.DataFrame:
    """Daily mean label of each score quantile, 1 the lowest scores.

    ``predictions`` needs date, symbol, score; ``labels`` date, symbol, label, which should be the
    label's return, not a standardised one. Of the day's n names with both, a name of rank r (1 the
    lowest) is in quantile floor((2 r - 1) x quantiles / 2 n) + 1. Ties have their average rank, so
    they are in one quantile together and the order of rows does not matter; a quantile that ties
    leave empty has no row. A day with fewer names than quantiles has no rows.

    Returns date, quantile (Int64), label_return (Float64, equally weighted, in the label's unit),
    names (Int64), by date and quantile. Raises DataError when a column is missing, a date and
    symbol appear twice, or fewer than two quantiles are asked for.
    """
    if quantiles < 2:
        raise DataError(
            f"{quantiles} quantiles cannot be compared",
            where="quantile_returns",
            remedy="ask for two or more, such as 5",
        )
    # Twice the average rank is a whole number, so the place of a tie is exact.
    doubled_rank = (2 * pl.col("score").rank("average")).cast(pl.Int64).over("date")
    names = pl.len().cast(pl.Int64).over("date")
    return (
        scored_labels(predictions, labels, "date")
        .later(0)
        .with_columns(quantile=(doubled_rank - 1) * quantiles // (2 * names) + 1, of=names)
        .filter(pl.col("of") >= quantiles)
        .group_by("date", "quantile", maintain_order=True)
        .agg(label_return=steady_mean(pl.col("label")), names=pl.len().cast(pl.Int64))
        .sort("date", "quantile")
    )


def quantile_spread(returns: pl.DataFrame, quantiles: int = QUANTILES) -> pl.DataFrame:
    """Top less bottom of :func:`quantile_returns`: date, spread, on the days that have both."""
    bottom, top = (
        returns.filter(pl.col("quantile") == end).select("date", pl.col("label_return").alias(name))
        for end, name in ((1, "bottom"), (quantiles, "top"))
    )
    return (
        top.join(bottom, on="date")
        .select("date", spread=pl.col("top") - pl.col("bottom"))
        .sort("date")
    )

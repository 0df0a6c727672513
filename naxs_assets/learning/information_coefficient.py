"""How well a day's predictions order the day's labels: IC and RankIC."""

from __future__ import annotations

import polars as pl

from naxs_assets.errors import DataError


def rank_ic(predictions: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """Daily correlation between predictions and labels over the names that have both.

    ``predictions`` needs date, symbol, score; ``labels`` date, symbol, label. Null and NaN count
    as absent. Returns date, ic (Pearson), rank_ic (Spearman: Pearson of average ranks; Spearman
    1904), names (UInt32, names with both), sorted by date. A day with no such name has no row; a
    day on which either side does not vary, or with one name, has null for both correlations.
    Raises DataError when a column is missing or a date and symbol appear twice.
    """
    sides = []
    for table, name, value in ((predictions, "predictions", "score"), (labels, "labels", "label")):
        absent = {"date", "symbol", value} - set(table.columns)
        if absent:
            raise DataError(
                f"{name} lack the columns {', '.join(sorted(absent))}",
                where="rank_ic",
                remedy=f"hand in date, symbol and {value}",
            )
        known = (
            table.select("date", "symbol", pl.col(value).cast(pl.Float64).fill_nan(None))
            .drop_nulls()
            .sort("date", "symbol")
        )
        if known.select(pl.struct("date", "symbol").is_duplicated().any()).item():
            raise DataError(
                f"{name} hold a date and symbol twice",
                where="rank_ic",
                remedy="hand in one row for each date and symbol",
            )
        sides.append(known)
    both = sides[0].join(sides[1], on=["date", "symbol"], how="inner", maintain_order="left")
    # A constant's variance may come out as a rounding error rather than 0, so it is asked for.
    varies = (pl.col("score").n_unique() > 1) & (pl.col("label").n_unique() > 1)
    score_rank = pl.col("score").rank("average")
    label_rank = pl.col("label").rank("average")
    return (
        both.group_by("date", maintain_order=True)
        .agg(
            pl.when(varies).then(pl.corr("score", "label")).alias("ic"),
            pl.when(varies).then(pl.corr(score_rank, label_rank)).alias("rank_ic"),
            pl.len().cast(pl.UInt32).alias("names"),
        )
        .sort("date")
    )

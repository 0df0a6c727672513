"""Datasets: the features and the label of a universe's members, side by side."""

from __future__ import annotations

import polars as pl

from naxs_assets.catalog.models import Universe
from naxs_assets.factors.beside import members_on


def member_days(universe: Universe, members: pl.DataFrame, rows: pl.DataFrame) -> int:
    """Members of the universe, counted on each day of ``rows``, whether they have a row or not.

    ``members`` as for :func:`members_on`. A universe of all stocks has no other members than rows.
    """
    if universe.kind == "all":
        return rows.height
    days = rows.select(pl.col("date").unique())
    intervals = members.filter(pl.col("index") == universe.index)
    return (
        days.join(intervals.select("symbol", "effective_from", "effective_to"), how="cross")
        .filter(
            pl.col("date") >= pl.col("effective_from"),
            pl.col("effective_to").is_null() | (pl.col("date") <= pl.col("effective_to")),
        )
        .select("date", "symbol")
        .unique()
        .height
    )


def build_dataset(
    features: pl.DataFrame, labels: pl.DataFrame, universe: Universe, members: pl.DataFrame
) -> pl.DataFrame:
    """One month's dataset in the shape of :func:`dataset_contract`, sorted by date and symbol.

    Every member with a feature row is kept, also while its label is unknown: such rows are
    predicted, not trained on.
    """
    kept = members_on(universe, members, features)
    return (
        features.join(kept, on=["date", "symbol"], how="semi")
        .join(
            labels.select("date", "symbol", pl.col("label").alias("label_return")),
            on=["date", "symbol"],
            how="left",
        )
        .with_columns(_standardised("label_return").cast(pl.Float32).alias("label"))
        .sort("date", "symbol")
    )


def _standardised(column: str) -> pl.Expr:
    """The daily z-score (sample deviation); null where the day has no spread."""
    value = pl.col(column).cast(pl.Float64)
    deviation = value.std().over("date")
    return pl.when(deviation > 0).then((value - value.mean().over("date")) / deviation)

"""The tables of learning: a strategy's dataset, its predictions and how well they predicted."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from naxs_assets.learning.score_quantiles import QUANTILES
from naxs_assets.lineage.contract import Column, Contract

_ROW = (
    Column("date", pl.Date, "Shanghai day", "Trading day of the row"),
    Column("symbol", pl.String, "-", "Stock, a member of the universe on that day"),
    Column("day", pl.Int32, "index", "Absolute trading-day index, 0 on 1990-12-19", at_least=0),
)

PREDICTIONS = Contract(
    name="predictions",
    version=1,
    key=("date", "symbol"),
    columns=(
        *_ROW,
        Column("score", pl.Float64, "z", "Predicted standardised label; higher is better"),
    ),
    known_from="date",
)


def quantile_column(place: int) -> str:
    """The column of a score quantile, 1 the lowest scores."""
    return f"q{place}"


EVALUATION = Contract(
    name="evaluation",
    version=1,
    key=("date", "lag"),
    columns=(
        Column("date", pl.Date, "Shanghai day", "Day of the labels"),
        Column("lag", pl.Int64, "trading days", "How much older than the label the score is"),
        Column(
            "ic",
            pl.Float64,
            "correlation",
            "Pearson, scores with labels; null where one side does not vary",
            nullable=True,
        ),
        Column(
            "rank_ic",
            pl.Float64,
            "correlation",
            "Spearman, scores with labels; null where one side does not vary",
            nullable=True,
        ),
        Column("names", pl.Int64, "names", "Names with both", at_least=0),
        Column(
            "scored",
            pl.Int64,
            "names",
            "Names with a score that day; null beyond lag 0",
            nullable=True,
            at_least=1,
        ),
        *(
            Column(
                quantile_column(place),
                pl.Float64,
                "ratio",
                f"Mean label of score quantile {place} of {QUANTILES}, 1 the lowest; null beyond "
                "lag 0 and on days of too few names",
                nullable=True,
            )
            for place in range(1, QUANTILES + 1)
        ),
    ),
    known_from="date",
)


def dataset_contract(feature_names: Sequence[str]) -> Contract:
    """The dataset of a feature set: features beside the label, one row per member and day."""
    return Contract(
        name="dataset",
        version=1,
        key=("date", "symbol"),
        columns=(
            *_ROW,
            *(Column(name, pl.Float32, "-", "Feature", nullable=True) for name in feature_names),
            Column(
                "label_return",
                pl.Float32,
                "ratio",
                "The label's return; null while unknown or untradable",
                nullable=True,
            ),
            Column(
                "label",
                pl.Float32,
                "z",
                "label_return standardised over the universe on the day",
                nullable=True,
            ),
        ),
        known_from="date",
    )

"""The tables of learning: a strategy's dataset and its predictions."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

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

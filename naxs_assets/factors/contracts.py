"""Contracts of the tables that the factors stage stores."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from naxs_assets.factors.absence import NullReason
from naxs_assets.lineage.contract import Column, Contract, RowRule

_KEY = ("date", "symbol")
_KEY_COLUMNS = (
    Column("date", pl.Date, "-", "Shanghai trading day"),
    Column("symbol", pl.String, "-", "symbol with its exchange, such as 600519.SH"),
    Column("day", pl.Int32, "days", "absolute trading-day index; 0 is 1990-12-19", at_least=0),
)


def features_contract(name: str, feature_names: Sequence[str]) -> Contract:
    """The contract of the feature set ``name``: one row per row of prices, Float32 features."""
    features = tuple(
        Column(feature, pl.Float32, "-", f"feature {feature}; null = unknown", nullable=True)
        for feature in feature_names
    )
    return Contract(
        name=f"features/{name}",
        version=1,
        key=_KEY,
        columns=_KEY_COLUMNS + features,
        known_from="date",
    )


def label_contract(name: str) -> Contract:
    """The contract of the label ``name``: one row per row of prices.

    A label becomes known on its exit date. Version 2: a label that could not be bought is null,
    and every null has its reason.
    """
    return Contract(
        name=f"labels/{name}",
        version=2,
        key=_KEY,
        columns=(
            *_KEY_COLUMNS,
            Column("entry_date", pl.Date, "-", "first later day read; null = later", nullable=True),
            Column("exit_date", pl.Date, "-", "last later day read; null = later", nullable=True),
            Column("label", pl.Float32, "ratio", "null for null_reason", nullable=True),
            Column(
                "null_reason",
                pl.String,
                "-",
                "why there is no label; null where there is one",
                nullable=True,
                one_of=tuple(reason.value for reason in NullReason),
            ),
            Column(
                "limit_known",
                pl.Boolean,
                "-",
                "the upper limit of the entry day can be told; null = no bar traded at an entry",
                nullable=True,
            ),
        ),
        rules=(
            RowRule(
                "a row has a label or the reason why it has none",
                lambda: pl.col("label").is_null() == pl.col("null_reason").is_not_null(),
            ),
        ),
        known_from="exit_date",
    )

"""What a tear sheet is made from: plain frames, each with fixed columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import polars as pl

from naxs_assets.backtest.journal import COSTS
from naxs_assets.errors import DataError
from naxs_assets.lineage.graph import Graph
from naxs_assets.pages.frame import MarketLabel

SCHEMAS: Mapping[str, pl.Schema] = MappingProxyType(
    {
        "account": pl.Schema(
            {
                "date": pl.Date,
                "nav": pl.Float64,
                "cash": pl.Float64,
                "traded_value": pl.Float64,
                **dict.fromkeys(COSTS, pl.Float64),
                "holdings": pl.Int64,
            }
        ),
        "rejections": pl.Schema({"date": pl.Date, "cause": pl.String, "orders": pl.Int64}),
        "index_closes": pl.Schema({"date": pl.Date, "close": pl.Float64}),
        "information_coefficient": pl.Schema(
            {"date": pl.Date, "ic": pl.Float64, "rank_ic": pl.Float64, "names": pl.Int64}
        ),
        "coverage": pl.Schema({"date": pl.Date, "names": pl.Int64}),
        "training": pl.Schema(
            {
                "month": pl.String,
                "trained": pl.Boolean,
                "train_rows": pl.Int64,
                "first_train_date": pl.Date,
                "last_train_date": pl.Date,
            }
        ),
        "decay": pl.Schema(
            {"lag": pl.Int64, "ic": pl.Float64, "rank_ic": pl.Float64, "days": pl.Int64}
        ),
        "quantiles": pl.Schema({"date": pl.Date, "quantile": pl.Int64, "label_return": pl.Float64}),
        "members": pl.Schema({"month": pl.String, "members": pl.Int64, "scored": pl.Int64}),
        "exposure": pl.Schema({"date": pl.Date, "board": pl.String, "share": pl.Float64}),
        "findings": pl.Schema(
            {
                "asset": pl.String,
                "month": pl.String,
                "rule": pl.String,
                "severity": pl.String,
                "verdict": pl.String,
                "rows": pl.Int64,
                "share": pl.Float64,
                "sample": pl.String,
                "note": pl.String,
            }
        ),
    }
)
"""Columns of every frame; more columns are ignored, integers of any width are taken."""

_KEYS = {
    "account": ["date"],
    "rejections": ["date", "cause"],
    "index_closes": ["date"],
    "information_coefficient": ["date"],
    "coverage": ["date"],
    "training": ["month"],
    "decay": ["lag"],
    "quantiles": ["date", "quantile"],
    "members": ["month"],
    "exposure": ["date", "board"],
    "findings": ["asset", "month", "rule"],
}


def _empty(name: str) -> pl.DataFrame:
    return pl.DataFrame(schema=SCHEMAS[name])


@dataclass(frozen=True)
class TearSheet:
    """Inputs of one strategy's tear sheet; an empty frame means there is nothing of its kind yet.

    ``starting_capital`` is the NAV before the first account day, CNY. In the account, money is in
    CNY, ``traded_value`` is bought plus sold and the costs of the day are never negative.
    ``index_closes`` should begin before the first account day, so that the index has a return on
    that day too. ``decay`` and ``quantiles`` are those of :mod:`naxs_assets.learning`, ``exposure``
    that of :mod:`.exposure`; ``members`` counts the universe's members over the days of a month,
    priced or not, and the scores; ``findings`` are those of the quality rules
    (:mod:`naxs_assets.market.rules`) by table and month. Raises DataError
    when a frame lacks a column, holds a key twice, or its values are not of the column's type.
    """

    strategy: str
    description: str
    market: MarketLabel
    index_name: str
    starting_capital: float
    account: pl.DataFrame = field(default_factory=lambda: _empty("account"))
    rejections: pl.DataFrame = field(default_factory=lambda: _empty("rejections"))
    index_closes: pl.DataFrame = field(default_factory=lambda: _empty("index_closes"))
    information_coefficient: pl.DataFrame = field(
        default_factory=lambda: _empty("information_coefficient")
    )
    coverage: pl.DataFrame = field(default_factory=lambda: _empty("coverage"))
    training: pl.DataFrame = field(default_factory=lambda: _empty("training"))
    decay: pl.DataFrame = field(default_factory=lambda: _empty("decay"))
    quantiles: pl.DataFrame = field(default_factory=lambda: _empty("quantiles"))
    members: pl.DataFrame = field(default_factory=lambda: _empty("members"))
    exposure: pl.DataFrame = field(default_factory=lambda: _empty("exposure"))
    findings: pl.DataFrame = field(default_factory=lambda: _empty("findings"))
    lineage: Graph = field(default_factory=Graph)
    parameters: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in SCHEMAS:
            object.__setattr__(self, name, _canonical(name, getattr(self, name), self.strategy))
        if not self.starting_capital > 0:
            raise DataError(
                f"the starting capital is {self.starting_capital} CNY",
                where=f"tear sheet of {self.strategy}",
                remedy="hand in the cash that the backtest began with",
            )


def _canonical(name: str, frame: pl.DataFrame, strategy: str) -> pl.DataFrame:
    """The frame's known columns in their types, sorted by its key."""
    where = f"tear sheet of {strategy}, {name} frame"
    schema = SCHEMAS[name]
    absent = [column for column in schema if column not in frame.columns]
    if absent:
        raise DataError(
            f"the columns {', '.join(absent)} are missing",
            where=where,
            remedy=f"hand in {', '.join(schema)}",
        )
    try:
        known = frame.select(list(schema)).cast(schema).sort(_KEYS[name])
    except pl.exceptions.InvalidOperationError as mismatch:
        raise DataError(
            f"a column does not hold its type: {mismatch}",
            where=where,
            remedy=f"hand in {dict(schema)}",
        ) from mismatch
    if known.select(pl.struct(_KEYS[name]).is_duplicated().any()).item():
        raise DataError(
            f"two rows share one {' and '.join(_KEYS[name])}",
            where=where,
            remedy="hand in one row for each",
        )
    return known

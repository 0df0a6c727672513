"""The peer: pandera over the whole panel at once. ``python -m ... pandas|polars FOLDER``.

The same questions as ours: columns, bounds, key and row rules of the contract, and vwap, unit,
preclose, rowcount, stale and life as checks of the data frame.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from benchmarks.common.stages import IMPORT, Stages


def polars_side(folder: Path, stages: Stages) -> None:
    import pandera.polars as pa
    import polars as pl

    from naxs_assets.market.contracts import PRICES

    stages.done(IMPORT)
    listed = pl.read_parquet(folder / "instruments.parquet")
    frame = pl.concat([pl.read_parquet(file) for file in sorted(folder.glob("[12]*.parquet"))])
    frame = frame.join(listed, on="symbol", how="left").sort("symbol", "date")
    stages.done("read")
    names = ("open", "high", "low", "close", "volume", "adj_factor", "day")
    frame = frame.with_columns(
        pl.col(name).shift(1).over("symbol").alias(f"last_{name}") for name in names
    )
    col = pl.col
    traded = ~col("is_suspended") & (col("volume") > 0)
    follows = col("last_day") == col("day") - 1
    eps = 0.001 + 100 / col("volume")
    vwap = col("amount") / col("volume")
    same = pl.all_horizontal(col(n) == col(f"last_{n}") for n in names[:5])
    ratio = col("amount") / (col("volume") * col("close"))
    per_day = frame.group_by("date").len().sort("date")
    usual = pl.col("len").rolling_median(20, min_samples=5).shift(1)

    def rowwise(condition: pl.Expr) -> Any:
        return pa.Check(lambda data: data.lazyframe.select(condition.fill_null(value=True)))

    def of_frame(condition: bool) -> Any:
        return pa.Check(lambda _: condition)

    medians = frame.filter(traded).group_by("date", "board").agg(ratio.median().alias("middle"))
    checks = [
        rowwise(rule.condition()) for rule in PRICES.rules
    ] + [
        rowwise(~traded | vwap.is_between(col("low") * (1 - eps), col("high") * (1 + eps))),
        rowwise(
            ~follows
            | ((col("pre_close") - col("last_close")).abs() <= 0.005 + 1e-9)
            | (col("adj_factor") != col("last_adj_factor"))
        ),
        rowwise(~(follows & traded & same)),
        rowwise((col("date") >= col("list_date")) & (col("date") <= col("delist_date"))),
        of_frame(bool(medians["middle"].is_between(0.8, 1.25).all())),
        of_frame(bool(per_day.select((col("len") / usual >= 0.97).all()).item())),
    ]  # fmt: skip
    schema = pa.DataFrameSchema(
        PRICES.pandera_schema.columns, checks=checks, unique=list(PRICES.key)
    )
    _validated(schema, frame, stages)


def pandas_side(folder: Path, stages: Stages) -> None:
    import pandas as pd
    import pandera.pandas as pa

    from naxs_assets.market.contracts import PRICES

    stages.done(IMPORT)
    listed = pd.read_parquet(folder / "instruments.parquet")
    frame = pd.concat([pd.read_parquet(file) for file in sorted(folder.glob("[12]*.parquet"))])
    frame = frame.merge(listed, on="symbol", how="left").sort_values(["symbol", "date"])
    stages.done("read")
    before = frame.groupby("symbol", sort=False)[
        ["open", "high", "low", "close", "volume", "adj_factor", "day"]
    ].shift(1)
    traded = ~frame["is_suspended"].astype(bool) & (frame["volume"] > 0)
    follows = before["day"] == frame["day"] - 1

    def vwap(f: pd.DataFrame) -> Any:
        eps = 0.001 + 100 / f["volume"]
        price = f["amount"] / f["volume"]
        return ~traded | price.between(f["low"] * (1 - eps), f["high"] * (1 + eps))

    def unit(f: pd.DataFrame) -> bool:
        ratio = (f["amount"] / (f["volume"] * f["close"]))[traded]
        middle = ratio.groupby([f["date"][traded], f["board"][traded]]).median()
        return bool(middle.between(0.8, 1.25).all())

    def preclose(f: pd.DataFrame) -> Any:
        near = (f["pre_close"] - before["close"]).abs() <= 0.005 + 1e-9
        return ~follows | near | (f["adj_factor"] != before["adj_factor"])

    def stale(f: pd.DataFrame) -> Any:
        names = ["open", "high", "low", "close", "volume"]
        return ~(follows & traded & (f[names] == before[names]).all(axis=1))

    def rowcount(f: pd.DataFrame) -> bool:
        rows = f.groupby("date").size()
        usual = rows.rolling(20, min_periods=5).median().shift(1)
        return bool((rows / usual >= 0.97)[usual.notna()].all())

    def life(f: pd.DataFrame) -> Any:
        return (f["date"] >= f["list_date"]) & ~(f["date"] > f["delist_date"])

    def ohlc(f: pd.DataFrame) -> Any:
        prices = f[["open", "close"]]
        return (f["low"] > 0) & (f["low"] <= prices.min(axis=1)) & (f["high"] >= prices.max(axis=1))

    columns = {}
    for column in PRICES.columns:
        checks = []
        if column.at_least is not None:
            checks.append(pa.Check.ge(column.at_least))
        if column.one_of is not None:
            checks.append(pa.Check.isin(list(column.one_of)))
        columns[column.name] = pa.Column(nullable=column.nullable, checks=checks)
    rules = (vwap, unit, preclose, stale, rowcount, life, ohlc)
    schema = pa.DataFrameSchema(
        columns, checks=[pa.Check(rule) for rule in rules], unique=list(PRICES.key)
    )
    _validated(schema, frame, stages)


def _validated(schema: Any, frame: Any, stages: Stages) -> None:
    from pandera.errors import SchemaErrors

    failures = 0
    try:
        schema.validate(frame, lazy=True)
    except SchemaErrors as error:
        failures = len(error.failure_cases)
    stages.done("validate")
    stages.report(failures=failures)


if __name__ == "__main__":
    side = {"pandas": pandas_side, "polars": polars_side}[sys.argv[1]]
    side(Path(sys.argv[2]), Stages())

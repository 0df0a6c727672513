"""The set alpha101 on recorded prices: how much of it is known, and what it costs.

``python -m benchmarks.alpha101 coverage`` prints, for each alpha, its look-back and the share of
known values on the rows of index members; ``python -m benchmarks.alpha101 cost`` the seconds and
the memory of 300 names over ten years. Both read the recorded data that ``NAXS_REAL_DATA`` names.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from datetime import date
from pathlib import Path

import polars as pl

from naxs_assets.catalog.loading import load_catalogue
from naxs_assets.factors.beside import beside
from naxs_assets.factors.features import CompiledFeatures, compile_features, compute_features
from naxs_assets.factors.panel import MEMBER
from naxs_assets.factors.warm import warm
from naxs_assets.market.contracts import UNKNOWN_LIST_DATE

_LONG = "daily_csi300ever_2010_2023.parquet"
_RICH = "daily_full_csi300now_2020_2023.parquet"
_NAMES = 300
_TEN_YEARS = date(2014, 1, 1), date(2023, 12, 29)

_CATALOGUE = load_catalogue(Path("/nonexistent"))
_SET = _CATALOGUE.feature_sets["alpha101"]
_INDEX = _CATALOGUE.universes["csi300"]


def _recorded(name: str) -> pl.DataFrame:
    return pl.read_parquet(Path(os.environ["NAXS_REAL_DATA"]) / name)


def _prices(name: str, first: date, last: date) -> pl.DataFrame:
    """Recorded bars in the shape of market/prices, as far as the features read it."""
    bars = _recorded(name).filter(pl.col("date").is_between(first, last))
    if "amount" not in bars.columns:
        bars = bars.with_columns(amount=pl.lit(None, pl.Float64))
    days = bars.select(pl.col("date").unique().sort()).with_row_index("day")
    return (
        bars.join(days, on="date")
        .with_columns(
            pl.col("day").cast(pl.Int32),
            is_suspended=pl.col("volume").fill_null(0) == 0,
            quarantined_by=pl.lit(None, pl.String),
        )
        .sort("date", "symbol")
    )


def _with_tables(prices: pl.DataFrame, compiled: CompiledFeatures) -> pl.DataFrame:
    """``prices`` with the index's members of each day and the industries of today."""
    members = _recorded("csi300_members_pit.parquet").select(
        pl.lit(_INDEX.index).alias("index"),
        "symbol",
        pl.col("in_date").alias("effective_from"),
        pl.col("out_date").alias("effective_to"),
    )
    industry = (
        _recorded("stock_basic_20260527.parquet")
        .drop_nulls("industry")
        .select(
            "symbol",
            pl.lit(1, pl.Int64).alias("level"),
            pl.lit(UNKNOWN_LIST_DATE).alias("start_date"),
            pl.col("industry").alias("code"),
        )
    )
    return beside(_SET, compiled, _INDEX).add(prices, members, industry)


def _known(name: str, loaded: date, first: date, last: date) -> dict[str, float]:
    """The share of known values of each alpha, of the index members' rows that were traded."""
    compiled = compile_features(_SET.expressions)
    prices = _with_tables(_prices(name, loaded, last), compiled)
    counted = prices.filter(pl.col(MEMBER) & ~pl.col("is_suspended"))
    rows = compute_features(compiled, prices, first, last).join(
        counted.select("date", "symbol"), on=["date", "symbol"], how="semi"
    )
    return {alpha: rows[alpha].count() / rows.height for alpha in compiled.names}


def coverage() -> None:
    """Print a table of each alpha."""
    look_back = compile_features(_SET.expressions).expressions
    prices_alone = _known(_LONG, date(2012, 12, 1), date(2014, 1, 1), date(2020, 12, 31))
    with_amount = _known(_RICH, date(2020, 1, 1), date(2021, 3, 1), date(2023, 12, 29))
    for name, each in look_back.items():
        shares = f"{prices_alone[name]:7.1%} {with_amount[name]:7.1%}"
        print(f"{name} {each.look_back:4} {shares}")


def cost() -> None:
    """Print seconds and memory of the names with the most rows, all of them in the universe; their
    amount, of which ten years are not recorded, is made up."""
    warm()
    compiled = compile_features(_SET.expressions)
    first, last = _TEN_YEARS
    bars = _prices(_LONG, first, last).with_columns(amount=pl.col("volume") * pl.col("close"))
    longest = bars["symbol"].value_counts(sort=True).head(_NAMES)["symbol"]
    chosen = bars.filter(pl.col("symbol").is_in(longest.to_list()))
    prices = _with_tables(chosen, compiled).with_columns(pl.lit(True).alias(MEMBER))
    before = _megabytes()
    began, worked = time.perf_counter(), time.process_time()
    table = compute_features(compiled, prices, first, last)
    took, worked = time.perf_counter() - began, time.process_time() - worked
    print(f"{prices['symbol'].n_unique()} names, {prices['date'].n_unique()} days, "
          f"{len(compiled.names)} alphas, {os.cpu_count()} cores: {took:.1f} s, "
          f"{worked:.1f} s of processor time; peak memory "
          f"{_megabytes():.0f} MB, of which {before:.0f} before and "
          f"{table.estimated_size('mb'):.0f} the result")  # fmt: skip


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("coverage", "cost"))
    {"coverage": coverage, "cost": cost}[parser.parse_args().what]()

"""What both sides read: a synthetic market as Parquet and as a Qlib bundle, made once and kept.

The prices go through the platform's own quality rules. ``python -m benchmarks.inputs`` makes them
in a process of its own, so that the measuring process stays small, and prints the folder.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.common.places import INPUTS
from benchmarks.common.stages import Stages
from benchmarks.trees import plain
from naxs_assets.catalog.loading import load_catalogue
from naxs_assets.factors.features import compile_features
from naxs_assets.factors.panel import panel_from_prices
from naxs_assets.lineage.code_hash import code_hash
from naxs_assets.market.calendar import trading_days
from naxs_assets.market.prices import build_month
from naxs_assets.market.qlib_bundle import qlib_symbol
from naxs_assets.market.qlib_bundle_export import export_bundle
from naxs_assets.market.qlib_bundle_input import input_of_prices
from naxs_assets.market.reference import instruments_table
from naxs_assets.market.sources.synthetic import SyntheticSource
from naxs_assets.market.synthetic import SyntheticMarket
from naxs_assets.partitions import first_day, last_day, month_of, months_between

SEED = 7
LAST = date(2023, 12, 29)
FEATURE_SET = "alpha158"
_SPARE_PLACES = 1.6
"""Listing places for each gap-free name that is wanted: some are empty, some delisted."""
_CODE = (
    "naxs_assets.factors.features",
    "naxs_assets.market.prices",
    "naxs_assets.market.qlib_bundle_export",
    "naxs_assets.market.sources.synthetic",
)


def prices_of(names: int, days: int) -> pl.DataFrame:
    """market/prices of the last ``days`` trading days of a synthetic market."""
    calendar = trading_days(None, date(LAST.year, 12, 31))
    first = calendar.filter(pl.col("date") <= LAST)["date"][-days]
    source = SyntheticSource(SyntheticMarket(seed=SEED, names=names, first=first, last=LAST))
    instruments = instruments_table(source.instruments())

    def months() -> Iterator[pl.DataFrame]:
        previous = None
        for month in months_between(month_of(first), month_of(LAST)):
            previous = build_month(
                source.bars(first_day(month), last_day(month)),
                month=month,
                calendar=calendar,
                instruments=instruments,
                previous=previous,
                gaps=source.gaps,
                policy=source.factor_policy,
            ).frame
            yield previous

    return pl.concat(list(months()))


def gap_free(prices: pl.DataFrame, names: int) -> pl.DataFrame:
    """The rows of ``names`` symbols drawn from those that have a row on every day."""
    days = prices["date"].n_unique()
    whole = prices.group_by("symbol").len().filter(pl.col("len") == days)["symbol"].sort()
    chosen = whole.sample(names, seed=SEED)
    return prices.filter(pl.col("symbol").is_in(chosen.implode()))


def random_scores(prices: pl.DataFrame) -> pl.DataFrame:
    """A random score for every row, with the names of both sides."""
    rng = np.random.default_rng(SEED)
    return prices.select("date", "symbol", "day").with_columns(
        score=pl.Series(rng.standard_normal(prices.height)),
        instrument=pl.col("symbol").map_elements(qlib_symbol, return_dtype=pl.String),
    )


def write_features(folder: Path, expressions: Mapping[str, str], prices: pl.DataFrame) -> None:
    """Write the expressions as text and as plain trees, and the fields that they read.

    The fields are those of our engine in float32, null where nothing is known, beside date, symbol
    and day, sorted by symbol and day.
    """
    compiled = compile_features(expressions)
    (folder / "expressions.json").write_text(json.dumps(dict(expressions)))
    trees = {name: plain(each.root) for name, each in compiled.expressions.items()}
    (folder / "trees.json").write_text(json.dumps(trees))
    panel = panel_from_prices(prices, compiled.fields)
    prices.select("date", "symbol", "day").with_columns(
        pl.Series(name, panel.fields[name].ravel()[panel.cells]).fill_nan(None)
        for name in compiled.fields
    ).sort("symbol", "day").write_parquet(folder / "fields.parquet")


def _write(folder: Path, names: int, days: int, *, whole: bool) -> None:
    prices = prices_of(int(names * _SPARE_PLACES) if whole else names, days)
    if whole:
        prices = gap_free(prices, names)
        random_scores(prices).write_parquet(folder / "scores.parquet")
    prices.write_parquet(folder / "prices.parquet")
    export_bundle(input_of_prices(prices), folder / "bundle")
    write_features(folder, load_catalogue(folder).feature_sets[FEATURE_SET].expressions, prices)
    facts = {
        "names": names,
        "days": days,
        "rows": prices.height,
        "symbols": prices["symbol"].n_unique(),
        "suspended_rows": prices.filter("is_suspended").height,
    }
    (folder / "facts.json").write_text(json.dumps(facts))


def _digest() -> str:
    """What makes the input: the code of the market, the fields, the bundle and this module."""
    digest = hashlib.sha256(code_hash(_CODE).encode())
    here = Path(__file__).parent
    catalogue = here.parent / "naxs_assets" / "catalog" / "features" / f"{FEATURE_SET}.yaml"
    for file in (Path(__file__), here / "trees.py", catalogue):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def make(names: int, days: int, *, whole: bool) -> Path:
    """The folder of the input; it is made on first use, and again when its code has changed."""
    kind = "gap-free" if whole else "market"
    folder = INPUTS / f"{kind}-{names}x{days}-{_digest()}"
    if not folder.exists():
        unfinished = folder.with_name(f"{folder.name}.{os.getpid()}")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        _write(unfinished, names, days, whole=whole)
        unfinished.rename(folder)
    return folder


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.inputs")
    parser.add_argument("--names", type=int, required=True)
    parser.add_argument("--days", type=int, required=True)
    parser.add_argument("--gap-free", action="store_true", help="whole rows only, and scores")
    options = parser.parse_args()
    stages = Stages()
    place = make(options.names, options.days, whole=options.gap_free)
    stages.done("make")
    stages.report(folder=str(place), **json.loads((place / "facts.json").read_text()))

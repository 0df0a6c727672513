"""The whole-market panel to validate: months of ``market/prices``, made once and kept.

A synthetic market that went through the platform's rules, laid side by side ``copies`` times under
other codes. ``python -m benchmarks.validation_inputs`` prints the folder.
"""

from __future__ import annotations

import argparse
import os
import shutil
from datetime import date
from pathlib import Path

import polars as pl

from benchmarks.common.places import INPUTS
from benchmarks.common.stages import Stages
from benchmarks.inputs import LAST, SEED, prices_of
from naxs_assets.lineage.code_hash import code_hash
from naxs_assets.market.reference import instruments_table
from naxs_assets.market.sources.synthetic import SyntheticSource
from naxs_assets.market.synthetic import SyntheticMarket


def _copy(frame: pl.DataFrame, number: int) -> pl.DataFrame:
    """The same rows under other codes: ``600519.SH`` becomes ``3600519.SH``."""
    return frame.with_columns(symbol=pl.lit(str(number)) + pl.col("symbol"))


def _write(folder: Path, names: int, days: int, copies: int) -> None:
    prices = prices_of(names, days)
    months = prices.with_columns(month=pl.col("date").dt.strftime("%Y-%m"))
    for (month,), rows in months.group_by("month", maintain_order=True):
        parts = [_copy(rows.drop("month"), number) for number in range(copies)]
        pl.concat(parts).sort("date", "symbol").write_parquet(folder / f"{month}.parquet")
    first = prices.get_column("date").min()
    if not isinstance(first, date):
        raise TypeError("the market has no rows")
    market = SyntheticMarket(seed=SEED, names=names, first=first, last=LAST)
    listed = instruments_table(SyntheticSource(market).instruments())
    every = pl.concat([_copy(listed, number) for number in range(copies)])
    every.write_parquet(folder / "instruments.parquet")


def make(names: int, days: int, copies: int) -> Path:
    """The folder of the panel; it is made on first use, and anew when its code changed."""
    digest = code_hash(("naxs_assets.market.prices", "naxs_assets.market.sources.synthetic"))
    folder = INPUTS / f"validation-{names}x{days}x{copies}-{digest[:12]}"
    if not folder.exists():
        unfinished = folder.with_name(f"{folder.name}.{os.getpid()}")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        _write(unfinished, names, days, copies)
        unfinished.rename(folder)
    return folder


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.validation_inputs")
    for option in ("--names", "--days", "--copies"):
        parser.add_argument(option, type=int, required=True)
    options = parser.parse_args()
    stages = Stages()
    place = make(options.names, options.days, options.copies)
    months = sorted(place.glob("[12]*.parquet"))
    rows = pl.scan_parquet(months).select(pl.len()).collect().item()
    stages.done("make")
    stages.report(folder=str(place), rows=rows, months=len(months), copies=options.copies)

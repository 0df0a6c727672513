"""Whether two sides computed the same features: ``python -m benchmarks.agreement OURS PEER``."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.common.stages import Stages
from naxs_assets.market.qlib_bundle import qlib_symbol

_TOLERANCE = 1e-3


def agreement(ours: pl.DataFrame, peer: pl.DataFrame) -> dict[str, object]:
    """How far two tables of date, symbol and features agree, over the rows that both have and the
    features that the peer has.

    A difference is relative to the peer's value, or to the median size of that feature where the
    value is smaller: a return of nearly zero has no relative precision. What is not finite counts
    as unknown.
    """
    features = [name for name in peer.columns if name not in ("date", "symbol")]
    both = ours.join(peer, on=("date", "symbol"), how="inner", suffix="_peer")
    cells = known_alike = close = known = 0
    worst, worst_feature = 0.0, ""
    for name in features:
        left = both[name].fill_null(float("nan")).to_numpy().astype(np.float64)
        right = both[f"{name}_peer"].fill_null(float("nan")).to_numpy().astype(np.float64)
        has_left, has_right = np.isfinite(left), np.isfinite(right)
        cells += left.size
        known_alike += int((has_left == has_right).sum())
        left, right = left[has_left & has_right], right[has_left & has_right]
        size = np.maximum(np.abs(right), np.median(np.abs(right)))
        difference = np.abs(left - right) / np.where(size > 0, size, 1.0)
        known += difference.size
        close += int((difference <= _TOLERANCE).sum())
        if difference.size and difference.max() > worst:
            worst, worst_feature = float(difference.max()), name
    return {
        "rows_of_ours_alone": ours.height - both.height,
        "rows_of_peer_alone": peer.height - both.height,
        "features": len(features),
        "cells": cells,
        "known_or_unknown_alike": known_alike / cells,
        "largest_relative_difference": worst,
        "largest_in": worst_feature,
        f"within_{_TOLERANCE:g}": close / known,
    }


if __name__ == "__main__":
    stages = Stages()
    mine = pl.read_parquet(Path(sys.argv[1]))
    theirs = pl.read_parquet(Path(sys.argv[2])).with_columns(pl.col("date").cast(pl.Date))
    if "instrument" in theirs.columns:
        names = {qlib_symbol(symbol): symbol for symbol in mine["symbol"].unique()}
        symbols = pl.col("instrument").cast(pl.String).replace_strict(names)
        theirs = theirs.with_columns(symbol=symbols).drop("instrument")
    found = agreement(mine, theirs)
    stages.done("compare")
    stages.report(**found)

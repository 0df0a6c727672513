"""Features of recorded prices equal a pandas computation, symbol by symbol."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import yaml

import naxs_assets
from naxs_assets.factors.features import compile_features, compute_features, missing_fields

REAL_DATA = os.environ.get("NAXS_REAL_DATA")
pytestmark = pytest.mark.skipif(not REAL_DATA, reason="NAXS_REAL_DATA names no recorded data")

FIRST, LAST = date(2021, 3, 1), date(2021, 5, 31)
EPSILON = 1e-12


def _prices() -> pl.DataFrame:
    """The recorded file in the shape of market/prices; day 0 stands for its first day."""
    frame = pl.read_parquet(Path(str(REAL_DATA)) / "ci_small_2020_2021.parquet")
    days = frame.select(pl.col("date").unique().sort()).with_row_index("day")
    return (
        frame.join(days, on="date")
        .with_columns(pl.col("day").cast(pl.Int32) + 7_090, quarantined_by=pl.lit(None, pl.String))
        .sort("date", "symbol")
    )


def _by_pandas(bars: pd.DataFrame) -> pd.DataFrame:
    """The basic set for one symbol, indexed by date from its first row on."""
    o, h, l, c, v = (bars[name] for name in ("open", "high", "low", "close", "volume"))  # noqa: E741
    previous = c.shift(1)
    change = c / previous - 1
    rise = c - previous

    def over(series: pd.Series, days: int) -> pd.core.window.Rolling:  # type: ignore[type-arg]
        return series.rolling(days, min_periods=1)

    def corr(left: pd.Series, right: pd.Series, days: int) -> pd.Series:  # type: ignore[type-arg]
        flat = (over(left, days).std() <= 2e-5) | (over(right, days).std() <= 2e-5)
        return over(left, days).corr(right).mask(flat)

    return pd.DataFrame(
        {
            "KMID": (c - o) / o,
            "KLEN": (h - l) / o,
            "KUP": (h - np.maximum(o, c)) / o,
            "KLOW": (np.minimum(o, c) - l) / o,
            "GAP": o / previous - 1,
            "RET1": change,
            "RET5": c / c.shift(5) - 1,
            "RET20": c / c.shift(20) - 1,
            "RET60": c / c.shift(60) - 1,
            "MA5": over(c, 5).mean() / c,
            "MA20": over(c, 20).mean() / c,
            "MA60": over(c, 60).mean() / c,
            "VOLATILITY20": over(change, 20).std(),
            "VOLATILITY60": over(change, 60).std(),
            "BETA20": over(c, 20).apply(_slope, raw=True) / c,
            "RSV20": (c - over(l, 20).min()) / (over(h, 20).max() - over(l, 20).min() + EPSILON),
            "RANK60": over(c, 60).rank(pct=True),
            "UP20": over((c > previous).astype(float), 20).mean(),
            "SUMP20": over(rise.where(~(rise < 0), 0), 20).sum()
            / (over(rise.abs(), 20).sum() + EPSILON),
            "VMA5": over(v, 5).mean() / (v + EPSILON),
            "VMA20": over(v, 20).mean() / (v + EPSILON),
            "VSTD20": over(v, 20).std() / (v + EPSILON),
            "CORR20": corr(c, np.log(v + 1), 20),
            "CORD20": corr(c / previous, np.log(v / v.shift(1) + 1), 20),
        }
    )


def _slope(window: np.ndarray) -> float:  # type: ignore[type-arg]
    there = np.isfinite(window)
    if there.sum() < 2:
        return float("nan")
    return float(np.polyfit(np.flatnonzero(there), window[there], 1)[0])


def test_the_basic_set_on_recorded_prices_equals_pandas() -> None:
    path = Path(str(naxs_assets.__file__)).parent / "catalog" / "features" / "basic.yaml"
    features = yaml.safe_load(path.read_text("utf-8"))["features"]
    compiled = compile_features({name: each["expression"] for name, each in features.items()})
    prices = _prices()
    assert missing_fields(compiled, prices) == ()
    found = compute_features(compiled, prices, FIRST, LAST)

    calendar = pd.DatetimeIndex(prices["date"].unique().sort().to_numpy())
    expected = []
    for (symbol,), rows in prices.group_by("symbol", maintain_order=True):
        bars = rows.to_pandas().set_index("date")
        bars.index = pd.DatetimeIndex(bars.index)
        adjusted = bars[["open", "high", "low", "close"]].mul(bars["adj_factor"], axis=0)
        adjusted["volume"] = bars["volume"] / bars["adj_factor"]
        adjusted[bars["is_suspended"]] = np.nan
        known = adjusted.reindex(calendar[calendar >= bars.index.min()]).astype(np.float32)
        result = _by_pandas(known.astype(np.float64)).reindex(bars.index)
        expected.append(result.assign(symbol=symbol).reset_index(names="date"))
    reference = (
        pl.from_pandas(pd.concat(expected))
        .with_columns(pl.col("date").cast(pl.Date))
        .filter(pl.col("date").is_between(FIRST, LAST))
        .sort("date", "symbol")
    )
    assert reference.select("date", "symbol").equals(found.select("date", "symbol"))
    for name in compiled.names:
        ours = found[name].fill_null(np.nan).to_numpy()
        theirs = reference[name].fill_null(np.nan).to_numpy()
        np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=2e-5, err_msg=name)
        assert np.isfinite(ours).mean() > 0.9, name

"""On real bars: what is held earns its adjusted return through every ex-right day."""

import os
from pathlib import Path

import polars as pl
import pytest

from naxs_assets.backtest import Costs, PortfolioRule, run_backtest
from naxs_tests.backtest.sample import FIRST

HOME = os.environ.get("NAXS_REAL_DATA")
pytestmark = pytest.mark.skipif(HOME is None, reason="NAXS_REAL_DATA names no folder of real data")


@pytest.fixture(scope="module")
def bars() -> pl.DataFrame:
    """66 names of 2020 and 2021 in the shape of market/prices, without limits."""
    assert HOME is not None
    raw = pl.read_parquet(Path(HOME) / "ci_small_2020_2021.parquet")
    return raw.select(
        pl.col("date").cast(pl.Date),
        "symbol",
        day=(pl.col("date").rank("dense") + FIRST - 1).cast(pl.Int32),
        open="open",
        close="close",
        pre_close="pre_close",
        volume=pl.col("volume").cast(pl.Int64),
        adj_factor="adj_factor",
        is_suspended=pl.col("is_suspended").cast(pl.Boolean),
        limit_up=pl.lit(None, dtype=pl.Int64),
        limit_down=pl.lit(None, dtype=pl.Int64),
        quarantined_by=pl.lit(None, dtype=pl.String),
    )


def test_a_held_name_earns_its_adjusted_return(bars: pl.DataFrame) -> None:
    checked = 0
    names = bars.group_by("symbol").len().filter(pl.col("len") > 450)["symbol"].sort()
    for symbol in names.to_list():
        own = bars.filter(symbol=symbol)
        # Scored on one day alone, so that it is bought once and kept.
        signal = own.head(1).select("symbol", "day", score=pl.lit(1.0))
        rule = PortfolioRule(top=1, drop=1, deal_price="close", capital=1e9, cash_reserve=0.0)
        journal = run_backtest(own, signal, rule=rule, costs=Costs.none())
        traded = own.filter(~pl.col("is_suspended").fill_null(False) & (pl.col("volume") > 0))
        held = journal.positions()
        if held.is_empty() or not journal.distributions().height:
            continue
        account = journal.account().join(held.select("date").unique(), on="date")
        wealth = account["nav"][-1] / account["nav"][0]
        span = traded.filter(pl.col("date").is_between(account["date"][0], account["date"][-1]))
        adjusted = span["close"] * span["adj_factor"]
        # pre_close is rounded to the cent, so each ex-right day may add half a cent a share.
        assert wealth == pytest.approx(adjusted[-1] / adjusted[0], rel=2e-4), symbol
        checked += 1
    assert checked > 30

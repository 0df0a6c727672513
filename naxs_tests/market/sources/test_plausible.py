"""Real answers pass; an answer with two columns exchanged or in another unit does not."""

import os
from collections.abc import Iterator
from datetime import date
from itertools import combinations
from pathlib import Path

import polars as pl
import pytest

from naxs_assets.market.fetching.calls import Call, Family
from naxs_assets.market.fetching.errors import SchemaChangedError
from naxs_assets.market.sources.plausible import check_bars, check_index_bars
from naxs_assets.market.synthetic import SyntheticMarket, generate
from naxs_tests.market.sources.asking import answered

CALL = Call(Family.SINA, "f")
FIRST, LAST = date(2024, 1, 2), date(2024, 4, 30)
SWAPS = list(
    combinations(("open", "high", "low", "close", "volume", "amount", "pre_close", "change"), 2)
)


def check(bars: pl.DataFrame) -> pl.DataFrame:
    return check_bars(answered(CALL, bars), bars)


@pytest.fixture(scope="module")
def market() -> pl.DataFrame:
    return generate(SyntheticMarket(seed=3, names=60, first=FIRST, last=LAST)).bars(FIRST, LAST)


def answers(bars: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """What vendors would send: every symbol, and every day."""
    yield from bars.partition_by("symbol", maintain_order=True)
    yield from bars.partition_by("date", maintain_order=True)


def test_a_clean_market_passes_by_symbol_and_by_day(market: pl.DataFrame) -> None:
    for bars in answers(market):
        assert check(bars).equals(bars)


def test_five_days_of_any_symbol_pass(market: pl.DataFrame) -> None:
    for bars in market.partition_by("symbol", maintain_order=True):
        for start in range(0, bars.height, 5):
            check(bars[start : start + 5])


@pytest.mark.parametrize(("one", "other"), SWAPS)
def test_exchanged_columns_are_refused(market: pl.DataFrame, one: str, other: str) -> None:
    for bars in market.partition_by("symbol", maintain_order=True)[:10]:
        if (bars["volume"] > 0).sum() < 20:
            continue
        swapped = bars.with_columns(
            pl.col(one).cast(bars.schema[other], strict=False).alias(other),
            pl.col(other).cast(bars.schema[one], strict=False).alias(one),
        )
        with pytest.raises(SchemaChangedError):
            check(swapped)


@pytest.mark.parametrize("times", [0.01, 100.0, 10_000.0])
@pytest.mark.parametrize("column", ["volume", "amount"])
def test_another_unit_is_refused(market: pl.DataFrame, column: str, times: float) -> None:
    changed = (pl.col(column) * times).cast(market.schema[column])
    for bars in answers(market.with_columns(changed)):
        if (bars["volume"] > 0).sum() > 3:
            with pytest.raises(SchemaChangedError, match="has another unit"):
                check(bars)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_another_unit_in_a_part_of_the_rows_is_refused(market: pl.DataFrame, share: float) -> None:
    """A vendor that switches from lots to shares on some day, or from some page on."""
    for bars in answers(market):
        if (bars["volume"] > 0).sum() < 50:
            continue
        last = pl.int_range(pl.len()) >= int((1 - share) * bars.height)
        volume = pl.when(last).then(pl.col("volume") * 100).otherwise("volume")
        with pytest.raises(SchemaChangedError, match="has another unit"):
            check(bars.with_columns(volume))


def test_volumes_that_are_missing_from_some_day_on_are_refused(market: pl.DataFrame) -> None:
    """A field dropped there moves the ones behind it, and what is no number is read as none."""
    for bars in market.partition_by("symbol", maintain_order=True)[:10]:
        gone = pl.int_range(pl.len()) >= bars.height // 2
        emptied = [
            pl.when(gone).then(None).otherwise(name).alias(name) for name in ("volume", "amount")
        ]
        with pytest.raises(SchemaChangedError, match="volume is empty"):
            check(bars.with_columns(emptied))


def test_one_bad_row_and_unsorted_rows_pass_to_the_rules(market: pl.DataFrame) -> None:
    bars = market.partition_by("symbol", maintain_order=True)[0]
    bad = pl.when(pl.int_range(pl.len()) == 7).then(pl.col("close") * 3).otherwise("close")

    check(bars.with_columns(bad.alias("close")).reverse())


def test_a_suspension_without_any_trade_passes(market: pl.DataFrame) -> None:
    check(market.with_columns(pl.lit(0).alias("volume"), pl.lit(0.0).alias("amount")))


def test_an_index_needs_a_mean_price_that_stocks_have() -> None:
    bar = {"open": [3300.0], "high": [3400.0], "low": [3200.0], "close": [3350.0]}
    bars = pl.DataFrame(bar | {"volume": [12_000_000_000], "amount": [2.1e11]})
    answer = answered(CALL, bars)

    assert check_index_bars(answer, bars).equals(bars)
    for times in (0.01, 100.0):
        with pytest.raises(SchemaChangedError, match="volume has another unit"):
            check_index_bars(answer, bars.with_columns(pl.col("volume") * times))
    switched = pl.concat([bars] * 9 + [bars.with_columns(pl.col("volume") * 100)] * 2)
    with pytest.raises(SchemaChangedError, match="another unit on 2 of 11 rows"):
        check_index_bars(answer, switched)
    with pytest.raises(SchemaChangedError, match="not zero together with amount on 3 of 3 rows"):
        check_index_bars(answer, pl.concat([bars.with_columns(amount=pl.lit(0.0))] * 3))


def test_no_recorded_answer_would_be_refused() -> None:
    """300 stocks over four years, listings and the crash of February 2020 among them."""
    folder = os.environ.get("NAXS_REAL_DATA")
    if not folder:
        pytest.skip("NAXS_REAL_DATA names no folder of recorded data")
    recorded = pl.read_parquet(Path(folder) / "daily_full_csi300now_2020_2023.parquet")
    recorded = recorded.with_columns(change=pl.col("pct_chg") / 100)

    for bars in answers(recorded):
        check(bars)

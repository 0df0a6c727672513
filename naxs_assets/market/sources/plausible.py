"""Bars whose units or columns cannot be right are refused before they are kept.

Only what a whole answer shows is judged here. Single bad rows, duplicates and rows without prices
pass: the quality rules judge those, and name them.
"""

from __future__ import annotations

from datetime import date, time
from zoneinfo import ZoneInfo

import polars as pl

from naxs_assets.market.boards import board_expression
from naxs_assets.market.fetching.calls import Answer
from naxs_assets.market.sources.reading import changed

SHANGHAI = ZoneInfo("Asia/Shanghai")
UNIT_RANGE = (0.8, 1.25)
"""Where amount / (volume x price) must lie in the median: a hundred or ten thousand is a unit."""

INDEX_MEAN_PRICE = (2.0, 200.0)
"""CNY: where the mean price of an index's stocks must lie."""

_OPENING = time(9, 30)
_WIDEST_DAY = 2
_OTHER_UNIT = 10
_FEW = 0.02
_TICK = 0.011
_ROUNDING = 0.0006
_TRADED = (pl.col("volume") > 0) & (pl.col("amount") > 0) & (pl.col("close") > 0)


def price_ratio() -> pl.Expr:
    """Amount / volume against the day's prices: 1 within low and high, of the close without them.

    A day's mean price far off its close is real; one outside the day's range is not.
    """
    mean = pl.col("amount") / pl.col("volume")
    low, high = pl.col("low"), pl.col("high")
    near = pl.when((low > 0) & (low <= high)).then(mean.clip(low, high)).otherwise("close")
    return pl.when(_TRADED).then(mean / near)


def check_bars(answer: Answer, bars: pl.DataFrame) -> pl.DataFrame:
    """Return ``bars``; raise ``SchemaChangedError`` where the answer as a whole cannot be right.

    ``bars`` are rows of one answer in canonical units. Refused are a median of amount / (volume x
    price) outside 0.8..1.25 on the traded rows of a board, or one off by ten and more on 2 % of
    them; prices that break low <= open, close <= high <= 2 low, or a price without volume, volume
    without amount and the other way about, on more than a fifth; returns that contradict close and
    previous close, or previous closes that are not the close before, on more than half. One row
    alone never counts.
    """
    absent = [
        pl.lit(None, dtype=pl.Float64).alias(name)
        for name in ("open", "high", "low", "pre_close", "change")
        if name not in bars.columns
    ]
    _check_zeros(answer, bars)
    traded = bars.with_columns(absent).filter(_TRADED.fill_null(value=False))
    _check_units(answer, traded)
    _check_order(answer, traded)
    _check_returns(answer, traded)
    _check_previous(answer, traded)
    return bars


def check_index_bars(answer: Answer, bars: pl.DataFrame) -> pl.DataFrame:
    """Return ``bars``; raise ``SchemaChangedError`` where volume cannot be in shares.

    Amount / volume of an index is the mean price of its stocks: CNY 2 to 200 in the median, and
    within ten times that on all but 2 % of the days. Order and zeros are as in :func:`check_bars`.
    """
    _check_zeros(answer, bars)
    traded = bars.filter((pl.col("volume") > 0) & (pl.col("amount") > 0))
    if traded.is_empty():
        return bars
    mean = pl.col("amount") / pl.col("volume")
    median = traded.select(mean.median()).item()
    if not INDEX_MEAN_PRICE[0] <= median <= INDEX_MEAN_PRICE[1]:
        raise changed(answer.call, "volume", "has another unit: amount / volume", f"{median:.4g}")
    off = traded.filter(~mean.is_between(median / _OTHER_UNIT, median * _OTHER_UNIT))
    _refuse_share(answer, "volume", "has another unit", off, traded.height, _FEW)
    _check_order(answer, traded)
    return bars


def check_snapshot_day(answer: Answer, wanted: date) -> None:
    """Raise ``SchemaChangedError`` unless a snapshot was taken on the day ``wanted``.

    A snapshot carries no date: it is of the day on which it was fetched, and before the opening
    at 09:30 it still shows the session before.
    """
    taken = answer.fetched_at.astimezone(SHANGHAI)
    if taken.date() != wanted or taken.time() < _OPENING:
        raise changed(answer.call, "date", f"is not {wanted}", f"{taken:%Y-%m-%d %H:%M} Shanghai")


def _check_zeros(answer: Answer, bars: pl.DataFrame) -> None:
    volume, amount = (pl.col(name).fill_null(0) > 0 for name in ("volume", "amount"))
    halted = pl.col("is_suspended") if "is_suspended" in bars.columns else pl.lit(value=False)
    open_day = pl.col("close").is_not_null() & ~halted.fill_null(value=False)
    judged = bars.filter(volume | amount | open_day)
    broken = judged.filter((volume != amount) | (open_day & pl.col("volume").is_null()))
    what = "is empty or not zero together with amount"
    _refuse_share(answer, "volume", what, broken, judged.height, 0.2)


def _check_units(answer: Answer, traded: pl.DataFrame) -> None:
    medians = (
        traded.group_by(board_expression().alias("board"))
        .agg(price_ratio().median().alias("ratio"))
        .sort("board")
    )
    for board, ratio in medians.iter_rows():
        if ratio is not None and not UNIT_RANGE[0] <= ratio <= UNIT_RANGE[1]:
            what = f"of the {board} board has another unit: amount / (volume x price)"
            raise changed(answer.call, "volume", what, f"{ratio:.4g} in the median")
    off = traded.filter(~price_ratio().is_between(1 / _OTHER_UNIT, _OTHER_UNIT))
    _refuse_share(answer, "volume", "has another unit", off, traded.height, _FEW)


def _check_order(answer: Answer, traded: pl.DataFrame) -> None:
    low, high = pl.col("low"), pl.col("high")
    broken = traded.filter(
        (high < pl.max_horizontal("open", "close", "low"))
        | (low > pl.min_horizontal("open", "close", "high"))
        | (high > _WIDEST_DAY * low)
    )
    _refuse_share(answer, "high", "prices are out of order", broken, traded.height, 0.2)


def _check_returns(answer: Answer, traded: pl.DataFrame) -> None:
    judged = traded.filter((pl.col("pre_close") > 0) & pl.col("change").is_not_null())
    told = pl.col("close") / pl.col("pre_close") - 1
    broken = judged.filter((told - pl.col("change")).abs() > _ROUNDING)
    _refuse_share(answer, "change", "contradicts the closes", broken, judged.height, 0.5)


def _check_previous(answer: Answer, traded: pl.DataFrame) -> None:
    pairs = traded.sort("date", maintain_order=True)
    pairs = pairs.with_columns(before=pl.col("close").shift(1).over("symbol")).filter(
        pl.col("before").is_not_null() & (pl.col("pre_close") > 0)
    )
    broken = pairs.filter((pl.col("before") - pl.col("pre_close")).abs() > _TICK)
    _refuse_share(answer, "pre_close", "is not the close before", broken, pairs.height, 0.5)


def _refuse_share(
    answer: Answer, column: str, what: str, broken: pl.DataFrame, judged: int, share: float
) -> None:
    """Refuse when more than ``share`` of the judged rows are broken, and more than one."""
    if broken.height > max(1, share * judged):
        told = f"{what} on {broken.height} of {judged} rows"
        raise changed(answer.call, column, told, broken.row(0, named=True))

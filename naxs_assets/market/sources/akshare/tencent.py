"""Tencent Securities through AKShare: past bars, and closes of today to confirm others by.

AKShare promises shares and multiplies Tencent's lots by 100, but not for codes that look like an
index to it (``sz000xxx``: all Shenzhen stocks of that range stay in lots) nor for STAR (``sh688``,
said to come in shares already, where ``sh689`` is multiplied). What a volume counts is therefore
read from the answer itself, for each code range: amount / (volume x price) is 1 in shares, 100 in
lots, 0.01 after one multiplication too many. Anything else is refused.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from naxs_assets.market.fetching.calls import Answer, Call, Family
from naxs_assets.market.sources.offers import Offer, PulledTable, Wanted
from naxs_assets.market.sources.plausible import (
    UNIT_RANGE,
    check_bars,
    check_snapshot_day,
    price_ratio,
)
from naxs_assets.market.sources.reading import (
    day,
    finished,
    number,
    only_within,
    percent,
    prefixed,
    read,
    text,
    with_symbols,
)

HISTORY_COLUMNS = ("date", "open", "close", "high", "low", "volume", "turnover", "amount")

_TEN_THOUSAND = 10_000
_MISCOUNTS = (100.0, 0.01)


def _in_shares(rows: pl.DataFrame) -> pl.DataFrame:
    """Turn ``volume`` into whole shares, code range by code range, as amount and price tell."""
    ratio = price_ratio().median().over(pl.col("symbol").str.head(3))
    times = pl.lit(1.0)
    for factor in _MISCOUNTS:
        low, high = (bound * factor for bound in UNIT_RANGE)
        times = pl.when(ratio.is_between(low, high)).then(factor).otherwise(times)
    return rows.with_columns((pl.col("volume") * times).round().cast(pl.Int64).alias("volume"))


def _history_calls(wanted: Wanted) -> Sequence[Call]:
    """Beijing's stocks are not asked for: Tencent has none."""
    return [
        Call(
            Family.TENCENT,
            "stock_zh_a_hist_tx",
            {
                "symbol": prefixed(symbol),
                "start_date": f"{wanted.first}",
                "end_date": f"{wanted.last}",
                "adjust": "",
            },
            HISTORY_COLUMNS,
        )
        for symbol in wanted.symbols
        if not symbol.endswith(".BJ")
    ]


def _history(wanted: Wanted, answers: Sequence[Answer]) -> pl.DataFrame:
    """Bars with turnover, without previous close or change; a suspended day has no row.

    The amount is exact to CNY 100 or worse. A day twice with other values passes to the quality
    rules; AKShare drops rows that repeat another one.
    """
    parts = []
    for answer in answers:
        rows = read(
            answer,
            date=day("date"),
            open=number("open"),
            high=number("high"),
            low=number("low"),
            close=number("close"),
            volume=number("volume"),
            amount=number("amount"),
            turnover=number("turnover"),
        ).with_columns(symbol=pl.lit(answer.call.arguments["symbol"]))
        rows = _in_shares(with_symbols(answer, only_within(answer, rows, wanted)))
        parts.append(check_bars(answer, rows))
    return finished(PulledTable.HISTORY, parts)


def _snapshot_calls(wanted: Wanted) -> Sequence[Call]:
    if not wanted.first == wanted.last == wanted.now:
        return []
    return [Call(Family.TENCENT, "stock_zh_a_spot_tx")]


def _snapshot(wanted: Wanted, answers: Sequence[Answer]) -> pl.DataFrame:
    """Close, previous close, volume, amount and turnover of today: no open, high and low.

    The columns are whatever keys the upstream sends, in its order, so that only those read here
    are required. A suspended stock has zero volume; its last price is the close before and is
    kept, a zero one is null. The amount is exact to CNY 10,000.
    """
    (answer,) = answers
    check_snapshot_day(answer, wanted.first)
    rows = read(
        answer,
        symbol=text("code"),
        name=text("name"),
        close=number("zxj"),
        moved=number("zd"),
        change=percent("zdf"),
        volume=number("volume"),
        amount=number("turnover", times=_TEN_THOUSAND),
        turnover=percent("hsl"),
    )
    missing = pl.lit(None, dtype=pl.Float64)
    rows = with_symbols(answer, rows).with_columns(
        missing.alias("high"),
        missing.alias("low"),
        pl.when(pl.col("close") != 0).then("close").alias("close"),
        pl.when(pl.col("close") != 0)
        .then((pl.col("close") - pl.col("moved")).round(2))
        .alias("pre_close"),
        pl.when(pl.col("volume") > 0).then("change").alias("change"),
        pl.lit(wanted.first).alias("date"),
        is_st=pl.col("name").str.contains("ST"),
    )
    bars = check_bars(answer, _in_shares(rows))
    return finished(PulledTable.DAY, [bars.drop("name", "moved")])


CLOSES = Offer(Family.TENCENT, PulledTable.DAY, _snapshot_calls, _snapshot)
"""Today's closes, volumes and amounts: to confirm bars by, not to make them from."""

OFFERS = (Offer(Family.TENCENT, PulledTable.HISTORY, _history_calls, _history),)
"""What Tencent gives on its own: past bars."""

"""Small markets for the backtest's tests: one bar, one score, one random month at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from naxs_assets.backtest import Costs, PortfolioRule

DAY_ZERO = date(2024, 1, 1)
FIRST = 8000

MAIN, OTHER, THIRD = "600001.SH", "600002.SH", "000003.SZ"
STAR, BSE, CHINEXT = "688001.SH", "920002.BJ", "300001.SZ"

SCHEMA = {
    "date": pl.Date,
    "symbol": pl.String,
    "day": pl.Int32,
    "open": pl.Float64,
    "close": pl.Float64,
    "pre_close": pl.Float64,
    "volume": pl.Int64,
    "adj_factor": pl.Float64,
    "is_suspended": pl.Boolean,
    "limit_up": pl.Int64,
    "limit_down": pl.Int64,
    "quarantined_by": pl.String,
}


def day_date(day: int) -> date:
    return DAY_ZERO + timedelta(days=day - FIRST)


def bar(day: int, symbol: str, price: float = 10.0, **fields: object) -> dict[str, object]:
    """A bar at one price without limits; any field of the prices table can be given."""
    return {
        "date": day_date(day),
        "symbol": symbol,
        "day": day,
        "open": price,
        "close": price,
        "pre_close": price,
        "volume": 1_000_000,
        "adj_factor": 1.0,
        "is_suspended": False,
        "limit_up": None,
        "limit_down": None,
        "quarantined_by": None,
    } | fields


def prices(*bars: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(list(bars), schema=SCHEMA)


def scores(by_day: dict[int, dict[str, float | None]]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"date": day_date(day), "symbol": symbol, "day": day, "score": score}
            for day, of_symbols in by_day.items()
            for symbol, score in of_symbols.items()
        ],
        schema={"date": pl.Date, "symbol": pl.String, "day": pl.Int32, "score": pl.Float64},
    )


def rule(top: int = 1, drop: int = 1, **fields: object) -> PortfolioRule:
    return PortfolioRule(
        **({"top": top, "drop": drop, "deal_price": "open", "capital": 100_000.0} | fields)  # type: ignore[arg-type]
    )


FREE = Costs.none()


@dataclass(frozen=True)
class RandomMarket:
    """Bars with every irregularity the engine has to survive, and scores with gaps and ties."""

    prices: pl.DataFrame
    scores: pl.DataFrame
    days: list[int]


_SYMBOLS = (
    "000001.SZ",
    "000002.SZ",
    "300001.SZ",
    "300002.SZ",
    "430001.BJ",
    "600001.SH",
    "600002.SH",
    "600003.SH",
    "688001.SH",
    "688002.SH",
    "830001.BJ",
    "920001.BJ",
)


def random_market(seed: int, *, names: int, days: int, trouble: float = 0.08) -> RandomMarket:
    """``trouble`` is the chance of each irregularity: suspension, gap, limit, factor, no score."""
    random = np.random.default_rng(seed)
    symbols = [str(name) for name in random.permutation(_SYMBOLS)[:names]]
    close = {symbol: float(round(random.uniform(2, 80), 2)) for symbol in symbols}
    factor = {symbol: float(round(random.uniform(0.5, 5), 6)) for symbol in symbols}
    bars: list[dict[str, object]] = []
    signals: dict[int, dict[str, float | None]] = {FIRST - 1: {}}
    for day in range(FIRST, FIRST + days):
        signals[day] = {}
        for symbol in symbols:
            if random.random() < trouble:
                continue
            if random.random() < trouble:
                bars.append(bar(day, symbol, close[symbol], is_suspended=True, volume=0))
                continue
            pre_close = close[symbol]
            if random.random() < trouble:
                growth = random.choice([1.1, 1.5, 2.0, 0.1, 1.0137, 1.0000001])
                factor[symbol] = round(factor[symbol] * growth, 6)
                pre_close = max(0.05, round(close[symbol] / growth, 2))
            up, down = round(pre_close * 1.1, 2), round(pre_close * 0.9, 2)
            quotes = np.clip(pre_close * np.exp(random.normal(0, 0.05, 2)), down, up).round(2)
            fields: dict[str, object] = {
                "open": float(max(quotes[0], 0.01)),
                "close": float(max(quotes[1], 0.01)),
                "pre_close": pre_close,
                "adj_factor": None if random.random() < trouble / 4 else factor[symbol],
                "limit_up": round(up * 100),
                "limit_down": round(down * 100),
            }
            close[symbol] = float(fields["close"])  # type: ignore[arg-type]
            if random.random() < trouble / 4:
                fields = {"quarantined_by": "range", "open": None, "close": None, "volume": None}
            bars.append(bar(day, symbol, close[symbol], **fields))
    for day, of_symbols in signals.items():
        if random.random() < trouble and day >= FIRST:
            continue
        for symbol in symbols:
            if random.random() >= trouble:
                score = float(random.integers(-3, 4))  # coarse, so that there are ties
                of_symbols[symbol] = float("nan") if random.random() < trouble / 4 else score
    table = prices(*bars)
    return RandomMarket(table, scores(signals), sorted(set(table["day"].to_list())))

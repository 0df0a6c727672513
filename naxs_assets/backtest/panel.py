"""Prices and scores as dense arrays (days x symbols): what the compiled loop walks over."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from naxs_assets.backtest.money import FACTOR_SCALE
from naxs_assets.errors import DataError

if TYPE_CHECKING:
    from naxs_assets.backtest.loop import Indices, Integers, Small

PRICE_COLUMNS = (
    "date",
    "symbol",
    "day",
    "open",
    "close",
    "pre_close",
    "volume",
    "adj_factor",
    "is_suspended",
    "limit_up",
    "limit_down",
    "quarantined_by",
)
SCORE_COLUMNS = ("symbol", "day", "score")

_HIGHEST_FACTOR = 1e6
_TRADED, _NO_BAR, _SUSPENDED = 0, 1, 2


@dataclass(frozen=True)
class Panel:
    """Dense arrays of shape (days, symbols), symbols in order of their names.

    Prices and limits are cents (0 = none), ``factors`` 1e-9 units (0 = unknown). ``bars``: 0 can be
    traded, 1 no bar or a quarantined one, 2 suspended. ``ranking`` holds symbol indices by the
    score of the trading day before, best first, ties by name, unscored last; ``scored`` how many
    have one, -1 where that day has no scores at all.
    """

    dates: list[date]
    days: npt.NDArray[np.int32]
    symbols: list[str]
    open: Integers
    close: Integers
    pre_close: Integers
    limit_up: Integers
    limit_down: Integers
    bars: Small
    factors: Integers
    ranking: Indices
    scored: Indices


def build_panel(prices: pl.DataFrame, scores: pl.DataFrame, held: Collection[str] = ()) -> Panel:
    """Lay out the days of ``prices`` for the symbols that are scored or ``held``.

    A day's signal is the scores of trading day ``day - 1``, none other. A bar trades when it is not
    quarantined, has open, close and pre_close, is not suspended and its volume is not 0.
    Raises :class:`DataError` for missing columns, repeated rows or impossible factors.
    """
    _require(prices, PRICE_COLUMNS, "backtest prices")
    _require(scores, SCORE_COLUMNS, "backtest scores")
    calendar = prices.select("date", "day").unique().sort("day")
    if calendar["day"].n_unique() != calendar.height or calendar["date"].n_unique() != (
        calendar.height
    ):
        raise DataError(
            "prices give one trading day two dates or two day indices",
            where="backtest prices",
            remedy="take date and day from the same calendar",
        )
    days = calendar["day"].cast(pl.Int32)
    signals = scores.filter((pl.col("day") + 1).is_in(days.implode()) & pl.col("score").is_finite())
    symbols = sorted({*signals["symbol"].unique().to_list(), *held})
    place = _Place(days, symbols)

    bars = _priced_bars(prices.filter(pl.col("symbol").is_in(symbols)))
    at = place.of(bars["day"], bars["symbol"], "backtest prices")
    cents = {
        name: place.dense(at, bars[name].to_numpy())
        for name in ("open", "close", "pre_close", "limit_up", "limit_down", "adj_factor")
    }
    state = np.full(place.shape, _NO_BAR, dtype=np.int8)
    state.flat[at] = bars["bar"].to_numpy()

    at = place.of(signals["day"] + 1, signals["symbol"], "backtest scores")
    worst_first = np.full(place.shape, np.nan)
    worst_first.flat[at] = -signals["score"].cast(pl.Float64).to_numpy()
    scored = np.isfinite(worst_first).sum(axis=1).astype(np.int32)
    scored[scored == 0] = -1
    return Panel(
        dates=calendar["date"].to_list(),
        days=days.to_numpy(),
        symbols=symbols,
        open=cents["open"],
        close=cents["close"],
        pre_close=cents["pre_close"],
        limit_up=cents["limit_up"],
        limit_down=cents["limit_down"],
        bars=state,
        factors=cents["adj_factor"],
        # NaN sorts last, and a stable sort leaves ties in order of the symbols.
        ranking=np.argsort(worst_first, axis=1, kind="stable").astype(np.int32),
        scored=scored,
    )


def _require(frame: pl.DataFrame, columns: tuple[str, ...], where: str) -> None:
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise DataError(
            f"columns {missing} are missing",
            where=where,
            remedy="pass tables in the shape of market/prices and of a strategy's predictions",
        )


def _priced_bars(prices: pl.DataFrame) -> pl.DataFrame:
    """Day, symbol, integer prices and factors with 0 for none, and what each bar allows."""
    quoted = ("open", "close", "pre_close")
    priced = pl.all_horizontal((pl.col(name) > 0) & pl.col(name).is_finite() for name in quoted)
    suspended = pl.col("is_suspended").fill_null(False) | (pl.col("volume") == 0).fill_null(False)
    impossible = prices.filter(
        (pl.col("adj_factor") > _HIGHEST_FACTOR) | (pl.col("adj_factor") < 0)
    )
    if impossible.height:
        row = impossible.select("date", "symbol", "adj_factor").row(0)
        raise DataError(
            f"adj_factor is not between 0 and {_HIGHEST_FACTOR:g}: {row}",
            where="backtest prices",
            remedy="repair the factor or quarantine the row in market/prices",
        )
    return prices.select(
        "day",
        "symbol",
        *(_whole(pl.col(name) * 100) for name in quoted),
        pl.col("limit_up", "limit_down").fill_null(0).cast(pl.Int64),
        _whole(pl.col("adj_factor") * FACTOR_SCALE),
        pl.when(pl.col("quarantined_by").is_not_null())
        .then(_NO_BAR)
        .when(suspended)
        .then(_SUSPENDED)
        .when(priced.fill_null(False))
        .then(_TRADED)
        .otherwise(_NO_BAR)
        .cast(pl.Int8)
        .alias("bar"),
    )


def _whole(value: pl.Expr) -> pl.Expr:
    return value.round().fill_nan(0).fill_null(0).cast(pl.Int64)


class _Place:
    """Where a (day, symbol) stands in the dense arrays."""

    def __init__(self, days: pl.Series, symbols: list[str]) -> None:
        self.shape = (len(days), len(symbols))
        self._days = days.to_numpy()
        self._names = pl.Enum(symbols)

    def of(self, days: pl.Series, symbols: pl.Series, where: str) -> npt.NDArray[np.int64]:
        """Flat positions; raises :class:`DataError` when one is taken twice."""
        rows = np.searchsorted(self._days, days.to_numpy())
        columns = symbols.cast(self._names).to_physical().to_numpy().astype(np.int64)
        at: npt.NDArray[np.int64] = rows * self.shape[1] + columns
        twice = np.flatnonzero(np.bincount(at, minlength=1) > 1)
        if twice.size:
            first = int(np.flatnonzero(at == twice[0])[0])
            raise DataError(
                f"{symbols[first]} has more than one row on trading day {days[first]}",
                where=where,
                remedy="pass each month once; the key is date and symbol",
            )
        return at

    def dense(self, at: npt.NDArray[np.int64], values: npt.NDArray[np.int64]) -> Integers:
        table = np.zeros(self.shape, dtype=np.int64)
        table.flat[at] = values
        return table

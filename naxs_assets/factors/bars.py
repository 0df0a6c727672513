"""The bars of a panel as a trader meets them: traded, suspended, quarantined or at the limit."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from naxs_assets.factors.panel import Panel

Flags = npt.NDArray[np.bool_]


class Bar(enum.IntEnum):
    """What became of a symbol on a day."""

    ABSENT = 0
    TRADED = 1
    SUSPENDED = 2
    QUARANTINED = 3


@dataclass(frozen=True)
class Bars:
    """Matrices of (days x symbols) beside the fields of a panel.

    ``states`` holds the codes of :class:`Bar`. ``out_of_reach`` says for each price of
    ``ENTRY_PRICES`` where nobody can count on buying at it: the price is at the upper limit, or
    all trading is. ``limit_known`` is false where the limit of the day cannot be told, because the
    previous close or the ST status is unknown or the bar traded beyond it.
    """

    states: npt.NDArray[np.int8]
    out_of_reach: Mapping[str, Flags]
    limit_known: Flags


def _cents(price: str) -> pl.Expr:
    return (pl.col(price) * 100).round().cast(pl.Int64)


# A bar that trades beyond its limit was under none, as on the first day after a long suspension.
_BEYOND_LIMIT = (_cents("high") > pl.col("limit_up")).fill_null(value=False)


def _at_limit(price: str) -> pl.Expr:
    return ((_cents(price) == pl.col("limit_up")) & ~_BEYOND_LIMIT).fill_null(value=False)


ENTRY_PRICES: Mapping[str, pl.Expr] = {
    "open": _at_limit("open") | _at_limit("low"),
    "vwap": _at_limit("low"),
    "close": _at_limit("close") | _at_limit("low"),
}
"""The prices that a position can be entered at, in the order of the day, and where each cannot be
had. Any other price of a day is treated as its vwap."""


def bars_of(panel: Panel, prices: pl.DataFrame) -> Bars:
    """The bars of ``prices``, which ``panel`` was made of."""
    quarantined = pl.col("quarantined_by").is_not_null()
    suspended = pl.col("is_suspended").fill_null(value=False)
    rows = prices.select(
        pl.when(quarantined)
        .then(Bar.QUARANTINED.value)
        .when(suspended)
        .then(Bar.SUSPENDED.value)
        .otherwise(Bar.TRADED.value)
        .cast(pl.Int8)
        .alias("state"),
        *(flag.alias(name) for name, flag in ENTRY_PRICES.items()),
        limit_known=(
            pl.col("pre_close").is_not_null() & pl.col("is_st").is_not_null() & ~_BEYOND_LIMIT
        ),
    )
    states = np.full(panel.present.shape, Bar.ABSENT.value, np.int8)
    states.ravel()[panel.cells] = rows["state"].to_numpy()

    def scattered(name: str) -> Flags:
        matrix = np.zeros(panel.present.shape, np.bool_)
        matrix.ravel()[panel.cells] = rows[name].to_numpy()
        return matrix

    return Bars(states, {name: scattered(name) for name in ENTRY_PRICES}, scattered("limit_known"))

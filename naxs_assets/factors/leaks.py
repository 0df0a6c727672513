"""Leaks: whether stored features know more than their day, or depend on where history starts.

Truncation is the idea of freqtrade's lookahead-analysis, the shift of the start that of its
recursive-analysis: values computed again from fewer days must equal the stored ones bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from naxs_assets.errors import DataError
from naxs_assets.factors.features import CompiledFeatures, compute_features
from naxs_assets.factors.named import NamedFeatures
from naxs_assets.factors.tree import first_look_ahead
from naxs_assets.settings import SHANGHAI


@dataclass(frozen=True)
class Making:
    """How a month of features is computed, and from what.

    ``prices`` hold the month and the look-back, with the columns that the set reads beside them;
    ``news`` is market/news of the month and its look-back, None where the set reads none.
    """

    compiled: CompiledFeatures
    prices: pl.DataFrame
    named: NamedFeatures = field(default_factory=NamedFeatures)
    news: pl.DataFrame | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.compiled.names, *self.named.names)

    def features(self, first: date, last: date) -> pl.DataFrame:
        """The features of the days from ``first`` to ``last``."""
        table = compute_features(self.compiled, self.prices, first, last)
        return self.named.add(table, self.prices, self.news)

    def known_on(self, day: date) -> Making:
        """The same from what is known on ``day``: prices up to it, news up to its cut-off."""
        news, sentiment = self.news, self.named.sentiment
        if news is not None and sentiment is not None:
            moment = datetime.combine(day, sentiment.cut_off, SHANGHAI).astimezone(UTC)
            news = news.filter(pl.col("available_at") < moment)
        return replace(self, prices=self.prices.filter(pl.col("date") <= day), news=news)

    def since(self, day: int) -> Making:
        """The same from the prices since the trading day of that number."""
        return replace(self, prices=self.prices.filter(pl.col("day") >= day))


@dataclass(frozen=True)
class Leak:
    """One stored value that fewer days do not give; None stands for null."""

    feature: str
    date: date
    symbol: str
    stored: float | None
    recomputed: float | None

    def __str__(self) -> str:
        return (
            f"{self.feature} of {self.symbol} on {self.date} is stored as {self.stored}, and is "
            f"{self.recomputed} when computed again"
        )


@dataclass(frozen=True)
class Compared:
    """Which days were tested, how many cells were compared, and each feature's first leak."""

    days: tuple[date, ...]
    cells: int
    leaks: tuple[Leak, ...]


def looking_ahead(compiled: CompiledFeatures) -> tuple[str, ...]:
    """The features whose expression reads, by its own account, a day after its row."""
    return tuple(
        name
        for name, each in compiled.expressions.items()
        if first_look_ahead(each.root) is not None
    )


def sampled_days(stored: pl.DataFrame) -> tuple[date, ...]:
    """The days of a month at which history is cut: one in its middle, and the last but one."""
    days = _days(stored)
    return tuple(sorted({days[len(days) // 2], days[max(0, len(days) - 2)]})) if days else ()


def truncated(making: Making, stored: pl.DataFrame, days: Iterable[date]) -> Compared:
    """``stored``, a month of features, against the same from what was known on each of ``days``.

    Raises :class:`DataError` where the rows are not those of the prices.
    """
    found = []
    for day in days:
        again = making.known_on(day).features(_days(stored)[0], day)
        found.append(_compared(making.names, stored.filter(pl.col("date") <= day), again, day))
    return _together(found)


def start_shifted(making: Making, stored: pl.DataFrame) -> Compared:
    """``stored``, a month of features, against the same from the look-back alone.

    Raises :class:`DataError` where the rows are not those of the prices.
    """
    if stored.is_empty():
        return _together([])
    days = _days(stored)
    later = making.since(int(stored["day"].to_numpy().min()) - making.compiled.look_back)
    again = later.features(days[0], days[-1])
    return _compared(making.names, stored, again, days[-1])


def _days(stored: pl.DataFrame) -> list[date]:
    return stored["date"].unique().sort().to_list()


def _compared(
    names: Sequence[str], stored: pl.DataFrame, again: pl.DataFrame, day: date
) -> Compared:
    stored = stored.sort("date", "symbol")
    key = ["date", "symbol"]
    if not stored.select(key).equals(again.select(key)):
        raise DataError(
            "the stored features have other rows than their prices",
            where=f"up to {day}",
            remedy="re-make the features with naxs run",
        )
    leaks = []
    for name in names:
        differs = np.flatnonzero(_bits(stored[name]) != _bits(again[name]))
        if len(differs):
            row = int(differs[0])
            on, symbol = stored.select(key).row(row)
            leaks.append(Leak(name, on, symbol, stored[name][row], again[name][row]))
    return Compared((day,), stored.height * len(names), tuple(leaks))


def _bits(column: pl.Series) -> npt.NDArray[np.uint32]:
    return column.fill_null(np.nan).to_numpy().view(np.uint32)


def _together(parts: Sequence[Compared]) -> Compared:
    first: dict[str, Leak] = {}
    for leak in (leak for part in parts for leak in part.leaks):
        first.setdefault(leak.feature, leak)
    days = tuple(day for part in parts for day in part.days)
    return Compared(days, sum(part.cells for part in parts), tuple(first.values()))

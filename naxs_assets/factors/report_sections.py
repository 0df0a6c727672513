"""The rows that a factor report looks at: each day's names of the universe beside their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from naxs_assets.errors import DataError
from naxs_assets.factors import report_kernels

LAGS = tuple(range(21))
"""Delays between factor and label in trading days: the label itself and the 20 days after it."""


@dataclass(frozen=True)
class Outcomes:
    """Labels beside rows, (outcomes x rows), with the order within each day."""

    values: npt.NDArray[np.float32]
    orders: npt.NDArray[np.int32]

    @classmethod
    def of(cls, values: npt.NDArray[np.float32], offsets: npt.NDArray[np.int64]) -> Outcomes:
        order = np.empty(values.shape, np.int32)
        for each, its_order in zip(values, order, strict=True):
            report_kernels.orders(each, offsets, its_order)
        return cls(values, order)


@dataclass(frozen=True)
class Sections:
    """Rows by day and symbol. ``keys`` (date, symbol, day) names them; ``offsets`` cuts them into
    the days of ``dates``; ``previous`` is the row of the same name one trading day before, or -1.

    ``outcomes`` holds, for each of ``lags``, the label of the day so many trading days later.
    """

    keys: pl.DataFrame
    dates: pl.Series
    offsets: npt.NDArray[np.int64]
    previous: npt.NDArray[np.int64]
    lags: tuple[int, ...]
    outcomes: Outcomes

    @property
    def mean_names(self) -> float:
        """How many names a day has, on average."""
        return float(np.diff(self.offsets).mean())


def sections(keys: pl.DataFrame, labels: pl.DataFrame, lags: Sequence[int] = LAGS) -> Sections:
    """Cut ``keys`` (date, symbol, day; sorted by day and symbol) into days beside ``labels``
    (symbol, day, label), which need not be of the universe: a name is followed after it left.

    Raises :class:`DataError` when there are no rows, or a day and symbol appear twice.
    """
    if keys.is_empty():
        raise DataError(
            "no symbol of the universe has a row in these days",
            where="factor report",
            remedy="widen --from and --to, or name another universe",
        )
    symbols = keys["symbol"].unique().sort()
    numbers = pl.DataFrame({"symbol": symbols}).with_row_index("number")
    day = keys["day"].to_numpy().astype(np.int64)
    number = keys.join(numbers, on="symbol", how="left", maintain_order="left")["number"]
    first = int(day[0])
    known = labels.join(numbers, on="symbol")
    label_day = known["day"].to_numpy().astype(np.int64) - first
    days = max(int(day[-1]) - first, int(label_day.max(initial=0))) + 1
    width = len(symbols)
    cell = (day - first) * width + number.to_numpy().astype(np.int64)
    if len(cell) > 1 and np.diff(cell).min() <= 0:
        raise DataError(
            "the rows are not one for each day and symbol, in that order",
            where="factor report",
            remedy="sort them by day and symbol, and hand in each once",
        )
    dense = np.full((days + max(lags)) * width, np.nan, np.float32)
    inside = label_day >= 0
    label_cell = label_day * width + known["number"].to_numpy().astype(np.int64)
    dense[label_cell[inside]] = known["label"].cast(pl.Float32).fill_null(np.nan).to_numpy()[inside]
    places = np.full(days * width, -1, np.int64)
    places[cell] = np.arange(len(cell))
    before = cell - width
    starts = np.flatnonzero(np.diff(day, prepend=day[0] - 1))
    offsets = np.append(starts, len(day)).astype(np.int64)
    values = np.stack([dense[cell + lag * width] for lag in lags])
    return Sections(
        keys=keys,
        dates=keys["date"].gather(starts),
        offsets=offsets,
        previous=np.where(before >= 0, places[before], -1),
        lags=tuple(lags),
        outcomes=Outcomes.of(values, offsets),
    )


@dataclass(frozen=True)
class Industries:
    """The rows of ``sections`` once more, by industry and day: ``rows`` in that order, cut by
    ``offsets``; ``industry`` and ``date`` name each part. ``look_ahead`` is true where industries
    of a later day were carried back.
    """

    rows: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]
    industry: pl.Series
    outcomes: Outcomes
    look_ahead: bool


def industries(cut: Sections, names: pl.Series, look_ahead: bool) -> Industries:
    """Cut the rows by ``names``, the industry of each row; rows with null are left out."""
    table = pl.DataFrame({"industry": names, "day": cut.keys["day"]}).with_row_index("row")
    table = table.drop_nulls().sort("industry", "day", "row")
    rows = table["row"].to_numpy().astype(np.int64)
    begins = table.select(
        (pl.struct("industry", "day") != pl.struct("industry", "day").shift()).fill_null(True)
    ).to_series()
    starts = np.flatnonzero(begins.to_numpy())
    offsets = np.append(starts, len(rows)).astype(np.int64)
    values = np.ascontiguousarray(cut.outcomes.values[:1, rows])
    return Industries(
        rows=rows,
        offsets=offsets,
        industry=table["industry"].gather(starts),
        outcomes=Outcomes.of(values, offsets),
        look_ahead=look_ahead,
    )


def within_industries(cut: Sections, industry: pl.DataFrame) -> Industries:
    """Cut the rows by the coarsest industry that ``industry`` (market/industry) knows on their
    dates; ``look_ahead`` is true where any of them was carried back from a later day."""
    known = industry.filter(pl.col("level") == 1).sort("start_date")
    found = (
        cut.keys.select("date", "symbol")
        .with_row_index("row")
        .sort("date")
        .join_asof(
            known.select("symbol", "start_date", "name", "look_ahead"),
            left_on="date",
            right_on="start_date",
            by="symbol",
            strategy="backward",
            check_sortedness=False,
        )
        .sort("row")
    )
    look_ahead = bool(found["look_ahead"].fill_null(False).any())
    return industries(cut, found["name"].replace("", None), look_ahead)

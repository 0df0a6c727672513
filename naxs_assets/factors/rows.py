"""From matrices back to long rows: the keys of a range of prices and their cells."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from naxs_assets.factors.panel import Matrix, Panel


def rows_between(
    panel: Panel, prices: pl.DataFrame, first: date, last: date
) -> tuple[pl.DataFrame, npt.NDArray[np.int64]]:
    """Keys (date, symbol, day) and quarantined_by of the prices dated in [first, last], sorted, and
    their cells."""
    wanted = prices["date"].is_between(first, last)
    keys = prices.select("date", "symbol", "day", "quarantined_by").filter(wanted)
    cells = panel.cells[wanted.to_numpy()]
    if (np.diff(cells) < 0).any():
        order = np.argsort(cells)
        keys, cells = keys[order], cells[order]
    return keys, cells


def finite_or_null(name: str, values: Matrix) -> pl.Series:
    """A Float32 column in which what is not finite is null."""
    return pl.Series(name, np.where(np.isfinite(values), values, np.nan), nan_to_null=True)

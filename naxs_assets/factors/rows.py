"""From matrices back to long rows: the keys of a range of prices, and the columns beside them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from naxs_assets.factors.operator import Array
from naxs_assets.factors.panel import Panel


class Rows:
    """The rows of ``prices`` dated in [``first``, ``last``], sorted by date and symbol, and the
    columns that tile after tile is written into.

    ``keys`` has date, symbol, day and quarantined_by.
    """

    def __init__(self, panel: Panel, prices: pl.DataFrame, first: date, last: date) -> None:
        wanted = prices["date"].is_between(first, last)
        keys = prices.select("date", "symbol", "day", "quarantined_by").filter(wanted)
        cells = panel.cells[wanted.to_numpy()]
        if (np.diff(cells) < 0).any():
            order = np.argsort(cells)
            keys, cells = keys[order], cells[order]
        self.keys = keys
        self.cells = cells
        self._places = np.full(panel.present.shape, -1, np.int32)
        self._places.ravel()[cells] = np.arange(len(cells), dtype=np.int32)

    @property
    def trusted(self) -> npt.NDArray[np.bool_]:
        """The rows that no rule has quarantined."""
        return self.keys["quarantined_by"].is_null().to_numpy()

    def empty(self, columns: int) -> npt.NDArray[np.float32]:
        """(columns x rows) with anything in it."""
        return np.empty((columns, len(self.cells)), np.float32)

    def write(self, matrix: Array, left: int, width: int, column: npt.NDArray[np.float32]) -> None:
        """Write a tile's matrix into its rows of one column; what is not finite becomes NaN."""
        from naxs_assets.factors import row_kernels

        row_kernels.scatter(matrix, self._places[:, left : left + width], column)


def nullable(names: Sequence[str], columns: npt.NDArray[np.float32]) -> list[pl.Series]:
    """Float32 columns over the memory of ``columns`` in which NaN is null."""
    from naxs_assets.factors import row_kernels

    found = []
    for name, column in zip(names, columns, strict=True):
        bits = np.empty((len(column) + 7) // 8, np.uint8)
        row_kernels.validity(column, bits)
        buffers = [pa.py_buffer(bits), pa.py_buffer(column)]
        array = pa.Array.from_buffers(pa.float32(), len(column), buffers)
        found.append(pl.Series(name, array, dtype=pl.Float32))
    return found

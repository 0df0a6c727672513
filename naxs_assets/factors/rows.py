"""From matrices back to long rows: the keys of a range of prices, and the columns beside them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from naxs_assets.factors.lanes import LANES
from naxs_assets.factors.operator import Array
from naxs_assets.factors.panel import Panel


class Places:
    """Where the wanted cells of a panel lie in a long column, sorted by day and symbol."""

    def __init__(self, wanted: npt.NDArray[np.bool_]) -> None:
        """``wanted`` is a matrix of (days x symbols)."""
        self._wanted = wanted
        self._of_day = np.cumsum(wanted.sum(axis=1)) - wanted.sum(axis=1)
        self._tiles: dict[int, _TilePlaces] = {}

    def write(
        self,
        matrix: Array,
        divisor: Array | None,
        left: int,
        width: int,
        column: npt.NDArray[np.float32],
    ) -> None:
        """Write a tile's ``matrix``, or its quotient by ``divisor``, into its places of ``column``;
        what is not finite becomes NaN."""
        from naxs_assets.factors import row_kernels

        tile = self._tiles.get(left)
        if tile is None:
            tile = self._tiles[left] = self._tile(left, width)
        by = _ONES if divisor is None else divisor
        row_kernels.write(matrix, by, tile.firsts, tile.counts, tile.lanes, column)

    def _tile(self, left: int, width: int) -> _TilePlaces:
        from naxs_assets.factors import row_kernels

        firsts = self._of_day + self._wanted[:, :left].sum(axis=1)
        wanted = np.ascontiguousarray(self._wanted[:, left : left + width])
        lanes = np.zeros((len(wanted), LANES), np.uint8)
        counts = np.zeros(len(wanted), np.int64)
        row_kernels.wanted_lanes(wanted, lanes, counts)
        return _TilePlaces(firsts, counts, lanes)


@dataclass(frozen=True)
class _TilePlaces:
    """Of each day the place of a tile's first wanted lane, how many there are, and which."""

    firsts: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    lanes: npt.NDArray[np.uint8]


_ONES = np.ones((1, LANES), np.float32)


class Rows:
    """The rows of ``prices`` dated in [``first``, ``last``], sorted by date and symbol.

    ``keys`` has date, symbol, day and quarantined_by; ``places`` are theirs in a column.
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
        inside = np.zeros(panel.present.shape, np.bool_)
        inside.ravel()[cells] = True
        self.places = Places(inside)

    @property
    def trusted(self) -> npt.NDArray[np.bool_]:
        """The rows that no rule has quarantined."""
        return self.keys["quarantined_by"].is_null().to_numpy()

    def empty(self, columns: int) -> npt.NDArray[np.float32]:
        """(columns x rows) with anything in it."""
        return np.empty((columns, len(self.cells)), np.float32)


def nullable(names: Sequence[str], columns: npt.NDArray[np.float32]) -> list[pl.Series]:
    """Float32 columns over the memory of ``columns`` in which NaN is null."""

    def series(name: str, column: npt.NDArray[np.float32]) -> pl.Series:
        known = np.packbits(~np.isnan(column), bitorder="little")
        buffers = [pa.py_buffer(known), pa.py_buffer(column)]
        array = pa.Array.from_buffers(pa.float32(), len(column), buffers)
        return pl.Series(name, array, dtype=pl.Float32)

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as threads:
        return list(threads.map(series, names, columns))

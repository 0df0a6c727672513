"""Kernels between matrices and long columns, compiled by numba."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from naxs_assets.factors.kernels import kernel
from naxs_assets.factors.lanes import LANES
from naxs_assets.factors.operator import Array


@kernel
def scatter(matrix: Array, places: npt.NDArray[np.int32], column: npt.NDArray[np.float32]) -> None:
    """Write each cell that has a place (0 or more) there; what is not finite becomes NaN."""
    days, symbols = places.shape
    nothing = np.float32(np.nan)
    for day in range(days):
        first = places[day, 0]
        if first >= 0 and places[day, symbols - 1] == first + symbols - 1:
            # Places rise with the symbols, so here they follow each other without a gap.
            for j in range(symbols):
                value = np.float32(matrix[day, j])
                column[first + j] = value if np.abs(value) < np.inf else nothing
            continue
        for j in range(symbols):
            place = places[day, j]
            if place >= 0:
                value = np.float32(matrix[day, j])
                column[place] = value if np.abs(value) < np.inf else nothing


@kernel
def validity(column: npt.NDArray[np.float32], bits: npt.NDArray[np.uint8]) -> None:
    """One bit for each value, from the lowest of the first byte on: 1 unless it is NaN."""
    for byte in range(len(bits)):
        found = 0
        for bit in range(min(8, len(column) - 8 * byte)):
            value = column[8 * byte + bit]
            found |= (0 if np.isnan(value) else 1) << bit
        bits[byte] = found


def warm() -> None:
    """Compile every kernel, or load it from the disk cache; called when NAXS is installed."""
    # The places of a tile are contiguous only where the panel has no symbols beside it; of a
    # single day any part would be.
    places = np.full((2, 2 * LANES), -1, np.int32)
    column = np.zeros(1, np.float32)
    for dtype in (np.float32, np.float64):
        for part in (places, places[:, :LANES]):
            scatter(np.zeros(part.shape, dtype), part, column)
    validity(column, np.zeros(1, np.uint8))

"""One tile: a few symbols over all loaded days, and the scratch matrices of the thread on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from naxs_assets.factors.lanes import LANES
from naxs_assets.factors.panel import Panel

Array = npt.NDArray[Any]


@dataclass
class Scratch:
    """Matrices of one shape that are used again and again by one thread."""

    days: int
    _free: dict[np.dtype[Any], list[Array]] = field(default_factory=lambda: defaultdict(list))
    _stack: Array = field(default_factory=lambda: np.empty((0, 0, 0)))

    def take(self, dtype: npt.DTypeLike) -> Array:
        """A matrix of (days x LANES) with anything in it."""
        free = self._free[np.dtype(dtype)]
        return free.pop() if free else np.empty((self.days, LANES), dtype)

    def stack(self, count: int) -> Array:
        """``count`` float64 matrices as one array, which the next call overwrites."""
        if count > len(self._stack):
            self._stack = np.empty((count, self.days, LANES))
        return self._stack[:count]

    def give_back(self, matrix: Array) -> None:
        self._free[matrix.dtype].append(matrix)


@dataclass(frozen=True)
class Tile:
    """The symbols ``left`` to ``left + width`` of a panel, padded to LANES by symbols of no data.

    ``absent`` marks the cells without a row, or is None where every cell has one; ``starts`` is
    each symbol's first row, as float64. ``matrices`` are those of the panel and what was computed
    for all symbols before.
    """

    first_day: int
    dates: npt.NDArray[np.datetime64]
    left: int
    width: int
    matrices: Mapping[str, Array]
    absent: npt.NDArray[np.bool_] | None
    starts: npt.NDArray[np.float64]
    scratch: Scratch

    @classmethod
    def of(cls, panel: Panel, matrices: Mapping[str, Array], left: int, scratch: Scratch) -> Tile:
        width = min(LANES, len(panel.symbols) - left)
        present = panel.present[:, left : left + width]
        absent = None
        starts = np.zeros(LANES)
        if not present.all():
            absent = np.zeros((len(panel.days), LANES), np.bool_)
            np.logical_not(present, out=absent[:, :width])
            starts[:width] = np.where(present.any(axis=0), present.argmax(axis=0), len(present))
        return cls(panel.first_day, panel.dates, left, width, matrices, absent, starts, scratch)

    def empty(self, dtype: npt.DTypeLike = np.float64) -> Array:
        """A matrix of the tile's shape with anything in it."""
        return self.scratch.take(dtype)

    def present(self) -> npt.NDArray[np.bool_]:
        """The cells that have a row."""
        shape = (self.scratch.days, LANES)
        return np.ones(shape, np.bool_) if self.absent is None else ~self.absent

    def load(self, name: str) -> Array:
        """This tile's part of a matrix of the whole panel; NaN beyond its last symbol."""
        whole = self.matrices[name]
        part = self.empty(whole.dtype)
        part[:, : self.width] = whole[:, self.left : self.left + self.width]
        part[:, self.width :] = np.nan
        return part

    def forget_absent(self, matrix: Array) -> Array:
        """``matrix`` itself, NaN where a symbol has no row."""
        if self.absent is not None:
            np.copyto(matrix, np.nan, where=self.absent)
        return matrix

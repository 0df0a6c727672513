"""Trees in bottleneck's moving windows, over matrices of (symbols x days) on every core.

It has no moving quantile. Of equal extremes it takes the newest, where the others take the oldest.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import bottleneck
import numpy as np
import polars as pl

from benchmarks.translate_arrays import Array, ArrayTranslator
from benchmarks.trees import Plain, expressible

VERSIONS = {"bottleneck": bottleneck.__version__, "numpy": np.__version__}

_NAMES = {"Mean": "move_mean", "Sum": "move_sum", "Max": "move_max", "Min": "move_min"}
_PLACES = {
    "IdxMax": (bottleneck.move_argmax, np.inf),
    "IdxMin": (bottleneck.move_argmin, -np.inf),
}


class _Bottleneck(ArrayTranslator):
    windows = (*_NAMES, *_PLACES, "Std", "Rank")

    def __init__(self, fields: Mapping[str, Array], present: Array) -> None:
        days = np.arange(present.shape[1], dtype=np.float64)
        super().__init__(fields, days, None if present.all() else present)
        self._since = days - present.argmax(axis=1)[:, None] + 1

    def shift(self, values: Array, days: int) -> Array:
        shifted = np.full_like(values, np.nan)
        shifted[:, days:] = values[:, :-days]
        return shifted

    def window(self, name: str, values: Array, days: int, *_more: float) -> Array:
        days = min(days, values.shape[1])
        if name in _PLACES:
            # As in Qlib a missing day is the extreme. Bottleneck counts from the newest day of the
            # window, we from its oldest one.
            place, extreme = _PLACES[name]
            filled = np.where(np.isnan(values), extreme, values)
            return np.asarray(np.minimum(self._since, days) - place(filled, days, min_count=1))
        if name == "Std":
            return np.asarray(bottleneck.move_std(values, days, min_count=1, ddof=1))
        if name == "Rank":
            # It gives -1 for the lowest of the known values and 1 for the highest.
            known = bottleneck.move_sum((~np.isnan(values)).astype(np.float64), days, min_count=1)
            below = (bottleneck.move_rank(values, days, min_count=1) + 1) / 2 * (known - 1)
            return np.asarray((below + 1) / known)
        return np.asarray(getattr(bottleneck, _NAMES[name])(values, days, min_count=1))


class Peer:
    """Features of an input's folder as matrices in memory."""

    def __init__(self, folder: Path) -> None:
        rows = pl.read_parquet(folder / "fields.parquet")
        self._keys = rows.select("date", "symbol")
        day = rows["day"].to_numpy() - int(rows["day"].to_numpy().min())
        symbol = rows["symbol"].rle_id().to_numpy()
        self._cells = symbol, day
        shape = int(symbol.max()) + 1, int(day.max()) + 1
        self._present = np.zeros(shape, np.bool_)
        self._present[self._cells] = True
        self._fields: dict[str, Array] = {}
        for name in rows.columns[3:]:
            matrix = np.full(shape, np.nan)
            matrix[self._cells] = rows[name].fill_null(float("nan")).to_numpy()
            self._fields[name] = matrix
        self._found: dict[str, Array] = {}

    def compute(self, trees: Mapping[str, Plain]) -> list[str]:
        """Compute what can be expressed and return the names of what cannot."""
        kept, left_out = expressible(trees, _Bottleneck.operators())
        cores = len(os.sched_getaffinity(0))
        parts = np.array_split(np.arange(len(self._present)), cores)
        self._found = {name: np.empty(self._present.shape, np.float32) for name in kept}

        def run(rows: Array) -> None:
            some = slice(int(rows[0]), int(rows[-1]) + 1)
            fields = {name: matrix[some] for name, matrix in self._fields.items()}
            for name, matrix in _Bottleneck(fields, self._present[some]).compute(kept):
                self._found[name][some] = matrix

        with ThreadPoolExecutor(cores) as threads:
            for _ in threads.map(run, [part for part in parts if len(part)]):
                pass
        return left_out

    def write(self, file: Path) -> None:
        """Write date, symbol and the features."""
        values = {name: matrix[self._cells] for name, matrix in self._found.items()}
        self._keys.hstack(pl.DataFrame(values)).write_parquet(file)

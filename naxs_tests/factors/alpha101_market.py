"""The functions of "101 Formulaic Alphas" in plain numpy, one window and one day at a time.

A matrix is (days x symbols); NaN is unknown. Rules of our language that the paper leaves open are
followed here by other means: windows skip what is missing and need one value, a comparison with
NaN is false, and a cell without a row stays NaN.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from naxs_assets.factors.panel import Panel

Matrix: TypeAlias = npt.NDArray[Any]


def _windows(x: Matrix, days: float) -> Matrix:
    """(days x symbols x window) of float64, NaN before the first day and where infinite."""
    window = math.floor(days)
    values = np.where(np.isfinite(x), x, np.nan).astype(np.float64)
    padded = np.concatenate([np.full((window - 1, x.shape[1]), np.nan), values])
    return np.lib.stride_tricks.sliding_window_view(padded, window, axis=0)


class Market:
    """A panel under the paper's names.

    With ``noise`` sums and what is made of them are shaken in the eleventh digit, which shows the
    cells that hang on how a sum is rounded: ranks of values that are equal but for that.
    """

    open: Matrix
    high: Matrix
    low: Matrix
    close: Matrix
    vwap: Matrix
    volume: Matrix
    amount: Matrix

    def __init__(
        self,
        panel: Panel,
        industries: Mapping[int, Matrix],
        noise: np.random.Generator | None = None,
    ) -> None:
        for name, matrix in panel.fields.items():
            setattr(self, name, matrix)
        self._present = panel.present
        self._members = panel.universe
        self._industries = industries
        self._noise = noise
        self._starts = panel.present.argmax(axis=0)

    def _shaken(self, x: Matrix) -> Matrix:
        if self._noise is None:
            return x
        return x + 1e-11 * (1 + np.abs(x)) * self._noise.standard_normal(x.shape)

    @property
    def returns(self) -> Matrix:
        return self.close / self.delay(self.close, 1) - 1

    def adv(self, days: int) -> Matrix:
        return self._mean(self.amount, days)

    # of one cell

    def _there(self, x: Matrix) -> Matrix:
        return np.where(self._present, x, np.nan).astype(np.result_type(x.dtype, np.float32))

    def where(self, condition: Matrix, chosen: Matrix | float, otherwise: Matrix | float) -> Matrix:
        return self._there(np.where(condition != 0, chosen, otherwise))

    def below(self, left: Matrix | float, right: Matrix | float) -> Matrix:
        return self._there(np.less(left, right).astype(np.float32))

    def at_most(self, left: Matrix | float, right: Matrix | float) -> Matrix:
        return self._there(np.less_equal(left, right).astype(np.float32))

    def power(self, x: Matrix, exponent: Matrix | float) -> Matrix:
        kind = np.result_type(x, exponent)
        return self._there(np.power(x.astype(np.float64), exponent).astype(kind))

    def signedpower(self, x: Matrix, exponent: Matrix | float) -> Matrix:
        return np.sign(x) * self.power(np.abs(x), exponent)

    def log(self, x: Matrix) -> Matrix:
        return np.log(x.astype(np.float64)).astype(x.dtype)

    # of the days of a symbol

    def delay(self, x: Matrix, days: float) -> Matrix:
        shift = math.floor(days)
        return np.concatenate([np.full((shift, x.shape[1]), np.nan, x.dtype), x[:-shift]])

    def delta(self, x: Matrix, days: float) -> Matrix:
        return x - self.delay(x, days)

    def sum(self, x: Matrix, days: float) -> Matrix:
        windows = _windows(x, days)
        known = np.isfinite(windows).any(axis=2)
        return self._shaken(np.where(known, np.nansum(windows, axis=2), np.nan))

    def _mean(self, x: Matrix, days: float) -> Matrix:
        return self.sum(x, days) / np.isfinite(_windows(x, days)).sum(axis=2)

    def product(self, x: Matrix, days: float) -> Matrix:
        windows = _windows(x, days)
        return np.where(np.isfinite(windows).any(axis=2), np.nanprod(windows, axis=2), np.nan)

    def stddev(self, x: Matrix, days: float) -> Matrix:
        return np.sqrt(self.covariance(x, x, days))

    def covariance(self, x: Matrix, y: Matrix, days: float) -> Matrix:
        return self._shaken(self._moments(x, y, days)[0])

    def correlation(self, x: Matrix, y: Matrix, days: float) -> Matrix:
        """NaN where the standard deviation of either side is not above 2e-5, as in Qlib."""
        cross, left, right = self._moments(x, y, days)
        flat = ~((self.stddev(x, days) > 2e-5) & (self.stddev(y, days) > 2e-5))
        found = np.clip(cross / np.sqrt(left * right), -1, 1)
        return self._shaken(np.where(flat | (left <= 0) | (right <= 0), np.nan, found))

    def _moments(self, x: Matrix, y: Matrix, days: float) -> tuple[Matrix, Matrix, Matrix]:
        """Covariance and both variances (n - 1) of the pairs of which both are known."""
        sides = _windows(x, days), _windows(y, days)
        both = np.isfinite(sides[0]) & np.isfinite(sides[1])
        count = both.sum(axis=2)
        deviations = []
        for side in sides:
            # From one of the window's own values, so that equal ones have no spread at all.
            anchor = np.max(side, axis=2, keepdims=True, where=both, initial=-np.inf)
            values = np.where(both, side - anchor, 0)
            mean = values.sum(axis=2, keepdims=True) / count[..., None]
            deviations.append(np.where(both, values - mean, 0))
        one, other = deviations
        scale = np.where(count > 1, count - 1, np.nan)
        products = (one * other, one * one, other * other)
        cross, left, right = (each.sum(axis=2) / scale for each in products)
        return cross, left, right

    def ts_min(self, x: Matrix, days: float) -> Matrix:
        return np.nanmin(_windows(x, days), axis=2)

    def ts_max(self, x: Matrix, days: float) -> Matrix:
        return np.nanmax(_windows(x, days), axis=2)

    def ts_rank(self, x: Matrix, days: float) -> Matrix:
        windows = _windows(x, days)
        last = windows[..., -1:]
        count = np.isfinite(windows).sum(axis=2)
        score = ((windows < last).sum(axis=2) + (windows <= last).sum(axis=2) + 1) / 2
        return np.where(np.isfinite(last[..., 0]), score / count, np.nan)

    def ts_argmax(self, x: Matrix, days: float) -> Matrix:
        """Place from 1, the oldest row; a missing value wins, as in numpy."""
        windows = _windows(x, days)
        found = np.full(x.shape, np.nan)
        for day, symbol in np.ndindex(*x.shape):
            length = min(windows.shape[2], day - self._starts[symbol] + 1)
            window = windows[day, symbol, windows.shape[2] - length :]
            if length > 0 and np.isfinite(window).any():
                found[day, symbol] = window.argmax() + 1
        return found

    def ts_argmin(self, x: Matrix, days: float) -> Matrix:
        return self.ts_argmax(-x, days)

    def decay_linear(self, x: Matrix, days: float) -> Matrix:
        windows = _windows(x, days)
        weights = np.where(np.isfinite(windows), np.arange(1.0, windows.shape[2] + 1), 0)
        total = weights.sum(axis=2)
        return self._shaken(
            np.nansum(weights * windows, axis=2) / np.where(total > 0, total, np.nan)
        )

    # across the symbols of a day

    def _known(self, x: Matrix) -> pd.DataFrame:
        return pd.DataFrame(np.where(self._members & np.isfinite(x), x, np.nan), dtype=np.float64)

    def rank(self, x: Matrix) -> Matrix:
        return self._known(x).rank(axis=1, pct=True).to_numpy()

    def scale(self, x: Matrix) -> Matrix:
        known = self._known(x)
        size = known.abs().sum(axis=1)
        return known.div(size.where(size > 0), axis=0).to_numpy()

    def neutralize(self, x: Matrix, level: int) -> Matrix:
        known = self._known(x)
        groups = self._industries[level]
        rows = [row - row.groupby(groups[day]).transform("mean") for day, row in known.iterrows()]
        return pd.DataFrame(rows).to_numpy()

"""Operators of a symbol's own days: shifts and windows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from naxs_assets.factors.operator import ALL_HISTORY, Array, Operator, Role, Statistics, Together
from naxs_assets.factors.tile import Tile

_SLOPE, _FIT, _RESIDUAL = range(3)


def shift(tile: Tile, values: Array, days: int) -> Array:
    """The values of ``days`` before, NaN where none is loaded; 0 gives the first loaded one."""
    shifted = tile.empty(values.dtype)
    if days == 0:
        return _first(tile, values, shifted)
    if abs(days) >= len(values):
        shifted[:] = np.nan
    elif days > 0:
        shifted[:days] = np.nan
        shifted[days:] = values[:-days]
    else:
        shifted[days:] = np.nan
        shifted[:days] = values[-days:]
    return shifted


def _first(tile: Tile, values: Array, result: Array) -> Array:
    """Each symbol's first loaded value, which Qlib means by a shift of 0."""
    rows = np.minimum(tile.starts.astype(np.int64), len(values) - 1)
    result[:] = values[rows, np.arange(len(rows))]
    return tile.forget_absent(result)


def _delta(tile: Tile, values: Array, days: int) -> Array:
    earlier = shift(tile, values, days)
    return np.subtract(values, earlier, out=earlier)


def _sums(*, divide: bool) -> Callable[..., Array]:
    def compute(tile: Tile, values: Array, days: int) -> Array:
        from naxs_assets.factors import kernels

        result = tile.empty()
        kernels.window_sums(values, tile.first_day, days, divide, result)
        return result

    return compute


def _count(tile: Tile, values: Array, days: int) -> Array:
    from naxs_assets.factors import kernels

    known, result = tile.empty(), tile.empty()
    np.copyto(known, np.isfinite(values))
    kernels.window_sums(known, tile.first_day, days, False, result)
    tile.scratch.give_back(known)
    return tile.forget_absent(result)


def _variance(statistic: str) -> Callable[..., Array]:
    def compute(tile: Tile, values: Array, days: int) -> Array:
        from naxs_assets.factors import kernels

        result = tile.empty()
        asked = getattr(kernels, statistic)
        kernels.window_variance(values, tile.first_day, days, asked, result)
        return result

    return compute


_std = _variance("DEVIATION")
_flat = _variance("FLAT")


def _extreme(sign: float) -> Callable[..., Array]:
    def compute(tile: Tile, values: Array, days: int) -> Array:
        from naxs_assets.factors import kernels

        result = tile.empty()
        kernels.window_maximum(values, tile.first_day, days, sign, result)
        return result

    return compute


def _place(sign: float) -> Callable[..., Array]:
    def compute(tile: Tile, values: Array, days: int) -> Array:
        from naxs_assets.factors import kernels

        result = tile.empty()
        kernels.window_place(values, tile.first_day, days, tile.present(), sign, result)
        return result

    return compute


def _each_window(kernel: str) -> Callable[..., Array]:
    def compute(tile: Tile, values: Array, days: int) -> Array:
        from naxs_assets.factors import order_kernels

        result = tile.empty()
        getattr(order_kernels, kernel)(values, days, result)
        return result

    return compute


def _moment(statistic: str) -> Callable[..., Array]:
    def compute(tile: Tile, values: Array, days: int) -> Array:
        from naxs_assets.factors import order_kernels

        result = tile.empty()
        order_kernels.window_moment(values, days, getattr(order_kernels, statistic), result)
        return result

    return compute


def _cov(tile: Tile, left: Array, right: Array, days: int) -> Array:
    from naxs_assets.factors import pair_kernels

    result = tile.empty()
    pair_kernels.window_pairs(left, right, tile.first_day, days, False, 0.0, result)
    return result


def _corr(tile: Tile, left: Array, right: Array, days: int) -> Array:
    from naxs_assets.factors import kernels, pair_kernels

    result = tile.empty()
    # Qlib asks for the spread of each side by itself: that of the pairs where none lacks its other.
    paired = np.array_equal(np.isnan(left), np.isnan(right))
    little = kernels.LITTLE_VARIANCE if paired else 0.0
    pair_kernels.window_pairs(left, right, tile.first_day, days, True, little, result)
    if not paired:
        for side in (left, right):
            flat = _flat(tile, side, days)
            np.copyto(result, np.nan, where=flat == 1.0)
            tile.scratch.give_back(flat)
    return result


def _line(tile: Tile, arguments: tuple[Array, ...], days: int, asked: Statistics) -> list[Array]:
    from naxs_assets.factors import pair_kernels

    found = tile.empty(), tile.empty(), tile.empty()
    pair_kernels.window_line(arguments[0], tile.first_day, days, *found)
    for statistic, matrix in enumerate(found):
        if statistic not in asked:
            tile.scratch.give_back(matrix)
    return [found[int(statistic)] for statistic in asked]


def _quantiles(
    tile: Tile, arguments: tuple[Array, ...], days: int, asked: Statistics
) -> list[Array]:
    from naxs_assets.factors import order_kernels

    (values,) = arguments
    found = tile.scratch.stack(len(asked))
    order_kernels.window_quantiles(values, days, np.array(asked), found)
    matrices = [tile.empty() for _ in asked]
    for matrix, one in zip(matrices, found, strict=True):
        np.copyto(matrix, one)
    return matrices


_LINE = Together("line", _line)
_QUANTILES = Together("quantiles", _quantiles)


def _window(days: float) -> tuple[int, int]:
    return (1 - int(days), 0) if days else (ALL_HISTORY, 0)


def _shifted(days: float) -> tuple[int, int]:
    return (-int(days), -int(days)) if days else (ALL_HISTORY, 0)


def _back_and_now(days: float) -> tuple[int, int]:
    return (-int(days), 0) if days else (ALL_HISTORY, 0)


def _rolling(name: str, compute: Callable[..., Array], fewest: int = 1) -> Operator:
    roles = (Role.SERIES, Role.WINDOW)
    return Operator(name, roles, compute, reads=_window, windowed=True, fewest=fewest)


def _plain(name: str, compute: Callable[..., Array]) -> Operator:
    """One that Qlib leaves to pandas whole, and so to its exponential mean for a window below 1."""
    return replace(_rolling(name, compute), roles=(Role.SERIES, Role.DECAYING))


def _pair(name: str, compute: Callable[..., Array], days: Role) -> Operator:
    roles = (Role.SERIES, Role.SERIES, days)
    return Operator(name, roles, compute, reads=_window, windowed=True)


def _of_together(name: str, together: Together, statistic: float, *more: Role) -> Operator:
    return Operator(
        name,
        (Role.SERIES, Role.WINDOW, *more),
        together,
        reads=_window,
        windowed=True,
        statistic=statistic,
    )


ROLLING = (
    Operator("Ref", (Role.SERIES, Role.SHIFT), shift, reads=_shifted),
    Operator("Delta", (Role.SERIES, Role.WINDOW), _delta, reads=_back_and_now),
    _plain("Mean", _sums(divide=True)),
    _plain("Sum", _sums(divide=False)),
    _plain("Std", _std),
    _plain("Var", _variance("VARIANCE")),
    _plain("Max", _extreme(1.0)),
    _plain("Min", _extreme(-1.0)),
    _rolling("IdxMax", _place(1.0)),
    _rolling("IdxMin", _place(-1.0)),
    _rolling("Rank", _each_window("window_rank")),
    # Its weights count from the oldest day of a window, which all history has not.
    replace(_rolling("decay_linear", _each_window("window_decay")), roles=(Role.SERIES, Role.DAYS)),
    _rolling("ts_product", _each_window("window_product")),
    _plain("Count", _count),
    _rolling("Mad", _moment("DEVIATION")),
    _rolling("Skew", _moment("SKEWNESS"), fewest=3),
    _rolling("Kurt", _moment("KURTOSIS"), fewest=4),
    _of_together("Slope", _LINE, _SLOPE),
    _of_together("Rsquare", _LINE, _FIT),
    _of_together("Resi", _LINE, _RESIDUAL),
    replace(_of_together("Med", _QUANTILES, 0.5), roles=(Role.SERIES, Role.DECAYING)),
    _of_together("Quantile", _QUANTILES, 0.0, Role.SHARE),
    _pair("Corr", _corr, Role.DAYS),
    _pair("Cov", _cov, Role.WINDOW),
)

"""A slow reference of Qlib's expressions: each window by itself, in extended precision.

Fields are float32 and elementwise arithmetic has the number types of Qlib, so both engines start
from the same numbers; what a window gives is computed from its definition in 80-bit numbers and
rounded once to float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from naxs_assets.factors.tree import Field, Node, Number

Series: TypeAlias = npt.NDArray[Any]
Window: TypeAlias = npt.NDArray[np.longdouble]


def series_of(node: Node, fields: Mapping[str, Series]) -> Series | float:
    """The values of ``node`` over the days of one symbol, whose float32 fields are given."""
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Field):
        return fields[node.name]
    parts = [series_of(each, fields) for each in node.arguments]
    with np.errstate(all="ignore"):
        return _value(node.operator.name, parts)


def _value(name: str, parts: list[Any]) -> Series:
    if name in _ELEMENTWISE:
        return np.asarray(_ELEMENTWISE[name](*parts))
    if name in _SHIFTS:
        return _SHIFTS[name](parts[0], int(parts[1]))
    if name in _PAIRS:
        return _pair(_PAIRS[name], parts[0], parts[1], int(parts[2]))
    if name == "EMA" or 0 < parts[1] < 1:
        return _decayed(parts[0], parts[1])
    return _rolling(_WINDOWS[name], parts[0], int(parts[1]), *parts[2:])


def _if(condition: Any, chosen: Any, otherwise: Any) -> Series:
    return np.where(np.asarray(condition) != 0, chosen, otherwise)


_ELEMENTWISE: dict[str, Callable[..., Any]] = {
    "Neg": np.negative,
    "Abs": np.abs,
    "Sign": np.sign,
    "Log": np.log,
    "Power": np.power,
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Div": np.divide,
    "Greater": np.maximum,
    "Less": np.minimum,
    "Gt": np.greater,
    "Ge": np.greater_equal,
    "Lt": np.less,
    "Le": np.less_equal,
    "Eq": np.equal,
    "Ne": np.not_equal,
    "And": np.logical_and,
    "Or": np.logical_or,
    "Not": np.logical_not,
    "If": _if,
}


def _shift(values: Any, days: int) -> Series:
    shifted = np.full_like(values, np.nan)
    if days == 0:
        shifted[:] = values[0]
    elif days > 0:
        shifted[days:] = values[:-days]
    else:
        shifted[:days] = values[-days:]
    return shifted


_SHIFTS: dict[str, Callable[[Any, int], Series]] = {
    "Ref": _shift,
    "Delta": lambda values, days: np.asarray(values - _shift(values, days)),
}


def _exact(values: Any) -> Window:
    wide = np.asarray(values).astype(np.longdouble)
    wide[np.isinf(wide)] = np.nan
    return wide


def _rolling(compute: Callable[..., Any], values: Any, days: int, *more: Any) -> Series:
    wide = _exact(values)
    found = np.empty(len(wide))
    for last in range(len(wide)):
        first = max(0, last - days + 1) if days else 0
        found[last] = compute(wide[first : last + 1], *more)
    return found


def _pair(compute: Callable[..., Any], left: Any, right: Any, days: int) -> Series:
    one, other = _exact(left), _exact(right)
    found = np.empty(len(one))
    for last in range(len(one)):
        first = max(0, last - days + 1)
        here = ~(np.isnan(one[first : last + 1]) | np.isnan(other[first : last + 1]))
        x, y = one[first : last + 1][here], other[first : last + 1][here]
        found[last] = compute(x - x.mean(), y - y.mean()) if len(x) > 1 else np.nan
    return found


def _decayed(values: Any, given: float) -> Series:
    """Weights that fall by 1 - alpha each day, of days without a value too (ewm, adjust=True)."""
    alpha = np.longdouble(given) if given < 1 else np.longdouble(2) / (np.longdouble(given) + 1)
    wide = np.asarray(values).astype(np.longdouble)
    found = np.empty(len(wide))
    total = weight = np.longdouble(0)
    for day, value in enumerate(wide):
        total, weight = total * (1 - alpha), weight * (1 - alpha)
        if not np.isnan(value):
            total, weight = total + value, weight + 1
        found[day] = total / weight if weight > 0 else np.nan
    return found


def _known(compute: Callable[..., Any], fewest: int) -> Callable[..., Any]:
    def of_window(window: Window, *more: Any) -> Any:
        known = window[~np.isnan(window)]
        return compute(known, *more) if len(known) >= fewest else np.nan

    return of_window


def _standardised(known: Window, power: int) -> Any:
    apart = known - known.mean()
    spread = (apart**2).mean()
    return (apart**power).mean() / spread ** (np.longdouble(power) / 2)


def _skew(known: Window) -> Any:
    size = len(known)
    return math.sqrt(size * (size - 1)) / (size - 2) * _standardised(known, 3)


def _kurt(known: Window) -> Any:
    size = len(known)
    excess = (size + 1) * _standardised(known, 4) - 3 * (size - 1)
    return excess * (size - 1) / ((size - 2) * (size - 3))


def _quantile(known: Window, share: float) -> Any:
    ordered = np.sort(known)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _rank(window: Window) -> Any:
    newest = window[-1]
    if np.isnan(newest):
        return np.nan
    known = window[~np.isnan(window)]
    return ((known < newest).sum() + ((known == newest).sum() + 1) / 2) / len(known)


def _line(window: Window, statistic: str) -> Any:
    places = np.arange(len(window), dtype=np.longdouble)[~np.isnan(window)]
    known = window[~np.isnan(window)]
    if len(known) < 2 or (statistic == "Resi" and np.isnan(window[-1])):
        return np.nan
    x, y = places - places.mean(), known - known.mean()
    slope = (x * y).sum() / (x * x).sum()
    if statistic == "Slope":
        return slope
    if statistic == "Rsquare":
        return (x * y).sum() ** 2 / ((x * x).sum() * (y * y).sum())
    return known[-1] - known.mean() - slope * x[-1]


def _weighted(window: Window) -> Any:
    weights = np.arange(1, len(window) + 1, dtype=np.longdouble)
    parts = window * (weights / weights.sum())
    return np.nanmean(parts) if (~np.isnan(parts)).any() else np.nan


_WINDOWS: dict[str, Callable[..., Any]] = {
    "Mean": _known(np.mean, 1),
    "Sum": _known(np.sum, 1),
    "Std": _known(lambda known: np.std(known, ddof=1), 2),
    "Var": _known(lambda known: np.var(known, ddof=1), 2),
    "Max": _known(np.max, 1),
    "Min": _known(np.min, 1),
    "Med": _known(lambda known: _quantile(known, 0.5), 1),
    "Count": lambda window: (~np.isnan(window)).sum(),
    "Skew": _known(_skew, 3),
    "Kurt": _known(_kurt, 4),
    "Quantile": _known(_quantile, 1),
    "Rank": _rank,
    "Mad": _known(lambda known: np.abs(known - known.mean()).mean(), 1),
    "IdxMax": lambda window: np.argmax(window) + 1,
    "IdxMin": lambda window: np.argmin(window) + 1,
    "Slope": lambda window: _line(window, "Slope"),
    "Rsquare": lambda window: _line(window, "Rsquare"),
    "Resi": lambda window: _line(window, "Resi"),
    "WMA": _weighted,
}

_PAIRS: dict[str, Callable[..., Any]] = {
    "Cov": lambda x, y: (x * y).sum() / (len(x) - 1),
    "Corr": lambda x, y: (x * y).sum() / np.sqrt((x * x).sum() * (y * y).sum()),
}

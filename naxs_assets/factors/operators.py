"""The operators of the expression language: what each takes, how far it reads, what it computes.

Semantics are Qlib's (``qlib/data/ops.py``, checked against pyqlib 0.9.7): float32 values;
rolling operators skip missing cells and need one value (``min_periods=1``); a comparison
with NaN is false. One rule is added so that results do not depend on how much history is loaded:
where a symbol has no row at all, every operator that could make a value out of NaN
(comparisons, If, Power) gives NaN.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from naxs_assets.factors.panel import Matrix, Panel

Value: TypeAlias = Matrix | np.float64
"""What an expression evaluates to: float32 (days x symbols), or one constant."""

MAX_DAYS = 2_500
"""The longest window or shift in trading days, about ten years."""

# Qlib's Corr is NaN where the standard deviation of either side is this close to zero.
_NO_SPREAD = 2e-5


class Kind(enum.Enum):
    """The type of an expression: a constant, a matrix of numbers or a matrix of conditions."""

    CONSTANT = "constant"
    SERIES = "series"
    CONDITION = "condition"


class Role(enum.Enum):
    """What an operator accepts in one place of its argument list."""

    NUMBER = "a number or a series"
    SERIES = "a series or a condition"
    CONDITION = "a condition"
    DAYS = f"a whole number of days from 1 to {MAX_DAYS}"
    SHARE = "a number from 0 to 1"
    SHIFT = f"a whole number of days from -{MAX_DAYS} to {MAX_DAYS} other than 0"

    @property
    def is_days(self) -> bool:
        return self in {Role.DAYS, Role.SHIFT}


@dataclass(frozen=True)
class Operator:
    """One operator.

    ``reads(days)`` is the first and last row, relative to the row computed, at which the arguments
    are read; ``days`` is the operator's own whole number or 0. ``compute(panel, *arguments)``
    returns a new value and changes none of its arguments.
    """

    name: str
    roles: tuple[Role, ...]
    compute: Callable[..., Value]
    gives: Kind = Kind.SERIES
    reads: Callable[[int], tuple[int, int]] = lambda _days: (0, 0)


def _absent_is_unknown(panel: Panel, values: npt.NDArray[Any]) -> Matrix:
    return np.where(panel.present, values, np.float32(np.nan)).astype(np.float32, copy=False)


def _elementwise(function: Callable[..., Any]) -> Callable[..., Value]:
    def compute(_panel: Panel, *arguments: Value) -> Value:
        result: Value = function(*arguments)
        return result

    return compute


def _in_double(function: Callable[..., Any]) -> Callable[..., Value]:
    """Compute in float64 and round: float32 library functions differ between processors."""

    def compute(panel: Panel, *arguments: Value) -> Value:
        result = function(*(np.asarray(argument, np.float64) for argument in arguments))
        return _absent_is_unknown(panel, result) if np.ndim(result) else np.float64(result)

    return compute


def _comparison(function: Callable[..., npt.NDArray[np.bool_]]) -> Callable[..., Value]:
    def compute(panel: Panel, left: Value, right: Value) -> Value:
        return _absent_is_unknown(panel, function(left, right))

    return compute


def _if(panel: Panel, condition: Matrix, chosen: Value, otherwise: Value) -> Value:
    # numpy.where on a float: NaN is not zero, hence true, as in Qlib.
    return _absent_is_unknown(panel, np.where(condition != 0, chosen, otherwise))


def _shift(_panel: Panel, values: Matrix, days: int) -> Matrix:
    shifted = np.full_like(values, np.nan)
    if abs(days) < len(values):
        if days > 0:
            shifted[days:] = values[:-days]
        else:
            shifted[:days] = values[-days:]
    return shifted


def _delta(panel: Panel, values: Matrix, days: int) -> Value:
    change: Matrix = values - _shift(panel, values, days)
    return change


def _sums(*, divide: bool) -> Callable[..., Value]:
    def compute(panel: Panel, values: Matrix, days: int) -> Value:
        from naxs_assets.factors import kernels

        result = np.empty_like(values)
        kernels.window_sums(values, panel.first_day, days, divide, result)
        return result

    return compute


def _variance(panel: Panel, values: Matrix, days: int, *, root: bool) -> Matrix:
    from naxs_assets.factors import kernels

    result = np.empty_like(values)
    kernels.window_variance(values, panel.first_day, days, root, result)
    return result


def _std(panel: Panel, values: Matrix, days: int) -> Matrix:
    return _variance(panel, values, days, root=True)


def _var(panel: Panel, values: Matrix, days: int) -> Matrix:
    return _variance(panel, values, days, root=False)


def _extreme(sign: float) -> Callable[..., Value]:
    def compute(panel: Panel, values: Matrix, days: int) -> Value:
        from naxs_assets.factors import kernels

        result = np.empty_like(values)
        kernels.window_maximum(values, panel.first_day, days, sign, result)
        return result

    return compute


def _rank(_panel: Panel, values: Matrix, days: int) -> Value:
    from naxs_assets.factors import kernels

    result = np.empty_like(values)
    kernels.window_rank(values, days, result)
    return result


def _pairs(panel: Panel, left: Matrix, right: Matrix, days: int, statistic: int) -> Matrix:
    from naxs_assets.factors import kernels

    result = np.empty_like(left)
    kernels.window_pairs(left, right, panel.first_day, days, statistic, result)
    return result


def _cov(panel: Panel, left: Matrix, right: Matrix, days: int) -> Value:
    from naxs_assets.factors.kernels import COVARIANCE

    return _pairs(panel, left, right, days, COVARIANCE)


def _corr(panel: Panel, left: Matrix, right: Matrix, days: int) -> Value:
    from naxs_assets.factors.kernels import CORRELATION

    result = _pairs(panel, left, right, days, CORRELATION)
    for side in (left, right):
        result[_std(panel, side, days) <= _NO_SPREAD] = np.nan
    return result


def _against_time(panel: Panel, values: Matrix, days: int, statistic: int) -> Matrix:
    positions = np.repeat(panel.days.astype(np.float32)[:, None], values.shape[1], axis=1)
    return _pairs(panel, values, positions, days, statistic)


def _slope(panel: Panel, values: Matrix, days: int) -> Value:
    from naxs_assets.factors.kernels import SLOPE

    return _against_time(panel, values, days, SLOPE)


def _resi(panel: Panel, values: Matrix, days: int) -> Value:
    from naxs_assets.factors.kernels import RESIDUAL

    return _against_time(panel, values, days, RESIDUAL)


def _rsquare(panel: Panel, values: Matrix, days: int) -> Value:
    from naxs_assets.factors.kernels import CORRELATION

    result = _against_time(panel, values, days, CORRELATION)
    result *= result
    result[_std(panel, values, days) <= _NO_SPREAD] = np.nan
    return result


def _count(panel: Panel, values: Matrix, days: int) -> Value:
    known = np.isfinite(values).astype(np.float32)
    return _absent_is_unknown(panel, np.asarray(_sums(divide=False)(panel, known, days)))


def _quantile(_panel: Panel, values: Matrix, days: int, quantile: np.float64) -> Value:
    from naxs_assets.factors import order_kernels

    result = np.empty_like(values)
    order_kernels.window_quantile(values, days, float(quantile), result)
    return result


def _med(panel: Panel, values: Matrix, days: int) -> Value:
    return _quantile(panel, values, days, np.float64(0.5))


def _place(sign: float) -> Callable[..., Value]:
    def compute(panel: Panel, values: Matrix, days: int) -> Value:
        from naxs_assets.factors import order_kernels

        result = np.empty_like(values)
        starts = np.where(panel.present.any(axis=0), panel.present.argmax(axis=0), len(values))
        order_kernels.window_place(values, starts, days, sign, result)
        return result

    return compute


def _moment(statistic: str) -> Callable[..., Value]:
    def compute(_panel: Panel, values: Matrix, days: int) -> Value:
        from naxs_assets.factors import order_kernels

        result = np.empty_like(values)
        order_kernels.window_moment(values, days, getattr(order_kernels, statistic), result)
        return result

    return compute


def _window(days: int) -> tuple[int, int]:
    return 1 - days, 0


def _offset(days: int) -> tuple[int, int]:
    return -days, -days


def _one_number(name: str, compute: Callable[..., Value]) -> Operator:
    return Operator(name, (Role.NUMBER,), compute)


def _two_numbers(name: str, compute: Callable[..., Value], gives: Kind = Kind.SERIES) -> Operator:
    return Operator(name, (Role.NUMBER, Role.NUMBER), compute, gives)


def _rolling(name: str, compute: Callable[..., Value]) -> Operator:
    return Operator(name, (Role.SERIES, Role.DAYS), compute, reads=_window)


def _rolling_pair(name: str, compute: Callable[..., Value]) -> Operator:
    return Operator(name, (Role.SERIES, Role.SERIES, Role.DAYS), compute, reads=_window)


_ALL = (
    _one_number("Neg", _elementwise(np.negative)),
    _one_number("Abs", _elementwise(np.abs)),
    _one_number("Sign", _elementwise(np.sign)),
    _one_number("Log", _in_double(np.log)),
    _two_numbers("Power", _in_double(np.power)),
    _two_numbers("Add", _elementwise(np.add)),
    _two_numbers("Sub", _elementwise(np.subtract)),
    _two_numbers("Mul", _elementwise(np.multiply)),
    _two_numbers("Div", _elementwise(np.divide)),
    _two_numbers("Greater", _elementwise(np.maximum)),
    _two_numbers("Less", _elementwise(np.minimum)),
    _two_numbers("Gt", _comparison(np.greater), Kind.CONDITION),
    _two_numbers("Ge", _comparison(np.greater_equal), Kind.CONDITION),
    _two_numbers("Lt", _comparison(np.less), Kind.CONDITION),
    _two_numbers("Le", _comparison(np.less_equal), Kind.CONDITION),
    _two_numbers("Eq", _comparison(np.equal), Kind.CONDITION),
    _two_numbers("Ne", _comparison(np.not_equal), Kind.CONDITION),
    Operator("If", (Role.CONDITION, Role.NUMBER, Role.NUMBER), _if),
    Operator("Ref", (Role.SERIES, Role.SHIFT), _shift, reads=_offset),
    Operator("Delta", (Role.SERIES, Role.DAYS), _delta, reads=lambda days: (-days, 0)),
    _rolling("Mean", _sums(divide=True)),
    _rolling("Sum", _sums(divide=False)),
    _rolling("Std", _std),
    _rolling("Var", _var),
    _rolling("Max", _extreme(1.0)),
    _rolling("Min", _extreme(-1.0)),
    _rolling("Rank", _rank),
    _rolling("Slope", _slope),
    _rolling("Rsquare", _rsquare),
    _rolling("Resi", _resi),
    _rolling("Count", _count),
    _rolling("Med", _med),
    Operator("Quantile", (Role.SERIES, Role.DAYS, Role.SHARE), _quantile, reads=_window),
    _rolling("IdxMax", _place(1.0)),
    _rolling("IdxMin", _place(-1.0)),
    _rolling("Mad", _moment("DEVIATION")),
    _rolling("Skew", _moment("SKEWNESS")),
    _rolling("Kurt", _moment("KURTOSIS")),
    _rolling_pair("Corr", _corr),
    _rolling_pair("Cov", _cov),
)

OPERATORS: Mapping[str, Operator] = MappingProxyType({each.name: each for each in _ALL})

INFIX: Mapping[str, str] = MappingProxyType(
    {
        "+": "Add",
        "-": "Sub",
        "*": "Mul",
        "/": "Div",
        ">": "Gt",
        ">=": "Ge",
        "<": "Lt",
        "<=": "Le",
        "==": "Eq",
        "!=": "Ne",
    }
)

REFUSED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "EMA": (
            "EMA remembers every earlier day, so a month could not be computed from a "
            "bounded look-back",
            "use Mean(x, N), whose memory is N days",
        ),
    }
)
"""Operators of Qlib that are refused: why, and what to write instead."""

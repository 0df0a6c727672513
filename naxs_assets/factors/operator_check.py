"""The proof of an operator: no look-ahead, the reach it declares, missing values, purity."""

from __future__ import annotations

import numpy as np

from naxs_assets.errors import ConfigurationError
from naxs_assets.factors.evaluate import evaluate
from naxs_assets.factors.operator import ALL_HISTORY, Array, Operator, Role
from naxs_assets.factors.panel import Panel
from naxs_assets.factors.tree import Call, Field, Number

_DAYS, _SYMBOLS = 60, 5
_FIELDS = ("open", "high", "low", "close")


def check_operator(operator: Operator, days: int = 7) -> None:
    """Compute ``operator`` on random prices, a tenth of them missing, and raise
    :class:`ConfigurationError` with the first promise it breaks: its rows do not change with
    later days, with days before its look-back, or with other symbols, the same arguments give
    the same bits, and series without a value give none. ``days`` is its window, if it has one.
    """
    random = np.random.default_rng(20_240_102)
    values = random.normal(10, 1, (len(_FIELDS), _DAYS, _SYMBOLS)).astype(np.float32)
    values[random.random(values.shape) < 0.1] = np.nan

    def of(part: Array) -> Array:
        matrices: Array = evaluate([_call(operator, days)], _panel(part))
        return matrices.reshape(matrices.shape[1:])

    whole = of(values)
    first, _ = operator.reads(days if Role.DAYS in operator.roles else 0)
    _same(operator, of(values), whole, "gives other bits the second time")
    for cut in range(1, _DAYS, 7):
        _same(operator, of(values[:, :cut]), whole[:cut], "looks ahead: later days change a row")
    if first > ALL_HISTORY:
        for start in range(1, _DAYS + first, 7):
            known = whole[start - first :]
            message = f"reads further back than the {-first} days that it declares"
            _same(operator, of(values[:, start:])[-first:], known, message)
    for symbol in range(_SYMBOLS):
        alone = of(np.ascontiguousarray(values[:, :, symbol : symbol + 1]))
        _same(operator, alone, whole[:, symbol : symbol + 1], "mixes symbols")
    if not np.isnan(of(np.full_like(values, np.nan))).all():
        raise _broken(operator, "makes a value of series that have none")


def _call(operator: Operator, days: int) -> Call:
    return Call(
        operator,
        tuple(
            Number(float(days)) if role is Role.DAYS else Field(_FIELDS[place % len(_FIELDS)])
            for place, role in enumerate(operator.roles)
        ),
    )


def _panel(values: Array) -> Panel:
    _, days, symbols = values.shape
    everywhere = np.ones((days, symbols), np.bool_)
    return Panel(
        days=np.arange(days, dtype=np.int32),
        dates=np.datetime64("2024-01-02") + np.arange(days),
        symbols=tuple(f"{number:06}.SZ" for number in range(symbols)),
        fields=dict(zip(_FIELDS, values, strict=True)),
        present=everywhere,
        cells=np.arange(days * symbols),
        universe=everywhere,
    )


def _same(operator: Operator, found: Array, expected: Array, broken: str) -> None:
    if not np.array_equal(found, expected, equal_nan=True):
        raise _broken(operator, broken)


def _broken(operator: Operator, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"the operator {operator.name} {what}",
        remedy="compute each row from its symbol's own rows within the declared look_back",
    )

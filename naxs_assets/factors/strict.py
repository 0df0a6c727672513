"""The operators of the mode strict: those of Qlib, without what Qlib lets pass.

A window in which a value is missing has no value (``min_periods`` = N), a comparison with a missing
value is missing, WMA's weights sum to 1, and no operator remembers more than its window.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from naxs_assets.factors.decay import exponential, true_weighted
from naxs_assets.factors.operator import (
    Array,
    Kind,
    Operator,
    Role,
    Statistics,
    Together,
)
from naxs_assets.factors.rolling import shift
from naxs_assets.factors.tile import Tile

_FEWER_ROLES = {Role.WINDOW: Role.DAYS, Role.DECAYING: Role.DAYS}
# A missing argument makes these a number: a power of 1 is 1, and NaN is a true condition.
_MAKE_UP_VALUES = frozenset({"Power", "signedpower", "If"})


def strict(operators: Mapping[str, Operator]) -> dict[str, Operator]:
    """The operators of Qlib's language with the rules of the strict one."""
    return {name: _strict(operator) for name, operator in operators.items()}


def _strict(operator: Operator) -> Operator:
    roles = tuple(_FEWER_ROLES.get(role, role) for role in operator.roles)
    operator = replace(operator, roles=roles)
    if operator.name == "Ref":
        return replace(operator, how=_shift, reads=lambda days: (-int(days), -int(days)))
    return replace(operator, how=_how(operator))


def _how(operator: Operator) -> Callable[..., Array] | Together:
    how = operator.how
    special: dict[str, Callable[[], Callable[..., Array]]] = {
        "EMA": lambda: exponential(whole=True),
        "WMA": lambda: _of_whole_windows(true_weighted),
        "Count": lambda: _of_present_windows(how),
    }
    if operator.name in special:
        return special[operator.name]()
    if operator.gives is Kind.CONDITION or operator.name in _MAKE_UP_VALUES:
        return _unless_missing(how)
    if not operator.windowed:
        return how
    if isinstance(how, Together):
        return Together(how.name, _pass_of_whole_windows(how))
    return _of_whole_windows(how)


def _shift(tile: Tile, values: Array, days: int) -> Array:
    """A shift, of which one by 0 is the value itself."""
    if days:
        return shift(tile, values, days)
    same = tile.empty(values.dtype)
    np.copyto(same, values)
    return same


def _unless_missing(how: Callable[..., Array] | Together) -> Callable[..., Array]:
    """NaN where the first argument of a choice, or any of another operator, is missing."""
    if isinstance(how, Together):
        raise TypeError("a pass of windows is no operator of one cell")

    def compute(tile: Tile, *arguments: Array | float) -> Array:
        result = how(tile, *arguments)
        condition_and_choices = len(arguments) == 3
        for argument in arguments[:1] if condition_and_choices else arguments:
            if isinstance(argument, np.ndarray):
                np.copyto(result, np.nan, where=np.isnan(argument))
        return result

    return compute


def _of_whole_windows(how: Callable[..., Array]) -> Callable[..., Array]:
    def compute(tile: Tile, *arguments: Any) -> Array:
        from naxs_assets.factors import decay_kernels

        result = how(tile, *arguments)
        series = [each for each in arguments if isinstance(each, np.ndarray)]
        days = arguments[len(series)]
        for values in series:
            decay_kernels.forget_partial(values, days, result)
        return result

    return compute


def _of_present_windows(how: Callable[..., Array] | Together) -> Callable[..., Array]:
    """NaN unless the symbol has a row on each day of the window."""
    if isinstance(how, Together):
        raise TypeError("Count has no pass in common with others")

    def compute(tile: Tile, values: Array, days: int) -> Array:
        from naxs_assets.factors import decay_kernels

        result = how(tile, values, days)
        present = tile.empty()
        present[:] = 1.0
        decay_kernels.forget_partial(tile.forget_absent(present), days, result)
        tile.scratch.give_back(present)
        return result

    return compute


def _pass_of_whole_windows(
    together: Together,
) -> Callable[[Tile, tuple[Array, ...], int, Statistics], list[Array]]:
    def compute(
        tile: Tile, arguments: tuple[Array, ...], days: int, statistics: Statistics
    ) -> list[Array]:
        from naxs_assets.factors import decay_kernels

        results = together.compute(tile, arguments, days, statistics)
        for result in results:
            for values in arguments:
                decay_kernels.forget_partial(values, days, result)
        return results

    return compute

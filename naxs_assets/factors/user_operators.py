"""Operators that a researcher writes in Python, beside those that are built in."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from naxs_assets.errors import ConfigurationError
from naxs_assets.factors.language import LANGUAGES, Language
from naxs_assets.factors.operator import Array, Operator, Role
from naxs_assets.factors.own_code import own_code
from naxs_assets.factors.parser import PERIOD_OPERATORS
from naxs_assets.factors.tile import Tile

_DAYS = "days"


def series_operator(
    *, look_back: int | Callable[[int], int]
) -> Callable[[Callable[..., Array]], Operator]:
    """Make an operator, of the same name, of a function of one or more series.

    Each parameter is a float64 matrix (days x symbols) in which NaN alone means missing; a last
    parameter named ``days`` is the whole number that an expression gives. The function returns a
    new matrix of the same shape and must treat each symbol on its own. ``look_back`` is how many
    days before a row it reads, or gives that for the ``days``. What is infinite in the result, and
    cells without a row, become NaN. The meaning is the same in both modes.

    Raises :class:`ConfigurationError` where the function has no docstring or no series.
    """

    def register(function: Callable[..., Array]) -> Operator:
        name = function.__name__
        parameters = list(inspect.signature(function).parameters)
        takes_days = bool(parameters) and parameters[-1] == _DAYS
        roles = [Role.SERIES] * (len(parameters) - takes_days) + [Role.DAYS] * takes_days
        if not inspect.getdoc(function) or Role.SERIES not in roles:
            raise ConfigurationError(
                f"the operator {name} needs a docstring and at least one series",
                remedy="say what it gives in a docstring, and name its series before days",
            )

        def reads(days: float) -> tuple[int, int]:
            return -(look_back(int(days)) if callable(look_back) else look_back), 0

        return Operator(name, tuple(roles), _on_tiles(function), reads=reads, windowed=True)

    return register


def _on_tiles(function: Callable[..., Array]) -> Callable[..., Array]:
    def compute(tile: Tile, *arguments: Any) -> Array:
        found = function(*map(_protected, arguments))
        result = tile.empty()
        if np.shape(found) != result.shape:
            raise ConfigurationError(
                f"the operator gives {np.shape(found)} where (days, symbols) is {result.shape}",
                where=function.__name__,
                remedy="return a matrix of the shape of the series",
            )
        np.copyto(result, found)
        np.copyto(result, np.nan, where=np.isinf(result))
        return tile.forget_absent(result)

    return compute


def _protected(argument: Any) -> Any:
    """A view that cannot be written: other expressions read the same matrix."""
    if not isinstance(argument, np.ndarray):
        return argument
    view = argument.view()
    view.flags.writeable = False
    return view


def languages_with(files: Iterable[Path]) -> Mapping[str, Language]:
    """Both languages by mode, with the operators of ``files`` (HOME/catalog/operators/*.py) added.

    An operator carries the digest of its file, so that what is computed with it follows the file.
    Raises :class:`ConfigurationError` for a file that cannot be run and for a name that is taken.
    """
    added: dict[str, Operator] = {}
    known = LANGUAGES["qlib"]
    for file in files:
        code = own_code(file, "the operators", "run the file with Python and mend it")
        for operator in vars(code.run()).values():
            if not isinstance(operator, Operator):
                continue
            if operator.name in {*known.operators, *PERIOD_OPERATORS, *added}:
                raise ConfigurationError(
                    f"the name {operator.name!r} is taken already among the operators",
                    where=str(file),
                    remedy="give the function a name of its own",
                )
            added[operator.name] = replace(operator, source=code.digest)
    return {
        mode: replace(language, operators={**language.operators, **added})
        for mode, language in LANGUAGES.items()
    }

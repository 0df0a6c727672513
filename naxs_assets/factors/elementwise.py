"""Operators of one cell: arithmetic, comparisons and choice, with the number types of Qlib.

What is read from prices is float32 and stays so in arithmetic; windows give float64, and so does
arithmetic with what they gave.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from naxs_assets.factors.operator import Array, Kind, Operator, Role, result_type
from naxs_assets.factors.tile import Tile


def _exact(function: np.ufunc) -> Callable[..., Array]:
    """Arithmetic that IEEE rounds correctly, and so alike on every machine."""

    def compute(tile: Tile, *arguments: Array | float) -> Array:
        out = tile.empty(result_type(*arguments))
        function(*arguments, out=out)
        return out

    return compute


def _library(function: np.ufunc) -> Callable[..., Array]:
    """The library's function in the arguments' own number type, as Qlib calls it."""

    def compute(tile: Tile, *arguments: Array | float) -> Array:
        out = tile.empty(result_type(*arguments))
        function(*arguments, out=out)
        # A power of NaN can be 1.
        return tile.forget_absent(out)

    return compute


def _signed_power(tile: Tile, base: Array | float, exponent: Array | float) -> Array:
    """Sign(base) * Power(Abs(base), exponent)."""
    out = tile.empty(result_type(base, exponent))
    np.power(np.abs(base), exponent, out=out, dtype=np.float64, casting="same_kind")
    np.multiply(out, np.sign(base), out=out)
    return tile.forget_absent(out)


def _comparison(function: np.ufunc) -> Callable[..., Array]:
    def compute(tile: Tile, left: Array | float, right: Array | float) -> Array:
        out = tile.empty(np.float32)
        function(left, right, out=out)
        return tile.forget_absent(out)

    return compute


def _not(tile: Tile, condition: Array) -> Array:
    return tile.forget_absent(np.subtract(1.0, condition, out=tile.empty(np.float32)))


def _joined(function: np.ufunc) -> Callable[..., Array]:
    """Both (the product) or either (the maximum) of two conditions, of 1 and 0."""

    def compute(tile: Tile, left: Array, right: Array) -> Array:
        return tile.forget_absent(function(left, right, out=tile.empty(np.float32)))

    return compute


def _if(tile: Tile, condition: Array, chosen: Array | float, otherwise: Array | float) -> Array:
    matrices = [each for each in (chosen, otherwise) if isinstance(each, np.ndarray)]
    out = tile.empty(result_type(*matrices) if matrices else np.float32)
    np.copyto(out, otherwise, casting="same_kind")
    # NaN is not zero, hence true, as in numpy.where.
    np.copyto(out, chosen, where=condition != 0, casting="same_kind")
    return tile.forget_absent(out)


def _one(name: str, compute: Callable[..., Array]) -> Operator:
    return Operator(name, (Role.NUMBER,), compute)


def _two(name: str, compute: Callable[..., Array], gives: Kind = Kind.SERIES) -> Operator:
    return Operator(name, (Role.NUMBER, Role.NUMBER), compute, gives)


DIVIDE = _exact(np.divide)

ELEMENTWISE = (
    _one("Neg", _exact(np.negative)),
    _one("Abs", _exact(np.absolute)),
    _one("Sign", _exact(np.sign)),
    _one("Log", _library(np.log)),
    _two("Power", _library(np.power)),
    _two("signedpower", _signed_power),
    _two("Add", _exact(np.add)),
    _two("Sub", _exact(np.subtract)),
    _two("Mul", _exact(np.multiply)),
    _two("Div", DIVIDE),
    _two("Greater", _exact(np.maximum)),
    _two("Less", _exact(np.minimum)),
    _two("Gt", _comparison(np.greater), Kind.CONDITION),
    _two("Ge", _comparison(np.greater_equal), Kind.CONDITION),
    _two("Lt", _comparison(np.less), Kind.CONDITION),
    _two("Le", _comparison(np.less_equal), Kind.CONDITION),
    _two("Eq", _comparison(np.equal), Kind.CONDITION),
    _two("Ne", _comparison(np.not_equal), Kind.CONDITION),
    Operator("Not", (Role.COMPARISON,), _not, Kind.CONDITION),
    Operator("And", (Role.COMPARISON, Role.COMPARISON), _joined(np.multiply), Kind.CONDITION),
    Operator("Or", (Role.COMPARISON, Role.COMPARISON), _joined(np.maximum), Kind.CONDITION),
    Operator("If", (Role.CONDITION, Role.NUMBER, Role.NUMBER), _if),
)


def constant_of(operator: Operator, arguments: tuple[float, ...]) -> float:
    """The value of an operator whose arguments are all constants, in float64."""
    function: Callable[..., Any] = _ON_CONSTANTS[operator.name]
    with np.errstate(all="ignore"):
        return float(function(*(np.float64(argument) for argument in arguments)))


_ON_CONSTANTS: dict[str, Callable[..., Any]] = {
    "Neg": np.negative,
    "Abs": np.absolute,
    "Sign": np.sign,
    "Log": np.log,
    "Power": np.power,
    "signedpower": lambda base, exponent: np.sign(base) * np.abs(base) ** exponent,
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Div": np.divide,
    "Greater": np.maximum,
    "Less": np.minimum,
}

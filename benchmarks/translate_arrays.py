"""Trees on arrays of float64: what pandas and bottleneck have in common.

Arithmetic is numpy's. Lines and correlations, for which neither has a fast rolling function, come
from rolling sums. An equal part of several expressions is computed once and let go after its last
use.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from benchmarks.trees import Plain, key

Array: TypeAlias = npt.NDArray[Any]

_ELEMENTWISE: dict[str, Callable[..., Array]] = {
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Div": np.divide,
    "Greater": np.maximum,
    "Less": np.minimum,
    "Abs": np.absolute,
    "Log": np.log,
}
_COMPARISONS: dict[str, Callable[..., Array]] = {"Gt": np.greater, "Lt": np.less}
_FROM_SUMS = ("Slope", "Rsquare", "Resi", "Corr")


class ArrayTranslator(ABC):
    """Values of trees; a subclass gives the shift and the rolling functions of its library."""

    windows: tuple[str, ...] = ()
    """The operators that ``window`` knows."""

    def __init__(self, fields: Mapping[str, Array], days: Array, present: Array | None) -> None:
        """``days`` number the rows of the arrays; ``present`` marks them where some are padding."""
        self._fields = fields
        self._days = days
        self._present = present
        self._uses: Counter[str] = Counter()
        self._held: dict[str, Array] = {}

    @classmethod
    def operators(cls) -> frozenset[str]:
        """The names of all operators that can be translated."""
        return frozenset({*_ELEMENTWISE, *_COMPARISONS, *_FROM_SUMS, *cls.windows, "Ref"})

    @abstractmethod
    def shift(self, values: Array, days: int) -> Array:
        """The values of some days before."""

    @abstractmethod
    def window(self, name: str, values: Array, days: int, *more: float) -> Array:
        """One of ``windows`` over the last days, of what is known of them."""

    def compute(self, trees: Mapping[str, Plain]) -> Iterator[tuple[str, Array]]:
        """Each feature and its values in float32."""
        for tree in trees.values():
            self._count(tree)
        with np.errstate(all="ignore"):
            for name, tree in trees.items():
                yield name, np.asarray(self._value(tree), np.float32)

    def _count(self, tree: Plain) -> None:
        """Count how often each call is read, were each computed once."""
        if isinstance(tree, list):
            self._uses[key(tree)] += 1
            if self._uses[key(tree)] == 1:
                for part in tree[1:]:
                    self._count(part)

    def _value(self, tree: Plain) -> Any:
        if isinstance(tree, str):
            return self._fields[tree[1:]]
        if not isinstance(tree, list):
            return tree
        known = key(tree)
        values = self._held.pop(known, None)
        if values is None:
            name, *parts = tree
            values = self._call(name, [self._value(part) for part in parts])
        self._uses[known] -= 1
        if self._uses[known]:
            self._held[known] = values
        return values

    def _call(self, name: str, parts: list[Any]) -> Array:
        if name in _ELEMENTWISE:
            return _ELEMENTWISE[name](*parts)
        if name in _COMPARISONS:
            found = _COMPARISONS[name](*parts).astype(np.float64)
            return found if self._present is None else np.where(self._present, found, np.nan)
        if name == "Ref":
            return self.shift(parts[0], int(parts[1]))
        if name == "Corr":
            return self._correlation(parts[0], parts[1], int(parts[2]))
        if name in _FROM_SUMS:
            return self._line(name, parts[0], int(parts[1]))
        return self.window(name, parts[0], int(parts[1]), *parts[2:])

    def _moments(self, left: Array, right: Array, days: int) -> tuple[Array, ...]:
        """The counts, means and sums of squares and products about the means of both sides."""
        known = ~(np.isnan(left) | np.isnan(right))
        one, other = np.where(known, left, np.nan), np.where(known, right, np.nan)
        count = self.window("Sum", known.astype(np.float64), days)
        mean, mean_of_other = self.window("Sum", one, days), self.window("Sum", other, days)
        mean, mean_of_other = mean / count, mean_of_other / count
        squares = self.window("Sum", one * one, days) - count * mean * mean
        of_other = self.window("Sum", other * other, days) - count * mean_of_other * mean_of_other
        products = self.window("Sum", one * other, days) - count * mean * mean_of_other
        return mean, mean_of_other, squares, of_other, products

    def _correlation(self, left: Array, right: Array, days: int) -> Array:
        _, _, squares, of_other, products = self._moments(left, right, days)
        return products / np.sqrt(squares * of_other)

    def _line(self, name: str, values: Array, days: int) -> Array:
        time = np.broadcast_to(self._days, values.shape)
        middle, mean, squares, of_values, products = self._moments(time, values, days)
        if name == "Rsquare":
            return products * products / (squares * of_values)
        slope = products / squares
        return slope if name == "Slope" else values - mean - slope * (time - middle)

"""What an operator of the expression language is: its arguments, its reach and its computation."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from naxs_assets.factors.tile import Tile

Array: TypeAlias = npt.NDArray[Any]
"""A float32 or float64 matrix of (days x symbols)."""

MAX_DAYS = 2_500
"""The longest window or shift in trading days, about ten years."""

FREQUENCIES = ("W", "M", "Q", "Y")
"""Spans of a calendar that days are gathered into."""

FUNCTIONS = ("sum", "mean", "std", "var", "min", "max", "median", "first", "last")
"""Of pandas, by which the days of a span become one value."""

ALL_HISTORY = -1_000_000_000
"""The first row read by an operator that remembers every day before."""


class Kind(enum.Enum):
    """The type of an expression: a constant, a matrix of numbers or of conditions, or a text."""

    CONSTANT = "constant"
    SERIES = "series"
    CONDITION = "condition"
    TEXT = "text"


class Role(enum.Enum):
    """What an operator accepts in one place of its argument list."""

    NUMBER = "a number or a series"
    SERIES = "a series or a condition"
    CONDITION = "a condition"
    DAYS = f"a whole number of days from 1 to {MAX_DAYS}"
    SHARE = "a number from 0 to 1"
    CONSTANT = "a number"
    GROUP = "a group such as $industry, or a series of which equal values are one group"
    LEVEL = "a level of the industries: 1, 2 or 3"
    SYMBOL = "a symbol in quotes, such as '600000.SH'"
    FREQUENCY = f"one of {', '.join(map(repr, FREQUENCIES))}"
    FUNCTION = f"one of {', '.join(map(repr, FUNCTIONS))}"
    SHIFT = f"a whole number of days from -{MAX_DAYS} to {MAX_DAYS}"
    COMPARISON = "a comparison, or several joined by & and |"
    WINDOW = f"a whole number of days from 1 to {MAX_DAYS}, or 0 for all history"
    DECAYING = (
        f"a whole number of days from 1 to {MAX_DAYS}, 0 for all history, or the weight between 0 "
        "and 1 that the newest day takes in a mean"
    )
    DECAY = (
        f"a span in whole days from 1 to {MAX_DAYS}, or the weight between 0 and 1 that the newest "
        "day takes"
    )

    @property
    def is_days(self) -> bool:
        return self in _DAYS


# Not a set, for the hash of a member is slow, and thousands of roles are asked.
_DAYS = (Role.WINDOW, Role.SHIFT, Role.DAYS, Role.DECAYING, Role.DECAY)


class Scope(enum.Enum):
    """What an operator must see at once to give one cell."""

    SYMBOL = "the days of one symbol"
    DAY = "the symbols of one day"
    ANOTHER = "the days of a symbol that is named"


Statistics: TypeAlias = tuple[float, ...]


@dataclass(frozen=True)
class Together:
    """Statistics of the same arguments and days that one pass gives together.

    ``compute(tile, arguments, days, statistics)`` returns one matrix for each statistic asked.
    """

    name: str
    compute: Callable[[Tile, tuple[Array, ...], int, Statistics], list[Array]]


@dataclass(frozen=True)
class Operator:
    """One operator.

    ``how(tile, *arguments)`` returns a new matrix of the tile's shape and changes none of its
    arguments, which are matrices, numbers, and whole days. One not of ``Scope.SYMBOL`` is
    given a :class:`~naxs_assets.factors.section.Section` of all symbols instead of a tile. Where
    ``how`` is a common pass, the operator is its ``statistic``, or its own number of
    ``Role.SHARE``.

    ``reads(days)`` is the first and last row, relative to the row computed, at which the arguments
    are read; ``days`` is the operator's own number of days (0: all history; a fraction: the weight
    of the newest day), ``fewest`` the least that it may be. A ``windowed`` operator is given
    float64 in which NaN alone means missing, and returns the same. ``source`` is the sha256 of a
    researcher's file that defines it. ``defaults`` stand for the last
    arguments where they are left out. ``refusal`` says why feature sets and labels may not use it,
    and what to write instead.
    """

    name: str
    roles: tuple[Role, ...]
    how: Callable[..., Array] | Together
    gives: Kind = Kind.SERIES
    reads: Callable[[float], tuple[int, int]] = lambda _days: (0, 0)
    scope: Scope = Scope.SYMBOL
    windowed: bool = False
    statistic: float = 0.0
    defaults: tuple[float, ...] = ()
    fewest: int = 1
    refusal: tuple[str, str] | None = None
    source: str = ""


def result_type(*arguments: Array | float) -> np.dtype[Any]:
    """float64 if any matrix is, otherwise float32: beside a matrix a constant has its type."""
    arrays = [argument.dtype for argument in arguments if isinstance(argument, np.ndarray)]
    return np.result_type(*arrays)

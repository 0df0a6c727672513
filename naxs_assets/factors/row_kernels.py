"""Kernels between matrices and long columns, compiled by numba."""

from __future__ import annotations

import itertools
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from naxs_assets.factors.kernels import kernel
from naxs_assets.factors.lanes import LANES
from naxs_assets.factors.operator import Array

Counts: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float32]


@kernel
def wanted_lanes(
    wanted: npt.NDArray[np.bool_], lanes: npt.NDArray[np.uint8], counts: Counts
) -> None:
    """The lanes of each day that are ``wanted``, in their order, and how many they are."""
    for day in range(len(wanted)):
        count = 0
        for j in range(wanted.shape[1]):
            if wanted[day, j]:
                lanes[day, count] = j
                count += 1
        counts[day] = count


@kernel
def write(
    values: Array,
    divisors: Array,
    firsts: Counts,
    counts: Counts,
    lanes: npt.NDArray[np.uint8],
    column: Floats,
) -> None:
    """Write ``values / divisors``, for each day the wanted ``lanes`` one after the other from its
    first place on; what is not finite becomes NaN. A single row of divisors is that of each day.
    """
    quotients = np.empty(values.shape[1], np.float32)
    for day in range(len(values)):
        # Slices: an index computed in the loop might count from the end for all that the compiler
        # knows, which costs it the vector instructions.
        of_day, by = values[day], divisors[day % len(divisors)]
        for j in range(len(of_day)):
            value = np.float32(of_day[j] / by[j])
            quotients[j] = value if np.abs(value) < np.inf else np.float32(np.nan)
        places = column[firsts[day] : firsts[day] + counts[day]]
        for place in range(len(places)):
            places[place] = quotients[lanes[day, place]]


def warm() -> None:
    """Compile every kernel, or load it from the disk cache; called when NAXS is installed."""
    lanes, counts = np.zeros((2, LANES), np.uint8), np.zeros(2, np.int64)
    column = np.zeros(1, np.float32)
    wanted_lanes(np.zeros((2, LANES), np.bool_), lanes, counts)
    matrices: tuple[Array, ...] = np.zeros((2, LANES), np.float32), np.zeros((2, LANES))
    for values, divisors in itertools.product(matrices, matrices):
        write(values, divisors, counts, counts, lanes, column)

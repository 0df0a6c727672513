"""TResample of Qlib: one value of a series for each week, month, quarter or year."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from naxs_assets.factors.operator import ALL_HISTORY, Array, Operator, Role
from naxs_assets.factors.tile import Tile

_LONGEST_SPAN = 366


def _resample(tile: Tile, values: Array, frequency: str, function: str) -> Array:
    """``series.resample(frequency)`` of pandas, each span's value on the first of its days.

    A sum needs one value (``min_count=1``), as in ``qlib/data/ops.py`` 0.9.7.
    """
    import pandas as pd

    spans = _spans(tile.dates, frequency)
    grouped = pd.DataFrame(values).groupby(spans)
    found = grouped.sum(min_count=1) if function == "sum" else grouped.agg(function)
    result = tile.empty()
    result[:] = np.nan
    result[np.flatnonzero(np.diff(spans, prepend=-1))] = found.to_numpy()
    return result


def _spans(dates: npt.NDArray[np.datetime64], frequency: str) -> npt.NDArray[np.int64]:
    """A number of each day's span; a day of which nothing is known counts to the day before."""
    days = np.maximum.accumulate(dates.astype("datetime64[D]").astype(np.int64))
    if frequency == "W":
        # 1970-01-01 was a Thursday, and weeks begin on Monday.
        return (days + 3) // 7
    if frequency == "Y":
        return days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64)
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months if frequency == "M" else months // 3


TRESAMPLE = Operator(
    "TResample",
    (Role.SERIES, Role.FREQUENCY, Role.FUNCTION),
    _resample,
    reads=lambda _days: (ALL_HISTORY, _LONGEST_SPAN - 1),
    refusal=(
        "its value stands at the first day of a span of which later days are part",
        "use a window, such as Mean(x, 20)",
    ),
)

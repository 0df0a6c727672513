"""On which trading days a portfolio is rebalanced."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal

import numpy as np
import numpy.typing as npt

from naxs_assets.backtest.construction.candidates import Floats
from naxs_assets.backtest.construction.settings import require
from naxs_assets.errors import DataError

Cadence = Literal["daily", "weekly", "monthly"] | int


def rebalance_days(
    dates: Sequence[date],
    days: npt.NDArray[np.integer],
    cadence: Cadence,
    *,
    before: date | None = None,
) -> npt.NDArray[np.bool_]:
    """Which of the trading days are rebalanced on (days,), the same wherever the days begin.

    ``weekly`` and ``monthly`` are the first trading day of the ISO week and of the month; a number
    n is every trading day whose index in the calendar (``days``) n divides. ``before`` is the
    trading day before the first one; None says that there is none, so that the first day counts
    as the first of its week and month.

    Raises :class:`DataError` for dates that do not rise from ``before`` on or are not as many as
    ``days``, :class:`ConfigurationError` for an unknown cadence.
    """
    known = cadence in ("daily", "weekly", "monthly")
    counted = isinstance(cadence, int) and not isinstance(cadence, bool) and cadence >= 1
    require(known or counted, "rebalance", cadence, "daily, weekly, monthly or a number from 1")
    on = np.array(dates, dtype="datetime64[D]")
    since = on if before is None else np.concatenate([[np.datetime64(before, "D")], on])
    if len(on) != len(days) or (np.diff(since) <= np.timedelta64(0)).any():
        raise DataError(
            "the dates of trading days do not rise, or are not as many as their indices",
            where="rebalance days",
            remedy="take date and day from the same calendar, in order",
        )
    if cadence == "daily":
        return np.ones(len(on), np.bool_)
    if isinstance(cadence, int):
        return np.asarray(days % cadence == 0)
    if cadence == "monthly":
        periods = since.astype("datetime64[M]").astype(np.int64)
    else:
        # 1970-01-01 was a Thursday, and weeks begin on Monday.
        periods = (since.astype(np.int64) + 3) // 7
    begins: npt.NDArray[np.bool_] = np.diff(periods, prepend=periods[:1] - 1) != 0
    return begins[len(since) - len(on) :]


def has_drifted(held: Floats, target: Floats, threshold: float) -> bool:
    """Whether a name's weight (names,) is further than ``threshold`` from its target."""
    return bool((np.abs(held - target) > threshold).any())

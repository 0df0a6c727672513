"""The months that a look-back or a look-ahead of trading days needs."""

from __future__ import annotations

import pytest

from naxs_assets.factors.assets import months_for
from naxs_assets.market.calendar import library_days


@pytest.mark.parametrize(("days", "months"), [(0, 0), (1, 1), (2, 1), (7, 1), (8, 2), (60, 4)])
def test_few_days_need_few_months(days: int, months: int) -> None:
    assert months_for(days) == months


def test_the_months_hold_the_days_wherever_they_lie() -> None:
    by_month = library_days().dt.strftime("%Y-%m").value_counts().sort("date")
    counts = by_month["count"].to_list()[1:]  # the calendar begins in the middle of a month
    for days in range(1, 500):
        months = months_for(days)
        windows = (counts[start : start + months] for start in range(len(counts) - months + 1))
        assert min(sum(window) for window in windows) >= days

"""Rebalance days, which a run that starts later has too."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naxs_assets.backtest.construction import Cadence, has_drifted, rebalance_days
from naxs_assets.errors import ConfigurationError, DataError

# Around the new year of 2021: Friday 2021-01-01 is closed, and belongs to ISO week 53 of 2020.
DATES = [
    date(2020, 12, 30),  # Wednesday
    date(2020, 12, 31),  # Thursday
    date(2021, 1, 4),  # Monday, ISO week 1 of 2021
    date(2021, 1, 5),
    date(2021, 2, 10),  # Wednesday, the last before the spring festival
    date(2021, 2, 18),  # Thursday, the first after it
    date(2021, 2, 19),
]
DAYS = np.arange(7278, 7285)


@pytest.mark.parametrize(
    ("cadence", "on"),
    [
        ("daily", [1, 1, 1, 1, 1, 1, 1]),
        ("weekly", [0, 0, 1, 0, 1, 1, 0]),
        ("monthly", [0, 0, 1, 0, 1, 0, 0]),
        (5, [0, 0, 1, 0, 0, 0, 0]),  # 7280
        (1, [1, 1, 1, 1, 1, 1, 1]),
    ],
)
def test_days_of_each_cadence(cadence: Cadence, on: list[int]) -> None:
    found = rebalance_days(DATES, DAYS, cadence, before=date(2020, 12, 29))
    assert found.tolist() == [bool(one) for one in on]


def test_the_first_day_is_judged_by_the_day_before_it() -> None:
    monday, tuesday = [date(2021, 1, 4)], [date(2021, 1, 5)]
    one = np.array([7280])
    assert rebalance_days(monday, one, "weekly", before=date(2020, 12, 31)).all()
    assert not rebalance_days(tuesday, one, "weekly", before=date(2021, 1, 4)).any()
    assert rebalance_days(tuesday, one, "weekly").all()
    assert not rebalance_days([date(2021, 1, 29)], one, "monthly", before=date(2021, 1, 28)).any()


def test_a_week_across_two_years_is_one_week() -> None:
    dates = [date(2020, 12, 28), date(2021, 1, 1)]
    assert rebalance_days(dates, np.array([1, 2]), "weekly").tolist() == [True, False]


def test_no_days_have_no_rebalance() -> None:
    for cadence in ("daily", "weekly", "monthly", 3):
        found = rebalance_days([], np.array([], np.int32), cadence, before=date(2021, 1, 4))  # type: ignore[arg-type]
        assert found.shape == (0,)


@given(
    st.lists(st.integers(0, 400), min_size=2, max_size=60, unique=True),
    st.sampled_from(["daily", "weekly", "monthly", 1, 3, 20]),
    st.data(),
)
def test_a_run_that_starts_later_has_the_same_days(
    since: list[int], cadence: Cadence, data: st.DataObject
) -> None:
    dates = [date(2019, 12, 20) + timedelta(days=at) for at in sorted(since)]
    days = np.arange(7000, 7000 + len(dates))
    whole = rebalance_days(dates, days, cadence)
    start = data.draw(st.integers(1, len(dates) - 1))
    later = rebalance_days(dates[start:], days[start:], cadence, before=dates[start - 1])
    assert later.tolist() == whole[start:].tolist()
    if cadence == "weekly":
        weeks = [day.isocalendar()[:2] for day in dates]
        assert whole.tolist() == [at == 0 or weeks[at] != weeks[at - 1] for at in range(len(dates))]


@pytest.mark.parametrize("cadence", ["yearly", 0, -1, True, 2.0])
def test_an_unknown_cadence_is_named(cadence: Cadence) -> None:
    with pytest.raises(ConfigurationError, match="rebalance = "):
        rebalance_days(DATES, DAYS, cadence)


def test_dates_out_of_order_are_refused() -> None:
    with pytest.raises(DataError, match="do not rise"):
        rebalance_days(DATES[::-1], DAYS, "daily")
    with pytest.raises(DataError, match="do not rise"):
        rebalance_days(DATES, DAYS, "daily", before=DATES[0])
    with pytest.raises(DataError, match="as many"):
        rebalance_days(DATES, DAYS[1:], "daily")


def test_a_portfolio_has_drifted_when_one_name_is_beyond_the_threshold() -> None:
    target = np.array([0.5, 0.25, 0.0])
    assert not has_drifted(np.array([0.5625, 0.25, 0.0]), target, 0.0625)
    assert has_drifted(np.array([0.5, 0.25, 0.07]), target, 0.0625)

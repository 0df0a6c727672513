"""Sina's packed formats come back unchanged from the JavaScript that AKShare runs."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import py_mini_racer
from akshare.stock.cons import hk_js_decode
from hypothesis import given
from hypothesis import strategies as st

from naxs_tests.upstream.packing import PackedBar, pack_bars, pack_calendar

_DECODER = py_mini_racer.MiniRacer()
_DECODER.eval(hk_js_decode)

WEEKDAYS = [
    day
    for day in (date(1990, 12, 19) + timedelta(days=n) for n in range(13_000))
    if day.weekday() < 5
]
prices = st.integers(1, 3_000_000)


def decoded(packed: str) -> list[Any]:
    return list(_DECODER.call("d", packed))


def _day(text: str) -> date:
    """The decoder's dates are midnights in UTC, as JSON writes them."""
    day, _, midnight = text.partition("T")
    assert midnight.startswith("00:00:00")
    return date.fromisoformat(day)


@st.composite
def bars(draw: st.DrawFn) -> PackedBar:
    low, opened, closed, high = sorted(draw(st.tuples(prices, prices, prices, prices)))
    if draw(st.booleans()):
        opened, closed = closed, opened
    return PackedBar(
        day=draw(st.sampled_from(WEEKDAYS)),
        open=opened,
        high=high,
        low=low,
        close=closed,
        volume=draw(st.integers(0, 10**12)),
        amount=draw(st.integers(0, 2 * 10**14)),
    )


@given(st.lists(bars(), min_size=1, max_size=40))
def test_bars(packed: list[PackedBar]) -> None:
    """Any days in any order, with prices to the cent, volumes past 40 bits, amounts past 2**47."""
    found = decoded(pack_bars(packed))
    assert [_day(row["date"]) for row in found] == [bar.day for bar in packed]
    for name in ("open", "high", "low", "close", "amount"):
        assert [row[name] for row in found] == [getattr(bar, name) / 100 for bar in packed]
    assert [row["volume"] for row in found] == [bar.volume for bar in packed]


def test_a_row_of_days_takes_no_room_for_dates() -> None:
    week = [day for day in WEEKDAYS if date(2024, 1, 1) <= day <= date(2024, 3, 29)]
    same = [PackedBar(day, 1000, 1010, 990, 1005, 12_300, 12_345_67) for day in week]
    apart = [PackedBar(day, 1000, 1010, 990, 1005, 12_300, 12_345_67) for day in week[::2]]
    assert len(pack_bars(same)) / len(same) < len(pack_bars(apart)) / len(apart)
    assert len(decoded(pack_bars(same))) == len(week)


@given(st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=300, unique=True).map(sorted))
def test_calendar(days: list[date]) -> None:
    assert [_day(one) for one in decoded(pack_calendar(days))] == days


def test_the_calendar_without_a_holiday() -> None:
    days = WEEKDAYS[3000:5000]
    assert [_day(one) for one in decoded(pack_calendar(days))] == days

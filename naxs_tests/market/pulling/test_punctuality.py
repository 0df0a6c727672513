"""A session is expected at a time of its day; one that does not come is later and later."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from naxs_assets.market.pulling.parts import PulledStore
from naxs_assets.market.pulling.punctuality import arrival_of_bars, punctuality
from naxs_assets.market.pulling.universe import lives_of
from naxs_assets.settings import SHANGHAI
from naxs_tests.market.pulling.conftest import FIRST
from naxs_tests.market.pulling.memory import INDEX, Upstream, puller
from naxs_tests.market.pulling.test_pull import TODAY, TOMORROW

THURSDAY, FRIDAY, MONDAY = date(2024, 1, 4), date(2024, 1, 5), date(2024, 1, 8)
DEADLINE, ALLOWED = time(15, 45), timedelta(minutes=10)


def at(day: date, hour: int, minute: int, second: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=SHANGHAI)


CAME = {THURSDAY: at(THURSDAY, 15, 40)}


@pytest.mark.parametrize(
    ("now", "latency", "late"),
    [
        (at(FRIDAY, 15, 44, 59), timedelta(0), False),
        (at(FRIDAY, 15, 54, 59), timedelta(minutes=9, seconds=59), False),
        (at(FRIDAY, 15, 55, 1), timedelta(minutes=10, seconds=1), True),
        (at(MONDAY, 9, 0), timedelta(days=2, hours=17, minutes=15), True),
        (at(MONDAY, 16, 0), timedelta(days=3, minutes=15), True),
    ],
)
def test_a_missing_session_is_late_ten_minutes_after_its_time_and_grows(
    now: datetime, latency: timedelta, late: bool
) -> None:
    judged = punctuality(now, [THURSDAY, FRIDAY, MONDAY], DEADLINE, CAME.get)
    assert judged.latency == latency
    assert judged.is_late(ALLOWED) is late
    assert judged.next_expected_at == at(FRIDAY, 15, 45)


def test_one_that_came_late_is_late_no_more_and_says_by_how_much() -> None:
    came = CAME | {FRIDAY: at(FRIDAY, 16, 0)}
    judged = punctuality(at(FRIDAY, 20, 0), [THURSDAY, FRIDAY, MONDAY], DEADLINE, came.get)
    assert judged.session is None
    assert judged.latency == timedelta(minutes=15)
    assert not judged.is_late(ALLOWED)
    assert judged.next_expected_at == at(MONDAY, 15, 45)


def test_beyond_the_calendar_the_next_weekday_is_expected() -> None:
    judged = punctuality(at(FRIDAY, 20, 0), [FRIDAY], DEADLINE, {FRIDAY: at(FRIDAY, 15, 31)}.get)
    assert judged.next_expected_at == at(MONDAY, 15, 45)


def test_bars_are_there_when_a_day_or_nearly_every_symbol_was_answered(
    store: PulledStore, upstream: Upstream
) -> None:
    one = puller(store, upstream)
    one.pull(FIRST, TODAY)
    arrived = arrival_of_bars(store.parts(), lives_of(store, INDEX))
    assert arrived(TODAY) == at(TODAY, 19, 0)
    assert arrived(TOMORROW) is None
    upstream.clock.set(TOMORROW, 15, 40)
    one.pull(FIRST, TOMORROW)
    assert arrival_of_bars(store.parts(), lives_of(store, INDEX))(TOMORROW) == at(TOMORROW, 15, 40)

"""Whether the newest sessions are there on time, and when the next one is expected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from naxs_assets.market.pulling.parts import Part
from naxs_assets.market.pulling.planning import Known, Lives, missing_days
from naxs_assets.market.sources.offers import PulledTable
from naxs_assets.settings import SHANGHAI

COMPLETE_SHARE = 0.99
"""A session is there when so many of the symbols that were listed on it have been answered for: a
single stock that nobody answers for does not make the market late."""

_LOOKED_BACK = 60


@dataclass(frozen=True)
class Punctuality:
    """How punctual a market is at one instant.

    ``session`` is the oldest session that is due and not there; None when none is missing.
    ``next_expected_at`` is when it, or else the next one, is expected (UTC). ``latency`` is how
    long after its time the newest due session came; of a missing one it grows with the clock.
    """

    session: date | None
    next_expected_at: datetime
    latency: timedelta

    def is_late(self, allowed: timedelta) -> bool:
        """Whether a session has been missing for longer than ``allowed``."""
        return self.session is not None and self.latency > allowed


def punctuality(
    now: datetime,
    sessions: Sequence[date],
    deadline: time,
    arrived_at: Callable[[date], datetime | None],
) -> Punctuality:
    """Judge the ``sessions`` (sorted, reaching beyond ``now``) that are due by ``deadline``.

    ``arrived_at`` tells when a session was there; None when it is not.
    """
    due = [day for day in sessions if _expected(day, deadline) <= now]
    coming = [day for day in sessions if _expected(day, deadline) > now]
    missing = next((day for day in due[-_LOOKED_BACK:] if arrived_at(day) is None), None)
    if missing is not None:
        expected = _expected(missing, deadline)
        return Punctuality(missing, expected, now - expected)
    latency = timedelta(0)
    if due:
        arrived = arrived_at(due[-1]) or now
        latency = max(latency, arrived - _expected(due[-1], deadline))
    # Without a day to come in the list the next weekday is a fair guess.
    following = coming[0] if coming else _next_weekday(max([*due[-1:], now.date()]))
    return Punctuality(None, _expected(following, deadline), latency)


def arrival_of_bars(parts: Sequence[Part], lives: Lives) -> Callable[[date], datetime | None]:
    """When a session's bars were there: fetched for a whole day, or for nearly every symbol."""
    days: dict[date, datetime] = {}
    for part in parts:
        if part.table is PulledTable.DAY:
            days.setdefault(part.wanted.first, part.fetched_at)
    known = Known.of(parts)
    by_symbol = [part for part in parts if part.table is PulledTable.HISTORY]

    def arrived_at(day: date) -> datetime | None:
        if day in days:
            return days[day]
        nobody = Known(frozenset(), {})
        listed = len(missing_days([day], lives, nobody))
        covered = listed - len(missing_days([day], lives, known))
        if not listed or covered < COMPLETE_SHARE * listed:
            return None
        return max(p.fetched_at for p in by_symbol if p.wanted.first <= day <= p.wanted.last)

    return arrived_at


def _expected(day: date, deadline: time) -> datetime:
    return datetime.combine(day, deadline, SHANGHAI)


def _next_weekday(day: date) -> date:
    following = day + timedelta(days=1)
    while following.weekday() >= 5:
        following += timedelta(days=1)
    return following

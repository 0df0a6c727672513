"""The index: its members, semi-annual changes announced two weeks ahead, and its price."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from naxs_assets.market.synthetic.quotes import Quotes
from naxs_assets.market.synthetic.state import BSE, Flags, Integers, State

_FIRST_LEVEL = 4000.0
_REMOVAL_NOTICE = 10
_SEASONED = 60
_MEMORY = 0.97
_FAR = np.iinfo(np.int64).max


@dataclass
class Membership:
    """One stay in the index, as instrument number and calendar indices; ``last`` inclusive."""

    instrument: int
    first: int
    last: int | None
    announced: int | None


@dataclass(frozen=True)
class IndexBar:
    """A day of the index: points, shares of its members and their amount in CNY."""

    open: float
    high: float
    low: float
    close: float
    volume: int
    amount: float


def review_days(calendar: list[date]) -> dict[int, int]:
    """Return {announcement: first effective day} of the reviews, as calendar indices.

    Changes take effect on the first trading day after the second Friday of June and December
    and are announced two weeks before that Friday.
    """
    reviews = {}
    for year in range(calendar[0].year, calendar[-1].year + 1):
        for month in (6, 12):
            start = date(year, month, 1)
            friday = start + timedelta(days=(4 - start.weekday()) % 7 + 7)
            announced = bisect_right(calendar, friday - timedelta(days=14)) - 1
            effective = bisect_right(calendar, friday)
            if announced >= 0 and effective < len(calendar):
                reviews[announced] = effective
    return reviews


class Index:
    """The largest shares by smoothed market value, without ST shares and the Beijing board."""

    def __init__(self, state: State, size: int, first_day: int) -> None:
        self._size = size
        self._level = _FIRST_LEVEL
        self._planned: Flags = np.zeros(state.places, dtype=np.bool_)  # after all announcements
        self._first: Integers = np.zeros(state.places, dtype=np.int64)
        self._last: Integers = np.full(state.places, -1, dtype=np.int64)
        self._open: dict[int, Membership] = {}
        self.history: list[Membership] = []
        eligible = state.listed & ~state.is_st & (state.board != BSE)
        for place in self._ranked(state, eligible)[:size]:
            self._enter(state, int(place), first_day, None)

    def remove_st(self, state: State, places: Integers, today: int) -> None:
        """Announce that shares newly under ST leave in ten trading days, each for the next best."""
        for place in places[self._planned[places]]:
            effective = max(today + _REMOVAL_NOTICE, int(self._first[place]) + 1)
            self._leave(int(place), effective)
            best = self._ranked(state, self._candidates(state, today) & ~self._planned)
            if best.size:
                self._enter(state, int(best[0]), effective, today)

    def review(self, state: State, today: int, effective: int) -> None:
        """Announce the new members; a member stays while it ranks not far below the last place."""
        ranked = self._ranked(state, self._candidates(state, today) | self._planned)
        reserve = (ranked.size - self._size) // 4
        buffer = self._size + max(0, min(self._size // 5, reserve))
        incoming = self._planned & (self._first > today)
        stays = ranked[:buffer][self._planned[ranked[:buffer]]]
        chosen = np.concatenate([np.flatnonzero(incoming), stays[~incoming[stays]]])[: self._size]
        others = ranked[~np.isin(ranked, chosen) & ~self._planned[ranked]]
        chosen = np.concatenate([chosen, others[: self._size - chosen.size]])
        keeps = np.zeros(state.places, dtype=np.bool_)
        keeps[chosen] = True
        for place in np.flatnonzero(self._planned & ~keeps):
            self._leave(int(place), effective)
        for place in np.flatnonzero(keeps & ~self._planned):
            self._enter(state, int(place), effective, today)

    def price(
        self,
        state: State,
        rng: np.random.Generator,
        quotes: Quotes,
        *,
        today: int,
        close_before: Integers,
        shares_before: Integers,
    ) -> IndexBar:
        """Return today's bar of the price index weighted by market value.

        Bonus shares leave the index unchanged and cash dividends lower it, as with the real one.
        """
        rise, fall = np.abs(rng.standard_normal(2))
        member = (self._first <= today) & (today <= self._last)
        base = float((shares_before * close_before)[member].sum())
        open_, close = self._level, self._level
        if base > 0:
            open_ *= float((state.shares * quotes.open)[member].sum()) / base
            close *= float((state.shares * quotes.close)[member].sum()) / base
        self._level = close
        return IndexBar(
            open=round(open_, 2),
            high=round(max(open_, close) * (1 + 0.003 * rise), 2),
            low=round(min(open_, close) * (1 - 0.003 * fall), 2),
            close=round(close, 2),
            volume=int(quotes.volume[member].sum()),
            amount=int(quotes.amount[member].sum()) / 100,
        )

    def _candidates(self, state: State, today: int) -> Flags:
        leaving = ~self._planned & (self._last >= today)
        candidates: Flags = (
            state.listed
            & ~state.is_st
            & (state.board != BSE)
            & (state.listing_day >= _SEASONED)
            & (state.days_to_delisting < 0)
            & ~leaving
        )
        return candidates

    @staticmethod
    def _ranked(state: State, among: Flags) -> Integers:
        """Return the places of ``among``, the largest average market value first."""
        places = np.flatnonzero(among)
        return places[np.argsort(-state.average_value[places], kind="stable")]

    def _enter(self, state: State, place: int, effective: int, announced: int | None) -> None:
        stay = Membership(int(state.instrument[place]), effective, None, announced)
        self.history.append(stay)
        self._open[place] = stay
        self._planned[place] = True
        self._first[place], self._last[place] = effective, _FAR

    def _leave(self, place: int, effective: int) -> None:
        self._open.pop(place).last = effective - 1
        self._planned[place] = False
        self._last[place] = effective - 1


def smooth_value(state: State) -> None:
    """Move each share's smoothed market value towards today's (CNY)."""
    today = state.shares * state.close / 100
    state.average_value = _MEMORY * state.average_value + (1 - _MEMORY) * today

"""Whether an answer is whole: half of the rows parse as well as all of them do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, timedelta

import polars as pl

from naxs_assets.errors import DataError
from naxs_assets.market.calendar import trading_days
from naxs_assets.market.fetching.calls import Family
from naxs_assets.market.fetching.errors import IncompleteError
from naxs_assets.market.pulling.planning import DAILY_TRAILING, Ask, Lives, lives_on
from naxs_assets.market.pulling.universe import Named
from naxs_assets.market.sources.offers import NO_ROW_WHEN_SUSPENDED, PulledTable

Check = Callable[[Ask, Family, pl.DataFrame], None]
"""Raises ``IncompleteError`` when the rows that a family gave for an ask are not whole."""

_FEW = 2
_SHARE = 0.1
_SHARE_OF_DAY = 0.01  # what the rule ``missing`` lets pass too
_SHARE_OF_NAMED = {
    PulledTable.INSTRUMENTS: 0.01,
    PulledTable.INDUSTRY: 0.1,
    PulledTable.MEMBERS: 0.2,  # an index changes by a tenth at once
}
_HALF_A_YEAR = timedelta(days=190)
# A stock may be suspended for months, and who has no row then cannot tell that from a hole.
_SHARE_SUSPENDED = 1 / 3


@dataclass(frozen=True)
class Whole:
    """What an answer must hold, by what is known beforehand.

    ``sessions`` are open days, ``lives`` the universe, ``named`` the symbols that lists of
    instruments, members and industries named before.
    """

    sessions: Sequence[date] = ()
    lives: Lives = field(default_factory=dict)
    named: Named = field(default_factory=Named)

    def check(self, ask: Ask, family: Family, rows: pl.DataFrame) -> None:
        """Raise ``IncompleteError`` when ``rows`` (columns of ``PULLED``) are not whole.

        A day must hold 99 % of the universe, or all but two; a history nine tenths of the sessions
        of the symbol's life, or all but one, and two thirds where the family has no row on a day of
        suspension; bars of an index nine tenths, the newest among them. A list of instruments may
        lose 1 % of the members and of those that its family named before, one of industries a
        tenth, today's members a fifth of those of the last half year; open days must be the
        exchange's. Other tables are judged by the quality rules alone.
        """
        if ask.table is PulledTable.OPEN_DAYS:
            _check_open_days(ask, rows)
        elif ask.table in _SHARE_OF_NAMED:
            named = self._named(ask, family)
            _refuse(ask, "stocks", named, _texts(rows, "symbol"), _SHARE_OF_NAMED[ask.table])
        elif ask.table is PulledTable.DAY:
            expected = self.alive(ask.wanted.first)
            _refuse(ask, "symbols", expected, _texts(rows, "symbol"), _SHARE_OF_DAY)
        elif ask.table is PulledTable.HISTORY:
            life = self.lives.get(ask.scope, (None, None))
            since = life[0] or _first(rows)
            days = [day for day in self._asked(ask) if lives_on((since, life[1]), day)]
            share = _SHARE_SUSPENDED if family in NO_ROW_WHEN_SUSPENDED else _SHARE
            _refuse(ask, "sessions", _iso(days), _texts(rows, "date"), share, few=1)
        elif ask.table is PulledTable.INDEX_BARS:
            newest = _iso(self._asked(ask)[-1:])
            _refuse(ask, "newest sessions", newest, _texts(rows, "date"), 0.0, few=0)
            _refuse(ask, "sessions", _iso(self._asked(ask)), _texts(rows, "date"), _SHARE)

    def alive(self, day: date) -> list[str]:
        """The symbols of the universe that are listed on ``day``."""
        return [symbol for symbol, life in self.lives.items() if lives_on(life, day)]

    def lacking_days(self, bars: pl.DataFrame) -> list[date]:
        """The newest sessions of which ``bars`` (those that stand) hold too little of the universe.

        A vendor may give histories before it has the bars of today.
        """
        found = []
        for day in self.sessions[-DAILY_TRAILING:]:
            there = _texts(bars.filter(pl.col("date") == day), "symbol")
            if _is_lacking(self.alive(day), there, _SHARE_OF_DAY):
                found.append(day)
        return found

    def _named(self, ask: Ask, family: Family) -> frozenset[str]:
        of_family = self.named.listed.get((ask.table, family), frozenset())
        if ask.table is PulledTable.INSTRUMENTS:
            return of_family | self.named.members
        if ask.table is PulledTable.MEMBERS:
            known = self.named.members_on
            is_now = ask.wanted.first == ask.wanted.last == ask.wanted.now
            if known is None or not is_now or ask.wanted.now - known > _HALF_A_YEAR:
                return frozenset()
            return self.named.members
        return of_family

    def _asked(self, ask: Ask) -> list[date]:
        return [day for day in self.sessions if ask.wanted.first <= day <= ask.wanted.last]


def _check_open_days(ask: Ask, rows: pl.DataFrame) -> None:
    try:
        trading_days(rows.get_column("date"), ask.wanted.last)
    except DataError as error:
        raise IncompleteError(error.what, where=f"{ask}") from error


def _is_lacking(expected: Collection[str], given: Set[str], share: float, few: int = _FEW) -> bool:
    """Whether more than ``few`` and more than ``share`` of ``expected`` are not ``given``."""
    return len(set(expected) - given) > max(few, share * len(expected))


def _refuse(
    ask: Ask, what: str, expected: Collection[str], given: Set[str], share: float, few: int = _FEW
) -> None:
    if _is_lacking(expected, given, share, few):
        absent = sorted(set(expected) - given)
        raise IncompleteError(
            f"{len(absent)} of {len(expected)} {what} are lacking, first {absent[0]}",
            where=f"{ask}",
        )


def _iso(days: Sequence[date]) -> list[str]:
    return [day.isoformat() for day in days]


def _texts(rows: pl.DataFrame, name: str) -> set[str]:
    return set(rows.get_column(name).cast(pl.String).drop_nulls().to_list())


def _first(rows: pl.DataFrame) -> date | None:
    first = rows.get_column("date").min()
    return first if isinstance(first, date) else None

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
from naxs_assets.market.pulling.planning import Ask, Lives, lives_on
from naxs_assets.market.pulling.universe import Named
from naxs_assets.market.sources.offers import NO_ROW_WHEN_SUSPENDED, PulledTable

Check = Callable[[Ask, Family, pl.DataFrame], None]
"""Raises ``IncompleteError`` when the rows that a family gave for an ask are not whole."""

_FEW = 2
_SHARE = 0.1
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

        A day must hold nine tenths of the universe, a history nine tenths of the sessions of the
        symbol's life, or two thirds where the family has no row on a day of suspension; two rows
        may always be lacking. A list of instruments may lose 1 % of the members and of those that
        its family named before, one of industries a tenth, today's members a fifth of those of the
        last half year; open days must be the exchange's. Other tables are judged by the quality
        rules alone.
        """
        if ask.table is PulledTable.OPEN_DAYS:
            _check_open_days(ask, rows)
        elif ask.table in _SHARE_OF_NAMED:
            named = self._named(ask, family)
            _refuse(ask, "stocks", named, _texts(rows, "symbol"), _SHARE_OF_NAMED[ask.table])
        elif ask.table is PulledTable.DAY:
            expected = [
                symbol for symbol, life in self.lives.items() if lives_on(life, ask.wanted.first)
            ]
            _refuse(ask, "symbols", expected, _texts(rows, "symbol"), _SHARE)
        elif ask.table is PulledTable.HISTORY:
            life = self.lives.get(ask.scope, (None, None))
            since = life[0] or _first(rows)
            days = [day for day in self._asked(ask) if lives_on((since, life[1]), day)]
            if family in NO_ROW_WHEN_SUSPENDED:
                _refuse(
                    ask,
                    "sessions",
                    _iso(days),
                    _texts(rows, "date"),
                    _SHARE_SUSPENDED,
                )
            else:
                _refuse(ask, "sessions", _iso(days), _texts(rows, "date"), _SHARE)
        elif ask.table is PulledTable.INDEX_BARS:
            _refuse(ask, "sessions", _iso(self._asked(ask)), _texts(rows, "date"), _SHARE)

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


def _refuse(ask: Ask, what: str, expected: Collection[str], given: Set[str], share: float) -> None:
    absent = sorted(set(expected) - given)
    if len(absent) > max(_FEW, share * len(expected)):
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

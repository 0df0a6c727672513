"""Whether an answer is whole: half of the rows parse as well as all of them do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from naxs_assets.errors import DataError
from naxs_assets.market.calendar import trading_days
from naxs_assets.market.fetching.calls import Family
from naxs_assets.market.fetching.errors import IncompleteError
from naxs_assets.market.pulling.planning import Ask, Lives, lives_on
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
# A stock may be suspended for months, and who has no row then cannot tell that from a hole.
_FEW_SUSPENDED, _SHARE_SUSPENDED = 10, 1 / 3


@dataclass(frozen=True)
class Whole:
    """What an answer must hold, by what is known beforehand.

    ``sessions`` are open days, ``lives`` the universe, ``named`` the symbols that a list (of
    instruments, members or industries) should name, because one named them before.
    """

    sessions: Sequence[date] = ()
    lives: Lives = field(default_factory=dict)
    named: Mapping[PulledTable, Collection[str]] = field(default_factory=dict)

    def check(self, ask: Ask, family: Family, rows: pl.DataFrame) -> None:
        """Raise ``IncompleteError`` when ``rows`` (columns of ``PULLED``) are not whole.

        A day must hold nine tenths of the universe, a history nine tenths of the sessions of the
        symbol's life, or two thirds where the family has no row on a day of suspension; two rows
        may always be lacking. A list of instruments may lose 1 % of those that were known, one of
        industries a tenth, today's members a fifth; open days must be the exchange's. Other tables
        are judged by the quality rules alone.
        """
        if ask.table is PulledTable.OPEN_DAYS:
            _check_open_days(ask, rows)
        elif ask.table in _SHARE_OF_NAMED:
            named = self.named.get(ask.table, ())
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
                    _FEW_SUSPENDED,
                )
            else:
                _refuse(ask, "sessions", _iso(days), _texts(rows, "date"), _SHARE)
        elif ask.table is PulledTable.INDEX_BARS:
            _refuse(ask, "sessions", _iso(self._asked(ask)), _texts(rows, "date"), _SHARE)

    def _asked(self, ask: Ask) -> list[date]:
        return [day for day in self.sessions if ask.wanted.first <= day <= ask.wanted.last]


def _check_open_days(ask: Ask, rows: pl.DataFrame) -> None:
    try:
        trading_days(rows.get_column("date"), ask.wanted.last)
    except DataError as error:
        raise IncompleteError(error.what, where=f"{ask}") from error


def _refuse(
    ask: Ask, what: str, expected: Collection[str], given: Set[str], share: float, few: int = _FEW
) -> None:
    absent = sorted(set(expected) - given)
    if len(absent) > max(few, share * len(expected)):
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

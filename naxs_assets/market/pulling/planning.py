"""What to ask for: reference tables first, then the bars that are missing or may be corrected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl

from naxs_assets.market.pulling.parts import Part
from naxs_assets.market.pulling.winners import BAR_TABLES
from naxs_assets.market.sources.offers import PulledTable, Wanted

DAILY_TRAILING, WEEKLY_TRAILING = 5, 60
"""So many of the last sessions are fetched again every day, and every week: late corrections."""

WEEK = timedelta(days=7)
_EVERY_MONTH = timedelta(days=30)
# A figure of a report period may be published or corrected long after it.
_LATE_FIGURES = timedelta(days=400)
_BY_WEEK = (PulledTable.CORPORATE_ACTIONS, PulledTable.INDUSTRY, PulledTable.FUNDAMENTALS)
_BY_DAY = (PulledTable.SUSPENSIONS, PulledTable.ST)

Lives = Mapping[str, tuple[date | None, date | None]]
"""First and last day of each symbol of the universe; None where it is not known or has no end."""


def lives_on(life: tuple[date | None, date | None], day: date) -> bool:
    """Whether ``day`` lies in the life, first and last day included."""
    listed, delisted = life
    return (listed is None or listed <= day) and (delisted is None or day <= delisted)


@dataclass(frozen=True)
class Ask:
    """One part that is wanted: the table, its scope, and what an offer is asked for."""

    table: PulledTable
    scope: str
    wanted: Wanted

    def __str__(self) -> str:
        return f"{self.table.value} {self.scope}".strip()


@dataclass(frozen=True)
class Aim:
    """What a pull is to bring: the bars of the universe of ``index`` from ``first`` to ``last``.

    ``since`` is an instant of the day of the pull, in Shanghai: bars that were answered earlier may
    have been corrected. With ``refetch`` all of it is asked for again; else what is missing, and
    the last ``trailing`` sessions.
    """

    index: str
    first: date
    last: date
    since: datetime
    trailing: int = DAILY_TRAILING
    refetch: bool = False

    @property
    def today(self) -> date:
        """The Shanghai day of the pull."""
        return self.since.date()


def reference_asks(aim: Aim, parts: Sequence[Part]) -> list[Ask]:
    """Calendar and members: what everything else is planned from."""
    until = date(aim.today.year, 12, 31)
    calendar = Wanted(first=aim.first, last=until, now=aim.today)
    asks = []
    known = [
        part
        for part in parts
        if part.table is PulledTable.OPEN_DAYS
        and part.wanted.first <= aim.first
        and part.wanted.last >= until
        and aim.today - part.wanted.now < _EVERY_MONTH
    ]
    if aim.refetch or not known:
        asks.append(Ask(PulledTable.OPEN_DAYS, "", calendar))
    return [*asks, *_member_asks(aim, parts, _today(aim))]


def instrument_asks(aim: Aim, parts: Sequence[Part]) -> list[Ask]:
    """The list of instruments, once a day; the members are known by then."""
    if aim.refetch or not _asked_today(aim, parts, PulledTable.INSTRUMENTS):
        return [Ask(PulledTable.INSTRUMENTS, "", _today(aim))]
    return []


def _today(aim: Aim) -> Wanted:
    return Wanted(first=aim.today, last=aim.today, now=aim.today, index=aim.index)


def _member_asks(aim: Aim, parts: Sequence[Part], today: Wanted) -> list[Ask]:
    """Past members once, where a family tells them, and today's list every day."""
    known = [p.wanted for p in parts if p.table is PulledTable.MEMBERS and p.scope == aim.index]
    yesterday = aim.today - timedelta(days=1)
    spans = []
    if aim.refetch or not known:
        spans.append((aim.first, yesterday))
    else:
        spans.append((aim.first, min(wanted.first for wanted in known) - timedelta(days=1)))
        newest = max(wanted.last for wanted in known)
        if yesterday - newest > WEEK:
            spans.append((newest + timedelta(days=1), yesterday))
    asks = [
        Ask(PulledTable.MEMBERS, aim.index, Wanted(first, last, aim.today, index=aim.index))
        for first, last in spans
        if first <= last
    ]
    if aim.refetch or not any(wanted.last == aim.today for wanted in known):
        asks.append(Ask(PulledTable.MEMBERS, aim.index, today))
    return asks


@dataclass(frozen=True)
class Known:
    """Which days of which symbols the stored bars cover."""

    days: frozenset[date]
    spans: Mapping[str, tuple[tuple[date, date], ...]]

    @classmethod
    def of(cls, parts: Sequence[Part], since: datetime | None = None) -> Known:
        """What the parts of ``BAR_TABLES`` cover; with ``since`` those fetched from then on."""
        bars = [
            part
            for part in parts
            if part.table in BAR_TABLES and (since is None or part.fetched_at >= since)
        ]
        spans: dict[str, list[tuple[date, date]]] = {}
        for part in bars:
            if part.table is PulledTable.HISTORY:
                spans.setdefault(part.scope, []).append((part.wanted.first, part.wanted.last))
        return cls(
            days=frozenset(p.wanted.first for p in bars if p.table is PulledTable.DAY),
            spans={symbol: tuple(found) for symbol, found in spans.items()},
        )

    def has(self, symbol: str, day: date) -> bool:
        """Whether some part answered for the symbol's day."""
        return day in self.days or any(
            first <= day <= last for first, last in self.spans.get(symbol, ())
        )


def missing_days(sessions: Sequence[date], lives: Lives, known: Known) -> dict[str, list[date]]:
    """The sessions of each symbol's life that ``known`` does not cover; only symbols with any."""
    found = {
        symbol: [day for day in sessions if lives_on(life, day) and not known.has(symbol, day)]
        for symbol, life in sorted(lives.items())
    }
    return {symbol: days for symbol, days in found.items() if days}


def bar_asks(aim: Aim, parts: Sequence[Part], sessions: Sequence[date], lives: Lives) -> list[Ask]:
    """The bars to ask for: by day or by symbol, whichever takes fewer requests.

    ``sessions`` are the open days from ``aim.first`` to ``aim.last``. Asked for is what is missing
    and, day by day, the last ``aim.trailing`` sessions unless they were answered since
    ``aim.since``.
    """
    nothing = Known(frozenset(), {})
    missing = missing_days(sessions, lives, nothing if aim.refetch else Known.of(parts))
    days = sorted({day for asked in missing.values() for day in asked})
    asks = []
    if len(days) > len(missing):
        asks, days = history_asks(aim, missing), []
    today = Known.of(parts, aim.since)
    new = Known(
        frozenset(days), {ask.scope: ((ask.wanted.first, ask.wanted.last),) for ask in asks}
    )
    trailing = [] if aim.refetch else sessions[-aim.trailing :]
    again = {
        day
        for asked in missing_days(trailing, lives, today).values()
        for day in asked
        if not all(
            new.has(symbol, day) or today.has(symbol, day) or not lives_on(life, day)
            for symbol, life in lives.items()
        )
    }
    return [*asks, *(day_ask(aim, day) for day in sorted({*days, *again}))]


def day_ask(aim: Aim, day: date) -> Ask:
    """All symbols on one day."""
    return Ask(PulledTable.DAY, day.isoformat(), Wanted(first=day, last=day, now=aim.today))


def history_asks(aim: Aim, missing: Mapping[str, Sequence[date]]) -> list[Ask]:
    """Each symbol from its first missing day to its last."""
    return [
        Ask(
            PulledTable.HISTORY,
            symbol,
            Wanted(first=days[0], last=days[-1], now=aim.today, symbols=(symbol,)),
        )
        for symbol, days in missing.items()
    ]


def index_asks(aim: Aim, parts: Sequence[Part], sessions: Sequence[date]) -> list[Ask]:
    """The index's own bars: what is missing and the trailing sessions, in one part."""
    if not sessions:
        return []
    spans = [
        (part.wanted.first, part.wanted.last)
        for part in parts
        if part.table is PulledTable.INDEX_BARS and part.scope == aim.index
    ]
    known = Known(frozenset(), {} if aim.refetch else {aim.index: tuple(spans)})
    missing = [day for day in sessions if not known.has(aim.index, day)]
    fresh = any(
        p.table is PulledTable.INDEX_BARS
        and p.fetched_at >= aim.since
        and p.wanted.last >= aim.last
        for p in parts
    )
    if not missing and fresh:
        return []
    first = min([*missing[:1], sessions[-min(aim.trailing, len(sessions))]])
    wanted = Wanted(first, sessions[-1], aim.today, index=aim.index)
    return [Ask(PulledTable.INDEX_BARS, aim.index, wanted)]


def factor_asks(
    aim: Aim, parts: Sequence[Part], symbols: Sequence[str], bars: pl.DataFrame
) -> list[Ask]:
    """The whole factor series of symbols that have none, or went ex since theirs was asked for, or
    were not asked about for 30 days: a vendor may revise the past.

    ``bars`` are the winning bars since the oldest series. A day on which the previous close is not
    the close of the day before is an ex-date.
    """
    asked: dict[str, date] = {}
    for part in parts:
        if part.table is PulledTable.FACTORS:
            asked[part.scope] = part.wanted.last
    before = pl.col("close").shift(1).over("symbol", order_by="date")
    ex_days = bars.filter((pl.col("pre_close") - before).abs() > 0.005)  # half a tick
    last_ex = dict(ex_days.group_by("symbol").agg(pl.col("date").max()).rows())
    return [
        Ask(
            PulledTable.FACTORS,
            symbol,
            Wanted(first=aim.first, last=aim.last, now=aim.today, symbols=(symbol,)),
        )
        for symbol in symbols
        if aim.refetch
        or symbol not in asked
        or last_ex.get(symbol, aim.first) > asked[symbol]
        or aim.today - asked[symbol] >= _EVERY_MONTH
    ]


def other_asks(
    aim: Aim, parts: Sequence[Part], also: Sequence[PulledTable], members: Sequence[str]
) -> list[Ask]:
    """What no bar depends on: weekly tables, daily ones, and the news of each member."""
    asks = []
    for table in also:
        newest = max((p.wanted.now for p in parts if p.table is table), default=None)
        today = Wanted(first=aim.today, last=aim.today, now=aim.today)
        if table in _BY_WEEK and (aim.refetch or newest is None or aim.today - newest >= WEEK):
            whole = aim.refetch or newest is None
            first = aim.first if whole or newest is None else max(aim.first, newest - _LATE_FIGURES)
            asks.append(Ask(table, "", Wanted(first=first, last=aim.today, now=aim.today)))
        elif table in _BY_DAY and (aim.refetch or newest != aim.today):
            asks.append(Ask(table, aim.today.isoformat(), today))
        elif table is PulledTable.NEWS and (aim.refetch or newest != aim.today):
            since = (newest or aim.today) - timedelta(days=1)
            asks += [
                Ask(table, symbol, Wanted(since, aim.today, aim.today, symbols=(symbol,)))
                for symbol in members
            ]
    return asks


def _asked_today(aim: Aim, parts: Sequence[Part], table: PulledTable) -> bool:
    return any(part.table is table and part.wanted.now == aim.today for part in parts)

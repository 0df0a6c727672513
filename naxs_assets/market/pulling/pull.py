"""One pull: plan, ask, keep what was answered, and tell what was taken of whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl

from naxs_assets.market.fetching.calls import Fetcher
from naxs_assets.market.pulling.completeness import Whole
from naxs_assets.market.pulling.confirming import confirmations, standing_bars
from naxs_assets.market.pulling.fallback import Given, Setback, take
from naxs_assets.market.pulling.members import member_intervals
from naxs_assets.market.pulling.parts import RESTATEMENTS, Part, PulledStore
from naxs_assets.market.pulling.planning import (
    DAILY_TRAILING,
    WEEK,
    WEEKLY_TRAILING,
    Aim,
    Ask,
    Known,
    Lives,
    bar_asks,
    day_ask,
    factor_asks,
    history_asks,
    index_asks,
    instrument_asks,
    missing_days,
    other_asks,
    reference_asks,
)
from naxs_assets.market.pulling.restatements import note_restatements
from naxs_assets.market.pulling.universe import lives_of, named_of, sessions_of
from naxs_assets.market.pulling.winners import BAR_TABLES, Ranks, ranks_of, winning_bars
from naxs_assets.market.sources.offers import Offers, PulledTable
from naxs_assets.settings import SHANGHAI

FRESH, STALE = "fresh", "stale"
_SHOWN = 20
_EVENING = time(18, 0)
"""By then vendors have corrected their first bars of a day: what came before is asked for again."""


def bar_ranks(offers: Offers) -> Ranks:
    """Whose bars stand for a day that several families gave: the order of histories."""
    return ranks_of([offer.family for offer in offers(PulledTable.HISTORY)])


def table_ranks(offers: Offers, table: PulledTable) -> Ranks:
    """Ranks by the order of a table's own offers."""
    return ranks_of([offer.family for offer in offers(table)])


@dataclass
class PullResult:
    """What one pull took, from whom, and what it could not get.

    ``verdict`` is ``fresh``, or ``stale`` when something that was asked for was answered by nobody
    and what is stored stands for it; missing bars that nobody offers are unanswered too.
    ``unconfirmed`` are failures of those asked for a second opinion: they change no verdict.
    """

    first: date
    last: date
    trailing: int
    taken: list[Part] = field(default_factory=list)
    setbacks: list[Setback] = field(default_factory=list)
    unanswered: list[Ask] = field(default_factory=list)
    not_offered: list[Ask] = field(default_factory=list)
    unconfirmed: list[Setback] = field(default_factory=list)
    partial: Counter[str] = field(default_factory=Counter)
    restatements: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=RESTATEMENTS))

    @property
    def verdict(self) -> str:
        return STALE if self.unanswered else FRESH

    def facts(self) -> dict[str, Any]:
        """The result as JSON values, long lists counted and cut to their beginning."""
        return {
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "verdict": self.verdict,
            "trailing": self.trailing,
            "taken": _taken(self.taken),
            "fallbacks": _fallbacks(self.setbacks),
            "unanswered": _counted(self.unanswered),
            "not_offered": _counted(self.not_offered),
            "unconfirmed": _fallbacks(self.unconfirmed),
            "partial_bar": dict(self.partial),
            "restatements": self.restatements.height,
            "restated": self.restatements.head(_SHOWN)
            .with_columns(pl.col("date").cast(pl.String))
            .to_dicts(),
        }


@dataclass
class Puller:
    """Pulls into ``store`` what ``fetcher`` answers, by the order of ``offers``.

    ``also`` are the tables beside bars and what they need; ``on_asked`` is told of every ask when
    it is done, with the number that are still planned.
    """

    store: PulledStore
    fetcher: Fetcher
    offers: Offers
    index: str
    clock: Callable[[], datetime]
    also: tuple[PulledTable, ...] = ()
    on_asked: Callable[[Ask, int], None] = lambda _ask, _left: None

    def pull(self, first: date, last: date, *, refetch: bool = False) -> PullResult:
        """Bring the universe's bars from ``first`` to ``last``, and what they need.

        What is answered is kept at once, so that an interrupted pull goes on where it stopped.
        """
        now = self.clock().astimezone(SHANGHAI)
        since = _EVENING if now.time() >= _EVENING else time()
        trailing = self._trailing(now.date())
        aim = Aim(
            self.index, first, last, datetime.combine(now, since, SHANGHAI), trailing, refetch
        )
        result = PullResult(first, last, trailing)
        self._note_restatements(result)  # of a pull that was killed before it compared
        whole = Whole(named=named_of(self.store, self.index))
        self._ask(reference_asks(aim, self.store.parts()), result, whole)
        whole = Whole(named=named_of(self.store, self.index))
        self._ask(instrument_asks(aim, self.store.parts()), result, whole)
        sessions = sessions_of(self.store, first, last)
        lives = lives_of(self.store, self.index)
        whole = Whole(sessions, lives, whole.named)
        self._ask(bar_asks(aim, self.store.parts(), sessions, lives), result, whole)
        self._ask_lacking_days(aim, result, whole)
        self._ask_by_symbol(aim, result, whole)
        self._ask(index_asks(aim, self.store.parts(), sessions), result, whole)
        self._ask(self._factor_asks(aim, lives), result, whole)
        members = self._members()
        current = members.filter(pl.col("effective_to").is_null()).get_column("symbol").to_list()
        self._ask(other_asks(aim, self.store.parts(), self.also, current), result, whole)
        self._confirm(aim, sessions, lives, result)
        self._note_restatements(result)
        self.store.add_pull(self.clock(), result.verdict, result.facts())
        return result

    def _members(self) -> pl.DataFrame:
        return member_intervals(self.store, self.index)

    def _trailing(self, today: date) -> int:
        """The weekly number of sessions when a week has gone since it was last taken."""
        weekly = [pull for pull in self.store.pulls() if pull["trailing"] == WEEKLY_TRAILING]
        if weekly:
            last = datetime.fromisoformat(weekly[-1]["at"]).astimezone(SHANGHAI).date()
            return WEEKLY_TRAILING if today - last >= WEEK else DAILY_TRAILING
        return WEEKLY_TRAILING

    def _ask_lacking_days(self, aim: Aim, result: PullResult, whole: Whole) -> None:
        """Newest days that histories answered for and left out are asked for whole."""
        standing = standing_bars(self.store, bar_ranks(self.offers), whole.sessions, whole.lives)
        asked = {
            part.wanted.first
            for part in self.store.parts(PulledTable.DAY)
            if part.fetched_at >= aim.since
        }
        asked |= {ask.wanted.first for ask in (*result.unanswered, *result.not_offered)}
        days = [day for day in whole.lacking_days(standing) if day not in asked]
        self._ask([day_ask(aim, day) for day in days], result, whole)

    def _ask_by_symbol(self, aim: Aim, result: PullResult, whole: Whole) -> None:
        """Days that nobody gave whole are asked for symbol by symbol, of more families."""
        days = {
            ask.wanted.first: ask
            for ask in (*result.unanswered, *result.not_offered)
            if ask.table is PulledTable.DAY
        }
        missing = self._missing(days, whole)
        if not missing:
            return
        self._ask(history_asks(aim, missing), result, whole)
        still = {day for found in self._missing(days, whole).values() for day in found}
        given = {day for found in missing.values() for day in found} - still
        for asks in (result.unanswered, result.not_offered):
            # A day that is stored and that nobody offers again remains where it was.
            asks[:] = [
                ask
                for ask in asks
                if ask.table is not PulledTable.DAY or ask.wanted.first not in given | still
            ]
        result.unanswered += [days[day] for day in sorted(still)]

    def _missing(self, days: Collection[date], whole: Whole) -> dict[str, list[date]]:
        sessions = [day for day in whole.sessions if day in days]
        return missing_days(sessions, whole.lives, Known.of(self.store.parts()))

    def _factor_asks(self, aim: Aim, lives: Lives) -> list[Ask]:
        parts = self.store.parts()
        since = min(
            (p.wanted.last for p in parts if p.table is PulledTable.FACTORS), default=aim.last
        )
        bars = winning_bars(
            self.store,
            [part for part in parts if part.table in BAR_TABLES],
            bar_ranks(self.offers),
            since - timedelta(days=30),
            aim.last,
        )
        return factor_asks(aim, parts, list(lives), bars)

    def _ask(self, asks: Sequence[Ask], result: PullResult, whole: Whole) -> None:
        for number, ask in enumerate(asks, start=1):
            self._keep(take(ask, self.offers(ask.table), self.fetcher, whole.check), result)
            self.on_asked(ask, len(asks) - number)

    def _keep(self, given: Given, result: PullResult) -> None:
        ask = given.ask
        result.setbacks += given.setbacks
        if given.partial:
            result.partial[ask.table.value] += given.partial
        if not given.offered and ask.table not in (PulledTable.HISTORY, PulledTable.INDEX_BARS):
            result.not_offered.append(ask)
        elif given.rows is None:
            result.unanswered.append(ask)
        elif given.rows.is_empty() and given.partial:
            return  # all of it is of a day that is not over: kept raw alone
        else:
            part = self.store.add(ask.table, ask.scope, ask.wanted, given.answers, given.rows)
            result.taken.append(part)

    def _confirm(
        self, aim: Aim, sessions: Sequence[date], lives: Lives, result: PullResult
    ) -> None:
        """Ask another family about the newest sessions, last of all: it may use up a budget."""
        standing = standing_bars(self.store, bar_ranks(self.offers), sessions, lives)
        planned = confirmations(aim, self.store.parts(), standing, self.offers)
        for number, (ask, others) in enumerate(planned, start=1):
            given = take(ask, others, self.fetcher)
            result.unconfirmed += given.setbacks
            if given.rows is not None and not given.rows.is_empty():
                part = self.store.add(ask.table, ask.scope, ask.wanted, given.answers, given.rows)
                result.taken.append(part)
            self.on_asked(ask, len(planned) - number)

    def _note_restatements(self, result: PullResult) -> None:
        found = note_restatements(
            self.store, bar_ranks(self.offers), table_ranks(self.offers, PulledTable.INDEX_BARS)
        )
        result.restatements = pl.concat([result.restatements, found])


def _taken(parts: Sequence[Part]) -> list[dict[str, Any]]:
    rows: Counter[tuple[str, str]] = Counter()
    count: Counter[tuple[str, str]] = Counter()
    for part in parts:
        rows[part.table.value, part.family.value] += part.rows
        count[part.table.value, part.family.value] += 1
    return [
        {"table": table, "family": family, "parts": count[table, family], "rows": number}
        for (table, family), number in rows.items()
    ]


def _fallbacks(setbacks: Sequence[Setback]) -> list[dict[str, Any]]:
    """One line for each table, family and kind: how often, and the first one's words."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for one in setbacks:
        key = one.ask.table.value, one.family.value, one.kind
        names = dict(zip(("table", "family", "kind"), key, strict=True))
        line = found.setdefault(key, {**names, "times": 0, "first": str(one.ask), "what": one.what})
        line["times"] += 1
    return list(found.values())


def _counted(asks: Sequence[Ask]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for ask in asks:
        line = found.setdefault(
            ask.table.value, {"table": ask.table.value, "parts": 0, "first": str(ask)}
        )
        line["parts"] += 1
    return list(found.values())

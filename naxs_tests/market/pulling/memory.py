"""An upstream in memory: families that answer from frames, and remember what they answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import polars as pl

from naxs_assets.lineage.content_hash import table_hash
from naxs_assets.market.fetching.calls import Answer, Call, Family
from naxs_assets.market.fetching.errors import BrokenError, FetchError, NotRecordedError
from naxs_assets.market.pulling.parts import PulledStore
from naxs_assets.market.pulling.pull import Puller
from naxs_assets.market.sources.base import Source
from naxs_assets.market.sources.offers import CONFIRMING, PULLED, Offer, PulledTable, Wanted
from naxs_assets.settings import SHANGHAI

INDEX = "000300.SH"
T = PulledTable
SNAPSHOTS = {T.DAY: Family.SINA, T.CONFIRMING_DAY: Family.TENCENT, T.ST: Family.EASTMONEY}
ORDER: dict[PulledTable, tuple[Family, ...]] = {
    T.OPEN_DAYS: (Family.SINA, Family.BAOSTOCK),
    T.INSTRUMENTS: (Family.EXCHANGES, Family.BAOSTOCK),
    T.MEMBERS: (Family.CSINDEX, Family.BAOSTOCK),
    T.DAY: (Family.SINA, Family.BAOSTOCK),
    T.HISTORY: (Family.BAOSTOCK, Family.SINA),
    T.CONFIRMING_DAY: (Family.TENCENT,),
    T.CONFIRMING_HISTORY: (Family.SINA, Family.TENCENT),
    T.FACTORS: (Family.BAOSTOCK, Family.SINA),
    T.INDEX_BARS: (Family.EASTMONEY, Family.BAOSTOCK),
    T.INDUSTRY: (Family.SHENWAN,),
    T.SUSPENSIONS: (Family.EASTMONEY_DATACENTER,),
    T.ST: (Family.EASTMONEY,),
    T.FUNDAMENTALS: (Family.EASTMONEY_DATACENTER,),
}


@dataclass
class Clock:
    """A clock that stands still until it is set."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def set(self, day: date, hour: int = 19, minute: int = 0) -> None:
        self.now = datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI)


@dataclass
class Upstream:
    """Frames by family and table, in the columns of ``PULLED``; a ``Fetcher`` over them."""

    frames: dict[tuple[Family, PulledTable], pl.DataFrame]
    clock: Clock
    failing: dict[Family, FetchError] = field(default_factory=dict)
    asked: list[Call] = field(default_factory=list)
    recorded: list[Answer] = field(default_factory=list)

    def fetch(self, call: Call) -> Answer:
        self.asked.append(call)
        if call.family in self.failing:
            raise self.failing[call.family]
        table = T(call.function)
        frame = _matching(self.frames[call.family, table], table, call)
        answer = Answer(
            call=call,
            frame=frame,
            source_version=f"{call.family.package} 1.0",
            fetched_at=self.clock().astimezone(UTC),
            responses=(table_hash(frame, ()),),
        )
        self.recorded.append(answer)
        return answer

    def fetch_as_of(self, call: Call, as_of: datetime | None) -> Answer:
        for answer in reversed(self.recorded):
            asked = answer.call.request_hash == call.request_hash
            if asked and (as_of is None or answer.fetched_at <= as_of):
                return answer
        raise NotRecordedError("no answer was recorded")

    def correct(self, symbol: str, day: date, **values: float) -> None:
        """Change a bar of every family that has it."""
        for (family, table), frame in self.frames.items():
            if table not in (T.DAY, T.HISTORY, *CONFIRMING):
                continue
            here = (pl.col("symbol") == symbol) & (pl.col("date") == day)
            self.frames[family, table] = frame.with_columns(
                pl.when(here).then(value).otherwise(name).cast(frame.schema[name]).alias(name)
                for name, value in values.items()
            )

    def disagree(self, by: float) -> None:
        """Let who confirms bars tell closes that are off by so many CNY."""
        true = self.frames[Family.SINA, T.DAY]
        for family, table in self.frames:
            if table in CONFIRMING:
                self.frames[family, table] = true.with_columns(pl.col("close") + by)

    def lose(self, family: Family, *tables: PulledTable, every: int = 2) -> None:
        """Let the family leave out every second row (or another) of these tables."""
        for table in tables:
            frame = self.frames[family, table]
            kept = pl.int_range(pl.len()) % every != 1
            self.frames[family, table] = frame.filter(kept)

    def break_down(self, *families: Family) -> None:
        """Let these families fail from now on, and no other."""
        self.failing = {family: BrokenError("the connection was closed") for family in families}


def _matching(frame: pl.DataFrame, table: PulledTable, call: Call) -> pl.DataFrame:
    arguments = call.arguments
    if table in (T.INSTRUMENTS, T.INDUSTRY, T.FUNDAMENTALS):
        return frame
    if table is T.FACTORS:
        return frame.filter(symbol=arguments["symbols"]).filter(
            pl.col("ex_date") <= date.fromisoformat(arguments["last"])
        )
    first, last = (date.fromisoformat(arguments[name]) for name in ("first", "last"))
    if table is T.MEMBERS:
        days = [first, last] if call.family is Family.BAOSTOCK else [last]
        months = frame.filter(pl.col("date").dt.day() == 1).get_column("date").unique()
        days += [day for day in months if first <= day <= last]
        return frame.filter(pl.col("date").is_in(days))
    frame = frame.filter(pl.col("date").is_between(first, last))
    return frame.filter(symbol=arguments["symbols"]) if arguments["symbols"] else frame


def offers(table: PulledTable) -> tuple[Offer, ...]:
    """The offers of the families in memory."""
    return tuple(_offer(family, table) for family in ORDER.get(table, ()))


def _offer(family: Family, table: PulledTable) -> Offer:
    def calls(wanted: Wanted) -> Sequence[Call]:
        is_snapshot = wanted.first == wanted.last == wanted.now
        if SNAPSHOTS.get(table) is family and not is_snapshot:
            return []
        if family is Family.CSINDEX and wanted.last != wanted.now:
            return []
        arguments = {
            "first": f"{wanted.first}",
            "last": f"{wanted.last}",
            "symbols": ",".join(wanted.symbols),
        }
        return [Call(family, table.value, arguments)]

    def rows(_: Wanted, answers: Sequence[Answer]) -> pl.DataFrame:
        return pl.concat([answer.frame for answer in answers])

    return Offer(family, table, calls, rows)


def upstream_of(source: Source, clock: Clock, last: date) -> Upstream:
    """An upstream that serves the market of ``source`` to ``last``; Sina knows fewer columns."""
    first = source.coverage()[0]
    raw = source.bars(first, last)
    bars = _pulled(T.HISTORY, raw)
    factors = (
        raw.sort("symbol", "date")
        .filter(pl.col("adj_factor") != pl.col("adj_factor").shift(1).over("symbol").fill_null(1.0))
        .select("symbol", ex_date="date", factor="adj_factor")
    )
    intervals = source.index_members()
    days = pl.DataFrame({"date": pl.date_range(first, last + timedelta(days=40), eager=True)})
    members = (
        intervals.join(days, how="cross")
        .filter(
            pl.col("date") >= pl.col("effective_from"),
            pl.col("date") <= pl.col("effective_to").fill_null(date(2999, 1, 1)),
        )
        .select("index", "symbol", "date", weight=pl.lit(None, dtype=pl.Float64))
        .sort("date", "symbol")
    )
    open_days = pl.DataFrame({"date": source.open_days()})
    index_bars = source.index_bars(first, last)
    unknown = {"turnover": pl.lit(None, pl.Float64), "is_suspended": pl.lit(None, pl.Boolean)}
    poor = bars.filter(~pl.col("is_suspended")).with_columns(**unknown)
    frames = {
        (Family.SINA, T.DAY): bars.with_columns(**unknown),
        (Family.SINA, T.HISTORY): poor,
        (Family.TENCENT, T.CONFIRMING_DAY): poor,
        (Family.SINA, T.CONFIRMING_HISTORY): poor,
        (Family.TENCENT, T.CONFIRMING_HISTORY): poor,
        (Family.BAOSTOCK, T.DAY): bars,
        (Family.BAOSTOCK, T.HISTORY): bars.sort("symbol", "date"),
    }
    for table, frame in {
        T.OPEN_DAYS: open_days,
        T.INSTRUMENTS: source.instruments(),
        T.MEMBERS: members,
        T.FACTORS: factors,
        T.INDEX_BARS: index_bars,
    }.items():
        for family in ORDER[table]:
            frames[family, table] = _pulled(table, frame)
    for table in (T.INDUSTRY, T.SUSPENSIONS, T.ST, T.FUNDAMENTALS):
        for family in ORDER[table]:
            frames[family, table] = pl.DataFrame(schema=PULLED[table])
    return Upstream(frames, clock)


def _pulled(table: PulledTable, frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(
        pl.col(name).cast(dtype) if name in frame.columns else pl.lit(None, dtype).alias(name)
        for name, dtype in PULLED[table].items()
    )


def puller(store: PulledStore, upstream: Upstream, *also: PulledTable) -> Puller:
    """Pulls from the upstream in memory, the tables ``also`` beside bars and what they need."""
    return Puller(store, upstream, offers, INDEX, upstream.clock, also)

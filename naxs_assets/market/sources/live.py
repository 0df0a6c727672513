"""A live market: what was pulled, as of now or as of an earlier instant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from naxs_assets.lineage.content_hash import json_hash
from naxs_assets.market.calendar import trading_days
from naxs_assets.market.pulling.finality import last_final_session
from naxs_assets.market.pulling.members import member_intervals
from naxs_assets.market.pulling.parts import Part, PulledStore, as_text
from naxs_assets.market.pulling.winners import (
    BAR_TABLES,
    Ranks,
    winning_bars,
    winning_index_bars,
    winning_part,
)
from naxs_assets.market.sources.base import (
    RAW_BARS,
    RAW_CORPORATE_ACTIONS,
    RAW_FUNDAMENTALS,
    RAW_INDEX_BARS,
    RAW_INDEX_MEMBERS,
    RAW_INDUSTRY,
    RAW_INSTRUMENTS,
    RAW_NEWS,
    Columns,
    DeclaredGaps,
    FactorPolicy,
)
from naxs_assets.market.sources.live_status import with_status
from naxs_assets.market.sources.offers import CONFIRMING, PULLED, PulledTable
from naxs_assets.settings import SHANGHAI

_NO_ROWS_WHEN_SUSPENDED = (
    "新浪、腾讯、东方财富的历史在停牌日没有行 "
    "histories of Sina, Tencent and Eastmoney have no row on a day of suspension"
)


@dataclass
class _Loaded:
    """Bars as of the newest part they were read from."""

    through: int
    bars: pl.DataFrame


class LiveSource:
    """A ``Source`` over the pulled parts of one home.

    ``universe`` is the name in the catalogue and ``index`` its index: bars are those of its members
    past and present. ``ranks`` gives for a table whose part stands where several families gave
    one. ``as_of`` leaves out what was fetched later. What is pulled meanwhile is seen at once.
    """

    name = "live"
    factor_policy = FactorPolicy.REBUILD

    def __init__(
        self,
        store: PulledStore,
        *,
        universe: str,
        index: str,
        first: date,
        clock: Callable[[], datetime],
        ranks: Callable[[PulledTable], Ranks],
        as_of: datetime | None = None,
    ) -> None:
        self.store = store
        self.index = index
        self._universe = universe
        self._first = first
        self._clock = clock
        self._ranks = ranks
        self._as_of = as_of
        self._loaded: _Loaded | None = None

    @property
    def gaps(self) -> DeclaredGaps:
        """Columns that no stored bar has, and what the members are not known for.

        Before the first pull nothing is known to be missing.
        """
        columns: frozenset[str] = frozenset()
        bars = [part for part in self._parts(*BAR_TABLES) if part.rows]
        if bars:
            absent = [frozenset(part.absent) for part in bars]
            columns = frozenset(RAW_BARS) & frozenset.intersection(*absent)
            if not self._parts(PulledTable.FACTORS):
                columns |= {"adj_factor"}
        return DeclaredGaps(
            columns=columns,
            notes=(_NO_ROWS_WHEN_SUSPENDED, *self._member_note()),
        )

    def _member_note(self) -> tuple[str, ...]:
        starts = [part.wanted.first for part in self._parts(PulledTable.MEMBERS)]
        if not starts or min(starts) <= self._first:
            return ()
        begins = min(starts)
        return (f"指数成分自 {begins} 起 index members are known from {begins} on",)

    def identity(self) -> dict[str, str | int | float | bool]:
        """The universe and the first day; what was pulled grows day by day."""
        return {"live": self._universe, "index": self.index, "first": self._first.isoformat()}

    def provenance(self) -> dict[str, str]:
        """For each family and table: version, when it was fetched, and a digest of the raw answers.

        The digest is over the ``raw_sha256`` of every part, in order.
        """
        groups: dict[str, list[Part]] = {}
        for part in self._parts():
            if part.table in CONFIRMING:
                continue  # nothing is made of it
            groups.setdefault(f"{part.family.value}:{part.table.value}", []).append(part)
        return {name: _in_words(parts) for name, parts in sorted(groups.items())}

    def coverage(self) -> tuple[date, date]:
        """From the first day to the newest session whose bars are final by the clock.

        It may be that they are not pulled yet: then the newest month lacks them.
        """
        final = last_final_session(self._now(), self._sessions())
        return self._first, max(self._first, final or self._first)

    def open_days(self) -> pl.Series:
        """The open days of the newest calendar that was pulled; none before the first pull."""
        rows = self._newest(PulledTable.OPEN_DAYS)
        return rows.get_column("date").unique().sort()

    def instruments(self) -> pl.DataFrame:
        """Every symbol that is or was in the index: one row, also of one that was listed twice."""
        members = self.index_members().select("symbol").unique()
        listed = (
            self._newest(PulledTable.INSTRUMENTS)
            .sort("symbol", "list_date")
            .group_by("symbol", maintain_order=True)
            .agg(
                pl.col("name").last(),
                pl.col("list_date").min(),
                pl.col("delist_date").last(),
            )
        )
        return members.join(listed, on="symbol", how="left").select(*RAW_INSTRUMENTS).sort("symbol")

    def index_members(self) -> pl.DataFrame:
        """Membership intervals, from every list of members that was pulled."""
        return member_intervals(self.store, self.index, self._as_of).select(*RAW_INDEX_MEMBERS)

    def bars(self, first: date, last: date) -> pl.DataFrame:
        """Final bars: a symbol's day wholly from one family, its factors from one series.

        A day that a history leaves out for a suspension, or that the list of suspensions names, has
        a row without prices; ``is_st`` of a day is taken from the list of stocks under special
        treatment where the bar does not tell it. Other days without a row are missing.
        """
        bars = self._bars()
        days = bars.get_column("date")
        start, end = days.search_sorted(first, side="left"), days.search_sorted(last, side="right")
        return bars.slice(start, max(end - start, 0))

    def index_bars(self, first: date, last: date) -> pl.DataFrame:
        """Bars of the index; a day wholly from one family."""
        first, last = max(first, self._first), min(last, self.coverage()[1])
        rows = winning_index_bars(
            self.store,
            self._parts(PulledTable.INDEX_BARS),
            self._ranks(PulledTable.INDEX_BARS),
            first,
            last,
        )
        return rows.select(*RAW_INDEX_BARS)

    def corporate_actions(self) -> pl.DataFrame:
        """Distributions and rights of the universe, as told last."""
        rows = self._told_last(PulledTable.CORPORATE_ACTIONS, ("symbol", "ex_date"))
        return self._of_universe(rows, RAW_CORPORATE_ACTIONS)

    def industry(self) -> pl.DataFrame:
        """Industries of the universe by start date, from the newest table."""
        return self._of_universe(self._newest(PulledTable.INDUSTRY), RAW_INDUSTRY)

    def fundamentals(self, first: date, last: date) -> pl.DataFrame:
        """Figures that became available on the Shanghai days from ``first`` to ``last``.

        A value that a later answer tells otherwise, of the same publication, is available from when
        it was answered so; ``ingested_at`` is when each was answered first.
        """
        key = ("symbol", "report_period", "item", "available_at")
        parts = self._parts(PulledTable.FUNDAMENTALS)
        fetched = pl.DataFrame(
            {"part": [p.id for p in parts], "ingested_at": [p.fetched_at for p in parts]},
            schema={"part": pl.Int64, "ingested_at": pl.Datetime("us", "UTC")},
        )
        rows = (
            self.store.rows_of(PulledTable.FUNDAMENTALS, parts)
            .unique([*key, "part"], keep="last", maintain_order=True)
            .join(fetched, on="part", how="left", maintain_order="left")
            .sort(*key, "part", maintain_order=True)
            .with_columns(place=pl.int_range(pl.len()).over(key), before=pl.col("value").shift(1))
            .filter((pl.col("place") == 0) | pl.col("value").ne_missing(pl.col("before")))
            .with_columns(
                available_at=pl.when(pl.col("place") == 0)
                .then("available_at")
                .otherwise(pl.max_horizontal("available_at", "ingested_at"))
            )
            .sort(*key, maintain_order=True)
        )
        columns = {**RAW_FUNDAMENTALS, "ingested_at": pl.Datetime("us", "UTC")}
        return self._of_universe(_within(rows, "available_at", first, last), columns)

    def news(self, first: date, last: date) -> pl.DataFrame:
        """News published on the Shanghai days from ``first`` to ``last``."""
        rows = self._told_last(PulledTable.NEWS, ("id",))
        return self._of_universe(_within(rows, "published_at", first, last), RAW_NEWS)

    def _parts(self, *tables: PulledTable) -> list[Part]:
        return self.store.parts(*tables, as_of=self._as_of)

    def _now(self) -> datetime:
        return min(self._as_of, self._clock()) if self._as_of else self._clock()

    def _sessions(self) -> Sequence[date]:
        own = self.open_days().to_list()
        until = self._now().astimezone(SHANGHAI).date()
        if own and own[-1] >= until:  # the library takes two seconds to load
            return own
        days: list[date] = trading_days(pl.Series(own, dtype=pl.Date), until)["date"].to_list()
        return days

    def _newest(self, table: PulledTable) -> pl.DataFrame:
        """The rows of the winning part of a table that is pulled whole; none before the first."""
        parts = self._parts(table)
        if not parts:
            return pl.DataFrame(schema=PULLED[table])
        return self.store.rows(parts[-1])

    def _told_last(self, table: PulledTable, key: tuple[str, ...]) -> pl.DataFrame:
        rows = self.store.rows_of(table, self._parts(table))
        newest = rows.filter(pl.col("part") == pl.col("part").max().over(key))
        return newest.drop("part").sort(key, maintain_order=True)

    def _of_universe(self, rows: pl.DataFrame, columns: Columns) -> pl.DataFrame:
        members = self.index_members().select("symbol").unique()
        return rows.join(members, on="symbol", how="semi", maintain_order="left").select(*columns)

    def _bars(self) -> pl.DataFrame:
        parts = self._parts()
        through = parts[-1].id if parts else 0
        if self._loaded is None or self._loaded.through != through:
            self._loaded = _Loaded(through, self._load(parts))
        return self._loaded.bars

    def _load(self, parts: Sequence[Part]) -> pl.DataFrame:
        rows = winning_bars(
            self.store,
            [part for part in parts if part.table in BAR_TABLES],
            self._ranks(PulledTable.HISTORY),
            self._first,
            self._now().astimezone(SHANGHAI).date(),
        )
        members = self.index_members().select("symbol").unique()
        families = {part.id: part.family.value for part in parts}
        rows = rows.join(members, on="symbol", how="semi", maintain_order="left")
        rows = with_status(self.store, parts, rows, self._sessions(), self.coverage()[1])
        rows = rows.with_columns(
            source=pl.col("part").replace_strict(families, return_dtype=pl.String),
            supplemented=pl.lit(value=False),
            supplement_disagrees=pl.lit(value=False),
        )
        return _conformed(self._with_factors(rows, parts), RAW_BARS)

    def _with_factors(self, rows: pl.DataFrame, parts: Sequence[Part]) -> pl.DataFrame:
        """Each symbol's factor on each day, from the one series that stands for it.

        A symbol whose series has no row before a day has never gone ex until then: 1. One without
        a series is left to be built from the change.
        """
        series: dict[str, list[Part]] = {}
        for part in parts:
            if part.table is PulledTable.FACTORS:
                series.setdefault(part.scope, []).append(part)
        ranks = self._ranks(PulledTable.FACTORS)
        winners = (winning_part(found, ranks) for found in series.values())
        chosen = [winner for winner in winners if winner is not None]
        factors = self.store.rows_of(PulledTable.FACTORS, chosen).sort("ex_date")
        return (
            rows.join_asof(
                factors.select("symbol", "factor", date="ex_date"),
                on="date",
                by="symbol",
                check_sortedness=False,
            )
            .with_columns(
                adj_factor=pl.when(pl.col("symbol").is_in([part.scope for part in chosen])).then(
                    pl.col("factor").fill_null(1.0)
                )
            )
            .sort("date", "symbol", maintain_order=True)
        )


def _conformed(rows: pl.DataFrame, columns: Columns) -> pl.DataFrame:
    return rows.select(
        pl.col(name) if name in rows.columns else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in columns.items()
    )


def _within(rows: pl.DataFrame, instant: str, first: date, last: date) -> pl.DataFrame:
    day = pl.col(instant).dt.convert_time_zone(SHANGHAI.key).dt.date()
    return rows.filter(day.is_between(first, last))


def _in_words(parts: Sequence[Part]) -> str:
    versions = ", ".join(sorted({part.source_version for part in parts}))
    instants = [part.fetched_at for part in parts]
    digest = json_hash([part.raw_sha256 for part in parts])
    return (
        f"{versions}; {len(parts)} parts; fetched {as_text(min(instants))[:19]}Z to "
        f"{as_text(max(instants))[:19]}Z; raw {digest}"
    )

"""A market recorded in CSV or Parquet files, described by a mapping."""

from __future__ import annotations

import hashlib
from datetime import date
from functools import cached_property
from pathlib import Path

import polars as pl

from naxs_assets.errors import ConfigurationError
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
from naxs_assets.market.sources.mapping import FileMapping
from naxs_assets.market.sources.supplement import stitched, unplaced
from naxs_assets.market.sources.tables import TableFiles
from naxs_assets.settings import SHANGHAI

_DAY = "near_date"
_RANK = "rank"


class FilesSource:
    """A ``Source`` over the files of ``mapping`` in the folder ``root``.

    ``first`` and ``last`` narrow the coverage, both inclusive. Bars are read once, on first use.
    """

    name = "files"

    def __init__(
        self,
        mapping: FileMapping,
        root: Path,
        first: date | None = None,
        last: date | None = None,
    ) -> None:
        if not root.is_dir():
            raise ConfigurationError(
                "the data folder does not exist",
                where=str(root),
                remedy="give the folder that holds the files of the mapping",
            )
        self._mapping = mapping
        self._first = first
        self._last = last
        self._root = root
        self._tables = {
            name: TableFiles(name, table, root) for name, table in mapping.tables().items()
        }

    @property
    def gaps(self) -> DeclaredGaps:
        return self._mapping.declared_gaps()

    @property
    def factor_policy(self) -> FactorPolicy:
        return self._mapping.policies.factor

    def identity(self) -> dict[str, str | int | float | bool]:
        """The mapping (not the contents of the files, which grow day by day) and the first day."""
        return {
            "mapping": self._mapping.name,
            "mapping_sha256": self._mapping.sha256(),
            "first": self._first.isoformat() if self._first else "",
        }

    def provenance(self) -> dict[str, str]:
        """File name within the folder -> sha256 of the file, for every file of the mapping."""
        return dict(self._digests)

    def coverage(self) -> tuple[date, date]:
        """First and last day with bars, narrowed by ``first`` and ``last``.

        Raises ``ConfigurationError`` when no day is left.
        """
        first, last = self._span
        first, last = max(first, self._first or first), min(last, self._last or last)
        if first > last:
            begins, ends = self._span
            chosen = f"{self._first or 'the first day'} to {self._last or 'the last'}"
            raise ConfigurationError(
                f"the files cover {begins} to {ends}, and no day of {chosen}",
                where=f"mapping {self._mapping.name}, in {self._root}",
                remedy=f"choose days from {begins} to {ends}",
            )
        return first, last

    def open_days(self) -> pl.Series:
        """The open days of the calendar file; empty when the mapping has none."""
        if "calendar" not in self._tables:
            return pl.Series("date", [], dtype=pl.Date)
        days = self._frame("calendar")
        if "is_open" in days.columns:
            days = days.filter("is_open")
        return days.get_column("date").drop_nulls().unique().sort()

    def instruments(self) -> pl.DataFrame:
        """Instruments that have bars or are members of an index.

        One that the instruments file lacks is derived from its bars: listed on the day of the first
        one, unknown where that is the first day of all bars.
        """
        start = self._span[0]
        first_bars = (
            self._bars.select("symbol", "date")
            .drop_nulls()
            .group_by("symbol")
            .agg(first_bar=pl.col("date").min())
        )
        members = self.index_members().select("symbol").unique()
        listed = pl.DataFrame(schema=RAW_INSTRUMENTS)
        if "instruments" in self._tables:
            listed = _conformed(self._frame("instruments"), RAW_INSTRUMENTS)
        derived = pl.when(pl.col("first_bar") > start).then("first_bar")
        return (
            first_bars.join(members, on="symbol", how="full", coalesce=True)
            .join(listed, on="symbol", how="left")
            .with_columns(list_date=pl.coalesce("list_date", derived))
            .select(*RAW_INSTRUMENTS)
            .sort("symbol")
        )

    def index_members(self) -> pl.DataFrame:
        """Membership intervals; an interval that the file cuts at ``open_end`` is still open."""
        table = self._mapping.index_members
        if table is None:
            return pl.DataFrame(schema=RAW_INDEX_MEMBERS)
        members = _conformed(
            self._frame("index_members"), RAW_INDEX_MEMBERS, index=table.constants.index
        )
        if table.open_end is not None:
            end = pl.col("effective_to")
            members = members.with_columns(effective_to=pl.when(end != table.open_end).then(end))
        return members

    def bars(self, first: date, last: date) -> pl.DataFrame:
        return _conformed(self._slice(self._bars, first, last), RAW_BARS)

    def index_bars(self, first: date, last: date) -> pl.DataFrame:
        table = self._mapping.index_bars
        if table is None:
            return pl.DataFrame(schema=RAW_INDEX_BARS)
        bars = self._slice(self._index_bars, first, last)
        return _conformed(bars, RAW_INDEX_BARS, index=table.constants.index)

    def corporate_actions(self) -> pl.DataFrame:
        """Corporate actions for one share; empty when the mapping has none."""
        table = self._mapping.corporate_actions
        if table is None:
            return pl.DataFrame(schema=RAW_CORPORATE_ACTIONS)
        actions = _conformed(self._frame("corporate_actions"), RAW_CORPORATE_ACTIONS)
        return actions.with_columns(pl.col("cash", "bonus", "rights") / table.per_shares)

    def industry(self) -> pl.DataFrame:
        """Industries; without codes of their own they are told apart by name."""
        if self._mapping.industry is None:
            return pl.DataFrame(schema=RAW_INDUSTRY)
        rows = _conformed(self._frame("industry").drop_nulls("name"), RAW_INDUSTRY)
        return rows.with_columns(code=pl.coalesce("code", "name"))

    def fundamentals(self, first: date, last: date) -> pl.DataFrame:
        return _available(self._fundamentals, first, last)

    def news(self, first: date, last: date) -> pl.DataFrame:
        return _available(self._news, first, last)

    @cached_property
    def _fundamentals(self) -> pl.DataFrame:
        table = self._mapping.fundamentals
        if table is None:
            return pl.DataFrame(schema=RAW_FUNDAMENTALS)
        figures = self._frame("fundamentals").filter(pl.col("item").is_in(list(table.items)))
        names = {text: item.name for text, item in table.items.items()}
        scales = {text: item.scale for text, item in table.items.items()}
        if table.public_by is None:
            known = pl.col("announced_at")
        else:
            year = (pl.col("report_period").dt.year() + 1).cast(pl.String)
            known = (year + f"-{table.public_by}").str.to_date("%Y-%m-%d")
        return _conformed(
            figures.with_columns(
                value=pl.col("value") * pl.col("item").replace_strict(scales, default=None),
                item=pl.col("item").replace(names),
                available_at=_day_after(known),
            ),
            RAW_FUNDAMENTALS,
        )

    @cached_property
    def _news(self) -> pl.DataFrame:
        table = self._mapping.news
        if table is None:
            return pl.DataFrame(schema=RAW_NEWS)
        news = self._frame("news")
        published = pl.col("published_at")
        if table.available == "next_day":
            day = published.dt.convert_time_zone(str(SHANGHAI)).dt.date()
            news = news.with_columns(available_at=_day_after(day))
        else:
            news = news.with_columns(available_at=published)
        if "id" not in news.columns:
            told = news.select(pl.concat_str("symbol", published.cast(pl.String), "title"))
            news = news.with_columns(
                pl.Series("id", [_digest(text) for text in told.to_series()], dtype=pl.String)
            )
        return _conformed(news, RAW_NEWS)

    def _frame(self, table: str) -> pl.DataFrame:
        return self._tables[table].frame()

    @cached_property
    def _bars(self) -> pl.DataFrame:
        bars = _by_day(self._frame("bars")).with_columns(
            supplemented=False, supplement_disagrees=False, source=pl.lit(self._mapping.name)
        )
        if self._mapping.suspension != "column":
            bars = bars.with_columns(is_suspended=pl.col("volume").fill_null(0) == 0)
        if "supplement" not in self._tables:
            return bars
        second = _by_day(self._frame("supplement"))
        # Only the days that it has are joined: it is short where the bars are long.
        start, end = _places(bars, *self._tables["supplement"].span())
        covered = stitched(bars.slice(start, end - start), second)
        parts = [bars.head(start), covered, bars.slice(end)]
        nowhere = unplaced(second)
        if nowhere.is_empty():
            return pl.concat(parts, how="diagonal")
        return pl.concat([*parts, nowhere], how="diagonal").sort(_DAY, maintain_order=True)

    @cached_property
    def _index_bars(self) -> pl.DataFrame:
        return _by_day(self._frame("index_bars"), "index")

    @cached_property
    def _span(self) -> tuple[date, date]:
        return self._tables["bars"].span()

    @cached_property
    def _digests(self) -> dict[str, str]:
        paths = {path for table in self._tables.values() for path in table.paths()}
        digests = {}
        for path in sorted(paths):
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            digests[path.relative_to(self._root).as_posix()] = digest
        return digests

    def _slice(self, frame: pl.DataFrame, first: date, last: date) -> pl.DataFrame:
        """The rows of the days from ``first`` to ``last`` within the chosen coverage."""
        first, last = max(first, self._first or first), min(last, self._last or last)
        start, end = _places(frame, first, last)
        return frame.slice(start, max(end - start, 0)).drop(_DAY)


def _by_day(frame: pl.DataFrame, name: str = "symbol") -> pl.DataFrame:
    """Rows sorted by day and ``name``, the same ones in the file's order.

    A row without a readable date stays with its neighbour in the file. All rows are sorted at once,
    and by the rank of a name rather than its text, because the digest of a month wants this order.
    """
    near = pl.col("date").forward_fill().backward_fill().alias(_DAY)
    return (
        frame.with_columns(near, pl.col(name).rank("dense").fill_null(0).alias(_RANK))
        .sort(_DAY, _RANK, maintain_order=True)
        .drop(_RANK)
    )


def _day_after(day: pl.Expr) -> pl.Expr:
    """The instant at which the Shanghai day after ``day`` begins."""
    midnight = day.dt.offset_by("1d").cast(pl.Datetime("us"))
    return midnight.dt.replace_time_zone(str(SHANGHAI)).dt.convert_time_zone("UTC")


def _available(frame: pl.DataFrame, first: date, last: date) -> pl.DataFrame:
    """The rows that became available on the Shanghai days ``first`` to ``last``."""
    day = pl.col("available_at").dt.convert_time_zone(str(SHANGHAI)).dt.date()
    return frame.filter(day.is_between(first, last))


def _digest(text: str | None) -> str | None:
    return None if text is None else hashlib.sha256(text.encode()).hexdigest()[:16]


def _places(frame: pl.DataFrame, first: date, last: date) -> tuple[int, int]:
    """Where the rows of ``first`` to ``last`` begin and end in a frame sorted by day."""
    days = frame.get_column(_DAY)
    return days.search_sorted(first, side="left"), days.search_sorted(last, side="right")


def _conformed(
    frame: pl.DataFrame,
    schema: Columns,
    **constants: str | None,
) -> pl.DataFrame:
    """The columns of ``schema``: constants filled in, absent columns null."""
    given = {name: value for name, value in constants.items() if value is not None}
    return frame.select(
        pl.lit(given[name]).alias(name)
        if name in given
        else (pl.col(name) if name in frame.columns else pl.lit(None, dtype=dtype).alias(name))
        for name, dtype in schema.items()
    )

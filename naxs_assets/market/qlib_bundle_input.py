"""What a Qlib bundle is made from: months of tables, each read only when its digest has changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from naxs_assets.errors import DataError
from naxs_assets.lineage.content_hash import table_hash
from naxs_assets.lineage.publishing import Lineage
from naxs_assets.lineage.reader import Handle
from naxs_assets.market.contracts import INDEX_MEMBERS, PRICES
from naxs_assets.market.qlib_bundle import (
    index_name,
    qlib_symbol,
    rows_of_index_prices,
    rows_of_prices,
)
from naxs_assets.partitions import first_day, last_day, month_of


@dataclass(frozen=True)
class Part:
    """A table from ``first`` to ``last``: its digest, and its rows of date, symbol and fields when
    they are needed."""

    first: date
    last: date
    digest: str
    rows: Callable[[], pl.DataFrame]
    is_index: bool = False


@dataclass(frozen=True)
class BundleInput:
    """The market that a bundle shows: its trading days, its months, and who was in an index when
    (contract ``INDEX_MEMBERS``)."""

    calendar: pl.Series
    parts: Mapping[str, Part]
    members: pl.DataFrame

    def member_lines(self) -> dict[str, list[str]]:
        """The lines of each index's file by its name, cut to the days of the calendar."""
        first, last = self.calendar[0], self.calendar[-1]
        spans = (
            self.members.with_columns(
                pl.col("effective_from").clip(lower_bound=first),
                pl.col("effective_to").fill_null(last).clip(upper_bound=last),
            )
            .filter(pl.col("effective_from") <= pl.col("effective_to"))
            .sort("index", "symbol", "effective_from")
        )
        lines: dict[str, list[str]] = {}
        for row in spans.iter_rows(named=True):
            line = f"{qlib_symbol(row['symbol'])}\t{row['effective_from']}\t{row['effective_to']}\n"
            lines.setdefault(index_name(row["index"]), []).append(line)
        return lines


def input_of_home(lineage: Lineage) -> BundleInput:
    """The current tables of a home, from the first day of its prices to the last.

    Raises :class:`DataError` where no prices have been made.
    """
    prices = lineage.reader("market/prices").current()
    if not prices:
        raise DataError(
            "there are no prices to export",
            where="market/prices",
            remedy="make them first: naxs run, or the job data_pipeline",
        )
    first, last = prices[0].frame()["date"][0], prices[-1].frame()["date"][-1]
    days = lineage.reader("market/calendar").whole().frame()["date"]
    parts = {_name(one): _part_of_prices(one) for one in prices}
    for one in lineage.reader("market/index_prices").current():
        parts[_name(one)] = _part_of_index(one, first, last)
    members = lineage.reader("market/index_members").whole()
    return BundleInput(
        calendar=days.filter(days.is_between(first, last)),
        parts=parts,
        members=members.frame() if members else INDEX_MEMBERS.empty(),
    )


def input_of_prices(prices: pl.DataFrame) -> BundleInput:
    """Rows of market/prices alone; the calendar is of the days that they have."""
    calendar = prices["date"].unique().sort()
    digest = table_hash(prices, PRICES.key)
    part = Part(calendar[0], calendar[-1], digest, lambda: rows_of_prices(prices))
    return BundleInput(
        calendar=calendar,
        parts={"prices": part},
        members=INDEX_MEMBERS.empty(),
    )


def _name(handle: Handle) -> str:
    return f"{handle.asset} {handle.partition}"


def _part_of_prices(handle: Handle) -> Part:
    month, digest = handle.partition, handle.present().content_hash
    return Part(first_day(month), last_day(month), digest, lambda: rows_of_prices(handle.frame()))


def _part_of_index(handle: Handle, first: date, last: date) -> Part:
    """A month of index prices on the days that have prices of stocks."""

    def rows() -> pl.DataFrame:
        return rows_of_index_prices(handle.frame().filter(pl.col("date").is_between(first, last)))

    month, digest = handle.partition, handle.present().content_hash
    if month == month_of(last):
        digest = f"{digest} to {last}"  # the stocks' next day lets in the index's as well
    return Part(first_day(month), last_day(month), digest, rows, is_index=True)

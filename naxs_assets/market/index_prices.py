"""One month of daily index prices, made from a source's raw index bars."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from naxs_assets.errors import DataError
from naxs_assets.market.contracts import INDEX_PRICES, RANGE_TOLERANCE
from naxs_assets.market.quality.registry import Verdict
from naxs_assets.market.quarantine import REJECTED, rejected_rows
from naxs_assets.market.row_rules import open_days
from naxs_assets.market.rules import Findings
from naxs_assets.market.sources.base import RAW_INDEX_BARS
from naxs_assets.partitions import first_day, last_day

_OHLC = ("open", "high", "low", "close")
_RULES = ("schema", "calendar", "key", "ohlc")


@dataclass(frozen=True)
class MonthOfIndexPrices:
    """A month's ``frame`` (contract ``INDEX_PRICES``) and its ``findings`` (``FINDINGS``).

    ``rejected`` holds the dirty rows that were left out (``REJECTED``, ``symbol`` is the index).
    """

    frame: pl.DataFrame
    findings: pl.DataFrame
    rejected: pl.DataFrame


def build_index_month(
    raw: pl.DataFrame, *, month: str, calendar: pl.DataFrame
) -> MonthOfIndexPrices:
    """Return the index prices of ``month`` (``YYYY-MM``) from ``raw`` (columns ``RAW_INDEX_BARS``).

    Dirty rows are left out and kept in ``rejected``. A row without any price says that the source
    has none for the day: it is left out and noted. Raises ``MonthRefused`` above a rule's share and
    ``DataError`` when ``raw`` holds days of another month.
    """
    days = raw.get_column("date").drop_nulls()
    if not days.is_between(first_day(month), last_day(month)).all():
        raise DataError(
            "raw index bars hold rows of other months",
            where=f"market/index_prices {month}",
            remedy="ask the source for the days of this month only",
        )
    findings = Findings(f"market/index_prices {month}", raw.height, rules=_RULES)
    rows = (
        raw.select(*RAW_INDEX_BARS)
        .unique(maintain_order=True)
        .join(
            open_days(calendar, month).select("date", "day"),
            on="date",
            how="left",
            maintain_order="left",
        )
    )
    prices = pl.concat_list(*_OHLC)
    no_price = prices.list.drop_nulls().list.len() == 0
    unreadable = (
        pl.col("date").is_null()
        | pl.col("index").is_null()
        | ~pl.all_horizontal(pl.col(_OHLC).is_finite().fill_null(value=False))
        | (pl.min_horizontal("volume", "amount") < 0).fill_null(value=False)
    )
    slack = pl.col("close") * RANGE_TOLERANCE
    disordered = ~(
        (pl.col("low") > 0)
        & (pl.col("low") - slack <= pl.min_horizontal("open", "close", "high"))
        & (pl.col("high") + slack >= pl.max_horizontal("open", "close"))
    )
    empty = rows.filter(no_price)
    if empty.height:
        findings.note("schema", f"{empty.height} rows without any price left out")
    rows = rows.filter(~no_price).with_columns(
        broken=pl.when(unreadable)
        .then(pl.lit("schema"))
        .when(pl.col("day").is_null())
        .then(pl.lit("calendar"))
        .when(pl.struct("date", "index").is_duplicated())
        .then(pl.lit("key"))
        .when(disordered)
        .then(pl.lit("ohlc"))
    )
    rejected = [pl.DataFrame(schema=REJECTED)]
    for rule in _RULES:
        broken = rows.filter(pl.col("broken") == rule).select(*RAW_INDEX_BARS)
        findings.add(rule, Verdict.QUARANTINED, broken)
        rejected.append(rejected_rows(broken, rule, name="index"))
    frame = rows.filter(pl.col("broken").is_null()).select(INDEX_PRICES.column_names)
    return MonthOfIndexPrices(frame.sort("date", "index"), findings.frame(), pl.concat(rejected))

"""One month of daily prices, made from a source's raw bars under the quality rules."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from naxs_assets.errors import DataError
from naxs_assets.market.contracts import PRICE_FIELDS, PRICES
from naxs_assets.market.factor_repair import check_factor, half_up
from naxs_assets.market.identity import with_current_codes
from naxs_assets.market.limits import LISTING_DAYS, with_limits
from naxs_assets.market.quality.registry import Verdict
from naxs_assets.market.quarantine import quarantined_rows
from naxs_assets.market.row_rules import (
    judged_rows,
    open_days,
    placed_rows,
    report_missing_days,
    unique_rows,
)
from naxs_assets.market.rules import Findings
from naxs_assets.market.sources.base import RAW_BARS, DeclaredGaps, FactorPolicy
from naxs_assets.market.suspension import with_absent_rows, with_last_prices, with_state
from naxs_assets.partitions import first_day, last_day

DERIVED = "derived"
"""The ``source`` of a row that stands for a suspension of which the source has no row."""

_TICK = 1
"""In cents: how far a price may lie beyond its limit."""

_POLICY_VERDICT = {
    FactorPolicy.KEEP: (Verdict.WARN, "kept as the source gave it"),
    FactorPolicy.REBUILD: (Verdict.REPAIRED, "rebuilt from the change"),
    FactorPolicy.QUARANTINE: (Verdict.QUARANTINED, "taken out"),
}


@dataclass(frozen=True)
class MonthOfPrices:
    """A month's ``frame`` (contract ``PRICES``) and the ``findings`` of every rule (``FINDINGS``).

    ``rejected`` holds the rows that have no place in the frame (``REJECTED``),
    ``supplement_disagrees`` is the number of raw rows of which the source's second table has
    another close.
    """

    frame: pl.DataFrame
    findings: pl.DataFrame
    rejected: pl.DataFrame
    supplement_disagrees: int

    def counts(self) -> dict[str, int]:
        """Rows by what became of them, for people; ``supplement_disagrees`` only when any."""
        counts = {
            "quarantined": self.frame.get_column("quarantined_by").count(),
            "repaired": self.frame.get_column("repaired").count(),
            "supplemented_rows": int(self.frame.get_column("supplemented").sum()),
        }
        if self.supplement_disagrees:
            counts["supplement_disagrees"] = self.supplement_disagrees
        return counts


def build_month(
    raw: pl.DataFrame,
    *,
    month: str,
    calendar: pl.DataFrame,
    instruments: pl.DataFrame,
    previous: pl.DataFrame | None,
    gaps: DeclaredGaps,
    policy: FactorPolicy,
) -> MonthOfPrices:
    """Return the prices of ``month`` (``YYYY-MM``) from ``raw`` bars (columns ``RAW_BARS``).

    ``previous`` is the prices table of the month before, or None for the first one: last closes and
    adjustment factors carry over from it. ``gaps`` and ``policy`` are the source's. The same input
    gives the same frame. A code of before is read as the code of now.

    Raises ``MonthRefused`` when more rows break a rule than its share allows, and ``DataError``
    when ``raw`` holds days of another month or lacks a column.
    """
    _require_shape(raw, month)
    raw = with_current_codes(raw)
    known = {name: raw.get_column(name).count() for name in gaps.columns & set(RAW_BARS)}
    findings = Findings(f"market/prices {month}", raw.height, gaps=gaps, known=known)
    placed, rejected = placed_rows(raw, month, calendar, findings)
    report_missing_days(placed, month, calendar, previous, findings)
    rows = judged_rows(unique_rows(placed), findings)
    if gaps.suspended_rows:
        open_in_month = open_days(calendar, month)
        rows = with_absent_rows(rows, open_in_month, instruments, previous, findings)
    rows = with_last_prices(with_state(rows, previous), findings)
    rows = _with_factor(_with_pre_close(rows, gaps), gaps, policy, findings)
    rows = _with_limit_rule(rows.filter(~pl.col("is_state")), calendar, instruments, findings)
    disagrees = int(raw.get_column("supplement_disagrees").sum())
    return MonthOfPrices(_finished(rows, raw), findings.frame(), rejected, disagrees)


def _require_shape(raw: pl.DataFrame, month: str) -> None:
    missing = [name for name in RAW_BARS if name not in raw.columns]
    if missing:
        raise DataError(
            f"raw bars lack the columns {missing}",
            where=f"market/prices {month}",
            remedy="a source returns every column of RAW_BARS, all null where it has none",
        )
    days = raw.get_column("date").drop_nulls()
    outside = days.filter(~days.is_between(first_day(month), last_day(month)))
    if len(outside):
        raise DataError(
            f"raw bars hold {len(outside)} rows of other months, first {outside[0]}",
            where=f"market/prices {month}",
            remedy="ask the source for the days of this month only",
        )


def _quotes_returns(gaps: DeclaredGaps) -> bool:
    """Whether the source states the day's return, as ``change`` or by ``pre_close``."""
    return not {"change", "pre_close"} <= gaps.columns


def _with_pre_close(rows: pl.DataFrame, gaps: DeclaredGaps) -> pl.DataFrame:
    """Set ``pre_close`` and ``change`` where the source leaves one of them out.

    The previous close is the source's own; else close / (1 + change), rounded half up, which is the
    exchange's on 270,385 of 270,385 rows that state both; else the last close over the factor's
    jump. A suspended day's change is 0 where the source states returns at all.
    """
    suspended, price = pl.col("suspended").fill_null(value=False), pl.col("price")
    given = pl.when(pl.col("pre_close").is_finite() & (pl.col("pre_close") > 0)).then("pre_close")
    change = pl.when(pl.col("change").is_finite() & (pl.col("change") > -1)).then("change")
    jump = pl.col("vendor_factor") / pl.col("vendor_factor").shift(1)
    from_factor = pl.when("follows").then(half_up(pl.col("last_price") / jump))
    return rows.with_columns(
        pre_close=pl.when(suspended)
        .then("close")
        .otherwise(pl.coalesce(given, half_up(price / (1 + change)), from_factor)),
        change=pl.coalesce(
            change,
            pl.when(suspended & _quotes_returns(gaps)).then(0.0).otherwise(price / given - 1),
        ),
    )


def _with_factor(
    rows: pl.DataFrame, gaps: DeclaredGaps, policy: FactorPolicy, findings: Findings
) -> pl.DataFrame:
    """Set ``adj_factor``, ``source_adj_factor`` and ``repaired``; report and take out by policy."""
    build = _quotes_returns(gaps)
    rows = check_factor(rows, rebuild=policy is not FactorPolicy.KEEP, build=build)
    contradicts, unknown = pl.col("contradicts"), pl.col("unknown")
    missing = pl.col("built") & ~pl.col("is_state") & ~unknown
    verdict, done = _POLICY_VERDICT[policy]
    note = f"adj_factor contradicts the change, {done}"
    findings.add("factor", verdict, rows.filter(contradicts), note=note)
    findings.add(
        "factor",
        Verdict.QUARANTINED,
        rows.filter(unknown),
        note="neither the factor nor the change is known",
    )
    if "adj_factor" in gaps.columns and build:
        findings.note("factor", "adj_factor is built from the change")
        repaired = contradicts
    else:
        findings.add(
            "factor",
            Verdict.REPAIRED,
            rows.filter(missing),
            note="rows without adj_factor, built from the change",
            counted=False,
        )
        repaired = contradicts | missing if policy is FactorPolicy.REBUILD else missing
    taken_out = unknown | contradicts if policy is FactorPolicy.QUARANTINE else unknown
    return rows.with_columns(
        broken=pl.coalesce("broken", pl.when(taken_out).then(pl.lit("factor"))),
        repaired=pl.when(repaired & ~taken_out).then(pl.lit("adj_factor")),
    )


def _with_limit_rule(
    rows: pl.DataFrame, calendar: pl.DataFrame, instruments: pl.DataFrame, findings: Findings
) -> pl.DataFrame:
    """Set ``limit_up`` and ``limit_down`` and report the rows that traded beyond them."""
    if rows.is_empty():
        return with_limits(rows.with_columns(listing_day=pl.lit(None, dtype=pl.Int32)))
    earliest = rows.select(pl.col("day").min()).item()
    recent = calendar.filter(pl.col("day") >= earliest - LISTING_DAYS)
    list_days = (
        instruments.filter(
            pl.col("list_date_known") & (pl.col("list_date") >= recent.get_column("date").min())
        )
        .select("symbol", "list_date")
        .sort("list_date")
        .join_asof(
            recent.select(list_date="date", list_day="day"), on="list_date", strategy="forward"
        )
    )
    since = pl.col("day") - pl.col("list_day")
    rows = with_limits(
        rows.join(
            list_days.select("symbol", "list_day"), on="symbol", how="left", maintain_order="left"
        ).with_columns(listing_day=pl.when(since >= 0).then(since))
    )
    beyond = ((pl.col("high") * 100).round() > pl.col("limit_up") + _TICK) | (
        (pl.col("low") * 100).round() < pl.col("limit_down") - _TICK
    )
    traded = ~pl.col("suspended") & pl.col("broken").is_null()
    findings.add("limit", Verdict.WARN, rows.filter(traded & beyond))
    return rows


def _finished(rows: pl.DataFrame, raw: pl.DataFrame) -> pl.DataFrame:
    """The columns of ``PRICES``: suspensions flat, quarantined rows without prices."""
    suspended, kept = pl.col("suspended"), pl.col("broken").is_null()
    rows = rows.with_columns(
        *(
            pl.when(suspended).then("close").otherwise(name).alias(name)
            for name in ("open", "high", "low")
        ),
        volume=pl.when(suspended).then(0).otherwise("volume"),
        turnover=pl.when(suspended).then(0.0).otherwise("turnover"),
        amount=pl.when(suspended).then(0.0).otherwise("amount"),
        is_suspended=suspended,
        supplemented=pl.col("supplemented").fill_null(value=False),
        source=pl.col("source").fill_null(DERIVED),
    ).with_columns(
        *(
            pl.when(kept).then(name).alias(name)
            for name in (*PRICE_FIELDS, "is_suspended", "limit_up", "limit_down")
        ),
        quarantined_by=pl.col("broken"),
    )
    keys = rows.filter(~kept).select("date", "symbol")
    rows = (
        rows.join(
            quarantined_rows(raw, keys), on=["date", "symbol"], how="left", maintain_order="left"
        )
        if keys.height
        else rows.with_columns(quarantined_row=pl.lit(None, dtype=pl.String))
    )
    return rows.select(pl.col(column.name).cast(column.dtype) for column in PRICES.columns).sort(
        "date", "symbol"
    )

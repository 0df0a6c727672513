"""Gathering the facts of a quality report from what a home holds at one instant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from naxs_assets.lineage.publishing import Lineage
from naxs_assets.lineage.recipe import Recipe
from naxs_assets.lineage.refusals import open_refusals
from naxs_assets.market.pulling.opening import LiveHome
from naxs_assets.market.pulling.telling import pulled_tables
from naxs_assets.market.quality.engine import FAILURES
from naxs_assets.market.quality.months import judge_month
from naxs_assets.market.quality.now import judge_now
from naxs_assets.market.quality.on_record import PRICES_ASSET, OnRecord, on_record
from naxs_assets.market.quality.panel import WHOLE
from naxs_assets.market.quality.registry import HARMLESS, RULES, Verdict
from naxs_assets.market.rules import failures_of
from naxs_assets.market.sources.base import Columns, Source
from naxs_assets.market.waivers import Waiver, with_waivers
from naxs_assets.partitions import add_months, month_of
from naxs_assets.reports.quality_facts import Overall, QualityReport, RuleOutcome, WaiverUse
from naxs_assets.reports.quality_live import (
    health_of_families,
    restated_lately,
    taken_by_newest_pull,
)
from naxs_assets.reports.quality_standing import (
    blocked_results,
    coverage_of_market,
    freshness_of_prices,
)
from naxs_assets.settings import SHANGHAI

DAYS_SHOWN = 20
_FAILS = frozenset({Verdict.CRITICAL, Verdict.REFUSED})
_KEYS: Columns = {"asset": pl.String, **FAILURES}
_SAMPLE = 20


@dataclass(frozen=True)
class Gathered:
    """A report, and every row that broke a rule around its day (``FAILURES`` with ``asset`` and
    ``waived``)."""

    report: QualityReport
    failures: pl.DataFrame


def gather(
    lineage: Lineage,
    recipes: Mapping[str, Recipe],
    source: Source,
    *,
    day: date,
    waivers: Sequence[Waiver],
    live: LiveHome | None = None,
) -> Gathered:
    """The quality report of ``day``, as of the lineage's clock.

    Rules of months are told for the month of the day, those that were broken for every refused
    month too, others as they stand now. Raises
    :class:`~naxs_assets.lineage.reader.NotMadeError` when no month was judged yet.
    """
    now = lineage.clock()
    month = month_of(day)
    refusals = open_refusals(lineage.library, recipes)
    record = on_record(lineage, refusals)
    days = _days_until(lineage, day)
    whole = judge_now(lineage, pulled_tables(live) if live else None)
    findings = pl.concat(
        [
            _told(record, month),
            whole.findings.select(
                pl.lit(PRICES_ASSET).alias("asset"), pl.lit(WHOLE).alias("month"), pl.all()
            ),
        ],
        how="diagonal",
    )
    failures = with_waivers(
        pl.concat(
            [
                _failures_of_months(lineage, source, month),
                record.failures,
                whole.failures.select(pl.lit(PRICES_ASSET).alias("asset"), pl.all()),
            ],
            how="diagonal",
        ),
        [waiver for waiver in waivers if waiver.holds(now.astimezone(SHANGHAI).date())],
    )
    return Gathered(
        QualityReport(
            day=day,
            as_of=now,
            rules=tuple(_outcome(row, failures, days) for row in findings.to_dicts()),
            blocked=blocked_results(lineage.library, recipes, refusals),
            not_judged=record.not_judged,
            freshness=(freshness_of_prices(lineage, source, day, now, live),),
            coverage=coverage_of_market(lineage.library),
            taken=taken_by_newest_pull(live),
            health=health_of_families(live, now),
            restated=restated_lately(live, now),
            waivers=_waiver_uses(waivers, failures, now),
            gaps=source.gaps.notes,
        ),
        failures,
    )


def _told(record: OnRecord, month: str) -> pl.DataFrame:
    """The findings of the month, and those that other refused months were refused with."""
    found = record.findings
    refused = pl.DataFrame(
        sorted(record.refused), schema={"asset": pl.String, "month": pl.String}, orient="row"
    )
    elsewhere = found.join(refused, on=["asset", "month"], how="semi", maintain_order="left")
    harmless = pl.col("verdict").is_in([verdict.value for verdict in HARMLESS])
    return pl.concat(
        [
            found.filter(pl.col("month") == month),
            elsewhere.filter(pl.col("month") != month, ~harmless),
        ]
    )


def _failures_of_months(lineage: Lineage, source: Source, month: str) -> pl.DataFrame:
    """Every broken row of the month and the one before, so that twenty days are covered."""
    prices = lineage.reader(PRICES_ASSET)
    earlier, before, current = (prices[add_months(month, back)] for back in (-2, -1, 0))
    instruments = lineage.reader("market/instruments").whole()
    found = [pl.DataFrame(schema=_KEYS)]
    for handle, previous in ((before, earlier), (current, before)):
        if not handle:
            continue
        rows = handle.frame()
        answer = judge_month(
            rows,
            month=handle.partition,
            instruments=instruments.frame(),
            previous=previous.frame() if previous else None,
            gaps=source.gaps,
        )
        taken_out = rows.filter(pl.col("quarantined_by").is_not_null())
        repaired = rows.filter(pl.col("repaired") == "adj_factor")
        found += [
            answer.failures,
            taken_out.select(pl.col("quarantined_by").alias("rule"), "date", "symbol"),
            failures_of("factor", repaired),
        ]
    return pl.concat(found, how="diagonal").with_columns(
        asset=pl.lit(PRICES_ASSET), month=pl.coalesce("month", pl.col("date").dt.strftime("%Y-%m"))
    )


def _outcome(row: Mapping[str, Any], failures: pl.DataFrame, days: Sequence[date]) -> RuleOutcome:
    rule = RULES[row["rule"]]
    of_rule = failures.filter(pl.col("rule") == rule.id, pl.col("asset") == row["asset"])
    here = of_rule.filter(pl.col("month") == row["month"])
    waived = here.filter(pl.col("waived").is_not_null()).height
    by_day = dict(of_rule.group_by("date").len().iter_rows())
    known = [key for key in row["sample"].split(", ") if key]
    sample = known or [
        f"{one['symbol'] or ''} {one['date'] or ''}".strip()
        for one in here.head(_SAMPLE).to_dicts()
    ]
    return RuleOutcome(
        rule=rule.id,
        asset=row["asset"],
        month="" if row["month"] == WHOLE else row["month"],
        severity=rule.severity.value,
        verdict=row["verdict"],
        overall=_overall(row, waived),
        text_zh=rule.text_zh,
        text_en=rule.text_en,
        unit="ratio" if rule.unit.startswith("share") else rule.unit,
        observed=row["observed"],
        threshold=row["threshold"],
        rows=row["rows"],
        judged=row["judged"],
        waived=waived,
        sample=tuple(sample),
        note=row["note"],
        daily=tuple(by_day.get(one, 0) for one in days),
    )


def _overall(row: Mapping[str, Any], waived: int) -> Overall:
    verdict = Verdict(row["verdict"])
    if verdict in HARMLESS or (row["rows"] and waived >= row["rows"]):
        return Overall.PASS
    return Overall.FAIL if verdict in _FAILS else Overall.WARN


def _days_until(lineage: Lineage, day: date) -> list[date]:
    calendar = lineage.reader("market/calendar").whole().frame()
    days: list[date] = calendar.filter(pl.col("date") <= day)["date"].tail(DAYS_SHOWN).to_list()
    return days


def _waiver_uses(
    waivers: Sequence[Waiver], failures: pl.DataFrame, now: datetime
) -> tuple[WaiverUse, ...]:
    today = now.astimezone(SHANGHAI).date()
    holding = [waiver for waiver in waivers if waiver.holds(today)]
    used = dict(failures.drop_nulls("waived").group_by("waived").len().iter_rows())
    return tuple(
        WaiverUse(
            rule=waiver.rule,
            scope=_scope(waiver),
            reason=waiver.reason,
            by=waiver.by,
            until=waiver.until,
            expired=not waiver.holds(today),
            findings=used.get(holding.index(waiver), 0) if waiver in holding else 0,
        )
        for waiver in waivers
    )


def _scope(waiver: Waiver) -> str:
    days = f"{waiver.first or ''}..{waiver.last or ''}" if waiver.first or waiver.last else ""
    return " ".join(filter(None, (", ".join(waiver.symbols), days)))

"""Gathering the facts of a quality report from what a home holds at one instant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl

from naxs_assets.lineage.freshness import stale_partitions
from naxs_assets.lineage.publishing import Lineage, place_of_refused
from naxs_assets.lineage.reader import Library
from naxs_assets.lineage.recipe import Recipe
from naxs_assets.market.fetching.health import family_health
from naxs_assets.market.fetching.live import FETCHING_FOLDER
from naxs_assets.market.pulling.opening import LiveHome
from naxs_assets.market.pulling.punctuality import arrival_of_bars, punctuality
from naxs_assets.market.pulling.telling import LOOKED_BACK, pulled_tables
from naxs_assets.market.quality.engine import FAILURES
from naxs_assets.market.quality.months import judge_month
from naxs_assets.market.quality.now import judge_now
from naxs_assets.market.quality.panel import WHOLE
from naxs_assets.market.quality.registry import HARMLESS, RULES, Verdict
from naxs_assets.market.rules import failures_of
from naxs_assets.market.sources.base import Columns, Source
from naxs_assets.market.waivers import Waiver, with_waivers
from naxs_assets.partitions import add_months, month_of
from naxs_assets.reports.quality_facts import (
    Blocked,
    Coverage,
    Freshness,
    Health,
    Overall,
    QualityReport,
    Restated,
    RuleOutcome,
    Taken,
    WaiverUse,
)
from naxs_assets.settings import SHANGHAI

DAYS_SHOWN = 20
_MARKET = "market/"
_PRICES = "market/prices"
_FAILS = frozenset({Verdict.CRITICAL, Verdict.REFUSED})
_KEYS: Columns = {"asset": pl.String, **FAILURES}
_TOLD: Columns = {"rule": pl.String, "date": pl.String, "symbol": pl.String}
_SAMPLE = 20
# Recorded data have no deadline of their own: a day is due when the vendors' evening is over.
_RECORDED_DUE = time(18, 30)


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

    Rules of months are told for the month of the day, others as they stand now. Raises
    :class:`~naxs_assets.lineage.reader.NotMadeError` before the first run.
    """
    now = lineage.clock()
    month = month_of(day)
    days = _days_until(lineage, day)
    whole = judge_now(lineage, pulled_tables(live) if live else None)
    findings = pl.concat(
        [
            _findings_of_month(lineage, month),
            whole.findings.select(
                pl.lit(_PRICES).alias("asset"), pl.lit(WHOLE).alias("month"), pl.all()
            ),
        ],
        how="diagonal",
    )
    failures = with_waivers(
        pl.concat(
            [
                _failures_of_months(lineage, source, month),
                whole.failures.select(pl.lit(_PRICES).alias("asset"), pl.all()),
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
            blocked=blocked_results(lineage.library, recipes),
            freshness=(_freshness(lineage, source, day, now, live),),
            coverage=coverage_of_market(lineage.library),
            taken=_taken(live),
            health=_health(live, now),
            restated=_restated(live, now),
            waivers=_waiver_uses(waivers, failures, now),
            gaps=source.gaps.notes,
        ),
        failures,
    )


def _findings_of_month(lineage: Lineage, month: str) -> pl.DataFrame:
    """What the rules found in the month, as it is stored, or as it was refused since."""
    table = lineage.reader("market/findings").whole().frame().filter(pl.col("month") == month)
    refused = _refused(lineage, month)
    if refused is None:
        return table
    told = pl.DataFrame(refused["findings"], schema_overrides=_types(table))
    fresh = told.select(pl.lit(_PRICES).alias("asset"), pl.lit(month).alias("month"), pl.all())
    return pl.concat([fresh, table.filter(pl.col("asset") != _PRICES)], how="diagonal")


def _types(table: pl.DataFrame) -> dict[str, pl.DataType]:
    return {name: dtype for name, dtype in table.schema.items() if name not in ("asset", "month")}


def _refused(lineage: Lineage, month: str) -> Mapping[str, Any] | None:
    """What was told of the month's refusal; None when its last making was not refused."""
    places = {(one.asset, one.partition) for one in lineage.ledger.refusals()}
    if (_PRICES, month) not in places:
        return None
    kept = lineage.ledger.current(place_of_refused(_PRICES), month)
    return kept.metadata if kept is not None and "findings" in kept.metadata else None


def _failures_of_months(lineage: Lineage, source: Source, month: str) -> pl.DataFrame:
    """Every broken row of the month and the one before, so that twenty days are covered."""
    prices = lineage.reader(_PRICES)
    earlier, before, current = (prices[add_months(month, back)] for back in (-2, -1, 0))
    instruments = lineage.reader("market/instruments").whole().frame()
    found = [pl.DataFrame(schema=_KEYS)]
    for handle, previous in ((before, earlier), (current, before)):
        if not handle:
            continue
        rows = handle.frame()
        answer = judge_month(
            rows,
            month=handle.partition,
            instruments=instruments,
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
    refused = _refused(lineage, month)
    if refused is not None:
        told = pl.DataFrame(refused["failures"], schema=_TOLD)
        found.append(told.with_columns(pl.col("date").str.to_date()))
    return pl.concat(found, how="diagonal").with_columns(
        asset=pl.lit(_PRICES), month=pl.coalesce("month", pl.col("date").dt.strftime("%Y-%m"))
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


def _freshness(
    lineage: Lineage, source: Source, day: date, now: datetime, live: LiveHome | None
) -> Freshness:
    """Whether the last day that is due is among the prices."""
    prices = lineage.reader(_PRICES).current()
    newest = prices[-1].frame()["date"].max() if prices else None
    newest = newest if isinstance(newest, date) else None
    if live is not None:
        deadlines = live.live.deadlines
        sessions = live.sessions(live.live.first, date(now.year + 1, 1, 31))
        arrived = arrival_of_bars(live.store.parts(), live.lives())
        judged = punctuality(now, sessions, deadlines.final, arrived)
        past = [one for one in sessions if datetime.combine(one, deadlines.final, SHANGHAI) <= now]
        expected = judged.session or (past[-1] if past else day)
        late = judged.is_late(deadlines.allowed)
        return Freshness(
            _PRICES,
            newest,
            expected,
            datetime.combine(expected, deadlines.final, SHANGHAI),
            judged.latency.total_seconds(),
            Overall.FAIL if late else Overall.PASS,
        )
    calendar = lineage.reader("market/calendar").whole().frame()
    until = min(source.coverage()[1], now.astimezone(SHANGHAI).date())
    expected = calendar.filter(pl.col("date") <= until)["date"].to_list()[-1]
    missing = newest is None or newest < expected
    due = datetime.combine(expected, _RECORDED_DUE, SHANGHAI)
    return Freshness(
        _PRICES,
        newest,
        expected,
        due,
        max(now - due, timedelta(0)).total_seconds() if missing else 0.0,
        Overall.FAIL if missing else Overall.PASS,
    )


def _taken(live: LiveHome | None) -> tuple[Taken, ...]:
    """What the newest pull took, by table and family."""
    pulls = live.store.pulls() if live else []
    if not pulls or live is None:
        return ()
    newest = pulls[-1]
    setbacks: dict[str, list[str]] = {}
    for one in newest["fallbacks"]:
        setbacks.setdefault(one["table"], []).append(f"{one['family']}: {one['kind']}")
    found = []
    for one in newest["taken"]:
        parts = [
            part
            for part in live.store.parts()
            if part.table.value == one["table"] and part.family.value == one["family"]
        ]
        times = sorted(part.fetched_at for part in parts)
        found.append(
            Taken(
                table=one["table"],
                source=one["family"],
                source_version=parts[-1].source_version if parts else "",
                fetched_first=times[0] if times else None,
                fetched_last=times[-1] if times else None,
                parts=one["parts"],
                rows=one["rows"],
                instead_of=tuple(setbacks.get(one["table"], ())),
            )
        )
    return tuple(found)


def _health(live: LiveHome | None, now: datetime) -> tuple[Health, ...]:
    if live is None:
        return ()
    folder = live.settings.home / FETCHING_FOLDER
    return tuple(
        Health(one.family.value, one.requests, one.failures, one.circuit, one.last_success)
        for one in family_health(folder, now - LOOKED_BACK)
        if one.requests or one.failures or one.circuit != "closed"
    )


def _restated(live: LiveHome | None, now: datetime) -> tuple[Restated, ...]:
    if live is None:
        return ()
    return tuple(
        Restated(
            table=row["table"],
            symbol=row["symbol"],
            date=row["date"],
            column=row["column"],
            old=row["old"] or "",
            new=row["new"] or "",
            seen_at=datetime.fromisoformat(row["seen_at"]),
        )
        for row in live.store.restatements(now - LOOKED_BACK).to_dicts()
    )


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


def blocked_results(library: Library, recipes: Mapping[str, Recipe]) -> tuple[Blocked, ...]:
    """The refused results that still want making, with what stands in their place.

    A refusal is over when the place has been made since, or when nothing would be made anew there
    now: the source is again what the current version was made from.
    """
    found = []
    for refusal in library.ledger.refusals():
        recipe = recipes.get(refusal.asset)
        if recipe is None or not stale_partitions(library, recipe, [refusal.partition]):
            continue
        current = library.ledger.current(refusal.asset, refusal.partition)
        found.append(
            Blocked(
                asset=refusal.asset,
                partition=refusal.partition,
                reason=refusal.reason,
                at=refusal.at,
                kept=current.short if current else None,
                downstream=tuple(_downstream(recipes, refusal.asset)),
            )
        )
    return tuple(found)


def coverage_of_market(library: Library) -> tuple[Coverage, ...]:
    """What the tables of the market stage hold now."""
    tables: dict[str, list[tuple[str, int, str]]] = {}
    for version in library.ledger.current_versions():
        if version.asset.startswith(_MARKET) and version.rows is not None:
            fact = (version.partition, version.rows, version.short)
            tables.setdefault(version.asset, []).append(fact)
    return tuple(
        Coverage(
            asset=asset,
            first=versions[0][0],
            last=versions[-1][0],
            months=len(versions),
            rows=sum(rows for _, rows, _ in versions),
            versions=versions[-1][2],
        )
        for asset, versions in sorted(tables.items())
    )


def _downstream(recipes: Mapping[str, Recipe], asset: str) -> list[str]:
    """Every asset that is made from ``asset``, directly or not, in the order of the graph."""
    reached = {asset}
    found = []
    for name, recipe in recipes.items():
        if name not in reached and any(one.asset in reached for one in recipe.upstream.values()):
            reached.add(name)
            found.append(name)
    return found

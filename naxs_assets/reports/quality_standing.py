"""What stands and what does not: refused results, the newest day, and what the tables hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

import polars as pl

from naxs_assets.lineage.publishing import Lineage
from naxs_assets.lineage.reader import Library
from naxs_assets.lineage.recipe import Recipe
from naxs_assets.lineage.records import Refusal
from naxs_assets.market.pulling.opening import LiveHome
from naxs_assets.market.pulling.punctuality import arrival_of_bars, punctuality
from naxs_assets.market.quality.on_record import PRICES_ASSET
from naxs_assets.market.sources.base import Source
from naxs_assets.reports.quality_facts import Blocked, Coverage, Freshness, Overall
from naxs_assets.settings import SHANGHAI

_MARKET = "market/"
# Recorded data have no deadline of their own: a day is due when the vendors' evening is over.
_RECORDED_DUE = time(18, 30)


def blocked_results(
    library: Library, recipes: Mapping[str, Recipe], refusals: Sequence[Refusal]
) -> tuple[Blocked, ...]:
    """The refused results, with what stands in their place and what was not renewed."""
    found = []
    for refusal in refusals:
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


def freshness_of_prices(
    lineage: Lineage, source: Source, day: date, now: datetime, live: LiveHome | None
) -> Freshness:
    """Whether the last day that is due is among the prices."""
    prices = lineage.reader(PRICES_ASSET).current()
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
            PRICES_ASSET,
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
        PRICES_ASSET,
        newest,
        expected,
        due,
        max(now - due, timedelta(0)).total_seconds() if missing else 0.0,
        Overall.FAIL if missing else Overall.PASS,
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

"""Gathering the facts of a quality report from a home's lineage."""

from __future__ import annotations

from collections.abc import Mapping

from naxs_assets.lineage.freshness import stale_partitions
from naxs_assets.lineage.reader import Library
from naxs_assets.lineage.recipe import Recipe
from naxs_assets.reports.quality_facts import Blocked, Coverage

_MARKET = "market/"


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

"""What a run has to make: the months that a backtest needs, and of those what is not up to date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from naxs_assets.lineage.assets import LineageAsset
from naxs_assets.lineage.freshness import stale_partitions
from naxs_assets.lineage.reader import Library
from naxs_assets.lineage.recipe import AllMonths, Months, Recipe, Whole
from naxs_assets.lineage.records import UNPARTITIONED
from naxs_assets.partitions import add_months, months_between


@dataclass(frozen=True)
class Batch:
    """Assets that one Dagster run makes over one range of months."""

    assets: tuple[str, ...]
    first: str
    last: str


@dataclass(frozen=True)
class Plan:
    """The needed partitions of each asset, and why some of them must be made."""

    needed: Mapping[str, Sequence[str]]
    stale: Mapping[str, Mapping[str, str]]
    batches: tuple[Batch, ...]

    @property
    def reused(self) -> int:
        """How many needed results are up to date."""
        return sum(len(months) for months in self.needed.values()) - self.to_make

    @property
    def to_make(self) -> int:
        """How many needed results are made, or checked again because an input is."""
        return sum(len(reasons) for reasons in self.stale.values())


def plan_roots(planned: Plan, assets: Sequence[LineageAsset]) -> Plan:
    """The part of a plan that reads no other asset and has no months: calendar and lists.

    To be run first and planned after: every month reads them up to its own day, so that what
    follows from a change in them is known only when they are made.
    """
    recipes = {asset.recipe.asset: asset.recipe for asset in assets}
    stale = {
        asset: reasons
        for asset, reasons in planned.stale.items()
        if not recipes[asset].monthly and not recipes[asset].upstream
    }
    needed = {asset: planned.needed[asset] for asset in stale}
    last = max(batch.last for batch in planned.batches) if planned.batches else ""
    return Plan(needed=needed, stale=stale, batches=_batches(recipes, stale, last))


def plan(
    assets: Sequence[LineageAsset],
    library: Library,
    target: str,
    *,
    first: str,
    last: str,
    market_first: str,
    market_last: str,
) -> Plan:
    """Plan the run that makes ``target`` with the months ``first`` to ``last``.

    ``market_first`` and ``market_last`` bound the months that the source has.
    """
    recipes = _upstream_of({asset.recipe.asset: asset.recipe for asset in assets}, target)
    needed = _needed(recipes, first, last, market_first, market_last)
    stale = _stale(recipes, needed, library)
    return Plan(needed=needed, stale=stale, batches=_batches(recipes, stale, last))


def _upstream_of(recipes: Mapping[str, Recipe], target: str) -> dict[str, Recipe]:
    wanted = {target}
    for asset in reversed(list(recipes)):
        if asset in wanted:
            wanted.update(upstream.asset for upstream in recipes[asset].upstream.values())
    return {asset: recipe for asset, recipe in recipes.items() if asset in wanted}


def _needed(
    recipes: Mapping[str, Recipe], first: str, last: str, market_first: str, market_last: str
) -> dict[str, list[str]]:
    ranges = {
        asset: (first, last) if recipe.monthly else (UNPARTITIONED, UNPARTITIONED)
        for asset, recipe in recipes.items()
    }
    for asset in reversed(list(recipes)):
        recipe = recipes[asset]
        start, end = ranges[asset] if recipe.monthly else (first, last)
        read = {asset, *(u.asset for u in recipe.upstream.values() if isinstance(u, AllMonths))}
        if any(_starts_from_the_month_before(recipes[name]) for name in read):
            # Then every earlier month is needed too.
            start = market_first
        if recipe.monthly:
            ranges[asset] = (start, end)
        for upstream in recipe.upstream.values():
            if isinstance(upstream, Whole) or upstream.asset == asset:
                continue
            back, ahead = (
                (upstream.back, upstream.ahead) if isinstance(upstream, Months) else (0, 0)
            )
            low, high = ranges[upstream.asset]
            ranges[upstream.asset] = (
                max(market_first, min(low, add_months(start, -back))),
                min(market_last, max(high, add_months(end, ahead))),
            )
    return {
        asset: list(months_between(*ranges[asset])) if recipe.monthly else [UNPARTITIONED]
        for asset, recipe in recipes.items()
    }


def _starts_from_the_month_before(recipe: Recipe) -> bool:
    return any(upstream.asset == recipe.asset for upstream in recipe.upstream.values())


def _stale(
    recipes: Mapping[str, Recipe], needed: Mapping[str, Sequence[str]], library: Library
) -> dict[str, dict[str, str]]:
    stale: dict[str, dict[str, str]] = {}
    for asset, recipe in recipes.items():
        reasons = stale_partitions(library, recipe, needed[asset])
        for partition in needed[asset]:
            if partition not in reasons:
                because = _touched(recipe, partition, stale, reasons)
                if because:
                    reasons[partition] = f"{because} may change"
        if reasons:
            stale[asset] = reasons
    return stale


def _touched(
    recipe: Recipe,
    partition: str,
    stale: Mapping[str, Mapping[str, str]],
    own: Mapping[str, str],
) -> str | None:
    """The upstream asset that is made in this run and that the partition reads, if any."""
    for upstream in recipe.upstream.values():
        made = own if upstream.asset == recipe.asset else stale.get(upstream.asset, {})
        if isinstance(upstream, Months):
            window = months_between(
                add_months(partition, -upstream.back), add_months(partition, upstream.ahead)
            )
            if any(month in made for month in window):
                return upstream.asset
        elif made:
            return upstream.asset
    return None


def _batches(
    recipes: Mapping[str, Recipe], stale: Mapping[str, Mapping[str, str]], last: str
) -> tuple[Batch, ...]:
    # Labels look ahead, so what lies upstream of them may go on for a month longer than the rest.
    longer = [asset for asset in stale if recipes[asset].monthly and max(stale[asset]) > last]
    ahead = [
        asset
        for asset in stale
        if asset in longer
        or (longer and not recipes[asset].upstream and not recipes[asset].monthly)
    ]
    rest = [asset for asset in stale if asset not in ahead]
    batches = []
    for group in (ahead, rest):
        months = [month for asset in group if recipes[asset].monthly for month in stale[asset]] or [
            last
        ]
        if group:
            batches.append(Batch(tuple(group), min(months), max(months)))
    return tuple(batches)

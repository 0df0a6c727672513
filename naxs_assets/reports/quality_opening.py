"""The quality report of a home: gathered, judged with its waivers, written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from naxs_assets.errors import ConfigurationError
from naxs_assets.lineage.publishing import Lineage
from naxs_assets.lineage.recipe import Recipe
from naxs_assets.market.pulling.opening import LiveHome
from naxs_assets.market.quality.registry import RULES
from naxs_assets.market.sources.base import Source
from naxs_assets.market.waivers import load_waivers
from naxs_assets.pages.frame import MarketLabel
from naxs_assets.reports.quality_files import write_report
from naxs_assets.reports.quality_gather import Gathered, gather
from naxs_assets.settings import Settings


def quality_report(
    settings: Settings,
    lineage: Lineage,
    recipes: Mapping[str, Recipe],
    source: Source,
    market: MarketLabel,
    day: date | None = None,
) -> tuple[Gathered, Path]:
    """Judge a home and write the report of ``day`` (None: the market's last day up to today).

    Returns what was gathered and the page. Raises ``ConfigurationError`` for a day that the market
    does not have, and ``NotMadeError`` when no month was judged yet.
    """
    first, last = source.coverage()
    last = min(last, settings.today())
    chosen = day or last
    if not first <= chosen <= last:
        raise ConfigurationError(
            f"the market goes from {first} to {last}, {chosen} is no day of it",
            where="--date",
            remedy="choose a day of the market",
        )
    gathered = gather(
        lineage,
        recipes,
        source,
        day=chosen,
        waivers=load_waivers(settings.home, list(RULES)),
        live=LiveHome.of(settings) if settings.market.source == "live" else None,
    )
    return gathered, write_report(gathered, market, settings.home)

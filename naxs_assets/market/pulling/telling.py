"""What a live home tells of its pulls: to the quality rules, and to the quality report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from naxs_assets.market.pulling.opening import LiveHome
from naxs_assets.market.pulling.parts import Part
from naxs_assets.market.pulling.reconciling import reconciliation
from naxs_assets.market.quality.tables import fetched_table
from naxs_assets.market.sources.base import Columns
from naxs_assets.market.sources.offers import PulledTable

LOOKED_BACK = timedelta(days=7)
"""How long what a pull changed, or how an upstream behaved, is worth telling."""

_FETCHED: Columns = {
    "date": pl.Date,
    "symbol": pl.String,
    "fetched_at": pl.Datetime("us", "UTC"),
}


def pulled_tables(home: LiveHome) -> dict[str, pl.DataFrame]:
    """What the rules of pulls judge.

    Recent restatements, when each day's bars were fetched, and the newest bars beside what another
    family told of them.
    """
    return {
        **reconciliation(home),
        "restatements": home.store.restatements(home.settings.clock() - LOOKED_BACK),
        "fetched": fetched_table(_fetched(home.store.parts())),
    }


def _fetched(parts: Sequence[Part]) -> pl.DataFrame:
    """date, symbol (null: the whole market) and fetched_at of the bars of whole days."""
    rows = [
        (part.wanted.first, None, part.fetched_at)
        for part in parts
        if part.table is PulledTable.DAY
    ]
    return pl.DataFrame(rows, schema=_FETCHED, orient="row")

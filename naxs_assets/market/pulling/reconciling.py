"""Two families side by side: the bars that stand, and what another one told of the same days."""

from __future__ import annotations

import polars as pl

from naxs_assets.market.pulling.confirming import standing_bars, with_family
from naxs_assets.market.pulling.finality import last_final_day
from naxs_assets.market.pulling.opening import LiveHome
from naxs_assets.market.pulling.parts import as_text
from naxs_assets.market.sources.offers import CONFIRMING, PulledTable

_KEY = ("date", "symbol")
_COMPARED = (*_KEY, "close", "volume", "amount")


def reconciliation(home: LiveHome) -> dict[str, pl.DataFrame]:
    """The tables ``sample`` and ``second_sample`` of the rule ``recon``, of the newest sessions.

    Columns date, symbol, close (CNY), volume (shares) and amount (CNY), sorted by key. ``sample``
    holds the bars of the universe that stand, ``second_sample`` the newest answer of another family
    for each of them; days that nobody confirmed are in the first alone, and so are bars that were
    restated since they were confirmed.
    """
    sessions = home.sessions(home.live.first, last_final_day(home.settings.clock()))
    standing = standing_bars(home.store, home.ranks(PulledTable.HISTORY), sessions, home.lives())
    # A day that comes twice in one part is dirty: other rules tell of it.
    standing = standing.unique(_KEY, keep="first", maintain_order=True)
    second = _confirming(home, standing).join(
        standing.select(*_KEY, standing="family"), on=_KEY, how="inner"
    )
    newest = (
        _not_restated_since(home, second)
        .filter(pl.col("family") != pl.col("standing"))
        .filter(pl.col("part") == pl.col("part").max().over(_KEY))
        .unique(_KEY, keep="first", maintain_order=True)
        .sort(_KEY)
    )
    return {"sample": standing.select(_COMPARED), "second_sample": newest.select(_COMPARED)}


def _confirming(home: LiveHome, standing: pl.DataFrame) -> pl.DataFrame:
    """The rows of confirming parts for the days of ``standing``, with ``part`` and ``family``."""
    days = standing.get_column("date")
    parts = home.store.parts(*CONFIRMING) if len(days) else []
    first, last = days.min(), days.max()
    touching = [p for p in parts if p.wanted.first <= last and p.wanted.last >= first]  # type: ignore[operator]
    rows = home.store.rows_of(PulledTable.CONFIRMING_HISTORY, touching)
    return with_family(rows, touching)


def _not_restated_since(home: LiveHome, confirming: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``confirming`` that are newer than what was restated of their bar."""
    fetched = pl.DataFrame(
        [(part.id, as_text(part.fetched_at)) for part in home.store.parts(*CONFIRMING)],
        schema={"part": pl.Int64, "fetched_at": pl.String},
        orient="row",
    )
    restated = (
        home.store.restatements()
        .filter(table="bars")
        .group_by(_KEY)
        .agg(restated_at=pl.col("seen_at").max())
    )
    return (
        confirming.join(fetched, on="part", how="left", maintain_order="left")
        .join(restated, on=_KEY, how="left", maintain_order="left")
        .filter((pl.col("restated_at") <= pl.col("fetched_at")).fill_null(value=True))
        .drop("fetched_at", "restated_at")
    )

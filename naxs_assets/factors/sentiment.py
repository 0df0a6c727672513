"""The decayed mean sentiment of a symbol's news, as known at each day's cut-off."""

from __future__ import annotations

from datetime import time
from math import ceil

import numpy as np
import numpy.typing as npt
import polars as pl

from naxs_assets.factors.lexicon import Scorer
from naxs_assets.settings import SHANGHAI

HALF_LIVES = 10
"""Older news has less than a thousandth of its weight left, and does not count: so that a value
depends on no news beyond its look-back."""

_SHORTEST_MONTH = 28
_DAY = 24 * 3_600 * 1_000_000
"""In microseconds."""


def months_of_news(half_life: float) -> int:
    """How many months before a day's own are sure to hold its look-back; ``half_life`` in days."""
    return ceil(HALF_LIVES * half_life / _SHORTEST_MONTH)


def decayed_sentiment(
    rows: pl.DataFrame, news: pl.DataFrame, scorer: Scorer, *, half_life: float, cut_off: time
) -> pl.Series:
    """The mean of the scores of each row's news, each weighted by 2 ** -(age / half_life).

    ``rows`` have date and symbol; ``news`` is of the contract ``NEWS``. News counts on a day when
    it was available before ``cut_off`` (Shanghai) of that day, at most ``HALF_LIVES`` half-lives
    earlier; its age is the time between, in days of 24 hours, closed days included. Float32, in
    the order of ``rows``; null where there is no such news.
    """
    dates, symbols = (rows[name].unique().sort() for name in ("date", "symbol"))
    cut_offs = _instants(dates.dt.combine(cut_off).dt.replace_time_zone(str(SHANGHAI)))
    news = news.filter(pl.col("symbol").is_in(symbols.implode())).sort("available_at", "id")
    available = _instants(news["available_at"])
    scores = np.asarray(scorer(news["title"].to_list()), np.float64)
    first = np.searchsorted(cut_offs, available, side="right")
    reach = round(HALF_LIVES * half_life * _DAY)
    counts = np.searchsorted(cut_offs, available + reach, side="right") - first
    item = np.repeat(np.arange(news.height), counts)
    # The places first, first + 1, ... of every item, one after the other.
    place = np.arange(len(item)) - np.repeat(np.cumsum(counts) - counts - first, counts)
    weight = np.exp2(-(cut_offs[place] - available[item]) / (half_life * _DAY))

    # Summed in the order of time within each cell, so that the bits depend on its own news alone.
    cell = symbols.search_sorted(news["symbol"]).to_numpy()[item] * len(dates) + place
    order = np.argsort(cell, kind="stable")
    cells, starts = np.unique(cell[order], return_index=True)
    means = np.full(len(symbols) * len(dates), np.nan, np.float32)
    if len(cells):
        weighted = np.add.reduceat((weight * scores[item])[order], starts)
        means[cells] = weighted / np.add.reduceat(weight[order], starts)
    wanted = symbols.search_sorted(rows["symbol"]).to_numpy().astype(np.int64) * len(dates)
    wanted += dates.search_sorted(rows["date"]).to_numpy()
    return pl.Series(means[wanted]).fill_nan(None)


def _instants(times: pl.Series) -> npt.NDArray[np.int64]:
    """Microseconds since the epoch."""
    return times.dt.epoch("us").to_numpy()

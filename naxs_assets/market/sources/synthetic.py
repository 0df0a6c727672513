"""The synthetic market as a source: complete, clean, and labelled as what it is."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import polars as pl

from naxs_assets.market.sources.base import DeclaredGaps, FactorPolicy
from naxs_assets.market.synthetic import VERSION, Panel, SyntheticMarket, generate
from naxs_assets.settings import SHANGHAI


@lru_cache(maxsize=1)
def _panel(market: SyntheticMarket) -> Panel:
    """Return the generated market; one is kept, for every asset of a run reads the same."""
    return generate(market)


class SyntheticSource:
    """Serves a synthetic market; it is generated at the first read and kept in memory."""

    name = "synthetic"
    gaps = DeclaredGaps()
    factor_policy = FactorPolicy.KEEP

    def __init__(self, market: SyntheticMarket) -> None:
        self.market = market

    def identity(self) -> dict[str, str | int | float | bool]:
        """What fixes the bars. The end is no part of it: a longer market starts with the same."""
        return {
            "seed": self.market.seed,
            "version": VERSION,
            "names": self.market.names,
            "first": self.market.first.isoformat(),
        }

    def provenance(self) -> dict[str, str]:
        """Return the generator's version: no file is read."""
        return {"synthetic": f"version {VERSION}"}

    def coverage(self) -> tuple[date, date]:
        """Return the market's first and last day as declared."""
        return self.market.first, self.market.last

    def open_days(self) -> pl.Series:
        """Return the market's trading days."""
        return _panel(self.market).open_days()

    def instruments(self) -> pl.DataFrame:
        """Return every instrument listed up to the market's last day.

        ``delist_date`` is the last trading day, null while still listed on the market's last day.
        """
        return _panel(self.market).instruments.sort("symbol")

    def index_members(self) -> pl.DataFrame:
        """Return the index's membership as announced up to the market's last day.

        The first day's members have no announcement; announced changes may lie ahead.
        """
        return _panel(self.market).index_members

    def bars(self, first: date, last: date) -> pl.DataFrame:
        """Return the bars of ``first`` to ``last``, sorted by date and symbol."""
        return _panel(self.market).bars(first, last)

    def index_bars(self, first: date, last: date) -> pl.DataFrame:
        """Return the index bars of ``first`` to ``last``, sorted by date."""
        return _panel(self.market).index_bars(first, last)

    def corporate_actions(self) -> pl.DataFrame:
        """Return the distributions up to the market's last day."""
        return _panel(self.market).corporate_actions

    def industry(self) -> pl.DataFrame:
        """Return each instrument's industry, the same from its listing on."""
        return _panel(self.market).industry

    def fundamentals(self, first: date, last: date) -> pl.DataFrame:
        """Return the figures that became available on the days given."""
        return _available(_panel(self.market).fundamentals, first, last)

    def news(self, first: date, last: date) -> pl.DataFrame:
        """Return the news that became available on the days given."""
        return _available(_panel(self.market).news, first, last)


def _available(frame: pl.DataFrame, first: date, last: date) -> pl.DataFrame:
    day = pl.col("available_at").dt.convert_time_zone(str(SHANGHAI)).dt.date()
    return frame.filter(day.is_between(first, last))

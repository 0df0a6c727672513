"""The market that the loopback upstream serves: plain frames in canonical units."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Self

import polars as pl

from naxs_assets.market.sources.base import Source
from naxs_assets.market.sources.synthetic import SyntheticSource
from naxs_assets.market.synthetic import SyntheticMarket
from naxs_tests.upstream import derived


@dataclass(frozen=True)
class UpstreamMarket:
    """Frames in the columns of ``sources.base``: CNY unadjusted, shares, ratios, Shanghai days.

    ``bars`` are ``RAW_BARS`` with ``turnover``, a ratio; ``factors`` are (symbol, ex_date, factor),
    each cumulative factor from the day on which it applies; ``weights`` are (index, symbol, date,
    weight), on every day on which the index published them.
    """

    bars: pl.DataFrame
    instruments: pl.DataFrame
    members: pl.DataFrame
    weights: pl.DataFrame
    index_bars: pl.DataFrame
    factors: pl.DataFrame
    corporate_actions: pl.DataFrame
    industry: pl.DataFrame
    fundamentals: pl.DataFrame
    news: pl.DataFrame
    open_days: pl.Series

    @classmethod
    def of(cls, market: SyntheticMarket | Source) -> Self:
        """The synthetic market, or what a source offers, with the rest derived from it."""
        source = SyntheticSource(market) if isinstance(market, SyntheticMarket) else market
        first, last = source.coverage()
        bars = derived.with_turnover(source.bars(first, last))
        instruments = source.instruments()
        members = source.index_members()
        return cls(
            bars=bars,
            instruments=instruments,
            members=members,
            weights=derived.weights(members, bars),
            index_bars=source.index_bars(first, last),
            factors=derived.factors(bars),
            corporate_actions=derived.corporate_actions(bars),
            industry=derived.industry(instruments),
            fundamentals=derived.fundamentals(bars, instruments),
            news=derived.news(bars),
            open_days=source.open_days(),
        )

    @cached_property
    def bars_by_symbol(self) -> dict[str, pl.DataFrame]:
        """Each symbol's bars, by date."""
        parts = self.bars.sort("symbol", "date").partition_by("symbol", as_dict=True)
        return {str(symbol): part for (symbol,), part in parts.items()}

    def restated(self, symbol: str, day: date, **values: float) -> Self:
        """The same market with other values in one bar, as after a vendor's late correction."""
        chosen = (pl.col("symbol") == symbol) & (pl.col("date") == day)
        if self.bars.filter(chosen).height != 1:
            raise KeyError(f"{symbol} has no bar on {day}")
        changed = self.bars.with_columns(
            pl.when(chosen).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
            for name, value in values.items()
        )
        return replace(self, bars=changed.cast(dict(self.bars.schema)))

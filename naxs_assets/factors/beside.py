"""What stands beside the prices of a feature set: the universe of each day, and industries.

Operators across the symbols of a day look at the members of a universe, and may demean within
industries. Both are joined to the rows of prices here, point in time, as columns that
:mod:`naxs_assets.factors.panel` reads.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from naxs_assets.catalog.models import FeatureSet, Universe
from naxs_assets.errors import ConfigurationError
from naxs_assets.factors.features import CompiledFeatures
from naxs_assets.factors.panel import INDUSTRY_FIELDS, MEMBER, industry_column
from naxs_assets.factors.plan import needs_universe


@dataclass(frozen=True)
class Beside:
    """Which tables a feature set reads beside the prices.

    ``universe`` is None where no operator looks across the symbols of a day. ``members`` and
    ``industry`` tell whether the tables market/index_members and market/industry are needed.
    """

    universe: Universe | None
    members: bool
    industry: bool

    def add(
        self, prices: pl.DataFrame, members: pl.DataFrame | None, industry: pl.DataFrame | None
    ) -> pl.DataFrame:
        """``prices`` with the columns that this set needs; the rows and their order stay.

        ``members`` and ``industry`` are the tables of those names, None where not needed.
        """
        if self.universe is not None and members is not None:
            prices = with_membership(prices, self.universe, members)
        if industry is not None:
            prices = with_industries(prices, industry)
        return prices


def beside(
    feature_set: FeatureSet, compiled: CompiledFeatures, universe: Universe | None
) -> Beside:
    """What ``feature_set`` reads beside the prices; ``universe`` is the one it names.

    Raises :class:`ConfigurationError` when an operator looks across the symbols of a day and the
    set names no universe: among whom a symbol is ranked is part of what a feature means.
    """
    across = [name for name, each in compiled.expressions.items() if needs_universe(each.root)]
    if not across:
        return Beside(None, members=False, industry=False)
    if universe is None:
        raise ConfigurationError(
            f"feature {across[0]} looks across the symbols of a day, and the set does not say "
            "which",
            where=f"features/{feature_set.name}.yaml",
            remedy="add the key universe, such as universe: csi300, or universe: all for every "
            "symbol with a row on the day",
        )
    return Beside(
        universe,
        members=universe.kind == "index",
        industry=bool(set(compiled.fields) & set(INDUSTRY_FIELDS)),
    )


def members_on(universe: Universe, members: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """The (date, symbol) rows of ``rows`` whose symbol is in the universe on its date.

    ``members`` has index, symbol, effective_from and effective_to (last day inclusive, null
    while still a member); a membership counts from the day it takes effect.
    """
    if universe.kind == "all":
        return rows.select("date", "symbol")
    intervals = members.filter(pl.col("index") == universe.index)
    inside = (pl.col("date") >= pl.col("effective_from")) & (
        pl.col("effective_to").is_null() | (pl.col("date") <= pl.col("effective_to"))
    )
    return (
        rows.select("date", "symbol")
        .join(intervals.select("symbol", "effective_from", "effective_to"), on="symbol")
        .filter(inside)
        .select("date", "symbol")
        .unique()
    )


def with_membership(
    prices: pl.DataFrame, universe: Universe, members: pl.DataFrame
) -> pl.DataFrame:
    """``prices`` with the column ``MEMBER``; ``members`` as for :func:`members_on`."""
    listed = members_on(universe, members, prices).with_columns(pl.lit(True).alias(MEMBER))
    return prices.join(
        listed, on=["date", "symbol"], how="left", maintain_order="left"
    ).with_columns(pl.col(MEMBER).fill_null(False))


def with_industries(prices: pl.DataFrame, industry: pl.DataFrame) -> pl.DataFrame:
    """``prices`` with one column of industry numbers for each level, as known on each row's date.

    ``industry`` is a table of contract ``INDUSTRY``. Where it does not know a level of a symbol,
    the next coarser one that it knows stands in. The numbers only tell industries apart.
    """
    codes = industry.select("level", "code").unique().sort("level", "code")
    numbered = industry.join(codes.with_row_index("number"), on=["level", "code"])
    found = prices.with_row_index("row").sort("date")
    coarser = pl.lit(None, pl.Float32)
    for level in range(1, len(INDUSTRY_FIELDS) + 1):
        column = industry_column(level)
        of_level = numbered.filter(level=level).select(
            "symbol", "start_date", pl.col("number").cast(pl.Float32).alias(column)
        )
        found = found.join_asof(
            of_level.sort("start_date"),
            left_on="date",
            right_on="start_date",
            by="symbol",
            strategy="backward",
            check_sortedness=False,
        ).with_columns(pl.coalesce(column, coarser))
        found = found.drop("start_date", strict=False)
        coarser = pl.col(column)
    return found.sort("row").drop("row")

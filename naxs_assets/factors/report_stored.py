"""The factor report of features as they are stored, beside stored labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from naxs_assets.catalog.models import Universe
from naxs_assets.factors.beside import members_on
from naxs_assets.factors.report import Column, FactorReport, factor_report
from naxs_assets.factors.report_sections import Sections, sections, within_industries

_KEYS = ("date", "symbol", "day")


@dataclass(frozen=True)
class StoredMonth:
    """One month of a feature set, with the prices of the same month."""

    features: pl.DataFrame
    prices: pl.DataFrame

    def inside(self, universe: Universe, members: pl.DataFrame | None) -> pl.DataFrame:
        """The features of the universe's rows, as a bench sees them: none that is quarantined."""
        trusted = self.prices.filter(pl.col("quarantined_by").is_null())
        if universe.kind == "index" and members is not None:
            trusted = members_on(universe, members, trusted)
        keys = trusted.select("date", "symbol")
        return self.features.join(keys, on=["date", "symbol"], how="semi", maintain_order="left")


def report_on_stored(
    months: Iterable[StoredMonth],
    names: Sequence[str],
    labels: pl.DataFrame,
    universe: Universe,
    members: pl.DataFrame | None,
    industry: pl.DataFrame | None,
    overlap: int,
) -> tuple[FactorReport, Sections]:
    """Judge the features ``names`` of consecutive ``months``, and tell the rows that were seen.

    ``labels`` has symbol, day and label, also of the days after the months. ``members`` is
    market/index_members for a universe of an index; ``industry`` is market/industry, None where
    it is not known. Raises :class:`DataError` when no symbol of the universe has a row.
    """
    # Only the universe of each month is held: of a whole market that is a small part.
    parts = [month.inside(universe, members) for month in months]
    cut = sections(pl.concat(part.select(_KEYS) for part in parts), labels)
    within = None if industry is None else within_industries(cut, industry)
    return factor_report(_columns(parts, names), cut, within, overlap), cut


def _columns(parts: Sequence[pl.DataFrame], names: Sequence[str]) -> Iterator[tuple[str, Column]]:
    for name in names:
        column = pl.concat([part[name] for part in parts]).fill_null(np.nan)
        yield name, column.to_numpy()

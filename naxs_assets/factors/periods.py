"""Figures of a period, such as a quarter's return on equity, as they are known on each day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import polars as pl

from naxs_assets.errors import ConfigurationError
from naxs_assets.factors.panel import Matrix, Panel
from naxs_assets.factors.tree import PeriodField


def with_periods(panel: Panel, figures: Mapping[str, pl.DataFrame]) -> Panel:
    """``panel`` with the period fields that P and PRef read, by name (without ``$$``).

    Each table has symbol, date (on which a figure became known), period (201903 the third quarter
    of 2019, or 2019) and value; a later row of the same period revises it.
    """
    return replace(panel, periods=MappingProxyType(dict(figures)))


def known_figures(panel: Panel, field: PeriodField) -> Matrix:
    """What is known of ``field`` on each day of the panel, (days x symbols), NaN where nothing is.

    A figure is known from its own date on, as in ``qlib/data/pit.py`` 0.9.7: of the latest period
    of which anything is known, or of the period that the field names, what was said last.
    Raises :class:`ConfigurationError` where the panel has no such figures.
    """
    if field.name not in panel.periods:
        raise ConfigurationError(
            f"the panel has no figures of $${field.name}",
            remedy=f'give them by with_periods(panel, {{"{field.name}": figures}})',
        )
    told = panel.periods[field.name].sort("date", maintain_order=True)
    newest = pl.col("period") == pl.col("period").cum_max().over("symbol")
    told = told.filter(newest if field.period is None else pl.col("period") == field.period)
    found = np.full(panel.present.shape, np.nan, np.float32)
    for (symbol,), rows in told.group_by("symbol"):
        if symbol in panel.symbols:
            dates = rows["date"].to_numpy()
            last = np.searchsorted(dates, panel.dates, side="right") - 1
            known = (last >= 0) & ~np.isnat(panel.dates)
            values = rows["value"].cast(pl.Float32).to_numpy()
            found[known, panel.symbols.index(symbol)] = values[last[known]]
    return found

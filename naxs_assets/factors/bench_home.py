"""A factor bench on the prices of a home."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TypeVar

import polars as pl

from naxs_assets.catalog.loading import load_catalogue
from naxs_assets.errors import ConfigurationError, DataError
from naxs_assets.factors.bench import FactorBench
from naxs_assets.factors.labels import compile_label
from naxs_assets.factors.panel import FIELDS
from naxs_assets.factors.user_operators import languages_with
from naxs_assets.lineage.home import open_lineage
from naxs_assets.settings import Settings, load_settings

Entry = TypeVar("Entry")

_KEYS = ("date", "symbol", "day", "is_suspended", "quarantined_by")
# What a label asks of the bar that it is entered at.
_LIMITS = ("is_st", "limit_up")


def chosen(entries: Mapping[str, Entry], name: str, kind: str, option: str) -> Entry:
    """The entry of the catalogue called ``name``. Raises ConfigurationError naming the known."""
    if name not in entries:
        raise ConfigurationError(
            f"there is no {kind} {name!r}",
            where=option,
            remedy=f"known: {', '.join(sorted(entries))}",
        )
    return entries[name]


def open_bench(
    settings: Settings, universe: str, label: str, first: date | None, last: date | None
) -> FactorBench:
    """A bench on what the home holds; every month is read, so that no look-back is cut short.

    Raises :class:`ConfigurationError` for an unknown universe or label, :class:`DataError` where
    no prices have been made.
    """
    catalogue = load_catalogue(settings.home)
    looked_at = chosen(catalogue.universes, universe, "universe", "--universe")
    target = chosen(catalogue.labels, label, "label", "--label")
    languages = languages_with(catalogue.operators)
    lineage = open_lineage(settings)
    months = lineage.reader("market/prices").current()
    if not months:
        raise DataError(
            "no prices have been made",
            where="market/prices",
            remedy="make them with naxs run, which adds what a strategy needs",
        )
    read = {*_KEYS, *_LIMITS, *(column for source in FIELDS.values() for column in source.columns)}
    prices = pl.concat([_columns(handle.frame(), read) for handle in months])
    dates = prices["date"].sort()
    industry = lineage.reader("market/industry").whole()
    members = lineage.reader("market/index_members").whole()
    return FactorBench(
        prices,
        looked_at,
        compile_label(target.expression, languages[target.mode]),
        first or dates[0],
        last or dates[-1],
        members.frame() if looked_at.kind == "index" else None,
        industry.frame() if industry else None,
        languages,
    )


def _columns(frame: pl.DataFrame, read: set[str]) -> pl.DataFrame:
    return frame.select(name for name in frame.columns if name in read)


def factor_bench(
    universe: str = "csi300",
    first: str | None = None,
    last: str | None = None,
    *,
    label: str = "next_day",
    home: Path | None = None,
) -> FactorBench:
    """A bench for a notebook: it judges expressions on the home's prices, kept in memory.

    ``universe`` and ``label`` are names of the catalogue; ``first`` and ``last`` are days
    (``YYYY-MM-DD``, both included; None is the first and the last there is). ``home`` is None for
    the home that the environment names. Raises as :func:`open_bench`.
    """
    days = (date.fromisoformat(day) if day else None for day in (first, last))
    return open_bench(load_settings(home), universe, label, *days)

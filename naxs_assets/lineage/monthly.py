"""What an asset hands over: results that come one partition at a time, each with what it read.

An asset's function is a generator. It is given the partitions that must be made, lazily: asking
for the next one happens after the previous one was published, so that a sequential asset (a
backtest that starts from the month before) is asked for exactly the months that became stale.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from naxs_assets.errors import DataError
from naxs_assets.lineage.reader import FactHandle, Handle
from naxs_assets.lineage.recipe import Recipe


@dataclass(frozen=True)
class Made:
    """One finished partition: its value, and the handles of what was read for it."""

    partition: str
    value: pl.DataFrame | str
    made_from: tuple[Handle | FactHandle, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Refused:
    """A partition that could not be made; the others go on, and the run fails naming it.

    ``rows`` is what it would have been made from: kept beside the good version, never current, with
    ``metadata`` for people.
    """

    partition: str
    error: DataError
    rows: pl.DataFrame | None = None
    key: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)


Make = Callable[[Iterator[str]], Iterator[Made | Refused]]


@dataclass(frozen=True)
class Monthly:
    """The results of one asset, drained partition by partition by the publisher."""

    recipe: Recipe
    make: Make

"""What fixes a synthetic market, and the documented signals planted in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from naxs_assets.errors import ConfigurationError

VERSION = 2
"""Raised whenever the same parameters would give other bars."""

INDEX_SYMBOL = "000300.SH"

REVERSAL_SIGNAL = -0.030
"""Mean of the next day's idiosyncratic return, in its own sigma, for each unit of z(5-day
idiosyncratic return)."""

TURNOVER_SIGNAL = -0.025
"""The same for each unit of z(log turnover relative to the name's own normal level)."""

NEWS_SIGNAL = 0.020
"""The same for each unit of z(decayed sentiment of the news published before the close)."""

NEWS_MEMORY = 0.8
"""What is left of yesterday's sentiment today."""

MOST_NAMES = 6000
EARLIEST = date(1992, 1, 2)
_LARGEST_SEED = 2**63 - 1


@dataclass(frozen=True)
class SyntheticMarket:
    """A market of ``names`` listing places from ``first`` to ``last`` (both inclusive).

    A place holds one instrument at a time: about 8 % are empty on the first day, and a place
    that a delisting frees waits for a new listing. ``last`` never changes a day before it;
    ``seed``, ``names``, ``first`` and ``VERSION`` fix all bars.

    Raises ``ConfigurationError`` for parameters that cannot be a market.
    """

    seed: int
    names: int
    first: date
    last: date

    def __post_init__(self) -> None:
        faults = []
        if not 0 <= self.seed <= _LARGEST_SEED:
            faults.append(f"seed {self.seed} is not within 0..2**63-1")
        if not 1 <= self.names <= MOST_NAMES:
            faults.append(f"names {self.names} is not within 1..{MOST_NAMES}")
        if self.first < EARLIEST:
            faults.append(f"first {self.first} lies before {EARLIEST}")
        if self.last < self.first:
            faults.append(f"last {self.last} lies before first {self.first}")
        if faults:
            raise ConfigurationError(
                "; ".join(faults),
                where="parameters of the synthetic market",
                remedy="correct the seed, the number of names or the dates",
            )

    @property
    def index_size(self) -> int:
        """Members of the index: 300, or four fifths of the names when that is less (at least 1)."""
        return min(300, max(1, self.names * 4 // 5))

    def stream(self, day: int) -> np.random.Generator:
        """Return the random numbers of one absolute trading day; -1 is the opening state's."""
        return self._numbers(day + 1)

    def own_stream(self, instrument: int) -> np.random.Generator:
        """Return the random numbers of one instrument's publications."""
        return self._numbers((1 << 31) + instrument)

    def _numbers(self, stream: int) -> np.random.Generator:
        key = np.array([self.seed, (VERSION << 32) | stream], dtype=np.uint64)
        return np.random.Generator(np.random.Philox(key=key))

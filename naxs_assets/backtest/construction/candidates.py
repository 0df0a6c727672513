"""What a portfolio rule is told, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from naxs_assets.errors import DataError

Floats = npt.NDArray[np.float64]

SUM_TOLERANCE = 1e-6
"""How far a benchmark's weights may be from 1, as they are published rounded."""


@dataclass(frozen=True)
class Candidates:
    """What is known at the close of ``date``, the trading day before a rebalance day.

    Names stand in order of their symbols. ``scores`` (names,): NaN is no score; only a name with a
    finite score may be bought. ``returns`` (days, names): adjusted daily returns up to that close,
    NaN where unknown. ``industries``: code of the industry, None where unknown. ``sizes`` (names,):
    CNY, market capitalisation or a stated proxy, NaN where unknown; None where nothing is known.
    ``benchmark`` (names,): weights that sum to 1, or zeros. ``held`` (names,): weights held at that
    close, ratios of nav.

    Raises :class:`DataError` where shapes, symbols, ``benchmark`` or ``held`` are not as said.
    """

    date: date
    symbols: tuple[str, ...]
    scores: Floats
    returns: Floats
    industries: tuple[str | None, ...]
    sizes: Floats | None
    benchmark: Floats
    held: Floats

    def __post_init__(self) -> None:
        problem = self._shape_problem() or self._weight_problem()
        if problem:
            raise DataError(
                problem,
                where=f"portfolio candidates of {self.date}",
                remedy="lay every field out by the same symbols, in order",
            )

    def _shape_problem(self) -> str:
        names = len(self.symbols)
        if list(self.symbols) != sorted(set(self.symbols)):
            return "symbols are not in order, each once"
        if len(self.industries) != names:
            return f"industries are of {len(self.industries)} names, not of {names}"
        if self.returns.ndim != 2 or self.returns.shape[1] != names:
            return f"returns have the shape {self.returns.shape}, not (days, {names})"
        for field in ("scores", "sizes", "benchmark", "held"):
            values = getattr(self, field)
            if values is not None and values.shape != (names,):
                return f"{field} have the shape {values.shape}, not ({names},)"
        return ""

    def _weight_problem(self) -> str:
        for field in ("benchmark", "held"):
            values = getattr(self, field)
            wrong = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
            if wrong.size:
                first = int(wrong[0])
                return f"{field} of {self.symbols[first]} is {values[first]!r}, not a weight"
        total = float(self.benchmark.sum())
        if total and abs(total - 1) > SUM_TOLERANCE:
            return f"benchmark weights sum to {total:.9g}, neither to 1 nor to 0"
        return ""

    @property
    def scored(self) -> npt.NDArray[np.bool_]:
        """Which names have a score (names,). Raises :class:`DataError` when none has."""
        known = np.isfinite(self.scores)
        if not known.any():
            raise DataError(
                "no name has a score",
                where=f"portfolio candidates of {self.date}",
                remedy="rebalance only on days whose day before has scores",
            )
        return known

    @property
    def has_benchmark(self) -> bool:
        """Whether weights of a benchmark are known."""
        return bool(self.benchmark.any())


WeightRule = Callable[[Candidates], Floats]
"""From candidates to target weights (names,): ratios of nav, at least 0, at most 1 in sum."""

"""Candidates for tests: small ones by hand, larger ones by a seed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np

from naxs_assets.backtest.construction import Candidates, Floats

DAY = date(2024, 1, 31)


def candidates(scores: Sequence[float] | Floats, **fields: Any) -> Candidates:
    """Names 600000.SH, 600001.SH, ... with these scores, and nothing known but ``fields``."""
    names = len(scores)
    known: dict[str, Any] = {
        "date": DAY,
        "symbols": tuple(f"{600000 + at}.SH" for at in range(names)),
        "scores": np.asarray(scores, np.float64),
        "returns": np.empty((0, names)),
        "industries": (None,) * names,
        "sizes": None,
        "benchmark": np.zeros(names),
        "held": np.zeros(names),
    }
    return Candidates(**(known | fields))


def a_market(names: int, days: int, seed: int = 0, **fields: Any) -> Candidates:
    """Returns of one market factor and noise, with gaps; scores, industries, sizes, an index."""
    random = np.random.default_rng(seed)
    returns = random.normal(0, 0.02, (days, names)) + random.normal(0, 0.01, (days, 1))
    returns[random.uniform(size=returns.shape) < 0.02] = np.nan
    benchmark = random.lognormal(size=names)
    held = np.where(random.uniform(size=names) < 0.3, random.uniform(size=names), 0.0)
    held[0] += 0.1
    known: dict[str, Any] = {
        "returns": returns,
        "industries": tuple(f"I{at:02}" for at in random.integers(0, max(2, names // 10), names)),
        "sizes": random.lognormal(24, 1, names),
        "benchmark": benchmark / benchmark.sum(),
        "held": held * (0.95 / held.sum()),
    }
    return candidates(list(random.normal(0, 0.003, names)), **(known | fields))

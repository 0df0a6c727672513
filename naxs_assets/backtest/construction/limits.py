"""The constraints on weights, each by the name of the setting that a researcher gave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from naxs_assets.backtest.construction.candidates import Candidates, Floats
from naxs_assets.errors import DataError

if TYPE_CHECKING:
    import cvxpy as cp

UNKNOWN_INDUSTRY = "unknown"


@dataclass(frozen=True, eq=False)
class Limit:
    """``usage``, convex in the weights, is nowhere above ``bound``; a row of it is about ``rows``.

    ``setting`` is the name and ``bound`` the value of what a researcher set.
    """

    setting: str
    bound: float
    usage: cp.Expression
    rows: tuple[str, ...] = ()


def name_cap(weights: cp.Variable, cap: float, candidates: Candidates) -> Limit:
    """No name above ``cap``."""
    return Limit("name_cap", cap, weights, candidates.symbols)


def name_deviation(
    weights: cp.Variable, deviation: float, candidates: Candidates, invested: float, most: Floats
) -> Limit:
    """No name further than ``deviation`` from the benchmark's weight, times ``invested``.

    A name is not obliged to more than ``most`` (names,), what it may have.
    """
    import cvxpy as cp

    target = invested * candidates.benchmark
    over = weights - target
    under = np.minimum(target, most + deviation) - weights
    return Limit("name_deviation", deviation, cp.hstack([over, under]), 2 * candidates.symbols)


def industry_cap(weights: cp.Variable, cap: float, candidates: Candidates) -> Limit:
    """No industry above ``cap``; names of no known industry are one industry."""
    industries, members = _industries(candidates)
    return Limit("industry_cap", cap, members @ weights, industries)


def shared_limits(
    weights: cp.Variable,
    candidates: Candidates,
    *,
    invested: float,
    industry_deviation: float | None,
    size_deviation: float | None,
    turnover_cap: float | None,
) -> Iterator[Limit]:
    """The limits that both optimisations have; None is no limit.

    Raises :class:`DataError` where a limit needs a benchmark or sizes and there are none.
    """
    import cvxpy as cp

    target = invested * candidates.benchmark
    if industry_deviation is not None:
        _require(candidates, candidates.has_benchmark, "industry_deviation", "a benchmark")
        industries, members = _industries(candidates)
        deviation = cp.abs(members @ (weights - target))
        yield Limit("industry_deviation", industry_deviation, deviation, industries)
    if size_deviation is not None:
        _require(candidates, candidates.sizes is not None, "size_deviation", "sizes")
        exposure = cp.abs(size_exposures(candidates) @ (weights - target))
        yield Limit("size_deviation", size_deviation, exposure)
    if turnover_cap is not None:
        flow = abs(invested - float(candidates.held.sum()))
        traded = cp.sum(cp.abs(weights - candidates.held))
        yield Limit("turnover_cap", turnover_cap, (traded - flow) / 2)


def size_exposures(candidates: Candidates) -> Floats:
    """Standard deviations (ddof 1) that the logarithm of a size is above the candidates' mean.

    0 where the size is unknown or not above 0, and everywhere where sizes have no spread.
    """
    exposures = np.zeros(len(candidates.symbols))
    if candidates.sizes is None:
        return exposures
    known = np.isfinite(candidates.sizes) & (candidates.sizes > 0)
    logs = np.log(candidates.sizes[known])
    if logs.size < 2 or logs.min() == logs.max():
        return exposures
    exposures[known] = (logs - logs.mean()) / logs.std(ddof=1)
    return exposures


def _industries(candidates: Candidates) -> tuple[tuple[str, ...], Floats]:
    """The industries in order, and which names are in each (industries, names)."""
    of_names = np.array([name or UNKNOWN_INDUSTRY for name in candidates.industries])
    industries = np.unique(of_names)
    members = (industries[:, None] == of_names).astype(np.float64)
    return tuple(industries.tolist()), members


def _require(candidates: Candidates, known: bool, setting: str, what: str) -> None:
    if not known:
        raise DataError(
            f"{setting} needs {what}, and there is none",
            where=f"portfolio candidates of {candidates.date}",
            remedy=f"give {what}, or leave {setting} out",
        )

"""Solve for weights under limits, or tell which limit cannot hold and by how much."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from naxs_assets.backtest.construction.candidates import Candidates, Floats
from naxs_assets.backtest.construction.limits import Limit
from naxs_assets.backtest.construction.parts import whole_parts
from naxs_assets.errors import NaxsError

if TYPE_CHECKING:
    import cvxpy as cp

TOLERANCE = 1e-6
"""How far above its bound a limit's usage may be in what is returned."""

# One thread and one method of factorisation: the same bits everywhere the same packages run.
_CLARABEL = {
    "max_threads": 1,
    "direct_solve_method": "qdldl",
    "tol_gap_abs": 1e-10,
    "tol_gap_rel": 1e-10,
    "tol_feas": 1e-10,
    "reduced_tol_gap_abs": 1e-7,
    "reduced_tol_gap_rel": 1e-7,
    "reduced_tol_feas": 1e-7,
}

_SOLVED = ("optimal", "optimal_inaccurate")


class InfeasibleWeightsError(NaxsError):
    """No weights keep every constraint of a day; the message names which, and by how much."""


def solved(
    candidates: Candidates,
    weights: cp.Variable,
    objective: cp.Expression,
    limits: Sequence[Limit],
    *,
    invested: float,
    most: Floats,
) -> Floats:
    """The weights (names,) that maximise the concave ``objective`` within ``limits``.

    They are at least 0, at most ``most`` (names,), ``invested`` in sum, in whole billionths; limits
    hold to 1e-6. Raises :class:`InfeasibleWeightsError` where none do, and :class:`NaxsError` where
    the solver finds no answer.
    """
    import cvxpy as cp

    base = [weights >= 0, weights <= most, cp.sum(weights) == invested]
    problem = cp.Problem(
        cp.Maximize(objective), [*base, *(limit.usage <= limit.bound for limit in limits)]
    )
    status = _solve(problem)
    if status not in _SOLVED:
        raise _infeasible(candidates, base, limits, invested, most, status)
    cap = min((limit.bound for limit in limits if limit.setting == "name_cap"), default=1.0)
    found = np.clip(np.asarray(weights.value, np.float64), 0.0, np.minimum(most, cap))
    found = whole_parts(found * (invested / found.sum()), invested, cap)
    _check(candidates, weights, found, limits)
    return found


def _solve(problem: cp.Problem) -> str:
    """How the solver ended; the variables hold the solution where that is one of ``_SOLVED``."""
    import cvxpy as cp

    try:
        with warnings.catch_warnings():
            # What is returned is measured against every limit, whatever the solver thinks of it.
            warnings.filterwarnings("ignore", "Solution may be inaccurate")
            problem.solve(solver=cp.CLARABEL, **_CLARABEL)
    except cp.SolverError as error:
        return str(error)
    return str(problem.status)


def _unsolved(candidates: Candidates, told: str) -> NaxsError:
    return NaxsError(
        f"the optimiser found no answer: {told}",
        where=f"portfolio of {candidates.date}",
        remedy="look for extreme scores, returns or sizes, or for constraints that contradict",
    )


def _infeasible(
    candidates: Candidates,
    base: Sequence[cp.Constraint],
    limits: Sequence[Limit],
    invested: float,
    most: Floats,
    status: str,
) -> NaxsError:
    """Which single limit must give way and how far; where no single one suffices, which together.

    Every answer is the least relaxation: the other limits hold as they are. Where weights that keep
    every limit leave no room at all, the solver may end without a proof (its ``status``), and the
    least relaxation is next to nothing.
    """
    where = f"portfolio of {candidates.date}"
    if most.sum() < invested:
        return InfeasibleWeightsError(
            f"invested = {invested:g} cannot be reached: the {np.count_nonzero(most)} names that"
            f" may be held can have {most.sum():.6g} together",
            where=where,
            remedy="invest less, or score more names",
        )
    ways = []
    for relaxed in limits:
        needed = _relaxed(base, limits, [relaxed])
        if needed:
            ways.append(needed[0])
    told = "; or ".join(ways) or " and ".join(_relaxed(base, limits, limits))
    if not told:
        return _unsolved(candidates, status)
    return InfeasibleWeightsError(
        f"no weights keep every constraint: {told}",
        where=where,
        remedy="relax what is named that far in the strategy's portfolio section, or drop it",
    )


def _relaxed(
    base: Sequence[cp.Constraint],
    limits: Sequence[Limit],
    relaxed: Sequence[Limit],
) -> list[str]:
    """What each of the ``relaxed`` limits must be at least, none where that does not suffice."""
    import cvxpy as cp

    excess = cp.Variable(len(relaxed), nonneg=True)
    kept = [limit.usage <= limit.bound for limit in limits if limit not in relaxed]
    given = [limit.usage <= limit.bound + excess[at] for at, limit in enumerate(relaxed)]
    problem = cp.Problem(cp.Minimize(cp.sum(excess)), [*base, *kept, *given])
    if _solve(problem) not in _SOLVED:
        return []
    return [
        _needed(limit, float(over))
        for limit, over in zip(relaxed, np.asarray(excess.value), strict=True)
        if over > TOLERANCE or len(relaxed) == 1
    ]


def _needed(limit: Limit, excess: float) -> str:
    usage = np.atleast_1d(np.asarray(limit.usage.value, np.float64))
    row = f" ({limit.rows[int(usage.argmax())]})" if limit.rows else ""
    least = math.ceil((limit.bound + excess) * 1e6 - 1e-3) / 1e6
    return f"{limit.setting} = {limit.bound:g} would have to be {least:.6f} or more{row}"


def _check(
    candidates: Candidates, weights: cp.Variable, found: Floats, limits: Sequence[Limit]
) -> None:
    """Measure what is returned, since a solver answers within tolerances of its own."""
    weights.value = found
    for limit in limits:
        over = float(np.max(limit.usage.value)) - limit.bound
        if over > TOLERANCE:
            raise _unsolved(candidates, f"{limit.setting} is exceeded by {over:.2g}")

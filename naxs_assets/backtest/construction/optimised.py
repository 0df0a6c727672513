"""Weights by optimisation: scores against variance, and more score than an index near to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from naxs_assets.backtest.construction import limits
from naxs_assets.backtest.construction.candidates import Candidates, Floats
from naxs_assets.backtest.construction.risk import Risk, risk_of
from naxs_assets.backtest.construction.settings import IndexEnhancement, MeanVariance
from naxs_assets.backtest.construction.solving import solved
from naxs_assets.backtest.metrics import DAYS_A_YEAR
from naxs_assets.errors import DataError
from naxs_assets.learning.blas import one_blas_thread

if TYPE_CHECKING:
    import cvxpy as cp


def mean_variance_weights(candidates: Candidates, settings: MeanVariance) -> Floats:
    """The weights w that maximise ``scores @ w - risk_aversion * w @ covariance @ w``.

    Markowitz, H. (1952), "Portfolio Selection", Journal of Finance 7(1), in the form of Grinold and
    Kahn (2000), "Active Portfolio Management", chapter 4. Scores stand for expected daily returns,
    the covariance is that of daily returns (:func:`.risk.risk_of`).

    Long only, ``invested`` in sum, in whole billionths of nav, under the limits of ``settings``. A
    name without a score or without enough returns is not bought: it may stay up to what is held,
    and counts there as the lowest score.

    Returns weights (names,), ratios of nav. Raises :class:`InfeasibleWeightsError` naming the
    constraint that cannot hold, :class:`DataError` where no name has a score or enough returns, or
    a limit needs a benchmark or sizes that are not known.
    """
    import cvxpy as cp

    risk = risk_of(candidates, settings.minimum_days)
    scores, most = _scores(candidates), _most(candidates, risk)
    weights = cp.Variable(len(candidates.symbols))
    kept = [limits.name_cap(weights, settings.name_cap, candidates)]
    if settings.industry_cap is not None:
        kept.append(limits.industry_cap(weights, settings.industry_cap, candidates))
    kept.extend(_shared(weights, candidates, settings))
    variance = (risk.common**2).sum(axis=0) + risk.own
    # Of the size of 1, as the solver's tolerances are.
    scale = (np.abs(scores).max() + settings.risk_aversion * variance.max()) or 1.0
    gain = scores @ weights - settings.risk_aversion * cp.sum_squares(_deviation(risk, weights))
    return solved(candidates, weights, gain / scale, kept, invested=settings.invested, most=most)


def index_enhanced_weights(candidates: Candidates, settings: IndexEnhancement) -> Floats:
    """The weights w that maximise ``scores @ (w - benchmark)`` near the benchmark.

    Near is a bound on the ex-ante tracking error, the root of 252 (w - b) @ covariance @ (w - b),
    and the deviations of names, industries and size. Grinold and Kahn (2000), "Active Portfolio
    Management", chapters 5 and 14. What is in cash counts as active risk.

    Weights, names without a score, and errors as in :func:`mean_variance_weights`; a name that
    cannot be bought is not obliged to be near the benchmark's weight. Raises :class:`DataError`
    without a benchmark.
    """
    import cvxpy as cp

    if not candidates.has_benchmark:
        raise DataError(
            "index enhancement needs the weights of a benchmark",
            where=f"portfolio candidates of {candidates.date}",
            remedy="name an index whose members are known on that day",
        )
    risk = risk_of(candidates, settings.minimum_days)
    scores, most = _scores(candidates), _most(candidates, risk)
    scale = np.abs(scores).max() or 1.0
    weights = cp.Variable(len(candidates.symbols))
    active = weights - candidates.benchmark
    tracking_error = float(np.sqrt(DAYS_A_YEAR)) * cp.norm(_deviation(risk, active))
    kept = [limits.Limit("tracking_error", settings.tracking_error, tracking_error)]
    if settings.name_deviation is not None:
        kept.append(
            limits.name_deviation(
                weights, settings.name_deviation, candidates, settings.invested, most
            )
        )
    kept.extend(_shared(weights, candidates, settings))
    return solved(
        candidates,
        weights,
        (scores / scale) @ active,
        kept,
        invested=settings.invested,
        most=most,
    )


def _scores(candidates: Candidates) -> Floats:
    """The scores, the lowest where there is none, from their mean: the weights' sum is fixed."""
    scored = candidates.scored
    scores = np.where(scored, candidates.scores, candidates.scores[scored].min())
    centred: Floats = scores - scores[scored].mean()
    return centred


def _most(candidates: Candidates, risk: Risk) -> Floats:
    """What each name may have at most: 1, or what is held of one that may not be bought."""
    return np.where(candidates.scored & risk.known, 1.0, np.minimum(candidates.held, 1.0))


def _shared(
    weights: cp.Variable, candidates: Candidates, settings: MeanVariance | IndexEnhancement
) -> Iterator[limits.Limit]:
    return limits.shared_limits(
        weights,
        candidates,
        invested=settings.invested,
        industry_deviation=settings.industry_deviation,
        size_deviation=settings.size_deviation,
        turnover_cap=settings.turnover_cap,
    )


def _deviation(risk: Risk, weights: cp.Expression) -> cp.Expression:
    """A vector whose squares sum to the variance of ``weights``.

    Of its two forms the one in fewer numbers: the days and the names apart, or, where days are
    many, the root of the covariance.
    """
    import cvxpy as cp

    days, names = risk.common.shape
    if names > 2 * days:
        return cp.hstack([risk.common @ weights, cp.multiply(np.sqrt(risk.own), weights)])
    with one_blas_thread():
        root = np.linalg.cholesky(risk.covariance).T
    return root @ weights

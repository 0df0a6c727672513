"""The covariance of daily returns, shrunk, with what is unknown told apart.

Ledoit, O. and Wolf, M. (2004), "A well-conditioned estimator for large-dimensional covariance
matrices", Journal of Multivariate Analysis 88(2): the sample covariance S is pulled towards m I,
where m is the mean variance of the names, by the share s that minimises the expected squared error.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from naxs_assets.backtest.construction.candidates import Candidates, Floats
from naxs_assets.errors import DataError
from naxs_assets.learning.blas import one_blas_thread


@dataclass(frozen=True)
class Risk:
    """The covariance of daily returns, ``common.T @ common + diag(own)``.

    ``common`` (days, names) and ``own`` (names,) are in daily returns, and their squares.
    ``known`` (names,): whether a name has enough returns. ``shrinkage`` is s, from 0 to 1.
    """

    common: Floats
    own: Floats
    known: npt.NDArray[np.bool_]
    shrinkage: float

    @property
    def covariance(self) -> Floats:
        """The matrix (names, names), squares of daily returns."""
        return self.common.T @ self.common + np.diag(self.own)


def risk_of(candidates: Candidates, minimum_days: int) -> Risk:
    """The shrunk covariance of the candidates' returns.

    A name's returns are taken from their mean over the known days; an unknown one counts as that
    mean, and the deviations of a name known on k of n days are scaled by the root of n / k. So its
    variance is that of its known days, its covariances shrink with the days that two names do not
    share, and the matrix has no negative eigenvalue. Divided by n, as in the paper.

    A name with fewer than ``minimum_days`` known returns, or all of them the same, has the highest
    variance of the others and no covariance. Raises :class:`DataError` when that is every name.
    """
    returns = candidates.returns
    seen = np.isfinite(returns)
    days = seen.sum(axis=0)
    mean = np.where(seen, returns, 0.0).sum(axis=0) / np.maximum(days, 1)
    deviations = np.where(seen, returns - mean, 0.0)
    scale = np.sqrt(returns.shape[0] / np.maximum(days, 1))
    deviations *= scale
    variance = (deviations**2).mean(axis=0) if returns.shape[0] else np.zeros(days.size)
    known = (days >= minimum_days) & (variance > 1e-24)
    if not known.any():
        raise DataError(
            f"no name has {minimum_days} known returns",
            where=f"portfolio candidates of {candidates.date}",
            remedy="give a longer window of returns, or lower minimum_days",
        )
    from sklearn.covariance import ledoit_wolf_shrinkage

    with one_blas_thread():
        shrinkage = float(ledoit_wolf_shrinkage(deviations[:, known], assume_centered=True))
    common = np.where(known, deviations, 0.0) * np.sqrt((1 - shrinkage) / returns.shape[0])
    own = np.where(known, shrinkage * variance[known].mean(), variance[known].max())
    return Risk(common, own, known, shrinkage)

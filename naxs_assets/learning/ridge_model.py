"""Ridge regression on standardised features (Hoerl and Kennard 1970), kept as plain numbers.

A feature is standardised by the mean and the population deviation of its known values in the
training window, clipped, and 0 (its mean) where it is unknown. An infinite value counts neither
for the mean nor for the deviation, and is clipped like any other. A feature that does not vary in
the window, or is never known, has deviation and coefficient 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from naxs_assets.catalog.models import RidgeModel
from naxs_assets.errors import DataError
from naxs_assets.learning.blas import one_blas_thread

_Matrix = np.ndarray[Any, np.dtype[np.float32]]
_Labels = np.ndarray[Any, np.dtype[np.float32]]
_Floats = np.ndarray[Any, np.dtype[np.float64]]


def fit(matrix: _Matrix, labels: _Labels, model: RidgeModel) -> dict[str, Any]:
    """Clip, means, deviations, coefficients and intercept, fitted to ``matrix`` (rows x features).

    ``coefficients`` are those of the standardised features. The same rows, model and package
    versions give the same bits, whatever the number of threads. Raises :class:`DataError` if the
    penalty is 0 and some features are a linear combination of others.
    """
    from sklearn.linear_model import Ridge

    scales = [_scale(column) for column in matrix.T]
    varying = [place for place, (_, deviation) in enumerate(scales) if deviation > 0]
    coefficients = np.zeros(len(scales))
    targets = labels.astype(np.float64)
    intercept = float(targets.mean())
    if varying:
        standardised = np.empty((len(matrix), len(varying)))
        for to, place in enumerate(varying):
            standardised[:, to] = _standardised(matrix[:, place], *scales[place], model.clip)
        with one_blas_thread():
            if model.penalty == 0:
                _check_independent(standardised)
            # scikit-learn adds up the squared errors; here they are averaged.
            ridge = Ridge(alpha=model.penalty * len(matrix), solver="cholesky", copy_X=False)
            ridge.fit(standardised, targets)
        coefficients[varying] = ridge.coef_
        intercept = float(ridge.intercept_)
    return {
        "clip": model.clip,
        "means": [mean for mean, _ in scales],
        "deviations": [deviation for _, deviation in scales],
        "coefficients": coefficients.tolist(),
        "intercept": intercept,
    }


def score(fitted: Mapping[str, Any], matrix: _Matrix) -> _Floats:
    """The predictions for the rows of ``matrix``; a row's bits depend on that row alone."""
    # Added up column by column: a matrix product may round by the number of rows and threads.
    scores = np.full(len(matrix), fitted["intercept"])
    scales = zip(fitted["means"], fitted["deviations"], strict=True)
    for column, (mean, deviation), coefficient in zip(
        matrix.T, scales, fitted["coefficients"], strict=True
    ):
        if coefficient:
            scores += coefficient * _standardised(column, mean, deviation, fitted["clip"])
    return scores


def _scale(column: _Matrix) -> tuple[float, float]:
    """Mean and population deviation of the finite values; a deviation of 0 if they are all one."""
    known = column[np.isfinite(column)].astype(np.float64)
    if not known.size:
        return 0.0, 0.0
    # The deviation of equal values may come out as a rounding error rather than 0.
    if known.min() == known.max():
        return float(known[0]), 0.0
    return float(known.mean()), float(known.std())


def _standardised(column: _Matrix, mean: float, deviation: float, clip: float) -> _Floats:
    values = np.clip((column.astype(np.float64) - mean) / deviation, -clip, clip)
    return np.where(np.isnan(values), 0.0, values)


def _check_independent(standardised: _Floats) -> None:
    centred = standardised - standardised.mean(axis=0)
    if np.linalg.matrix_rank(centred.T @ centred, hermitian=True) < centred.shape[1]:
        raise DataError(
            "without a penalty the features must not be linear combinations of each other",
            where="model.penalty",
            remedy="set a penalty above 0",
        )

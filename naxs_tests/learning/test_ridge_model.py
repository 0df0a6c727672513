"""Ridge: the solution of the normal equations, in bits that no number of threads changes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naxs_assets.catalog.models import RidgeModel
from naxs_assets.errors import DataError
from naxs_assets.learning.ridge_model import fit, score

Floats = np.ndarray[Any, np.dtype[np.float64]]
Matrix = np.ndarray[Any, np.dtype[np.float32]]


def ridge(penalty: float = 0.01, clip: float = 3.0) -> RidgeModel:
    return RidgeModel(kind="ridge", penalty=penalty, clip=clip)


def a_sample(rows: int = 500, features: int = 6, seed: int = 1) -> tuple[Matrix, Matrix]:
    """Features of different sizes, some unknown and some far out, and labels that follow some."""
    random = np.random.default_rng(seed)
    matrix = random.standard_t(3, size=(rows, features))
    labels = 0.3 * matrix[:, 0] - 0.2 * matrix[:, -1] + random.normal(size=rows)
    matrix = matrix * 10.0 ** (np.arange(features) % 7 - 3) + np.arange(features)
    matrix[random.random(matrix.shape) < 0.1] = np.nan
    return matrix.astype(np.float32), labels.astype(np.float32)


def by_normal_equations(matrix: Matrix, labels: Matrix, penalty: float, clip: float) -> Floats:
    """Fitted values: (Z'Z + n penalty I) w = Z'(y - mean y), Z centred once more after the clip.

    Written apart from the module: masked statistics, one explicit inverse.
    """
    known = np.ma.masked_invalid(matrix.astype(np.float64))
    clipped = ((known - known.mean(axis=0)) / known.std(axis=0)).clip(-clip, clip).filled(0.0)
    centred = clipped - clipped.mean(axis=0)
    gram = centred.T @ centred + len(matrix) * penalty * np.eye(matrix.shape[1])
    targets = labels.astype(np.float64)
    weights = np.linalg.inv(gram) @ (centred.T @ (targets - targets.mean()))
    return targets.mean() + centred @ weights


# --- What it computes ---------------------------------------------------------------------------


def test_three_rows_by_hand() -> None:
    # Mean 2, deviation sqrt(2/3): z = -s, 0, s with s = sqrt(3/2). The sum of squares is 3, that of
    # z times label 2 s, the penalty 3 rows x 0.5: w = 2 s / (3 + 1.5) = 0.54433105.
    column = np.array([[1.0], [2.0], [3.0]], dtype=np.float32)
    fitted = fit(column, np.array([4.0, 5.0, 6.0], dtype=np.float32), ridge(0.5))
    assert fitted == {
        "clip": 3.0,
        "means": [2.0],
        "deviations": [pytest.approx(0.81649658, abs=1e-8)],
        "coefficients": [pytest.approx(0.54433105, abs=1e-8)],
        "intercept": pytest.approx(5.0, abs=1e-12),
    }
    # 4 is z = 2.4494897 and 9 would be z = 8.57, clipped to 3.
    later = np.array([[4.0], [9.0], [-np.inf], [np.nan]], dtype=np.float32)
    expected = [5 + 4 / 3, 5 + 3 * 0.54433105, 5 - 3 * 0.54433105, 5.0]
    assert score(fitted, later) == pytest.approx(expected, abs=1e-7)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 1000),
    penalty=st.floats(0.0001, 10.0),
    clip=st.floats(0.5, 10.0),
    features=st.integers(1, 6),
)
def test_it_solves_the_normal_equations(
    seed: int, penalty: float, clip: float, features: int
) -> None:
    matrix, labels = a_sample(rows=200, features=features, seed=seed)
    fitted = fit(matrix, labels, ridge(penalty, clip))
    expected = by_normal_equations(matrix, labels, penalty, clip)
    assert score(fitted, matrix) == pytest.approx(expected, abs=1e-9)


def test_without_a_penalty_it_is_least_squares() -> None:
    matrix, labels = a_sample()
    expected = by_normal_equations(matrix, labels, 0.0, 3.0)
    assert score(fit(matrix, labels, ridge(0.0)), matrix) == pytest.approx(expected, abs=1e-9)


def test_the_penalty_is_per_row() -> None:
    matrix, labels = a_sample()
    once = fit(matrix, labels, ridge(0.3))
    thrice = fit(np.tile(matrix, (3, 1)), np.tile(labels, 3), ridge(0.3))
    assert thrice["coefficients"] == pytest.approx(once["coefficients"], abs=1e-12)


def test_more_rows_than_features_are_not_needed() -> None:
    matrix, labels = a_sample(rows=4, features=6)
    expected = by_normal_equations(matrix, labels, 0.1, 3.0)
    assert score(fit(matrix, labels, ridge(0.1)), matrix) == pytest.approx(expected, abs=1e-9)


# --- Features that say nothing ------------------------------------------------------------------


@pytest.mark.parametrize("value", [0.1, 0.0, np.nan, np.inf])
def test_a_feature_that_does_not_vary_changes_nothing(value: float) -> None:
    matrix, labels = a_sample()
    silent = np.full((len(matrix), 1), value, dtype=np.float32)
    fitted = fit(np.hstack([matrix, silent]), labels, ridge())
    assert fitted["coefficients"][-1] == fitted["deviations"][-1] == 0.0
    assert fitted["coefficients"][:-1] == fit(matrix, labels, ridge())["coefficients"]
    # Neither does it when it varies later on.
    later = np.hstack([matrix, np.arange(len(matrix), dtype=np.float32)[:, None]])
    assert (score(fitted, later) == score(fit(matrix, labels, ridge()), matrix)).all()


def test_where_no_feature_varies_the_mean_is_predicted() -> None:
    fitted = fit(np.full((3, 2), np.nan, np.float32), np.array([1, 2, 6], np.float32), ridge())
    assert score(fitted, np.ones((2, 2), np.float32)).tolist() == [3.0, 3.0]


def test_infinite_values_are_clipped_and_move_no_mean() -> None:
    matrix, labels = a_sample()
    unknown, infinite = matrix.copy(), matrix.copy()
    unknown[:5, 0], infinite[:5, 0] = np.nan, np.inf
    far = fit(infinite, labels, ridge())
    assert far["means"] == fit(unknown, labels, ridge())["means"]
    assert far["deviations"] == fit(unknown, labels, ridge())["deviations"]
    assert np.isfinite(far["coefficients"]).all()


def test_features_that_repeat_each_other_need_a_penalty() -> None:
    matrix, labels = a_sample()
    repeated = np.hstack([matrix, 2 * matrix[:, :1]])
    with pytest.raises(DataError, match="linear combinations") as raised:
        fit(repeated, labels, ridge(0.0))
    assert "penalty above 0" in raised.value.remedy
    coefficients = fit(repeated, labels, ridge(0.01))["coefficients"]
    assert coefficients[0] == pytest.approx(coefficients[-1], abs=1e-9)


# --- Bits ---------------------------------------------------------------------------------------


def test_the_numbers_come_back_from_json() -> None:
    matrix, labels = a_sample()
    fitted = fit(matrix, labels, ridge())
    kept = json.loads(json.dumps(fitted))
    assert kept == fitted
    assert (score(kept, matrix) == score(fitted, matrix)).all()


def test_the_score_of_a_row_depends_on_that_row_alone() -> None:
    matrix, labels = a_sample()
    fitted = fit(matrix, labels, ridge())
    whole = score(fitted, matrix)
    assert all(score(fitted, matrix[n : n + 1])[0] == whole[n] for n in range(len(matrix)))
    assert (score(fitted, matrix[7:300]) == whole[7:300]).all()


# Shapes for which OpenBLAS, left alone, rounds differently with one and with two threads.
PROGRAM = """
import json
from threadpoolctl import threadpool_info
from naxs_tests.learning.test_ridge_model import a_sample, fit, ridge
fitted = [fit(*a_sample(rows, features), ridge()) for rows, features in ((60_000, 1), (5_000, 400))]
threads = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
print(json.dumps([threads, fitted]))
"""


@pytest.mark.slow
def test_no_number_of_threads_changes_a_bit() -> None:
    def run(threads: int) -> list[Any]:
        limits = {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, **limits},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        found: list[Any] = json.loads(done.stdout)
        return found

    (one_thread, one), (two_threads, two) = run(1), run(2)
    assert set(one_thread) == {1}
    assert set(two_threads) <= {1, 2}  # taken back after the fit; 1 where there is one core
    assert one == two

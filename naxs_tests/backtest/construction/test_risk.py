"""The covariance of returns against the paper's formulas, and what gaps do to it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naxs_assets.backtest.construction.risk import risk_of
from naxs_assets.errors import DataError
from naxs_tests.backtest.construction.sample import a_market, candidates


def shrunk(returns: np.ndarray) -> np.ndarray:
    """Ledoit and Wolf (2004), lemma 3.2 to 3.4 and section 3.3, written out day by day."""
    days, names = returns.shape
    deviations = returns - returns.mean(axis=0)
    sample = deviations.T @ deviations / days
    target = np.trace(sample) / names * np.eye(names)
    distance = ((sample - target) ** 2).sum() / names
    errors = [((np.outer(day, day) - sample) ** 2).sum() / names for day in deviations]
    error = min(sum(errors) / days**2, distance)
    return error / distance * target + (1 - error / distance) * sample


def test_the_covariance_is_that_of_the_paper() -> None:
    returns = np.random.default_rng(3).normal(0, 0.02, (80, 7)) * np.arange(1, 8)
    risk = risk_of(candidates([0.0] * 7, returns=returns), 60)
    np.testing.assert_allclose(risk.covariance, shrunk(returns), rtol=1e-10)


def test_unknown_returns_leave_the_variance_that_of_the_known_days() -> None:
    returns = np.random.default_rng(3).normal(0, [0.01, 0.02, 0.05], (80, 3))
    returns[:20, 1] = math.nan
    risk = risk_of(candidates([0.0] * 3, returns=returns), 60)
    variance = (risk.common**2).sum(axis=0) / (1 - risk.shrinkage)
    assert risk.known.all()
    assert variance[1] == pytest.approx(np.nanvar(returns[:, 1]))


def test_a_short_history_counts_as_the_highest_variance_and_no_covariance() -> None:
    returns = np.random.default_rng(3).normal(0, [0.01, 0.03, 0.02, 0.02], (80, 4))
    returns[:21, 2] = math.nan
    returns[:, 3] = 0.0
    risk = risk_of(candidates([0.0] * 4, returns=returns), 60)
    assert risk.known.tolist() == [True, True, False, False]
    highest = returns[:, 1].var()
    np.testing.assert_allclose(risk.covariance[2:], [[0, 0, highest, 0], [0, 0, 0, highest]])
    assert risk_of(candidates([0.0] * 4, returns=returns), 59).known.tolist() == [1, 1, 1, 0]


@pytest.mark.parametrize("days", [0, 10])
def test_no_history_at_all_is_refused(days: int) -> None:
    with pytest.raises(DataError, match=r"no name has 60 known returns[\s\S]*2024-01-31"):
        risk_of(candidates([1.0, 2.0], returns=np.ones((days, 2))), 60)


@given(st.integers(2, 12), st.integers(3, 30), st.integers(0, 1000))
def test_no_portfolio_has_a_negative_variance(names: int, days: int, seed: int) -> None:
    market = a_market(names, days, seed)
    eigenvalues = np.linalg.eigvalsh(risk_of(market, 2).covariance)
    assert eigenvalues.min() > -1e-12

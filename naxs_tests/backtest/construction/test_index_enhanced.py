"""More score than the index, near to it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naxs_assets.backtest.construction import (
    IndexEnhancement,
    InfeasibleWeightsError,
    index_enhanced_weights,
    legal_weights,
)
from naxs_assets.backtest.construction.limits import size_exposures
from naxs_assets.backtest.construction.risk import risk_of
from naxs_assets.errors import ConfigurationError, DataError
from naxs_tests.backtest.construction.sample import a_market, candidates

NAN = math.nan


def test_where_only_the_tracking_error_binds_active_weights_are_the_analytic_ones() -> None:
    """Grinold and Kahn (2000): in proportion to C^-1 (s - g 1), with g such that they sum to 0."""
    random = np.random.default_rng(8)
    day = candidates(
        list(random.normal(0, 1, 12)),
        returns=random.normal(0, 0.02, (150, 12)),
        benchmark=np.full(12, 1 / 12),
    )
    covariance = risk_of(day, 60).covariance
    inverse = np.linalg.inv(covariance)
    direction = inverse @ (day.scores - (inverse @ day.scores).sum() / inverse.sum())
    active = direction * (0.02 / math.sqrt(252 * direction @ covariance @ direction))
    assert (active > -1 / 12).all()
    weights = index_enhanced_weights(day, IndexEnhancement(tracking_error=0.02))
    np.testing.assert_allclose(weights - 1 / 12, active, atol=1e-6)


def test_no_room_to_be_active_is_the_index() -> None:
    day = a_market(20, 100, held=np.zeros(20))
    weights = index_enhanced_weights(day, IndexEnhancement(name_deviation=0.0))
    np.testing.assert_allclose(weights, day.benchmark, atol=1e-8)


def test_a_member_that_cannot_be_bought_is_not_asked_for() -> None:
    day = candidates(
        [0.1, NAN, 0.3],
        returns=np.random.default_rng(5).normal(0, 0.02, (80, 3)),
        benchmark=np.array([0.3, 0.4, 0.3]),
        held=np.array([0.5, 0.1, 0.4]),
    )
    chosen = IndexEnhancement(tracking_error=1.0, name_deviation=0.25)
    weights = index_enhanced_weights(day, chosen)
    np.testing.assert_allclose(weights, [0.35, 0.1, 0.55], atol=1e-8)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.95, 1.0]), st.floats(0.02, 0.2))
def test_whatever_the_market_every_limit_holds(
    seed: int, invested: float, tracking_error: float
) -> None:
    day = a_market(25, 90, seed)
    chosen = IndexEnhancement(
        invested=invested,
        tracking_error=tracking_error,
        name_deviation=0.06,
        industry_deviation=0.03,
        size_deviation=0.1,
        turnover_cap=0.8,
    )
    try:
        weights = index_enhanced_weights(day, chosen)
    except InfeasibleWeightsError as error:
        assert "would have to be" in error.what  # noqa: PT017 - either outcome is right
        return
    legal_weights(weights, day.symbols)
    assert weights.sum() == pytest.approx(invested, abs=1e-9)
    active, target = weights - day.benchmark, weights - invested * day.benchmark
    assert math.sqrt(252 * active @ risk_of(day, 60).covariance @ active) <= tracking_error + 1e-6
    assert np.abs(target).max() <= 0.06 + 1e-6
    for industry in set(day.industries):
        assert abs(target[[name == industry for name in day.industries]].sum()) <= 0.03 + 1e-6
    assert abs(size_exposures(day) @ target) <= 0.1 + 1e-6
    # The index itself, as far as it is invested, keeps every limit but perhaps the turnover.
    assert day.scores @ weights >= invested * day.scores @ day.benchmark - 1e-6
    assert weights.tobytes() == index_enhanced_weights(day, chosen).tobytes()


def test_a_tracking_error_that_cash_alone_exceeds_is_named_with_what_it_takes() -> None:
    day = a_market(20, 100, held=np.zeros(20))
    chosen = IndexEnhancement(invested=0.5, tracking_error=0.001, name_deviation=0.0)
    half = day.benchmark / 2
    least = math.sqrt(252 * half @ risk_of(day, 60).covariance @ half)
    with pytest.raises(InfeasibleWeightsError) as caught:
        index_enhanced_weights(day, chosen)
    told = caught.value.what.partition("tracking_error = 0.001 would have to be ")[2].split()[0]
    assert float(told) == pytest.approx(least, abs=2e-6)


def test_an_index_is_needed() -> None:
    day = a_market(5, 80, benchmark=np.zeros(5))
    with pytest.raises(DataError, match="needs the weights of a benchmark"):
        index_enhanced_weights(day, IndexEnhancement())


@pytest.mark.parametrize("chosen", [{"tracking_error": 0.0}, {"name_deviation": -1.0}])
def test_settings_out_of_range_are_named(chosen: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(chosen))):
        IndexEnhancement(**chosen)  # type: ignore[arg-type]

"""Scores against variance: closed forms, optimality, limits, and what cannot hold."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naxs_assets.backtest.construction import (
    InfeasibleWeightsError,
    MeanVariance,
    legal_weights,
    mean_variance_weights,
)
from naxs_assets.backtest.construction.limits import size_exposures
from naxs_assets.backtest.construction.risk import risk_of
from naxs_assets.errors import ConfigurationError, DataError
from naxs_tests.backtest.construction.sample import a_market, candidates

NAN = math.nan


def test_the_minimum_variance_of_two_names() -> None:
    """Markowitz (1952): w = (s2^2 - s12) / (s1^2 + s2^2 - 2 s12) of the first."""
    returns = np.random.default_rng(5).normal(0, [0.01, 0.02], (250, 2))
    pair = candidates([0.0, 0.0], returns=returns)
    (first, both), (_, second) = risk_of(pair, 60).covariance
    weights = mean_variance_weights(pair, MeanVariance())
    exact = (second - both) / (first + second - 2 * both)
    np.testing.assert_allclose(weights, [exact, 1 - exact], atol=2e-8)


@pytest.mark.parametrize("days", [250, 65])
def test_where_no_limit_binds_the_weights_are_the_analytic_ones(days: int) -> None:
    """w = C^-1 (s - g 1) / (2 a), with g such that the weights sum to ``invested``."""
    names = 40 if days == 250 else 140
    returns = np.random.default_rng(6).normal(0, 0.02, (days, names))
    scores = np.random.default_rng(7).normal(0, 0.000003, names)
    day = candidates(list(scores), returns=returns)
    chosen = MeanVariance(risk_aversion=3.0, invested=0.8)
    inverse = np.linalg.inv(risk_of(day, 60).covariance)
    g = ((inverse @ scores).sum() - 2 * 3.0 * 0.8) / inverse.sum()
    analytic = inverse @ (scores - g) / (2 * 3.0)
    assert analytic.min() > 0
    np.testing.assert_allclose(mean_variance_weights(day, chosen), analytic, atol=1e-7)


def test_at_the_optimum_no_trade_of_two_names_gains() -> None:
    """Karush, Kuhn, Tucker: at the margin free names gain alike, those at 0 less, capped more."""
    day = a_market(30, 120, seed=1)
    chosen = MeanVariance(risk_aversion=2.0, name_cap=0.15)
    weights = mean_variance_weights(day, chosen)
    gain = day.scores - 2 * 2.0 * risk_of(day, 60).covariance @ weights
    capped = weights > 0.15 - 1e-7
    free = (weights > 0) & ~capped
    assert free.sum() > 1
    level = gain[free].mean()
    np.testing.assert_allclose(gain[free], level, atol=1e-8)
    assert (gain[weights == 0] <= level + 1e-8).all()
    assert (gain[capped] >= level - 1e-8).all()
    assert capped.any()


def test_without_aversion_to_risk_the_best_names_are_filled_to_the_cap() -> None:
    returns = np.random.default_rng(5).normal(0, 0.02, (80, 4))
    day = candidates([0.1, 0.4, 0.2, 0.3], returns=returns)
    weights = mean_variance_weights(day, MeanVariance(risk_aversion=0.0, name_cap=0.4))
    np.testing.assert_allclose(weights, [0.0, 0.4, 0.2, 0.4], atol=1e-8)


def test_equal_scores_without_aversion_to_risk_are_no_error() -> None:
    returns = np.random.default_rng(5).normal(0, 0.02, (80, 4))
    weights = mean_variance_weights(
        candidates([0.1] * 4, returns=returns), MeanVariance(risk_aversion=0.0, name_cap=0.25)
    )
    assert weights.tolist() == [0.25] * 4


def test_scores_and_risk_aversion_in_another_unit_give_the_same_weights() -> None:
    day = a_market(20, 100)
    weights = mean_variance_weights(day, MeanVariance(risk_aversion=2.0))
    scaled = replace(day, scores=day.scores * 1e4 + 7.0)
    same = mean_variance_weights(scaled, MeanVariance(risk_aversion=2e4))
    np.testing.assert_allclose(same, weights, atol=1e-6)


@pytest.mark.parametrize("risk_aversion", [0.0, 5.0])
def test_a_name_without_score_or_history_is_kept_at_most(risk_aversion: float) -> None:
    returns = np.random.default_rng(5).normal(0, 0.02, (80, 4))
    returns[:, 3] = NAN
    day = candidates([0.9, NAN, NAN, 0.01], returns=returns, held=np.array([0.1, 0.6, 0.0, 0.3]))
    chosen = MeanVariance(risk_aversion=risk_aversion, turnover_cap=0.2)
    weights = mean_variance_weights(day, chosen)
    assert weights[1] <= 0.6 + 1e-9
    assert weights[2] == 0.0
    assert weights[3] <= 0.3 + 1e-9
    freely = mean_variance_weights(day, MeanVariance(risk_aversion=0.0))
    np.testing.assert_allclose(freely, [1.0, 0.0, 0.0, 0.0], atol=1e-8)


def test_the_first_purchase_is_no_turnover() -> None:
    day = a_market(20, 100, held=np.zeros(20))
    chosen = MeanVariance(invested=0.9, turnover_cap=0.0)
    assert mean_variance_weights(day, chosen).sum() == pytest.approx(0.9)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10_000),
    st.sampled_from([0.0, 1.0, 50.0]),
    st.sampled_from([0.5, 0.95, 1.0]),
    st.floats(0.3, 1.0),
)
def test_whatever_the_market_every_limit_holds(
    seed: int, risk_aversion: float, invested: float, turnover_cap: float
) -> None:
    day = a_market(25, 90, seed)
    chosen = MeanVariance(
        risk_aversion=risk_aversion,
        invested=invested,
        name_cap=0.3,
        industry_cap=0.8,
        industry_deviation=0.2,
        size_deviation=0.5,
        turnover_cap=turnover_cap,
    )
    try:
        weights = mean_variance_weights(day, chosen)
    except InfeasibleWeightsError as error:
        assert "would have to be" in error.what  # noqa: PT017 - either outcome is right
        return
    legal_weights(weights, day.symbols)
    assert np.array_equal(weights, np.round(weights, 9))
    assert weights.sum() == pytest.approx(invested, abs=1e-9)
    assert weights.sum() <= invested + 1e-12
    assert weights.max() <= 0.3 + 1e-12
    target = invested * day.benchmark
    for industry in set(day.industries):
        members = [name == industry for name in day.industries]
        assert weights[members].sum() <= 0.8 + 1e-6
        assert abs(weights[members].sum() - target[members].sum()) <= 0.2 + 1e-6
    assert abs(size_exposures(day) @ (weights - target)) <= 0.5 + 1e-6
    flow = abs(weights.sum() - day.held.sum())
    assert (np.abs(weights - day.held).sum() - flow) / 2 <= turnover_cap + 1e-6
    assert weights.tobytes() == mean_variance_weights(day, chosen).tobytes()


def test_size_exposures_are_deviations_of_the_logarithm() -> None:
    day = candidates([0.0] * 4, sizes=np.array([1e9, 1e10, 1e11, NAN]))
    np.testing.assert_allclose(size_exposures(day), [-1.0, 0.0, 1.0, 0.0], atol=1e-14)


FLAT = {"returns": np.random.default_rng(5).normal(0, 0.02, (80, 4))}


@pytest.mark.parametrize(
    ("fields", "chosen", "said"),
    [
        ({}, {"name_cap": 0.2}, r"name_cap = 0.2 would have to be 0.250000 or more \(6"),
        (
            {"industries": ("bank", "bank", "bank", None)},
            {"industry_cap": 0.4},
            r"industry_cap = 0.4 would have to be 0.500000 or more",
        ),
        (
            # Three names hold 0.1 at most each, so that the bank has 0.7 where the index has 0.1.
            {
                "industries": ("bank", "a", "b", "c"),
                "benchmark": np.array([0.1, 0.3, 0.3, 0.3]),
                "held": np.array([0.7, 0.1, 0.1, 0.1]),
                "scores": np.array([1.0, NAN, NAN, NAN]),
            },
            {"industry_deviation": 0.15},
            r"industry_deviation = 0.15 would have to be 0.600000 or more \(bank\)",
        ),
        (
            {"held": np.array([0.9, 0.0, 0.0, 0.1])},
            {"name_cap": 0.5, "turnover_cap": 0.25},
            r"name_cap = 0.5 would have to be 0.650000 or more \(600000.SH\);"
            r" or turnover_cap = 0.25 would have to be 0.400000 or more",
        ),
        (
            # Exposures are -1.16, -0.39, 0.39, 1.16; only the largest may be bought.
            {"sizes": 10.0 ** np.arange(4), "scores": np.array([NAN, NAN, NAN, 1.0])},
            {"size_deviation": 0.5},
            r"size_deviation = 0.5 would have to be 1.161896 or more",
        ),
        (
            {"held": np.array([1.0, 0.0, 0.0, 0.0]), "industries": ("bank", "bank", "a", "a")},
            {"name_cap": 0.2, "industry_cap": 0.3, "turnover_cap": 0.1},
            r"name_cap = 0.2 .* and .*turnover_cap = 0.1 ",
        ),
        ({"scores": np.full(4, NAN), "held": np.full(4, 0.1)}, {}, "no name has a score"),
    ],
)
def test_the_constraint_that_cannot_hold_is_named_with_what_it_takes(
    fields: dict[str, object], chosen: dict[str, float], said: str
) -> None:
    day = candidates(**({"scores": [0.1, 0.2, 0.3, 0.4]} | FLAT | fields))
    with pytest.raises((InfeasibleWeightsError, DataError), match=said) as caught:
        mean_variance_weights(day, MeanVariance(**chosen))  # type: ignore[arg-type]
    assert "2024-01-31" in str(caught.value)


def test_what_may_be_held_must_reach_what_is_invested() -> None:
    returns = FLAT["returns"].copy()
    returns[:, 0] = NAN
    day = candidates([0.1, NAN, NAN, NAN], returns=returns, held=np.full(4, 0.1))
    with pytest.raises(
        InfeasibleWeightsError, match=r"invested = 1 .* the 4 names .* 0.4 together"
    ):
        mean_variance_weights(day, MeanVariance())


@pytest.mark.parametrize(
    ("chosen", "said"),
    [({"industry_deviation": 0.1}, "a benchmark"), ({"size_deviation": 0.1}, "sizes")],
)
def test_a_limit_that_needs_what_is_not_known_says_so(chosen: dict[str, float], said: str) -> None:
    with pytest.raises(DataError, match=f"needs {said}"):
        mean_variance_weights(candidates([0.1] * 4, **FLAT), MeanVariance(**chosen))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"name_cap": 0.0}, "name_cap = 0.0"),
        ({"invested": 1.2}, "invested = 1.2"),
        ({"risk_aversion": -1.0}, "risk_aversion = -1.0"),
        ({"turnover_cap": NAN}, "turnover_cap = nan"),
        ({"industry_cap": -0.1}, "industry_cap = -0.1"),
        ({"minimum_days": 1}, "minimum_days = 1"),
    ],
)
def test_settings_out_of_range_are_named(chosen: dict[str, float], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        MeanVariance(**chosen)  # type: ignore[arg-type]

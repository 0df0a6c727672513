"""Weights of the best names: who is chosen, in which proportion, and what a cap does."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naxs_assets.backtest.construction import (
    Candidates,
    Floats,
    equal_weights,
    inverse_volatility_weights,
    legal_weights,
    rank_weights,
    score_weights,
)
from naxs_assets.backtest.construction.ranked import filled
from naxs_assets.errors import ConfigurationError, DataError
from naxs_tests.backtest.construction.sample import candidates

NAN = math.nan
# Deviations (ddof 1) of these four days: 0.02 and 0.04 times the root of 4/3, and none.
MOVES = np.array([[1, 2, 0], [-1, -2, 0], [1, 2, 0], [-1, -2, 0]]) * 0.02
RULES = [equal_weights, score_weights, rank_weights, inverse_volatility_weights]


def test_equal_weights_go_to_the_best_and_ties_to_the_first_symbol() -> None:
    weights = equal_weights(candidates([0.1, 0.3, NAN, 0.1, 0.2]), 3, invested=0.9)
    assert weights.tolist() == [0.3, 0.3, 0.0, 0.0, 0.3]


def test_weights_in_proportion_to_scores_leave_out_expected_losses() -> None:
    weights = score_weights(candidates([0.1, 0.3, -0.2, 0.0]), 4)
    assert weights.tolist() == [0.25, 0.75, 0.0, 0.0]


def test_all_in_cash_where_no_score_is_above_0() -> None:
    assert score_weights(candidates([-0.1, 0.0]), 2).tolist() == [0.0, 0.0]


def test_weights_by_rank_fall_in_equal_steps() -> None:
    weights = rank_weights(candidates([0.0, -5.0, 90.0, 0.0]), 3, invested=0.6)
    assert weights.tolist() == [0.2, 0.0, 0.3, 0.1]


def test_inverse_volatility_halves_the_weight_of_a_name_that_moves_twice_as_much() -> None:
    weights = inverse_volatility_weights(
        candidates([1, 2, 3], returns=MOVES), 2, minimum_days=4, invested=0.9
    )
    assert weights.tolist() == [0.6, 0.3, 0.0]


def test_a_name_of_unknown_volatility_is_passed_over() -> None:
    gaps = MOVES.copy()
    gaps[0, 1] = NAN
    weights = inverse_volatility_weights(candidates([1, 2, 3], returns=gaps), 2, minimum_days=4)
    assert weights.tolist() == [1.0, 0.0, 0.0]
    assert not inverse_volatility_weights(candidates([1, 2, 3], returns=gaps), 2).any()


def test_excess_over_the_cap_goes_to_the_others_in_proportion() -> None:
    # 0.6, 0.3, 0.1: 0.2 of excess goes 3 : 1, which lifts the second over the cap by 0.05 as well.
    weights = score_weights(candidates([6, 3, 1]), 3, name_cap=0.4)
    assert weights.tolist() == [0.4, 0.4, 0.2]


def test_what_all_caps_leave_over_is_cash() -> None:
    assert equal_weights(candidates([3, 2, 1]), 2, name_cap=0.3).tolist() == [0.3, 0.3, 0.0]


def test_thirds_are_whole_billionths_that_sum_to_1() -> None:
    weights = equal_weights(candidates([1, 1, 1]), 3)
    assert weights.tolist() == [0.333333334, 0.333333333, 0.333333333]


def test_a_day_without_scores_is_refused() -> None:
    with pytest.raises(DataError, match=r"no name has a score[\s\S]*2024-01-31"):
        equal_weights(candidates([NAN, NAN]), 1)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"top": 0}, "top = 0"),
        ({"top": 1, "name_cap": 0.0}, "name_cap = 0.0"),
        ({"top": 1, "invested": 1.5}, "invested = 1.5"),
        ({"top": 1, "invested": NAN}, "invested = nan"),
    ],
)
def test_settings_out_of_range_are_named(settings: dict[str, float], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        equal_weights(candidates([1.0]), **settings)  # type: ignore[arg-type]


@st.composite
def a_day(draw: st.DrawFn) -> Candidates:
    scores = draw(st.lists(st.floats(-1e6, 1e6) | st.just(NAN), min_size=1, max_size=12))
    scores[draw(st.integers(0, len(scores) - 1))] = draw(st.floats(-1.0, 1.0))
    returns = draw(
        st.lists(
            st.lists(
                st.floats(-0.5, 0.5) | st.just(NAN), min_size=len(scores), max_size=len(scores)
            ),
            min_size=3,
            max_size=6,
        )
    )
    return candidates(scores, returns=np.array(returns))


@given(
    a_day(),
    st.sampled_from(RULES),
    st.integers(1, 15),
    st.floats(0.001, 1.0),
    st.floats(0.01, 1.0),
)
def test_whatever_the_day_weights_are_legal_and_of_the_best_names(
    day: Candidates, rule: Callable[..., Floats], top: int, cap: float, invested: float
) -> None:
    more = {"minimum_days": 2} if rule is inverse_volatility_weights else {}
    weights = rule(day, top, name_cap=cap, invested=invested, **more)
    legal_weights(weights, day.symbols)
    assert np.array_equal(weights, np.round(weights, 9))
    assert weights.max() <= cap + 1e-12
    assert weights.sum() <= invested + 1e-12
    assert np.count_nonzero(weights) <= top
    assert not weights[~np.isfinite(day.scores)].any()
    assert weights.tobytes() == rule(day, top, name_cap=cap, invested=invested, **more).tobytes()
    if rule in (equal_weights, rank_weights):
        chosen = np.count_nonzero(np.isfinite(day.scores))
        full = min(invested, min(top, chosen) * cap)
        assert weights.sum() == pytest.approx(full, abs=2e-8)
        passed_over = day.scores[(weights == 0) & np.isfinite(day.scores)]
        assert not (passed_over > day.scores[weights > 0].min()).any()


@given(
    st.lists(st.floats(0, 1e9), min_size=1, max_size=10),
    st.floats(0.01, 1.0),
    st.floats(0.01, 1.0),
)
def test_water_filling_keeps_the_proportion_of_names_below_the_cap(
    shares: list[float], total: float, cap: float
) -> None:
    given_shares = np.array(shares)
    weights = filled(given_shares, total, cap)
    positive = np.count_nonzero(given_shares)
    assert weights.sum() == pytest.approx(min(total, cap * positive))
    below = (weights < cap) & (weights > 0) & (given_shares > 1e-200)
    if below.any():
        level = weights[below] / given_shares[below]
        np.testing.assert_allclose(level, level[0], rtol=1e-9)
        # A name at the cap would have had more than the cap at that level.
        assert (given_shares[weights == cap] * level[0] >= cap * (1 - 1e-9)).all()

"""Whole billionths of nav, and the refusal of weights that nobody could hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naxs_assets.backtest.construction import legal_weights
from naxs_assets.backtest.construction.parts import whole_parts
from naxs_assets.errors import DataError

SYMBOLS = ("000001.SZ", "600000.SH", "688981.SH")


@pytest.mark.parametrize(
    "weights", [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.5, 0.5, 1e-9], [1 / 3, 1 / 3, 1 / 3]]
)
def test_legal_weights_pass(weights: list[float]) -> None:
    legal_weights(np.array(weights), SYMBOLS)


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ([0.1, math.nan, 0.1], "600000.SH is nan"),
        ([math.inf, 0.1, 0.1], "000001.SZ is inf"),
        ([0.1, 0.1, -math.inf], "688981.SH is -inf"),
        ([0.1, -0.02, 0.1], "600000.SH is -0.02"),
        ([0.0, 0.0, -1e-12], "688981.SH is -1e-12"),
        ([0.0, 1.2, 0.0], "600000.SH is 1.2"),
        ([-0.5, 1.5, math.nan], r"000001.SZ is -0.5.*2 more"),
        ([0.5, 0.3, 0.200000002], r"sum to 1.000000002.*000001.SZ, 0.5"),
    ],
)
def test_illegal_weights_are_refused_by_symbol_and_value(weights: list[float], said: str) -> None:
    with pytest.raises(DataError, match=said):
        legal_weights(np.array(weights), SYMBOLS)


def test_missing_parts_go_to_the_largest_remainders() -> None:
    weights = whole_parts(np.array([0.1000000004, 0.2000000007, 0.2999999989, 0.4]), 1.0)
    assert weights.tolist() == [0.1, 0.200000001, 0.299999999, 0.4]


def test_less_than_a_part_is_nothing_and_stays_nothing() -> None:
    assert whole_parts(np.array([9e-10, 9e-10, 0.5]), 1.0).tolist() == [0.0, 0.0, 0.500000001]


def test_a_sum_above_the_total_is_scaled_down() -> None:
    assert whole_parts(np.array([0.6, 0.6]), 0.9).tolist() == [0.45, 0.45]


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=20),
    st.floats(0.01, 1.0),
    st.floats(0.01, 1.0),
)
def test_parts_are_near_whole_and_within_total_and_cap(
    weights: list[float], total: float, cap: float
) -> None:
    given_weights = np.minimum(weights, cap)
    parts = whole_parts(given_weights, total, cap)
    assert np.array_equal(parts, np.round(parts, 9))
    assert parts.sum() <= total + 1e-12
    assert parts.max() <= cap + 1e-12
    wanted = given_weights * (total / max(given_weights.sum(), total))
    assert np.abs(parts - wanted).max() <= 1e-9 + 1e-12

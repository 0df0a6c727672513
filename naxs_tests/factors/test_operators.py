"""Operators: Qlib's semantics by golden vectors, and pandas over random windows.

The golden vectors were computed with pyqlib 0.9.7 on float32 inputs.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from naxs_assets.factors import (
    decay_kernels,
    kernels,
    order_kernels,
    pair_kernels,
    row_kernels,
    section_kernels,
)
from naxs_assets.factors.features import compile_features, compute_features
from naxs_assets.factors.lanes import LANES
from naxs_assets.factors.language import STRICT
from naxs_assets.factors.operators import OPERATORS
from naxs_assets.factors.tree import INFIX
from naxs_assets.factors.warm import warm
from naxs_tests.factors.sample import ALL_OPERATORS, panel_of, sample_prices, value_of

NAN = float("nan")
KERNELS = (
    kernels,
    pair_kernels,
    order_kernels,
    decay_kernels,
    row_kernels,
    section_kernels,
)
X = [1, 2, NAN, 4, 3, 5, 5, 8]
Y = [2, 1, 3, NAN, 5, 4, 6, 7]
FIELDS = {"x": "$raw_close", "y": "$raw_open"}


def _on_golden_input(text: str) -> npt.NDArray[np.float32]:
    names = re.sub(r"\b[xy]\b", lambda found: FIELDS[found.group()], text)
    return value_of(names, panel_of(raw_close=X, raw_open=Y))[:, 0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mean(x,3)", [1, 1.5, 1.5, 3, 3.5, 4, 4.333333, 6]),
        ("Std(x,3)", [NAN, 0.707107, 0.707107, 1.414214, 0.707107, 1, 1.154701, 1.732051]),
        ("Rank(x,3)", [1, 1, NAN, 1, 0.5, 1, 0.833333, 1]),
        ("Slope(x,3)", [NAN, 1, 1, 1, -1, 0.5, 1, 1.5]),
        ("Rsquare(x,3)", [NAN, 1, 1, 1, 1, 0.25, 0.75, 0.75]),
        ("Resi(x,3)", [NAN, 0, NAN, 0, 0, 0.5, -0.333333, 0.5]),
        ("Quantile(x,3,0.8)", [1, 1.8, 1.8, 3.6, 3.8, 4.6, 5, 6.8]),
        ("Med(x,3)", [1, 1.5, 1.5, 3, 3.5, 4, 5, 5]),
        ("Count(x,3)", [1, 2, 2, 2, 2, 3, 3, 3]),
        ("Mad(x,3)", [0, 0.5, 0.5, 1, 0.5, 0.666667, 0.888889, 1.333333]),
        ("IdxMax(x,3)", [1, 2, 3, 2, 1, 3, 2, 3]),
        ("IdxMin(x,3)", [1, 1, 3, 2, 1, 2, 1, 1]),
        ("Corr(x,y,3)", [NAN, -1, -1, NAN, NAN, -1, 0, 0.755929]),
        ("Cov(x,y,3)", [NAN, -0.5, -0.5, NAN, NAN, -1, 0, 2]),
        ("Mean(x>y,3)", [0, 0.5, 0.333333, 0.333333, 0, 0.333333, 0.333333, 0.666667]),
        ("Sum(x,3)", [1, 3, 3, 6, 7, 12, 13, 18]),
        ("Max(x,3)", [1, 2, 2, 4, 4, 5, 5, 8]),
        ("Min(x,3)", [1, 1, 1, 2, 3, 3, 3, 5]),
        ("Ref(x,2)", [NAN, NAN, 1, 2, NAN, 4, 3, 5]),
        ("Ref(x,-2)", [NAN, 4, 3, 5, 5, 8, NAN, NAN]),
        ("Ref(x,8)", [NAN] * 8),
        ("Delta(x,1)", [NAN, 1, NAN, NAN, -1, 2, 0, 3]),
        ("Greater(x,y)", [2, 2, NAN, NAN, 5, 5, 6, 8]),
        ("Less(x,y)", [1, 1, NAN, NAN, 3, 4, 5, 7]),
        ("x>=y", [0, 1, 0, 0, 0, 1, 0, 1]),
        ("x!=y", [1, 1, 1, 1, 1, 1, 1, 1]),
        ("(x>y)|(x>=5)", [0, 1, 0, 0, 0, 1, 1, 1]),
        ("(x>y)&(x>=5)", [0, 0, 0, 0, 0, 1, 0, 1]),
        ("!(x>y)", [1, 0, 1, 1, 1, 0, 1, 0]),
        ("x**2", [1, 4, NAN, 16, 9, 25, 25, 64]),
        ("WMA(x,3)", [1, 0.833333, 0.416667, 1.166667, 1.416667, 1.388889, 1.555556, 2.166667]),
        ("EMA(x,3)", [1, 1.666667, 1.666667, 3.363636, 3.148148, 4.152542, 4.593496, 6.330677]),
        ("Max(x,0.5)", [1, 1.666667, 1.666667, 3.363636, 3.148148, 4.152542, 4.593496, 6.330677]),
        ("Slope(x,0)", [NAN, 1, 1, 1, 0.6, 0.697674, 0.658385, 0.836957]),
        ("Ref(x,0)", [1] * 8),
        ("Delta(x,0)", [0, 1, NAN, 3, 2, 4, 4, 7]),
        ("Sum(x,0)", [1, 3, 3, 7, 10, 15, 20, 28]),
        ("IdxMax(x,0)", [1, 2, 3, 3, 3, 3, 3, 3]),
        ("If(x>y,x,-1)", [-1, 2, -1, -1, -1, 5, -1, 8]),
        ("If(x-1,1,0)", [0, 1, 1, 1, 1, 1, 1, 1]),
        ("Sign(x-4)", [-1, -1, NAN, 0, -1, 1, 1, 1]),
        ("Abs(x-4)", [3, 2, NAN, 0, 1, 1, 1, 4]),
        ("Log(x-1)", [-np.inf, 0, NAN, np.log(3), np.log(2), np.log(4), np.log(4), np.log(7)]),
        ("Power(x,2)", [1, 4, NAN, 16, 9, 25, 25, 64]),
        ("1/(x-1)", [np.inf, 1, NAN, 1 / 3, 1 / 2, 1 / 4, 1 / 4, 1 / 7]),
        ("-x*2+Power(2,3)/4", [0, -2, NAN, -6, -4, -8, -8, -14]),
        ("signedpower(x-4,2)", [-9, -4, NAN, 0, -1, 1, 1, 16]),
        # Weights 1 2 3, today's the largest; a missing day takes its weight with it.
        ("decay_linear(x,3)", [1, 8 / 5, 5 / 3, 14 / 4, 17 / 5, 25 / 6, 28 / 6, 39 / 6]),
        ("ts_product(x,3)", [1, 2, 2, 8, 12, 60, 75, 200]),
        # A condition beside a number is 1 or 0, as numpy has it.
        ("(x>y)*x", [0, 2, NAN, 0, 0, 5, 0, 8]),
        ("2-(x>y)", [2, 1, 2, 2, 2, 1, 2, 1]),
        ("Power(y,x>y)", [1, 1, 1, 1, 1, 4, 1, 7]),
        # An infinite value is missing inside a window, as in pandas.
        ("Sum(Log(x-1),2)", np.log([NAN, 1, 1, 3, 6, 8, 16, 28]).tolist()),
    ],
)
def test_golden_vectors(text: str, expected: list[float]) -> None:
    assert _on_golden_input(text) == pytest.approx(expected, abs=1.1e-6, nan_ok=True)


def test_the_last_kurtoses_of_the_golden_vector() -> None:
    assert _on_golden_input("Kurt(x,4)")[-2:] == pytest.approx([-1.289256, 1.785467], abs=1.1e-6)


def test_the_sample_features_use_every_operator() -> None:
    text = " ".join(ALL_OPERATORS.values())
    infix = {*INFIX.values(), "Neg", "Not", "TResample"}
    assert [name for name in OPERATORS if name not in infix and f"{name}(" not in text] == []


_VALUES = arrays(
    np.float32,
    st.tuples(st.integers(1, 40), st.integers(1, 3)),
    elements=st.integers(-40, 40).map(lambda whole: whole / 8) | st.just(NAN),
)
_WINDOWS = st.integers(1, 12)
_STARTS = st.integers(0, 30)


def _rolling(values: npt.NDArray[Any], window: int) -> Any:
    return pd.DataFrame(values.astype(np.float64)).rolling(window, min_periods=1)


@settings(deadline=None)
@given(_VALUES, _WINDOWS, _STARTS)
def test_rolling_operators_agree_with_pandas(
    values: npt.NDArray[np.float32], window: int, start: int
) -> None:
    panel = panel_of(start, raw_close=values)
    rolling = _rolling(values, window)
    expected = {
        "Mean": rolling.mean(),
        "Sum": rolling.sum(),
        "Std": rolling.std(),
        "Var": rolling.var(),
        "Max": rolling.max(),
        "Min": rolling.min(),
        "Rank": rolling.rank(pct=True),
        "Slope": rolling.apply(_slope, raw=True),
        "Med": rolling.median(),
        "Count": rolling.count(),
        "WMA": rolling.apply(_weighted_mean, raw=True),
        "Mad": rolling.apply(lambda x: np.nanmean(np.abs(x - np.nanmean(x))), raw=True),
        "IdxMax": rolling.apply(lambda x: x.argmax() + 1, raw=True),
        "IdxMin": rolling.apply(lambda x: x.argmin() + 1, raw=True),
    }
    for name, frame in expected.items():
        found = value_of(f"{name}($raw_close,{window})", panel)
        np.testing.assert_allclose(found, frame, rtol=1e-5, atol=2e-6, err_msg=name)


def _weighted_mean(window: npt.NDArray[np.float64]) -> float:
    """As ``WMA`` of qlib/data/ops.py has it."""
    weights = np.arange(len(window)) + 1
    return float(np.nanmean(weights / weights.sum() * window))


@settings(deadline=None)
@given(_VALUES, _STARTS)
def test_windows_of_all_history_agree_with_pandas(
    values: npt.NDArray[np.float32], start: int
) -> None:
    panel = panel_of(start, raw_close=values)
    expanding: Any = pd.DataFrame(values.astype(np.float64)).expanding(min_periods=1)
    expected = {
        "Mean": expanding.mean(),
        "Std": expanding.std(),
        "Min": expanding.min(),
        "Rank": expanding.rank(pct=True),
        "Med": expanding.median(),
        "IdxMin": expanding.apply(lambda x: x.argmin() + 1, raw=True),
        "WMA": expanding.apply(_weighted_mean, raw=True),
    }
    for name, frame in expected.items():
        found = value_of(f"{name}($raw_close,0)", panel)
        np.testing.assert_allclose(found, frame, rtol=1e-5, atol=2e-6, err_msg=name)


@settings(deadline=None)
@given(_VALUES, st.sampled_from([0.1, 0.3, 0.5]), _STARTS)
def test_a_window_below_one_is_an_exponential_mean_whatever_the_name(
    values: npt.NDArray[np.float32], weight: float, start: int
) -> None:
    panel = panel_of(start, raw_close=values)
    expected = pd.DataFrame(values.astype(np.float64)).ewm(alpha=weight, min_periods=1).mean()
    # The memory of a weight of 0.5, 53 days, is longer than the panel: no gap is longer.
    for name in ("Mean", "Std", "Med", "Count", "EMA"):
        found = value_of(f"{name}($raw_close,{weight})", panel)
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)


@settings(deadline=None)
@given(_VALUES, st.integers(3, 30), _STARTS)
def test_exponential_means_agree_with_pandas(
    values: npt.NDArray[np.float32], span: int, start: int
) -> None:
    found = value_of(f"EMA($raw_close,{span})", panel_of(start, raw_close=values))
    expected = pd.DataFrame(values.astype(np.float64)).ewm(span=span, min_periods=1).mean()
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)


def test_an_exponential_mean_forgets_what_no_longer_weighs() -> None:
    """Where pandas carries a last value on for ever, so does it not after its memory is over."""
    values = np.full(60, NAN)
    values[0] = 5
    found = value_of("EMA($raw_close,3)", panel_of(raw_close=values))[:, 0]
    assert (found[:53] == 5).all()
    assert np.isnan(found[53:]).all()


@settings(deadline=None)
@given(_VALUES, _WINDOWS, st.sampled_from([0.0, 0.2, 0.5, 0.8, 1.0]))
def test_quantiles_agree_with_pandas(
    values: npt.NDArray[np.float32], window: int, quantile: float
) -> None:
    found = value_of(f"Quantile($raw_close,{window},{quantile})", panel_of(raw_close=values))
    expected = _rolling(values, window).quantile(quantile)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)


@settings(deadline=None)
@given(_VALUES, st.integers(4, 12))
def test_skewness_and_kurtosis_agree_with_pandas(
    values: npt.NDArray[np.float32], window: int
) -> None:
    """Each window on its own by pandas' Series: its rolling sums cancel."""
    panel = panel_of(raw_close=values)
    for name in ("skew", "kurt"):
        found = value_of(f"{name.title()}($raw_close,{window})", panel)
        for column in range(values.shape[1]):
            for day in range(len(values)):
                part = values[max(0, day - window + 1) : day + 1, column].astype(np.float64)
                expected = getattr(pd.Series(part), name)()
                assert found[day, column] == pytest.approx(
                    expected, rel=1e-5, abs=1e-5, nan_ok=True
                )


def test_a_window_before_the_first_row_of_a_symbol_is_shorter() -> None:
    """Places count from the oldest row that the symbol has, not from rows before it was listed."""
    panel = panel_of(raw_close=[[NAN, 1], [NAN, 2], [3, 3], [5, 5], [4, 4]])
    panel.present[:2, 0] = False
    assert value_of("IdxMax($raw_close,4)", panel)[2:].tolist() == [[1, 3], [2, 4], [2, 3]]


def test_a_window_begins_with_the_first_of_its_days_that_has_a_row_or_a_value() -> None:
    """Rows before the window decide nothing; a later day without a row is a missing value."""
    panel = panel_of(raw_close=[7, NAN, 4, 2, 8, NAN, 3])
    panel.present[[1, 5], 0] = False
    assert value_of("IdxMax($raw_close,3)", panel)[:, 0].tolist() == [1, 2, 2, 1, 3, 3, 2]
    # The shift has a value on the day without a row.
    shifted = value_of("IdxMax(Ref($raw_close,1),3)", panel)[3:, 0]
    assert shifted.tolist() == [2, 1, 3, 3]
    weighted = value_of("WMA(Ref($raw_close,1),2)", panel)[2, 0]
    assert weighted == pytest.approx(7 / 3)


def _slope(window: npt.NDArray[np.float64]) -> float:
    there = np.isfinite(window)
    if there.sum() < 2:
        return NAN
    return float(np.polyfit(np.arange(len(window))[there], window[there], 1)[0])


@settings(deadline=None)
@given(_VALUES, _WINDOWS, _STARTS, st.randoms(use_true_random=False))
def test_pair_operators_agree_with_pandas(
    values: npt.NDArray[np.float32], window: int, start: int, random: Any
) -> None:
    other = np.asarray([[random.choice([NAN, 0, 1, 2.5]) for _ in row] for row in values])
    panel = panel_of(start, raw_close=values, raw_open=other)
    left, right = pd.DataFrame(values.astype(np.float64)), pd.DataFrame(other)
    covariance = left.rolling(window, min_periods=1).cov(right)
    found = value_of(f"Cov($raw_close,$raw_open,{window})", panel)
    np.testing.assert_allclose(found, covariance, rtol=1e-5, atol=1e-6)

    correlation = left.rolling(window, min_periods=1).corr(right).to_numpy(copy=True)
    for frame in (left, right):
        flat = np.isclose(frame.rolling(window, min_periods=1).std(), 0, atol=2e-5)
        correlation[flat] = NAN
    # Where the pairs themselves have no spread pandas divides rounding errors by each other.
    paired = left.where(right.notna()), right.where(left.notna())
    flat = sum(frame.rolling(window, min_periods=1).std().to_numpy() < 1e-4 for frame in paired) > 0
    correlation[flat] = NAN
    found = value_of(f"Corr($raw_close,$raw_open,{window})", panel)
    np.testing.assert_allclose(found, correlation, rtol=1e-4, atol=1e-5)


def test_large_values_do_not_cancel() -> None:
    # A running sum of squares loses all digits here; 1e8 and its neighbours are 8 apart in float32.
    values = np.float32(1e8) + np.float32(8) * np.arange(40, dtype=np.float32)
    found = value_of("Std($raw_close,5)", panel_of(3, raw_close=values))[4:, 0]
    assert found == pytest.approx(8 * np.sqrt(2.5), rel=1e-7)


def test_a_constant_window_has_exactly_no_spread() -> None:
    panel = panel_of(5, raw_close=np.full(30, 10.1), raw_open=np.arange(30))
    assert set(value_of("Std($raw_close,7)", panel)[1:, 0]) == {np.float32(0)}
    assert set(value_of("Slope($raw_close,7)", panel)[1:, 0]) == {np.float32(0)}
    assert np.isnan(value_of("Corr($raw_close,$raw_open,7)", panel)).all()


def test_more_symbols_than_are_handled_at_once_are_independent() -> None:
    random = np.random.default_rng(1)
    values = random.normal(size=(30, 300)).astype(np.float32)
    values[random.random(values.shape) < 0.1] = NAN
    for text in ("Mean($raw_close,7)", "Std($raw_close,7)", "Max($raw_close,7)",
                 "Rank($raw_close,7)", "Corr($raw_close,$raw_open,7)"):  # fmt: skip
        together = value_of(text, panel_of(11, raw_close=values, raw_open=values**2))
        for first, last in pairwise([0, 1, 130, 300]):
            part = values[:, first:last]
            alone = value_of(text, panel_of(11, raw_close=part, raw_open=part**2))
            np.testing.assert_array_equal(
                alone.view(np.uint32), together[:, first:last].copy().view(np.uint32)
            )


def test_installation_compiles_everything_that_operators_call() -> None:
    warm()
    compiled = [
        kernel
        for module in KERNELS
        for name, kernel in vars(module).items()
        if hasattr(kernel, "signatures")
        and name not in {"not_loaded", "_skewness", "_kurtosis", "_quantile"}
    ]
    signatures = [len(kernel.signatures) for kernel in compiled]
    panel = panel_of(9, raw_close=X, raw_open=Y)
    one = ("Mean", "Sum", "Std", "Var", "Max", "Min", "Rank", "Slope", "Rsquare", "Resi", "Count",
          "Med", "decay_linear", "ts_product", "IdxMax", "IdxMin", "Mad", "WMA", "EMA")  # fmt: skip
    value_of("Quantile($raw_close>1,3,0.2)", panel)
    for text in ("CSRank($raw_close)", "CSWinsor($raw_close,0.1,0.9)",
                 "CSNeutralize($raw_close,$raw_open)"):  # fmt: skip
        value_of(text, panel)
    both = compile_features({"DOUBLE": "Mean($close,2)", "SINGLE": "$close"})
    for symbols in (LANES // 2, 2 * LANES):
        prices = sample_prices(symbols=symbols)
        compute_features(both, prices, prices["date"][0], prices["date"][-1])
    for text in ("Skew($raw_close>1,3)", "Kurt($raw_close>1,4)"):
        value_of(text, panel)
    value_of("Mean($raw_close,3)", panel, STRICT)
    for name in one:
        value_of(f"{name}($raw_close>1,3)", panel)
    for name in ("Corr", "Cov"):
        value_of(f"{name}($raw_close,$raw_open,3)", panel)
    assert [len(kernel.signatures) for kernel in compiled] == signatures
    assert min(signatures) > 0

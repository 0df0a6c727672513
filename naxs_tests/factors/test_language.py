"""The two languages: what strict does otherwise than Qlib, and what remembers all history."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from naxs_assets.factors.expression import ExpressionError
from naxs_assets.factors.features import compile_features, compute_features
from naxs_assets.factors.labels import compile_label
from naxs_assets.factors.language import LANGUAGES, QLIB, STRICT
from naxs_assets.factors.parser import parse
from naxs_tests.factors.sample import panel_of, sample_prices, value_of

NAN = float("nan")
X = [1, 2, NAN, 4, 3, 5, 5, 8]
Y = [2, 1, 3, NAN, 5, 4, 6, 7]
FIELDS = {"x": "$raw_close", "y": "$raw_open"}


def _strictly(text: str) -> npt.NDArray[np.float32]:
    names = re.sub(r"\b[xy]\b", lambda found: FIELDS[found.group()], text)
    return value_of(names, panel_of(raw_close=X, raw_open=Y), STRICT)[:, 0]


def test_the_modes_have_the_same_operators_by_name() -> None:
    assert QLIB.operators.keys() == STRICT.operators.keys()
    assert LANGUAGES == {"qlib": QLIB, "strict": STRICT}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mean(x,3)", [NAN, NAN, NAN, NAN, NAN, 4, 13 / 3, 6]),
        ("IdxMax(x,3)", [NAN, NAN, NAN, NAN, NAN, 3, 2, 3]),
        ("Slope(x,3)", [NAN, NAN, NAN, NAN, NAN, 0.5, 1, 1.5]),
        ("Cov(x,y,3)", [NAN, NAN, NAN, NAN, NAN, NAN, 0, 2]),
        ("Count(x,3)", [NAN, NAN, 2, 2, 2, 3, 3, 3]),
        ("WMA(x,3)", [NAN, NAN, NAN, NAN, NAN, 25 / 6, 28 / 6, 39 / 6]),
        ("EMA(x,3)", [NAN, NAN, NAN, 3.363636, 3.148148, 4.152542, 4.593496, 6.330677]),
        ("Ref(x,0)", X),
        ("Ref(x,1)", [NAN, *X[:-1]]),
        ("x>y", [0, 1, NAN, NAN, 0, 1, 0, 1]),
        ("x!=y", [1, 1, NAN, NAN, 1, 1, 1, 1]),
        ("!(x>y)", [1, 0, NAN, NAN, 1, 0, 1, 0]),
        ("(x>y)|(y>2)", [0, 1, NAN, NAN, 1, 1, 1, 1]),
        ("If(x>y,x,-1)", [-1, 2, NAN, NAN, -1, 5, -1, 8]),
        ("If(x>2,1,y)", [2, 1, NAN, 1, 1, 1, 1, 1]),
        ("x**0", [1, 1, NAN, 1, 1, 1, 1, 1]),
        ("Mean(x>y,2)", [NAN, 0.5, NAN, NAN, NAN, 0.5, 0.5, 0.5]),
    ],
)
def test_golden_vectors_of_the_strict_mode(text: str, expected: list[float]) -> None:
    assert _strictly(text) == pytest.approx(expected, abs=1.1e-6, nan_ok=True)


@settings(deadline=None)
@given(
    arrays(
        np.float32,
        st.tuples(st.integers(1, 40), st.integers(1, 3)),
        elements=st.integers(-40, 40).map(lambda whole: whole / 8) | st.just(NAN),
    ),
    st.integers(1, 12),
    st.integers(0, 30),
)
def test_strict_windows_are_those_of_pandas_with_all_of_their_values(
    values: npt.NDArray[np.float32], window: int, start: int
) -> None:
    panel = panel_of(start, raw_close=values)
    rolling = pd.DataFrame(values.astype(np.float64)).rolling(window, min_periods=window)
    weights = np.arange(1, window + 1) / np.arange(1, window + 1).sum()
    expected = {
        "Mean": rolling.mean(),
        "Std": rolling.std(),
        "Max": rolling.max(),
        "Rank": rolling.rank(pct=True),
        "Med": rolling.median(),
        "IdxMin": rolling.apply(lambda x: x.argmin() + 1, raw=True),
        "WMA": rolling.apply(lambda x: (weights * x).sum(), raw=True),
    }
    for name, frame in expected.items():
        found = value_of(f"{name}($raw_close,{window})", panel, STRICT)
        np.testing.assert_allclose(found, frame, rtol=1e-5, atol=2e-6, err_msg=name)


@pytest.mark.parametrize(
    ("text", "column"), [("Mean($close,0)", 13), ("Std($close,0.5)", 12), ("WMA($close,0)", 12)]
)
def test_strict_windows_are_whole_days(text: str, column: int) -> None:
    with pytest.raises(ExpressionError, match="refused here") as caught:
        parse(text, language=STRICT)
    assert caught.value.position == column - 1


def test_the_mode_is_part_of_the_code() -> None:
    assert parse("$close").code != parse("$close", language=STRICT).code
    features = {"A": "Mean($close,5)"}
    assert compile_features(features).code != compile_features(features, STRICT).code


@pytest.mark.parametrize(
    ("text", "column"),
    [("Mean($close,0)", 1), ("$close/Ref($close,0)", 8), ("1+EMA($close,2000)", 3)],
)
def test_what_remembers_all_history_is_for_whole_panels(text: str, column: int) -> None:
    with pytest.raises(ExpressionError, match="remembers all") as caught:
        compile_features({"F": text})
    assert caught.value.position == column - 1
    with pytest.raises(ExpressionError, match="remembers all"):
        compile_label(f"Ref($close,-1)/({text})")
    whole = compile_features({"F": text}, whole_panel=True)
    prices = sample_prices()
    days = prices["date"]
    found = compute_features(whole, prices, days.min(), days.max())  # type: ignore[arg-type]
    assert found["F"].null_count() < found.height / 4

"""TResample: the weeks, months, quarters and years of pandas, on the days of a panel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from naxs_assets.factors.expression import ExpressionError
from naxs_assets.factors.features import compile_features
from naxs_assets.factors.labels import compile_label
from naxs_assets.factors.operator import FUNCTIONS
from naxs_tests.factors.sample import panel_of, value_of

NAN = float("nan")
IN_PANDAS = {"W": "W-SUN", "M": "MS", "Q": "QS", "Y": "YS"}


def test_a_value_stands_on_the_first_day_of_its_span() -> None:
    # From Thursday, 1 August 2019: the second week begins on the fifth of the days.
    panel = panel_of(raw_close=[1, 2, NAN, 4, NAN, NAN, 8, 3])
    found = value_of("TResample($raw_close,'W','sum')", panel)[:, 0]
    np.testing.assert_array_equal(found, [7, NAN, NAN, NAN, 11, NAN, NAN, NAN])
    last = value_of("TResample($raw_close,'M','last')", panel)[:, 0]
    np.testing.assert_array_equal(last, [3] + [NAN] * 7)


def test_a_span_without_a_value_has_no_sum() -> None:
    panel = panel_of(raw_close=[1, 2, 3, 4, NAN, NAN])
    found = value_of("TResample($raw_close,'W','sum')", panel)[:, 0]
    np.testing.assert_array_equal(found, [10] + [NAN] * 5)


@pytest.mark.parametrize("frequency", IN_PANDAS)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_spans_and_functions_are_those_of_pandas(frequency: str, function: str) -> None:
    random = np.random.default_rng(6)
    dates = pd.bdate_range("2018-11-21", periods=400)
    values = random.normal(size=(400, 3)).astype(np.float32)
    values[random.random(values.shape) < 0.3] = NAN
    panel = replace(panel_of(close=values), dates=dates.to_numpy().astype("datetime64[D]"))
    found = value_of(f"TResample($close,'{frequency}','{function}')", panel)

    resampled = pd.DataFrame(values, index=dates).resample(IN_PANDAS[frequency])
    expected = resampled.sum(min_count=1) if function == "sum" else resampled.agg(function)
    first_days = pd.Series(dates, index=dates).resample(IN_PANDAS[frequency]).first()
    on_days = expected.set_axis(first_days).reindex(dates)
    np.testing.assert_allclose(found, on_days, rtol=1e-5, atol=1e-6)


def test_sets_refuse_what_later_days_are_part_of() -> None:
    text = "TResample($close,'M','last')"
    for compiled in (
        lambda: compile_features({"A": text}),
        lambda: compile_features({"A": text}, whole_panel=True),
        lambda: compile_label(f"Ref($close,-1)/{text}"),
    ):
        with pytest.raises(ExpressionError, match="later days are part"):
            compiled()

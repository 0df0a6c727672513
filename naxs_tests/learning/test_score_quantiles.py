"""Returns by score quantile: by hand, and against a loop over names."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction
from math import floor

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from scipy import stats

from naxs_assets.errors import DataError
from naxs_assets.learning.score_quantiles import quantile_returns, quantile_spread

DAY = date(2024, 3, 1)


def table(values: list[float | None], name: str, day: date = DAY) -> pl.DataFrame:
    symbols = [f"{600000 + place}.SH" for place in range(len(values))]
    return pl.DataFrame(
        {"date": [day] * len(values), "symbol": symbols, name: values},
        schema={"date": pl.Date, "symbol": pl.String, name: pl.Float64},
    )


def returns_of(
    scores: list[float | None], labels: list[float | None], quantiles: int = 5
) -> dict[int, tuple[float, int]]:
    """quantile -> mean label and names, of one day."""
    found = quantile_returns(table(scores, "score"), table(labels, "label"), quantiles)
    return {row[1]: (row[2], row[3]) for row in found.rows()}


def test_by_hand() -> None:
    """Ten names in order: two in each fifth."""
    found = returns_of([float(i) for i in range(10)], [i / 100 for i in range(10)])
    assert found == {place + 1: (pytest.approx((4 * place + 1) / 200), 2) for place in range(5)}


def test_as_many_names_as_quantiles_give_one_name_each() -> None:
    found = returns_of([3.0, 1.0, 2.0, 5.0, 4.0], [0.3, 0.1, 0.2, 0.5, 0.4])
    assert found == {place: (pytest.approx(place / 10), 1) for place in range(1, 6)}


def test_a_day_with_fewer_names_than_quantiles_is_left_out() -> None:
    assert returns_of([1.0, 2.0, 3.0, 4.0], [0.1, 0.2, 0.3, 0.4]) == {}
    # The fifth name has no label, so it does not count.
    assert returns_of([1.0, 2.0, 3.0, 4.0, 5.0], [0.1, 0.2, 0.3, 0.4, None]) == {}


def test_ties_stay_together() -> None:
    """Four names share the ranks 1 to 4, on average 2.5 of 5: the middle of them all."""
    assert returns_of([1.0, 1.0, 1.0, 1.0, 9.0], [0.1, 0.2, 0.3, 0.4, 0.5]) == {
        3: (pytest.approx(0.25), 4),
        5: (pytest.approx(0.5), 1),
    }
    assert list(returns_of([7.0] * 6, [0.1] * 6)) == [3]


@settings(max_examples=60, deadline=None)
@given(
    names=st.lists(
        st.tuples(st.integers(-5, 5).map(float), st.integers(-9, 9).map(float)),
        min_size=1,
        max_size=40,
    ),
    quantiles=st.integers(2, 10),
)
def test_agrees_with_a_loop_over_names(names: list[tuple[float, float]], quantiles: int) -> None:
    expected: dict[int, list[float]] = defaultdict(list)
    for rank, (_, label) in zip(stats.rankdata([score for score, _ in names]), names, strict=True):
        place = (Fraction(rank) - Fraction(1, 2)) * quantiles / len(names)
        expected[floor(place) + 1].append(label)
    found = returns_of([s for s, _ in names], [label for _, label in names], quantiles)
    if len(names) < quantiles:
        assert found == {}
        return
    assert found == {
        quantile: (pytest.approx(np.mean(values)), len(values))
        for quantile, values in expected.items()
    }
    assert set(found) <= set(range(1, quantiles + 1))


def test_the_spread_is_top_less_bottom_on_days_that_have_both() -> None:
    later = DAY + timedelta(days=3)
    scores = pl.concat(
        [table([1.0, 2.0, 3.0, 4.0, 5.0], "score"), table([7.0] * 5, "score", later)]
    )
    labels = pl.concat(
        [table([0.1, 0.2, 0.3, 0.4, 0.7], "label"), table([0.1] * 5, "label", later)]
    )
    assert quantile_spread(quantile_returns(scores, labels)).rows() == [(DAY, pytest.approx(0.6))]


def test_order_of_rows_does_not_matter() -> None:
    generator = np.random.default_rng(3)
    scores = table(generator.normal(size=60).round(1).tolist(), "score")
    labels = table(generator.normal(size=60).tolist(), "label")
    assert_frame_equal(
        quantile_returns(scores, labels),
        quantile_returns(scores.reverse(), labels.sample(fraction=1.0, shuffle=True, seed=1)),
        check_exact=True,
    )


def test_nothing_in_nothing_out() -> None:
    found = quantile_returns(table([], "score"), table([], "label"))
    assert found.is_empty()
    assert quantile_spread(found).is_empty()


def test_one_quantile_is_refused() -> None:
    with pytest.raises(DataError, match="1 quantiles"):
        quantile_returns(table([1.0], "score"), table([1.0], "label"), 1)

"""IC and RankIC against scipy, and what they say where nothing can be said."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from scipy import stats

from naxs_assets.errors import DataError
from naxs_assets.learning.information_coefficient import rank_ic

DAY = date(2024, 3, 1)


def predictions(values: list[float | None], day: date = DAY) -> pl.DataFrame:
    symbols = [f"{600000 + place}.SH" for place in range(len(values))]
    return pl.DataFrame(
        {"date": [day] * len(values), "symbol": symbols, "score": values},
        schema={"date": pl.Date, "symbol": pl.String, "score": pl.Float64},
    )


def labels(values: list[float | None], day: date = DAY) -> pl.DataFrame:
    return predictions(values, day).rename({"score": "label"}).cast({"label": pl.Float32})


# Few distinct values, so that ties are common; Float32 holds them exactly.
with_ties = st.lists(st.integers(-6, 6).map(float), min_size=3, max_size=40)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_agrees_with_scipy_with_ties(data: st.DataObject) -> None:
    scores = data.draw(with_ties)
    outcomes = data.draw(
        st.lists(st.integers(-6, 6).map(float), min_size=len(scores), max_size=len(scores))
    )
    row = rank_ic(predictions(scores), labels(outcomes)).row(0, named=True)
    if len(set(scores)) == 1 or len(set(outcomes)) == 1:
        assert row["ic"] is None
        assert row["rank_ic"] is None
        return
    assert row["ic"] == pytest.approx(stats.pearsonr(scores, outcomes)[0], abs=1e-12)
    assert row["rank_ic"] == pytest.approx(stats.spearmanr(scores, outcomes)[0], abs=1e-12)


def test_every_day_stands_on_its_own() -> None:
    generator = np.random.default_rng(7)
    days = [DAY + timedelta(days=place) for place in range(5)]
    scores = {day: generator.normal(size=30) for day in days}
    outcomes = {day: generator.normal(size=30).astype(np.float32) for day in days}
    found = rank_ic(
        pl.concat([predictions(scores[day].tolist(), day) for day in reversed(days)]),
        pl.concat([labels(outcomes[day].tolist(), day) for day in days]),
    )
    assert found["date"].to_list() == days
    assert found["names"].to_list() == [30] * 5
    for row in found.iter_rows(named=True):
        day = row["date"]
        assert row["ic"] == pytest.approx(stats.pearsonr(scores[day], outcomes[day])[0])
        assert row["rank_ic"] == pytest.approx(stats.spearmanr(scores[day], outcomes[day])[0])


def test_counts_only_names_with_both() -> None:
    found = rank_ic(
        predictions([1.0, 2.0, None, 4.0, float("nan"), 6.0]),
        labels([1.0, 3.0, 2.0, None, 5.0, 4.0]),
    )
    assert found["names"].to_list() == [3]
    assert found["rank_ic"].to_list() == [pytest.approx(1.0)]


def test_a_constant_has_no_correlation() -> None:
    # 0.1 added up leaves a rounding error, which must not pass for variance.
    found = rank_ic(predictions([0.1] * 7), labels([float(i) for i in range(7)]))
    assert found.row(0) == (DAY, None, None, 7)


def test_days_without_a_common_name_have_no_row() -> None:
    later = DAY + timedelta(days=1)
    found = rank_ic(predictions([1.0, 2.0]), labels([1.0, 2.0], later))
    assert_frame_equal(
        found,
        pl.DataFrame(
            schema={
                "date": pl.Date,
                "ic": pl.Float64,
                "rank_ic": pl.Float64,
                "names": pl.UInt32,
            }
        ),
    )


def test_order_of_rows_does_not_matter() -> None:
    generator = np.random.default_rng(11)
    left = predictions(generator.normal(size=50).tolist())
    right = labels(generator.normal(size=50).tolist())
    assert_frame_equal(
        rank_ic(left, right),
        rank_ic(left.reverse(), right.sample(fraction=1.0, shuffle=True, seed=3)),
        check_exact=True,
    )


def test_refuses_a_missing_column_by_name() -> None:
    with pytest.raises(DataError, match="score"):
        rank_ic(predictions([1.0]).drop("score"), labels([1.0]))


def test_refuses_a_repeated_name() -> None:
    once = predictions([1.0, 2.0])
    with pytest.raises(DataError, match="twice"):
        rank_ic(pl.concat([once, once]), labels([1.0, 2.0]))

"""RankIC decay against a naive loop over days and names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from scipy import stats

from naxs_assets.errors import DataError
from naxs_assets.learning.information_coefficient import (
    DECAY_LAGS,
    rank_ic,
    rank_ic_by_lag,
    rank_ic_decay,
)

# Trading-day index -> date, with a holiday after the third day.
DATES = [date(2024, 3, 5) + timedelta(days=place + (7 if place > 2 else 0)) for place in range(40)]
FIRST = 8_000


def table(
    cells: dict[tuple[int, str], float | None], value: str, dtype: pl.DataType
) -> pl.DataFrame:
    return pl.DataFrame(
        [(DATES[day], symbol, FIRST + day, number) for (day, symbol), number in cells.items()],
        schema={"date": pl.Date, "symbol": pl.String, "day": pl.Int32, value: dtype},
        orient="row",
    )


def scores(cells: dict[tuple[int, str], float | None]) -> pl.DataFrame:
    return table(cells, "score", pl.Float64())


def labels(cells: dict[tuple[int, str], float | None]) -> pl.DataFrame:
    return table(cells, "label", pl.Float32())


Cells = dict[tuple[int, str], float]


def naive(predicted: Cells, realised: Cells, lag: int) -> tuple[list[float], list[float]]:
    """IC and RankIC of every day that has one, name by name."""
    ic, rank = [], []
    for day in range(len(DATES)):
        names = [s for d, s in predicted if d == day and (day + lag, s) in realised]
        left = [predicted[day, name] for name in names]
        right = [realised[day + lag, name] for name in names]
        if len(set(left)) > 1 and len(set(right)) > 1:
            ic.append(stats.pearsonr(left, right)[0])
            rank.append(stats.spearmanr(left, right)[0])
    return ic, rank


def delayed(
    predicted: pl.DataFrame, realised: pl.DataFrame, lags: Sequence[int] = DECAY_LAGS
) -> pl.DataFrame:
    return rank_ic_decay(rank_ic_by_lag(predicted, realised, lags), lags)


# Few names and values, so that names come and go and ties are common; Float32 holds them exactly.
cells = st.dictionaries(
    st.tuples(st.integers(0, 7), st.sampled_from("ABCDEF")),
    st.integers(-4, 4).map(float),
    min_size=1,
    max_size=48,
)


@settings(max_examples=60, deadline=None)
@given(predicted=cells, realised=cells)
def test_agrees_with_a_loop_over_days_and_names(predicted: Cells, realised: Cells) -> None:
    lags = (0, 1, 3, 20)
    found = delayed(scores(predicted), labels(realised), lags)
    assert found["lag"].to_list() == list(lags)
    for row in found.iter_rows(named=True):
        ic, rank = naive(predicted, realised, row["lag"])
        assert row["days"] == len(rank)
        assert row["ic"] == (pytest.approx(np.mean(ic), abs=1e-12) if ic else None)
        assert row["rank_ic"] == (pytest.approx(np.mean(rank), abs=1e-12) if rank else None)


def test_by_hand() -> None:
    """Scores 1 2 3: the day's own labels agree, the next day's are reversed."""
    predicted = {(2, "A"): 1.0, (2, "B"): 2.0, (2, "C"): 3.0}
    realised = {
        (2, "A"): 0.01,
        (2, "B"): 0.02,
        (2, "C"): 0.03,
        # The next trading day, a week later by the calendar.
        (3, "A"): 0.03,
        (3, "B"): 0.02,
        (3, "C"): 0.01,
    }
    found = delayed(scores(predicted), labels(realised), (0, 1, 2))
    assert found["rank_ic"].to_list() == pytest.approx([1.0, -1.0, None])
    assert found["days"].to_list() == [1, 1, 0]


def test_without_a_lag_it_is_the_mean_of_the_daily_rank_ic() -> None:
    generator = np.random.default_rng(5)
    keys = [(day, name) for day in range(20) for name in "ABCDEFGH"]
    predicted = scores({key: float(generator.normal()) for key in keys})
    realised = labels({key: float(generator.normal()) for key in keys if generator.random() > 0.1})
    daily = rank_ic(predicted, realised)
    (row,) = delayed(predicted, realised, (0,)).to_dicts()
    assert row == {
        "lag": 0,
        "ic": daily["ic"].mean(),
        "rank_ic": daily["rank_ic"].mean(),
        "days": 20,
    }


def test_a_name_is_followed_after_it_has_left_the_universe() -> None:
    predicted = scores({(0, "A"): 1.0, (0, "B"): 2.0, (1, "A"): 1.0})
    realised = labels({(1, "A"): 0.1, (1, "B"): 0.2})
    assert delayed(predicted, realised, (1,))["rank_ic"].to_list() == pytest.approx([1.0])


def test_order_of_rows_does_not_matter() -> None:
    generator = np.random.default_rng(11)
    keys = [(day, name) for day in range(10) for name in "ABCDEFGH"]
    predicted = scores({key: float(generator.normal()) for key in keys})
    realised = labels({key: float(generator.normal()) for key in keys})
    assert_frame_equal(
        delayed(predicted, realised),
        delayed(predicted.reverse(), realised.sample(fraction=1.0, shuffle=True, seed=3)),
        check_exact=True,
    )


def test_without_predictions_no_day_counts() -> None:
    found = delayed(scores({}), labels({(0, "A"): 1.0}), (0, 5))
    assert found.rows() == [(0, None, None, 0), (5, None, None, 0)]
    found = delayed(scores({(0, "A"): 1.0}), labels({}), (0, 5))
    assert found.rows() == [(0, None, None, 0), (5, None, None, 0)]


def test_refuses_a_repeated_name_and_a_missing_column() -> None:
    once = scores({(0, "A"): 1.0})
    with pytest.raises(DataError, match="day and symbol twice"):
        delayed(pl.concat([once, once]), labels({(0, "A"): 1.0}))
    with pytest.raises(DataError, match="day"):
        delayed(once.drop("day"), labels({(0, "A"): 1.0}))

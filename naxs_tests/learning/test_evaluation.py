"""The evaluation of a month: settled by its own labels, and joined to the same as in one pass."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from naxs_assets.learning.contracts import EVALUATION
from naxs_assets.learning.evaluation import (
    daily_information_coefficient,
    daily_names,
    daily_quantiles,
    decay,
    evaluate,
)
from naxs_assets.learning.information_coefficient import (
    DECAY_LAGS,
    rank_ic,
    rank_ic_by_lag,
    rank_ic_decay,
)
from naxs_assets.learning.score_quantiles import quantile_returns

FIRST = date(2024, 1, 1)
NAMES = [f"{number:06d}.SZ" for number in range(1, 13)]
DAYS = 60


def table(value: str, seed: int, known: float = 1.0) -> pl.DataFrame:
    """A value of every name on every day, some of them null."""
    generator = np.random.default_rng(seed)
    rows = [
        {
            "date": FIRST + timedelta(days=day),
            "symbol": name,
            "day": 8_000 + day,
            value: float(generator.normal()) if generator.random() < known else None,
        }
        for day in range(DAYS)
        for name in NAMES
    ]
    types = {"date": pl.Date, "symbol": pl.String, "day": pl.Int32, value: pl.Float64}
    return pl.DataFrame(rows, schema=types)


SCORES = table("score", 1).drop_nulls()
LABELS = table("label", 2, known=0.9)


def by_month(scores: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    month = pl.col("date").dt.truncate("1mo")
    first = labels["date"].dt.truncate("1mo").unique().sort()
    return pl.concat(
        evaluate(scores.filter(month <= start), labels.filter(month == start)) for start in first
    )


def test_months_apart_give_what_one_pass_gives() -> None:
    whole = evaluate(SCORES, LABELS)
    assert_frame_equal(by_month(SCORES, LABELS), whole, check_exact=True)
    assert EVALUATION.validate(whole, "here").height == whole.height


def test_it_holds_the_daily_figures_of_the_measures_themselves() -> None:
    months = by_month(SCORES, LABELS)
    expected = rank_ic(SCORES, LABELS).with_columns(pl.col("names").cast(pl.Int64))
    assert_frame_equal(daily_information_coefficient(months), expected, check_exact=True)
    assert_frame_equal(
        decay(months),
        rank_ic_decay(rank_ic_by_lag(SCORES, LABELS, DECAY_LAGS), DECAY_LAGS),
        check_exact=True,
    )
    assert_frame_equal(
        daily_quantiles(months),
        quantile_returns(SCORES, LABELS).drop("names"),
        check_exact=True,
    )


def test_a_day_with_scores_and_no_label_yet_counts_its_names() -> None:
    last = SCORES["date"].max()
    unknown = LABELS.with_columns(label=pl.when(pl.col("date") < last).then("label"))
    found = evaluate(SCORES, unknown).filter(pl.col("date") == last)
    assert found["lag"].to_list() == [0]
    assert found.row(0, named=True)["scored"] == len(NAMES)
    assert found.row(0, named=True)["rank_ic"] is None
    assert daily_names(found).rows() == [(last, len(NAMES))]
    assert daily_information_coefficient(found).is_empty()


def test_scores_of_other_months_are_met_only_with_their_delay() -> None:
    february = LABELS.filter(pl.col("date").dt.month() == 2)
    january = SCORES.filter(pl.col("date").dt.month() == 1)
    found = evaluate(january, february)
    assert 0 not in found["lag"]
    assert found["scored"].null_count() == found.height
    assert found.filter(pl.col("lag") == 1)["date"].to_list() == [date(2024, 2, 1)]


@pytest.mark.parametrize(
    ("scores", "labels"),
    [(SCORES.clear(), LABELS), (SCORES, LABELS.clear()), (SCORES.clear(), LABELS.clear())],
)
def test_nothing_to_judge_gives_an_empty_valid_table(
    scores: pl.DataFrame, labels: pl.DataFrame
) -> None:
    found = evaluate(scores, labels)
    assert found.is_empty()
    EVALUATION.validate(found, "here")


def test_the_order_of_rows_does_not_matter() -> None:
    shuffled = SCORES.sample(fraction=1.0, shuffle=True, seed=3), LABELS.reverse()
    assert_frame_equal(evaluate(*shuffled), evaluate(SCORES, LABELS), check_exact=True)

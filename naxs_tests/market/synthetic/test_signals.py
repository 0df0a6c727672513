"""The planted signals can be found, and nothing is found where nothing was planted."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from naxs_assets.market.synthetic import SyntheticMarket, generate

MARKET = SyntheticMarket(seed=7, names=400, first=date(2023, 5, 4), last=date(2026, 6, 30))


@pytest.fixture(scope="module")
def observations() -> pl.DataFrame:
    """Adjusted 5-day return, relative turnover and the next day's return of seasoned shares."""
    bars = generate(MARKET).bars(MARKET.first, MARKET.last)
    adjusted = pl.col("close") * pl.col("adj_factor")
    turnover = (pl.col("volume") / pl.col("adj_factor")).log()
    return (
        bars.filter(~pl.col("is_suspended"))
        .sort("symbol", "date")
        .select(
            "date",
            past=(adjusted / adjusted.shift(5) - 1).over("symbol"),
            turnover=(turnover - turnover.rolling_mean(60)).over("symbol"),
            next=pl.col("change").shift(-1).over("symbol"),
        )
        .drop_nulls()
    )


def mean_ic(observations: pl.DataFrame, factor: str) -> float:
    daily = observations.group_by("date").agg(ic=pl.corr(factor, "next", method="spearman"))
    return daily["ic"].mean()


def test_reversal_predicts_the_next_day(observations: pl.DataFrame) -> None:
    assert observations["date"].n_unique() > 500
    assert 0.02 <= -mean_ic(observations, "past") <= 0.06


def test_turnover_predicts_the_next_day(observations: pl.DataFrame) -> None:
    assert 0.015 <= -mean_ic(observations, "turnover") <= 0.06


@pytest.mark.parametrize("factor", ["past", "turnover"])
def test_a_shuffled_factor_predicts_nothing(observations: pl.DataFrame, factor: str) -> None:
    shuffled = observations.with_columns(
        pl.Series(factor, np.random.default_rng(0).permutation(observations[factor].to_numpy()))
    )
    assert abs(mean_ic(shuffled, factor)) < 0.008

"""The null control: from labels of other names nothing can be learned."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from naxs_assets.catalog.loading import load_catalogue
from naxs_assets.catalog.models import LightGBMModel, Model, RidgeModel
from naxs_assets.factors.features import compile_features, compute_features
from naxs_assets.factors.labels import compile_label, compute_label
from naxs_assets.learning.control import shuffled
from naxs_assets.learning.dataset import build_dataset
from naxs_assets.learning.information_coefficient import rank_ic
from naxs_assets.learning.models import predict, train
from naxs_assets.market.limits import with_limits
from naxs_assets.market.synthetic import SyntheticMarket, generate
from naxs_tests.learning.test_models import FEATURES, KINDS, a_dataset

Labels = np.ndarray[Any, np.dtype[np.float32]]

# Days of 5, 0, 3 and 1 labels.
DAYS = np.array([7, 7, 7, 7, 7, 9, 9, 9, 10], dtype=np.int32)
LABELS = np.arange(9, dtype=np.float32)


def test_the_labels_of_a_day_stay_within_it() -> None:
    moved = shuffled(LABELS, DAYS, seed=1)
    assert moved.dtype == np.float32
    for day in (7, 9, 10):
        assert sorted(moved[day == DAYS]) == LABELS[day == DAYS].tolist()
    assert (np.arange(9) == LABELS).all(), "what was handed in stays as it was"


def test_the_permutation_is_the_one_it_was() -> None:
    # Golden: PCG64 from sha256("1:shuffle_labels:7"), and so on.
    assert shuffled(LABELS, DAYS, seed=1).tolist() == [2, 4, 1, 3, 0, 6, 5, 7, 8]


def test_another_seed_and_another_day_are_permuted_otherwise() -> None:
    labels = np.arange(60, dtype=np.float32)
    first, second = np.full(60, 3, np.int32), np.full(60, 4, np.int32)
    one = shuffled(labels, first, seed=1)
    assert (one != shuffled(labels, second, seed=1)).any()
    assert (one != shuffled(labels, first, seed=2)).any()


def test_other_days_do_not_matter() -> None:
    whole = shuffled(LABELS, DAYS, seed=1)
    for loaded in (DAYS >= 9, DAYS <= 9, DAYS == 9):
        assert (shuffled(LABELS[loaded], DAYS[loaded], seed=1) == whole[loaded]).all()


def test_nothing_to_permute() -> None:
    assert shuffled(LABELS[:0], DAYS[:0], seed=1).size == 0


# --- Training on them ---------------------------------------------------------------------------


@pytest.fixture(params=KINDS)
def control(request: pytest.FixtureRequest) -> Model:
    return KINDS[request.param].model_copy(update={"shuffle_labels": True})


def test_a_model_trains_on_the_permuted_labels(control: Model) -> None:
    rows = a_dataset().filter(pl.col("label").is_not_null()).sort("date", "symbol")
    moved = shuffled(rows["label"].to_numpy(), rows["day"].to_numpy(), control.seed)
    plain = control.model_copy(update={"shuffle_labels": False})
    by_hand = train(rows.with_columns(label=pl.Series(moved)), FEATURES, plain, "2021-04", 1)
    assert train(rows, FEATURES, control, "2021-04", 1) == by_hand
    assert train(rows, FEATURES, plain, "2021-04", 1).fitted != by_hand.fitted


def test_rows_without_a_label_and_their_order_do_not_matter(control: Model) -> None:
    rows = a_dataset()
    known = rows.filter(pl.col("label").is_not_null())
    mixed = rows.sample(fraction=1, shuffle=True, seed=3)
    once, again = (train(each, FEATURES, control, "2021-04", 1) for each in (known, mixed))
    assert once == again


# --- On a market in which something can be learned ----------------------------------------------


@pytest.fixture(scope="module")
def market() -> pl.DataFrame:
    """The dataset of the built-in features and label on a synthetic market with planted signals."""
    setting = SyntheticMarket(seed=7, names=150, first=date(2022, 1, 4), last=date(2025, 6, 30))
    bars = generate(setting).bars(setting.first, setting.last)
    days = bars.select(pl.col("date").unique().sort()).with_row_index("day")
    prices = with_limits(
        bars.join(days, on="date").with_columns(
            pl.col("day").cast(pl.Int32),
            quarantined_by=pl.lit(None, pl.String),
            listing_day=pl.lit(None, pl.Int32),
        )
    )
    catalogue = load_catalogue(Path("nowhere"))
    features = compile_features(catalogue.feature_sets["basic"].expressions)
    label = compile_label(catalogue.labels["next_day"].expression)
    return build_dataset(
        compute_features(features, prices, setting.first, setting.last),
        compute_label(label, prices, setting.first, setting.last),
        catalogue.universes["all"],
        pl.DataFrame(),
    )


def daily_rank_ic(market: pl.DataFrame, model: Model) -> pl.Series:
    """RankIC against the true labels on the last third of the days, of a model of the first two."""
    cut = market["day"].max() * 2 // 3  # type: ignore[operator]
    features = [name for name in market.columns[3:] if not name.startswith("label")]
    # The label reaches two days ahead.
    learned = train(market.filter(pl.col("day") < cut - 2), features, model, "2024-05", 2)
    later = market.filter(pl.col("day") >= cut)
    return rank_ic(predict(learned, later, 2), later)["rank_ic"].drop_nulls()


@pytest.mark.slow
@pytest.mark.parametrize(
    "model",
    [
        RidgeModel(kind="ridge"),
        LightGBMModel(kind="lightgbm", rounds=10, parameters={"num_leaves": 7}),
    ],
    ids=["ridge", "lightgbm"],
)
def test_true_labels_teach_what_permuted_ones_do_not(market: pl.DataFrame, model: Model) -> None:
    seeds = 20
    true = daily_rank_ic(market, model)
    assert true.mean() > 3 * true.std() / len(true) ** 0.5  # type: ignore[operator]
    nulls = [
        daily_rank_ic(
            market, model.model_copy(update={"seed": seed, "shuffle_labels": True})
        ).mean()
        for seed in range(seeds)
    ]
    # One control is the RankIC of an arbitrary mixture of features, some of which carry a signal:
    # it scatters more widely than days do. Over the seeds it is zero, and the true one stands out.
    assert abs(np.mean(nulls)) < 3 * np.std(nulls, ddof=1) / seeds**0.5
    assert true.mean() > np.quantile(nulls, 0.95)

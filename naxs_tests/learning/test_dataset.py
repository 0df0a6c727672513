"""Datasets: members of the universe on each day, their features, and a label made comparable."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from naxs_assets.catalog.models import Universe
from naxs_assets.factors.beside import members_on
from naxs_assets.learning.contracts import dataset_contract
from naxs_assets.learning.dataset import build_dataset, member_days

CSI = Universe(name="csi", description="an index", kind="index", index="000300.SH")
ALL = Universe(name="all", description="all", kind="all")
MONDAY, TUESDAY, WEDNESDAY = date(2021, 3, 1), date(2021, 3, 2), date(2021, 3, 3)
DAYS = {MONDAY: 100, TUESDAY: 101, WEDNESDAY: 102}
A, B, C = "000001.SZ", "600000.SH", "600519.SH"


def features(symbols: tuple[str, ...] = (A, B, C)) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"date": day, "symbol": symbol, "day": index, "x": float(index)}
            for day, index in DAYS.items()
            for symbol in symbols
        ],
        schema={"date": pl.Date, "symbol": pl.String, "day": pl.Int32, "x": pl.Float32},
    )


def labels(values: dict[tuple[date, str], float | None]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"date": day, "symbol": symbol, "label": value}
            for (day, symbol), value in values.items()
        ],
        schema={"date": pl.Date, "symbol": pl.String, "label": pl.Float32},
    )


def members(*intervals: tuple[str, date, date | None], index: str = "000300.SH") -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"index": index, "symbol": symbol, "effective_from": first, "effective_to": last}
            for symbol, first, last in intervals
        ],
        schema={
            "index": pl.String,
            "symbol": pl.String,
            "effective_from": pl.Date,
            "effective_to": pl.Date,
        },
    )


def pairs(frame: pl.DataFrame) -> set[tuple[Any, ...]]:
    return set(frame.select("date", "symbol").iter_rows())


def test_membership_counts_from_its_first_to_its_last_day_both_included() -> None:
    kept = members_on(CSI, members((A, TUESDAY, None), (B, date(2020, 1, 1), TUESDAY)), features())
    assert pairs(kept) == {(TUESDAY, A), (WEDNESDAY, A), (MONDAY, B), (TUESDAY, B)}


def test_a_name_that_comes_back_is_one_member() -> None:
    twice = members((A, MONDAY, TUESDAY), (A, TUESDAY, None))
    assert members_on(CSI, twice, features()).height == 3


def test_members_of_other_indices_do_not_count() -> None:
    others = members((A, MONDAY, None), index="000905.SH")
    assert members_on(CSI, others, features()).height == 0


def test_the_universe_of_all_is_every_row() -> None:
    assert pairs(members_on(ALL, members(), features())) == pairs(features())


def test_a_member_without_a_row_is_a_member_all_the_same() -> None:
    listed = members((A, TUESDAY, None), (B, date(2020, 1, 1), TUESDAY), (C, MONDAY, None))
    assert member_days(CSI, listed, features((A,))) == 2 + 2 + 3
    twice = members((A, MONDAY, TUESDAY), (A, TUESDAY, None))
    assert member_days(CSI, twice, features()) == 3
    assert member_days(ALL, listed, features((A, B))) == 6


def test_a_dataset_meets_its_contract_and_is_sorted() -> None:
    shuffled = features().sample(fraction=1, shuffle=True, seed=1)
    made = build_dataset(shuffled, labels({(MONDAY, A): 0.01}), ALL, members())
    assert dataset_contract(["x"]).validate(made, "dataset").equals(made)
    assert made.select("date", "symbol").equals(features().select("date", "symbol"))


def test_the_label_is_the_days_z_score_over_the_universe() -> None:
    # 0.01, 0.02, 0.06: mean 0.03, sample deviation sqrt((4 + 1 + 9) / 2) / 100 = 0.0264575.
    values = {(MONDAY, A): 0.01, (MONDAY, B): 0.02, (MONDAY, C): 0.06}
    made = build_dataset(features(), labels(values), ALL, members()).filter(date=MONDAY)
    assert made["label_return"].to_list() == pytest.approx([0.01, 0.02, 0.06])
    assert made["label"].to_list() == pytest.approx([-0.7559289, -0.3779645, 1.1338934])


def test_the_universe_alone_sets_the_scale() -> None:
    values = {(MONDAY, A): 0.01, (MONDAY, B): 0.03, (MONDAY, C): 9.0}
    inside = members((A, MONDAY, None), (B, MONDAY, None))
    made = build_dataset(features(), labels(values), CSI, inside).filter(date=MONDAY)
    assert made["symbol"].to_list() == [A, B]
    assert made["label"].to_list() == pytest.approx([-(0.5**0.5), 0.5**0.5])


def test_members_without_a_known_label_stay_to_be_predicted() -> None:
    made = build_dataset(features(), labels({(MONDAY, A): 0.01, (MONDAY, B): None}), ALL, members())
    assert made.height == 9
    assert made["label_return"].null_count() == 8


@pytest.mark.parametrize(
    "values",
    [
        {(MONDAY, A): 0.02, (MONDAY, B): 0.02, (MONDAY, C): 0.02},
        {(MONDAY, A): 0.02},
        {(MONDAY, A): None},
    ],
    ids=["no-spread", "one-name", "unknown"],
)
def test_a_day_without_spread_has_no_label(values: dict[tuple[date, str], float | None]) -> None:
    made = build_dataset(features(), labels(values), ALL, members()).filter(date=MONDAY)
    assert made["label"].null_count() == 3
    assert not made["label"].is_nan().any()


def test_an_empty_month_is_an_empty_dataset() -> None:
    made = build_dataset(features().clear(), labels({}), CSI, members((A, MONDAY, None)))
    assert made.height == 0
    dataset_contract(["x"]).validate(made, "dataset")

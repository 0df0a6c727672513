"""Datasets: who is in the universe on a day, and how a label is standardised."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from naxs_assets.catalog.models import Universe
from naxs_assets.learning.contracts import dataset_contract
from naxs_assets.learning.dataset import build_dataset, members_on

CSI300 = Universe(name="csi300", description="", kind="index", index="000300.SH")
ALL = Universe(name="all", description="", kind="all")
DAYS = [date(2024, 1, 2), date(2024, 1, 3), date(2024, 1, 4)]
SYMBOLS = ["000001.SZ", "600000.SH", "600519.SH"]


def _members(*rows: tuple[str, date, date | None], index: str = "000300.SH") -> pl.DataFrame:
    return pl.DataFrame(
        [(index, symbol, first, last) for symbol, first, last in rows],
        schema={
            "index": pl.String,
            "symbol": pl.String,
            "effective_from": pl.Date,
            "effective_to": pl.Date,
        },
        orient="row",
    )


def _features() -> pl.DataFrame:
    rows = [(day, symbol, 100 + n) for n, day in enumerate(DAYS) for symbol in SYMBOLS]
    return pl.DataFrame(
        rows, schema={"date": pl.Date, "symbol": pl.String, "day": pl.Int32}, orient="row"
    ).with_columns(F=pl.lit(1.5, pl.Float32))


def _labels(values: list[float | None]) -> pl.DataFrame:
    return _features().select("date", "symbol", label=pl.Series(values, dtype=pl.Float32))


def test_a_membership_counts_from_its_first_to_its_last_day() -> None:
    members = _members(
        (SYMBOLS[0], DAYS[0], None),
        (SYMBOLS[1], DAYS[1], None),
        (SYMBOLS[2], date(2023, 1, 1), DAYS[1]),
    )
    found = members_on(CSI300, members, _features()).sort("date", "symbol").rows()
    assert found == [
        (DAYS[0], SYMBOLS[0]),
        (DAYS[0], SYMBOLS[2]),
        (DAYS[1], SYMBOLS[0]),
        (DAYS[1], SYMBOLS[1]),
        (DAYS[1], SYMBOLS[2]),
        (DAYS[2], SYMBOLS[0]),
        (DAYS[2], SYMBOLS[1]),
    ]


def test_another_index_does_not_count_and_two_intervals_give_one_row() -> None:
    twice = _members((SYMBOLS[0], DAYS[0], DAYS[0]), (SYMBOLS[0], DAYS[0], None))
    other = _members((SYMBOLS[1], DAYS[0], None), index="000905.SH")
    found = members_on(CSI300, pl.concat([twice, other]), _features())
    assert found.sort("date").rows() == [(day, SYMBOLS[0]) for day in DAYS]


def test_the_universe_of_all_is_every_row() -> None:
    assert members_on(ALL, _members(), _features()).height == 9


def test_the_label_is_standardised_over_the_day() -> None:
    labels = _labels([0.01, 0.02, 0.06, None, 0.01, 0.03, None, None, None])
    dataset = build_dataset(_features(), labels, ALL, _members())
    assert dataset_contract(["F"]).validate(dataset, "dataset").equals(dataset)
    first, second, third = (dataset.filter(pl.col("date") == day)["label"] for day in DAYS)
    raw = np.array([0.01, 0.02, 0.06], dtype=np.float32).astype(float)
    expected = (raw - raw.mean()) / raw.std(ddof=1)
    assert first.to_list() == pytest.approx(expected, rel=1e-6)
    assert second[0] is None
    assert second[1:].to_list() == pytest.approx([-np.sqrt(0.5), np.sqrt(0.5)], rel=1e-6)
    # Rows without a label stay: they are predicted.
    assert third.to_list() == [None, None, None]


@pytest.mark.parametrize("values", [[0.01, None, None], [0.02, 0.02, 0.02]])
def test_a_day_without_spread_has_no_label(values: list[float | None]) -> None:
    dataset = build_dataset(_features(), _labels(values * 3), ALL, _members())
    assert dataset["label"].null_count() == 9


def test_rows_outside_the_universe_do_not_shape_the_label() -> None:
    members = _members((SYMBOLS[0], DAYS[0], None), (SYMBOLS[1], DAYS[0], None))
    labels = _labels([0.01, 0.02, 9.0] * 3)
    dataset = build_dataset(_features(), labels, CSI300, members)
    assert dataset["label"].to_list() == pytest.approx([-np.sqrt(0.5), np.sqrt(0.5)] * 3)

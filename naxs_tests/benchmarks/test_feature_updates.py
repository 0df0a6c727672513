"""What is measured of features in daily use is what the platform computes."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from benchmarks.common.process import measure, module_side
from benchmarks.inputs import prices_of, write_features
from naxs_assets.catalog.loading import load_catalogue
from naxs_assets.factors.features import compile_features, compute_features


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The market of both sides: as one table, and as months beside a list of its symbols."""
    made = tmp_path_factory.mktemp("market")
    prices = prices_of(6, 90)
    prices.write_parquet(made / "prices.parquet")
    prices.select(pl.col("symbol").unique()).write_parquet(made / "instruments.parquet")
    for (month,), rows in prices.group_by(pl.col("date").dt.strftime("%Y-%m")):
        rows.write_parquet(made / f"{month}.parquet")
    write_features(made, load_catalogue(made).feature_sets["alpha158"].expressions, prices)
    return made


def test_the_streamed_months_are_the_features_of_the_whole_market(
    folder: Path, tmp_path: Path
) -> None:
    out = str(tmp_path)
    answer = measure(module_side("market", "benchmarks.sides.feature_market", str(folder), out))
    prices = pl.read_parquet(folder / "prices.parquet")
    compiled = compile_features(load_catalogue(folder).feature_sets["alpha158"].expressions)
    whole = compute_features(compiled, prices, prices["date"][0], prices["date"][-1])
    streamed = pl.concat(map(pl.read_parquet, sorted(tmp_path.glob("*.parquet"))))
    assert_frame_equal(streamed, whole)
    assert answer.answer["facts"]["rows"] == whole.height


def test_a_month_and_a_day_load_their_look_back_alone(folder: Path) -> None:
    answer = measure(module_side("month", "benchmarks.sides.feature_month", str(folder))).answer
    facts = answer["facts"]
    assert facts["day.days_loaded"] == 61
    assert facts["month.days_loaded"] > 61 + 10
    assert facts["month.rows"] > facts["day.rows"] > 0
    assert facts["month.kernels_ms"] > 0
